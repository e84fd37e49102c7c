"""Proration: part over full period, by the charge's rule, rounded once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import Money
from models.periods import Interval, add_months
from models.proration import (
    Proration,
    early_end,
    factor,
    factor_of_moments,
    plan_change,
    prorated_true_up,
)


def eur(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def days(start: str, end: str) -> Interval:
    return Interval(start=date.fromisoformat(start), end=date.fromisoformat(end))


@pytest.mark.parametrize(
    ("part", "full", "expected"),
    [
        (("2021-01-27", "2021-02-01"), ("2021-01-01", "2021-02-01"), ("5/31", "5/30", "4/30")),
        (("2021-02-27", "2021-03-01"), ("2021-02-01", "2021-03-01"), ("2/28", "2/30", "4/30")),
        (("2020-02-01", "2020-03-01"), ("2020-02-01", "2020-03-01"), ("29/29", "29/30", "30/30")),
        (("2021-04-21", "2021-04-30"), ("2021-04-01", "2021-05-01"), ("9/30", "9/30", "9/30")),
    ],
)
def test_the_published_ratios_of_a_month_are_met(
    part: tuple[str, str], full: tuple[str, str], expected: tuple[str, str, str]
) -> None:
    """Actual days, actual days over 30, and months of 30 days (test vector 4)."""
    policies = (Proration.DAY, Proration.FIXED_DAYS, Proration.THIRTY_360)

    found = [factor(policy, days(*part), days(*full)) for policy in policies]

    assert found == [Fraction(each) for each in expected]


def test_a_change_at_noon_of_day_16_costs_half_by_seconds() -> None:
    """10.00 over 31 days: 5.00 by seconds; by days the new price has the day, 16/31 (vector 3)."""
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    noon = datetime(2026, 1, 16, 12, tzinfo=UTC)
    left = days("2026-01-16", "2026-02-01")

    by_seconds = factor_of_moments(noon, end, start, end)
    by_days = factor(Proration.DAY, left, days("2026-01-01", "2026-02-01"))

    assert (eur(10_00).times(by_seconds), eur(10_00).times(by_days)) == (eur(5_00), eur(5_16))


def test_seconds_know_the_day_that_lost_an_hour() -> None:
    """29 March 2026 has 23 hours in Berlin, so the rest of the month has 71 of 743."""
    full = days("2026-03-01", "2026-04-01")
    part = days("2026-03-29", "2026-04-01")

    assert factor(Proration.SECOND, part, full, "Europe/Berlin") == Fraction(71, 743)
    assert factor(Proration.SECOND, part, full) == Fraction(72, 744)


def test_moments_of_one_zone_are_subtracted_as_time() -> None:
    """Python subtracts wall clocks within a zone; the night of the change has 23 hours."""
    zone = ZoneInfo("Europe/Berlin")
    start, end = datetime(2026, 3, 28, 12, tzinfo=zone), datetime(2026, 3, 29, 12, tzinfo=zone)

    assert factor_of_moments(start, start + timedelta(hours=11), start, end) == Fraction(11, 23)


def test_what_is_not_prorated_costs_the_whole_period() -> None:
    """And nothing where no day of the period is left."""
    full = days("2026-01-01", "2026-02-01")

    assert factor(Proration.NONE, days("2026-01-31", "2026-02-01"), full) == 1
    assert factor(Proration.NONE, days("2026-02-01", "2026-02-05"), full) == 0


def test_a_quarter_counts_three_fixed_months() -> None:
    """Half of a quarter by 30/360 is 45 of 90 days."""
    full = days("2026-01-01", "2026-04-01")

    assert factor(Proration.THIRTY_360, days("2026-02-16", "2026-04-01"), full) == Fraction(45, 90)
    assert factor(Proration.FIXED_DAYS, days("2026-02-16", "2026-04-01"), full) == Fraction(44, 90)


def test_a_week_has_no_fixed_months() -> None:
    """Every rule of days counts the days there are."""
    full = days("2026-01-05", "2026-01-12")

    found = {factor(policy, days("2026-01-09", "2026-01-12"), full) for policy in Proration}

    assert found == {Fraction(3, 7), Fraction(1)}


def test_a_period_without_days_is_refused() -> None:
    """There is no share of nothing."""
    nothing = days("2026-01-01", "2026-01-01")

    with pytest.raises(ValueError, match="holds no day"):
        factor(Proration.DAY, nothing, nothing)
    with pytest.raises(ValueError, match="holds no time"):
        factor_of_moments(*[datetime(2026, 1, 1, tzinfo=UTC)] * 4)


PERIODS = st.builds(
    lambda start, months: Interval(start=start, end=add_months(start, months)),
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.sampled_from([1, 3, 12]),
)
EXACT = st.sampled_from([Proration.DAY, Proration.SECOND, Proration.THIRTY_360])


@given(PERIODS, st.data(), EXACT)
def test_the_parts_of_a_period_make_the_whole(
    full: Interval, data: st.DataObject, policy: Proration
) -> None:
    """Old and new price share the period without a gap, whatever is counted."""
    at = data.draw(st.dates(full.start, full.end))
    before, after = Interval(start=full.start, end=at), Interval(start=at, end=full.end)

    parts = [factor(policy, part, full, "Europe/Paris") for part in (before, after)]

    assert sum(parts) == 1
    assert min(parts) >= 0


@given(PERIODS, st.data(), st.sampled_from(Proration))
def test_no_part_costs_more_than_the_whole(
    full: Interval, data: st.DataObject, policy: Proration
) -> None:
    """A factor lies between 0 and 1, also for days outside the period."""
    inside = st.dates(full.start - timedelta(days=40), full.end + timedelta(days=40))
    start, end = sorted([data.draw(inside), data.draw(inside)])

    assert 0 <= factor(policy, Interval(start=start, end=end), full) <= 1


def test_credit_and_charge_are_rounded_apart() -> None:
    """17 of 31 days of 10.00 and 20.00: -5.48 and 10.97 make 5.49, not 5.48."""
    change = plan_change(eur(10_00), eur(20_00), Fraction(17, 31))

    assert (change.credit, change.charge, change.net) == (eur(-5_48), eur(10_97), eur(5_49))


def test_a_change_after_the_period_changes_nothing_in_it() -> None:
    """What remains is never less than nothing."""
    assert plan_change(eur(10_00), eur(20_00), Fraction(-1, 31)).net == eur(0)


def test_an_early_end_never_gives_back_more_than_was_billed() -> None:
    """Half a period was billed, so half of it comes back, with its tax."""
    ended = early_end(eur(100_00), Fraction(1, 2), Fraction(2, 3), Decimal(19))

    assert (ended.billed, ended.net, ended.total) == (eur(59_50), eur(50_00), eur(59_50))


def test_a_commitment_that_is_reached_needs_no_true_up() -> None:
    """Half of 100.00 is committed and 60.00 were billed."""
    assert prorated_true_up(eur(100_00), Fraction(1, 2), [eur(60_00)]) == eur(0)
