"""Refund: pay a customer back what settles no invoice of theirs."""

from datetime import datetime

from sqlmodel import Session

from activities import journal
from activities.accounts import deal_row
from activities.cash import left_of
from activities.numbering import lock, next_number
from activities.register import entity_of
from activities.write_offs import business_day
from models.approval_cases import CarriedOut, Examined, OpenCase
from models.errors import Problem
from models.ledger import EntryHeader, refund_entry
from models.money import Money
from models.tables import ApprovalCaseRow, PaymentRow, RefundRow
from models.write_offs import Refund, facts_of_refund, refund_problems


def examine(session: Session, asked: OpenCase, at: datetime) -> Examined:
    """Say what paying back means: how much of which payment."""
    meant = Refund.model_validate_json(asked.content)
    row = session.get(PaymentRow, meant.payment)
    if row is None:
        reason = f"there is no payment {meant.payment} on record"
        problem = Problem(field="payment", reason=reason, remedy="see `q2c books refundable`")
        return Examined(problems=(problem,))
    problems = tuple(refund_problems(row.number, left_of(session, row), meant))
    if problems:
        return Examined(problems=problems)
    amount = Money(minor=meant.amount_minor, currency=row.currency)
    return Examined(
        title=f"Pay {amount} of payment {row.number} back to {row.customer}",
        currency=row.currency,
        facts=facts_of_refund(amount, has_credit_note=False),
        entity=row.entity,
        deal=row.scope,
        customer=row.customer,
        amount_minor=amount.minor,
        on=business_day(deal_row(session, row.scope), at) if row.scope else at.date(),
    )


def carry_out(session: Session, case: ApprovalCaseRow, at: datetime) -> CarriedOut:
    """Book the money that goes back; once for each case, under a number of its own."""
    meant = Refund.model_validate_json(case.content)
    row = session.get_one(PaymentRow, meant.payment)
    lock(session, f"customer:{row.customer}")
    problems = tuple(refund_problems(row.number, left_of(session, row), meant))
    if problems:
        return CarriedOut(problems=problems)
    on = business_day(deal_row(session, row.scope), at) if row.scope else at.date()
    entity = entity_of(session, row.entity)
    number, _, _, refunded_on = next_number(session, entity, "RFD", on, row.scope)
    amount = Money(minor=meant.amount_minor, currency=row.currency)
    session.add(
        RefundRow(
            number=number,
            case_number=case.number,
            payment=row.number,
            customer=row.customer,
            entity=row.entity,
            currency=row.currency,
            amount_minor=amount.minor,
            reason=case.reason,
            actor=case.requester,
            refunded_on=refunded_on,
            scope=row.scope,
        )
    )
    session.flush()
    header = EntryHeader(
        key=f"refund:{number}",
        entity=row.entity,
        deal=row.scope,
        customer=row.customer,
        booked_on=refunded_on,
        cause=number,
        text=f"Refund {number} of payment {row.number}",
    )
    journal.post(session, refund_entry(header, amount), at, row.scope)
    return CarriedOut(reference=number)
