"""What a deal waits for: its agenda and its holds, asked of the deal itself, else of the books."""

import re
from datetime import datetime

from sqlmodel import Session

from models.agenda import AgendaItem
from models.deal import DealState
from models.errors import NotFoundError
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
_ANSWERS = {"renewal": ("renew", "expire"), "dunning": ("hand over", "wait")}


class Agenda(Value):
    """What a deal does next, in order. `source` is the deal itself or the books."""

    items: tuple[AgendaItem, ...]
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
    try:
        items = await house.gateway.query(
            deal_workflow_id(number), "agenda", tuple[AgendaItem, ...], house.patience.query
        )
    except (UnansweredError, UnavailableError, NotFoundError) as error:
        raise UnavailableError(_without_worker(number, row)) from error
    return Agenda(items=items)


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
