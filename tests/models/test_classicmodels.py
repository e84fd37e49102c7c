"""A real order book: every order of ClassicModels, from deal file to quote, to the cent.

The agreed prices are those of the orders; list prices and costs are those of the product list.
Source: the ClassicModels sample database of Eclipse BIRT.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeAlias

import pytest

from models.catalog import Catalog, parse_catalog
from models.configuration import configure
from models.deal_file import parse_deal_file
from models.money import Money
from models.pricing import PricingRequest, price
from models.quoting import Quote, QuoteRequest, make_quote
from tests.shared_data import shared

Row: TypeAlias = Mapping[str, str]


def rows(name: str) -> Iterator[Row]:
    with shared(f"data/orders/{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from (row for row in csv.DictReader(file) if row["dataset"] == "classicmodels")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    products = list(rows("products"))
    return parse_catalog(
        {
            "version": "classicmodels",
            "products": [
                {
                    "sku": row["product_id"],
                    "name": row["name"],
                    "kind": "good",
                    "charges": [{"key": "unit", "name": "Unit", "type": "one_time"}],
                }
                for row in products
            ],
            "price_books": [
                {
                    "name": "MSRP",
                    "currency": "USD",
                    "valid_from": "2003-01-01",
                    "entries": [
                        {
                            "sku": row["product_id"],
                            "charge": "unit",
                            "unit": row["list_price"],
                            "cost": row["cost"] or None,
                        }
                        for row in products
                    ],
                }
            ],
        }
    )


@pytest.fixture(scope="module")
def lines_by_order() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows("order_lines"):
        found[row["order_id"]].append(row)
    return found


@pytest.fixture(scope="module")
def quotes(catalog: Catalog, lines_by_order: dict[str, list[Row]]) -> dict[str, Quote]:
    return {
        row["order_id"]: quoted(catalog, row, lines_by_order[row["order_id"]])
        for row in rows("orders")
    }


def quoted(catalog: Catalog, order: Row, lines: list[Row]) -> Quote:
    """Take one order all the way from the seller's file to a quote."""
    ordered_on = date.fromisoformat(order["order_date"])
    file = parse_deal_file(
        {
            "number": order["order_id"],
            "entity": "CM",
            "customer": order["customer_id"],
            "seller": "cm",
            "currency": "USD",
            "starts_on": ordered_on,
            "term_months": 0,
            "lines": [
                {
                    "product": line["product_id"],
                    "quantity": line["quantity"],
                    "unit_price": line["unit_price"],
                }
                for line in lines
            ],
        }
    )
    configuration = configure(catalog, file)
    assert configuration.problems == ()
    asked = PricingRequest(currency="USD", priced_on=ordered_on, term_months=0)
    request = QuoteRequest(
        deal=file.number,
        number=f"Q-{file.number}",
        entity=file.entity,
        customer=file.customer,
        seller=file.seller,
        catalog_version=catalog.version,
        price_book="MSRP",
        quoted_on=ordered_on,
        valid_until=ordered_on,
        starts_on=ordered_on,
        term_months=0,
        payment_terms_days=30,
    )
    return make_quote(request, price(catalog, configuration.lines, asked))


def test_every_order_costs_the_sum_of_its_lines(
    quotes: dict[str, Quote], lines_by_order: dict[str, list[Row]]
) -> None:
    """326 orders with 2,996 lines, each to the cent."""
    expected = {
        order: sum(Decimal(line["quantity"]) * Decimal(line["unit_price"]) for line in lines)
        for order, lines in lines_by_order.items()
    }

    assert len(quotes) == 326
    assert sum(len(quote.lines) for quote in quotes.values()) == 2996
    assert {order: quote.total.decimal for order, quote in quotes.items()} == expected


def test_all_orders_together_make_the_published_total(quotes: dict[str, Quote]) -> None:
    """The control totals were summed by somebody else."""
    control = json.loads(shared("data/orders/control_totals.json").read_text(encoding="utf-8"))

    total = Money.total((quote.total for quote in quotes.values()), "USD")

    assert total.decimal == Decimal(control["classicmodels"]["net_rounded_per_line"])
    assert total == Money(minor=9_604_190_61, currency="USD")


def test_no_line_is_sold_above_list(quotes: dict[str, Quote]) -> None:
    """The order book has 141 lines at list and none above it; the rest are discounts."""
    lines = [line for quote in quotes.values() for line in quote.lines]

    assert sum(line.net == line.list_amount for line in lines) == 141
    assert all(line.net <= line.list_amount for line in lines)
