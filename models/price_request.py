"""What pricing needs to know beside the catalogue and the lines."""

from datetime import date
from decimal import Decimal

from models.billing_terms import BillingTerms
from models.deal_file import Discount, LineGroup
from models.parties import PriceRounding
from models.price_terms import CustomerPrices, ExchangeRate, PartnerTerms
from models.promotions import Promotion
from models.value import Value


class PricingRequest(Value):
    """What pricing needs beside the lines. Without `price_book` the currency decides the book.

    `priced_on` is the day whose prices, rates and promotions count; `starts_on` (absent: the same)
    the first day of service, `anchor_on` (absent: that day) the one its periods are counted from.
    With `price_currency` the prices of that currency are converted.
    `terms` are the customer's own prices, `partner` those of the partner named `partner_name`,
    `promotions` what may be redeemed. `target_total` stands instead of a header discount;
    `billing` says how periods are counted. `rounding` is the selling entity's.
    """

    currency: str
    price_book: str | None = None
    priced_on: date
    term_months: int = 12
    header_discount: Discount | None = None
    starts_on: date | None = None
    anchor_on: date | None = None
    segment: str = ""
    price_currency: str = ""
    rates: tuple[ExchangeRate, ...] = ()
    terms: CustomerPrices | None = None
    partner_name: str = ""
    partner: PartnerTerms | None = None
    promotions: tuple[Promotion, ...] = ()
    groups: tuple[LineGroup, ...] = ()
    target_total: Decimal | None = None
    billing: BillingTerms = BillingTerms()
    rounding: PriceRounding = PriceRounding.LINE

    @property
    def book_currency(self) -> str:
        """The currency of the price book to choose."""
        return self.price_currency or self.currency
