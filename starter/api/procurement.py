"""Procurement: a buyer's request for quotation, and their purchase order beside the quote."""

from fastapi import APIRouter

from starter.api.access import Body, TheCaller, TheHouse, written_as
from starter.api.problems import responses
from starter.service import procurement

router = APIRouter(tags=["Procurement"])

_REQUEST = written_as(
    procurement.RequestForQuote.model_json_schema(),
    {
        "entity": "US01",
        "customer": "C-200",
        "currency": "USD",
        "term_months": 12,
        "csv": "Item,Qty\nJIRA-STANDARD,25\nZoom Business,25\n",
    },
)
_ORDER = written_as(
    procurement.PurchaseOrder.model_json_schema(),
    {"csv": "Item,Qty,Unit price\nJIRA-STANDARD,25,7.91\n"},
)


@router.post(
    "/requests-for-quote",
    summary="Turn a buyer's request for quotation into a deal file",
    responses=responses(401, 403, 422),
    openapi_extra=_REQUEST,
)
async def prepare_quote(
    house: TheHouse, caller: TheCaller, body: Body
) -> procurement.PreparedQuote:
    """Match a buyer's rows with the catalogue; nothing is started and nothing is guessed."""
    return await procurement.prepare_quote(house, caller, body)


@router.post(
    "/deals/{number}/purchase-order/compare",
    summary="Compare a purchase order with the quote",
    responses=responses(401, 403, 404, 422),
    openapi_extra=_ORDER,
)
async def compare_order(
    house: TheHouse, caller: TheCaller, number: str, body: Body
) -> procurement.ComparedOrder:
    """Tell product by product what a purchase order says otherwise than the quote."""
    return await procurement.compare(house, caller, number, body)
