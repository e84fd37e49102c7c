"""Mail carriers: a Maildir that delivers exactly once, and SMTP against a real server."""

import email
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage, Message
from mailbox import Maildir, MaildirMessage
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import AuthResult, LoginPassword

from activities.adapters.mail import (
    MaildirMailer,
    SmtpMailer,
    file_name,
    message_of,
    open_mailer,
)
from activities.mail import Attachment, OutgoingMail

COMMAND = f"temporal workflow signal --input '{'x' * 300}'"
MAIL = OutgoingMail(
    key="1001:quote:Q-1001-1:ben@buyer.example",
    sender="billing@nord.example",
    recipient="ben@buyer.example",
    subject="Your quote Q-1001-1 from Nord Handel GmbH",
    text=f"Please find it attached.\n\n  {COMMAND}\n",
    sent_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
)
WITH_PDF = MAIL.model_copy(
    update={"attachments": (Attachment(filename="quote.pdf", content=b"%PDF \x00\xff"),)}
)
MESSAGE_ID = "<1ad4b46aec579cea31e747f3b2a88b1c@nord.example>"


def read(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


# The message


def test_the_same_mail_gives_the_same_bytes() -> None:
    """Nothing of it is random, not even the boundary between text and attachment."""
    assert bytes(message_of(WITH_PDF)) == bytes(message_of(WITH_PDF))


def test_the_same_mail_gives_the_same_bytes_in_another_process() -> None:
    """The retry after a crash runs in a new one, with another hash seed."""
    program = (
        "import sys; from activities.mail import OutgoingMail;"
        "from activities.adapters.mail import message_of;"
        "mail = OutgoingMail.model_validate_json(sys.argv[1]);"
        "sys.stdout.buffer.write(bytes(message_of(mail)))"
    )
    command = [sys.executable, "-c", program, MAIL.model_dump_json()]

    there = subprocess.run(command, check=True, capture_output=True).stdout

    assert there == bytes(message_of(MAIL))


def test_a_mail_says_from_whom_to_whom_and_when() -> None:
    """RFC 5322, 3.6; the date is business time, so that a repetition carries the same."""
    message = message_of(MAIL)

    assert message["From"] == "billing@nord.example"
    assert message["To"] == "ben@buyer.example"
    assert message["Subject"] == "Your quote Q-1001-1 from Nord Handel GmbH"
    assert message["Date"] == "Thu, 01 Jan 2026 12:00:00 +0000"


def test_the_message_id_is_made_of_the_key_alone() -> None:
    """A server that got the mail twice can tell; another mail is another id."""
    again = MAIL.model_copy(update={"text": "other", "sent_at": datetime(2027, 1, 1, tzinfo=UTC)})
    other = MAIL.model_copy(update={"key": f"{MAIL.key}x"})

    first = message_of(MAIL)["Message-ID"]

    assert first == MESSAGE_ID
    assert message_of(again)["Message-ID"] == first
    assert message_of(other)["Message-ID"] != first


def test_a_long_command_can_be_copied_from_the_raw_file() -> None:
    """Quoted-printable would break it into lines."""
    assert COMMAND.encode() in bytes(message_of(WITH_PDF))


def test_an_attachment_comes_out_as_it_went_in() -> None:
    """Its hash is what people sign."""
    message = read(bytes(message_of(WITH_PDF)))

    (attached,) = message.iter_attachments()
    assert isinstance(attached, EmailMessage)
    assert attached.get_filename() == "quote.pdf"
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content() == b"%PDF \x00\xff"


def test_text_of_every_script_survives() -> None:
    """Customers are called Müller, Łukasz and 株式会社."""
    mail = WITH_PDF.model_copy(
        update={"subject": "Reminder: Müller & Łukasz, 10 €", "text": "Grüße an 株式会社, 10 €\n"}
    )

    message = read(bytes(message_of(mail)))

    assert message["Subject"] == "Reminder: Müller & Łukasz, 10 €"
    assert text_of(message) == "Grüße an 株式会社, 10 €\n"


def test_a_subject_never_becomes_a_header() -> None:
    """A customer's name with a line break must not add a recipient."""
    mail = MAIL.model_copy(update={"subject": "Quote for X\r\nBcc: all@evil.example"})

    message = read(bytes(message_of(mail)))

    assert message["Bcc"] is None
    assert message["Subject"] == "Quote for X Bcc: all@evil.example"


# The Maildir


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The place of a Maildir."""
    return tmp_path / "mail"


def delivered(folder: Path) -> list[bytes]:
    return [path.read_bytes() for place in ("new", "cur") for path in (folder / place).iterdir()]


def test_a_mail_arrives_in_new_and_leaves_no_draft(folder: Path) -> None:
    """Any mail program reads it there."""
    MaildirMailer(folder).send(MAIL)

    assert delivered(folder) == [bytes(message_of(MAIL))]
    assert list((folder / "tmp").iterdir()) == []
    assert [text_of(read(bytes(found))) for found in Maildir(folder)] == [MAIL.text]


def test_the_same_key_is_delivered_once(folder: Path) -> None:
    """Also by another worker, and whatever the second one would say."""
    MaildirMailer(folder).send(MAIL)

    MaildirMailer(folder).send(MAIL.model_copy(update={"text": "other words"}))

    assert delivered(folder) == [bytes(message_of(MAIL))]


def test_other_keys_are_other_mails(folder: Path) -> None:
    """Even where their readable part is cut off at the same place, or looks the same."""
    mailer = MaildirMailer(folder)
    for key in ("a" * 90, "a" * 91, "b/c", "b_c", "b c"):
        mailer.send(MAIL.model_copy(update={"key": key}))

    assert len(delivered(folder)) == 5


@pytest.mark.parametrize("ending", [":2,S", ":2,", ":2,FRS", "", ",S=512:2,S"])
def test_a_mail_that_was_read_is_not_delivered_again(folder: Path, ending: str) -> None:
    """Mail programs move what they have seen to `cur` and put flags after the name."""
    mailer = MaildirMailer(folder)
    mailer.send(MAIL)
    name = file_name(MAIL.key)
    (folder / "new" / name).rename(folder / "cur" / f"{name}{ending}")

    mailer.send(MAIL)

    assert delivered(folder) == [bytes(message_of(MAIL))]
    assert list((folder / "new").iterdir()) == []


def test_a_mail_moved_by_a_mail_program_is_not_delivered_again(folder: Path) -> None:
    """The standard library moves without a flag, too."""
    mailer = MaildirMailer(folder)
    mailer.send(MAIL)
    box = Maildir(folder)
    (key,) = box.keys()
    message = MaildirMessage(box[key])
    message.set_subdir("cur")
    box[key] = message

    mailer.send(MAIL)

    assert len(delivered(folder)) == 1
    assert list((folder / "new").iterdir()) == []


def test_a_draft_left_by_a_crash_is_in_nobodys_way(folder: Path) -> None:
    """A half-written draft of a dead process, even one with our process id."""
    mailer = MaildirMailer(folder)
    draft = folder / "tmp" / f"{file_name(MAIL.key)}.{os.getpid()}"
    draft.write_bytes(b"From: bil")

    mailer.send(MAIL)

    assert delivered(folder) == [bytes(message_of(MAIL))]


def test_a_crash_after_delivery_leaves_the_delivered_mail_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft is then a second name of the mail; filed elsewhere, that must not change."""
    mailer = MaildirMailer(folder)
    with monkeypatch.context() as crashing:
        crashing.setattr(Path, "unlink", lambda *_, **__: None)
        mailer.send(MAIL)
    archive = folder.parent / "archived"
    (folder / "new" / file_name(MAIL.key)).rename(archive)

    mailer.send(MAIL.model_copy(update={"text": "other words"}))

    assert archive.read_bytes() == bytes(message_of(MAIL))


def test_a_full_disk_delivers_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure is raised, so that it is tried again; half a mail never arrives."""

    def full(_: int) -> None:
        raise OSError("No space left")

    mailer = MaildirMailer(folder)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            mailer.send(MAIL)
    assert delivered(folder) == []

    mailer.send(MAIL)

    assert delivered(folder) == [bytes(message_of(MAIL))]


def test_whoever_comes_second_in_a_race_delivers_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread delivers the same key between our draft and our link."""
    mailer, link = MaildirMailer(folder), os.link

    def overtaken(draft: Path, place: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        mailer.send(MAIL)
        link(draft, place)

    monkeypatch.setattr(os, "link", overtaken)

    mailer.send(MAIL.model_copy(update={"text": "other words"}))

    assert delivered(folder) == [bytes(message_of(MAIL))]
    assert list((folder / "tmp").iterdir()) == []


def test_threads_with_the_same_mail_deliver_it_once(folder: Path) -> None:
    """Retries may run while the first attempt is still alive."""
    mailer, both = MaildirMailer(folder), Barrier(2)

    def send(number: int) -> None:
        mail = MAIL.model_copy(update={"key": f"mail {number}"})
        both.wait(timeout=10)
        mailer.send(mail)

    with ThreadPoolExecutor(2) as pool:
        for number in range(30):
            list(pool.map(send, (number, number)))

    ids = {read(content)["Message-ID"] for content in delivered(folder)}
    assert (len(delivered(folder)), len(ids)) == (30, 30)
    assert list((folder / "tmp").iterdir()) == []


def test_a_setting_names_the_carrier(tmp_path: Path) -> None:
    """A folder with spaces is written as in every URL."""
    open_mailer(f"maildir://{tmp_path}/my%20mail").send(MAIL)

    assert delivered(tmp_path / "my mail") == [bytes(message_of(MAIL))]


# SMTP


class Inbox(MessageHandler):
    """What a server received, with the bytes as they came."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[EmailMessage] = []

    def prepare_message(self, session: Any, envelope: Any) -> Any:  # noqa: ARG002 - its interface
        """Keep the message as it came over the wire."""
        self.received.append(read(envelope.content))
        return Message()

    def handle_message(self, message: Message) -> None:
        """Nothing more to do."""


def is_ours(*arguments: Any) -> AuthResult:
    """Let in user `q2c` with a password that needs escaping in an address."""
    asked = arguments[-1]
    known = LoginPassword(b"q2c", b"p@ss:w/rd")
    return AuthResult(success=asked == known, handled=False)


in_clear = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@contextmanager
def serving(inbox: object, **settings: Any) -> Iterator[int]:
    """Run an SMTP server and give its port."""
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **settings)
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def inbox() -> Inbox:
    """What the server of a test received."""
    return Inbox()


@pytest.fixture
def door(inbox: Inbox) -> Iterator[Callable[[str], str]]:
    """Addresses of a server that asks for a password, as a setting would write them."""
    guarded = {"authenticator": is_ours, "auth_require_tls": False, "auth_required": True}
    with serving(inbox, **guarded) as port:
        yield lambda login: f"smtp://{login}127.0.0.1:{port}"


def test_a_mail_arrives_with_all_its_parts(inbox: Inbox) -> None:
    """Through a real server on a real socket."""
    mail = WITH_PDF.model_copy(update={"text": f"Grüße, 10 €\n.\n{COMMAND}\n"})
    with serving(inbox) as port:
        open_mailer(f"smtp://127.0.0.1:{port}").send(mail)

    (message,) = inbox.received
    assert message["To"] == "ben@buyer.example"
    assert message["Message-ID"] == MESSAGE_ID
    assert text_of(message).replace("\r\n", "\n") == mail.text
    assert [part.get_content() for part in message.iter_attachments()] == [b"%PDF \x00\xff"]


def test_sending_again_carries_the_same_message_id(inbox: Inbox) -> None:
    """SMTP delivers at least once; the id lets the mail program show it once."""
    with serving(inbox) as port:
        for _ in range(2):
            SmtpMailer("127.0.0.1", port).send(MAIL)

    assert [message["Message-ID"] for message in inbox.received] == [MESSAGE_ID] * 2


@in_clear
def test_a_password_lets_us_in(inbox: Inbox, door: Callable[[str], str]) -> None:
    """Signs that mean something in an address are written with %."""
    open_mailer(door("q2c:p%40ss%3Aw%2Frd@")).send(MAIL)

    assert len(inbox.received) == 1


@in_clear
def test_a_wrong_password_is_an_error(inbox: Inbox, door: Callable[[str], str]) -> None:
    """The mail waits and the deal says why."""
    with pytest.raises(smtplib.SMTPAuthenticationError):
        open_mailer(door("q2c:wrong@")).send(MAIL)

    assert inbox.received == []


@in_clear
def test_a_missing_password_is_an_error(inbox: Inbox, door: Callable[[str], str]) -> None:
    """The server takes nothing from strangers."""
    with pytest.raises(smtplib.SMTPException):
        open_mailer(door("")).send(MAIL)

    assert inbox.received == []


def test_a_refused_connection_is_an_error() -> None:
    """Nobody listens: a mail must never count as sent."""
    with pytest.raises(ConnectionRefusedError):
        SmtpMailer("127.0.0.1", free_port()).send(MAIL)


def test_a_refused_recipient_is_an_error() -> None:
    """The server knows nobody of that name."""

    class Unknown(Inbox):
        """Knows nobody."""

        async def handle_RCPT(self, *_: object) -> str:  # noqa: N802 - its interface
            """Refuse every recipient."""
            return "550 no such user"

    with serving(Unknown()) as port, pytest.raises(smtplib.SMTPRecipientsRefused):
        SmtpMailer("127.0.0.1", port).send(MAIL)


def test_no_mail_leaves_in_clear_where_encryption_is_asked_for(inbox: Inbox) -> None:
    """A server without STARTTLS gets neither password nor mail."""
    with serving(inbox) as port:
        mailer = open_mailer(f"smtp+starttls://q2c:secret@127.0.0.1:{port}")
        with pytest.raises(smtplib.SMTPNotSupportedError):
            mailer.send(MAIL)

    assert inbox.received == []


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for this machine that nobody vouches for, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: nothing to make a certificate with")
    paper, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2"
    san = ("-addext", "subjectAltName=IP:127.0.0.1")
    command = [*words.split(), *san, "-keyout", str(key), "-out", str(paper)]
    subprocess.run(command, check=True, capture_output=True)
    return paper, key


@contextmanager
def encrypting(inbox: Inbox, certificate: tuple[Path, Path]) -> Iterator[str]:
    """Run a server that offers STARTTLS and give its address with user and password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving(inbox, tls_context=context, authenticator=is_ours, auth_required=True) as port:
        yield f"smtp+starttls://q2c:p%40ss%3Aw%2Frd@127.0.0.1:{port}"


def test_a_mail_travels_encrypted_to_a_server_we_trust(
    inbox: Inbox, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Password and mail follow the handshake; a house's own authority is named as for any tool."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

    with encrypting(inbox, certificate) as address:
        open_mailer(address).send(MAIL)

    assert [message["Message-ID"] for message in inbox.received] == [MESSAGE_ID]


def test_a_server_that_nobody_vouches_for_gets_nothing(
    inbox: Inbox, certificate: tuple[Path, Path]
) -> None:
    """Encryption to an impostor protects neither the password nor the tokens in the mail."""
    with encrypting(inbox, certificate) as address:
        mailer = open_mailer(address)
        with pytest.raises(ssl.SSLCertVerificationError):
            mailer.send(MAIL)

    assert inbox.received == []
