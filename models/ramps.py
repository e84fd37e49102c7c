"""Ramps: a line whose quantity or price changes on agreed days of the term.

A ramp is a row of segments without gaps and overlaps, from the first day of the term to its end.
Every segment is priced for itself and billed for its own days; a billing period that a boundary
runs through is split there and prorated by the day.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol

from models.errors import Problem
from models.periods import Interval, add_months
from models.value import Value

_ANY_START = date(2001, 1, 1)


class Segment(Value):
    """One part of a ramp: `index` counts from 1; months count from the first day of the term.

    It begins on `from_on`, else `from_month` months into the term, and ends before `until_on`, else
    before month `until_month`, else with the term.
    """

    index: int
    from_month: int = 0
    until_month: int | None = None
    from_on: date | None = None
    until_on: date | None = None

    @property
    def suffix(self) -> str:
        """What the reference of a priced line ends with: nothing for the first segment."""
        return f"#{self.index}" if self.index > 1 else ""

    @property
    def words(self) -> str:
        """The segment's days in words, for the names of lines on documents."""
        if self.from_on is not None:
            return f"from {self.from_on.isoformat()}"
        return f"from month {self.from_month + 1}"

    def interval(self, starts_on: date, ends_on: date) -> Interval | None:
        """Return the segment's days in a term, or None if none of them is in it."""
        start = self.from_on or add_months(starts_on, self.from_month)
        end = self.until_on
        if end is None:
            end = ends_on if self.until_month is None else add_months(starts_on, self.until_month)
        term = Interval(start=starts_on, end=ends_on)
        return Interval(start=start, end=end).intersection(term) if start < end else None


class Bounds(Protocol):
    """How somebody wrote the days of a segment: by months of the term or by dates."""

    @property
    def from_month(self) -> int | None:
        """Months into the term at which it begins."""
        ...

    @property
    def until_month(self) -> int | None:
        """Months into the term before which it ends."""
        ...

    @property
    def from_on(self) -> date | None:
        """Its first day."""
        ...

    @property
    def until_on(self) -> date | None:
        """The day before which it ends."""
        ...


def segments_of(ramp: Sequence[Bounds]) -> tuple[Segment, ...]:
    """Return the segments of a ramp; one without an end ends where the next begins."""
    found = []
    for position, written in enumerate(ramp):
        following = ramp[position + 1] if position + 1 < len(ramp) else None
        open_end = written.until_month is None and written.until_on is None
        until = following if open_end and following is not None else None
        found.append(
            Segment(
                index=position + 1,
                from_month=written.from_month or 0,
                from_on=written.from_on,
                until_month=until.from_month if until else written.until_month,
                until_on=until.from_on if until else written.until_on,
            )
        )
    return tuple(found)


def ramp_problems(
    ramp: Sequence[Bounds], path: str, starts_on: date | None, term_months: int
) -> Iterator[Problem]:
    """Yield everything that keeps segments from covering the term once, without gap or overlap.

    Months need no start of the term; dates do.
    """
    if not ramp:
        return
    if term_months <= 0:
        yield Problem(field=path, reason="needs a term, and a one-off sale has none")
        return
    unclear = [*_unclear(ramp, path, starts_on, term_months)]
    yield from unclear
    if not unclear:
        yield from _uncovered(ramp, path, starts_on or _ANY_START, term_months)


def _unclear(
    ramp: Sequence[Bounds], path: str, starts_on: date | None, term_months: int
) -> Iterator[Problem]:
    """Yield the bounds whose day cannot be told."""
    for index, written in enumerate(ramp):
        field = f"{path}[{index}]"
        for name in ("from", "until"):
            month, day = getattr(written, f"{name}_month"), getattr(written, f"{name}_on")
            if month is not None and day is not None:
                yield Problem(
                    field=f"{field}.{name}_on",
                    reason=f"is given beside {name}_month",
                    remedy="give one of the two",
                )
            elif day is not None and starts_on is None:
                yield Problem(
                    field=f"{field}.{name}_on",
                    reason="is a date, and the deal file does not say when the term starts",
                    remedy="write starts_on, or use months",
                )
            elif month is not None and not 0 <= month <= term_months:
                yield Problem(
                    field=f"{field}.{name}_month",
                    reason=f"{month} is not between 0 and the term's {term_months} months",
                )
        if index and written.from_month is None and written.from_on is None:
            yield Problem(
                field=field, reason="has no beginning", remedy="give from_month or from_on"
            )


def _uncovered(
    ramp: Sequence[Bounds], path: str, starts_on: date, term_months: int
) -> Iterator[Problem]:
    ends_on = add_months(starts_on, term_months)
    before, last = starts_on, len(ramp) - 1
    for index, segment in enumerate(segments_of(ramp)):
        start = segment.from_on or add_months(starts_on, segment.from_month)
        end = segment.until_on or (
            ends_on if segment.until_month is None else add_months(starts_on, segment.until_month)
        )
        field = f"{path}[{index}]"
        if start >= end:
            yield Problem(field=field, reason="ends before it begins, or holds no day")
        if start > before:
            yield Problem(
                field=field,
                reason=f"leaves a gap of {(start - before).days} days before it",
                remedy="begin where the one before ends, the first with the term",
            )
        elif start < before:
            yield Problem(
                field=field,
                reason=f"overlaps what comes before it by {(before - start).days} days",
                remedy="begin where the one before ends, the first with the term",
            )
        if index == last and end != ends_on:
            off = "ends before" if end < ends_on else "reaches beyond"
            yield Problem(
                field=field, reason=f"{off} the end of the term", remedy="leave its end out"
            )
        before = max(before, end)
