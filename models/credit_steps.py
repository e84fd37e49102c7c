"""What the workflows hand to the activities that credit, void and bill again, and what comes back.

The invoice's number is named; its content stays in the books.
"""

from datetime import date
from enum import StrEnum

from models.credit_notes import CreditEffect
from models.credits import CreditPart
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
    """What is done about an issued invoice."""

    CREDIT = "credit"
    VOID = "void"
    REBILL = "rebill"
