"""Projection: what a period will come to if its use goes on as it did so far."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from models.meters import Aggregation, Meter
from models.money import Money, round_half_up
from models.usage import DECIMALS, Measured

_MICROSECOND = timedelta(microseconds=1)
_GROWS = (Aggregation.SUM, Aggregation.COUNT)


def projected(meter: Meter, so_far: Measured, past: timedelta, whole: timedelta) -> Decimal:
    """Return the quantity of a whole period, of which `past` has passed.

    Sums and counts go on at their pace; a maximum, a latest value and unique ones stay as they are.
    A weighted level is measured to the end of its period instead, for it holds until it changes.
    """
    if meter.aggregation not in _GROWS or past <= timedelta(0):
        return so_far.quantity
    return round_half_up(Fraction(so_far.quantity) * _pace(past, whole), DECIMALS)


def projected_amount(amount: Money, past: timedelta, whole: timedelta) -> Money:
    """Return an amount that goes on at its pace, for what is priced event by event."""
    if past <= timedelta(0):
        return amount
    pace = _pace(past, whole)
    return amount.prorate(pace.numerator, pace.denominator)


def _pace(past: timedelta, whole: timedelta) -> Fraction:
    return Fraction(whole // _MICROSECOND, min(past, whole) // _MICROSECOND)
