"""The drafts of a deal, read from the books by the functions that issue its invoices."""

from collections.abc import Iterator
from datetime import date, datetime

from sqlmodel import Session, col, select

from activities.contract_versions import quote_in_force
from activities.crediting import fingerprint
from activities.drafting import ANNOTATE, HOLD, RELEASE, Drafts, draft_number, key_of
from activities.metering import metering_of
from activities.numbering import lock
from activities.open_terms import billed, planned, reached, transferred
from models.billing import Invoice, draft_invoice, due_charges, next_billing_on
from models.credit_steps import Corrected, CorrectInvoice, Correction
from models.errors import ConflictError, InvalidInputError, NotFoundError, ParkedError, Problem
from models.invoice_groups import invoice_groups
from models.tables import ContractRow, DraftNoteRow
from models.value import Value

_KINDS = {
    Correction.HOLD: HOLD,
    Correction.RELEASE: RELEASE,
    Correction.ANNOTATE: ANNOTATE,
}


class Draft(Value):
    """An invoice before it is issued. `held_because` and `question` say why it may not be.

    `invoice` is None where a question keeps it from being drawn up.
    """

    number: str
    deal: str
    term: int
    drafted_on: date
    issue_on: date
    held_because: str = ""
    question: str = ""
    invoice: Invoice | None = None


def drafts_of(session: Session, deal: str, on: date, now: datetime) -> tuple[Draft, ...]:
    """Return what is billable by a day and not issued yet, the oldest first.

    Usage counts as far as it is rated by `now`.
    """
    found: list[Draft] = []
    for contract in _contracts(session, deal):
        found += _of_term(session, contract, on, now)
    return tuple(sorted(found, key=lambda draft: (draft.issue_on, draft.number)))


def preview_of(session: Session, deal: str, on: date, now: datetime) -> tuple[Draft, ...]:
    """Return the drafts of a day, or where there are none those of the next billing day."""
    drafts = drafts_of(session, deal, on, now)
    if drafts:
        return drafts
    days = []
    for contract in _contracts(session, deal):
        plan, moved = planned(session, contract), _moved(session, contract)
        days.append(next_billing_on(plan, moved, billed(session, contract)))
    later = [day for day in days if day is not None]
    return drafts_of(session, deal, min(later), now) if later else ()


def say_of_draft(session: Session, order: CorrectInvoice) -> Corrected:
    """Put on record that a draft is held, released or annotated.

    The same key again changes nothing. Raises `NotFoundError` for no such draft, `ConflictError`
    for a key of another request, and `InvalidInputError` without a reason or text.
    """
    deal = order.invoice.rpartition(".")[0]
    lock(session, f"deal:{deal}")
    known = session.exec(select(DraftNoteRow).where(DraftNoteRow.key == order.key)).first()
    if known is not None:
        if known.request_hash != fingerprint(order):
            raise ConflictError(f"{order.key} is on record with other content")
        return Corrected(invoice=known.draft, deal=known.deal, term=known.term, repeated=True)
    drafts = drafts_of(session, deal, order.on, order.at)
    draft = next((one for one in drafts if one.number == order.invoice), None)
    if draft is None:
        raise NotFoundError(f"There is no draft {order.invoice}; it may be issued already")
    if not order.reason.strip():
        remedy = "say why, or what to print"
        raise InvalidInputError([Problem(field="reason", reason="is empty", remedy=remedy)])
    session.add(
        DraftNoteRow(
            draft=draft.number,
            deal=deal,
            term=draft.term,
            key=order.key,
            request_hash=fingerprint(order),
            kind=_KINDS[order.kind],
            text=order.reason.strip(),
            actor=order.actor,
            said_on=order.on,
        )
    )
    session.flush()
    return Corrected(invoice=draft.number, deal=deal, term=draft.term)


def _contracts(session: Session, deal: str) -> list[ContractRow]:
    statement = select(ContractRow).where(ContractRow.deal == deal)
    return list(session.exec(statement.order_by(col(ContractRow.term))))


def _moved(session: Session, contract: ContractRow) -> dict[str, date]:
    plan, moved = planned(session, contract), transferred(session, contract.deal)
    return {
        charge.reference: moved[charge.number]
        for charge in plan
        if charge.number in moved and not charge.milestone
    } | reached(session, contract, plan)


def _of_term(session: Session, contract: ContractRow, on: date, now: datetime) -> Iterator[Draft]:
    quote = quote_in_force(session, contract.deal, contract.term)
    if quote is None:
        return
    plan, moved = planned(session, contract), _moved(session, contract)
    due = due_charges(plan, moved, billed(session, contract), on)
    metering = metering_of(session, contract, on, now)
    if metering is not None:
        later = any((charge.bill_on or date.max) > on for charge in plan)
        due = (*due, *metering.due(due, is_last=not later))
    drafts = Drafts(session, contract, quote, metering.explained if metering else {})
    for group in invoice_groups(due, quote.billing, contract.ends_on, on):
        issue_on = (
            max(drafts.issue_on(group), on) if drafts.is_held(group) else drafts.issue_on(group)
        )
        invoice, question = None, ""
        try:
            invoice = draft_invoice(drafts.request(group, issue_on))
        except ParkedError as error:
            question = str(error)
        yield Draft(
            number=draft_number(contract.deal, key_of(contract, group)),
            deal=contract.deal,
            term=contract.term,
            drafted_on=max(due.billable_on for due in group.charges),
            issue_on=issue_on,
            held_because=drafts.held_because(group),
            question=question,
            invoice=invoice,
        )
