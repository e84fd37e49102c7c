"""Twenty real orders of ClassicModels as real workflows, to the accepted quote.

Source: the ClassicModels sample database of Eclipse BIRT.
"""

import asyncio
import csv
from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from activities.adapters.books import Books
from activities.ports import HouseRules, Office
from activities.register import RegisterActivities
from models.register import HOUSE
from models.steps import RegisterKind
from tests.shared_data import shared
from tests.stories import world
from tests.stories.deals import Deal
from tests.stories.houses import connected, opened
from workers.runner import wall_clock

Row: TypeAlias = Mapping[str, str]

HOW_MANY = 20


def rows(name: str) -> list[Row]:
    with shared(f"data/orders/{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["dataset"] == "classicmodels"]


def furnisher(customers: set[str]) -> Callable[[str], None]:
    """Return what records the product list and the customers."""
    products = rows("products")
    catalog = {
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
                    {"sku": row["product_id"], "charge": "unit", "unit": row["list_price"]}
                    for row in products
                ],
            }
        ],
    }

    def furnish(url: str) -> None:
        books = Books(url)
        rules = HouseRules(
            secret=world.SECRET.encode(),
            allow_test_clock=True,
            allow_unverified_decisions=False,
            continue_as_new_every=12,
        )
        activities = RegisterActivities(Office(books=books, rules=rules, wall_clock=wall_clock))
        world.put(activities, RegisterKind.ENTITY, "US1", world.ENTITY)
        world.put(activities, RegisterKind.CATALOG, HOUSE, catalog)
        for number in sorted(customers):
            world.put(
                activities, RegisterKind.CUSTOMER, number, {**world.CUSTOMER, "number": number}
            )
        for person in world.PEOPLE:
            world.put(activities, RegisterKind.PERSON, person["id"], person)
        books.close()

    return furnish


def deal_of(order: Row, lines: list[Row]) -> dict[str, Any]:
    """Return the deal file of an order, at the prices agreed with its customer."""
    return {
        "number": order["order_id"],
        "entity": "US1",
        "customer": order["customer_id"],
        "seller": "sam",
        "currency": "USD",
        "term_months": 0,
        "test_clock": f"{order['order_date']}T17:00:00Z",
        "lines": [
            {
                "product": line["product_id"],
                "quantity": line["quantity"],
                "unit_price": line["unit_price"],
            }
            for line in lines
        ],
    }


async def accepted(deal: Deal, file: dict[str, Any]) -> int:
    """Take an order to its accepted quote and return its total in minor units."""
    await deal.start(file)
    await deal.stage("accept")
    await deal.accepted(await deal.send("accept_quote", **deal.proof("accept", world.BUYER)))
    return deal.quote().total_minor


async def test_twenty_orders_are_quoted_at_what_their_customers_paid(
    server: str, tmp_path: Path
) -> None:
    """The customers paid these orders to the cent, so the figures are theirs."""
    paid = {row["order_id_with_equal_total"]: Decimal(row["amount"]) for row in rows("payments")}
    chosen = [order for order in rows("orders") if order["order_id"] in paid][::12][:HOW_MANY]
    lines: dict[str, list[Row]] = defaultdict(list)
    for line in rows("order_lines"):
        lines[line["order_id"]].append(line)
    customers = {order["customer_id"] for order in chosen}

    async with opened(tmp_path, server, "classicmodels", furnisher(customers)) as house:
        house.run_worker()
        client = await connected(house)
        totals = await asyncio.gather(
            *(
                accepted(
                    Deal(house, client, order["order_id"]),
                    deal_of(order, lines[order["order_id"]]),
                )
                for order in chosen
            )
        )

    numbers = [order["order_id"] for order in chosen]
    assert len(numbers) == HOW_MANY
    assert {
        number: Decimal(total) / 100 for number, total in zip(numbers, totals, strict=True)
    } == {number: paid[number] for number in numbers}
