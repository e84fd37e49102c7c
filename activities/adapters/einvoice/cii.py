"""The Cross Industry Invoice (CII D22B) of EN 16931, as it lies in a Factur-X PDF."""

from collections.abc import Iterable

from activities.adapters.einvoice.markup import Element, Maker, amount, plain, printed
from models.einvoice import (
    Allowance,
    EInvoice,
    EInvoiceLine,
    Payment,
    TaxBreakdown,
    TradeParty,
)
from models.einvoice_mapping import last_day
from models.parties import Address, is_iban
from models.periods import Interval

NAMESPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
GUIDELINE = "urn:cen.eu:en16931:2017"
"""The profile: EN 16931, also called COMFORT."""

_MAKE = Maker(NAMESPACES)
_DAY = "102"


def write_cii(einvoice: EInvoice) -> bytes:
    """Return a document as CII; equal documents give equal bytes."""
    root = _MAKE.root("rsm:CrossIndustryInvoice")
    context = _MAKE.group(root, "rsm:ExchangedDocumentContext")
    guideline = _MAKE.group(context, "ram:GuidelineSpecifiedDocumentContextParameter")
    _MAKE.text(guideline, "ram:ID", GUIDELINE)
    document = _MAKE.group(root, "rsm:ExchangedDocument")
    _MAKE.text(document, "ram:ID", einvoice.number)
    _MAKE.text(document, "ram:TypeCode", einvoice.type)
    _day(document, "ram:IssueDateTime", f"{einvoice.issued_on:%Y%m%d}")
    if einvoice.note:
        _MAKE.text(_MAKE.group(document, "ram:IncludedNote"), "ram:Content", einvoice.note)
    transaction = _MAKE.group(root, "rsm:SupplyChainTradeTransaction")
    for line in einvoice.lines:
        _line(transaction, line)
    _agreement(transaction, einvoice)
    _delivery(transaction, einvoice)
    _settlement(transaction, einvoice)
    return printed(root)


def _day(parent: Element, name: str, written: str, inner: str = "udt:DateTimeString") -> None:
    _MAKE.text(_MAKE.group(parent, name), inner, written, format=_DAY)


