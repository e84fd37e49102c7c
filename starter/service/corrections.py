"""Corrections of issued invoices: credit, void and rebill, each a short workflow of its own."""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlmodel import Session

from activities.credit_cases import demands_approval
from activities.crediting import draft_credit_note
from models.approval_cases import CaseStatus
from models.approval_facts import Subject
from models.credit_approval import asked_of
from models.credit_notes import CreditNote
from models.credit_steps import Corrected, CorrectInvoice, Correction, SendStatement, StatementSent
from models.credits import CreditPart
from models.errors import ConflictError, InvalidInputError, Problem
from models.money import Money, exponent
from models.parties import Role
from models.periods import Interval
from models.reading import FieldRule, is_filled, read
from models.statements import AccountScope
from models.tables import CreditNoteRow, DealRow, InvoiceRow
from models.value import Value
from models.written import LARGEST, decimals_of
from starter.service.cases import HandedIn, hand_in
from starter.service.errors import RunFailedError, UnansweredError
from starter.service.invoices import StatementWish, invoice_row, scope_of_wish
from starter.service.people import Caller, require
from starter.service.ports import House, Start
from starter.service.register import fingerprint
from starter.service.reports import deal_row
from workflows.ids import correction_workflow_id, statement_workflow_id

CORRECTORS = (Role.FINANCE,)

Result = TypeVar("Result", Corrected, StatementSent)


class CreditLineFile(Value):
    """What to credit of one line: units, an amount before tax, or days; nothing means its rest.

    `ends_on` is the first day after those that are credited.
    """

    line: int = Field(examples=[1], description="The line's position on the invoice, from 1.")
    quantity: Decimal | None = Field(default=None, description="Units, as text.")
    amount: Decimal | None = Field(default=None, description="Before tax, in major units.")
    starts_on: date | None = Field(default=None, description="First day.")
    ends_on: date | None = Field(default=None, description="The day after the last.")


class CreditFile(Value):
    """What to credit of an invoice: its rest, an amount before tax, or parts of its lines."""

    reason: str = Field(examples=["Two seats were never used"], description="It is printed.")
    amount: Decimal | None = Field(default=None, description="Before tax, over all lines.")
    currency: str = Field(default="", description="That of the invoice, as a check.")
    lines: tuple[CreditLineFile, ...] = ()


class VoidFile(Value):
    """Why an invoice is made void."""

    reason: str = Field(examples=["Made out to the wrong company"])


class RebillFile(Value):
    """Why an invoice is taken back and issued anew, and for which purchase order."""

    reason: str = Field(examples=["The order number was missing"])
    purchase_order: str = Field(default="", examples=["PO-78"], description="Empty: as it was.")


class DraftFile(Value):
    """Why a draft is held or released, or what is to be printed on it."""

    reason: str = Field(examples=["The customer's order number is still to come"])


_RULES = (FieldRule("reason", is_filled, "is empty", "say why; it stays on record"),)
_FILES: dict[Correction, type[Value]] = {
    Correction.CREDIT: CreditFile,
    Correction.VOID: VoidFile,
    Correction.REBILL: RebillFile,
    Correction.HOLD: DraftFile,
    Correction.RELEASE: DraftFile,
    Correction.ANNOTATE: DraftFile,
}


class CorrectionDone(Corrected):
    """What a correction made, and what it comes to with tax.

    Where the approval policy asks for a yes, it was handed in under `case`; until then nothing is
    made, and `waits_for` are those whose yes is missing.
    """

    gross_minor: int = 0
    currency: str = ""
    case: str = ""
    waits_for: tuple[str, ...] = ()


