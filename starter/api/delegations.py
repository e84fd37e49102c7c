"""Delegations: who decides for whom while they are away."""

from fastapi import APIRouter, Response

from starter.api.access import Body, TheCaller, TheHouse, written_as
from starter.api.problems import responses
from starter.service import changes
from starter.service import delegations as service

router = APIRouter(tags=["Inbox"])

_EXAMPLE = {"delegate": "dan", "starts_on": "2026-07-01", "last_on": "2026-07-14"}


@router.get("/delegations", summary="Who decides for whom", responses=responses(401))
def list_delegations(house: TheHouse, caller: TheCaller) -> service.Delegations:
    """Return the delegations in force or to come: one's own, and for an operator all."""
    return house.books.read(lambda session: service.listing(session, caller, house.clock()))


@router.post(
    "/delegations",
    summary="Delegate decisions",
    status_code=201,
    responses=responses(401, 403, 422, 503, 504),
    openapi_extra=written_as(service.DelegationFile.model_json_schema(), _EXAMPLE),
)
async def delegate(
    house: TheHouse, caller: TheCaller, response: Response, body: Body
) -> changes.Recorded:
    """Name who decides for the caller from the first to the last day, both included; one hop."""
    recorded = await service.delegate(house, caller, body)
    response.status_code = 200 if recorded.repeated else 201
    return recorded


@router.post(
    "/delegations/revoke",
    summary="Revoke a delegation",
    responses=responses(401, 403, 404, 422, 503, 504),
    openapi_extra=written_as(
        service.DelegationOf.model_json_schema(), {"id": "mia-dan-2026-07-01"}
    ),
)
async def revoke_delegation(
    house: TheHouse, caller: TheCaller, which: service.DelegationOf
) -> changes.Recorded:
    """End a delegation now; what was decided under it stays on record."""
    return await service.revoke(house, caller, which.id)
