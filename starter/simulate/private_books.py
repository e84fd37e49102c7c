"""The private books of a simulation: the user's register without their deals, or the samples'."""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from activities.adapters import books as adapter
from activities.ports import Books
from activities.register import catalogs
from models.catalog import ProductKind
from models.deal_file import DealFile
from models.parties import Role
from models.register import HOUSE, PARSERS, key_of
from models.steps import RegisterKind
from models.tables import RegisterRow, StockMovement
from starter.cli.files import read_documents
from starter.service.register import (
    all_latest,
    canonical,
    fingerprint,
    newest_catalog,
    person_of,
)
from starter.simulate.request import UNNUMBERED

SAMPLES = Path(__file__).parent.parent / "samples"
PLENTY = Decimal(10) ** 9
"""A simulation has every good in stock."""

_SAMPLE_FILES = (
    (RegisterKind.ENTITY, "entities.yaml"),
    (RegisterKind.CUSTOMER, "customers.yaml"),
    (RegisterKind.PERSON, "people.yaml"),
    (RegisterKind.CATALOG, "catalog.yaml"),
    (RegisterKind.APPROVAL_POLICY, "approval_policy.yaml"),
    (RegisterKind.DUNNING_POLICY, "dunning_policy.yaml"),
    (RegisterKind.TAX_RULES, "tax_rules.yaml"),
    (RegisterKind.PROMOTION, "promotions.yaml"),
    (RegisterKind.CUSTOMER_PRICES, "customer_prices.yaml"),
)

_Entry = tuple[RegisterKind, str, str, str]


def fill(books: Books, source: str, now: datetime) -> bool:
    """Fill new books with the register of those at `source`, else with the samples.

    Returns whether the register is the user's own. Nothing is written at `source`.
    """
    own = _register_of(source)
    books.write(lambda session: _fill(session, own or _samples(), now))
    return bool(own)


def with_seller(books: Books, file: DealFile) -> DealFile:
    """Return the deal file with a seller of the register in the place of none."""
    if file.seller != UNNUMBERED:
        return file
    seller = books.read(_somebody_of_sales)
    return file.model_copy(update={"seller": seller}) if seller else file


def _somebody_of_sales(session: Session) -> str:
    """Return the first seller who has a manager, else the first seller."""
    rows = all_latest(session, RegisterKind.PERSON)
    people = [person for row in rows if (person := person_of(session, row.key)) is not None]
    sellers = [person for person in people if Role.SALES in person.roles]
    ranked = sorted(sellers, key=lambda person: (bool(person.titles), person.id))
    return ranked[0].id if ranked else ""


def _register_of(source: str) -> list[_Entry]:
    """Return what is in force in the user's books; nothing if there are none yet."""
    address = make_url(source)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        return []
    books = adapter.Books(source)
    try:
        return books.read(_entries)
    except SQLAlchemyError:
        return []
    finally:
        books.close()


def _entries(session: Session) -> list[_Entry]:
    if newest_catalog(session) is None:
        return []
    entries = [
        (kind, row.key, row.content, row.content_hash)
        for kind in RegisterKind
        if kind is not RegisterKind.CATALOG
        for row in all_latest(session, kind)
    ]
    versions = reversed([*catalogs(session)])
    return [
        *entries,
        *((RegisterKind.CATALOG, HOUSE, canonical(one), fingerprint(one)) for one in versions),
    ]


def _samples() -> list[_Entry]:
    return [
        _sample(kind, written)
        for kind, name in _SAMPLE_FILES
        for written in read_documents(SAMPLES / name)
    ]


def _sample(kind: RegisterKind, written: Any) -> _Entry:
    content = PARSERS[kind](written)
    return kind, key_of(content), canonical(content), fingerprint(content)


def _fill(session: Session, entries: list[_Entry], now: datetime) -> None:
    revisions: Counter[tuple[RegisterKind, str]] = Counter()
    for kind, key, content, digest in entries:
        revisions[kind, key] += 1
        session.add(
            RegisterRow(
                kind=kind.value,
                key=key,
                revision=revisions[kind, key],
                content=content,
                content_hash=digest,
                actor="",
                recorded_at=now,
            )
        )
    session.flush()
    _fill_warehouses(session, now)


def _fill_warehouses(session: Session, now: datetime) -> None:
    goods = sorted(
        {
            product.sku
            for catalog in catalogs(session)
            for product in catalog.products
            if product.kind is ProductKind.GOOD
        }
    )
    for entity in all_latest(session, RegisterKind.ENTITY):
        for sku in goods:
            session.add(
                StockMovement(
                    key=f"simulation:{entity.key}:{sku}",
                    entity=entity.key,
                    sku=sku,
                    quantity=PLENTY,
                    actor="simulation",
                    recorded_at=now,
                )
            )
