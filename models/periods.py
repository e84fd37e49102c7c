"""Half-open periods and month arithmetic from a sticky anchor.

The n-th period is always computed from the anchor, never from the period before: 31 January is
followed by 28 February and 31 March. Stepping from period to period would drift to the 28th.
"""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Self

from pydantic import model_validator

from models.value import Value


class Interval(Value):
    """Days from `start` up to and not including `end`."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days the interval holds."""
        return (self.end - self.start).days

    def contains(self, day: date) -> bool:
        """Whether the day is one of the interval's; its end is not."""
        return self.start <= day < self.end

    def overlaps(self, other: "Interval") -> bool:
        """Whether any day is in both."""
        return self.start < other.end and other.start < self.end

    def intersection(self, other: "Interval") -> "Interval | None":
        """Return the days in both, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start=start, end=end) if start < end else None

    def part_of(self, full: "Interval") -> Fraction:
        """Return this interval's days over the full period's, exactly and not clamped.

        Raises `ValueError` if the full period holds no day.
        """
        if full.days <= 0:
            raise ValueError(f"The full period from {full.start} to {full.end} holds no day")
        return Fraction(self.days, full.days)


class Step(Value):
    """How far one period reaches: a number of calendar months, or a number of days."""

    months: int = 0
    days: int = 0

    @model_validator(mode="after")
    def _reaches_forward(self) -> Self:
        if min(self.months, self.days) != 0 or max(self.months, self.days) <= 0:
            raise ValueError("Give a step either months or days, and at least one of them")
        return self

    def shift(self, anchor: date, count: int) -> date:
        """Return the day `count` steps after the anchor, or before it for a negative count."""
        if self.months:
            return add_months(anchor, count * self.months)
        return anchor + timedelta(days=count * self.days)

    def index_at(self, anchor: date, day: date) -> int:
        """Return which period from the anchor holds the day: 0 the first, -1 the one before.

        For an end of service this is also the number of whole periods from the anchor to it.
        """
        if not self.months:
            return (day - anchor).days // self.days
        apart = months_between(anchor, day)
        index = apart // self.months
        return index if self.shift(anchor, index) <= day else index - 1

    def period_at(self, anchor: date, day: date) -> Interval:
        """Return the full, un-truncated period that holds the day, before the anchor as well.

        A first or last period that is cut short is prorated on this one.
        """
        index = self.index_at(anchor, day)
        return Interval(start=self.shift(anchor, index), end=self.shift(anchor, index + 1))


def add_months(anchor: date, months: int, *, end_of_month: bool = False) -> date:
    """Return the anchor's day `months` later; a day the month lacks becomes its last day.

    With `end_of_month`, the last day of a month leads to the last day of a month: 28 February to
    31 March.
    """
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    sticks = end_of_month and anchor.day == calendar.monthrange(anchor.year, anchor.month)[1]
    return date(year, month + 1, last if sticks else min(anchor.day, last))


def months_between(anchor: date, day: date) -> int:
    """Return how many months after the anchor's month the day's month is."""
    return (day.year - anchor.year) * 12 + day.month - anchor.month


def full_periods(
    anchor: date, months: int, until: date, *, passed_months: int = 0
) -> Iterator[Interval]:
    """Yield the un-truncated periods of `months` months from `anchor` that start before `until`.

    The first begins `passed_months` after the anchor, as those of a later term do. Raises
    `ValueError` if a period has no month: there would be no end of them.
    """
    if months <= 0:
        raise ValueError(f"A period must have at least one month, not {months}")
    count = 0
    while (start := add_months(anchor, passed_months + count * months)) < until:
        count += 1
        yield Interval(start=start, end=add_months(anchor, passed_months + count * months))


def month_starts(after: date, until: date) -> Iterator[date]:
    """Yield each first of a month later than `after` and not later than `until`."""
    first = after.replace(day=1)
    count = 1
    while (start := add_months(first, count)) <= until:
        count += 1
        yield start


def days_in_fixed_months(start: date, end: date, days_in_month: int) -> int:
    """Count the days from `start` to `end` as if every month had `days_in_month` (30/360 and such).

    A day the fixed month lacks counts as its last: with 30, the 31st is the 30th.
    """
    months = months_between(start, end)
    days = min(end.day, days_in_month) - min(start.day, days_in_month)
    return months * days_in_month + days
