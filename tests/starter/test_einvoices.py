"""Structured invoices through the doors: written, refused with remedies, and checked."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from activities.adapters.einvoice import write
from activities.adapters.einvoice.checking import check_file
from activities.adapters.pdf import render
from models.documents import InvoiceDocument
from models.einvoice_settings import EInvoiceFormat
from models.steps import RegisterKind
from models.tables import CreditNoteRow, DocumentRow, InvoiceRow
from tests.adapters.einvoice_samples import (
    BUYER_ON_PEPPOL,
    EINVOICES,
    INVOICES,
    SELLER_ON_PEPPOL,
    credit_note,
)
from tests.adapters.official import findings
from tests.adapters.pdf_samples import BUYER, SELLER

NUMBER = "NL-2026-000042"
CII, UBL = EInvoiceFormat.CII, EInvoiceFormat.UBL


@pytest.fixture
def billed(world: Any) -> Any:
    """A world with an invoice on record, whose buyer nobody has an electronic address of."""
    world.deal(entity="E1", customer="C-204")
    for party, kind in ((SELLER, RegisterKind.ENTITY), (BUYER, RegisterKind.CUSTOMER)):
        world.register(kind, party.number, party.model_dump_json())
    invoice = INVOICES["mixed"].model_copy(update={"entity": SELLER, "customer": BUYER})
    world.add(
        InvoiceRow(
            number=NUMBER,
            key="k",
            entity="E1",
            series="2026",
            sequence=1,
            deal="1001",
            term=1,
            customer="C-204",
            currency="EUR",
            issued_on=invoice.issued_on,
            due_on=invoice.due_on,
            net_minor=invoice.net.minor,
            tax_minor=invoice.tax.minor,
            gross_minor=invoice.gross.minor,
            content=invoice.model_dump_json(),
        )
    )
    return world


def on_peppol(world: Any) -> None:
    """Record where both parties are reached."""
    world.register(RegisterKind.ENTITY, "E1", SELLER_ON_PEPPOL.model_dump_json(), revision=2)
    world.register(RegisterKind.CUSTOMER, "C-204", BUYER_ON_PEPPOL.model_dump_json(), revision=2)


def fetched(world: Any, form: str, number: str = NUMBER) -> Any:
    path = f"/v1/invoices/{number}/xml"
    return world.client.get(path, headers=world.by("sam"), params={"format": form})


def checked(world: Any, content: bytes) -> dict[str, Any]:
    answer = world.client.post("/v1/invoices/check", content=content, headers=world.by("sam"))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("form", EInvoiceFormat)
def test_an_invoice_is_written_in_either_format(billed: Any, form: EInvoiceFormat) -> None:
    """What the door gives obeys the official rules."""
    on_peppol(billed)

    answer = fetched(billed, form)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml"
    assert f"{NUMBER}.{form}.xml" in answer.headers["content-disposition"]
    assert findings(answer.content, form) == set()


def test_a_credit_note_is_written_by_its_number(billed: Any) -> None:
    """The same door: both are documents of billing."""
    on_peppol(billed)
    note = credit_note(INVOICES["mixed"])
    billed.add(
        CreditNoteRow(
            number=note.number,
            key="c",
            request_hash="h",
            actor="finn",
            invoice=NUMBER,
            entity="E1",
            series="2026",
            sequence=1,
            deal="1001",
            term=1,
            customer="C-204",
            currency="EUR",
            issued_on=note.issued_on,
            net_minor=note.net.minor,
            tax_minor=note.tax.minor,
            gross_minor=note.gross.minor,
            effect=note.effect.value,
            content=note.model_dump_json(),
        )
    )

    answer = fetched(billed, "ubl", note.number)

    assert b"CreditNoteTypeCode>381<" in answer.content
    assert findings(answer.content, UBL) == set()


def test_what_a_format_needs_is_refused_with_remedies(billed: Any) -> None:
    """Peppol carries nothing without addresses; CII asks for none."""
    refused = fetched(billed, "ubl")

    assert fetched(billed, "cii").status_code == 200
    assert refused.status_code == 422
    assert {each["field"] for each in refused.json()["problems"]} == {
        "entity.electronic_address",
        "customer.electronic_address",
    }
    assert all(each["remedy"] for each in refused.json()["problems"])


def test_unknown_numbers_and_formats_are_refused(billed: Any) -> None:
    """Not found, and not a format; nobody gets anything without a token."""
    assert fetched(billed, "cii", "INV-0").status_code == 404
    assert fetched(billed, "edifact").status_code == 422
    assert billed.client.get(f"/v1/invoices/{NUMBER}/xml").status_code == 401


@pytest.mark.parametrize("form", EInvoiceFormat)
def test_a_sound_file_is_checked_without_problems(world: Any, form: EInvoiceFormat) -> None:
    """It says what the file is and what it comes to."""
    found = checked(world, write(EINVOICES["mixed"], form))

    assert (found["format"], found["kind"], found["number"]) == (form, "invoice", NUMBER)
    assert (found["net"], found["tax"], found["due"]) == ("4320.00", "342.00", "4662.00")
    assert (found["embedded"], found["problems"]) == (False, [])


def test_a_factur_x_pdf_is_checked_by_what_it_carries(world: Any) -> None:
    """The XML is found in the PDF."""
    found = checked(world, render(InvoiceDocument(invoice=INVOICES["mixed"])))

    assert (found["format"], found["embedded"], found["problems"]) == ("cii", True, [])
    assert found["profile"] == "urn:cen.eu:en16931:2017"


@pytest.mark.parametrize("form", EInvoiceFormat)
def test_a_fault_of_a_cent_and_of_the_schema_are_both_named(
    world: Any, form: EInvoiceFormat
) -> None:
    """All at once: sums of EN 16931, and an element where the XSD wants none."""
    whole = write(EINVOICES["mixed"], form)
    wrong = whole.replace(b"4662.00", b"4662.01").replace(b"C62", b'C62" odd="1', 1)

    problems = checked(world, wrong)["problems"]

    assert {"totals.gross", "totals.due"} & {each["field"] for each in problems}
    assert any(each["field"].startswith("line ") and "odd" in each["reason"] for each in problems)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", "is no XML"),
        (b"<a/>", "neither CII nor"),
        (b"%PDF-1.7 broken", "is a PDF that cannot be read"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "has a document type"),
    ],
)
def test_what_is_no_invoice_is_said_to_be_none(world: Any, content: bytes, reason: str) -> None:
    """An answer and never an error, whatever the file is."""
    found = checked(world, content)

    assert reason in found["problems"][0]["reason"]
    assert (found["number"], found["format"]) == ("", None)


def test_a_pdf_without_data_is_said_to_carry_none(world: Any) -> None:
    """An entity outside the EU, say."""
    address = SELLER.address.model_copy(update={"country": "US"})
    entity = SELLER.model_copy(update={"address": address})
    plain = render(InvoiceDocument(invoice=INVOICES["mixed"].model_copy(update={"entity": entity})))

    assert "PDF" in checked(world, plain)["problems"][0]["reason"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_cut_out_of_a_file_is_told_and_never_raised(data: st.DataObject) -> None:
    """A stranger's file may be anything; the answer always names problems or says it is sound."""
    form = data.draw(st.sampled_from(EInvoiceFormat))
    root = etree.fromstring(write(EINVOICES["mixed"], form))
    elements = [each for each in root.iter() if each is not root]
    victim = data.draw(st.sampled_from(elements))
    what = data.draw(st.sampled_from(["drop", "empty", "nonsense", "nine"]))
    if what == "drop":
        victim.getparent().remove(victim)
    else:
        victim.text = {"empty": "", "nonsense": "\N{SNOWMAN}", "nine": "9" * 400}[what]

    found = check_file(etree.tostring(root))

    assert found.format is form
    assert all(problem.field and problem.reason for problem in found.problems)


