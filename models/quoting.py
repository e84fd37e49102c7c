"""Quoting: a version of an offer, its totals and validity, and the hash that binds it to content.

The plan says to the cent what the contract will bill and when; the total is its sum, and every
other figure of the quote is derived from the same charges.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from models.billing_terms import AgreedBilling
from models.charges import MONTHS, PER_YEAR, ChargeType
from models.errors import InvalidInputError, Problem
from models.money import Money, round_half_up
from models.plan import PlannedCharge, billing_plan, over_term, term_end
from models.schedules import scheduled_plan
from models.value import Value
from models.waterfall import PricedLine

__all__ = [
    "MONTHS",
    "RULES_VERSION",
    "PlannedCharge",
    "Quote",
    "QuoteRequest",
    "billing_plan",
    "content_hash",
    "discount_percent",
    "is_valid_on",
    "make_quote",
    "margin_percent",
    "term_end",
]

RULES_VERSION = "1"

_NOT_CONTENT = (
    "number",
    "version",
    "quoted_on",
    "valid_until",
    "content_hash",
    "rules_version",
    "priced_on",
    "time_zone",
    "valid_because",
)


class Quote(Value):
    """One immutable version of a priced offer to one customer.

    `valid_until` is the last day on which it can be accepted. `list_total` is what the plan would
    come to at list prices, `total` the contract value (TCV), `one_time` the part of it billed once.
    `acv`, `arr` and `mrr` are per year, per year and per month; `make_quote` defines them.
    The last day ends in `time_zone`, the customer's; `valid_because` says what shortened it.
    `priced_on` is the day whose price list was used: that of the first version, unless a revision
    asked for the prices of its own day (None in versions made before there were revisions). With
    `prices_include_tax` all its amounts are what the buyer pays, tax included.
    """

    deal: str
    number: str
    version: int
    term: int
    entity: str
    customer: str
    seller: str
    currency: str
    catalog_version: str
    price_book: str
    rules_version: str = RULES_VERSION
    quoted_on: date
    valid_until: date
    starts_on: date
    ends_on: date
    term_months: int
    payment_terms_days: int
    purchase_order: str = ""
    note: str = ""
    priced_on: date | None = None
    anchor_on: date | None = None
    time_zone: str = ""
    valid_because: str = ""
    billing: AgreedBilling = AgreedBilling()
    lines: tuple[PricedLine, ...]
    plan: tuple[PlannedCharge, ...]
    list_total: Money
    total: Money
    one_time: Money
    acv: Money
    arr: Money
    mrr: Money
    content_hash: str = ""
    prices_include_tax: bool = False

    @property
    def firm(self) -> tuple[PricedLine, ...]:
        """The lines that are sold: all but those that are only offered beside them."""
        return tuple(line for line in self.lines if not line.optional)


class QuoteRequest(Value):
    """What a quote version says beside its lines. `term` counts the deal's terms from 1."""

    deal: str
    number: str
    version: int = 1
    term: int = 1
    entity: str
    customer: str
    seller: str
    catalog_version: str
    price_book: str
    quoted_on: date
    valid_until: date
    starts_on: date
    term_months: int
    payment_terms_days: int
    purchase_order: str = ""
    note: str = ""
    priced_on: date | None = None
    anchor_on: date | None = None
    time_zone: str = ""
    valid_because: str = ""
    billing: AgreedBilling = AgreedBilling()
    prices_include_tax: bool = False


class Bound(Value):
    """A day beyond which an offer cannot stand, and why."""

    last_on: date
    because: str


def make_quote(request: QuoteRequest, lines: Sequence[PricedLine]) -> Quote:
    """Return the quote version with its plan and totals, sealed by its content hash.

    MRR is the sum over recurring lines of the net amount per period divided by the months of the
    period, ARR is 12 times that; each is rounded once, and discounts given once are left out. Of a
    ramp the segment counts that runs on the first day of the term. ACV
    is the recurring part of the contract value for each year of the term. One-time charges count
    in none of the three, and a one-off sale has none. Optional lines count in no figure at all.

    Raises `InvalidInputError` with everything that keeps the lines from being quoted.
    """
    firm = [line for line in lines if not line.optional]
    problems = tuple(_request_problems(request, lines, firm))
    if problems:
        raise InvalidInputError(problems)
    currency = firm[0].net.currency
    ends_on = term_end(request.starts_on, request.term_months, request.anchor_on)
    periods = billing_plan(firm, request.starts_on, ends_on, request.anchor_on, request.billing)
    plan = scheduled_plan(periods, request.billing)
    once = {line.reference for line in firm if line.charge_type is ChargeType.ONE_TIME}
    one_time = Money.total((c.amount for c in plan if c.line_reference in once), currency)
    total = Money.total((charge.amount for charge in plan), currency)
    list_amounts = over_term(
        [(line, line.list_amount) for line in firm],
        request.starts_on,
        ends_on,
        request.anchor_on,
        request.billing.terms,
    )
    begin = [line for line in firm if line.segment is None or line.segment.index == 1]
    arr = Money.total((_per_year(line) for line in begin), currency)
    quote = Quote(
        **request.model_dump(),
        currency=currency,
        ends_on=ends_on,
        lines=tuple(lines),
        plan=plan,
        list_total=Money.total(list_amounts, currency),
        total=total,
        one_time=one_time,
        acv=(total - one_time).prorate(12, request.term_months or 12),
        arr=arr,
        mrr=arr.prorate(1, 12),
    )
    return quote.model_copy(update={"content_hash": content_hash(quote)})


