"""What people write by hand, read so that every problem is found at once."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import TypeVar, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict

from models.errors import InvalidInputError, Problem
from models.mending import read_partly
from models.reading import read

NUMBERS_AS_TEXT = ConfigDict(coerce_numbers_to_str=True)
"""For what people write in YAML, where an unquoted SKU or deal number arrives as a number."""

LARGEST = Decimal(10) ** 12
"""No quantity and no price may be larger: beyond it is a slip of the pen."""

MOST_DECIMALS = 12
"""No quantity and no price may be finer, so that exact arithmetic stays exact."""

_MOST_NAMES = 10
_DAYS = (date, datetime, AwareDatetime)

Written = TypeVar("Written", bound=BaseModel)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a remedy for an unknown name: the known one most like it, or what there is."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(set(known), reverse=True)}
    close = get_close_matches(name.casefold(), by_folded, n=1)
    if close:
        return f"did you mean {by_folded[close[0]]}?"
    names = sorted(by_folded.values())
    more = f" … ({len(names)} in all)" if len(names) > _MOST_NAMES else ""
    listed = ", ".join(names[:_MOST_NAMES])
    return f"use one of {listed}{more}" if names else "there is none yet"


def number_problem(field: str, value: Decimal | None, *, positive: bool = False) -> list[Problem]:
    """Return the problem of a quantity or price that is negative, too large or too fine, if any.

    With `positive`, zero is a problem too.
    """
    if value is None:
        return []
    if value < 0 or (positive and value == 0):
        wanted = "must be more than 0" if positive else "must not be negative"
        remedy = "write a number above 0" if positive else "write 0 or more"
        return [Problem(field=field, reason=f"{value} {wanted}", remedy=remedy)]
    if value > LARGEST:
        return [Problem(field=field, reason=f"is more than {LARGEST:,}", remedy="check the digits")]
    if decimals_of(value) > MOST_DECIMALS:
        reason = f"has more than {MOST_DECIMALS} decimals"
        return [Problem(field=field, reason=reason, remedy="round it")]
    return []


def decimals_of(value: Decimal) -> int:
    """Return how many decimals a finite number has, zeros at the end not counted."""
    _, digits, places = value.as_tuple()
    significant = "".join(str(digit) for digit in digits).rstrip("0")
    return max(0, -int(places) - (len(digits) - len(significant))) if significant else 0


def read_written(
    model: type[Written], data: object, check: Callable[[Written], Sequence[Problem]]
) -> Written:
    """Return what a person wrote as a `model`, after `check` found nothing wrong with it.

    An empty value counts as not written. Raises `InvalidInputError` with the problems of shape and
    those of `check` at once; the latter pass over what cannot be read.
    """

    def rules(found: Mapping[str, object]) -> Sequence[Problem]:
        partly = read_partly(model, found, misread)
        return [each for each in check(partly.value) if partly.keeps(each)] if partly else ()

    written = _without_empty(data)
    problems = list(_misread(model, written, ""))
    misread = {problem.field for problem in problems}
    try:
        value = read(model, written, checks=[rules])
    except InvalidInputError as error:
        found = [_indexed(problem) for problem in error.problems]
        problems += [problem for problem in found if problem.field not in misread]
        raise InvalidInputError(problems) from None
    if problems:
        raise InvalidInputError(problems)
    return value


def _without_empty(data: object) -> object:
    if isinstance(data, Mapping):
        return {k: _without_empty(value) for k, value in data.items() if value is not None}
    if isinstance(data, list | tuple):
        return [_without_empty(value) for value in data]
    return data


def _indexed(problem: Problem) -> Problem:
    field = re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", problem.field)
    return problem.model_copy(update={"field": field})


def _misread(model: type[BaseModel], data: object, path: str) -> Iterator[Problem]:
    """Report values that would be taken for something else: yes for 1, 20250101 for a moment."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _misread(model, item, f"{path}[{index}]")
    for key, value in data.items() if isinstance(data, Mapping) else ():
        field = model.model_fields.get(str(key))
        place = f"{path}.{key}".removeprefix(".")
        for kind in _kinds(field.annotation) if field else ():
            if issubclass(kind, BaseModel):
                yield from _misread(kind, value, place)
            elif kind is int and isinstance(value, bool):
                yield Problem(field=place, reason="is not a number", remedy="write digits")
            elif kind in _DAYS and isinstance(value, int | float):
                yield Problem(field=place, reason="is not a date", remedy="write YYYY-MM-DD")


def _kinds(annotation: object) -> Iterator[type]:
    for argument in get_args(annotation):
        yield from _kinds(argument)
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation


def filled(field: str, value: str) -> list[Problem]:
    """Return the problem of a text that is empty, if it is."""
    return [] if value.strip() else [Problem(field=field, reason="is empty", remedy="fill it in")]


def repeated(path: str, field: str, names: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem for each name in a list that an earlier one already has."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            yield Problem(
                field=f"{path}[{index}].{field}",
                reason=f"{name} is already in {path}[{first[name]}]",
                remedy="choose another or remove one",
            )
