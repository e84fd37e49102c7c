"""What is to be simulated: a deal file, a last day, and how the customer pays."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from models.beside import parse_whole_file
from models.deal_file import DealFile
from models.errors import InvalidInputError, Problem
from models.value import Value
from starter.cli.files import read_document

UNNUMBERED = "SIMULATION"

# At ten in the morning, UTC, it is the same calendar day from Honolulu to Auckland.
_MORNING = time(10, tzinfo=UTC)
_LATEST = 3650


class Paying(Value):
    """When invoices are paid: `days_late` days after they are due, or never if that is None."""

    days_late: int | None

    def day_for(self, due_on: date) -> date | None:
        """Return the day an invoice due on a day is paid on, or None."""
        return None if self.days_late is None else due_on + timedelta(days=self.days_late)


class SimulationRequest(Value):
    """A deal to play from `start` until the end of the day `until`."""

    file: DealFile
    start: datetime
    until: date
    pay: str
    paying: Paying


def parse_paying(pay: str) -> Paying:
    """Return the manner written as `due`, `late:N` or `never`.

    Raises `InvalidInputError` for anything else.
    """
    kind, _, days = pay.partition(":")
    if pay == "due":
        return Paying(days_late=0)
    if pay == "never":
        return Paying(days_late=None)
    if kind == "late" and days.isascii() and days.isdigit() and int(days) <= _LATEST:
        return Paying(days_late=int(days))
    remedy = f"use due, never, or late:N with N up to {_LATEST}"
    problem = Problem(field="--pay", reason=f"{pay} is no manner of paying", remedy=remedy)
    raise InvalidInputError([problem])


def morning_of(day: date) -> datetime:
    """Return a moment that falls on that day in every seller's time zone."""
    return datetime.combine(day, _MORNING)


def read_request(
    path: Path, until: date, pay: str, today: date, start_on: date | None = None
) -> SimulationRequest:
    """Return the simulation of a deal file; raises `InvalidInputError` with every problem.

    It starts on `start_on`, else at the file's test clock, else on the first day of service, else
    today. A file without number or seller gets a number; whoever reads the register adds a seller.
    """
    paying = parse_paying(pay)
    written = read_document(path)
    if isinstance(written, dict):
        written = {**written, "number": written.get("number") or UNNUMBERED}
        written.setdefault("seller", UNNUMBERED)
    file = parse_whole_file(written)
    start = _start(file, today, start_on)
    if until < start.date():
        reason = f"{until} lies before the first day, {start.date()}"
        raise InvalidInputError(
            [Problem(field="--until", reason=reason, remedy="name a later day")]
        )
    request = {"start": start, "until": until, "pay": pay, "paying": paying}
    return SimulationRequest(file=file.model_copy(update={"test_clock": start}), **request)


def _start(file: DealFile, today: date, start_on: date | None) -> datetime:
    if start_on is not None:
        return morning_of(start_on)
    return file.test_clock or morning_of(file.starts_on or today)
