"""A credit note as a case: what it takes back, and the document that an approval issues."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session, select

from activities.accounts import deal_row
from activities.approval_cases import case_path
from activities.crediting import draft_credit_note, invoice_row, issue_credit_note, notes_of
from activities.ports import Office
from activities.register import approval_policy
from activities.write_offs import business_day
from models.approval import is_approved
from models.approval_cases import CarriedOut, Examined, IssuedCredit, OpenCase
from models.approval_facts import Subject
from models.approval_people import Barred
from models.billing import Invoice
from models.credit_approval import CreditAsked, asked_of, facts_of_credit, lines_of_credit
from models.credit_steps import CreditOrder
from models.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    ParkedError,
    Problem,
)
from models.tables import ApprovalCaseRow, CreditNoteRow


def demands_approval(session: Session, order: CreditOrder) -> bool:
    """Whether the approval policy wants somebody's yes before an order is carried out.

    What is on record under the order's key already needs none. Raises as `draft_credit_note` does.
    """
    rules = approval_policy(session).rules
    if not any(rule.subject is Subject.CREDIT_NOTE for rule in rules):
        return False
    known = session.exec(select(CreditNoteRow.number).where(CreditNoteRow.key == order.key))
    if known.first() is not None:
        return False
    asked = OpenCase(
        subject=Subject.CREDIT_NOTE,
        key=order.invoice,
        content=asked_of(order).model_dump_json(),
        actor=order.actor,
    )
    try:
        return not is_approved(case_path(session, asked, _found(session, order)))
    except ParkedError:
        return True


def examine(session: Session, asked: OpenCase, at: datetime) -> Examined:
    """Say what crediting means: how much of the invoice, how old it is, whose deal it was."""
    try:
        meant = CreditAsked.model_validate_json(asked.content)
        row = invoice_row(session, meant.invoice)
        on = business_day(deal_row(session, row.deal), at)
        return _found(session, meant.order(asked.number, on, asked.actor))
    except InvalidInputError as error:
        return Examined(problems=error.problems)
    except NotFoundError as error:
        problem = Problem(field="invoice", reason=str(error), remedy="see `q2c invoice list`")
    except ValueError as error:
        problem = Problem(field="content", reason=str(error), remedy="send valid JSON")
    return Examined(problems=(problem,))


def _found(session: Session, order: CreditOrder) -> Examined:
    row = invoice_row(session, order.invoice)
    invoice = Invoice.model_validate_json(row.content)
    draft = draft_credit_note(session, order)
    deal = deal_row(session, draft.deal)
    return Examined(
        title=f"Credit {draft.net} before tax ({draft.gross} with it) of invoice {row.number}",
        currency=row.currency,
        facts=facts_of_credit(invoice, notes_of(session, row.number), draft, order.on),
        lines=lines_of_credit(draft),
        barred=(Barred(person=deal.seller, reason=f"sold deal {deal.number}"),),
        entity=row.entity,
        deal=deal.number,
        customer=row.customer,
        amount_minor=draft.gross.minor,
        on=order.on,
    )


def issuer(office: Office) -> Callable[[Session, ApprovalCaseRow, datetime], CarriedOut]:
    """Return what carries an approved credit out: one credit note, under the case's number."""

    def carry_out(session: Session, case: ApprovalCaseRow, at: datetime) -> CarriedOut:
        meant = CreditAsked.model_validate_json(case.content)
        billed = invoice_row(session, meant.invoice).deal
        on = business_day(deal_row(session, billed), at)
        try:
            order = meant.order(case.number, on, case.requester)
            note = issue_credit_note(session, office, order)
        except InvalidInputError as error:
            return CarriedOut(problems=error.problems)
        except ConflictError as error:
            problem = Problem(field="key", reason=str(error), remedy="hand it in again")
            return CarriedOut(problems=(problem,))
        deals = tuple(dict.fromkeys((note.deal, billed)))
        return CarriedOut(reference=note.number, deals=deals)

    return carry_out


def issued(session: Session, case: ApprovalCaseRow, at: datetime) -> IssuedCredit | None:
    """Return the credit note of a case that was carried out, to be published; None without one."""
    statement = select(CreditNoteRow).where(CreditNoteRow.key == case.number)
    note = session.exec(statement).first()
    if note is None:
        return None
    deal = deal_row(session, note.deal)
    moment = deal.business_time if deal.test_clock and deal.business_time else at
    return IssuedCredit(
        deal=note.deal,
        term=note.term,
        number=note.number,
        at=moment,
        on=business_day(deal, at),
    )
