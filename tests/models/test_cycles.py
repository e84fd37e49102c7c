"""Billing cycles: boundaries computed from the anchor, and what is billable by a day."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.charges import Timing
from models.cycles import Grid, aligned_grid, billable_cycles, billable_parts, billing_dates
from models.errors import InvalidInputError
from models.periods import Step

MONTH, QUARTER, YEAR, WEEK = Step(months=1), Step(months=3), Step(months=12), Step(days=7)
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
grids = st.builds(
    Grid,
    step=st.sampled_from([WEEK, MONTH, QUARTER, Step(months=6), YEAR]),
    base=days,
    day=st.integers(0, 31),
)


def test_a_31st_returns_after_every_shorter_month() -> None:
    """Test vector 1: naive stepping would stay on the 28th."""
    grid = aligned_grid(date(2026, 1, 31), MONTH, 31)

    starts = [str(grid.start(index)) for index in range(5)]

    assert starts == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


def test_a_31st_is_found_from_a_month_that_lacks_it() -> None:
    """A service that starts in February is billed at the ends of months all the same."""
    grid = aligned_grid(date(2026, 2, 10), QUARTER, 31)

    assert [str(grid.start(index)) for index in range(3)] == [
        "2026-02-28",
        "2026-05-31",
        "2026-08-31",
    ]


def test_29_february_is_the_28th_in_other_years() -> None:
    """And the 29th again in the next leap year."""
    grid = aligned_grid(date(2024, 2, 29), YEAR, 29)

    assert [str(grid.start(index)) for index in range(5)] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_a_first_part_is_measured_on_the_full_period_it_ends() -> None:
    """24 February to 10 March are 14 of the 28 days from 10 February."""
    grid = aligned_grid(date(2011, 2, 24), MONTH, 10)
    service = (date(2011, 2, 24), None)

    assert billable_cycles(grid, service, Timing.IN_ADVANCE, date(2011, 3, 6)) == Fraction(1, 2)
    assert billable_cycles(grid, service, Timing.IN_ARREARS, date(2011, 3, 9)) == 0
    assert billable_cycles(grid, service, Timing.IN_ARREARS, date(2011, 3, 10)) == Fraction(1, 2)


def test_in_arrears_the_end_of_service_is_billed_when_it_comes() -> None:
    """The service that ends on 20 January is billed up to then, before the next boundary."""
    grid = aligned_grid(date(2012, 1, 16), MONTH, 18)
    found = billing_dates(
        grid, (date(2012, 1, 16), date(2012, 1, 20)), Timing.IN_ARREARS, date(2012, 1, 25)
    )

    assert (found.first_on, found.billed_until) == (date(2012, 1, 18), date(2012, 1, 20))
    assert (found.last_on, found.next_on) == (date(2012, 1, 18), date(2012, 2, 18))


def test_days_out_of_order_are_refused_together() -> None:
    """Nobody can count periods backwards."""
    grid = aligned_grid(date(2026, 3, 30), MONTH, 15)

    with pytest.raises(InvalidInputError) as caught:
        billable_cycles(
            grid, (date(2026, 3, 30), date(2026, 1, 15)), Timing.IN_ADVANCE, date(2026, 2, 15)
        )

    assert [problem.field for problem in caught.value.problems] == ["end", "as_of"]


@given(grid=grids, day=days)
def test_every_day_is_in_exactly_one_period(grid: Grid, day: date) -> None:
    """Periods follow each other without gap and overlap, before the base as well."""
    index = grid.index_at(day)

    assert grid.period(index).contains(day)
    assert grid.period(index).end == grid.period(index + 1).start
    assert grid.start(index) < grid.start(index + 1)
    assert grid.first_on(day) >= day


@given(grid=grids, start=days, length=st.integers(1, 900), wait=st.integers(0, 1200))
def test_the_parts_cover_the_service_once(grid: Grid, start: date, length: int, wait: int) -> None:
    """What is billable by a day in advance is all periods begun, in arrears all that ended."""
    end, as_of = start + timedelta(days=length), start + timedelta(days=wait)

    for timing in Timing:
        parts = [part for part, _ in billable_parts(grid, (start, end), timing, as_of)]
        ends = [part.end for part in parts]
        assert [part.start for part in parts] == ([start, *ends[:-1]] if parts else [])
        if as_of >= end:
            assert ends[-1] == end
        if timing is Timing.IN_ADVANCE:
            assert ends[-1] > min(as_of, end - timedelta(days=1))
        else:
            assert all(day <= as_of for day in ends)