async def correct(
    house: House, caller: Caller, number: str, kind: Correction, asked: tuple[object, str]
) -> CorrectionDone:
    """Credit, void or rebill an invoice, or hold a draft; `asked` is the body and its key.

    A credit the approval policy has a word about is handed in and waits for its approvers.

    Raises `NotPermittedError`, `NotFoundError`, `InvalidInputError` with every problem or the
    reason of the refusal, `ConflictError` for a key that was used for another request, and
    `UnansweredError` if it may still happen.
    """
    require(caller, CORRECTORS, f"{kind.value} {'a draft' if kind.is_of_draft else 'an invoice'}")
    body, key = asked
    file = read(_FILES[kind], body if body is not None else {}, _RULES)
    own = hashlib.sha256(f"{caller.id}:{key or uuid.uuid4().hex}".encode()).hexdigest()[:24]

    def order(session: Session) -> CorrectInvoice:
        return _order(session, caller, number, (kind, file, own), house.clock())

    wanted = await house.read(order)
    if kind is Correction.CREDIT and await house.read(lambda one: demands_approval(one, wanted)):
        return await _hand_in(house, caller, wanted)
    asked_for = wanted.model_dump_json(exclude={"on", "at", "actor"})
    digest = hashlib.sha256(asked_for.encode()).hexdigest()
    done = await _run(
        house,
        Start(
            workflow="CorrectionWorkflow",
            workflow_id=correction_workflow_id(own),
            payload=wanted,
            summary=f"{kind.value} {number} by {caller.id}",
            fingerprint=digest,
        ),
        Corrected,
    )
    return await house.read(lambda session: _done(session, done))


async def _hand_in(house: House, caller: Caller, wanted: CorrectInvoice) -> CorrectionDone:
    """Hand a credit in; it is issued at once if the policy has come to want nobody's yes."""
    asked = HandedIn(
        subject=Subject.CREDIT_NOTE,
        base=wanted.invoice,
        content=asked_of(wanted).model_dump_json(exclude_defaults=True),
        reason=wanted.reason,
    )
    case = await hand_in(house, caller, asked)
    done = Corrected(
        invoice=wanted.invoice,
        deal=case.deal,
        credit_note=case.reference if case.status is CaseStatus.DONE else "",
        repeated=case.repeated,
    )
    found = await house.read(lambda session: _done(session, done))
    return found.model_copy(update={"case": case.number, "waits_for": case.waits_for})


def preview(
    session: Session, caller: Caller, number: str, body: object, now: datetime
) -> CreditNote:
    """Return the credit note that would be issued now, without a number; raises as `correct`."""
    require(caller, CORRECTORS, "credit an invoice")
    file = read(CreditFile, body if body is not None else {}, _RULES)
    order = _order(session, caller, number, (Correction.CREDIT, file, "preview"), now)
    return draft_credit_note(session, order)


async def send_statement(
    house: House, caller: Caller, wish: StatementWish, key: str
) -> StatementSent:
    """Draw, store and mail a customer's statement; raises as `correct` does."""
    require(caller, CORRECTORS, "send a statement")
    own = hashlib.sha256(f"{caller.id}:{key or uuid.uuid4().hex}".encode()).hexdigest()[:24]
    now = house.clock()

    def account(session: Session) -> tuple[AccountScope, str]:
        return scope_of_wish(session, wish, now)

    scope, deal = await house.read(account)
    request = SendStatement(**scope.model_dump(), key=own, at=now, deal=deal, actor=caller.id)
    return await _run(
        house,
        Start(
            workflow="StatementWorkflow",
            workflow_id=statement_workflow_id(scope.customer, own),
            payload=request,
            summary=f"statement of {scope.customer} to {scope.until}",
            fingerprint=fingerprint(wish),
        ),
        StatementSent,
    )


async def _run(house: House, start: Start, model: type[Result]) -> Result:
    """Run a request to its end; the same request again returns what the first one did."""
    started = await house.gateway.start(start)
    if not started:
        known = await house.gateway.look(start.workflow_id)
        if known.fingerprint != start.fingerprint:
            raise ConflictError("The Idempotency-Key was used for another request; use a new one.")
    try:
        done = await house.gateway.result(start.workflow_id, model, house.patience.answer)
    except RunFailedError as error:
        listed = error.problems or (
            Problem(field="invoice", reason=str(error), remedy="correct it and send it again"),
        )
        raise InvalidInputError(listed) from error
    except UnansweredError as error:
        raise UnansweredError(
            f"{error} It may still happen. Send it again under the same key: it counts once."
        ) from error
    return done if started else done.model_copy(update={"repeated": True})


