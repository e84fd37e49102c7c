"""Derivation: lines whose price is a percentage of other lines of the quote."""

from decimal import Decimal
from enum import StrEnum

from models.value import Value


class DerivationKind(StrEnum):
    """How a line came about that is not written in the deal file."""

    PERCENT_OF_TOTAL = "percent_of_total"
    ADDED = "added"


class TotalBasis(StrEnum):
    """Which amount of the counted lines a percentage is taken of."""

    LIST = "list"
    NET = "net"


class Derivation(Value):
    """Why a configured line exists or what its price is a percentage of.

    For a percentage, `of` holds the numbers of the lines that count, in the order of the quote, and
    never its own; `rank` is its place among the percentages of the quote, to be worked out from low
    to high: whatever counts towards a line has a lower rank.
    """

    kind: DerivationKind
    percent: Decimal = Decimal(0)
    basis: TotalBasis = TotalBasis.NET
    of: tuple[str, ...] = ()
    rank: int = 0
