"""Publishing: a document is on record once and mailed once, wherever an attempt was cut."""

import email
import hashlib
import io
import json
import shlex
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from email import policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pypdf import PdfReader
from sqlmodel import Session

from activities.adapters.books import Books
from activities.adapters.document_store import DocumentStore
from activities.adapters.mail import MaildirMailer
from activities.adapters.pdf import render
from activities.crediting import issue_credit_note
from activities.mail import OutgoingMail
from activities.ports import Office
from activities.publishing import PublishingActivities, PublishingOffice
from models.credit_steps import CreditOrder
from models.decisions import DecisionKind
from models.documents import WRITTEN_AS_XML, Document, DocumentKind
from models.messages import Decision
from models.steps import (
    ConcludeContract,
    DocumentPublished,
    EscalateApproval,
    FulfillOrder,
    Notice,
    Notify,
    PriceQuote,
    PublishDocument,
    PublishReceipt,
    RegisterKind,
)
from models.tables import DocumentRow, MailRow
from tests.activities.house import CUSTOMER, START, WRITTEN_AT, House, deal_file, line, off, step

Result = TypeVar("Result")
Publish = Callable[["Press"], DocumentPublished]

BEN, SIGRID, BILL = "ben@buyer.example", "sigrid@buyer.example", "bill@buyer.example"
SAM, MIA, VERA, FINN = (f"{name}@nord.example" for name in ("sam", "mia", "vera", "finn"))
WAREHOUSE = "warehouse@nord.example"
BUYER = {
    **CUSTOMER,
    "contacts": [*CUSTOMER["contacts"], {"name": "Bill", "email": BILL, "role": "billing"}],
}
REMINDED_ON = date(2026, 2, 10)
OFFERED_ON = date(2026, 10, 1)


class PowerCutError(Exception):
    """The worker dies here."""


@dataclass
class Fuse:
    """Blows once, when it has been passed `left` times."""

    left: int

    def pass_through(self) -> None:
        """Blow if it is time."""
        self.left -= 1
        if self.left == -1:
            raise PowerCutError


@dataclass
class FusedBooks:
    """The books, behind a fuse for writing."""

    books: Books
    fuse: Fuse

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Write, unless the fuse blows."""
        self.fuse.pass_through()
        return self.books.write(work)

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Read."""
        return self.books.read(work)

    def close(self) -> None:
        """Leave them open: they are the house's."""


@dataclass
class FusedMailer:
    """A Maildir behind a fuse, that remembers what it was given."""

    carrier: MaildirMailer
    fuse: Fuse
    given: list[OutgoingMail] = field(default_factory=list)

    def send(self, mail: OutgoingMail) -> None:
        """Send, unless the fuse blows."""
        self.fuse.pass_through()
        self.given.append(mail)
        self.carrier.send(mail)


NEVER = 10**6


def as_json(document: Document) -> bytes:
    """Draw a document as its content, which tests can read and the page makers cannot change."""
    return document.model_dump_json().encode()


