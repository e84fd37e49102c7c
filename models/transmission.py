"""Sending over a network: what an invoice's way to its buyer is, as facts that follow each other.

A document is sent in attempts. Each goes from prepared to sent, and on to what the network and the
buyer answer; only a rejected or failed one may be followed by another attempt.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from pydantic import AwareDatetime

from models.einvoice_settings import EInvoiceFormat
from models.errors import Problem
from models.value import Value


class TransmissionStatus(StrEnum):
    """How far an attempt has come."""

    PREPARED = "prepared"
    """Its content is fixed and about to be handed over."""
    SENT = "sent"
    """The network took it."""
    DELIVERED = "delivered"
    """It reached the buyer's side."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"
    """The network will not carry it."""


_S = TransmissionStatus
FOLLOWED_BY: Mapping[TransmissionStatus, frozenset[TransmissionStatus]] = MappingProxyType(
    {
        _S.PREPARED: frozenset({_S.SENT, _S.FAILED}),
        _S.SENT: frozenset({_S.DELIVERED, _S.ACCEPTED, _S.REJECTED, _S.FAILED}),
        _S.DELIVERED: frozenset({_S.ACCEPTED, _S.REJECTED, _S.FAILED}),
        _S.ACCEPTED: frozenset(),
        _S.REJECTED: frozenset(),
        _S.FAILED: frozenset(),
    }
)
"""Which status may follow which; nothing follows an answer that is final."""

UNDELIVERED = frozenset({_S.REJECTED, _S.FAILED})
"""Final answers after which the document may be sent again."""

_FIRST_LOOK = timedelta(hours=1)
_LONGEST_PAUSE = timedelta(days=1)
_MOST_LOOKS = 35
"""About a month: who has not answered by then answers by other means."""


class TransmissionEvent(Value):
    """One fact of an attempt. `reference` is the network's name for it, `reason` says why."""

    attempt: int
    status: TransmissionStatus
    format: EInvoiceFormat
    reference: str = ""
    reason: str = ""
    sha256: str = ""
    at: AwareDatetime


class NetworkAnswer(Value):
    """What a network says of an attempt."""

    status: TransmissionStatus
    reason: str = ""


class SendEInvoice(Value):
    """Send an issued document over the network, as this attempt of it."""

    number: str
    attempt: int = 1
    format: EInvoiceFormat | None = None
    actor: str = ""
    at: AwareDatetime


class FollowEInvoice(Value):
    """Ask the network what became of an attempt."""

    number: str
    attempt: int
    at: AwareDatetime


class Transmitted(Value):
    """Where an attempt stands, or the problems that kept it from being sent."""

    number: str = ""
    deal: str = ""
    attempt: int = 0
    status: TransmissionStatus = TransmissionStatus.PREPARED
    reason: str = ""
    problems: tuple[Problem, ...] = ()


def latest(events: Sequence[TransmissionEvent]) -> TransmissionEvent | None:
    """Return the last fact of the last attempt; None if the document was never sent."""
    return events[-1] if events else None


def next_attempt(events: Sequence[TransmissionEvent]) -> int | None:
    """Return the attempt that may be made now: a new one, or the one that was only prepared.

    None while an attempt is under way or was accepted.
    """
    last = latest(events)
    if last is None:
        return 1
    if last.status is TransmissionStatus.PREPARED:
        return last.attempt
    return last.attempt + 1 if last.status in UNDELIVERED else None


def news(status: TransmissionStatus, answers: Iterable[NetworkAnswer]) -> tuple[NetworkAnswer, ...]:
    """Return the answers that lead on from a status, in order.

    What is known, comes late or contradicts a final answer leads nowhere and is left out.
    """
    found: list[NetworkAnswer] = []
    for answer in answers:
        if answer.status in FOLLOWED_BY[status]:
            found.append(answer)
            status = answer.status
    return tuple(found)


def next_look(status: TransmissionStatus, looks: int) -> timedelta | None:
    """Return how long to wait before asking again: an hour, doubling up to a day; None to stop."""
    if not FOLLOWED_BY[status] or looks >= _MOST_LOOKS:
        return None
    pause: timedelta = _FIRST_LOOK * (1 << min(looks, 5))
    return min(pause, _LONGEST_PAUSE)
