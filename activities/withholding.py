"""Tax kept back: once the rest of an invoice is paid, the claim for it is on the authority."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session

from activities import journal
from models.billing import Invoice
from models.collection import Applied, OpenItem
from models.ledger import EntryHeader, withholding_entry, withholding_key
from models.money import Money
from models.tables import InvoiceRow, PaymentRow, WithheldRow


def settle_withheld(
    session: Session,
    payment: PaymentRow,
    applied: Sequence[Applied],
    items: Sequence[OpenItem],
    moment: tuple[date, datetime],
) -> None:
    """Book what was kept back of each invoice that a payment has settled otherwise.

    Each invoice once: its unique key refuses a second time.
    """
    open_items = {item.invoice: item for item in items}
    for part in applied:
        item = open_items[part.invoice]
        if item.withheld is not None and item.balance - part.amount == item.withheld:
            _settle(session, payment, part.invoice, item.withheld, moment)


def _settle(
    session: Session,
    payment: PaymentRow,
    invoice: str,
    amount: Money,
    moment: tuple[date, datetime],
) -> None:
    on, recorded_at = moment
    row = session.get_one(InvoiceRow, invoice)
    agreed = Invoice.model_validate_json(row.content).withheld
    name = agreed.name if agreed else ""
    session.add(
        WithheldRow(
            invoice=invoice,
            deal=row.deal,
            payment=payment.number,
            name=name,
            amount_minor=amount.minor,
            currency=amount.currency,
            booked_on=on,
        )
    )
    session.flush()
    header = EntryHeader(
        key=withholding_key(invoice),
        entity=row.entity,
        deal=row.deal,
        customer=row.customer,
        booked_on=on,
        cause=payment.number,
        text=f"{name} kept back of {invoice}",
    )
    journal.post(session, withholding_entry(header, amount), recorded_at, row.scope)
