"""The waterfall: a priced line with every step from its list price to its net amount on record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from models.catalog import ProductKind
from models.charges import BillOn, Cadence, ChargeModel, ChargeType, Proration, Timing, Transfer
from models.money import Money
from models.prepaid import Prepaid
from models.ramps import Segment
from models.usage_terms import UsageTerms
from models.value import Value

FLAT_UNIT = "fee"
"""The unit of a flat charge; documents say it in their own language."""


class WaterfallStep(StrEnum):
    """The steps of the waterfall in their fixed order.

    Currency, contracted, term, promotion, partner, group discount, introductory and limit are on
    record only where they play a part; the others always.
    """

    LIST = "list"
    CURRENCY = "currency"
    CONTRACTED = "contracted"
    AGREED = "agreed"
    QUANTITY = "quantity"
    TERM = "term"
    PROMOTION = "promotion"
    PARTNER = "partner"
    LINE_DISCOUNT = "line_discount"
    ROUND = "round"
    GROUP_DISCOUNT = "group_discount"
    HEADER_DISCOUNT = "header_discount"
    INTRODUCTORY = "introductory"
    LIMIT = "limit"
    NET = "net"


UNIT_STEPS = frozenset(
    {
        WaterfallStep.LIST,
        WaterfallStep.CURRENCY,
        WaterfallStep.CONTRACTED,
        WaterfallStep.AGREED,
    }
)
"""The steps that deal in prices of one unit; `quantity` extends them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a line's waterfall: what went in, what came out, and the rule that did it.

    `input` and `output` are exact amounts in major units per period (or once), except that the
    steps up to `agreed` deal in prices of one unit, which `quantity` extends. Each step goes in
    with what came out of the step before. What comes off some billings only (`introductory`, and
    amounts once) leaves the amount of a full period as it is; its rule says how much and when.
    """

    step: WaterfallStep
    input: Decimal
    output: Decimal
    rule: str


class Introductory(Value):
    """What a promotion of limited duration takes off some full billing periods of a line.

    It holds for `periods` billing periods, the first of which is number `first`, counted from 0.
    `amount` (not negative) is off each of them, `codes` are the promotions that do it.
    """

    first: int = 0
    periods: int = 1
    amount: Money
    codes: tuple[str, ...] = ()


class PricedLine(Value):
    """One charge of one configured line, priced.

    `number` is the line's place in the quote ("1", a bundle's component "1.2"); a product with
    two charges has two priced lines with the same number. `reference` ("1.2/seat") names the
    priced line uniquely within the quote and stays its identity in plan, contract and invoices.
    Amounts are per full billing period for recurring charges, else once; `once_discount` (not
    negative) is taken off the first billing of the line only, `introductory` off some of them.
    `ssp`, `cost`, `floor` and `ceiling` are extended amounts like `net`. `list_unit` and
    `unit_price` (before discounts) are the prices that, agreed for the charge, give its amount
    again: per unit, once for a flat charge, per block for a package, and the average per unit where
    there are tiers; no amount is computed from an average. `group` is the group of lines that is
    discounted together, `promotions` are the codes that took something off this line. A line with
    `true_up_of` is what that line is short of its commitment, per period or (without a cadence)
    over the term. `segment` is the part of a ramp it is billed for, `units` are those of a
    component as its bundle counts them, `attributes` the chosen values its price went by.
    A line by `usage` has no amount of its own: what it costs is known when its periods are over.
    Its waterfall leads to the estimate. `prepaid` is what a spend commitment is good for. An
    `optional` line is offered beside the others and counts in no total. `bundle` is the name of the
    outermost product that a component belongs to.
    """

    reference: str
    number: str
    parent: str | None = None
    sku: str
    charge: str
    name: str
    kind: ProductKind
    unit: str
    charge_type: ChargeType
    model: ChargeModel
    cadence: Cadence | None = None
    timing: Timing = Timing.IN_ADVANCE
    bill_on: BillOn = BillOn.DELIVERY
    transfer: Transfer = Transfer.DELIVER
    tax_category: str
    department: str
    quantity: Decimal
    list_unit: Decimal
    unit_price: Decimal
    list_amount: Money
    net: Money
    once_discount: Money
    ssp: Money
    cost: Money | None = None
    waterfall: tuple[Step, ...] = ()
    group: str = ""
    promotions: tuple[str, ...] = ()
    introductory: tuple[Introductory, ...] = ()
    floor: Money | None = None
    ceiling: Money | None = None
    true_up_of: str = ""
    segment: Segment | None = None
    units: Decimal | None = None
    is_percentage: bool = False
    attributes: Mapping[str, str] = {}
    optional: bool = False
    bundle: str = ""
    usage: UsageTerms | None = None
    prepaid: Prepaid | None = None
    proration: Proration = Proration.DAY

    @property
    def billed_quantity(self) -> Decimal:
        """What documents show: a flat charge is one fee, whatever the product's quantity."""
        return Decimal(1) if self.model is ChargeModel.FLAT else self.quantity

    @property
    def billed_unit(self) -> str:
        """The unit that goes with `billed_quantity`."""
        return FLAT_UNIT if self.model is ChargeModel.FLAT else self.unit

    def off_period(self, index: int) -> Money:
        """Return what promotions take off the full billing period of that number, from 0."""
        return Money(minor=self.off_minor(index), currency=self.net.currency)

    def off_minor(self, index: int) -> int:
        """Return the same in minor units."""
        minor = 0
        for each in self.introductory:
            if each.first <= index < each.first + each.periods:
                minor += each.amount.minor
        return minor

    def steps_of(self, *wanted: WaterfallStep) -> Iterator[Step]:
        """Yield the steps of these kinds, in their order."""
        return (each for each in self.waterfall if each.step in wanted)
