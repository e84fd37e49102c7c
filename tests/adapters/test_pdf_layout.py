"""The layout of an offer: sections, optional items, long tables, logo and color."""

import hashlib
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from activities.adapters.books import Books, migrate
from activities.adapters.document_store import DocumentStore
from activities.adapters.logo_check import entities_without_logo
from activities.adapters.pdf import render
from activities.adapters.pdf.chart import ChartForm, draw_waterfall
from activities.adapters.pdf.logo import MOST_BYTES, logo_problems
from models.branding import Brand
from models.charges import Cadence, ChargeModel, ChargeType
from models.documents import (
    DeliveryNoteDocument,
    Document,
    InvoiceDocument,
    QuoteDocument,
    ReminderDocument,
    WorkOrderDocument,
)
from models.leakage import Bar
from models.money import Money
from models.periods import Interval
from models.plan import PlannedCharge, billing_plan
from models.pricing import PricedLine
from models.sections import Rhythm, instalments, subtotals
from models.tables import RegisterRow
from models.waterfall import Introductory
from tests.adapters.pdf_samples import BUYER, LINES, ONCE, SELLER, eur, line, quote, samples


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
        "12 × €2,520.00 per month €30,240.00",  # noqa: RUF001 - the sign of the document
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


@pytest.mark.parametrize(
    ("language", "named", "amounts"),
    [
        ("en", "Price change", "50.00 +50.00 +50% 150.00"),
        ("de", "Preisänderung", "50,00 +50,00 +50 % 150,00"),
        ("fr", "Évolution du prix", "50,00 +50,00 +50 % 150,00"),
        ("es", "Variación de precio", "50,00 +50,00 +50 % 150,00"),
    ],
)
def test_a_price_above_list_is_named_a_price_change(
    language: str, named: str, amounts: str
) -> None:
    """An uplift is not a discount of less than nothing: list, change and net are all shown."""
    dear = line("1", "Rush order", "2", "unit", (100_00, 150_00))
    sums = {"list_total": eur(100_00), "total": eur(150_00)}
    buyer = BUYER.model_copy(update={"language": language})

    shown = text(offered(quote=quote(lines=(dear,), plan=(), **sums), customer=buyer))

    assert amounts in shown
    assert re.search(rf"{named} \+(€50[.]00|50,00 €)", shown)
    assert shown.count(named) == 2
    assert not re.search("Your discount|Ihr Rabatt|Votre remise|Su descuento", shown)


def test_the_parts_of_the_total_add_up_before_the_readers_eyes() -> None:
    """Lines are priced per quarter and the total is over the term: 4 x 90.00 + 500.00 = 860.00."""
    setup = line("1", "Set-up", "120", "user", (500_00, 500_00), model=ChargeModel.FLAT, **ONCE)
    lines = (
        setup.model_copy(update={"list_unit": Decimal(500)}),
        *(quarterly(f"1.{place}", price) for place, price in ((1, 30_00), (2, 60_00))),
    )
    plan = billing_plan(lines, date(2026, 2, 1), date(2027, 2, 1))
    whole = {"total": eur(860_00), "list_total": eur(860_00), "acv": eur(0)}

    shown = text(offered(quote=quote(lines=lines, plan=plan, **whole)))

    assert "4 × €90.00 per quarter €360.00" in shown  # noqa: RUF001 - what the page says
    assert "Total one-time €500.00" in shown
    assert shown.count("per quarter, 4 times, billed in advance") == 2
    assert "Set-up one-time flat fee 500.00 500.00" in shown
    assert "1 fee" not in shown
    assert shown.count("Lines 1.1, 1.2") == 4


def test_amounts_that_differ_are_summed_without_a_multiple() -> None:
    """Three months of a quarter are cut off: 30.00 three times and a part are no 4 x 30.00."""
    lines = (quarterly("1", 30_00),)
    plan = billing_plan(lines, date(2026, 2, 1), date(2027, 1, 1))
    parts = instalments(lines, plan, "EUR")

    assert [(part.count, part.amount) for part in parts] == [(0, plan_total(plan))]
    assert "per quarter, in all" in text(offered(quote=quote(lines=lines, plan=plan)))


def test_a_promotion_for_some_billings_is_said_on_its_line() -> None:
    """Else 4 x 30.00 would not come to the total of 4 x 30.00 less 7.50 twice."""
    lines = (quarterly("1", 30_00).model_copy(update={"introductory": (HALF_YEAR,)}),)
    plan = billing_plan(lines, date(2026, 2, 1), date(2027, 2, 1))

    shown = text(offered(quote=quote(lines=lines, plan=plan)))

    assert plan_total(plan) == eur(105_00)
    assert "€7.50 less on 2 billings" in shown
    assert "per quarter, in all €105.00" in shown


def test_many_lines_of_one_billing_are_counted() -> None:
    """Their names would fill the plan, and so would twelve numbers."""
    lines = tuple(quarterly(str(place), 10_00) for place in range(1, 13))
    plan = billing_plan(lines, date(2026, 2, 1), date(2026, 5, 1))

    assert "12 lines 120.00" in text(offered(quote=quote(lines=lines, plan=plan)))


HALF_YEAR = Introductory(periods=2, amount=eur(7_50))


def quarterly(number: str, minor: int) -> PricedLine:
    made = line(number, f"Part {number}", "1", "unit", (minor, minor))
    return made.model_copy(
        update={"charge_type": ChargeType.RECURRING, "cadence": Cadence.QUARTERLY}
    )


