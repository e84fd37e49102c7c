"""What a simulation shows: the calendar to come, revenue by month, and the deal in numbers."""

from datetime import date
from enum import StrEnum

from models.value import Value


class Happening(StrEnum):
    """The kinds of entries of the calendar."""

    DOCUMENT = "document"
    REMINDER = "reminder"
    NOTICE = "notice"
    PAYMENT = "payment"
    DECISION = "decision"
    TERM = "term"
    QUESTION = "question"
    END = "end"


class CalendarEntry(Value):
    """One thing that happens on a day; an amount is in minor units of the deal's currency.

    `kind` narrows what it is (`invoice`, `first notice`, `renewed`); `reference` is its number.
    """

    on: date
    what: Happening
    kind: str
    reference: str = ""
    text: str = ""
    amount_minor: int | None = None


class MonthRevenue(Value):
    """What is earned in one calendar month, written `2026-01`, in minor units."""

    month: str
    amount_minor: int


class Totals(Value):
    """The deal in minor units on the last day played; `contract` is `billed` plus `unbilled`."""

    contract_minor: int
    billed_minor: int
    unbilled_minor: int
    revenue_minor: int
    contract_asset_minor: int
    contract_liability_minor: int
    receivable_minor: int
    paid_minor: int


class Simulation(Value):
    """A deal played from its first day until another, under these assumptions."""

    deal: str
    customer: str
    currency: str
    starts_on: date
    until: date
    pay: str
    stage: str
    outcome: str = ""
    term: int
    calendar: tuple[CalendarEntry, ...]
    revenue: tuple[MonthRevenue, ...]
    totals: Totals
    assumptions: tuple[str, ...]
