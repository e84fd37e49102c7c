"""The register: parties, catalogue and policies as revisions; the newest one is in force."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar, cast

from pydantic import BaseModel
from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.ports import Office
from activities.signatures import RECEIVE_STOCK, RECORD_CHANGE
from models.approval import ApprovalPolicy
from models.approval_facts import Subject
from models.catalog import Catalog
from models.catalog_versions import in_force_on, is_on_record, publication_problems
from models.collection import DEFAULT_LADDER, DunningPolicy
from models.delegation import Delegation, delegation_problems
from models.errors import InvalidInputError, NotFoundError, Problem
from models.fulfillment import FulfillmentStatus
from models.parties import (
    Customer,
    Entity,
    Partner,
    Person,
)
from models.register import HOUSE, MODELS, TaxRules, key_of, parse
from models.steps import ChangeRecorded, RegisterChange, RegisterKind, StockReceipt
from models.tables import OrderLineRow, RegisterRow, StockMovement
from models.tax import TaxRule
from models.written import decimals_of, number_problem

Content = TypeVar("Content", bound=BaseModel)

_STOCK_DECIMALS = 6

# Asked for most of all: building the statement anew takes three times as long as running it.
_LATEST = (
    select(RegisterRow)
    .where(
        col(RegisterRow.kind) == bindparam("kind"),
        col(RegisterRow.key) == bindparam("key"),
    )
    .order_by(col(RegisterRow.revision).desc())
    .limit(1)
)


def latest(session: Session, kind: RegisterKind, key: str) -> RegisterRow | None:
    """Return the revision in force, or None."""
    return session.exec(_LATEST, params={"kind": kind.value, "key": key}).first()


def _content(session: Session, kind: RegisterKind, key: str, model: type[Content]) -> Content:
    row = latest(session, kind, key)
    if row is None:
        raise NotFoundError(f"There is no {kind.replace('_', ' ')} {key} on record")
    return _read(model, row.content)


def _read(model: type[Content], content: str) -> Content:
    """Return a content as it was recorded."""
    return cast("Content", _parsed(model, content))


@lru_cache(maxsize=256)
def _parsed(model: type[BaseModel], content: str) -> BaseModel:
    """Read a content once: revisions never change, nor do the values made of them."""
    return model.model_validate_json(content)


def entity_of(session: Session, number: str) -> Entity:
    """Return an entity; raises `NotFoundError`."""
    return _content(session, RegisterKind.ENTITY, number, Entity)


def customer_of(session: Session, number: str) -> Customer:
    """Return a customer; raises `NotFoundError`."""
    return _content(session, RegisterKind.CUSTOMER, number, Customer)


def person_of(session: Session, person: str) -> Person:
    """Return a person; raises `NotFoundError`."""
    return _content(session, RegisterKind.PERSON, person, Person)


def partner_of(session: Session, number: str) -> Partner:
    """Return a partner; raises `NotFoundError`."""
    return _content(session, RegisterKind.PARTNER, number, Partner)


def entities(session: Session) -> tuple[Entity, ...]:
    """Return the newest revision of every entity, by number."""
    newest: dict[str, RegisterRow] = {}
    statement = select(RegisterRow).where(RegisterRow.kind == RegisterKind.ENTITY.value)
    for row in session.exec(statement.order_by(col(RegisterRow.revision))):
        newest[row.key] = row
    return tuple(Entity.model_validate_json(newest[key].content) for key in sorted(newest))


def people(session: Session) -> tuple[Person, ...]:
    """Return everybody of ours, in force."""
    newest: dict[str, RegisterRow] = {}
    statement = select(RegisterRow).where(RegisterRow.kind == RegisterKind.PERSON.value)
    for row in session.exec(statement.order_by(col(RegisterRow.revision))):
        newest[row.key] = row
    return tuple(Person.model_validate_json(newest[key].content) for key in sorted(newest))


def catalog_on(session: Session, day: date) -> Catalog:
    """Return the version of the catalogue in force on a day; raises `NotFoundError`."""
    found = in_force_on(catalogs(session), day)
    if found is None:
        raise NotFoundError(f"There is no catalogue on record for {day}")
    return found


def catalog_version(session: Session, version: str) -> Catalog:
    """Return the catalogue of that version, whether or not it is in force; `NotFoundError`."""
    found = next((one for one in catalogs(session) if one.version == version), None)
    if found is None:
        raise NotFoundError(f"There is no catalogue of version {version} on record")
    return found


def catalog_revision(session: Session, catalog: Catalog) -> int:
    """Return the newest revision of the register that holds a version of the catalogue."""
    for row in _catalog_rows(session):
        if _read_catalog(row.content).version == catalog.version:
            return row.revision
    return 0


def catalogs(session: Session) -> Iterator[Catalog]:
    """Yield every published version of the catalogue, the newest first."""
    for row in _catalog_rows(session):
        yield _read_catalog(row.content)


def _catalog_rows(session: Session) -> Iterable[RegisterRow]:
    statement = (
        select(RegisterRow)
        .where(RegisterRow.kind == RegisterKind.CATALOG.value, RegisterRow.key == HOUSE)
        .order_by(col(RegisterRow.revision).desc())
    )
    return session.exec(statement)


@lru_cache(maxsize=64)
def _read_catalog(content: str) -> Catalog:
    """Return a version as it was published; versions never change, so each is read once."""
    return Catalog.model_validate_json(content)


def approval_policy(session: Session) -> ApprovalPolicy:
    """Return the approval policy; without one nothing needs approval."""
    row = latest(session, RegisterKind.APPROVAL_POLICY, HOUSE)
    if row is None:
        return ApprovalPolicy(version="none")
    return _read(ApprovalPolicy, row.content)


def delegations(session: Session) -> tuple[Delegation, ...]:
    """Return every delegation in its newest revision, revoked ones included."""
    newest: dict[str, RegisterRow] = {}
    statement = select(RegisterRow).where(RegisterRow.kind == RegisterKind.DELEGATION.value)
    for row in session.exec(statement.order_by(col(RegisterRow.revision))):
        newest[row.key] = row
    return tuple(Delegation.model_validate_json(newest[key].content) for key in sorted(newest))


def dunning_policy(session: Session) -> DunningPolicy:
    """Return the dunning ladder; the default one until another is published."""
    row = latest(session, RegisterKind.DUNNING_POLICY, HOUSE)
    return _read(DunningPolicy, row.content) if row else DEFAULT_LADDER


def tax_rules(session: Session) -> tuple[TaxRule, ...]:
    """Return the tax rules; without any, every invoice waits for a person."""
    row = latest(session, RegisterKind.TAX_RULES, HOUSE)
    return _read(TaxRules, row.content).rules if row else ()


def content_hash(content: str) -> str:
    """Return the SHA-256 of a register content, whatever the order of its keys."""
    canonical = json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class RegisterActivities:
    """Writes parties, catalogue, policies and stock."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=RECORD_CHANGE.name, no_thread_cancel_exception=True)
    def record_change(self, change: RegisterChange) -> ChangeRecorded:
        """Write a new revision, or list every problem of it.

        Safe to retry: content equal to the revision in force writes nothing and returns it.
        """
        try:
            data: Any = json.loads(change.content)
            parsed = parse(change.kind, data, self._office.vat_numbers)
        except InvalidInputError as error:
            return ChangeRecorded(problems=error.problems)
        except ValueError as error:
            problem = Problem(field="content", reason=str(error), remedy="send valid JSON")
            return ChangeRecorded(problems=(problem,))
        known = key_of(parsed)
        if known != change.key:
            reason = f"is {change.key}, but the content says {known}"
            problem = Problem(field="key", reason=reason, remedy=f"use {known}")
            return ChangeRecorded(problems=(problem,))
        content = parsed.model_dump_json()
        written = change.model_copy(update={"content": content})

        def write(session: Session) -> ChangeRecorded:
            problems = _unapproved(session, change)
            return ChangeRecorded(problems=problems) if problems else self.append(session, written)

        return self._office.books.write(write)

    def append(self, session: Session, change: RegisterChange) -> ChangeRecorded:
        """Put a revision on record in the transaction of the caller, or list its problems.

        Its content is in the form that is kept; content in force is not written again.
        """
        return self._append(session, change, change.content)

    def _append(self, session: Session, change: RegisterChange, content: str) -> ChangeRecorded:
        problems = (
            *_prefix_problems(session, change, content),
            *_version_problems(session, change, content),
            *_delegation_problems(session, change, content),
            *_parent_problems(session, change, content),
            *self._calendar_problems(change, content),
        )
        if problems:
            return ChangeRecorded(problems=problems)
        current = latest(session, change.kind, change.key)
        digest = content_hash(content)
        if current is not None and _is_known(session, change, current, content):
            return ChangeRecorded(revision=current.revision, repeated=True)
        revision = current.revision + 1 if current else 1
        session.add(
            RegisterRow(
                kind=change.kind.value,
                key=change.key,
                revision=revision,
                content=content,
                content_hash=digest,
                actor=change.actor,
                recorded_at=self._office.wall_clock(),
            )
        )
        return ChangeRecorded(revision=revision)

    def _calendar_problems(self, change: RegisterChange, content: str) -> tuple[Problem, ...]:
        """Refuse a working calendar whose public holidays nobody knows."""
        if change.kind is not RegisterKind.APPROVAL_POLICY:
            return ()
        calendar = ApprovalPolicy.model_validate_json(content).calendar
        if calendar is None or not calendar.country:
            return ()
        try:
            years = (self._office.wall_clock().year,)
            self._office.holidays(calendar.country, calendar.region, years)
        except NotFoundError as error:
            remedy = "name another country or region, or list the days in `closed_on`"
            return (Problem(field="calendar.country", reason=str(error), remedy=remedy),)
        return ()

    @activity.defn(name=RECEIVE_STOCK.name, no_thread_cancel_exception=True)
    def receive_stock(self, receipt: StockReceipt) -> ChangeRecorded:
        """Record goods that arrived and name the deals that wait for them, oldest first.

        Safe to retry: one movement per entity, SKU and reference.
        """
        problems = _stock_problems(receipt)
        if problems:
            return ChangeRecorded(problems=problems)
        return self._office.books.write(lambda session: self._receive(session, receipt))

    def _receive(self, session: Session, receipt: StockReceipt) -> ChangeRecorded:
        key = f"receipt:{receipt.entity}:{receipt.sku}:{receipt.reference}"
        found = session.exec(select(StockMovement).where(StockMovement.key == key)).first()
        problems = _receipt_problems(session, receipt, found)
        if problems:
            return ChangeRecorded(problems=problems)
        if found is None:
            session.add(
                StockMovement(
                    key=key,
                    entity=receipt.entity,
                    sku=receipt.sku,
                    quantity=Decimal(receipt.quantity),
                    actor=receipt.actor,
                    recorded_at=self._office.wall_clock(),
                )
            )
        waiting = session.exec(
            select(OrderLineRow.deal)
            .where(OrderLineRow.sku == receipt.sku)
            .where(OrderLineRow.status == FulfillmentStatus.BACK_ORDERED.value)
            .group_by(OrderLineRow.deal)
            .order_by(func.min(OrderLineRow.id))
        ).all()
        return ChangeRecorded(repeated=found is not None, deals=tuple(waiting))


