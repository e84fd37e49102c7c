"""Facts: what an approval policy may ask about a subject, in words the engine need not understand.

The engine knows no quote. A subject is a kind, a number, a content hash, facts about the whole and
facts about each line; this module says which facts there are for each kind.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from models.value import Value


class Subject(StrEnum):
    """What can be handed in for approval."""

    QUOTE = "quote"
    CREDIT_NOTE = "credit_note"
    WRITE_OFF = "write_off"
    REFUND = "refund"
    CATALOG_CHANGE = "catalog_change"


class Fact(StrEnum):
    """What a policy may ask about a quote; amounts are in major units of its currency.

    `discount_amount` is how far the contract value lies below list (discount leakage). The facts
    that begin with `line` are about each line, `lines_total` is about the lines a filter lets
    through.
    """

    DISCOUNT_PERCENT = "discount_percent"
    MARGIN_PERCENT = "margin_percent"
    TOTAL = "total"
    PAYMENT_TERMS_DAYS = "payment_terms_days"
    TERM_MONTHS = "term_months"
    HEADER_DISCOUNT_PERCENT = "header_discount_percent"
    MAX_LINE_DISCOUNT_PERCENT = "max_line_discount_percent"
    SERVICES_TOTAL = "services_total"
    ONE_TIME_TOTAL = "one_time_total"
    DISCOUNT_AMOUNT = "discount_amount"
    NON_STANDARD_TERMS = "non_standard_terms"
    LINE_DISCOUNT_PERCENT = "line_discount_percent"
    LINE_MARGIN_PERCENT = "line_margin_percent"
    LINE_TOTAL = "line_total"
    LINE_QUANTITY = "line_quantity"
    LINES_TOTAL = "lines_total"


class Measure(StrEnum):
    """What kind of value a fact is, which decides how it can be compared."""

    PERCENT = "percent"
    MONEY = "money"
    COUNT = "count"
    FLAG = "flag"


class Scope(StrEnum):
    """What a fact is about: the whole, any one line, or the sum of the lines that are meant."""

    WHOLE = "whole"
    LINE = "line"
    SUM = "sum"


class FactSpec(NamedTuple):
    """What a policy has to know of a fact; `low` and `high` are the values it can take."""

    measure: Measure
    scope: Scope = Scope.WHOLE
    low: Decimal | None = None
    high: Decimal | None = None
    of_line: str = ""


_ZERO, _HUNDRED = Decimal(0), Decimal(100)
_DISCOUNT = FactSpec(Measure.PERCENT, high=_HUNDRED)
_MONEY = FactSpec(Measure.MONEY)
_COUNT = FactSpec(Measure.COUNT, low=_ZERO)

VOCABULARY: Mapping[Subject, Mapping[str, FactSpec]] = {
    Subject.QUOTE: {
        Fact.DISCOUNT_PERCENT: _DISCOUNT,
        Fact.MARGIN_PERCENT: _DISCOUNT,
        Fact.TOTAL: _MONEY,
        Fact.PAYMENT_TERMS_DAYS: _COUNT,
        Fact.TERM_MONTHS: _COUNT,
        Fact.HEADER_DISCOUNT_PERCENT: _DISCOUNT,
        Fact.MAX_LINE_DISCOUNT_PERCENT: _DISCOUNT,
        Fact.SERVICES_TOTAL: _MONEY,
        Fact.ONE_TIME_TOTAL: _MONEY,
        Fact.DISCOUNT_AMOUNT: _MONEY,
        Fact.NON_STANDARD_TERMS: FactSpec(Measure.FLAG),
        Fact.LINE_DISCOUNT_PERCENT: FactSpec(Measure.PERCENT, Scope.LINE, high=_HUNDRED),
        Fact.LINE_MARGIN_PERCENT: FactSpec(Measure.PERCENT, Scope.LINE, high=_HUNDRED),
        Fact.LINE_TOTAL: FactSpec(Measure.MONEY, Scope.LINE),
        Fact.LINE_QUANTITY: FactSpec(Measure.COUNT, Scope.LINE, low=_ZERO),
        Fact.LINES_TOTAL: FactSpec(Measure.MONEY, Scope.SUM, of_line=Fact.LINE_TOTAL),
    },
    Subject.CREDIT_NOTE: {
        "amount": _MONEY,
        "invoice_percent": FactSpec(Measure.PERCENT, low=_ZERO, high=_HUNDRED),
        "invoice_age_days": _COUNT,
        "is_goodwill": FactSpec(Measure.FLAG),
        "line_amount": FactSpec(Measure.MONEY, Scope.LINE),
    },
    Subject.WRITE_OFF: {"amount": _MONEY, "days_past_due": _COUNT},
    Subject.REFUND: {"amount": _MONEY, "has_credit_note": FactSpec(Measure.FLAG)},
    Subject.CATALOG_CHANGE: {
        "price_change_percent": FactSpec(Measure.PERCENT),
        "open_quotes": _COUNT,
        "live_deals": _COUNT,
    },
}
"""The facts of each kind of subject, by name."""


class LineFacts(Value):
    """What a policy may ask about one line. `tags` are free words of the catalogue."""

    reference: str
    sku: str = ""
    kind: str = ""
    tags: tuple[str, ...] = ()
    facts: Mapping[str, Decimal] = {}


class Findings(Value):
    """Everything a policy may look at of one subject; what is unknown is left out.

    A flag is 1 if it is set and 0 if it is not.
    """

    subject: Subject = Subject.QUOTE
    currency: str = ""
    facts: Mapping[str, Decimal] = {}
    lines: tuple[LineFacts, ...] = ()
