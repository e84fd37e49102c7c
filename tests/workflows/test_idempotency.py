"""The same message twice is one message, and none is lost between two runs of a deal."""

import asyncio
import json
from typing import Any

from models.deal import Stage
from models.messages import Answer
from tests.workflows import records
from tests.workflows.conftest import OpenHouse
from tests.workflows.driver import Deal, live
from tests.workflows.house import House

GOODS: dict[str, Any] = {
    "term_months": 3,
    "lines": [{"product": "SEAT", "quantity": 10}, {"product": "BOX", "quantity": 3}],
}
DELIVERY = {"command_id": "note-1", "lines": ["2"], "actor": "warehouse"}
DELIVERED = "select count(*) from fulfillment_event where status = 'delivered'"


async def _deliver_twice(deal: Deal) -> tuple[Answer, Answer]:
    first = await deal.does("delivery_confirmed", **DELIVERY)
    return first, await deal.does("delivery_confirmed", **DELIVERY)


async def test_the_same_command_twice_has_one_effect_and_one_answer(house: House) -> None:
    """A client that heard nothing may send again."""
    deal = await live(house, **GOODS)
    await deal.settle()

    first, second = await _deliver_twice(deal)
    await deal.handle.signal("delivery_confirmed", DELIVERY)
    await deal.settle()

    assert first.text == second.text
    assert records.value(house.settings.home, DELIVERED) == 1
    assert house.faults.times("confirm_delivery") == 1


async def test_a_command_is_known_in_a_later_run(open_house: OpenHouse) -> None:
    """Temporal forgets update ids at continue-as-new; the deal carries its own."""
    async with open_house(continue_as_new_every=1) as house:
        deal = await live(house, **GOODS)
        await deal.settle()
        first = await deal.does("delivery_confirmed", **DELIVERY)
        run = await _run(deal)

        await deal.advance("2026-02-02T12:00:00Z")
        second = await deal.does("delivery_confirmed", **DELIVERY)

        assert await _run(deal) != run
        assert first.text == second.text
        assert house.faults.times("confirm_delivery") == 1


async def test_a_command_after_500_others_still_has_one_effect(house: House) -> None:
    """Whoever is that late gets a new answer, but the books know the effect."""
    deal = await live(house, **GOODS)
    await deal.settle()
    await deal.does("delivery_confirmed", **DELIVERY)

    for number in range(520):
        await deal.handle.signal("stock_arrived", {"command_id": f"other-{number}"})
    await deal.until(lambda one: one.answer_to("other-519") is not None, "the last answer")
    await deal.does("delivery_confirmed", **DELIVERY)
    await deal.settle()

    home = house.settings.home
    assert records.value(home, DELIVERED) == 1
    assert (
        records.value(home, "select count(*) from command where command_id like 'other-%'") == 520
    )


async def test_an_update_gets_its_answer_though_hundreds_of_messages_follow_it(
    open_real_house: OpenHouse,
) -> None:
    """The deal keeps the last 500 answers; whoever waits must not wait for a forgotten one."""
    async with open_real_house() as house:
        deal = await live(house)
        await deal.settle()

        async def flood() -> None:
            for number in range(520):
                await deal.handle.signal("stock_arrived", {"command_id": f"other-{number}"})

        waiting = [
            asyncio.create_task(deal.tell("retry", command_id=f"asked-{n}")) for n in range(5)
        ]
        await flood()
        answers = await asyncio.gather(*waiting)

        assert {one.text for one in answers} == {
            "There is no parked item to retry; on hold: nothing."
        }


async def test_messages_that_meet_a_new_run_are_served_by_it(open_real_house: OpenHouse) -> None:
    """On the real server: signals and updates sent while runs change are answered once each."""
    async with open_real_house(continue_as_new_every=1) as house:
        deal = await live(house, term_months=12)
        await deal.settle()
        first = await _run(deal)

        async def ask(number: int) -> Answer:
            return await deal.tell("stock_arrived", command_id=f"asked-{number}")

        async def send(number: int) -> None:
            await deal.handle.signal("stock_arrived", {"command_id": f"sent-{number}"})

        moves = deal.advance("2026-04-02T12:00:00Z")
        answers, *_ = await asyncio.gather(
            asyncio.gather(*(ask(number) for number in range(20))),
            asyncio.gather(*(send(number) for number in range(60))),
            moves,
        )
        state = await deal.settle()

        # One that is asked again after a run ended may be told that the books have its answer.
        for number, answer in enumerate(answers):
            earlier = f"Command asked-{number} was answered before; its answer is in the books."
            assert answer.text in ("Nothing is back-ordered.", earlier)
        assert all(state.answer_to(f"sent-{number}") for number in range(60))
        assert await _run(deal) != first
        home = house.settings.home
        counted = (
            "select count(*), count(distinct command_id) from command where name = 'stock_arrived'"
        )
        assert records.rows(home, counted) == [(80, 80)]
        told = records.rows(home, "select answer from command where command_id like 'asked-%'")
        assert {json.loads(one)["text"] for (one,) in told} == {"Nothing is back-ordered."}
        assert records.value(home, "select count(*) from invoice") == 4


async def test_a_message_to_a_deal_that_is_ending_is_answered(house: House) -> None:
    """The last thing a deal does is to leave nobody waiting."""
    deal = await live(house, term_months=0, lines=[{"product": "BOX", "quantity": 1}])
    await deal.settle()
    await deal.does("delivery_confirmed")
    state = await deal.settle()

    answers = asyncio.gather(*(deal.tell("retry") for _ in range(8)))
    await deal.pay(state.balance_minor, "2026-01-02", "all")

    assert all(answer.text for answer in await answers)
    assert (await deal.ended()).stage is Stage.COMPLETED


async def _run(deal: Deal) -> str:
    history = await deal.handle.fetch_history()
    return (
        history.run_id
        or history.events[0].workflow_execution_started_event_attributes.original_execution_run_id
    )