def _unapproved(session: Session, change: RegisterChange) -> tuple[Problem, ...]:
    """Refuse a version of the catalogue that the approval policy has a word about."""
    rules = approval_policy(session).rules
    is_ruled = any(rule.subject is Subject.CATALOG_CHANGE for rule in rules)
    known = latest(session, RegisterKind.CATALOG, HOUSE)
    if change.kind is not RegisterKind.CATALOG or not is_ruled or known is None:
        return ()
    if _is_known(session, change, known, change.content):
        return ()
    reason = "needs approval by the policy in force"
    remedy = "hand it in with `q2c catalog publish`"
    return (Problem(field="catalog", reason=reason, remedy=remedy),)


def _is_known(session: Session, change: RegisterChange, current: RegisterRow, content: str) -> bool:
    """Whether recording a content would change nothing.

    Contents are compared as they are read today: an older release wrote fewer fields.
    """
    if change.kind is RegisterKind.CATALOG:
        return is_on_record([*catalogs(session)], Catalog.model_validate_json(content))
    model = MODELS[change.kind]
    return model.model_validate_json(current.content) == model.model_validate_json(content)


def _version_problems(
    session: Session, change: RegisterChange, content: str
) -> tuple[Problem, ...]:
    """Refuse a version of the catalogue whose name or effective day is taken."""
    if change.kind is not RegisterKind.CATALOG:
        return ()
    catalog = Catalog.model_validate_json(content)
    return tuple(publication_problems([*catalogs(session)], catalog))


