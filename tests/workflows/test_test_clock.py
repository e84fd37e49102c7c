"""A test clock: business time that stands still until it is told to move, and never jumps."""

import asyncio

import pytest

from models.deal import Stage
from tests.workflows import records
from tests.workflows.conftest import OpenHouse
from tests.workflows.driver import begin, live
from tests.workflows.faults import no_fault
from tests.workflows.house import House
from workflows import policies


async def test_the_clock_stops_at_every_item_on_its_way(house: House) -> None:
    """Each step of the business happens on its own day, not on the day the clock is going to."""
    deal = await live(house)

    await deal.advance("2026-03-15T12:00:00Z")

    home = house.settings.home
    issued = records.rows(home, "select issued_on from invoice order by 1")
    assert issued == [("2026-01-01",), ("2026-02-01",), ("2026-03-01",)]
    written = records.rows(home, "select written_on from reminder order by 1 limit 3")
    assert written == [("2026-01-28",), ("2026-02-03",), ("2026-02-10",)]


async def test_the_clock_stands_still_between_two_advances(house: House) -> None:
    """Nothing but `advance_clock` moves it, neither messages nor real time."""
    deal = await live(house)
    before = await deal.advance("2026-01-20T00:00:00Z")

    await deal.tell("retry")
    await deal.tell("delivery_confirmed")
    await asyncio.sleep(0.2)

    assert (await deal.state()).clock == before.clock


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({}, "Say until when, e.g. 2026-03-01T09:00:00Z."),
        ({"until": "2025-12-31T00:00:00Z"}, "only moves forward"),
        ({"until": "2026-01-01T17:00:00Z"}, "only moves forward"),
        ({"until": "tomorrow"}, "cannot be read"),
        ({"until": "2026-03-01"}, "cannot be read"),
        ({"until": "2026-03-01T00:00:00"}, "cannot be read"),
    ],
)
async def test_a_clock_cannot_go_back_or_nowhere(
    house: House, message: dict[str, str], reason: str
) -> None:
    """A moment has a zone and lies ahead; a day alone is no moment."""
    deal = await begin(house)

    text = await deal.refuses("advance_clock", **message)

    assert reason in text


async def test_a_deal_on_the_wall_clock_has_no_clock_to_move(house: House) -> None:
    """Real deals run on real time."""
    deal = await begin(house, test_clock=None, starts_on=None)

    text = await deal.refuses("advance_clock", until="2036-03-01T00:00:00Z")

    assert text == "This deal runs on the wall clock; it cannot be moved."


async def test_test_clocks_are_refused_where_settings_forbid_them(open_house: OpenHouse) -> None:
    """A house that does not allow test clocks ends the start as failed, and says why."""
    async with open_house(allow_test_clock=False) as house:
        deal = await begin(house)

        error = await house.failure(deal.handle)

        assert "test clocks are not allowed here" in error.message
        assert records.value(house.settings.home, "select count(*) from deal") == 0


async def test_a_waiting_retry_holds_the_clock(house: House) -> None:
    """What failed on a day happens on that day: the clock does not run away from it."""
    deal = await live(house)
    await deal.settle()
    house.faults.before = lambda name, _: ConnectionError("down") if name == "converge" else None

    await deal.does("advance_clock", until="2026-03-15T00:00:00Z")
    await house.sleep(policies.SCHEDULE_TO_CLOSE)
    state = await deal.until(
        lambda one: any(item.retry_at for item in one.agenda), "an item that waits"
    )
    stopped = state.clock
    house.faults.before = no_fault
    await deal.does("retry")
    state = await deal.until(lambda one: one.clock_target is None, "its target")

    assert str(stopped) == "2026-02-01 00:00:00-08:00"
    issued = records.rows(house.settings.home, "select issued_on from invoice order by 1")
    assert issued == [("2026-01-01",), ("2026-02-01",), ("2026-03-01",)]
    assert state.stage is Stage.LIVE
