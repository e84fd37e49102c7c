"""Fulfill: order lines, stock, work orders and deliveries."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.accounts import deal_row, scope_of
from activities.ports import Office
from activities.pricing import quote_of_term
from activities.signatures import CANCEL_LINE, CONFIRM_DELIVERY, FULFILL_ORDER
from models.catalog import ProductKind
from models.charges import Transfer
from models.deal import local_date
from models.errors import RefusedError
from models.fulfillment import (
    FulfillmentStatus,
    OrderLine,
    after_reservation,
    cancel,
    confirm,
    order_lines,
    provision,
)
from models.money import Money
from models.recognition import Obligation, line_of, reallocate
from models.steps import (
    CancelLine,
    ConfirmDelivery,
    DealStep,
    FulfillmentOutcome,
    FulfillOrder,
)
from models.tables import (
    ContractRow,
    DealRow,
    DocumentRow,
    FulfillmentEventRow,
    InvoiceLineRow,
    ObligationRow,
    OrderLineRow,
    PlannedChargeRow,
    StockMovement,
    WorkOrderRow,
)

_UNDELIVERED = (
    FulfillmentStatus.OPEN,
    FulfillmentStatus.RESERVED,
    FulfillmentStatus.BACK_ORDERED,
    FulfillmentStatus.SHIPPED,
)


class FulfillmentActivities:
    """Keeps the order of a deal."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=FULFILL_ORDER.name, no_thread_cancel_exception=True)
    def fulfill_order(self, step: FulfillOrder) -> FulfillmentOutcome:
        """Open the order if it is new; reserve, back-order or provision whatever is open.

        Safe to retry: lines already reserved or provisioned stay as they are.
        """

        def fulfill(session: Session) -> FulfillmentOutcome:
            _open_order(session, step)
            for row in _rows(session, step):
                line = OrderLine.model_validate_json(row.content)
                self._advance(session, step, row, line)
            session.flush()
            return _with_unpublished(session, step, _outcome(session, step))

        return self._office.books.write(fulfill)

    def _advance(
        self, session: Session, step: DealStep, row: OrderLineRow, line: OrderLine
    ) -> None:
        if line.status not in (FulfillmentStatus.OPEN, FulfillmentStatus.BACK_ORDERED):
            return
        if line.kind is ProductKind.SUBSCRIPTION:
            _store(session, step, row, provision(line, step.on), f"provision:{line.number}")
        elif line.kind is ProductKind.GOOD:
            deal = deal_row(session, step.deal)
            stock = on_hand(session, deal.entity, line.sku, scope_of(deal))
            changed = after_reservation(line, stock)
            if changed.status is line.status:
                return
            if changed.status is FulfillmentStatus.RESERVED:
                key = f"reserve:{step.deal}:{line.number}"
                self._move(session, deal, line, -line.quantity, key)
            _store(session, step, row, changed, f"{changed.status}:{line.number}")

    def _move(
        self, session: Session, deal: DealRow, line: OrderLine, quantity: Decimal, key: str
    ) -> None:
        movement = StockMovement(
            key=key,
            entity=deal.entity,
            sku=line.sku,
            quantity=quantity,
            actor="q2c",
            recorded_at=self._office.wall_clock(),
            scope=scope_of(deal),
        )
        session.add(movement)
        session.flush()

    @activity.defn(name=CONFIRM_DELIVERY.name, no_thread_cancel_exception=True)
    def confirm_delivery(self, step: ConfirmDelivery) -> FulfillmentOutcome:
        """Record that lines were shipped, delivered or accepted, all of them or none.

        Safe to retry: what a command did is on record under its id and is returned again.
        """

        def record(session: Session) -> FulfillmentOutcome:
            note = _known_note(session, step)
            if note is None:
                note = _deliver(session, step)
            return _outcome(session, step, note)

        return self._refusable(record)

    @activity.defn(name=CANCEL_LINE.name, no_thread_cancel_exception=True)
    def cancel_line(self, step: CancelLine) -> FulfillmentOutcome:
        """Give up a line that has not left us, with its charges and its promise.

        Safe to retry: a line already canceled is left alone.
        """

        def give_up(session: Session) -> FulfillmentOutcome:
            row = _wanted(session, step, (step.line,))[0]
            line = OrderLine.model_validate_json(row.content)
            if line.status is not FulfillmentStatus.CANCELED:
                self._give_up(session, step, row, line)
            return _outcome(session, step)

        return self._refusable(give_up)

    def _give_up(
        self, session: Session, step: CancelLine, row: OrderLineRow, line: OrderLine
    ) -> None:
        if _is_billed(session, row, line.number):
            raise RefusedError(f"Line {line.number} is billed already; it needs a credit note")
        changed = cancel(line)
        if line.status is FulfillmentStatus.RESERVED:
            key = f"release:{step.deal}:{line.number}"
            self._move(session, deal_row(session, step.deal), line, line.quantity, key)
        _store(session, step, row, changed, f"cancel:{line.number}", actor=step.actor)
        _cancel_promise(session, step, row, line.number)

    def _refusable(self, work: Callable[[Session], FulfillmentOutcome]) -> FulfillmentOutcome:
        try:
            return self._office.books.write(work)
        except RefusedError as refused:
            return FulfillmentOutcome(refused_because=str(refused))


