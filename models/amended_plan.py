"""The plan after an amendment: which days of which charge are given up, and what is billed instead.

Both are the difference of two versions of the contract, charge by charge. A charge whose figures
stay the same loses only the days on which it rests; one whose figures change is replaced from its
boundary on. What was billed for lost days is credited at what was billed; the rest of the plan is
split there, and old and new are rounded apart.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from models.amendment import When
from models.charges import BillOn, ChargeType, Timing
from models.credits import remaining
from models.money import Money
from models.periods import Interval
from models.plan import Calendar, PlannedCharge, Share
from models.proration import Proration, factor
from models.value import Value
from models.waterfall import PricedLine

_GENERATION = re.compile(r"~\d+")
_FIGURES = (
    "sku",
    "name",
    "quantity",
    "net",
    "list_amount",
    "cadence",
    "timing",
    "introductory",
    "segment",
)


class LineVersion(NamedTuple):
    """One recurring or one-time charge of one version: its priced line and the days it rests."""

    line: PricedLine
    off: tuple[Interval, ...] = ()


class ChargeChange(Value):
    """What an amendment does to one charge: from `from_on`, `lost` days go, `gained` ones come."""

    reference: str
    from_on: date
    lost: tuple[Interval, ...] = ()
    gained: tuple[PlannedCharge, ...] = ()


class Terms(NamedTuple):
    """What a change is computed under.

    `since` is the day it counts from, `booked_on` the day it is made: nothing new is billed before.
    """

    calendar: Calendar
    term: Interval
    zone: str
    since: date
    booked_on: date
    when: When | None = None


def base_of(reference: str) -> str:
    """Return a charge's identity for the life of the contract: without the amendment it is of."""
    return _GENERATION.sub("", reference)


def numbered(reference: str, number: str, generation: int = 0) -> str:
    """Return a reference under the contract's number of its line, as of an amendment (0: none)."""
    rest = reference.partition("/")[2]
    return f"{number}~{generation}/{rest}" if generation else f"{number}/{rest}"


def changes(
    before: Mapping[str, LineVersion], after: Mapping[str, LineVersion], terms: Terms
) -> tuple[ChargeChange, ...]:
    """Return what differs between two versions of a contract, charge by charge.

    Both go by the charge's identity. One-time charges change with nothing but a line that is added:
    what was sold once is delivered, given up or returned.
    """
    found = []
    for reference in dict.fromkeys([*before, *after]):
        old, new = before.get(reference), after.get(reference)
        change = _change(reference, old, new, terms)
        if change is not None and (change.lost or change.gained):
            found.append(change)
    return tuple(found)


def part_of(line: PricedLine, share: Share, part: Interval, zone: str) -> Money:
    """Return what a part of one billing of a line comes to, by the proration of its charge."""
    off = line.off_period(share.index)
    return _prorated(line, line.net - off, share, part, zone)


def kept_parts(
    line: PricedLine, calendar: Calendar, charge: PlannedCharge, lost: Sequence[Interval], zone: str
) -> tuple[PlannedCharge, ...]:
    """Return what is left of a planned charge that is not billed yet, without its lost days."""
    share = next(one for one in calendar.of(line) if one.period.overlaps(charge.period))
    return tuple(
        _charge(line, share, part, zone).model_copy(
            update={"reference": charge.reference, "description": charge.description}
        )
        for part in remaining(charge.period, lost)
    )


def _change(
    reference: str, old: LineVersion | None, new: LineVersion | None, terms: Terms
) -> ChargeChange | None:
    version = new or old
    if version is None:
        return None
    if version.line.charge_type is not ChargeType.RECURRING:
        return _once(reference, version.line, terms) if old is None else None
    boundary = _boundary(old, new, terms)
    rest = Interval(start=boundary, end=max(terms.term.end, boundary))
    lost: tuple[Interval, ...] = ()
    gained: tuple[Interval, ...] = ()
    if old is None or new is None or _differ(old.line, new.line):
        lost = remaining(rest, old.off) if old else ()
        gained = remaining(rest, new.off) if new else ()
    else:
        lost = tuple(_without(new.off, old.off))
        gained = tuple(_without(old.off, new.off))
    if old is not None:
        lost = tuple(_whole(old.line, terms, lost))
        gained = tuple(_whole((new or old).line, terms, gained))
    return ChargeChange(
        reference=reference,
        from_on=boundary,
        lost=tuple(period for period in lost if period.days),
        gained=tuple(_billings(new.line, gained, terms, fresh=old is None)) if new else (),
    )


