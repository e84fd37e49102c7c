"""Reading a Cross Industry Invoice back into the terms of EN 16931, ours or a stranger's."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from activities.adapters.einvoice.cii import NAMESPACES
from activities.adapters.einvoice.kinds import type_of
from activities.adapters.einvoice.markup import Element, Reader, period_of
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
from models.einvoice_settings import ElectronicAddress
from models.money import Money
from models.parties import Address
from models.periods import Interval

_DAY = "/udt:DateTimeString"


class CiiReader(Reader):
    """Reads one document; see `read`."""

    def __init__(self, root: Element) -> None:
        super().__init__(NAMESPACES)
        self._document = self.first(root, "rsm:ExchangedDocument")
        whole = self.first(root, "rsm:SupplyChainTradeTransaction")
        self._transaction = whole
        self._agreement = self.first(whole, "ram:ApplicableHeaderTradeAgreement")
        self._delivery = self.first(whole, "ram:ApplicableHeaderTradeDelivery")
        self._settlement = self.first(whole, "ram:ApplicableHeaderTradeSettlement")
        found = self.needed(self._settlement, "ram:InvoiceCurrencyCode", "currency")
        self._currency = found or "EUR"

    def read(self) -> EInvoice:
        """Return the document; raises `InvalidInputError` with everything that cannot be read."""
        document, agreement, settlement = self._document, self._agreement, self._settlement
        terms = self.first(settlement, "ram:SpecifiedTradePaymentTerms")
        read = EInvoice(
            type=type_of(self.needed(document, "ram:TypeCode", "type")),
            number=self.needed(document, "ram:ID", "number"),
            issued_on=self._issued_on() or date.min,
            currency=self._currency,
            due_on=self._date(terms, "ram:DueDateDateTime", "due_on"),
            note=self.text(document, "ram:IncludedNote/ram:Content"),
            buyer_reference=self.text(agreement, "ram:BuyerReference"),
            purchase_order=self._reference("ram:BuyerOrderReferencedDocument"),
            contract=self._reference("ram:ContractReferencedDocument"),
            corrects=self._corrects(),
            seller=self._party("ram:SellerTradeParty", "seller"),
            buyer=self._party("ram:BuyerTradeParty", "buyer"),
            period=self._period(settlement),
            delivered_on=self._delivered_on(),
            deliver_to=self._deliver_to(),
            payment=self._payment(),
            terms=self.text(terms, "ram:Description"),
            allowances=tuple(self._allowances(settlement)),
            taxes=tuple(self._taxes()),
            totals=self._totals(),
            lines=tuple(self._lines()),
        )
        self.finish()
        return read

    def _issued_on(self) -> date | None:
        path = f"ram:IssueDateTime{_DAY}"
        return self.day(self.needed(self._document, path, "issued_on"), "issued_on")

    def _date(self, parent: Element | None, name: str, field: str) -> date | None:
        return self.day(self.text(parent, name + _DAY), field)

    def _reference(self, name: str) -> str:
        return self.text(self._agreement, f"{name}/ram:IssuerAssignedID")

    def _corrects(self) -> Preceding | None:
        found = self.first(self._settlement, "ram:InvoiceReferencedDocument")
        if found is None:
            return None
        written = self.text(found, "ram:FormattedIssueDateTime/qdt:DateTimeString")
        number = self.text(found, "ram:IssuerAssignedID")
        return Preceding(number=number, issued_on=self.day(written, "corrects"))

    def _party(self, name: str, field: str) -> TradeParty:
        found = self.first(self._agreement, name)
        numbers = {
            each.get("schemeID", ""): (each.text or "").strip()
            for each in self.all(found, "ram:SpecifiedTaxRegistration/ram:ID")
        }
        contact = self.first(found, "ram:DefinedTradeContact")
        endpoint = self.first(found, "ram:URIUniversalCommunication/ram:URIID")
        return TradeParty(
            name=self.needed(found, "ram:Name", f"{field}.name"),
            number=self.text(found, "ram:ID"),
            registration=self.text(found, "ram:SpecifiedLegalOrganization/ram:ID"),
            vat_id=numbers.get("VA", ""),
            tax_id=numbers.get("FC", ""),
            address=self._address(found),
            endpoint=_endpoint(endpoint),
            contact_name=self.text(contact, "ram:PersonName"),
            contact_email=self.text(contact, "ram:EmailURIUniversalCommunication/ram:URIID"),
        )

    def _address(self, parent: Element | None) -> Address:
        found = self.first(parent, "ram:PostalTradeAddress")
        return Address(
            line1=self.text(found, "ram:LineOne"),
            line2=self.text(found, "ram:LineTwo"),
            postal_code=self.text(found, "ram:PostcodeCode"),
            city=self.text(found, "ram:CityName"),
            region=self.text(found, "ram:CountrySubDivisionName"),
            country=self.text(found, "ram:CountryID"),
        )

    def _period(self, parent: Element | None) -> Interval | None:
        found = self.first(parent, "ram:BillingSpecifiedPeriod")
        start = self._date(found, "ram:StartDateTime", "period.start")
        return period_of(start, self._date(found, "ram:EndDateTime", "period.end"))

    def _delivered_on(self) -> date | None:
        event = self.first(self._delivery, "ram:ActualDeliverySupplyChainEvent")
        return self._date(event, "ram:OccurrenceDateTime", "delivered_on")

    def _deliver_to(self) -> Address | None:
        found = self.first(self._delivery, "ram:ShipToTradeParty")
        return self._address(found) if found is not None else None

    def _payment(self) -> Payment | None:
        found = self.first(self._settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
        if found is None:
            return None
        account = self.first(found, "ram:PayeePartyCreditorFinancialAccount")
        bank = "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID"
        return Payment(
            means=self.text(found, "ram:TypeCode"),
            reference=self.text(self._settlement, "ram:PaymentReference"),
            account=self.text(account, "ram:IBANID") or self.text(account, "ram:ProprietaryID"),
            holder=self.text(account, "ram:AccountName"),
            bic=self.text(found, bank),
        )

    def _allowances(self, parent: Element | None) -> Iterator[Allowance]:
        for found in self.all(parent, "ram:SpecifiedTradeAllowanceCharge"):
            tax = self.first(found, "ram:CategoryTradeTax")
            yield Allowance(
                amount=self._money(found, "ram:ActualAmount", "allowance"),
                is_charge=self.text(found, "ram:ChargeIndicator/udt:Indicator") in ("true", "1"),
                reason=self.text(found, "ram:Reason"),
                reason_code=self.text(found, "ram:ReasonCode"),
                tax_code=self.text(tax, "ram:CategoryCode"),
                tax_rate=self.number(tax, "ram:RateApplicablePercent", "allowance.tax_rate"),
            )

    def _taxes(self) -> Iterator[TaxBreakdown]:
        for found in self.all(self._settlement, "ram:ApplicableTradeTax"):
            yield TaxBreakdown(
                tax_code=self.text(found, "ram:CategoryCode"),
                tax_rate=self.number(found, "ram:RateApplicablePercent", "taxes.tax_rate"),
                base=self._money(found, "ram:BasisAmount", "taxes.base"),
                tax=self._money(found, "ram:CalculatedAmount", "taxes.tax"),
                exemption=self.text(found, "ram:ExemptionReason"),
                exemption_code=self.text(found, "ram:ExemptionReasonCode"),
            )

    def _totals(self) -> DocumentTotals:
        name = "ram:SpecifiedTradeSettlementHeaderMonetarySummation"
        found = self.first(self._settlement, name)
        net = self._money(found, "ram:TaxBasisTotalAmount", "totals.net")
        lines = self._money(found, "ram:LineTotalAmount", "totals.lines")
        return DocumentTotals(
            lines=lines if self.first(found, "ram:LineTotalAmount") is not None else net,
            allowances=self._money(found, "ram:AllowanceTotalAmount", "totals.allowances"),
            charges=self._money(found, "ram:ChargeTotalAmount", "totals.charges"),
            net=net,
            tax=self._money(found, "ram:TaxTotalAmount", "totals.tax"),
            gross=self._money(found, "ram:GrandTotalAmount", "totals.gross"),
            paid=self._money(found, "ram:TotalPrepaidAmount", "totals.paid"),
            rounding=self._money(found, "ram:RoundingAmount", "totals.rounding"),
            due=self._money(found, "ram:DuePayableAmount", "totals.due"),
        )

    def _lines(self) -> Iterator[EInvoiceLine]:
        for found in self.all(self._transaction, "ram:IncludedSupplyChainTradeLineItem"):
            yield self._line(found)

    def _line(self, found: Element) -> EInvoiceLine:
        identity = self.needed(found, "ram:AssociatedDocumentLineDocument/ram:LineID", "lines.id")
        where, product = f"lines[{identity}]", self.first(found, "ram:SpecifiedTradeProduct")
        price = self.first(found, "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice")
        counted = self.first(found, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity")
        settled = self.first(found, "ram:SpecifiedLineTradeSettlement")
        tax = self.first(settled, "ram:ApplicableTradeTax")
        net = "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
        base = self.number(price, "ram:BasisQuantity", f"{where}.base_quantity")
        return EInvoiceLine(
            id=identity,
            name=self.text(product, "ram:Name"),
            description=self.text(product, "ram:Description"),
            quantity=self.number(
                found, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", f"{where}.quantity"
            )
            or Decimal(0),
            unit_code=counted.get("unitCode", "") if counted is not None else "",
            price=self.number(price, "ram:ChargeAmount", f"{where}.price") or Decimal(0),
            base_quantity=Decimal(1) if base is None else base,
            allowances=tuple(self._allowances(settled)),
            net=self._money(settled, net, f"{where}.net"),
            tax_code=self.text(tax, "ram:CategoryCode"),
            tax_rate=self.number(tax, "ram:RateApplicablePercent", f"{where}.tax_rate"),
            period=self._period(settled),
        )

    def _money(self, parent: Element | None, path: str, field: str) -> Money:
        return self.money(parent, path, field, self._currency)


def _endpoint(found: Element | None) -> ElectronicAddress | None:
    if found is None:
        return None
    return ElectronicAddress(scheme=found.get("schemeID", ""), id=(found.text or "").strip())
