"""What differs between two versions of a catalogue: products, charges, prices and rules."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel

from models.catalog import Catalog, Product
from models.value import Value


class ChangeKind(StrEnum):
    """What became of something between two versions."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Part(StrEnum):
    """Which part of a catalogue a change is about."""

    PRODUCT = "product"
    ATTRIBUTE = "attribute"
    CHARGE = "charge"
    COMPONENT = "component"
    GROUP = "group"
    RULE = "rule"
    ADDED_PRODUCT = "added_product"
    REGION = "region"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    METER = "meter"
    PRICE_BOOK = "price_book"
    PRICE = "price"


class CatalogChange(Value):
    """One difference: of what, and for a change which field, with both values in words.

    `sku` is the product it is about, empty for rules and other things about many products.
    """

    kind: ChangeKind
    part: Part
    name: str
    sku: str = ""
    field: str = ""
    before: str = ""
    after: str = ""


class _Entry(Value):
    """One comparable thing of a catalogue."""

    part: Part
    name: str
    sku: str = ""
    fields: Mapping[str, object]


_KEYS: Mapping[Part, frozenset[str]] = {
    Part.PRODUCT: frozenset({"sku", "attributes", "charges", "components", "groups"}),
    Part.PRICE_BOOK: frozenset({"name", "currency", "entries"}),
    Part.PRICE: frozenset({"sku", "charge", "attributes"}),
}
"""The fields that name a thing or are compared as things of their own."""


def catalog_diff(before: Catalog, after: Catalog) -> tuple[CatalogChange, ...]:
    """Return every difference between two versions, in the order of the catalogues.

    Prices are compared book by book, by product, charge and attributes. A book is known by its name
    and currency, and by its first day where a version has several of that name and currency.
    """
    dated = {*_repeated_books(before), *_repeated_books(after)}
    old, new = _entries(before, dated), _entries(after, dated)
    names = dict.fromkeys((*old, *new))
    return tuple(change for name in names for change in _changes(old.get(name), new.get(name)))


def _changes(old: _Entry | None, new: _Entry | None) -> Iterator[CatalogChange]:
    shown = new or old
    if shown is None:
        return
    told = {"part": shown.part, "name": shown.name, "sku": shown.sku}
    if old is None:
        yield CatalogChange(kind=ChangeKind.ADDED, after=_summary(shown), **told)
    elif new is None:
        yield CatalogChange(kind=ChangeKind.REMOVED, before=_summary(shown), **told)
    else:
        for field, value in new.fields.items():
            if old.fields.get(field) != value:
                yield CatalogChange(
                    kind=ChangeKind.CHANGED,
                    field=field,
                    before=_words(old.fields.get(field)),
                    after=_words(value),
                    **told,
                )


def _repeated_books(catalog: Catalog) -> set[tuple[str, str]]:
    names = Counter((book.name, book.currency) for book in catalog.price_books)
    return {name for name, count in names.items() if count > 1}


def _entries(
    catalog: Catalog, dated: Collection[tuple[str, str]]
) -> dict[tuple[Part, str], _Entry]:
    return {(one.part, one.name): one for one in (*_all(catalog), *_prices(catalog, dated))}


def _all(catalog: Catalog) -> Iterator[_Entry]:
    for product in catalog.products:
        yield from _product_entries(product)
    for rule in catalog.rules:
        yield _entry(Part.RULE, rule.key, rule)
    for added in catalog.added:
        yield _entry(Part.ADDED_PRODUCT, added.key, added, added.add)
    for name, codes in catalog.regions.items():
        yield _Entry(part=Part.REGION, name=name, fields={"countries": codes})
    for question in catalog.guide.questions:
        yield _entry(Part.QUESTION, question.key, question)
    for index, suggestion in enumerate(catalog.guide.suggestions, start=1):
        yield _entry(Part.SUGGESTION, f"{suggestion.product} #{index}", suggestion)
    for meter in catalog.meters:
        yield _entry(Part.METER, meter.key, meter)


def _product_entries(product: Product) -> Iterator[_Entry]:
    sku = product.sku
    yield _entry(Part.PRODUCT, sku, product, sku)
    for attribute in product.attributes:
        yield _entry(Part.ATTRIBUTE, f"{sku}.{attribute.key}", attribute, sku)
    for charge in product.charges:
        yield _entry(Part.CHARGE, f"{sku}/{charge.key}", charge, sku)
    for component in product.components:
        yield _entry(Part.COMPONENT, f"{sku} > {component.sku}", component, sku)
    for group in product.groups:
        yield _entry(Part.GROUP, f"{sku} [{group.key}]", group, sku)


def _prices(catalog: Catalog, dated: Collection[tuple[str, str]]) -> Iterator[_Entry]:
    for book in catalog.price_books:
        place = f"{book.name} {book.currency}"
        if (book.name, book.currency) in dated:
            place = f"{place} from {book.valid_from}"
        yield _entry(Part.PRICE_BOOK, place, book)
        for entry in book.entries:
            chosen: Mapping[str, str] = getattr(entry, "attributes", {})
            values = ", ".join(f"{key} {value}" for key, value in sorted(chosen.items()))
            name = f"{entry.sku}/{entry.charge}{f' ({values})' if values else ''} in {place}"
            yield _entry(Part.PRICE, name, entry, entry.sku)


def _entry(part: Part, name: str, value: BaseModel, sku: str = "") -> _Entry:
    skipped = _KEYS.get(part, frozenset({"key"}))
    fields = {
        field: getattr(value, field) for field in type(value).model_fields if field not in skipped
    }
    return _Entry(part=part, name=name, sku=sku, fields=fields)


def _summary(entry: _Entry) -> str:
    """Say what an added or removed thing is by the fields it has."""
    said = ((field, _words(value)) for field, value in entry.fields.items())
    return "; ".join(f"{field} {words}" for field, words in said if words)


def _words(value: object) -> str:
    """Return a value as text: numbers without zeros they do not need, groups as JSON."""
    if value is None or value in ((), {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, str | int | date):
        return str(value)
    return json.dumps(_plain(value), ensure_ascii=False, separators=(", ", ": "))


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return {
            field: _plain(getattr(value, field))
            for field, info in type(value).model_fields.items()
            if getattr(value, field) != info.default
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return _words(value)


def touched_skus(changes: tuple[CatalogChange, ...]) -> frozenset[str] | None:
    """Return the products that differ, or None if something about all products does."""
    about_all = {Part.RULE, Part.ADDED_PRODUCT, Part.REGION, Part.PRICE_BOOK}
    if any(change.part in about_all for change in changes):
        return None
    return frozenset(change.sku for change in changes if change.sku)
