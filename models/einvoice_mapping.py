"""From our documents to the structured invoice: every business term from what was issued.

Nothing is computed anew: amounts are those of the document, so that XML and page say the same.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from models.billing import Invoice
from models.credit_notes import CreditNote
from models.einvoice import (
    Allowance,
    DocumentTotals,
    EInvoice,
    EInvoiceLine,
    Payment,
    Preceding,
    TaxBreakdown,
    TradeParty,
)
from models.einvoice_codes import (
    DISCOUNT,
    ONE,
    DocumentType,
    PaymentMeans,
    exemption_code,
    is_lost,
    is_vat_id,
    unit_code,
)
from models.einvoice_settings import EInvoiceFormat, EInvoiceUse, ElectronicAddress
from models.money import Money
from models.parties import Customer, Entity, is_iban
from models.periods import Interval
from models.tax import TaxTotal
from models.waterfall import FLAT_UNIT

OUT_OF_SCOPE = "O"
MOST_DECIMALS = 6
"""A unit price with more of them is written as the price of the whole quantity (BT-149)."""


class _Line(Protocol):
    """What the lines of invoices and credit notes share."""

    @property
    def description(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit(self) -> str: ...
    @property
    def unit_price(self) -> Decimal: ...
    @property
    def period(self) -> Interval: ...
    @property
    def discount(self) -> Money: ...
    @property
    def net(self) -> Money: ...
    @property
    def tax_code(self) -> str: ...
    @property
    def tax_rate_percent(self) -> Decimal: ...


TEST_CLOCK = "TEST CLOCK: made to try things out; it claims nothing."
"""The note (BT-22) on documents of deals on a test clock, which a page says in a banner."""


def einvoice_of(invoice: Invoice, *, test_clock: bool = False) -> EInvoice:
    """Return an issued invoice in the terms of EN 16931."""
    periods = [line.supplied or line.period for line in invoice.lines]
    return EInvoice(
        type=DocumentType.INVOICE,
        number=invoice.number,
        issued_on=invoice.issued_on,
        currency=invoice.currency,
        due_on=invoice.due_on,
        note=TEST_CLOCK if test_clock else "",
        buyer_reference=invoice.customer.buyer_reference,
        purchase_order=invoice.purchase_order,
        contract=invoice.deal,
        seller=_seller(invoice.entity, invoice.taxes),
        buyer=_buyer(invoice.customer, invoice.taxes),
        period=invoice.supplied,
        delivered_on=_single_day(invoice.supplied),
        deliver_to=invoice.customer.place_of_supply,
        payment=_payment(invoice.entity, invoice.currency, invoice.number),
        taxes=tuple(_breakdown(total) for total in invoice.taxes),
        totals=_totals(invoice.net, invoice.tax, invoice.gross),
        lines=_lines(invoice.lines, periods, invoice.supplied),
    )


def einvoice_of_credit_note(note: CreditNote, *, test_clock: bool = False) -> EInvoice:
    """Return an issued credit note in the terms of EN 16931: type 381, its amounts positive."""
    periods = [line.period for line in note.lines]
    return EInvoice(
        type=DocumentType.CREDIT_NOTE,
        number=note.number,
        issued_on=note.issued_on,
        currency=note.currency,
        note=f"{note.reason} {TEST_CLOCK}" if test_clock else note.reason,
        buyer_reference=note.customer.buyer_reference,
        purchase_order=note.purchase_order,
        contract=note.deal,
        corrects=Preceding(number=note.corrects, issued_on=note.corrects_issued_on),
        seller=_seller(note.entity, note.taxes),
        buyer=_buyer(note.customer, note.taxes),
        period=note.supplied,
        delivered_on=_single_day(note.supplied),
        deliver_to=note.customer.place_of_supply,
        terms=f"Credited against invoice {note.corrects}",
        taxes=tuple(_breakdown(total) for total in note.taxes),
        totals=_totals(note.net, note.tax, note.gross),
        lines=_lines(note.lines, periods, note.supplied),
    )


def _seller(entity: Entity, taxes: Sequence[TaxTotal]) -> TradeParty:
    # A document outside the scope of VAT names no VAT number at all (BR-O-2, BR-O-3).
    has_vat = is_vat_id(entity.vat_id) and not _is_out_of_scope(taxes)
    return TradeParty(
        name=entity.legal_name,
        number=entity.number,
        registration=entity.registration,
        vat_id=entity.vat_id if has_vat else "",
        tax_id=entity.tax_id if entity.tax_id != entity.vat_id else "",
        address=entity.address,
        endpoint=entity.electronic_address,
        contact_name=entity.legal_name,
        contact_email=entity.email,
    )


def _buyer(customer: Customer, taxes: Sequence[TaxTotal]) -> TradeParty:
    has_vat = is_vat_id(customer.vat_id) and not _is_out_of_scope(taxes)
    return TradeParty(
        name=customer.legal_name,
        number=customer.number,
        vat_id=customer.vat_id if has_vat else "",
        address=customer.bill_to,
        endpoint=customer.electronic_address,
    )


def _is_out_of_scope(taxes: Sequence[TaxTotal]) -> bool:
    return any(total.code == OUT_OF_SCOPE for total in taxes)


def _single_day(supplied: Interval) -> date | None:
    return supplied.start if supplied.days == 1 else None


def _payment(entity: Entity, currency: str, reference: str) -> Payment:
    account = entity.bank.account.replace(" ", "")
    is_sepa = currency == "EUR" and is_iban(account)
    return Payment(
        means=PaymentMeans.SEPA_CREDIT_TRANSFER if is_sepa else PaymentMeans.CREDIT_TRANSFER,
        reference=reference,
        account=account,
        holder=entity.bank.holder,
        bic=entity.bank.bic,
    )


def _breakdown(total: TaxTotal) -> TaxBreakdown:
    return TaxBreakdown(
        tax_code=total.code,
        tax_rate=_rate(total.code, total.rate_percent),
        base=total.base,
        tax=total.tax,
        exemption=total.text,
        exemption_code=exemption_code(total.code, total.text),
    )


def _rate(code: str, rate: Decimal) -> Decimal | None:
    return None if code == OUT_OF_SCOPE else rate


def _totals(net: Money, tax: Money, gross: Money) -> DocumentTotals:
    nothing = Money.zero(net.currency)
    return DocumentTotals(
        lines=net,
        allowances=nothing,
        charges=nothing,
        net=net,
        tax=tax,
        gross=gross,
        paid=nothing,
        rounding=nothing,
        due=gross,
    )


def _lines(
    lines: Sequence[_Line], periods: Sequence[Interval], whole: Interval
) -> tuple[EInvoiceLine, ...]:
    return tuple(
        _line(place, line, _within(period, whole))
        for place, (line, period) in enumerate(zip(lines, periods, strict=True), start=1)
    )


def _within(period: Interval, whole: Interval) -> Interval | None:
    """Return a line's period unless it reaches beyond the document's, as older invoices' may."""
    return period if period.days > 0 and period.intersection(whole) == period else None


