"""Billing terms: from which days periods are counted, how invoices are split, and schedules.

They are part of the deal file and, as agreed for each line, of the quote: the plan is made by them.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from pydantic import Field

from models.currencies import MINOR_UNITS
from models.errors import Problem
from models.value import Value
from models.written import NUMBERS_AS_TEXT, decimals_of, number_problem

WHOLE = Decimal(100)

MOST_PARTS = 60
"""How many parts a schedule may have: five years of months."""


class Anchor(StrEnum):
    """From which days the billing periods of a deal are counted."""

    ANNIVERSARY = "anniversary"
    CALENDAR = "calendar"
    DAY = "day"
    MONTH_END = "month_end"
    WEEKDAY = "weekday"


class Weekday(StrEnum):
    """A day of the week, in the order of ISO 8601."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def place(self) -> int:
        """Its place in the week, from 0 for Monday."""
        return list(Weekday).index(self)


class Split(StrEnum):
    """What gets an invoice of its own among the charges due on one day."""

    ONE = "one"
    BY_PURCHASE_ORDER = "by_purchase_order"
    BY_CHARGE = "by_charge"
    BY_ENTITY = "by_entity"


MOST_GRACE_DAYS = 60
"""For how many days an invoice may be a draft at most."""


class MinimumInvoice(Value):
    """The least an invoice is made for, before tax; less is carried to the next one."""

    model_config = NUMBERS_AS_TEXT

    amount: Decimal = Field(description="In major units.", examples=["50.00"])
    currency: str = Field(default="", description="Absent: the deal's; it can be no other.")


class SchedulePart(Value):
    """One part of a schedule: how much is billed, and on which day or at which milestone."""

    model_config = NUMBERS_AS_TEXT

    percent: Decimal | None = Field(default=None, description="Of the whole.", examples=["30"])
    amount: Decimal | None = Field(default=None, description="In major units, before tax.")
    on: date | None = Field(default=None, description="Billed on this day.")
    milestone: str = Field(
        default="",
        description="Billed when this event is confirmed.",
        max_length=80,
        examples=["Go-live"],
    )


class BillingTerms(Value):
    """How a deal is billed.

    Weekly periods begin on `weekday`, else on the weekday of the anniversary or, by calendar, on
    Monday. A `schedule` bills the lines that have none of their own, together.
    """

    model_config = NUMBERS_AS_TEXT

    anchor: Anchor = Field(
        default=Anchor.ANNIVERSARY, description="From which days periods are counted."
    )
    day: int | None = Field(default=None, description="For the anchor day: 1 to 31.")
    weekday: Weekday | None = Field(default=None, description="On which weekly periods begin.")
    split: Split = Field(default=Split.ONE, description="What gets an invoice of its own.")
    minimum: MinimumInvoice | None = Field(
        default=None, description="Less is carried to the next invoice, at most to the term's end."
    )
    schedule: tuple[SchedulePart, ...] = Field(
        default=(), description="Bills the price in parts instead of by periods."
    )
    grace_days: int | None = Field(
        default=None,
        description="For so many days an invoice is a draft. Absent: as the entity has it.",
    )


class LineBilling(Value):
    """What was agreed about the billing of one line, by its number in the deal file."""

    line: str
    purchase_order: str = ""
    schedule: tuple[SchedulePart, ...] = ()


class AgreedBilling(Value):
    """The billing terms of a quote, with what its lines have of their own."""

    terms: BillingTerms = BillingTerms()
    lines: tuple[LineBilling, ...] = ()

    def purchase_order_of(self, number: str) -> str:
        """Return the order number of a line or component, or '' if it has none of its own."""
        top = top_of(number)
        return next((each.purchase_order for each in self.lines if each.line == top), "")

    def scheduled(self, number: str) -> tuple[str, tuple[SchedulePart, ...]]:
        """Return the name and parts of the schedule a line is billed by; without one both empty.

        Lines of one name share one schedule: that of their own line, or that of the whole deal.
        """
        top = top_of(number)
        own = next((each.schedule for each in self.lines if each.line == top), ())
        if own:
            return f"line {top}", own
        return ("billing", self.terms.schedule) if self.terms.schedule else ("", ())

    @property
    def milestones(self) -> tuple[str, ...]:
        """The names of all milestones something is billed at, each once."""
        parts = (*self.terms.schedule, *(part for each in self.lines for part in each.schedule))
        return tuple(dict.fromkeys(part.milestone for part in parts if part.milestone))


def top_of(number: str) -> str:
    """Return the number of the line a component belongs to: of 1.2.3 it is 1."""
    return number.partition(".")[0].partition("#")[0]


class OwnBilling(Protocol):
    """What a line of a deal file says about its own billing."""

    @property
    def purchase_order(self) -> str:
        """The order number of the line, or ''."""
        ...

    @property
    def schedule(self) -> tuple[SchedulePart, ...]:
        """Its parts, or none."""
        ...


def agreed_billing(terms: BillingTerms, lines: Sequence[OwnBilling]) -> AgreedBilling:
    """Return the billing terms of a deal file with those of its lines, which count from 1."""
    own = tuple(
        LineBilling(line=str(number), purchase_order=line.purchase_order, schedule=line.schedule)
        for number, line in enumerate(lines, start=1)
        if line.purchase_order or line.schedule
    )
    return AgreedBilling(terms=terms, lines=own)