def _order(
    session: Session,
    caller: Caller,
    number: str,
    asked: tuple[Correction, Value, str],
    now: datetime,
) -> CorrectInvoice:
    """Return the workflow's payload; raises `NotFoundError` and `InvalidInputError`."""
    kind, file, key = asked
    if kind.is_of_draft:
        deal = deal_row(session, number.rpartition(".")[0])
    else:
        deal = session.get_one(DealRow, invoice_row(session, number).deal)
    moment = (deal.business_time or deal.started_at) if deal.test_clock else now
    fields = {
        "key": key,
        "kind": kind,
        "invoice": number,
        "on": moment.astimezone(ZoneInfo(deal.time_zone)).date(),
        "at": moment,
        "actor": caller.id,
        "reason": getattr(file, "reason", ""),
        "purchase_order": getattr(file, "purchase_order", ""),
    }
    if isinstance(file, CreditFile):
        fields |= _what(file, invoice_row(session, number))
    return CorrectInvoice.model_validate(fields)


def _what(file: CreditFile, row: InvoiceRow) -> dict[str, object]:
    """Return what of an invoice is to be credited; raises `InvalidInputError`."""
    currency = file.currency or row.currency
    problems = list(_file_problems(file, row))
    if problems:
        raise InvalidInputError(problems)
    amount = None
    if file.amount is not None:
        amount = Money.from_decimal(file.amount, currency).minor
    parts = tuple(_part(line, currency) for line in file.lines)
    return {"parts": parts, "amount_minor": amount, "currency": currency}


def _part(line: CreditLineFile, currency: str) -> CreditPart:
    days = None
    if line.starts_on is not None and line.ends_on is not None:
        days = Interval(start=line.starts_on, end=line.ends_on)
    return CreditPart(
        line=line.line - 1,
        quantity=line.quantity,
        amount=None if line.amount is None else Money.from_decimal(line.amount, currency),
        days=days,
    )


def _file_problems(file: CreditFile, row: InvoiceRow) -> Iterator[Problem]:
    if file.currency and file.currency != row.currency:
        reason = f"is {file.currency}, but invoice {row.number} is in {row.currency}"
        yield Problem(field="currency", reason=reason, remedy=f"credit in {row.currency}")
        return
    yield from _amount_problems("amount", file.amount, row.currency)
    for place, line in enumerate(file.lines):
        yield from _amount_problems(f"lines[{place}].amount", line.amount, row.currency)
        if (line.starts_on is None) != (line.ends_on is None):
            missing = "starts_on" if line.starts_on is None else "ends_on"
            reason, remedy = "is missing", "name both ends of the days"
            yield Problem(field=f"lines[{place}].{missing}", reason=reason, remedy=remedy)


def _amount_problems(field: str, amount: Decimal | None, currency: str) -> Iterator[Problem]:
    if amount is None:
        return
    if not amount.is_finite() or not 0 < amount <= LARGEST:
        reason = f"{amount} is no amount above 0"
        yield Problem(field=field, reason=reason, remedy="write 12.50")
    elif decimals_of(amount) > exponent(currency):
        reason = f"{amount} is finer than the smallest unit of {currency}"
        remedy = f"use at most {exponent(currency)} decimals"
        yield Problem(field=field, reason=reason, remedy=remedy)


def _done(session: Session, done: Corrected) -> CorrectionDone:
    note = session.get(CreditNoteRow, done.credit_note) if done.credit_note else None
    return CorrectionDone(
        **done.model_dump(),
        gross_minor=note.gross_minor if note else 0,
        currency=note.currency if note else "",
    )
