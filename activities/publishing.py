"""Publish: draw a document, store it under its hash, and mail it to whom it concerns.

Every part is safe to repeat: equal content gives equal bytes, the first stored document wins, and a
mail goes out under a key of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlmodel import Session, select
from temporalio import activity

from activities.assembly import assemble, assemble_receipt, assemble_statement
from activities.case_letters import case_mails
from activities.einvoices import EInvoiceWriter, Issued, issued, writes_none
from activities.mail import Attachment, Mailer, OutgoingMail
from activities.mailing import letters_of, noon, notices_of, receipt_letter, statement_letter
from activities.network import Network, NoNetwork
from activities.ports import Office, Store
from activities.signatures import (
    NOTIFY,
    NOTIFY_CASE,
    PUBLISH_DOCUMENT,
    PUBLISH_RECEIPT,
    SEND_STATEMENT,
)
from models.approval_cases import NotifyCase
from models.credit_steps import SendStatement, StatementSent
from models.documents import Document, DocumentKind, file_name, safe_name, suffix_of
from models.einvoice_rules import einvoice_problems
from models.einvoice_settings import EInvoiceFormat
from models.errors import InvalidInputError, ParkedError, Q2CError
from models.steps import (
    DealStep,
    DocumentPublished,
    Notify,
    PublishDocument,
    PublishReceipt,
    Recorded,
)
from models.tables import DocumentRow, MailRow, PaymentApplicationRow, PaymentRow


@dataclass(frozen=True)
class PublishingOffice:
    """What publishing works with besides the books."""

    office: Office
    store: Store
    mailer: Mailer
    render: Callable[[Document], bytes]
    write: EInvoiceWriter = writes_none
    network: Network = field(default_factory=NoNetwork)


class PublishingActivities:
    """Makes documents and sends mail."""

    def __init__(self, publishing: PublishingOffice) -> None:
        self._books = publishing.office.books
        self._rules = publishing.office.rules
        self._store = publishing.store
        self._mailer = publishing.mailer
        self._render = publishing.render
        self._write = publishing.write

    @activity.defn(name=PUBLISH_DOCUMENT.name, no_thread_cancel_exception=True)
    def publish_document(self, step: PublishDocument) -> DocumentPublished:
        """Draw, store and mail a document of a deal.

        Safe to retry: a stored document is not drawn again, a sent mail is not sent again.
        """
        stored = self._stored(step.kind, step.number)
        if stored is None:
            document = self._books.read(lambda session: assemble(session, step))
            stored = self._keep(document, step, step.number)
        structured = self._structured(step)
        if step.mail:
            rules = self._rules
            mails = self._books.read(
                lambda session: letters_of(session, step, rules.secret, rules.public_url)
            )
            attachments = [
                Attachment(filename=stored.filename, content=self._store.get(stored.sha256)),
                *structured,
            ]
            self._send(step.deal, [self._with(mail, attachments) for mail in mails])
        return DocumentPublished(
            number=step.number, sha256=stored.sha256, send=self._is_to_send(step)
        )

    @activity.defn(name=PUBLISH_RECEIPT.name, no_thread_cancel_exception=True)
    def publish_receipt(self, request: PublishReceipt) -> DocumentPublished:
        """Draw, store and mail the receipt of a payment.

        Safe to retry, like every document.
        """
        step = self._books.read(lambda session: _receipt_step(session, request.payment))
        stored = self._stored(DocumentKind.RECEIPT, step.number)
        receipt = self._books.read(lambda session: assemble_receipt(session, request.payment))
        if stored is None:
            stored = self._keep(receipt, step, step.number)
        attachment = Attachment(filename=stored.filename, content=self._store.get(stored.sha256))
        self._send(step.deal, [self._with(receipt_letter(receipt, step), [attachment])])
        return DocumentPublished(number=step.number, sha256=stored.sha256)

    @activity.defn(name=SEND_STATEMENT.name, no_thread_cancel_exception=True)
    def send_statement(self, request: SendStatement) -> StatementSent:
        """Draw, store and mail a customer's statement of account, or say why there is none.

        Safe to retry: equal content is one document, and one mail for each request.
        """
        try:
            document = self._books.read(lambda session: assemble_statement(session, request))
        except Q2CError as error:
            problems = error.problems if isinstance(error, InvalidInputError) else ()
            return StatementSent(refused_because=str(error), problems=problems)
        step = DealStep(deal=request.deal, at=request.at, on=request.until)
        stored = self._stored(DocumentKind.STATEMENT, document.number)
        if stored is None:
            stored = self._keep(document, step, document.number)
        attachment = Attachment(filename=stored.filename, content=self._store.get(stored.sha256))
        mail = statement_letter(document, request)
        self._send(request.deal, [self._with(mail, [attachment])])
        return StatementSent(number=document.number, sha256=stored.sha256)

    @activity.defn(name=NOTIFY.name, no_thread_cancel_exception=True)
    def notify(self, step: Notify) -> Recorded:
        """Mail a notice to the people it concerns.

        Safe to retry: one mail per notice, reference and person.
        """
        mails, quote = self._books.read(
            lambda session: notices_of(session, step, self._rules.secret, self._rules.public_url)
        )
        attached: list[Attachment] = []
        kinds = (DocumentKind.QUOTE, DocumentKind.RENEWAL_QUOTE) if quote else ()
        stored = next((row for kind in kinds if (row := self._stored(kind, quote))), None)
        if stored is not None:
            content = self._store.get(stored.sha256)
            attached.append(Attachment(filename=stored.filename, content=content))
        self._send(step.deal, [self._with(mail, attached) for mail in mails])
        return Recorded()

    @activity.defn(name=NOTIFY_CASE.name, no_thread_cancel_exception=True)
    def notify_case(self, notice: NotifyCase) -> Recorded:
        """Mail a notice of a case to the people it concerns.

        Safe to retry: one mail per case, notice, step and person.
        """
        mails = self._books.read(lambda session: case_mails(session, notice, self._rules.secret))
        self._send("", mails)
        return Recorded()

    def _stored(self, kind: DocumentKind, number: str) -> DocumentRow | None:
        statement = select(DocumentRow).where(
            DocumentRow.kind == kind.value, DocumentRow.number == number
        )
        return self._books.read(lambda session: session.exec(statement).first())

    def _is_to_send(self, step: PublishDocument) -> bool:
        """Whether the buyer of a document of billing wants it over a network."""
        if step.kind not in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
            return False
        return self._books.read(lambda session: issued(session, step.number)).is_sent

    def _structured(self, step: PublishDocument) -> list[Attachment]:
        """Write and store a document of billing as UBL where its buyer asked for that.

        Raises `ParkedError` with what UBL needs and nobody wrote: addresses can still be recorded.
        """
        if step.kind not in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
            return []
        found = self._books.read(lambda session: issued(session, step.number))
        if found.wanted is not EInvoiceFormat.UBL:
            return []
        stored = self._stored(DocumentKind.UBL_INVOICE, step.number) or self._ubl(found, step)
        content = self._store.get(stored.sha256, suffix_of(DocumentKind.UBL_INVOICE))
        return [Attachment(filename=stored.filename, content=content, media_type="application/xml")]

    def _ubl(self, found: Issued, step: PublishDocument) -> DocumentRow:
        if problems := einvoice_problems(found.einvoice, EInvoiceFormat.UBL):
            listed = "; ".join(str(problem) for problem in problems)
            raise ParkedError(f"{step.number} cannot be written as UBL: {listed}")
        kind = DocumentKind.UBL_INVOICE
        content = self._write(found.einvoice, EInvoiceFormat.UBL)
        filename = f"{step.kind}-{safe_name(step.number)}.{suffix_of(kind)}"
        return self._put(content, step, kind, filename, step.number)

    def _keep(self, document: Document, step: DealStep, number: str) -> DocumentRow:
        """Draw and store a document, then put it on record unless another one was first."""
        content = self._render(document)
        return self._put(content, step, document.kind, file_name(document), number)

    def _put(
        self, content: bytes, step: DealStep, kind: DocumentKind, filename: str, number: str
    ) -> DocumentRow:
        row = DocumentRow(
            deal=step.deal,
            kind=kind.value,
            number=number,
            sha256=self._store.put(content, suffix_of(kind)),
            filename=filename,
            size=len(content),
            dated_on=step.on,
        )

        def record(session: Session) -> DocumentRow:
            found = session.exec(
                select(DocumentRow).where(
                    DocumentRow.kind == row.kind, DocumentRow.number == row.number
                )
            ).first()
            if found is not None:
                return found
            session.add(row)
            session.flush()
            return row

        return self._books.write(record)

    def _with(self, mail: OutgoingMail, attachments: Sequence[Attachment]) -> OutgoingMail:
        return mail.model_copy(update={"attachments": tuple(attachments)})

    def _send(self, deal: str, mails: Sequence[OutgoingMail]) -> None:
        keys = [mail.key for mail in mails]
        sent = self._books.read(
            lambda session: {key for key in keys if session.get(MailRow, key) is not None}
        )
        for mail in mails:
            if mail.key in sent:
                continue
            self._mailer.send(mail)
            # One by one: who has got theirs is not mailed again because another's address fails.
            self._books.write(partial(_record_mail, deal=deal, mail=mail))


def _record_mail(session: Session, deal: str, mail: OutgoingMail) -> None:
    if session.get(MailRow, mail.key) is None:
        session.add(
            MailRow(
                key=mail.key,
                deal=deal,
                recipient=mail.recipient,
                subject=mail.subject,
                sent_at=mail.sent_at,
            )
        )


def _receipt_step(session: Session, payment: str) -> PublishDocument:
    row = session.get_one(PaymentRow, payment)
    statement = select(PaymentApplicationRow.deal).where(PaymentApplicationRow.payment == payment)
    deal = session.exec(statement).first() or row.scope
    return PublishDocument(
        deal=deal,
        at=noon(row.received_on),
        on=row.received_on,
        kind=DocumentKind.RECEIPT,
        number=f"R-{row.number}",
    )
