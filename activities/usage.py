"""Usage: take batches of events into the books, and read what a deal used in a span.

A batch lies in the document store, so that no event travels through the engine; what travels is its
hash. It is read before any transaction begins and written in one, whole or not at all.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, insert
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, func, select
from temporalio import activity

from activities.numbering import lock
from activities.ports import Office
from activities.signatures import TAKE_USAGE
from activities.usage_rows import period_rows
from models.deal import start_of_day
from models.errors import InvalidInputError, NotFoundError, Problem, told
from models.meters import Aggregation, Meter
from models.quoting import Quote
from models.rating import usage_periods
from models.steps import UsageBatch, UsageTaken
from models.tables import DealRow, UsageBatchRow, UsageEventRow, UsagePeriodRow
from models.usage import Measured, Reading, Span, measure
from models.usage_intake import (
    Kept,
    Metered,
    Sorted,
    UsageEvent,
    Window,
    read_csv,
    read_json,
    sort_out,
)

_ROWS_AT_ONCE = 5000
_KEYS_AT_ONCE = 500


class UsageActivities:
    """Takes usage into the books."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=TAKE_USAGE.name, no_thread_cancel_exception=True)
    def take_usage(self, batch: UsageBatch) -> UsageTaken:
        """Take every event of a batch that is not on record, or none, with every line at fault.

        Safe to retry: a batch is recorded once under its hash, an event once under its identity.
        """
        try:
            events = self._read(batch)
            return self._office.books.write(lambda session: self._take(session, batch, events))
        except InvalidInputError as error:
            return UsageTaken(problems=told(error.problems))

    def _read(self, batch: UsageBatch) -> tuple[UsageEvent, ...]:
        if self._office.store is None:
            raise NotFoundError("There is no document store to read usage from")
        content = self._office.store.get(batch.file_hash, batch.suffix)
        try:
            text = content.decode("utf-8-sig")
            if batch.suffix == "csv":
                return read_csv(io.StringIO(text, newline=""))
            return read_json(json.loads(text, parse_float=Decimal, parse_int=Decimal))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            remedy = "send CSV or JSON in UTF-8"
            problem = Problem(field="body", reason=f"cannot be read: {error}", remedy=remedy)
            raise InvalidInputError([problem]) from error

    def _take(
        self, session: Session, batch: UsageBatch, events: Sequence[UsageEvent]
    ) -> UsageTaken:
        numbers = sorted({event.deal for event in events})
        for number in numbers:
            lock(session, f"deal:{number}")
        taken = _on_record(session, batch)
        if taken is not None:
            return taken
        metered = _metered(session, numbers, batch.at)
        found = sort_out(events, _kept(session, events), metered)
        row = UsageBatchRow(
            content_hash=batch.file_hash,
            events=len(events),
            added=len(found.new),
            deals=len(numbers),
            actor=batch.actor,
            recorded_at=self._office.wall_clock(),
        )
        session.add(row)
        session.flush()
        _write(session, row.id or 0, found)
        return _told(row)


def _on_record(session: Session, batch: UsageBatch) -> UsageTaken | None:
    statement = select(UsageBatchRow).where(UsageBatchRow.content_hash == batch.file_hash)
    row = session.exec(statement).first()
    return _told(row) if row else None


def _told(row: UsageBatchRow) -> UsageTaken:
    return UsageTaken(
        events=row.events, added=row.added, known=row.events - row.added, deals=row.deals
    )


def _metered(session: Session, numbers: Sequence[str], at: datetime) -> dict[str, Metered]:
    """Return what each deal takes; a deal on a test clock goes by its own time."""
    found: dict[str, Metered] = {}
    for number in numbers:
        deal = session.get(DealRow, number)
        windows = _windows(session, deal) if deal else {}
        if deal is not None and windows:
            now = (deal.business_time or deal.started_at) if deal.test_clock else at
            found[number] = Metered(
                now=now, windows=windows, ended=deal.outcome if deal.closed_at else ""
            )
    return found


def _windows(session: Session, deal: DealRow) -> dict[str, list[Window]]:
    found: dict[str, list[Window]] = {}
    # Of two charges by one meter the one that is open longer decides whether an event is taken.
    rows = sorted(period_rows(session, deal.number), key=lambda row: row.final_on, reverse=True)
    for row in rows:
        final = start_of_day(row.final_on, deal.time_zone)
        span = span_of(row.starts_on, row.ends_on, deal.time_zone)
        found.setdefault(row.meter, []).append(Window(*span, final))
    return found


