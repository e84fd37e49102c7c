"""The catalogue: what we sell, how it may be combined, and what it costs where and when."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from models.currencies import is_currency
from models.errors import InvalidInputError, Problem
from models.reading import read
from models.value import Value

NUMBERS_AS_TEXT = ConfigDict(coerce_numbers_to_str=True)
"""For what people write in YAML, where an unquoted SKU or deal number arrives as a number."""

LARGEST = Decimal(10) ** 12
"""No quantity and no price may be larger: beyond it is a slip of the pen."""

MOST_DECIMALS = 12
"""No quantity and no price may be finer, so that exact arithmetic stays exact."""

_DAYS = (date, datetime, AwareDatetime)

Written = TypeVar("Written", bound=BaseModel)


class ProductKind(StrEnum):
    """What a product is, which decides how it is fulfilled and recognized."""

    GOOD = "good"
    SERVICE = "service"
    SUBSCRIPTION = "subscription"


class ChargeType(StrEnum):
    """When a charge yields amounts."""

    ONE_TIME = "one_time"
    RECURRING = "recurring"
    USAGE = "usage"


class ChargeModel(StrEnum):
    """How a quantity becomes an amount."""

    FLAT = "flat"
    PER_UNIT = "per_unit"
    GRADUATED = "graduated"
    VOLUME = "volume"
    PACKAGE = "package"


class Cadence(StrEnum):
    """How long one billing period of a recurring charge is."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


class Timing(StrEnum):
    """Whether a service period is billed at its start or at its end."""

    IN_ADVANCE = "in_advance"
    IN_ARREARS = "in_arrears"


class BillOn(StrEnum):
    """What makes a one-time charge billable."""

    DELIVERY = "delivery"
    SIGNATURE = "signature"


class Transfer(StrEnum):
    """The event at which control of a good or one-time service passes (ASC 606-10-25-30)."""

    SHIP = "ship"
    DELIVER = "deliver"
    ACCEPT = "accept"


class Charge(Value):
    """A rule attached to a product that yields amounts."""

    model_config = NUMBERS_AS_TEXT

    key: str
    name: str
    type: ChargeType
    model: ChargeModel = ChargeModel.PER_UNIT
    cadence: Cadence | None = None
    timing: Timing = Timing.IN_ADVANCE
    bill_on: BillOn = BillOn.DELIVERY


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
    tags: tuple[str, ...] = ()


class Tier(Value):
    """A band of quantity up to and including `up_to` (None: no end).

    `unit` is the price of one unit, `flat` is due once as soon as the band is entered.
    """

    up_to: Decimal | None = None
    unit: Decimal = Decimal(0)
    flat: Decimal = Decimal(0)


class PriceBookEntry(Value):
    """One charge's price in one price book, in major units of the book's currency.

    `unit` prices flat and per-unit charges and one block of a package of `package_size` units;
    `tiers` price graduated and volume charges. `ssp` is the standalone selling price per unit and
    period (the list price if absent), `cost` our own cost per unit and period.
    """

    model_config = NUMBERS_AS_TEXT

    sku: str
    charge: str
    unit: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    package_size: Decimal | None = None
    ssp: Decimal | None = None
    cost: Decimal | None = None


