"""The structured invoice as a model: what it takes from ours, and what it cannot be without."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.billing import Invoice, InvoiceLine
from models.einvoice import EInvoice
from models.einvoice_codes import DocumentType, exemption_code, is_lost, is_vat_id, unit_code
from models.einvoice_mapping import einvoice_of
from models.einvoice_rules import einvoice_problems, sum_problems
from models.einvoice_settings import EInvoiceFormat, EInvoiceUse, ElectronicAddress
from models.errors import InvalidInputError
from models.money import Money
from models.parties import (
    Address,
    BankAccount,
    Customer,
    Entity,
    TaxRounding,
    parse_customer,
    parse_entity,
)
from models.periods import Interval
from models.tax import TaxableLine, TaxRule, tax_totals

MONTH = Interval(start=date(2026, 2, 1), end=date(2026, 3, 1))
SELLER = Entity(
    number="DE01",
    legal_name="Nord Handel GmbH",
    address=Address(line1="Kai 1", postal_code="20457", city="Hamburg", country="DE"),
    tax_id="48/123/45678",
    vat_id="DE123456789",
    email="billing@nord.example",
    bank=BankAccount(holder="Nord Handel GmbH", bank="Hafenbank", account="0012345678"),
    currency="EUR",
    time_zone="Europe/Berlin",
)
BUYER = Customer(
    number="C-100",
    legal_name="Buyer AG",
    bill_to=Address(line1="Markt 2", postal_code="10115", city="Berlin", country="DE"),
)


def rule(code: str = "S", rate: str = "19", text: str = "") -> TaxRule:
    return TaxRule(
        seller_country="DE",
        place_country="DE",
        category="standard",
        valid_from=date(2020, 1, 1),
        rate_percent=Decimal(rate),
        code=code,
        text=text,
    )


def invoice(
    *priced: tuple[str, str, int, TaxRule], currency: str = "EUR", **more: object
) -> Invoice:
    """Return an invoice of lines written as quantity, price, discount in minor units, tax rule."""
    nets = [
        Money.from_decimal(Decimal(quantity) * Decimal(price), currency)
        - Money(minor=discount, currency=currency)
        for quantity, price, discount, _ in priced
    ]
    taxable = [TaxableLine(net=net, rule=each[3]) for net, each in zip(nets, priced, strict=True)]
    totals, taxes = tax_totals(taxable, TaxRounding.CATEGORY)
    net, tax = Money.total(nets, currency), Money.total(taxes, currency)
    values = {
        "number": "INV-1",
        "deal": "1001",
        "term": 1,
        "entity": SELLER,
        "customer": BUYER,
        "currency": currency,
        "issued_on": date(2026, 2, 1),
        "due_on": date(2026, 3, 3),
        "supplied": MONTH,
        "lines": tuple(
            InvoiceLine(
                reference=f"{place}/fee",
                description=f"Item {place}",
                quantity=Decimal(quantity),
                unit="unit",
                unit_price=Decimal(price),
                period=MONTH,
                discount=Money(minor=discount, currency=currency),
                net=line_net,
                tax_code=own.code,
                tax_rate_percent=own.rate_percent,
                tax=line_tax,
                unconditional_on=date(2026, 2, 1),
            )
            for place, ((quantity, price, discount, own), line_net, line_tax) in enumerate(
                zip(priced, nets, taxes, strict=True)
            )
        ),
        "taxes": totals,
        "net": net,
        "tax": tax,
        "gross": net + tax,
    }
    return Invoice.model_validate({**values, **more})


def fields(einvoice: EInvoice, form: EInvoiceFormat = EInvoiceFormat.CII) -> list[str]:
    return [problem.field for problem in einvoice_problems(einvoice, form)]


PRICED = st.tuples(
    st.decimals("0.001", "9999", places=3).map(str),
    st.decimals("-9999", "9999", places=4).map(str),
    st.integers(-10_000, 10_000),
    st.sampled_from([rule(), rule("S", "7"), rule("Z", "0"), rule("E", "0", "Exempt")]),
)


@given(st.lists(PRICED, min_size=1, max_size=6))
def test_whatever_we_bill_adds_up_in_the_terms_of_the_standard(
    priced: list[tuple[str, str, int, TaxRule]],
) -> None:
    """Amounts are taken over, prices never become negative, and no sum misses by a cent."""
    einvoice = einvoice_of(invoice(*priced))

    assert einvoice_problems(einvoice, EInvoiceFormat.CII) == ()
    assert all(line.price >= 0 and line.base_quantity > 0 for line in einvoice.lines)
    assert all(each.amount.minor > 0 for line in einvoice.lines for each in line.allowances)


@given(
    st.lists(PRICED, min_size=1, max_size=4),
    st.sampled_from(["lines", "net", "tax", "gross", "due"]),
    st.integers(-5, 5).filter(bool),
)
def test_no_total_can_be_off_by_a_cent(
    priced: list[tuple[str, str, int, TaxRule]], name: str, cents: int
) -> None:
    """Each total follows from others, so that changing one alone is always seen."""
    einvoice = einvoice_of(invoice(*priced))
    wrong = getattr(einvoice.totals, name) + Money(minor=cents, currency="EUR")
    totals = einvoice.totals.model_copy(update={name: wrong})

    found = [one.field for one in sum_problems(einvoice.model_copy(update={"totals": totals}))]

    assert f"totals.{name}" in found


def test_a_discount_is_an_allowance_and_a_rise_a_charge() -> None:
    """Amounts of allowances and charges are never negative (BG-27, BG-28)."""
    lines = einvoice_of(invoice(("2", "50", 10_00, rule()), ("2", "50", -5_00, rule()))).lines

    off, on = lines[0].allowances[0], lines[1].allowances[0]
    assert (off.amount.minor, off.is_charge, off.reason_code) == (10_00, False, "95")
    assert (on.amount.minor, on.is_charge) == (5_00, True)


def test_a_credit_has_a_negative_quantity_and_a_positive_price() -> None:
    """BR-27: the price of an item is never negative."""
    line = einvoice_of(invoice(("2", "-50", 0, rule()), ("9", "50", 0, rule()))).lines[0]

    assert (line.quantity, line.price, line.net.minor) == (Decimal(-2), Decimal(50), -100_00)


def test_outside_the_scope_of_vat_nobody_names_a_vat_number() -> None:
    """BR-O-2 to BR-O-5: neither numbers nor rates."""
    einvoice = einvoice_of(invoice(("1", "50", 0, rule("O", "0", "Not subject to VAT"))))

    assert (einvoice.seller.vat_id, einvoice.buyer.vat_id) == ("", "")
    assert [line.tax_rate for line in einvoice.lines] == [None]
    assert einvoice.taxes[0].exemption_code == "VATEX-EU-O"
    assert einvoice_problems(einvoice, EInvoiceFormat.CII) == ()


def test_what_peppol_needs_is_asked_for_with_remedies() -> None:
    """All at once: both addresses, and a reference the buyer finds the invoice by."""
    problems = einvoice_problems(einvoice_of(invoice(("1", "50", 0, rule()))), EInvoiceFormat.UBL)

    assert {problem.field for problem in problems} == {
        "customer.buyer_reference",
        "entity.electronic_address",
        "customer.electronic_address",
    }
    assert all(problem.remedy for problem in problems)


def test_an_order_number_is_reference_enough() -> None:
    """PEPPOL-EN16931-R003 takes either."""
    bought = einvoice_of(invoice(("1", "50", 0, rule()), purchase_order="PO-1"))

    assert "customer.buyer_reference" not in fields(bought, EInvoiceFormat.UBL)


def test_a_mail_address_is_no_address_on_peppol() -> None:
    """EM is a scheme of the standard that the network does not carry to."""
    mail = ElectronicAddress(scheme="EM", id="billing@nord.example")
    seller = SELLER.model_copy(update={"electronic_address": mail})
    einvoice = einvoice_of(invoice(("1", "50", 0, rule()), entity=seller))

    assert "entity.electronic_address.scheme" in fields(einvoice, EInvoiceFormat.UBL)
    assert fields(einvoice) == []


@pytest.mark.parametrize(
    ("priced", "changes", "field"),
    [
        (rule("AE", "0", "Reverse charge"), {}, "customer.vat_id"),
        (rule("K", "0", "Exempt"), {}, "customer.vat_id"),
        (rule("S", "0"), {}, "taxes[S 0 %]"),
        (rule("E", "0"), {}, "taxes[E 0 %].exemption"),
        (rule(), {"currency": "KWD"}, "currency"),
    ],
)
def test_what_the_standard_needs_is_asked_for(
    priced: TaxRule, changes: dict[str, str], field: str
) -> None:
    """Rules per category, and amounts of at most two decimals (BR-DEC)."""
    assert field in fields(einvoice_of(invoice(("1", "50", 0, priced), **changes)))


def test_scopes_do_not_mix() -> None:
    """BR-O-11: what is outside the scope of VAT stands alone."""
    mixed = einvoice_of(invoice(("1", "5", 0, rule()), ("1", "5", 0, rule("O", "0", "None"))))

    assert "taxes" in fields(mixed)


def test_tax_rounded_per_line_is_seen() -> None:
    """Three times 0.33 at 19 % is 0.19 by category (BR-CO-17), 0.18 by line."""
    priced = [("1", "0.33", 0, rule())] * 3
    billed = invoice(*priced)
    cent = Money(minor=1, currency="EUR")
    by_line = billed.model_copy(
        update={
            "taxes": (billed.taxes[0].model_copy(update={"tax": billed.tax - cent}),),
            "tax": billed.tax - cent,
            "gross": billed.gross - cent,
        }
    )

    assert fields(einvoice_of(billed)) == []
    assert fields(einvoice_of(by_line)) == ["taxes[S 19 %].tax"]


@pytest.mark.parametrize(
    ("word", "code", "lost"),
    [
        ("unit", "C62", False),
        ("Hours", "HUR", False),
        ("GB", "E34", False),
        ("bottle", "XBO", False),
        ("seat", "C62", True),
        ("1,000 calls", "C62", True),
    ],
)
def test_our_unit_words_have_codes(word: str, code: str, *, lost: bool) -> None:
    """UN/ECE 20 and 21; a word without a code of its own stays as the description."""
    assert (unit_code(word), is_lost(word)) == (code, lost)


def test_a_reason_code_may_stand_in_the_text_of_the_rule() -> None:
    """An exemption has many possible reasons, so that only the rule's author knows which."""
    assert exemption_code("E", "Exempt: education (VATEX-EU-132-1I)") == "VATEX-EU-132-1I"
    assert exemption_code("E", "Exempt by certificate on file") == ""
    assert exemption_code("AE", "Reverse charge") == "VATEX-EU-AE"


