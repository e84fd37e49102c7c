"""Statements of account: read from the books, drawn, stored and mailed."""

from collections.abc import Iterator
from datetime import date

from sqlmodel import Session, col, select

from activities.accounts import settled
from models.collection import OpenItem
from models.money import Money
from models.statements import AccountScope, Movement, Statement, StatementFact, make_statement
from models.tables import CreditNoteRow, InvoiceRow, InvoiceVoidRow, PaymentRow, WithheldRow


def statement_of(session: Session, scope: AccountScope, test_clock: str = "") -> Statement:
    """Return a customer's statement; with the number of a deal on a test clock only that deal's.

    Raises `InvalidInputError` if the days are the wrong way round.
    """
    return make_statement(
        scope, _facts(session, scope, test_clock), _open_items(session, scope, test_clock)
    )


def _facts(session: Session, scope: AccountScope, test_clock: str) -> Iterator[StatementFact]:
    yield from _invoices(session, scope, test_clock)
    yield from _voids(session, scope, test_clock)
    yield from _credit_notes(session, scope, test_clock)
    yield from _payments(session, scope, test_clock)
    yield from _withheld(session, scope, test_clock)


def _invoices(session: Session, scope: AccountScope, test_clock: str) -> Iterator[StatementFact]:
    for row in _rows_of(session, scope, test_clock):
        yield _fact(row, row.issued_on, Movement.INVOICE, row.gross_minor)


def _voids(session: Session, scope: AccountScope, test_clock: str) -> Iterator[StatementFact]:
    days = {row.invoice: row.voided_on for row in session.exec(select(InvoiceVoidRow))}
    for row in _rows_of(session, scope, test_clock):
        if row.number in days:
            yield _fact(row, days[row.number], Movement.VOID, -row.gross_minor)


def _withheld(session: Session, scope: AccountScope, test_clock: str) -> Iterator[StatementFact]:
    kept_back = {row.invoice: row for row in session.exec(select(WithheldRow))}
    for row in _rows_of(session, scope, test_clock):
        if row.number in kept_back:
            found = kept_back[row.number]
            yield _fact(row, found.booked_on, Movement.WITHHELD, -found.amount_minor)


def _fact(row: InvoiceRow, on: date, kind: Movement, minor: int) -> StatementFact:
    return StatementFact(
        on=on,
        kind=kind,
        document=row.number,
        deal=row.deal,
        amount=Money(minor=minor, currency=row.currency),
    )


def _credit_notes(
    session: Session, scope: AccountScope, test_clock: str
) -> Iterator[StatementFact]:
    rows = session.exec(
        select(CreditNoteRow)
        .where(CreditNoteRow.customer == scope.customer, CreditNoteRow.entity == scope.entity)
        .where(CreditNoteRow.currency == scope.currency, CreditNoteRow.scope == test_clock)
    )
    for row in rows:
        yield StatementFact(
            on=row.issued_on,
            kind=Movement.CREDIT_NOTE,
            document=row.number,
            reference=row.invoice,
            deal=row.deal,
            amount=Money(minor=-row.gross_minor, currency=row.currency),
        )


def _payments(session: Session, scope: AccountScope, test_clock: str) -> Iterator[StatementFact]:
    rows = session.exec(
        select(PaymentRow)
        .where(PaymentRow.customer == scope.customer, PaymentRow.entity == scope.entity)
        .where(PaymentRow.currency == scope.currency, PaymentRow.scope == test_clock)
    )
    for row in rows:
        yield StatementFact(
            on=row.received_on,
            kind=Movement.PAYMENT,
            document=row.number,
            reference=row.reference,
            amount=Money(minor=-row.amount_minor, currency=row.currency),
        )


def _rows_of(session: Session, scope: AccountScope, test_clock: str) -> list[InvoiceRow]:
    statement = (
        select(InvoiceRow)
        .where(InvoiceRow.customer == scope.customer, InvoiceRow.entity == scope.entity)
        .where(InvoiceRow.currency == scope.currency, InvoiceRow.scope == test_clock)
        .order_by(col(InvoiceRow.due_on), col(InvoiceRow.number))
    )
    return list(session.exec(statement))


def _open_items(session: Session, scope: AccountScope, test_clock: str) -> list[OpenItem]:
    """Return the invoices that were open at the end of the last day, oldest due first."""
    rows = [row for row in _rows_of(session, scope, test_clock) if row.issued_on <= scope.until]
    done = settled(session, [row.number for row in rows], scope.until)
    return [
        OpenItem(
            invoice=row.number,
            deal=row.deal,
            issued_on=row.issued_on,
            due_on=row.due_on,
            gross=Money(minor=row.gross_minor, currency=row.currency),
            balance=Money(minor=balance, currency=row.currency),
        )
        for row in rows
        if (balance := row.gross_minor - done.get(row.number, 0))
    ]
