"""The parts of a deal file: lines with their options, ramps and limits, discounts, the renewal."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from models.billing_terms import SchedulePart
from models.stacking import Stacking
from models.value import Value
from models.written import NUMBERS_AS_TEXT


def _as_text(value: object) -> object:
    """Take what YAML reads as a truth value for the text it was written as."""
    if not isinstance(value, Mapping):
        return value
    words = {True: "true", False: "false"}
    return {key: words[one] if isinstance(one, bool) else one for key, one in value.items()}


Attributes = Annotated[Mapping[str, str], BeforeValidator(_as_text)]
"""The values somebody chose for the attributes of a product, by their keys."""


class DiscountBasis(StrEnum):
    """What a discount amount is taken off: each billing period, or the whole contract once."""

    PER_PERIOD = "per_period"
    ONCE = "once"


class Discount(Value):
    """Either a percentage or an amount in major units of the deal's currency, never both.

    `basis` tells what an amount is taken off; a percentage comes off every billing.
    """

    model_config = NUMBERS_AS_TEXT

    percent: Decimal | None = Field(default=None, description="From 0 to 100.", examples=["10"])
    amount: Decimal | None = Field(default=None, description="In major units.", examples=["50.00"])
    basis: DiscountBasis = Field(
        default=DiscountBasis.PER_PERIOD, description="Off each period, or off the contract once."
    )
    reason: str = Field(default="", description="Why; approvers read it.")
    stacking: Stacking = Field(
        default=Stacking.COMPOUND, description="How it combines with other reductions."
    )
    priority: int = Field(default=0, description="The higher wins where only one may count.")


class OptionRequest(Value):
    """An optional or required component of a bundle, with its quantity per bundle unit.

    Quantity 0 declines a component that the bundle would include by default.
    """

    model_config = NUMBERS_AS_TEXT

    product: str = Field(description="SKU of the component.", examples=["SUPPORT"])
    quantity: Decimal = Field(default=Decimal(1), description="Units for each bundle unit.")
    unit_price: Decimal | None = Field(
        default=None, description="Agreed instead of the list price."
    )
    discount: Discount | None = Field(default=None, description="Off this component.")
    group: str = Field(default="", description="Name of its group; absent: that of the bundle.")
    price_is_final: bool = Field(
        default=False, description="No contracted price, promotion or partner discount applies."
    )
    attributes: Attributes = Field(default={}, description="Values of the product's attributes.")
    options: tuple["OptionRequest", ...] = Field(
        default=(), description="Components of this component, if it is a bundle itself."
    )


class RampSegment(Value):
    """A part of the term with a quantity or price of its own.

    It begins `from_month` months into the term or on `from_on` (absent: with the term), and ends
    before `until_month` or `until_on` (absent: where the next begins, the last with the term).
    What it does not say is as on the line.
    """

    model_config = NUMBERS_AS_TEXT

    from_month: int | None = Field(default=None, description="Months into the term, from 0.")
    until_month: int | None = Field(default=None, description="Ends before this month.")
    from_on: date | None = Field(default=None, description="First day.")
    until_on: date | None = Field(default=None, description="First day after it.")
    quantity: Decimal | None = Field(default=None, description="Units in these days.")
    unit_price: Decimal | None = Field(default=None, description="Agreed in these days.")
    discount: Discount | None = Field(default=None, description="Off these days.")


class BuyerLimits(Value):
    """What a buyer may change of a line on their page; what is not named stays as it is.

    The quantity may move between `minimum` and `maximum` as soon as one of the two is given.
    `options` are the components the buyer may add or take out.
    """

    model_config = NUMBERS_AS_TEXT

    minimum: Decimal | None = Field(default=None, description="The least units.", examples=["10"])
    maximum: Decimal | None = Field(default=None, description="The most units.", examples=["50"])
    options: tuple[str, ...] = Field(default=(), description="SKUs the buyer may add or decline.")

    @property
    def allows_quantity(self) -> bool:
        """Whether the quantity may be changed at all."""
        return self.minimum is not None or self.maximum is not None


class LineRequest(Value):
    """One wanted product. `unit_price` is an agreed price that replaces the list price.

    `unit_price` applies to the product's only charge, or to its recurring charge where it has one;
    so does a discount amount. A discount percentage applies to every charge of the product.
    """

    model_config = NUMBERS_AS_TEXT

    product: str = Field(description="SKU.", examples=["JIRA-STANDARD"])
    quantity: Decimal = Field(default=Decimal(1), description="How many units.", examples=["25"])
    options: tuple[OptionRequest, ...] = Field(default=(), description="Components of a bundle.")
    unit_price: Decimal | None = Field(
        default=None, description="Agreed instead of the list price."
    )
    discount: Discount | None = Field(default=None, description="Off this line.")
    group: str = Field(default="", description="Name of the group it is discounted with.")
    price_is_final: bool = Field(
        default=False, description="No contracted price, promotion or partner discount applies."
    )
    attributes: Attributes = Field(default={}, description="Values of the product's attributes.")
    ramp: tuple[RampSegment, ...] = Field(
        default=(), description="Quantities and prices that change on days of the term."
    )
    optional: bool = Field(
        default=False, description="Offered beside the rest; in no total until it is chosen."
    )
    buyer_may: BuyerLimits | None = Field(
        default=None, description="What the buyer may change by themselves."
    )
    purchase_order: str = Field(default="", description="The order number of this line.")
    schedule: tuple[SchedulePart, ...] = Field(
        default=(), description="Bills this line in parts instead of by periods."
    )
    expected_usage: Mapping[str, Decimal] = Field(
        default={},
        description="Units expected in a billing period by usage charge, for the estimate.",
        examples=[{"calls": "250000"}],
    )


class LineGroup(Value):
    """Lines that are discounted together; each names the group. A bundle takes its parts along."""

    model_config = NUMBERS_AS_TEXT

    name: str = Field(description="As the lines name it.", examples=["Head office"])
    discount: Discount = Field(description="Off the lines of the group together.")


class PriceBasis(StrEnum):
    """What a renewal's uplift is applied to."""

    LAST = "last"
    LIST = "list"


class RenewalTerms(Value):
    """What was agreed about the next term at signing."""

    auto_renew: bool = Field(default=True, description="Renew unless somebody gives notice.")
    notice_days: int = Field(default=30, description="Days before the end at which notice counts.")
    term_months: int | None = Field(default=None, description="Absent: as long as this term.")
    uplift_percent: Decimal = Field(default=Decimal(0), description="Price rise of the next term.")
    price_basis: PriceBasis = Field(default=PriceBasis.LAST, description="What the uplift is on.")
