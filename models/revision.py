"""Revision: a structured change of a deal file, and the file that comes of it.

A revision says only what changes, by the numbers of the file it was written for, so that everybody
sees what was asked and nothing else moves. A seller, the buyer within limits, and an approver who
would say yes to something else all speak this one language.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from models.changes import LineChange, OptionChange, QuoteDelta
from models.deal_file import DealFile, Discount, LineRequest, OptionRequest, check_deal_file
from models.errors import InvalidInputError, Problem
from models.value import Value

__all__ = [
    "MOST_CHANGES",
    "LineChange",
    "OptionChange",
    "Origin",
    "QuoteDelta",
    "apply_delta",
    "changed_by",
    "delta_problems",
    "undiscounted",
]

Requested = TypeVar("Requested", LineRequest, OptionRequest)

MOST_CHANGES = 150
"""A revision travels in one message, which stays under 64 KB."""

_PRICED = ("quantity", "unit_price", "discount", "attributes")
_CLEARED_OF_LINES = ("unit_price", "discount")
_HEADER = (
    "header_discount",
    "starts_on",
    "term_months",
    "payment_terms_days",
    "valid_days",
    "valid_before_start",
    "purchase_order",
    "billing",
    "note",
    "renewal",
    "groups",
    "target_total",
    "promotions",
    "partner",
    "price_book",
)
_CLEARED_OF_FILES: Mapping[str, object] = {
    "header_discount": None,
    "starts_on": None,
    "payment_terms_days": None,
    "purchase_order": "",
    "note": "",
    "groups": (),
    "target_total": None,
    "promotions": (),
    "partner": "",
    "price_book": None,
}


class Origin(StrEnum):
    """Who wants a revision."""

    SELLER = "seller"
    BUYER = "buyer"
    APPROVER = "approver"


def apply_delta(file: DealFile, delta: QuoteDelta) -> DealFile:
    """Return the deal file after a change; the file itself stays as it is.

    An empty delta gives an equal file. Raises `InvalidInputError` with every problem: changes that
    find no line or contradict each other, and everything wrong with the file they lead to.
    """
    problems = [*delta_problems(file, delta)]
    changed = changed_by(file, delta)
    known = {problem.field for problem in problems}
    found = (problem for problem in check_deal_file(changed) if problem.field not in known)
    problems += [_named_as_asked(problem, file, delta) for problem in found]
    if problems:
        raise InvalidInputError(problems)
    return changed


def changed_by(file: DealFile, delta: QuoteDelta) -> DealFile:
    """Return the file with a change, whether or not it can be used; what fits nothing is left."""
    bare = file if delta.total_discount is None else undiscounted(file)
    return _header(file, delta).model_copy(update={"lines": (*_lines(bare, delta), *delta.add)})


def delta_problems(file: DealFile, delta: QuoteDelta) -> Iterator[Problem]:
    """Yield what of a change does not fit the file it is for."""
    size = len(delta.add) + sum(1 + len(change.options) for change in delta.lines)
    size += sum(len(line.options) for line in delta.add)
    if size > MOST_CHANGES:
        reason = f"{size} changes are more than {MOST_CHANGES}"
        yield Problem(field="delta", reason=reason, remedy="make several revisions of it")
    yield from _clear_problems("", delta, _CLEARED_OF_FILES)
    yield from _total_problems(delta)
    yield from _twice("lines", [str(change.line) for change in delta.lines])
    for index, change in enumerate(delta.lines):
        path = f"delta.lines[{index}]"
        yield from _change_problems(path, change)
        if not 1 <= change.line <= len(file.lines):
            reason = f"there is no line {change.line}"
            remedy = f"the quote has the lines 1 to {len(file.lines)}"
            yield Problem(field=f"{path}.line", reason=reason, remedy=remedy)
        else:
            yield from _option_problems(path, file.lines[change.line - 1], change.options)


def _total_problems(delta: QuoteDelta) -> Iterator[Problem]:
    """Report a discount altogether that is none, or beside which the whole is changed otherwise."""
    if delta.total_discount is None:
        return
    if not 0 <= delta.total_discount <= 100:
        reason = f"{delta.total_discount} is not between 0 and 100"
        yield Problem(field="delta.total_discount", reason=reason, remedy="write a percentage")
    for field in ("header_discount", "groups", "target_total"):
        if getattr(delta, field) is not None or field in delta.clear:
            reason = f"takes the place of every discount, and {field} is changed beside it"
            yield Problem(field="delta.total_discount", reason=reason, remedy="ask for one of them")


def _option_problems(
    path: str, line: LineRequest, changes: Sequence[OptionChange]
) -> Iterator[Problem]:
    present = {option.product for option in line.options}
    yield from _twice(f"{path}.options", [change.product for change in changes])
    for index, change in enumerate(changes):
        place = f"{path}.options[{index}]"
        yield from _change_problems(place, change)
        if change.product not in present and (change.remove or change.clear):
            reason = f"{change.product or 'an option without a SKU'} is no option of {line.product}"
            remedy = f"its options are {', '.join(sorted(present)) or 'none'}"
            yield Problem(field=f"{place}.product", reason=reason, remedy=remedy)


def _change_problems(path: str, change: LineChange | OptionChange) -> Iterator[Problem]:
    parts = (*_PRICED, "options", "choose", "buyer_may")
    named = [field for field in parts if getattr(change, field, None)]
    if change.remove and (named or change.clear):
        reason = "is removed and changed at once"
        yield Problem(field=path, reason=reason, remedy="ask for one of the two")
    yield from _clear_problems(f"{path}.", change, _CLEARED_OF_LINES)


def _clear_problems(path: str, change: Value, allowed: Iterable[str]) -> Iterator[Problem]:
    known = tuple(allowed)
    for field in getattr(change, "clear", ()):
        if field not in known:
            reason, remedy = f"{field} cannot be cleared", f"name one of {', '.join(known)}"
            yield Problem(field=f"{path or 'delta.'}clear", reason=reason, remedy=remedy)
        elif getattr(change, field) is not None:
            reason = "is cleared and set at once"
            yield Problem(field=f"{path or 'delta.'}{field}", reason=reason, remedy="ask for one")


def _twice(path: str, names: Sequence[str]) -> Iterator[Problem]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(field=path, reason=f"{name} is changed twice", remedy="say it once")


def _header(file: DealFile, delta: QuoteDelta) -> DealFile:
    changes: dict[str, Any] = {
        field: value for field in _HEADER if (value := getattr(delta, field)) is not None
    }
    cleared = {key: _CLEARED_OF_FILES[key] for key in delta.clear if key in _CLEARED_OF_FILES}
    if delta.total_discount is not None:
        said = f"{delta.total_discount.normalize():f} % off list altogether"
        changes["header_discount"] = Discount(percent=delta.total_discount, reason=said)
        cleared |= {"groups": (), "target_total": None}
    return file.model_copy(update={**cleared, **changes})


def undiscounted(file: DealFile, *, agreed_prices: bool = False) -> DealFile:
    """Return a deal file whose lines and options have no discount and are in no group.

    With `agreed_prices` these are gone as well, so that list prices apply.
    """
    bare: dict[str, Any] = {"discount": None, "group": ""}
    if agreed_prices:
        bare["unit_price"] = None
    lines = tuple(
        line.model_copy(
            update={
                **bare,
                "options": tuple(option.model_copy(update=bare) for option in line.options),
            }
        )
        for line in file.lines
    )
    return file.model_copy(update={"lines": lines})


def _lines(file: DealFile, delta: QuoteDelta) -> Iterator[LineRequest]:
    changes = {change.line: change for change in delta.lines}
    for number, line in enumerate(file.lines, start=1):
        change = changes.get(number)
        if change is None:
            yield line
        elif not change.remove:
            parts: dict[str, Any] = {"options": tuple(_options(line, change.options))}
            if change.choose is not None:
                parts["optional"] = not change.choose
            if change.buyer_may is not None:
                parts["buyer_may"] = change.buyer_may
            yield _changed(line, change).model_copy(update=parts)


def _options(line: LineRequest, asked: Sequence[OptionChange]) -> Iterator[OptionRequest]:
    changes = {change.product: change for change in asked}
    for option in line.options:
        change = changes.pop(option.product, None)
        if change is None:
            yield option
        elif not change.remove:
            yield _changed(option, change)
    for change in changes.values():
        if not change.remove:
            yield _changed(OptionRequest(product=change.product), change)


def _changed(request: Requested, change: LineChange | OptionChange) -> Requested:
    cleared = {field: None for field in change.clear if field in _CLEARED_OF_LINES}
    named = {f: value for f in _PRICED if (value := getattr(change, f)) is not None}
    return request.model_copy(update={**cleared, **named})


def _named_as_asked(problem: Problem, file: DealFile, delta: QuoteDelta) -> Problem:
    """Name an added line by its place in the change; what was in the file keeps its own name."""
    kept = len(file.lines) - sum(1 for change in delta.lines if change.remove)
    head, _, rest = problem.field.partition("]")
    if not head.startswith("lines[") or int(head[6:]) < kept:
        return problem
    return problem.model_copy(update={"field": f"delta.add[{int(head[6:]) - kept}]{rest}"})
