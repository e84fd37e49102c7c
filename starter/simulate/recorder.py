"""The documents queue of a simulation: it notes what would be drawn and mailed, and sends nothing.

What is noted as drawn is put on record as a document of no bytes, so that no invoice is published
twice.
"""

from datetime import date

from sqlmodel import Session, select
from temporalio import activity

from activities.mail import OutgoingMail
from activities.ports import Books
from activities.signatures import NOTIFY, PUBLISH_DOCUMENT, PUBLISH_RECEIPT
from models.documents import Document, DocumentKind
from models.steps import DocumentPublished, Notify, PublishDocument, PublishReceipt, Recorded
from models.tables import DocumentRow, PaymentRow
from models.value import Value
from starter.simulate.trouble import SimulationError

_NOTHING = "0" * 64


class NotedMail(Value):
    """A notice that would have been mailed."""

    on: date
    notice: str
    reference: str
    text: str


class Recorder:
    """Serves the activities of the documents queue."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.mails: list[NotedMail] = []

    @activity.defn(name=PUBLISH_DOCUMENT.name)
    def publish_document(self, step: PublishDocument) -> DocumentPublished:
        """Note a document as published; again changes nothing."""
        return self._note(step.deal, step.kind, step.number, step.on)

    @activity.defn(name=PUBLISH_RECEIPT.name)
    def publish_receipt(self, step: PublishReceipt) -> DocumentPublished:
        """Note a receipt as published; again changes nothing."""
        day = self._books.read(
            lambda session: session.get_one(PaymentRow, step.payment).received_on
        )
        return self._note("", DocumentKind.RECEIPT, f"R-{step.payment}", day)

    @activity.defn(name=NOTIFY.name)
    def notify(self, step: Notify) -> Recorded:
        """Note a notice; one that is sent again is noted once."""
        noted = NotedMail(
            on=step.on, notice=step.notice.value, reference=step.reference, text=step.text
        )
        if noted not in self.mails:
            self.mails.append(noted)
        return Recorded()

    def _note(self, deal: str, kind: DocumentKind, number: str, on: date) -> DocumentPublished:
        def note(session: Session) -> None:
            known = session.exec(
                select(DocumentRow.id).where(
                    DocumentRow.kind == kind.value, DocumentRow.number == number
                )
            ).first()
            if known is None:
                row = DocumentRow(
                    deal=deal,
                    kind=kind.value,
                    number=number,
                    sha256=_NOTHING,
                    filename=f"{number}.pdf",
                    size=0,
                    dated_on=on,
                )
                session.add(row)

        self._books.write(note)
        return DocumentPublished(number=number, sha256=_NOTHING)


class Nowhere:
    """A document store, a carrier of mails and a press that a simulation must never reach."""

    def put(self, content: bytes, suffix: str = "pdf") -> str:  # noqa: ARG002 - the port
        """Refuse to store."""
        raise SimulationError(f"A simulation tried to store {len(content)} bytes.")

    def get(self, sha256: str, suffix: str = "pdf") -> bytes:  # noqa: ARG002
        """Refuse to read."""
        raise SimulationError(f"A simulation tried to read document {sha256}.")

    def send(self, mail: OutgoingMail) -> None:
        """Refuse to send."""
        raise SimulationError(f"A simulation tried to mail {mail.recipient}.")

    def render(self, document: Document) -> bytes:
        """Refuse to draw."""
        raise SimulationError(f"A simulation tried to draw a {document.kind}.")
