"""Attributes: the typed properties of a product that are chosen for each line.

The same values answer the questions of guided selling.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import assert_never

from models.errors import Problem
from models.value import Value
from models.written import NUMBERS_AS_TEXT, filled, nearest, repeated


class ValueType(StrEnum):
    """What values an attribute or an answer may have."""

    ENUM = "enum"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    TEXT = "text"


class Attribute(Value):
    """A property of a product that is chosen for each line, and that its price may depend on.

    `values` are the only ones allowed; an enum needs them. `minimum` and `maximum` bound numbers.
    """

    model_config = NUMBERS_AS_TEXT

    key: str
    name: str = ""
    type: ValueType = ValueType.TEXT
    required: bool = False
    values: tuple[str, ...] = ()
    default: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None


def normalized(attribute: Attribute, written: str) -> str | None:
    """Return a value in the one form it is priced by, or None if the attribute cannot have it.

    Numbers lose zeros they do not need, booleans become `true` or `false`, and a listed value is
    found whatever its capital letters.
    """
    value = _typed(attribute.type, written.strip())
    if value is None or not attribute.values:
        return value if value is not None and _is_within(attribute, value) else None
    allowed = {(_typed(attribute.type, one) or one).casefold(): one for one in attribute.values}
    found = allowed.get(value.casefold())
    return None if found is None else _typed(attribute.type, found)


def _typed(kind: ValueType, text: str) -> str | None:
    match kind:
        case ValueType.ENUM | ValueType.TEXT:
            return text or None
        case ValueType.BOOLEAN:
            return {"true": "true", "yes": "true", "false": "false", "no": "false"}.get(
                text.casefold()
            )
        case ValueType.INTEGER | ValueType.DECIMAL:
            number = decimal_in(text)
            whole = kind is ValueType.INTEGER
            if number is None or (whole and number != int(number)):
                return None
            return f"{number.normalize():f}" if number else "0"
        case _:
            assert_never(kind)


def decimal_in(text: str) -> Decimal | None:
    """Return the finite number a text is, of at most thirty digits, or None."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    small = number.is_finite() and len(number.as_tuple().digits) <= 30
    return number if small and abs(number.adjusted()) <= 30 else None


def _is_within(attribute: Attribute, value: str) -> bool:
    number = decimal_in(value)
    if attribute.type not in {ValueType.INTEGER, ValueType.DECIMAL} or number is None:
        return True
    low, high = attribute.minimum, attribute.maximum
    return (low is None or number >= low) and (high is None or number <= high)


def allowed_values(attribute: Attribute) -> str:
    """Say which values an attribute may have, as a remedy."""
    if attribute.values:
        return f"use one of {', '.join(attribute.values)}"
    match attribute.type:
        case ValueType.BOOLEAN:
            return "use true or false"
        case ValueType.INTEGER | ValueType.DECIMAL:
            word = "a whole number" if attribute.type is ValueType.INTEGER else "a number"
            low, high = attribute.minimum, attribute.maximum
            least = "" if low is None else f", {low} or more"
            most = "" if high is None else f", {high} or less"
            return f"write {word}{least}{most}"
        case ValueType.ENUM | ValueType.TEXT:
            return "write a text"
        case _:
            assert_never(attribute.type)


def chosen_attributes(
    attributes: Sequence[Attribute], written: Mapping[str, str]
) -> dict[str, str]:
    """Return the value of each attribute as written or preset, in the order of the catalogue.

    What `attribute_problems` reports is left out.
    """
    found: dict[str, str] = {}
    for attribute in attributes:
        text = written.get(attribute.key, attribute.default)
        value = None if text is None else normalized(attribute, text)
        if value is not None:
            found[attribute.key] = value
    return found


def attribute_problems(
    attributes: Sequence[Attribute],
    sku: str,
    written: Mapping[str, str],
    path: str,
    *,
    complete: bool = True,
) -> Iterator[Problem]:
    """Yield unknown attributes, values that are not allowed and, if complete, what is left out."""
    known = {attribute.key: attribute for attribute in attributes}
    for key in written:
        if key not in known:
            yield Problem(
                field=f"{path}.attributes.{key}",
                reason=f"{sku} has no attribute {key}",
                remedy=nearest(key, known) if known else "leave it out",
            )
    for key, attribute in known.items():
        text = written.get(key)
        field = f"{path}.attributes.{key}"
        if text is not None and normalized(attribute, text) is None:
            reason = f"{text[:60]!r} is no value of {key} of {sku}"
            yield Problem(field=field, reason=reason, remedy=allowed_values(attribute))
        elif complete and text is None and attribute.default is None and attribute.required:
            reason = f"{sku} needs a value of {key}"
            yield Problem(field=field, reason=reason, remedy=allowed_values(attribute))


def declared_problems(attribute: Attribute, path: str) -> Iterator[Problem]:
    """Yield what is wrong with an attribute or a question as the catalogue declares it."""
    yield from filled(f"{path}.key", attribute.key)
    listed = attribute.type in {ValueType.ENUM, ValueType.TEXT}
    if attribute.type is ValueType.ENUM and not attribute.values:
        yield Problem(field=f"{path}.values", reason="are missing", remedy="list the values")
    yield from repeated(f"{path}.values", "value", attribute.values)
    for index, value in enumerate(attribute.values):
        if _typed(attribute.type, value) is None:
            reason = f"{value[:60]!r} is no {attribute.type}"
            yield Problem(field=f"{path}.values[{index}]", reason=reason)
    if attribute.default is not None and normalized(attribute, attribute.default) is None:
        yield Problem(
            field=f"{path}.default",
            reason=f"{attribute.default[:60]!r} is not allowed",
            remedy=allowed_values(attribute),
        )
    low, high = attribute.minimum, attribute.maximum
    if (low is not None or high is not None) and listed:
        yield Problem(field=f"{path}.minimum", reason=f"bounds a {attribute.type}")
    elif low is not None and high is not None and low > high:
        yield Problem(field=f"{path}.minimum", reason=f"{low} is more than the maximum of {high}")