class PriceBook(Value):
    """A named list of prices in one currency.

    It is in force from `valid_from` until before `valid_until`.
    """

    model_config = NUMBERS_AS_TEXT

    name: str
    currency: str
    valid_from: date
    valid_until: date | None = None
    entries: tuple[PriceBookEntry, ...] = ()

    def is_in_force_on(self, day: date) -> bool:
        """Whether its prices hold on that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def entry(self, sku: str, charge: str) -> PriceBookEntry | None:
        """Return the price of that charge of that product, or None."""
        wanted = (sku, charge)
        return next((e for e in self.entries if (e.sku, e.charge) == wanted), None)


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
        *_filled("version", catalog.version),
        *_repeated("products", "sku", [product.sku for product in catalog.products]),
        *(
            problem
            for index, product in enumerate(catalog.products)
            for problem in _product_problems(catalog, product, f"products[{index}]")
        ),
        *_cycles(catalog),
        *_overlapping_books(catalog.price_books),
        *(
            problem
            for index, book in enumerate(catalog.price_books)
            for problem in _book_problems(catalog, book, f"price_books[{index}]")
        ),
    )


def entry_gap(entry: PriceBookEntry, model: ChargeModel) -> Problem | None:
    """Return what a price book entry lacks to price a charge of that model, or None."""
    match model:
        case ChargeModel.GRADUATED | ChargeModel.VOLUME if not entry.tiers:
            return Problem(
                field="tiers", reason=f"is missing for a {model} charge", remedy="list the tiers"
            )
        case ChargeModel.FLAT | ChargeModel.PER_UNIT | ChargeModel.PACKAGE if entry.unit is None:
            return Problem(
                field="unit", reason=f"is missing for a {model} charge", remedy="give the price"
            )
        case ChargeModel.PACKAGE if entry.package_size is None:
            return Problem(
                field="package_size",
                reason="is missing for a package charge",
                remedy="say how many units one package holds",
            )
        case _:
            return None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a remedy for an unknown name: the known one most like it, or what there is."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(set(known), reverse=True)}
    close = get_close_matches(name.casefold(), by_folded, n=1)
    if close:
        return f"did you mean {by_folded[close[0]]}?"
    names = sorted(by_folded.values())
    return f"use one of {', '.join(names[:10])}" if names else "there is none yet"


def number_problem(field: str, value: Decimal | None, *, positive: bool = False) -> list[Problem]:
    """Return the problem of a quantity or price that is negative, too large or too fine, if any.

    With `positive`, zero is a problem too.
    """
    if value is None:
        return []
    if value < 0 or (positive and value == 0):
        wanted = "must be more than 0" if positive else "must not be negative"
        return [Problem(field=field, reason=f"{value} {wanted}")]
    if value > LARGEST:
        return [Problem(field=field, reason=f"is more than {LARGEST:,}", remedy="check the digits")]
    if decimals_of(value) > MOST_DECIMALS:
        return [Problem(field=field, reason=f"has more than {MOST_DECIMALS} decimals")]
    return []


def decimals_of(value: Decimal) -> int:
    """Return how many decimals a finite number has, zeros at the end not counted."""
    _, digits, places = value.as_tuple()
    significant = "".join(str(digit) for digit in digits).rstrip("0")
    return max(0, -int(places) - (len(digits) - len(significant))) if significant else 0


def read_written(
    model: type[Written], data: object, check: Callable[[Written], Sequence[Problem]]
) -> Written:
    """Return what a person wrote as a `model`, after `check` found nothing wrong with it.

    An empty value counts as not written. Raises `InvalidInputError` with the problems of shape and
    those of `check` at once, the latter only if the shape could be read at all.
    """

    def rules(found: Mapping[str, object]) -> Sequence[Problem]:
        try:
            return check(model.model_validate(found))
        except ValidationError:
            return ()

    written = _without_empty(data)
    problems = list(_misread(model, written, ""))
    misread = {problem.field for problem in problems}
    try:
        value = read(model, written, checks=[rules])
    except InvalidInputError as error:
        found = [_indexed(problem) for problem in error.problems]
        problems += [problem for problem in found if problem.field not in misread]
        raise InvalidInputError(problems) from None
    if problems:
        raise InvalidInputError(problems)
    return value


def _without_empty(data: object) -> object:
    if isinstance(data, Mapping):
        return {k: _without_empty(value) for k, value in data.items() if value is not None}
    if isinstance(data, list | tuple):
        return [_without_empty(value) for value in data]
    return data


def _indexed(problem: Problem) -> Problem:
    field = re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", problem.field)
    return problem.model_copy(update={"field": field})


def _misread(model: type[BaseModel], data: object, path: str) -> Iterator[Problem]:
    """Report values that would be taken for something else: yes for 1, 20250101 for a moment."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _misread(model, item, f"{path}[{index}]")
    for key, value in data.items() if isinstance(data, Mapping) else ():
        field = model.model_fields.get(str(key))
        place = f"{path}.{key}".removeprefix(".")
        for kind in _kinds(field.annotation) if field else ():
            if issubclass(kind, BaseModel):
                yield from _misread(kind, value, place)
            elif kind is int and isinstance(value, bool):
                yield Problem(field=place, reason="is not a number", remedy="write digits")
            elif kind in _DAYS and isinstance(value, int | float):
                yield Problem(field=place, reason="is not a date", remedy="write YYYY-MM-DD")


def _kinds(annotation: object) -> Iterator[type]:
    for argument in get_args(annotation):
        yield from _kinds(argument)
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation


def _filled(field: str, value: str) -> list[Problem]:
    return [] if value.strip() else [Problem(field=field, reason="is empty", remedy="fill it in")]


