"""Factur-X: the invoice as an archive PDF (PDF/A-3, ISO 19005-3) that carries its own XML.

No validator of PDF/A is to be had from the package registries, so what it would look at is looked
at here one by one.
"""

import io
import re
import zlib
from typing import Any

import facturx
import pytest
from lxml import etree
from PIL import Image, ImageCms
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject

from activities.adapters.einvoice.cii import write_cii
from activities.adapters.pdf import render
from activities.adapters.pdf.archive import with_line_ends
from activities.adapters.pdf.color_profile import srgb
from models.documents import CreditNoteDocument, InvoiceDocument
from models.einvoice_mapping import einvoice_of, einvoice_of_credit_note
from models.einvoice_settings import EInvoiceFormat, EInvoiceUse
from models.money import Money
from tests.adapters.einvoice_samples import INVOICES, credit_note
from tests.adapters.official import findings
from tests.adapters.pdf_samples import SELLER, invoice, invoice_line

SAMPLE = InvoiceDocument(invoice=invoice())
FORBIDDEN = {"/JavaScript", "/JS", "/Launch", "/AA", "/OpenAction", "/Movie", "/Sound", "/Encrypt"}
"""Keys of what a document could do or hide (6.1.2, 6.5, 6.6)."""


def opened(document: InvoiceDocument = SAMPLE) -> PdfReader:
    return PdfReader(io.BytesIO(render(document)), strict=True)


def objects(reader: PdfReader) -> list[Any]:
    """Return every object of a file."""
    size: Any = reader.trailer["/Size"]
    count = int(size)
    return [reader.get_object(IndirectObject(number, 0, reader)) for number in range(1, count)]


def catalog(document: InvoiceDocument = SAMPLE) -> Any:
    """Return the first object of a file, in which everything hangs."""
    return opened(document).trailer["/Root"]


def dictionaries(reader: PdfReader) -> list[Any]:
    return [each for each in objects(reader) if isinstance(each, DictionaryObject)]


def embedded(document: InvoiceDocument) -> bytes:
    """Return the XML of an invoice as the official package finds it."""
    name, content = facturx.get_xml_from_pdf(render(document), check_xsd=True)
    assert name == "factur-x.xml"
    return bytes(content)


def test_the_pdf_carries_the_invoice_as_xml() -> None:
    """The bytes are those of the CII; a package that others use finds them and its XSD holds."""
    assert embedded(SAMPLE) == write_cii(einvoice_of(SAMPLE.invoice))


@pytest.mark.parametrize("name", INVOICES)
def test_the_embedded_xml_obeys_the_official_rules(name: str) -> None:
    """What is sent is what was checked."""
    content = embedded(InvoiceDocument(invoice=INVOICES[name]))

    assert findings(content, EInvoiceFormat.CII) == set()


def test_equal_invoices_give_equal_bytes() -> None:
    """Law 6: dates and identifiers come from the invoice; another XML is another file."""
    other = invoice(purchase_order="BC-2026-0118")

    first, again = render(SAMPLE), render(SAMPLE)
    changed = render(InvoiceDocument(invoice=other))

    def identity(content: bytes) -> object:
        return PdfReader(io.BytesIO(content)).trailer["/ID"]

    assert first == again
    assert identity(first) != identity(changed)


def test_every_font_named_is_embedded() -> None:
    """6.2.11.4: not even a font that no text is set in may be missing."""
    fonts = [each for each in dictionaries(opened()) if each.get("/Type") == "/Font"]

    assert {font["/BaseFont"][8:] for font in fonts} == {"NotoSans-Regular", "NotoSans-Bold"}
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)
    # 6.2.11.6: a symbolic font has no encoding beside its own.
    assert all("/Encoding" not in font for font in fonts)


def test_nothing_forbidden_is_in_the_file() -> None:
    """Neither actions nor encryption nor LZW nor smoothed pictures nor transparency."""
    everything = dictionaries(opened(InvoiceDocument(invoice=with_logo())))
    keys = {key for each in everything for key in each}
    filters = {str(each.get("/Filter")) for each in everything}

    assert keys & FORBIDDEN == set()
    assert not any("LZW" in each for each in filters)
    assert keys & {"/SMask", "/Interpolate", "/Alternates", "/OPI", "/PS", "/TR", "/Group"} == set()


