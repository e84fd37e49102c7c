"""Short ways to price a few lines: products, prices and what comes off them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from models.catalog import Catalog, Product, ProductKind
from models.charge_models import plain
from models.charges import Cadence, Charge, ChargeModel, ChargeType, QuantityBasis
from models.configuration import ConfiguredLine
from models.deal_file import Discount, DiscountBasis, LineGroup
from models.errors import InvalidInputError
from models.money import Money
from models.price_books import PriceBook, PriceBookEntry
from models.price_terms import ContractedPrice, CustomerPrices
from models.pricing import PricingRequest, price
from models.promotions import Promotion
from models.quoting import Quote, QuoteRequest, make_quote
from models.stacking import Stacking
from models.waterfall import PricedLine

TODAY = date(2026, 1, 1)


def usd(minor: int) -> Money:
    """Return US cents."""
    return Money(minor=minor, currency="USD")


def product(
    sku: str,
    cadence: Cadence | None = Cadence.MONTHLY,
    model: ChargeModel = ChargeModel.PER_UNIT,
    basis: QuantityBasis = QuantityBasis.LINE,
    kind: ProductKind = ProductKind.SUBSCRIPTION,
) -> Product:
    """Return a product with one charge, recurring if it has a cadence."""
    charge = Charge(
        key="unit",
        name="Unit",
        type=ChargeType.RECURRING if cadence else ChargeType.ONE_TIME,
        cadence=cadence,
        model=model,
        quantity_basis=basis,
    )
    return Product(sku=sku, name=f"The {sku}", kind=kind, charges=(charge,))


def entry(sku: str, unit: str | Decimal | None, **changes: Any) -> PriceBookEntry:
    """Return the price of a product's charge."""
    price_of_unit = None if unit is None else Decimal(unit)
    return PriceBookEntry(sku=sku, charge="unit", unit=price_of_unit, **changes)


def line(
    item: Product, quantity: str | Decimal = "1", number: str = "1", **changes: Any
) -> ConfiguredLine:
    """Return a configured line."""
    return ConfiguredLine(
        number=number,
        product=item,
        quantity=Decimal(quantity),
        path=f"lines[{int(number) - 1}]",
        **changes,
    )


def off(
    percent: str | Decimal | None = None,
    amount: str | None = None,
    basis: DiscountBasis = DiscountBasis.PER_PERIOD,
    stacking: Stacking = Stacking.COMPOUND,
) -> Discount:
    """Return a discount."""
    return Discount(
        percent=None if percent is None else Decimal(percent),
        amount=None if amount is None else Decimal(amount),
        basis=basis,
        stacking=stacking,
    )


def group(name: str, discount: Discount) -> LineGroup:
    """Return a discounted group of lines."""
    return LineGroup(name=name, discount=discount)


def promotion(code: str = "PROMO", **changes: Any) -> Promotion:
    """Return a promotion that has begun."""
    return Promotion(code=code, valid_from=TODAY, **changes)


def contracted(sku: str, **changes: Any) -> CustomerPrices:
    """Return a customer's own price of a product."""
    own = ContractedPrice(sku=sku, valid_from=TODAY, agreement="frame agreement 7", **changes)
    return CustomerPrices(number="C-1", prices=(own,))


def priced(
    lines: Sequence[ConfiguredLine], *entries: PriceBookEntry, **request: Any
) -> tuple[PricedLine, ...]:
    """Price lines by one book in dollars."""
    book = PriceBook(name="Standard", currency="USD", valid_from=TODAY, entries=entries)
    asked = PricingRequest(**{"currency": "USD", "priced_on": TODAY, **request})
    return price(Catalog(version="1", price_books=(book,)), lines, asked)


def refused(lines: Sequence[ConfiguredLine], *entries: PriceBookEntry, **request: Any) -> list[str]:
    """Return why lines cannot be priced."""
    with pytest.raises(InvalidInputError) as error:
        priced(lines, *entries, **request)
    return [str(problem) for problem in error.value.problems]


def quoted(lines: Sequence[PricedLine], term_months: int = 12) -> Quote:
    """Return the quote of priced lines."""
    return make_quote(
        QuoteRequest(
            deal="1001",
            number="Q-1001-1",
            entity="US01",
            customer="C-1",
            seller="sam",
            catalog_version="1",
            price_book="Standard",
            quoted_on=TODAY,
            valid_until=TODAY,
            starts_on=TODAY,
            term_months=term_months,
            payment_terms_days=30,
        ),
        lines,
    )


def told(found: PricedLine) -> list[tuple[str, str, str, str]]:
    """Return the steps of a line as text, numbers without zeros they do not need."""
    return [
        (step.step.value, plain(step.input), plain(step.output), step.rule)
        for step in found.waterfall
    ]
