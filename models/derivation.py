"""Derivation: lines nobody ordered that follow from those somebody did, in a fixed order.

A product may be sold for a percentage of other lines (`PercentOf`), and a rule may add a product to
whatever requires it (`AddedProduct`). Both are data of the catalogue. `in_order` gives the one
order in which they are worked out: whatever a line is derived from comes before it, so that one
pass reaches the fixed point and the order in which somebody wrote the lines plays no part.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from models.selection import Selector
from models.value import Value
from models.written import NUMBERS_AS_TEXT

Item = TypeVar("Item")


class DerivationKind(StrEnum):
    """How a line came about that is not written in the deal file."""

    PERCENT_OF_TOTAL = "percent_of_total"
    ADDED = "added"


class TotalBasis(StrEnum):
    """Which amount of the counted lines a percentage is taken of."""

    LIST = "list"
    NET = "net"


class PercentOf(Value):
    """The price of a product as a percentage of other lines of the quote, itself excluded.

    `of` selects the lines. Lines that are percentages themselves count only if `of.skus` names
    them. Charges count that are of the same type as the product's own charge; what recurs counts
    with its amount for one period of the product's cadence. `within_bundle` narrows the total to
    the bundle the product is a component of.
    """

    model_config = NUMBERS_AS_TEXT

    percent: Decimal
    basis: TotalBasis = TotalBasis.NET
    of: Selector = Selector()
    within_bundle: bool = False


class Derivation(Value):
    """Why a configured line exists or what its price is a percentage of.

    For a percentage, `of` holds the numbers of the lines that count, in the order of the quote, and
    never its own; `rank` is its place among the percentages of the quote, to be worked out from low
    to high: whatever counts towards a line has a lower rank. For an added line, `rule` is the key
    of the rule and `reason` its author's words.
    """

    kind: DerivationKind
    percent: Decimal = Decimal(0)
    basis: TotalBasis = TotalBasis.NET
    filter: Selector = Selector()
    of: tuple[str, ...] = ()
    rank: int = 0
    rule: str = ""
    reason: str = ""


class AddedProduct(Value):
    """A rule that puts a product into every quote with at least `at_least` units of `when`.

    It asks for `fixed` units and `units` more for each `per` units of `when`, begun ones counted in
    full. What the quote has of the product already counts; only what is missing is added. Of
    several rules for one product the one that asks for most decides.
    """

    model_config = NUMBERS_AS_TEXT

    key: str
    when: Selector
    at_least: Decimal = Decimal(1)
    add: str
    fixed: Decimal = Decimal(0)
    units: Decimal = Decimal(0)
    per: Decimal = Decimal(1)
    reason: str = ""

    def asked(self, found: Decimal) -> Decimal:
        """Return how many units the rule asks for where `found` units of `when` are sold."""
        if found <= 0 or found < self.at_least:
            return Decimal(0)
        return self.fixed + self.units * begun(found, self.per)


def begun(quantity: Decimal, size: Decimal) -> Decimal:
    """Return how many lots of `size` a quantity takes, the last one counted in full."""
    whole, left = divmod(quantity, size)
    return whole + 1 if left > 0 else whole


def in_order(
    items: Sequence[Item], follows: Callable[[Item, Item], bool]
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Return the items in an order in which each comes after whatever it follows, and the rest.

    The rest is what stands in a circle or follows one; without circles it is empty. Of items that
    could come next, the first in the sequence does, so the result depends on nothing else.
    `follows(a, b)` tells whether `a` is worked out from `b`.
    """
    done: list[Item] = []
    left = list(items)
    while left:
        ready = next((a for a in left if not any(follows(a, b) for b in left)), None)
        if ready is None:
            break
        left.remove(ready)
        done.append(ready)
    return tuple(done), tuple(left)
