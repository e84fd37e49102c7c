"""Kinds of part periods: units, early ends, commitments and changes of plan."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from models.money import Money, exact_part
from models.periods import Interval
from models.proration import Proration, early_end, factor, plan_change, prorated_true_up
from tests.oracles.adapters.contract import Adapter, Answer, Inputs, NotOfferedError

_MINOR = "EUR"


def prorated_units(inputs: Inputs) -> Answer:
    """Answer `prorated_units`: the exact part of an amount, and the part rounded."""
    billed, period = inputs["billed_days"], inputs["period_days"]
    return {
        "precise_minor": exact_part(inputs["amount_minor"], billed, period),
        "amount_minor": _money(inputs["amount_minor"]).prorate(billed, period).minor,
    }


def terminate_in_advance(inputs: Inputs) -> Answer:
    """Answer `terminate_in_advance`: what was billed, and what is given back."""
    period = inputs["period_days"]
    ended = early_end(
        _money(inputs["plan_minor"]),
        Fraction(inputs["billed_days"], period),
        Fraction(inputs["unused_days"], period),
        Decimal(inputs["tax_rate"]) * 100,
    )
    return {
        "invoice_total_minor": ended.billed.minor,
        "credit_note": {
            "net_minor": ended.net.minor,
            "tax_minor": ended.tax.minor,
            "total_minor": ended.total.minor,
        },
    }


def minimum_commitment_trueup(inputs: Inputs) -> Answer:
    """Answer `minimum_commitment_trueup`: what a part period lacks of its commitment."""
    part = Fraction(inputs["billed_days"], inputs["period_days"])
    plan, usage = _money(inputs["plan_fee_minor"]), _money(inputs["usage_minor"])
    fees = (plan.times(part), usage)
    missing = prorated_true_up(_money(inputs["commitment_minor"]), part, fees)
    return {"trueup_minor": missing.minor}


def changed_plan(inputs: Inputs) -> Answer:
    """Answer `plan_change`: credit, charge and net in major units."""
    old, new = (_extended(inputs, which) for which in ("old", "new"))
    change = plan_change(old, new, _remaining(inputs))
    return {
        "credit": change.credit.decimal,
        "charge": change.charge.decimal,
        "net": change.net.decimal,
    }


def changed_plan_minor(inputs: Inputs) -> Answer:
    """Answer `plan_change_minor`: the same in minor units."""
    old, new = _money(inputs["old_minor"] or 0), _money(inputs["new_minor"] or 0)
    change = plan_change(old, new, _remaining(inputs))
    return {
        "credit_minor": change.credit.minor,
        "charge_minor": change.charge.minor,
        "net_minor": change.net.minor,
    }


def _remaining(inputs: Inputs) -> Fraction:
    if "fraction_remaining" in inputs:
        return Fraction(inputs["fraction_remaining"])
    counting = inputs.get("day_count", "")
    if "both ends counted" not in counting and not inputs.get("end_exclusive"):
        raise NotOfferedError(
            f"day count not offered: {counting or 'an end that is not explained'}"
        )
    after_end = timedelta(days=0 if inputs.get("end_exclusive") else 1)
    end = date.fromisoformat(inputs["period_end"]) + after_end
    changed = date.fromisoformat(inputs["change_date"])
    full = Interval(start=date.fromisoformat(inputs["period_start"]), end=end)
    return factor(Proration.DAY, Interval(start=changed, end=end), full)


def _extended(inputs: Inputs, which: str) -> Money:
    price = Decimal(inputs[f"{which}_price"] or 0)
    return Money.from_decimal(price * Decimal(inputs.get(f"{which}_quantity") or 1), _MINOR)


def _money(minor: int) -> Money:
    return Money(minor=minor, currency=_MINOR)


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "minimum_commitment_trueup": minimum_commitment_trueup,
        "plan_change": changed_plan,
        "plan_change_minor": changed_plan_minor,
        "prorated_units": prorated_units,
        "terminate_in_advance": terminate_in_advance,
    }
)
"""The kinds answered here."""
