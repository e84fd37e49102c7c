"""A catalogue history made of published price pages: one version for each year of a product."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from models.catalog import Catalog, parse_catalog
from tests.shared_data import shared

_USER_MONTH = "user/month"


def pages(product: str) -> list[dict[str, Any]]:
    """Return the pages of a product as published, the oldest first; skips where they are absent."""
    folder: Path = shared(f"data/saas_pricing/{product}")
    read = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in folder.glob("*.yml"))
    return sorted(read, key=lambda page: str(page["createdAt"]))


def history(product: str) -> list[Catalog]:
    """Return the versions a product's pages make, each effective from the day of its page."""
    return [version_of(product, page) for page in pages(product)]


def sku(product: str, name: str) -> str:
    """Return the SKU of a plan or an add-on."""
    return f"{product}-{name}".upper()


def offered(page: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return what the page sells by the user and month, with its price."""
    plans = {name: plan["price"] for name, plan in (page.get("plans") or {}).items()}
    added = {
        name: addon["price"]
        for name, addon in (page.get("addOns") or {}).items()
        if addon.get("unit") == _USER_MONTH
    }
    # "Contact sales" is no price, so nothing of it can be quoted.
    return {
        name: Decimal(str(price))
        for name, price in {**plans, **added}.items()
        if isinstance(price, int | float)
    }


def version_of(product: str, page: Mapping[str, Any]) -> Catalog:
    """Return one page as a version: plans and add-ons as products, what belongs together as rules.

    A plan excludes the others; an add-on requires what it depends on, excludes what it excludes,
    and requires one of the plans it is available for.
    """
    prices = offered(page)
    plans = [name for name in page.get("plans") or {} if name in prices]
    addons = {name: one for name, one in (page.get("addOns") or {}).items() if name in prices}

    def known(names: Any) -> list[str]:
        return [sku(product, name) for name in names or () if name in prices]

    products = [
        {
            **_seat(sku(product, name)),
            "tags": ["plan"],
            "excludes": known(other for other in plans if other != name),
        }
        for name in plans
    ]
    products += [
        {
            **_seat(sku(product, name)),
            "tags": ["add-on"],
            "requires": known(addon.get("dependsOn")),
            "excludes": known(addon.get("excludes")),
        }
        for name, addon in addons.items()
    ]
    rules = [
        {
            "key": f"plan of {name}",
            "kind": "requires",
            "when": {"skus": [sku(product, name)]},
            "then": {"skus": known(addon["availableFor"])},
            "reason": f"{name} is sold with some plans only",
        }
        for name, addon in addons.items()
        if known(addon.get("availableFor"))
    ]
    entries = [
        {"sku": sku(product, name), "charge": "seat", "unit": str(price)}
        for name, price in prices.items()
    ]
    created = str(page["createdAt"])
    return parse_catalog(
        {
            "version": f"{product} {page['version']}",
            "effective_from": created,
            "products": products,
            "rules": rules,
            "price_books": [
                {
                    "name": "page",
                    "currency": page["currency"],
                    "valid_from": created,
                    "entries": entries,
                }
            ],
        }
    )


def _seat(name: str) -> dict[str, Any]:
    seat = {"key": "seat", "name": "Seat", "type": "recurring", "cadence": "monthly"}
    return {"sku": name, "name": name, "kind": "subscription", "charges": [seat]}
