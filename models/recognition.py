"""Recognition: obligations, their share of the price, and what of it is earned by a date.

Revenue follows the contract, never the invoices: the price is shared once over the promises, and
every amount is the difference of two cumulative ones, so the months always sum to the share.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from models.catalog import ProductKind
from models.charges import ChargeType
from models.errors import ParkedError, RefusedError
from models.money import Money
from models.periods import Interval, month_starts
from models.plan import Calendar, runs_in
from models.pricing import PricedLine
from models.quoting import Quote
from models.value import Value

_ONE_DAY = timedelta(days=1)
_FEE = "#fee"


class Satisfaction(StrEnum):
    """When an obligation is satisfied (ASC 606-10-25-27, 25-30)."""

    OVER_TIME = "over_time"
    POINT_IN_TIME = "point_in_time"


class Obligation(Value):
    """A distinct promise with its allocated price.

    `reference` is the number of the configured line, followed by "#2" for the second segment of a
    ramp. `period` is the service period of an over-time promise; `transferred_on` the day control
    of a point-in-time promise passed, None until then.
    """

    reference: str
    name: str
    satisfaction: Satisfaction
    ssp: Money
    allocated: Money
    period: Interval
    transferred_on: date | None = None

    @property
    def satisfied_before(self) -> date | None:
        """The first day on which everything is earned; None while a transfer is awaited."""
        if self.satisfaction is Satisfaction.OVER_TIME:
            return max(self.period.end, self.period.start + _ONE_DAY)
        return self.transferred_on + _ONE_DAY if self.transferred_on else None


def obligations(quote: Quote) -> tuple[Obligation, ...]:
    """Return the distinct promises of a quote, each with its share of the transaction price.

    One per configured line. A one-time fee on a subscription (a setup) transfers nothing by itself
    and belongs to the service (ASC 606-10-55-51, IFRS 15.B49). Subscriptions and whatever recurs
    are satisfied by the day over the term, goods and one-time services at their transfer. The fixed
    price of the quote is shared in proportion to standalone selling prices (ASC 606-10-32-31,
    IFRS 15.76); usage is variable and takes no share. Each segment of a ramp is a promise for its
    own days, so that revenue follows the quantity and not the agreed prices; a fee that is due once
    belongs to the whole ramp. What is prepaid to be drawn down by usage is no promise of its own:
    it is a liability until it is drawn (ASC 606-10-55-46).

    Raises `ParkedError` when there is a price but no standalone selling price to share it by.
    """
    groups: dict[str, list[PricedLine]] = {}
    drawn = {line.reference for line in drawn_down(quote)}
    fixed = quote.total - Money.total(
        (charge.amount for charge in quote.plan if charge.reference in drawn), quote.currency
    )
    for line in quote.firm:
        if line.reference in drawn:
            continue
        groups.setdefault(_promise(line), []).append(line)
    prices = [_standalone_price(group, quote) for group in groups.values()]
    shares = _shared(quote, fixed, prices)
    return tuple(
        Obligation(
            reference=number,
            name=_naming_line(group).name,
            satisfaction=_satisfaction(group),
            ssp=price,
            allocated=share,
            period=_served(group, quote),
        )
        for (number, group), price, share in zip(groups.items(), prices, shares, strict=True)
    )


def drawn_down(quote: Quote) -> tuple[PricedLine, ...]:
    """Return the lines that fill pools which other lines draw on by usage; else there are none."""
    if not any(line.usage for line in quote.firm):
        return ()
    return tuple(line for line in quote.firm if line.prepaid is not None)


def earned(obligation: Obligation, before: date) -> Money:
    """Return what is earned on all days before `before`, from the start of the promise.

    Over time: allocated price x elapsed days / days of the period, rounded once. At a point in
    time: everything from the day after the transfer on.
    """
    allocated = obligation.allocated
    complete = obligation.satisfied_before
    if complete is not None and before >= complete:
        return allocated
    if obligation.satisfaction is Satisfaction.POINT_IN_TIME or before <= obligation.period.start:
        return Money.zero(allocated.currency)
    return allocated.prorate((before - obligation.period.start).days, obligation.period.days)


def revenue_by_month(obligation: Obligation) -> tuple[tuple[date, Money], ...]:
    """Return the first day of each month touched by the promise, and what is earned in it.

    The amounts sum to the allocated price. Empty while a transfer is awaited.
    """
    end = obligation.satisfied_before
    if end is None:
        return ()
    start = _starts_on(obligation)
    bounds = [start, *month_starts(start, end - _ONE_DAY), end]
    return tuple(
        (since.replace(day=1), earned(obligation, until) - earned(obligation, since))
        for since, until in pairwise(bounds)
    )


def next_recognition_on(
    promises: Sequence[Obligation], recognized_before: date, recognized: Money | None = None
) -> date | None:
    """Return the next day before which revenue is to be recognized.

    It is the first of the next month with something to earn, or the end of the last promise if that
    is earlier. None when all is recognized, or what is left awaits its transfer. `recognized` is
    what the books hold: with it, a transfer reported after its month was recognized is made up for
    on the next first of a month.
    """
    dated = [promise for promise in promises if promise.satisfied_before is not None]
    open_promises = [
        promise for promise in dated if earned(promise, recognized_before) != promise.allocated
    ]
    if open_promises:
        first_day = min(_starts_on(promise) for promise in open_promises)
        last_end = max(_ends_before(promise) for promise in open_promises)
        return min(_first_of_next_month(max(recognized_before, first_day)), last_end)
    if recognized is None:
        return None
    price = Money.total((promise.allocated for promise in dated), recognized.currency)
    return None if recognized == price else _first_of_next_month(recognized_before)


def _promise(line: PricedLine) -> str:
    """Return the reference of the promise a priced line is a part of."""
    if line.segment is None:
        return line.number
    is_fee = line.charge_type is ChargeType.ONE_TIME
    return f"{line.number}{_FEE}" if is_fee else f"{line.number}{line.segment.suffix}"


def _served(group: Sequence[PricedLine], quote: Quote) -> Interval:
    term = Interval(start=quote.starts_on, end=quote.ends_on)
    line = group[0]
    is_fee = line.charge_type is ChargeType.ONE_TIME
    return term if is_fee else runs_in(line, term) or term


def _satisfaction(group: Sequence[PricedLine]) -> Satisfaction:
    continues = any(
        line.kind is ProductKind.SUBSCRIPTION
        or line.charge_type is not ChargeType.ONE_TIME
        or line.segment is not None
        for line in group
    )
    return Satisfaction.OVER_TIME if continues else Satisfaction.POINT_IN_TIME


def _naming_line(group: Sequence[PricedLine]) -> PricedLine:
    recurring = (line for line in group if line.charge_type is ChargeType.RECURRING)
    return next(recurring, group[0])


def _standalone_price(group: Sequence[PricedLine], quote: Quote) -> Money:
    return Money.total((_extended_ssp(line, quote) for line in group), quote.currency)


def _extended_ssp(line: PricedLine, quote: Quote) -> Money:
    if line.charge_type is ChargeType.ONE_TIME:
        return line.ssp
    if line.charge_type is ChargeType.USAGE or line.cadence is None:
        return Money.zero(quote.currency)
    term = Interval(start=quote.starts_on, end=quote.ends_on)
    calendar = Calendar(term.start, term.end, quote.anchor_on, quote.billing.terms)
    return Money.total((share.of(line.ssp) for share in calendar.of(line)), quote.currency)


def _shared(quote: Quote, fixed: Money, prices: Sequence[Money]) -> list[Money]:
    weights = [price.minor for price in prices]
    if any(weights):
        return fixed.allocate(weights)
    if not fixed.is_zero:
        raise ParkedError(
            f"Quote {quote.number} has a price of {fixed} but no standalone selling price. "
            "What would its lines sell for on their own?"
        )
    return [fixed for _ in prices]


def _starts_on(promise: Obligation) -> date:
    if promise.satisfaction is Satisfaction.OVER_TIME:
        return promise.period.start
    return promise.transferred_on or promise.period.start


def _ends_before(promise: Obligation) -> date:
    return promise.satisfied_before or promise.period.end


def _first_of_next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def line_of(reference: str) -> str:
    """Return the number of the line that made a promise."""
    return reference.partition("#")[0]


def reallocate(
    promises: Sequence[Obligation], removed: str, consideration: Money
) -> dict[str, Money]:
    """Return the new share of each remaining promise when a line is removed with its consideration.

    All segments of a ramp go with their line.
    A distinct promise that is not satisfied is taken out prospectively: satisfied promises keep
    their share, and what is left of the price is shared over the unsatisfied ones in proportion to
    their standalone selling prices (ASC 606-10-25-13(a), IFRS 15.21(a)). If none is left, the
    difference is made up on the satisfied ones, because the price of what was delivered changed.

    Raises `RefusedError` if the removed promise is satisfied already.
    """
    gone = [promise for promise in promises if line_of(promise.reference) == removed]
    if any(promise.transferred_on is not None for promise in gone):
        raise RefusedError(f"{removed} is delivered; it cannot be taken out of the contract")
    rest = [promise for promise in promises if promise not in gone]
    open_promises = [promise for promise in rest if promise.transferred_on is None] or rest
    if not open_promises:
        return {}
    currency = consideration.currency
    kept = [promise for promise in rest if promise not in open_promises]
    price = Money.total((promise.allocated for promise in promises), currency) - consideration
    left = price - Money.total((promise.allocated for promise in kept), currency)
    weights = [promise.ssp.minor for promise in open_promises]
    shares = left.allocate(weights if sum(weights) else [1] * len(weights))
    return {
        promise.reference: share for promise, share in zip(open_promises, shares, strict=True)
    } | {promise.reference: promise.allocated for promise in kept}
