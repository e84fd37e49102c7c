"""Bearer tokens: made for people of the register, shown once, revoked at once."""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime

from sqlmodel import Session, col, select

from models.errors import NotFoundError
from models.tables import TokenRow
from models.value import Value
from starter.service.people import hash_of
from starter.service.register import person_of


class TokenOf(Value):
    """Whose tokens are meant: the id of a person of the register."""

    person: str


class NewToken(Value):
    """A token in plain; only its hash is stored, so it is shown this once."""

    person: str
    token: str


class Revoked(Value):
    """How many tokens of a person stopped working."""

    person: str
    revoked: int


def token_for(secret: bytes, caller: str, key: str, person: str) -> str:
    """Return a token in plain: a new one, or the same again for the same idempotency key.

    What a key makes is as secret as the house's signing secret, and is not kept in plain.
    """
    if not key:
        return f"q2c_{secrets.token_urlsafe(32)}"
    asked = json.dumps(["bearer token", caller, key, person]).encode()
    made = hmac.new(secret, asked, hashlib.sha256).digest()
    return f"q2c_{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


def make_token(session: Session, person: str, token: str, now: datetime) -> NewToken:
    """Let a token speak for somebody of the register; raises `NotFoundError` for a stranger.

    One that is on record stays as it is, also if it was revoked since.
    """
    _require(session, person)
    if session.get(TokenRow, hash_of(token)) is None:
        session.add(TokenRow(token_hash=hash_of(token), person=person, created_at=now))
    return NewToken(person=person, token=token)


def revoke_tokens(session: Session, person: str, now: datetime) -> Revoked:
    """Revoke every token of somebody; doing it again revokes none. Raises `NotFoundError`."""
    _require(session, person)
    statement = select(TokenRow).where(
        TokenRow.person == person, col(TokenRow.revoked_at).is_(None)
    )
    rows = session.exec(statement).all()
    for row in rows:
        row.revoked_at = now
        session.add(row)
    return Revoked(person=person, revoked=len(rows))


def _require(session: Session, person: str) -> None:
    if person_of(session, person) is None:
        raise NotFoundError(f"There is no person {person} on record; add them first")
