"""Amendments of a deal's contracts: what is on record, and what one would come to."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from activities.amending import AmendmentActivities, amendment_document
from activities.billing import BillingActivities
from activities.contract_versions import contract_of, state_of
from activities.negotiation import moment_of
from activities.ports import HouseRules, Office
from models.amended_contract import Effect
from models.amendment import ContractState
from models.approval import ApprovalStep
from models.billing import Invoice
from models.credit_notes import CreditNote
from models.deal import local_date
from models.errors import InvalidInputError, RefusedError
from models.messages import Amendment
from models.parties import Role
from models.quote_diff import QuoteDiff
from models.steps import AmendDeal, BookAmendment, Converge, DealAmended
from models.tables import (
    AmendmentBookedRow,
    AmendmentRow,
    CreditNoteRow,
    DealRow,
    InvoiceRow,
)
from models.value import Value
from starter.service.people import Caller, require
from starter.service.ports import House
from starter.service.reports import deal_row

AMENDERS = (Role.SALES,)

Result = TypeVar("Result")


class AmendmentEntry(Value):
    """One amendment: what was asked, and what it did once it was booked.

    Three days count: it was agreed on `signed_on`, is in force from `effective_on`, and was booked
    on `booked_on`. The movement of monthly recurring revenue is `mrr_after_minor` less
    `mrr_before_minor`.
    """

    number: int
    term: int
    status: str
    version: int = 0
    quote_version: int
    effective_on: date
    signed_on: date
    booked_on: date | None = None
    reason_code: str
    reason: str
    accepted_by: str
    purchase_order: str
    actor: str
    treatment: str = ""
    currency: str = ""
    price_before_minor: int = 0
    price_after_minor: int = 0
    mrr_before_minor: int = 0
    mrr_after_minor: int = 0
    document: str = ""
    credit_notes: tuple[str, ...] = ()
    delta: str = ""
    diff: QuoteDiff | None = None


class Amendments(Value):
    """The contract of a deal's term as it stands, and what led there."""

    contract: ContractState | None = None
    items: tuple[AmendmentEntry, ...] = ()


class AmendmentPreview(Value):
    """What an amendment would do if it were made now; nothing of it is on record.

    Numbers of documents are those they would get now. `approvals` are the steps it would wait for.
    """

    effect: Effect
    approvals: tuple[ApprovalStep, ...] = ()
    credit_notes: tuple[CreditNote, ...] = ()
    invoices: tuple[Invoice, ...] = ()


def amendments(session: Session, number: str) -> Amendments:
    """Return the amendments of a deal, oldest first; raises `NotFoundError`."""
    deal = deal_row(session, number)
    contract = contract_of(session, number, deal.term)
    return Amendments(
        contract=state_of(session, contract) if contract else None,
        items=entries(session, number),
    )


def entries(session: Session, number: str) -> tuple[AmendmentEntry, ...]:
    """Return the amendments of a deal, oldest first."""
    booked = {
        row.number: row
        for row in session.exec(select(AmendmentBookedRow).where(AmendmentBookedRow.deal == number))
    }
    asked = session.exec(
        select(AmendmentRow).where(AmendmentRow.deal == number).order_by(col(AmendmentRow.number))
    ).all()
    last = asked[-1].number if asked else 0
    return tuple(_entry(row, booked.get(row.number), is_last=row.number == last) for row in asked)


def _entry(
    row: AmendmentRow, booked: AmendmentBookedRow | None, *, is_last: bool
) -> AmendmentEntry:
    fields = row.model_dump(include=set(AmendmentEntry.model_fields) - {"diff", "delta"})
    entry = AmendmentEntry(
        **fields,
        status="not booked" if is_last else "dropped",
        delta=row.delta,
        diff=QuoteDiff.model_validate_json(row.diff),
    )
    if booked is None:
        return entry
    effect = Effect.model_validate_json(booked.effect)
    return entry.model_copy(
        update={
            "status": "booked",
            "version": booked.version,
            "booked_on": booked.booked_on,
            "treatment": booked.treatment,
            "currency": booked.currency,
            "price_before_minor": booked.price_before_minor,
            "price_after_minor": booked.price_after_minor,
            "mrr_before_minor": effect.mrr_before.minor,
            "mrr_after_minor": effect.mrr_after.minor,
            "document": amendment_document(row.deal, row.number),
            "credit_notes": effect.credit_notes,
        }
    )


