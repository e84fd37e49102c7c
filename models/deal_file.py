"""The deal file: what a seller writes down to start a deal."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime, Field

from models.billing_terms import (
    AgreedBilling,
    BillingTerms,
    agreed_billing,
    billing_problems,
)
from models.changes import AlternativeRequest, QuoteDelta
from models.currencies import MINOR_UNITS, is_currency
from models.deal_parts import (
    Attributes,
    BuyerLimits,
    Discount,
    DiscountBasis,
    LineGroup,
    LineRequest,
    OptionRequest,
    PriceBasis,
    RampSegment,
    RenewalTerms,
)
from models.errors import Problem
from models.periods import add_months, months_between
from models.ramps import ramp_problems
from models.stacking import Stacking
from models.value import Value
from models.written import (
    NUMBERS_AS_TEXT,
    decimals_of,
    nearest,
    number_problem,
    read_written,
    repeated,
)

__all__ = [
    "MAX_DAYS",
    "MAX_TERM_MONTHS",
    "MOST_ALTERNATIVES",
    "MOST_ALTERNATIVE_TEXT",
    "MOST_ATTRIBUTE_TEXT",
    "MOST_INLINE",
    "MOST_LEVELS",
    "MOST_LINES",
    "Attributes",
    "BuyerLimits",
    "DealFile",
    "Discount",
    "DiscountBasis",
    "LineGroup",
    "LineRequest",
    "OptionRequest",
    "PriceBasis",
    "RampSegment",
    "RenewalTerms",
    "check_deal_file",
    "deal_file_schema",
    "line_count",
    "parse_deal_file",
]

MAX_TERM_MONTHS = 120
MAX_DAYS = 365

_NUMBER = re.compile(r"[A-Za-z0-9-]{1,40}")
_SHORTEST_TERM_FROM = date(2001, 2, 1)
_YEARS = range(1990, 2200)
_LONGEST_LABEL = 40
_NEEDED = ("number", "entity", "customer", "seller", "currency", "lines")


MOST_LINES = 10_000
"""Lines and options of one deal."""

MOST_INLINE = 150
"""Of those, how many may travel inside a message, which stays under 64 KB."""

MOST_ALTERNATIVES = 5
"""Alternatives of one deal file; more can be put beside an offer while it is open."""

MOST_ALTERNATIVE_TEXT = 8_000
"""How many characters their changes may have together: they travel in the deal's first message."""

MOST_LEVELS = 8
"""How deep options may stand inside options."""

MOST_ATTRIBUTE_TEXT = 8_000
"""How many characters all attributes of a deal file inside a message may have."""


class DealFile(Value):
    """A deal as its seller asks for it; everything else is looked up or computed.

    `starts_on` is the first day of service (absent: the day the deal is quoted); `term_months` 0
    means a one-off sale. `test_clock` starts the deal on a clock of its own that stands still until
    it is told to advance.
    """

    model_config = NUMBERS_AS_TEXT

    number: str = Field(default="", examples=["1001"], description="Deal number, unique.")
    entity: str = Field(default="", description="Number of the selling entity.")
    customer: str = Field(default="", description="Number of the customer.")
    seller: str = Field(default="", description="Person id of the seller.")
    currency: str = Field(default="", examples=["USD"], description="ISO 4217 code.")
    price_book: str | None = Field(default=None, description="Price book; absent: by currency.")
    starts_on: date | None = Field(default=None, description="First day of service.")
    anchor_on: date | None = Field(
        default=None, description="Day that periods are counted from; absent: the first of service."
    )
    term_months: int = Field(default=12, description="Length of the first term; 0 for one-off.")
    payment_terms_days: int | None = Field(default=None, description="Absent: the customer's.")
    purchase_order: str = Field(default="", description="The customer's order number.")
    billing: BillingTerms = Field(
        default=BillingTerms(), description="From when periods are counted, how invoices are split."
    )
    lines: tuple[LineRequest, ...] = Field(default=(), description="What is wanted.")
    header_discount: Discount | None = Field(default=None, description="Off the whole quote.")
    groups: tuple[LineGroup, ...] = Field(default=(), description="Groups with a discount.")
    target_total: Decimal | None = Field(
        default=None, description="What the contract shall come to; instead of a header discount."
    )
    promotions: tuple[str, ...] = Field(default=(), description="Codes of promotions.")
    partner: str = Field(
        default="", description="Number of the partner who offers it; their discount applies."
    )
    price_currency: str = Field(
        default="", description="Take prices of this currency and convert them at the day's rate."
    )
    renewal: RenewalTerms = Field(default=RenewalTerms(), description="The next term.")
    valid_days: int = Field(default=30, description="How long the quote can be accepted.")
    valid_before_start: bool = Field(
        default=False, description="Not beyond `starts_on`, however many days are left."
    )
    signature_days: int = Field(default=14, description="How long the contract can be signed.")
    note: str = Field(default="", description="Shown on the quote.")
    sales_channel: str = Field(
        default="", description="How it is sold, where products depend on it.", examples=["partner"]
    )
    alternatives: tuple[AlternativeRequest, ...] = Field(
        default=(), description="What is offered beside it from the start; one of all is accepted."
    )
    test_clock: AwareDatetime | None = Field(default=None, description="Start of a test clock.")

    @property
    def agreed_billing(self) -> AgreedBilling:
        """How the deal is billed, with what its lines have of their own."""
        return agreed_billing(self.billing, self.lines)


