"""Prepaid credit: what was paid before it is used, drawn down by usage, and what is never used.

Revenue follows the use: each unit of credit drawn earns its share of what was paid for it. What is
left when nothing can draw on it any more is breakage, earned then (ASC 606-10-55-46, 55-48).
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from models.commitments import Pool
from models.errors import Problem
from models.money import Money
from models.periods import Interval
from models.value import Value


class Prepaid(Value):
    """What a spend commitment is good for, each time it is paid: `credit` at the usage's price."""

    credit: Decimal
    priority: int = 0
    overage_percent: Decimal = Decimal(100)


class PoolState(Value):
    """A pool of credit: what was paid for it, what it is good for, and what was drawn of it.

    It meets usage of `period`. Of several the lowest `priority` is drawn first, then the one that
    ends first, then the earlier one.
    """

    key: str
    name: str = ""
    paid: Money
    credit: Money
    drawn: Money
    priority: int = 0
    overage_percent: Decimal = Decimal(100)
    period: Interval
    closes_on: date

    @property
    def left(self) -> Money:
        """What can be drawn still."""
        return self.credit - self.drawn

    def earned(self, drawn: Money) -> Money:
        """Return what drawing so much in all earns of what was paid, rounded once."""
        if self.credit.is_zero:
            return Money.zero(self.paid.currency)
        return self.paid.prorate(drawn.minor, self.credit.minor)

    @property
    def breakage(self) -> Money:
        """What is earned of it in the end without having been used."""
        return self.paid - self.earned(self.drawn)


def pools_for(states: Iterable[PoolState], period: Interval) -> Sequence[Pool]:
    """Return the pools that usage of a period draws on, in their order, as open throughout."""
    usable = [one for one in states if one.left.minor > 0 and one.period.overlaps(period)]
    ordered = sorted(usable, key=lambda one: (one.priority, one.period.end, one.period.start))
    return tuple(
        Pool(
            key=one.key,
            balance=one.left.decimal,
            priority=place,
            overage_percent=one.overage_percent,
        )
        for place, one in enumerate(ordered)
    )


class TopUp(Value):
    """Credit that is bought during the term: what is paid, and what it is good for (the same)."""

    amount: Money
    credit: Money
    priority: int = 0
    starts_on: date
    ends_on: date


def top_up_problems(top_up: TopUp, term: Interval) -> tuple[Problem, ...]:
    """Return what keeps credit from being sold."""
    problems = []
    if top_up.amount.minor <= 0:
        reason, remedy = f"{top_up.amount} is nothing to pay", "write an amount above 0"
        problems.append(Problem(field="amount", reason=reason, remedy=remedy))
    if top_up.credit.minor < top_up.amount.minor:
        reason = f"{top_up.credit} is less than what is paid"
        problems.append(Problem(field="credit", reason=reason, remedy="leave it out, or raise it"))
    if top_up.ends_on <= top_up.starts_on:
        reason = f"{top_up.ends_on} is not after {top_up.starts_on}"
        problems.append(Problem(field="expires_on", reason=reason, remedy="choose a later day"))
    if top_up.ends_on > term.end:
        reason = f"{top_up.ends_on} is after the term, which ends on {term.end}"
        remedy = "leave it out, or choose an earlier day"
        problems.append(Problem(field="expires_on", reason=reason, remedy=remedy))
    return tuple(problems)
