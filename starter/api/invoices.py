"""Invoices: listed and shown, credited, voided, billed again; and statements of account."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from models.credit_notes import CreditNote
from models.credit_steps import Correction, StatementSent
from models.statements import Statement
from starter.api.access import (
    Body,
    IdempotencyKey,
    Page,
    ReaderOfBooks,
    TheCaller,
    TheHouse,
    written_as,
)
from starter.api.once import OnceRoute
from starter.api.problems import responses
from starter.service import corrections, invoices
from starter.service.corrections import CorrectionDone

router = APIRouter(tags=["Invoices"])
changes = APIRouter(tags=["Invoices"], route_class=OnceRoute)

_CREDIT = {
    "reason": "Two seats were never used",
    "lines": [{"line": 1, "quantity": "2"}],
}
_CHANGED = responses(401, 403, 404, 409, 422, 503, 504)


@dataclass(frozen=True)
class WantedInvoices:
    """Which invoices are listed."""

    deal: Annotated[str | None, Query(description="Only of this deal.")] = None
    customer: Annotated[str | None, Query(description="Only of this customer.")] = None
    is_open: Annotated[bool, Query(alias="open", description="Only with a balance.")] = False


@router.get("/invoices", summary="List invoices", responses=responses(401))
def list_invoices(
    house: TheHouse, _: TheCaller, wanted: Annotated[WantedInvoices, Depends()], page: Page
) -> invoices.Invoices:
    """Return invoices by number, page by page, each with what is open on it."""
    chosen = invoices.InvoiceFilter(
        deal=wanted.deal, customer=wanted.customer, is_open=wanted.is_open
    )
    return house.books.read(
        lambda session: invoices.listing(session, chosen, page.limit, page.after)
    )


@router.get("/invoices/{number}", summary="One invoice", responses=responses(401, 404))
def show_invoice(house: TheHouse, _: TheCaller, number: str) -> invoices.InvoiceDetail:
    """Return one invoice with its credit notes and what became of it."""
    return house.books.read(lambda session: invoices.show(session, number))


@router.get("/credit-notes/{number}", summary="One credit note", responses=responses(401, 404))
def show_credit_note(house: TheHouse, _: TheCaller, number: str) -> CreditNote:
    """Return one credit note."""
    return house.books.read(lambda session: invoices.credit_note(session, number))


@router.post(
    "/invoices/{number}/credit/preview",
    summary="Preview a credit note",
    responses=responses(401, 403, 404, 422),
    openapi_extra=written_as(corrections.CreditFile.model_json_schema(), _CREDIT),
)
def preview_credit(house: TheHouse, caller: TheCaller, number: str, body: Body) -> CreditNote:
    """Return the credit note that crediting would issue, without a number; nothing is written."""
    return house.books.read(
        lambda session: corrections.preview(session, caller, number, body, house.clock())
    )


@changes.post(
    "/invoices/{number}/credit",
    summary="Credit an invoice",
    status_code=201,
    responses=_CHANGED,
    openapi_extra=written_as(corrections.CreditFile.model_json_schema(), _CREDIT),
)
async def credit_invoice(
    house: TheHouse,
    caller: TheCaller,
    response: Response,
    number: str,
    body: Body,
    key: IdempotencyKey = "",
) -> CorrectionDone:
    """Take back an invoice, or a part of it, as it was billed; needs the role finance.

    Name units, an amount before tax or days of its lines; without lines everything left is
    credited, or the `amount`. The credit note is mailed to the customer. If the approval policy
    asks for somebody's yes (202), it is issued with the last one.
    """
    return await _corrected(house, caller, response, (number, Correction.CREDIT, body, key))


@changes.post(
    "/invoices/{number}/void",
    summary="Void an invoice",
    status_code=201,
    responses=_CHANGED,
    openapi_extra=written_as(
        corrections.VoidFile.model_json_schema(), {"reason": "Made out to the wrong company"}
    ),
)
async def void_invoice(
    house: TheHouse,
    caller: TheCaller,
    response: Response,
    number: str,
    body: Body,
    key: IdempotencyKey = "",
) -> CorrectionDone:
    """Undo an invoice that did not reach its customer, where its country allows it.

    It keeps its number. Every other invoice is credited. Needs the role finance.
    """
    return await _corrected(house, caller, response, (number, Correction.VOID, body, key))


@changes.post(
    "/invoices/{number}/rebill",
    summary="Bill an invoice again",
    status_code=201,
    responses=_CHANGED,
    openapi_extra=written_as(
        corrections.RebillFile.model_json_schema(),
        {"reason": "The order number was missing", "purchase_order": "PO-78"},
    ),
)
async def rebill_invoice(
    house: TheHouse,
    caller: TheCaller,
    response: Response,
    number: str,
    body: Body,
    key: IdempotencyKey = "",
) -> CorrectionDone:
    """Take an invoice back in full and issue it anew with the parties and taxes as they are now.

    It is voided where that is possible, otherwise credited. Needs the role finance.
    """
    return await _corrected(house, caller, response, (number, Correction.REBILL, body, key))


async def _corrected(
    house: TheHouse,
    caller: TheCaller,
    response: Response,
    asked: tuple[str, Correction, object, str],
) -> CorrectionDone:
    number, kind, body, key = asked
    done = await corrections.correct(house, caller, number, kind, (body, key))
    response.status_code = 200 if done.repeated else 202 if done.waits_for else 201
    return done


@router.get("/drafts", summary="Invoices before they are issued", responses=responses(401, 404))
def list_drafts(
    house: TheHouse,
    _: TheCaller,
    deal: Annotated[str | None, Query(description="Only of this deal.")] = None,
) -> invoices.Drafts:
    """Return what is billable and not issued: in its days of grace, held, or with a question."""
    return house.books.read(lambda session: invoices.drafts(session, deal, house.clock()))


@router.get(
    "/deals/{number}/invoices/preview",
    summary="A deal's next invoices",
    responses=responses(401, 404),
)
def preview_invoices(house: TheHouse, _: TheCaller, number: str) -> invoices.Drafts:
    """Return the drafts of a deal, or else those of its next billing day, as issued then."""
    return house.books.read(lambda session: invoices.preview(session, number, house.clock()))


class Word(StrEnum):
    """What may be said of a draft."""

    HOLD = "hold"
    RELEASE = "release"
    ANNOTATE = "annotate"


@changes.post(
    "/drafts/{draft}/{word}",
    summary="Hold, release or annotate a draft",
    status_code=201,
    responses=_CHANGED,
    openapi_extra=written_as(
        corrections.DraftFile.model_json_schema(),
        {"reason": "The customer's order number is still to come"},
    ),
)
async def say_of_draft(  # noqa: PLR0913, PLR0917 - what every change of the API takes
    house: TheHouse,
    caller: TheCaller,
    response: Response,
    draft: str,
    word: Word,
    body: Body,
    key: IdempotencyKey = "",
) -> CorrectionDone:
    """Keep a draft from being issued, let it go, or print a note on it; needs the role finance."""
    kind = Correction(word.value)
    return await _corrected(house, caller, response, (draft, kind, body, key))


@dataclass(frozen=True)
class WantedStatement:
    """Which account, over which days."""

    entity: Annotated[str, Query(description="Selling entity; absent: the only one.")] = ""
    currency: Annotated[str, Query(description="Absent: the only one.")] = ""
    since: Annotated[date | None, Query(alias="from", description="First day.")] = None
    until: Annotated[date | None, Query(description="Last day; absent: today.")] = None
    deal: Annotated[str, Query(description="A deal on a test clock.")] = ""

    def of(self, customer: str) -> invoices.StatementWish:
        """Return the wish for a customer's statement."""
        return invoices.StatementWish(
            customer=customer,
            entity=self.entity,
            currency=self.currency,
            since=self.since,
            until=self.until,
            deal=self.deal,
        )


@router.get(
    "/customers/{number}/statement",
    summary="A customer's statement of account",
    responses=responses(401, 403, 404, 422),
)
def statement(
    house: TheHouse,
    _: ReaderOfBooks,
    number: str,
    wanted: Annotated[WantedStatement, Depends()],
) -> Statement:
    """Return invoices, credit notes and payments with a running balance, and what is open."""
    return house.books.read(
        lambda session: invoices.statement(session, wanted.of(number), house.clock())
    )


@changes.post(
    "/customers/{number}/statement",
    summary="Send a customer's statement of account",
    status_code=201,
    responses=_CHANGED,
)
async def send_statement(
    house: TheHouse,
    caller: TheCaller,
    response: Response,
    number: str,
    wanted: Annotated[WantedStatement, Depends()],
    key: IdempotencyKey = "",
) -> StatementSent:
    """Draw the statement, store it and mail it to the customer; needs the role finance."""
    sent = await corrections.send_statement(house, caller, wanted.of(number), key)
    response.status_code = 200 if sent.repeated else 201
    return sent
