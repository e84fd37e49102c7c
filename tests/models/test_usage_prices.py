"""Prices of 34 model providers (pydantic/genai-prices, MIT) as one product of one price book.

Each meter is a charge, each model an attribute; a price that changes above a number of tokens is a
volume charge. Figures on the right are worked out by hand from the providers' prices per million.
"""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from models.catalog import Catalog, Product, ProductKind, check_catalog
from models.charge_models import charge_amount, cheaper_quantity
from models.charges import Charge, ChargeModel, ChargeType
from models.chosen import Attribute
from models.configuration import configure
from models.deal_file import DealFile, LineRequest
from models.meters import Meter
from models.price_books import PriceBook, PriceBookEntry, Tier
from models.pricing import PricingRequest, price
from models.rating import rate
from models.usage import Measured
from tests.shared_data import shared

THOUSANDS = 1000


def _tiers(price: Any) -> tuple[Tier, ...]:
    """A price per million tokens, or prices that begin above a number; sold by the thousand."""
    if not isinstance(price, dict):
        return (Tier(unit=Decimal(price) / THOUSANDS),)
    steps = [(0, price["base"]), *((tier["start"], tier["price"]) for tier in price["tiers"])]
    ends = [*(Decimal(start) / THOUSANDS for start, _ in steps[1:]), None]
    return tuple(
        Tier(up_to=end, unit=Decimal(unit) / THOUSANDS)
        for (_, unit), end in zip(steps, ends, strict=True)
    )


def _entries() -> Iterator[PriceBookEntry]:
    path = shared("data/usage_prices/genai_prices.json")
    for provider in json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal):
        for model in provider["models"]:
            if isinstance(model["prices"], dict):
                for meter, price in model["prices"].items():
                    yield PriceBookEntry(
                        sku="TOKENS",
                        charge=meter,
                        attributes={"provider": provider["id"], "model": model["id"]},
                        tiers=_tiers(price),
                    )


@cache
def catalog() -> Catalog:
    entries = tuple(_entries())
    charges = tuple(
        Charge(key=meter, name=meter, type=ChargeType.USAGE, model=ChargeModel.VOLUME, meter=meter)
        for meter in sorted({entry.charge for entry in entries})
    )
    tokens = Product(
        sku="TOKENS",
        name="Tokens",
        kind=ProductKind.SERVICE,
        charges=charges,
        attributes=(Attribute(key="provider"), Attribute(key="model")),
    )
    book = PriceBook(name="models", currency="USD", valid_from=date(2026, 1, 1), entries=entries)
    meters = tuple(
        Meter(key=charge.key, name=charge.name, unit="1,000 tokens") for charge in charges
    )
    return Catalog(version="1", products=(tokens,), price_books=(book,), meters=meters)


def priced(provider: str, model: str, meter: str) -> PriceBookEntry:
    found = (
        catalog()
        .price_books[0]
        .entry("TOKENS", meter, {"provider": provider, "model": model, "region": "any"})
    )
    assert found is not None
    return found


def test_real_prices_are_sound_but_for_the_slips_in_them() -> None:
    """3,014 prices, each found by its key; seven are cut binary fractions (0.18000000000000002)."""
    book = catalog().price_books[0]

    slips = [problem.reason for problem in check_catalog(catalog())]
    assert slips == ["has more than 12 decimals"] * 7
    assert len(book.entries) == 3014
    assert all(book.entry(each.sku, each.charge, each.attributes) == each for each in book.entries)


@pytest.mark.parametrize(
    ("meter", "thousands", "amount"),
    [
        ("input_mtok", "200", "1"),
        ("input_mtok", "200.001", "2.00001"),
        ("output_mtok", "100", "2.5"),
        ("output_mtok", "300", "11.25"),
        ("cache_read_mtok", "400", "0.4"),
    ],
)
def test_a_price_that_rises_with_the_volume(meter: str, thousands: str, amount: str) -> None:
    """5, 25 and 0.50 dollars a million up to 200,000 tokens; 10, 37.50 and 1 above, for all."""
    entry = priced("google", "claude-opus-4-6", meter)

    assert charge_amount(ChargeModel.VOLUME, Decimal(thousands), entry) == Decimal(amount)


def test_no_provider_makes_more_tokens_cheaper() -> None:
    """Their prices only rise, so nobody needs to be warned."""
    for entry in catalog().price_books[0].entries:
        assert cheaper_quantity(ChargeModel.VOLUME, Decimal(150), entry) is None


def test_a_month_of_tokens_is_rated_at_the_price_that_was_sold() -> None:
    """7.6 million tokens in at 2.50 and 0.88 million out at 10.00 a million: 19.00 and 8.80."""
    file = DealFile(
        term_months=12,
        lines=(
            LineRequest(product="TOKENS", attributes={"provider": "openai", "model": "gpt-4o"}),
        ),
    )
    entries = tuple(
        entry
        for entry in catalog().price_books[0].entries
        if entry.attributes == {"provider": "openai", "model": "gpt-4o"}
    )
    meters = {entry.charge for entry in entries}
    (tokens,) = catalog().products
    sold = tokens.model_copy(
        update={"charges": tuple(one for one in tokens.charges if one.key in meters)}
    )
    book = catalog().price_books[0].model_copy(update={"entries": entries})
    small = catalog().model_copy(update={"products": (sold,), "price_books": (book,)})
    request = PricingRequest(currency="USD", priced_on=date(2026, 1, 1))
    lines = {line.charge: line for line in price(small, configure(small, file).lines, request)}

    amounts = {}
    for meter, thousands in (("input_mtok", "7600"), ("output_mtok", "880")):
        terms = lines[meter].usage
        assert terms is not None
        amounts[meter] = rate(terms, Measured(quantity=Decimal(thousands)), "USD").amount.minor

    assert amounts == {"input_mtok": 19_00, "output_mtok": 8_80}
