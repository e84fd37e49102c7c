"""Consumption: a quantity used up every day, billed by the calendar month after it was used."""

from datetime import date
from decimal import Decimal

from models.money import Money
from models.periods import Interval, add_months
from models.value import Value


class ConsumptionInvoice(Value):
    """What is billed on a day for the days before it; `next_on` is None when none follows."""

    days: int
    quantity: Decimal
    amount: Money
    next_on: date | None


def consumption_invoice(
    runs: Interval, invoice_on: date, billed_before: date, per_day: Decimal, price: Money
) -> ConsumptionInvoice:
    """Return the monthly invoice of `invoice_on`: days since `billed_before` and before its own.

    The subscription runs on the days of `runs`. Days times quantity times the price of a unit is
    rounded once.
    """
    used = runs.intersection(Interval(start=billed_before, end=invoice_on))
    days = used.days if used else 0
    quantity = per_day * days
    return ConsumptionInvoice(
        days=days,
        quantity=quantity,
        amount=price.times(quantity),
        next_on=add_months(invoice_on, 1) if invoice_on < runs.end else None,
    )
