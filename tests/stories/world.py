"""The small world the stories play in: one company, its people, one customer, two products."""

import json
from collections.abc import Iterator
from typing import Any

from activities.adapters.books import Books
from activities.ports import HouseRules, Office
from activities.register import RegisterActivities
from models.register import HOUSE
from models.steps import RegisterChange, RegisterKind, StockReceipt
from workers.runner import wall_clock

SECRET = "a secret that every story's house shares"
PUBLIC = "https://q2c.example"
BUYER = "bea@acme.example"
CUSTOMER_SIGNER = "saul@acme.example"
OUR_SIGNER = "dan"
APPROVER = "mia"

ENTITY: dict[str, Any] = {
    "number": "US1",
    "legal_name": "Tallship Software, Inc.",
    "address": {
        "line1": "1 Pier Street",
        "postal_code": "94105",
        "city": "San Francisco",
        "region": "CA",
        "country": "US",
    },
    "tax_id": "12-3456789",
    "registration": "California corporation C0000018",
    "email": "billing@tallship.example",
    "bank": {
        "holder": "Tallship Software, Inc.",
        "bank": "Harbor Sample Bank",
        "account": "000123456789",
        "routing": "121000248",
    },
    "currency": "USD",
    "time_zone": "America/Los_Angeles",
}
CUSTOMER: dict[str, Any] = {
    "number": "C1",
    "legal_name": "Acme Tools Corp.",
    "bill_to": {
        "line1": "5 Oak Avenue",
        "postal_code": "94016",
        "city": "Daly City",
        "region": "CA",
        "country": "US",
    },
    "contacts": [
        {"name": "Bea Buyer", "email": BUYER, "role": "buyer"},
        {"name": "Saul Signer", "email": CUSTOMER_SIGNER, "role": "signatory"},
        {"name": "Pia Payables", "email": "pia@acme.example", "role": "billing"},
    ],
    "payment_terms_days": 30,
}
PEOPLE: list[dict[str, Any]] = [
    {
        "id": "sam",
        "name": "Sam Seller",
        "email": "sam@tallship.example",
        "roles": ["sales"],
        "manager": APPROVER,
    },
    {
        "id": APPROVER,
        "name": "Mia Manager",
        "email": "mia@tallship.example",
        "roles": ["sales", "approver"],
        "titles": ["sales_manager"],
        "manager": OUR_SIGNER,
    },
    {
        "id": OUR_SIGNER,
        "name": "Dan Director",
        "email": "dan@tallship.example",
        "roles": ["sales", "approver"],
        "titles": ["sales_director", "signatory"],
    },
    {
        "id": "fiona",
        "name": "Fiona Finance",
        "email": "fiona@tallship.example",
        "roles": ["finance", "approver"],
        "titles": ["finance"],
    },
    {
        "id": "olga",
        "name": "Olga Operator",
        "email": "olga@tallship.example",
        "roles": ["operator"],
    },
]
CATALOG: dict[str, Any] = {
    "version": "stories-1",
    "products": [
        {
            "sku": "SEAT",
            "name": "Team plan",
            "kind": "subscription",
            "unit": "seat",
            "tax_category": "saas",
            "department": "cloud",
            "charges": [
                {"key": "seat", "name": "Seats", "type": "recurring", "cadence": "monthly"},
                {"key": "setup", "name": "Set-up", "type": "one_time", "model": "flat"},
            ],
        },
        {
            "sku": "BOX",
            "name": "Badge printer",
            "kind": "good",
            "unit": "piece",
            "tax_category": "goods",
            "department": "warehouse",
            "charges": [{"key": "unit", "name": "Badge printer", "type": "one_time"}],
        },
    ],
    "price_books": [
        {
            "name": "list",
            "currency": "USD",
            "valid_from": "2020-01-01",
            "entries": [
                {"sku": "SEAT", "charge": "seat", "unit": "20", "cost": "5"},
                {"sku": "SEAT", "charge": "setup", "unit": "300", "cost": "50"},
                {"sku": "BOX", "charge": "unit", "unit": "99.50", "cost": "50"},
            ],
        }
    ],
}
APPROVAL_POLICY: dict[str, Any] = {
    "version": "stories-1",
    "rules": [
        {
            "id": "discount-10",
            "fact": "discount_percent",
            "comparison": "above",
            "threshold": "10",
            "titles": ["sales_manager"],
            "chain": "sales",
            "reason": "The discount is above 10 %",
        }
    ],
}
TAX_RULES: list[dict[str, Any]] = [
    {
        "seller_country": "US",
        "place_country": "US",
        "place_region": "CA",
        "category": category,
        "valid_from": "2020-01-01",
        "rate_percent": rate,
        "name": "CA sales tax",
        **extra,
    }
    for category, rate, extra in (
        ("goods", "7.25", {}),
        ("saas", "0", {"code": "O", "text": "Software as a service is not taxed in California"}),
    )
]


def deal_file(number: str, **changes: Any) -> dict[str, Any]:
    """Return a deal over ten seats for a year and three printers, its discount to be approved.

    Ten seats at 20 less 15 % are 170.00 a month, the set-up is 255.00, three printers 298.50.
    """
    return {
        "number": number,
        "entity": "US1",
        "customer": "C1",
        "seller": "sam",
        "currency": "USD",
        "starts_on": "2026-01-01",
        "term_months": 12,
        "test_clock": "2026-01-01T17:00:00Z",
        "lines": [
            {"product": "SEAT", "quantity": "10", "discount": {"percent": "15"}},
            {"product": "BOX", "quantity": "3"},
        ],
        "renewal": {"auto_renew": True, "notice_days": 30, "uplift_percent": "5"},
        **changes,
    }


def register() -> Iterator[tuple[RegisterKind, str, Any]]:
    """Yield every entry of the register with its kind and key."""
    yield RegisterKind.ENTITY, "US1", ENTITY
    yield RegisterKind.CUSTOMER, "C1", CUSTOMER
    yield RegisterKind.CATALOG, HOUSE, CATALOG
    yield RegisterKind.APPROVAL_POLICY, HOUSE, APPROVAL_POLICY
    yield RegisterKind.TAX_RULES, HOUSE, TAX_RULES
    for person in PEOPLE:
        yield RegisterKind.PERSON, person["id"], person


def furnish(url: str) -> None:
    """Put the world on record in migrated books, with five printers in stock."""
    books = Books(url)
    rules = HouseRules(
        secret=SECRET.encode(),
        allow_test_clock=True,
        allow_unverified_decisions=False,
        continue_as_new_every=12,
    )
    office = Office(books=books, rules=rules, wall_clock=wall_clock)
    activities = RegisterActivities(office)
    for kind, key, content in register():
        put(activities, kind, key, content)
    opening = StockReceipt(entity="US1", sku="BOX", quantity="5", reference="opening")
    assert not activities.receive_stock(opening).problems
    books.close()


def put(activities: RegisterActivities, kind: RegisterKind, key: str, content: Any) -> None:
    """Put one revision in force."""
    change = RegisterChange(kind=kind, key=key, content=json.dumps(content))
    assert not activities.record_change(change).problems
