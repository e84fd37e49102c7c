"""Credit: take back what was billed, in a document of its own that points to the invoice.

`issue_credit_note` is a part of a transaction, so that whoever changes a contract can credit within
the same one.
"""

import hashlib
from collections.abc import Sequence

from sqlmodel import Session, col, select

from activities.accounts import open_items
from activities.billed_days import CREDITED, RELEASED, freed_row
from activities.credit_postings import post_credits
from activities.numbering import lock, next_number
from activities.ports import Office
from activities.register import entity_of
from models.billing import Invoice
from models.credit_notes import CreditEffect, CreditNote
from models.credit_steps import CreditOrder
from models.credits import CreditRequest, credit, freed
from models.errors import ConflictError, InvalidInputError, NotFoundError, Problem
from models.money import Money
from models.tables import (
    CreditApplicationRow,
    CreditNoteLineRow,
    CreditNoteRow,
    FreedIntervalRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceVoidRow,
)

_BILLED_AGAIN = (CreditEffect.REVERSAL, CreditEffect.CHANGE)


def issue_credit_note(session: Session, office: Office, order: CreditOrder) -> CreditNote:
    """Issue one credit note with its number, journal entry and effect on what is open.

    The same key again returns the same credit note. The days taken back whole may be billed again;
    after a reversal or a change they will be, if they are in the plan.

    Raises:
        NotFoundError: there is no such invoice.
        ConflictError: the key stands for another request.
        InvalidInputError: with every problem (`models.credits.credit`), also for a void invoice.
    """
    known = session.exec(select(CreditNoteRow).where(CreditNoteRow.key == order.key)).first()
    if known is not None:
        if known.request_hash != fingerprint(order):
            raise ConflictError(f"{order.key} is on record as {known.number} with other content")
        return CreditNote.model_validate_json(known.content)
    row = invoice_row(session, order.invoice)
    lock(session, f"customer:{row.customer}")
    invoice = Invoice.model_validate_json(row.content)
    for deal in sorted(invoice.deals):
        lock(session, f"deal:{deal}")
    earlier = notes_of(session, order.invoice)
    draft = draft_credit_note(session, order)
    entity = entity_of(session, row.entity)
    number, series, sequence, issued_on = next_number(session, entity, "CN", order.on, row.scope)
    note = draft.model_copy(update={"number": number, "issued_on": issued_on})
    session.add(_note_row(note, order, row, (series, sequence)))
    session.flush()
    lines = invoice_lines(session, order.invoice)
    session.add_all(_line_rows(note, lines))
    session.add_all(_freed_rows(invoice, earlier, note, lines))
    _settle_own(session, row, note)
    session.flush()
    post_credits(session, note.deal, order.on, office.wall_clock())
    return note


def draft_credit_note(session: Session, order: CreditOrder) -> CreditNote:
    """Return the credit note an order would make now, without a number; raises as issuing does."""
    row = invoice_row(session, order.invoice)
    invoice = Invoice.model_validate_json(row.content)
    _require_standing(session, order.invoice)
    amount = None
    if order.amount_minor is not None:
        amount = Money(minor=order.amount_minor, currency=order.currency or row.currency)
    draft = credit(
        CreditRequest(
            invoice=invoice,
            earlier=notes_of(session, order.invoice),
            parts=order.parts,
            amount=amount,
            reason=order.reason,
            issued_on=order.on,
            effect=order.effect,
        )
    )
    draft = _of_one_deal(invoice, draft)
    if draft.gross.minor < 0:
        reason, remedy = "comes to less than nothing", "credit it together with other lines"
        raise InvalidInputError([Problem(field="parts", reason=reason, remedy=remedy)])
    return draft


def _of_one_deal(invoice: Invoice, draft: CreditNote) -> CreditNote:
    """Return the draft under the deal whose lines it names; one of several deals is refused.

    It moves the price, the liability and the plan of a contract, so it has to be about one.
    """
    named = [invoice.lines[line.invoice_line] for line in draft.lines]
    deals = list(dict.fromkeys(invoice.deal_of(line) for line in named))
    if len(deals) > 1:
        reason = f"takes back lines of the deals {', '.join(deals)}"
        remedy = "write a credit note for each deal and name its lines"
        raise InvalidInputError([Problem(field="parts", reason=reason, remedy=remedy)])
    if not named or deals == [invoice.deal]:
        return draft
    return draft.model_copy(update={"deal": deals[0], "term": named[0].term or draft.term})


