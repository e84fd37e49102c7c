"""Money that arrives."""

from fastapi import APIRouter, Response

from models.steps import PaymentRecorded
from starter.api.access import Body, TheCaller, TheHouse, written_as
from starter.api.once import OnceRoute
from starter.api.problems import responses
from starter.service import payments as service
from starter.service.payments import PaymentFile

router = APIRouter(tags=["Payments"], route_class=OnceRoute)

_EXAMPLE = {
    "customer": "C-100",
    "amount": "1250.00",
    "currency": "USD",
    "reference": "BANK-0815",
    "received_on": "2026-02-03",
    "invoices": ["INV-2026-00001"],
}


@router.post(
    "/payments",
    summary="Record a payment",
    status_code=201,
    responses={
        200: {"model": PaymentRecorded, "description": "On record already"},
        **responses(401, 403, 409, 422, 503, 504),
    },
    openapi_extra=written_as(PaymentFile.model_json_schema(), _EXAMPLE),
)
async def record_payment(
    house: TheHouse, caller: TheCaller, response: Response, body: Body
) -> PaymentRecorded:
    """Record a payment once and return what it settled; needs the role finance.

    Provider and reference identify it: sent again it answers the same and counts once.
    """
    recorded = await service.record(house, caller, body)
    if recorded.repeated:
        response.status_code = 200
    return recorded
