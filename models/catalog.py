"""The catalogue: what we sell and how it may be combined, with the price books it is sold by."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from models.catalog_checks import bundle_circles, contradictions, derivation_circles
from models.chosen import attribute_problems, normalized
from models.countries import COUNTRIES
from models.derivation import AddedProduct
from models.errors import Problem
from models.guided import Guide, guide_problems
from models.meters import Meter, meter_problems, unknown_meters
from models.price_books import PriceBook
from models.price_checks import (
    Known,
    Priceable,
    book_problems,
    derivation_problems,
    overlapping_books,
)
from models.product_checks import Surroundings, product_problems
from models.products import Component, Product
from models.rules import Rule, rule_problems
from models.selection import ProductKind, selector_problems
from models.value import Value
from models.written import (
    NUMBERS_AS_TEXT,
    filled,
    nearest,
    number_problem,
    read_written,
    repeated,
)

__all__ = ["Catalog", "Component", "Product", "ProductKind", "check_catalog", "parse_catalog"]


class Catalog(Value):
    """One immutable version of the catalogue, in force from `effective_from` on.

    Without a day it is in force for every day from its publication on, also for earlier ones: it
    takes the place of whatever was published before it. `regions` name groups of country codes,
    `rules` hold between products, `added` puts products into quotes, `guide` asks what customers
    need, `meters` count what usage charges are for.
    """

    model_config = NUMBERS_AS_TEXT

    version: str
    effective_from: date | None = None
    products: tuple[Product, ...] = ()
    price_books: tuple[PriceBook, ...] = ()
    regions: Mapping[str, tuple[str, ...]] = {}
    rules: tuple[Rule, ...] = ()
    added: tuple[AddedProduct, ...] = ()
    guide: Guide = Guide()
    meters: tuple[Meter, ...] = ()

    def product(self, sku: str) -> Product | None:
        """Return the product of that SKU, or None."""
        return next((product for product in self.products if product.sku == sku), None)

    def meter(self, key: str) -> Meter | None:
        """Return the meter of that key, or None."""
        return next((meter for meter in self.meters if meter.key == key), None)

    def by_sku(self) -> dict[str, Product]:
        """Return the products by SKU, for who looks up many; the first of a SKU counts."""
        return {product.sku: product for product in reversed(self.products)}


def parse_catalog(data: object) -> Catalog:
    """Return the catalogue that a parsed YAML or JSON document describes.

    Raises `InvalidInputError` with every problem of the document: unknown keys, wrong types and
    broken rules together. Fields are named by their path: `products[3].charges[0].cadence`.
    """
    return read_written(Catalog, data, check_catalog)


def check_catalog(catalog: Catalog) -> tuple[Problem, ...]:
    """Return everything that keeps a catalogue from being sold from; none means it is sound."""
    known = _surroundings(catalog)
    return (
        *filled("version", catalog.version),
        *repeated("products", "sku", [product.sku for product in catalog.products]),
        *(
            problem
            for index, product in enumerate(catalog.products)
            for problem in product_problems(known, product, f"products[{index}]")
        ),
        *meter_problems(catalog.meters),
        *unknown_meters(catalog.meters, _metered(catalog.products)),
        *bundle_circles(catalog.products),
        *_rule_problems(catalog, known),
        *derivation_circles(catalog.products, catalog.added),
        *contradictions(catalog.products, catalog.rules, catalog.added),
        *guide_problems(
            catalog.guide, {product.sku: product.attributes for product in catalog.products}
        ),
        *overlapping_books(catalog.price_books),
        *derivation_problems(catalog.price_books),
        *(
            problem
            for index, book in enumerate(catalog.price_books)
            for problem in book_problems(_priceable(catalog), book, f"price_books[{index}]")
        ),
        *_price_key_problems(catalog),
    )


def _metered(products: Sequence[Product]) -> list[tuple[str, str]]:
    return [
        (f"products[{index}].charges[{place}]", charge.meter)
        for index, product in enumerate(products)
        for place, charge in enumerate(product.charges)
    ]


def _surroundings(catalog: Catalog) -> Surroundings:
    return Surroundings(
        skus=frozenset(product.sku for product in catalog.products),
        tags=frozenset(tag for product in catalog.products for tag in product.tags),
        regions=catalog.regions,
    )


def _rule_problems(catalog: Catalog, known: Surroundings) -> Iterator[Problem]:
    for name, codes in catalog.regions.items():
        for index, code in enumerate(codes):
            if code.partition("-")[0] not in COUNTRIES:
                yield Problem(
                    field=f"regions.{name}[{index}]",
                    reason=f"{code} is no country",
                    remedy="use an ISO 3166 code in capital letters",
                )
    yield from repeated("rules", "key", [rule.key for rule in catalog.rules])
    for index, rule in enumerate(catalog.rules):
        yield from rule_problems(rule, f"rules[{index}]", catalog.products, known.tags)
    yield from repeated("added", "key", [rule.key for rule in catalog.added])
    for index, added in enumerate(catalog.added):
        yield from _added_problems(added, f"added[{index}]", known)


def _added_problems(rule: AddedProduct, path: str, known: Surroundings) -> Iterator[Problem]:
    yield from filled(f"{path}.key", rule.key)
    yield from selector_problems(rule.when, f"{path}.when", known.skus, known.tags)
    if rule.add not in known.skus:
        reason, remedy = f"{rule.add} is no product", nearest(rule.add, known.skus)
        yield Problem(field=f"{path}.add", reason=reason, remedy=remedy)
    yield from number_problem(f"{path}.at_least", rule.at_least)
    yield from number_problem(f"{path}.fixed", rule.fixed)
    yield from number_problem(f"{path}.units", rule.units)
    yield from number_problem(f"{path}.per", rule.per, positive=True)
    if rule.fixed == 0 and rule.units == 0:
        remedy = "give fixed, or units per so many"
        yield Problem(field=f"{path}.fixed", reason="adds nothing", remedy=remedy)


def _priceable(catalog: Catalog) -> Known:
    return {
        product.sku: Priceable(
            charges={charge.key: charge for charge in product.charges},
            attributes=frozenset(attribute.key for attribute in product.attributes),
        )
        for product in catalog.products
    }


def _price_key_problems(catalog: Catalog) -> Iterator[Problem]:
    """Report prices for values that no line can have, and prices of what is a percentage."""
    products = catalog.by_sku()
    for place, book in enumerate(catalog.price_books):
        for index, entry in enumerate(book.entries):
            product, path = products.get(entry.sku), f"price_books[{place}].entries[{index}]"
            written = entry.attributes
            if product is None:
                continue
            if product.percent_of is not None:
                reason = f"{entry.sku} is sold for a percentage of other lines"
                yield Problem(field=path, reason=reason, remedy="remove the price")
            yield from attribute_problems(
                product.attributes, product.sku, written, path, complete=False
            )
            declared = {attribute.key: attribute for attribute in product.attributes}
            for key, value in written.items():
                form = normalized(declared[key], value) if key in declared else None
                if form not in {None, value}:
                    yield Problem(
                        field=f"{path}.attributes.{key}",
                        reason=f"{value} is written {form} on lines",
                        remedy=f"write {form}",
                    )
