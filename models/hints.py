"""Hints: what a seller should know about a price before the customer finds out."""

from collections.abc import Iterator, Sequence

from models.catalog import Catalog
from models.charge_models import cheaper_quantity, plain
from models.charges import Charge
from models.configuration import ConfiguredLine, addressed_charge
from models.derived_books import LineFacts, ready_entry, resolve_book
from models.errors import Problem
from models.money import Money
from models.price_books import PriceBook
from models.pricing import PricingRequest, choose_price_book


def price_hints(
    catalog: Catalog, lines: Sequence[ConfiguredLine], request: PricingRequest
) -> tuple[Problem, ...]:
    """Return where a larger quantity would cost less, by list, line by line.

    The lines are ones that can be priced. Raises `InvalidInputError` without a price book.
    """
    chosen = choose_price_book(catalog, request)
    book = resolve_book(catalog.price_books, chosen, request.priced_on)
    return tuple(
        hint
        for line in lines
        for charge in line.product.charges
        for hint in _cheaper(line, charge, book, request)
    )


def _cheaper(
    line: ConfiguredLine, charge: Charge, book: PriceBook, request: PricingRequest
) -> Iterator[Problem]:
    entry = book.entry(line.product.sku, charge.key, line.attributes)
    has_agreed_price = line.unit_price is not None and charge == addressed_charge(line.product)
    if entry is None or has_agreed_price:
        return
    facts = LineFacts(
        priced_on=request.priced_on,
        quantity=line.quantity,
        term_months=request.term_months,
        attributes=line.attributes,
    )
    ready = ready_entry(book, entry, facts)
    found = cheaper_quantity(
        charge.model, line.quantity, ready, whole_units=line.product.whole_units
    )
    if found is not None:
        less = Money.from_decimal(found.saving, book.currency)
        more = plain(found.quantity)
        yield Problem(
            field=f"{line.path or line.number}.quantity",
            reason=f"{more} of {line.product.sku} cost {less} less than {plain(line.quantity)}",
            remedy=f"offer {more}",
        )