def _line(place: int, line: _Line, period: Interval | None) -> EInvoiceLine:
    quantity, price, base = _priced(line)
    unit = "" if line.unit == FLAT_UNIT else line.unit
    return EInvoiceLine(
        id=str(place),
        name=line.description,
        description=unit if is_lost(unit) else "",
        quantity=quantity,
        unit_code=unit_code(unit) if unit else ONE,
        price=price,
        base_quantity=base,
        allowances=_reductions(line.discount),
        net=line.net,
        tax_code=line.tax_code,
        tax_rate=_rate(line.tax_code, line.tax_rate_percent),
        period=period,
    )


def _priced(line: _Line) -> tuple[Decimal, Decimal, Decimal]:
    """Return quantity, price and its base: exact, the price never negative (BR-27).

    What has no short unit price (the average of tiers) is written as the amount for the quantity.
    """
    quantity, price = line.quantity, line.unit_price
    base = Decimal(1)
    exponent = price.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MOST_DECIMALS and quantity:
        price, base = (line.net + line.discount).decimal, abs(quantity)
        quantity = abs(quantity)
    if price < 0:
        quantity, price = -quantity, -price
    return quantity, price, base


def _reductions(discount: Money) -> tuple[Allowance, ...]:
    """Return the discount of a line; what makes it dearer than list is a charge."""
    if discount.is_zero:
        return ()
    if discount.minor > 0:
        return (Allowance(amount=discount, reason="Discount", reason_code=DISCOUNT),)
    return (Allowance(amount=-discount, is_charge=True, reason="Price above list"),)


def last_day(period: Interval) -> date:
    """Return the last day of a period, which is what both syntaxes write."""
    return period.end - timedelta(days=1)


def addressed(einvoice: EInvoice, entity: Entity, customer: Customer) -> EInvoice:
    """Return a document with the electronic addresses and the reference on record today.

    They say where it goes and not what is owed, so they may be corrected after it was issued.
    """
    seller, buyer = einvoice.seller, einvoice.buyer
    return einvoice.model_copy(
        update={
            "seller": _reached(seller, entity.electronic_address),
            "buyer": _reached(buyer, customer.electronic_address),
            "buyer_reference": customer.buyer_reference or einvoice.buyer_reference,
        }
    )


def _reached(party: TradeParty, address: ElectronicAddress | None) -> TradeParty:
    return party.model_copy(update={"endpoint": address or party.endpoint})


def demanded(entity: Entity, customer: Customer) -> tuple[EInvoiceFormat, ...]:
    """Return the formats an invoice between two parties must be writable in before it is issued.

    An entity in the EU embeds XML wherever that is possible; it is demanded where a setting of
    the entity or of the customer says so.
    """
    wanted = customer.e_invoice_format
    must_embed = entity.e_invoice is EInvoiceUse.ALWAYS or wanted is EInvoiceFormat.CII
    found = [EInvoiceFormat.CII] if must_embed else []
    return (*found, EInvoiceFormat.UBL) if wanted is EInvoiceFormat.UBL else tuple(found)
