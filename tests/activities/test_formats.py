"""Formats: amounts, quantities and dates as a customer's language writes them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from activities.formats import formats_for
from models.money import Money
from models.periods import Interval


@pytest.mark.parametrize(
    ("language", "minor", "currency", "shown"),
    [
        ("en", 1_234_50, "EUR", "€1,234.50"),
        ("de", 1_234_50, "EUR", "1.234,50\xa0€"),
        ("en", -5, "USD", "-$0.05"),
        ("en", 1_234, "JPY", "¥1,234"),
        ("de", 1_234_567, "KWD", "1.234,567\xa0KWD"),
    ],
)
def test_money_shows_every_minor_unit(language: str, minor: int, currency: str, shown: str) -> None:
    """ISO 4217 decides the decimals, the language the rest."""
    assert formats_for(language).money(Money(minor=minor, currency=currency)) == shown


def test_an_amount_leaves_its_currency_to_the_column() -> None:
    """The heading names it."""
    assert formats_for("de").amount(Money(minor=1_234_50, currency="EUR")) == "1.234,50"


@pytest.mark.parametrize(("price", "shown"), [("1.5", "1.50"), ("0.0012", "0.0012"), ("3", "3.00")])
def test_a_unit_price_has_at_least_the_currencys_decimals(price: str, shown: str) -> None:
    """Prices per unit may be finer than cents."""
    assert formats_for("en").unit_price(Decimal(price), "EUR") == shown


@pytest.mark.parametrize(("quantity", "shown"), [("1000", "1,000"), ("2.50", "2.5")])
def test_a_quantity_has_no_needless_zeros(quantity: str, shown: str) -> None:
    """Nobody buys 3.000000 seats."""
    assert formats_for("en").quantity(Decimal(quantity)) == shown


@pytest.mark.parametrize(("percent", "shown"), [("19", "19%"), ("8.875", "8.875%")])
def test_a_rate_is_shown_as_it_is(percent: str, shown: str) -> None:
    """New York's 8.875 % is not 8.88 %."""
    assert formats_for("en").percent(Decimal(percent)) == shown


def test_a_period_is_named_by_its_first_and_last_day() -> None:
    """Readers count the last day in; we do not."""
    january = Interval(start=date(2026, 1, 1), end=date(2026, 2, 1))
    day = Interval(start=date(2026, 1, 1), end=date(2026, 1, 2))

    assert formats_for("en").period(january) == "Jan 1, 2026 \N{EN DASH} Jan 31, 2026"
    assert formats_for("en").period(day) == "Jan 1, 2026"


def test_a_moment_is_shown_in_universal_time() -> None:
    """Every reader can check it."""
    summer = timezone(timedelta(hours=2))
    moments = (datetime(2026, 7, 1, 2, tzinfo=summer), datetime(2026, 7, 1, tzinfo=UTC))

    shown = {formats_for("de").moment(moment) for moment in moments}

    assert shown == {"01.07.2026, 00:00:00 UTC"}


@pytest.mark.parametrize("language", ["xx", "", "not a language"])
def test_an_unknown_language_looks_english(language: str) -> None:
    """A slip in the customer's record does not stop an invoice."""
    assert formats_for(language).day(date(2026, 1, 31)) == "Jan 31, 2026"


@pytest.mark.parametrize(("code", "name"), [("DE", "Germany"), ("ZZZ", "ZZZ")])
def test_countries_are_named_in_english(code: str, name: str) -> None:
    """Postal services of every country read it."""
    assert formats_for("de").country(code) == name