def parse_deal_file(data: object) -> DealFile:
    """Return the deal file that a parsed YAML or JSON document describes.

    Raises `InvalidInputError` with every problem of the document: unknown keys, wrong types and
    what `check_deal_file` finds, together. Fields are named by their path: `lines[0].quantity`.
    """
    return read_written(DealFile, data, check_deal_file)


def check_deal_file(file: DealFile) -> tuple[Problem, ...]:
    """Return everything wrong with a deal file that can be told without catalogue and parties.

    What its alternatives lead to is not among it, see `models/beside.py`.
    """
    return (
        *_header_problems(file),
        *_line_problems(file),
        *_discount_problems("header_discount", file.header_discount, file.currency),
        *_quote_price_problems(file),
        *_term_problems(file),
        *billing_problems(file.billing, file.lines, file.currency),
        *_renewal_problems(file),
        *_alternative_problems(file.alternatives),
    )


def line_count(file: DealFile) -> int:
    """Return how many lines and options a deal file has."""
    return sum(1 + len(line.ramp) + _option_count(line.options) for line in file.lines)


def deal_file_schema() -> dict[str, Any]:
    """Return the published JSON schema of deal files (draft 2020-12), for editors and validators.

    It tells shape and meaning; the rules of `check_deal_file` go further.
    """
    schema = DealFile.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        if part.get("type") == "object":
            part["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Q2C deal file",
        "required": list(_NEEDED),
        "examples": [
            {
                "number": "1001",
                "entity": "US01",
                "customer": "C-100",
                "seller": "sam",
                "currency": "USD",
                "starts_on": "2026-01-31",
                "term_months": 12,
                "lines": [
                    {"product": "JIRA-STANDARD", "quantity": "25", "discount": {"percent": "10"}},
                    {"product": "ZOOM-BUSINESS", "unit_price": "15.00"},
                ],
                "renewal": {"auto_renew": True, "notice_days": 60, "uplift_percent": "5"},
            }
        ],
    }


def _header_problems(file: DealFile) -> Iterator[Problem]:
    for field in ("entity", "customer", "seller"):
        if not getattr(file, field).strip():
            yield Problem(field=field, reason="is missing", remedy=f"name the {field}")
    if not file.number:
        yield Problem(field="number", reason="is missing", remedy="give the deal a number")
    elif not _NUMBER.fullmatch(file.number):
        yield Problem(
            field="number",
            reason=f"{file.number[:60]} is no deal number",
            remedy="use 1 to 40 letters, digits and hyphens",
        )
    if not file.currency:
        yield Problem(field="currency", reason="is missing", remedy="give an ISO 4217 code")
    elif not is_currency(file.currency):
        yield Problem(
            field="currency",
            reason=f"{file.currency} is no currency",
            remedy="use an ISO 4217 code in capital letters, such as USD",
        )
    yield from _count_problems(file)