def with_logo() -> Any:
    brand = SELLER.brand.model_copy(update={"logo": "0" * 64})
    return invoice(entity=SELLER.model_copy(update={"brand": brand}))


def test_a_transparent_logo_is_drawn_without_transparency() -> None:
    """It is laid on white before it is embedded."""
    picture = io.BytesIO()
    Image.new("RGBA", (60, 40), (200, 10, 10, 90)).save(picture, "PNG")
    content = render(InvoiceDocument(invoice=with_logo()), lambda _: picture.getvalue())
    images = [
        each
        for each in dictionaries(PdfReader(io.BytesIO(content)))
        if each.get("/Subtype") == "/Image"
    ]

    assert [image["/ColorSpace"] for image in images] == ["/DeviceRGB"]
    assert all("/SMask" not in image and "/Interpolate" not in image for image in images)


def test_the_metadata_say_what_the_file_is() -> None:
    """6.6.4: PDF/A part 3 level B, and Factur-X in the profile EN 16931."""
    metadata = catalog()["/Metadata"]
    root = etree.fromstring(metadata.get_data())

    def said(name: str) -> list[str]:
        return [str(each.text) for each in root.iter(f"{{*}}{name}")]

    assert (metadata["/Type"], metadata["/Subtype"]) == ("/Metadata", "/XML")
    assert "/Filter" not in metadata
    assert (said("part"), said("conformance")) == (["3"], ["B"])
    assert said("DocumentFileName") == ["factur-x.xml"]
    assert said("ConformanceLevel") == ["EN 16931"]
    assert said("DocumentType") == ["INVOICE"]
    # 6.6.2.3: properties PDF/A does not know are described.
    described = {*said("name")}
    assert described == {"DocumentFileName", "DocumentType", "Version", "ConformanceLevel"}


def test_the_metadata_agree_with_the_document_information() -> None:
    """6.1.5: two places, one truth; the dates are those of the invoice."""
    reader = opened()
    found: Any = reader.metadata
    xmp = reader.xmp_metadata
    assert xmp is not None

    assert xmp.dc_title == {"x-default": found.title}
    assert xmp.dc_creator == [found.author]
    assert xmp.dc_description == {"x-default": found.subject}
    assert (xmp.pdf_producer, xmp.xmp_creator_tool) == (found.producer, found.creator)
    assert found["/CreationDate"] == found["/ModDate"] == "D:20260202000000+00'00'"
    assert xmp.xmp_create_date == found.creation_date.replace(tzinfo=None)


