"""Periods are counted from the anchor, and a day is in exactly one of them."""

from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.periods import (
    Interval,
    Step,
    add_months,
    days_in_fixed_months,
    full_periods,
    month_starts,
)

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2080, 12, 31))
STEPS = st.one_of(
    st.integers(min_value=1, max_value=36).map(lambda months: Step(months=months)),
    st.integers(min_value=1, max_value=400).map(lambda days: Step(days=days)),
)


def between(start: str, end: str) -> Interval:
    """The days from one ISO date up to another."""
    return Interval(start=date.fromisoformat(start), end=date.fromisoformat(end))


def test_the_last_of_january_comes_back_after_february() -> None:
    """Test vector 1: the anchor sticks, nothing drifts to the 28th."""
    periods = list(full_periods(date(2026, 1, 31), 1, until=date(2026, 5, 31)))

    assert periods == [
        between("2026-01-31", "2026-02-28"),
        between("2026-02-28", "2026-03-31"),
        between("2026-03-31", "2026-04-30"),
        between("2026-04-30", "2026-05-31"),
    ]


def test_the_29th_of_february_comes_back_in_leap_years() -> None:
    """Semantics 4: yearly from 29 February is 28 February, and the 29th again in leap years."""
    starts = [add_months(date(2024, 2, 29), 12 * years) for years in range(5)]

    assert starts == [
        date(2024, 2, 29),
        date(2025, 2, 28),
        date(2026, 2, 28),
        date(2027, 2, 28),
        date(2028, 2, 29),
    ]


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_months_are_added_over_years_and_backwards(
    anchor: date, months: int, expected: date
) -> None:
    """A day the month lacks becomes its last day."""
    assert add_months(anchor, months) == expected


def test_the_end_of_a_month_may_lead_to_the_end_of_a_month() -> None:
    """The end-of-month rule of payment terms, and what happens without it."""
    assert add_months(date(2025, 2, 28), 1, end_of_month=True) == date(2025, 3, 31)
    assert add_months(date(2024, 2, 28), 1, end_of_month=True) == date(2024, 3, 28)
    assert add_months(date(2025, 2, 28), 1) == date(2025, 3, 28)


def test_the_last_full_period_may_reach_past_the_end() -> None:
    """It is cut at the contract's end by whoever bills, who needs the full one to prorate."""
    periods = list(full_periods(date(2026, 1, 1), 3, until=date(2026, 5, 1)))

    assert periods == [between("2026-01-01", "2026-04-01"), between("2026-04-01", "2026-07-01")]


def test_a_term_that_ends_as_it_starts_has_no_period() -> None:
    """The end is not part of it."""
    assert list(full_periods(date(2026, 1, 1), 1, until=date(2026, 1, 1))) == []


@pytest.mark.parametrize("months", [0, -1])
def test_periods_without_months_are_refused(months: int) -> None:
    """There would be no end of them."""
    with pytest.raises(ValueError, match="at least one month"):
        next(full_periods(date(2026, 1, 1), months, until=date(2027, 1, 1)))


def test_month_starts_are_later_than_the_first_day_and_reach_the_last() -> None:
    """The first of the month one stands in has gone by; one that falls on the last day counts."""
    starts = list(month_starts(date(2026, 1, 1), date(2026, 3, 1)))

    assert starts == [date(2026, 2, 1), date(2026, 3, 1)]
    assert list(month_starts(date(2026, 1, 31), date(2026, 1, 31))) == []


def test_an_interval_has_its_start_and_not_its_end() -> None:
    """Half-open: the next period starts on the day this one ends."""
    january = between("2026-01-01", "2026-02-01")

    assert january.days == 31
    assert january.contains(date(2026, 1, 1))
    assert january.contains(date(2026, 1, 31))
    assert not january.contains(date(2026, 2, 1))
    assert not january.contains(date(2025, 12, 31))


