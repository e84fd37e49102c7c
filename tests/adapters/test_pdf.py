"""Documents as PDF: complete, readable, and the same bytes for the same content."""

import hashlib
import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from activities.adapters.pdf import render
from models.documents import (
    Document,
    InvoiceDocument,
    OrderFormDocument,
    QuoteDocument,
    ReminderDocument,
)
from models.parties import parse_partner
from models.tax import LevyTotal
from models.withholding import Withheld
from tests.adapters.pdf_samples import (
    BUYER,
    HASH,
    LINES,
    SELLER,
    SIGNERS,
    UNVERIFIED,
    eur,
    invoice,
    line,
    quote,
    samples,
)

ROOT = Path(__file__).resolve().parents[2]
BANNER = "TEST CLOCK"

KINDS = pytest.mark.parametrize("kind", sorted(samples()))


def pages(document: Document) -> list[str]:
    """Return the text of each page, its white space folded."""
    reader = PdfReader(io.BytesIO(render(document)))
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def text(document: Document) -> str:
    """Return the text of a document."""
    return " ".join(pages(document))


def quoted(**changes: object) -> QuoteDocument:
    """Return the sample quote with changes."""
    sample = samples()["quote"]
    assert isinstance(sample, QuoteDocument)
    return sample.model_copy(update=changes)


@KINDS
def test_equal_content_gives_equal_bytes(kind: str) -> None:
    """The first stored wins only because every other would be the same."""
    document = samples()[kind]

    first = render(document)
    with ThreadPoolExecutor(2) as threads:
        others = list(threads.map(render, [document, document]))

    assert others == [first, first]


def test_another_process_gives_the_same_bytes() -> None:
    """Neither hash seed nor time zone nor clock may show in a document."""
    script = (
        "import hashlib; from activities.adapters.pdf import render;"
        "from tests.adapters.pdf_samples import samples;"
        "whole = b''.join(render(document) for _, document in sorted(samples().items()));"
        "print(hashlib.sha256(whole).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Pacific/Kiritimati"}

    printed = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    here = b"".join(render(document) for _, document in sorted(samples().items()))
    assert printed.strip() == hashlib.sha256(here).hexdigest()


@KINDS
def test_every_font_of_the_text_is_embedded(kind: str) -> None:
    """A document looks the same on every machine, whatever it has installed."""
    reader = PdfReader(io.BytesIO(render(samples()[kind])))
    used = set()
    for page in reader.pages:
        resources: Any = page["/Resources"]
        fonts = resources["/Font"]
        used |= {str(fonts[name].get_object()["/BaseFont"]) for name in fonts}

    assert any("NotoSans" in name for name in used)
    assert {name for name in used if "NotoSans" not in name} <= {"/Helvetica"}


@KINDS
def test_title_author_and_language_are_set(kind: str) -> None:
    """A reader's tab and a screen reader need them."""
    reader = PdfReader(io.BytesIO(render(samples()[kind])))

    assert reader.metadata is not None
    assert reader.metadata.title
    assert reader.metadata.author == SELLER.legal_name
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "en"


def test_an_invoice_shows_the_taxes_of_each_jurisdiction_and_what_is_withheld() -> None:
    """What is to be paid is less than what is owed, and the reader sees why."""
    plain = invoice()
    levies = (
        LevyTotal(name="State tax", base=plain.net, tax=eur(2_00)),
        LevyTotal(name="City tax", base=plain.net, tax=eur(1_00)),
    )
    total = plain.taxes[0].model_copy(update={"levies": levies, "text": "By certificate RC-77"})
    withheld = Withheld(name="IRPF", rate_percent=Decimal(15), base=plain.net, amount=eur(100_00))
    changed = plain.model_copy(update={"taxes": (total, *plain.taxes[1:]), "withheld": withheld})

    shown = text(InvoiceDocument(invoice=changed))

    for wanted in ("State tax: 2.00", "City tax: 1.00", "By certificate RC-77", "Less IRPF (15%)"):
        assert wanted in shown
    owed, paid = plain.gross, plain.gross - eur(100_00)
    assert "Total with tax" in shown
    for amount in (owed, paid):
        assert f"{amount.decimal:,.2f}" in shown


def test_a_quote_at_prices_with_tax_in_them_says_so() -> None:
    """Nobody shall expect tax on top."""
    gross = quote().model_copy(update={"prices_include_tax": True})

    shown = text(QuoteDocument(quote=gross, entity=SELLER, customer=BUYER))

    assert "Prices include the tax that applies at the place of supply" in shown
    assert "Total with tax" in shown
    assert "before tax" not in shown


def test_an_invoice_shows_what_the_law_asks_for() -> None:
    """Directive 2006/112/EC art. 226: numbers, dates, parties, amounts, rates, who owes the tax."""
    shown = text(InvoiceDocument(invoice=invoice()))

    for wanted in (
        "NL-2026-000042",
        "Feb 2, 2026",
        "Mar 4, 2026",
        "Nordlicht Systems GmbH",
        "Hafenstraße 12",
        "DE287411936",
        "22/715/03981",
        "Ateliers Brézé & Fils S.A.S.",
        "14, rue des Tanneurs",
        "FR40303265045",
        "BC-2026-0117",
        "40 seat",
        "Reverse charge, art. 196 Directive 2006/112/EC",
        "19%",
        "2,520.00",
        "1,800.00",
        "342.00",
        "€4,662.00",
        "DE44 2005 0550 1234 5678 90",
        "HASPDEHHXXX",
    ):
        assert wanted in shown, wanted


