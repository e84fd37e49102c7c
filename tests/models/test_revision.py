"""Revision: a change says only what changes, and everything wrong with it is told at once."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.deal_file import DealFile, Discount, LineRequest, OptionRequest, parse_deal_file
from models.errors import InvalidInputError
from models.revision import LineChange, OptionChange, QuoteDelta, apply_delta


def file(*lines: dict[str, Any], **changes: Any) -> DealFile:
    written = {
        "number": "1001",
        "entity": "DE01",
        "customer": "C-100",
        "seller": "sam",
        "currency": "EUR",
        "lines": list(lines) or [{"product": "CRM", "quantity": "3"}, {"product": "SUITE"}],
        **changes,
    }
    return parse_deal_file(written)


def refused(base: DealFile, **delta: Any) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as raised:
        apply_delta(base, QuoteDelta.model_validate(delta))
    return {problem.field: problem.reason for problem in raised.value.problems}


def changed(base: DealFile, **delta: Any) -> DealFile:
    return apply_delta(base, QuoteDelta.model_validate(delta))


def test_a_change_touches_what_it_names_and_nothing_else() -> None:
    """Line 1 gets five more and a discount; line 2 and the header stay."""
    base = file()

    after = changed(base, lines=[{"line": 1, "quantity": "8", "discount": {"percent": "12"}}])

    assert after.lines[0] == LineRequest(
        product="CRM", quantity=Decimal(8), discount=Discount(percent=Decimal(12))
    )
    assert after.lines[1] == base.lines[1]
    assert after.model_copy(update={"lines": base.lines}) == base


def test_lines_keep_their_numbers_until_the_removed_ones_have_left() -> None:
    """The third line is changed by its own number although the first one leaves."""
    base = file({"product": "A"}, {"product": "B"}, {"product": "C"})

    after = changed(
        base,
        lines=[{"line": 1, "remove": True}, {"line": 3, "quantity": "7"}],
        add=[{"product": "D"}],
    )

    assert [(line.product, int(line.quantity)) for line in after.lines] == [
        ("B", 1),
        ("C", 7),
        ("D", 1),
    ]


def test_an_agreed_price_and_a_discount_can_be_taken_away() -> None:
    """Absent means unchanged, so taking away has a word of its own."""
    base = file(
        {"product": "CRM", "unit_price": "40", "discount": {"percent": "5"}},
        header_discount={"percent": "3"},
        note="hello",
        starts_on="2026-05-01",
    )

    after = changed(
        base,
        lines=[{"line": 1, "clear": ["unit_price", "discount"]}],
        clear=["header_discount", "note", "starts_on"],
    )

    assert after.lines == (LineRequest(product="CRM"),)
    assert (after.header_discount, after.note, after.starts_on) == (None, "", None)


def test_options_are_changed_added_and_taken_back_by_their_sku() -> None:
    """A bundle's components have no numbers a person would know."""
    base = file({"product": "B", "options": [{"product": "X", "quantity": "2"}, {"product": "Y"}]})

    after = changed(
        base,
        lines=[
            {
                "line": 1,
                "options": [
                    {"product": "X", "quantity": "4"},
                    {"product": "Y", "remove": True},
                    {"product": "Z", "quantity": "0"},
                ],
            }
        ],
    )

    assert after.lines[0].options == (
        OptionRequest(product="X", quantity=Decimal(4)),
        OptionRequest(product="Z", quantity=Decimal(0)),
    )


def test_the_header_is_changed_field_by_field() -> None:
    """Terms are negotiated as much as prices are."""
    after = changed(
        file(),
        term_months=24,
        payment_terms_days=60,
        valid_days=10,
        purchase_order="PO-7",
        note="as agreed",
        starts_on="2026-07-01",
        header_discount={"percent": "5"},
        renewal={"uplift_percent": "4"},
    )

    assert (after.term_months, after.payment_terms_days, after.valid_days) == (24, 60, 10)
    assert (after.purchase_order, after.note) == ("PO-7", "as agreed")
    assert after.header_discount == Discount(percent=Decimal(5))
    assert after.renewal.uplift_percent == 4


def test_what_a_price_comes_of_is_changed_and_taken_away_like_everything_else() -> None:
    """Codes, groups, a target and a partner are negotiated too; each is named as a whole."""
    off = {"name": "Office", "discount": {"percent": "4"}}
    base = file({"product": "CRM", "attributes": {"size": "S"}}, promotions=["SPRING"])

    after = changed(
        base,
        lines=[{"line": 1, "attributes": {"size": "L"}}],
        add=[{"product": "DESK", "group": "Office"}],
        groups=[off],
        target_total="900",
        partner="P-1",
        price_book="partners",
        clear=["promotions"],
    )
    back = changed(after, clear=["target_total", "partner", "price_book"])

    assert (after.promotions, after.target_total, after.partner) == ((), Decimal(900), "P-1")
    assert (after.price_book, after.groups[0].name) == ("partners", "Office")
    assert after.lines[0].attributes == {"size": "L"}
    assert (back.target_total, back.partner, back.price_book) == (None, "", None)