@dataclass(frozen=True)
class Press:
    """Publishing in a house, with its documents and mails in a folder."""

    house: House
    folder: Path
    draw: Callable[[Document], bytes] = as_json
    writing: int = NEVER
    sending: int = NEVER

    @cached_property
    def store(self) -> DocumentStore:
        """Where the documents are."""
        return DocumentStore(f"file://{self.folder}/documents")

    @cached_property
    def mailer(self) -> FusedMailer:
        """Who carries the mails."""
        return FusedMailer(MaildirMailer(self.folder / "mail"), Fuse(self.sending))

    @cached_property
    def activities(self) -> PublishingActivities:
        """What is tested."""
        books = FusedBooks(self.house.books, Fuse(self.writing))
        office = Office(books=books, rules=self.house.rules, wall_clock=lambda: WRITTEN_AT)
        return PublishingActivities(PublishingOffice(office, self.store, self.mailer, self.draw))

    def publish(
        self, kind: DocumentKind, number: str, on: date = START, **fields: Any
    ) -> DocumentPublished:
        """Publish a document of deal 1001."""
        given = {"kind": kind, "number": number, "quote_version": 1, **fields}
        return self.activities.publish_document(step(PublishDocument, "1001", on, **given))

    def receipt(self, payment: str) -> DocumentPublished:
        """Publish the receipt of a payment."""
        return self.activities.publish_receipt(PublishReceipt(payment=payment))

    def notify(self, notice: Notice, on: date = START, **fields: Any) -> None:
        """Send a notice about deal 1001."""
        self.activities.notify(step(Notify, "1001", on, notice=notice, **fields))

    def mails(self) -> list[EmailMessage]:
        """Return what arrived, by recipient."""
        found = [
            email.message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in (self.folder / "mail" / "new").iterdir()
        ]
        return sorted(found, key=lambda message: str(message["To"]))

    def recipients(self) -> list[str]:
        """Return to whom mail arrived."""
        return [str(message["To"]) for message in self.mails()]

    def content(self, published: DocumentPublished) -> dict[str, Any]:
        """Return what a stored document says."""
        return dict(json.loads(self.store.get(published.sha256)))


def attached(message: EmailMessage) -> list[tuple[str | None, bytes]]:
    return [(part.get_filename(), part.get_content()) for part in message.iter_attachments()]


def answer_in(message: EmailMessage) -> Decision:
    """Return the decision that the line for Temporal in a mail would send."""
    body = message.get_body(("plain",))
    assert body is not None
    (found,) = [one for one in body.get_content().splitlines() if one.startswith("  temporal ")]
    return Decision.model_validate_json(shlex.split(found)[-1])


@pytest.fixture
def quoted(house: House, tmp_path: Path) -> Press:
    """Deal 1001 at 25 % off, priced: Mia approves, then Vera."""
    house.register(RegisterKind.CUSTOMER, "C-100", BUYER)
    lines = (line("CRM", "3", discount=off("25")), line("LAPTOP", "2", discount=off("25")))
    house.quote(deal_file("1001", *lines, renewal={"notice_days": 60}))
    return Press(house, tmp_path)


@pytest.fixture
def press(quoted: Press) -> Press:
    """Deal 1001 with everything that documents are about, and none of them published."""
    house = quoted.house
    house.contract.conclude_contract(step(ConcludeContract, "1001", quote_version=1))
    house.stock("LAPTOP", "2")
    house.fulfillment.fulfill_order(step(FulfillOrder, "1001"))
    house.deliver("1001", START)
    house.converge("1001", START)
    house.dun("1001", REMINDED_ON)
    house.pay(50_00, "r-1")
    house.pricing.price_quote(step(PriceQuote, "1001", OFFERED_ON, term=2))
    return quoted


def _document(kind: DocumentKind, number: str, **fields: Any) -> Publish:
    return lambda press: press.publish(kind, number, **fields)


def credited(press: "Press") -> DocumentPublished:
    """Credit 10.00 of the first invoice, once, and publish the credit note."""
    order = CreditOrder(
        key="k-1", invoice="INV-2026-00001", on=START, reason="An outage", amount_minor=10_00
    )
    press.house.books.write(lambda session: issue_credit_note(session, press.house.office, order))
    return press.publish(DocumentKind.CREDIT_NOTE, "CN-2026-00001")


def amended(press: "Press") -> DocumentPublished:
    """Let the contract rest for a week in June, once, and publish the confirmation."""
    rest = {"suspend": {"from_on": "2026-06-01", "until_on": "2026-06-08"}}
    assert press.house.amend("1001", START, rest).booked
    return press.publish(DocumentKind.AMENDMENT, "AM-1001-1")


@dataclass(frozen=True)
class Case:
    """A document, under which name it is mailed, and to whom."""

    publish: Publish
    kind: DocumentKind
    file: str
    to: tuple[str, ...]