def test_neighbors_do_not_overlap() -> None:
    """Two periods of one charge may touch and nothing more."""
    january, february = between("2026-01-01", "2026-02-01"), between("2026-02-01", "2026-03-01")

    assert not january.overlaps(february)
    assert january.intersection(february) is None
    assert january.overlaps(between("2026-01-31", "2026-02-02"))
    assert january.intersection(between("2026-01-31", "2026-02-02")) == between(
        "2026-01-31", "2026-02-01"
    )


def test_a_part_is_counted_in_days_of_the_full_period() -> None:
    """Semantics 3: both in the same unit, on the full period; an empty one has no parts."""
    stub = between("2016-06-01", "2016-06-15")

    assert stub.part_of(between("2016-05-15", "2016-06-15")) == Fraction(14, 31)
    with pytest.raises(ValueError, match="holds no day"):
        stub.part_of(between("2016-06-01", "2016-06-01"))


@pytest.mark.parametrize(("months", "days"), [(0, 0), (1, 1), (-1, 0), (0, -7), (-1, 1)])
def test_a_step_is_months_or_days_forward(months: int, days: int) -> None:
    """Months and days cannot be mixed, and a period reaches forward."""
    with pytest.raises(ValidationError, match="either months or days"):
        Step(months=months, days=days)


def test_the_full_period_of_a_first_stub_starts_before_the_service() -> None:
    """Semantics 4: a start before the anchor day is prorated on the full period ending there."""
    period = Step(months=1).period_at(anchor=date(2026, 1, 31), day=date(2026, 1, 20))

    assert period == between("2025-12-31", "2026-01-31")


@pytest.mark.parametrize(
    ("step", "day", "index"),
    [
        (Step(months=1), date(2026, 2, 27), 0),
        (Step(months=1), date(2026, 2, 28), 1),
        (Step(months=1), date(2026, 3, 30), 1),
        (Step(months=3), date(2026, 4, 29), 0),
        (Step(months=3), date(2026, 4, 30), 1),
        (Step(months=12), date(2027, 1, 30), 0),
        (Step(days=7), date(2026, 2, 6), 0),
        (Step(days=7), date(2026, 2, 7), 1),
        (Step(days=7), date(2026, 1, 30), -1),
    ],
)
def test_a_day_is_in_the_period_its_index_says(step: Step, day: date, index: int) -> None:
    """Counted from 31 January 2026."""
    assert step.index_at(date(2026, 1, 31), day) == index


@given(step=STEPS, anchor=DAYS, day=DAYS)
def test_every_day_is_in_exactly_one_period(step: Step, anchor: date, day: date) -> None:
    """Periods follow each other without gap or overlap, before the anchor as well."""
    index = step.index_at(anchor, day)

    assert step.shift(anchor, index) <= day < step.shift(anchor, index + 1)
    assert step.period_at(anchor, day).contains(day)


@given(anchor=DAYS, months=st.integers(min_value=1, max_value=24))
def test_periods_of_a_term_follow_each_other(anchor: date, months: int) -> None:
    """Each ends where the next begins, and the first begins at the anchor."""
    periods = list(full_periods(anchor, months, until=add_months(anchor, 60)))

    assert periods[0].start == anchor
    assert all(one.end == other.start for one, other in pairwise(periods))
    assert all(period.end.day <= anchor.day for period in periods)


@pytest.mark.parametrize(
    ("start", "end", "days_in_month", "days"),
    [
        (date(2023, 5, 23), date(2023, 6, 15), 30, 22),
        (date(2024, 2, 23), date(2024, 3, 15), 28, 20),
        (date(2023, 1, 31), date(2023, 2, 28), 30, 28),
        (date(2023, 1, 31), date(2024, 1, 31), 30, 360),
    ],
)
def test_months_may_be_counted_as_equally_long(
    start: date, end: date, days_in_month: int, days: int
) -> None:
    """30/360: with months of 30 days the 31st is the 30th, and a year has 360 days."""
    assert days_in_fixed_months(start, end, days_in_month) == days
