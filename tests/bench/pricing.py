"""Measure the pricing engine: CPU of quotes from 10 to 10,000 lines, full waterfall kept.

Half of the lines come from bundles of five, the others stand alone. A third are graduated, a third
by volume, the rest per unit; a promotion for three periods and one for good, a partner and a header
discount come off, so that every line has each of the steps that cost time.
"""

import gc
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TypeVar

from models.catalog import Catalog, Component, Product, ProductKind
from models.charges import Cadence, Charge, ChargeModel, ChargeType
from models.configuration import ConfiguredLine, configure
from models.deal_file import DealFile, Discount, LineRequest
from models.price_books import PriceBook, PriceBookEntry, Tier
from models.price_terms import PartnerTerms
from models.pricing import PricingRequest, price
from models.promotions import Duration, Promotion
from models.quoting import QuoteRequest, make_quote
from models.waterfall import PricedLine

Result = TypeVar("Result")

SIZES = (10, 100, 1_000, 10_000)
ON = date(2026, 1, 1)
AIM_MS = 60.0
_ROUNDS = 5
_PARTS = 4
_MODELS = (ChargeModel.PER_UNIT, ChargeModel.GRADUATED, ChargeModel.VOLUME)
_TIERS = (
    Tier(up_to=Decimal(10), unit=Decimal("12.5")),
    Tier(up_to=Decimal(50), unit=Decimal("10.25")),
    Tier(unit=Decimal("8.75"), flat=Decimal(5)),
)


def catalog_of(products: int = 60) -> Catalog:
    """Return a catalogue of single products and, for every fifth, a bundle of the four after it."""
    skus = [f"P{number}" for number in range(products)]
    goods = tuple(
        Product(
            sku=sku,
            name=f"Product {sku}",
            kind=ProductKind.SUBSCRIPTION,
            charges=(
                Charge(
                    key="seat",
                    name="Seat",
                    type=ChargeType.RECURRING,
                    cadence=Cadence.MONTHLY,
                    model=_MODELS[number % 3],
                ),
            ),
            components=tuple(
                Component(sku=part, required=True, default=Decimal(2))
                for part in skus[number + 1 : number + 1 + _PARTS]
            )
            if number % 5 == 0
            else (),
        )
        for number, sku in enumerate(skus)
    )
    entries = tuple(
        PriceBookEntry(sku=sku, charge="seat", unit=Decimal("11.95"), tiers=_TIERS, cost=Decimal(4))
        for sku in skus
    )
    book = PriceBook(name="Bench", currency="USD", valid_from=ON, entries=entries)
    return Catalog(version="bench", products=goods, price_books=(book,))


def file_of(lines: int) -> DealFile:
    """Return a deal file that is configured to that many lines."""
    wanted, count = [], 0
    while count < lines:
        is_bundle = (count // 5) % 2 == 0 and count + 1 + _PARTS <= lines
        sku = f"P{count % 12 * 5}" if is_bundle else f"P{count % 12 * 5 + 1 + count % 4}"
        discount = Discount(percent=Decimal("7.5"), reason="volume") if count % 3 == 0 else None
        wanted.append(LineRequest(product=sku, quantity=Decimal(3 + count % 60), discount=discount))
        count += 1 + _PARTS if is_bundle else 1
    return DealFile(number="bench", currency="USD", lines=tuple(wanted))


def request() -> PricingRequest:
    """Return what comes off: two promotions, a partner's and a header discount."""
    return PricingRequest(
        currency="USD",
        priced_on=ON,
        header_discount=Discount(percent=Decimal(5), reason="bench"),
        partner_name="P-1",
        partner=PartnerTerms(percent=Decimal(3)),
        promotions=(
            Promotion(
                code="START",
                valid_from=ON,
                percent=Decimal(20),
                duration=Duration.PERIODS,
                periods=3,
            ),
            Promotion(code="LOYAL", valid_from=ON, percent=Decimal(2)),
        ),
    )


def quote_request() -> QuoteRequest:
    """Return what the quote says beside its lines."""
    return QuoteRequest(
        deal="bench",
        number="Q-bench-1",
        entity="E",
        customer="C",
        seller="S",
        catalog_version="bench",
        price_book="Bench",
        quoted_on=ON,
        valid_until=ON,
        starts_on=ON,
        term_months=12,
        payment_terms_days=30,
    )


def cpu_ms(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the least CPU, in milliseconds, that a piece of work took, and its result."""
    best, result = float("inf"), None
    for _ in range(_ROUNDS):
        gc.collect()
        started = time.process_time()
        result = work()
        best = min(best, (time.process_time() - started) * 1000)
    assert result is not None
    return best, result


def configured(catalog: Catalog, lines: int) -> tuple[ConfiguredLine, ...]:
    """Return the configured lines of a quote of that size."""
    found = configure(catalog, file_of(lines))
    if found.problems:
        raise AssertionError(found.problems[:3])
    return found.lines


def measure_pricing() -> None:
    """Print CPU and CPU per line of configuring, pricing and planning quotes of each size."""
    catalog, asked = catalog_of(), request()
    print("quote lines   configure ms    price ms   ms a line   steps   plan and hash ms")
    for size in SIZES:
        configuring, lines = cpu_ms(partial(configured, catalog, size))
        pricing, priced = cpu_ms(partial(price, catalog, lines, asked))
        planning, _ = cpu_ms(partial(make_quote, quote_request(), priced))
        aim = f"  (aim {AIM_MS:.0f})" if size == 1_000 else ""
        print(
            f"{len(priced):11d} {configuring:14.1f} {pricing:11.1f} {pricing / len(priced):11.4f}"
            f" {_steps(priced):7.1f} {planning:18.1f}{aim}"
        )


def _steps(priced: tuple[PricedLine, ...]) -> float:
    return sum(len(line.waterfall) for line in priced) / len(priced)


if __name__ == "__main__":
    measure_pricing()
