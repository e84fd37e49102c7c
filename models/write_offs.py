"""Write-offs and refunds: an invoice's rest nobody expects any more, and cash that goes back.

A write-off changes what we expect, not what is owed: the customer still owes the debt, so a payment
that comes after all is set against it and recovers the expense.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from pydantic import Field

from models.collection import OpenItem
from models.errors import Problem
from models.money import Money
from models.value import Value


class WriteOff(Value):
    """What a case of writing off means: an invoice, and what was open on it when it was asked."""

    invoice: str
    currency: str
    amount_minor: int = Field(ge=0)


class Refund(Value):
    """What a case of paying back means: a payment, and how much of what waits of it goes back."""

    payment: str
    currency: str
    amount_minor: int = Field(ge=0)


def write_off_problems(
    invoice: str, item: OpenItem | None, meant: WriteOff, on: date
) -> Iterator[Problem]:
    """Yield what stands against writing an invoice's rest off on a day.

    Only what is past due is given up, and never more than was approved.
    """
    if item is None:
        reason, remedy = f"nothing is open on invoice {invoice}", "see `q2c books receivables`"
        yield Problem(field="invoice", reason=reason, remedy=remedy)
        return
    if item.written_off:
        reason = f"invoice {invoice} is written off already"
        yield Problem(field="invoice", reason=reason, remedy="nothing is left to do")
    if on <= item.due_on:
        reason = f"invoice {invoice} is due on {item.due_on}"
        yield Problem(field="invoice", reason=reason, remedy="wait until it is past due")
    if item.balance.minor > meant.amount_minor:
        asked = Money(minor=meant.amount_minor, currency=meant.currency)
        reason = f"{item.balance} is open, more than the {asked} that was asked for"
        yield Problem(field="amount", reason=reason, remedy="hand it in again")


def refund_problems(payment: str, waiting: Money, meant: Refund) -> Iterator[Problem]:
    """Yield what stands against paying back: only cash that settles no invoice goes back."""
    asked = Money(minor=meant.amount_minor, currency=waiting.currency)
    if meant.currency != waiting.currency:
        reason = f"is {meant.currency}, but payment {payment} is in {waiting.currency}"
        yield Problem(field="currency", reason=reason, remedy="cash never crosses currencies")
    elif not meant.amount_minor:
        yield Problem(field="amount", reason="is zero", remedy="name what goes back")
    elif asked > waiting:
        reason = f"{asked} is more than the {waiting} of {payment} that settles no invoice"
        yield Problem(field="amount", reason=reason, remedy=f"at most {waiting}")


def facts_of_write_off(amount: Money, due_on: date, on: date) -> Mapping[str, Decimal]:
    """Return what a policy may ask about a write-off; the amount is in major units."""
    return {"amount": amount.decimal, "days_past_due": Decimal((on - due_on).days)}


def facts_of_refund(amount: Money, *, has_credit_note: bool) -> Mapping[str, Decimal]:
    """Return what a policy may ask about a refund; the amount is in major units."""
    return {"amount": amount.decimal, "has_credit_note": Decimal(has_credit_note)}
