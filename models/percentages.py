"""Percentages of a base amount: by transaction with free units and bounds, and by tiers.

Exact like every charge model: amounts in major units, not rounded.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext

from models.price_books import Tier
from models.tiers import EXACT, graduated, graduated_by_tier
from models.value import Value


class PercentagePrice(Value):
    """A percentage of each transaction, with what is free and the least and most for each.

    `fixed` is due for each transaction that is not wholly free. The first `free_units` transactions
    are free, the first `free_amount` of their sum is; with both, whatever ends first ends it.
    `minimum_each` and `maximum_each` bound what one transaction costs that is not wholly free.
    """

    percent: Decimal
    fixed: Decimal = Decimal(0)
    free_units: Decimal = Decimal(0)
    free_amount: Decimal | None = None
    minimum_each: Decimal | None = None
    maximum_each: Decimal | None = None


class PricedTransaction(Value):
    """One transaction: its amount, the part of it that is charged, and what it costs."""

    amount: Decimal
    charged: Decimal
    costs: Decimal


def percentage_by_transaction(
    price: PercentagePrice, amounts: Sequence[Decimal]
) -> tuple[PricedTransaction, ...]:
    """Return what each transaction costs, in their order, which decides what is free."""
    with localcontext(EXACT):
        return tuple(_priced(price, amounts))


def percentage(price: PercentagePrice, amounts: Sequence[Decimal]) -> Decimal:
    """Return what all transactions cost together, not rounded."""
    with localcontext(EXACT):
        return sum((one.costs for one in _priced(price, amounts)), Decimal(0))


def percent_tiers(tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """Return the tiers with their percentage as the price of one unit of the base amount."""
    with localcontext(EXACT):
        return tuple(tier.model_copy(update={"unit": tier.percent / 100}) for tier in tiers)


def graduated_percentage(base: Decimal, tiers: Sequence[Tier]) -> Decimal:
    """Return the sum over the tiers entered: its part of the base at its percentage, and its fee.

    Raises `ValueError` if no tier holds the base.
    """
    return graduated(base, percent_tiers(tiers))


def graduated_percentage_by_tier(base: Decimal, tiers: Sequence[Tier]) -> tuple[Decimal, ...]:
    """Return the amount of each tier entered. Raises `ValueError` if no tier holds the base."""
    return graduated_by_tier(base, percent_tiers(tiers))


def _priced(price: PercentagePrice, amounts: Sequence[Decimal]) -> Iterator[PricedTransaction]:
    before = Decimal(0)
    for place, amount in enumerate(amounts):
        free = _free_part(price, place, before, amount)
        costs = Decimal(0)
        if free is None or free < amount:
            costs = _bounded(price, (amount - (free or 0)) * price.percent / 100 + price.fixed)
        yield PricedTransaction(
            amount=amount, charged=amount if free is None else amount - free, costs=costs
        )
        before += amount


def _free_part(
    price: PercentagePrice, place: int, before: Decimal, amount: Decimal
) -> Decimal | None:
    """Return how much of a transaction is free; None for one after everything free is used up."""
    if not price.free_units and price.free_amount is None:
        return None
    if price.free_units and place >= price.free_units:
        return None
    if price.free_amount is None:
        return amount
    left = price.free_amount - before
    return None if left < 0 or (left == 0 and amount > 0) else min(amount, left)


def _bounded(price: PercentagePrice, costs: Decimal) -> Decimal:
    if price.maximum_each is not None:
        costs = min(costs, price.maximum_each)
    return costs if price.minimum_each is None else max(costs, price.minimum_each)
