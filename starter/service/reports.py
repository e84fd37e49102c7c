"""Listings over all deals: deals, tasks, documents, timelines. All from the books."""

import json
from collections.abc import Iterable
from datetime import date, datetime

from sqlmodel import Session, col, select

from models.documents import DocumentKind, suffix_of
from models.errors import NotFoundError
from models.fulfillment import FulfillmentStatus, OrderLine
from models.tables import AuditRow, DealRow, DocumentRow, OrderLineRow, WorkOrderRow
from models.value import Value

_DONE = (
    FulfillmentStatus.DELIVERED.value,
    FulfillmentStatus.PROVISIONED.value,
    FulfillmentStatus.CANCELED.value,
)


class DealSummary(Value):
    """One deal in a listing. `next` says what the deal waits for and when it is due."""

    number: str
    customer: str
    entity: str
    seller: str
    stage: str
    outcome: str = ""
    term: int
    currency: str
    total_minor: int
    balance_minor: int
    on_hold: str = ""
    next_action: str = ""
    next_action_at: datetime | None = None
    test_clock: bool = False
    business_time: datetime | None = None
    started_at: datetime
    closed_at: datetime | None = None


class Deals(Value):
    """A page of deals, by number; `next` continues it."""

    items: tuple[DealSummary, ...]
    next: str | None = None


class DealFilter(Value):
    """Which deals a listing shows; what is None does not matter."""

    stage: str | None = None
    customer: str | None = None
    seller: str | None = None
    on_hold: bool | None = None
    partner: str | None = None


def deal_row(session: Session, number: str) -> DealRow:
    """Return a deal's row; raises `NotFoundError`."""
    row = session.get(DealRow, number)
    if row is None:
        raise NotFoundError(f"There is no deal {number}.")
    return row


def summary_of(row: DealRow) -> DealSummary:
    """Return a deal as listings show it."""
    return DealSummary.model_validate(row.model_dump())


def deals(session: Session, wanted: DealFilter, limit: int, after: str) -> Deals:
    """Return a page of deals by number."""
    statement = select(DealRow).where(col(DealRow.number) > after).order_by(col(DealRow.number))
    if wanted.stage is not None:
        statement = statement.where(DealRow.stage == wanted.stage)
    if wanted.customer is not None:
        statement = statement.where(DealRow.customer == wanted.customer)
    if wanted.seller is not None:
        statement = statement.where(DealRow.seller == wanted.seller)
    if wanted.partner is not None:
        statement = statement.where(DealRow.partner == wanted.partner)
    if wanted.on_hold is not None:
        held = col(DealRow.on_hold) != ""
        statement = statement.where(held if wanted.on_hold else ~held)
    rows = session.exec(statement.limit(limit + 1)).all()
    page = rows[:limit]
    more = len(rows) > limit
    return Deals(items=tuple(map(summary_of, page)), next=page[-1].number if more else None)


class TimelineEntry(Value):
    """One thing that happened to a deal, in business time."""

    sequence: int
    at: datetime
    actor: str
    what: str
    detail: str = ""


class Timeline(Value):
    """A page of a deal's audit trail, oldest first; `next` continues it."""

    items: tuple[TimelineEntry, ...]
    next: int | None = None


def timeline(session: Session, number: str, limit: int, after: int) -> Timeline:
    """Return a page of a deal's audit trail; raises `NotFoundError`."""
    deal_row(session, number)
    rows = session.exec(
        select(AuditRow)
        .where(AuditRow.deal == number, col(AuditRow.sequence) > after)
        .order_by(col(AuditRow.sequence))
        .limit(limit + 1)
    ).all()
    items = tuple(TimelineEntry.model_validate(row.model_dump()) for row in rows[:limit])
    return Timeline(items=items, next=items[-1].sequence if len(rows) > limit else None)


