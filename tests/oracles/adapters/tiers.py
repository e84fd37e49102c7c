"""Kinds of prices: charge models, and the price in force on a day."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from models.catalog import Catalog
from models.charge_models import charge_amount
from models.charges import ChargeModel
from models.commitments import Spend, share_cap, within_bounds
from models.derived_books import LineFacts, ready_entry
from models.money import cut
from models.percentages import (
    PercentagePrice,
    graduated_percentage,
    graduated_percentage_by_tier,
    percentage,
)
from models.price_books import PriceBook, PriceBookEntry, Tier
from models.price_rules import DatedPrice, PriceRule, price_at
from models.pricing import PricingRequest, choose_price_book
from models.tiers import graduated_by_tier, graduated_delta, package, per_unit, volume
from models.units import in_unit
from tests.oracles.adapters.contract import Adapter, Answer, Inputs

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
    return {"amount": package(quantity, unit, size, Decimal(inputs.get("free_units") or 0))}


def per_unit_amount(inputs: Inputs) -> Answer:
    """Answer `per_unit`: quantity times unit."""
    return {"amount": per_unit(Decimal(inputs["quantity"]), Decimal(inputs["unit"]))}


def graduated_percentage_amount(inputs: Inputs) -> Answer:
    """Answer `graduated_percentage`: the percentage of each tier entered, and its fee."""
    tiers = _tiers([{**tier, "percent": tier["rate_percent"]} for tier in inputs["tiers"]])
    base = Decimal(inputs["amount_base"])
    return {
        "amount": graduated_percentage(base, tiers),
        "tier_amounts": graduated_percentage_by_tier(base, tiers),
    }


def percentage_amount(inputs: Inputs) -> Answer:
    """Answer `percentage`: transactions one by one, or as far as their running totals are known."""
    price = PercentagePrice(
        percent=inputs.get("rate_percent") or 0,
        fixed=inputs.get("fixed_per_transaction") or 0,
        free_units=inputs.get("free_transactions") or 0,
        free_amount=inputs.get("free_total"),
        minimum_each=inputs.get("min_per_transaction"),
        maximum_each=inputs.get("max_per_transaction"),
    )
    return {"amount": percentage(price, _transactions(inputs))}


def graduated_delta_amount(inputs: Inputs) -> Answer:
    """Answer `graduated_delta`: what is new since the last bill, by the place of its tier."""
    parts = _delta(inputs)
    return {
        "amount": sum(parts.values()),
        "tier_amounts": {str(place): amount for place, amount in parts.items()},
    }


def graduated_delta_max_spend(inputs: Inputs) -> Answer:
    """Answer `graduated_delta_max_spend`: the same within a cap on all bills together."""
    parts = _delta(inputs)
    spend = _within(inputs, sum(parts.values(), Decimal(0)))
    off = share_cap(parts, spend.discount)
    return {
        "gross": spend.gross,
        "discount": spend.discount,
        "amount": spend.amount,
        "per_tier": {
            str(place): {"gross": part, "discount": off[place], "net": part - off[place]}
            for place, part in parts.items()
        },
    }


def graduated_min_spend(inputs: Inputs) -> Answer:
    """Answer `graduated_min_spend`: what all bills together are short of."""
    return _bill(_within(inputs, sum(_delta(inputs).values(), Decimal(0))))


def volume_min_spend(inputs: Inputs) -> Answer:
    """Answer `volume_min_spend`: what one bill is short of."""
    return _bill(_within(inputs, volume(Decimal(inputs["quantity"]), _tiers(inputs["tiers"]))))


def price_list(inputs: Inputs) -> Answer:
    """Answer `price_list`: the first rule that fits the product and its quantity."""
    written = inputs["rules_first_match"]
    rules = [
        PriceRule(
            sku=rule["product"] or "",
            minimum_quantity=rule["min_quantity"],
            factor=rule["factor"],
        )
        for rule in written
    ]
    book = PriceBook(name="any", currency="USD", valid_from=_ALWAYS, rules=tuple(rules))
    sku, listed = inputs["product"], Decimal(inputs["list_price"])
    entry = PriceBookEntry(sku=sku, charge="any", unit=listed)
    quantity = in_unit(Decimal(inputs["quantity"]), inputs["uom"], inputs["default_uom"])
    facts = LineFacts(priced_on=date.fromisoformat(_ALWAYS), quantity=cut(quantity, 12))
    return {"unit_price": ready_entry(book, entry, facts).unit}


def dated_price(inputs: Inputs) -> Answer:
    """Answer `dated_price`: each version a price book until the next begins, or by the hour."""
    if any("daily" in version for version in inputs["price_versions"]):
        unit = _unit_by_hour(inputs)
    else:
        unit = _unit_by_day(inputs)
    return {"unit": unit, "amount": per_unit(Decimal(inputs.get("quantity") or 1), unit)}


def _unit_by_day(inputs: Inputs) -> Decimal:
    versions = inputs["price_versions"]
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
    request = PricingRequest(currency="USD", priced_on=date.fromisoformat(inputs["at"][:10]))
    entry = choose_price_book(Catalog(version="any", price_books=books), request).entries[0]
    return charge_amount(ChargeModel.FLAT, Decimal(1), entry)


def _unit_by_hour(inputs: Inputs) -> Decimal:
    prices = [
        DatedPrice(unit=version["unit"], valid_from=version.get("from"), daily=version.get("daily"))
        for version in inputs["price_versions"]
    ]
    found = price_at(prices, datetime.fromisoformat(inputs["at"]))
    if found is None:
        raise LookupError(f"No price has begun at {inputs['at']}")
    return found.unit


def _delta(inputs: Inputs) -> Mapping[int, Decimal]:
    already = Decimal(inputs.get("already_billed_quantity") or 0)
    return graduated_delta(already, Decimal(inputs["quantity"]), _tiers(inputs["tiers"]))


def _within(inputs: Inputs, amount: Decimal) -> Spend:
    minimum, maximum = inputs.get("minimum_spend"), inputs.get("maximum_spend")
    return within_bounds(
        amount,
        already=Decimal(inputs.get("already_billed_amount") or 0),
        minimum=None if minimum is None else Decimal(minimum),
        maximum=None if maximum is None else Decimal(maximum),
    )


def _bill(spend: Spend) -> Answer:
    return {
        "amount": spend.amount,
        "commitment_charge": spend.true_up,
        "total": spend.total,
    }


def _transactions(inputs: Inputs) -> Sequence[Decimal]:
    """Return the amounts of the transactions; what no running total tells apart comes as one."""
    if inputs.get("transaction_amounts") is not None:
        return [Decimal(amount) for amount in inputs["transaction_amounts"]]
    reached = [Decimal(0), *map(Decimal, inputs.get("running_totals") or ())]
    count = int(inputs.get("transactions", 1) or 0)
    known = [until - since for since, until in pairwise(reached)][:count]
    rest = [Decimal(inputs["total"]) - sum(known), *[Decimal(0)] * count]
    return [*known, *rest[: count - len(known)]]


def _tiers(written: Sequence[Mapping[str, Any]]) -> tuple[Tier, ...]:
    """Return the tiers as published; what is absent or null is not part of them."""
    given = ({key: part for key, part in tier.items() if part is not None} for tier in written)
    return tuple(Tier.model_validate(tier) for tier in given)


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "dated_price": dated_price,
        "graduated": graduated_amount,
        "graduated_delta": graduated_delta_amount,
        "graduated_delta_max_spend": graduated_delta_max_spend,
        "graduated_min_spend": graduated_min_spend,
        "graduated_percentage": graduated_percentage_amount,
        "package": package_amount,
        "per_unit": per_unit_amount,
        "percentage": percentage_amount,
        "price_list": price_list,
        "volume": volume_amount,
        "volume_min_spend": volume_min_spend,
        "volume_prorated": volume_prorated,
        "volume_tier_by_other_meter": volume_by_other_meter,
    }
)
"""The kinds answered here."""
