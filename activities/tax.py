"""Tax beside the invoices: what the authorities say about a customer's VAT number."""

from sqlmodel import Session, col, select
from temporalio import activity

from activities.numbering import lock
from activities.ports import Office
from activities.register import customer_of
from activities.signatures import CHECK_VAT_ID
from models.errors import InvalidInputError, NotFoundError, Problem
from models.parties import Customer
from models.steps import CheckVatId, VatIdChecked
from models.tables import VatCheckRow
from models.vat_ids import VatCheck, VatVerdict, is_known_to_vies, refusal


class TaxActivities:
    """Asks about VAT numbers."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=CHECK_VAT_ID.name, no_thread_cancel_exception=True)
    def check_vat_id(self, step: CheckVatId) -> VatIdChecked:
        """Ask VIES about a customer's VAT number and keep the verdict, or say why it cannot.

        Safe to retry: the check is on record once under its number, and then nobody is asked.
        """
        known = self._office.books.read(lambda session: _known(session, step))
        if known is not None:
            return known.model_copy(update={"repeated": True})
        vies = self._office.vies
        if vies is None:
            remedy = "set Q2C_VIES_URL to the address of VIES and start the workers again"
            return _refused(Problem(field="vies", reason="is not switched on", remedy=remedy))
        try:
            customer = self._office.books.read(lambda one: customer_of(one, step.customer))
        except NotFoundError as error:
            remedy = "see `q2c customer list`"
            return _refused(Problem(field="customer", reason=str(error), remedy=remedy))
        problems = _problems(customer, step)
        if problems:
            return VatIdChecked(problems=problems)
        try:
            verdict = vies(step.vat_id, step.requester)
        except InvalidInputError as error:
            return VatIdChecked(problems=error.problems)
        return self._office.books.write(lambda session: self._keep(session, step, verdict))

    def _keep(self, session: Session, step: CheckVatId, verdict: VatVerdict) -> VatIdChecked:
        lock(session, f"customer:{step.customer}")
        known = _known(session, step)
        if known is not None:
            return known.model_copy(update={"repeated": True})
        row = VatCheckRow(
            customer=step.customer,
            vat_id=step.vat_id,
            number=step.number,
            valid=verdict.valid,
            reference=verdict.reference,
            name=verdict.name,
            asked_at=verdict.asked_at,
            actor=step.actor,
            checked_at=self._office.wall_clock(),
        )
        session.add(row)
        session.flush()
        return _answer(row)


def _refused(problem: Problem) -> VatIdChecked:
    return VatIdChecked(problems=(problem,))


def _problems(customer: Customer, step: CheckVatId) -> tuple[Problem, ...]:
    if customer.vat_id != step.vat_id:
        reason = f"is {customer.vat_id or 'not on record'}, not {step.vat_id}"
        return (Problem(field="vat_id", reason=reason, remedy="ask about the one on record"),)
    if not is_known_to_vies(step.vat_id):
        reason = f"{step.vat_id} is no number of the EU, which is all VIES knows"
        return (Problem(field="vat_id", reason=reason, remedy="ask its own authority"),)
    return ()


def _known(session: Session, step: CheckVatId) -> VatIdChecked | None:
    row = session.exec(
        select(VatCheckRow).where(
            VatCheckRow.customer == step.customer,
            VatCheckRow.vat_id == step.vat_id,
            VatCheckRow.number == step.number,
        )
    ).first()
    return _answer(row) if row else None


def _answer(row: VatCheckRow) -> VatIdChecked:
    return VatIdChecked(valid=row.valid, reference=row.reference, number=row.number)


def vat_checks(session: Session, customer: str) -> tuple[VatCheck, ...]:
    """Return every verdict on a customer's VAT numbers, the newest first."""
    rows = session.exec(
        select(VatCheckRow)
        .where(VatCheckRow.customer == customer)
        .order_by(col(VatCheckRow.checked_at).desc(), col(VatCheckRow.id).desc())
    )
    return tuple(VatCheck.model_validate(row, from_attributes=True) for row in rows)


def refused_vat_id(session: Session, customer: Customer) -> str:
    """Return why a customer's VAT number does not count, by the last verdict on it."""
    own = (one for one in vat_checks(session, customer.number) if one.vat_id == customer.vat_id)
    return refusal(next(own, None))
