"""Usage intake: a batch of events as somebody sends it, read and checked before anything is kept.

A batch is taken whole or not at all, and every problem names its line. Events have an identity of
their own, so the same batch may be sent as often as anybody likes.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

from models.errors import InvalidInputError, Problem
from models.written import LARGEST, MOST_DECIMALS, nearest

TOLERANCE = timedelta(minutes=5)
"""How far an event may be ahead of us: clocks differ."""

MOST_EVENTS = 1_000_000
"""How many events one batch may have."""

MOST_PROBLEMS = 1000
"""After so many problems a batch is not read further."""

_LONGEST_TEXT = 200
_LONGEST_PROPERTIES = 4000
_REQUIRED = ("id", "deal", "meter", "at")
_FIELDS = (*_REQUIRED, "value", "source", "replaces", "deletes")


class UsageEvent(NamedTuple):
    """One event: who used how much of what, when.

    `source` and `id` name it within its deal. With `replaces` it takes the place of another event
    of its source, with `deletes` that event counts no more. `place` is where it stood in its batch,
    `properties` are JSON, or nothing, and `digest` is the same for equal contents.
    """

    place: str
    id: str
    deal: str
    meter: str
    at: datetime
    value: Decimal
    source: str = ""
    properties: str = ""
    replaces: str = ""
    deletes: str = ""
    digest: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Its identity."""
        return (self.deal, self.source, self.id)

    @property
    def corrects(self) -> str:
        """The event it replaces or deletes, or nothing."""
        return self.replaces or self.deletes


def _digest(texts: Mapping[str, str], at: datetime, value: Decimal, properties: str) -> str:
    """Return what is the same for equal contents: 10 and 10.0 are equal, and so are moments."""
    parts = (
        texts["meter"],
        at.isoformat(),
        f"{value.normalize():f}",
        properties,
        texts["replaces"],
        texts["deletes"],
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


@lru_cache(maxsize=4096)
def _written(properties: tuple[tuple[str, str], ...]) -> str:
    """Return properties as JSON in one order; most events share theirs with many others."""
    return json.dumps(dict(properties), sort_keys=True) if properties else ""


def read_csv(lines: Iterable[str]) -> tuple[UsageEvent, ...]:
    """Return the events of a CSV file with a heading; columns of other names are properties.

    Raises `InvalidInputError` with every problem and its line, the heading being line 1.
    """
    rows = csv.reader(lines)
    heading = [name.strip() for name in next(rows, [])]
    missing = [name for name in _REQUIRED if name not in heading]
    doubled = sorted({name for name in heading if heading.count(name) > 1})
    if missing or doubled:
        what = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(doubled)} twice"
        remedy = f"begin with {','.join((*_REQUIRED, 'value'))}"
        raise InvalidInputError([Problem(field="line 1", reason=what, remedy=remedy)])
    return _read(_csv_rows(rows, heading))


def _csv_rows(rows: Iterator[list[str]], heading: Sequence[str]) -> Iterator[tuple[str, object]]:
    for count, row in enumerate(rows, start=2):
        if not row:
            continue
        if len(row) != len(heading):
            yield f"line {count}", f"has {len(row)} columns, not {len(heading)}"
        else:
            yield f"line {count}", dict(zip(heading, row, strict=True))


def read_json(data: object) -> tuple[UsageEvent, ...]:
    """Return the events of `{"events": [...]}`, each with its properties as an object of texts.

    Raises `InvalidInputError` with every problem and the place of its event.
    """
    listed = data.get("events") if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        remedy = 'send {"events": [{"id": ..., "deal": ..., "meter": ..., "at": ...}]}'
        problem = Problem(field="events", reason="is no list", remedy=remedy)
        raise InvalidInputError([problem])
    return _read((f"events[{index}]", each) for index, each in enumerate(listed))


def _read(rows: Iterable[tuple[str, object]]) -> tuple[UsageEvent, ...]:
    events: list[UsageEvent] = []
    problems: list[Problem] = []
    for place, row in rows:
        if isinstance(row, Mapping):
            event = _event(place, row, problems)
            if event is not None:
                events.append(event)
        else:
            reason = row if isinstance(row, str) else "is no object"
            problems.append(Problem(field=place, reason=reason, remedy="correct the line"))
        if len(problems) >= MOST_PROBLEMS or len(events) > MOST_EVENTS:
            break
    if len(events) > MOST_EVENTS:
        reason = f"holds more than {MOST_EVENTS:,} events"
        problems.append(Problem(field="events", reason=reason, remedy="send it in parts"))
    if not events and not problems:
        reason, remedy = "holds no event", "send at least one"
        problems.append(Problem(field="events", reason=reason, remedy=remedy))
    if problems:
        raise InvalidInputError(problems)
    return tuple(events)


