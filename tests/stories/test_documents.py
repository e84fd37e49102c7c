"""The documents of the undisturbed deal, read back as text and compared with its books."""

import io
import json
from datetime import date, timedelta

import pytest
from pypdf import PdfReader

from models.billing import Invoice, InvoiceLine
from models.collection import OpenItem
from models.quoting import Quote
from models.tables import (
    ContractRow,
    DecisionRow,
    DocumentRow,
    InvoiceRow,
    MailRow,
    PaymentApplicationRow,
    PaymentRow,
    QuoteRow,
    ReminderRow,
)
from tests.stories.conftest import Calm
from tests.stories.houses import House
from tests.stories.world import CUSTOMER, ENTITY


@pytest.fixture(scope="module")
def house(calm: Calm) -> House:
    return calm.house


@pytest.fixture(scope="module")
def texts(house: House) -> dict[tuple[str, str], str]:
    """What every document on record says, by kind and number."""
    return {(row.kind, row.number): text_of(house, row) for row in house.rows(DocumentRow)}


def text_of(house: House, row: DocumentRow) -> str:
    """Read a document from the store by the hash the books have of it; spaces become one."""
    folder = house.settings.home / "documents" / row.sha256[:2] / row.sha256[2:4]
    content = (folder / f"{row.sha256}.pdf").read_bytes()
    assert len(content) == row.size
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join("\n".join(page.extract_text() for page in pages).split())


def day(moment: date) -> str:
    return f"{moment:%b} {moment.day}, {moment.year}"


def period(line: InvoiceLine) -> str:
    last = line.period.end - timedelta(days=1)
    start = day(line.period.start)
    return start if last <= line.period.start else f"{start} – {day(last)}"  # noqa: RUF001


def dollars(minor: int) -> str:
    return f"${minor / 100:,.2f}"


def figure(minor: int) -> str:
    return f"{minor / 100:,.2f}"


def assert_says(text: str, *wanted: str) -> None:
    """Require each of the words, as they stand."""
    missing = [words for words in wanted if words not in text]
    assert missing == [], text


def test_every_document_has_its_kinds_and_lies_in_the_store(
    texts: dict[tuple[str, str], str],
) -> None:
    """Nothing the story made is missing; reading checked size and hash."""
    count = {kind: sum(1 for found, _ in texts if found == kind) for kind, _ in texts}

    assert count == {
        "quote": 1,
        "order_form": 2,
        "order_confirmation": 1,
        "work_order": 2,
        "delivery_note": 1,
        "invoice": 9,
        "receipt": 3,
        "reminder": 6,
        "renewal_quote": 1,
    }


def test_every_document_says_that_its_clock_is_a_test(texts: dict[tuple[str, str], str]) -> None:
    """Nobody may take a rehearsal for a claim (architecture, Time, three ways)."""
    silent = [key for key, text in texts.items() if "TEST CLOCK - not a legal document" not in text]

    assert silent == []


def test_every_invoice_carries_what_the_law_asks_for(
    house: House, texts: dict[tuple[str, str], str]
) -> None:
    """The particulars of Directive 2006/112/EC art. 226, and the figures of the books."""
    rows = house.rows(InvoiceRow)
    address, bank = ENTITY["address"], ENTITY["bank"]

    assert [row.sequence for row in rows] == list(range(1, 10))
    for row in rows:
        invoice, text = Invoice.model_validate_json(row.content), texts["invoice", row.number]
        assert_says(
            text,
            row.number,
            f"Issue date {day(row.issued_on)}",
            f"Due date {day(row.due_on)}",
            ENTITY["legal_name"],
            f"{address['line1']}, {address['city']}, {address['region']} {address['postal_code']}",
            f"Tax ID {ENTITY['tax_id']}",
            f"Registration {ENTITY['registration']}",
            CUSTOMER["legal_name"],
            f"{CUSTOMER['bill_to']['line1']} Daly City, CA 94016 United States",
            f"Customer no. {CUSTOMER['number']}",
            f"Net total {dollars(row.net_minor)}",
            f"Total tax {dollars(row.tax_minor)}",
            f"Amount due {dollars(row.gross_minor)}",
            f"Please pay {dollars(row.gross_minor)} by {day(row.due_on)} and quote {row.number}.",
            *(bank[name] for name in ("holder", "bank", "account", "routing")),
        )
        for line in invoice.lines:
            quantity = f"{line.quantity.normalize():f} {line.unit} {line.unit_price:,.2f}"
            assert_says(
                text,
                line.description,
                f"{period(line)} {quantity}",
                f"{line.tax_rate_percent.normalize():f}% {figure(line.net.minor)}",
            )
        for tax in invoice.taxes:
            rate = f"{tax.rate_percent.normalize():f}%"
            assert_says(text, tax.name, tax.text)
            assert_says(text, f"{rate} {figure(tax.base.minor)} {figure(tax.tax.minor)}")


