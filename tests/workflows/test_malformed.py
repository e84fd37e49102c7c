"""Malformed messages: each is refused and on record, and the deal answers afterwards."""

from typing import Any

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from models.deal import Stage
from tests.workflows import records
from tests.workflows.driver import Deal, begin, live
from tests.workflows.house import House
from tests.workflows.register_data import deal_file
from workflows.deal import COMMANDS

MALFORMED: dict[str, tuple[Any, ...]] = {
    "no input": (),
    "two inputs": ({}, {}),
    "three inputs": (1, 2, 3),
    "a text": ("approved",),
    "a number": (7,),
    "a list": ([1, 2],),
    "nothing": (None,),
    "an empty object": ({},),
    "wrong types": ({"person": 5, "lines": "1", "until": [], "item": {}, "payment": 1, "line": 2},),
    "unknown fields": ({"colour": "red"},),
    "an endless name": ({"command_id": "x" * 500, "actor": "y" * 5000},),
}
NAMES = (*sorted(COMMANDS), "nonsense", "advance clock!")


async def _signal(deal: Deal, name: str, args: tuple[Any, ...]) -> None:
    await deal.handle.signal(name, args=list(args))


@pytest.mark.parametrize("stage", [Stage.ACCEPT, Stage.LIVE])
async def test_no_signal_wedges_a_deal_and_each_is_refused_on_record(
    house: House, stage: Stage
) -> None:
    """A wrong argument list fails the workflow task for ever, unless the house prevents it."""
    deal = await (live(house) if stage is Stage.LIVE else begin(house))
    await deal.stage(stage)
    before = (await deal.settle()).audit_sequence
    harmless = {"retry"}

    sent = 0
    for name in NAMES:
        for args in (*MALFORMED.values(), (name, {}), (name, [])):
            if name not in harmless:
                await _signal(deal, name, args)
                sent += 1
    state = await deal.settle()

    home = house.settings.home
    refused = records.rows(
        home,
        f"select what, detail from audit where sequence > {before} and what like '% refused'",  # noqa: S608
    )
    done = records.rows(
        home,
        f"select what from audit where sequence > {before} and what like '% accepted'"  # noqa: S608
        " and what not like 'advance_clock%'",
    )
    assert state.stage is stage
    assert len(refused) + len(done) == sent
    assert {what for (what,) in done} <= {"delivery_confirmed accepted"}
    assert all(detail for _, detail in refused)
    assert await deal.handle.query("details")


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"retry"}))
async def test_no_update_wedges_a_deal_and_each_raises_at_the_sender(
    house: House, name: str
) -> None:
    """A person at the other end hears why; what cannot be read never enters the history."""
    deal = await begin(house)
    await deal.until(lambda one: one.quote_sent, "a quote")

    for args in MALFORMED.values():
        with pytest.raises(WorkflowUpdateFailedError) as raised:
            await deal.handle.execute_update(name, args=list(args))
        assert isinstance(raised.value.cause, ApplicationError)
        assert raised.value.cause.message

    assert (await deal.state()).stage is Stage.ACCEPT


async def test_an_unknown_update_is_refused_by_name(house: House) -> None:
    """The sender learns that nobody answers to it."""
    deal = await begin(house)

    with pytest.raises(WorkflowUpdateFailedError) as raised:
        await deal.handle.execute_update("nonsense", {})

    assert "nonsense" in str(raised.value.cause)


async def test_bytes_that_are_no_json_are_refused_too(house: House) -> None:
    """Any client in any language may reach the port, with any encoding."""
    deal = await begin(house)
    await deal.until(lambda one: one.quote_sent, "a quote")
    payloads = [
        Payload(metadata={"encoding": b"json/plain"}, data=b"{not json"),
        Payload(metadata={"encoding": b"binary/plain"}, data=b"\xff\x00"),
        Payload(metadata={"encoding": b"json/protobuf"}, data=b"{}"),
        Payload(metadata={}, data=b"{}"),
    ]

    for payload in payloads:
        await house.client.workflow_service.signal_workflow_execution(
            SignalWorkflowExecutionRequest(
                namespace=house.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id="deal-1001"),
                signal_name="accept_quote",
                input=Payloads(payloads=[payload]),
            )
        )
    await deal.does("cancel", reason="a test")

    assert (await deal.ended()).outcome == "withdrawn"


BAD_STARTS: dict[str, tuple[tuple[Any, ...], tuple[str, ...]]] = {
    "no input": ((), ("message",)),
    "two inputs": ((deal_file(), deal_file()), ("message",)),
    "a text": (("deal",), ("message",)),
    "nothing": ((None,), ("message",)),
    "wrong types": (
        ({**deal_file(), "term_months": "long", "lines": "many", "test_clock": "now"},),
        ("term_months", "lines", "test_clock"),
    ),
    "wrong values": (
        (deal_file(customer="C9", seller="", currency="XXX", lines=[{"product": "NONE"}]),),
        ("customer", "seller", "lines[0]"),
    ),
}


@pytest.mark.parametrize("case", BAD_STARTS)
async def test_a_bad_start_ends_as_failed_with_all_its_problems(house: House, case: str) -> None:
    """Nothing was committed yet, so the caller corrects the file and starts again."""
    args, fields = BAD_STARTS[case]
    handle = await house.start("DealWorkflow", "deal-1001", *args)

    error = await house.failure(handle)

    assert error.type == "invalid_input"
    for field in fields:
        assert field in error.message
    assert len(error.details) >= len(fields)
    assert records.value(house.settings.home, "select count(*) from deal") == 0


async def test_a_deal_under_another_workflow_id_is_refused(house: House) -> None:
    """One deal, one workflow: otherwise the engine could not refuse a duplicate."""
    handle = await house.start("DealWorkflow", "my-deal", deal_file())

    error = await house.failure(handle)

    assert "start it as deal-1001" in error.message


async def test_a_start_cannot_bring_a_state_of_its_own(house: House) -> None:
    """Only a run that continues another carries a state; a forged one starts nothing."""
    forged = {"number": "1001", "carried": {"number": "1001", "stage": "live", "customer": "C1"}}
    handle = await house.start("DealWorkflow", "deal-1001", forged)

    error = await house.failure(handle)

    assert error.type == "invalid_input"