def test_an_empty_file_is_refused(world: Any) -> None:
    """Nothing was sent."""
    answer = world.client.post("/v1/invoices/check", content=b"", headers=world.by("sam"))

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["reason"] == "is empty"


def test_numbers_that_cannot_be_read_are_all_named(world: Any) -> None:
    """A rate that is none, a day that is none, an amount finer than a cent."""
    whole = write(EINVOICES["mixed"], UBL)
    wrong = (
        whole.replace(b">19<", b">many<", 1)
        .replace(b"<cbc:IssueDate>2026-02-02", b"<cbc:IssueDate>2026-02-32")
        .replace(b">4662.00<", b">4662.001<", 1)
    )

    reasons = " ".join(each["reason"] for each in checked(world, wrong)["problems"])

    assert "'many' is no number" in reasons
    assert "'2026-02-32' is no day" in reasons
    assert "finer than the minor unit" in reasons


def test_structured_documents_have_an_address_of_their_own(billed: Any) -> None:
    """A stored UBL invoice is XML, and its listing says where it is."""
    content = write(EINVOICES["mixed"], UBL)
    sha256 = billed.documents.put(content, "xml")
    billed.add(
        DocumentRow(
            deal="1001",
            kind="ubl_invoice",
            number=NUMBER,
            sha256=sha256,
            filename=f"invoice-{NUMBER}.xml",
            size=len(content),
            dated_on=INVOICES["mixed"].issued_on,
        )
    )

    (listed,) = billed.get("/v1/documents", kind="ubl_invoice")["items"]
    answer = billed.client.get(listed["href"], headers=billed.by("sam"))
    wrong = listed["href"].replace(".xml", ".pdf")

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "application/xml"
    assert billed.client.get(wrong, headers=billed.by("sam")).status_code == 404


def test_the_command_line_writes_and_checks(billed: Any, tmp_path: Path, by: Any) -> None:
    """`q2c invoice xml` and `q2c invoice check`, end to end over the API."""
    on_peppol(billed)
    file = tmp_path / "invoice.xml"

    saved = by("sam", "invoice", "xml", NUMBER, "--format", "ubl", "--out", str(file))
    again = by("sam", "invoice", "xml", NUMBER, "--out", str(file))
    shown = by("sam", "invoice", "xml", NUMBER)
    sound = by("sam", "invoice", "check", str(file))
    file.write_bytes(file.read_bytes().replace(b"4662.00", b"4662.01"))
    wrong = by("sam", "invoice", "check", str(file))
    listed = by("sam", "invoice", "check", str(file), "--json")

    assert (saved.exit_code, again.exit_code) == (0, 2)
    assert "CrossIndustryInvoice" in shown.stdout
    assert sound.exit_code == 0, sound.stderr
    assert "Schema and sums hold." in sound.stdout
    assert wrong.exit_code == listed.exit_code == 1
    assert "totals.gross" in wrong.stderr
    assert json.loads(listed.stdout)["problems"]