def content_hash(quote: Quote) -> str:
    """Return the SHA-256 (hex) of what a customer agrees to and an approver decides on.

    Number, version and dates of issue and validity are not part of it, so a version with the same
    content has the same hash. Equal numbers hash equally however they are written (10, 10.0), and
    fields added later leave old hashes as they are.
    """
    content = quote.model_dump(exclude_defaults=True, exclude=set(_NOT_CONTENT))
    content["rules_version"] = quote.rules_version
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=_canonical)
    return hashlib.sha256(canonical.encode()).hexdigest()


def is_valid_on(quote: Quote, day: date) -> bool:
    """Whether the quote can be accepted on that day; `valid_until` is the last one."""
    return quote.quoted_on <= day <= quote.valid_until


def is_open_at(quote: Quote, moment: datetime) -> bool:
    """Whether the quote can still be accepted: its last day has not ended where it is counted."""
    return moment.astimezone(ZoneInfo(quote.time_zone or "UTC")).date() <= quote.valid_until


def validity(quoted_on: date, valid_days: int, bounds: Iterable[Bound]) -> Bound:
    """Return the last day of an offer of so many days, cut by the earliest of its bounds.

    Raises `InvalidInputError` naming every bound that lies before the day of the offer itself.
    """
    granted = Bound(last_on=quoted_on + timedelta(days=valid_days), because="")
    found = tuple(bounds)
    problems = [
        Problem(
            field="valid_days",
            reason=f"{bound.because} on {bound.last_on}, before this offer of {quoted_on}",
            remedy="move it, or ask for today's prices by `reprice`",
        )
        for bound in found
        if bound.last_on < quoted_on
    ]
    if problems:
        raise InvalidInputError(problems)
    return min((granted, *found), key=lambda bound: bound.last_on)


def discount_percent(quote: Quote) -> Decimal:
    """Return how far the contract value lies below list, in percent of list with two decimals.

    It is negative where agreed prices lie above list, and 0 where everything is free by list. Two
    decimals keep 10 % off an amount that had to be rounded from counting as more than 10 %.
    """
    if quote.list_total.is_zero:
        return Decimal(0)
    off = quote.list_total - quote.total
    return _percent(off, quote.list_total)


def margin_percent(quote: Quote) -> Decimal | None:
    """Return what is left of the contract value after our costs, in percent with two decimals.

    None if any line's cost is unknown. Where nothing is charged, it is 0 without costs, else -100.
    """
    costs = [(line, line.cost) for line in quote.firm if line.cost is not None]
    if len(costs) < len(quote.firm):
        return None
    term = (quote.starts_on, quote.ends_on, quote.anchor_on)
    spread = over_term(costs, *term, quote.billing.terms)
    cost = Money.total(spread, quote.currency)
    if quote.total.is_zero:
        return Decimal(0) if cost.is_zero else Decimal(-100)
    return _percent(quote.total - cost, quote.total)


def _percent(part: Money, whole: Money) -> Decimal:
    return round_half_up(Decimal(part.minor * 100) / whole.minor, 2)


def _request_problems(
    request: QuoteRequest, lines: Sequence[PricedLine], firm: Sequence[PricedLine]
) -> Iterator[Problem]:
    if not firm:
        remedy = "make a line firm" if lines else "add a product"
        yield Problem(field="lines", reason="there is nothing to quote", remedy=remedy)
    if request.valid_until < request.quoted_on:
        yield Problem(
            field="valid_until",
            reason=f"{request.valid_until} is before the quote's own day {request.quoted_on}",
        )
    if request.term_months < 0:
        yield Problem(field="term_months", reason=f"{request.term_months} must not be negative")
    for line in lines:
        if request.prices_include_tax and line.charge_type is ChargeType.USAGE:
            yield Problem(
                field=f"line {line.number}",
                reason=f"{line.name} is billed by usage, and usage is not priced with tax in it",
                remedy="sell it from a price book of net prices",
            )
        if line.charge_type is not ChargeType.ONE_TIME and request.term_months == 0:
            yield Problem(
                field=f"line {line.number}",
                reason=f"{line.name} recurs, and a one-off sale has no periods",
                remedy="leave it out or give the deal a term",
            )


def _per_year(line: PricedLine) -> Money:
    return line.net.times(PER_YEAR[line.cadence] if line.cadence else 0)


def _canonical(value: object) -> str:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")
