"""Reading UBL 2.1 back into the terms of EN 16931, ours or a stranger's."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from activities.adapters.einvoice.kinds import type_of
from activities.adapters.einvoice.markup import Element, Reader, period_of
from activities.adapters.einvoice.ubl import CREDIT_NOTE, NAMESPACES
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

_VAT = "VAT"


class UblReader(Reader):
    """Reads one document; see `read`."""

    def __init__(self, root: Element) -> None:
        super().__init__(NAMESPACES)
        self._root = root
        is_credit = root.tag == f"{{{CREDIT_NOTE}}}CreditNote"
        self._kind = "CreditNote" if is_credit else "Invoice"
        self._currency = self.needed(root, "cbc:DocumentCurrencyCode", "currency") or "EUR"

    def read(self) -> EInvoice:
        """Return the document; raises `InvalidInputError` with everything that cannot be read."""
        root = self._root
        due = self.text(root, "cbc:DueDate") or self.text(
            root, "cac:PaymentMeans/cbc:PaymentDueDate"
        )
        read = EInvoice(
            type=type_of(self.needed(root, f"cbc:{self._kind}TypeCode", "type")),
            number=self.needed(root, "cbc:ID", "number"),
            issued_on=self.day(self.needed(root, "cbc:IssueDate", "issued_on"), "issued_on")
            or date.min,
            currency=self._currency,
            due_on=self.day(due, "due_on"),
            note=self.text(root, "cbc:Note"),
            buyer_reference=self.text(root, "cbc:BuyerReference"),
            purchase_order=self.text(root, "cac:OrderReference/cbc:ID"),
            contract=self.text(root, "cac:ContractDocumentReference/cbc:ID"),
            corrects=self._corrects(),
            seller=self._party("cac:AccountingSupplierParty/cac:Party", "seller"),
            buyer=self._party("cac:AccountingCustomerParty/cac:Party", "buyer"),
            period=self._period(root),
            delivered_on=self.day(
                self.text(root, "cac:Delivery/cbc:ActualDeliveryDate"), "delivered_on"
            ),
            deliver_to=self._deliver_to(),
            payment=self._payment(),
            terms=self.text(root, "cac:PaymentTerms/cbc:Note"),
            allowances=tuple(self._allowances(root)),
            taxes=tuple(self._taxes()),
            totals=self._totals(),
            lines=tuple(self._line(each) for each in self.all(root, f"cac:{self._kind}Line")),
        )
        self.finish()
        return read

    def _corrects(self) -> Preceding | None:
        found = self.first(self._root, "cac:BillingReference/cac:InvoiceDocumentReference")
        if found is None:
            return None
        issued_on = self.day(self.text(found, "cbc:IssueDate"), "corrects")
        return Preceding(number=self.text(found, "cbc:ID"), issued_on=issued_on)

    def _party(self, path: str, field: str) -> TradeParty:
        found = self.first(self._root, path)
        numbers = {
            self.text(each, "cac:TaxScheme/cbc:ID"): self.text(each, "cbc:CompanyID")
            for each in self.all(found, "cac:PartyTaxScheme")
        }
        endpoint = self.first(found, "cbc:EndpointID")
        others = [number for scheme, number in numbers.items() if scheme != _VAT]
        return TradeParty(
            name=self.needed(found, "cac:PartyLegalEntity/cbc:RegistrationName", f"{field}.name"),
            number=self.text(found, "cac:PartyIdentification/cbc:ID"),
            registration=self.text(found, "cac:PartyLegalEntity/cbc:CompanyID"),
            vat_id=numbers.get(_VAT, ""),
            tax_id=others[0] if others else "",
            address=self._address(self.first(found, "cac:PostalAddress")),
            endpoint=_endpoint(endpoint),
            contact_name=self.text(found, "cac:Contact/cbc:Name"),
            contact_email=self.text(found, "cac:Contact/cbc:ElectronicMail"),
        )

    def _address(self, found: Element | None) -> Address:
        return Address(
            line1=self.text(found, "cbc:StreetName"),
            line2=self.text(found, "cbc:AdditionalStreetName"),
            postal_code=self.text(found, "cbc:PostalZone"),
            city=self.text(found, "cbc:CityName"),
            region=self.text(found, "cbc:CountrySubentity"),
            country=self.text(found, "cac:Country/cbc:IdentificationCode"),
        )

    def _period(self, parent: Element) -> Interval | None:
        found = self.first(parent, "cac:InvoicePeriod")
        start = self.day(self.text(found, "cbc:StartDate"), "period.start")
        return period_of(start, self.day(self.text(found, "cbc:EndDate"), "period.end"))

    def _deliver_to(self) -> Address | None:
        found = self.first(self._root, "cac:Delivery/cac:DeliveryLocation/cac:Address")
        return self._address(found) if found is not None else None

    def _payment(self) -> Payment | None:
        found = self.first(self._root, "cac:PaymentMeans")
        if found is None:
            return None
        account = self.first(found, "cac:PayeeFinancialAccount")
        return Payment(
            means=self.text(found, "cbc:PaymentMeansCode"),
            reference=self.text(found, "cbc:PaymentID"),
            account=self.text(account, "cbc:ID"),
            holder=self.text(account, "cbc:Name"),
            bic=self.text(account, "cac:FinancialInstitutionBranch/cbc:ID"),
        )

    def _allowances(self, parent: Element) -> Iterator[Allowance]:
        for found in self.all(parent, "cac:AllowanceCharge"):
            tax = self.first(found, "cac:TaxCategory")
            yield Allowance(
                amount=self._money(found, "cbc:Amount", "allowance"),
                is_charge=self.text(found, "cbc:ChargeIndicator") in ("true", "1"),
                reason=self.text(found, "cbc:AllowanceChargeReason"),
                reason_code=self.text(found, "cbc:AllowanceChargeReasonCode"),
                tax_code=self.text(tax, "cbc:ID"),
                tax_rate=self.number(tax, "cbc:Percent", "allowance.tax_rate"),
            )

    def _taxes(self) -> Iterator[TaxBreakdown]:
        for found in self.all(self._root, "cac:TaxTotal/cac:TaxSubtotal"):
            category = self.first(found, "cac:TaxCategory")
            yield TaxBreakdown(
                tax_code=self.text(category, "cbc:ID"),
                tax_rate=self.number(category, "cbc:Percent", "taxes.tax_rate"),
                base=self._money(found, "cbc:TaxableAmount", "taxes.base"),
                tax=self._money(found, "cbc:TaxAmount", "taxes.tax"),
                exemption=self.text(category, "cbc:TaxExemptionReason"),
                exemption_code=self.text(category, "cbc:TaxExemptionReasonCode"),
            )

    def _totals(self) -> DocumentTotals:
        found = self.first(self._root, "cac:LegalMonetaryTotal")
        return DocumentTotals(
            lines=self._money(found, "cbc:LineExtensionAmount", "totals.lines"),
            allowances=self._money(found, "cbc:AllowanceTotalAmount", "totals.allowances"),
            charges=self._money(found, "cbc:ChargeTotalAmount", "totals.charges"),
            net=self._money(found, "cbc:TaxExclusiveAmount", "totals.net"),
            tax=self._money(self._root, "cac:TaxTotal/cbc:TaxAmount", "totals.tax"),
            gross=self._money(found, "cbc:TaxInclusiveAmount", "totals.gross"),
            paid=self._money(found, "cbc:PrepaidAmount", "totals.paid"),
            rounding=self._money(found, "cbc:PayableRoundingAmount", "totals.rounding"),
            due=self._money(found, "cbc:PayableAmount", "totals.due"),
        )

    def _line(self, found: Element) -> EInvoiceLine:
        identity = self.needed(found, "cbc:ID", "lines.id")
        where, item = f"lines[{identity}]", self.first(found, "cac:Item")
        tax = self.first(item, "cac:ClassifiedTaxCategory")
        name = "Credited" if self._kind == "CreditNote" else "Invoiced"
        counted = self.first(found, f"cbc:{name}Quantity")
        base = self.number(found, "cac:Price/cbc:BaseQuantity", f"{where}.base_quantity")
        quantity = self.number(found, f"cbc:{name}Quantity", f"{where}.quantity")
        price = self.number(found, "cac:Price/cbc:PriceAmount", f"{where}.price")
        return EInvoiceLine(
            id=identity,
            name=self.text(item, "cbc:Name"),
            description=self.text(item, "cbc:Description"),
            quantity=quantity or Decimal(0),
            unit_code=counted.get("unitCode", "") if counted is not None else "",
            price=price or Decimal(0),
            base_quantity=Decimal(1) if base is None else base,
            allowances=tuple(self._allowances(found)),
            net=self._money(found, "cbc:LineExtensionAmount", f"{where}.net"),
            tax_code=self.text(tax, "cbc:ID"),
            tax_rate=self.number(tax, "cbc:Percent", f"{where}.tax_rate"),
            period=self._period(found),
        )

    def _money(self, parent: Element | None, path: str, field: str) -> Money:
        return self.money(parent, path, field, self._currency)


def _endpoint(found: Element | None) -> ElectronicAddress | None:
    if found is None:
        return None
    return ElectronicAddress(scheme=found.get("schemeID", ""), id=(found.text or "").strip())
