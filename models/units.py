"""Units of measure that can be turned into one another, exactly."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from types import MappingProxyType

from models.errors import InvalidInputError, Problem
from models.tiers import EXACT

_IN_BASE: Mapping[str, tuple[str, Decimal]] = MappingProxyType(
    {
        **{
            unit: ("mass", Decimal(grams))
            for unit, grams in (("mg", "0.001"), ("g", "1"), ("kg", "1000"), ("t", "1000000"))
        },
        **{
            unit: ("length", Decimal(meters))
            for unit, meters in (("mm", "0.001"), ("cm", "0.01"), ("m", "1"), ("km", "1000"))
        },
        **{unit: ("volume", Decimal(liters)) for unit, liters in (("ml", "0.001"), ("l", "1"))},
        **{
            unit: ("time", Decimal(seconds))
            for unit, seconds in (("s", "1"), ("min", "60"), ("h", "3600"), ("day", "86400"))
        },
        **{unit: ("count", Decimal(count)) for unit, count in (("unit", "1"), ("dozen", "12"))},
    }
)
"""What each unit measures, and how much of the base unit of that it is."""


def in_unit(quantity: Decimal, unit: str, wanted: str) -> Fraction:
    """Return a quantity in another unit of the same kind, exactly: 1000 g are 1 kg.

    A unit we do not know is itself only. Raises `InvalidInputError` if one cannot become the other.
    """
    if unit == wanted:
        return Fraction(quantity)
    kind, size = _IN_BASE.get(unit, (unit, Decimal(1)))
    other, wanted_size = _IN_BASE.get(wanted, (wanted, Decimal(1)))
    if kind != other:
        problem = Problem(field="unit", reason=f"{unit} cannot be turned into {wanted}")
        raise InvalidInputError([problem])
    with localcontext(EXACT):
        return Fraction(quantity * size) / Fraction(wanted_size)
