"""Price books: what every charge of every product costs, in which currency, where and when."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Self

from models.charges import ChargeModel
from models.errors import Problem
from models.money import RoundingMode
from models.price_rules import PriceRule
from models.value import Value
from models.written import NUMBERS_AS_TEXT

NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})
"""The attributes of a product that has none."""

NEEDED: Mapping[ChargeModel, Sequence[str]] = MappingProxyType(
    {
        ChargeModel.FLAT: ("unit",),
        ChargeModel.PER_UNIT: ("unit",),
        ChargeModel.GRADUATED: ("tiers",),
        ChargeModel.VOLUME: ("tiers",),
        ChargeModel.PACKAGE: ("unit", "package_size"),
        ChargeModel.STAIRSTEP: ("tiers",),
        ChargeModel.PERCENTAGE: ("percent",),
        ChargeModel.GRADUATED_PERCENTAGE: ("tiers",),
        ChargeModel.FORMULA: ("formula",),
        ChargeModel.SPEND_COMMITMENT: ("unit",),
    }
)
"""The fields of an entry without which a charge of the model has no price."""

_REMEDIES = MappingProxyType(
    {
        "unit": "give the price",
        "tiers": "list the tiers",
        "package_size": "say how many units one package holds",
        "percent": "give the percentage",
        "formula": "write how the amount follows from the quantity",
    }
)


class Tier(Value):
    """A band of quantity up to and including `up_to` (None: no end).

    `unit` is the price of one unit, `percent` the percentage of a base amount, `flat` is due once
    as soon as the band is entered.
    """

    up_to: Decimal | None = None
    unit: Decimal = Decimal(0)
    flat: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)


class CommitmentSpan(StrEnum):
    """How long a customer has to reach a committed amount."""

    PERIOD = "period"
    """One billing period."""
    TERM = "term"
    """The whole term."""


class Commitment(Value):
    """The least a customer pays for a charge; what is missing is billed as a true-up."""

    amount: Decimal
    span: CommitmentSpan = CommitmentSpan.PERIOD


class DrawDown(Value):
    """What a prepaid spend commitment is good for.

    `credit` is the value to draw from (what was paid for it, if absent). Of several pools the one
    with the lowest `priority` is drawn first. Spend beyond the pools costs `overage_percent` of
    its price.
    """

    credit: Decimal | None = None
    priority: int = 0
    overage_percent: Decimal = Decimal(100)


class UnitRate(Value):
    """What one custom price unit (a credit, a token) is worth in the book's currency, and when.

    It holds from `valid_from` until before `valid_until`.
    """

    unit: str
    rate: Decimal
    valid_from: date
    valid_until: date | None = None

    def is_in_force_on(self, day: date) -> bool:
        """Whether the rate holds on that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


class BookDerivation(Value):
    """How a book's prices follow from those of another book.

    Each price of `book` is multiplied by `exchange_rate` (what one unit of the other book's
    currency is worth in ours; needed if they differ), raised by `percent` (lowered if negative) and
    then set to the multiple of `price_point` that `rounding` chooses. Our own entries win.
    """

    book: str
    percent: Decimal = Decimal(0)
    price_point: Decimal | None = None
    rounding: RoundingMode = RoundingMode.HALF_UP
    currency: str = ""
    exchange_rate: Decimal | None = None


class PriceBookEntry(Value):
    """One charge's price in one price book.

    Prices are in major units of the book's currency, or in `price_unit`, which the book converts.
    `unit` prices flat and per-unit charges, one block of a package of `package_size` units and one
    pool of a spend commitment; `tiers` price by bands. `percent` is taken of a base amount after
    `free_units` transactions and `free_amount` are free, `fixed` is due for each transaction that
    is not, and each lies between `minimum_each` and `maximum_each`. A `formula` computes the amount
    from the names of `parameters` among others. What a charge comes to lies between `minimum` and
    `maximum`.

    `attributes` is the part of the price key beside the charge: the entry holds for what has all of
    them. `ssp` is the standalone selling price per unit and period (the list price if absent),
    `cost` our own cost per unit and period; `floor` and `ceiling` bound the net price of a unit.
    """

    model_config = NUMBERS_AS_TEXT

    sku: str
    charge: str
    attributes: Mapping[str, str] = {}
    unit: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    package_size: Decimal | None = None
    percent: Decimal | None = None
    fixed: Decimal = Decimal(0)
    free_units: Decimal = Decimal(0)
    free_amount: Decimal | None = None
    minimum_each: Decimal | None = None
    maximum_each: Decimal | None = None
    formula: str = ""
    parameters: Mapping[str, Decimal] = {}
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    commitment: Commitment | None = None
    draw_down: DrawDown = DrawDown()
    price_unit: str = ""
    ssp: Decimal | None = None
    cost: Decimal | None = None
    floor: Decimal | None = None
    ceiling: Decimal | None = None


_Values = dict[tuple[str | None, ...], PriceBookEntry]
_ByValues = tuple[tuple[str, ...], _Values]


class PriceBook(Value):
    """A named list of prices in one currency, for everybody or for one customer segment.

    It is in force from `valid_from` until before `valid_until`. The first of its `rules` that fits
    a product and its quantity is a factor on the price. With `prices_include_tax` its prices are
    what the buyer pays, tax included.
    """

    model_config = NUMBERS_AS_TEXT

    name: str
    currency: str
    segment: str = ""
    valid_from: date
    valid_until: date | None = None
    derived_from: BookDerivation | None = None
    price_units: tuple[UnitRate, ...] = ()
    rules: tuple[PriceRule, ...] = ()
    entries: tuple[PriceBookEntry, ...] = ()
    prices_include_tax: bool = False

    def is_in_force_on(self, day: date) -> bool:
        """Whether its prices hold on that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def entry(
        self, sku: str, charge: str, attributes: Mapping[str, str] = NO_ATTRIBUTES
    ) -> PriceBookEntry | None:
        """Return the price of that charge of that product, or None.

        Of the entries whose attributes the product has, the one with the most of them counts.
        """
        for names, by_values in self._index.get((sku, charge), ()):
            found = by_values.get(tuple(attributes.get(name) for name in names))
            if found is not None:
                return found
        return None

    @cached_property
    def _index(self) -> Mapping[tuple[str, str], Sequence[_ByValues]]:
        """The prices of each charge by the attributes they name, the most specific first.

        Built once, so that finding a price costs the same however many there are. Of two prices
        with one key the first counts.
        """
        index: dict[tuple[str, str], dict[tuple[str, ...], _Values]] = {}
        for entry in self.entries:
            names = tuple(sorted(entry.attributes))
            by_names = index.setdefault((entry.sku, entry.charge), {})
            values = tuple(entry.attributes[name] for name in names)
            by_names.setdefault(names, {}).setdefault(values, entry)
        return {
            key: sorted(by_names.items(), key=lambda found: -len(found[0]))
            for key, by_names in index.items()
        }

    def __copy__(self) -> Self:
        """Return a copy that builds its own index, for `model_copy` may give it other entries."""
        copied = super().__copy__()
        copied.__dict__.pop("_index", None)
        return copied


def entry_gap(entry: PriceBookEntry, model: ChargeModel) -> Problem | None:
    """Return what a price book entry lacks to price a charge of that model, or None."""
    for name in NEEDED[model]:
        if not _is_given(getattr(entry, name)):
            return Problem(
                field=name, reason=f"is missing for a {model} charge", remedy=_REMEDIES[name]
            )
    return None


def _is_given(price: object) -> bool:
    return price is not None and price not in ((), "")
