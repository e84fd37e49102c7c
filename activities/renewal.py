"""Renew: turn the accepted renewal quote into the contract of the next term."""

from sqlmodel import Session
from temporalio import activity

from activities.accounts import deal_row
from activities.contract import conclude
from activities.ports import Office
from activities.signatures import RENEW_TERM
from models.steps import ContractConcluded, RenewTerm


class RenewalActivities:
    """Concludes the contracts of later terms."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=RENEW_TERM.name, no_thread_cancel_exception=True)
    def renew_term(self, step: RenewTerm) -> ContractConcluded:
        """Put the next term's contract on record, with its plan and obligations.

        Safe to retry: the contract of a term is written once.
        """

        def renew(session: Session) -> ContractConcluded:
            concluded = conclude(session, step, step.quote_version)
            deal = deal_row(session, step.deal)
            if deal.term < step.term:
                deal.term = step.term
                deal.total_minor = concluded.total_minor
            return concluded

        return self._office.books.write(renew)
