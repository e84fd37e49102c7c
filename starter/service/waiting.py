"""What a deal waits for: its agenda and its holds, asked of the deal itself, else of the books."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from models.agenda import AgendaItem
from models.deal import DealState
from models.errors import NotFoundError
from models.tables import InvoiceLineRow, PlannedChargeRow
from models.value import Value
from starter.service.errors import UnansweredError, UnavailableError
from starter.service.ports import House
from starter.service.reports import DealSummary, deal_row, summary_of
from workflows.ids import deal_workflow_id

# Reasons may hold the separator too, so a hold begins only where one of the known keys does.
_KEY = re.compile(
    r"(?:^|; )(?P<key>(?:approval|billing|command|converge|dun|dunning|notice|publish|quote-expiry"
    r"|renewal|signature-deadline|step|term-end)(?::[^\s;]+)?): "
)
_INVOICES_SHOWN = 6
_ANSWERS = {"renewal": ("renew", "expire"), "dunning": ("hand over", "wait")}


class DueItem(AgendaItem):
    """One thing on a deal's agenda, and what it is in words."""

    what: str = ""


class PlannedInvoice(Value):
    """What the contract will bill on a day and has not billed yet, all charges of the day."""

    bill_on: date
    amount_minor: int
    currency: str


class Agenda(Value):
    """What a deal does next, in order, and the next days it bills on. Dates are of `time_zone`.

    `source` is the deal itself or the books.
    """

    items: tuple[DueItem, ...]
    invoices: tuple[PlannedInvoice, ...] = ()
    time_zone: str = "UTC"
    source: str = "deal"


class HoldEntry(Value):
    """Something parked; `answers` are those that `resolve` takes, none means `retry`."""

    key: str
    reason: str
    since: datetime | None = None
    answers: tuple[str, ...] = ()


class Holds(Value):
    """What of a deal is parked. `source` is the deal itself or the books."""

    items: tuple[HoldEntry, ...]
    source: str = "deal"


async def agenda(house: House, number: str) -> Agenda:
    """Ask a deal for its agenda.

    Raises `NotFoundError`, and `UnavailableError` with the next action the books know when no
    worker answers in time.
    """
    row = await _summary(house, number)
    if row.closed_at is not None:
        return Agenda(items=(), source="books")
    zone, invoices = await house.read(lambda session: _planned(session, number))
    try:
        items = await house.gateway.query(
            deal_workflow_id(number), "agenda", tuple[AgendaItem, ...], house.patience.query
        )
    except (UnansweredError, UnavailableError, NotFoundError) as error:
        raise UnavailableError(_without_worker(number, row)) from error
    due = (_due(item, zone) for item in items)
    return Agenda(items=tuple(due), invoices=invoices, time_zone=zone)


def _due(item: AgendaItem, zone: str) -> DueItem:
    due_at = item.due_at.astimezone(ZoneInfo(zone))
    return DueItem(**{**item.model_dump(), "due_at": due_at}, what=item.words)


def _planned(session: Session, number: str) -> tuple[str, tuple[PlannedInvoice, ...]]:
    """Return a deal's time zone, and the next days on which its contract bills, from the books."""
    deal = deal_row(session, number)
    billed = (
        select(InvoiceLineRow.id)
        .where(InvoiceLineRow.deal == number, InvoiceLineRow.term == PlannedChargeRow.term)
        .where(InvoiceLineRow.reference == PlannedChargeRow.reference)
        .where(InvoiceLineRow.starts_on == PlannedChargeRow.starts_on)
        .exists()
    )
    statement = (
        select(col(PlannedChargeRow.bill_on), func.sum(PlannedChargeRow.amount_minor))
        .where(PlannedChargeRow.deal == number, col(PlannedChargeRow.canceled_on).is_(None))
        .where(col(PlannedChargeRow.bill_on).is_not(None), ~billed)
        .group_by(col(PlannedChargeRow.bill_on))
        .order_by(col(PlannedChargeRow.bill_on))
        .limit(_INVOICES_SHOWN)
    )
    found = tuple(
        PlannedInvoice(bill_on=day, amount_minor=int(minor), currency=deal.currency)
        for day, minor in session.exec(statement)
        if day is not None
    )
    return deal.time_zone, found


def _without_worker(number: str, row: DealSummary) -> str:
    at = f" at {row.next_action_at:%Y-%m-%d %H:%M} UTC" if row.next_action_at else ""
    known = f"{row.next_action}{at}" if row.next_action else "nothing"
    return (
        f"No worker answers for deal {number}; by the books it does next: {known}. "
        "Start one with `q2c worker` and ask again."
    )


async def holds(house: House, number: str) -> Holds:
    """Return what of a deal is parked, from the books when no worker answers in time."""
    row = await _summary(house, number)
    if row.closed_at is not None or not row.on_hold:
        return Holds(items=(), source="books")
    try:
        state = await house.gateway.query(
            deal_workflow_id(number), "state", DealState, house.patience.query
        )
    except (UnansweredError, UnavailableError, NotFoundError):
        return Holds(items=holds_in(row.on_hold), source="books")
    return Holds(items=tuple(HoldEntry.model_validate(hold.model_dump()) for hold in state.holds))


def holds_in(text: str) -> tuple[HoldEntry, ...]:
    """Return what the deal's row says of its holds: all of them in one text, `key: reason; ...`."""
    found = list(_KEY.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return tuple(
        HoldEntry(
            key=match["key"],
            reason=text[match.end() : end],
            answers=_ANSWERS.get(match["key"], ()),
        )
        for match, end in zip(found, ends, strict=True)
    )


async def _summary(house: House, number: str) -> DealSummary:
    def look(session: Session) -> DealSummary:
        return summary_of(deal_row(session, number))

    return await house.read(look)
