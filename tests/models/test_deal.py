"""The state of a deal: what it remembers, and days in the contract's time zone."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.deal import (
    ANSWERS_KEPT,
    AUDIT_KEPT,
    SCHEMA_VERSION,
    DealState,
    local_date,
    start_of_day,
    upcast,
)
from models.messages import Answer, Command

NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
ZONES = ("UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland")


def _remembered(count: int) -> DealState:
    state = DealState()
    for number in range(count):
        command = Command(name="retry", command_id=f"c-{number}")
        state.remember(command, Answer(accepted=True, text=f"answer {number}"))
    return state


def test_the_last_500_answers_are_kept() -> None:
    """A repetition after 500 others is served again; the books know its effect."""
    state = _remembered(ANSWERS_KEPT + 1)

    assert state.answer_to("c-0") is None
    assert state.answer_to("c-1") is not None
    assert state.answer_to("c-500") is not None


def test_a_newer_answer_to_the_same_command_replaces_the_older_one() -> None:
    """What was received and on hold is answered for good later."""
    state = DealState()
    command = Command(name="approve", command_id="a")
    state.remember(command, Answer(accepted=True, text="Received and on hold"))

    state.remember(command, Answer(accepted=False, text="Too late"))

    answer = state.answer_to("a")
    assert answer is not None
    assert answer.text == "Too late"
    assert len(state.answers) == 1
    assert [one.answer.text for one in state.unwritten_answers] == [
        "Received and on hold",
        "Too late",
    ]


def test_the_audit_trail_is_numbered_without_gaps_and_its_end_is_kept() -> None:
    """All of it goes to the books; queries show the last fifty."""
    state = DealState()

    for number in range(AUDIT_KEPT + 10):
        state.note(NOON, "mia", f"thing {number}", "x" * 1000)

    assert [entry.sequence for entry in state.unwritten_audit] == list(range(1, AUDIT_KEPT + 11))
    assert len(state.audit) == AUDIT_KEPT
    assert state.audit[-1].what == "thing 59"
    assert len(state.audit[-1].detail) == 500


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_every_moment_lies_in_its_local_day(moment: datetime, zone: str) -> None:
    """A day begins at its first moment, whatever the zone does that day."""
    aware = moment.replace(tzinfo=UTC)

    day = local_date(aware, zone)

    assert start_of_day(day, zone) <= aware
    assert local_date(start_of_day(day, zone), zone) == day


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-01-01T07:59:59+00:00", "America/Los_Angeles", date(2025, 12, 31)),
        ("2026-01-01T08:00:00+00:00", "America/Los_Angeles", date(2026, 1, 1)),
        ("2026-07-01T06:59:59+00:00", "America/Los_Angeles", date(2026, 6, 30)),
        ("2025-12-31T23:00:00+00:00", "Europe/Berlin", date(2026, 1, 1)),
    ],
)
def test_a_day_begins_where_the_contract_lives(moment: str, zone: str, day: date) -> None:
    """Midnight in Berlin is afternoon in San Francisco."""
    assert local_date(datetime.fromisoformat(moment), zone) == day


def test_a_state_survives_its_journey_and_comes_out_current() -> None:
    """Carried as JSON, read by a newer release, brought to its schema version."""
    state = _remembered(3)
    state.note(NOON, "mia", "deal started")

    carried = DealState.model_validate_json(state.model_dump_json())

    assert carried == state
    assert upcast(carried.model_copy(update={"schema_version": 0})).schema_version == SCHEMA_VERSION
