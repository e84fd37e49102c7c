"""The register: parties, catalogue and policies as revisions; the newest one is in force."""

import hashlib
import json
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.ports import Office
from activities.signatures import RECEIVE_STOCK, RECORD_CHANGE
from models.approval import ApprovalPolicy
from models.catalog import Catalog
from models.collection import DEFAULT_LADDER, DunningPolicy
from models.errors import InvalidInputError, NotFoundError, Problem
from models.fulfillment import FulfillmentStatus
from models.parties import (
    Customer,
    Entity,
    Partner,
    Person,
)
from models.register import HOUSE, PARSERS, TaxRules, key_of
from models.steps import ChangeRecorded, RegisterChange, RegisterKind, StockReceipt
from models.tables import OrderLineRow, RegisterRow, StockMovement
from models.tax import TaxRule
from models.written import decimals_of, number_problem

Content = TypeVar("Content", bound=BaseModel)

_STOCK_DECIMALS = 6


def latest(session: Session, kind: RegisterKind, key: str) -> RegisterRow | None:
    """Return the revision in force, or None."""
    statement = (
        select(RegisterRow)
        .where(RegisterRow.kind == kind.value, RegisterRow.key == key)
        .order_by(col(RegisterRow.revision).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def _content(session: Session, kind: RegisterKind, key: str, model: type[Content]) -> Content:
    row = latest(session, kind, key)
    if row is None:
        raise NotFoundError(f"There is no {kind.replace('_', ' ')} {key} on record")
    return model.model_validate_json(row.content)


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


def people(session: Session) -> tuple[Person, ...]:
    """Return everybody of ours, in force."""
    newest: dict[str, RegisterRow] = {}
    statement = select(RegisterRow).where(RegisterRow.kind == RegisterKind.PERSON.value)
    for row in session.exec(statement.order_by(col(RegisterRow.revision))):
        newest[row.key] = row
    return tuple(Person.model_validate_json(newest[key].content) for key in sorted(newest))


def catalog_in_force(session: Session) -> Catalog:
    """Return the catalogue; raises `NotFoundError` when none was published."""
    return _content(session, RegisterKind.CATALOG, HOUSE, Catalog)


def approval_policy(session: Session) -> ApprovalPolicy:
    """Return the approval policy; without one nothing needs approval."""
    row = latest(session, RegisterKind.APPROVAL_POLICY, HOUSE)
    if row is None:
        return ApprovalPolicy(version="none")
    return ApprovalPolicy.model_validate_json(row.content)


def dunning_policy(session: Session) -> DunningPolicy:
    """Return the dunning ladder; the default one until another is published."""
    row = latest(session, RegisterKind.DUNNING_POLICY, HOUSE)
    return DunningPolicy.model_validate_json(row.content) if row else DEFAULT_LADDER


def tax_rules(session: Session) -> tuple[TaxRule, ...]:
    """Return the tax rules; without any, every invoice waits for a person."""
    row = latest(session, RegisterKind.TAX_RULES, HOUSE)
    return TaxRules.model_validate_json(row.content).rules if row else ()


def content_hash(content: str) -> str:
    """Return the SHA-256 of a register content, whatever the order of its keys."""
    canonical = json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class RegisterActivities:
    """Writes parties, catalogue, policies and stock."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=RECORD_CHANGE.name)
    def record_change(self, change: RegisterChange) -> ChangeRecorded:
        """Write a new revision, or list every problem of it.

        Safe to retry: content equal to the revision in force writes nothing and returns it.
        """
        try:
            data: Any = json.loads(change.content)
            parsed = PARSERS[change.kind](data)
        except InvalidInputError as error:
            return ChangeRecorded(problems=error.problems)
        except ValueError as error:
            problem = Problem(field="content", reason=str(error), remedy="send valid JSON")
            return ChangeRecorded(problems=(problem,))
        known = key_of(parsed)
        if known != change.key:
            problem = Problem(field="key", reason=f"is {change.key}, but the content says {known}")
            return ChangeRecorded(problems=(problem,))
        content = parsed.model_dump_json()
        return self._office.books.write(lambda session: self._append(session, change, content))

    def _append(self, session: Session, change: RegisterChange, content: str) -> ChangeRecorded:
        problems = _prefix_problems(session, change, content)
        if problems:
            return ChangeRecorded(problems=problems)
        current = latest(session, change.kind, change.key)
        digest = content_hash(content)
        if current is not None and current.content_hash == digest:
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

    @activity.defn(name=RECEIVE_STOCK.name)
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


def _stock_problems(receipt: StockReceipt) -> tuple[Problem, ...]:
    problems = [*_quantity_problems(receipt.quantity)]
    if not receipt.reference:
        remedy = "name the delivery note, so that it counts once"
        problems.append(Problem(field="reference", reason="is empty", remedy=remedy))
    return tuple(problems)


def _quantity_problems(written: str) -> list[Problem]:
    try:
        quantity = Decimal(written)
    except ArithmeticError:
        return [Problem(field="quantity", reason=f"{written!r} is no number")]
    if not quantity.is_finite():
        return [Problem(field="quantity", reason=f"{written} is no quantity")]
    if decimals_of(quantity) > _STOCK_DECIMALS:
        return [Problem(field="quantity", reason=f"has more than {_STOCK_DECIMALS} decimals")]
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