def _open_order(session: Session, step: DealStep) -> None:
    if _rows(session, step):
        return
    quote = quote_of_term(session, step.deal, step.term)
    lines = order_lines(quote.firm) if quote else ()
    for line in lines:
        session.add(
            OrderLineRow(
                deal=step.deal,
                term=step.term,
                reference=line.reference,
                sku=line.sku,
                status=line.status.value,
                content=line.model_dump_json(),
            )
        )
    departments = sorted({line.department for line in lines})
    for department in departments:
        mine = [line.reference for line in lines if line.department == department]
        session.add(
            WorkOrderRow(
                number=f"WO-{step.deal}-{department}",
                deal=step.deal,
                term=step.term,
                department=department,
                references=",".join(mine),
                opened_on=step.on,
            )
        )
    session.flush()


def _rows(session: Session, step: DealStep) -> Sequence[OrderLineRow]:
    statement = select(OrderLineRow).where(OrderLineRow.deal == step.deal)
    return session.exec(statement.order_by(col(OrderLineRow.id))).all()


def on_hand(session: Session, entity: str, sku: str, scope: str = "") -> Decimal:
    """Return how many units of a good are in stock and not reserved.

    A deal on a test clock (`scope`) sees the real stock and its own reservations; nobody sees its.
    """
    statement = select(func.coalesce(func.sum(StockMovement.quantity), 0)).where(
        StockMovement.entity == entity,
        StockMovement.sku == sku,
        col(StockMovement.scope).in_({"", scope}),
    )
    return Decimal(str(session.exec(statement).one()))


def _store(  # noqa: PLR0913
    session: Session,
    step: DealStep,
    row: OrderLineRow,
    line: OrderLine,
    key: str,
    *,
    document: str = "",
    actor: str = "q2c",
) -> None:
    row.status = line.status.value
    row.transferred_on = line.transferred_on
    row.content = line.model_dump_json()
    session.add(row)
    session.add(
        FulfillmentEventRow(
            key=f"{step.deal}:{step.term}:{key}",
            deal=step.deal,
            term=step.term,
            reference=line.reference,
            status=line.status.value,
            on=step.on,
            document=document,
            actor=actor or "q2c",
        )
    )


def _known_note(session: Session, step: ConfirmDelivery) -> str | None:
    prefix = f"{step.deal}:{step.term}:deliver:{step.command_id}:"
    statement = select(FulfillmentEventRow.document).where(
        col(FulfillmentEventRow.key).startswith(prefix, autoescape=True)
    )
    return session.exec(statement).first()


def _require_contract_before(session: Session, step: ConfirmDelivery) -> None:
    """Refuse a delivery dated before the contract was concluded: there was nothing to deliver."""
    statement = select(ContractRow).where(ContractRow.deal == step.deal)
    first = session.exec(statement.order_by(col(ContractRow.term))).first()
    if first is None:
        return
    signed_on = local_date(first.signed_at, deal_row(session, step.deal).time_zone)
    if step.on < signed_on:
        raise RefusedError(
            f"delivered_on: {step.on} is before the contract was signed on {signed_on}"
        )


def _deliver(session: Session, step: ConfirmDelivery) -> str:
    _require_contract_before(session, step)
    rows = _wanted(session, step, step.lines) if step.lines else _open_rows(session, step)
    lines = [OrderLine.model_validate_json(row.content) for row in rows]
    confirmed = [confirm(line, step.event, step.on) for line in lines]
    moved = [
        (row, after)
        for row, before, after in zip(rows, lines, confirmed, strict=True)
        if after != before
    ]
    if not moved:
        raise RefusedError("Nothing waits for delivery: stock is missing or all is delivered")
    notes = session.exec(
        select(func.count(func.distinct(FulfillmentEventRow.document))).where(
            FulfillmentEventRow.deal == step.deal,
            col(FulfillmentEventRow.document).startswith("DN-"),
        )
    ).one()
    number = f"DN-{step.deal}-{notes + 1}"
    for row, line in moved:
        key = f"deliver:{step.command_id}:{line.number}"
        _store(session, step, row, line, key, document=number, actor=step.actor)
    session.flush()
    return number


