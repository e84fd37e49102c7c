"""The layout of an offer: sections, optional items, long tables, logo and color."""

import hashlib
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from activities.adapters.books import Books, migrate
from activities.adapters.document_store import DocumentStore
from activities.adapters.logo_check import entities_without_logo
from activities.adapters.pdf import render
from activities.adapters.pdf.logo import MOST_BYTES, logo_problems
from models.branding import Brand
from models.documents import Document, QuoteDocument
from models.money import Money
from models.sections import Rhythm, subtotals
from models.tables import RegisterRow
from tests.adapters.pdf_samples import LINES, SELLER, line, quote, samples


def pages(document: Document, **more: Any) -> list[str]:
    reader = PdfReader(io.BytesIO(render(document, **more)))
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def text(document: Document) -> str:
    return " ".join(pages(document))


def offered(**changes: object) -> QuoteDocument:
    sample = samples()["quote"]
    assert isinstance(sample, QuoteDocument)
    return sample.model_copy(update=changes)


def branded(**brand: Any) -> QuoteDocument:
    return offered(entity=SELLER.model_copy(update={"brand": Brand(**brand)}))


def picture(kind: str = "PNG", mode: str = "RGBA", size: tuple[int, int] = (320, 80)) -> bytes:
    """Return a logo in one color, see-through at its left half where the kind allows it."""
    image = Image.new("RGBA", size, (140, 30, 90, 255))
    if mode == "RGBA":
        image.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, kind)
    return buffer.getvalue()


def test_a_bundle_is_a_section_with_its_subtotal() -> None:
    """1,080.00 and 1,440.00 a month are the bundle's; 4,854.60 and 4,200.00 once the others'."""
    shown = text(offered())

    for wanted in (
        "1 · Atlas Platform, Business edition",
        "Subtotal per month 2,520.00",
        "Individual items",
        "Subtotal one-time 9,054.60",
        "Total per month €2,520.00",
        "Total one-time €9,054.60",
    ):
        assert wanted in shown, wanted


def test_optional_items_are_outside_of_every_total() -> None:
    """The buyer must not be able to take them for part of the price."""
    shown = text(offered())
    firm, _, optional = shown.partition("Optional items")

    assert "Spare gateway G4" not in firm
    assert "not part of the totals above" in optional
    assert "Spare gateway G4" in optional
    assert "Optional, one-time 1,618.20" in optional
    assert "Optional, per month 96.00" in optional
    assert "Optional items" not in text(offered(quote=quote(lines=LINES[:6])))


def test_the_buyer_sees_the_discount_in_money_and_percent_but_no_reason_of_ours() -> None:
    """Why a manager agreed is our affair."""
    shown = text(offered())

    assert "-539.40" in shown
    assert "10%" in shown
    assert "Your discount -€3,899.40" in shown


def test_a_price_above_list_is_shown_as_the_price() -> None:
    """Not as a discount of less than nothing."""
    dear = line("1", "Rush order", "2", "unit", (100_00, 150_00))

    shown = text(offered(quote=quote(lines=(dear,), plan=())))

    assert "2 unit 75.00 150.00" in shown


def test_a_simple_quote_has_no_headings_of_sections() -> None:
    """One list of lines needs no sections."""
    shown = text(offered(quote=quote(lines=LINES[4:6], plan=())))

    assert "Individual items" not in shown
    assert "Subtotal" not in shown


def test_two_thousand_lines_in_bundles_lose_nothing_and_repeat_their_heading() -> None:
    """And the subtotals printed add up to the total printed, to the cent."""
    many = tuple(
        line(
            f"{top}.{below}" if below else str(top),
            f"Part {top:03d}-{below}",
            "1",
            "unit",
            (10_00, 9_99),
            parent=str(top) if below else None,
        )
        for top in range(1, 401)
        for below in range(5)
    )

    found = pages(offered(quote=quote(lines=many, plan=())))

    whole = " ".join(found)
    assert [each.name for each in many if each.name not in whole] == []
    assert whole.count("Subtotal per month 49.95") == 400
    assert f"Total per month €{2000 * 999 / 100:,.2f}" in whole
    tables = [page for page in found if "Part " in page]
    assert len(tables) > 40
    assert [page for page in tables if "List price" not in page] == []
    assert subtotals(many)[0].amount == Money(minor=2000 * 999, currency="EUR")
    assert subtotals(many)[0].rhythm is Rhythm.MONTHLY


def test_no_heading_of_a_section_ends_a_page_and_no_subtotal_begins_one() -> None:
    """A heading alone at the foot of a page reads as a mistake."""
    many = tuple(
        line(
            f"{top}.{below}" if below else str(top),
            f"Part {top}-{below}",
            "1",
            "unit",
            (10_00, 9_99),
            parent=str(top) if below else None,
        )
        for top in range(1, 60)
        for below in range(top % 4 + 1)
    )

    found = [page for page in pages(offered(quote=quote(lines=many, plan=()))) if "Part " in page]

    assert len(found) > 3
    assert [page.count("Amount (EUR)") for page in found] == [1] * len(found)
    tables = [page.partition("Amount (EUR)")[2].strip() for page in found]
    assert [table for table in tables if table.startswith("Subtotal")] == []
    assert [table for table in tables if re.search(r"\d+ · Part \d+-0$", table)] == []