def _event(place: str, row: Mapping[str, object], problems: list[Problem]) -> UsageEvent | None:
    """Return one event; what is wrong with it is added to the problems instead."""
    known = len(problems)
    texts = {name: _text(place, name, row.get(name), problems) for name in _FIELDS}
    for name in _REQUIRED:
        if not texts[name] and len(problems) == known:
            problems.append(_problem(place, name, "is empty", "fill it in"))
    at = _moment(place, texts["at"], problems)
    value = _value(place, texts, problems)
    properties = _properties(place, row, problems)
    if texts["replaces"] and texts["deletes"]:
        remedy = "send two events"
        problems.append(_problem(place, "deletes", "is given beside replaces", remedy))
    if len(problems) > known or at is None or value is None:
        return None
    return UsageEvent(
        place=place,
        id=texts["id"],
        deal=texts["deal"],
        meter=texts["meter"],
        at=at,
        value=value,
        source=texts["source"],
        properties=properties,
        replaces=texts["replaces"],
        deletes=texts["deletes"],
        digest=_digest(texts, at, value, properties),
    )


def _text(place: str, name: str, value: object, problems: list[Problem]) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) and isinstance(value, bool | Mapping | list):
        problems.append(_problem(place, name, "is no text", "write it in quotes"))
        return ""
    text = str(value).strip()
    if len(text) > _LONGEST_TEXT:
        reason = f"is longer than {_LONGEST_TEXT} characters"
        problems.append(_problem(place, name, reason, "shorten it"))
    return text


def _moment(place: str, text: str, problems: list[Problem]) -> datetime | None:
    if not text:
        return None
    remedy = "write it with its zone, such as 2026-01-31T23:59:59Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        problems.append(_problem(place, "at", f"{text} is no moment", remedy))
        return None
    if moment.tzinfo is None:
        problems.append(_problem(place, "at", f"{text} has no time zone", remedy))
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        problems.append(_problem(place, "at", f"{text} is out of this world", remedy))
        return None


def _value(place: str, texts: Mapping[str, str], problems: list[Problem]) -> Decimal | None:
    """Return the value; an event without one is one unit, a deletion is none."""
    text = texts["value"]
    if not text:
        return Decimal(0 if texts["deletes"] else 1)
    try:
        value = Decimal(text)
    except InvalidOperation:
        problems.append(_problem(place, "value", f"{text} is no number", "write digits"))
        return None
    reason, remedy = _number_fault(value, text)
    if reason:
        problems.append(_problem(place, "value", reason, remedy))
        return None
    return value


def _number_fault(value: Decimal, text: str) -> tuple[str, str]:
    if not value.is_finite():
        return f"{text} is no quantity", "write digits"
    if value < 0:
        return f"{text} is negative", "correct the event it should lower, by `replaces`"
    if value > LARGEST:
        return f"is more than {LARGEST:,}", "check the digits"
    if -int(value.as_tuple().exponent) > MOST_DECIMALS:
        return f"has more than {MOST_DECIMALS} decimals", "round it"
    return "", ""


def _properties(place: str, row: Mapping[str, object], problems: list[Problem]) -> str:
    """Return the properties: of JSON the object of that name, of CSV the columns besides ours."""
    given = row.get("properties")
    if isinstance(given, Mapping):
        stray = sorted(set(row) - {*_FIELDS, "properties"})
        for name in stray:
            remedy = nearest(name, _FIELDS)
            problems.append(_problem(place, name, "is no field of an event", remedy))
        found = {str(name): str(value) for name, value in given.items() if value is not None}
    else:
        found = {name: str(row[name]).strip() for name in row if name not in _FIELDS}
        found = {name: value for name, value in found.items() if value}
    written = _written(tuple(sorted(found.items())))
    if len(written) > _LONGEST_PROPERTIES:
        reason = f"are longer than {_LONGEST_PROPERTIES} characters"
        problems.append(_problem(place, "properties", reason, "leave out what is not counted"))
    return written


def _problem(place: str, name: str, reason: str, remedy: str) -> Problem:
    return Problem(field=f"{place}: {name}", reason=reason, remedy=remedy)