class Task(Value):
    """The open work of one department for one order."""

    number: str
    department: str
    deal: str
    customer: str
    status: str
    lines: tuple[str, ...]
    references: tuple[str, ...]
    opened_on: date


class Tasks(Value):
    """Open work orders, oldest first."""

    items: tuple[Task, ...]
    next: str | None = None


def tasks(session: Session, department: str | None) -> Tasks:
    """Return the work orders with lines that are not done yet, with these lines."""
    statement = (
        select(WorkOrderRow, DealRow.customer)
        .join(DealRow, col(DealRow.number) == col(WorkOrderRow.deal))
        .where(
            select(OrderLineRow.id)
            .where(
                OrderLineRow.deal == WorkOrderRow.deal,
                OrderLineRow.term == WorkOrderRow.term,
                col(OrderLineRow.status).not_in(_DONE),
            )
            .exists()
        )
        .order_by(col(WorkOrderRow.opened_on), col(WorkOrderRow.number))
    )
    if department is not None:
        statement = statement.where(WorkOrderRow.department == department)
    found = (_task(session, row, customer) for row, customer in session.exec(statement).all())
    return Tasks(items=tuple(task for task in found if task.lines))


def _task(session: Session, row: WorkOrderRow, customer: str) -> Task:
    references = _references(row.references)
    rows = session.exec(
        select(OrderLineRow)
        .where(OrderLineRow.deal == row.deal, OrderLineRow.term == row.term)
        .where(col(OrderLineRow.reference).in_(references))
        .where(col(OrderLineRow.status).not_in(_DONE))
        .order_by(col(OrderLineRow.id))
    ).all()
    return Task(
        number=row.number,
        department=row.department,
        deal=row.deal,
        customer=customer,
        status=", ".join(sorted({line.status for line in rows})),
        lines=tuple(_described(line) for line in rows),
        references=tuple(line.reference for line in rows),
        opened_on=row.opened_on,
    )


def _references(text: str) -> list[str]:
    if text.startswith("["):
        return [str(each) for each in json.loads(text)]
    return [each.strip() for each in text.split(",") if each.strip()]


def _described(row: OrderLineRow) -> str:
    line = OrderLine.model_validate_json(row.content)
    return f"{row.reference}: {line.quantity:f} x {line.name} ({row.status})"


class DocumentEntry(Value):
    """One stored document and where its file is."""

    kind: str
    number: str
    deal: str
    dated_on: date
    filename: str
    size: int
    sha256: str
    href: str


class Documents(Value):
    """Documents in the order in which they were made; `next` continues the page."""

    items: tuple[DocumentEntry, ...]
    next: int | None = None


def documents(
    session: Session, deal: str | None, kind: str | None, limit: int, after: int
) -> Documents:
    """Return a page of documents."""
    statement = select(DocumentRow).where(col(DocumentRow.id) > after)
    if deal is not None:
        statement = statement.where(DocumentRow.deal == deal)
    if kind is not None:
        statement = statement.where(DocumentRow.kind == kind)
    rows = session.exec(statement.order_by(col(DocumentRow.id)).limit(limit + 1)).all()
    page = rows[:limit]
    return Documents(items=document_entries(page), next=page[-1].id if len(rows) > limit else None)


def document_entries(rows: Iterable[DocumentRow]) -> tuple[DocumentEntry, ...]:
    """Return documents as listings show them."""
    return tuple(
        DocumentEntry(
            **row.model_dump(exclude={"id"}),
            href=f"/v1/documents/{row.kind}/{row.number}.{suffix_of(DocumentKind(row.kind))}",
        )
        for row in rows
    )


def document(session: Session, kind: str, number: str) -> DocumentRow:
    """Return where a document is stored; raises `NotFoundError`."""
    row = session.exec(
        select(DocumentRow).where(DocumentRow.kind == kind, DocumentRow.number == number)
    ).first()
    if row is None:
        raise NotFoundError(f"There is no {kind.replace('_', ' ')} {number}.")
    return row