def _prefix_problems(session: Session, change: RegisterChange, content: str) -> tuple[Problem, ...]:
    """Refuse a prefix another entity has or had: two invoices would get the same number."""
    if change.kind is not RegisterKind.ENTITY:
        return ()
    prefix = Entity.model_validate_json(content).number_prefix
    others = session.exec(
        select(RegisterRow)
        .where(RegisterRow.kind == RegisterKind.ENTITY.value, RegisterRow.key != change.key)
        .order_by(col(RegisterRow.id))
    )
    for row in others:
        if Entity.model_validate_json(row.content).number_prefix == prefix:
            reason = f"{prefix!r} belongs to entity {row.key}, whose documents would clash with it"
            remedy = "give each entity a prefix of its own"
            return (Problem(field="number_prefix", reason=reason, remedy=remedy),)
    return ()


def _parent_problems(session: Session, change: RegisterChange, content: str) -> tuple[Problem, ...]:
    """Refuse a parent who shall be billed but is not on record, or pays in a circle."""
    if change.kind is not RegisterKind.CUSTOMER:
        return ()
    customer = Customer.model_validate_json(content)
    seen = [change.key]
    while customer.billed_to_parent and customer.parent:
        if customer.parent in seen:
            reason = f"pays in a circle: {', '.join((*seen, customer.parent))}"
            return (Problem(field="parent", reason=reason, remedy="let one of them pay itself"),)
        row = latest(session, RegisterKind.CUSTOMER, customer.parent)
        if row is None:
            reason = f"{customer.parent} shall be billed and is not on record"
            return (Problem(field="parent", reason=reason, remedy="record the parent first"),)
        seen.append(customer.parent)
        customer = Customer.model_validate_json(row.content)
    return ()