def _line(transaction: Element, line: EInvoiceLine) -> None:
    item = _MAKE.group(transaction, "ram:IncludedSupplyChainTradeLineItem")
    _MAKE.text(_MAKE.group(item, "ram:AssociatedDocumentLineDocument"), "ram:LineID", line.id)
    product = _MAKE.group(item, "ram:SpecifiedTradeProduct")
    _MAKE.text(product, "ram:Name", line.name)
    _MAKE.text(product, "ram:Description", line.description)
    path = ("ram:SpecifiedLineTradeAgreement", "ram:NetPriceProductTradePrice")
    price = _MAKE.group(item, *path)
    _MAKE.text(price, "ram:ChargeAmount", plain(line.price))
    if line.base_quantity != 1:
        base = plain(line.base_quantity)
        _MAKE.text(price, "ram:BasisQuantity", base, unitCode=line.unit_code)
    delivery = _MAKE.group(item, "ram:SpecifiedLineTradeDelivery")
    quantity = plain(line.quantity)
    _MAKE.text(delivery, "ram:BilledQuantity", quantity, unitCode=line.unit_code)
    settlement = _MAKE.group(item, "ram:SpecifiedLineTradeSettlement")
    tax = _MAKE.group(settlement, "ram:ApplicableTradeTax")
    _MAKE.text(tax, "ram:TypeCode", "VAT")
    _MAKE.text(tax, "ram:CategoryCode", line.tax_code)
    if line.tax_rate is not None:
        _MAKE.text(tax, "ram:RateApplicablePercent", plain(line.tax_rate))
    _period(settlement, line.period)
    _allowances(settlement, line.allowances)
    sums = _MAKE.group(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _MAKE.text(sums, "ram:LineTotalAmount", amount(line.net))


def _period(parent: Element, period: Interval | None) -> None:
    if period is not None:
        made = _MAKE.group(parent, "ram:BillingSpecifiedPeriod")
        _day(made, "ram:StartDateTime", f"{period.start:%Y%m%d}")
        _day(made, "ram:EndDateTime", f"{last_day(period):%Y%m%d}")


def _allowances(parent: Element, allowances: Iterable[Allowance]) -> None:
    for each in allowances:
        made = _MAKE.group(parent, "ram:SpecifiedTradeAllowanceCharge")
        indicator = _MAKE.group(made, "ram:ChargeIndicator")
        _MAKE.text(indicator, "udt:Indicator", "true" if each.is_charge else "false")
        _MAKE.text(made, "ram:ActualAmount", amount(each.amount))
        _MAKE.text(made, "ram:ReasonCode", each.reason_code)
        _MAKE.text(made, "ram:Reason", each.reason)
        if each.tax_code:
            tax = _MAKE.group(made, "ram:CategoryTradeTax")
            _MAKE.text(tax, "ram:TypeCode", "VAT")
            _MAKE.text(tax, "ram:CategoryCode", each.tax_code)
            if each.tax_rate is not None:
                _MAKE.text(tax, "ram:RateApplicablePercent", plain(each.tax_rate))


def _agreement(transaction: Element, einvoice: EInvoice) -> None:
    agreement = _MAKE.group(transaction, "ram:ApplicableHeaderTradeAgreement")
    _MAKE.text(agreement, "ram:BuyerReference", einvoice.buyer_reference)
    _party(_MAKE.group(agreement, "ram:SellerTradeParty"), einvoice.seller)
    _party(_MAKE.group(agreement, "ram:BuyerTradeParty"), einvoice.buyer)
    references = (
        ("ram:BuyerOrderReferencedDocument", einvoice.purchase_order),
        ("ram:ContractReferencedDocument", einvoice.contract),
    )
    for name, number in references:
        if number:
            _MAKE.text(_MAKE.group(agreement, name), "ram:IssuerAssignedID", number)


def _party(made: Element, party: TradeParty) -> None:
    _MAKE.text(made, "ram:ID", party.number)
    _MAKE.text(made, "ram:Name", party.name)
    if party.registration:
        legal = _MAKE.group(made, "ram:SpecifiedLegalOrganization")
        _MAKE.text(legal, "ram:ID", party.registration)
    if party.contact_name or party.contact_email:
        contact = _MAKE.group(made, "ram:DefinedTradeContact")
        _MAKE.text(contact, "ram:PersonName", party.contact_name)
        if party.contact_email:
            mail = _MAKE.group(contact, "ram:EmailURIUniversalCommunication")
            _MAKE.text(mail, "ram:URIID", party.contact_email)
    _address(made, party.address)
    if party.endpoint is not None:
        place = _MAKE.group(made, "ram:URIUniversalCommunication")
        _MAKE.text(place, "ram:URIID", party.endpoint.id, schemeID=party.endpoint.scheme)
    for scheme, number in (("VA", party.vat_id), ("FC", party.tax_id)):
        if number:
            registration = _MAKE.group(made, "ram:SpecifiedTaxRegistration")
            _MAKE.text(registration, "ram:ID", number, schemeID=scheme)


def _address(parent: Element, address: Address) -> None:
    made = _MAKE.group(parent, "ram:PostalTradeAddress")
    _MAKE.text(made, "ram:PostcodeCode", address.postal_code)
    _MAKE.text(made, "ram:LineOne", address.line1)
    _MAKE.text(made, "ram:LineTwo", address.line2)
    _MAKE.text(made, "ram:CityName", address.city)
    _MAKE.text(made, "ram:CountryID", address.country)
    _MAKE.text(made, "ram:CountrySubDivisionName", address.region)


def _delivery(transaction: Element, einvoice: EInvoice) -> None:
    delivery = _MAKE.group(transaction, "ram:ApplicableHeaderTradeDelivery")
    if einvoice.deliver_to is not None:
        _address(_MAKE.group(delivery, "ram:ShipToTradeParty"), einvoice.deliver_to)
    if einvoice.delivered_on is not None:
        event = _MAKE.group(delivery, "ram:ActualDeliverySupplyChainEvent")
        _day(event, "ram:OccurrenceDateTime", f"{einvoice.delivered_on:%Y%m%d}")


def _settlement(transaction: Element, einvoice: EInvoice) -> None:
    settlement = _MAKE.group(transaction, "ram:ApplicableHeaderTradeSettlement")
    if einvoice.payment is not None:
        _MAKE.text(settlement, "ram:PaymentReference", einvoice.payment.reference)
    _MAKE.text(settlement, "ram:InvoiceCurrencyCode", einvoice.currency)
    if einvoice.payment is not None:
        _payment(settlement, einvoice.payment)
    for breakdown in einvoice.taxes:
        _breakdown(settlement, breakdown)
    _period(settlement, einvoice.period)
    _allowances(settlement, einvoice.allowances)
    if einvoice.terms or einvoice.due_on is not None:
        terms = _MAKE.group(settlement, "ram:SpecifiedTradePaymentTerms")
        _MAKE.text(terms, "ram:Description", einvoice.terms)
        if einvoice.due_on is not None:
            _day(terms, "ram:DueDateDateTime", f"{einvoice.due_on:%Y%m%d}")
    _totals(settlement, einvoice)
    if einvoice.corrects is not None:
        before = _MAKE.group(settlement, "ram:InvoiceReferencedDocument")
        _MAKE.text(before, "ram:IssuerAssignedID", einvoice.corrects.number)
        if einvoice.corrects.issued_on is not None:
            written = f"{einvoice.corrects.issued_on:%Y%m%d}"
            _day(before, "ram:FormattedIssueDateTime", written, "qdt:DateTimeString")


def _payment(settlement: Element, payment: Payment) -> None:
    means = _MAKE.group(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
    _MAKE.text(means, "ram:TypeCode", payment.means)
    if payment.account:
        account = _MAKE.group(means, "ram:PayeePartyCreditorFinancialAccount")
        iban = payment.account if is_iban(payment.account) else ""
        _MAKE.text(account, "ram:IBANID", iban)
        _MAKE.text(account, "ram:AccountName", payment.holder)
        _MAKE.text(account, "ram:ProprietaryID", "" if iban else payment.account)
    if payment.bic:
        bank = _MAKE.group(means, "ram:PayeeSpecifiedCreditorFinancialInstitution")
        _MAKE.text(bank, "ram:BICID", payment.bic)


def _breakdown(settlement: Element, breakdown: TaxBreakdown) -> None:
    tax = _MAKE.group(settlement, "ram:ApplicableTradeTax")
    _MAKE.text(tax, "ram:CalculatedAmount", amount(breakdown.tax))
    _MAKE.text(tax, "ram:TypeCode", "VAT")
    _MAKE.text(tax, "ram:ExemptionReason", breakdown.exemption)
    _MAKE.text(tax, "ram:BasisAmount", amount(breakdown.base))
    _MAKE.text(tax, "ram:CategoryCode", breakdown.tax_code)
    _MAKE.text(tax, "ram:ExemptionReasonCode", breakdown.exemption_code)
    if breakdown.tax_rate is not None:
        _MAKE.text(tax, "ram:RateApplicablePercent", plain(breakdown.tax_rate))


def _totals(settlement: Element, einvoice: EInvoice) -> None:
    name = "ram:SpecifiedTradeSettlementHeaderMonetarySummation"
    made, totals = _MAKE.group(settlement, name), einvoice.totals
    _MAKE.text(made, "ram:LineTotalAmount", amount(totals.lines))
    if not totals.charges.is_zero:
        _MAKE.text(made, "ram:ChargeTotalAmount", amount(totals.charges))
    if not totals.allowances.is_zero:
        _MAKE.text(made, "ram:AllowanceTotalAmount", amount(totals.allowances))
    _MAKE.text(made, "ram:TaxBasisTotalAmount", amount(totals.net))
    tax = amount(totals.tax)
    _MAKE.text(made, "ram:TaxTotalAmount", tax, currencyID=einvoice.currency)
    if not totals.rounding.is_zero:
        _MAKE.text(made, "ram:RoundingAmount", amount(totals.rounding))
    _MAKE.text(made, "ram:GrandTotalAmount", amount(totals.gross))
    if not totals.paid.is_zero:
        _MAKE.text(made, "ram:TotalPrepaidAmount", amount(totals.paid))
    _MAKE.text(made, "ram:DuePayableAmount", amount(totals.due))
