"""Billing cycles: the grid of days on which the periods of a cadence begin, and what is due by it.

Every boundary is computed from the grid's own month and day, so that a 31st stays one: 31 January,
28 February, 31 March. A first or last period that is cut short is a part of the full period there.
"""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from models.charges import Timing
from models.errors import InvalidInputError, Problem
from models.periods import Interval, Step
from models.value import Value


class Grid(Value):
    """The days on which periods begin: every `step` from `base` on, and before it as well.

    Of a step in months, `day` is the day of the month they begin on (0: that of `base`); a month
    that lacks it gives its last day.
    """

    step: Step
    base: date
    day: int = 0

    def start(self, index: int) -> date:
        """Return the first day of the period of that number; number 0 begins in the base month."""
        if not self.step.months:
            return self.step.shift(self.base, index)
        first = self.step.shift(self.base.replace(day=1), index)
        last = calendar.monthrange(first.year, first.month)[1]
        return first.replace(day=min(self.day or self.base.day, last))

    def index_at(self, day: date) -> int:
        """Return the number of the period that holds the day."""
        if not self.step.months:
            return self.step.index_at(self.base, day)
        index = self.step.index_at(self.base.replace(day=1), day)
        return index if self.start(index) <= day else index - 1

    def period(self, index: int) -> Interval:
        """Return the full period of that number."""
        return Interval(start=self.start(index), end=self.start(index + 1))

    def periods(self, start: date, end: date) -> Iterator[Interval]:
        """Yield the full periods that hold any day from `start` up to and not including `end`."""
        index = self.index_at(start)
        while (period := self.period(index)).start < end:
            yield period
            index += 1

    def first_on(self, start: date) -> date:
        """Return the first boundary on or after a day."""
        begins = self.start(self.index_at(start))
        return begins if begins == start else self.start(self.index_at(start) + 1)


class BillingDates(Value):
    """Where the billing of a service stands at a day.

    `first_on` is the first boundary of its grid, `billed_until` the day up to which it is billed
    (None: nothing is), `last_on` the last boundary not after that, and `next_on` the first after.
    """

    first_on: date
    billed_until: date | None = None
    last_on: date
    next_on: date


def aligned_grid(start: date, step: Step, day: int) -> Grid:
    """Return the grid of a service billed on a day of the month; periods of days begin with it."""
    return Grid(step=step, base=start, day=day if step.months else 0)


def billable_parts(
    grid: Grid, service: tuple[date, date | None], timing: Timing, as_of: date
) -> Iterator[tuple[Interval, Interval]]:
    """Yield each part of a service that is billable by a day, with the full period it belongs to.

    In advance a part is billable at its start, in arrears at its end. The service lasts from its
    first day up to and not including its second; None is open-ended.
    """
    start, end = service
    for full in grid.periods(start, max(as_of, start) + timedelta(days=1)):
        begins, ends = max(full.start, start), min(full.end, end or full.end)
        bill_on = begins if timing is Timing.IN_ADVANCE else ends
        if begins < ends and bill_on <= as_of:
            yield Interval(start=begins, end=ends), full


def billable_cycles(
    grid: Grid, service: tuple[date, date | None], timing: Timing, as_of: date
) -> Fraction:
    """Return how many billing periods are billable by a day, exactly; parts count by their days.

    Raises `InvalidInputError` if the service ends before it starts, or the day is before its start.
    """
    problems = tuple(_order_problems(service, as_of))
    if problems:
        raise InvalidInputError(problems)
    parts = billable_parts(grid, service, timing, as_of)
    return sum((part.part_of(full) for part, full in parts), Fraction(0))


def billing_dates(
    grid: Grid, service: tuple[date, date | None], timing: Timing, as_of: date
) -> BillingDates:
    """Return where the billing of a service stands at a day."""
    first = grid.first_on(service[0])
    parts = [part for part, _ in billable_parts(grid, service, timing, as_of)]
    until = parts[-1].end if parts else None
    at = first if until is None else max(first, grid.start(grid.index_at(until)))
    following = first if until is None or until < first else grid.start(grid.index_at(until) + 1)
    return BillingDates(first_on=first, billed_until=until, last_on=at, next_on=following)


def _order_problems(service: tuple[date, date | None], as_of: date) -> Iterator[Problem]:
    start, end = service
    for field, day in (("end", end), ("as_of", as_of)):
        if day is not None and day < start:
            reason = f"{day} is before the service starts on {start}"
            yield Problem(field=field, reason=reason, remedy="put the days in order")