def test_everything_wrong_with_a_change_is_told_at_once() -> None:
    """Whoever corrects it wants to do it once; fields are named as they were asked for."""
    base = file({"product": "CRM"}, {"product": "B", "options": [{"product": "X"}]})

    found = refused(
        base,
        lines=[
            {"line": 1, "quantity": "-2"},
            {"line": 9, "quantity": "1"},
            {"line": 2, "options": [{"product": "Q", "remove": True}, {"product": "X"}]},
        ],
        add=[{"product": "", "quantity": "1"}],
        term_months=500,
        clear=["customer"],
    )

    assert set(found) == {
        "lines[0].quantity",
        "delta.lines[1].line",
        "delta.lines[2].options[0].product",
        "delta.add[0].product",
        "term_months",
        "delta.clear",
    }
    assert found["delta.lines[1].line"] == "there is no line 9"


@pytest.mark.parametrize(
    ("delta", "field", "reason"),
    [
        (
            {"lines": [{"line": 1, "remove": True, "quantity": "2"}]},
            "delta.lines[0]",
            "is removed and changed at once",
        ),
        (
            {"lines": [{"line": 1, "quantity": "2"}, {"line": 1, "quantity": "3"}]},
            "lines",
            "1 is changed twice",
        ),
        (
            {"lines": [{"line": 1, "unit_price": "2", "clear": ["unit_price"]}]},
            "delta.lines[0].unit_price",
            "is cleared and set at once",
        ),
        (
            {"lines": [{"line": 1, "remove": True}, {"line": 2, "remove": True}]},
            "lines",
            "are missing",
        ),
        ({"add": [{"product": "A"}] * 151}, "delta", "151 changes are more than 150"),
        (
            {"header_discount": {"percent": "101"}},
            "header_discount.percent",
            "101 is not between 0 and 100",
        ),
    ],
)
def test_a_change_that_contradicts_itself_is_refused(
    delta: dict[str, Any], field: str, reason: str
) -> None:
    """Nobody guesses which of the two was meant."""
    assert refused(file(), **delta)[field] == reason


quantities = st.decimals(min_value=1, max_value=999, places=0)
prices = st.decimals(min_value=0, max_value=9999, places=2)


def options() -> st.SearchStrategy[OptionChange]:
    return st.builds(OptionChange, product=st.sampled_from(["X", "Y"]), quantity=quantities)


def line_changes(number: int) -> st.SearchStrategy[LineChange]:
    discounts = st.builds(Discount, percent=st.integers(0, 100).map(Decimal))
    return st.builds(
        LineChange,
        line=st.just(number),
        choose=st.none() | st.booleans(),
        quantity=st.none() | quantities,
        unit_price=st.none() | prices,
        discount=st.none() | discounts,
        options=st.lists(options(), max_size=2, unique_by=lambda one: one.product).map(tuple),
    )


BASE = file(
    {"product": "A", "discount": {"percent": "9"}},
    {"product": "B", "options": [{"product": "X"}]},
    {"product": "C", "unit_price": "3"},
)


@given(st.integers(1, 20), st.text("abc", max_size=5))
def test_the_empty_change_is_the_identity(quantity: int, note: str) -> None:
    """Law: nothing asked, nothing changed."""
    base = file({"product": "A", "quantity": str(quantity)}, note=note)

    assert apply_delta(base, QuoteDelta()) == base


@given(line_changes(1), line_changes(3))
def test_changes_of_different_lines_commute(first: LineChange, second: LineChange) -> None:
    """Law: the order of two people's changes does not matter, nor whether they are sent as one."""
    one, two = QuoteDelta(lines=(first,)), QuoteDelta(lines=(second,))

    both = apply_delta(apply_delta(BASE, one), two)

    assert both == apply_delta(apply_delta(BASE, two), one)
    assert both == apply_delta(BASE, QuoteDelta(lines=(second, first)))


@given(line_changes(2))
def test_a_change_made_twice_is_made_once(change: LineChange) -> None:
    """Law: a change says what shall be, not by how much."""
    delta = QuoteDelta(lines=(change,))
    once = apply_delta(BASE, delta)

    assert apply_delta(once, delta) == once


@given(line_changes(1), st.integers(2, 3))
def test_a_removed_line_takes_no_other_with_it(change: LineChange, gone: int) -> None:
    """Law: removing last is the same as removing at once."""
    removal = LineChange(line=gone, remove=True)

    at_once = apply_delta(BASE, QuoteDelta(lines=(change, removal)))

    changed_first = apply_delta(BASE, QuoteDelta(lines=(change,)))
    assert at_once == apply_delta(changed_first, QuoteDelta(lines=(removal,)))
