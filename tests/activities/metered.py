"""A house that sells by usage, and short ways to send it events.

Prices in EUR: CALLS 0.10 a call up to 1,000 a month and 0.05 above; STORAGE 0.01 a GB-hour; USERS
5.00 for each active user of a month, at least 50.00 of them; PAYOUTS 2 % of each transaction with
one free and at least 1.00; FEED 30.00 a month in advance and 0.10 a call.
"""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from activities.usage import UsageActivities
from models.errors import NotFoundError
from models.steps import RegisterKind, UsageBatch, UsageTaken
from tests.activities.house import CATALOG, House


def _usage(key: str, meter: str, **changes: Any) -> dict[str, Any]:
    return {"key": key, "name": key.title(), "type": "usage", "meter": meter, **changes}


def _product(sku: str, *charges: dict[str, Any]) -> dict[str, Any]:
    return {"sku": sku, "name": sku.title(), "kind": "subscription", "charges": list(charges)}


METERS: list[dict[str, Any]] = [
    {"key": "calls", "name": "Calls", "unit": "call"},
    {
        "key": "eu-calls",
        "name": "Calls in Europe",
        "unit": "call",
        "of": "calls",
        "filters": [{"property": "region", "one_of": ["eu"]}],
    },
    {
        "key": "storage",
        "name": "Storage",
        "unit": "GB-hour",
        "aggregation": "weighted",
        "late_days": 0,
    },
    {"key": "users", "name": "Users", "aggregation": "unique", "unique_by": "user"},
    {"key": "payouts", "name": "Payouts", "unit": "EUR"},
]

FEED = {
    "key": "fee",
    "name": "Fee",
    "type": "recurring",
    "cadence": "monthly",
    "model": "flat",
}

PRODUCTS = [
    _product("CALLS", _usage("calls", "calls", model="graduated")),
    _product("STORAGE", _usage("hours", "storage")),
    _product("USERS", _usage("active", "users")),
    _product("PAYOUTS", _usage("share", "payouts", model="percentage")),
    _product("FEED", FEED, _usage("calls", "eu-calls")),
    _product("COMMITTED", _usage("calls", "calls")),
    _product("YEARLY", _usage("calls", "calls", cadence="quarterly")),
    _product(
        "PREPAID",
        {
            "key": "pool",
            "name": "Pool",
            "type": "one_time",
            "model": "spend_commitment",
            "bill_on": "signature",
        },
    ),
]

ENTRIES: list[dict[str, Any]] = [
    {
        "sku": "CALLS",
        "charge": "calls",
        "tiers": [{"up_to": "1000", "unit": "0.10"}, {"unit": "0.05"}],
    },
    {"sku": "STORAGE", "charge": "hours", "unit": "0.01"},
    {"sku": "USERS", "charge": "active", "unit": "5", "commitment": {"amount": "50"}},
    {
        "sku": "PAYOUTS",
        "charge": "share",
        "percent": "2",
        "free_units": "1",
        "minimum_each": "1",
    },
    {"sku": "FEED", "charge": "fee", "unit": "30"},
    {"sku": "FEED", "charge": "calls", "unit": "0.10"},
    {
        "sku": "COMMITTED",
        "charge": "calls",
        "unit": "0.10",
        "commitment": {"amount": "100", "span": "term"},
    },
    {"sku": "YEARLY", "charge": "calls", "unit": "0.10"},
    {
        "sku": "PREPAID",
        "charge": "pool",
        "unit": "900",
        "draw_down": {"credit": "1000", "overage_percent": "120"},
    },
]


def metered_catalog() -> dict[str, Any]:
    """Return the catalogue of the house with what it sells by usage."""
    book = {**CATALOG["price_books"][0]}
    book["entries"] = [*book["entries"], *ENTRIES]
    return {
        **CATALOG,
        "version": "2026-usage",
        "products": [*CATALOG["products"], *PRODUCTS],
        "price_books": [book, *CATALOG["price_books"][1:]],
        "meters": METERS,
    }


class Store:
    """Documents in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, content: bytes, suffix: str = "pdf") -> str:
        """Keep a document."""
        name = hashlib.sha256(content).hexdigest()
        self._kept[f"{name}.{suffix}"] = content
        return name

    def get(self, sha256: str, suffix: str = "pdf") -> bytes:
        """Return a document."""
        found = self._kept.get(f"{sha256}.{suffix}")
        if found is None:
            raise NotFoundError(f"There is no document {sha256}")
        return found


class Meters:
    """Who takes usage into the books of a house; the day says until when it is known."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.store = Store()
        self._desk = UsageActivities(replace(house.office, store=self.store))
        changed = house.publish(RegisterKind.CATALOG, metered_catalog())
        assert changed.problems == ()

    def take(self, content: bytes, suffix: str, on: date) -> UsageTaken:
        """Take a batch as it is, at noon of a day."""
        batch = UsageBatch(
            file_hash=self.store.put(content, suffix),
            suffix=suffix,
            at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
            actor="olga",
        )
        return self._desk.take_usage(batch)

    def send(self, on: date, *events: dict[str, Any]) -> UsageTaken:
        """Take events as JSON."""
        return self.take(json.dumps({"events": list(events)}).encode(), "json", on)


def event(
    name: str, at: str, value: str = "1", meter: str = "calls", **more: Any
) -> dict[str, Any]:
    """Return an event of deal 1001; `at` is a day, or a moment in UTC."""
    moment = at if "T" in at else f"{at}T12:00:00Z"
    return {"id": name, "deal": "1001", "meter": meter, "at": moment, "value": value, **more}