def _count_problems(file: DealFile) -> Iterator[Problem]:
    if not file.lines:
        yield Problem(field="lines", reason="are missing", remedy="list at least one product")
    count = line_count(file)
    if count > MOST_LINES:
        reason = f"{count} lines and options are more than {MOST_LINES}"
        yield Problem(field="lines", reason=reason, remedy="split them over several deals")
    written = sum(_attribute_text(line.attributes, line.options) for line in file.lines)
    if count <= MOST_INLINE and written > MOST_ATTRIBUTE_TEXT:
        reason = f"attributes of {written:,} characters are more than {MOST_ATTRIBUTE_TEXT:,}"
        yield Problem(field="lines", reason=reason, remedy="split them over several deals")


def _line_problems(file: DealFile) -> Iterator[Problem]:
    for index, line in enumerate(file.lines):
        path = f"lines[{index}]"
        yield from number_problem(f"{path}.quantity", line.quantity, positive=True)
        yield from _request_problems(path, line, file.currency)
        yield from _option_problems(path, line.options, file.currency)
        yield from _ramp_problems(f"{path}.ramp", line.ramp, file)
        yield from _limit_problems(f"{path}.buyer_may", line.buyer_may)


def _attribute_text(
    attributes: Mapping[str, str], options: tuple[OptionRequest, ...], level: int = 1
) -> int:
    inner = options if level <= MOST_LEVELS else ()
    return sum(len(key) + len(value) for key, value in attributes.items()) + sum(
        _attribute_text(option.attributes, option.options, level + 1) for option in inner
    )


def _option_count(options: tuple[OptionRequest, ...], level: int = 1) -> int:
    if level > MOST_LEVELS:
        return 0
    return sum(1 + _option_count(option.options, level + 1) for option in options)


def _option_problems(
    path: str, options: tuple[OptionRequest, ...], currency: str, level: int = 1
) -> Iterator[Problem]:
    if options and level > MOST_LEVELS:
        reason = f"stand more than {MOST_LEVELS} levels deep"
        yield Problem(field=f"{path}.options", reason=reason, remedy="order them as lines")
        return
    for position, option in enumerate(options):
        place = f"{path}.options[{position}]"
        yield from number_problem(f"{place}.quantity", option.quantity)
        yield from _request_problems(place, option, currency)
        yield from _option_problems(place, option.options, currency, level + 1)


def _ramp_problems(path: str, ramp: tuple[RampSegment, ...], file: DealFile) -> Iterator[Problem]:
    if 0 <= file.term_months <= MAX_TERM_MONTHS and _is_usable(file.starts_on):
        yield from ramp_problems(ramp, path, file.starts_on, file.term_months)
    for index, segment in enumerate(ramp):
        place = f"{path}[{index}]"
        yield from number_problem(f"{place}.quantity", segment.quantity, positive=True)
        yield from number_problem(f"{place}.unit_price", segment.unit_price)
        yield from _discount_problems(f"{place}.discount", segment.discount, file.currency)


def _is_usable(day: date | None) -> bool:
    return day is None or day.year in _YEARS


def _limit_problems(path: str, limits: BuyerLimits | None) -> Iterator[Problem]:
    if limits is None:
        return
    yield from number_problem(f"{path}.minimum", limits.minimum, positive=True)
    yield from number_problem(f"{path}.maximum", limits.maximum, positive=True)
    least, most = limits.minimum, limits.maximum
    if least is not None and most is not None and most < least:
        reason = f"{most} is less than the minimum of {least}"
        yield Problem(field=f"{path}.maximum", reason=reason, remedy="swap or widen them")
    if limits == BuyerLimits():
        remedy = "give a minimum, a maximum or options, or leave it out"
        yield Problem(field=path, reason="allows nothing", remedy=remedy)


