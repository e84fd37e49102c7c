"""Attributes: typed values chosen for a line, in the one form that prices go by."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.chosen import Attribute, ValueType, normalized
from models.deal_file import DealFile, check_deal_file
from tests.models.cpq import catalog, configured, line, product, reasons, refused

SHIRT = product(
    "SHIRT",
    attributes=[
        {"key": "size", "type": "enum", "values": ["S", "M", "L"], "required": True},
        {"key": "gift", "type": "boolean", "default": "false"},
        {"key": "length", "type": "decimal", "minimum": 10, "maximum": 200},
        {"key": "count", "type": "integer", "values": ["1", "2"]},
        {"key": "text", "type": "text"},
    ],
)


def test_chosen_values_are_on_the_line_in_one_form() -> None:
    """`l` is L, yes is true and 70.50 is 70.5, so one price entry matches all ways to write it."""
    chosen = {"size": "l", "gift": True, "length": "70.50", "count": "2.0"}

    found = configured(catalog(SHIRT), line("SHIRT", attributes=chosen))

    assert found.problems == ()
    assert dict(found.lines[0].attributes) == {
        "size": "L",
        "gift": "true",
        "length": "70.5",
        "count": "2",
    }


def test_what_is_not_chosen_takes_its_default() -> None:
    """A gift is only wrapped when asked for."""
    found = configured(catalog(SHIRT), line("SHIRT", attributes={"size": "M"}))

    assert dict(found.lines[0].attributes) == {"size": "M", "gift": "false"}


def test_every_mistake_about_attributes_is_told_at_once() -> None:
    """Unknown, not allowed, out of bounds, of the wrong type, and left out."""
    chosen = {"colour": "red", "gift": "maybe", "length": "9.99", "count": "3"}

    found = configured(catalog(SHIRT), line("SHIRT", attributes=chosen))

    assert reasons(found) == [
        "lines[0].attributes.colour: SHIRT has no attribute colour",
        "lines[0].attributes.size: SHIRT needs a value of size",
        "lines[0].attributes.gift: 'maybe' is no value of gift of SHIRT",
        "lines[0].attributes.length: '9.99' is no value of length of SHIRT",
        "lines[0].attributes.count: '3' is no value of count of SHIRT",
    ]
    assert found.problems[1].remedy == "use one of S, M, L"


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ({"key": "a", "type": "enum"}, "values: are missing"),
        ({"key": "a", "type": "integer", "values": ["1.5"]}, "values[0]: '1.5' is no integer"),
        (
            {"key": "a", "type": "boolean", "default": "perhaps"},
            "default: 'perhaps' is not allowed",
        ),
        ({"key": "a", "minimum": 1}, "minimum: bounds a text"),
        (
            {"key": "a", "type": "decimal", "minimum": 2, "maximum": 1},
            "minimum: 2 is more than the maximum of 1",
        ),
        ({"key": " "}, "key: is empty"),
        (
            {"key": "a", "type": "enum", "values": ["x", "x"]},
            "values[1].value: x is already in products[0].attributes[0].values[0]",
        ),
    ],
)
def test_an_attribute_nobody_could_fill_in_is_refused(attribute: dict[str, Any], said: str) -> None:
    """The catalogue is checked before a seller meets it."""
    assert refused(product("P", attributes=[attribute])) == [f"products[0].attributes[0].{said}"]


def test_a_file_with_too_much_text_in_attributes_is_refused() -> None:
    """A deal file travels as one payload under 64 KB."""
    engraved = line("SHIRT", attributes={"text": "x" * 4_000})
    file = DealFile(lines=(engraved, engraved))

    told = [one.reason for one in check_deal_file(file) if one.field == "lines"]

    assert told == ["attributes of 8,008 characters are more than 8,000"]


@given(st.text(max_size=40), st.sampled_from(list(ValueType)))
def test_a_normal_form_is_its_own_normal_form(text: str, kind: ValueType) -> None:
    """Writing what a line shows chooses the same again; nothing anybody types breaks it."""
    attribute = Attribute(key="a", type=kind, values=("x", "Y") if kind is ValueType.ENUM else ())

    once = normalized(attribute, text)

    assert once is None or normalized(attribute, once) == once


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-999, max_value=999))
def test_equal_numbers_have_one_form(number: Any) -> None:
    """1, 1.0 and 1.000 find the same price."""
    attribute = Attribute(key="a", type=ValueType.DECIMAL)

    assert normalized(attribute, f"{number:f}") == normalized(attribute, f"{number:f}000")
