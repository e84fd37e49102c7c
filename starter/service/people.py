"""Who is asking: bearer tokens, the people behind them, and what their roles allow."""

import hashlib
from collections.abc import Sequence

from sqlmodel import Session

from models.decisions import Channel
from models.parties import Person, Role
from models.tables import TokenRow
from models.value import Value
from starter.service.errors import UnauthenticatedError, role_needed
from starter.service.register import person_of


class Caller(Value):
    """An authenticated person and the door they came through."""

    person: Person
    channel: Channel = Channel.API

    @property
    def id(self) -> str:
        """The person's id, which every record of what they do names."""
        return self.person.id


def hash_of(token: str) -> str:
    """Return what is stored of a bearer token: its SHA-256 (hex)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def authenticate(session: Session, token: str) -> Person:
    """Return the person a bearer token speaks for.

    Raises `UnauthenticatedError` for no token, an unknown or a revoked one, and for a person who is
    no longer in the register.
    """
    if not token:
        raise UnauthenticatedError("Send your token: `Authorization: Bearer <token>`.")
    row = session.get(TokenRow, hash_of(token))
    if row is None or row.revoked_at is not None:
        raise UnauthenticatedError("The token is not known or was revoked; ask for a new one.")
    person = person_of(session, row.person)
    if person is None:
        raise UnauthenticatedError(f"The token's person {row.person} is not in the register.")
    return person


def require(caller: Caller, roles: Sequence[Role], action: str) -> None:
    """Pass if the caller has one of the roles, else raise `NotPermittedError`."""
    if not set(roles) & set(caller.person.roles):
        raise role_needed(roles, action)
