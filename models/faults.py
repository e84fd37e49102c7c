"""What a value of the wrong shape is told: field, reason and remedy in the words of the house.

Shapes are checked by the models; here each kind of fault they find is said once, for files,
messages and requests alike. What was written is never repeated: it may be long, or secret.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from models.errors import Problem

_TEXT = ("is not text", "put the value in quotes")
_GROUP = ("is not a group of fields", "write its fields one by one")
_LIST = ("is not a list", "write a list, also for a single entry")
_TRUTH = ("is neither true nor false", "write true or false")
_WHOLE = ("is not a whole number", "write digits, such as 12")
_NUMBER = ("is not a number", "write digits and a point, such as 12.50")
_DAY = ("is not a date", "write YYYY-MM-DD")
_MOMENT = ("is not a moment", "write date, time and zone, such as 2026-03-01T09:00:00Z")
_NO_ZONE = ("has no time zone", "add it, such as 2026-03-01T09:00:00Z")
_ADDRESS = ("is not an address", "write it with its scheme, such as https://example.com")
_NOT_KNOWN = ("is not a known field", "remove it")
_UNREADABLE = ("cannot be read", "check the value")

_SAID = {
    "missing": ("is missing", "add it"),
    "none_required": ("must be empty", "remove it"),
    "extra_forbidden": _NOT_KNOWN,
    "unexpected_keyword_argument": _NOT_KNOWN,
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "bytes_type": _TEXT,
    "string_pattern_mismatch": ("does not have the form it needs", "see the description"),
    "model_type": _GROUP,
    "model_attributes_type": _GROUP,
    "dataclass_type": _GROUP,
    "dict_type": _GROUP,
    "mapping_type": _GROUP,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": ("is too large", "check the digits"),
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": ("is not a finite number", "write digits"),
    "decimal_max_digits": ("has too many digits", "check the digits"),
    "decimal_whole_digits": ("has too many digits", "check the digits"),
    "decimal_max_places": ("has too many decimals", "use fewer decimals"),
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": ("is a moment, not a date", "leave out the time of day"),
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "timezone_aware": _NO_ZONE,
    "timezone_naive": ("has a time zone", "leave it out"),
    "url_type": _ADDRESS,
    "url_parsing": _ADDRESS,
    "url_scheme": _ADDRESS,
    "json_invalid": ("is no JSON", "send a JSON object"),
    "json_type": ("is no JSON", "send a JSON object"),
}
"""Faults that need no figures to be said, by the validator's name for them."""


_MEASURED = {
    "enum": ("is not one of {expected}", "choose one of them"),
    "literal_error": ("is not one of {expected}", "choose one of them"),
    "greater_than": ("must be more than {gt}", "use more than {gt}"),
    "greater_than_equal": ("must not be less than {ge}", "use {ge} or more"),
    "less_than": ("must be less than {lt}", "use less than {lt}"),
    "less_than_equal": ("must not be more than {le}", "use {le} or less"),
    "string_too_long": ("is longer than {max_length} characters", "shorten it"),
    "string_too_short": ("is shorter than {min_length} characters", "write more"),
    "value_error": ("cannot be used: {error}", "correct it"),
    "assertion_error": ("cannot be used: {error}", "correct it"),
}
"""Faults whose figures the validator gives, to be filled in."""


def said(fault: Mapping[str, Any]) -> tuple[str, str]:
    """Return reason and remedy of one fault that a model found."""
    if fault["type"] in _MEASURED:
        reason, remedy = _MEASURED[fault["type"]]
        return reason.format_map(fault["ctx"]), remedy.format_map(fault["ctx"])
    return _SAID.get(fault["type"], _UNREADABLE)


def problem_of(fault: Mapping[str, Any], empty: str) -> Problem:
    """Return one fault as a problem; `empty` names the place of a fault of the whole input."""
    reason, remedy = said(fault)
    return Problem(field=place(fault["loc"]) or empty, reason=reason, remedy=remedy)


def place(steps: Iterable[str | int]) -> str:
    """Return the path of a field: `contacts[0].email`."""
    path = ""
    for step in steps:
        path = joined(path, step)
    return path


def joined(prefix: str, part: str | int) -> str:
    """Extend a path by a field, or by a place in a list."""
    if isinstance(part, int):
        return f"{prefix}[{part}]"
    return f"{prefix}.{part}" if prefix else part
