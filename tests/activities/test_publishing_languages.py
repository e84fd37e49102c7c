"""Publishing in languages: everybody is written to in theirs, and the figures are the books'."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from activities.adapters.pdf import render
from activities.collection import LetterItems
from activities.formats import Formats, formats_for
from models.money import Money
from models.quoting import Quote
from models.steps import ConcludeContract, DocumentPublished, FulfillOrder, Notice, RegisterKind
from models.tables import InvoiceRow, PaymentRow, QuoteRow, ReminderRow
from models.words import LANGUAGES, words_for
from tests.activities.house import ENTITY, START, House, step
from tests.activities.test_publishing import (
    BEN,
    BILL,
    BUYER,
    CASES,
    MIA,
    SAM,
    SIGRID,
    WAREHOUSE,
    K,
    Press,
    press,  # noqa: F401 - a fixture
    quoted,  # noqa: F401 - a fixture
)

OURS = {"work order"}
"""Documents for our own people."""


def spoken(press: Press, theirs: str, ours: str, **brand: Any) -> Press:  # noqa: F811 - its value
    """Return a press that really draws, between a customer and an entity of these languages."""
    press.house.register(RegisterKind.CUSTOMER, "C-100", {**BUYER, "language": theirs})
    entity = {**ENTITY, "language": ours, "brand": brand}
    press.house.register(RegisterKind.ENTITY, "DE01", entity)
    return replace(press, draw=render)


def text(press: Press, published: DocumentPublished) -> str:  # noqa: F811 - its value
    """Return the text of a stored document, its white space folded."""
    pages = PdfReader(io.BytesIO(press.store.get(published.sha256))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def folded(shown: str) -> str:
    """Return an amount as `text` gives it."""
    return " ".join(shown.split())


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_documents_of_a_customer_are_in_their_language(
    press: Press,  # noqa: F811 - the fixture
    language: str,
    name: str,
) -> None:
    """And those of the warehouse in the entity's."""
    other = "de" if language != "de" else "fr"
    real = spoken(press, language, other)

    shown = text(real, CASES[name].publish(real))

    reader = words_for(other if name in OURS else language).labels
    kind = CASES[name].kind
    if kind is K.REMINDER:
        assert reader.level_names["first notice"].lower() in shown.lower()
    elif kind not in (K.INVOICE, K.CREDIT_NOTE):  # their parties were fixed with the invoice
        assert getattr(reader, kind.value) in shown


FIGURES: dict[str, Callable[[House, Formats], list[str]]] = {
    "quote": lambda house, looks: [
        looks.money(quote.total)
        for quote in [Quote.model_validate_json(house.rows(QuoteRow)[0].content)]
    ],
    "invoice": lambda house, looks: [
        looks.money(Money(minor=row.gross_minor, currency=row.currency))
        for row in house.rows(InvoiceRow)[:1]
    ],
    "receipt": lambda house, looks: [
        looks.money(Money(minor=row.amount_minor, currency=row.currency))
        for row in house.rows(PaymentRow)
    ],
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_figures_of_document_and_mail_are_those_of_the_books(
    quoted: Press,  # noqa: F811 - the fixture
    language: str,
    name: str,
) -> None:
    """Read back from the page and from the mail, in the customer's format."""
    real = spoken(quoted, language, "de")
    house = real.house
    house.contract.conclude_contract(step(ConcludeContract, "1001", quote_version=1))
    house.stock("LAPTOP", "2")
    house.fulfillment.fulfill_order(step(FulfillOrder, "1001"))
    house.deliver("1001", START)
    house.converge("1001", START)
    house.pay(50_00, "r-1")

    shown = text(real, CASES[name].publish(real))
    (mail,) = real.mails()
    body = mail.get_body(("plain",))

    wanted = FIGURES[name](house, formats_for(language))
    assert wanted
    for figure in wanted:
        assert folded(figure) in shown
        assert body is not None
        assert folded(figure) in folded(body.get_content())


def test_each_gets_mail_in_their_own_language(quoted: Press) -> None:  # noqa: F811 - the fixture
    """A French customer signs in French, our German signer in German; the page is one for both."""
    real = spoken(quoted, "fr", "de")

    real.publish(K.ORDER_FORM, "OF-1001-1")

    subjects = {str(mail["To"]): folded(str(mail["Subject"])) for mail in real.mails()}
    assert subjects == {
        MIA: "Bitte unterschreiben: Bestellschein OF-1001-1",
        SIGRID: "À signer : bon de commande OF-1001-1",
    }


def test_our_own_people_are_asked_in_the_entitys_language(
    press: Press,  # noqa: F811 - the fixture
) -> None:
    """Approver, seller, warehouse and finance."""
    real = spoken(press, "es", "de")

    real.notify(Notice.APPROVAL_REQUEST, reference="sales-1", quote_version=1)
    real.notify(Notice.RENEWAL_ALARM)
    CASES["work order"].publish(real)

    subjects = {str(mail["To"]): folded(str(mail["Subject"])) for mail in real.mails()}
    assert subjects[MIA].startswith("Bitte genehmigen: Vorgang 1001, Buyer AG, ")
    assert subjects[SAM] == "Verlängerung offen: Vorgang 1001, Buyer AG"
    assert subjects[WAREHOUSE] == "Arbeitsauftrag WO-1001-warehouse: Buyer AG"


def test_a_customer_reads_everything_from_quote_to_reminder_in_spanish(
    press: Press,  # noqa: F811 - the fixture
) -> None:
    """Subjects are what people see first."""
    real = spoken(press, "es", "de")

    for name in ("quote", "order confirmation", "delivery note", "invoice", "receipt", "reminder"):
        CASES[name].publish(real)

    subjects = sorted(
        folded(str(mail["Subject"])) for mail in real.mails() if mail["To"] in (BEN, BILL)
    )
    reminder = real.house.rows(ReminderRow)[0]
    items = LetterItems.model_validate_json(reminder.content).items
    total = formats_for("es").money(Money.total((item.balance for item in items), "EUR"))
    gross = formats_for("es").money(
        Money(minor=real.house.rows(InvoiceRow)[0].gross_minor, currency="EUR")
    )
    assert subjects == [
        "Albarán DN-1001-1",
        "Confirmación de pedido OC-1001",
        f"Factura INV-2026-00001 de Nord Handel GmbH: {folded(gross)}, vence 31 ene 2026",
        f"Primer aviso REM-2026-00001: {folded(total)}",
        "Recibo R-PAY-2026-00001: 50,00 €",
        "Su oferta Q-1001-1 de Nord Handel GmbH",
    ]


def test_the_logo_is_read_from_the_store_by_the_hash_the_entity_names(
    quoted: Press,  # noqa: F811 - the fixture
) -> None:
    """Pictures lie beside the documents, so that every worker draws the same page."""
    buffer = io.BytesIO()
    Image.new("RGB", (200, 60), (140, 30, 90)).save(buffer, "PNG")
    sha256 = quoted.store.put(buffer.getvalue())
    branded = spoken(quoted, "de", "de", logo=sha256, accent="#8C1E5A")
    real = replace(branded, draw=partial(render, logo_of=branded.store.get))

    first = real.publish(K.QUOTE, "Q-1001-1", mail=False)

    page = PdfReader(io.BytesIO(real.store.get(first.sha256))).pages[0]
    assert len(list(page.images)) == 1
    assert sha256 == hashlib.sha256(buffer.getvalue()).hexdigest()
