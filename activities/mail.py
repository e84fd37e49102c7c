"""What a mail is, whoever carries it."""

from typing import Protocol

from pydantic import AwareDatetime

from models.value import Value


class Attachment(Value):
    """A file that goes with a mail."""

    filename: str
    content: bytes
    media_type: str = "application/pdf"


class OutgoingMail(Value):
    """A mail to one recipient. `key` is its identity: the same key is the same mail."""

    key: str
    sender: str
    recipient: str
    subject: str
    text: str
    sent_at: AwareDatetime
    attachments: tuple[Attachment, ...] = ()


class Mailer(Protocol):
    """Carries mails."""

    def send(self, mail: OutgoingMail) -> None:
        """Hand a mail over; how often the same key arrives is the carrier's promise."""
