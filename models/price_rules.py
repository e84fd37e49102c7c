"""Prices that depend on more than the charge: rules by product and quantity, and dated prices."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

from models.value import Value


class PriceRule(Value):
    """A factor on the prices of a product (any, if empty) from a quantity on (any, if absent)."""

    factor: Decimal
    sku: str = ""
    minimum_quantity: Decimal | None = None

    def fits(self, sku: str, quantity: Decimal) -> bool:
        """Whether it holds for that quantity of the product; a return counts like a sale."""
        enough = self.minimum_quantity is None or abs(quantity) >= self.minimum_quantity
        return enough and self.sku in {"", sku}


class DailyWindow(Value):
    """The hours of each day from `start` until before `end`; over midnight if it ends earlier.

    One that ends when it starts is the whole day. Both are times with a zone; without one they are
    by the clock of whoever asks.
    """

    start: time
    end: time

    def holds_at(self, moment: datetime) -> bool:
        """Whether a moment lies in the window, by its clock: that of its zone, if both have one."""
        clock = _by_clock_of(self.start, moment)
        start, end = self.start.replace(tzinfo=None), self.end.replace(tzinfo=None)
        if start < end:
            return start <= clock < end
        return clock >= start or clock < end


class DatedPrice(Value):
    """A price from a day on (always, if absent), all day or in some hours of each day."""

    unit: Decimal
    valid_from: date | None = None
    daily: DailyWindow | None = None


def _by_clock_of(window: time, moment: datetime) -> time:
    has_zones = window.tzinfo is not None and moment.tzinfo is not None
    return (moment.astimezone(window.tzinfo) if has_zones else moment).time()


def first_rule(rules: Sequence[PriceRule], sku: str, quantity: Decimal) -> PriceRule | None:
    """Return the first rule that fits, or None: their order is their rank."""
    return next((rule for rule in rules if rule.fits(sku, quantity)), None)


def price_at(prices: Sequence[DatedPrice], at: date | datetime) -> DatedPrice | None:
    """Return the price in force, the latest that has begun, or None.

    Of two that began together one for the hour goes before one for the whole day. A day without an
    hour takes the prices of the whole day.
    """
    moment = at if isinstance(at, datetime) else None
    day = at.date() if isinstance(at, datetime) else at
    fitting = [
        price
        for price in prices
        if (price.valid_from is None or price.valid_from <= day)
        and (price.daily is None or (moment is not None and price.daily.holds_at(moment)))
    ]
    return max(
        fitting,
        key=lambda price: (price.valid_from or date.min, price.daily is not None),
        default=None,
    )