class Window(NamedTuple):
    """One period of a metered charge as moments, and from when on it takes no more events."""

    start: datetime
    end: datetime
    final_at: datetime


class Metered(NamedTuple):
    """What a deal takes: for each meter the periods in which something is charged by it."""

    now: datetime
    windows: Mapping[str, Sequence[Window]]
    ended: str = ""


def place_problems(event: UsageEvent, deal: Metered | None) -> Iterator[Problem]:
    """Yield why an event does not belong to its deal: unknown, too late, or not yet."""
    if deal is None:
        reason = f"there is no deal {event.deal} that is charged by usage"
        yield _problem(event.place, "deal", reason, "see `q2c deal list`")
        return
    if deal.ended:
        yield _problem(event.place, "deal", f"{event.deal} has ended: {deal.ended}", "leave it out")
        return
    windows = deal.windows.get(event.meter)
    if windows is None:
        reason = f"{event.meter} is no meter that deal {event.deal} is charged by"
        yield _problem(event.place, "meter", reason, nearest(event.meter, deal.windows))
        return
    if event.at > deal.now + TOLERANCE:
        reason = f"{event.at.isoformat()} has not come yet; it is {deal.now.isoformat()}"
        yield _problem(event.place, "at", reason, "check the clock it comes from")
        return
    window = next((one for one in windows if one.start <= event.at < one.end), None)
    if window is None:
        reason = f"deal {event.deal} charges nothing for {event.meter} at {event.at.isoformat()}"
        yield _problem(event.place, "at", reason, "check the moment, or the deal's term")
    elif deal.now >= window.final_at:
        reason = f"is too late: its period was settled for good on {window.final_at.date()}"
        yield _problem(event.place, "at", reason, "settle it by hand")


class Kept(NamedTuple):
    """What is on record of an event: its content, where it counts, and who took its place."""

    digest: str
    meter: str
    at: datetime
    replaced_by: str = ""


class Sorted(NamedTuple):
    """A batch compared with the books: what is new, and how many events are there already."""

    new: tuple[UsageEvent, ...]
    known: int


def sort_out(
    events: Sequence[UsageEvent],
    kept: Mapping[tuple[str, str, str], Kept],
    deals: Mapping[str, Metered],
) -> Sorted:
    """Return what of a batch is new; equal events that are on record already are left out.

    `kept` are the events on record that the batch repeats or corrects. Raises `InvalidInputError`
    with every event that cannot be taken: the whole batch is refused then.
    """
    seen = dict(kept)
    new: list[UsageEvent] = []
    problems: list[Problem] = []
    for event in events:
        before = seen.get(event.key)
        if before is not None:
            if before.digest != event.digest:
                reason = f"{event.id} is on record with other content"
                remedy = "give it another id; to correct it, name it in `replaces`"
                problems.append(_problem(event.place, "id", reason, remedy))
            continue
        found = [
            *place_problems(event, deals.get(event.deal)),
            *_correction_problems(event, seen, deals),
        ]
        problems += found
        if not found:
            new.append(event)
        seen[event.key] = Kept(event.digest, event.meter, event.at)
        other = (event.deal, event.source, event.corrects)
        if event.corrects and other in seen and not found:
            seen[other] = seen[other]._replace(replaced_by=event.id)
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise InvalidInputError(problems)
    return Sorted(tuple(new), len(events) - len(new))


def _correction_problems(
    event: UsageEvent,
    seen: Mapping[tuple[str, str, str], Kept],
    deals: Mapping[str, Metered],
) -> Iterator[Problem]:
    name = event.corrects
    if not name:
        return
    field = "replaces" if event.replaces else "deletes"
    other = seen.get((event.deal, event.source, name))
    if other is None:
        reason = f"there is no event {name} of that deal and source"
        yield _problem(event.place, field, reason, "send it first, or correct its id")
        return
    if other.replaced_by:
        reason = f"{name} counts no more: {other.replaced_by} took its place"
        yield _problem(event.place, field, reason, f"correct {other.replaced_by}")
        return
    if other.meter != event.meter:
        reason = f"{name} is of the meter {other.meter}"
        yield _problem(event.place, "meter", reason, "delete it, and send a new event")
        return
    deal = deals.get(event.deal)
    windows = deal.windows.get(other.meter, ()) if deal else ()
    for window in windows:
        if deal and window.start <= other.at < window.end and deal.now >= window.final_at:
            reason = f"{name} is settled for good since {window.final_at.date()}"
            yield _problem(event.place, field, reason, "settle it by hand")
            return
