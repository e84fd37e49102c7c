"""Deals: checking and starting them, and everything there is to read about them."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse
from sqlmodel import Session

from models.deal import Stage
from models.deal_file import deal_file_schema
from models.errors import NotFoundError
from starter.api.access import (
    Body,
    Counted,
    IdempotencyKey,
    Page,
    TheCaller,
    TheHouse,
    written_as,
)
from starter.api.once import OnceRoute, answer_is_open
from starter.api.problems import responses
from starter.service import approval_preview, reports, reports_deal, starting, waiting
from starter.service.errors import UnavailableError
from starter.service.partners import PartnerDeal, is_partner, partner_view
from starter.service.ports import House, RunState
from starter.service.reports_deal import DealAtStart, DealDetail
from starter.service.template import DEAL_TEMPLATE
from workflows.ids import deal_workflow_id

router = APIRouter(tags=["Deals"], route_class=OnceRoute)

_SCHEMA = deal_file_schema()
_EXAMPLE = {
    key: value for key, value in _SCHEMA["examples"][0].items() if key not in ("number", "seller")
}
_FILE = written_as(
    {
        "type": "object",
        "description": "A deal file; GET /v1/schema/deal has its whole schema. `seller` is the "
        "caller and may be left out; without `number` the next free one is taken.",
    },
    _EXAMPLE,
)


@router.post(
    "/deals",
    summary="Start a deal",
    status_code=201,
    responses={
        200: {"model": starting.StartedDeal, "description": "Already there, with this content"},
        **responses(401, 403, 409, 422, 503),
    },
    openapi_extra=_FILE,
)
async def start_deal(
    house: TheHouse,
    caller: TheCaller,
    request: Request,
    response: Response,
    body: Body,
    key: IdempotencyKey = "",
) -> starting.StartedDeal:
    """Start a deal from a deal file, or list everything wrong with it."""
    started = await starting.start(house, caller, body, key)
    if not started.stage:
        # It may still fail at its start; then the corrected world may start it again.
        answer_is_open(request)
    if not started.is_new:
        response.status_code = 200
    response.headers["Location"] = f"/v1/deals/{started.number}"
    return started


@router.post(
    "/deals/check",
    summary="Check a deal file",
    responses=responses(401, 403, 422),
    openapi_extra=_FILE,
)
async def check_deal(house: TheHouse, caller: TheCaller, body: Body) -> starting.CheckedDeal:
    """Check a deal file, products and prices included, without starting anything."""
    return await starting.check(house, caller, body)


@router.post(
    "/deals/path",
    summary="Preview the approvals of a deal file",
    responses=responses(401, 403, 422),
    openapi_extra=_FILE,
)
async def preview_path(
    house: TheHouse, caller: TheCaller, body: Body
) -> approval_preview.PathPreview:
    """Return who would be asked to approve a deal file and why, without starting anything."""
    return await approval_preview.preview(house, caller, body)


@router.get("/schema/deal", summary="The JSON schema of deal files", responses=responses(401))
def schema(_: TheCaller) -> dict[str, object]:
    """Return the JSON schema (draft 2020-12) that editors and validators take."""
    return deal_file_schema()


@router.get(
    "/template/deal",
    summary="A deal file to begin with",
    response_class=PlainTextResponse,
    responses=responses(401),
)
def template(_: TheCaller) -> PlainTextResponse:
    """Return a deal file in YAML with a comment at every field."""
    return PlainTextResponse(DEAL_TEMPLATE, media_type="application/yaml")


@dataclass(frozen=True)
class Wanted:
    """Which deals a listing shows."""

    stage: Annotated[Stage | None, Query(description="Only in this stage.")] = None
    customer: Annotated[str | None, Query(description="Only of this customer.")] = None
    seller: Annotated[str | None, Query(description="Only of this seller.")] = None
    on_hold: Annotated[bool | None, Query(description="Only those on hold, or not.")] = None


@router.get("/deals", summary="List deals", responses=responses(401, 422))
def list_deals(
    house: TheHouse, caller: TheCaller, wanted: Annotated[Wanted, Depends()], page: Page
) -> reports.Deals:
    """Return deals by number, page by page, from the books."""
    chosen = reports.DealFilter(
        stage=wanted.stage.value if wanted.stage else None,
        customer=wanted.customer,
        seller=wanted.seller,
        on_hold=wanted.on_hold,
        partner=caller.person.partner,
    )
    return house.books.read(lambda session: reports.deals(session, chosen, page.limit, page.after))


@router.get("/deals/{number}", summary="Show a deal", responses=responses(401, 404))
async def show_deal(
    house: TheHouse, caller: TheCaller, number: str
) -> DealDetail | PartnerDeal | DealAtStart:
    """Return everything on record about a deal; works with no worker running.

    A deal that is still starting, or has failed at its start, is shown with its problems. A partner
    sees the offer, never costs and margins.
    """

    def look(session: Session) -> DealDetail | PartnerDeal:
        found = reports_deal.detail(session, number)
        return partner_view(session, found) if is_partner(caller.person) else found

    try:
        return await house.read(look)
    except NotFoundError:
        return await _at_start(house, number)


async def _at_start(house: House, number: str) -> DealAtStart:
    """Return how the start of a deal went that is not on record; raises `NotFoundError`."""
    try:
        run = await house.gateway.look(deal_workflow_id(number))
    except UnavailableError as error:
        raise NotFoundError(f"There is no deal {number} on record. {error}") from error
    match run.state:
        case RunState.FAILED:
            problems = starting.start_problems(run)
            return DealAtStart(number=number, stage="failed", problems=problems)
        case RunState.RUNNING:
            return DealAtStart(number=number, stage="starting")
        case _:
            raise NotFoundError(f"There is no deal {number}.")


@router.get(
    "/deals/{number}/timeline", summary="What happened to a deal", responses=responses(401, 404)
)
def timeline(house: TheHouse, _: TheCaller, number: str, page: Counted) -> reports.Timeline:
    """Return the audit trail, oldest first, page by page."""
    return house.books.read(
        lambda session: reports.timeline(session, number, page.limit, page.after)
    )


@router.get(
    "/deals/{number}/agenda", summary="What a deal does next", responses=responses(401, 404, 503)
)
async def agenda(house: TheHouse, _: TheCaller, number: str) -> waiting.Agenda:
    """Ask the deal for its agenda; 503 with the next action by the books if no worker answers."""
    return await waiting.agenda(house, number)


@router.get("/deals/{number}/holds", summary="What is parked", responses=responses(401, 404))
async def holds(house: TheHouse, _: TheCaller, number: str) -> waiting.Holds:
    """Return what of a deal is parked, and the answers that each question takes."""
    return await waiting.holds(house, number)
