"""Cash that waits: what a customer overpaid settles their next invoices, oldest money first."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session, col, func, select

from activities import journal
from activities.accounts import deal_row, open_items, scope_of
from activities.numbering import lock
from activities.payers import payers
from activities.withholding import settle_withheld
from models.collection import Applied, apply_payment
from models.ledger import EntryHeader, application_entry
from models.money import Money
from models.tables import DealRow, PaymentApplicationRow, PaymentRow, RefundRow


def apply_waiting_cash(session: Session, number: str, on: date, recorded_at: datetime) -> None:
    """Set the customer's unapplied cash against the deal's open invoices, in its currency.

    Money of a deal on a test clock and real money never meet.
    """
    deal = deal_row(session, number)
    for customer in payers(session, deal):
        lock(session, f"customer:{customer}")
    for payment, left in waiting_cash(session, deal):
        items = open_items(session, deal=number, customer=payment.customer)
        outcome = apply_payment(left, items)
        if not outcome.applied:
            continue
        for part in outcome.applied:
            session.add(
                PaymentApplicationRow(
                    payment=payment.number,
                    invoice=part.invoice,
                    deal=part.deal,
                    amount_minor=part.amount.minor,
                    currency=part.amount.currency,
                    applied_on=on,
                )
            )
        session.flush()
        _post(session, deal, payment, outcome.applied, (on, recorded_at))
        settle_withheld(session, payment, outcome.applied, items, (on, recorded_at))


def waiting_cash(session: Session, deal: DealRow) -> list[tuple[PaymentRow, Money]]:
    """Return the payments of the deal's customer with money left, oldest first."""
    applied = (
        select(func.coalesce(func.sum(PaymentApplicationRow.amount_minor), 0))
        .where(PaymentApplicationRow.payment == PaymentRow.number)
        .correlate(PaymentRow)
        .scalar_subquery()
    )
    refunded = (
        select(func.coalesce(func.sum(RefundRow.amount_minor), 0))
        .where(RefundRow.payment == PaymentRow.number)
        .correlate(PaymentRow)
        .scalar_subquery()
    )
    rows = session.exec(
        select(PaymentRow, applied + refunded)
        .where(
            col(PaymentRow.customer).in_(payers(session, deal)),
            PaymentRow.currency == deal.currency,
        )
        .where(PaymentRow.scope == scope_of(deal))
        .order_by(col(PaymentRow.received_on), col(PaymentRow.number))
    ).all()
    return [
        (row, Money(minor=row.amount_minor - int(used), currency=row.currency))
        for row, used in rows
        if row.amount_minor > int(used)
    ]


def left_of(session: Session, payment: PaymentRow) -> Money:
    """Return what of a payment settles no invoice and was not paid back."""
    applied = select(func.coalesce(func.sum(PaymentApplicationRow.amount_minor), 0)).where(
        PaymentApplicationRow.payment == payment.number
    )
    refunded = select(func.coalesce(func.sum(RefundRow.amount_minor), 0)).where(
        RefundRow.payment == payment.number
    )
    used = int(session.exec(applied).one()) + int(session.exec(refunded).one())
    return Money(minor=payment.amount_minor - used, currency=payment.currency)


def _post(
    session: Session,
    deal: DealRow,
    payment: PaymentRow,
    applied: Sequence[Applied],
    moment: tuple[date, datetime],
) -> None:
    on, recorded_at = moment
    header = EntryHeader(
        key=f"application:{payment.number}:{applied[0].invoice}",
        entity=deal.entity,
        deal=deal.number,
        customer=payment.customer,
        booked_on=on,
        cause=payment.number,
        text=f"{payment.number} applied to {', '.join(part.invoice for part in applied)}",
    )
    entry = application_entry(header, applied)
    journal.post(session, entry, recorded_at, scope_of(deal))
