"""Structured invoices: what the official rules say of them, and that both syntaxes say the same."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from activities.adapters.einvoice import write
from activities.adapters.einvoice.cii import NAMESPACES as CII_NAMES
from activities.adapters.einvoice.cii_reader import CiiReader
from activities.adapters.einvoice.markup import parsed
from activities.adapters.einvoice.ubl import CREDIT_NOTE, INVOICE
from activities.adapters.einvoice.ubl import NAMESPACES as UBL_NAMES
from activities.adapters.einvoice.ubl_reader import UblReader
from models.einvoice import EInvoice
from models.einvoice_codes import UNIT_CODES, VATEX
from models.einvoice_rules import einvoice_problems, sum_problems
from models.einvoice_settings import ADDRESS_SCHEMES, EInvoiceFormat
from models.errors import InvalidInputError
from tests.adapters.einvoice_samples import EINVOICES
from tests.adapters.official import code_list, findings, schematron_findings

CII, UBL = EInvoiceFormat.CII, EInvoiceFormat.UBL
SAMPLES = pytest.mark.parametrize("name", EINVOICES)
FORMATS = pytest.mark.parametrize("form", EInvoiceFormat)

_SETTLED = "//ram:ApplicableHeaderTradeSettlement"
_SUMS = f"{_SETTLED}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
PLANTED = {
    "line net": (
        "//ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
        "//cac:InvoiceLine/cbc:LineExtensionAmount",
        "lines[1].net",
        "BR-CO-10",
    ),
    "sum of lines": (
        f"{_SUMS}/ram:LineTotalAmount",
        "//cac:LegalMonetaryTotal/cbc:LineExtensionAmount",
        "totals.lines",
        "BR-CO-10",
    ),
    "net": (
        f"{_SUMS}/ram:TaxBasisTotalAmount",
        "//cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount",
        "totals.net",
        "BR-CO-13",
    ),
    "tax base": (
        f"{_SETTLED}/ram:ApplicableTradeTax/ram:BasisAmount",
        "//cac:TaxSubtotal/cbc:TaxableAmount",
        "taxes[AE 0 %].base",
        "BR-AE-08",
    ),
    "tax amount": (
        f"{_SETTLED}/ram:ApplicableTradeTax[2]/ram:CalculatedAmount",
        "//cac:TaxSubtotal[2]/cbc:TaxAmount",
        "taxes[S 19 %].tax",
        "BR-S-09",
    ),
    "tax total": (
        f"{_SUMS}/ram:TaxTotalAmount",
        "/*/cac:TaxTotal/cbc:TaxAmount",
        "totals.tax",
        "BR-CO-14",
    ),
    "gross": (
        f"{_SUMS}/ram:GrandTotalAmount",
        "//cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount",
        "totals.gross",
        "BR-CO-15",
    ),
    "due": (
        f"{_SUMS}/ram:DuePayableAmount",
        "//cac:LegalMonetaryTotal/cbc:PayableAmount",
        "totals.due",
        "BR-CO-16",
    ),
}

OFFICIAL_SLACK = {"tax base": "1.01", "tax amount": "1.01"}
"""The official rules let base and tax of a category miss by up to 1.00; ours by nothing."""


def read(content: bytes, form: EInvoiceFormat) -> EInvoice:
    """Return what a document says."""
    reader = CiiReader if form is CII else UblReader
    return reader(parsed(content)).read()


def changed(content: bytes, form: EInvoiceFormat, path: str, new: Callable[[str], str]) -> bytes:
    """Return a document with the text of one element changed."""
    root = etree.fromstring(content)
    element = root.xpath(path, namespaces=CII_NAMES if form is CII else UBL_NAMES)[0]
    element.text = new(element.text)
    return bytes(etree.tostring(root))


@FORMATS
@SAMPLES
def test_the_official_rules_find_nothing(name: str, form: EInvoiceFormat) -> None:
    """XSD and Schematron of EN 16931, and our own rules, on every kind of tax and price."""
    assert einvoice_problems(EINVOICES[name], form) == ()
    assert findings(write(EINVOICES[name], form), form) == set()


@FORMATS
@SAMPLES
def test_both_syntaxes_say_what_the_model_says(name: str, form: EInvoiceFormat) -> None:
    """Field by field: what was written is read back, so CII and UBL carry the same values."""
    written = EINVOICES[name]
    expected = EInvoice.model_validate_json(written.model_dump_json().replace("\\u000b", ""))
    assert read(write(written, form), form) == expected


@FORMATS
@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found_by_everybody(fault: str, form: EInvoiceFormat) -> None:
    """A cent too much in each total; the official rules have slack in two of them."""
    cii_path, ubl_path, field, rule = PLANTED[fault]
    whole = write(EINVOICES["mixed"], form)
    path = cii_path if form is CII else ubl_path

    def more_by(amount: str) -> bytes:
        return changed(whole, form, path, lambda text: str(Decimal(text) + Decimal(amount)))

    named = schematron_findings(more_by(OFFICIAL_SLACK.get(fault, "0.01")), form)
    ours = [problem.field for problem in sum_problems(read(more_by("0.01"), form))]

    assert any(rule in one for one in named)
    assert field in ours


def test_the_terms_stand_where_the_standard_wants_them() -> None:
    """Hand-written paths: a reader with the same slip as the writer would not see it."""
    cii = etree.fromstring(write(EINVOICES["mixed"], CII))
    ubl = etree.fromstring(write(EINVOICES["mixed"], UBL))
    party, address = "ram:SellerTradeParty", "cac:AccountingCustomerParty/cac:Party"

    def at_cii(path: str) -> str:
        return str(cii.xpath(f"string(//{path})", namespaces=CII_NAMES))

    def at_ubl(path: str) -> str:
        return str(ubl.xpath(f"string(//{path})", namespaces=UBL_NAMES))

    assert at_cii("rsm:ExchangedDocument/ram:ID") == "NL-2026-000042"
    assert at_cii(f"{party}/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']") == "DE287411936"
    assert at_cii("ram:BuyerReference") == "04011000-12345-67"
    assert at_cii("ram:IBANID") == "DE44200505501234567890"
    assert at_cii("ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode") == "58"
    assert at_cii("ram:DueDateDateTime/udt:DateTimeString") == "20260304"
    assert at_cii("ram:ExemptionReasonCode") == "VATEX-EU-AE"
    assert at_cii("ram:BilledQuantity/@unitCode") == "C62"
    assert at_cii("ram:DuePayableAmount") == "4662.00"
    assert at_ubl("cac:AccountingSupplierParty/cac:Party/cbc:EndpointID/@schemeID") == "9930"
    assert at_ubl(f"{address}/cac:PartyLegalEntity/cbc:RegistrationName").startswith("Ateliers")
    assert at_ubl("cac:TaxExemptionReasonCode | //cbc:TaxExemptionReasonCode") == "VATEX-EU-AE"
    assert at_ubl("cac:InvoicePeriod/cbc:EndDate") == "2026-02-28"
    assert at_ubl("cac:LegalMonetaryTotal/cbc:PayableAmount") == "4662.00"


def test_a_credit_note_has_its_own_type_and_names_the_invoice() -> None:
    """Type 381 with positive amounts; in UBL it has a root of its own."""
    credit = EINVOICES["credit note"]
    ubl = etree.fromstring(write(credit, UBL))

    assert ubl.tag == f"{{{CREDIT_NOTE}}}CreditNote"
    assert etree.fromstring(write(EINVOICES["mixed"], UBL)).tag == f"{{{INVOICE}}}Invoice"
    assert b"<ram:TypeCode>381</ram:TypeCode>" in write(credit, CII)
    again = read(write(credit, CII), CII)
    assert again.corrects is not None
    assert (again.corrects.number, again.corrects.issued_on) == (
        "NL-2026-000042",
        date(2026, 2, 2),
    )
    assert again.totals.due.minor == 4_662_00


def test_an_average_price_is_written_as_the_price_of_the_whole() -> None:
    """Rounding 100.00 / 7 would miss the line's sum; 100.00 for 7 does not (BT-149)."""
    line = EINVOICES["average of tiers"].lines[0]

    assert (line.quantity, line.price) == (Decimal(7), Decimal("100.00"))
    assert line.base_quantity == Decimal(7)


@FORMATS
def test_equal_documents_give_equal_bytes(form: EInvoiceFormat) -> None:
    """The first stored wins only because every other would be the same."""
    assert write(EINVOICES["mixed"], form) == write(EINVOICES["mixed"], form)


def test_every_code_is_on_the_official_list() -> None:
    """Units of UN/ECE 20 and 21, schemes of EAS, reasons of VATEX."""
    assert code_list(8) >= UNIT_CODES
    assert code_list(17) == ADDRESS_SCHEMES
    assert frozenset(VATEX.values()) <= code_list(26)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no XML at all", "is no XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "has a document type"),
        (b"<a/>" + b" " * 20_000_000, "has more than 20,000,000 bytes"),
    ],
)
def test_what_is_dangerous_to_read_is_refused(content: bytes, reason: str) -> None:
    """Entities can grow without bound and fetch files; structured invoices have none."""
    with pytest.raises(InvalidInputError, match=reason):
        parsed(content)
