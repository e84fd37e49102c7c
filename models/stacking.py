"""Stacking: which of several reductions of one price count together, and what they leave.

Every reduction declares how it combines. The default compounds: each percentage is taken of what
the one before left, so that 10 % and then 5 % leave 85.5 of 100.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from models.money import Money


class Stacking(StrEnum):
    """How a reduction combines with the others of the same line."""

    COMPOUND = "compound"
    """Its percentage is of what the reductions before it left. The default of the house."""
    ADDITIVE = "additive"
    """Its percentage is of the amount before any reduction: 10 % and 5 % leave 85 of 100."""
    BEST_OF = "best_of"
    """Of all that say so, only the one that takes most counts."""
    EXCLUSIVE = "exclusive"
    """It counts alone, unless one of a higher priority forbids it."""


_TOGETHER = frozenset({Stacking.COMPOUND, Stacking.ADDITIVE})
"""Those that count whatever else counts."""


class Reduction(NamedTuple):
    """Something that takes a percentage or an amount off each period of a line.

    `source` is its place in the engine's order: what comes earlier is taken off first, among equals
    what has the higher `priority`. `reach` is the share of the term in which it counts at all, so
    that a large reduction for a month is not mistaken for the best.
    """

    source: int
    name: str
    percent: Decimal | None = None
    amount: Decimal | None = None
    stacking: Stacking = Stacking.COMPOUND
    priority: int = 0
    reach: Decimal = Decimal(1)

    def off(self, base: Decimal, left: Decimal) -> Decimal:
        """Return what it takes off: `base` is the amount before any reduction, `left` after some.

        It is exact and may be more than is left; whoever asked for it is told.
        """
        if self.percent is None:
            return self.amount or Decimal(0)
        of = base if self.stacking is Stacking.ADDITIVE else left
        return of * self.percent / 100


def counting(reductions: Sequence[Reduction], base: Decimal) -> tuple[Reduction, ...]:
    """Return the reductions that count, in the order in which they are taken off.

    An exclusive one counts alone if none has a higher priority, and else not at all; of several,
    the one of the highest priority, then the one that takes most. Of those that are best of, the
    one that takes most over the term counts, among equals the one of the higher priority, then the
    earlier one.
    """
    if len(reductions) < 2:
        return tuple(reductions)
    if all(one.stacking in _TOGETHER for one in reductions):
        return tuple(sorted(reductions, key=_order))
    exclusive = [one for one in reductions if one.stacking is Stacking.EXCLUSIVE]
    if exclusive:
        first = max(exclusive, key=lambda one: (one.priority, _weight(one, base)))
        if all(one.priority <= first.priority for one in reductions):
            return (first,)
    rivals = [one for one in reductions if one.stacking is Stacking.BEST_OF]
    best = max(rivals, key=lambda one: (_weight(one, base), one.priority), default=None)
    kept = [one for one in reductions if one is best or one.stacking in _TOGETHER]
    return tuple(sorted(kept, key=_order))


def taken(
    reductions: Iterable[Reduction], base: Decimal
) -> Iterator[tuple[Reduction, Decimal, Decimal]]:
    """Yield each reduction with the amount before and after it, in the order given."""
    left = base
    for one in reductions:
        before, left = left, left - one.off(base, left)
        yield one, before, left


def off_total(reductions: Sequence[Reduction], total: Money) -> Money:
    """Return what the reductions that count take off a total, never more than the total.

    Each comes off what the ones before left; the result is rounded once.
    """
    left = total.decimal
    for _, _, after in taken(counting(reductions, left), left):
        left = after
    return total - Money.from_decimal(max(left, Decimal(0)), total.currency)


def _order(one: Reduction) -> tuple[int, int]:
    return (one.source, -one.priority)


def _weight(one: Reduction, base: Decimal) -> Decimal:
    return one.off(base, base) * one.reach