def test_a_row_longer_than_a_page_is_split() -> None:
    """Somebody will paste a contract into a product's name."""
    endless = line("1", "word " * 3000, "1", "unit", (100, 100))
    after = line("2", "The one after", "1", "unit", (100, 100))

    found = pages(offered(quote=quote(lines=(endless, after), plan=())))

    assert sum(page.count("word") for page in found) == 3000
    assert "The one after" in " ".join(found)


def test_every_page_says_which_of_how_many_it_is() -> None:
    """Whoever prints it must see that none is missing."""
    found = pages(offered())

    assert [f"Page {at} of {len(found)}" in page for at, page in enumerate(found, 1)] == [
        True
    ] * len(found)


def test_footer_and_terms_of_the_entity_are_printed_in_the_language_of_the_offer() -> None:
    """The footer is one line on every page, the terms stand among the others."""
    terms = {"en": ("Our general terms of 2026 apply.",), "de": ("Es gelten unsere AGB.",)}
    document = branded(footer="Board: Ida Petersen", terms=terms)

    found = pages(document)

    assert all("Board: Ida Petersen" in page for page in found)
    assert "Our general terms of 2026 apply." in " ".join(found)
    assert "AGB" not in " ".join(found)


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "RGB"), ("PNG", "L"), ("PNG", "P"), ("JPEG", "RGB")]
)
def test_a_logo_is_printed_and_equal_input_gives_equal_bytes(kind: str, mode: str) -> None:
    """Whatever color model the designer saved it in."""
    content = picture(kind, mode)
    document = branded(logo=hashlib.sha256(content).hexdigest())

    first = render(document, logo_of=lambda _: content)
    again = render(document, logo_of=lambda _: content)

    assert logo_problems(content) == ()
    assert first == again
    assert len(list(PdfReader(io.BytesIO(first)).pages[0].images)) == 1
    assert not list(PdfReader(io.BytesIO(render(branded()))).pages[0].images)


def test_the_logo_is_asked_for_by_its_hash() -> None:
    """The bytes of a document depend on what its content names, and on nothing else."""
    asked: list[str] = []
    document = branded(logo="ab" * 32)

    def logo_of(sha256: str) -> bytes:
        asked.append(sha256)
        return picture()

    render(document, logo_of=logo_of)

    assert asked == ["ab" * 32]


def test_an_accent_colors_the_document() -> None:
    """Another color is another document; none is the house's."""
    plain, violet = render(branded()), render(branded(accent="#8C1E5A"))

    assert plain != violet
    assert render(branded(accent="#0F5C6E")) == plain


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be read as a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "cannot be read as a picture"),
        (picture()[:60], "cannot be read as a picture"),
        (picture("GIF", "P"), "cannot be read as a picture"),
        (picture(size=(320, 20)), "is 320 x 20 pixels"),
        (picture(size=(4001, 50)), "is 4001 x 50 pixels"),
        (bytes(MOST_BYTES + 1), "has 500,001 bytes"),
    ],
)
def test_what_cannot_be_a_logo_is_refused(content: bytes, reason: str) -> None:
    """While it is set: a broken picture must never stop an invoice."""
    (problem,) = logo_problems(content)

    assert problem.field == "brand.logo"
    assert problem.reason.startswith(reason)
    assert problem.remedy


def test_the_doctor_finds_a_logo_that_is_gone_or_broken(tmp_path: Path, books_with: Any) -> None:
    """A store that lost a file shows here and not on an invoice."""
    store = DocumentStore(str(tmp_path / "documents"))
    good, broken = store.put(picture()), store.put(b"no picture")
    url = books_with(
        E1=SELLER.model_copy(update={"number": "E1", "brand": Brand(logo=good)}),
        E2=SELLER.model_copy(update={"number": "E2", "brand": Brand(logo=broken)}),
        E3=SELLER.model_copy(update={"number": "E3", "brand": Brand(logo="cd" * 32)}),
        E4=SELLER.model_copy(update={"number": "E4"}),
    )

    found = dict(entities_without_logo(url, str(tmp_path / "documents")))

    assert sorted(found) == ["E2", "E3"]
    assert found["E2"].startswith("the logo cannot be read as a picture")
    assert "no document" in found["E3"]


@pytest.fixture
def books_with(tmp_path: Path) -> Any:
    """Make books whose register holds these entities."""

    def make(**entities: Any) -> str:
        url = f"sqlite:///{tmp_path / 'books.db'}"
        migrate(url)
        books = Books(url)

        def fill(session: Any) -> None:
            for key, entity in entities.items():
                content = entity.model_dump_json()
                session.add(
                    RegisterRow(
                        kind="entity",
                        key=key,
                        revision=1,
                        content=content,
                        content_hash=hashlib.sha256(content.encode()).hexdigest(),
                        actor="olga",
                        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
                    )
                )

        books.write(fill)
        books.close()
        return url

    return make
