"""UBL 2.1 invoices and credit notes of EN 16931, as Peppol BIS Billing 3 wants them."""

from activities.adapters.einvoice.markup import Element, Maker, amount, plain, printed
from models.einvoice import (
    Allowance,
    EInvoice,
    EInvoiceLine,
    Payment,
    TaxBreakdown,
    TradeParty,
)
from models.einvoice_codes import DocumentType
from models.einvoice_mapping import last_day
from models.money import Money
from models.parties import Address
from models.periods import Interval

NAMESPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
CUSTOMIZATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

_MAKE = Maker(NAMESPACES)


def write_ubl(einvoice: EInvoice) -> bytes:
    """Return a document as UBL; equal documents give equal bytes."""
    is_credit = einvoice.type is DocumentType.CREDIT_NOTE
    kind = "CreditNote" if is_credit else "Invoice"
    root = _MAKE.root(kind, CREDIT_NOTE if is_credit else INVOICE)
    _head(root, einvoice, kind)
    _references(root, einvoice)
    _party(_MAKE.group(root, "cac:AccountingSupplierParty", "cac:Party"), einvoice.seller)
    _party(_MAKE.group(root, "cac:AccountingCustomerParty", "cac:Party"), einvoice.buyer)
    _delivery(root, einvoice)
    if einvoice.payment is not None:
        due = f"{einvoice.due_on:%Y-%m-%d}" if is_credit and einvoice.due_on else ""
        _payment(root, einvoice.payment, due)
    if einvoice.terms:
        _MAKE.text(_MAKE.group(root, "cac:PaymentTerms"), "cbc:Note", einvoice.terms)
    for each in einvoice.allowances:
        _allowance(root, each)
    _taxes(root, einvoice)
    _totals(root, einvoice)
    for line in einvoice.lines:
        _line(root, line, kind)
    return printed(root)


def _head(root: Element, einvoice: EInvoice, kind: str) -> None:
    _MAKE.text(root, "cbc:CustomizationID", CUSTOMIZATION)
    _MAKE.text(root, "cbc:ProfileID", PROFILE)
    _MAKE.text(root, "cbc:ID", einvoice.number)
    _MAKE.text(root, "cbc:IssueDate", f"{einvoice.issued_on:%Y-%m-%d}")
    if kind == "Invoice" and einvoice.due_on is not None:
        _MAKE.text(root, "cbc:DueDate", f"{einvoice.due_on:%Y-%m-%d}")
    _MAKE.text(root, f"cbc:{kind}TypeCode", einvoice.type)
    _MAKE.text(root, "cbc:Note", einvoice.note)
    _MAKE.text(root, "cbc:DocumentCurrencyCode", einvoice.currency)
    _MAKE.text(root, "cbc:BuyerReference", einvoice.buyer_reference)
    _period(root, einvoice.period)


def _references(root: Element, einvoice: EInvoice) -> None:
    if einvoice.purchase_order:
        order = _MAKE.group(root, "cac:OrderReference")
        _MAKE.text(order, "cbc:ID", einvoice.purchase_order)
    if einvoice.corrects is not None:
        path = ("cac:BillingReference", "cac:InvoiceDocumentReference")
        before = _MAKE.group(root, *path)
        _MAKE.text(before, "cbc:ID", einvoice.corrects.number)
        if einvoice.corrects.issued_on is not None:
            _MAKE.text(before, "cbc:IssueDate", f"{einvoice.corrects.issued_on:%Y-%m-%d}")
    if einvoice.contract:
        contract = _MAKE.group(root, "cac:ContractDocumentReference")
        _MAKE.text(contract, "cbc:ID", einvoice.contract)


def _period(parent: Element, period: Interval | None) -> None:
    if period is not None:
        made = _MAKE.group(parent, "cac:InvoicePeriod")
        _MAKE.text(made, "cbc:StartDate", f"{period.start:%Y-%m-%d}")
        _MAKE.text(made, "cbc:EndDate", f"{last_day(period):%Y-%m-%d}")


def _party(made: Element, party: TradeParty) -> None:
    if party.endpoint is not None:
        _MAKE.text(made, "cbc:EndpointID", party.endpoint.id, schemeID=party.endpoint.scheme)
    if party.number:
        _MAKE.text(_MAKE.group(made, "cac:PartyIdentification"), "cbc:ID", party.number)
    _address(made, "cac:PostalAddress", party.address)
    for scheme, number in (("VAT", party.vat_id), ("FC", party.tax_id)):
        if number:
            tax = _MAKE.group(made, "cac:PartyTaxScheme")
            _MAKE.text(tax, "cbc:CompanyID", number)
            _MAKE.text(_MAKE.group(tax, "cac:TaxScheme"), "cbc:ID", scheme)
    legal = _MAKE.group(made, "cac:PartyLegalEntity")
    _MAKE.text(legal, "cbc:RegistrationName", party.name)
    _MAKE.text(legal, "cbc:CompanyID", party.registration)
    if party.contact_name or party.contact_email:
        contact = _MAKE.group(made, "cac:Contact")
        _MAKE.text(contact, "cbc:Name", party.contact_name)
        _MAKE.text(contact, "cbc:ElectronicMail", party.contact_email)


def _address(parent: Element, name: str, address: Address) -> None:
    made = _MAKE.group(parent, name)
    _MAKE.text(made, "cbc:StreetName", address.line1)
    _MAKE.text(made, "cbc:AdditionalStreetName", address.line2)
    _MAKE.text(made, "cbc:CityName", address.city)
    _MAKE.text(made, "cbc:PostalZone", address.postal_code)
    _MAKE.text(made, "cbc:CountrySubentity", address.region)
    _MAKE.text(_MAKE.group(made, "cac:Country"), "cbc:IdentificationCode", address.country)


