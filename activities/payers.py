"""Who pays for a customer's deals, and which deals share that customer's invoices."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from activities.accounts import deal_row
from activities.register import customer_of
from models.errors import NotFoundError
from models.parties import Customer
from models.steps import RegisterKind
from models.tables import DealRow, RegisterRow


def payer_of(session: Session, customer: str) -> Customer:
    """Return who is billed for a customer: itself, or its parent where that was agreed.

    A parent may have a parent of its own; in a circle, the last one before it closes is billed.
    Raises `NotFoundError` for a customer that is not on record.
    """
    found = customer_of(session, customer)
    seen = {customer}
    while found.billed_to_parent and found.parent and found.parent not in seen:
        seen.add(found.parent)
        found = customer_of(session, found.parent)
    return found


def payer_of_deal(session: Session, number: str) -> Customer:
    """Return who is billed for a deal."""
    return payer_of(session, deal_row(session, number).customer)


def payers(session: Session, deal: DealRow) -> tuple[str, ...]:
    """Return whose money and credit may settle a deal's invoices, in the order of their locks.

    The deal's customer comes in because invoices from before somebody else paid were its own.
    """
    try:
        payer = payer_of(session, deal.customer).number
    except NotFoundError:
        payer = deal.customer
    return tuple(sorted({deal.customer, payer}))


def is_paid_by(session: Session, deal: DealRow, customer: str) -> bool:
    """Whether a deal is the customer's, or of somebody the customer pays for."""
    if deal.customer == customer:
        return True
    try:
        return payer_of(session, deal.customer).number == customer
    except NotFoundError:
        return False


def paid_by(session: Session, payer: str) -> tuple[str, ...]:
    """Return the customers a customer pays for, itself first."""
    named = select(RegisterRow.key).where(
        RegisterRow.kind == RegisterKind.CUSTOMER.value,
        col(RegisterRow.content).contains('"billed_to_parent":true', autoescape=True),
    )
    children = sorted(set(session.exec(named)) - {payer})
    return (payer, *(child for child in children if payer_of(session, child).number == payer))


def deals_together(session: Session, deal: DealRow, payer: str) -> Sequence[str]:
    """Return the deals whose charges may share an invoice with those of a deal, by number.

    They are paid by the same customer to the same entity in one currency. A deal on a test clock
    stands alone.
    """
    if deal.test_clock:
        return [deal.number]
    statement = select(DealRow.number).where(
        col(DealRow.customer).in_(paid_by(session, payer)),
        DealRow.entity == deal.entity,
        DealRow.currency == deal.currency,
        col(DealRow.test_clock).is_(False),
    )
    return session.exec(statement.order_by(col(DealRow.number))).all()
