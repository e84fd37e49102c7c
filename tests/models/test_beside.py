"""Alternatives in a deal file: what they may say, and what is told of the files they make."""

from datetime import date
from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from models.beside import changed_files, check_whole_file, parse_whole_file
from models.deal_file import MOST_ALTERNATIVES, deal_file_schema, parse_deal_file
from models.deal_template import cloned
from models.errors import InvalidInputError
from models.renewal import renewal_file

SOUND: dict[str, Any] = {
    "number": "1001",
    "entity": "US01",
    "customer": "C-1",
    "seller": "sam",
    "currency": "USD",
    "lines": [{"product": "CRM", "quantity": "10"}],
}
BIG = {"label": "big", "change": {"lines": [{"line": 1, "quantity": 20}]}}


def told(*alternatives: Any, **changes: Any) -> dict[str, str]:
    """Return what is wrong with a file that has these alternatives, by field."""
    with pytest.raises(InvalidInputError) as caught:
        parse_whole_file({**SOUND, "alternatives": list(alternatives), **changes})
    return {each.field: each.reason for each in caught.value.problems}


def test_the_lines_of_the_file_are_the_primary_and_an_alternative_changes_them() -> None:
    """Ten seats as written, twenty as `big`; the changed file has no alternatives of its own."""
    file = parse_whole_file({**SOUND, "alternatives": [BIG]})

    ((index, made),) = changed_files(file)

    assert (index, file.lines[0].quantity) == (0, Decimal(10))
    assert (made.lines[0].quantity, made.alternatives) == (Decimal(20), ())
    jsonschema.validate({**SOUND, "alternatives": [BIG]}, deal_file_schema())


def test_all_that_is_wrong_with_labels_and_changes_is_told_at_once() -> None:
    """No label, a label twice, one too long, a change of nothing, and one that makes no file."""
    found = told(
        {"change": BIG["change"]},
        BIG,
        {"label": "big", "change": {}},
        {"label": "x" * 41, "change": {"lines": [{"line": 2, "quantity": 5}], "term_months": -1}},
        {"label": "same", "change": {"lines": [{"line": 1, "quantity": 10}]}},
        valid_days=0,
    )

    assert found == {
        "valid_days": "0 is not between 1 and 365",
        "alternatives[0].label": "is missing",
        "alternatives[2].label": "big is already in alternatives[1]",
        "alternatives[2].change": "changes nothing",
        "alternatives[3].label": "has 41 characters, more than 40",
        "alternatives[3].change.lines[0].line": "there is no line 2",
        "alternatives[3].term_months": "-1 is not between 0 and 120",
        "alternatives[4].change": "leaves the file as it is",
    }


def test_what_cannot_be_read_is_told_by_its_place() -> None:
    """A misspelt field would be a change nobody makes."""
    found = told({"label": "big", "change": {"line": 1}}, currency="usd")

    assert set(found) >= {"alternatives[0].change.line", "currency"}


def test_a_file_holds_few_and_short_alternatives() -> None:
    """They travel in the first message of the deal."""
    many = [{**BIG, "label": f"big {index}"} for index in range(MOST_ALTERNATIVES + 1)]
    long = {"label": "long", "change": {"note": "n" * 8_000}}

    assert told(*many) == {"alternatives": "6 are more than 5"}
    assert "are more than 8,000" in told(long)["alternatives"]


def test_a_problem_of_the_primary_is_not_repeated_for_each_alternative() -> None:
    """One mistake is one problem; only what the change itself brings is told in its place."""
    lines = [{"product": "CRM", "quantity": "0"}]
    file = parse_deal_file({**SOUND, "alternatives": [{"label": "l", "change": {"note": "n"}}]})
    broken = file.model_copy(update={"lines": (file.lines[0].model_copy(update={"product": ""}),)})

    assert set(told({"label": "l", "change": {"note": "n"}}, lines=lines)) == {"lines[0].quantity"}
    assert [each.field for each in check_whole_file(broken)] == ["lines[0].product"]


def test_the_next_term_and_a_clone_have_no_alternatives() -> None:
    """They were a choice of one offer, and it was made."""
    file = parse_whole_file({**SOUND, "alternatives": [BIG]})

    assert renewal_file(file, {"1": Decimal(5)}, date(2027, 1, 1)).alternatives == ()
    assert "alternatives" not in cloned(file)
