"""A priced line in the making: its amounts so far in whole minor units, and its steps.

Only the engine uses it. It changes as it passes through the steps, so that a line is built once,
at the end, however many steps it has.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from models.charges import MONTHS, Cadence, Charge, ChargeModel, ChargeType, Timing
from models.configuration import ConfiguredLine
from models.deal_file import Discount
from models.meters import Meter
from models.money import Money, exponent
from models.prepaid import Prepaid
from models.price_books import Commitment, PriceBookEntry
from models.promotions import Promotion
from models.stacking import Reduction
from models.usage_terms import UsageTerms
from models.waterfall import Introductory, PricedLine, Step, WaterfallStep


@dataclass(slots=True)
class UsageDraft:
    """What usage is rated by, as far as the pass has come."""

    meter: Meter
    model: ChargeModel
    entry: PriceBookEntry
    factor: Decimal
    committed: Commitment | None = None


@dataclass(slots=True)
class Draft:
    """One charge of one line on its way through the waterfall.

    `left` is the exact amount of a full period before it is rounded, `net` the same in minor units
    afterwards; `once` is off the first billing. `limited` are the reductions that count for some
    billings only, `offered` the promotions that are for this charge. `known` are the amounts
    that lines of the quote have already. Of a usage charge `line` has the quantity it is expected
    to measure, `ordered` is that of the order. `bundle` is the name of the outermost product it is
    in.
    """

    line: ConfiguredLine
    charge: Charge
    currency: str
    known: dict[int, Money]
    steps: list[Step] = field(default_factory=list)
    list_unit: Decimal = Decimal(0)
    unit: Decimal = Decimal(0)
    left: Decimal = Decimal(0)
    base: Decimal = Decimal(0)
    listed: int = 0
    net: int = 0
    before_groups: int = 0
    once: int = 0
    ssp: int = 0
    cost: int | None = None
    floor: int | None = None
    ceiling: int | None = None
    codes: list[str] = field(default_factory=list)
    offered: tuple[Promotion, ...] = ()
    limited: list[Reduction] = field(default_factory=list)
    bundle: str = ""
    introductory: list[Introductory] = field(default_factory=list)
    usage: UsageDraft | None = None
    ordered: Decimal = Decimal(1)
    prepaid: Prepaid | None = None

    @property
    def reference(self) -> str:
        """The identity of the priced line."""
        return f"{self.line.number}/{self.charge.key}{self._suffix}"

    @property
    def _suffix(self) -> str:
        return self.line.segment.suffix if self.line.segment else ""

    @property
    def begins(self) -> bool:
        """Whether its first billing is on the first day of the term: not so later in a ramp."""
        return self.line.segment is None or self.line.segment.index == 1

    @property
    def name(self) -> str:
        """What documents call it; a later segment of a ramp says from when on."""
        product, segment = self.line.product, self.line.segment
        several = len(product.charges) > 1
        name = f"{product.name}: {self.charge.name}" if several else product.name
        return f"{name}, {segment.words}" if segment and segment.index > 1 else name

    @property
    def recurs(self) -> bool:
        """Whether it is billed period by period."""
        return self.charge.type is ChargeType.RECURRING

    @property
    def is_metered(self) -> bool:
        """Whether it is billed by what is used; its amounts are then an estimate."""
        return self.charge.type is ChargeType.USAGE

    @property
    def months(self) -> Fraction:
        """The length of a billing period in months; 0 for what is billed once."""
        cadence = self.charge.cadence
        return MONTHS[cadence] if self.recurs and cadence else Fraction(0)

    @property
    def count(self) -> Decimal:
        """How many units prices of one unit count for: one, where the charge is a fee."""
        return Decimal(1) if self.charge.model is ChargeModel.FLAT else self.line.quantity

    def off_period(self, index: int) -> int:
        """Return what promotions take off the billing period of that number, from 0."""
        return sum(
            each.amount.minor
            for each in self.introductory
            if each.first <= index < each.first + each.periods
        )

    @property
    def first_billing(self) -> int:
        """What is left of the first full billing."""
        return self.net - (self.off_period(0) if self.begins else 0) - self.once

    def note(self, step: WaterfallStep, before: Decimal, after: Decimal, rule: str) -> None:
        """Put a step on record."""
        self.steps.append(Step(step, before, after, rule))

    def settle(self, step: WaterfallStep, net: int, rule: str) -> None:
        """Put a step on record that leads from the rounded amount to another."""
        before = self.steps[-1].output
        after = before if net == self.net else self.decimal(net)
        self.net = net
        self.steps.append(Step(step, before, after, rule))

    def decimal(self, minor: int) -> Decimal:
        """Return minor units as an exact amount of major units."""
        return Decimal(minor).scaleb(-exponent(self.currency))

    def text(self, minor: int) -> str:
        """Return minor units as a person reads them: `1,234.50 USD`."""
        return f"{self.decimal(minor):,f} {self.currency}"

    def money(self, minor: int) -> Money:
        """Return minor units as an amount; equal amounts of a quote are one value."""
        found = self.known.get(minor)
        if found is None:
            found = self.known[minor] = Money(minor=minor, currency=self.currency)
        return found

    def finished(self) -> PricedLine:
        """Return the priced line; one by usage keeps its amounts as an estimate only."""
        if self.usage is None:
            return self._priced()
        terms = UsageTerms(
            meter=self.usage.meter,
            cadence=self.charge.cadence or Cadence.MONTHLY,
            model=self.usage.model,
            entry=self.usage.entry,
            factor=self.usage.factor,
            committed=self.usage.committed,
            estimated=self.line.quantity,
            estimate=self.money(self.net),
        )
        self.listed = self.net = self.once = self.ssp = self.cost = 0
        self.floor = self.ceiling = None
        changes = {"usage": terms, "quantity": self.ordered, "timing": Timing.IN_ARREARS}
        return self._priced().model_copy(update=changes)

    def _priced(self) -> PricedLine:
        line, charge, product = self.line, self.charge, self.line.product
        money = self.money
        return PricedLine(
            reference=self.reference,
            number=line.number,
            parent=line.parent,
            sku=product.sku,
            charge=charge.key,
            name=self.name,
            kind=product.kind,
            unit=product.unit,
            charge_type=charge.type,
            model=charge.model,
            cadence=charge.cadence if self.recurs else None,
            timing=charge.timing,
            proration=charge.proration,
            bill_on=charge.bill_on,
            transfer=product.transfer,
            tax_category=product.tax_category,
            department=product.department,
            quantity=line.quantity,
            list_unit=self.list_unit,
            unit_price=self.unit,
            list_amount=money(self.listed),
            net=money(self.net),
            once_discount=money(self.once),
            ssp=money(self.ssp),
            cost=None if self.cost is None else money(self.cost),
            waterfall=tuple(self.steps),
            group=line.group,
            promotions=tuple(self.codes),
            introductory=tuple(self.introductory),
            floor=None if self.floor is None else money(self.floor),
            ceiling=None if self.ceiling is None else money(self.ceiling),
            segment=line.segment,
            units=line.units,
            is_percentage=product.percent_of is not None,
            attributes=line.attributes,
            bundle=self.bundle,
            prepaid=self.prepaid,
        )


def because(rule: str, discount: Discount) -> str:
    """Return a rule with the reason somebody gave for it."""
    return f"{rule}: {discount.reason}" if discount.reason else rule
