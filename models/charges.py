"""Charges: the rules of a product that yield amounts, when and for how long."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from models.errors import Problem
from models.periods import Step
from models.value import Value
from models.written import NUMBERS_AS_TEXT, filled, repeated


class ChargeType(StrEnum):
    """When a charge yields amounts."""

    ONE_TIME = "one_time"
    RECURRING = "recurring"
    USAGE = "usage"


class ChargeModel(StrEnum):
    """How a quantity becomes an amount."""

    FLAT = "flat"
    PER_UNIT = "per_unit"
    GRADUATED = "graduated"
    VOLUME = "volume"
    PACKAGE = "package"
    STAIRSTEP = "stairstep"
    PERCENTAGE = "percentage"
    GRADUATED_PERCENTAGE = "graduated_percentage"
    FORMULA = "formula"
    SPEND_COMMITMENT = "spend_commitment"


class Cadence(StrEnum):
    """How long one billing period of a recurring charge is."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


STEPS: Mapping[Cadence, Step] = MappingProxyType(
    {
        Cadence.WEEKLY: Step(days=7),
        Cadence.MONTHLY: Step(months=1),
        Cadence.QUARTERLY: Step(months=3),
        Cadence.HALF_YEARLY: Step(months=6),
        Cadence.YEARLY: Step(months=12),
    }
)
"""How far one billing period of a recurring charge reaches."""

PER_YEAR: Mapping[Cadence, int] = MappingProxyType(
    {
        Cadence.WEEKLY: 52,
        Cadence.MONTHLY: 12,
        Cadence.QUARTERLY: 4,
        Cadence.HALF_YEARLY: 2,
        Cadence.YEARLY: 1,
    }
)
"""How many billing periods a year counts as; a year of weeks is 52 of them."""

MONTHS: Mapping[Cadence, Fraction] = MappingProxyType(
    {cadence: Fraction(12, count) for cadence, count in PER_YEAR.items()}
)
"""How many months one billing period of a recurring charge counts as; a week is 3/13 of one."""


class Timing(StrEnum):
    """Whether a service period is billed at its start or at its end."""

    IN_ADVANCE = "in_advance"
    IN_ARREARS = "in_arrears"


class BillOn(StrEnum):
    """What makes a one-time charge billable."""

    DELIVERY = "delivery"
    SIGNATURE = "signature"


class Transfer(StrEnum):
    """The event at which control of a good or one-time service passes (ASC 606-10-25-30)."""

    SHIP = "ship"
    DELIVER = "deliver"
    ACCEPT = "accept"


class Proration(StrEnum):
    """In which unit a part of a billing period is measured against the whole."""

    SECOND = "second"
    """Seconds between the starts of days where the contract is: 23 or 25 hours count as such."""
    DAY = "day"
    """Calendar days over the days of the period. The default of the house."""
    THIRTY_360 = "30/360"
    """Every month has 30 days, in the part as in the whole."""
    FIXED_DAYS = "fixed_days"
    """Calendar days over 30 for each month of the period, never more than the whole."""
    NONE = "none"
    """Nothing is prorated: a period that was begun costs its full price."""


class QuantityBasis(StrEnum):
    """Which quantity chooses the tier: that of the line, or of the product over the quote."""

    LINE = "line"
    PRODUCT = "product"


class Charge(Value):
    """A rule attached to a product that yields amounts.

    With the quantity basis `product`, all lines of a quote with this charge share one count: the
    lines are priced as if one customer's order had been written on several of them. A usage charge
    is for what its `meter` counts in each period of its cadence, billed in arrears. `proration` is
    how a part of a billing period is measured, for stubs and for changes inside a period.
    """

    model_config = NUMBERS_AS_TEXT

    key: str
    name: str
    type: ChargeType
    model: ChargeModel = ChargeModel.PER_UNIT
    cadence: Cadence | None = None
    timing: Timing = Timing.IN_ADVANCE
    bill_on: BillOn = BillOn.DELIVERY
    quantity_basis: QuantityBasis = QuantityBasis.LINE
    meter: str = ""
    proration: Proration = Proration.DAY


def charge_problems(charges: Sequence[Charge], path: str) -> Iterator[Problem]:
    """Yield what is wrong with the charges of the product at `path`."""
    yield from repeated(f"{path}.charges", "key", [charge.key for charge in charges])
    for index, charge in enumerate(charges):
        field = f"{path}.charges[{index}]"
        yield from filled(f"{field}.key", charge.key)
        if charge.type is ChargeType.RECURRING and charge.cadence is None:
            yield Problem(
                field=f"{field}.cadence",
                reason="is missing for a recurring charge",
                remedy=f"use one of {', '.join(Cadence)}",
            )
        if charge.type is ChargeType.ONE_TIME and charge.cadence is not None:
            yield Problem(
                field=f"{field}.cadence",
                reason="is given for a one-time charge",
                remedy="remove it or make the charge recurring",
            )
        yield from _metered_problems(charge, field)


def _metered_problems(charge: Charge, field: str) -> Iterator[Problem]:
    if charge.type is not ChargeType.USAGE:
        if charge.meter:
            reason = "is given for a charge that is not by usage"
            yield Problem(field=f"{field}.meter", reason=reason, remedy="remove it")
        return
    if not charge.meter:
        reason, remedy = "is missing for a usage charge", "name the meter that counts it"
        yield Problem(field=f"{field}.meter", reason=reason, remedy=remedy)
    if charge.model is ChargeModel.SPEND_COMMITMENT:
        reason, remedy = "is paid before it is used", "make it a recurring or one-time charge"
        yield Problem(field=f"{field}.model", reason=reason, remedy=remedy)
    if charge.quantity_basis is QuantityBasis.PRODUCT:
        reason, remedy = "means nothing to what is metered", "remove it"
        yield Problem(field=f"{field}.quantity_basis", reason=reason, remedy=remedy)