def _kept(session: Session, events: Sequence[UsageEvent]) -> dict[tuple[str, str, str], Kept]:
    """Return what is on record of the events of a batch and of those they correct."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for event in events:
        names = wanted.setdefault((event.deal, event.source), set())
        names.add(event.id)
        if event.corrects:
            names.add(event.corrects)
    later = aliased(UsageEventRow)
    found: dict[tuple[str, str, str], Kept] = {}
    for (deal, source), names in wanted.items():
        for part in _parts(sorted(names), _KEYS_AT_ONCE):
            statement = (
                select(UsageEventRow, later.event)
                .join(
                    later,
                    and_(
                        col(later.deal) == UsageEventRow.deal,
                        col(later.source) == UsageEventRow.source,
                        col(later.replaces) == UsageEventRow.event,
                    ),
                    isouter=True,
                )
                .where(UsageEventRow.deal == deal, UsageEventRow.source == source)
                .where(col(UsageEventRow.event).in_(part))
            )
            for row, replaced_by in session.exec(statement):
                kept = Kept(row.digest, row.meter, row.at, replaced_by or "")
                found[deal, source, row.event] = kept
    return found


def _parts(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]


def _write(session: Session, batch: int, found: Sorted) -> None:
    for start in range(0, len(found.new), _ROWS_AT_ONCE):
        rows = [_row(batch, event) for event in found.new[start : start + _ROWS_AT_ONCE]]
        # Past the object mapper: a hundred thousand rows are only text on their way.
        session.execute(insert(SQLModel.metadata.tables["usage_event"]), rows)


def _row(batch: int, event: UsageEvent) -> Mapping[str, Any]:
    return {
        "batch": batch,
        "deal": event.deal,
        "source": event.source,
        "event": event.id,
        "meter": event.meter,
        "at": event.at,
        "value": f"{event.value:f}",
        "properties": event.properties,
        "replaces": event.corrects or None,
        "is_deletion": bool(event.deletes),
        "digest": event.digest,
    }


def span_of(start: date, end: date, time_zone: str) -> Span:
    """Return the moments of the days from `start` to before `end` in a zone."""
    # In UTC, for two moments of one zone differ by what its clocks say, not by the time between.
    first, last = (start_of_day(day, time_zone).astimezone(UTC) for day in (start, end))
    return Span(first, last)


def write_usage_periods(session: Session, quote: Quote) -> None:
    """Put the periods on record in which a contract charges by usage; those there already stay."""
    meters = {line.reference: line.usage.meter.source for line in quote.lines if line.usage}
    known = {
        (row.reference, row.starts_on)
        for row in session.exec(
            select(UsagePeriodRow).where(
                UsagePeriodRow.deal == quote.deal, UsagePeriodRow.term == quote.term
            )
        )
    }
    for each in usage_periods(quote):
        if (each.reference, each.period.start) not in known:
            session.add(
                UsagePeriodRow(
                    deal=quote.deal,
                    term=quote.term,
                    reference=each.reference,
                    meter=meters[each.reference],
                    starts_on=each.period.start,
                    ends_on=each.period.end,
                    full_days=each.full_days,
                    final_on=each.final_on,
                )
            )


def last_event(session: Session, deal: str) -> int:
    """Return the number of the last event of a deal on record, 0 for none."""
    statement = select(func.max(UsageEventRow.id)).where(UsageEventRow.deal == deal)
    return session.exec(statement).one() or 0


def measured(session: Session, deal: str, meter: Meter, span: Span, *, each: bool) -> Measured:
    """Return what a meter counts of a deal's events in a span, as they are on record now."""
    return measure(meter, _readings(session, deal, meter, span), span, each=each)


def _readings(session: Session, deal: str, meter: Meter, span: Span) -> Iterable[Reading]:
    """Yield the events that count, in the order of their time and then of their arrival."""
    later = aliased(UsageEventRow)
    replaced = (
        select(later.id)
        .where(later.deal == UsageEventRow.deal, later.source == UsageEventRow.source)
        .where(later.replaces == UsageEventRow.event)
        .exists()
    )
    statement = (
        select(UsageEventRow.at, UsageEventRow.value, UsageEventRow.properties)
        .where(UsageEventRow.deal == deal, UsageEventRow.meter == meter.source)
        .where(col(UsageEventRow.at) < span.end, col(UsageEventRow.is_deletion).is_(False))
        .where(~replaced)
        .order_by(col(UsageEventRow.at), col(UsageEventRow.id))
    )
    if meter.aggregation is not Aggregation.WEIGHTED:
        statement = statement.where(col(UsageEventRow.at) >= span.start)
    for at, value, written in session.exec(statement.execution_options(yield_per=_ROWS_AT_ONCE)):
        properties = json.loads(written) if written else {}
        if meter.counts(properties):
            yield Reading(at, Decimal(value), str(properties.get(meter.unique_by, "")))
