"""Correct: credit, void or rebill an issued invoice, as somebody asked."""

from sqlmodel import Session, select
from temporalio import activity

from activities.credit_cases import demands_approval
from activities.crediting import invoice_row, issue_credit_note
from activities.drafts import say_of_draft
from activities.numbering import lock
from activities.ports import Office
from activities.signatures import CORRECT_INVOICE
from activities.voiding import rebill, void_invoice
from models.credit_steps import Corrected, CorrectInvoice, Correction, CreditOrder
from models.errors import ConflictError, InvalidInputError, NotFoundError, Problem
from models.tables import CreditNoteRow

_UNAPPROVED = Problem(
    field="approval",
    reason="the approval policy asks for a yes before this is credited",
    remedy="hand it in with `q2c invoice credit`; with the last yes it is issued",
)


class CorrectingActivities:
    """Takes back what was billed."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=CORRECT_INVOICE.name, no_thread_cancel_exception=True)
    def correct_invoice(self, order: CorrectInvoice) -> Corrected:
        """Credit, void or rebill an invoice, or hold a draft, or say why that is refused.

        Safe to retry: each request is on record once under its key, with what it made.
        """
        try:
            return self._office.books.write(lambda session: self._correct(session, order))
        except InvalidInputError as error:
            return Corrected(refused_because=str(error), problems=error.problems)
        except NotFoundError as error:
            problem = Problem(field="invoice", reason=str(error), remedy="see `q2c invoice list`")
            return Corrected(refused_because=str(problem), problems=(problem,))
        except ConflictError as error:
            problem = Problem(field="key", reason=str(error), remedy="use another key")
            return Corrected(refused_because=str(problem), problems=(problem,))

    def _correct(self, session: Session, order: CorrectInvoice) -> Corrected:
        match order.kind:
            case Correction.CREDIT:
                fields = set(CreditOrder.model_fields)
                asked = CreditOrder.model_validate(order.model_dump(include=fields))
                known = select(CreditNoteRow.number).where(CreditNoteRow.key == order.key)
                is_known = session.exec(known).first() is not None
                lock(session, f"customer:{invoice_row(session, order.invoice).customer}")
                if demands_approval(session, asked):
                    raise InvalidInputError([_UNAPPROVED])
                note = issue_credit_note(session, self._office, asked)
                return Corrected(
                    invoice=note.corrects,
                    deal=note.deal,
                    term=note.term,
                    credit_note=note.number,
                    repeated=is_known,
                )
            case Correction.VOID:
                return void_invoice(session, self._office, order)
            case Correction.REBILL:
                return rebill(session, self._office, order)
            case Correction.HOLD | Correction.RELEASE | Correction.ANNOTATE:
                return say_of_draft(session, order)
