"""Invoice runs: what one run bills of prices that change through time, and what it takes back.

Items on record are facts. A run computes what each day should cost by now, finds which days were
billed at that price, credits the rest of what was billed and charges the days that are missing.
Late, early or twice, the same history leads to the same items; a credit whose cause went away is
charged again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from models.charges import Timing
from models.money import Money
from models.periods import Interval, Step, add_months
from models.proration import Proration, factor
from models.value import Value

_ONE_DAY = timedelta(days=1)


class PriceChange(Value):
    """From `on`, the price of a full period, or nothing; `fixed` is due once on that day.

    A month-based period begins on `billing_day` of a month, or on its last day if it lacks that
    one; periods of days begin with the change.
    """

    on: date
    price: Money | None = None
    step: Step = Step(months=1)
    billing_day: int | None = None
    fixed: Money | None = None


class RunItem(Value):
    """One amount of a run: a charge, or a credit (negative) for days that were billed before.

    A fixed charge and an adjustment have no end; an adjustment lowers what is left to credit of the
    charge in whose period it begins.
    """

    start: date
    end: date | None
    amount: Money

    @property
    def period(self) -> Interval:
        """The days it is for; one day for what has no end."""
        return Interval(start=self.start, end=self.end or self.start + _ONE_DAY)

    @property
    def is_credit(self) -> bool:
        """Whether it takes back."""
        return self.amount.minor < 0


class _Wanted(Value):
    """Days that should be billed by now, with the full period they are a part of."""

    period: Interval
    full: Interval
    price: Money

    def amount(self, part: Interval) -> Money:
        return self.price.times(factor(Proration.DAY, part, self.full))


def run(
    changes: Sequence[PriceChange], timing: Timing, as_of: date, on_record: Sequence[RunItem] = ()
) -> tuple[RunItem, ...]:
    """Return what a run of one subscription adds to what is on record, the earliest first.

    In advance, a period is billed from its first day on, in arrears from the day after its last.
    A credit is the billed amount's share of the days taken back, never more than what is left of
    the item after earlier credits and adjustments.
    """
    wanted = [one for one in _wanted(changes, as_of) if _is_due(one.period, timing, as_of)]
    charges = [one for one in on_record if not one.is_credit and one.end is not None]
    credited = _credited(charges, [one for one in on_record if one.is_credit])
    kept: list[Interval] = []
    items: list[RunItem] = []
    for charge, given_back in zip(charges, credited, strict=True):
        right = [one.period for one in wanted if one.amount(charge.period) == charge.amount]
        gone = [one.period for one in given_back if one.end is not None]
        kept += _minus(_common(charge.period, right), gone)
        taken_back = _minus(_minus([charge.period], right), gone)
        items += _credits(charge, given_back, taken_back)
    for one in wanted:
        missing = _minus([one.period], kept)
        items += [RunItem(start=m.start, end=m.end, amount=one.amount(m)) for m in missing]
    items += _fixed(changes, as_of, on_record)
    return tuple(sorted(items, key=lambda item: (item.start, item.is_credit)))


def credit_movement(items: Iterable[RunItem], credit: Money) -> Money:
    """Return how a run changes the customer's credit: what it gives back, or (negative) uses up."""
    total = Money.total((item.amount for item in items), credit.currency)
    return -min(total, credit)


def _wanted(changes: Sequence[PriceChange], as_of: date) -> Iterator[_Wanted]:
    ordered = sorted(changes, key=lambda change: change.on)
    ends = [*(change.on for change in ordered[1:]), date.max]
    for change, end in zip(ordered, ends, strict=True):
        if change.price is None or end <= change.on:
            continue
        for full in _full_periods(change):
            if full.start >= end or full.start > as_of:
                break
            period = full.intersection(Interval(start=change.on, end=end))
            if period is not None:
                yield _Wanted(period=period, full=full, price=change.price)


def _full_periods(change: PriceChange) -> Iterator[Interval]:
    starts = _starts(change)
    for start, end in pairwise(starts):
        yield Interval(start=start, end=end)


def _starts(change: PriceChange) -> Iterator[date]:
    """Yield the starts of full periods, from the last one not after the change."""
    step, day = change.step, change.billing_day or change.on.day
    count = 0
    if not step.months:
        while True:
            yield step.shift(change.on, count)
            count += 1
    this_month = change.on.replace(day=1)
    is_before = _on_day(this_month, day) < change.on
    first = add_months(this_month, 1) if is_before else this_month
    count = 0 if _on_day(first, day) == change.on else -1
    while True:
        yield _on_day(add_months(first, count * step.months), day)
        count += 1


def _on_day(month: date, day: int) -> date:
    last = add_months(month, 1) - _ONE_DAY
    return month.replace(day=min(day, last.day))


def _is_due(period: Interval, timing: Timing, as_of: date) -> bool:
    return (period.start if timing is Timing.IN_ADVANCE else period.end) <= as_of


def _credited(
    charges: Sequence[RunItem], given_back: Sequence[RunItem]
) -> tuple[tuple[RunItem, ...], ...]:
    """Return the credits of each charge: of the first in whose days they fall and did not yet."""
    found: list[list[RunItem]] = [[] for _ in charges]
    for credit in given_back:
        holding = [
            index for index, charge in enumerate(charges) if charge.period.contains(credit.start)
        ]
        free = [index for index in holding if not _is_gone(credit, found[index])]
        if holding:
            found[(free or holding)[0]].append(credit)
    return tuple(tuple(each) for each in found)


def _is_gone(credit: RunItem, earlier: Iterable[RunItem]) -> bool:
    return any(
        credit.end is not None and one.end is not None and one.period.overlaps(credit.period)
        for one in earlier
    )


def _left(charge: RunItem, given_back: Iterable[RunItem]) -> Money:
    return charge.amount + Money.total((one.amount for one in given_back), charge.amount.currency)


def _credits(
    charge: RunItem, given_back: Sequence[RunItem], taken_back: Sequence[Interval]
) -> Iterator[RunItem]:
    left = _left(charge, given_back)
    for period in taken_back:
        share = charge.amount.times(Fraction(period.days, charge.period.days))
        amount = min(share, left)
        if amount.minor > 0:
            left -= amount
            yield RunItem(start=period.start, end=period.end, amount=-amount)


def _fixed(
    changes: Sequence[PriceChange], as_of: date, on_record: Sequence[RunItem]
) -> Iterator[RunItem]:
    billed = {one.start for one in on_record if one.end is None and not one.is_credit}
    for change in changes:
        if change.fixed is not None and change.on <= as_of and change.on not in billed:
            yield RunItem(start=change.on, end=None, amount=change.fixed)


def _common(period: Interval, others: Iterable[Interval]) -> list[Interval]:
    return [both for other in others if (both := period.intersection(other)) is not None]


def _minus(periods: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """Return the days of some periods that are in none of the others, in order."""
    left = list(periods)
    for other in taken:
        left = [rest for period in left for rest in _without(period, other)]
    return sorted(left, key=lambda period: period.start)


def _without(period: Interval, other: Interval) -> Iterator[Interval]:
    if not period.overlaps(other):
        yield period
        return
    if period.start < other.start:
        yield Interval(start=period.start, end=other.start)
    if other.end < period.end:
        yield Interval(start=other.end, end=period.end)
