"""A counter: what an approver would say yes to, written so that a quote can be made of it."""

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pydantic import Field

from models.deal_file import MAX_DAYS, MAX_TERM_MONTHS
from models.errors import Problem
from models.revision import QuoteDelta
from models.value import Value
from models.written import NUMBERS_AS_TEXT


class LineCounter(Value):
    """The discount an approver would agree to on one line, by its number in the deal file.

    It takes the place of the line's own discount.
    """

    model_config = NUMBERS_AS_TEXT

    line: int = Field(default=0, description="Number of the line, from 1.", examples=[1])
    discount_percent: Decimal = Field(default=Decimal(0), description="From 0 to 100.")


class ApproverCounter(Value):
    """What an approver would say yes to: `fine at 12 %`. What is not named stays as it is."""

    model_config = NUMBERS_AS_TEXT

    discount_percent: Decimal | None = Field(
        default=None,
        description="Off list altogether: all discounts of lines, groups and the quote together.",
    )
    lines: tuple[LineCounter, ...] = Field(default=(), description="Other discounts of lines.")
    payment_terms_days: int | None = Field(default=None, description="Days to pay.")
    term_months: int | None = Field(default=None, description="Length of the term.")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is proposed."""
        return self == ApproverCounter()

    def __str__(self) -> str:
        """Say it in one line: `12 % off list altogether, line 2 at 5 % off, 30 days to pay`."""
        whole = self.discount_percent
        parts = [] if whole is None else [f"{whole} % off list altogether"]
        parts += [f"line {one.line} at {one.discount_percent} % off" for one in self.lines]
        if self.payment_terms_days is not None:
            parts.append(f"{self.payment_terms_days} days to pay")
        if self.term_months is not None:
            parts.append(f"a term of {self.term_months} months")
        return ", ".join(parts)


def counter_problems(counter: ApproverCounter | None) -> tuple[Problem, ...]:
    """Return everything wrong with a counter that can be told without the quote."""
    if counter is None or counter.is_empty:
        remedy = "say what you would approve: a discount, days to pay or a term"
        return (Problem(field="counter", reason="proposes nothing", remedy=remedy),)
    return tuple(_problems(counter))


def revision_of(counter: ApproverCounter, reason: str) -> dict[str, Any]:
    """Return the change of the deal file that a counter stands for, once its seller accepts it.

    It is written as the message that revises a quote takes it: `lines` by their number in the file,
    each with the discount that replaces its own; the discount altogether replaces all others.
    """

    def off(percent: Decimal) -> dict[str, str]:
        return {"percent": f"{percent:f}", "reason": reason}

    change: dict[str, Any] = {}
    if counter.discount_percent is not None:
        change["total_discount"] = f"{counter.discount_percent:f}"
    if counter.lines:
        change["lines"] = [
            {"line": one.line, "discount": off(one.discount_percent)} for one in counter.lines
        ]
    if counter.payment_terms_days is not None:
        change["payment_terms_days"] = counter.payment_terms_days
    if counter.term_months is not None:
        change["term_months"] = counter.term_months
    return change


def is_as_countered(counter: ApproverCounter, delta: QuoteDelta) -> bool:
    """Whether a change is exactly what a counter named, whatever reasons are given with it."""
    named = QuoteDelta.model_validate(revision_of(counter, ""))
    return content_hash(named) == content_hash(delta)


def content_hash(delta: QuoteDelta) -> str:
    """Return the SHA-256 (hex) of what a change asks for, without the reasons of its discounts."""
    lines = tuple(
        change
        if change.discount is None
        else change.model_copy(
            update={"discount": change.discount.model_copy(update={"reason": ""})}
        )
        for change in sorted(delta.lines, key=lambda change: change.line)
    )
    bare = delta.model_copy(update={"lines": lines})
    return hashlib.sha256(bare.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def _problems(counter: ApproverCounter) -> Iterator[Problem]:
    percents = [("counter.discount_percent", counter.discount_percent)]
    for index, one in enumerate(counter.lines):
        place = f"counter.lines[{index}]"
        percents.append((f"{place}.discount_percent", one.discount_percent))
        if one.line < 1:
            yield Problem(field=f"{place}.line", reason=f"{one.line} is no line", remedy="from 1")
        if any(other.line == one.line for other in counter.lines[:index]):
            reason = f"line {one.line} is countered twice"
            yield Problem(field=f"{place}.line", reason=reason, remedy="say it once")
    for field, percent in percents:
        if percent is not None and not 0 <= percent <= 100:
            reason = f"{percent} is not between 0 and 100"
            yield Problem(field=field, reason=reason, remedy="write a percentage")
    whole = (
        ("payment_terms_days", counter.payment_terms_days, MAX_DAYS),
        ("term_months", counter.term_months, MAX_TERM_MONTHS),
    )
    for name, value, most in whole:
        if value is not None and not 0 <= value <= most:
            reason = f"{value} is not between 0 and {most}"
            yield Problem(field=f"counter.{name}", reason=reason, remedy="correct it")
