"""What an approval policy can ask about a quote: its facts, and those of every line.

All figures are of the billing plan, so they are what the customer will pay over the term. A
percentage has two decimals, like every percentage a person sees.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from models.approval_facts import Fact, LineFacts
from models.catalog import Catalog, ProductKind
from models.deal_file import Discount, DiscountBasis
from models.money import Money, round_half_up
from models.pricing import PricedLine, WaterfallStep
from models.quoting import Quote, discount_percent, margin_percent


class Asked(NamedTuple):
    """What a quote does not say itself: its header discount, and when its customer pays else."""

    header_discount: Discount | None = None
    payment_terms_days: int | None = None


def quote_facts(quote: Quote, asked: Asked | None = None) -> Mapping[str, Decimal]:
    """Return the facts of a quote; what is unknown is left out, never taken as a number.

    Terms are non-standard if the customer may pay later than agreed with them in general, or if
    something is written on the quote.
    """
    header, agreed = asked or Asked()
    totals = _totals(quote)
    services = Money.total(
        (totals[ln.reference] for ln in quote.lines if ln.kind is ProductKind.SERVICE),
        quote.currency,
    )
    later = agreed is not None and quote.payment_terms_days > agreed
    discounts = [_line_discount(line) for line in quote.lines]
    facts: dict[str, Decimal] = {
        Fact.DISCOUNT_PERCENT: discount_percent(quote),
        Fact.TOTAL: quote.total.decimal,
        Fact.PAYMENT_TERMS_DAYS: Decimal(quote.payment_terms_days),
        Fact.TERM_MONTHS: Decimal(quote.term_months),
        Fact.HEADER_DISCOUNT_PERCENT: _header_discount(quote, totals, header),
        Fact.MAX_LINE_DISCOUNT_PERCENT: max(discounts, default=Decimal(0)),
        Fact.SERVICES_TOTAL: services.decimal,
        Fact.ONE_TIME_TOTAL: quote.one_time.decimal,
        Fact.DISCOUNT_AMOUNT: (quote.list_total - quote.total).decimal,
        Fact.NON_STANDARD_TERMS: Decimal(1 if later or quote.note.strip() else 0),
    }
    margin = margin_percent(quote)
    return facts if margin is None else {**facts, Fact.MARGIN_PERCENT: margin}


def quote_lines(quote: Quote, catalog: Catalog | None = None) -> tuple[LineFacts, ...]:
    """Return the facts of every line; the tags of its product come from the catalogue."""
    totals = _totals(quote)
    tags = {product.sku: product.tags for product in catalog.products} if catalog else {}
    return tuple(
        LineFacts(
            reference=line.reference,
            sku=line.sku,
            kind=line.kind.value,
            tags=tags.get(line.sku, ()),
            facts=_line_facts(line, totals[line.reference]),
        )
        for line in quote.lines
    )


def _totals(quote: Quote) -> Mapping[str, Money]:
    """Return what each line is billed over the whole term."""
    amounts: dict[str, list[Money]] = defaultdict(list)
    for charge in quote.plan:
        amounts[charge.reference].append(charge.amount)
    return {
        line.reference: Money.total(amounts[line.reference], quote.currency) for line in quote.lines
    }


def _line_facts(line: PricedLine, total: Money) -> Mapping[str, Decimal]:
    facts: dict[str, Decimal] = {
        Fact.LINE_TOTAL: total.decimal,
        Fact.LINE_QUANTITY: line.quantity,
        Fact.LINE_DISCOUNT_PERCENT: _line_discount(line),
    }
    if line.cost is not None:
        left = line.net - line.cost
        facts[Fact.LINE_MARGIN_PERCENT] = _percent(left.minor, line.net.minor, Decimal(-100))
    return facts


def _line_discount(line: PricedLine) -> Decimal:
    """Return how far a line lies below list, every discount included; 0 if it is free by list."""
    off = line.list_amount - line.net
    return _percent(off.minor, line.list_amount.minor, Decimal(0))


def _header_discount(quote: Quote, totals: Mapping[str, Money], asked: Discount | None) -> Decimal:
    """Return what the header discount takes off, in percent of what it is taken from.

    A percentage is what it says; an amount is measured against the plan it comes off.
    """
    if asked is not None and asked.percent is not None:
        return asked.percent
    if asked is not None and asked.amount is not None and asked.basis is DiscountBasis.ONCE:
        return _share(asked.amount, quote.total.decimal + asked.amount)
    before, off = Decimal(0), Decimal(0)
    for line in quote.lines:
        billed = totals[line.reference] + line.once_discount
        taken, given = _header_step(line)
        times = Decimal(billed.minor) / line.net.minor if line.net.minor else Decimal(1)
        before += taken * times
        off += (taken - given) * times
    return _share(off, before)


def _share(off: Decimal, before: Decimal) -> Decimal:
    return round_half_up(off * 100 / before, 2) if before else Decimal(0)


def _header_step(line: PricedLine) -> tuple[Decimal, Decimal]:
    """Return a line's amount before and after the header discount, per billing."""
    steps: Iterable[tuple[Decimal, Decimal]] = (
        (step.input, step.output)
        for step in line.waterfall
        if step.step is WaterfallStep.HEADER_DISCOUNT
    )
    return next(iter(steps), (line.net.decimal, line.net.decimal))


def _percent(part: int, whole: int, of_nothing: Decimal) -> Decimal:
    """Return a share in percent with two decimals; of nothing there is no share."""
    if whole:
        return round_half_up(Decimal(part * 100) / whole, 2)
    return of_nothing if part else Decimal(0)
