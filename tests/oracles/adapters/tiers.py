"""Kinds of prices: charge models, and the price in force on a day."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from models.catalog import Catalog
from models.charge_models import charge_amount
from models.charges import ChargeModel
from models.price_books import PriceBook, PriceBookEntry, Tier
from models.pricing import PricingRequest, choose_price_book
from models.tiers import graduated_by_tier, package, per_unit, volume
from tests.oracles.adapters.contract import Adapter, Answer, Inputs, NotOfferedError

_ALWAYS = "0001-01-01"


def graduated_amount(inputs: Inputs) -> Answer:
    """Answer `graduated`: the sum over the tiers entered."""
    quantity, tiers = Decimal(inputs["quantity"]), _tiers(inputs["tiers"])
    entry = PriceBookEntry(sku="any", charge="any", tiers=tiers)
    return {
        "amount": charge_amount(ChargeModel.GRADUATED, quantity, entry),
        "tier_amounts": graduated_by_tier(quantity, tiers),
    }


def volume_amount(inputs: Inputs) -> Answer:
    """Answer `volume`: one tier prices every unit."""
    return {"amount": volume(Decimal(inputs["quantity"]), _tiers(inputs["tiers"]))}


def volume_prorated(inputs: Inputs) -> Answer:
    """Answer `volume_prorated`: the full units choose the tier, the prorated ones are priced."""
    full, prorated = Decimal(inputs["full_units"]), Decimal(inputs["prorated_units"])
    return {"amount": volume(full, _tiers(inputs["tiers"]), prorated)}


def volume_by_other_meter(inputs: Inputs) -> Answer:
    """Answer `volume_tier_by_other_meter`: the quantity of one meter chooses the tier of all."""
    meters = inputs["meters"]
    chooser = Decimal(meters[inputs["tier_selected_by_meter"]]["quantity"])
    amounts = {
        f"{name}_amount": volume(chooser, _tiers(meter["tiers"]), Decimal(meter["quantity"]))
        for name, meter in meters.items()
    }
    return {**amounts, "amount": sum(amounts.values())}


def package_amount(inputs: Inputs) -> Answer:
    """Answer `package`: started packages after the free units."""
    quantity, unit, size = (
        Decimal(inputs[key]) for key in ("quantity", "package_price", "package_size")
    )
    return {"amount": package(quantity, unit, size, Decimal(inputs.get("free_units", "0")))}


def per_unit_amount(inputs: Inputs) -> Answer:
    """Answer `per_unit`: quantity times unit."""
    return {"amount": per_unit(Decimal(inputs["quantity"]), Decimal(inputs["unit"]))}


def dated_price(inputs: Inputs) -> Answer:
    """Answer `dated_price`: each version is a price book in force until the next begins."""
    versions = inputs["price_versions"]
    if any("daily" in version for version in versions):
        raise NotOfferedError("price by time of day")
    starts = [date.fromisoformat(version["from"] or _ALWAYS) for version in versions]
    books = tuple(
        PriceBook(
            name="any",
            currency="USD",
            valid_from=start,
            valid_until=end,
            entries=(PriceBookEntry(sku="any", charge="any", unit=Decimal(version["unit"])),),
        )
        for version, (start, end) in zip(versions, pairwise([*starts, None]), strict=True)
        if start is not None
    )
    request = PricingRequest(currency="USD", priced_on=date.fromisoformat(inputs["at"]))
    entry = choose_price_book(Catalog(version="any", price_books=books), request).entries[0]
    amount = charge_amount(ChargeModel.PER_UNIT, Decimal(inputs["quantity"]), entry)
    return {"unit": entry.unit, "amount": amount}


def _tiers(written: Sequence[Mapping[str, Any]]) -> tuple[Tier, ...]:
    return tuple(Tier.model_validate(tier) for tier in written)


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "dated_price": dated_price,
        "graduated": graduated_amount,
        "package": package_amount,
        "per_unit": per_unit_amount,
        "volume": volume_amount,
        "volume_prorated": volume_prorated,
        "volume_tier_by_other_meter": volume_by_other_meter,
    }
)
"""The kinds answered here."""
