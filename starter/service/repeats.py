"""Idempotency keys: a change that is sent again under its key gets its first answer again.

A key is claimed before the change and closed with its answer afterwards, each in a transaction of
its own. Whoever dies in between leaves a claim without an answer; then the repetition does the
change again, and the change's own business key (a reference, a deal number) makes that harmless.
"""

import hashlib
import json
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, select

from models.errors import ConflictError, InvalidInputError, Problem
from models.tables import RequestRow
from models.value import Value

LONGEST_KEY = 80


class Asked(NamedTuple):
    """A request under a key: who sent it to which route, and what stands for its content."""

    person: str
    route: str
    key: str
    request_hash: str


class Kept(Value):
    """The first answer to a request: HTTP status, body as JSON, and the Location if any."""

    status: int
    answer: str
    location: str = ""


def require_usable(key: str) -> None:
    """Pass if a key can be kept; raises `InvalidInputError`."""
    if len(key) > LONGEST_KEY or not key.isprintable():
        reason = f"is longer than {LONGEST_KEY} characters or not printable"
        problem = Problem(field="Idempotency-Key", reason=reason, remedy="use a UUID")
        raise InvalidInputError([problem])


def used_for_another(key: str) -> ConflictError:
    """Return the refusal of a key that came with another request before."""
    return ConflictError(f"The Idempotency-Key {key} was used for another request; use a new one.")


def request_hash(address: str, body: bytes) -> str:
    """Return the SHA-256 (hex) of what is asked, whatever the order of a body's fields."""
    try:
        parsed = json.loads(body, parse_float=str) if body.strip() else None
        text = json.dumps(parsed, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        text = body
    return hashlib.sha256(address.encode() + b"\n" + text).hexdigest()


def claim(session: Session, asked: Asked, now: datetime) -> Kept | None:
    """Return the first answer to the request, or None if it has to be carried out.

    Raises `ConflictError` if the key stands for another request.
    """
    row = _row(session, asked)
    if row is None:
        session.add(RequestRow(**asked._asdict(), created_at=now))
        return None
    if row.request_hash != asked.request_hash:
        raise used_for_another(asked.key)
    if row.status:
        return Kept(status=row.status, answer=row.answer, location=row.location)
    row.under_way += 1
    session.add(row)
    return None


def keep(session: Session, asked: Asked, answer: Kept) -> Kept:
    """Put the answer on record and return it, or the one that was there before."""
    row = _row(session, asked)
    if row is None or row.request_hash != asked.request_hash:
        return answer
    if row.status:
        return Kept(status=row.status, answer=row.answer, location=row.location)
    row.status, row.answer, row.location = answer.status, answer.answer, answer.location
    session.add(row)
    return answer


def let_go(session: Session, asked: Asked) -> None:
    """Free the key of a request that was refused, unless the same request is also under way."""
    row = _row(session, asked)
    if row is None or row.status or row.request_hash != asked.request_hash:
        return
    if row.under_way <= 1:
        session.delete(row)
    else:
        row.under_way -= 1
        session.add(row)


def _row(session: Session, asked: Asked) -> RequestRow | None:
    statement = select(RequestRow).where(
        RequestRow.person == asked.person,
        RequestRow.route == asked.route,
        RequestRow.key == asked.key,
    )
    return session.exec(statement.with_for_update()).first()
