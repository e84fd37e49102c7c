"""A real order book under both rules of rounding: all 830 orders of Northwind, to the cent.

Rounded line by line and rounded order by order, seven orders differ by a cent; the published
control totals say which. Source: the Northwind sample database.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from models.catalog import Catalog, parse_catalog
from models.configuration import configure
from models.deal_file import parse_deal_file
from models.parties import PriceRounding
from models.pricing import PricingRequest, price
from models.quoting import Quote, QuoteRequest, make_quote
from tests.shared_data import shared

Row: TypeAlias = Mapping[str, str]


def rows(name: str) -> Iterator[Row]:
    with shared(f"data/orders/{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from (row for row in csv.DictReader(file) if row["dataset"] == "northwind")


@pytest.fixture(scope="module")
def totals() -> dict[str, Any]:
    text = shared("data/orders/control_totals.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["northwind"]
    return found


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    products = list(rows("products"))
    return parse_catalog(
        {
            "version": "northwind",
            "products": [
                {
                    "sku": f"P{row['product_id']}",
                    "name": row["name"],
                    "kind": "good",
                    "charges": [{"key": "unit", "name": "Unit", "type": "one_time"}],
                }
                for row in products
            ],
            "price_books": [
                {
                    "name": "List",
                    "currency": "USD",
                    "valid_from": "1996-01-01",
                    "entries": [
                        {
                            "sku": f"P{row['product_id']}",
                            "charge": "unit",
                            "unit": row["list_price"],
                        }
                        for row in products
                    ],
                }
            ],
        }
    )


def quoted(catalog: Catalog, order: Row, lines: list[Row], rounding: PriceRounding) -> Quote:
    """Take one order from the seller's file to a quote, by one rule of rounding."""
    ordered_on = date.fromisoformat(order["order_date"])
    file = parse_deal_file(
        {
            "number": order["order_id"],
            "entity": "NW",
            "customer": order["customer_id"],
            "seller": "nw",
            "currency": "USD",
            "starts_on": ordered_on,
            "term_months": 0,
            "lines": [
                {
                    "product": f"P{line['product_id']}",
                    "quantity": line["quantity"],
                    "unit_price": line["unit_price"],
                    "discount": {"percent": str(Decimal(line["discount_rate"] or 0) * 100)},
                }
                for line in lines
            ],
        }
    )
    configuration = configure(catalog, file)
    assert configuration.problems == ()
    asked = PricingRequest(currency="USD", priced_on=ordered_on, term_months=0, rounding=rounding)
    request = QuoteRequest(
        deal=file.number,
        number=f"Q-{file.number}",
        entity=file.entity,
        customer=file.customer,
        seller=file.seller,
        catalog_version=catalog.version,
        price_book="List",
        quoted_on=ordered_on,
        valid_until=ordered_on,
        starts_on=ordered_on,
        term_months=0,
        payment_terms_days=30,
    )
    return make_quote(request, price(catalog, configuration.lines, asked))


def all_quoted(catalog: Catalog, rounding: PriceRounding) -> dict[str, Quote]:
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in rows("order_lines"):
        lines[row["order_id"]].append(row)
    return {
        order["order_id"]: quoted(catalog, order, lines[order["order_id"]], rounding)
        for order in rows("orders")
    }


@pytest.fixture(scope="module")
def by_line(catalog: Catalog) -> dict[str, Quote]:
    return all_quoted(catalog, PriceRounding.LINE)


@pytest.fixture(scope="module")
def by_order(catalog: Catalog) -> dict[str, Quote]:
    return all_quoted(catalog, PriceRounding.ORDER)


def test_all_orders_come_to_the_total_of_each_rule(
    by_line: dict[str, Quote], by_order: dict[str, Quote], totals: dict[str, Any]
) -> None:
    """1,265,793.29 line by line, 1,265,793.22 order by order."""
    assert len(by_line) == totals["orders"]
    assert sum(len(quote.lines) for quote in by_line.values()) == totals["lines"]
    of = {
        "net_rounded_per_line": sum(quote.total.decimal for quote in by_line.values()),
        "net_rounded_per_order": sum(quote.total.decimal for quote in by_order.values()),
    }
    assert of == {name: Decimal(totals[name]) for name in of}


def test_the_rules_differ_on_the_orders_the_control_totals_name(
    by_line: dict[str, Quote], by_order: dict[str, Quote], totals: dict[str, Any]
) -> None:
    """Seven orders, each a cent dearer line by line."""
    differing = {
        order: (by_order[order].total.decimal, quote.total.decimal)
        for order, quote in by_line.items()
        if quote.total != by_order[order].total
    }

    named = {
        order: (round(Decimal(exact), 2), Decimal(per_line))
        for order, (exact, per_line) in totals["rounding_difference_orders"].items()
    }
    assert differing.keys() == named.keys()
    assert {order: per_line for order, (_, per_line) in differing.items()} == {
        order: per_line for order, (_, per_line) in named.items()
    }
    assert all(
        per_line - per_order == Decimal("0.01") for per_order, per_line in differing.values()
    )


def test_the_waterfall_says_that_an_order_was_rounded_together(by_order: dict[str, Quote]) -> None:
    """A line that took a cent more or less than its own rounding must say why."""
    step = next(step for step in by_order["10605"].lines[0].waterfall if step.step.value == "round")

    assert step.rule == "to units of USD, together with what is billed with it"
