"""Mail carriers: a Maildir on disk, and SMTP.

The Maildir delivers exactly once, because the file's name is made of the mail's key. SMTP delivers
at least once: a crash after the server took the mail sends it again, with the same Message-ID.
"""

import hashlib
import os
import re
import secrets
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from activities.mail import Mailer, OutgoingMail

_SMTP_SECONDS = 20


def open_mailer(url: str) -> Mailer:
    """Open the carrier a setting names: `maildir:///folder` or `smtp://user:password@host:port`.

    `smtp+starttls://` asks the server for encryption, and for a certificate that this machine
    trusts, before anything is said.
    """
    address = urlsplit(url)
    if address.scheme == "maildir":
        return MaildirMailer(Path(unquote(url.removeprefix("maildir://"))))
    return SmtpMailer(
        host=address.hostname or "localhost",
        port=address.port or 25,
        user=unquote(address.username or ""),
        password=unquote(address.password or ""),
        starttls=address.scheme.endswith("starttls"),
    )


def message_of(mail: OutgoingMail) -> EmailMessage:
    """Return a mail as RFC 5322 bytes would have it; the same mail gives the same message."""
    digest = hashlib.sha256(mail.key.encode()).hexdigest()
    message = EmailMessage()
    message["From"] = mail.sender
    message["To"] = mail.recipient
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.sent_at)
    message["Message-ID"] = f"<{digest[:32]}@{mail.sender.rpartition('@')[2] or 'q2c'}>"
    # Long lines stay whole, so that a command can be copied from the raw file.
    message.set_content(mail.text, cte="8bit")
    for attachment in mail.attachments:
        kind, _, subtype = attachment.media_type.partition("/")
        message.add_attachment(
            attachment.content, maintype=kind, subtype=subtype, filename=attachment.filename
        )
    if message.is_multipart():
        message.set_boundary(f"q2c-{digest[:32]}")
    return message


class MaildirMailer:
    """Delivers into a Maildir that any mail program can open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def send(self, mail: OutgoingMail) -> None:
        """Deliver a mail exactly once: a key that is there, read or unread, is left alone."""
        name = file_name(mail.key)
        if self._is_there(name):
            return
        # A name of its own: a draft shared with another thread, or left by a crash as a second name
        # of a delivered mail, would be written over.
        draft = self._folder / "tmp" / f"{name}.{secrets.token_hex(6)}"
        with draft.open("wb") as file:
            file.write(bytes(message_of(mail)))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self._folder / "new" / name)
            _sync_folder(self._folder / "new")
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)

    def _is_there(self, name: str) -> bool:
        # Readers add flags after `:`, sizes after `,`, or nothing at all.
        read = (self._folder / "cur").glob(f"{name}*")
        return (self._folder / "new" / name).exists() or any(read)


def _sync_folder(folder: Path) -> None:
    """Have the folder's new entry survive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def file_name(key: str) -> str:
    """Return the file name of a mail: readable, and unique to its key."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", key)[:80]
    return f"{readable}.{hashlib.sha256(key.encode()).hexdigest()[:16]}.q2c"


class SmtpMailer:
    """Delivers through an SMTP server, at least once."""

    def __init__(
        self, host: str, port: int, *, user: str = "", password: str = "", starttls: bool = False
    ) -> None:
        self._host, self._port = host, port
        self._user, self._password = user, password
        self._starttls = starttls

    def send(self, mail: OutgoingMail) -> None:
        """Hand a mail to the server; it carries the same Message-ID every time."""
        with smtplib.SMTP(self._host, self._port, timeout=_SMTP_SECONDS) as server:
            if self._starttls:
                server.starttls(context=ssl.create_default_context())
            if self._user:
                server.login(self._user, self._password)
            server.send_message(message_of(mail))
