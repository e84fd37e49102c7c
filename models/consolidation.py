"""Consolidation: the day on which deals share one invoice, and whose part of it is whose.

What spans deals belongs to the customer who pays. A charge belongs to the first consolidation day
on or after the day it becomes billable, so that runs at any time make the same invoices.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from models.cycles import Grid
from models.money import Money
from models.periods import Step


def consolidation_on(day_of_month: int, billable_on: date) -> date:
    """Return the first consolidation day on or after a day; a 31st is the last day of a month."""
    grid = Grid(step=Step(months=1), base=billable_on.replace(day=1), day=day_of_month)
    return grid.first_on(billable_on)


def open_consolidation_on(day_of_month: int, billable_on: date, closed: Collection[date]) -> date:
    """Return the consolidation day of a charge that passes over those that are billed already.

    What becomes billable for an earlier day after its invoice went out is on the next one.
    """
    day = consolidation_on(day_of_month, billable_on)
    while day in closed:
        day = consolidation_on(day_of_month, day + timedelta(days=1))
    return day


def shares_of(balance: Money, gross: Mapping[str, int]) -> dict[str, Money]:
    """Return the part of an invoice's balance that each of its deals owes, by largest remainder.

    `gross` is what each deal has on the invoice. Payments settle an invoice, not a deal, so every
    deal's part falls in proportion; the parts sum to the balance, and of an unpaid invoice they are
    gross.
    """
    deals = sorted(gross)
    weights = [gross[deal] for deal in deals]
    if not any(weights) or min(weights) < 0:
        return {deal: balance if deal == deals[0] else balance - balance for deal in deals}
    return dict(zip(deals, balance.allocate(weights), strict=True))
