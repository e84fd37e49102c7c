"""The network that comes with the house: an outbox folder that any access point can serve.

A document is written once under a name made of its key, so sending it again changes nothing. What
became of it is read from a file beside it, `<name>.answers.json`: a list of objects with `status`
(delivered, accepted, rejected, failed) and `reason`, the oldest first, which whoever carries the
outbox writes.
"""

import json
import os
import re
import secrets
from pathlib import Path
from urllib.parse import unquote

from pydantic import TypeAdapter, ValidationError

from activities.network import Network, OutgoingEInvoice
from models.errors import Q2CError
from models.transmission import NetworkAnswer

SCHEME = "outbox"
_ANSWERS = TypeAdapter(tuple[NetworkAnswer, ...])


class UnreadableAnswerError(Q2CError):
    """The file with the answers says something else than answers; it may be corrected."""

    code = "unreadable_answer"


def open_network(url: str) -> Network:
    """Open the network a setting names: `outbox:///folder`."""
    return Outbox(Path(unquote(url.removeprefix(f"{SCHEME}://"))))


class Outbox:
    """Keeps documents in a folder for somebody to carry away."""

    is_local = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, document: OutgoingEInvoice) -> str:
        """Write a document exactly once, with where it goes; its name is the reference."""
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", document.key)
        self._folder.mkdir(parents=True, exist_ok=True)
        envelope = {
            "from": document.sender.model_dump(),
            "to": document.recipient.model_dump(),
            "format": document.format.value,
            "file": f"{name}.xml",
        }
        self._put(f"{name}.xml", document.content)
        # The envelope comes last: who finds it finds the document.
        self._put(f"{name}.json", json.dumps(envelope, indent=1, sort_keys=True).encode())
        return name

    def answers(self, reference: str) -> tuple[NetworkAnswer, ...]:
        """Return the answers beside a document; none as long as nobody wrote any.

        Raises `UnreadableAnswerError` for a file that holds no answers.
        """
        file = self._folder / f"{reference}.answers.json"
        if not file.exists():
            return ()
        try:
            return _ANSWERS.validate_json(file.read_bytes())
        except ValidationError as error:
            raise UnreadableAnswerError(f"{file} cannot be read: {error}") from error

    def _put(self, name: str, content: bytes) -> None:
        if (self._folder / name).exists():
            return
        draft = self._folder / f".{name}.{secrets.token_hex(6)}"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self._folder / name)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
