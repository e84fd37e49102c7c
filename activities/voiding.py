"""Void and rebill: undo an invoice nobody got, or take one back to issue it anew.

Both are parts of a transaction. The invoice stays as it is, with its number.
"""

from sqlmodel import Session, col, func, select

from activities import journal
from activities.accounts import deals_of
from activities.billed_days import CREDITED, RELEASED, freed_row
from activities.crediting import (
    fingerprint,
    invoice_lines,
    invoice_row,
    issue_credit_note,
    notes_of,
)
from activities.numbering import lock
from activities.ports import Office
from activities.register import entity_of
from models.credit_notes import CreditEffect
from models.credit_steps import Corrected, CorrectInvoice, CreditOrder
from models.errors import ConflictError, InvalidInputError, Problem
from models.ledger import Account, EntryHeader, JournalEntry, Posting, invoice_key, reversal_entry
from models.money import Money
from models.periods import Interval
from models.tables import (
    InvoiceRow,
    InvoiceVoidRow,
    JournalEntryRow,
    MailRow,
    PaymentApplicationRow,
    PostingRow,
    RebillRow,
    WriteOffRow,
)
from models.voiding import Standing, void_problems


def void_invoice(session: Session, office: Office, order: CorrectInvoice) -> Corrected:
    """Make an invoice void: it claims nothing any more, and its days may be billed again.

    The same key again changes nothing. Raises `NotFoundError`, `ConflictError` for a key of another
    request, and `InvalidInputError` where it has to be credited instead.
    """
    row = invoice_row(session, order.invoice)
    _lock(session, row)
    known = session.exec(select(InvoiceVoidRow).where(InvoiceVoidRow.key == order.key)).first()
    if known is not None:
        _require_same(known.request_hash, order)
        return _voided(row).model_copy(update={"repeated": True})
    entity = entity_of(session, row.entity)
    problems = tuple(void_problems(order.invoice, entity, standing_of(session, order.invoice)))
    problems += (*_without_reason(order), *_of_several_deals(session, row))
    if problems:
        raise InvalidInputError(problems)
    session.add(
        InvoiceVoidRow(
            invoice=row.number,
            key=order.key,
            request_hash=fingerprint(order),
            deal=row.deal,
            voided_on=order.on,
            reason=order.reason.strip(),
            actor=order.actor,
        )
    )
    for line in invoice_lines(session, row.number):
        period = Interval(start=line.starts_on, end=line.ends_on)
        session.add(freed_row(line, period, CREDITED, row.number))
    session.flush()
    _reverse(session, office, row, order)
    return _voided(row)


def rebill(session: Session, office: Office, order: CorrectInvoice) -> Corrected:
    """Take an invoice back in full, and let billing issue the same again.

    A void one is only released. One that may be made void is; any other is credited. The same key
    again changes nothing. Raises as voiding does, also where a part was credited before: what would
    be billed again is then not what is taken back.
    """
    row = invoice_row(session, order.invoice)
    _lock(session, row)
    known = session.get(RebillRow, order.invoice)
    if known is not None:
        return _repeated(known, row, order)
    problems = (*_without_reason(order), *_credited_before(session, order))
    if problems:
        raise InvalidInputError(problems)
    standing = standing_of(session, order.invoice)
    note = ""
    if not standing.is_void:
        entity = entity_of(session, row.entity)
        if any(void_problems(order.invoice, entity, standing)):
            note = _reversed_by(session, office, order)
        else:
            void_invoice(session, office, order)
    if not note:
        for line in invoice_lines(session, row.number):
            period = Interval(start=line.starts_on, end=line.ends_on)
            session.add(freed_row(line, period, RELEASED, row.number))
    session.add(
        RebillRow(
            invoice=row.number,
            key=order.key,
            request_hash=fingerprint(order),
            document=note or row.number,
            deal=row.deal,
            term=row.term,
            purchase_order=order.purchase_order,
            asked_on=order.on,
            reason=order.reason.strip(),
            actor=order.actor,
        )
    )
    session.flush()
    return Corrected(
        invoice=row.number, deal=row.deal, term=row.term, credit_note=note, is_void=not note
    )


def standing_of(session: Session, invoice: str) -> Standing:
    """Return what has happened to an invoice: whether it was mailed, paid, credited or voided."""
    row = invoice_row(session, invoice)
    mailed = select(MailRow.key).where(
        col(MailRow.key).startswith(f"{row.deal}:invoice:{invoice}:", autoescape=True)
    )
    paid = select(func.count(col(PaymentApplicationRow.id))).where(
        PaymentApplicationRow.invoice == invoice
    )
    given_up = select(WriteOffRow.invoice).where(WriteOffRow.invoice == invoice)
    return Standing(
        is_void=session.get(InvoiceVoidRow, invoice) is not None,
        is_delivered=session.exec(mailed).first() is not None,
        is_paid=session.exec(paid).one() > 0,
        is_credited=bool(notes_of(session, invoice)),
        is_written_off=session.exec(given_up).first() is not None,
    )