class _TakenBackError(Exception):
    """Carries the result of work that is not to stay on record."""

    def __init__(self, result: Any) -> None:
        self.result = result
        super().__init__("taken back")


def _try_out(house: House, work: Callable[[Session], Result]) -> Result:
    """Do something in the books, keep what it returns, and take it back."""

    def done(session: Session) -> None:
        raise _TakenBackError(work(session))

    try:
        house.books.write(done)
    except _TakenBackError as taken:
        result: Result = taken.result
        return result
    raise AssertionError("work that is tried out never stays")


async def preview(
    house: House, caller: Caller, number: str, body: Mapping[str, Any]
) -> AmendmentPreview:
    """Return what an amendment would do, by doing it and taking it back.

    Raises `NotPermittedError`, `NotFoundError`, `InvalidInputError` with everything that does not
    fit, and `RefusedError` for a deal without a running contract.
    """
    require(caller, AMENDERS, "amend a contract")
    message = Amendment.model_validate(dict(body))
    if message.problems:
        raise InvalidInputError(message.problems)
    secret = await asyncio.to_thread(house.settings.signing_secret)
    office = Office(
        books=house.books,
        rules=HouseRules(
            secret=secret,
            allow_test_clock=True,
            allow_unverified_decisions=False,
            continue_as_new_every=12,
        ),
        wall_clock=house.clock,
    )

    def work(session: Session) -> AmendmentPreview:
        deal = deal_row(session, number)
        if contract_of(session, number, deal.term) is None or deal.closed_at is not None:
            raise RefusedError(f"Deal {number} has no running contract ({deal.stage}).")
        at = moment_of(session, number, house.clock())
        return _done(session, office, (deal, at), caller, message)

    return await asyncio.to_thread(_try_out, house, work)


def _done(
    session: Session,
    office: Office,
    moment: tuple[DealRow, datetime],
    caller: Caller,
    message: Amendment,
) -> AmendmentPreview:
    deal, at = moment
    base = {
        "deal": deal.number,
        "term": deal.term,
        "at": at,
        "on": local_date(at, deal.time_zone),
    }
    known = _numbers(session, deal.number)
    said = message.model_dump(exclude={"problems", "command_id", "actor", "channel"})
    asked = {**base, **said, "actor": caller.id, "command_id": "preview"}
    activities = AmendmentActivities(office)
    amended = activities.amend(session, AmendDeal.model_validate(asked))
    steps = amended.priced.steps
    booked = _booked(session, activities, amended, base)
    BillingActivities(office).converge_within(session, Converge.model_validate(base))
    return AmendmentPreview(
        effect=booked,
        approvals=() if amended.booked else steps,
        credit_notes=tuple(
            CreditNote.model_validate_json(row.content)
            for row in session.exec(select(CreditNoteRow).where(CreditNoteRow.deal == deal.number))
            if row.number not in known
        ),
        invoices=tuple(
            Invoice.model_validate_json(row.content)
            for row in session.exec(select(InvoiceRow).where(InvoiceRow.deal == deal.number))
            if row.number not in known
        ),
    )


def _booked(
    session: Session,
    activities: AmendmentActivities,
    amended: DealAmended,
    base: Mapping[str, object],
) -> Effect:
    if not amended.booked:
        asked = BookAmendment.model_validate({**base, "number": amended.number})
        amended = activities.book(session, asked)
    row = session.exec(
        select(AmendmentBookedRow).where(
            AmendmentBookedRow.deal == base["deal"],
            AmendmentBookedRow.number == amended.number,
        )
    ).one()
    return Effect.model_validate_json(row.effect)


def _numbers(session: Session, deal: str) -> frozenset[str]:
    invoices = session.exec(select(InvoiceRow.number).where(InvoiceRow.deal == deal))
    notes = session.exec(select(CreditNoteRow.number).where(CreditNoteRow.deal == deal))
    return frozenset([*invoices, *notes])
