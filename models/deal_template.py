"""Templates: deal files with variables, and the cloning of a deal file for another deal."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from models.deal_file import DealFile
from models.errors import InvalidInputError, Problem
from models.reading import FieldRule, is_filled, read
from models.value import Value

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")
_VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PLACE = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_COUNTS = ("term_months", "payment_terms_days", "valid_days", "signature_days", "notice_days")
_OF_THE_DEAL = ("number", "seller", "purchase_order", "starts_on", "test_clock", "alternatives")


class TemplateVariable(Value):
    """A blank of a template; without a `default` it must be filled in."""

    name: str
    about: str = ""
    default: str | None = None


class DealTemplate(Value):
    """A deal file with blanks, written `{{name}}`, under a name of its own (`id`)."""

    id: str
    about: str = ""
    variables: tuple[TemplateVariable, ...] = ()
    file: Mapping[str, Any] = Field(default_factory=dict)


def parse_deal_template(data: object) -> DealTemplate:
    """Return the template written in `data`; raises `InvalidInputError` with every problem."""
    return read(DealTemplate, data, _RULES, (_variable_problems,))


def fill(template: DealTemplate, values: Mapping[str, str]) -> dict[str, Any]:
    """Return the deal file, as it would be written, with every blank filled in.

    It is not checked yet. Raises `InvalidInputError` with every blank that has no value and every
    value that has no blank.
    """
    known = {variable.name: variable for variable in template.variables}
    problems = [
        Problem(field=name, reason=f"is no variable of {template.id}", remedy=_named(known))
        for name in values
        if name not in known
    ]
    given = {name: values.get(name, variable.default) for name, variable in known.items()}
    problems += [
        Problem(field=name, reason="has no value", remedy=known[name].about or "give it a value")
        for name, value in given.items()
        if value is None
    ]
    if problems:
        raise InvalidInputError(problems)
    filled: dict[str, Any] = _filled(template.file, "", given)
    return filled


def template_of(file: DealFile, name: str, about: str, places: Mapping[str, str]) -> DealTemplate:
    """Return a template made from a deal file: `places` names a variable for each path.

    What stands at a path becomes the variable's default. Raises `InvalidInputError` for paths that
    lead nowhere or to a group of fields.
    """
    written = cloned(file)
    problems, variables = [], []
    for variable, path in places.items():
        found, value = _put(written, path, f"{{{{{variable}}}}}")
        if not found:
            reason = f"there is no single value at {path}"
            problems.append(Problem(field=variable, reason=reason, remedy="see `q2c quote show`"))
        default = None if value is None else str(value)
        variables.append({"name": variable, "default": default})
    if problems:
        raise InvalidInputError(problems)
    return parse_deal_template(
        {"id": name, "about": about, "variables": variables, "file": written}
    )


def cloned(file: DealFile, customer: str = "") -> dict[str, Any]:
    """Return a deal file to begin another deal with, as it would be written.

    What belongs to the one deal (number, seller, dates, the customer's order number) is left out.
    For another customer agreed prices and discounts are left out too: they were agreed with the
    first one.
    """
    other = bool(customer) and customer != file.customer
    copy = _for_customer(file, customer) if other else file
    written = copy.model_dump(mode="json", exclude_defaults=True)
    for field in _OF_THE_DEAL:
        written.pop(field, None)
    return written


def _for_customer(file: DealFile, customer: str) -> DealFile:
    bare: dict[str, Any] = {"unit_price": None, "discount": None}
    lines = tuple(
        line.model_copy(
            update={
                **bare,
                "options": tuple(option.model_copy(update=bare) for option in line.options),
            }
        )
        for line in file.lines
    )
    none = {"header_discount": None, "payment_terms_days": None}
    return file.model_copy(update={"customer": customer, "lines": lines, **none})


_RULES = (
    FieldRule(
        "id",
        lambda value: isinstance(value, str) and bool(_NAME.fullmatch(value)),
        "is no name of a template",
        "use 1 to 40 letters, digits and hyphens",
    ),
    FieldRule(
        "variables.*.name",
        lambda value: isinstance(value, str) and bool(_VARIABLE.fullmatch(value)),
        "is no name of a variable",
        "use small letters, digits and underscores",
    ),
    FieldRule("file", bool, "is empty", "write the deal file with its blanks"),
    FieldRule("file.entity", is_filled, "is empty", "name the entity or a blank for it"),
)


def _variable_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    written = data.get("variables")
    listed = written if isinstance(written, list) else []
    names = [str(entry.get("name")) for entry in listed if isinstance(entry, Mapping)]
    used = set(_blanks(data.get("file")))
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(field="variables", reason=f"{name} is there twice", remedy="name it once")
    for name in sorted(used - set(names)):
        reason = f"the blank {name} is no variable"
        yield Problem(field="file", reason=reason, remedy="list it under variables")
    for name in sorted(set(names) - used):
        reason = f"{name} stands nowhere in the file"
        yield Problem(field="variables", reason=reason, remedy=f"write {{{{{name}}}}} or drop it")


def _blanks(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from _PLACE.findall(value)
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _blanks(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _blanks(entry)


def _filled(value: Any, field: str, given: Mapping[str, str | None]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(entry, key, given) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(entry, field, given) for entry in value]
    if not isinstance(value, str):
        return value
    text = _PLACE.sub(lambda match: str(given.get(match[1]) or ""), value)
    return int(text) if field in _COUNTS and _WHOLE.fullmatch(text) else text


def _put(written: Any, path: str, blank: str) -> tuple[bool, object]:
    """Put a blank at a path; return whether a single value stood there, and which."""
    steps = [int(match[2]) if match[2] else match[1] for match in _STEP.finditer(path)]
    place = written
    for step in steps[:-1]:
        place = _at(place, step)
    value = _at(place, steps[-1]) if steps else None
    if value is None or isinstance(value, dict | list):
        return False, None
    place[steps[-1]] = blank
    return True, value


def _at(place: Any, step: str | int) -> Any:
    if isinstance(place, dict):
        return place.get(step)
    if isinstance(place, list) and isinstance(step, int) and step < len(place):
        return place[step]
    return None


def _named(known: Mapping[str, object]) -> str:
    return f"there is {', '.join(sorted(known))}" if known else "it has no variables"
