"""What a buyer may change alone, and what they may only ask for."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import parse_catalog
from models.deal_file import DealFile, parse_deal_file
from models.errors import InvalidInputError
from models.negotiation import (
    buyer_change_problems,
    counter_offer_problems,
    described,
    limit_problems,
)
from models.revision import QuoteDelta, apply_delta


def file_with(**limits: Any) -> DealFile:
    """Return a file with a desk that the buyer may change, and a chair that they may not."""
    desk = {"product": "DESK", "quantity": "10", "discount": {"percent": "5"}}
    return parse_deal_file(
        {
            "number": "1001",
            "entity": "US01",
            "customer": "C-100",
            "seller": "sam",
            "currency": "USD",
            "lines": [{**desk, "buyer_may": limits}, {"product": "CHAIR", "unit_price": "80"}],
        }
    )


FILE = file_with(minimum="5", maximum="50", options=["PHONE"])


def asked(*lines: dict[str, Any], **header: Any) -> QuoteDelta:
    return QuoteDelta.model_validate({"lines": lines, **header})


def fields(delta: QuoteDelta, file: DealFile = FILE) -> list[str]:
    return [problem.field for problem in buyer_change_problems(file, delta)]


@pytest.mark.parametrize("quantity", ["5", "10", "50"])
def test_a_quantity_within_the_limits_is_the_buyers_to_choose(quantity: str) -> None:
    """Both ends are within."""
    assert fields(asked({"line": 1, "quantity": quantity})) == []


def test_what_is_beyond_the_limits_is_told_all_at_once() -> None:
    """Each with its place: the quantity of both lines, an option, a discount, the term."""
    delta = asked(
        {"line": 1, "quantity": "51", "options": [{"product": "VIDEO", "quantity": "1"}]},
        {"line": 2, "quantity": "3", "discount": {"percent": "90"}},
        term_months=24,
    )

    assert set(fields(delta)) == {
        "delta.term_months",
        "delta.lines[0].quantity",
        "delta.lines[0].options[0].product",
        "delta.lines[1].quantity",
        "delta.lines[1].discount",
    }


def test_one_limit_leaves_the_other_end_open() -> None:
    """At least five, and as many as they like."""
    open_ended = file_with(minimum="5")

    assert fields(asked({"line": 1, "quantity": "100000"}), open_ended) == []
    assert fields(asked({"line": 1, "quantity": "4"}), open_ended) == ["delta.lines[0].quantity"]


def test_options_alone_leave_the_quantity_fixed() -> None:
    """The price of an option is never the buyer's to set."""
    only_options = file_with(options=["PHONE"])
    phone = {"product": "PHONE", "quantity": "1"}

    assert fields(asked({"line": 1, "options": [phone]}), only_options) == []
    assert fields(asked({"line": 1, "quantity": "11"}), only_options) == ["delta.lines[0].quantity"]
    priced = asked({"line": 1, "options": [{**phone, "unit_price": "0"}]})
    assert fields(priced, only_options) == ["delta.lines[0].options[0].unit_price"]


@given(
    st.integers(1, 2),
    st.one_of(st.none(), st.decimals(0, 100, places=1)),
    st.one_of(st.none(), st.decimals(0, 100, places=1)),
    st.sampled_from([None, {"percent": "50"}]),
    st.booleans(),
    st.booleans(),
)
def test_a_change_that_is_allowed_never_touches_a_price(
    line: int,
    quantity: Decimal | None,
    price: Decimal | None,
    discount: Any,
    limits: bool,  # noqa: FBT001
    removed: bool,  # noqa: FBT001
) -> None:
    """Whatever a buyer sends: prices, discounts, terms and limits stay the seller's."""
    change: dict[str, Any] = {"line": line, "remove": removed}
    change |= {"quantity": quantity, "unit_price": price, "discount": discount}
    change |= {"buyer_may": {"maximum": "1000"}} if limits else {}
    delta = asked(change)
    if fields(delta):
        return

    try:
        after = apply_delta(FILE, delta)
    except InvalidInputError:
        return
    for before, now in zip(FILE.lines, after.lines, strict=True):
        untouched = {"quantity": before.quantity, "options": before.options}
        assert now.model_copy(update=untouched) == before


def test_a_counter_offer_may_ask_for_price_quantity_discount_and_term() -> None:
    """Everything else is a matter for words."""
    good = asked(
        {"line": 1, "quantity": "60", "unit_price": "40", "discount": {"percent": "10"}},
        header_discount={"percent": "15"},
        term_months=24,
    )
    bad = asked({"line": 1, "remove": True}, payment_terms_days=90, note="mine", reprice=True)

    assert list(counter_offer_problems(good)) == []
    assert {problem.field for problem in counter_offer_problems(bad)} == {
        "delta.lines[0].remove",
        "delta.payment_terms_days",
        "delta.note",
        "delta.reprice",
    }
    assert [problem.reason for problem in counter_offer_problems(QuoteDelta())] == [
        "proposes nothing"
    ]


def test_a_change_is_said_as_a_person_would() -> None:
    """The seller reads it in the inbox and in the mail."""
    delta = asked(
        {"line": 1, "quantity": "60", "options": [{"product": "PHONE", "quantity": "0"}]},
        {"line": 2, "unit_price": "70.50", "discount": {"amount": "5"}},
        header_discount={"percent": "15"},
        term_months=24,
    )

    assert described(FILE, delta) == (
        "line 1 (DESK): 60 instead of 10",
        "line 1 (DESK): without PHONE",
        "line 2 (CHAIR): 70.5 USD per unit",
        "line 2 (CHAIR): 5 USD off it",
        "15 % off the whole quote",
        "a term of 24 months instead of 12",
    )


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"minimum": "0"}, "lines[0].buyer_may.minimum"),
        ({"minimum": "9", "maximum": "3"}, "lines[0].buyer_may.maximum"),
        ({}, "lines[0].buyer_may"),
        ({"maximun": "3"}, "lines[0].buyer_may.maximun"),
    ],
    ids=["zero", "swapped", "empty", "misspelled"],
)
def test_limits_that_cannot_be_meant_are_refused(limits: dict[str, str], field: str) -> None:
    """A seller hears of it while the file is checked, not when the buyer is at the page."""
    with pytest.raises(InvalidInputError) as raised:
        file_with(**limits)

    assert field in {problem.field for problem in raised.value.problems}


def test_an_option_that_the_product_does_not_have_is_found() -> None:
    """With the one that was probably meant."""
    charge = {"key": "seat", "name": "Seat", "type": "recurring", "cadence": "monthly"}
    products = [
        {"sku": "DESK", "name": "Desk", "kind": "subscription", "charges": [charge]},
        {"sku": "PHONE", "name": "Phone", "kind": "subscription", "charges": [charge]},
    ]
    products[0]["components"] = [{"sku": "PHONE", "maximum": 1}]
    catalog = parse_catalog({"version": "1", "products": products})

    [problem] = limit_problems(catalog, file_with(options=["PHONE", "PHONES"]))

    assert (problem.field, problem.remedy) == (
        "lines[0].buyer_may.options[1]",
        "did you mean PHONE?",
    )
