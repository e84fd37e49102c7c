"""Quotes: their versions, one whole, two compared, copied, and templates of deal files."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from models.quote_diff import QuoteDiff
from models.steps import RegisterKind
from starter.api.access import Body, Page, TheCaller, TheHouse, written_as
from starter.api.problems import responses
from starter.service import changes, counters, quotes, register, templates

router = APIRouter(tags=["Quotes"])


@router.get("/deals/{number}/quotes", summary="All versions", responses=responses(401, 404))
def quote_versions(house: TheHouse, _: TheCaller, number: str) -> quotes.QuoteVersions:
    """Return every version of a deal's quotes with its status and what led to it."""
    return house.books.read(lambda session: quotes.versions(session, number))


@router.get(
    "/deals/{number}/alternatives",
    summary="Primary and alternatives",
    responses=responses(401, 404),
)
def alternatives(house: TheHouse, _: TheCaller, number: str) -> quotes.SideBySide:
    """Return the version in force and what is offered beside it, with their totals."""
    return house.books.read(lambda session: quotes.side_by_side(session, number))


@router.get("/deals/{number}/counter", summary="What was countered", responses=responses(401, 404))
def open_counter(house: TheHouse, _: TheCaller, number: str) -> counters.Revision:
    """Return the newest counter of an approver as the body of the message `revise_quote`."""
    return house.books.read(lambda session: counters.revision_for_counter(session, number))


@router.get("/quotes/{number}", summary="One version whole", responses=responses(401, 404))
def show_quote(house: TheHouse, _: TheCaller, number: str) -> quotes.QuoteDetail:
    """Return a version by its number, or the newest of a deal: lines, totals, billing plan."""
    return house.books.read(lambda session: quotes.detail(session, number))


@router.get(
    "/quotes/{number}/diff", summary="Compare two versions", responses=responses(401, 404, 422)
)
def diff_quote(
    house: TheHouse,
    _: TheCaller,
    number: str,
    against: Annotated[str, Query(description="The quote that came later.")],
) -> QuoteDiff:
    """Return the lines added, removed and changed, and the totals before and after."""
    return house.books.read(lambda session: quotes.diff(session, number, against))


@router.get("/quotes/{number}/copy", summary="Clone", responses=responses(401, 404, 422))
def copy_quote(
    house: TheHouse,
    _: TheCaller,
    number: str,
    customer: Annotated[str, Query(description="For this customer; absent: the same.")] = "",
) -> quotes.Copy:
    """Return a deal file to begin another deal with; for another customer at list prices."""
    return house.books.read(lambda session: quotes.copy(session, number, customer))


@router.get("/templates", summary="Templates of deal files", responses=responses(401))
def list_templates(house: TheHouse, _: TheCaller, page: Page) -> register.Entries:
    """Return the templates in force by name, page by page."""
    kind = RegisterKind.DEAL_TEMPLATE
    return house.books.read(lambda session: register.listing(session, kind, page.limit, page.after))


@router.post(
    "/templates/{name}",
    summary="Save a template from a quote",
    status_code=201,
    responses=responses(401, 403, 404, 422, 503, 504),
    openapi_extra=written_as(
        templates.TemplateFromQuote.model_json_schema(),
        {"quote": "Q-1001-1", "variables": {"seats": "lines[0].quantity"}},
    ),
)
async def save_template(
    house: TheHouse, caller: TheCaller, response: Response, name: str, body: Body
) -> changes.Recorded:
    """Record the deal file of a quote with blanks; 200 if it is in force already."""
    recorded = await templates.save(house, caller, name, body)
    response.status_code = 200 if recorded.repeated else 201
    return recorded


@router.post(
    "/templates/{name}/use",
    summary="Fill in a template",
    responses=responses(401, 404, 422),
    openapi_extra=written_as(templates.Blanks.model_json_schema(), {"values": {"seats": "25"}}),
)
async def use_template(house: TheHouse, _: TheCaller, name: str, body: Body) -> quotes.Copy:
    """Return the deal file with its blanks filled in; nothing is started."""
    return await templates.use(house, name, body or {})
