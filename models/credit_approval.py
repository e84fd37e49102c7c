"""Credit notes before an approver: what is asked for, and what a policy may look at of it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from models.approval_facts import LineFacts
from models.billing import Invoice
from models.credit_notes import CreditEffect, CreditNote
from models.credit_steps import CreditOrder
from models.credits import CreditPart
from models.money import Money, round_half_up
from models.value import Value


class CreditAsked(Value):
    """What a case of crediting means: an invoice, and what of it is to be taken back, and why.

    It names neither a day nor who asks, so that the same wish is the same content.
    """

    invoice: str
    reason: str
    parts: tuple[CreditPart, ...] = ()
    amount_minor: int | None = None
    currency: str = ""
    effect: CreditEffect = CreditEffect.CONCESSION

    def order(self, key: str, on: date, actor: str) -> CreditOrder:
        """Return the order that carries it out once under `key`, on a day of the deal."""
        asked = {name: getattr(self, name) for name in type(self).model_fields}
        return CreditOrder(key=key, on=on, actor=actor, **asked)


def asked_of(order: CreditOrder) -> CreditAsked:
    """Return what an order means, without its key, its day, and who gave it."""
    return CreditAsked(**{name: getattr(order, name) for name in CreditAsked.model_fields})


def facts_of_credit(
    invoice: Invoice, earlier: Sequence[CreditNote], draft: CreditNote, on: date
) -> dict[str, Decimal]:
    """Return what a policy may ask about a credit note; the amount is in major units, before tax.

    The share of the invoice counts what was credited of it before, so that many small credits are
    measured as the large one they come to.
    """
    credited = Money.total([draft.net, *(note.net for note in earlier)], invoice.currency)
    return {
        "amount": draft.net.decimal,
        "invoice_percent": _percent(credited.minor, invoice.net.minor),
        "invoice_age_days": Decimal(max((on - invoice.issued_on).days, 0)),
        "is_goodwill": Decimal(draft.effect is CreditEffect.CONCESSION),
    }


def lines_of_credit(draft: CreditNote) -> tuple[LineFacts, ...]:
    """Return what a policy may ask about each line that is credited, before tax."""
    return tuple(
        LineFacts(reference=line.reference, facts={"line_amount": line.net.decimal})
        for line in draft.lines
    )


def _percent(part: int, whole: int) -> Decimal:
    """Return a share in percent with two decimals, from 0 to 100; of nothing it is all."""
    if whole <= 0:
        return Decimal(100)
    return min(max(round_half_up(Decimal(part * 100) / whole, 2), Decimal(0)), Decimal(100))
