"""A negotiation over three rounds on the buyer page, in a real browser, against everything real."""

from typing import Any

from tests.stories import world

NUMBER = "N-1"
CATALOG: dict[str, Any] = {
    **world.CATALOG,
    "version": "stories-2",
    "products": [
        *world.CATALOG["products"],
        {
            "sku": "DESK",
            "name": "Help desk",
            "kind": "subscription",
            "unit": "seat",
            "tax_category": "saas",
            "department": "cloud",
            "charges": [
                {"key": "seat", "name": "Help desk", "type": "recurring", "cadence": "monthly"}
            ],
            "components": [{"sku": "PHONE", "maximum": 1}],
        },
        {
            "sku": "PHONE",
            "name": "Telephone support",
            "kind": "subscription",
            "unit": "seat",
            "tax_category": "saas",
            "department": "cloud",
            "charges": [
                {"key": "seat", "name": "Telephone", "type": "recurring", "cadence": "monthly"}
            ],
        },
    ],
    "price_books": [
        {
            **world.CATALOG["price_books"][0],
            "entries": [
                *world.CATALOG["price_books"][0]["entries"],
                {"sku": "DESK", "charge": "seat", "unit": "50", "cost": "10"},
                {"sku": "PHONE", "charge": "seat", "unit": "20", "cost": "5"},
            ],
        }
    ],
}
FILE: dict[str, Any] = {
    "number": NUMBER,
    "entity": "US1",
    "customer": "C1",
    "currency": "USD",
    "term_months": 12,
    "note": "Delivered and set up by our own people.",
    "lines": [
        {
            "product": "DESK",
            "quantity": "10",
            "discount": {"percent": "5", "reason": "first order"},
            "buyer_may": {"minimum": "5", "maximum": "50", "options": ["PHONE"]},
        },
        {"product": "BOX", "quantity": "3"},
    ],
}
