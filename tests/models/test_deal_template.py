"""Templates and clones: what is carried from one deal to the next, and what is not."""

from typing import Any

import pytest

from models.deal_file import DealFile, parse_deal_file
from models.deal_template import cloned, fill, parse_deal_template, template_of
from models.errors import InvalidInputError

FILE = parse_deal_file(
    {
        "number": "1001",
        "entity": "DE01",
        "customer": "C-100",
        "seller": "sam",
        "currency": "EUR",
        "starts_on": "2026-02-01",
        "term_months": 24,
        "purchase_order": "PO-1",
        "test_clock": "2026-01-01T09:00:00Z",
        "lines": [
            {"product": "CRM", "quantity": "25", "unit_price": "40"},
            {
                "product": "SUITE",
                "discount": {"percent": "10"},
                "options": [{"product": "X", "quantity": "2", "unit_price": "3"}],
            },
        ],
        "header_discount": {"percent": "5"},
    }
)


def reread(written: dict[str, Any]) -> DealFile:
    return parse_deal_file({**written, "number": "2", "seller": "leo"})


def problems(call: Any) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as raised:
        call()
    return {problem.field: problem.reason for problem in raised.value.problems}


def test_a_clone_leaves_out_what_belongs_to_the_one_deal() -> None:
    """Number, seller, dates, order number and test clock are the other deal's own."""
    again = reread(cloned(FILE))

    assert (again.number, again.seller, again.purchase_order) == ("2", "leo", "")
    assert (again.starts_on, again.test_clock) == (None, None)
    assert again.lines == FILE.lines
    assert (again.term_months, again.header_discount) == (24, FILE.header_discount)


def test_a_clone_for_another_customer_carries_no_agreed_price() -> None:
    """What one customer negotiated is nothing for another."""
    again = reread(cloned(FILE, "C-200"))

    assert again.customer == "C-200"
    assert [(str(line.quantity), line.unit_price, line.discount) for line in again.lines] == [
        ("25", None, None),
        ("1", None, None),
    ]
    assert again.lines[1].options[0].unit_price is None
    assert again.header_discount is None


def test_a_template_of_a_deal_file_is_filled_in_again() -> None:
    """What stood in the blank is its default; the term is a number again."""
    places = {"seats": "lines[0].quantity", "customer": "customer", "months": "term_months"}
    template = template_of(FILE, "team", "a team", places)

    as_it_was = reread(fill(template, {}))
    other = reread(fill(template, {"seats": "40", "customer": "C-9", "months": "12"}))

    assert [one.default for one in template.variables] == ["25", "C-100", "24"]
    assert as_it_was.lines == FILE.lines
    assert (other.customer, str(other.lines[0].quantity), other.term_months) == ("C-9", "40", 12)


def test_a_path_that_leads_nowhere_is_refused_with_all_others() -> None:
    """A group of fields is no single value either."""
    found = problems(
        lambda: template_of(FILE, "t", "", {"a": "lines[9].quantity", "b": "lines", "c": "colour"})
    )

    assert found == {
        "a": "there is no single value at lines[9].quantity",
        "b": "there is no single value at lines",
        "c": "there is no single value at colour",
    }


def test_a_blank_without_value_and_a_value_without_blank_are_told_together() -> None:
    """Nobody fills a template in twice."""
    template = parse_deal_template(
        {
            "id": "t",
            "variables": [{"name": "who", "about": "the customer's number"}],
            "file": {"entity": "DE01", "customer": "{{ who }}"},
        }
    )

    assert problems(lambda: fill(template, {"whom": "C-1"})) == {
        "whom": "is no variable of t",
        "who": "has no value",
    }


def test_a_template_with_slips_is_refused_with_all_of_them() -> None:
    """A misspelled blank would be sold as it stands."""
    found = problems(
        lambda: parse_deal_template(
            {
                "id": "my template",
                "variables": [{"name": "seats"}, {"name": "seats"}, {"name": "Unused"}],
                "file": {"entity": "{{place}}", "lines": [{"quantity": "{{seats}}"}]},
            }
        )
    )

    assert set(found) == {"id", "variables", "variables[2].name", "file"}
