"""Reading what can be read of an input that is wrong in places.

The rules over an input need a whole value. So what nobody could read is left out or stands in by a
neutral value, and whatever the rules say about those places is not told.
"""

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from models.errors import Problem
from models.faults import place

Mended = TypeVar("Mended", bound=BaseModel)

_ROUNDS = 8
"""Mending may uncover a fault one level deeper; no input of ours is deeper than this."""

_NEUTRAL: Sequence[tuple[type, Any]] = (
    (bool, False),
    (str, "-"),
    (int, 1),
    (Decimal, Decimal(1)),
    (datetime, datetime(2000, 1, 1, tzinfo=UTC)),
    (date, date(2000, 1, 1)),
    (BaseModel, {}),
)


class Partly(NamedTuple):
    """A value with stand-ins at `places`; around `guessed` places even its neighbors say little."""

    value: Any
    places: frozenset[str]
    guessed: frozenset[str]

    def keeps(self, problem: Problem) -> bool:
        """Whether a problem is about what was written, not about what stands in for it."""
        field = problem.field
        around = {_parent(place) for place in self.places} - {""}
        return not (
            field in around
            or any(_is_within(field, place) for place in self.places)
            or any(_is_within(field, _parent(place)) for place in self.guessed)
        )


def read_partly(
    model: type[Mended], written: Mapping[str, Any], misread: Iterable[str] = ()
) -> Partly | None:
    """Return what can be read of an input, or None if it cannot be mended.

    Values at the places of `misread` would be taken for something else; they count as unreadable.
    """
    data, places, guessed = copy.deepcopy(dict(written)), set(misread), set[str]()
    for unread in places:
        _mended(model, data, _steps(unread))
    for _ in range(_ROUNDS):
        try:
            return Partly(model.model_validate(data), frozenset(places), frozenset(guessed))
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                steps = fault["loc"]
                places.add(place(steps))
                if not _mended(model, data, steps):
                    return None
                stand_in = _value_at(data, steps)
                is_guess = isinstance(stand_in, Enum | int | Decimal | date)
                if is_guess and _parent(place(steps)):
                    guessed.add(place(steps))
    return None


def _is_within(field: str, place: str) -> bool:
    return field == place or field.startswith((f"{place}.", f"{place}["))


def _parent(place: str) -> str:
    """Return the place of the group or list that a place is in; empty for the whole input."""
    return place[: max(place.rfind("."), place.rfind("["), 0)]


def _steps(path: str) -> list[str | int]:
    """Return a path as the steps it was made of."""
    found = (part for part in re.split(r"[.\[\]]+", path) if part)
    return [int(part) if part.isdigit() else part for part in found]


def _value_at(data: Any, steps: Iterable[str | int]) -> Any:
    for step in steps:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _mended(model: type[BaseModel], data: Any, steps: Sequence[str | int]) -> bool:
    """Leave out the value at a place, or put a neutral one there; False if there is no way."""
    annotation: Any = model
    for step in steps[:-1]:
        annotation, data = _inner(annotation, step), _value_at(data, [step])
    last = steps[-1] if steps else None
    if isinstance(data, dict) and isinstance(last, str):
        field = _fields(annotation).get(last)
        if field is None:
            return False
        data.pop(last, None)
        if field.is_required():
            data[last] = _neutral(field.annotation)
        return True
    if isinstance(data, list) and isinstance(last, int):
        data[last] = _neutral(_inner(annotation, last))
        return True
    return False


def _inner(annotation: Any, step: str | int) -> Any:
    """Return the type of what stands at a step within a value of a type."""
    if isinstance(step, str):
        field = _fields(annotation).get(step)
        return field.annotation if field else None
    return next((part for part in get_args(annotation) if part is not Ellipsis), None)


def _fields(annotation: Any) -> Mapping[str, Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields
    inner = (_fields(part) for part in get_args(annotation))
    return next((fields for fields in inner if fields), {})


def _neutral(annotation: Any) -> Any:
    origin = get_origin(annotation)
    if origin in (tuple, list, frozenset, set):
        return []
    if not isinstance(annotation, type):
        return next(map(_neutral, get_args(annotation)), "-")
    if issubclass(annotation, Enum):
        return next(iter(annotation))
    return next((value for kind, value in _NEUTRAL if issubclass(annotation, kind)), "-")
