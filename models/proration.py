"""Proration: what part of a period costs, by the rule the charge of the catalogue says.

A factor is a part over the full, un-truncated period, both measured in the same unit. It is exact,
it lies between 0 and 1, and an amount is multiplied by it and rounded once, line by line: a credit
and a charge are never netted before they are rounded.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import assert_never
from zoneinfo import ZoneInfo

from models.charges import Proration
from models.money import Money
from models.periods import Interval, days_in_fixed_months, months_between
from models.tax import percentage
from models.value import Value

__all__ = [
    "EarlyEnd",
    "PlanChange",
    "Proration",
    "early_end",
    "factor",
    "factor_of_moments",
    "plan_change",
    "prorated_true_up",
]

DAYS_IN_FIXED_MONTH = 30
_MICROSECOND = timedelta(microseconds=1)


class PlanChange(Value):
    """What a change inside a period comes to: `credit` is negative, both are shown."""

    credit: Money
    charge: Money

    @property
    def net(self) -> Money:
        """What is left to pay, the sum of two rounded lines."""
        return self.charge + self.credit


class EarlyEnd(Value):
    """What was billed in advance, tax included, and what of it is given back."""

    billed: Money
    net: Money
    tax: Money

    @property
    def total(self) -> Money:
        """The credit with its tax: the sum of two rounded amounts."""
        return self.net + self.tax


def factor(policy: Proration, part: Interval, full: Interval, zone: str = "UTC") -> Fraction:
    """Return what share of the full period the part is, by the charge's rule, from 0 to 1.

    Days of the part outside the full period do not count. The calendar decides where a month of
    fixed length ends: the end of the period is its last day, whatever that day is called. Raises
    `ValueError` if the full period holds no day.
    """
    if full.days <= 0:
        raise ValueError(f"The full period from {full.start} to {full.end} holds no day")
    inside = part.intersection(full)
    if inside is None:
        return Fraction(0)
    match policy:
        case Proration.NONE:
            return Fraction(1)
        case Proration.DAY:
            return inside.part_of(full)
        case Proration.SECOND:
            bounds = (inside.start, inside.end, full.start, full.end)
            return factor_of_moments(*(_start_of(day, zone) for day in bounds))
        case Proration.THIRTY_360:
            return _in_fixed_months(inside, full)
        case Proration.FIXED_DAYS:
            months = months_between(full.start, full.end)
            days = months * DAYS_IN_FIXED_MONTH or full.days
            return min(Fraction(inside.days, days), Fraction(1))
        case _:
            assert_never(policy)


def factor_of_moments(
    start: datetime, end: datetime, full_start: datetime, full_end: datetime
) -> Fraction:
    """Return what share of a full span of time a part of it is, to the microsecond, from 0 to 1.

    Raises `ValueError` if the full span holds no time.
    """
    whole = _length(full_start, full_end)
    if whole <= 0:
        raise ValueError(f"The full span from {full_start} to {full_end} holds no time")
    part = _length(max(start, full_start), min(end, full_end))
    return Fraction(max(part, 0), whole)


def plan_change(old: Money, new: Money, remaining: Fraction) -> PlanChange:
    """Return the credit of the old price and the charge of the new one for what remains.

    Each is rounded by itself; a remaining part outside 0 to 1 counts as the nearer of the two.
    """
    left = min(max(remaining, Fraction(0)), Fraction(1))
    return PlanChange(credit=-old.times(left), charge=new.times(left))


def early_end(
    price: Money, billed: Fraction, unused: Fraction, tax_rate_percent: Decimal
) -> EarlyEnd:
    """Return what a period billed in advance came to, and the credit for what is left of it.

    `billed` and `unused` are parts of the full period. The tax of the credit is that of its rounded
    net amount at the rate of the invoice; no more is given back than was billed.
    """
    charged = price.times(billed)
    net = min(price.times(unused), charged)
    return EarlyEnd(
        billed=charged + percentage(charged, tax_rate_percent),
        net=net,
        tax=percentage(net, tax_rate_percent),
    )


def prorated_true_up(committed: Money, part: Fraction, fees: Iterable[Money]) -> Money:
    """Return what fees of a part period lack of the commitment for that part; nothing if reached.

    The commitment of a full period is prorated and rounded once, like any price.
    """
    due = committed.times(part) - Money.total(fees, committed.currency)
    return max(due, Money.zero(committed.currency))


def _in_fixed_months(part: Interval, full: Interval) -> Fraction:
    whole = months_between(full.start, full.end) * DAYS_IN_FIXED_MONTH
    if not whole:
        return part.part_of(full)
    until = [_fixed_days_until(day, full, whole) for day in (part.start, part.end)]
    return Fraction(until[1] - until[0], whole)


def _fixed_days_until(day: date, full: Interval, whole: int) -> int:
    if day >= full.end:
        return whole
    return min(max(days_in_fixed_months(full.start, day, DAYS_IN_FIXED_MONTH), 0), whole)


def _start_of(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


def _length(start: datetime, end: datetime) -> int:
    # Between moments of one zone Python would subtract wall clocks, not time.
    return (end.astimezone(UTC) - start.astimezone(UTC)) // _MICROSECOND