def plan_total(plan: Sequence[PlannedCharge]) -> Money:
    return Money.total((charge.amount for charge in plan), "EUR")


@pytest.mark.parametrize("kind", ["invoice", "reminder", "receipt"])
def test_the_number_of_a_document_is_never_broken(kind: str) -> None:
    """Whoever pays copies it from the page; the numbers of test deals are the longest."""
    number, of_invoice = "DEREM-TEST-DEMO-4-0000001", "DEINV-TEST-DEMO-4-0000001"
    sample = samples()[kind]
    if isinstance(sample, InvoiceDocument):
        number = of_invoice
        numbered = sample.invoice.model_copy(update={"number": number})
        sample = sample.model_copy(update={"invoice": numbered})
    elif isinstance(sample, ReminderDocument):
        items = tuple(item.model_copy(update={"invoice": of_invoice}) for item in sample.items)
        sample = sample.model_copy(update={"number": number, "items": items})
    else:
        reference = {"number": number, "reference": f"{of_invoice}-PAID"}
        sample = sample.model_copy(update=reference)

    for language in ("en", "de", "fr", "es"):
        shown = text(in_language(sample, language))
        rest = shown.replace(number, "").replace(f"{of_invoice}-PAID", "").replace(of_invoice, "")

        assert number in shown
        assert "TEST-DEMO" not in rest


def in_language(document: Any, language: str) -> Document:
    if isinstance(document, InvoiceDocument):
        buyer = document.invoice.customer.model_copy(update={"language": language})
        invoice = document.invoice.model_copy(update={"customer": buyer})
        return document.model_copy(update={"invoice": invoice})
    buyer = document.customer.model_copy(update={"language": language})
    changed: Document = document.model_copy(update={"customer": buyer})
    return changed


def test_an_invoice_of_goods_prints_the_day_of_their_delivery() -> None:
    """The order was on the 9th, the delivery on the 21st: only the delivery is a supply."""
    sample = samples()["invoice"]
    assert isinstance(sample, InvoiceDocument)
    ordered = Interval(start=date(2025, 7, 9), end=date(2025, 7, 10))
    delivered = Interval(start=date(2025, 7, 21), end=date(2025, 7, 22))

    def shown(supplied: Interval | None) -> str:
        dates = {"period": ordered, "supplied": supplied}
        goods = sample.invoice.lines[0].model_copy(update=dates)
        changes = {"lines": (goods,), "supplied": delivered}
        invoice = sample.invoice.model_copy(update=changes)
        return text(sample.model_copy(update={"invoice": invoice}))

    assert shown(delivered).count("Jul 21, 2025") == 2
    assert shown(None).count("Jul 21, 2025") == 1
    assert "Jul 9, 2025" not in shown(delivered) + shown(None)


def test_a_delivery_note_names_units_and_what_is_still_to_come() -> None:
    """Whoever receives part of an order must not take it for the whole."""
    sample = samples()["delivery_note"]
    assert isinstance(sample, DeliveryNoteDocument)
    came = sample.lines[0].model_copy(update={"quantity": Decimal(21), "unit": "carton"})
    waits = came.model_copy(update={"name": "Gudbrandsdalsost", "unit": "package"})
    part = sample.model_copy(update={"lines": (came,), "back_ordered": (waits,)})

    shown = text(in_language(part, "en"))

    assert "21 carton" in shown
    assert "To follow" in shown
    assert "21 package back-ordered" in shown
    assert "To follow" not in text(in_language(sample, "en"))


def test_a_work_order_shows_a_flat_fee_as_one_piece_of_work() -> None:
    """The set-up of a suite for 120 users is done once."""
    sample = samples()["work_order"]
    assert isinstance(sample, WorkOrderDocument)
    task = sample.lines[0].model_copy(
        update={"quantity": Decimal(120), "unit": "user", "is_flat": True, "name": "Set-up"}
    )

    flat = text(sample.model_copy(update={"lines": (task,)}))
    counted = task.model_copy(update={"is_flat": False})

    assert "120" not in flat
    assert "120 user" in text(sample.model_copy(update={"lines": (counted,)}))


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


def test_a_chart_as_picture_has_the_bars_of_the_drawing() -> None:
    """Sampled inside its bar: list and net in the color of totals, what came off in its own."""

    def money(minor: int) -> Money:
        return Money(minor=minor, currency="EUR")

    bars = [
        Bar(name="list", before=money(0), after=money(100)),
        Bar(name="discount", before=money(100), after=money(60)),
        Bar(name="net", before=money(0), after=money(60)),
    ]

    picture = Image.open(io.BytesIO(draw_waterfall(bars, "Q-1", ChartForm.PNG)))

    # 680 points for three slots, bars in their middle; 250 points stand for 100 minor units.
    middles = [round((20 + 680 / 3 * (slot + 0.5)) * 2) for slot in range(3)]
    colors = [
        picture.getpixel((x, (360 - y) * 2)) for x, y in zip(middles, (100, 280, 100), strict=True)
    ]
    assert picture.size == (1440, 720)
    assert colors == [(0x1F, 0x4E, 0x79), (0xC0, 0x50, 0x4D), (0x1F, 0x4E, 0x79)]
    assert picture.getpixel((middles[1], (360 - 100) * 2)) == (255, 255, 255)