@pytest.mark.parametrize(
    ("number", "known"),
    [("DE123456789", True), ("EL123456789", True), ("12-3456789", False), ("", False)],
)
def test_a_vat_number_begins_with_its_country(number: str, *, known: bool) -> None:
    """BR-CO-9: a number of another shape is no VAT number to the standard."""
    assert is_vat_id(number) is known


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"electronic_address": {"scheme": "x", "id": "1"}}, "electronic_address.scheme"),
        ({"electronic_address": {"scheme": "9930", "id": " "}}, "electronic_address.id"),
        ({"e_invoice_format": "pdf"}, "e_invoice_format"),
        ({"e_invoice_send": True, "e_invoice_format": "ubl"}, "electronic_address"),
        (
            {"e_invoice_send": True, "electronic_address": {"scheme": "9930", "id": "DE1"}},
            "e_invoice_format",
        ),
    ],
)
def test_what_a_customer_wants_is_checked_when_it_is_recorded(
    changes: dict[str, object], field: str
) -> None:
    """Not when its first invoice is due."""
    with pytest.raises(InvalidInputError) as refused:
        parse_customer({**BUYER.model_dump(mode="json", exclude_none=True), **changes})

    assert field in [problem.field for problem in refused.value.problems]


def test_an_entity_knows_whether_its_invoices_carry_xml() -> None:
    """By itself those in the EU do."""
    written = SELLER.model_dump(mode="json", exclude_none=True)

    assert parse_entity(written).embeds_xml
    assert not parse_entity({**written, "e_invoice": EInvoiceUse.NEVER}).embeds_xml
    with pytest.raises(InvalidInputError, match="e_invoice"):
        parse_entity({**written, "e_invoice": "sometimes"})


def test_a_credit_may_miss_the_rate_by_a_cent_per_line() -> None:
    """Its tax is a share of what was billed, so that all credits sum to the invoice."""
    einvoice = einvoice_of(invoice(("3", "0.33", 0, rule()), ("1", "100", 0, rule())))
    credit = einvoice.model_copy(
        update={"type": DocumentType.CREDIT_NOTE, "due_on": None, "terms": "Credited"}
    )

    def off_by(document: EInvoice, cents: int) -> list[str]:
        more = Money(minor=cents, currency="EUR")
        totals = document.totals
        changed = {
            "taxes": (document.taxes[0].model_copy(update={"tax": totals.tax + more}),),
            "totals": totals.model_copy(
                update={
                    "tax": totals.tax + more,
                    "gross": totals.gross + more,
                    "due": totals.due + more,
                }
            ),
        }
        return fields(document.model_copy(update=changed))

    assert off_by(credit, 2) == []
    assert off_by(credit, 3) == ["taxes[S 19 %].tax"]
    assert off_by(einvoice, 1) == ["taxes[S 19 %].tax"]
