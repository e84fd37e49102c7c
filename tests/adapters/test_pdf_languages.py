"""Documents in every language: the words, the formats, the law, and a glyph for every sign."""

import io
from typing import Any

import pytest
from pypdf import PdfReader
from reportlab.pdfbase.ttfonts import TTFontFile

from activities.adapters.pdf import render
from activities.adapters.pdf.typeface import _FOLDER, printable
from activities.formats import formats_for
from models.deal_file import RenewalTerms
from models.documents import (
    CreditNoteDocument,
    Document,
    InvoiceDocument,
    QuoteDocument,
    ReminderDocument,
    WorkOrderDocument,
)
from models.words import LANGUAGES, words_for
from tests.adapters.pdf_samples import BUYER, SELLER, eur, invoice, samples
from tests.models.test_words import phrases

EVERY = [(language, kind) for language in LANGUAGES for kind in sorted(samples())]
FACES = ["NotoSans-Regular.ttf", "NotoSans-Bold.ttf"]


def spoken(document: Document, language: str, ours: str = "en") -> Document:
    """Return a document between a customer and an entity of these languages."""
    parties: dict[str, Any] = {
        "customer": BUYER.model_copy(update={"language": language}),
        "entity": SELLER.model_copy(update={"language": ours}),
    }
    if isinstance(document, InvoiceDocument):
        return document.model_copy(update={"invoice": invoice(**parties)})
    if isinstance(document, CreditNoteDocument):
        note = document.credit_note.model_copy(update=parties)
        return document.model_copy(update={"credit_note": note})
    return document.model_copy(update=parties)


def text(document: Document) -> str:
    """Return the text of a document, its white space folded."""
    reader = PdfReader(io.BytesIO(render(document)))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def sample(kind: str, language: str) -> str:
    """Return the text of a sample in a language."""
    return text(spoken(samples()[kind], language))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fonts_have_a_glyph_for_every_sign_of_every_word(language: str, face: str) -> None:
    """A missing glyph prints as an empty box."""
    glyphs = TTFontFile(str(_FOLDER / face)).charToGlyph
    signs = {sign for _, phrase in phrases(words_for(language)) for sign in printable(phrase)}

    assert {sign for sign in signs - {"\n"} if ord(sign) not in glyphs} == set()


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("language", [*LANGUAGES, "de-CH", "fr-CH", "es-MX", "en-GB"])
def test_the_fonts_have_a_glyph_for_every_sign_of_amounts_and_dates(
    language: str, face: str
) -> None:
    """French amounts have narrow no-break spaces, Swiss ones apostrophes."""
    glyphs = TTFontFile(str(_FOLDER / face)).charToGlyph
    looks = formats_for(language)
    quote = samples()["quote"]
    assert isinstance(quote, QuoteDocument)
    months = [row.period for row in quote.quote.plan]
    shown = "".join(
        [
            looks.money(eur(-1_234_567_89)),
            *(looks.period(month) for month in months),
            looks.percent(quote.quote.lines[0].quantity),
        ]
    )

    assert {sign for sign in printable(shown) if ord(sign) not in glyphs} == set()


@pytest.mark.parametrize(("language", "kind"), EVERY)
def test_every_document_is_made_in_every_language(language: str, kind: str) -> None:
    """Title, page number and language of the file are those of the reader."""
    document = spoken(samples()[kind], language, ours=language)
    reader = PdfReader(io.BytesIO(render(document)))
    shown = text(document)
    labels = words_for(language).labels
    level = labels.level_names["first notice"]
    titles = {**labels.model_dump(), "reminder": level[:1].upper() + level[1:]}

    assert titles[kind] in shown
    assert labels.page_of.format(page=1, pages=len(reader.pages)) in shown
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == language
    assert "{" not in shown
    assert "\ufffd" not in shown


@pytest.mark.parametrize(("language", "kind"), EVERY)
def test_equal_content_gives_equal_bytes_in_every_language(language: str, kind: str) -> None:
    """The hash of a document is its identity."""
    document = spoken(samples()[kind], language)

    assert render(document) == render(document)


