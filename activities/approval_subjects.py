"""What may be handed in as a case: for each subject, how it is examined and what its yes does."""

from collections.abc import Mapping

from activities import catalog_changes, credit_cases, refunds, write_offs
from activities.approval_cases import CaseSubject
from activities.ports import Office
from activities.register import RegisterActivities
from models.approval_facts import Subject


def subjects_of(office: Office) -> Mapping[Subject, CaseSubject]:
    """Return the subjects this house knows, each with what it needs of the office."""
    publish = catalog_changes.publisher(RegisterActivities(office).append)
    return {
        Subject.CATALOG_CHANGE: CaseSubject(catalog_changes.examine, publish),
        Subject.WRITE_OFF: CaseSubject(write_offs.examine, write_offs.carry_out),
        Subject.REFUND: CaseSubject(refunds.examine, refunds.carry_out),
        Subject.CREDIT_NOTE: CaseSubject(
            credit_cases.examine, credit_cases.issuer(office), credit_cases.issued
        ),
    }
