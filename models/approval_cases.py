"""Cases: what needs an approval beside a quote, and carries itself out once it is approved.

A write-off, a refund, a credit note and a changed catalogue are all handed in the same way: a
subject, a key, the content that is meant, and who asks. The engine that routes quotes routes them;
what a yes does is the business of the subject.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, Field

from models.approval_facts import LineFacts, Subject
from models.approval_path import (
    ApprovalPath,
    ApprovalStep,
    is_approved,
    is_rejected,
)
from models.approval_people import Barred
from models.decisions import Channel, DecisionKind
from models.errors import Problem
from models.value import Value
from models.working_hours import WorkingCalendar


class CaseStatus(StrEnum):
    """Where a case stands: open until it is carried out, refused, taken back or impossible."""

    OPEN = "open"
    DONE = "done"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


def case_number(subject: Subject, key: str) -> str:
    """Return the number of a case: its subject and its key."""
    return f"{subject.value}-{key}"


def hash_of(content: str) -> str:
    """Return the SHA-256 (hex) of what a case means, which every decision on it is bound to."""
    return hashlib.sha256(content.encode()).hexdigest()


class OpenCase(Value):
    """Hand a case in. `content` is the JSON its subject understands, `actor` who asks for it."""

    subject: Subject
    key: str = Field(max_length=120)
    content: str
    reason: str = Field(default="", max_length=1000)
    actor: str = ""
    channel: Channel = Channel.TEMPORAL

    @property
    def number(self) -> str:
        """The number the case goes by."""
        return case_number(self.subject, self.key)


class Examined(Value):
    """What a subject says of a case before anybody is asked: its faults, or what to decide on.

    `title` says in a line what a yes does. `on` is the business day it is asked for, in the scope
    of its deal's clock.
    """

    problems: tuple[Problem, ...] = ()
    title: str = ""
    currency: str = ""
    facts: Mapping[str, Decimal] = {}
    lines: tuple[LineFacts, ...] = ()
    barred: tuple[Barred, ...] = ()
    entity: str = ""
    deal: str = ""
    customer: str = ""
    amount_minor: int = 0
    on: date | None = None


class CarriedOut(Value):
    """What a yes did: a reference to the result and the deals that have to read their books again.

    With `problems` it could no longer be done, and nothing was written.
    """

    problems: tuple[Problem, ...] = ()
    reference: str = ""
    deals: tuple[str, ...] = ()


class CaseOpened(Value):
    """Whom a case asks, and how long they have; with `problems` it is not on record."""

    problems: tuple[Problem, ...] = ()
    steps: tuple[ApprovalStep, ...] = ()
    remind_after_hours: int = 0
    escalate_after_hours: int = 0
    calendar: WorkingCalendar | None = None


class DecideCase(Value):
    """One person's word on a case: approve, reject, or (who handed it in) recall."""

    case: str
    kind: DecisionKind
    person: str = ""
    step: str = ""
    token: str = ""
    content_hash: str = ""
    reason: str = ""
    actor: str = ""
    channel: Channel = Channel.TEMPORAL
    command_id: str = ""
    at: datetime


class EscalateCase(Value):
    """Move a step that nobody decided to its approver's manager."""

    case: str
    step: str
    at: datetime


class CaseDecided(Value):
    """Whether a decision counts, else why not, and how the case stands after it."""

    accepted: bool = True
    refused_because: str = ""
    steps: tuple[ApprovalStep, ...] = ()
    is_over: bool = False


class CloseCase(Value):
    """End a case whose path is decided: carry it out, or note that it will not be."""

    case: str
    at: datetime


class IssuedCredit(Value):
    """A credit note that is on record and not published yet, at a moment and day of its deal."""

    deal: str
    term: int = 1
    number: str = ""
    at: AwareDatetime
    on: date


class CaseClosed(Value):
    """How a case ended; `issued` is the credit note it made, if it made one."""

    status: CaseStatus
    text: str = ""
    reference: str = ""
    deals: tuple[str, ...] = ()
    issued: IssuedCredit | None = None


class CaseNotice(StrEnum):
    """The letters of a case."""

    REQUEST = "request"
    REMINDER = "reminder"
    CLOSED = "closed"


class NotifyCase(Value):
    """Write to whoever is asked in a step, or (closed) to whoever handed the case in."""

    case: str
    notice: CaseNotice
    step: str = ""
    at: datetime


def is_over(path: ApprovalPath) -> bool:
    """Whether a path waits for nobody for good: approved, rejected, or taken back."""
    return is_approved(path) or is_rejected(path) or path.recalled


def ending(path: ApprovalPath) -> CaseStatus:
    """Return how a case whose path is over ends if nothing stands against carrying it out."""
    if path.recalled:
        return CaseStatus.WITHDRAWN
    if is_rejected(path):
        return CaseStatus.REJECTED
    return CaseStatus.DONE if is_approved(path) else CaseStatus.OPEN


def waits_for(steps: Sequence[ApprovalStep]) -> tuple[str, ...]:
    """Return everybody whose yes is missing, each once."""
    return tuple(
        dict.fromkeys(
            person for step in steps if step.decided_by is None for person in step.undecided
        )
    )