def test_a_quote_shows_lines_plan_totals_and_terms() -> None:
    """Whoever reads it needs nothing else to decide."""
    shown = text(quoted())

    for wanted in (
        "Q-1001",
        "Feb 7, 2026",
        "Claire Brézé",
        "Ida Petersen",
        "Atlas Platform, Business edition",
        "Edge gateway G4",
        "€39,294.60",
        "€2,520.00",
        "Gateways ship from Hamburg",
    ):
        assert wanted in shown, wanted


def test_money_and_dates_follow_the_customers_language() -> None:
    """A German reads 39.294,60 €, not €39,294.60."""
    german = BUYER.model_copy(update={"language": "de"})

    shown = text(quoted(customer=german))

    assert "39.294,60" in shown
    assert "07.02.2026" in shown


@pytest.mark.parametrize("on_test_clock", [True, False])
def test_only_a_test_clock_marks_every_page(on_test_clock: bool) -> None:  # noqa: FBT001
    """A trial must never pass for a legal document, and the other way round."""
    document = quoted(test_clock=on_test_clock)

    marked = [BANNER in page for page in pages(document)]

    assert len(marked) > 1
    assert marked == [on_test_clock] * len(marked)


def test_unverified_decisions_are_named() -> None:
    """Documents say so where nobody proved who decided."""
    shown = text(quoted(decisions=(UNVERIFIED,)))

    assert "Jonas Weber" in shown
    assert "Jonas Weber" not in text(quoted(decisions=()))


def test_a_signed_order_form_shows_signer_time_and_hash() -> None:
    """The signed copy proves who signed which bytes, and when."""
    sample = samples()["order_form"]
    assert isinstance(sample, OrderFormDocument)

    shown = text(sample.model_copy(update={"signers": SIGNERS})).replace(" ", "")

    for wanted in ("ClaireBrézé", "Jan12,2026", "ŁukaszŻółć", HASH):
        assert wanted in shown, wanted


def test_three_hundred_lines_repeat_their_heading_and_lose_nothing() -> None:
    """Large quotes are where others lose a line at a page break."""
    many = tuple(
        line(str(number), f"Item {number:03d}", "1", "piece", (100, 100))
        for number in range(1, 301)
    )

    found = pages(quoted(quote=quote(lines=many, plan=())))

    assert len(found) > 5
    whole = " ".join(found)
    assert [number for number in range(1, 301) if f"Item {number:03d}" not in whole] == []
    assert all("Description" in page for page in found[:5])


def test_long_words_and_texts_wrap_within_the_page() -> None:
    """A name without a space must not run off the paper."""
    long = line("1", "Donaudampfschifffahrtsgesellschaft" * 6, "1", "unit", (100, 100))
    note = "A sentence that goes on. " * 80

    shown = text(quoted(quote=quote(lines=(long, *LINES[4:]), note=note))).replace(" ", "")

    assert shown.count("Donaudampfschifffahrtsgesellschaft") >= 5
    assert shown.count("sentence") == 80


def test_a_letter_ahead_of_the_due_date_does_not_say_overdue() -> None:
    """A pre-reminder that sounds like a notice annoys a good customer."""
    sample = samples()["reminder"]
    assert isinstance(sample, ReminderDocument)
    early = min(item.due_on for item in sample.items) - timedelta(days=3)

    shown = text(
        sample.model_copy(update={"level": 1, "level_name": "pre-reminder", "written_on": early})
    )

    assert "Pre-reminder" in shown
    assert "fall due shortly" in shown
    assert "overdue. Please" not in shown


def test_the_tone_rises_with_the_level() -> None:
    """Friendly, then firm; only the last letter calls itself final."""
    sample = samples()["reminder"]
    assert isinstance(sample, ReminderDocument)
    late = max(item.due_on for item in sample.items) + timedelta(days=30)

    tones = [
        text(sample.model_copy(update={"level": level, "written_on": late}))
        for level in (2, 3, 4, 5)
    ]

    for tone, words in zip(
        tones, ("escaped your notice", "are overdue", "still unpaid", "final notice"), strict=True
    ):
        assert words in tone


def test_markup_in_a_name_is_text() -> None:
    """Customers are called R&D <b>; none of it may format the page."""
    buyer = BUYER.model_copy(update={"legal_name": "R&D <b>Bold</b> & Sons"})

    assert "R&D <b>Bold</b> & Sons" in text(quoted(customer=buyer))


@settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.text(max_size=120), st.text(min_size=1, max_size=60))
def test_no_text_breaks_a_document(note: str, name: str) -> None:
    """Whatever people type, there is a document."""
    buyer = BUYER.model_copy(update={"legal_name": name})

    content = render(quoted(customer=buyer, quote=quote(note=note, plan=())))

    assert content.startswith(b"%PDF")


def test_a_quote_of_a_partner_names_who_offers_and_who_contracts() -> None:
    """The partner offers in its own name; the contract is with our entity."""
    partner = parse_partner(
        {
            "number": "P-1",
            "legal_name": "Reseller Ltd.",
            "address": {"line1": "9 Dock", "city": "Boston", "region": "MA", "country": "US"},
            "tax_id": "98-7654321",
            "email": "sales@reseller.example",
            "price_book": "partners",
        }
    )

    own, offered = text(quoted()), text(quoted(partner=partner))

    assert "Offered by" not in own
    for words in ("Offered by", "Reseller Ltd.", f"for {SELLER.legal_name}"):
        assert words in offered
