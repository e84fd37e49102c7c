"""Cases: what needs an approval beside a quote, such as write-offs and refunds."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from models.approval_cases import CaseStatus
from starter.api.access import Body, ReaderOfBooks, TheCaller, TheHouse, written_as
from starter.api.once import OnceRoute
from starter.api.problems import responses
from starter.service import cases as service
from starter.service import settlements
from starter.service.cases import CaseEntry, Cases, Said, Told

router = APIRouter(tags=["Approvals"], route_class=OnceRoute)

_ANSWERS = {
    200: {"model": CaseEntry, "description": "Handed in already"},
    **responses(401, 403, 404, 409, 422, 503, 504),
}


@router.get("/approvals", summary="Cases", responses=responses(401, 403))
def list_cases(
    house: TheHouse,
    caller: TheCaller,
    only_open: Annotated[
        bool | None, Query(alias="open", description="Only those that wait.")
    ] = None,
) -> Cases:
    """Return what was handed in for approval beside quotes, the newest first."""
    return house.books.read(
        lambda session: service.listing(session, caller, only_open=bool(only_open))
    )


@router.get("/approvals/{case}", summary="A case", responses=responses(401, 403, 404))
def show_case(house: TheHouse, caller: TheCaller, case: str) -> CaseEntry:
    """Return a case with its path, every word on it, and how it ended."""
    return house.books.read(lambda session: service.show(session, caller, case))


@router.post(
    "/approvals/{case}/approve",
    summary="Approve a case",
    responses=responses(401, 403, 404, 409, 422, 503, 504),
    openapi_extra=written_as(Said.model_json_schema(), {"step": "finance-1"}),
)
async def approve_case(house: TheHouse, caller: TheCaller, case: str, said: Said) -> Told:
    """Say yes in person; with the last yes it is carried out."""
    return await service.decide(house, caller, case, "approve", said)


@router.post(
    "/approvals/{case}/reject",
    summary="Reject a case",
    responses=responses(401, 403, 404, 409, 422, 503, 504),
    openapi_extra=written_as(Said.model_json_schema(), {"reason": "Ask for a payment plan first"}),
)
async def reject_case(house: TheHouse, caller: TheCaller, case: str, said: Said) -> Told:
    """Say no in person, with a reason; nothing is carried out."""
    return await service.decide(house, caller, case, "reject", said)


@router.post(
    "/approvals/{case}/withdraw",
    summary="Withdraw a case",
    responses=responses(401, 403, 404, 409, 422, 503, 504),
    openapi_extra=written_as(Said.model_json_schema(), {"reason": "Paid after all"}),
)
async def withdraw_case(house: TheHouse, caller: TheCaller, case: str, said: Said) -> Told:
    """Take back what one has handed in oneself, until it is decided."""
    return await service.decide(house, caller, case, "withdraw", said)


@router.post(
    "/invoices/{number}/write-off",
    summary="Write off an invoice",
    status_code=201,
    responses=_ANSWERS,
    openapi_extra=written_as(
        settlements.WriteOffFile.model_json_schema(), {"reason": "Insolvent, no assets left"}
    ),
)
async def write_off_invoice(
    house: TheHouse, caller: TheCaller, response: Response, number: str, body: Body
) -> CaseEntry:
    """Hand in that the rest of an invoice is given up; needs the role finance.

    Once approved it is bad-debt expense and nobody reminds of it; the customer still owes it.
    """
    return _answer(response, await settlements.write_off(house, caller, number, body))


@router.post(
    "/refunds",
    summary="Pay a customer back",
    status_code=201,
    responses=_ANSWERS,
    openapi_extra=written_as(
        settlements.RefundFile.model_json_schema(),
        {"payment": "US-PAY-2026-00007", "amount": "12.50", "reason": "Paid twice"},
    ),
)
async def refund_payment(
    house: TheHouse, caller: TheCaller, response: Response, body: Body
) -> CaseEntry:
    """Hand in that cash which settles no invoice goes back; needs the role finance."""
    return _answer(response, await settlements.refund(house, caller, body))


@router.get(
    "/books/refundable", summary="Cash that settles no invoice", responses=responses(401, 403)
)
def list_refundable(house: TheHouse, _: ReaderOfBooks) -> settlements.RefundableCash:
    """Return the payments with money left over, oldest first."""
    return house.books.read(settlements.refundable)


def _answer(response: Response, entry: CaseEntry) -> CaseEntry:
    """Answer 201 for what is new, 200 for what was handed in already, 202 while it waits."""
    if entry.repeated:
        response.status_code = 200
    elif entry.status is CaseStatus.OPEN:
        response.status_code = 202
    return entry