def fingerprint(order: CreditOrder) -> str:
    """Return what stands for the content of a request; neither who asks nor the day."""
    content = order.model_dump_json(exclude={"actor", "on", "at"})
    return hashlib.sha256(content.encode()).hexdigest()


def invoice_row(session: Session, number: str) -> InvoiceRow:
    """Return an invoice's row; raises `NotFoundError`."""
    row = session.get(InvoiceRow, number)
    if row is None:
        raise NotFoundError(f"There is no invoice {number} on record")
    return row


def notes_of(session: Session, invoice: str) -> tuple[CreditNote, ...]:
    """Return the credit notes of an invoice, oldest first."""
    rows = session.exec(
        select(CreditNoteRow)
        .where(CreditNoteRow.invoice == invoice)
        .order_by(col(CreditNoteRow.issued_on), col(CreditNoteRow.sequence))
    )
    return tuple(CreditNote.model_validate_json(row.content) for row in rows)


def invoice_lines(session: Session, invoice: str) -> Sequence[InvoiceLineRow]:
    """Return the rows of an invoice's lines in their order on it."""
    statement = select(InvoiceLineRow).where(InvoiceLineRow.invoice == invoice)
    return session.exec(statement.order_by(col(InvoiceLineRow.id))).all()


def _require_standing(session: Session, invoice: str) -> None:
    void = session.get(InvoiceVoidRow, invoice)
    if void is not None:
        reason = f"{invoice} is void since {void.voided_on}"
        remedy = "a void invoice claims nothing; there is nothing to credit"
        raise InvalidInputError([Problem(field="invoice", reason=reason, remedy=remedy)])


def _settle_own(session: Session, row: InvoiceRow, note: CreditNote) -> None:
    """Set the credit against what is open of its own invoice; the rest is the customer's."""
    items = open_items(session, deal=row.deal)
    open_now = next((item.balance.minor for item in items if item.invoice == row.number), 0)
    settled = min(open_now, note.gross.minor)
    if settled > 0:
        session.add(
            CreditApplicationRow(
                credit_note=note.number,
                invoice=row.number,
                deal=row.deal,
                amount_minor=settled,
                currency=row.currency,
                applied_on=note.issued_on,
            )
        )


def _note_row(
    note: CreditNote, order: CreditOrder, invoice: InvoiceRow, place: tuple[str, int]
) -> CreditNoteRow:
    return CreditNoteRow(
        number=note.number,
        key=order.key,
        request_hash=fingerprint(order),
        invoice=note.corrects,
        entity=invoice.entity,
        series=place[0],
        sequence=place[1],
        deal=note.deal,
        term=note.term,
        customer=invoice.customer,
        currency=note.currency,
        scope=invoice.scope,
        issued_on=note.issued_on,
        effect=note.effect.value,
        net_minor=note.net.minor,
        tax_minor=note.tax.minor,
        gross_minor=note.gross.minor,
        actor=order.actor,
        content=note.model_dump_json(),
    )


def _line_rows(note: CreditNote, billed: Sequence[InvoiceLineRow]) -> list[CreditNoteLineRow]:
    return [
        CreditNoteLineRow(
            credit_note=note.number,
            invoice_line=billed[line.invoice_line].id or 0,
            deal=note.deal,
            term=note.term,
            reference=line.reference,
            starts_on=line.period.start,
            ends_on=line.period.end,
            net_minor=line.net.minor,
            tax_minor=line.tax.minor,
            currency=note.currency,
            unconditional_on=max(note.issued_on, billed[line.invoice_line].unconditional_on),
        )
        for line in note.lines
    ]


def _freed_rows(
    invoice: Invoice,
    earlier: Sequence[CreditNote],
    note: CreditNote,
    billed: Sequence[InvoiceLineRow],
) -> list[FreedIntervalRow]:
    kinds = (CREDITED, RELEASED) if note.effect in _BILLED_AGAIN else (CREDITED,)
    return [
        freed_row(billed[index], period, kind, note.number)
        for index, period in freed(invoice, earlier, note)
        for kind in kinds
    ]