def test_the_untaxed_invoice_gives_its_reason_and_the_taxed_one_its_rate(
    texts: dict[tuple[str, str], str],
) -> None:
    """Three printers at 99.50 with 7.25 % are 298.50 and 21.64 (EN 16931 BR-O-10 for the rest)."""
    untaxed = texts["invoice", "INV-TEST-1001-00001"]
    taxed = texts["invoice", "INV-TEST-1001-00002"]

    assert_says(untaxed, "Software as a service is not taxed in California", "Amount due $425.00")
    assert_says(taxed, "7.25% 298.50 21.64", "Amount due $320.14")


def test_quotes_and_forms_say_what_was_agreed(
    house: House, texts: dict[tuple[str, str], str]
) -> None:
    """Total, term, validity and billing plan are those of the quote's version on record."""
    first, renewal = house.rows(QuoteRow)
    papers = (
        ("quote", first.number, first),
        ("order_form", "OF-1001-1", first),
        ("order_form", "OF-1001-1-signed", first),
        ("order_confirmation", "OC-1001", first),
        ("renewal_quote", renewal.number, renewal),
    )

    for kind, number, row in papers:
        quote, text = Quote.model_validate_json(row.content), texts[kind, number]
        last = quote.ends_on - timedelta(days=1)
        assert_says(
            text,
            row.number,
            f"Term {day(quote.starts_on)} – {day(last)}",  # noqa: RUF001
            f"Total, before tax {dollars(row.total_minor)}",
            "30 days net",
        )
        billed = {charge.bill_on for charge in quote.plan if charge.bill_on}
        assert_says(text, "Billing plan", *(day(each) for each in billed))
    assert_says(texts["quote", first.number], f"Valid until {day(first.valid_until)}")
    assert_says(texts["renewal_quote", renewal.number], "Previous term $1,573.50", "Jun 1, 2026")


def test_the_signed_form_names_signers_and_content(
    house: House, texts: dict[tuple[str, str], str]
) -> None:
    """Both signatures are on record for exactly this content."""
    text = texts["order_form", "OF-1001-1-signed"]
    decisions = house.rows(DecisionRow, kind="sign")

    assert [(row.person, row.assurance) for row in decisions] == [
        ("saul@acme.example", "verified"),
        ("dan", "verified"),
    ]
    [contract] = house.rows(ContractRow, term=1)
    assert_says(text, "Saul Signer", "Dan Director", contract.content_hash, "Identity verified")


def test_receipts_and_reminders_say_what_the_books_say(
    house: House, texts: dict[tuple[str, str], str]
) -> None:
    """Every payment shows what it settled, every reminder what is open."""
    for payment in house.rows(PaymentRow):
        text = texts["receipt", f"R-{payment.number}"]
        parts = house.rows(PaymentApplicationRow, payment=payment.number)
        settled = [f"{part.invoice} {figure(part.amount_minor)}" for part in parts]
        assert_says(text, payment.reference, day(payment.received_on), *settled)
        assert_says(text, f"Payment received {dollars(payment.amount_minor)}")
    for reminder in house.rows(ReminderRow):
        text = texts["reminder", reminder.number]
        items = [OpenItem.model_validate(one) for one in _items(reminder)]
        open_minor = sum(item.balance.minor for item in items)
        assert_says(text, day(reminder.written_on), f"Total due {dollars(open_minor)}")
        assert_says(text, *(item.invoice for item in items))


def _items(reminder: ReminderRow) -> list[object]:
    found: list[object] = json.loads(reminder.content)["items"]
    return found


def test_every_mail_on_record_was_delivered_with_its_document(house: House) -> None:
    """The Maildir holds exactly the mails of the books, PDFs attached where there is one."""
    records = house.rows(MailRow)
    files = sorted(house.mails.iterdir())

    assert len(files) == len(records) > 0
    bills = [file for file in files if "_invoice_INV" in file.name]
    assert len(bills) == 9
    assert all(b"application/pdf" in file.read_bytes() for file in bills)
