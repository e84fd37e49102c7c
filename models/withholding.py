"""Withholding: tax on our income that the customer keeps back and pays to the authority for us.

It lowers what is paid, never what is owed: the receivable is the whole invoice, and what was kept
back becomes a claim on the authority when the rest is paid.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal

from pydantic import ValidationError

from models.errors import Problem
from models.money import Money
from models.value import Value


class Withholding(Value):
    """What a customer keeps back of invoices issued from `valid_from` until before `valid_until`.

    `rate_percent` is of the net amount; `categories` are the tax categories it is kept back of,
    all of them when none is named. `name` is printed on the invoice.
    """

    name: str
    rate_percent: Decimal
    valid_from: date
    valid_until: date | None = None
    categories: tuple[str, ...] = ()

    def covers(self, category: str, on: date) -> bool:
        """Whether it is kept back of a supply that is invoiced on a day."""
        is_in_force = self.valid_from <= on < (self.valid_until or date.max)
        return is_in_force and (not self.categories or category in self.categories)


class Withheld(Value):
    """What is kept back of one invoice."""

    name: str
    rate_percent: Decimal
    base: Money
    amount: Money


def withheld_of(
    rules: Iterable[Withholding], nets: Collection[tuple[str, Money]], on: date, currency: str
) -> Withheld | None:
    """Return what is kept back of net amounts by category; None when nothing is.

    The tax is worked out on their sum and rounded half up once. The first rule in force that covers
    any of the amounts counts.
    """
    for rule in rules:
        base = Money.total((net for category, net in nets if rule.covers(category, on)), currency)
        if base.minor > 0:
            return Withheld(
                name=rule.name,
                rate_percent=rule.rate_percent,
                base=base,
                amount=base.times(rule.rate_percent / 100),
            )
    return None


def withholding_problems(written: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what is wrong with the withholding rules of a customer, as they are written."""
    rules = written.get("withholding")
    for index, item in enumerate(rules if isinstance(rules, list | tuple) else ()):
        with suppress(ValidationError):
            yield from _rule_problems(f"withholding[{index}]", Withholding.model_validate(item))


def _rule_problems(where: str, rule: Withholding) -> Iterator[Problem]:
    if not rule.name.strip():
        remedy = "name the tax as the invoice shall"
        yield Problem(field=f"{where}.name", reason="is empty", remedy=remedy)
    if not 0 < rule.rate_percent < 100:
        reason, remedy = "is not between 0 and 100", "write it as text: '15'"
        yield Problem(field=f"{where}.rate_percent", reason=reason, remedy=remedy)
    if rule.valid_until is not None and rule.valid_until <= rule.valid_from:
        remedy = "give the first day on which it no longer holds"
        yield Problem(field=f"{where}.valid_until", reason="is not after valid_from", remedy=remedy)
