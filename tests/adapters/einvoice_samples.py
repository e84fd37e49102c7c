"""Invoices and credit notes of every kind of tax and of price, to be written as XML."""

from datetime import date
from decimal import Decimal
from typing import Any

from models.billing import Invoice, InvoiceLine
from models.credit_notes import CreditNote, CreditNoteLine
from models.einvoice import EInvoice
from models.einvoice_mapping import einvoice_of, einvoice_of_credit_note
from models.einvoice_settings import ElectronicAddress
from models.money import Money
from models.parties import Address, TaxRounding
from models.periods import Interval
from models.tax import TaxableLine, TaxRule, tax_totals
from tests.adapters.pdf_samples import BUYER, SELLER, invoice, invoice_line

SELLER_ON_PEPPOL = SELLER.model_copy(
    update={"electronic_address": ElectronicAddress(scheme="9930", id="DE287411936")}
)
BUYER_ON_PEPPOL = BUYER.model_copy(
    update={
        "electronic_address": ElectronicAddress(scheme="0009", id="30326504500013"),
        "buyer_reference": "04011000-12345-67",
    }
)
MONTH = Interval(start=date(2026, 2, 1), end=date(2026, 3, 1))
DAY = Interval(start=date(2026, 2, 17), end=date(2026, 2, 18))


def eur(minor: int) -> Money:
    """Return euros from cents."""
    return Money(minor=minor, currency="EUR")


def rule(code: str, rate: str = "0", text: str = "") -> TaxRule:
    """Return a tax rule of a category."""
    return TaxRule(
        seller_country="DE",
        place_country="FR",
        category="standard",
        valid_from=date(2020, 1, 1),
        rate_percent=Decimal(rate),
        code=code,
        text=text,
    )


STANDARD = rule("S", "19")
REVERSE = rule("AE", text="Reverse charge (Directive 2006/112/EC art. 196)")


def taxed(*priced: tuple[str, str, str, int, TaxRule], **more: Any) -> Invoice:
    """Return an invoice of lines written as quantity, unit, price, discount in cents, tax rule."""
    nets = [
        Money.from_decimal(Decimal(quantity) * Decimal(price), "EUR") - eur(discount)
        for quantity, _, price, discount, _ in priced
    ]
    taxable = [TaxableLine(net=net, rule=each[4]) for net, each in zip(nets, priced, strict=True)]
    totals, taxes = tax_totals(taxable, TaxRounding.CATEGORY)
    lines = tuple(
        _line(place, each, net, tax)
        for place, (each, net, tax) in enumerate(zip(priced, nets, taxes, strict=True))
    )
    net, tax = Money.total(nets, "EUR"), Money.total(taxes, "EUR")
    changes = {
        "entity": SELLER_ON_PEPPOL,
        "customer": BUYER_ON_PEPPOL,
        "lines": lines,
        "taxes": totals,
        "net": net,
        "tax": tax,
        "gross": net + tax,
    }
    return invoice(**{**changes, **more})


def _line(
    place: int, each: tuple[str, str, str, int, TaxRule], net: Money, tax: Money
) -> InvoiceLine:
    quantity, unit, price, discount, own = each
    return invoice_line(
        reference=f"{place}/fee",
        description=f"Item {place}",
        quantity=Decimal(quantity),
        unit=unit,
        unit_price=Decimal(price),
        discount=eur(discount),
        net=net,
        tax_code=own.code,
        tax_rate_percent=own.rate_percent,
        tax=tax,
        period=MONTH,
        supplied=MONTH,
    )


INVOICES: dict[str, Invoice] = {
    "mixed": invoice(entity=SELLER_ON_PEPPOL, customer=BUYER_ON_PEPPOL),
    "three rates": taxed(
        ("3", "unit", "0.33", 0, STANDARD),
        ("2", "seat", "49.90", 0, rule("S", "7")),
        ("1", "fee", "500", 0, rule("Z")),
    ),
    "discounts and rises": taxed(
        ("10", "h", "120.50", 125_00, STANDARD), ("4", "GB", "9.999", -1_50, STANDARD)
    ),
    "average of tiers": taxed(("7", "user", "14.28571428571428571428571429", 0, STANDARD)),
    "a credit among charges": taxed(
        ("5", "day", "80", 0, STANDARD), ("2", "day", "-80", -16_00, STANDARD)
    ),
    "credits alone": taxed(("3", "day", "-80", 0, STANDARD)),
    "reverse charge": taxed(("1", "license", "1000", 0, REVERSE)),
    "within the Union": taxed(
        ("6", "carton", "18", 0, rule("K", text="Exempt intra-Community supply (art. 138)"))
    ),
    "export": taxed(
        ("6", "kg", "18", 0, rule("G", text="Export (art. 146)")),
        customer=BUYER_ON_PEPPOL.model_copy(
            update={
                "bill_to": Address(
                    line1="9 Main St", city="Boston", region="MA", country="US", postal_code="02110"
                ),
                "ship_to": None,
                "vat_id": "",
            }
        ),
    ),
    "exempt": taxed(
        ("1", "fee", "99", 0, rule("E", text="Exempt: education (VATEX-EU-132-1I)")),
        ("1", "fee", "1", 0, STANDARD),
    ),
    "out of scope": taxed(
        ("1", "month", "99", 0, rule("O", text="Not subject to VAT")), supplied=DAY
    ),
    "a bank without IBAN": taxed(
        ("1", "unit", "19", 0, STANDARD),
        entity=SELLER_ON_PEPPOL.model_copy(
            update={"bank": SELLER.bank.model_copy(update={"account": "00123 45678", "bic": ""})}
        ),
    ),
    "signs XML cares about": taxed(
        ("1", 'a < b & "c"', "19", 0, STANDARD), purchase_order="PO <&> \x0b7"
    ),
}


def credit_note(of: Invoice, reason: str = "Two days without service") -> CreditNote:
    """Return a credit note that takes back all of an invoice."""
    kept = {"reference", "description", "quantity", "unit", "unit_price", "period", "discount"}
    kept |= {"net", "tax_code", "tax_rate_percent", "tax"}
    return CreditNote(
        number="NL-CN-2026-000007",
        corrects=of.number,
        corrects_issued_on=of.issued_on,
        reason=reason,
        deal=of.deal,
        term=of.term,
        entity=of.entity,
        customer=of.customer,
        currency=of.currency,
        issued_on=date(2026, 3, 9),
        supplied=of.supplied,
        purchase_order=of.purchase_order,
        lines=tuple(
            CreditNoteLine(invoice_line=place, **line.model_dump(include=kept))
            for place, line in enumerate(of.lines)
        ),
        taxes=of.taxes,
        net=of.net,
        tax=of.tax,
        gross=of.gross,
    )


EINVOICES: dict[str, EInvoice] = {
    **{name: einvoice_of(each) for name, each in INVOICES.items()},
    "credit note": einvoice_of_credit_note(credit_note(INVOICES["mixed"])),
    "credit note of three rates": einvoice_of_credit_note(credit_note(INVOICES["three rates"])),
}
