"""Asking a tax engine about the invoices of one run, never within a transaction.

The run is tried; what it needs to know is collected and the transaction undone. Then the engine is
asked, and the run is tried again with its answers. Numbers are drawn in the last try alone.
"""

from activities.ports import TaxEngine
from models.billing import InvoiceRequest, tax_inquiry
from models.errors import ParkedError, Q2CError
from models.taxing import TaxAnswer, TaxInquiry


class AnswersNeededError(Q2CError):
    """A try that cannot be finished before the engine was asked."""

    code = "answers_needed"


class TaxDesk:
    """The questions and answers of one run."""

    def __init__(self, engine: TaxEngine | None) -> None:
        self._engine = engine
        self._open: dict[str, TaxInquiry] = {}
        self._answers: dict[str, TaxAnswer | ParkedError] = {}

    @property
    def has_engine(self) -> bool:
        """Whether an engine works out the tax, so that the rules on record do not decide."""
        return self._engine is not None

    def taxed(self, request: InvoiceRequest) -> InvoiceRequest | None:
        """Return the request with its answer; None, and noted, while the engine was not asked.

        Raises `ParkedError` with the engine's reason if it gave no answer. Without an engine the
        request is as it was, and the rules decide.
        """
        if self._engine is None:
            return request
        inquiry = tax_inquiry(request)
        answer = self._answers.get(inquiry.key)
        if answer is None:
            self._open[inquiry.key] = inquiry
            return None
        if isinstance(answer, ParkedError):
            raise answer
        return request.model_copy(update={"taxed": answer})

    def require_answers(self) -> None:
        """Raise `AnswersNeededError` if anything is to be asked, which undoes the try."""
        if self._open:
            raise AnswersNeededError(f"{len(self._open)} invoices wait for the tax engine")

    def ask(self) -> None:
        """Ask the engine everything that is open; no answer is an answer too."""
        for key, inquiry in self._open.items():
            self._answers[key] = self._ask(inquiry)
        self._open = {}

    def _ask(self, inquiry: TaxInquiry) -> TaxAnswer | ParkedError:
        if self._engine is None:
            return ParkedError("There is no tax engine to ask.")
        try:
            return self._engine(inquiry)
        except ParkedError as error:
            return error
