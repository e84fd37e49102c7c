"""The catalogue: what we sell and how it may be combined, with the price books it is sold by."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from models.charges import Charge, Transfer, charge_problems
from models.errors import Problem
from models.price_books import PriceBook
from models.price_checks import (
    Known,
    Priceable,
    book_problems,
    derivation_problems,
    overlapping_books,
    unknown_skus,
)
from models.value import Value
from models.written import NUMBERS_AS_TEXT, filled, number_problem, read_written, repeated


class ProductKind(StrEnum):
    """What a product is, which decides how it is fulfilled and recognized."""

    GOOD = "good"
    SERVICE = "service"
    SUBSCRIPTION = "subscription"


class Component(Value):
    """A product inside a bundle. `minimum` and `maximum` count units of it per bundle unit."""

    model_config = NUMBERS_AS_TEXT

    sku: str
    required: bool = False
    default: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    maximum: Decimal | None = None


class Product(Value):
    """Something we sell, identified by its SKU."""

    model_config = NUMBERS_AS_TEXT

    sku: str
    name: str
    kind: ProductKind
    description: str = ""
    unit: str = "unit"
    tax_category: str = "standard"
    charges: tuple[Charge, ...] = ()
    components: tuple[Component, ...] = ()
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    minimum_quantity: Decimal = Decimal(0)
    maximum_quantity: Decimal | None = None
    whole_units: bool = True
    transfer: Transfer = Transfer.DELIVER
    department: str = "operations"


class Catalog(Value):
    """One immutable version of the catalogue."""

    model_config = NUMBERS_AS_TEXT

    version: str
    products: tuple[Product, ...] = ()
    price_books: tuple[PriceBook, ...] = ()

    def product(self, sku: str) -> Product | None:
        """Return the product of that SKU, or None."""
        return next((product for product in self.products if product.sku == sku), None)


def parse_catalog(data: object) -> Catalog:
    """Return the catalogue that a parsed YAML or JSON document describes.

    Raises `InvalidInputError` with every problem of the document: unknown keys, wrong types and
    broken rules together. Fields are named by their path: `products[3].charges[0].cadence`.
    """
    return read_written(Catalog, data, check_catalog)


def check_catalog(catalog: Catalog) -> tuple[Problem, ...]:
    """Return everything that keeps a catalogue from being sold from; none means it is sound."""
    return (
        *filled("version", catalog.version),
        *repeated("products", "sku", [product.sku for product in catalog.products]),
        *(
            problem
            for index, product in enumerate(catalog.products)
            for problem in _product_problems(catalog, product, f"products[{index}]")
        ),
        *_cycles(catalog),
        *overlapping_books(catalog.price_books),
        *derivation_problems(catalog.price_books),
        *(
            problem
            for index, book in enumerate(catalog.price_books)
            for problem in book_problems(_priceable(catalog), book, f"price_books[{index}]")
        ),
    )


def _product_problems(catalog: Catalog, product: Product, path: str) -> Iterator[Problem]:
    yield from filled(f"{path}.sku", product.sku)
    yield from filled(f"{path}.name", product.name)
    if not product.charges and not product.components:
        yield Problem(
            field=f"{path}.charges",
            reason=f"{product.sku} has neither charges nor components, so no quote can show it",
            remedy="give it a charge, free of charge if need be",
        )
    yield from charge_problems(product.charges, path)
    yield from _range_problems(
        f"{path}.minimum_quantity", product.minimum_quantity, product.maximum_quantity
    )
    yield from _component_problems(catalog, product, path)
    yield from _relation_problems(catalog, product, path)


def _range_problems(field: str, low: Decimal, high: Decimal | None) -> Iterator[Problem]:
    yield from number_problem(field, low)
    if high is not None and high < low:
        yield Problem(field=field, reason=f"{low} is more than the maximum of {high}")


def _component_problems(catalog: Catalog, product: Product, path: str) -> Iterator[Problem]:
    skus = [component.sku for component in product.components]
    yield from repeated(f"{path}.components", "sku", skus)
    yield from unknown_skus(
        _skus(catalog), skus, [f"{path}.components[{i}].sku" for i in range(len(skus))]
    )
    for index, component in enumerate(product.components):
        field = f"{path}.components[{index}]"
        low, high, default = component.minimum, component.maximum, component.default
        yield from _range_problems(f"{field}.minimum", low, high)
        yield from number_problem(f"{field}.default", default)
        if default > 0 and (default < low or (high is not None and default > high)):
            yield Problem(
                field=f"{field}.default",
                reason=f"{default} lies outside the component's own minimum and maximum",
            )


def _relation_problems(catalog: Catalog, product: Product, path: str) -> Iterator[Problem]:
    for name, skus in (("requires", product.requires), ("excludes", product.excludes)):
        yield from unknown_skus(
            _skus(catalog), skus, [f"{path}.{name}[{i}]" for i in range(len(skus))]
        )
    parts = {component.sku for component in product.components if component.required}
    for index, sku in enumerate(product.excludes):
        field = f"{path}.excludes[{index}]"
        if sku == product.sku:
            yield Problem(field=field, reason=f"{sku} excludes itself", remedy="remove it")
        elif sku in product.requires or sku in parts:
            yield Problem(
                field=field,
                reason=f"{product.sku} both requires and excludes {sku}",
                remedy="remove one of the two",
            )


def _cycles(catalog: Catalog) -> Iterator[Problem]:
    """Report each bundle that contains itself, at the product where the circle was entered."""
    reported: set[str] = set()
    for index, product in enumerate(catalog.products):
        circle = _circle(catalog, product.sku)
        if circle and not reported & set(circle):
            reported |= set(circle)
            yield Problem(
                field=f"products[{index}].components",
                reason=f"contain the product itself: {' > '.join(circle)}",
                remedy="remove one of these components",
            )


def _circle(catalog: Catalog, start: str) -> tuple[str, ...]:
    """Return a way from a product through components back to it, or nothing."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop()
        product = catalog.product(way[-1])
        for component in product.components if product else ():
            if component.sku == start:
                return (*way, start)
            if component.sku not in seen:
                seen.add(component.sku)
                ways.append((*way, component.sku))
    return ()


def _skus(catalog: Catalog) -> frozenset[str]:
    return frozenset(product.sku for product in catalog.products)


def _priceable(catalog: Catalog) -> Known:
    return {
        product.sku: Priceable(charges={charge.key: charge for charge in product.charges})
        for product in catalog.products
    }