def corrected_order(session: Session, deal: str, term: int) -> str:
    """Return the purchase order that a rebill corrected last for a term, or nothing."""
    rows = session.exec(
        select(RebillRow)
        .where(RebillRow.deal == deal, RebillRow.term == term)
        .where(RebillRow.purchase_order != "")
        .order_by(col(RebillRow.asked_on), col(RebillRow.invoice))
    ).all()
    return rows[-1].purchase_order if rows else ""


def _lock(session: Session, row: InvoiceRow) -> None:
    lock(session, f"deal:{row.deal}")
    lock(session, f"customer:{row.customer}")


def _require_same(known: str, order: CorrectInvoice) -> None:
    if known != fingerprint(order):
        raise ConflictError(f"{order.key} is on record with other content")


def _voided(row: InvoiceRow) -> Corrected:
    return Corrected(invoice=row.number, deal=row.deal, term=row.term, is_void=True)


def _repeated(known: RebillRow, row: InvoiceRow, order: CorrectInvoice) -> Corrected:
    if known.key != order.key:
        reason = f"{row.number} was taken back to be billed again on {known.asked_on}"
        remedy = "see the deal's invoices; correct the new one"
        raise InvalidInputError([Problem(field="invoice", reason=reason, remedy=remedy)])
    _require_same(known.request_hash, order)
    note = known.document if known.document != row.number else ""
    return Corrected(
        invoice=row.number,
        deal=row.deal,
        term=row.term,
        credit_note=note,
        is_void=not note,
        repeated=True,
    )


def _of_several_deals(session: Session, row: InvoiceRow) -> tuple[Problem, ...]:
    """Refuse to undo an invoice for several deals: each has its own entry and its own contract."""
    deals = deals_of(session, [row.number]).get(row.number, ())
    if len(deals) < 2:
        return ()
    reason = f"bills the deals {', '.join(deals)} together"
    remedy = "credit the lines of each deal"
    return (Problem(field="invoice", reason=reason, remedy=remedy),)


def _without_reason(order: CorrectInvoice) -> tuple[Problem, ...]:
    if order.reason.strip():
        return ()
    return (Problem(field="reason", reason="is empty", remedy="say why; it stays on record"),)


def _credited_before(session: Session, order: CorrectInvoice) -> tuple[Problem, ...]:
    notes = notes_of(session, order.invoice)
    if not notes:
        return ()
    reason = f"{order.invoice} was credited before by {', '.join(note.number for note in notes)}"
    remedy = "credit what is left of it, and change the contract"
    return (Problem(field="invoice", reason=reason, remedy=remedy),)


def _reversed_by(session: Session, office: Office, order: CorrectInvoice) -> str:
    credit = CreditOrder(
        key=f"{order.key}:credit",
        invoice=order.invoice,
        on=order.on,
        reason=order.reason,
        effect=CreditEffect.REVERSAL,
        actor=order.actor,
    )
    return issue_credit_note(session, office, credit).number


def _reverse(session: Session, office: Office, row: InvoiceRow, order: CorrectInvoice) -> None:
    """Book back whatever of the invoice is posted; what is not will never be."""
    key = invoice_key(row.number)
    posted = session.exec(
        select(JournalEntryRow)
        .where(
            (col(JournalEntryRow.key) == key)
            | col(JournalEntryRow.key).startswith(f"{key}:", autoescape=True)
        )
        .order_by(col(JournalEntryRow.key))
    ).all()
    entries = [_entry(session, one) for one in posted]
    net = Money.total(
        (
            posting.amount
            for entry in entries
            for posting in entry.postings
            if posting.account in (Account.CONTRACT_ASSET, Account.CONTRACT_LIABILITY)
        ),
        row.currency,
    )
    header = EntryHeader(
        key=f"void:{row.number}",
        entity=row.entity,
        deal=row.deal,
        customer=row.customer,
        booked_on=order.on,
        cause=row.number,
        text=f"Invoice {row.number} is void",
    )
    position = journal.contract_position(session, row.deal, row.currency)
    entry = reversal_entry(header, entries, -net, position)
    journal.post(session, entry, office.wall_clock(), row.scope)


def _entry(session: Session, row: JournalEntryRow) -> JournalEntry:
    postings = session.exec(
        select(PostingRow).where(PostingRow.entry == row.key).order_by(col(PostingRow.id))
    )
    return JournalEntry(
        **row.model_dump(include=set(EntryHeader.model_fields)),
        postings=tuple(
            Posting(
                account=Account(posting.account),
                amount=Money(minor=posting.amount_minor, currency=posting.currency),
            )
            for posting in postings
        ),
    )
