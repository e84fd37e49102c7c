"""Percentages: what is free, what is fixed, and the bounds of each transaction."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.percentages import (
    PercentagePrice,
    graduated_percentage,
    graduated_percentage_by_tier,
    percentage,
    percentage_by_transaction,
)
from models.price_books import Tier

D = Decimal


def costs(amounts: Sequence[str], **price: Any) -> list[Decimal]:
    found = percentage_by_transaction(PercentagePrice(**price), [D(amount) for amount in amounts])
    return [one.costs for one in found]


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ({}, ["1", "3", "4"]),
        ({"fixed": "0.5"}, ["1.5", "3.5", "4.5"]),
        ({"fixed": "0.5", "free_units": 1}, ["0", "3.5", "4.5"]),
        ({"fixed": "0.5", "free_amount": 250}, ["0", "2.0", "4.5"]),
        ({"free_amount": 400}, ["0", "0", "4"]),
        ({"fixed": "0.5", "free_units": 2, "free_amount": 150}, ["0", "3.0", "4.5"]),
        ({"minimum_each": 2, "maximum_each": "3.5"}, ["2", "3", "3.5"]),
        ({"minimum_each": 2, "free_units": 3}, ["0", "0", "0"]),
        ({"fixed": "0.5", "free_amount": 0}, ["1.5", "3.5", "4.5"]),
    ],
)
def test_one_percent_of_three_transactions(price: dict[str, Any], expected: list[str]) -> None:
    """100, 300 and 400: a wholly free one owes nothing, a partly free one its fixed fee too."""
    assert costs(["100", "300", "400"], percent=1, **price) == [D(each) for each in expected]


def test_what_is_charged_of_each_is_told() -> None:
    """150 are free: all of 100 and 50 of 300."""
    found = percentage_by_transaction(
        PercentagePrice(percent=D(1), free_amount=D(150)), [D(100), D(300)]
    )

    assert [(one.amount, one.charged) for one in found] == [(D(100), D(0)), (D(300), D(250))]


def test_graduated_percentages_add_the_fee_of_each_tier_entered() -> None:
    """12 at 1 % up to 10 and 2 % above: 0.1 + 0.04, and fees of 200 and 300."""
    tiers = (Tier(up_to=D(10), percent=D(1), flat=D(200)), Tier(percent=D(2), flat=D(300)))

    assert graduated_percentage_by_tier(D(12), tiers) == (D("200.1"), D("300.04"))
    assert graduated_percentage(D(12), tiers) == D("500.14")


amounts = st.lists(st.decimals(min_value=0, max_value=10**6, places=2), max_size=8)
parts = st.decimals(min_value=0, max_value=10**4, places=2)


@given(amounts=amounts, free_units=st.integers(0, 8), free=st.none() | parts, fixed=parts)
def test_what_is_free_never_makes_it_dearer(
    amounts: list[Decimal], free_units: int, free: Decimal | None, fixed: Decimal
) -> None:
    """And never more than everything is free."""
    full = percentage(PercentagePrice(percent=D(2), fixed=fixed), amounts)
    less = PercentagePrice(percent=D(2), fixed=fixed, free_units=D(free_units), free_amount=free)

    assert 0 <= percentage(less, amounts) <= full
    assert all(0 <= one.charged <= one.amount for one in percentage_by_transaction(less, amounts))


@given(amounts=amounts, percent=st.decimals(min_value=0, max_value=100, places=3))
def test_without_fees_and_bounds_it_is_the_percentage_of_the_sum(
    amounts: list[Decimal], percent: Decimal
) -> None:
    """However the sum came in."""
    expected = sum(amounts, D(0)) * percent / 100

    assert percentage(PercentagePrice(percent=percent), amounts) == expected
