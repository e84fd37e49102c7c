"""Decisions: what people decide about a deal, through which door, and how they prove it was them.

Whoever reaches the server can send a message in another's name, so every request for a decision
carries a token that only the house can make: an HMAC (RFC 2104) of deal, step, person and content.
The same request has the same token, so that a mail sent again carries the one sent before.
"""

import hmac
from base64 import urlsafe_b64encode
from enum import StrEnum
from hashlib import sha256

from models.errors import InvalidInputError, Problem

_PURPOSE = "q2c-decision-1"
DIGEST_BYTES = 24
"""192 bits of an HMAC-SHA256."""


class DecisionKind(StrEnum):
    """What is decided."""

    APPROVE = "approve"
    REJECT = "reject"
    ACCEPT = "accept"
    SIGN = "sign"
    DECLINE = "decline"
    RENEW = "renew"
    COUNTER = "counter"
    RECALL = "recall"
    RESUBMIT = "resubmit"
    OVERRIDE = "override"
    REVIEW = "review"


class Assurance(StrEnum):
    """Whether the person proved to be the one who was asked."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"


class Channel(StrEnum):
    """The door a message came through."""

    API = "api"
    CLI = "cli"
    MAIL = "mail"
    WEB = "web"
    TEMPORAL = "temporal"
    AS_COUNTERED = "as countered"


def decision_token(secret: bytes, deal: str, step: str, person: str, content_hash: str) -> str:
    """Return the 32 URL-safe characters that prove `person` was asked for this decision.

    192 bits of HMAC-SHA256 remain, more than the half of the digest that RFC 2104 section 5 asks
    for. Raises `InvalidInputError` for an empty secret, with which anybody could make tokens.
    """
    if not secret:
        problem = Problem(field="secret", reason="is empty", remedy="set a secret for decisions")
        raise InvalidInputError([problem])
    message = _encoded((_PURPOSE, deal, step, person, content_hash))
    digest = hmac.new(secret, message, sha256).digest()[:DIGEST_BYTES]
    return urlsafe_b64encode(digest).decode("ascii")


def token_matches(
    token: str, secret: bytes, deal: str, step: str, person: str, content_hash: str
) -> bool:
    """Whether `token` is the one for this decision; the time taken tells nothing about it."""
    expected = decision_token(secret, deal, step, person, content_hash)
    return hmac.compare_digest(_bytes(token), _bytes(expected))


def _encoded(parts: tuple[str, ...]) -> bytes:
    """Join the parts so that no other parts give the same bytes: each follows its own length."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in map(_bytes, parts))


def _bytes(text: str) -> bytes:
    """Encode any text, also halves of characters, which JSON can carry and UTF-8 refuses."""
    return text.encode("utf-8", "surrogatepass")
