"""The way of an invoice over a network: what may follow what, and when it may be sent again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.einvoice_settings import EInvoiceFormat
from models.transmission import (
    FOLLOWED_BY,
    UNDELIVERED,
    NetworkAnswer,
    TransmissionEvent,
    TransmissionStatus,
    latest,
    news,
    next_attempt,
    next_look,
)

S = TransmissionStatus
AT = datetime(2026, 2, 1, 12, tzinfo=UTC)


def event(attempt: int, status: S) -> TransmissionEvent:
    return TransmissionEvent(attempt=attempt, status=status, format=EInvoiceFormat.UBL, at=AT)


def answers(*said: S) -> list[NetworkAnswer]:
    return [NetworkAnswer(status=status) for status in said]


@pytest.mark.parametrize(
    ("events", "attempt"),
    [
        ([], 1),
        ([event(1, S.PREPARED)], 1),
        ([event(1, S.PREPARED), event(1, S.SENT)], None),
        ([event(1, S.SENT), event(1, S.DELIVERED)], None),
        ([event(1, S.SENT), event(1, S.ACCEPTED)], None),
        ([event(1, S.SENT), event(1, S.REJECTED)], 2),
        ([event(1, S.FAILED), event(2, S.PREPARED), event(2, S.FAILED)], 3),
    ],
)
def test_only_what_came_back_is_sent_again(
    events: list[TransmissionEvent], attempt: int | None
) -> None:
    """A buyer who accepted, or may still do so, gets no second copy."""
    assert next_attempt(events) == attempt


def test_answers_lead_on_and_never_back() -> None:
    """Late, repeated and contradicting answers are left out."""
    said = answers(S.SENT, S.DELIVERED, S.SENT, S.DELIVERED, S.REJECTED, S.ACCEPTED)

    found = news(S.SENT, said)

    assert [answer.status for answer in found] == [S.DELIVERED, S.REJECTED]
    assert news(S.REJECTED, said) == ()


@given(st.sampled_from(S), st.lists(st.sampled_from(S), max_size=8))
def test_whatever_a_network_says_each_status_is_reached_once(start: S, said: list[S]) -> None:
    """So that a fact can be unique per attempt and status; a final one is the last."""
    found = [answer.status for answer in news(start, answers(*said))]

    reached = [start, *found]
    assert len(set(reached)) == len(reached)
    assert all(later in FOLLOWED_BY[before] for before, later in zip(reached, found, strict=False))


def test_what_came_back_is_final() -> None:
    """Nothing follows; only another attempt does."""
    assert all(not FOLLOWED_BY[status] for status in (*UNDELIVERED, S.ACCEPTED))


def test_the_network_is_asked_less_and_less_often_and_not_for_ever() -> None:
    """After an hour, two, four, then daily; after about a month no more."""
    pauses: list[timedelta] = []
    while (pause := next_look(S.SENT, len(pauses))) is not None:
        pauses.append(pause)

    assert pauses[:3] == [timedelta(hours=1), timedelta(hours=2), timedelta(hours=4)]
    assert pauses[-1] == timedelta(days=1)
    assert timedelta(days=28) < sum(pauses, timedelta()) < timedelta(days=35)
    assert next_look(S.ACCEPTED, 0) is None


def test_the_last_fact_says_where_a_document_stands() -> None:
    """None of one that was never sent."""
    assert latest([]) is None
    assert latest([event(1, S.PREPARED), event(1, S.SENT)]) == event(1, S.SENT)
