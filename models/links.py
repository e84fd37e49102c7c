"""Links: the addresses by which somebody without an account reaches one page, for a while.

A link carries what it is for and an HMAC (RFC 2104) of it that only the house can make, so nothing
has to be stored to check it, and a mail sent again carries the same one. To end links before their
time, they are counted: a revocation starts a new generation, and older ones no longer open.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from pydantic import AwareDatetime

from models.decisions import DIGEST_BYTES
from models.errors import InvalidInputError, Problem
from models.value import Value

LONGEST_LINK = 1000
"""A token longer than this was not made here."""

_KIND = b"q2c-link-1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LinkPurpose(StrEnum):
    """What a link opens."""

    QUOTE = "quote"


class Link(Value):
    """What a link says: which deal it opens, for whom, what for, and until when.

    `expires_at` is a whole second, the first one at which it no longer opens. `generation` counts
    the revocations before it was made.
    """

    deal: str
    person: str
    purpose: LinkPurpose
    expires_at: AwareDatetime
    generation: int = 0


def link_token(secret: bytes, link: Link) -> str:
    """Return the URL-safe text that stands for a link; equal links give equal texts.

    Raises `InvalidInputError` for an empty secret, with which anybody could make links.
    """
    if not secret:
        problem = Problem(field="secret", reason="is empty", remedy="set a secret for links")
        raise InvalidInputError([problem])
    seconds = (link.expires_at - _EPOCH) // timedelta(seconds=1)
    said = [link.purpose.value, link.deal, link.person, seconds, link.generation]
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return f"{_text(body)}.{_text(_digest(secret, body))}"


def read_link(secret: bytes, token: str) -> Link | None:
    """Return what a link says, or None for one that was not made with this secret.

    The time taken tells nothing about how close a forgery came.
    """
    body_text, _, digest_text = token.partition(".")
    if not secret or len(token) > LONGEST_LINK:
        return None
    try:
        body, digest = _bytes(body_text), _bytes(digest_text)
    except ValueError:
        return None
    if not hmac.compare_digest(digest, _digest(secret, body)):
        return None
    purpose, deal, person, seconds, generation = json.loads(body)
    return Link(
        deal=deal,
        person=person,
        purpose=LinkPurpose(purpose),
        expires_at=_EPOCH + timedelta(seconds=seconds),
        generation=generation,
    )


def is_expired(link: Link, now: datetime) -> bool:
    """Whether a link no longer opens at a moment."""
    return now >= link.expires_at


def _digest(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, _KIND + b"\0" + body, sha256).digest()[:DIGEST_BYTES]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    """Return the bytes a text stands for; only the text they would be written as is read.

    Raises `ValueError` for any other text.
    """
    raw: Any = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError("not the text of these bytes")
    return bytes(raw)
