"""Reading the mails of a house as their recipients do: what is asked, and how to answer.

Every mail that asks for a decision holds the whole `temporal` command that gives it, token and all.
The demo sends exactly what stands there.
"""

import json
import shlex
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from models.value import Value

_COMMAND = "temporal workflow signal "
_SCHEME = "maildir://"
_PARTS = ("new", "cur")


class Request(Value):
    """A decision that a mail asks for: the signal that gives it, and its whole input."""

    workflow_id: str
    signal: str
    content: dict[str, Any]

    @property
    def person(self) -> str:
        """Who is asked."""
        return str(self.content.get("person", ""))


class Mailbox:
    """A Maildir."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def requests(self, deal: str) -> tuple[Request, ...]:
        """Return every decision that the mails of a deal ask for, in no particular order."""
        return tuple(
            request
            for file in self._files(deal)
            for request in _requests_in(file)
            if request.workflow_id == f"deal-{deal}"
        )

    def count(self, deal: str) -> int:
        """Return how many mails tell of a deal, its receipts included."""
        return sum(1 for part in _PARTS for _ in (self.folder / part).glob(f"*{deal}[_-]*"))

    def _files(self, deal: str) -> list[Path]:
        found = [file for part in _PARTS for file in (self.folder / part).glob(f"{deal}_*")]
        return sorted(found, key=lambda file: file.name)


def mailbox_of(mail_url: str) -> Mailbox | None:
    """Return the Maildir that a setting names, or None if mails leave this machine."""
    if not mail_url.startswith(_SCHEME):
        return None
    return Mailbox(Path(unquote(mail_url.removeprefix(_SCHEME))))


def _requests_in(file: Path) -> Iterator[Request]:
    body = message_from_bytes(file.read_bytes(), policy=default).get_body(("plain",))
    text: str = body.get_content() if body is not None else ""
    for line in text.splitlines():
        if line.strip().startswith(_COMMAND):
            yield _request_in(line.strip())


def _request_in(line: str) -> Request:
    words = shlex.split(line)
    options = dict(zip(words[3::2], words[4::2], strict=False))
    return Request(
        workflow_id=options.get("--workflow-id", ""),
        signal=options.get("--name", ""),
        content=json.loads(options.get("--input", "{}")),
    )
