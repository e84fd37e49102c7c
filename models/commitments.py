"""Commitments: the least a customer pays, the most, and the pools paid for before they are used.

All pure: what is missing, what is beyond, and what is drawn follow from amounts given. Amounts here
are exact and in major units.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext

from models.periods import Interval
from models.price_books import PriceBookEntry
from models.tiers import EXACT
from models.value import Value


class Pool(Value):
    """A prepaid amount to draw from.

    Of all pools the lowest `priority` is drawn first, among equals the one that ends first, then
    the earlier one. It can be drawn from `valid_from` until before `valid_until`.
    """

    key: str
    balance: Decimal
    priority: int = 0
    valid_from: date = date.min
    valid_until: date | None = None
    overage_percent: Decimal = Decimal(100)

    def is_open_on(self, day: date) -> bool:
        """Whether it can be drawn on that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


class Drawn(Value):
    """What became of an amount of spend: drawn from pools, the rest beyond them.

    `beyond` is at list price; `overage` is what it costs.
    """

    pools: Mapping[str, Decimal]
    beyond: Decimal
    overage: Decimal


class Spend(Value):
    """A bill within its bounds: what the parts cost, what is off for the cap, what is missing."""

    gross: Decimal
    discount: Decimal
    true_up: Decimal

    @property
    def amount(self) -> Decimal:
        """What the parts come to after the cap, without the true-up."""
        return self.gross - self.discount

    @property
    def total(self) -> Decimal:
        """What is due altogether."""
        return self.amount + self.true_up


def pool_sold(key: str, quantity: Decimal, entry: PriceBookEntry, service: Interval) -> Pool:
    """Return the pool that selling a spend commitment fills, to draw from in its service period.

    Each unit sold is good for the entry's credit, or for what was paid. Raises `ValueError` for an
    entry with neither.
    """
    credit = entry.unit if entry.draw_down.credit is None else entry.draw_down.credit
    if credit is None:
        raise ValueError(f"The price of {entry.sku}/{entry.charge} says nothing to draw from")
    with localcontext(EXACT):
        balance = quantity * credit
    return Pool(
        key=key,
        balance=balance,
        priority=entry.draw_down.priority,
        valid_from=service.start,
        valid_until=service.end,
        overage_percent=entry.draw_down.overage_percent,
    )


def shortfall(spent: Decimal, committed: Decimal) -> Decimal:
    """Return the true-up: what is missing from the committed amount, nothing if it is reached."""
    with localcontext(EXACT):
        return max(committed - spent, Decimal(0))


def within_bounds(
    amount: Decimal,
    *,
    already: Decimal = Decimal(0),
    minimum: Decimal | None = None,
    maximum: Decimal | None = None,
) -> Spend:
    """Return a bill of `amount`, on top of what was billed in the same span, within its bounds.

    The cap takes off what would exceed `maximum` in all, never more than the bill itself; the
    true-up adds what is missing from `minimum` in all.
    """
    with localcontext(EXACT):
        room = amount if maximum is None else max(maximum - already, Decimal(0))
        net = min(amount, room)
        true_up = Decimal(0) if minimum is None else shortfall(already + net, minimum)
        return Spend(gross=amount, discount=amount - net, true_up=true_up)


def share_cap(parts: Mapping[int, Decimal], discount: Decimal) -> Mapping[int, Decimal]:
    """Return what a cap takes off each part: the last parts were the ones beyond it."""
    taken: dict[int, Decimal] = {}
    left = discount
    for place in sorted(parts, reverse=True):
        taken[place] = min(parts[place], left)
        left -= taken[place]
    return taken


def draw_down(spend: Decimal, pools: Sequence[Pool], on: date) -> Drawn:
    """Return how a day's spend is met: from the open pools in their order, the rest as overage.

    What is beyond costs the overage rate of the last pool drawn from or emptied before, so a pool's
    rate goes on when it is used up; with no pool at all it costs its price. Pools are not changed:
    take `pools` of the result off their balances.
    """
    drawn: dict[str, Decimal] = {}
    left, percent = spend, Decimal(100)
    with localcontext(EXACT):
        for pool in _in_order(pools, on):
            percent = pool.overage_percent
            part = min(pool.balance, left)
            if part > 0:
                drawn[pool.key] = part
                left -= part
            if left == 0:
                break
        return Drawn(pools=drawn, beyond=left, overage=left * percent / 100)


def _in_order(pools: Sequence[Pool], on: date) -> Iterator[Pool]:
    open_ones = [pool for pool in pools if pool.is_open_on(on)]
    yield from sorted(open_ones, key=lambda pool: (pool.priority, pool.valid_until or date.max))
