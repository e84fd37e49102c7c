"""The deal file: what a seller writes down to start a deal."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from models.currencies import MINOR_UNITS, is_currency
from models.errors import Problem
from models.periods import add_months
from models.value import Value
from models.written import NUMBERS_AS_TEXT, decimals_of, number_problem, read_written

MAX_TERM_MONTHS = 120
MAX_DAYS = 365

_NUMBER = re.compile(r"[A-Za-z0-9-]{1,40}")
_SHORTEST_TERM_FROM = date(2001, 2, 1)
_YEARS = range(1990, 2200)
_NEEDED = ("number", "entity", "customer", "seller", "currency", "lines")


MOST_LINES = 250
"""A deal file travels as one payload, which stays under 64 KB."""


class DiscountBasis(StrEnum):
    """What a discount amount is taken off: each billing period, or the whole contract once."""

    PER_PERIOD = "per_period"
    ONCE = "once"


class Discount(Value):
    """Either a percentage or an amount in major units of the deal's currency, never both.

    `basis` tells what an amount is taken off; a percentage comes off every billing.
    """

    model_config = NUMBERS_AS_TEXT

    percent: Decimal | None = Field(default=None, description="From 0 to 100.", examples=["10"])
    amount: Decimal | None = Field(default=None, description="In major units.", examples=["50.00"])
    basis: DiscountBasis = Field(
        default=DiscountBasis.PER_PERIOD, description="Off each period, or off the contract once."
    )
    reason: str = Field(default="", description="Why; approvers read it.")


class OptionRequest(Value):
    """An optional or required component of a bundle, with its quantity per bundle unit.

    Quantity 0 declines a component that the bundle would include by default.
    """

    model_config = NUMBERS_AS_TEXT

    product: str = Field(description="SKU of the component.", examples=["SUPPORT"])
    quantity: Decimal = Field(default=Decimal(1), description="Units for each bundle unit.")
    unit_price: Decimal | None = Field(
        default=None, description="Agreed instead of the list price."
    )
    discount: Discount | None = Field(default=None, description="Off this component.")


class BuyerLimits(Value):
    """What a buyer may change of a line on their page; what is not named stays as it is.

    The quantity may move between `minimum` and `maximum` as soon as one of the two is given.
    `options` are the components the buyer may add or take out.
    """

    model_config = NUMBERS_AS_TEXT

    minimum: Decimal | None = Field(default=None, description="The least units.", examples=["10"])
    maximum: Decimal | None = Field(default=None, description="The most units.", examples=["50"])
    options: tuple[str, ...] = Field(default=(), description="SKUs the buyer may add or decline.")

    @property
    def allows_quantity(self) -> bool:
        """Whether the quantity may be changed at all."""
        return self.minimum is not None or self.maximum is not None


class LineRequest(Value):
    """One wanted product. `unit_price` is an agreed price that replaces the list price.

    `unit_price` applies to the product's only charge, or to its recurring charge where it has one;
    so does a discount amount. A discount percentage applies to every charge of the product.
    """

    model_config = NUMBERS_AS_TEXT

    product: str = Field(description="SKU.", examples=["JIRA-STANDARD"])
    quantity: Decimal = Field(default=Decimal(1), description="How many units.", examples=["25"])
    options: tuple[OptionRequest, ...] = Field(default=(), description="Components of a bundle.")
    unit_price: Decimal | None = Field(
        default=None, description="Agreed instead of the list price."
    )
    discount: Discount | None = Field(default=None, description="Off this line.")
    buyer_may: BuyerLimits | None = Field(
        default=None, description="What the buyer may change by themselves."
    )


class PriceBasis(StrEnum):
    """What a renewal's uplift is applied to."""

    LAST = "last"
    LIST = "list"


class RenewalTerms(Value):
    """What was agreed about the next term at signing."""

    auto_renew: bool = Field(default=True, description="Renew unless somebody gives notice.")
    notice_days: int = Field(default=30, description="Days before the end at which notice counts.")
    term_months: int | None = Field(default=None, description="Absent: as long as this term.")
    uplift_percent: Decimal = Field(default=Decimal(0), description="Price rise of the next term.")
    price_basis: PriceBasis = Field(default=PriceBasis.LAST, description="What the uplift is on.")


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
    term_months: int = Field(default=12, description="Length of the first term; 0 for one-off.")
    payment_terms_days: int | None = Field(default=None, description="Absent: the customer's.")
    purchase_order: str = Field(default="", description="The customer's order number.")
    lines: tuple[LineRequest, ...] = Field(default=(), description="What is wanted.")
    header_discount: Discount | None = Field(default=None, description="Off the whole quote.")
    renewal: RenewalTerms = Field(default=RenewalTerms(), description="The next term.")
    valid_days: int = Field(default=30, description="How long the quote can be accepted.")
    signature_days: int = Field(default=14, description="How long the contract can be signed.")
    note: str = Field(default="", description="Shown on the quote.")
    test_clock: AwareDatetime | None = Field(default=None, description="Start of a test clock.")
    partner: str | None = Field(default=None, description="Number of the partner who offers it.")


def parse_deal_file(data: object) -> DealFile:
    """Return the deal file that a parsed YAML or JSON document describes.

    Raises `InvalidInputError` with every problem of the document: unknown keys, wrong types and
    what `check_deal_file` finds, together. Fields are named by their path: `lines[0].quantity`.
    """
    return read_written(DealFile, data, check_deal_file)


def check_deal_file(file: DealFile) -> tuple[Problem, ...]:
    """Return everything wrong with a deal file that can be told without catalogue and parties."""
    return (
        *_header_problems(file),
        *_line_problems(file),
        *_discount_problems("header_discount", file.header_discount, file.currency),
        *_term_problems(file),
        *_renewal_problems(file),
    )


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
    count = sum(1 + len(line.options) for line in file.lines)
    if count > MOST_LINES:
        reason = f"{count} lines and options are more than {MOST_LINES}"
        yield Problem(field="lines", reason=reason, remedy="split them over several deals")


def _line_problems(file: DealFile) -> Iterator[Problem]:
    for index, line in enumerate(file.lines):
        path = f"lines[{index}]"
        yield from number_problem(f"{path}.quantity", line.quantity, positive=True)
        yield from _request_problems(path, line, file.currency)
        for position, option in enumerate(line.options):
            place = f"{path}.options[{position}]"
            yield from number_problem(f"{place}.quantity", option.quantity)
            yield from _request_problems(place, option, file.currency)
        yield from _limit_problems(f"{path}.buyer_may", line.buyer_may)


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
        yield Problem(field=f"{path}.percent", reason=f"{percent} is not between 0 and 100")
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


def _term_problems(file: DealFile) -> Iterator[Problem]:
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
            field="renewal.notice_days", reason=f"{terms.notice_days} must not be negative"
        )
    days = _term_days(file)
    if days is not None and terms.notice_days > days:
        yield Problem(
            field="renewal.notice_days",
            reason=f"{terms.notice_days} days are longer than the term of {days} days",
            remedy="shorten the notice or lengthen the term",
        )


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
        yield Problem(field=field, reason=f"{value} is not between {low} and {high}")
