"""Promotions: codes that take something off for a while, until their window or their cap ends.

A promotion is worth what it says to every line it targets. What it takes off for a limited time
reaches the billing plan as lower first periods; the price of a full period stays what it is, so
that a renewal, and every figure per year, knows the regular price.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from models.catalog import Product, ProductKind
from models.charges import Cadence, Charge, ChargeType
from models.currencies import is_currency
from models.errors import Problem
from models.money import Money
from models.price_terms import percent_problem
from models.stacking import Stacking
from models.value import Value
from models.written import NUMBERS_AS_TEXT, filled, nearest, number_problem, read_written

MOST_PERIODS = 120


class Duration(StrEnum):
    """For how long a promotion is worth something."""

    ONCE = "once"
    PERIODS = "periods"
    FOREVER = "forever"


class AmountPer(StrEnum):
    """What an amount comes off: each targeted line, each unit of it, or all of them together."""

    LINE = "line"
    UNIT = "unit"
    QUOTE = "quote"


class Targets(Value):
    """Which charges a promotion is for: those that match all that is said; nothing said, all."""

    model_config = NUMBERS_AS_TEXT

    skus: tuple[str, ...] = ()
    kinds: tuple[ProductKind, ...] = ()
    charge_types: tuple[ChargeType, ...] = ()
    cadences: tuple[Cadence, ...] = ()

    def include(self, product: Product, charge: Charge) -> bool:
        """Whether a charge of a product is targeted."""
        return (
            (not self.skus or product.sku in self.skus)
            and (not self.kinds or product.kind in self.kinds)
            and (not self.charge_types or charge.type in self.charge_types)
            and (not self.cadences or charge.cadence in self.cadences)
        )


class Promotion(Value):
    """A code with a benefit: `percent`, `amount` or `free_months`, one of the three.

    It may be redeemed from `valid_from` until before `valid_until`, by `customers` and `segments`
    (none named: by all), `cap` times altogether and `cap_per_customer` times by one customer. An
    amount is in major units of `currency`, per billing period of a recurring line, `per` line, unit
    or, once, over all targeted lines together. `duration` says for how many billing periods it
    counts (`periods` of them, the first one, or all); free months say so themselves.
    """

    model_config = NUMBERS_AS_TEXT

    code: str
    name: str = ""
    valid_from: date
    valid_until: date | None = None
    percent: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    per: AmountPer = AmountPer.LINE
    free_months: int | None = None
    duration: Duration = Duration.FOREVER
    periods: int | None = None
    targets: Targets = Targets()
    customers: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    cap: int | None = None
    cap_per_customer: int | None = None
    stacking: Stacking = Stacking.COMPOUND
    priority: int = 0

    @property
    def words(self) -> str:
        """What it is worth, in words."""
        if self.free_months is not None:
            return f"{self.free_months} months free"
        off = f"{self.percent:f} %" if self.percent is not None else f"{self.amount:f}"
        each = {AmountPer.UNIT: " a unit", AmountPer.QUOTE: " over its lines"}
        per = each.get(self.per, "") if self.amount is not None else ""
        match self.duration:
            case Duration.FOREVER:
                return f"{off} off{per}"
            case Duration.ONCE:
                return f"{off} off{per}, the first period only"
            case Duration.PERIODS:
                first = "period" if self.periods == 1 else f"{self.periods} periods"
                return f"{off} off{per}, the first {first} only"

    def is_limited(self, charge: Charge) -> bool:
        """Whether it comes off some billings of a charge only; a one-time charge has but one."""
        if charge.type is not ChargeType.RECURRING:
            return self.per is AmountPer.QUOTE
        return self.duration is not Duration.FOREVER or self.free_months is not None


class Uses(Value):
    """How often a promotion is taken by other deals: altogether, and by the customer asking."""

    total: int = 0
    by_customer: int = 0


class Gift(Value):
    """A product that is free when an order comes to a threshold before it is given."""

    product: str
    threshold: Money

    def total(self, amounts: Mapping[str, Money]) -> Money:
        """Return what an order costs by this rule; `amounts` go by product, before it."""
        total = Money.total(amounts.values(), self.threshold.currency)
        free = amounts.get(self.product)
        return total if free is None or total < self.threshold else total - free


def parse_promotion(data: object) -> Promotion:
    """Return the promotion that a parsed YAML or JSON document describes.

    Raises `InvalidInputError` with every problem.
    """
    return read_written(Promotion, data, promotion_problems)


def promotion_problems(promotion: Promotion) -> tuple[Problem, ...]:
    """Return everything that keeps a promotion from being offered."""
    return (
        *filled("code", promotion.code),
        *_benefit_problems(promotion),
        *_duration_problems(promotion),
        *_limit_problems(promotion),
    )


def _benefit_problems(promotion: Promotion) -> Iterator[Problem]:
    given = [
        name
        for name in ("percent", "amount", "free_months")
        if getattr(promotion, name) is not None
    ]
    if len(given) != 1:
        reason = f"has {' and '.join(given)}" if given else "has no benefit"
        remedy = "give percent, amount or free_months, one of the three"
        yield Problem(field="percent", reason=reason, remedy=remedy)
    if promotion.percent is not None:
        yield from percent_problem("percent", promotion.percent)
    yield from number_problem("amount", promotion.amount)
    if promotion.amount is not None and not is_currency(promotion.currency):
        reason = f"{promotion.currency} is no currency" if promotion.currency else "is missing"
        yield Problem(field="currency", reason=reason, remedy="name the currency of the amount")
    if promotion.free_months is not None and not 1 <= promotion.free_months <= MOST_PERIODS:
        reason = f"{promotion.free_months} is not between 1 and {MOST_PERIODS}"
        yield Problem(field="free_months", reason=reason)


def _duration_problems(promotion: Promotion) -> Iterator[Problem]:
    counted = promotion.duration is Duration.PERIODS
    if counted and promotion.periods is None:
        yield Problem(field="periods", reason="is missing", remedy="say for how many periods")
    elif not counted and promotion.periods is not None:
        remedy = "remove it, or use the duration `periods`"
        yield Problem(field="periods", reason=f"is given for {promotion.duration}", remedy=remedy)
    elif promotion.periods is not None and not 1 <= promotion.periods <= MOST_PERIODS:
        reason = f"{promotion.periods} is not between 1 and {MOST_PERIODS}"
        yield Problem(field="periods", reason=reason)
    if promotion.per is AmountPer.QUOTE:
        if promotion.amount is None:
            yield Problem(field="per", reason="is quote, but there is no amount to share")
        elif promotion.duration is not Duration.ONCE:
            remedy = "use the duration `once`, or `per: line`"
            yield Problem(field="per", reason="is quote, which comes off once", remedy=remedy)


def _limit_problems(promotion: Promotion) -> Iterator[Problem]:
    if promotion.valid_until is not None and promotion.valid_until <= promotion.valid_from:
        reason = f"{promotion.valid_until} is not after valid_from {promotion.valid_from}"
        yield Problem(field="valid_until", reason=reason)
    for field in ("cap", "cap_per_customer"):
        cap = getattr(promotion, field)
        if cap is not None and cap < 1:
            remedy = "remove it for no cap, or end the promotion"
            yield Problem(field=field, reason=f"{cap} is less than 1", remedy=remedy)


class Asker(Value):
    """Who asks for promotions and when; `redeemed` are the codes the deal already has."""

    customer: str = ""
    segment: str = ""
    currency: str
    on: date
    redeemed: frozenset[str] = frozenset()


def refusals(
    codes: Sequence[str],
    known: Mapping[str, Promotion],
    uses: Mapping[str, Uses],
    asker: Asker,
    offered: Collection[str] = (),
) -> tuple[Problem, ...]:
    """Return why codes cannot be redeemed, one problem for each, at its place in the deal file.

    A deal keeps what it has redeemed, whatever became of window and cap. `offered` are the codes an
    unknown one is compared with, for the remedy.
    """
    problems: list[Problem] = []
    for index, code in enumerate(codes):
        field, promotion = f"promotions[{index}]", known.get(code)
        if code in codes[:index]:
            problems.append(Problem(field=field, reason=f"{code} is named twice"))
        elif promotion is None:
            reason = f"there is no promotion {code}"
            problems.append(Problem(field=field, reason=reason, remedy=nearest(code, offered)))
        elif code not in asker.redeemed:
            found = next(_refusals(promotion, uses.get(code, Uses()), asker), None)
            if found:
                problems.append(found.model_copy(update={"field": field}))
    return tuple(problems)


def _refusals(promotion: Promotion, uses: Uses, asker: Asker) -> Iterator[Problem]:
    code = promotion.code
    if asker.on < promotion.valid_from:
        yield Problem(field="", reason=f"{code} begins on {promotion.valid_from}")
    if promotion.valid_until is not None and asker.on >= promotion.valid_until:
        yield Problem(field="", reason=f"{code} ended before {promotion.valid_until}")
    if promotion.customers and asker.customer not in promotion.customers:
        yield Problem(field="", reason=f"{code} is not for customer {asker.customer}")
    if promotion.segments and asker.segment not in promotion.segments:
        segments = ", ".join(promotion.segments)
        yield Problem(field="", reason=f"{code} is only for the segment {segments}")
    if promotion.amount is not None and promotion.currency != asker.currency:
        reason = f"{code} is an amount in {promotion.currency}, and the deal is in {asker.currency}"
        yield Problem(field="", reason=reason)
    if promotion.cap is not None and uses.total >= promotion.cap:
        reason = f"{code} is used up: it was given {promotion.cap} times"
        yield Problem(field="", reason=reason, remedy="leave it out")
    if promotion.cap_per_customer is not None and uses.by_customer >= promotion.cap_per_customer:
        times = promotion.cap_per_customer
        reason = f"customer {asker.customer} has used {code} as often as one may ({times})"
        yield Problem(field="", reason=reason, remedy="leave it out")
