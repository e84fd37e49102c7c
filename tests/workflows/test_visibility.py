"""What finance sees in the Temporal web UI, on the real server."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionDescription
from temporalio.common import SearchAttributeKey

from models.attributes import ATTRIBUTES
from tests.workflows.driver import Deal, live
from tests.workflows.faults import for_good, no_fault
from tests.workflows.house import House

KEYWORDS = ("Q2cStage", "Q2cCustomer", "Q2cOwner", "Q2cEntity", "Q2cCurrency", "Q2cNextAction")


async def _shown(deal: Deal, name: str, kind: Any = SearchAttributeKey.for_keyword) -> Any:
    described = await deal.handle.describe()
    return described.typed_search_attributes.get(kind(name))


async def _described(deal: Deal, stage: str) -> WorkflowExecutionDescription:
    wanted = SearchAttributeKey.for_keyword("Q2cStage")
    while True:
        described = await deal.handle.describe()
        if described.typed_search_attributes.get(wanted) == stage:
            return described
        await asyncio.sleep(0.05)


async def test_every_search_attribute_tells_where_the_deal_is(real: House) -> None:
    """Stage, parties, money, next action and hold, each with the type it is registered with."""
    deal = await live(real)
    await deal.settle()

    described = await _described(deal, "live")
    found = {pair.key.name: pair.value for pair in described.typed_search_attributes}

    assert found.keys() >= {attribute.name for attribute in ATTRIBUTES}
    assert [found[name] for name in KEYWORDS] == ["live", "C1", "sam", "US1", "USD", "dun"]
    assert (found["Q2cBalanceMinor"], found["Q2cTotalMinor"]) == (20000, 60000)
    assert found["Q2cNextActionAt"] == datetime(2026, 1, 28, 8, tzinfo=UTC)
    assert found["Q2cRenewalAt"] == datetime(2026, 4, 1, 7, tzinfo=UTC)
    assert found["Q2cOnHold"] is False


async def test_a_deal_on_hold_can_be_listed_and_is_gone_from_the_list_after_retry(
    real: House,
) -> None:
    """`Q2cOnHold = true` is the list an engineer works off."""
    deal = await live(real)
    real.faults.before = lambda name, _: for_good("no ink") if name == "publish_document" else None
    await deal.advance("2026-02-01T12:00:00Z")
    on_hold = (
        f"Q2cOnHold = true AND WorkflowId = '{deal.handle.id}' AND ExecutionStatus = 'Running'"
    )

    assert await _counts(real, on_hold, 1)
    details = await deal.handle.query("details")
    real.faults.before = no_fault
    await deal.mend()

    assert "no ink" in details
    assert await _counts(real, on_hold, 0)


async def _counts(house: House, query: str, wanted: int) -> bool:
    """Visibility follows a moment behind, so ask until it has caught up or the test's time ends."""
    while (await house.client.count_workflows(query)).count != wanted:
        await asyncio.sleep(0.05)
    return True


async def test_a_closed_deal_shows_its_last_stage(real: House) -> None:
    """A deal that has ended must not be listed under the stage before the last."""
    deal = await live(real, term_months=0, lines=[{"product": "BOX", "quantity": 1}])
    await deal.settle()
    await deal.does("delivery_confirmed")
    state = await deal.settle()
    await deal.pay(state.balance_minor, "2026-01-02", "all")
    await deal.ended()

    assert await _shown(deal, "Q2cStage") == "completed"
    assert await _shown(deal, "Q2cBalanceMinor", SearchAttributeKey.for_int) == 0


async def test_current_details_and_summaries_say_what_a_timer_or_activity_is_for(
    real: House,
) -> None:
    """History reads like a diary: no line says only `activity` or `timer`."""
    deal = await live(real, starts_on=None, test_clock=None)
    await deal.until(lambda one: one.open_invoices == 1, "an invoice")

    details = await deal.handle.query("__temporal_workflow_metadata")
    summaries = await _summaries(deal)

    assert "Deal 1001" in str(details)
    assert {"configure deal", "price quote", "mail quote"} <= set(summaries["activities"])
    assert all(summaries["activities"])
    assert summaries["timers"]
    assert all(summaries["timers"])


async def _summaries(deal: Deal) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"activities": [], "timers": []}
    kinds = {
        EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activities",
        EventType.EVENT_TYPE_TIMER_STARTED: "timers",
    }
    for event in (await deal.handle.fetch_history()).events:
        kind = kinds.get(event.event_type)
        if kind is not None:
            data = event.user_metadata.summary.data.decode()
            found[kind].append(data.strip('"'))
    return found
