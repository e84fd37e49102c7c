"""Kinds of money: shares, rounding to an increment, conversion."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from models.money import (
    AllocationStrategy,
    Money,
    RoundingMode,
    allocate_minor,
    convert,
    exact_part,
    round_to_increment,
)
from tests.oracles.adapters.contract import Adapter, Answer, Inputs, chosen

_STRATEGIES = {strategy.value: strategy for strategy in AllocationStrategy}
_MODES = {mode.value: mode for mode in RoundingMode}
_ROUNDINGS = {"half_up to minor units": RoundingMode.HALF_UP}


def allocate(inputs: Inputs) -> Answer:
    """Answer `allocate`: minor units split by weights."""
    strategy = chosen(_STRATEGIES, inputs["strategy"], "strategy")
    return {"shares_minor": allocate_minor(inputs["total_minor"], _weights(inputs), strategy)}


def allocate_error(inputs: Inputs) -> Answer:
    """Answer `allocate_error`: whether our split refuses these weights."""
    try:
        allocate_minor(
            inputs["total_minor"], _weights(inputs), AllocationStrategy.LARGEST_REMAINDER
        )
    except ValueError:
        return {"error": True}
    return {"error": False}


def round_value(inputs: Inputs) -> Answer:
    """Answer `round`: the multiple of an increment."""
    mode = chosen(_MODES, inputs["mode"], "rounding mode")
    value = round_to_increment(Decimal(inputs["value"]), Decimal(inputs["increment"]), mode)
    return {"value": value}


def convert_amount(inputs: Inputs) -> Answer:
    """Answer `convert`: an amount in another currency."""
    amount, from_rate, to_rate = (
        Decimal(inputs[key]) for key in ("amount", "from_rate", "to_rate")
    )
    return {"amount": convert(amount, from_rate, to_rate, inputs.get("scale", 2))}


def prorated_units(inputs: Inputs) -> Answer:
    """Answer `prorated_units`: minor units for the billed days of a period; no currency matters."""
    chosen(_ROUNDINGS, inputs.get("rounding", "half_up to minor units"), "rounding")
    amount, part, whole = (inputs[key] for key in ("amount_minor", "billed_days", "period_days"))
    return {
        "amount_minor": Money(minor=amount, currency="EUR").prorate(part, whole).minor,
        "precise_minor": exact_part(amount, part, whole),
    }


def _weights(inputs: Inputs) -> list[Decimal]:
    return [Decimal(weight) for weight in inputs["weights"]]


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "allocate": allocate,
        "allocate_error": allocate_error,
        "convert": convert_amount,
        "prorated_units": prorated_units,
        "round": round_value,
    }
)
"""The kinds answered here."""
