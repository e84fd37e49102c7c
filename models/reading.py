"""Reading: what people wrote in a file becomes a value, or a list of everything wrong with it.

The shape (missing fields, wrong types) is checked by the model, the content by rules on what was
written. Both run over the whole input, because whoever corrects a file wants to do it once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from models.errors import InvalidInputError, Problem
from models.faults import joined, problem_of

Read = TypeVar("Read", bound=BaseModel)

Check = Callable[[Mapping[str, object]], Iterable[Problem]]
"""A rule over several fields of an input. It meets any shape and skips what it cannot use."""


class FieldRule(NamedTuple):
    """What every value at `path` must fulfil; `*` in a path stands for each entry of a list.

    `holds` may meet a value of any type.
    """

    path: str
    holds: Callable[[Any], bool]
    reason: str
    remedy: str = ""


def read(
    model: type[Read],
    data: object,
    rules: Sequence[FieldRule] = (),
    checks: Sequence[Check] = (),
) -> Read:
    """Return `data` as a `model`; raise `InvalidInputError` with all problems otherwise.

    A field that the model does not know is a problem too: in a file it is a slip of the pen, and
    ignoring it would leave out what was meant. A field left empty counts as not written.
    """
    if not isinstance(data, Mapping):
        problem = Problem(field="input", reason="is not a group of fields", remedy="write fields")
        raise InvalidInputError([problem])
    written = _written(data)
    value, problems = _shaped(model, written)
    seen = {problem.field for problem in problems}
    problems += [problem for problem in _broken(written, rules) if problem.field not in seen]
    problems += [problem for check in checks for problem in check(written)]
    problems += _unknown(model, written, "")
    if value is None or problems:
        raise InvalidInputError(problems)
    return value


def value_at(data: object, path: str) -> object:
    """Return what stands at a dotted path, or None."""
    return next((value for _, value in _values_at(data, path.split("."), "")), None)


def text_at(data: object, path: str) -> str:
    """Return the text at a dotted path, empty if there is something else or nothing."""
    value = value_at(data, path)
    return value if isinstance(value, str) else ""


def is_filled(value: object) -> bool:
    """Whether a value is text with more than blanks in it."""
    return isinstance(value, str) and bool(value.strip())


def within(low: int, high: int) -> Callable[[object], bool]:
    """Return the test for a whole number between two bounds, both included."""
    return lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    )


def _written(data: Mapping[Any, Any]) -> dict[str, Any]:
    """Leave out the fields left empty (None), at any depth."""
    return {str(key): _filled(value) for key, value in data.items() if value is not None}


def _filled(value: object) -> object:
    if isinstance(value, Mapping):
        return _written(value)
    return [_filled(entry) for entry in value] if isinstance(value, list | tuple) else value


def _shaped(model: type[Read], data: object) -> tuple[Read | None, list[Problem]]:
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [problem_of(fault, "input") for fault in error.errors(include_url=False)]


def _broken(data: object, rules: Sequence[FieldRule]) -> Iterator[Problem]:
    """Report each field once, by the first of its rules that it breaks."""
    reported: set[str] = set()
    for rule in rules:
        for field, value in _values_at(data, rule.path.split("."), ""):
            if field not in reported and not rule.holds(value):
                reported.add(field)
                yield Problem(field=field, reason=rule.reason, remedy=rule.remedy)


def _values_at(data: object, parts: Sequence[str], prefix: str) -> Iterator[tuple[str, object]]:
    """Yield the place and value of everything written at a path."""
    if not parts:
        yield prefix, data
        return
    first, rest = parts[0], parts[1:]
    if first == "*" and isinstance(data, list):
        for index, entry in enumerate(data):
            yield from _values_at(entry, rest, joined(prefix, index))
    elif isinstance(data, Mapping) and first in data:
        yield from _values_at(data[first], rest, joined(prefix, first))


def _unknown(model: type[BaseModel], data: object, prefix: str) -> list[Problem]:
    """Return a problem for each written field that its model does not have, at any depth."""
    if isinstance(data, list):
        found = (_unknown(model, entry, joined(prefix, i)) for i, entry in enumerate(data))
        return [problem for problems in found for problem in problems]
    problems: list[Problem] = []
    for key, value in data.items() if isinstance(data, Mapping) else ():
        place = joined(prefix, str(key))
        if key not in model.model_fields:
            near = get_close_matches(str(key), model.model_fields, n=1)
            remedy = f"did you mean {near[0]}?" if near else "remove it"
            problems.append(Problem(field=place, reason="is not a known field", remedy=remedy))
        elif (inner := _model_in(model.model_fields[key].annotation)) is not None:
            problems += _unknown(inner, value, place)
    return problems


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model that a field's type is, or that it is a list or an option of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in get_args(annotation))
    return next((model for model in inner if model is not None), None)
