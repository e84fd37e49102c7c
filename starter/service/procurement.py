"""Procurement at the doors: a buyer's request becomes a deal file, their order is checked."""

from typing import Any

from pydantic import Field
from sqlmodel import Session

from activities.pricing import price_list_of
from models.catalog import Catalog
from models.deal_file import DealFile
from models.errors import InvalidInputError, NotFoundError, Problem
from models.parties import Role
from models.procurement import (
    Match,
    OrderComparison,
    Unmatched,
    compare_order,
    match_request,
    parse_request,
)
from models.quoting import Quote
from models.reading import FieldRule, is_filled, read
from models.value import Value
from starter.service import starting
from starter.service.people import Caller, require
from starter.service.ports import House
from starter.service.register import catalog_on
from starter.service.reports import deal_row
from starter.service.versions import version_of

COMPARERS = (Role.SALES, Role.FINANCE, Role.OPERATOR)

_NO_CATALOG = Problem(
    field="csv",
    reason="there is no catalogue on record to match it with",
    remedy="publish one with `q2c catalog publish`",
)


class RequestForQuote(Value):
    """A buyer's file, and what a deal file needs beside its lines."""

    entity: str = Field(examples=["US01"], description="Selling entity.")
    customer: str = Field(examples=["C-200"], description="Customer.")
    currency: str = Field(examples=["USD"], description="ISO 4217 code.")
    term_months: int = Field(default=12, description="Length of the term; 0 for a one-off sale.")
    csv: str = Field(
        examples=["Item,Qty\nJIRA-STANDARD,25\n"],
        description="Rows with a heading: item or description, quantity, and unit price if any.",
    )


class PreparedQuote(Value):
    """A deal file to start from, the rows that are in it, and those that are not.

    `problems` is what the catalogue or the price book still has against the file.
    """

    file: dict[str, Any]
    matches: tuple[Match, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    problems: tuple[Problem, ...] = ()


class PurchaseOrder(Value):
    """A buyer's purchase order as the CSV file they sent."""

    csv: str = Field(
        examples=["Item,Qty,Unit price\nJIRA-STANDARD,25,7.91\n"],
        description="Rows with a heading: item or description, quantity, and unit price if any.",
    )
    version: int = Field(default=0, description="The quote version it answers; 0 for the newest.")


class ComparedOrder(OrderComparison):
    """How a purchase order differs from the quote it answers; without differences it agrees."""

    quote: str
    version: int
    agrees: bool


_REQUEST_RULES = tuple(
    FieldRule(path, is_filled, "is empty", "fill it in")
    for path in ("entity", "customer", "currency", "csv")
)
_ORDER_RULES = (FieldRule("csv", is_filled, "is empty", "send the file's text"),)


async def prepare_quote(house: House, caller: Caller, data: object) -> PreparedQuote:
    """Return the deal file a buyer's request asks for, with everything that is left to settle.

    Raises `NotPermittedError`, and `InvalidInputError` if the request cannot be read, or if none
    of its rows names a product.
    """
    require(caller, starting.STARTERS, "prepare a quote")
    request = read(RequestForQuote, data, _REQUEST_RULES)
    items = parse_request(request.csv)
    catalog = await house.read(lambda session: catalog_on(session, house.clock().date()))
    matched = match_request(_required(catalog), items)
    if not matched.lines:
        raise InvalidInputError([_unmatched_problem(row) for row in matched.unmatched])
    header = request.model_dump(exclude={"csv"})
    file = DealFile(**header, lines=matched.lines)
    written = {**header, "lines": [_written(line) for line in matched.lines]}
    return PreparedQuote(
        file=written,
        matches=matched.matches,
        unmatched=matched.unmatched,
        problems=await _problems(house, caller, file),
    )


async def compare(house: House, caller: Caller, deal: str, data: object) -> ComparedOrder:
    """Return how a purchase order differs from a quote version of a deal.

    Raises `NotPermittedError`, `NotFoundError`, and `InvalidInputError` if the order cannot be
    read.
    """
    require(caller, COMPARERS, "compare a purchase order")
    order = read(PurchaseOrder, data, _ORDER_RULES)
    items = parse_request(order.csv)
    quote = await house.read(lambda session: _quote(session, deal, order.version))
    prices = await house.read(lambda session: price_list_of(session, deal, quote.version))
    compared = compare_order(prices.catalog, quote.lines, items)
    return ComparedOrder(
        quote=quote.number,
        version=quote.version,
        agrees=not compared.differences,
        **compared.model_dump(),
    )


def _required(catalog: Catalog | None) -> Catalog:
    if catalog is None:
        raise InvalidInputError([_NO_CATALOG])
    return catalog


def _unmatched_problem(row: Unmatched) -> Problem:
    remedy = f"did you mean {', '.join(row.candidates)}?" if row.candidates else "name a product"
    return Problem(field=f"row {row.row}", reason=f"{row.name} {row.reason}", remedy=remedy)


def _written(line: Any) -> dict[str, str]:
    return {"product": line.product, "quantity": str(line.quantity)}


async def _problems(house: House, caller: Caller, file: DealFile) -> tuple[Problem, ...]:
    try:
        await starting.check(house, caller, file.model_dump(mode="json", exclude={"number"}))
    except InvalidInputError as error:
        return error.problems
    return ()


def _quote(session: Session, deal: str, version: int) -> Quote:
    """Return a quote version of a deal, that in force for 0; raises `NotFoundError`."""
    deal_row(session, deal)
    row = version_of(session, deal, version)
    if row is None:
        which = f"version {version} of the quote" if version else "a quote"
        raise NotFoundError(f"Deal {deal} does not have {which}.")
    return Quote.model_validate_json(row.content)
