"""Kinds of time: months, periods from an anchor, and the price of part of a period."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from models.charges import Timing
from models.cycles import Grid, aligned_grid, billable_cycles, billing_dates
from models.errors import InvalidInputError
from models.money import Money
from models.periods import Interval, Step, add_months, days_in_fixed_months
from tests.oracles.adapters.contract import (
    Adapter,
    Answer,
    Inputs,
    NotOfferedError,
    chosen,
)

_STEPS = {
    "weekly": Step(days=7),
    "thirty_days": Step(days=30),
    "monthly": Step(months=1),
    "quarterly": Step(months=3),
    "half_yearly": Step(months=6),
    "annual": Step(months=12),
    "yearly": Step(months=12),
}
_CURRENCY_OF_SCALE = {0: "JPY", 2: "EUR", 3: "KWD"}
_ROUNDINGS = {"half_up": "the house's own"}


def months_added(inputs: Inputs) -> Answer:
    """Answer `add_months`: with and without the end-of-month rule."""
    end_of_month = inputs.get("end_of_month_rule", False)
    day = add_months(_day(inputs["date"]), inputs["months"], end_of_month=end_of_month)
    return {"date": day}


def shift_periods(inputs: Inputs) -> Answer:
    """Answer `shift_periods`: a date plus n periods."""
    return {"date": _step(inputs).shift(_day(inputs["date"]), inputs["n"])}


def whole_periods(inputs: Inputs) -> Answer:
    """Answer `whole_periods`: how many whole periods fit."""
    index = _step(inputs).index_at(_day(inputs["start"]), _day(inputs["end"]))
    return {"whole_periods": index}


def trailing_fraction(inputs: Inputs) -> Answer:
    """Answer `trailing_fraction`: a last stub in terms of the period that begins with it."""
    stub = Interval(start=_day(inputs["start"]), end=_day(inputs["end"]))
    return {"fraction": stub.part_of(_step(inputs).period_at(stub.start, stub.start))}


def fixed_days_between(inputs: Inputs) -> Answer:
    """Answer `fixed_days_between`: days with months of n days."""
    return {"days": _fixed_days(inputs["start"], inputs["end"], inputs["fixed_days_in_month"])}


def fixed_days_fraction(inputs: Inputs) -> Answer:
    """Answer `fixed_days_fraction`: those days over the days of a period of such months."""
    in_month, step = inputs["fixed_days_in_month"], _step(inputs)
    if not step.months:
        raise NotOfferedError(f"months of fixed length in a period of days: {inputs['period']}")
    days = _fixed_days(inputs["start"], inputs["end"], in_month)
    return {"fraction": Fraction(days, step.months * in_month)}


def prorated_charge(inputs: Inputs) -> Answer:
    """Answer `prorated_charge`: the amount of a part period, by actual days or months of 30."""
    chosen(_ROUNDINGS, inputs.get("rounding", "half_up"), "rounding")
    currency = chosen(_CURRENCY_OF_SCALE, inputs.get("scale", 2), "scale")
    price = Money.from_decimal(Decimal(inputs["price"]), currency)
    return {"amount": price.prorate(*_days_of_days(inputs)).decimal}


def cycles(inputs: Inputs) -> Answer:
    """Answer `billing_cycles`: how many periods are billable by the target, exactly."""
    grid, service, timing = _billing(inputs)
    _refuse_drifted_stub(grid, service[0])
    try:
        count = billable_cycles(grid, service, timing, _day(inputs["target"]))
    except InvalidInputError as error:
        return {"error": str(error)}
    return {"cycles": count, "cycles_exact": count}


def dates_of_billing(inputs: Inputs) -> Answer:
    """Answer `billing_dates`: where the billing of a service stands at the target."""
    grid, service, timing = _billing(inputs)
    found = billing_dates(grid, service, timing, _day(inputs["target"] or inputs["start"]))
    return {
        "first_billing_cycle_date": found.first_on,
        "last_billing_cycle_date": found.last_on,
        "next_billing_cycle_date": found.next_on,
        "effective_end_date": found.billed_until,
        "something_to_bill": found.billed_until is not None,
    }


def _refuse_drifted_stub(grid: Grid, start: date) -> None:
    """A first part is measured on the period of our grid; one product steps back from its end."""
    first = grid.first_on(start)
    full = grid.period(grid.index_at(start))
    if first != start and grid.step.shift(first, -1) != full.start:
        raise NotOfferedError("a first part measured on a period that left its billing day")


def _billing(inputs: Inputs) -> tuple[Grid, tuple[date, date | None], Timing]:
    start, end = _day(inputs["start"]), inputs["end"] and _day(inputs["end"])
    grid = aligned_grid(start, _step(inputs), inputs["bill_cycle_day"])
    return grid, (start, end), Timing(inputs["mode"])


def _days_of_days(inputs: Inputs) -> tuple[int, int]:
    after_end = timedelta(days=1 if inputs.get("end_dates") == "inclusive" else 0)
    start, end = _day(inputs["item_start"]), _day(inputs["item_end"]) + after_end
    convention = inputs["day_count"]
    if convention.startswith("30/30"):
        return days_in_fixed_months(start, end, 30), 30
    if convention == "actual/actual-period":
        full_end = _day(inputs["full_period_end"]) + after_end
        full = Interval(start=_day(inputs["full_period_start"]), end=full_end)
        return Interval(start=start, end=end).days, full.days
    raise NotOfferedError(f"day count not offered: {convention}")


def _fixed_days(start: str, end: str, days_in_month: int) -> int:
    return days_in_fixed_months(_day(start), _day(end), days_in_month)


def _step(inputs: Inputs) -> Step:
    return chosen(_STEPS, inputs["period"], "period")


def _day(text: str) -> date:
    return date.fromisoformat(text)


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "add_months": months_added,
        "billing_cycles": cycles,
        "billing_dates": dates_of_billing,
        "fixed_days_between": fixed_days_between,
        "fixed_days_fraction": fixed_days_fraction,
        "prorated_charge": prorated_charge,
        "shift_periods": shift_periods,
        "trailing_fraction": trailing_fraction,
        "whole_periods": whole_periods,
    }
)
"""The kinds answered here."""
