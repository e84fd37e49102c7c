"""Buyers' files against our catalogue and quotes: what is certain counts, the rest is listed."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog, parse_catalog
from models.configuration import configure
from models.deal_file import parse_deal_file
from models.errors import InvalidInputError
from models.pricing import PricedLine, PricingRequest, price
from models.procurement import (
    DifferenceKind,
    RequestedItem,
    compare_order,
    match_request,
    parse_request,
)

JANUARY = date(2026, 1, 15)

DIGITS = "write digits with a decimal point, such as 1234.50"
CATALOG = parse_catalog(
    {
        "version": "1",
        "products": [
            {
                "sku": "DESK-1",
                "name": "Standing desk",
                "kind": "good",
                "charges": [{"key": "price", "name": "Desk", "type": "one_time"}],
            },
            {
                "sku": "LAMP-7",
                "name": "Desk lamp",
                "kind": "good",
                "charges": [{"key": "price", "name": "Lamp", "type": "one_time"}],
            },
            {
                "sku": "CARE",
                "name": "Care plan",
                "kind": "subscription",
                "charges": [
                    {"key": "setup", "name": "Set-up", "type": "one_time"},
                    {"key": "fee", "name": "Fee", "type": "recurring", "cadence": "monthly"},
                ],
            },
        ],
        "price_books": [
            {
                "name": "standard",
                "currency": "USD",
                "valid_from": "2025-01-01",
                "entries": [
                    {"sku": "DESK-1", "charge": "price", "unit": "399.99"},
                    {"sku": "LAMP-7", "charge": "price", "unit": "0.335"},
                    {"sku": "CARE", "charge": "setup", "unit": "50"},
                    {"sku": "CARE", "charge": "fee", "unit": "9"},
                ],
            }
        ],
    }
)


def quoted(*lines: dict[str, str], catalog: Catalog = CATALOG) -> tuple[PricedLine, ...]:
    """Return the priced lines of a quote over these products."""
    file = parse_deal_file(
        {
            "number": "1",
            "entity": "US01",
            "customer": "C-1",
            "seller": "sam",
            "currency": "USD",
            "lines": list(lines),
        }
    )
    request = PricingRequest(currency="USD", priced_on=JANUARY)
    return price(catalog, configure(catalog, file).lines, request)


def test_a_request_with_headings_of_its_own_is_read() -> None:
    """Buyers send what their system writes: other words, other separators, a byte order mark."""
    text = "\ufeffPart No.;Item description;Qty;Target Price\nDESK-1;;4;350.00\n;Desk lamp;2;\n"

    first, second = parse_request(text)

    assert (first.row, first.item) == (2, "DESK-1")
    assert (first.quantity, first.unit_price) == (Decimal(4), Decimal(350))
    assert (second.row, second.name, second.quantity) == (3, "Desk lamp", Decimal(2))
    assert second.unit_price is None


def test_every_row_that_cannot_be_read_is_told_at_once() -> None:
    """Whoever corrects a file wants to do it once."""
    text = "Item,Qty,Price\nDESK-1,many,1\n,3,1\nLAMP-7,-2,x\nCARE,,\n"

    with pytest.raises(InvalidInputError) as refused:
        parse_request(text)

    assert [str(problem) for problem in refused.value.problems] == [
        f"row 2: quantity: many is not a number ({DIGITS})",
        "row 3: names no item (say what is wanted)",
        "row 4: quantity: -2 must be more than 0 (write a number above 0)",
        f"row 4: unit_price: x is not a number ({DIGITS})",
        "row 5: quantity: is missing (say how many)",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no rows"),
        ("Item,Qty\n", "has no rows"),
        ("Item,Price\nDESK-1,3\n", "names no quantity"),
        ("Colour,Qty\nred,3\n", "names no item"),
        ("Item,Qty,Quantity\nDESK-1,3,4\n", "has Qty and Quantity for the quantity"),
    ],
)
def test_a_file_without_what_we_need_is_refused(text: str, reason: str) -> None:
    """Two columns for the same thing are a question, not a choice of ours."""
    with pytest.raises(InvalidInputError) as refused:
        parse_request(text)

    assert reason in [problem.reason for problem in refused.value.problems]


def test_rows_become_lines_and_doubtful_ones_are_listed() -> None:
    """A wrong guess would be shipped; so only our number or the exact name counts."""
    items = parse_request(
        "Item,Description,Qty\ndesk 1,,4\nX-99,Desk Lamp,2\nLAMP,,1\nUnicorn horn,,1\n"
    )

    matched = match_request(CATALOG, items)

    assert [(line.product, line.quantity) for line in matched.lines] == [
        ("DESK-1", Decimal(4)),
        ("LAMP-7", Decimal(2)),
    ]
    assert [(found.row, found.by) for found in matched.matches] == [(2, "number"), (3, "name")]
    assert [(row.row, row.name, row.candidates) for row in matched.unmatched] == [
        (4, "LAMP", ("LAMP-7",)),
        (5, "Unicorn horn", ()),
    ]


def test_an_order_that_repeats_the_quote_agrees() -> None:
    """Split rows and prices cut to cents are no differences where the amounts agree."""
    lines = quoted({"product": "DESK-1", "quantity": "4"}, {"product": "LAMP-7", "quantity": "2"})
    items = parse_request("Item,Qty,Price\nDESK-1,1,399.99\nDESK-1,3,399.99\nDesk lamp,2,0.335\n")

    compared = compare_order(CATALOG, lines, items)

    assert compared.agreeing == ("DESK-1", "LAMP-7")
    assert compared.differences == ()


def test_every_difference_of_an_order_is_told() -> None:
    """More, fewer, cheaper, left out, added: each is a reason to call the buyer."""
    lines = quoted(
        {"product": "DESK-1", "quantity": "4"},
        {"product": "LAMP-7", "quantity": "2"},
        {"product": "CARE", "quantity": "1"},
    )
    items = parse_request("Item,Qty,Price\nDESK-1,4,380\nLAMP-7,3,0.335\nWheel,1,5\n")

    compared = compare_order(CATALOG, lines, items)

    assert compared.agreeing == ()
    assert [(one.kind, one.row, one.reason) for one in compared.differences] == [
        (DifferenceKind.NOT_QUOTED, 4, "Wheel is no product of the catalogue"),
        (DifferenceKind.PRICE, 2, "1,520.00 USD ordered for DESK-1, 1,599.96 USD quoted"),
        (DifferenceKind.QUANTITY, 3, "3 of LAMP-7 ordered, 2 quoted"),
        (DifferenceKind.NOT_ORDERED, 0, "CARE is quoted and not ordered"),
    ]


def test_a_product_with_several_periods_has_no_single_price() -> None:
    """A set-up fee and a monthly fee cannot be one unit price; the quantity still counts."""
    lines = quoted({"product": "CARE", "quantity": "1"})

    compared = compare_order(CATALOG, lines, parse_request("Item,Qty,Price\nCARE,1,59\n"))

    assert compared.agreeing == ("CARE",)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["DESK-1", "LAMP-7", "desk lamp", "nothing of ours"]),
            st.integers(min_value=1, max_value=10**6),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_no_row_of_a_request_is_lost(rows: list[tuple[str, int]]) -> None:
    """Each is a line or on the list, with its whole quantity."""
    items = [
        RequestedItem(row=place, item=name, quantity=Decimal(count))
        for place, (name, count) in enumerate(rows, start=2)
    ]

    matched = match_request(CATALOG, items)

    assert sorted(
        [found.row for found in matched.matches] + [row.row for row in matched.unmatched]
    ) == [item.row for item in items]
    assert sum(line.quantity for line in matched.lines) + sum(
        row.quantity for row in matched.unmatched
    ) == sum(item.quantity for item in items)
