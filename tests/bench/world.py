"""The small world the bench measures in: one entity, one customer, one subscription."""

import json
from typing import Any

from activities.ports import Office
from activities.register import RegisterActivities
from models.register import HOUSE
from models.steps import RegisterChange, RegisterKind

BUYER = "bea@acme.example"
SIGNATORY = "dan"
QUEUE = "q2c-core"

_ENTITY = {
    "number": "US1",
    "legal_name": "Bench Software Inc.",
    "address": {
        "line1": "1 Main St",
        "postal_code": "94105",
        "city": "San Francisco",
        "region": "CA",
        "country": "US",
    },
    "tax_id": "12-3456789",
    "email": "billing@bench.example",
    "bank": {"holder": "Bench Software Inc.", "bank": "First Bank", "account": "000123456789"},
    "currency": "USD",
    "time_zone": "America/Los_Angeles",
}
_CUSTOMER = {
    "number": "C1",
    "legal_name": "Acme Corp",
    "bill_to": {
        "line1": "5 Oak Ave",
        "postal_code": "94016",
        "city": "Daly City",
        "region": "CA",
        "country": "US",
    },
    "contacts": [{"name": "Bea Buyer", "email": BUYER}],
}
_PEOPLE = [
    {"id": "sam", "name": "Sam Seller", "email": "sam@bench.example", "roles": ["sales"]},
    {
        "id": SIGNATORY,
        "name": "Dan Director",
        "email": "dan@bench.example",
        "roles": ["approver"],
        "titles": ["signatory"],
    },
]
_CATALOG = {
    "version": "bench-1",
    "products": [
        {
            "sku": "SEAT",
            "name": "Team plan",
            "kind": "subscription",
            "unit": "seat",
            "tax_category": "software",
            "charges": [
                {"key": "seat", "name": "Seats", "type": "recurring", "cadence": "monthly"}
            ],
        }
    ],
    "price_books": [
        {
            "name": "list",
            "currency": "USD",
            "valid_from": "2020-01-01",
            "entries": [{"sku": "SEAT", "charge": "seat", "unit": "20"}],
        }
    ],
}
_TAXES = [
    {
        "seller_country": "US",
        "place_country": "US",
        "place_region": "CA",
        "category": "software",
        "valid_from": "2020-01-01",
        "rate_percent": "8.5",
        "name": "Sales tax",
    }
]


def furnish(office: Office) -> None:
    """Put the world on record."""
    register = RegisterActivities(office)
    contents: list[tuple[RegisterKind, str, Any]] = [
        (RegisterKind.ENTITY, "US1", _ENTITY),
        (RegisterKind.CUSTOMER, "C1", _CUSTOMER),
        (RegisterKind.CATALOG, HOUSE, _CATALOG),
        (RegisterKind.TAX_RULES, HOUSE, _TAXES),
        *((RegisterKind.PERSON, str(person["id"]), person) for person in _PEOPLE),
    ]
    for kind, key, content in contents:
        change = RegisterChange(kind=kind, key=key, content=json.dumps(content))
        recorded = register.record_change(change)
        if recorded.problems:
            raise AssertionError(recorded.problems)


def deal_file(number: str, test_clock: str | None = None) -> dict[str, Any]:
    """Return the deal that is measured: ten seats for a year, billed monthly in advance."""
    return {
        "number": number,
        "entity": "US1",
        "customer": "C1",
        "seller": "sam",
        "currency": "USD",
        "starts_on": "2026-01-01",
        "term_months": 12,
        "lines": [{"product": "SEAT", "quantity": 10}],
        "test_clock": test_clock or "2026-01-01T17:00:00Z",
    }
