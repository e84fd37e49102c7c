"""Usage: events as they count, and what a meter makes of those of one period.

Everything is exact: quantities are decimals, times are UTC, and a quantity that a division cannot
write down is rounded once, to a millionth. Periods are half-open, so an event at midnight belongs
to the day that begins.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple, assert_never

from models.meters import Aggregation, Meter, TimeUnit
from models.money import round_half_up
from models.tiers import EXACT
from models.value import Value

DECIMALS = 6
"""How finely a quantity is kept that comes from a division."""

_SECONDS = {TimeUnit.HOUR: 3600, TimeUnit.DAY: 86400}
_ONE_MICROSECOND = timedelta(microseconds=1)


class Reading(NamedTuple):
    """One event as it counts: when it happened, its value, and what tells unique ones apart."""

    at: datetime
    value: Decimal
    distinct: str = ""


class Span(NamedTuple):
    """Moments from `start` up to and not including `end`, both aware."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies in it; its end does not."""
        return self.start <= moment < self.end


class Measured(Value):
    """What a meter counted in a span: the quantity, over how many events.

    `amounts` are the single values in their order, for prices by transaction; they are only kept
    where such a price asks for them.
    """

    quantity: Decimal = Decimal(0)
    events: int = 0
    amounts: tuple[Decimal, ...] = ()


def measure(
    meter: Meter, readings: Iterable[Reading], span: Span, *, each: bool = False
) -> Measured:
    """Return what the meter makes of readings, which come in the order of their time.

    Readings before the span set the level a weighted meter begins with and count in nothing else;
    later ones are left out. With `each`, the single values are kept.
    """
    with localcontext(EXACT):
        before, within = _parted(readings, span)
        values = [reading.value for reading in within]
        return Measured(
            quantity=_quantity(meter, before, within, span),
            events=len(within),
            amounts=tuple(values) if each else (),
        )


def _parted(readings: Iterable[Reading], span: Span) -> tuple[Decimal, Sequence[Reading]]:
    """Return the level at the beginning of the span, and the readings in it."""
    level, within = Decimal(0), []
    for reading in readings:
        if reading.at < span.start:
            level = reading.value
        elif reading.at < span.end:
            within.append(reading)
    return level, within


def _quantity(meter: Meter, before: Decimal, within: Sequence[Reading], span: Span) -> Decimal:
    match meter.aggregation:
        case Aggregation.SUM:
            return sum((reading.value for reading in within), Decimal(0))
        case Aggregation.COUNT:
            return Decimal(len(within))
        case Aggregation.MAX:
            return max((reading.value for reading in within), default=Decimal(0))
        case Aggregation.LAST:
            return within[-1].value if within else Decimal(0)
        case Aggregation.UNIQUE:
            return Decimal(len({reading.distinct for reading in within}))
        case Aggregation.WEIGHTED:
            return _weighted(meter.per, _levels(before, within, span), span)
        case _:
            assert_never(meter.aggregation)


def _levels(
    before: Decimal, within: Sequence[Reading], span: Span
) -> Iterator[tuple[Decimal, int]]:
    """Yield each level with how many microseconds it held."""
    level, since = before, span.start
    for reading in within:
        yield level, (reading.at - since) // _ONE_MICROSECOND
        level, since = reading.value, reading.at
    yield level, (span.end - since) // _ONE_MICROSECOND


def _weighted(per: TimeUnit, levels: Iterable[tuple[Decimal, int]], span: Span) -> Decimal:
    """Return level times time, divided once; an hour has 3,600 seconds on any day."""
    total = sum((level * held for level, held in levels), Decimal(0))
    if per is TimeUnit.PERIOD:
        unit = (span.end - span.start) // _ONE_MICROSECOND
    else:
        unit = _SECONDS[per] * 1_000_000
    return round_half_up(Fraction(total) / unit, DECIMALS)
