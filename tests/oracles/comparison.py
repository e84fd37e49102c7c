"""When an answer agrees with a published figure: numbers as numbers, only the keys published."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

_SHORTENED_FROM = 4
"""A figure with at least so many decimals may be an endless fraction that was cut somewhere."""

_NOTHING_IS_ZERO = frozenset({"allowance_total", "charge_total", "rate", "tax_total"})
"""Elements of EN 16931 that an invoice leaves out when they are zero (BT-107, 108, 110, 119)."""

_UNORDERED = frozenset({"vat_breakdown"})
"""Groups of EN 16931 that have no order among each other (BG-23)."""


class OpenEnded(tuple[object, ...]):
    """An answer that goes on for ever, cut somewhere: a scenario told without a last day.

    What is published is compared with as many of its first items.
    """

    __slots__ = ()


def agrees(expected: object, got: object) -> bool:
    """Whether the answer holds what was published; what it holds besides is not looked at.

    Decimals, whole numbers and fractions are compared as numbers and dates as ISO text. An exact
    `Fraction` agrees with a long figure that differs by less than one unit of its last decimal,
    since sources round or cut endless fractions where their numbers end. A null in a list says that
    nothing was published in that place.
    """
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(
            key in got and _agrees_under(key, value, got[key]) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(got, list | tuple)
            and (len(expected) == len(got) or _begins(expected, got))
            and all(
                want is None or agrees(want, have)
                for want, have in zip(expected, got, strict=False)
            )
        )
    if isinstance(got, date):
        return expected == got.isoformat()
    published, calculated = _number(expected), _number(got)
    if published is None or calculated is None:
        return isinstance(expected, bool) == isinstance(got, bool) and expected == got
    return published == calculated or abs(published - calculated) < _tolerance(expected, got)


def _begins(expected: list[object], got: object) -> bool:
    return isinstance(got, OpenEnded) and 0 < len(expected) < len(got)


def _agrees_under(key: str, expected: object, got: object) -> bool:
    """Whether it agrees; under `error` any word for a refusal agrees with a refusal."""
    if key == "error":
        return bool(expected) == bool(got)
    if key in _NOTHING_IS_ZERO:
        return agrees(expected or "0", got or Decimal(0))
    if key in _UNORDERED:
        return _agree_in_any_order(expected, got)
    return agrees(expected, got)


def _agree_in_any_order(expected: object, got: object) -> bool:
    if not isinstance(expected, list) or not isinstance(got, list | tuple):
        return agrees(expected, got)
    left = list(got)
    for one in expected:
        match = next((place for place, each in enumerate(left) if agrees(one, each)), None)
        if match is None:
            return False
        del left[match]
    return not left


def _tolerance(expected: object, got: object) -> Fraction:
    decimals = len(str(expected).partition(".")[2])
    if isinstance(got, Fraction) and decimals >= _SHORTENED_FROM:
        return Fraction(1, 10**decimals)
    return Fraction(0)


def _number(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction | str):
        return None
    try:
        return Fraction(value)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