@pytest.mark.parametrize(
    ("language", "total", "net", "valid_until"),
    [
        ("de", "39.294,60 €", "2.520,00", "07.02.2026"),
        ("fr", "39 294,60 €", "2 520,00", "7 févr. 2026"),
        ("es", "39.294,60 €", "2.520,00", "7 feb 2026"),
        ("en", "€39,294.60", "2,520.00", "Feb 7, 2026"),
        ("de-AT", "€ 39.294,60", "2.520,00", "07.02.2026"),
        ("de-CH", "EUR 39’294.60", "2’520.00", "07.02.2026"),  # noqa: RUF001 - as the Swiss write
        ("en-GB", "€39,294.60", "2,520.00", "7 Feb 2026"),
        ("es-MX", "EUR 39,294.60", "2,520.00", "7 feb 2026"),
    ],
)
def test_amounts_and_dates_look_as_the_customer_writes_them(
    language: str, total: str, net: str, valid_until: str
) -> None:
    """The figures are the books', the looks the customer's."""
    shown = sample("quote", language)

    assert total in shown
    assert net in shown
    assert valid_until in shown


def test_french_amounts_keep_their_narrow_spaces_and_do_not_break() -> None:
    """U+202F between thousands, also where a sentence holds the amount."""
    document = spoken(InvoiceDocument(invoice=invoice()), "fr")
    pages = PdfReader(io.BytesIO(render(document))).pages
    raw = "".join(page.extract_text() for page in pages)

    assert "4\u202f662,00" in raw
    assert "4 662,00" not in raw


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "Steuerschuldnerschaft des Leistungsempfängers. Reverse charge, art. 196"),
        ("fr", "Autoliquidation : la taxe est due par le preneur. Reverse charge, art. 196"),
        ("es", "Inversión del sujeto pasivo. Reverse charge, art. 196"),
        ("en", "Reverse charge, art. 196"),
    ],
)
def test_an_invoice_says_in_the_customers_words_who_owes_the_tax(
    language: str, sentence: str
) -> None:
    """Directive 2006/112/EC art. 226 (11a); the rule's own text stays beside it."""
    assert sentence in sample("invoice", language)


def test_a_work_order_speaks_to_our_own_people() -> None:
    """The warehouse in Hamburg reads German, whatever the customer reads."""
    document = spoken(samples()["work_order"], "fr", ours="de")
    assert isinstance(document, WorkOrderDocument)

    shown = text(document)

    assert "Arbeitsauftrag" in shown
    assert "im Rückstand" in shown
    assert "Ordre de travail" not in shown


@pytest.mark.parametrize(
    ("theirs", "ours", "title"),
    [("", "es", "Oferta"), ("nl", "de", "Angebot"), ("nl", "pl", "Quote"), ("fr", "de", "Devis")],
)
def test_without_words_in_the_customers_language_the_entitys_is_used(
    theirs: str, ours: str, title: str
) -> None:
    """And English where that has none either; words and formats change together."""
    assert title in text(spoken(samples()["quote"], theirs, ours))


@pytest.mark.parametrize(
    ("days", "sentence"),
    [(1, "innerhalb von 1 Tag ab"), (30, "innerhalb von 30 Tagen ab"), (0, "sofort nach Erhalt")],
)
def test_plurals_are_right(days: int, sentence: str) -> None:
    """Nobody writes 1 Tagen."""
    document = spoken(samples()["quote"], "de")
    assert isinstance(document, QuoteDocument)
    quote = document.quote.model_copy(update={"payment_terms_days": days})

    assert sentence in text(document.model_copy(update={"quote": quote}))


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ("renews for 12 months at a time", "at least 60 days before the end, by Dec 3")),
        ("de", ("um jeweils 12 Monate", "beträgt 60 Tage", "spätestens am 03.12.2026")),
        ("fr", ("par périodes de 12 mois", "est de 60 jours", "3 déc. 2026")),
        ("es", ("por períodos de 12 meses", "es de 60 días", "3 dic 2026")),
    ],
)
def test_a_quote_says_how_it_renews_and_until_when_notice_counts(
    language: str, sentences: tuple[str, ...]
) -> None:
    """From 1 February 2026 for a year: 60 days before 1 February 2027 end on 3 December."""
    document = spoken(samples()["quote"], language)
    terms = RenewalTerms(notice_days=60)

    shown = text(document.model_copy(update={"renewal": terms}))

    for sentence in sentences:
        assert sentence in shown, sentence
    ending = text(document.model_copy(update={"renewal": RenewalTerms(auto_renew=False)}))
    assert words_for(language).labels.ending_sentence in ending


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_dunning_level_of_our_own_is_translated_and_a_houses_own_name_is_kept(
    language: str,
) -> None:
    """A house may call its levels what it likes."""
    document = spoken(samples()["reminder"], language)
    assert isinstance(document, ReminderDocument)
    own = document.model_copy(update={"level_name": "Ultimatum"})

    level = words_for(language).labels.level_names["first notice"]
    assert level[:1].upper() + level[1:] in text(document)
    assert "Ultimatum" in text(own)
