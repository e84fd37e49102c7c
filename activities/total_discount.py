"""A discount altogether: the deal file with which a quote comes to so many percent off list."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from sqlmodel import Session

from activities.pricing import Draft, draft_quote
from models.deal_file import DealFile
from models.errors import InvalidInputError, Problem
from models.money import round_half_up
from models.quoting import discount_percent
from models.revision import undiscounted
from models.steps import DealStep


def reached(session: Session, step: DealStep, draft: Draft, percent: Decimal) -> DealFile:
    """Return the draft's file, changed so that everything together is `percent` off list.

    A header discount of that much does it where nothing else comes off. Beside agreed prices,
    contracted prices or promotions the header is solved for the total; agreed prices that alone
    come to more go. Raises `InvalidInputError` where what remains comes to more by itself.
    """
    if _percent(session, step, draft) == round_half_up(percent, 2):
        return draft.file
    for bare in _without_header(draft.file):
        quote, _ = draft_quote(session, step, replace(draft, file=bare))
        target = quote.list_total.times(Fraction(100 - percent) / 100)
        if quote.total == target:
            return bare
        if quote.total > target:
            return bare.model_copy(update={"target_total": target.decimal})
    reason = f"customer prices and promotions alone come to more than {percent} % off list"
    remedy = "name discounts of lines, or take the promotions out"
    raise InvalidInputError([Problem(field="delta.total_discount", reason=reason, remedy=remedy)])


def _percent(session: Session, step: DealStep, draft: Draft) -> Decimal:
    quote, _ = draft_quote(session, step, draft)
    return discount_percent(quote)


def _without_header(file: DealFile) -> Iterator[DealFile]:
    """Yield the file without its header discount, then without agreed prices either."""
    bare = file.model_copy(update={"header_discount": None})
    yield bare
    yield undiscounted(bare, agreed_prices=True)