def _once(reference: str, line: PricedLine, terms: Terms) -> ChargeChange:
    day = Interval(start=terms.since, end=date.fromordinal(terms.since.toordinal() + 1))
    charge = PlannedCharge(
        reference=line.reference,
        description=line.name,
        period=day,
        bill_on=None if line.bill_on is BillOn.DELIVERY else max(terms.since, terms.booked_on),
        amount=line.net - line.once_discount,
        discount=_not_negative(line.list_amount - line.net + line.once_discount),
    )
    return ChargeChange(reference=reference, from_on=terms.since, gained=(charge,))


def _boundary(old: LineVersion | None, new: LineVersion | None, terms: Terms) -> date:
    """Return from when a charge changes: at once, or, if less is billed, with its next period."""
    if old is None or terms.since <= terms.term.start:
        return terms.since
    waits = _is_less(old.line, new.line if new else None) and terms.when is not When.NOW
    if waits or terms.when is When.NEXT_PERIOD or old.line.proration is Proration.NONE:
        starts = (share.period.start for share in terms.calendar.of(old.line))
        return next((day for day in starts if day >= terms.since), terms.term.end)
    return terms.since


def _is_less(old: PricedLine, new: PricedLine | None) -> bool:
    if new is None:
        return True
    return old.cadence == new.cadence and new.net < old.net


def _differ(old: PricedLine, new: PricedLine) -> bool:
    return any(getattr(old, field) != getattr(new, field) for field in _FIGURES)


def _whole(line: PricedLine, terms: Terms, days: Iterable[Interval]) -> Iterator[Interval]:
    """Yield days as they are, or, where nothing is prorated, the whole periods among them."""
    if line.proration is not Proration.NONE:
        yield from days
        return
    for period in days:
        for share in terms.calendar.of(line):
            if period.start <= share.period.start and share.period.end <= period.end:
                yield share.period


def _without(days: Iterable[Interval], others: Sequence[Interval]) -> Iterator[Interval]:
    for period in days:
        yield from remaining(period, others)


def _billings(
    line: PricedLine, days: Sequence[Interval], terms: Terms, *, fresh: bool
) -> Iterator[PlannedCharge]:
    once = line.once_discount if fresh else Money.zero(line.net.currency)
    for share in terms.calendar.of(line):
        for each in days:
            part = share.period.intersection(each)
            if part is None:
                continue
            charge = _charge(line, share, part, terms.zone, once)
            bill_on = max(charge.bill_on or part.start, terms.booked_on)
            yield charge.model_copy(update={"bill_on": bill_on})
            once = Money.zero(line.net.currency)


def _charge(
    line: PricedLine, share: Share, part: Interval, zone: str, once: Money | None = None
) -> PlannedCharge:
    amount = part_of(line, share, part, zone)
    if once is not None and once <= amount:
        amount -= once
    listed = _prorated(line, line.list_amount, share, part, zone)
    return PlannedCharge(
        reference=line.reference,
        description=line.name,
        period=part,
        bill_on=part.start if line.timing is Timing.IN_ADVANCE else part.end,
        amount=amount,
        discount=_not_negative(listed - amount),
    )


def _prorated(line: PricedLine, amount: Money, share: Share, part: Interval, zone: str) -> Money:
    full = share.full or share.period
    if part == full:
        return amount
    return amount.times(factor(line.proration, part, full, zone))


def _not_negative(amount: Money) -> Money:
    return max(amount, Money.zero(amount.currency))

