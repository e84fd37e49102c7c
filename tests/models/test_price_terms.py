"""Contracted prices and exchange rates: dated data, checked when it is recorded."""

from datetime import date
from decimal import Decimal

import pytest

from models.errors import InvalidInputError
from models.price_terms import (
    ExchangeRate,
    parse_customer_prices,
    parse_exchange_rates,
    rate_on,
)


def test_customer_prices_are_read() -> None:
    """A price, a percentage, and what the customer gets as a partner."""
    found = parse_customer_prices(
        {
            "number": "C-1",
            "price_book": "Enterprise",
            "prices": [
                {"sku": "A", "price": "80", "currency": "USD", "valid_from": "2026-01-01"},
                {"sku": "B", "percent": "12.5", "valid_from": "2026-01-01"},
            ],
            "partner": {"percent": "20", "stacking": "additive"},
        }
    )

    assert [price.price for price in found.prices] == [Decimal(80), None]
    assert found.partner is not None
    assert found.partner.percent == Decimal(20)


def test_every_problem_of_customer_prices_is_listed_at_once() -> None:
    """Neither and both of price and percent, no currency, past 100 %, windows that overlap."""
    with pytest.raises(InvalidInputError) as error:
        parse_customer_prices(
            {
                "number": "C-1",
                "prices": [
                    {"sku": "A", "valid_from": "2026-01-01"},
                    {"sku": "B", "price": "8", "percent": "5", "valid_from": "2026-01-01"},
                    {"sku": "C", "percent": "101", "valid_from": "2026-01-01"},
                    {"sku": "D", "percent": "5", "valid_from": "2026-01-01"},
                    {"sku": "D", "percent": "6", "valid_from": "2026-06-01"},
                    {
                        "sku": "E",
                        "percent": "5",
                        "valid_from": "2026-01-01",
                        "valid_until": "2025-01-01",
                    },
                ],
                "partner": {"percent": "-1"},
            }
        )

    assert [str(problem) for problem in error.value.problems] == [
        "prices[0]: has neither price nor percent (give one of the two)",
        "prices[1]: has both price and percent (give one of the two)",
        "prices[1].currency: is missing (use an ISO 4217 code in capital letters)",
        "prices[2].percent: 101 is not between 0 and 100",
        "prices[5].valid_until: 2025-01-01 is not after valid_from 2026-01-01",
        (
            "prices[4].valid_from: D is contracted twice on the same days: see prices[3] "
            "(end the earlier one where the later begins)"
        ),
        "partner.percent: -1 is not between 0 and 100",
    ]


def test_prices_that_follow_each_other_are_in_order() -> None:
    """The day the first one ends is the day the second begins."""
    found = parse_customer_prices(
        {
            "number": "C-1",
            "prices": [
                {
                    "sku": "D",
                    "percent": "5",
                    "valid_from": "2026-01-01",
                    "valid_until": "2026-06-01",
                },
                {"sku": "D", "percent": "6", "valid_from": "2026-06-01"},
            ],
        }
    )

    assert [price.is_in_force_on(date(2026, 6, 1)) for price in found.prices] == [False, True]


def rate(value: str, start: date, pair: str = "EURUSD") -> ExchangeRate:
    return ExchangeRate(
        from_currency=pair[:3], to_currency=pair[3:], rate=Decimal(value), valid_from=start
    )


def test_the_newest_rate_of_the_day_counts() -> None:
    """Until a later one, and never before the first."""
    rates = (rate("1.1", date(2026, 1, 1)), rate("1.2", date(2026, 2, 1)))

    def on(day: date) -> Decimal | None:
        found = rate_on(rates, "EUR", "USD", day)
        return found.rate if found else None

    assert [on(date(2025, 12, 31)), on(date(2026, 1, 31)), on(date(2026, 2, 1))] == [
        None,
        Decimal("1.1"),
        Decimal("1.2"),
    ]
    assert rate_on(rates, "USD", "EUR", date(2026, 3, 1)) is None


def test_every_problem_of_exchange_rates_is_listed_at_once() -> None:
    """A list will do as well as a document."""
    with pytest.raises(InvalidInputError) as error:
        parse_exchange_rates(
            [
                {
                    "from_currency": "EUR",
                    "to_currency": "Usd",
                    "rate": "0",
                    "valid_from": "2026-01-01",
                },
                {
                    "from_currency": "EUR",
                    "to_currency": "EUR",
                    "rate": "1",
                    "valid_from": "2026-01-01",
                },
                {
                    "from_currency": "EUR",
                    "to_currency": "EUR",
                    "rate": "1",
                    "valid_from": "2026-01-01",
                },
            ]
        )

    assert [str(problem) for problem in error.value.problems] == [
        "rates[0].to_currency: Usd is no currency (use an ISO 4217 code)",
        "rates[0].rate: 0 must be more than 0 (write a number above 0)",
        "rates[1].to_currency: is EUR on both sides",
        "rates[2].to_currency: is EUR on both sides",
        "rates[2].valid_from: is the day of rates[1] too (keep one of the two)",
    ]
