"""The agenda of a deal: dated items with a business key, the earliest of which is due next.

Durable timers do not survive continue-as-new, a list of dates does. The workflow arms one timer for
the earliest item, does it, and asks again.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime

from models.value import Value


class AgendaKind(StrEnum):
    """What can be due, in the order in which items of the same moment are done."""

    COMMAND = "command"
    STEP = "step"
    NOTICE = "notice"
    APPROVAL_REQUEST = "approval_request"
    QUOTE_EXPIRY = "quote_expiry"
    APPROVAL_REMINDER = "approval_reminder"
    APPROVAL_ESCALATION = "approval_escalation"
    SIGNATURE_DEADLINE = "signature_deadline"
    AMENDMENT = "amendment"
    CONVERGE = "converge"
    PUBLISH = "publish"
    DUN = "dun"
    RENEWAL_QUOTE = "renewal_quote"
    RENEWAL_OFFER = "renewal_offer"
    RENEWAL_ALARM = "renewal_alarm"
    RENEWAL_REMINDER = "renewal_reminder"
    TERM_END = "term_end"


_ORDER = {kind: position for position, kind in enumerate(AgendaKind)}


_WORDS = {
    AgendaKind.COMMAND: "take a message again",
    AgendaKind.STEP: "try a step again",
    AgendaKind.APPROVAL_REQUEST: "ask for approval",
    AgendaKind.QUOTE_EXPIRY: "the quote expires",
    AgendaKind.APPROVAL_REMINDER: "remind of the approval",
    AgendaKind.APPROVAL_ESCALATION: "escalate the approval",
    AgendaKind.SIGNATURE_DEADLINE: "the time to sign ends",
    AgendaKind.AMENDMENT: "book the amendment",
    AgendaKind.CONVERGE: "bill and recognize what is due",
    AgendaKind.PUBLISH: "publish",
    AgendaKind.DUN: "remind of what is overdue",
    AgendaKind.RENEWAL_QUOTE: "price the next term",
    AgendaKind.RENEWAL_OFFER: "offer the next term",
    AgendaKind.RENEWAL_ALARM: "tell the seller that the renewal is open",
    AgendaKind.RENEWAL_REMINDER: "remind the customer of the renewal",
    AgendaKind.TERM_END: "the term ends",
    AgendaKind.NOTICE: "tell of",
}


class AgendaItem(Value):
    """One thing to do. `key` names it within the deal; `due_at` is business time.

    `retry_at` is wall-clock time: after a failure the item is not tried before it, so that a
    failing item never starves the others. `reference` is the document or step the item is about.
    """

    key: str
    kind: AgendaKind
    due_at: AwareDatetime
    reference: str = ""
    attempts: int = 0
    retry_at: AwareDatetime | None = None

    @property
    def words(self) -> str:
        """What is due, as a person says it, with what it is about."""
        return f"{_WORDS[self.kind]} {self.reference}".strip()

    @property
    def sort_key(self) -> tuple[datetime, int, str]:
        """Earlier first; at one moment by kind, then by key, so the order is always the same."""
        return (self.due_at, _ORDER[self.kind], self.key)


def put(agenda: Sequence[AgendaItem], item: AgendaItem) -> tuple[AgendaItem, ...]:
    """Return the agenda with `item` in the place of any item of the same key, in order."""
    others = [other for other in agenda if other.key != item.key]
    return tuple(sorted([*others, item], key=lambda entry: entry.sort_key))


def without(agenda: Sequence[AgendaItem], *prefixes: str) -> tuple[AgendaItem, ...]:
    """Return the agenda without the items whose key starts with one of `prefixes`."""
    return tuple(item for item in agenda if not item.key.startswith(prefixes))


def ready(agenda: Sequence[AgendaItem], business: datetime, wall: datetime) -> AgendaItem | None:
    """Return the first item that is due in business time and not waiting for another try."""
    for item in agenda:
        if item.due_at > business:
            return None
        if item.retry_at is None or item.retry_at <= wall:
            return item
    return None


def next_retry(agenda: Sequence[AgendaItem], business: datetime) -> datetime | None:
    """Return the earliest moment at which an item that is due but failed is tried again."""
    moments = [item.retry_at for item in agenda if item.retry_at and item.due_at <= business]
    return min(moments, default=None)


def next_due(agenda: Sequence[AgendaItem], business: datetime) -> AgendaItem | None:
    """Return the earliest item that is not due yet."""
    return next((item for item in agenda if item.due_at > business), None)
