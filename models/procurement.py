"""Procurement: what a buyer writes in their own words, matched with what we sell and have quoted.

A request for quotation becomes lines of a deal file; what is not recognized beyond doubt is listed
with the nearest products and never guessed. A purchase order is compared with the quote product by
product. Both arrive as CSV with the headings of whoever wrote them.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType

from models.catalog import Catalog, Product
from models.deal_file import LineRequest
from models.errors import InvalidInputError, Problem
from models.money import Money
from models.pricing import PricedLine
from models.value import Value
from models.written import number_problem

MOST_ROWS = 10_000
_CANDIDATES = 3
_SEPARATORS = ",;\t|"

_HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "item": (
            *("item", "itemno", "itemnumber", "sku", "partno", "partnumber", "article"),
            *("articleno", "product", "productcode", "material", "code"),
        ),
        "description": ("description", "name", "itemdescription", "productname", "text"),
        "quantity": ("quantity", "qty", "pieces", "units", "count"),
        "unit_price": ("unitprice", "targetprice", "price", "pricepercunit", "netprice"),
    }
)


class RequestedItem(Value):
    """One row of a buyer's file: what they call it, and how many they want.

    `row` counts as a spreadsheet does, the heading first. `unit_price` is what they want to pay for
    one unit per billing period, in major units; absent if they name none.
    """

    row: int
    item: str = ""
    description: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None

    @property
    def name(self) -> str:
        """What to call it when talking to the buyer."""
        return self.item or self.description


class Match(Value):
    """A row that names one of our products, and how that was seen."""

    row: int
    name: str
    sku: str
    quantity: Decimal
    by: str


class Unmatched(Value):
    """A row that names none of our products beyond doubt, with those it may mean."""

    row: int
    name: str
    quantity: Decimal
    reason: str
    candidates: tuple[str, ...] = ()


class MatchedRequest(Value):
    """A request for quotation as lines of a deal file, and what is left for a person."""

    lines: tuple[LineRequest, ...] = ()
    matches: tuple[Match, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()


class DifferenceKind(StrEnum):
    """How a purchase order can differ from the quote it answers."""

    NOT_ORDERED = "not_ordered"
    NOT_QUOTED = "not_quoted"
    QUANTITY = "quantity"
    PRICE = "price"


class Difference(Value):
    """One thing a purchase order says otherwise than the quote; `row` is 0 for what it leaves out.

    `quoted` and `ordered` are the two sides as a person reads them.
    """

    kind: DifferenceKind
    row: int = 0
    sku: str
    quoted: str = ""
    ordered: str = ""
    reason: str


class OrderComparison(Value):
    """A purchase order beside the quote: the products that agree, and every difference."""

    agreeing: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


def parse_request(text: str) -> tuple[RequestedItem, ...]:
    """Return the rows of a buyer's CSV file; separator and headings are recognized.

    There must be a heading for the quantity and one for the item or its description. Raises
    `InvalidInputError` with every row that cannot be read.
    """
    separator = max(_SEPARATORS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator)
    rows = [(number, cells) for number, cells in enumerate(reader, start=1) if any(cells)]
    if len(rows) < 2:
        raise InvalidInputError([_problem("file", "has no rows", "write a heading and a row")])
    if len(rows) > MOST_ROWS:
        reason = f"has {len(rows) - 1:,} rows, more than {MOST_ROWS:,}"
        raise InvalidInputError([_problem("file", reason, "split it")])
    columns = _columns(rows[0][1])
    problems: list[Problem] = []
    items = [_item(number, cells, columns, problems) for number, cells in rows[1:]]
    if problems:
        raise InvalidInputError(problems)
    return tuple(item for item in items if item is not None)


def match_request(catalog: Catalog, items: Sequence[RequestedItem]) -> MatchedRequest:
    """Return the lines that the rows ask for, in their order, and the rows that match nothing.

    A row matches by our SKU or by the exact name of a product, capitals and punctuation aside.
    Rows of one product stay lines of their own.
    """
    known = _Known(catalog)
    lines: list[LineRequest] = []
    matches: list[Match] = []
    unmatched: list[Unmatched] = []
    for item in items:
        found = known.find(item)
        if isinstance(found, Unmatched):
            unmatched.append(found)
            continue
        matches.append(found)
        lines.append(LineRequest(product=found.sku, quantity=item.quantity))
    return MatchedRequest(lines=tuple(lines), matches=tuple(matches), unmatched=tuple(unmatched))


def compare_order(
    catalog: Catalog, lines: Sequence[PricedLine], items: Sequence[RequestedItem]
) -> OrderComparison:
    """Return how a purchase order differs from the lines of a quote, product by product.

    Several lines of one product count together on both sides. A price is compared as the amount of
    the whole quantity per billing period (or once), rounded once, so that a unit price cut to cents
    is no difference where the amounts agree.
    """
    known = _Known(catalog)
    quoted = _quoted(lines)
    ordered: dict[str, list[RequestedItem]] = {}
    differences: list[Difference] = []
    for item in items:
        found = known.find(item)
        sku = found.sku if isinstance(found, Match) else ""
        if sku in quoted:
            ordered.setdefault(sku, []).append(item)
        else:
            differences.append(_not_quoted(item, sku))
    agreeing: list[str] = []
    for sku, quote in quoted.items():
        found_differences = list(_differences(quote, ordered.get(sku, [])))
        differences += found_differences
        if not found_differences:
            agreeing.append(sku)
    return OrderComparison(agreeing=tuple(agreeing), differences=tuple(differences))


class _Quoted(Value):
    """What a quote says of one product; `amount` is None where its charges have several periods."""

    sku: str
    quantity: Decimal
    amount: Money | None


class _Known:
    """The products of a catalogue under everything a buyer may call them."""

    def __init__(self, catalog: Catalog) -> None:
        self._by_sku = {_folded(product.sku): product for product in catalog.products}
        self._by_name: dict[str, list[Product]] = {}
        for product in catalog.products:
            self._by_name.setdefault(_folded(product.name), []).append(product)

    def find(self, item: RequestedItem) -> Match | Unmatched:
        for said in filter(None, (_folded(item.item), _folded(item.description))):
            if said in self._by_sku:
                return _match(item, self._by_sku[said], "number")
            named = self._by_name.get(said, [])
            if len(named) == 1:
                return _match(item, named[0], "name")
        return Unmatched(
            row=item.row,
            name=item.name,
            quantity=item.quantity,
            reason="is no product of the catalogue",
            candidates=self._nearest(item),
        )

    def _nearest(self, item: RequestedItem) -> tuple[str, ...]:
        names = {**{name: found[0] for name, found in self._by_name.items()}, **self._by_sku}
        close: dict[str, None] = {}
        for said in filter(None, (_folded(item.item), _folded(item.description))):
            for name in get_close_matches(said, names, n=_CANDIDATES):
                close.setdefault(names[name].sku)
        return tuple(close)[:_CANDIDATES]


def _match(item: RequestedItem, product: Product, by: str) -> Match:
    return Match(row=item.row, name=item.name, sku=product.sku, quantity=item.quantity, by=by)


def _columns(heading: Sequence[str]) -> Mapping[str, int]:
    """Return where each thing we look for stands; raise with what is missing or there twice."""
    said = [_folded(name) for name in heading]
    columns: dict[str, int] = {}
    problems: list[Problem] = []
    for field, names in _HEADINGS.items():
        places = [place for place, name in enumerate(said) if name in names]
        if len(places) > 1:
            both = " and ".join(heading[place].strip() for place in places)
            problems.append(_problem("heading", f"has {both} for the {field}", "keep one of them"))
        columns |= {field: places[0]} if places else {}
    if "quantity" not in columns:
        problems.append(_problem("heading", "names no quantity", "call a column Quantity"))
    if "item" not in columns and "description" not in columns:
        problems.append(_problem("heading", "names no item", "call a column Item or Description"))
    if problems:
        raise InvalidInputError(problems)
    return columns


def _item(
    row: int, cells: Sequence[str], columns: Mapping[str, int], problems: list[Problem]
) -> RequestedItem | None:
    said = {
        field: cells[place].strip() if place < len(cells) else ""
        for field, place in columns.items()
    }
    before = len(problems)
    if not said.get("item") and not said.get("description"):
        problems.append(_problem(f"row {row}", "names no item", "say what is wanted"))
    quantity = _number(row, "quantity", said["quantity"], problems)
    unit_price = _number(row, "unit_price", said.get("unit_price", ""), problems)
    if quantity is None and len(problems) == before:
        problems.append(_problem(f"row {row}: quantity", "is missing", "say how many"))
    if len(problems) > before or quantity is None:
        return None
    return RequestedItem(
        row=row,
        item=said.get("item", ""),
        description=said.get("description", ""),
        quantity=quantity,
        unit_price=unit_price,
    )


def _number(row: int, field: str, text: str, problems: list[Problem]) -> Decimal | None:
    if not text:
        return None
    place = f"row {row}: {field}"
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        remedy = "write digits with a decimal point, such as 1234.50"
        problems.append(_problem(place, f"{text} is not a number", remedy))
        return None
    problems += number_problem(place, value, positive=field == "quantity")
    return value


def _quoted(lines: Iterable[PricedLine]) -> Mapping[str, _Quoted]:
    by_sku: dict[str, list[PricedLine]] = {}
    for line in lines:
        by_sku.setdefault(line.sku, []).append(line)
    return {sku: _quoted_product(sku, own) for sku, own in by_sku.items()}


def _quoted_product(sku: str, lines: Sequence[PricedLine]) -> _Quoted:
    quantities = {line.number: line.quantity for line in lines}
    one_period = len({line.cadence for line in lines}) == 1
    amount = Money.total((line.net for line in lines), lines[0].net.currency)
    return _Quoted(
        sku=sku,
        quantity=sum(quantities.values(), Decimal(0)),
        amount=amount if one_period else None,
    )


def _differences(quote: _Quoted, items: Sequence[RequestedItem]) -> Iterator[Difference]:
    if not items:
        yield Difference(
            kind=DifferenceKind.NOT_ORDERED,
            sku=quote.sku,
            quoted=_plain(quote.quantity),
            reason=f"{quote.sku} is quoted and not ordered",
        )
        return
    row = items[0].row
    quantity = sum((item.quantity for item in items), Decimal(0))
    if quantity != quote.quantity:
        yield Difference(
            kind=DifferenceKind.QUANTITY,
            row=row,
            sku=quote.sku,
            quoted=_plain(quote.quantity),
            ordered=_plain(quantity),
            reason=f"{_plain(quantity)} of {quote.sku} ordered, {_plain(quote.quantity)} quoted",
        )
        return
    prices = [item.unit_price for item in items]
    if quote.amount is None or any(price is None for price in prices):
        return
    exact = sum((item.quantity * (item.unit_price or 0) for item in items), Decimal(0))
    ordered = Money.from_decimal(exact, quote.amount.currency)
    if ordered != quote.amount:
        yield Difference(
            kind=DifferenceKind.PRICE,
            row=row,
            sku=quote.sku,
            quoted=str(quote.amount),
            ordered=str(ordered),
            reason=f"{ordered} ordered for {quote.sku}, {quote.amount} quoted",
        )


def _not_quoted(item: RequestedItem, sku: str) -> Difference:
    reason = f"{sku} is not in the quote" if sku else f"{item.name} is no product of the catalogue"
    return Difference(
        kind=DifferenceKind.NOT_QUOTED,
        row=item.row,
        sku=sku or item.name,
        ordered=_plain(item.quantity),
        reason=reason,
    )


def _folded(text: str) -> str:
    return re.sub(r"[^0-9a-z]+", "", text.casefold())


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _problem(field: str, reason: str, remedy: str) -> Problem:
    return Problem(field=field, reason=reason, remedy=remedy)