def _repeated(path: str, field: str, names: Sequence[str]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            yield Problem(
                field=f"{path}[{index}].{field}",
                reason=f"{name} is already in {path}[{first[name]}]",
                remedy="choose another or remove one",
            )


def _product_problems(catalog: Catalog, product: Product, path: str) -> Iterator[Problem]:
    yield from _filled(f"{path}.sku", product.sku)
    yield from _filled(f"{path}.name", product.name)
    if not product.charges and not product.components:
        yield Problem(
            field=f"{path}.charges",
            reason=f"{product.sku} has neither charges nor components, so no quote can show it",
            remedy="give it a charge, free of charge if need be",
        )
    yield from _charge_problems(product, path)
    yield from _range_problems(
        f"{path}.minimum_quantity", product.minimum_quantity, product.maximum_quantity
    )
    yield from _component_problems(catalog, product, path)
    yield from _relation_problems(catalog, product, path)


def _charge_problems(product: Product, path: str) -> Iterator[Problem]:
    yield from _repeated(f"{path}.charges", "key", [charge.key for charge in product.charges])
    for index, charge in enumerate(product.charges):
        field = f"{path}.charges[{index}]"
        yield from _filled(f"{field}.key", charge.key)
        if charge.type is ChargeType.RECURRING and charge.cadence is None:
            yield Problem(
                field=f"{field}.cadence",
                reason="is missing for a recurring charge",
                remedy=f"use one of {', '.join(Cadence)}",
            )
        if charge.type is ChargeType.ONE_TIME and charge.cadence is not None:
            yield Problem(
                field=f"{field}.cadence",
                reason="is given for a one-time charge",
                remedy="remove it or make the charge recurring",
            )


def _range_problems(field: str, low: Decimal, high: Decimal | None) -> Iterator[Problem]:
    yield from number_problem(field, low)
    if high is not None and high < low:
        yield Problem(field=field, reason=f"{low} is more than the maximum of {high}")


def _component_problems(catalog: Catalog, product: Product, path: str) -> Iterator[Problem]:
    skus = [component.sku for component in product.components]
    yield from _repeated(f"{path}.components", "sku", skus)
    yield from _unknown(catalog, skus, [f"{path}.components[{i}].sku" for i in range(len(skus))])
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
        yield from _unknown(catalog, skus, [f"{path}.{name}[{i}]" for i in range(len(skus))])
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


def _unknown(catalog: Catalog, skus: Sequence[str], fields: Sequence[str]) -> Iterator[Problem]:
    known = {product.sku for product in catalog.products}
    for field, sku in zip(fields, skus, strict=True):
        if sku not in known:
            yield Problem(field=field, reason=f"{sku} is no product", remedy=nearest(sku, known))


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


def _overlapping_books(books: Sequence[PriceBook]) -> Iterator[Problem]:
    for index, book in enumerate(books):
        for earlier, other in enumerate(books[:index]):
            same = (book.name, book.currency) == (other.name, other.currency)
            starts_inside = other.valid_until is None or book.valid_from < other.valid_until
            ends_inside = book.valid_until is None or other.valid_from < book.valid_until
            if same and starts_inside and ends_inside:
                yield Problem(
                    field=f"price_books[{index}].valid_from",
                    reason=f"{book.name} in {book.currency} is in force twice on the same days: "
                    f"see price_books[{earlier}]",
                    remedy="end the earlier one where the later begins",
                )


def _book_problems(catalog: Catalog, book: PriceBook, path: str) -> Iterator[Problem]:
    yield from _filled(f"{path}.name", book.name)
    if not is_currency(book.currency):
        yield Problem(
            field=f"{path}.currency",
            reason=f"{book.currency} is no currency",
            remedy="use an ISO 4217 code in capital letters",
        )
    if book.valid_until is not None and book.valid_until <= book.valid_from:
        yield Problem(
            field=f"{path}.valid_until",
            reason=f"{book.valid_until} is not after valid_from {book.valid_from}",
        )
    priced = Counter((entry.sku, entry.charge) for entry in book.entries)
    for index, entry in enumerate(book.entries):
        field = f"{path}.entries[{index}]"
        if priced[entry.sku, entry.charge] > 1:
            yield Problem(
                field=field,
                reason=f"{entry.sku}/{entry.charge} is priced more than once in this book",
                remedy="keep one price",
            )
        yield from _entry_problems(catalog, entry, field)


def _entry_problems(catalog: Catalog, entry: PriceBookEntry, path: str) -> Iterator[Problem]:
    yield from _unknown(catalog, [entry.sku], [f"{path}.sku"])
    product = catalog.product(entry.sku)
    charges = {charge.key: charge for charge in product.charges} if product else {}
    if product and entry.charge not in charges:
        yield Problem(
            field=f"{path}.charge",
            reason=f"{entry.sku} has no charge {entry.charge}",
            remedy=nearest(entry.charge, charges),
        )
    elif product:
        gap = entry_gap(entry, charges[entry.charge].model)
        if gap:
            yield gap.model_copy(update={"field": f"{path}.{gap.field}"})
    for name in ("unit", "ssp", "cost"):
        yield from number_problem(f"{path}.{name}", getattr(entry, name))
    yield from number_problem(f"{path}.package_size", entry.package_size, positive=True)
    yield from _tier_problems(entry.tiers, f"{path}.tiers")


def _tier_problems(tiers: Sequence[Tier], path: str) -> Iterator[Problem]:
    below = Decimal(0)
    for index, tier in enumerate(tiers):
        field, last = f"{path}[{index}]", index == len(tiers) - 1
        yield from number_problem(f"{field}.unit", tier.unit)
        yield from number_problem(f"{field}.flat", tier.flat)
        if tier.up_to is None and not last:
            yield Problem(
                field=f"{field}.up_to",
                reason="is open, so no later tier is ever reached",
                remedy="only the last tier has no end",
            )
        elif tier.up_to is not None and last:
            yield Problem(
                field=f"{field}.up_to",
                reason=f"ends the last tier at {tier.up_to}, so larger quantities have no price",
                remedy="remove it: the last tier has no end",
            )
        elif tier.up_to is not None and tier.up_to <= below:
            yield Problem(field=f"{field}.up_to", reason=f"{tier.up_to} is not above {below}")
        else:
            yield from number_problem(f"{field}.up_to", tier.up_to)
        below = below if tier.up_to is None else tier.up_to
