"""What a buyer fills in on the page of an offer, and the change of the quote that it asks for.

A form says everything as text. What cannot be read is a problem under the name of its field, and so
is everything the house finds wrong later, so that each stands beside the box it is about.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from models.deal_file import DealFile, Discount, LineRequest
from models.errors import Problem
from models.revision import LineChange, OptionChange, QuoteDelta
from models.value import Value

Form = Mapping[str, str]

_LONGEST = 2000
_PLACE = re.compile(r"(?P<delta>delta\.)?lines\[(?P<index>\d+)\](?P<rest>.*)")
_BOXES = (("options", "option"), ("quantity", "quantity"), ("unit_price", "price"))


class Asked(Value):
    """What a form asks for as far as it can be read, and the boxes that cannot."""

    delta: QuoteDelta
    problems: tuple[Problem, ...] = ()


def change_asked(file: DealFile, form: Form) -> Asked:
    """Return the change of quantities and options that a form asks for.

    Boxes that say what the file says already ask for nothing.
    """
    problems: list[Problem] = []
    changes = []
    for number, line in enumerate(file.lines, start=1):
        quantity = _number(form, f"quantity-{number}", problems)
        change = LineChange(
            line=number,
            quantity=None if quantity == line.quantity else quantity,
            options=tuple(_options(number, line, form)),
        )
        if change != LineChange(line=number):
            changes.append(change)
    return Asked(delta=QuoteDelta(lines=tuple(changes)), problems=tuple(problems))


def counter_offer_asked(file: DealFile, form: Form) -> Asked:
    """Return what a buyer would take instead: prices, discounts, quantities, and the term."""
    problems: list[Problem] = []
    changes = []
    for number, line in enumerate(file.lines, start=1):
        quantity = _number(form, f"quantity-{number}", problems)
        percent = _number(form, f"discount-{number}", problems)
        change = LineChange(
            line=number,
            quantity=None if quantity == line.quantity else quantity,
            unit_price=_number(form, f"price-{number}", problems),
            discount=None if percent is None else _wish(percent),
        )
        if change != LineChange(line=number):
            changes.append(change)
    percent = _number(form, "header", problems)
    months = _number(form, "term", problems)
    if months is not None and months != int(months):
        problems.append(Problem(field="term", reason="is not a whole number of months"))
        months = None
    delta = QuoteDelta(
        lines=tuple(changes),
        header_discount=None if percent is None else _wish(percent),
        term_months=None if months in (None, file.term_months) else int(months or 0),
    )
    return Asked(delta=delta, problems=tuple(problems))


def _wish(percent: Decimal) -> Discount:
    return Discount(percent=percent, reason="asked for by the buyer")


def _options(number: int, line: LineRequest, form: Form) -> Iterator[OptionChange]:
    """Yield what a buyer chose otherwise than the file; only boxes that were shown count."""
    chosen = {option.product: option.quantity for option in line.options}
    for sku in line.buyer_may.options if line.buyer_may else ():
        if f"shown-{number}-{sku}" not in form:
            continue
        was_in = form[f"shown-{number}-{sku}"] == "in"
        is_in = f"option-{number}-{sku}" in form
        if is_in and not was_in:
            yield OptionChange(product=sku, quantity=chosen.get(sku) or Decimal(1))
        elif was_in and not is_in:
            yield OptionChange(product=sku, quantity=Decimal(0))


def text_in(form: Form, field: str) -> str:
    """Return the text of a box without the blanks around it, cut at what a message may carry."""
    return form.get(field, "").replace("\r\n", "\n").strip()[:_LONGEST]


def _number(form: Form, field: str, problems: list[Problem]) -> Decimal | None:
    """Return the number in a box, None for an empty one; anything else is a problem."""
    written = form.get(field, "").strip().removesuffix("%").strip()
    if not written:
        return None
    try:
        value = Decimal(written) if len(written) <= 40 else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if value.is_finite():
        return value
    reason = (
        f"\N{LEFT DOUBLE QUOTATION MARK}{written[:40]}\N{RIGHT DOUBLE QUOTATION MARK} is no number"
    )
    problems.append(Problem(field=field, reason=reason, remedy="write it like 12 or 12.50"))
    return None


def beside_boxes(delta: QuoteDelta, problems: Iterable[Problem]) -> list[Problem]:
    """Return problems under the names of the boxes they are about, each box's first one only.

    What is about no box keeps its own name.
    """
    found: dict[str, Problem] = {}
    for problem in problems:
        box = _box(delta, problem.field)
        found.setdefault(box, problem.model_copy(update={"field": box}))
    return list(found.values())


def _box(delta: QuoteDelta, field: str) -> str:
    if field.startswith(("header_discount", "delta.header_discount")):
        return "header"
    if field.startswith(("term_months", "delta.term_months", "term")):
        return "term"
    match = _PLACE.match(field)
    if match is None:
        return field
    index = int(match["index"])
    changed: Any = delta.lines[index].line if match["delta"] else index + 1
    kind = next((box for part, box in _BOXES if part in match["rest"]), "discount")
    return f"{kind}-{changed}"
