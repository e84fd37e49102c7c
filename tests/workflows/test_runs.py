"""The same story in few long runs, in many short ones, and replayed at every step."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from google.protobuf.json_format import MessageToDict
from temporalio.api.history.v1 import HistoryEvent

from models.deal import DealState
from tests.workflows import records
from tests.workflows.conftest import OpenHouse
from tests.workflows.driver import Deal, live
from tests.workflows.house import House
from tests.workflows.stories import short_life, whole_life

STATE_LIMIT, PAYLOAD_LIMIT = 50_000, 64_000


async def _books_of(
    house: House, story: Callable[[House], Awaitable[Deal]]
) -> tuple[dict[str, records.Rows], int]:
    """Tell a story; return the books it leaves and in how many runs it was told."""
    deal = await story(house)
    await deal.ended()
    records.assert_sound(house.settings.home)
    return records.dump(house.settings.home), len([run async for run in _runs(deal)])


async def test_a_story_leaves_the_same_books_in_long_runs_and_in_short_ones(
    open_house: OpenHouse,
) -> None:
    """Nothing that matters lives in a run: a new one after every bill changes nothing."""
    async with open_house(continue_as_new_every=12) as house:
        long, few = await _books_of(house, whole_life)
    async with open_house(continue_as_new_every=1) as house:
        short, many = await _books_of(house, whole_life)

    assert few == 2
    assert many >= 5
    assert short == long


async def test_a_story_leaves_the_same_books_with_every_task_a_replay(
    open_house: OpenHouse,
) -> None:
    """Without a cache each task replays the history: what is not deterministic would fail it."""
    async with open_house() as house:
        remembered, _ = await _books_of(house, short_life)
    async with open_house(max_cached_workflows=0) as house:
        replayed, _ = await _books_of(house, short_life)

    assert replayed == remembered


async def test_state_and_payloads_stay_small_with_many_lines_and_messages(
    open_house: OpenHouse,
) -> None:
    """A hundred lines and six hundred messages: state under 50 KB, no payload of 64 KB."""
    lines = [{"product": "SEAT", "quantity": 1 + number} for number in range(100)]
    async with open_house(continue_as_new_every=1) as house:
        deal = await live(house, lines=lines)
        await deal.settle()
        for number in range(600):
            message = {"command_id": f"message-{number}", "actor": "somebody", "sku": "NONE"}
            await deal.handle.signal("stock_arrived", message)
        await deal.until(lambda one: one.answer_to("message-599") is not None, "the last answer")
        state = await deal.advance("2026-02-02T12:00:00Z")

        largest = max([size async for size in _payload_sizes(deal)])
        assert len(state.model_dump_json()) < STATE_LIMIT
        assert largest < PAYLOAD_LIMIT
        counted = "select count(*) from command where name = 'stock_arrived'"
        assert records.value(house.settings.home, counted) == 600


async def _runs(deal: Deal) -> Any:
    """Yield the events of every run of a deal, the last one first."""
    run: str | None = None
    while run != "":
        handle = deal.house.client.get_workflow_handle(f"deal-{deal.number}", run_id=run)
        history = await handle.fetch_history()
        yield list(history.events)
        started = history.events[0].workflow_execution_started_event_attributes
        run = started.continued_execution_run_id


async def _payload_sizes(deal: Deal) -> Any:
    async for events in _runs(deal):
        for event in events:
            for size in _sizes(event):
                yield size


def _sizes(event: HistoryEvent) -> Iterator[int]:
    """Yield the size of every payload of an event."""
    waiting: list[Any] = [MessageToDict(event)]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            if isinstance(found.get("data"), str):
                yield len(found["data"]) * 3 // 4
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def test_the_largest_state_is_measured_as_it_travels() -> None:
    """The limit is on JSON, as the converter writes it."""
    assert len(DealState().model_dump_json()) < 2_500
