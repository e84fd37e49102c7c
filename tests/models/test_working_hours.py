"""Working hours: only time at work counts, whatever the weekend, the holiday or the clock does."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.approval import parse_policy
from models.errors import InvalidInputError
from models.working_hours import Weekday, WorkingCalendar, due_after

BERLIN = WorkingCalendar(time_zone="Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        # Wednesday 10:00 in Berlin (winter: UTC+1) and two hours later.
        ("2026-01-14T09:00", 2, "2026-01-14T11:00"),
        # At 16:00 one hour is left; the second is the first of Thursday.
        ("2026-01-14T15:00", 2, "2026-01-15T09:00"),
        # Friday 16:00: the second hour ends on Monday at 10:00.
        ("2026-01-16T15:00", 2, "2026-01-19T09:00"),
        # Asked on Saturday, it begins on Monday at 9:00.
        ("2026-01-17T12:00", 1, "2026-01-19T09:00"),
        # Before opening nothing passes, and a whole day ends when the office closes.
        ("2026-01-14T03:00", 8, "2026-01-14T16:00"),
        # Over the night of 29 March 2026 the clocks go forward; a working day stays eight hours.
        ("2026-03-27T15:00", 2, "2026-03-30T08:00"),
    ],
)
def test_only_time_at_work_counts(start: str, hours: int, due: str) -> None:
    """Semantics 13: reminders and escalation after hours of business."""
    assert due_after(at(start), hours, BERLIN) == at(due)


def test_holidays_and_own_closed_days_are_skipped() -> None:
    """Friday is Good Friday, Monday is Easter Monday, and on Tuesday the house is closed."""
    calendar = BERLIN.model_copy(update={"closed_on": (date(2026, 4, 7),)})
    calendar = calendar.with_holidays((date(2026, 4, 3), date(2026, 4, 6)))

    # Thursday 16:00 in summer time is 14:00 UTC; the second hour is on Wednesday until 10:00.
    assert due_after(at("2026-04-02T14:00"), 2, calendar) == at("2026-04-08T08:00")


def test_without_a_calendar_every_hour_counts() -> None:
    """Policies that say nothing go on as before."""
    assert due_after(at("2026-01-16T15:00"), 48, None) == at("2026-01-18T15:00")


def test_a_house_that_never_opens_still_gets_an_answer() -> None:
    """A calendar that reads as it should not must not keep a deal waiting for ever."""
    never = WorkingCalendar(days=())

    assert due_after(at("2026-01-16T15:00"), 2, never) == at("2026-01-16T17:00")


CALENDARS = st.builds(
    WorkingCalendar,
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata"]),
    days=st.lists(st.sampled_from(list(Weekday)), min_size=1, unique=True).map(tuple),
    closed_on=st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=5, unique=True).map(
        tuple
    ),
)
MOMENTS = st.integers(0, 364 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(start=MOMENTS, first=st.integers(1, 60), more=st.integers(1, 60), calendar=CALENDARS)
def test_hours_add_up(start: datetime, first: int, more: int, calendar: WorkingCalendar) -> None:
    """Waiting in two parts ends when waiting in one does, and always at work."""
    once = due_after(start, first + more, calendar)

    assert due_after(due_after(start, first, calendar), more, calendar) == once
    assert once - start >= timedelta(hours=first + more)
    assert due_after(once, 1, calendar) > once


def policy(**calendar: Any) -> dict[str, Any]:
    return {"version": "1", "calendar": calendar}


def test_reads_a_calendar_as_people_write_it() -> None:
    """YAML hands 17:30 over as 1,050 minutes where it is not quoted."""
    read = parse_policy(
        policy(time_zone="Europe/Berlin", opens="08:30", closes=1050, days=["monday", "friday"])
    )

    assert read.calendar is not None
    assert (read.calendar.opens.hour, read.calendar.opens.minute) == (8, 30)
    assert (read.calendar.closes.hour, read.calendar.closes.minute) == (17, 30)


def test_lists_everything_wrong_with_a_calendar() -> None:
    """Whoever corrects a file wants to do it once."""
    with pytest.raises(InvalidInputError) as refused:
        parse_policy(
            policy(time_zone="Berlin", country="Germany", days=[], opens="17:00", closes="09:00")
        )

    assert [problem.field for problem in refused.value.problems] == [
        "calendar.time_zone",
        "calendar.country",
        "calendar.days",
        "calendar.closes",
    ]
