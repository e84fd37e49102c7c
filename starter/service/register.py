"""The register as the doors read it: the newest revision of everything is in force."""

import hashlib
import json
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlmodel import Session, col, func, select

from activities.register import catalogs
from models.catalog import Catalog
from models.catalog_versions import in_force_on
from models.errors import NotFoundError
from models.parties import (
    Customer,
    Person,
)
from models.register import HOUSE
from models.steps import RegisterKind
from models.tables import RegisterRow
from models.value import Value

Content = TypeVar("Content", bound=BaseModel)


def latest(session: Session, kind: RegisterKind, key: str) -> RegisterRow | None:
    """Return the revision in force, or None."""
    statement = (
        select(RegisterRow)
        .where(RegisterRow.kind == kind.value, RegisterRow.key == key)
        .order_by(col(RegisterRow.revision).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def all_latest(session: Session, kind: RegisterKind, after: str = "") -> list[RegisterRow]:
    """Return the revision in force of every key of a kind that sorts after `after`."""
    newest = (
        select(RegisterRow.key, func.max(RegisterRow.revision).label("revision"))
        .where(RegisterRow.kind == kind.value, col(RegisterRow.key) > after)
        .group_by(RegisterRow.key)
        .subquery()
    )
    statement = (
        select(RegisterRow)
        .join(
            newest,
            (col(RegisterRow.key) == newest.c.key)
            & (col(RegisterRow.revision) == newest.c.revision),
        )
        .where(RegisterRow.kind == kind.value)
        .order_by(col(RegisterRow.key))
    )
    return list(session.exec(statement).all())


def find(session: Session, kind: RegisterKind, key: str, model: type[Content]) -> Content | None:
    """Return what is in force under a key, or None."""
    row = latest(session, kind, key)
    return model.model_validate_json(row.content) if row else None


def customer_of(session: Session, number: str) -> Customer | None:
    """Return a customer, or None."""
    return find(session, RegisterKind.CUSTOMER, number, Customer)


def person_of(session: Session, person: str) -> Person | None:
    """Return a person of ours, or None."""
    return find(session, RegisterKind.PERSON, person, Person)


def newest_catalog(session: Session) -> Catalog | None:
    """Return the catalogue published last, in force or not yet, or None while there is none."""
    return find(session, RegisterKind.CATALOG, HOUSE, Catalog)


def catalog_on(session: Session, day: date) -> Catalog | None:
    """Return the version of the catalogue in force on a day, or None."""
    return in_force_on(catalogs(session), day)


class Entry(Value):
    """One thing in the register: its content in force, and who recorded it when."""

    kind: RegisterKind
    key: str
    revision: int
    actor: str
    recorded_at: str
    content: Any


class Entries(Value):
    """A page of the register; `next` continues it."""

    items: tuple[Entry, ...]
    next: str | None = None


def entry_of(row: RegisterRow) -> Entry:
    """Return a register row as the doors show it; tax rules are shown as the list they are."""
    kind, content = RegisterKind(row.kind), json.loads(row.content)
    return Entry(
        kind=kind,
        key=row.key,
        revision=row.revision,
        actor=row.actor,
        recorded_at=row.recorded_at.isoformat(),
        content=content["rules"] if kind is RegisterKind.TAX_RULES else content,
    )


def show(session: Session, kind: RegisterKind, key: str) -> Entry:
    """Return what is in force under a key; raises `NotFoundError`."""
    row = latest(session, kind, key)
    if row is None:
        name = kind.replace("_", " ")
        raise NotFoundError(f"There is no {name}{'' if key == HOUSE else f' {key}'} on record.")
    return entry_of(row)


def listing(session: Session, kind: RegisterKind, limit: int, after: str = "") -> Entries:
    """Return a page of what is in force, by key."""
    rows = all_latest(session, kind, after)
    more = len(rows) > limit
    page = rows[:limit]
    return Entries(items=tuple(map(entry_of, page)), next=page[-1].key if more else None)


def canonical(value: BaseModel) -> str:
    """Return a value as JSON that is equal for equal values."""
    dumped = value.model_dump(mode="json", exclude_none=True)
    return json.dumps(dumped, sort_keys=True, separators=(",", ":"))


def fingerprint(value: BaseModel) -> str:
    """Return the SHA-256 (hex) of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
