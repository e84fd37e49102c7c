"""What the next term carries on of nested bundles, scaled components and added products."""

from datetime import date
from decimal import Decimal
from typing import Any

from models.catalog import Catalog
from models.deal_file import DealFile, LineRequest
from models.pricing import PricedLine, PricingRequest, price
from models.renewal import next_term_file
from tests.models.cpq import ONCE, catalog, configured, line, product, shown

START, END = date(2026, 1, 1), date(2027, 1, 1)


def shop(*products: dict[str, Any], **changes: Any) -> Catalog:
    entries = [
        {"sku": one["sku"], "charge": charge["key"], "unit": "10.00"}
        for one in products
        for charge in one["charges"]
    ]
    book = {"name": "list", "currency": "USD", "valid_from": "2026-01-01", "entries": entries}
    return catalog(*products, price_books=[book], **changes)


def sold(shop: Catalog, *lines: LineRequest) -> tuple[DealFile, tuple[PricedLine, ...]]:
    found = configured(shop, *lines)
    assert found.problems == ()
    request = PricingRequest(currency="USD", priced_on=START, term_months=12)
    file = DealFile(lines=lines, term_months=12, currency="USD")
    return file, price(shop, found.lines, request)


def renewed(shop: Catalog, *lines: LineRequest) -> DealFile:
    file, priced = sold(shop, *lines)
    return next_term_file(file, priced, END)


RACK = shop(
    product("RACK", components=[{"sku": "SERVER", "maximum": 9}]),
    product(
        "SERVER",
        components=[
            {"sku": "DISK"},
            {"sku": "CARE", "required": True, "default": 2, "scaling": "fixed"},
        ],
    ),
    product("DISK"),
    product("CARE"),
)


def test_options_inside_options_keep_their_prices() -> None:
    """Also those the bundle added by itself, each at its own place."""
    disk = {"product": "DISK", "quantity": "3", "unit_price": "7"}
    server = {
        "product": "SERVER",
        "quantity": "2",
        "discount": {"percent": "50"},
        "options": [disk],
    }

    following = renewed(RACK, line("RACK", 4, options=[server]))

    inner = following.lines[0].options[0]
    assert (following.lines[0].unit_price, inner.unit_price) == (Decimal(10), Decimal(5))
    assert [(one.product, one.quantity, one.unit_price) for one in inner.options] == [
        ("DISK", Decimal(3), Decimal(7)),
        ("CARE", Decimal(2), Decimal(10)),
    ]


def test_the_next_term_is_configured_to_the_same_quantities() -> None:
    """Fixed components are not multiplied by their bundle when they are written down."""
    server = {"product": "SERVER", "quantity": "2", "options": [{"product": "DISK"}]}
    asked = line("RACK", 4, options=[server])

    first, second = configured(RACK, asked), configured(RACK, *renewed(RACK, asked).lines)

    assert second.problems == ()
    assert shown(second) == shown(first)
    assert shown(first)["1.1.2"] == "CARE x 2"


def test_components_of_a_bundle_that_was_sold_once_keep_their_whole_quantity() -> None:
    """The set-up is gone; of 25 bundles, one care for each ten begun is three."""
    setup = shop(
        product(
            "SETUP",
            charges=[ONCE],
            components=[
                {"sku": "SEAT", "required": True},
                {"sku": "CARE", "required": True, "scaling": "ratio", "per": 10},
            ],
        ),
        product("SEAT"),
        product("CARE"),
    )

    following = renewed(setup, line("SETUP", 25))

    assert [(one.product, one.quantity) for one in following.lines] == [
        ("SEAT", Decimal(25)),
        ("CARE", Decimal(3)),
    ]


def test_what_a_rule_added_is_carried_on_at_its_last_price() -> None:
    """It is written down, so the rule finds nothing missing and the price is not forgotten."""
    rule = {"key": "r", "when": {"skus": ["SEAT"]}, "add": "CARE", "units": 1, "per": 10}
    ruled = shop(product("SEAT"), product("CARE"), added=[rule])

    following = renewed(ruled, line("SEAT", 25))

    assert [(one.product, one.quantity, one.unit_price) for one in following.lines] == [
        ("SEAT", Decimal(25), Decimal(10)),
        ("CARE", Decimal(3), Decimal(10)),
    ]
    assert shown(configured(ruled, *following.lines)) == {"1": "SEAT x 25", "2": "CARE x 3"}


def test_the_values_of_attributes_are_carried_on() -> None:
    """They are part of what the price is for."""
    size = [{"key": "size", "type": "enum", "values": ["S", "L"], "default": "S"}]
    sized = shop(product("SEAT", attributes=size), product("B", components=[{"sku": "SEAT"}]))
    option = {"product": "SEAT", "attributes": {"size": "L"}}

    following = renewed(sized, line("SEAT", attributes={"size": "L"}), line("B", options=[option]))

    assert dict(following.lines[0].attributes) == {"size": "L"}
    assert dict(following.lines[1].options[0].attributes) == {"size": "L"}
