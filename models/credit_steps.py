"""What the workflows hand to the activities that credit, void and bill again, and what comes back.

The invoice's number is named; its content stays in the books.
"""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime

from models.credit_notes import CreditEffect
from models.credits import CreditPart
from models.errors import Problem
from models.value import Value


class CreditOrder(Value):
    """Take back what was billed on one invoice.

    `key` is the request's own: the same key again is the same credit note. Without `parts` all that
    is left is credited, or `amount_minor` before tax in `currency`. `on` is the deal's day.
    """

    key: str
    invoice: str
    on: date
    reason: str
    parts: tuple[CreditPart, ...] = ()
    amount_minor: int | None = None
    currency: str = ""
    effect: CreditEffect = CreditEffect.CONCESSION
    actor: str = ""


class Correction(StrEnum):
    """What is done about an invoice.

    Credit takes back what is named. Void undoes an invoice that never reached its customer. Rebill
    takes it back in full, one way or the other, and bills the same again. A draft is held, released
    or annotated before it is issued.
    """

    CREDIT = "credit"
    VOID = "void"
    REBILL = "rebill"
    HOLD = "hold"
    RELEASE = "release"
    ANNOTATE = "annotate"

    @property
    def is_of_draft(self) -> bool:
        """Whether it is done about a draft."""
        return self in (Correction.HOLD, Correction.RELEASE, Correction.ANNOTATE)


class CorrectInvoice(CreditOrder):
    """Correct an issued invoice by another document, or say something of a draft.

    `invoice` is the number of the invoice or the draft, `at` the deal's moment.

    `purchase_order` is what the invoice that is billed again refers to (empty: the contract's).
    """

    kind: Correction = Correction.CREDIT
    at: AwareDatetime
    purchase_order: str = ""


class Corrected(Value):
    """The credit note that was issued (empty after a void), or why nothing was done.

    `invoices` are those billed again.
    """

    invoice: str = ""
    deal: str = ""
    term: int = 1
    credit_note: str = ""
    is_void: bool = False
    repeated: bool = False
    invoices: tuple[str, ...] = ()
    refused_because: str = ""
    problems: tuple[Problem, ...] = ()


class SendStatement(Value):
    """Draw a customer's statement of account, store it, and mail it.

    `deal` is empty, or the deal on a test clock whose account it is. `at` is when it was asked for;
    `key` tells one sending from another.
    """

    key: str
    customer: str
    entity: str
    currency: str
    since: date
    until: date
    at: AwareDatetime
    deal: str = ""
    actor: str = ""


class StatementSent(Value):
    """The statement's number and where its document is, or why there is none."""

    number: str = ""
    sha256: str = ""
    repeated: bool = False
    refused_because: str = ""
    problems: tuple[Problem, ...] = ()