def _open_rows(session: Session, step: ConfirmDelivery) -> list[OrderLineRow]:
    """Return the lines an event without line numbers is about: those it can happen to."""
    found = []
    for row in _rows(session, step):
        line = OrderLine.model_validate_json(row.content)
        good = line.kind is ProductKind.GOOD and line.status in (
            FulfillmentStatus.RESERVED,
            FulfillmentStatus.SHIPPED,
        )
        service = line.kind is ProductKind.SERVICE and line.status is FulfillmentStatus.OPEN
        accepted = step.event is Transfer.ACCEPT and line.transferred_on is None
        delivered = line.status is FulfillmentStatus.DELIVERED
        if good or (service and step.event is not Transfer.SHIP) or (accepted and delivered):
            found.append(row)
    return found


def _wanted(session: Session, step: DealStep, names: Sequence[str]) -> list[OrderLineRow]:
    rows = {row.reference: row for row in _rows(session, step)}
    by_number = {reference.partition("/")[0]: row for reference, row in rows.items()}
    unknown = [name for name in names if name not in rows and name not in by_number]
    if unknown:
        known = ", ".join(by_number)
        raise RefusedError(f"There is no line {', '.join(unknown)}; lines: {known}")
    return [rows.get(name) or by_number[name] for name in names]


def _is_billed(session: Session, row: OrderLineRow, number: str) -> bool:
    statement = select(InvoiceLineRow).where(
        InvoiceLineRow.deal == row.deal,
        InvoiceLineRow.term == row.term,
        col(InvoiceLineRow.reference).startswith(f"{number}/", autoescape=True),
    )
    return session.exec(statement).first() is not None


def _cancel_promise(
    session: Session, step: CancelLine, order_line: OrderLineRow, number: str
) -> None:
    """Take a line out of the plan and share what is left of the price over what is still promised.

    Only the term that ordered the line is touched: a later term numbers its lines anew. Removing a
    distinct, unsatisfied good is a modification accounted for prospectively (ASC 606-10-25-13(a),
    IFRS 15.21(a)).
    """
    charges = session.exec(
        select(PlannedChargeRow).where(
            PlannedChargeRow.deal == order_line.deal,
            PlannedChargeRow.term == order_line.term,
            col(PlannedChargeRow.reference).startswith(f"{number}/", autoescape=True),
            col(PlannedChargeRow.canceled_on).is_(None),
        )
    ).all()
    for charge in charges:
        charge.canceled_on = step.on
        session.add(charge)
    removed = sum(charge.amount_minor for charge in charges)
    rows = session.exec(
        select(ObligationRow).where(
            ObligationRow.deal == order_line.deal,
            ObligationRow.term == order_line.term,
            col(ObligationRow.canceled_on).is_(None),
        )
    ).all()
    for row in rows:
        if line_of(row.reference) == number:
            row.canceled_on = step.on
            session.add(row)
    currency = rows[0].currency
    promises = [Obligation.model_validate_json(row.content) for row in rows]
    transferred = {
        line.reference.partition("/")[0]: line.transferred_on for line in _rows(session, step)
    }
    dated = [
        promise.model_copy(update={"transferred_on": transferred.get(promise.reference)})
        for promise in promises
    ]
    shares = reallocate(dated, number, Money(minor=removed, currency=currency))
    for row in rows:
        if row.reference in shares:
            share = shares[row.reference]
            promise = Obligation.model_validate_json(row.content)
            row.allocated_minor = share.minor
            row.content = promise.model_copy(update={"allocated": share}).model_dump_json()
            session.add(row)
    deal = deal_row(session, step.deal)
    if deal.term == order_line.term:
        deal.total_minor -= removed


def _outcome(session: Session, step: DealStep, delivery_note: str = "") -> FulfillmentOutcome:
    rows = _rows(session, step)
    undelivered = [
        row
        for row in rows
        if FulfillmentStatus(row.status) in _UNDELIVERED
        or (row.transferred_on is None and row.status == FulfillmentStatus.DELIVERED.value)
    ]
    return FulfillmentOutcome(
        undelivered=len(undelivered),
        back_ordered=sum(row.status == FulfillmentStatus.BACK_ORDERED.value for row in rows),
        delivery_note=delivery_note,
    )


def _with_unpublished(
    session: Session, step: DealStep, outcome: FulfillmentOutcome
) -> FulfillmentOutcome:
    """Name the order's documents that are not stored yet, so that a lost answer loses none."""
    stored = frozenset(
        session.exec(select(DocumentRow.number).where(DocumentRow.deal == step.deal))
    )
    confirmation = f"OC-{step.deal}" if _rows(session, step) else ""
    numbers = session.exec(select(WorkOrderRow.number).where(WorkOrderRow.deal == step.deal))
    return outcome.model_copy(
        update={
            "confirmation": "" if confirmation in stored else confirmation,
            "work_orders": tuple(sorted(frozenset(numbers) - stored)),
        }
    )
