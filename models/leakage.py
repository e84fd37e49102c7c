"""Leakage: what lies between list price and contract value, by cause; and margin, floor, discounts.

Everything is measured over the term, by the billing plan, so it is what the customer will pay, and
against the list price, whatever a customer's contract says. Approval asks here, and so do the
waterfall charts.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal, localcontext
from enum import StrEnum

from models.catalog import ProductKind
from models.money import Money, minor_units, round_half_up
from models.plan import Calendar, over_term
from models.quoting import Quote
from models.value import Value
from models.waterfall import PricedLine, WaterfallStep

_EXACT_ENOUGH = Context(prec=60)
_LEAST = Decimal("-99999.99")


class Cause(StrEnum):
    """Why a contract comes to less, or more, than list; in the order of the waterfall."""

    CONTRACTED = "contracted"
    AGREED = "agreed"
    PROMOTION = "promotion"
    PARTNER = "partner"
    LINE_DISCOUNT = "line_discount"
    ROUND = "round"
    GROUP_DISCOUNT = "group_discount"
    HEADER_DISCOUNT = "header_discount"
    INTRODUCTORY = "introductory"
    ONCE = "once"


_CAUSE_OF: Mapping[WaterfallStep, Cause] = {
    WaterfallStep.PROMOTION: Cause.PROMOTION,
    WaterfallStep.PARTNER: Cause.PARTNER,
    WaterfallStep.LINE_DISCOUNT: Cause.LINE_DISCOUNT,
    WaterfallStep.GROUP_DISCOUNT: Cause.GROUP_DISCOUNT,
    WaterfallStep.HEADER_DISCOUNT: Cause.HEADER_DISCOUNT,
}


class Bar(Value):
    """One bar of a waterfall chart: how far it changes the amount that it starts from."""

    name: str
    before: Money
    after: Money

    @property
    def change(self) -> Money:
        """What the bar adds, negative for what it takes off."""
        return self.after - self.before


class BelowFloor(Value):
    """A line that comes to less over the term than its floor allows."""

    reference: str
    sku: str
    total: Money
    floor: Money


def waterfall_of(quote: Quote, reference: str = "") -> tuple[Bar, ...]:
    """Return the bars from list to net over the term: of the quote, or of one of its lines.

    The first bar is the list total, the last what the contract comes to; each begins where the one
    before ends. What rounding of billings makes of the shares is in the bar `round`.
    """
    lines = [
        line for line in quote.firm if reference in {"", line.reference} and line.usage is None
    ]
    wanted = {line.reference for line in lines}
    calendar = Calendar(quote.starts_on, quote.ends_on, quote.anchor_on, quote.billing.terms)
    planned = [charge.amount.minor for charge in quote.plan if charge.line_reference in wanted]
    listed = sum(_over(calendar, line, line.list_amount.minor) for line in lines)
    changes = dict.fromkeys(Cause, 0)
    for line in lines:
        for cause, change in _changes(line, calendar):
            changes[cause] += change
    changes[Cause.ROUND] += sum(planned) - listed - sum(changes.values())
    return tuple(_bars(changes, listed, quote.currency))


def _bars(changes: Mapping[Cause, int], listed: int, currency: str) -> Iterator[Bar]:
    def money(minor: int) -> Money:
        return Money(minor=minor, currency=currency)

    yield Bar(name="list", before=money(0), after=money(listed))
    left = listed
    for cause, change in changes.items():
        if change:
            yield Bar(name=cause.value, before=money(left), after=money(left + change))
            left += change
    yield Bar(name="net", before=money(0), after=money(left))


def _over(calendar: Calendar, line: PricedLine, minor: int) -> int:
    amount = Money(minor=minor, currency=line.net.currency)
    return sum(share.of(amount).minor for share in calendar.of(line))


def _changes(line: PricedLine, calendar: Calendar) -> Iterator[tuple[Cause, int]]:
    """Yield what each cause changes of a line over the term, in minor units."""
    with localcontext(_EXACT_ENOUGH):
        shares = calendar.of(line)
        times = sum((Decimal(share.period.days) / share.full_days for share in shares), Decimal(0))
        for cause, change in (*_unit_changes(line), *_step_changes(line)):
            yield cause, minor_units(change * times, line.net.currency)
    for share in shares if line.introductory else ():
        without = share.of(line.net).minor
        yield Cause.INTRODUCTORY, share.of(line.net - line.off_period(share.index)).minor - without
    yield Cause.ONCE, -line.once_discount.minor


def _unit_changes(line: PricedLine) -> Iterator[tuple[Cause, Decimal]]:
    """Yield what a contracted and an agreed price change of the extended amount."""
    extended = next((step.output for step in line.steps_of(WaterfallStep.QUANTITY)), None)
    if extended is None:
        return
    whole = extended - line.list_amount.decimal
    contracted = sum(
        (step.output - step.input for step in line.steps_of(WaterfallStep.CONTRACTED)), Decimal(0)
    )
    agreed = sum(
        (step.output - step.input for step in line.steps_of(WaterfallStep.AGREED)), Decimal(0)
    )
    if contracted and contracted + agreed:
        share = whole * contracted / (contracted + agreed)
        yield Cause.CONTRACTED, share
        yield Cause.AGREED, whole - share
    elif agreed:
        yield Cause.AGREED, whole


def _step_changes(line: PricedLine) -> Iterator[tuple[Cause, Decimal]]:
    for step in line.waterfall:
        cause = _CAUSE_OF.get(step.step)
        if cause is not None and step.output != step.input:
            yield cause, step.output - step.input


def leakage(quote: Quote) -> Money:
    """Return how far the contract value lies below list; negative where it lies above."""
    return quote.list_total - quote.total


def leakage_by_cause(quote: Quote) -> Mapping[str, Money]:
    """Return what each cause takes off the list total; the amounts sum to the leakage."""
    return {bar.name: -bar.change for bar in waterfall_of(quote)[1:-1]}


def discount_of(line: PricedLine) -> Decimal:
    """Return how far a line's regular price lies below list, in percent with two decimals."""
    if line.list_amount.is_zero:
        return Decimal(0)
    return max(percent_of(line.list_amount - line.net, line.list_amount), _LEAST)