def billing_problems(
    terms: BillingTerms, lines: Sequence[OwnBilling], currency: str
) -> Iterator[Problem]:
    """Yield what is wrong with the billing of a deal in a currency, and of its lines."""
    yield from _anchor_problems(terms)
    if terms.split is Split.BY_ENTITY:
        reason = "splits by entity, and a deal of several entities is not built"
        yield Problem(
            field="billing.split", reason=reason, remedy="write a deal for each selling entity"
        )
    if terms.minimum is not None:
        yield from _minimum_problems(terms.minimum, currency)
    if terms.grace_days is not None and not 0 <= terms.grace_days <= MOST_GRACE_DAYS:
        reason = f"is not a whole number from 0 to {MOST_GRACE_DAYS}"
        yield Problem(field="billing.grace_days", reason=reason, remedy="use fewer days")
    yield from _schedule_problems("billing.schedule", terms.schedule, currency)
    for index, line in enumerate(lines):
        yield from _schedule_problems(f"lines[{index}].schedule", line.schedule, currency)
        if line.purchase_order and terms.split is Split.ONE:
            yield Problem(
                field=f"lines[{index}].purchase_order",
                reason=f"{line.purchase_order} is of this line alone, and one invoice bills all",
                remedy="set billing.split to by_purchase_order, or give the deal one order number",
            )


def _schedule_problems(
    path: str, parts: Sequence[SchedulePart], currency: str
) -> Iterator[Problem]:
    """Yield what is wrong with a schedule, apart from what its amounts must come to."""
    if len(parts) > MOST_PARTS:
        reason = f"{len(parts)} parts are more than {MOST_PARTS}"
        yield Problem(field=path, reason=reason, remedy="bill by periods")
    for index, part in enumerate(parts):
        yield from _part_problems(f"{path}[{index}]", part, currency)
    yield from _overlaps(path, parts)
    percents = [part.percent for part in parts if part.percent is not None]
    if percents and len(percents) < len(parts):
        remedy = "give all parts a percent, or all an amount"
        yield Problem(field=path, reason="mixes percent and amount", remedy=remedy)
    elif percents and sum(percents) != WHOLE:
        reason = f"comes to {sum(percents)} percent, not to 100"
        yield Problem(field=path, reason=reason, remedy="let the parts add up to 100")


def _anchor_problems(terms: BillingTerms) -> Iterator[Problem]:
    is_day = terms.anchor is Anchor.DAY
    if is_day and (terms.day is None or not 1 <= terms.day <= 31):
        reason = "is missing for the anchor day" if terms.day is None else f"{terms.day} is no day"
        yield Problem(field="billing.day", reason=reason, remedy="use 1 to 31")
    if not is_day and terms.day is not None:
        reason = f"is given, but the anchor is {terms.anchor}"
        yield Problem(field="billing.day", reason=reason, remedy="set billing.anchor to day")
    if terms.anchor is Anchor.WEEKDAY and terms.weekday is None:
        remedy = f"use one of {', '.join(Weekday)}"
        reason = "is missing for the anchor weekday"
        yield Problem(field="billing.weekday", reason=reason, remedy=remedy)


def _minimum_problems(minimum: MinimumInvoice, currency: str) -> Iterator[Problem]:
    path = "billing.minimum"
    yield from number_problem(f"{path}.amount", minimum.amount)
    if minimum.currency and minimum.currency != currency:
        reason = f"is {minimum.currency}, and the deal is in {currency}"
        yield Problem(field=f"{path}.currency", reason=reason, remedy=f"write it in {currency}")
    yield from _too_fine(f"{path}.amount", minimum.amount, currency)


def _part_problems(path: str, part: SchedulePart, currency: str) -> Iterator[Problem]:
    if (part.percent is None) == (part.amount is None):
        has = "neither percent nor amount" if part.percent is None else "both percent and amount"
        yield Problem(field=path, reason=f"has {has}", remedy="give one of the two")
    if (part.on is None) == (not part.milestone.strip()):
        has = "neither a day nor a milestone" if part.on is None else "both a day and a milestone"
        yield Problem(field=path, reason=f"has {has}", remedy="give `on` or `milestone`")
    if part.percent is not None and not 0 < part.percent <= WHOLE:
        reason = f"{part.percent} is not more than 0 and at most 100"
        yield Problem(field=f"{path}.percent", reason=reason, remedy="write a share of the price")
    yield from number_problem(f"{path}.amount", part.amount, positive=True)
    yield from _too_fine(f"{path}.amount", part.amount, currency)


def _too_fine(path: str, amount: Decimal | None, currency: str) -> Iterator[Problem]:
    places = MINOR_UNITS.get(currency)
    if amount is not None and places is not None and decimals_of(amount) > places:
        reason = f"{amount} is finer than the smallest unit of {currency}"
        yield Problem(field=path, reason=reason, remedy=f"use at most {places} decimals")


def _overlaps(path: str, parts: Sequence[SchedulePart]) -> Iterator[Problem]:
    """Report parts of one schedule that fall together: nobody could tell which was billed."""
    first: dict[str, int] = {}
    for index, part in enumerate(parts):
        when = str(part.on) if part.on else part.milestone.strip().casefold()
        if when and first.setdefault(when, index) != index:
            yield Problem(
                field=f"{path}[{index}]",
                reason=f"overlaps part {first[when] + 1}: both are billed at {when}",
                remedy="add them up, or move one",
            )