def _request_problems(
    path: str, request: LineRequest | OptionRequest, currency: str
) -> Iterator[Problem]:
    if not request.product.strip():
        yield Problem(field=f"{path}.product", reason="is missing", remedy="name a SKU")
    yield from number_problem(f"{path}.unit_price", request.unit_price)
    yield from _discount_problems(f"{path}.discount", request.discount, currency)


def _discount_problems(path: str, discount: Discount | None, currency: str) -> Iterator[Problem]:
    if discount is None:
        return
    percent, amount = discount.percent, discount.amount
    if (percent is None) == (amount is None):
        has = "neither percent nor amount" if percent is None else "both percent and amount"
        yield Problem(field=path, reason=f"has {has}", remedy="give one of the two")
    if percent is not None and not 0 <= percent <= 100:
        reason = f"{percent} is not between 0 and 100"
        yield Problem(field=f"{path}.percent", reason=reason, remedy="use 0 to 100")
    else:
        yield from number_problem(f"{path}.percent", percent)
    yield from number_problem(f"{path}.amount", amount)
    places = MINOR_UNITS.get(currency)
    if amount is not None and places is not None and decimals_of(amount) > places:
        yield Problem(
            field=f"{path}.amount",
            reason=f"{amount} is finer than the smallest unit of {currency}",
            remedy=f"use at most {places} decimals",
        )


def _quote_price_problems(file: DealFile) -> Iterator[Problem]:
    """Report what is wrong with groups, target price and currency of the prices."""
    names = [group.name for group in file.groups]
    yield from repeated("groups", "name", names)
    used = {line.group for line in file.lines}
    used |= {option.group for line in file.lines for option in line.options}
    used -= {""}
    for index, group in enumerate(file.groups):
        yield from _discount_problems(f"groups[{index}].discount", group.discount, file.currency)
        yield from _shared_stacking(f"groups[{index}].discount", group.discount)
        if group.name not in used:
            yield Problem(
                field=f"groups[{index}].name",
                reason=f"no line is in the group {group.name}",
                remedy=nearest(group.name, used) if used else "name it on its lines",
            )
    yield from _shared_stacking("header_discount", file.header_discount)
    yield from _target_problems(file)
    if file.price_currency and not is_currency(file.price_currency):
        reason, remedy = f"{file.price_currency} is no currency", "use an ISO 4217 code"
        yield Problem(field="price_currency", reason=reason, remedy=remedy)


def _shared_stacking(path: str, discount: Discount | None) -> Iterator[Problem]:
    """Report a group or header discount that would have to choose among those of its lines."""
    if discount is not None and discount.stacking in {Stacking.BEST_OF, Stacking.EXCLUSIVE}:
        reason = f"is {discount.stacking}, which only a reduction of one line can be"
        yield Problem(field=f"{path}.stacking", reason=reason, remedy="use compound or additive")


def _target_problems(file: DealFile) -> Iterator[Problem]:
    if file.target_total is None:
        return
    yield from number_problem("target_total", file.target_total)
    if file.header_discount is not None:
        remedy = "give one of the two"
        yield Problem(field="target_total", reason="stands beside a header discount", remedy=remedy)
    places = MINOR_UNITS.get(file.currency)
    if places is not None and decimals_of(file.target_total) > places:
        reason = f"{file.target_total} is finer than the smallest unit of {file.currency}"
        remedy = f"use at most {places} decimals"
        yield Problem(field="target_total", reason=reason, remedy=remedy)


def _anchor_problems(file: DealFile) -> Iterator[Problem]:
    """Report an anchor from which no period begins on the first day of service."""
    anchor, start = file.anchor_on, file.starts_on
    if anchor is None or (start is not None and start.year not in _YEARS):
        return
    if anchor.year not in _YEARS:
        reason = f"the year {anchor.year} is out of range"
        yield Problem(field="anchor_on", reason=reason, remedy="check it")
    elif start is None:
        remedy = "give starts_on too, or leave it out"
        yield Problem(field="anchor_on", reason="needs a first day of service", remedy=remedy)
    elif anchor > start or add_months(anchor, months_between(anchor, start)) != start:
        reason = f"no whole month from {anchor} ends where service starts on {start}"
        yield Problem(field="anchor_on", reason=reason, remedy="leave it out: service is its own")