def _delegation_problems(
    session: Session, change: RegisterChange, content: str
) -> tuple[Problem, ...]:
    """Refuse a delegation that does not fit the people and the other delegations on record."""
    if change.kind is not RegisterKind.DELEGATION:
        return ()
    new = Delegation.model_validate_json(content)
    return delegation_problems(new, delegations(session), people(session))


def _stock_problems(receipt: StockReceipt) -> tuple[Problem, ...]:
    problems = [*_quantity_problems(receipt.quantity)]
    if not receipt.reference:
        remedy = "name the delivery note, so that it counts once"
        problems.append(Problem(field="reference", reason="is empty", remedy=remedy))
    return tuple(problems)


def _quantity_problems(written: str) -> list[Problem]:
    digits = "write digits, such as 50"
    try:
        quantity = Decimal(written)
    except ArithmeticError:
        return [Problem(field="quantity", reason=f"{written!r} is no number", remedy=digits)]
    if not quantity.is_finite():
        return [Problem(field="quantity", reason=f"{written} is no quantity", remedy=digits)]
    if decimals_of(quantity) > _STOCK_DECIMALS:
        reason = f"has more than {_STOCK_DECIMALS} decimals"
        return [Problem(field="quantity", reason=reason, remedy="round it")]
    return number_problem("quantity", quantity, positive=True)


def _receipt_problems(
    session: Session, receipt: StockReceipt, found: StockMovement | None
) -> tuple[Problem, ...]:
    if found is not None and found.quantity != Decimal(receipt.quantity):
        reason = f"{receipt.reference} is on record with {found.quantity.normalize():f}"
        remedy = "use the number of the other delivery note"
        return (Problem(field="reference", reason=reason, remedy=remedy),)
    if latest(session, RegisterKind.ENTITY, receipt.entity) is None:
        reason = f"There is no entity {receipt.entity} on record"
        return (Problem(field="entity", reason=reason, remedy="see `q2c entity list`"),)
    return ()
