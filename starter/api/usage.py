"""What customers used."""

from fastapi import APIRouter, Request, Response

from models.steps import ToppedUp, UsageTaken
from starter.api.access import Body, TheCaller, TheHouse, written_as
from starter.api.once import OnceRoute
from starter.api.problems import responses
from starter.service import usage as service
from starter.service import usage_now

router = APIRouter(tags=["Usage"], route_class=OnceRoute)

_EVENTS = {
    "events": [
        {
            "id": "req-0001",
            "deal": "1001",
            "meter": "calls",
            "at": "2026-02-03T10:15:00Z",
            "value": "1200",
            "properties": {"region": "eu"},
        }
    ]
}
_CSV = "id,deal,meter,at,value,region\nreq-0001,1001,calls,2026-02-03T10:15:00Z,1200,eu\n"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": _EVENTS},
            "text/csv": {"schema": {"type": "string"}, "example": _CSV},
        },
    }
}


@router.post(
    "/usage",
    summary="Send usage events",
    status_code=201,
    responses={
        200: {"model": UsageTaken, "description": "On record already"},
        **responses(401, 403, 409, 422, 503, 504),
    },
    openapi_extra=_BODY,
)
async def send_usage(
    house: TheHouse, caller: TheCaller, request: Request, response: Response
) -> UsageTaken:
    """Take a batch of events whole, or refuse it with every line at fault.

    Needs the role operator or finance. Source and id name an event within its deal: sent again it
    counts once. `replaces` names the event a correction takes the place of, `deletes` one that
    shall not count. In CSV, columns of other names are properties of the event.
    """
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip()
    suffix = "csv" if kind == "text/csv" else "json"
    taken = await service.take(house, caller, await request.body(), suffix)
    if taken.repeated:
        response.status_code = 200
    return taken


@router.get("/deals/{number}/usage", summary="What a deal uses now", responses=responses(401, 404))
def show_usage(house: TheHouse, _: TheCaller, number: str) -> usage_now.UsageShown:
    """Return what was used in the running periods, what it comes to so far, and the credit left."""
    return house.books.read(lambda session: usage_now.show(session, number, house.clock()))


@router.get(
    "/deals/{number}/usage/projection",
    summary="The next bill with usage",
    responses=responses(401, 404),
)
def project_usage(house: TheHouse, _: TheCaller, number: str) -> usage_now.ProjectedBill:
    """Return what the next bill comes to before tax if the use goes on as it did so far."""
    return house.books.read(lambda session: usage_now.projection(session, number, house.clock()))


@router.post(
    "/deals/{deal}/credit",
    summary="Top a deal up with prepaid credit",
    status_code=201,
    responses=responses(401, 403, 404, 409, 422, 503, 504),
    openapi_extra=written_as(
        service.CreditFile.model_json_schema(), {"amount": "500.00", "reference": "PO-77"}
    ),
)
async def top_up(house: TheHouse, caller: TheCaller, deal: str, body: Body) -> ToppedUp:
    """Sell credit that usage draws on before it is billed; needs the role sales or finance.

    It is invoiced at once and taxed then; what is never used is earned when it expires.
    """
    return await service.top_up(house, caller, deal, body)
