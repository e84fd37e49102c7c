"""Amendments of running contracts: reading them, and seeing what one would do."""

from fastapi import APIRouter

from models.messages import Amendment
from starter.api.access import Body, TheCaller, TheHouse, written_as
from starter.api.once import OnceRoute
from starter.api.problems import responses
from starter.service import amendments

router = APIRouter(tags=["Amendments"], route_class=OnceRoute)


@router.get(
    "/deals/{number}/amendments", summary="Amendments of a deal", responses=responses(401, 404)
)
def list_amendments(house: TheHouse, _: TheCaller, number: str) -> amendments.Amendments:
    """Return the contract as it stands, and every amendment with its three days and its effect."""
    return house.books.read(lambda session: amendments.amendments(session, number))


@router.post(
    "/deals/{number}/amendments/preview",
    summary="Preview an amendment",
    responses=responses(401, 403, 404, 409, 422),
    openapi_extra=written_as(
        Amendment.model_json_schema(),
        {
            "delta": {"lines": [{"line": 1, "add": "5"}], "effective_on": "2026-02-16"},
            "accepted_by": "bea@acme.example",
        },
    ),
)
async def preview_amendment(
    house: TheHouse, caller: TheCaller, number: str, body: Body
) -> amendments.AmendmentPreview:
    """Return the credit notes, invoices and plan an amendment would make; nothing is kept."""
    return await amendments.preview(house, caller, number, body or {})
