"""Write off: give up an invoice's rest, in the books and in the dunning; the debt remains."""

from datetime import date, datetime

from sqlmodel import Session

from activities import journal
from activities.accounts import deal_row, open_items, scope_of
from activities.numbering import lock
from models.approval_cases import CarriedOut, Examined, OpenCase
from models.approval_people import Barred
from models.collection import OpenItem
from models.deal import local_date
from models.errors import Problem
from models.ledger import EntryHeader, write_off_entry
from models.money import Money
from models.tables import ApprovalCaseRow, DealRow, InvoiceRow, WriteOffRow
from models.write_offs import WriteOff, facts_of_write_off, write_off_problems


def examine(session: Session, asked: OpenCase, at: datetime) -> Examined:
    """Say what giving up an invoice's rest means: how much, how late, whose deal it was."""
    meant = WriteOff.model_validate_json(asked.content)
    row = session.get(InvoiceRow, meant.invoice)
    if row is None:
        reason = f"there is no invoice {meant.invoice} on record"
        problem = Problem(field="invoice", reason=reason, remedy="see `q2c books receivables`")
        return Examined(problems=(problem,))
    deal = deal_row(session, row.deal)
    on, item = business_day(deal, at), _item(session, row)
    problems = tuple(write_off_problems(row.number, item, meant, on))
    if item is None or problems:
        return Examined(problems=problems)
    return Examined(
        title=f"Write off {item.balance} of invoice {row.number}, {days_late(item, on)}",
        currency=row.currency,
        facts=facts_of_write_off(item.balance, item.due_on, on),
        barred=(Barred(person=deal.seller, reason=f"sold deal {deal.number}"),),
        entity=row.entity,
        deal=row.deal,
        customer=row.customer,
        amount_minor=item.balance.minor,
        on=on,
    )


def carry_out(session: Session, case: ApprovalCaseRow, at: datetime) -> CarriedOut:
    """Book the expense for what is still open and note that the invoice is given up.

    Once per invoice: a second write-off finds it given up already.
    """
    meant = WriteOff.model_validate_json(case.content)
    row = session.get_one(InvoiceRow, meant.invoice)
    deal = deal_row(session, row.deal)
    lock(session, f"customer:{row.customer}")
    on, item = business_day(deal, at), _item(session, row)
    problems = tuple(write_off_problems(row.number, item, meant, on))
    if item is None or problems:
        return CarriedOut(problems=problems)
    session.add(
        WriteOffRow(
            invoice=row.number,
            case_number=case.number,
            deal=row.deal,
            customer=row.customer,
            currency=row.currency,
            amount_minor=item.balance.minor,
            reason=case.reason,
            actor=case.requester,
            written_off_on=on,
        )
    )
    session.flush()
    _post(session, row, item.balance, (on, at))
    return CarriedOut(reference=row.number, deals=(row.deal,))


def _item(session: Session, row: InvoiceRow) -> OpenItem | None:
    items = open_items(session, deal=row.deal)
    return next((item for item in items if item.invoice == row.number), None)


def days_late(item: OpenItem, on: date) -> str:
    """Say how late an item is, in words."""
    days = (on - item.due_on).days
    return f"{days} day{'' if days == 1 else 's'} past due"


def business_day(deal: DealRow, at: datetime) -> date:
    """Return the deal's calendar day: that of its test clock, else of `at` where it is sold."""
    moment = deal.business_time if deal.test_clock and deal.business_time else at
    return local_date(moment, deal.time_zone)


def _post(session: Session, row: InvoiceRow, amount: Money, moment: tuple[date, datetime]) -> None:
    on, recorded_at = moment
    deal = deal_row(session, row.deal)
    header = EntryHeader(
        key=f"write-off:{row.number}",
        entity=row.entity,
        deal=row.deal,
        customer=row.customer,
        booked_on=on,
        cause=row.number,
        text=f"Write-off of {row.number}",
    )
    journal.post(session, write_off_entry(header, amount), recorded_at, scope_of(deal))
