"""Dated prices, hours of the day, and units of measure."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InvalidInputError
from models.price_rules import DailyWindow, DatedPrice, PriceRule, first_rule, price_at
from models.units import in_unit

D = Decimal
NIGHT = DailyWindow(start=time(22, tzinfo=UTC), end=time(6, tzinfo=UTC))
DAY = DailyWindow(start=time(6, tzinfo=UTC), end=time(22, tzinfo=UTC))
PRICES = (
    DatedPrice(unit=D(10)),
    DatedPrice(unit=D(12), valid_from=date(2026, 1, 1)),
    DatedPrice(unit=D(7), valid_from=date(2026, 1, 1), daily=NIGHT),
)


@pytest.mark.parametrize(
    ("at", "unit"),
    [
        (date(2025, 12, 31), "10"),
        (date(2026, 1, 1), "12"),
        (datetime(2025, 12, 31, 23, tzinfo=UTC), "10"),
        (datetime(2026, 1, 1, 21, 59, tzinfo=UTC), "12"),
        (datetime(2026, 1, 1, 22, tzinfo=UTC), "7"),
        (datetime(2026, 1, 2, 5, 59, 59, tzinfo=UTC), "7"),
        (datetime(2026, 1, 2, 6, tzinfo=UTC), "12"),
        (datetime(2026, 1, 2, 7, tzinfo=timezone(timedelta(hours=2))), "7"),
    ],
)
def test_the_price_is_that_of_the_day_and_the_hour(at: date | datetime, unit: str) -> None:
    """The night begins with its first second and ends before six, by its own clock."""
    found = price_at(PRICES, at)

    assert found is not None
    assert found.unit == D(unit)


def test_hours_without_a_zone_are_by_the_clock_of_whoever_asks() -> None:
    """At the counter it is noon wherever the counter stands; the server's zone decides nothing."""
    lunch = DailyWindow(start=time(12), end=time(13))
    tokyo = timezone(timedelta(hours=9))

    assert lunch.holds_at(datetime(2026, 1, 1, 12, 30, tzinfo=tokyo))
    assert not lunch.holds_at(datetime(2026, 1, 1, 3, 30, tzinfo=UTC))


def test_before_the_first_price_there_is_none() -> None:
    """Nothing was free before it had a price."""
    assert price_at(PRICES[1:], date(2025, 12, 31)) is None


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_day_and_night_share_every_moment(moment: datetime) -> None:
    """Half-open windows leave neither a gap nor an overlap."""
    assert DAY.holds_at(moment) != NIGHT.holds_at(moment)


def test_a_return_counts_like_a_sale() -> None:
    """The rule looks at how much, not which way."""
    rule = PriceRule(minimum_quantity=D(10), factor=D("0.9"))

    assert first_rule([rule], "A", D(-10)) == rule
    assert first_rule([rule], "A", D(9)) is None


@pytest.mark.parametrize(
    ("quantity", "unit", "wanted", "result"),
    [
        ("1000", "g", "kg", Fraction(1)),
        ("1", "g", "kg", Fraction(1, 1000)),
        ("2", "dozen", "unit", Fraction(24)),
        ("90", "min", "h", Fraction(3, 2)),
        ("1", "s", "h", Fraction(1, 3600)),
        ("3", "carton", "carton", Fraction(3)),
    ],
)
def test_units_of_one_kind_become_one_another(
    quantity: str, unit: str, wanted: str, result: Fraction
) -> None:
    """Exactly, also where decimals would not end."""
    assert in_unit(D(quantity), unit, wanted) == result


@pytest.mark.parametrize(("unit", "wanted"), [("g", "m"), ("carton", "unit"), ("h", "carton")])
def test_units_of_two_kinds_do_not(unit: str, wanted: str) -> None:
    """How many are in a carton is the product's business."""
    with pytest.raises(InvalidInputError, match=f"{unit} cannot be turned into {wanted}"):
        in_unit(D(1), unit, wanted)