def max_line_discount(quote: Quote) -> Decimal:
    """Return the largest discount of any line, every reduction included, in percent."""
    return max((discount_of(line) for line in quote.firm), default=Decimal(0))


def header_discount_percent(quote: Quote) -> Decimal:
    """Return what comes off the quote as a whole, in percent of what it comes off, over the term.

    An amount once counts; a promotion does not.
    """
    lines = [(line, list(line.steps_of(WaterfallStep.HEADER_DISCOUNT))) for line in quote.firm]
    before = [(line, _money(steps[0].input, line)) for line, steps in lines if steps]
    after = [(line, _money(steps[-1].output, line)) for line, steps in lines if steps]
    whole = _sum_over_term(quote, before)
    off = whole - _sum_over_term(quote, after)
    once = [line.once_discount for line, steps in lines if len(steps) and _is_once(line)]
    off += Money.total(once, quote.currency)
    return Decimal(0) if whole.is_zero else percent_of(off, whole)


def _is_once(line: PricedLine) -> bool:
    steps = line.steps_of(WaterfallStep.HEADER_DISCOUNT)
    return any("off the first billing only" in step.rule for step in steps)


def _money(amount: Decimal, line: PricedLine) -> Money:
    return Money.from_decimal(amount, line.net.currency)


def _sum_over_term(quote: Quote, amounts: Sequence[tuple[PricedLine, Money]]) -> Money:
    term = (quote.starts_on, quote.ends_on, quote.anchor_on)
    spread = over_term(amounts, *term, quote.billing.terms)
    return Money.total(spread, quote.currency)


def services_total(quote: Quote) -> Money:
    """Return what the services of a quote come to over the term."""
    services = {line.reference for line in quote.firm if line.kind is ProductKind.SERVICE}
    amounts = (charge.amount for charge in quote.plan if charge.reference in services)
    return Money.total(amounts, quote.currency)


def margin_by_kind(quote: Quote) -> Mapping[ProductKind, Decimal | None]:
    """Return what is left after our costs for each kind of product, in percent; None if unknown.

    A kind of which any line's cost is unknown has no margin. What is given away has a margin of 0
    without costs, else -100.
    """
    return {
        kind: _margin(quote, [line for line in quote.firm if line.kind is kind])
        for kind in ProductKind
        if any(line.kind is kind for line in quote.firm)
    }


def line_margin(quote: Quote, line: PricedLine) -> Decimal | None:
    """Return what is left of a line after our costs over the term, in percent; None if unknown."""
    return _margin(quote, [line])


def _margin(quote: Quote, lines: Sequence[PricedLine]) -> Decimal | None:
    costs = [(line, line.cost) for line in lines if line.cost is not None]
    if len(costs) < len(lines):
        return None
    wanted = {line.reference for line in lines}
    amounts = (charge.amount for charge in quote.plan if charge.line_reference in wanted)
    total = Money.total(amounts, quote.currency)
    cost = _sum_over_term(quote, costs)
    if total.is_zero:
        return Decimal(0) if cost.is_zero else Decimal(-100)
    return percent_of(total - cost, total)


def below_floor(quote: Quote) -> tuple[BelowFloor, ...]:
    """Return the lines whose billings come to less over the term than their floor allows.

    Free months and other introductory offers count, for they are what the customer will pay.
    """
    found = []
    totals: dict[str, int] = {}
    for charge in quote.plan:
        totals[charge.reference] = totals.get(charge.reference, 0) + charge.amount.minor
    for line in quote.firm:
        if line.floor is not None:
            floor = _sum_over_term(quote, [(line, line.floor)])
            total = Money(minor=totals.get(line.reference, 0), currency=quote.currency)
            if total < floor:
                found.append(
                    BelowFloor(reference=line.reference, sku=line.sku, total=total, floor=floor)
                )
    return tuple(found)


def percent_of(part: Money, whole: Money) -> Decimal:
    """Return a part of a whole that is not nothing, in percent with two decimals."""
    return round_half_up(Decimal(part.minor * 100) / whole.minor, 2)