def _term_problems(file: DealFile) -> Iterator[Problem]:
    yield from _anchor_problems(file)
    for field, day in (("starts_on", file.starts_on), ("test_clock", file.test_clock)):
        if day is not None and day.year not in _YEARS:
            yield Problem(
                field=field, reason=f"the year {day.year} is out of range", remedy="check it"
            )
    yield from _outside("term_months", file.term_months, 0, MAX_TERM_MONTHS)
    if file.payment_terms_days is not None:
        yield from _outside("payment_terms_days", file.payment_terms_days, 0, MAX_DAYS)
    yield from _outside("valid_days", file.valid_days, 1, MAX_DAYS)
    yield from _outside("signature_days", file.signature_days, 1, MAX_DAYS)


def _renewal_problems(file: DealFile) -> Iterator[Problem]:
    terms = file.renewal
    if terms.term_months is not None:
        yield from _outside("renewal.term_months", terms.term_months, 1, MAX_TERM_MONTHS)
    if terms.uplift_percent < -100:
        yield Problem(
            field="renewal.uplift_percent",
            reason=f"{terms.uplift_percent} would make the price negative",
            remedy="use -100 or more",
        )
    else:
        yield from number_problem("renewal.uplift_percent", abs(terms.uplift_percent))
    if terms.notice_days < 0:
        yield Problem(
            field="renewal.notice_days",
            reason=f"{terms.notice_days} must not be negative",
            remedy="write 0 or more",
        )
    days = _term_days(file)
    if days is not None and terms.notice_days > days:
        yield Problem(
            field="renewal.notice_days",
            reason=f"{terms.notice_days} days are longer than the term of {days} days",
            remedy="shorten the notice or lengthen the term",
        )


def _alternative_problems(alternatives: tuple[AlternativeRequest, ...]) -> Iterator[Problem]:
    """Report labels that name nothing or two things, changes of nothing, and too many of them."""
    if len(alternatives) > MOST_ALTERNATIVES:
        reason = f"{len(alternatives)} are more than {MOST_ALTERNATIVES}"
        remedy = "put the others beside the offer with `q2c quote revise --alternative`"
        yield Problem(field="alternatives", reason=reason, remedy=remedy)
    written = sum(
        len(one.model_dump_json(exclude_defaults=True)) + len(one.label) for one in alternatives
    )
    if written > MOST_ALTERNATIVE_TEXT:
        reason = f"changes of {written:,} characters are more than {MOST_ALTERNATIVE_TEXT:,}"
        yield Problem(field="alternatives", reason=reason, remedy="say less in each, or offer less")
    for index, one in enumerate(alternatives):
        place = f"alternatives[{index}]"
        if not one.label.strip():
            yield Problem(field=f"{place}.label", reason="is missing", remedy="name it")
        elif len(one.label) > _LONGEST_LABEL:
            reason = f"has {len(one.label)} characters, more than {_LONGEST_LABEL}"
            yield Problem(field=f"{place}.label", reason=reason, remedy="shorten it")
        if one.change == QuoteDelta():
            remedy = "say what differs, or leave it out"
            yield Problem(field=f"{place}.change", reason="changes nothing", remedy=remedy)
    named = [one.label or f" {index}" for index, one in enumerate(alternatives)]
    yield from repeated("alternatives", "label", named)


def _term_days(file: DealFile) -> int | None:
    """Return the length of the term, at its shortest if its start is open; None for no term."""
    if not 0 < file.term_months <= MAX_TERM_MONTHS:
        return None
    start = file.starts_on or _SHORTEST_TERM_FROM
    if start.year not in _YEARS:
        return None
    return (add_months(start, file.term_months) - start).days


def _outside(field: str, value: int, low: int, high: int) -> Iterator[Problem]:
    if not low <= value <= high:
        reason = f"{value} is not between {low} and {high}"
        yield Problem(field=field, reason=reason, remedy=f"use {low} to {high}")