def test_the_color_profile_is_srgb() -> None:
    """6.2.3: one output intent, whose profile a color engine reads."""
    intents = catalog()["/OutputIntents"]
    intent = intents[0].get_object()
    profile = intent["/DestOutputProfile"]
    engine = ImageCms.getOpenProfile(io.BytesIO(profile.get_data()))

    assert len(intents) == 1
    assert (intent["/S"], profile["/N"]) == ("/GTS_PDFA1", 3)
    assert ImageCms.getProfileDescription(engine).strip() == "sRGB IEC61966-2.1"
    # The engine's own sRGB takes every color to where ours does, but for the last bit.
    ours = ImageCms.buildTransform(engine, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    colors = [(0, 0, 0), (255, 255, 255), (27, 39, 51), (15, 92, 110), (180, 35, 24)]
    for color in colors:
        picture = ImageCms.applyTransform(Image.new("RGB", (1, 1), color), ours)
        assert picture is not None
        pixel = picture.getpixel((0, 0))
        assert isinstance(pixel, tuple)
        assert max(abs(mine - theirs) for mine, theirs in zip(pixel, color, strict=True)) <= 1
    assert srgb() == profile.get_data()


def test_the_xml_is_an_associated_file() -> None:
    """6.8: named in the catalogue, with its relation to the page, media type and date."""
    whole = catalog()
    file = whole["/AF"][0].get_object()
    stream = file["/EF"]["/F"]

    assert (file["/Type"], file["/AFRelationship"]) == ("/Filespec", "/Alternative")
    assert file["/F"] == file["/UF"] == "factur-x.xml"
    assert (stream["/Type"], stream["/Subtype"]) == ("/EmbeddedFile", "/text/xml")
    assert stream["/Params"]["/ModDate"] == "D:20260202000000+00'00'"
    assert stream["/Params"]["/Size"] == len(stream.get_data())
    names = whole["/Names"]["/EmbeddedFiles"]["/Names"]
    assert [str(names[0]), names[1].get_object()] == ["factur-x.xml", file]


def test_the_file_is_laid_out_as_an_archive_wants_it() -> None:
    """6.1.2, 6.1.3, 6.1.7.1: head, identity, a line end before each `endstream`, whole table."""
    content = render(SAMPLE)
    streams = content.count(b"endstream\nendobj")
    table = int(content[content.rindex(b"startxref") :].split()[1])
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n ", content[table:])]

    assert content.startswith(b"%PDF-1.7\n%")
    assert all(byte > 127 for byte in content[10:14])
    assert content[table:].startswith(b"xref\n")
    assert streams == content.count(b"\nendstream\nendobj") > 0
    assert all(content[place:].startswith(b"%d 0 obj" % n) for n, place in enumerate(places, 1))


def test_data_that_look_like_an_ending_are_left_alone() -> None:
    """A compressed stream may hold any bytes, `endstream` among them."""
    data = b"endstream\nendobj\n" + zlib.compress(b"x")
    head = b"%PDF-1.4\n"
    first = b"1 0 obj\n<< /Length %d >>\nstream\n" % len(data) + data + b"endstream\nendobj\n"
    second = b"2 0 obj\n<< /Type /Catalog >>\nendobj\n"
    table = b"xref\n0 3\n0000000000 65535 f \n%010d 00000 n \n%010d 00000 n \n" % (
        len(head),
        len(head + first),
    )
    pdf = head + first + second + table + b"trailer\n<< /Size 3 >>\nstartxref\n"
    pdf += b"%d\n%%%%EOF\n" % len(head + first + second)

    mended = with_line_ends(pdf)

    assert data + b"\nendstream\nendobj\n2 0 obj" in mended
    assert mended.endswith(b"startxref\n%d\n%%%%EOF\n" % (len(head + first + second) + 1))


@pytest.mark.parametrize(
    ("country", "use", "carries"),
    [
        ("DE", EInvoiceUse.AUTO, True),
        ("US", EInvoiceUse.AUTO, False),
        ("US", EInvoiceUse.ALWAYS, True),
        ("DE", EInvoiceUse.NEVER, False),
    ],
)
def test_the_entity_decides_whether_its_invoices_carry_xml(
    country: str, use: EInvoiceUse, *, carries: bool
) -> None:
    """By itself those in the EU do; a setting says otherwise."""
    address = SELLER.address.model_copy(update={"country": country})
    entity = SELLER.model_copy(update={"address": address, "e_invoice": use})

    content = render(InvoiceDocument(invoice=invoice(entity=entity)))

    assert (b"/EmbeddedFile" in content) is carries


def test_an_invoice_whose_sums_do_not_hold_is_printed_without_xml() -> None:
    """Issued before these rules were asked, say: a wrong file would be worse than none."""
    wrong = invoice(lines=(invoice_line(net=Money(minor=1, currency="EUR")),))

    assert b"/EmbeddedFile" not in render(InvoiceDocument(invoice=wrong))


def test_a_credit_note_carries_its_xml_too() -> None:
    """Type 381, in the PDF of the credit note."""
    note = credit_note(INVOICES["mixed"])
    content = render(CreditNoteDocument(credit_note=note))

    name, xml = facturx.get_xml_from_pdf(content, check_xsd=True)

    assert name == "factur-x.xml"
    assert xml == write_cii(einvoice_of_credit_note(note))
    assert b"<ram:TypeCode>381</ram:TypeCode>" in xml
