"""Post credit notes, and set what customers have to their credit against later invoices."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from activities import journal
from activities.accounts import deal_row, open_items, scope_of
from activities.numbering import lock
from activities.payers import payers
from models.collection import Applied, apply_payment
from models.ledger import EntryHeader, credit_application_entry, credit_entry, credit_key
from models.money import Money
from models.tables import (
    CreditApplicationRow,
    CreditNoteLineRow,
    CreditNoteRow,
    DealRow,
    WriteOffRow,
)


def post_credits(session: Session, deal: str, on: date, recorded_at: datetime) -> date | None:
    """Post the parts of a deal's credit notes that count by a day; return the next such day.

    A line of an invoice that is no receivable yet is not lowered before it becomes one.
    """
    later: list[date] = []
    posted = journal.posted_keys(session, deal)
    for note in session.exec(_notes(deal)):
        lines = session.exec(_lines_of(note.number)).all()
        days = sorted({line.unconditional_on for line in lines})
        excess = note.gross_minor - _settled(session, note)
        for day in days:
            members = [line for line in lines if line.unconditional_on == day]
            gross = sum(line.net_minor + line.tax_minor for line in members)
            kept = max(0, min(excess, gross))
            excess -= kept
            key = credit_key(note.number) if day == days[0] else f"{credit_key(note.number)}:{day}"
            if day > on:
                later.append(day)
            elif key not in posted:
                _post(session, note, members, (key, day, gross - kept), recorded_at)
    return min(later, default=None)


def apply_waiting_credit(session: Session, number: str, on: date, recorded_at: datetime) -> None:
    """Set what the customer has to their credit against the deal's open invoices, oldest first.

    Credit stays within its entity and currency, and that of a deal on a test clock with the deal.
    """
    deal = deal_row(session, number)
    for customer in payers(session, deal):
        lock(session, f"customer:{customer}")
    for note, left in waiting_credit(session, deal):
        items = [
            item
            for item in open_items(session, deal=number, customer=note.customer)
            if item.invoice != note.invoice and item.balance.currency == note.currency
        ]
        for part in apply_payment(left, items).applied:
            _apply(session, deal, note, part, (on, recorded_at))


def waiting_credit(session: Session, deal: DealRow) -> list[tuple[CreditNoteRow, Money]]:
    """Return the credit notes of the deal's customer with something left, oldest first."""
    applied = (
        select(func.coalesce(func.sum(CreditApplicationRow.amount_minor), 0))
        .where(CreditApplicationRow.credit_note == CreditNoteRow.number)
        .correlate(CreditNoteRow)
        .scalar_subquery()
    )
    rows = session.exec(
        select(CreditNoteRow, applied)
        .where(
            col(CreditNoteRow.customer).in_(payers(session, deal)),
            CreditNoteRow.entity == deal.entity,
        )
        .where(CreditNoteRow.currency == deal.currency, CreditNoteRow.scope == scope_of(deal))
        .order_by(col(CreditNoteRow.issued_on), col(CreditNoteRow.number))
    ).all()
    return [
        (row, Money(minor=row.gross_minor - int(used), currency=row.currency))
        for row, used in rows
        if row.gross_minor > int(used)
    ]


def _notes(deal: str) -> SelectOfScalar[CreditNoteRow]:
    return (
        select(CreditNoteRow)
        .where(CreditNoteRow.deal == deal)
        .order_by(col(CreditNoteRow.issued_on), col(CreditNoteRow.sequence))
    )


def _lines_of(note: str) -> SelectOfScalar[CreditNoteLineRow]:
    return (
        select(CreditNoteLineRow)
        .where(CreditNoteLineRow.credit_note == note)
        .order_by(col(CreditNoteLineRow.id))
    )


def _settled(session: Session, note: CreditNoteRow) -> int:
    """Return how much of a credit note went against its own invoice."""
    statement = select(func.coalesce(func.sum(CreditApplicationRow.amount_minor), 0)).where(
        CreditApplicationRow.credit_note == note.number,
        CreditApplicationRow.invoice == note.invoice,
    )
    return int(session.exec(statement).one())


def _post(
    session: Session,
    note: CreditNoteRow,
    lines: Sequence[CreditNoteLineRow],
    part: tuple[str, date, int],
    recorded_at: datetime,
) -> None:
    key, day, settled = part
    header = EntryHeader(
        key=key,
        entity=note.entity,
        deal=note.deal,
        customer=note.customer,
        booked_on=max(day, note.issued_on),
        cause=note.number,
        text=f"Credit note {note.number} of {note.invoice}",
    )
    currency = note.currency
    entry = credit_entry(
        header,
        Money(minor=sum(line.net_minor for line in lines), currency=currency),
        Money(minor=sum(line.tax_minor for line in lines), currency=currency),
        Money(minor=settled, currency=currency),
        journal.contract_position(session, note.deal, currency),
        is_recovery=session.get(WriteOffRow, note.invoice) is not None,
    )
    journal.post(session, entry, recorded_at, note.scope)


def _apply(
    session: Session,
    deal: DealRow,
    note: CreditNoteRow,
    part: Applied,
    moment: tuple[date, datetime],
) -> None:
    on, recorded_at = moment
    session.add(
        CreditApplicationRow(
            credit_note=note.number,
            invoice=part.invoice,
            deal=part.deal,
            amount_minor=part.amount.minor,
            currency=part.amount.currency,
            applied_on=on,
        )
    )
    session.flush()
    header = EntryHeader(
        key=f"credit-application:{note.number}:{part.invoice}",
        entity=deal.entity,
        deal=deal.number,
        customer=note.customer,
        booked_on=on,
        cause=note.number,
        text=f"{note.number} applied to {part.invoice}",
    )
    entry = credit_application_entry(header, part.amount, is_recovery=part.is_recovery)
    journal.post(session, entry, recorded_at, scope_of(deal))