def _delivery(root: Element, einvoice: EInvoice) -> None:
    if einvoice.deliver_to is None and einvoice.delivered_on is None:
        return
    made = _MAKE.group(root, "cac:Delivery")
    if einvoice.delivered_on is not None:
        _MAKE.text(made, "cbc:ActualDeliveryDate", f"{einvoice.delivered_on:%Y-%m-%d}")
    if einvoice.deliver_to is not None:
        place = _MAKE.group(made, "cac:DeliveryLocation")
        _address(place, "cac:Address", einvoice.deliver_to)


def _payment(root: Element, payment: Payment, due: str) -> None:
    made = _MAKE.group(root, "cac:PaymentMeans")
    _MAKE.text(made, "cbc:PaymentMeansCode", payment.means)
    _MAKE.text(made, "cbc:PaymentDueDate", due)
    _MAKE.text(made, "cbc:PaymentID", payment.reference)
    if payment.account:
        account = _MAKE.group(made, "cac:PayeeFinancialAccount")
        _MAKE.text(account, "cbc:ID", payment.account)
        _MAKE.text(account, "cbc:Name", payment.holder)
        if payment.bic:
            branch = _MAKE.group(account, "cac:FinancialInstitutionBranch")
            _MAKE.text(branch, "cbc:ID", payment.bic)


def _allowance(parent: Element, each: Allowance) -> None:
    made = _MAKE.group(parent, "cac:AllowanceCharge")
    _MAKE.text(made, "cbc:ChargeIndicator", "true" if each.is_charge else "false")
    _MAKE.text(made, "cbc:AllowanceChargeReasonCode", each.reason_code)
    _MAKE.text(made, "cbc:AllowanceChargeReason", each.reason)
    _money(made, "cbc:Amount", each.amount)
    if each.tax_code:
        tax = _MAKE.group(made, "cac:TaxCategory")
        _MAKE.text(tax, "cbc:ID", each.tax_code)
        if each.tax_rate is not None:
            _MAKE.text(tax, "cbc:Percent", plain(each.tax_rate))
        _MAKE.text(_MAKE.group(tax, "cac:TaxScheme"), "cbc:ID", "VAT")


def _taxes(root: Element, einvoice: EInvoice) -> None:
    made = _MAKE.group(root, "cac:TaxTotal")
    _money(made, "cbc:TaxAmount", einvoice.totals.tax)
    for breakdown in einvoice.taxes:
        _breakdown(made, breakdown)


def _breakdown(parent: Element, breakdown: TaxBreakdown) -> None:
    made = _MAKE.group(parent, "cac:TaxSubtotal")
    _money(made, "cbc:TaxableAmount", breakdown.base)
    _money(made, "cbc:TaxAmount", breakdown.tax)
    category = _MAKE.group(made, "cac:TaxCategory")
    _MAKE.text(category, "cbc:ID", breakdown.tax_code)
    if breakdown.tax_rate is not None:
        _MAKE.text(category, "cbc:Percent", plain(breakdown.tax_rate))
    _MAKE.text(category, "cbc:TaxExemptionReasonCode", breakdown.exemption_code)
    _MAKE.text(category, "cbc:TaxExemptionReason", breakdown.exemption)
    _MAKE.text(_MAKE.group(category, "cac:TaxScheme"), "cbc:ID", "VAT")


def _totals(root: Element, einvoice: EInvoice) -> None:
    made, totals = _MAKE.group(root, "cac:LegalMonetaryTotal"), einvoice.totals
    _money(made, "cbc:LineExtensionAmount", totals.lines)
    _money(made, "cbc:TaxExclusiveAmount", totals.net)
    _money(made, "cbc:TaxInclusiveAmount", totals.gross)
    for name, money in (
        ("cbc:AllowanceTotalAmount", totals.allowances),
        ("cbc:ChargeTotalAmount", totals.charges),
        ("cbc:PrepaidAmount", totals.paid),
        ("cbc:PayableRoundingAmount", totals.rounding),
    ):
        if not money.is_zero:
            _money(made, name, money)
    _money(made, "cbc:PayableAmount", totals.due)


def _line(root: Element, line: EInvoiceLine, kind: str) -> None:
    made = _MAKE.group(root, f"cac:{kind}Line")
    _MAKE.text(made, "cbc:ID", line.id)
    counted = "cbc:CreditedQuantity" if kind == "CreditNote" else "cbc:InvoicedQuantity"
    _MAKE.text(made, counted, plain(line.quantity), unitCode=line.unit_code)
    _money(made, "cbc:LineExtensionAmount", line.net)
    _period(made, line.period)
    for each in line.allowances:
        _allowance(made, each)
    item = _MAKE.group(made, "cac:Item")
    _MAKE.text(item, "cbc:Description", line.description)
    _MAKE.text(item, "cbc:Name", line.name)
    tax = _MAKE.group(item, "cac:ClassifiedTaxCategory")
    _MAKE.text(tax, "cbc:ID", line.tax_code)
    if line.tax_rate is not None:
        _MAKE.text(tax, "cbc:Percent", plain(line.tax_rate))
    _MAKE.text(_MAKE.group(tax, "cac:TaxScheme"), "cbc:ID", "VAT")
    price = _MAKE.group(made, "cac:Price")
    _MAKE.text(price, "cbc:PriceAmount", plain(line.price), currencyID=line.net.currency)
    if line.base_quantity != 1:
        base = plain(line.base_quantity)
        _MAKE.text(price, "cbc:BaseQuantity", base, unitCode=line.unit_code)


def _money(parent: Element, name: str, money: Money) -> None:
    _MAKE.text(parent, name, amount(money), currencyID=money.currency)
