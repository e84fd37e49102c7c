"""Products: what we sell, and what is inside a bundle."""

from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from models.charges import Charge, Transfer
from models.chosen import Attribute
from models.derivation import PercentOf, begun
from models.eligibility import Eligibility
from models.selection import ProductKind
from models.value import Value
from models.written import NUMBERS_AS_TEXT


class Scaling(StrEnum):
    """How a component's quantity follows that of its bundle."""

    PER_PARENT = "per_parent"
    FIXED = "fixed"
    RATIO = "ratio"


class Component(Value):
    """A product inside a bundle; `default`, `minimum` and `maximum` count its units.

    The units are for each bundle unit (`per_parent`), for the whole line (`fixed`), or for each
    `per` bundle units, begun ones counted in full (`ratio`). With a `group`, it is one of that
    group's choices.
    """

    model_config = NUMBERS_AS_TEXT

    sku: str
    required: bool = False
    default: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    maximum: Decimal | None = None
    group: str = ""
    scaling: Scaling = Scaling.PER_PARENT
    per: Decimal = Decimal(1)
    eligibility: Eligibility | None = None

    def total(self, units: Decimal, parents: Decimal) -> Decimal:
        """Return the quantity of the component in `parents` bundle units."""
        match self.scaling:
            case Scaling.PER_PARENT:
                return units * parents
            case Scaling.FIXED:
                return units
            case Scaling.RATIO:
                return units * begun(parents, self.per)
            case _:
                assert_never(self.scaling)


class OptionGroup(Value):
    """Components of a bundle of which at least `minimum` and at most `maximum` are chosen.

    The preset components of a group are chosen as long as nobody chooses another one of it.
    """

    model_config = NUMBERS_AS_TEXT

    key: str
    name: str = ""
    minimum: int = 0
    maximum: int | None = None


class Product(Value):
    """Something we sell, identified by its SKU.

    `requires` and `excludes` name SKUs; rules of the catalogue do so with reasons. With
    `percent_of`, the price of the only charge is a percentage of other lines instead of an entry in
    a price book.
    """

    model_config = NUMBERS_AS_TEXT

    sku: str
    name: str
    kind: ProductKind
    description: str = ""
    unit: str = "unit"
    tax_category: str = "standard"
    tags: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    charges: tuple[Charge, ...] = ()
    components: tuple[Component, ...] = ()
    groups: tuple[OptionGroup, ...] = ()
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    eligibility: Eligibility | None = None
    percent_of: PercentOf | None = None
    minimum_quantity: Decimal = Decimal(0)
    maximum_quantity: Decimal | None = None
    whole_units: bool = True
    transfer: Transfer = Transfer.DELIVER
    department: str = "operations"
