"""The structured invoice: what EN 16931 says an invoice or credit note is, in no syntax yet.

One model stands between our documents and the two syntaxes, so that both say the same. Fields name
their business terms (BT, BG). Periods are half-open here as everywhere; the syntaxes want the last
day, and the writers give it.
"""

from datetime import date
from decimal import Decimal

from models.einvoice_codes import DocumentType
from models.einvoice_settings import ElectronicAddress
from models.money import Money
from models.parties import Address
from models.periods import Interval
from models.value import Value


class TradeParty(Value):
    """Seller (BG-4) or buyer (BG-7).

    `number` is the seller's name for the party (BT-29, BT-46), `registration` its legal one (BT-30,
    BT-47), `vat_id` the VAT number (BT-31, BT-48), `tax_id` the seller's other tax number (BT-32).
    """

    name: str
    number: str = ""
    registration: str = ""
    vat_id: str = ""
    tax_id: str = ""
    address: Address
    endpoint: ElectronicAddress | None = None
    contact_name: str = ""
    contact_email: str = ""


class Preceding(Value):
    """The document that this one corrects (BG-3)."""

    number: str
    issued_on: date | None = None


class Payment(Value):
    """How to pay (BG-16): means (BT-81), account (BT-84), its holder (BT-85) and bank (BT-86).

    `reference` is what the payer shall quote (BT-83).
    """

    means: str
    reference: str = ""
    account: str = ""
    holder: str = ""
    bic: str = ""


class Allowance(Value):
    """What comes off (BG-20, BG-27), or with `is_charge` on top of (BG-21, BG-28), the amount.

    Of a line it needs no tax of its own; of the document `tax_code` and `tax_rate` say it.
    """

    amount: Money
    is_charge: bool = False
    reason: str = ""
    reason_code: str = ""
    tax_code: str = ""
    tax_rate: Decimal | None = None


class EInvoiceLine(Value):
    """One line (BG-25): `price` (BT-146) is for `base_quantity` units (BT-149) and never negative.

    `tax_rate` is None outside the scope of VAT (BR-O-5).
    """

    id: str
    name: str
    description: str = ""
    quantity: Decimal
    unit_code: str
    price: Decimal
    base_quantity: Decimal = Decimal(1)
    allowances: tuple[Allowance, ...] = ()
    net: Money
    tax_code: str
    tax_rate: Decimal | None = None
    period: Interval | None = None


class TaxBreakdown(Value):
    """One category and rate (BG-23), and why it carries no tax (BT-120, BT-121)."""

    tax_code: str
    tax_rate: Decimal | None = None
    base: Money
    tax: Money
    exemption: str = ""
    exemption_code: str = ""


class DocumentTotals(Value):
    """The totals of a document (BG-22)."""

    lines: Money
    """The sum of line net amounts (BT-106)."""
    allowances: Money
    """What comes off the document (BT-107)."""
    charges: Money
    """What comes on top (BT-108)."""
    net: Money
    """Without tax (BT-109)."""
    tax: Money
    """The tax (BT-110)."""
    gross: Money
    """With tax (BT-112)."""
    paid: Money
    """Paid before (BT-113)."""
    rounding: Money
    """Rounding of the amount due (BT-114)."""
    due: Money
    """What is to be paid (BT-115)."""


class EInvoice(Value):
    """An invoice or credit note in the terms of EN 16931.

    `contract` is our deal (BT-12), `period` the days supplied (BG-14), `delivered_on` the day where
    it is a single one (BT-72), `deliver_to` where to (BG-15), `terms` are payment terms in words.
    """

    type: DocumentType
    number: str
    issued_on: date
    currency: str
    due_on: date | None = None
    note: str = ""
    buyer_reference: str = ""
    purchase_order: str = ""
    contract: str = ""
    corrects: Preceding | None = None
    seller: TradeParty
    buyer: TradeParty
    period: Interval | None = None
    delivered_on: date | None = None
    deliver_to: Address | None = None
    payment: Payment | None = None
    terms: str = ""
    allowances: tuple[Allowance, ...] = ()
    taxes: tuple[TaxBreakdown, ...]
    totals: DocumentTotals
    lines: tuple[EInvoiceLine, ...]

    @property
    def rank(self) -> str:
        """What the document is, as a person says it."""
        return "credit note" if self.type is DocumentType.CREDIT_NOTE else "invoice"
