"""The plan after an amendment: which days of which charge are given up, and what is billed instead.

Both are the difference of two versions of the contract, charge by charge. A charge whose figures
stay the same loses only the days on which it rests; one whose figures change is replaced from its
boundary on. What was billed for lost days is credited at what was billed; the rest of the plan is
split there, and old and new are rounded apart.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from models.amendment import When
from models.charges import MONTHS, BillOn, ChargeType, Timing
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

    Both go by the charge's identity. All charges of a line change on one day. One-time charges come
    only with a line that is added: what was sold once is delivered, given up or returned.
    """
    found = []
    boundaries: dict[str, date] = {}
    for reference in dict.fromkeys([*before, *after]):
        old, new = before.get(reference), after.get(reference)
        number = reference.partition("/")[0]
        if number not in boundaries:
            boundaries[number] = _boundary(_of(before, number), _of(after, number), terms)
        change = _change(reference, (old, new), boundaries[number], terms)
        if change is not None and (change.lost or change.gained):
            found.append(change)
    return tuple(found)


def part_of(line: PricedLine, share: Share, part: Interval, zone: str) -> Money:
    """Return what a part of one billing of a line comes to, by the proration of its charge."""
    off = line.off_period(share.index)
    return _prorated(line, line.net - off, share, part, zone)


def difference(
    changes: Iterable[ChargeChange], before: Mapping[str, LineVersion], terms: Terms
) -> Money | None:
    """Return how far the price of the term moves by the plan; None if nothing changes.

    What was billed may have been rounded otherwise, so that the books tell the last cent.
    """
    amounts = []
    for change in changes:
        amounts += [charge.amount for charge in change.gained]
        for days in change.lost:
            old = before[change.reference].line
            amounts += [
                -part_of(old, share, part, terms.zone)
                for share in terms.calendar.of(old)
                if (part := share.period.intersection(days)) is not None
            ]
    return Money.total(amounts, amounts[0].currency) if amounts else None


def ssp_of(line: PricedLine, calendar: Calendar, days: Interval) -> Money:
    """Return what a line would sell for on its own on some days, by the day."""
    amounts = (
        line.ssp.times(factor(Proration.DAY, part, share.full or share.period))
        for share in calendar.of(line)
        if (part := share.period.intersection(days)) is not None
    )
    return Money.total(amounts, line.ssp.currency)


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
    reference: str,
    versions: tuple[LineVersion | None, LineVersion | None],
    boundary: date,
    terms: Terms,
) -> ChargeChange | None:
    old, new = versions
    version = new or old
    if version is None:
        return None
    if version.line.charge_type is not ChargeType.RECURRING:
        return _once(reference, version.line, boundary, terms) if old is None else None
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


def _once(reference: str, line: PricedLine, on: date, terms: Terms) -> ChargeChange:
    day = Interval(start=on, end=on + timedelta(days=1))
    charge = PlannedCharge(
        reference=line.reference,
        description=line.name,
        period=day,
        bill_on=None if line.bill_on is BillOn.DELIVERY else max(on, terms.booked_on),
        amount=line.net - line.once_discount,
        discount=_not_negative(line.list_amount - line.net + line.once_discount),
    )
    return ChargeChange(reference=reference, from_on=on, gained=(charge,))


def _of(versions: Mapping[str, LineVersion], number: str) -> list[PricedLine]:
    """Return the recurring charges of a line in one version."""
    lines = (version.line for version in versions.values())
    return [
        line
        for line in lines
        if line.number == number and line.charge_type is ChargeType.RECURRING and line.cadence
    ]


def _boundary(old: Sequence[PricedLine], new: Sequence[PricedLine], terms: Terms) -> date:
    """Return from when a line changes: at once, or, if less is billed, with its next period."""
    if not old or terms.since <= terms.term.start:
        return terms.since
    waits = _yearly(new) < _yearly(old) and terms.when is not When.NOW
    by_periods = any(line.proration is Proration.NONE for line in old)
    if waits or by_periods or terms.when is When.NEXT_PERIOD:
        starts = (share.period.start for share in terms.calendar.of(old[0]))
        return next((day for day in starts if day >= terms.since), terms.term.end)
    return terms.since


def _yearly(lines: Iterable[PricedLine]) -> Fraction:
    amounts = (
        Fraction(line.net.minor * 12) / MONTHS[line.cadence] for line in lines if line.cadence
    )
    return sum(amounts, Fraction(0))


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
