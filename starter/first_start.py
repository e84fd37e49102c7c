"""The first start of an empty house: people who can act in it, each with a bearer token.

The tokens are stored in plain only in the data folder, readable by its owner; the books hold their
hashes. A register that knows anybody is left alone.
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml
from sqlmodel import Session, select

from activities.adapters.books import Books
from models.parties import Person, parse_person
from models.steps import RegisterKind
from models.tables import RegisterRow, TokenRow
from models.value import Value
from starter.service.people import hash_of
from starter.service.register import fingerprint
from workers.settings import Settings

TOKENS_NAME = "tokens.json"

_PEOPLE = Path(__file__).parent / "samples" / "people.yaml"
_ACTOR = "first start"


class FirstStart(Value):
    """What the first start did: whether it wrote anybody now, and where the tokens are."""

    is_first: bool
    tokens_file: Path
    people: tuple[str, ...]


def prepare(settings: Settings) -> FirstStart:
    """Write the sample people and their tokens into migrated books that know nobody.

    Doing it again changes nothing. The file is written before the books, so that after a crash in
    between the same tokens come into force.
    """
    file = settings.home / TOKENS_NAME
    books = Books(settings.books_url)
    try:
        if books.read(_knows_anybody):
            return FirstStart(is_first=False, tokens_file=file, people=tuple(_tokens_in(file)))
        people = sample_people()
        tokens = _tokens_for(people, file)
        is_first = books.write(lambda session: _write(session, people, tokens))
    finally:
        books.close()
    return FirstStart(is_first=is_first, tokens_file=file, people=tuple(tokens))


def sample_people() -> tuple[Person, ...]:
    """Return the people of the sample file."""
    written = yaml.safe_load(_PEOPLE.read_text(encoding="utf-8"))
    return tuple(parse_person(each) for each in written)


def _knows_anybody(session: Session) -> bool:
    statement = select(RegisterRow.id).where(RegisterRow.kind == RegisterKind.PERSON.value)
    return session.exec(statement.limit(1)).first() is not None


def _tokens_in(file: Path) -> dict[str, str]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {str(person): str(token) for person, token in content.items()}


def _tokens_for(people: Sequence[Person], file: Path) -> dict[str, str]:
    """Return everybody's token, from the file where it has one, and have the file hold them all."""
    known = _tokens_in(file)
    tokens = {
        person.id: known.get(person.id) or f"q2c_{secrets.token_urlsafe(32)}" for person in people
    }
    _write_private(file, json.dumps(tokens, indent=2) + "\n")
    return tokens


def _write_private(file: Path, text: str) -> None:
    """Replace a file in one step; nobody but its owner can read it at any moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}-{os.getpid()}-{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def _write(session: Session, people: Sequence[Person], tokens: Mapping[str, str]) -> bool:
    """Write people and token hashes; False if somebody else was first."""
    if _knows_anybody(session):
        return False
    now = datetime.now(UTC)
    for person in people:
        session.add(
            RegisterRow(
                kind=RegisterKind.PERSON.value,
                key=person.id,
                revision=1,
                content=person.model_dump_json(),
                content_hash=fingerprint(person),
                actor=_ACTOR,
                recorded_at=now,
            )
        )
        token_hash = hash_of(tokens[person.id])
        session.add(TokenRow(token_hash=token_hash, person=person.id, created_at=now))
    return True
