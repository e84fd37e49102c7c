"""Faults of shape in the words of the house: no validator's text, no echo, always a remedy."""

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from models.faults import place, problem_of, said
from models.messages import Command, Decision
from models.parties import Role


class Shape(BaseModel):
    """A field of every type that people write."""

    text: Annotated[str, Field(max_length=3, min_length=1)] = "a"
    whole: Annotated[int, Field(ge=1, le=500)] = 1
    above: Annotated[int, Field(gt=0, lt=9)] = 1
    moment: AwareDatetime | None = None
    role: Role = Role.SALES
    listed: tuple[int, ...] = ()
    truth: bool = False


@pytest.mark.parametrize(
    ("field", "value", "reason", "remedy"),
    [
        ("text", "abcd", "is longer than 3 characters", "shorten it"),
        ("text", "", "is shorter than 1 characters", "write more"),
        ("whole", "x", "is not a whole number", "write digits, such as 12"),
        ("whole", 1.5, "is not a whole number", "write digits, such as 12"),
        ("whole", 501, "must not be more than 500", "use 500 or less"),
        ("whole", 0, "must not be less than 1", "use 1 or more"),
        ("above", 0, "must be more than 0", "use more than 0"),
        ("above", 9, "must be less than 9", "use less than 9"),
        (
            "moment",
            "2026-01-01T00:00:00",
            "has no time zone",
            "add it, such as 2026-03-01T09:00:00Z",
        ),
        ("truth", "maybe", "is neither true nor false", "write true or false"),
        ("listed", 5, "is not a list", "write a list, also for a single entry"),
    ],
)
def test_each_fault_is_said_with_its_remedy(
    field: str, value: Any, reason: str, remedy: str
) -> None:
    """Written out by hand, as users read them."""
    with pytest.raises(ValidationError) as caught:
        Shape.model_validate({field: value})

    problem = problem_of(caught.value.errors()[0], "input")
    assert (problem.field, problem.reason, problem.remedy) == (field, reason, remedy)


@pytest.mark.parametrize(
    "kind",
    [
        "enum",
        "greater_than",
        "less_than_equal",
        "value_error",
        "missing",
        "string_too_long",
        "union_tag_invalid",
        "of a version to come",
    ],
)
def test_no_fault_is_without_words(kind: str) -> None:
    """A kind the table does not know is said too, without what was written."""
    figures = dict.fromkeys(
        ("expected", "gt", "ge", "lt", "le", "max_length", "min_length", "error"), "7"
    )
    reason, remedy = said({"type": kind, "ctx": figures, "msg": "Input should", "input": "secret"})

    assert reason
    assert remedy
    assert "Input should" not in reason + remedy
    assert "secret" not in reason + remedy


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text("zq", min_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("zq"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*Command.model_fields, *Decision.model_fields]), ANYTHING))
def test_a_message_of_any_shape_is_refused_in_our_words(data: dict[str, Any]) -> None:
    """The deal's audit trail keeps it, and people read it."""
    for problem in Decision.model_validate(data).problems:
        assert problem.remedy
        assert "Input should" not in str(problem)
        assert "zzzzzzzzz" not in str(problem)


def test_a_place_is_written_as_a_path() -> None:
    """As everywhere: fields by points, places in a list by brackets."""
    assert place(("lines", 1, "discount", "percent")) == "lines[1].discount.percent"
    assert place(()) == ""


def test_a_decision_that_is_text_is_said_plainly() -> None:
    """The case that showed a class name to an approver."""
    (problem,) = Decision.model_validate("approve").problems

    assert problem.field == "message"
    assert problem.reason == "is not a group of fields"
    assert problem.remedy == "write its fields one by one"
