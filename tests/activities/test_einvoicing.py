"""Structured invoices of what activities issued: complete before a number is drawn, then stored."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from activities.adapters.books import Books
from activities.adapters.document_store import DocumentStore
from activities.adapters.einvoice import write
from activities.adapters.einvoice.cii_reader import CiiReader
from activities.adapters.einvoice.markup import parsed
from activities.adapters.einvoice.ubl_reader import UblReader
from activities.adapters.mail import MaildirMailer
from activities.adapters.pdf import render
from activities.crediting import issue_credit_note
from activities.einvoices import issued
from activities.publishing import PublishingActivities, PublishingOffice
from models.credit_steps import CreditOrder
from models.credits import CreditPart
from models.deal_file import parse_deal_file
from models.documents import DocumentKind
from models.einvoice import EInvoice
from models.einvoice_codes import DocumentType
from models.einvoice_rules import einvoice_problems
from models.einvoice_settings import EInvoiceFormat
from models.money import Money
from models.periods import Interval
from models.steps import PublishDocument, RegisterKind, StockReceipt
from models.tables import CreditNoteRow, DocumentRow, InvoiceRow
from starter import first_start
from starter.cli.files import read_document, read_documents
from tests.activities.databases import database
from tests.activities.house import (
    BOOKS_TAX_RULE,
    CUSTOMER,
    ENTITY,
    OTHER_CUSTOMER,
    START,
    TAX_RULE,
    House,
    deal_file,
    furnish,
    line,
    off,
    step,
)
from tests.adapters.official import findings

CII, UBL = EInvoiceFormat.CII, EInvoiceFormat.UBL
SAMPLES = Path(first_start.__file__).parent / "samples"
SELLER_ADDRESS = {"scheme": "9930", "id": "DE123456789"}
FRENCH = {"vat_id": "FR40303265045"}
BUYER_ADDRESS = {"scheme": "0204", "id": "11-2233-44"}
ON_PEPPOL: dict[str, Any] = {
    **CUSTOMER,
    "e_invoice_format": "ubl",
    "electronic_address": BUYER_ADDRESS,
    "buyer_reference": "04011000-1234-56",
}


def einvoices(house: House) -> list[EInvoice]:
    """Return every invoice and credit note on record in the terms of EN 16931."""
    numbers = [row.number for row in house.rows(InvoiceRow)]
    numbers += [row.number for row in house.rows(CreditNoteRow)]
    return [
        house.books.read(lambda session, n=number: issued(session, n)).einvoice  # type: ignore[misc]
        for number in numbers
    ]


def assert_official(found: list[EInvoice]) -> None:
    """Whatever we say can be written as CII is flawless, and UBL says the same field by field."""
    for einvoice in found:
        for form in EInvoiceFormat:
            assert findings(write(einvoice, form), form) == set(), einvoice.number
        assert CiiReader(parsed(write(einvoice, CII))).read() == einvoice
        assert UblReader(parsed(write(einvoice, UBL))).read() == einvoice


@pytest.fixture
def on_sqlite() -> Iterator[House]:
    """The house, on one of the databases: what is written does not depend on it."""
    with database("sqlite", furnish) as url:
        books = Books(url)
        yield House(books)
        books.close()


@pytest.fixture
def samples() -> Iterator[House]:
    """A house that sells what the samples sell."""
    with database("sqlite") as url:
        books = Books(url)
        house = House(books)
        _publish_samples(house)
        yield house
        books.close()


def _publish_samples(house: House) -> None:
    one_each = (
        (RegisterKind.ENTITY, "entities", "number"),
        (RegisterKind.CUSTOMER, "customers", "number"),
        (RegisterKind.CUSTOMER_PRICES, "customer_prices", "number"),
        (RegisterKind.PROMOTION, "promotions", "code"),
    )
    for kind, name, key in one_each:
        for each in read_documents(SAMPLES / f"{name}.yaml"):
            written = json.loads(json.dumps(each, default=str))
            assert house.register(kind, each[key], written).problems == ()
    for person in first_start.sample_people():
        house.register(RegisterKind.PERSON, person.id, person.model_dump(mode="json"))
    for kind, name in (
        (RegisterKind.CATALOG, "catalog"),
        (RegisterKind.APPROVAL_POLICY, "approval_policy"),
    ):
        content = json.loads(json.dumps(read_document(SAMPLES / f"{name}.yaml"), default=str))
        assert house.publish(kind, content).problems == ()
    rules = read_document(SAMPLES / "tax_rules.yaml")["rules"]
    content = json.loads(json.dumps(rules, default=str))
    assert house.publish(RegisterKind.TAX_RULES, content).problems == ()


def test_every_invoice_of_the_samples_obeys_the_official_rules(samples: House) -> None:
    """All sample deals, billed for a year: XSD and Schematron of EN 16931 find nothing."""
    billed = {}
    for path in sorted((SAMPLES / "deals").glob("*.yaml")):
        file = parse_deal_file(read_document(path))
        assert file.test_clock is not None
        day = file.test_clock.date()
        for product in {each.product for each in file.lines}:
            receipt = StockReceipt(
                entity=file.entity,
                sku=product,
                quantity="1000",
                reference=f"{file.number}-{product}",
            )
            samples.registrar.receive_stock(receipt)
        samples.sell(file, day, test_clock=True)
        samples.deliver(file.number, (file.starts_on or day) + timedelta(days=1))
        samples.converge(file.number, (file.starts_on or day) + timedelta(days=400))
        billed[file.number] = len(samples.rows(InvoiceRow, deal=file.number))

    found = einvoices(samples)
    writable = [each for each in found if not einvoice_problems(each, CII)]

    assert min(billed.values()) >= 1, billed
    # Sales tax of the US is rounded per line, which EN 16931 does not know; nothing else is left.
    assert {each.seller.address.country for each in found if each not in writable} <= {"US"}
    assert {each.seller.address.country for each in writable} == {"US", "DE"}
    assert_official(writable)


def test_every_kind_of_charge_and_change_obeys_the_official_rules(on_sqlite: House) -> None:
    """In advance and in arrears, goods, discounts, two rates, a canceled line, two years."""
    house = on_sqlite
    house.stock("LAPTOP", "5")
    house.sell(
        deal_file(
            "1001",
            line("CRM", "7", discount=off("12.5")),
            line("SUITE", "2"),
            line("SUPPORT"),
            line("HOSTING", "3"),
            line("LAPTOP", "2", discount=off("33.33")),
            line("TRAINING", "3"),
            line("CHAIR", "4"),
            purchase_order="PO-1",
        )
    )
    house.deliver("1001", date(2026, 1, 20), "5", "6")
    house.cancel("1001", date(2026, 1, 25), "7")
    for month in range(1, 13):
        house.converge("1001", date(2026, month, 28))

    found = einvoices(house)

    assert len(found) >= 12
    assert {each.tax_rate for one in found for each in one.taxes} == {19, 7}
    assert [each for one in found for each in einvoice_problems(one, CII)] == []
    assert_official(found)


def test_credit_notes_in_parts_obey_the_official_rules(on_sqlite: House) -> None:
    """Units, an amount and days of a discounted invoice, then its rest: type 381 each time."""
    house = on_sqlite
    house.sell(deal_file("1001", line("CRM", "7", discount=off("12.5")), line("TRAINING", "3")))
    house.deliver("1001", START)
    house.converge("1001", date(2026, 1, 20))
    (invoice,) = (row.number for row in house.rows(InvoiceRow) if row.gross_minor > 400_00)
    euros = Money(minor=33_33, currency="EUR")
    days = Interval(start=date(2026, 1, 5), end=date(2026, 1, 8))
    parts = (
        (CreditPart(line=0, quantity=Decimal(2)),),
        (CreditPart(line=0, amount=euros),),
        (CreditPart(line=0, days=days),),
        (),
    )
    for place, part in enumerate(parts):
        order = CreditOrder(
            key=f"k-{place}", invoice=invoice, on=date(2026, 1, 20), reason="Less", parts=part
        )
        house.books.write(partial(issue_credit_note, office=house.office, order=order))

    notes = [each for each in einvoices(house) if each.type is DocumentType.CREDIT_NOTE]

    assert len(notes) == 4
    assert {each.corrects.number for each in notes if each.corrects} == {invoice}
    assert [each for one in notes for each in einvoice_problems(one, CII)] == []
    assert_official(notes)


@pytest.mark.parametrize(
    ("rule", "buyer"),
    [
        (
            {"code": "AE", "rate_percent": "0", "text": "Reverse charge"},
            {"vat_id": "FR40303265045"},
        ),
        ({"code": "K", "rate_percent": "0", "text": "Exempt supply"}, {"vat_id": "FR40303265045"}),
        ({"code": "E", "rate_percent": "0", "text": "Exempt"}, {}),
        ({"code": "O", "rate_percent": "0", "text": "Not subject to VAT"}, {}),
        ({"code": "Z", "rate_percent": "0"}, {}),
    ],
    ids=lambda value: value.get("code", "") or "buyer",
)
def test_every_category_of_tax_obeys_the_official_rules(
    on_sqlite: House, rule: dict[str, str], buyer: dict[str, str]
) -> None:
    """Bought in France, delivered there."""
    house = on_sqlite
    address = {"line1": "1 rue A", "postal_code": "37000", "city": "Tours", "country": "FR"}
    house.register(RegisterKind.CUSTOMER, "C-200", {**OTHER_CUSTOMER, "bill_to": address, **buyer})
    abroad = {**TAX_RULE, "place_country": "FR", **rule}
    house.publish(RegisterKind.TAX_RULES, [TAX_RULE, BOOKS_TAX_RULE, abroad])
    house.sell(deal_file("1001", line("CRM", "3"), customer="C-200"))
    house.converge("1001", date(2026, 3, 1))

    found = einvoices(house)

    assert len(found) == 3
    assert [each for one in found for each in einvoice_problems(one, CII)] == []
    assert_official(found)


def test_what_a_format_needs_is_asked_for_before_a_number_is_drawn(house: House) -> None:
    """A buyer who wants UBL, and nobody wrote where to: parked with every remedy, no gap."""
    house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "e_invoice_format": "ubl"})
    house.sell(deal_file("1001", line("CRM", "3")))

    parked = house.converge("1001", START)
    house.register(RegisterKind.CUSTOMER, "C-100", ON_PEPPOL)
    half = house.converge("1001", START)
    house.register(RegisterKind.ENTITY, "DE01", {**ENTITY, "electronic_address": SELLER_ADDRESS})
    issued_then = house.converge("1001", START)

    assert parked.invoices == half.invoices == ()
    assert "customer.electronic_address: is missing" in parked.parked
    assert "customer.buyer_reference: is missing" in parked.parked
    assert "entity.electronic_address: is missing" in parked.parked
    assert "customer" not in half.parked
    assert "entity.electronic_address: is missing" in half.parked
    assert (issued_then.invoices, issued_then.parked) == (("INV-2026-00001",), "")


def test_an_entity_may_demand_that_every_invoice_carries_its_xml(house: House) -> None:
    """Rounding tax per line does not fit EN 16931; where XML is demanded, that is a question."""
    strict = {**ENTITY, "tax_rounding": "line", "e_invoice": "always"}
    three = [line("CRM", discount=off("99.34")) for _ in range(3)]
    house.register(RegisterKind.ENTITY, "DE01", strict)
    house.sell(deal_file("1001", *three))

    parked = house.converge("1001", START)
    house.register(RegisterKind.ENTITY, "DE01", {**strict, "e_invoice": "auto"})
    plain = house.converge("1001", START)

    assert "base x rate (BR-CO-17)" in parked.parked
    assert plain.invoices == ("INV-2026-00001",)


@pytest.fixture
def press(house: House, tmp_path: Path) -> tuple[PublishingActivities, DocumentStore, Path]:
    """Deal 1001 billed once, to a buyer who wants UBL, and who publishes it."""
    house.register(RegisterKind.CUSTOMER, "C-100", ON_PEPPOL)
    house.register(RegisterKind.ENTITY, "DE01", {**ENTITY, "electronic_address": SELLER_ADDRESS})
    house.sell(deal_file("1001", line("CRM", "3")))
    house.converge("1001", START)
    store = DocumentStore(f"file://{tmp_path}/documents")
    office = PublishingOffice(house.office, store, MaildirMailer(tmp_path / "mail"), render, write)
    return PublishingActivities(office), store, tmp_path / "mail" / "new"


def publish(activities: PublishingActivities) -> None:
    asked = step(
        PublishDocument, "1001", kind=DocumentKind.INVOICE, number="INV-2026-00001", quote_version=1
    )
    activities.publish_document(asked)


def test_who_asks_for_ubl_gets_it_beside_the_pdf(
    house: House, press: tuple[PublishingActivities, DocumentStore, Path]
) -> None:
    """A document of its own, stored once however often it is published, and in the same mail."""
    activities, store, mails = press
    publish(activities)
    publish(activities)

    rows = {row.kind: row for row in house.rows(DocumentRow, deal="1001")}
    ubl = store.get(rows["ubl_invoice"].sha256, "xml")
    pdf = store.get(rows["invoice"].sha256)
    (mail,) = mails.iterdir()

    assert len(house.rows(DocumentRow, deal="1001")) == 2
    assert rows["ubl_invoice"].filename == "invoice-INV-2026-00001.xml"
    assert rows["ubl_invoice"].size == len(ubl)
    assert findings(ubl, UBL) == set()
    read = UblReader(parsed(ubl)).read()
    assert read.buyer_reference == "04011000-1234-56"
    assert b"/AFRelationship /Alternative" in pdf
    assert b'filename="invoice-INV-2026-00001.xml"' in mail.read_bytes()


def test_who_asks_for_nothing_gets_a_pdf_alone(house: House, tmp_path: Path) -> None:
    """The XML for machines is in it."""
    house.sell(deal_file("1001", line("CRM", "3")))
    house.converge("1001", START)
    store = DocumentStore(f"file://{tmp_path}/documents")
    mailer = MaildirMailer(tmp_path / "mail")
    publish(PublishingActivities(PublishingOffice(house.office, store, mailer, render)))

    assert [row.kind for row in house.rows(DocumentRow)] == ["invoice"]


def test_the_address_may_be_corrected_after_the_invoice_was_issued(house: House) -> None:
    """It says where to, not what is owed; everything else stays as it was issued."""
    house.sell(deal_file("1001", line("CRM", "3")))
    house.converge("1001", START)
    (before,) = einvoices(house)
    moved = {**ON_PEPPOL, "legal_name": "Another Name AG"}
    house.register(RegisterKind.CUSTOMER, "C-100", moved)

    (after,) = einvoices(house)

    assert after.buyer.endpoint is not None
    assert after.buyer.endpoint.id == BUYER_ADDRESS["id"]
    assert after.buyer.name == before.buyer.name == "Buyer AG"
    assert replace_addresses(after) == replace_addresses(before)


def replace_addresses(einvoice: EInvoice) -> EInvoice:
    buyer = einvoice.buyer.model_copy(update={"endpoint": None})
    return einvoice.model_copy(update={"buyer": buyer, "buyer_reference": ""})
