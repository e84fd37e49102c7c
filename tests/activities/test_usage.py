"""Usage intake on both databases: whole or not at all, once, and never edited."""

from datetime import date
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from models.meters import Meter
from models.tables import UsageBatchRow, UsageEventRow, UsagePeriodRow
from tests.activities.house import House, deal_file, line
from tests.activities.metered import Meters, event

DAY = date(2026, 1, 20)


def _run(change: str, session: Session) -> None:
    session.execute(text(change))


@pytest.fixture
def meters(house: House) -> Meters:
    """A house with deal 1001, which pays for calls."""
    found = Meters(house)
    house.sell(deal_file("1001", line("CALLS"), term_months=3))
    return found


def test_the_contract_says_in_which_periods_usage_is_charged(meters: Meters) -> None:
    """Three months, each open for late events for 30 days more."""
    rows = meters.house.rows(UsagePeriodRow)

    assert [(row.reference, row.meter, row.starts_on.month, row.full_days) for row in rows] == [
        ("1/calls", "calls", 1, 31),
        ("1/calls", "calls", 2, 28),
        ("1/calls", "calls", 3, 31),
    ]
    assert rows[0].final_on == date(2026, 3, 3)


def test_a_batch_is_on_record_once_however_often_it_comes(meters: Meters) -> None:
    """The same file changes nothing; the same event in another file neither."""
    first = meters.send(DAY, event("e1", "2026-01-02", "5"), event("e2", "2026-01-03"))
    again = meters.send(DAY, event("e1", "2026-01-02", "5"), event("e2", "2026-01-03"))
    other = meters.send(DAY, event("e2", "2026-01-03", "1.0"), event("e3", "2026-01-04"))

    assert (first.problems, first.events, first.added, first.known) == ((), 2, 2, 0)
    assert again == first
    assert (other.added, other.known, other.deals) == (1, 1, 1)
    assert [row.event for row in meters.house.rows(UsageEventRow)] == ["e1", "e2", "e3"]
    assert len(meters.house.rows(UsageBatchRow)) == 2


def test_one_bad_line_refuses_the_whole_file_with_its_number(meters: Meters) -> None:
    """Corrected and sent again it is taken; nothing of it was there before."""
    lines = [f"e{n},1001,calls,2026-01-05T10:00:00Z,2" for n in range(1, 2000)]
    lines[1233] = "e1234,1001,cals,2026-01-05T10:00:00Z,2"
    heading = "id,deal,meter,at,value"

    refused = meters.take("\n".join([heading, *lines]).encode(), "csv", DAY)
    nothing = len(meters.house.rows(UsageEventRow))
    lines[1233] = lines[1233].replace("cals", "calls")
    taken = meters.take("\n".join([heading, *lines]).encode(), "csv", DAY)

    assert [str(problem) for problem in refused.problems] == [
        "line 1235: meter: cals is no meter that deal 1001 is charged by (did you mean calls?)"
    ]
    assert (nothing, taken.added) == (0, 1999)


def test_what_is_no_file_of_events_is_refused(meters: Meters) -> None:
    """Bytes that are no text, and text that is no JSON."""
    found = [meters.take(content, "json", DAY) for content in (b"\xff\xfe", b"{")]

    assert [taken.problems[0].field for taken in found] == ["body", "body"]
    assert meters.house.rows(UsageBatchRow) == []


def test_a_correction_is_another_fact(meters: Meters) -> None:
    """Both stay on record; the database refuses to change either."""
    meters.send(DAY, event("e1", "2026-01-02", "5"))
    meters.send(DAY, event("e2", "2026-01-02", "7", replaces="e1"))

    rows = meters.house.rows(UsageEventRow)

    assert [(row.event, row.value, row.replaces) for row in rows] == [
        ("e1", "5", None),
        ("e2", "7", "e1"),
    ]
    for change in ("UPDATE usage_event SET value = '1'", "DELETE FROM usage_event"):
        with pytest.raises(DBAPIError, match="append-only"):
            meters.house.books.write(partial(_run, change))


def test_events_of_the_future_and_before_the_term_are_refused_together(meters: Meters) -> None:
    """Every line at fault at once."""
    taken = meters.send(DAY, event("e1", "2026-01-21"), event("e2", "2025-12-31"))

    assert [problem.field for problem in taken.problems] == ["events[0]: at", "events[1]: at"]


def test_a_deal_without_usage_takes_none(house: House) -> None:
    """A deal that is not metered, and one that is not signed."""
    found = Meters(house)
    house.sell(deal_file("1001", line("CRM")))

    (problem,) = found.send(DAY, event("e1", "2026-01-02")).problems

    assert problem.reason == "there is no deal 1001 that is charged by usage"


def test_meters_that_share_events_are_fed_by_one_stream(house: House) -> None:
    """The event names the meter that has its own events; filters decide who counts it."""
    found = Meters(house)
    house.sell(deal_file("1001", line("FEED"), term_months=1))

    taken = found.send(DAY, event("e1", "2026-01-02", properties={"region": "eu"}))

    assert taken.added == 1
    assert Meter(key="eu", name="EU", of="calls").source == house.rows(UsagePeriodRow)[0].meter
