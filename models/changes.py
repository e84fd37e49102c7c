"""Changes of a deal file, as people write them: by the numbers of the file they are for."""

from datetime import date
from decimal import Decimal

from pydantic import Field

from models.billing_terms import BillingTerms
from models.deal_parts import (
    Attributes,
    BuyerLimits,
    Discount,
    LineGroup,
    LineRequest,
    RenewalTerms,
)
from models.value import Value
from models.written import NUMBERS_AS_TEXT


class OptionChange(Value):
    """A change of one option of a line, found by its SKU; an option not there yet is added."""

    model_config = NUMBERS_AS_TEXT

    product: str = Field(default="", description="SKU of the component.")
    remove: bool = Field(default=False, description="Back to what the bundle includes by default.")
    quantity: Decimal | None = Field(default=None, description="Units for each bundle unit.")
    unit_price: Decimal | None = Field(default=None, description="Agreed from now on.")
    discount: Discount | None = Field(default=None, description="Instead of the one before.")
    attributes: Attributes | None = Field(default=None, description="All values from now on.")
    clear: tuple[str, ...] = Field(default=(), description="Of `unit_price` and `discount`.")


class LineChange(Value):
    """A change of one line, found by its number in the file (the first is 1).

    What is not named stays as it is. `clear` names what is taken away: an agreed `unit_price`, so
    that the list price applies again, or the `discount`.
    """

    model_config = NUMBERS_AS_TEXT

    line: int = Field(default=0, description="Number of the line, from 1.", examples=[1])
    remove: bool = Field(default=False, description="Take the line out.")
    choose: bool | None = Field(
        default=None, description="Take an optional line (true), or leave it optional (false)."
    )
    quantity: Decimal | None = Field(default=None, description="How many units from now on.")
    unit_price: Decimal | None = Field(default=None, description="Agreed from now on.")
    discount: Discount | None = Field(default=None, description="Instead of the one before.")
    attributes: Attributes | None = Field(default=None, description="All values from now on.")
    options: tuple[OptionChange, ...] = Field(default=(), description="Changes of its components.")
    buyer_may: BuyerLimits | None = Field(default=None, description="What the buyer may change.")
    clear: tuple[str, ...] = Field(default=(), description="Of `unit_price` and `discount`.")


class QuoteDelta(Value):
    """What a revision changes. Lines keep the numbers of the file it was written for.

    Removed lines leave before the rest moves up, and added lines come last. Parties, seller and
    currency never change: another customer is another deal. `clear` names header fields that are
    taken away. The prices stay those of the catalogue the quote was priced with, unless `reprice`
    asks for the one in force now.
    """

    model_config = NUMBERS_AS_TEXT

    lines: tuple[LineChange, ...] = Field(default=(), description="Changes of lines, by number.")
    add: tuple[LineRequest, ...] = Field(default=(), description="Further lines, put at the end.")
    header_discount: Discount | None = Field(default=None, description="Off the whole quote.")
    starts_on: date | None = Field(default=None, description="First day of service.")
    term_months: int | None = Field(default=None, description="Length of the term; 0 for one-off.")
    payment_terms_days: int | None = Field(default=None, description="Days to pay.")
    valid_days: int | None = Field(default=None, description="Validity, from the revision's day.")
    valid_before_start: bool | None = Field(default=None, description="Not beyond `starts_on`.")
    purchase_order: str | None = Field(default=None, description="The customer's order number.")
    billing: BillingTerms | None = Field(default=None, description="How it is billed from now on.")
    note: str | None = Field(default=None, description="Shown on the quote.")
    renewal: RenewalTerms | None = Field(default=None, description="The next term.")
    groups: tuple[LineGroup, ...] | None = Field(
        default=None, description="All groups from now on."
    )
    target_total: Decimal | None = Field(
        default=None,
        description="What the contract shall come to; clear `header_discount` with it.",
    )
    total_discount: Decimal | None = Field(
        default=None,
        description="Percent off list altogether; takes the place of the discounts of all lines, "
        "of groups and of the whole quote.",
    )
    promotions: tuple[str, ...] | None = Field(default=None, description="All codes from now on.")
    partner: str | None = Field(default=None, description="Partner whose discount applies.")
    price_book: str | None = Field(default=None, description="Price book from now on.")
    clear: tuple[str, ...] = Field(default=(), description="Header fields that are taken away.")
    reprice: bool = Field(default=False, description="Price it with the catalogue in force now.")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return self == QuoteDelta()


class AlternativeRequest(Value):
    """What is offered beside the lines of a deal file: the same file with a change, by a label."""

    model_config = NUMBERS_AS_TEXT

    label: str = Field(default="", description="What the offer calls it.", examples=["big"])
    change: QuoteDelta = Field(default=QuoteDelta(), description="What differs from the file.")