K = DocumentKind
CASES: Mapping[str, Case] = {
    "quote": Case(_document(K.QUOTE, "Q-1001-1"), K.QUOTE, "quote-Q-1001-1-v1.pdf", (BEN,)),
    "order form": Case(
        _document(K.ORDER_FORM, "OF-1001-1"),
        K.ORDER_FORM,
        "order_form-OF-1001-1.pdf",
        (MIA, SIGRID),
    ),
    "signed copy": Case(
        _document(K.ORDER_FORM, "OF-1001-1-signed"),
        K.ORDER_FORM,
        "order_form-OF-1001-1-signed.pdf",
        (MIA, SIGRID),
    ),
    "order confirmation": Case(
        _document(K.ORDER_CONFIRMATION, "OC-1001"),
        K.ORDER_CONFIRMATION,
        "order_confirmation-OC-1001.pdf",
        (BEN,),
    ),
    "work order": Case(
        _document(K.WORK_ORDER, "WO-1001-warehouse"),
        K.WORK_ORDER,
        "work_order-WO-1001-warehouse.pdf",
        (WAREHOUSE,),
    ),
    "delivery note": Case(
        _document(K.DELIVERY_NOTE, "DN-1001-1"),
        K.DELIVERY_NOTE,
        "delivery_note-DN-1001-1.pdf",
        (BEN,),
    ),
    "invoice": Case(
        _document(K.INVOICE, "INV-2026-00001"), K.INVOICE, "invoice-INV-2026-00001.pdf", (BILL,)
    ),
    "credit note": Case(
        credited,
        K.CREDIT_NOTE,
        "credit_note-CN-2026-00001.pdf",
        (BILL,),
    ),
    "amendment": Case(amended, K.AMENDMENT, "amendment-AM-1001-1.pdf", (BEN,)),
    "receipt": Case(
        lambda press: press.receipt("PAY-2026-00001"),
        K.RECEIPT,
        "receipt-R-PAY-2026-00001.pdf",
        (BILL,),
    ),
    "reminder": Case(
        _document(K.REMINDER, "REM-2026-00001", on=REMINDED_ON),
        K.REMINDER,
        "reminder-REM-2026-00001.pdf",
        (BILL,),
    ),
    "renewal quote": Case(
        _document(K.RENEWAL_QUOTE, "Q-1001-2", on=OFFERED_ON, quote_version=2),
        K.RENEWAL_QUOTE,
        "renewal_quote-Q-1001-2-v2.pdf",
        (BEN,),
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Each document there is."""
    return CASES[request.param]


def assert_published_once(press: Press, case: Case, published: DocumentPublished) -> None:
    """One document row, one mail to each, all with the same bytes."""
    (row,) = press.house.rows(DocumentRow)
    content = press.store.get(row.sha256)
    assert (row.deal, row.kind, row.number) == ("1001", case.kind.value, published.number)
    assert (row.filename, row.size) == (case.file, len(content))
    assert published.sha256 == row.sha256 == hashlib.sha256(content).hexdigest()
    assert press.recipients() == list(case.to)
    assert [attached(mail) for mail in press.mails()] == [[(case.file, content)]] * len(case.to)
    assert sorted(mail.recipient for mail in press.house.rows(MailRow)) == list(case.to)


def test_every_kind_of_document_is_tried() -> None:
    """A new kind needs a case of its own; a statement, which is of no deal, has its own file.

    Structured data go with the page they belong to.
    """
    beside = {K.STATEMENT, *WRITTEN_AS_XML}
    assert {case.kind for case in CASES.values()} == set(DocumentKind) - beside


def test_a_document_published_twice_is_one_document_and_one_mail(press: Press, case: Case) -> None:
    """The answer of the first run may be lost; the carrier is not even asked again."""
    first = case.publish(press)

    assert case.publish(press) == first

    assert_published_once(press, case, first)
    assert len(press.mailer.given) == len(case.to)


@pytest.mark.parametrize(
    ("writing", "sending", "handed_over"),
    [(0, NEVER, 0), (NEVER, 0, 0), (1, NEVER, 1)],
    ids=["stored, not recorded", "recorded, not sent", "sent, not recorded"],
)
def test_a_cut_anywhere_is_made_up_for(
    press: Press, case: Case, writing: int, sending: int, handed_over: int
) -> None:
    """Nothing is lost, nothing doubled, and the retry has the same hash."""
    broken = replace(press, writing=writing, sending=sending)
    with pytest.raises(PowerCutError):
        case.publish(broken)
    drafts = {path.stem for path in (press.folder / "documents").rglob("*.pdf")}

    published = case.publish(press)

    assert_published_once(press, case, published)
    assert drafts == {published.sha256}
    assert len(broken.mailer.given) == handed_over
    assert len(press.mailer.given) == len(case.to)


def test_who_has_got_their_mail_is_not_mailed_again(press: Press) -> None:
    """The other signer's address fails; SMTP would bring the first one a mail at every retry."""
    broken = replace(press, sending=1)
    with pytest.raises(PowerCutError):
        broken.publish(K.ORDER_FORM, "OF-1001-1")

    press.publish(K.ORDER_FORM, "OF-1001-1")

    assert [mail.recipient for mail in broken.mailer.given] == [SIGRID]
    assert [mail.recipient for mail in press.mailer.given] == [MIA]
    assert press.recipients() == [MIA, SIGRID]


def test_a_document_stored_stays_whatever_is_drawn_later(press: Press) -> None:
    """A newer page maker must not change what the customer was sent."""
    first = press.publish(K.INVOICE, "INV-2026-00001", mail=False)
    newer = replace(press, draw=lambda _: b"a nicer page")

    assert newer.publish(K.INVOICE, "INV-2026-00001") == first

    ((_, content),) = attached(press.mails()[0])
    assert hashlib.sha256(content).hexdigest() == first.sha256


def test_the_first_on_record_wins_a_race(press: Press) -> None:
    """Another worker records its document while ours is being drawn."""
    winners: list[DocumentPublished] = []

    def overtaken(_: Document) -> bytes:
        winners.append(press.publish(K.QUOTE, "Q-1001-1"))
        return b"too late"

    late = replace(press, draw=overtaken)

    assert late.publish(K.QUOTE, "Q-1001-1") == winners[0]

    assert_published_once(press, CASES["quote"], winners[0])


def test_two_threads_publish_one_document(press: Press) -> None:
    """A retry may run while the first attempt is still alive."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(CASES["order form"].publish, (press, press))

    assert first == second
    assert_published_once(press, CASES["order form"], first)


def test_a_quote_is_stored_first_and_mailed_after_approval(quoted: Press) -> None:
    """The customer gets the very bytes the approver saw: nothing is drawn again."""
    stored = quoted.publish(K.QUOTE, "Q-1001-1", mail=False)
    assert quoted.recipients() == []

    def refuse(_: Document) -> bytes:
        raise AssertionError

    mailed = replace(quoted, draw=refuse).publish(K.QUOTE, "Q-1001-1")

    assert mailed == stored
    assert_published_once(quoted, CASES["quote"], mailed)


def test_real_pages_have_the_same_hash_in_two_stores(press: Press, tmp_path: Path) -> None:
    """Equal content gives equal bytes, so a cut between storing and recording leaves no orphan."""
    real = replace(press, draw=render)
    with pytest.raises(PowerCutError):
        replace(real, writing=0).publish(K.INVOICE, "INV-2026-00001")

    published = real.publish(K.INVOICE, "INV-2026-00001")

    assert_published_once(real, CASES["invoice"], published)
    assert [path.stem for path in (tmp_path / "documents").rglob("*.pdf")] == [published.sha256]


# To whom


@pytest.mark.parametrize("name", ["invoice", "receipt", "reminder"])
def test_bills_go_to_the_first_contact_where_nobody_has_the_role(press: Press, name: str) -> None:
    """A customer with one contact need not name a role."""
    press.house.register(RegisterKind.CUSTOMER, "C-100", CUSTOMER)

    CASES[name].publish(press)

    assert press.recipients() == [BEN]


@pytest.mark.parametrize("name", ["quote", "invoice", "receipt"])
def test_mail_to_a_customer_without_contacts_comes_to_us(press: Press, name: str) -> None:
    """Somebody has to print it and take it there."""
    press.house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "contacts": []})

    CASES[name].publish(press)

    assert press.recipients() == ["billing@nord.example"]


def test_mails_come_from_the_entity_at_business_time(press: Press) -> None:
    """So that a repetition has the same bytes."""
    press.publish(K.INVOICE, "INV-2026-00001")

    (mail,) = press.mails()
    assert mail["From"] == "billing@nord.example"
    assert mail["Date"] == "Thu, 01 Jan 2026 12:00:00 +0000"


# Answers


def test_the_quote_mail_holds_what_accepts_it(quoted: Press) -> None:
    """The token in the mail is the one that counts."""
    quoted.publish(K.QUOTE, "Q-1001-1")
    (mail,) = quoted.mails()

    answer = answer_in(mail)

    accepted = quoted.house.decide(DecisionKind.ACCEPT, answer.person, token=answer.token)
    assert quoted.house.approval.record_decision(accepted).accepted


def sign(press: Press) -> None:
    """Let both signers answer the mails they got."""
    press.publish(K.ORDER_FORM, "OF-1001-1")
    for mail in press.mails():
        answer = answer_in(mail)
        signed = press.house.decide(
            DecisionKind.SIGN, answer.person, token=answer.token, content_hash=answer.content_hash
        )
        assert press.house.approval.record_decision(signed).accepted


def test_the_order_form_waits_for_signers_and_the_copy_names_who_signed(quoted: Press) -> None:
    """The copy shows each signature with the hash of the form that was signed."""
    sign(quoted)
    form = quoted.house.rows(DocumentRow)[0].sha256

    copy = quoted.publish(K.ORDER_FORM, "OF-1001-1-signed")

    unsigned = json.loads(quoted.store.get(form))["signers"]
    assert [(one["name"], one["signed_at"]) for one in unsigned] == [
        ("Sigrid", None),
        ("Mia", None),
    ]
    signed = quoted.content(copy)["signers"]
    assert [(one["name"], one["role"]) for one in signed] == [
        ("Sigrid", "for the customer"),
        ("Mia", "for the seller"),
    ]
    assert [one["document_hash"] for one in signed] == [form, form]
    assert [one["signed_at"] for one in signed] == ["2026-01-01T12:00:00Z"] * 2
    assert {one["assurance"] for one in signed} == {"verified"}


def test_the_signed_copy_on_paper_shows_the_signers(quoted: Press) -> None:
    """What people keep is the page."""
    real = replace(quoted, draw=render)
    sign(real)

    copy = real.publish(K.ORDER_FORM, "OF-1001-1-signed")

    pages = PdfReader(io.BytesIO(real.store.get(copy.sha256))).pages
    text = "".join(page.extract_text() for page in pages)
    assert "Sigrid" in text
    assert "Mia" in text
    subjects = [str(mail["Subject"]) for mail in real.mails()]
    assert subjects.count("Signed: order form OF-1001-1") == 2


# Notices


def test_an_approver_gets_the_quote_and_the_way_to_approve_it(quoted: Press) -> None:
    """The document and the answer in one mail, so that a phone is enough."""
    stored = quoted.publish(K.QUOTE, "Q-1001-1", mail=False)

    quoted.notify(Notice.APPROVAL_REQUEST, reference="sales-1", quote_version=1)

    (mail,) = quoted.mails()
    assert mail["To"] == MIA
    assert str(mail["Subject"]).startswith("Please approve: deal 1001, Buyer AG, ")
    assert attached(mail) == [("quote-Q-1001-1-v1.pdf", quoted.store.get(stored.sha256))]
    answer = answer_in(mail)
    assert (answer.person, answer.step) == ("mia", "sales-1")
    approved = quoted.house.decide(
        DecisionKind.APPROVE, "mia", token=answer.token, content_hash=answer.content_hash
    )
    assert quoted.house.approval.record_decision(approved).accepted


def test_a_reminder_is_a_mail_of_its_own(quoted: Press) -> None:
    """The request is on record, and still the reminder goes out; each of them once."""
    for notice in (Notice.APPROVAL_REQUEST, Notice.APPROVAL_REMINDER) * 2:
        quoted.notify(notice, reference="sales-1", quote_version=1)

    subjects = sorted(str(mail["Subject"]).partition(":")[0] for mail in quoted.mails())
    assert subjects == ["Please approve", "Reminder, please approve"]
    assert quoted.recipients() == [MIA, MIA]


def test_an_escalated_request_goes_to_the_manager(quoted: Press) -> None:
    """With a token of her own; Mia's mail was another."""
    quoted.notify(Notice.APPROVAL_REQUEST, reference="sales-1", quote_version=1)
    moved = step(EscalateApproval, "1001", quote_version=1, step="sales-1")
    quoted.house.approval.escalate_approval(moved)

    quoted.notify(Notice.APPROVAL_REQUEST, reference="sales-1", quote_version=1)

    first, second = quoted.mails()
    assert (first["To"], second["To"]) == (MIA, VERA)
    assert str(second["Subject"]).startswith("Escalated from mia, please approve: ")
    assert (answer_in(first).person, answer_in(second).person) == ("mia", "vera")
    assert answer_in(first).token != answer_in(second).token


@pytest.mark.parametrize(
    ("notice", "fields", "to", "opening"),
    [
        (
            Notice.APPROVAL_REQUEST,
            {"reference": "sales-2", "quote_version": 1},
            VERA,
            "Please approve: deal 1001",
        ),
        (
            Notice.APPROVAL_REMINDER,
            {"reference": "sales-1", "quote_version": 1},
            MIA,
            "Reminder, please approve: deal 1001",
        ),
        (Notice.RENEWAL_ALARM, {"reference": "1"}, SAM, "Renewal undecided: deal 1001, Buyer AG"),
        (
            Notice.RENEWAL_REMINDER,
            {"reference": "Q-1001-2", "quote_version": 2},
            BEN,
            "Last reminder: renewal Q-1001-2",
        ),
        (
            Notice.DUNNING_DECISION,
            {"reference": "dun"},
            FINN,
            "Hand over to collection? Deal 1001, Buyer AG",
        ),
        (Notice.ENDED, {"text": "declined"}, SAM, "Deal 1001 ended: declined"),
    ],
    ids=lambda value: str(value) if isinstance(value, Notice) else "",
)
def test_a_notice_reaches_whom_it_concerns_once(
    press: Press, notice: Notice, fields: dict[str, Any], to: str, opening: str
) -> None:
    """Also when its answer is lost after the mail went out."""
    with pytest.raises(PowerCutError):
        replace(press, writing=0).notify(notice, **fields)

    press.notify(notice, **fields)
    press.notify(notice, **fields)

    (mail,) = press.mails()
    assert mail["To"] == to
    assert str(mail["Subject"]).startswith(opening)
    assert [row.recipient for row in press.house.rows(MailRow)] == [to]


def test_everybody_in_finance_is_asked(press: Press) -> None:
    """One of them is on holiday."""
    fay = {"id": "fay", "name": "Fay", "email": "fay@nord.example", "titles": ["finance"]}
    press.house.register(RegisterKind.PERSON, "fay", fay)

    press.notify(Notice.DUNNING_DECISION)

    assert press.recipients() == ["fay@nord.example", FINN]


def test_a_renewal_names_its_last_notice_day(press: Press) -> None:
    """60 days before the term ends on 31 December 2026."""
    press.notify(Notice.RENEWAL_ALARM)
    press.notify(Notice.RENEWAL_REMINDER, quote_version=2)
    CASES["renewal quote"].publish(press)

    bodies = [mail.get_body(("plain",)) for mail in press.mails()]
    assert ["Nov 2, 2026" in body.get_content() for body in bodies if body] == [True] * 3
