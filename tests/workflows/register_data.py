"""A small house: one seller, one customer, four people, a catalogue, a policy and tax rules."""

import json
from typing import Any

from models.steps import RegisterChange, RegisterKind, StockReceipt

SELLER, MANAGER, DIRECTOR, FINANCE = "sam", "mia", "dan", "fiona"
BUYER = "bea@acme.example"

_ENTITY = {
    "number": "US1",
    "legal_name": "Q2C Software Inc.",
    "address": {
        "line1": "1 Main St",
        "postal_code": "94105",
        "city": "San Francisco",
        "region": "CA",
        "country": "US",
    },
    "tax_id": "12-3456789",
    "email": "billing@q2c.example",
    "bank": {
        "holder": "Q2C Software Inc.",
        "bank": "First Bank",
        "account": "000123456789",
        "routing": "121000248",
    },
    "currency": "USD",
    "time_zone": "America/Los_Angeles",
}
CUSTOMER = {
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
    "payment_terms_days": 30,
}
_PEOPLE = (
    {
        "id": SELLER,
        "name": "Sam Seller",
        "email": "sam@q2c.example",
        "roles": ["sales"],
        "manager": MANAGER,
    },
    {
        "id": MANAGER,
        "name": "Mia Manager",
        "email": "mia@q2c.example",
        "roles": ["approver", "sales"],
        "titles": ["sales_manager"],
        "manager": DIRECTOR,
    },
    {
        "id": DIRECTOR,
        "name": "Dan Director",
        "email": "dan@q2c.example",
        "roles": ["approver"],
        "titles": ["sales_director", "signatory"],
    },
    {
        "id": FINANCE,
        "name": "Fiona Finance",
        "email": "fiona@q2c.example",
        "roles": ["finance", "approver"],
        "titles": ["finance"],
    },
)


def _recurring(sku: str, name: str, timing: str) -> dict[str, Any]:
    charge = {
        "key": "fee",
        "name": name,
        "type": "recurring",
        "cadence": "monthly",
        "timing": timing,
    }
    return {
        "sku": sku,
        "name": name,
        "kind": "subscription",
        "unit": "seat",
        "tax_category": "saas",
        "charges": [charge],
        "department": "cloud",
    }


_CATALOG: dict[str, Any] = {
    "version": "2026-1",
    "products": [
        _recurring("SEAT", "Team plan", "in_advance"),
        _recurring("METER", "Metered plan", "in_arrears"),
        {
            "sku": "BOX",
            "name": "Gadget",
            "kind": "good",
            "unit": "piece",
            "tax_category": "goods",
            "charges": [{"key": "unit", "name": "Gadget", "type": "one_time"}],
            "department": "warehouse",
        },
    ],
    "price_books": [
        {
            "name": "usd",
            "currency": "USD",
            "valid_from": "2020-01-01",
            "entries": [
                {"sku": "SEAT", "charge": "fee", "unit": "20", "cost": "5"},
                {"sku": "METER", "charge": "fee", "unit": "30", "cost": "5"},
                {"sku": "BOX", "charge": "unit", "unit": "100", "cost": "50"},
            ],
        }
    ],
}


def _rule(name: str, percent: str, titles: list[str], chain: str) -> dict[str, Any]:
    return {
        "id": name,
        "fact": "discount_percent",
        "comparison": "above",
        "threshold": percent,
        "titles": titles,
        "chain": chain,
        "reason": f"discount above {percent} %",
    }


_POLICY = {
    "version": "policy-1",
    "rules": [
        _rule("d10", "10", ["sales_manager"], "sales"),
        _rule("d20", "20", ["sales_manager", "sales_director"], "sales"),
        _rule("f20", "20", ["finance"], "finance"),
    ],
}


def _tax(category: str, **fields: str) -> dict[str, str]:
    return {
        "seller_country": "US",
        "place_country": "US",
        "place_region": "CA",
        "category": category,
        "valid_from": "2020-01-01",
        "name": "CA sales tax",
        **fields,
    }


_TAX = {
    "rules": [
        _tax("saas", rate_percent="0", code="O", text="Services are not taxed in California"),
        _tax("goods", rate_percent="7.25"),
    ]
}


def changes() -> list[RegisterChange]:
    """Return everything the house must know before its first deal."""
    contents = [
        (RegisterKind.ENTITY, "US1", _ENTITY),
        (RegisterKind.CUSTOMER, "C1", CUSTOMER),
        (RegisterKind.CATALOG, "house", _CATALOG),
        (RegisterKind.APPROVAL_POLICY, "house", _POLICY),
        (RegisterKind.TAX_RULES, "house", _TAX),
        *((RegisterKind.PERSON, str(person["id"]), person) for person in _PEOPLE),
    ]
    return [
        RegisterChange(kind=kind, key=key, content=json.dumps(content))
        for kind, key, content in contents
    ]


def catalog_change(**prices: str) -> RegisterChange:
    """Return a further catalogue with other prices for some products."""
    (book,) = _CATALOG["price_books"]
    entries = [
        {**entry, "unit": prices.get(entry["sku"], entry["unit"])} for entry in book["entries"]
    ]
    later = {**_CATALOG, "version": "2026-2", "price_books": [{**book, "entries": entries}]}
    return RegisterChange(kind=RegisterKind.CATALOG, key="house", content=json.dumps(later))


def usage_catalog() -> RegisterChange:
    """Return a further catalogue that sells calls of an interface by usage."""
    (book,) = _CATALOG["price_books"]
    calls = {"key": "calls", "name": "Calls", "type": "usage", "meter": "calls"}
    api = {**_recurring("API", "Interface", "in_arrears"), "charges": [calls]}
    price = {"sku": "API", "charge": "calls", "unit": "0.1"}
    later = {
        **_CATALOG,
        "version": "2026-usage",
        "meters": [{"key": "calls", "name": "Calls", "unit": "call"}],
        "products": [*_CATALOG["products"], api],
        "price_books": [{**book, "entries": [*book["entries"], price]}],
    }
    return RegisterChange(kind=RegisterKind.CATALOG, key="house", content=json.dumps(later))


def stock(quantity: str, reference: str) -> StockReceipt:
    """Return a delivery of gadgets to the warehouse."""
    return StockReceipt(entity="US1", sku="BOX", quantity=quantity, reference=reference)


def deal_file(number: str = "1001", **changed: Any) -> dict[str, Any]:
    """Return a deal file on a test clock: three months of ten seats, in advance."""
    return {
        "number": number,
        "entity": "US1",
        "customer": "C1",
        "seller": SELLER,
        "currency": "USD",
        "starts_on": "2026-01-01",
        "term_months": 3,
        "lines": [{"product": "SEAT", "quantity": 10}],
        "test_clock": "2026-01-01T17:00:00Z",
        "renewal": {"auto_renew": False, "notice_days": 30},
        **changed,
    }
