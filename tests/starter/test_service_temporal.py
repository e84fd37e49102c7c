"""The gateway to Temporal: every way in which the server answers, or does not."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from models.errors import NotFoundError, Problem, RefusedError
from models.messages import Answer, Cancellation, Message
from starter.service.errors import RunFailedError, UnansweredError, UnavailableError
from starter.service.ports import RunState, Start, Update
from starter.service.temporal import TemporalGateway
from workers.connection import UnreachableError

SERVER = Path(sys.executable).parent / "temporal-test-server"
QUEUE = "q2c-core"
PROBLEM = Problem(field="lines", reason="are missing", remedy="add one")


@workflow.defn(name="StandInWorkflow")
class StandIn:
    """Fails when its input says so, else waits until it is told to end."""

    def __init__(self) -> None:
        self._ended = False

    @workflow.run
    async def run(self, request: Message) -> Answer:
        """Wait for the end."""
        if request.actor == "fail":
            raise ApplicationError(
                "It cannot start.", PROBLEM.model_dump(), type="invalid_input", non_retryable=True
            )
        await workflow.wait_condition(lambda: self._ended)
        return Answer(accepted=True, text="over")

    @workflow.update(name="cancel")
    async def cancel(self, message: Cancellation) -> Answer:
        """End, refuse, or take longer than anybody waits."""
        if message.reason == "refuse":
            raise ApplicationError("Too late.", type="refused", non_retryable=True)
        if message.reason == "wait":
            await workflow.wait_condition(lambda: False)
        self._ended = True
        return Answer(accepted=True, text="ended")

    @workflow.query(name="state")
    def state(self) -> Answer:
        """Return something typed."""
        return Answer(accepted=True, text="here")


def started(actor: str = "") -> Start:
    """Return a start of the stand-in."""
    return Start(
        workflow="StandInWorkflow",
        workflow_id="deal-1",
        payload=Message(actor=actor),
        summary="a stand-in",
        fingerprint="f-1",
    )


def told(reason: str, workflow_id: str = "deal-1") -> Update:
    """Return a message to the stand-in."""
    message = Cancellation(reason=reason, command_id=reason)
    return Update(workflow_id=workflow_id, name="cancel", update_id=reason, message=message)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client of a server of its own."""
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(SERVER), data_converter=pydantic_data_converter
    )
    async with environment:
        yield environment.client


@pytest.fixture
def gateway(client: Client) -> TemporalGateway:
    """A gateway to that server."""

    async def connected() -> Client:
        await asyncio.sleep(0)
        return client

    return TemporalGateway(connected, QUEUE)


def at_work(client: Client) -> Worker:
    """Return a worker of the stand-in."""
    return Worker(
        client,
        task_queue=QUEUE,
        workflows=[StandIn],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


async def test_a_workflow_is_started_once_and_recognized(
    client: Client, gateway: TemporalGateway
) -> None:
    """The engine refuses the second start, running or completed; the fingerprint is kept."""
    async with at_work(client):
        assert await gateway.start(started())
        assert not await gateway.start(started())
        run = await gateway.look("deal-1")
        assert (run.state, run.fingerprint) == (RunState.RUNNING, "f-1")

        assert (await gateway.update(told("end"), 5)).text == "ended"
        assert (await gateway.result("deal-1", Answer, 5)).text == "over"

        assert (await gateway.look("deal-1")).state is RunState.COMPLETED
        assert not await gateway.start(started())


async def test_a_failed_start_tells_its_problems_and_may_be_corrected(
    client: Client, gateway: TemporalGateway
) -> None:
    """What failed has written nothing, so its number is free again."""
    async with at_work(client):
        await gateway.start(started("fail"))
        with pytest.raises(RunFailedError, match=r"It cannot start\.") as failure:
            await gateway.result("deal-1", Answer, 5)

        run = await gateway.look("deal-1")

        assert (failure.value.kind, failure.value.problems) == ("invalid_input", (PROBLEM,))
        assert (run.state, run.problems, run.fingerprint) == (RunState.FAILED, (PROBLEM,), "f-1")
        assert await gateway.start(started())


async def test_messages_and_queries_are_answered_with_their_types(
    client: Client, gateway: TemporalGateway
) -> None:
    """A refusal is the deal's own reason."""
    async with at_work(client):
        await gateway.start(started())

        assert (await gateway.query("deal-1", "state", Answer, 5)).text == "here"
        with pytest.raises(RefusedError, match=r"Too late\."):
            await gateway.update(told("refuse"), 5)
        with pytest.raises(UnansweredError):
            await gateway.update(told("wait"), 0.5)


async def test_what_is_not_there_is_not_found(client: Client, gateway: TemporalGateway) -> None:
    """Nobody ever started it, or it has ended."""
    async with at_work(client):
        assert (await gateway.look("deal-9")).state is RunState.ABSENT
        with pytest.raises(NotFoundError):
            await gateway.update(told("end", "deal-9"), 5)
        with pytest.raises(NotFoundError):
            await gateway.query("deal-9", "state", Answer, 5)
        await gateway.start(started())
        await gateway.update(told("end"), 5)
        await gateway.result("deal-1", Answer, 5)
        with pytest.raises(NotFoundError):
            await gateway.update(told("again"), 5)


async def test_without_a_worker_nothing_waits_for_ever(gateway: TemporalGateway) -> None:
    """Starting and looking need no worker; whatever needs one gives up in time."""
    assert await gateway.start(started())
    assert (await gateway.look("deal-1")).state is RunState.RUNNING
    with pytest.raises(UnansweredError):
        await gateway.update(told("end"), 0.3)
    with pytest.raises(UnansweredError):
        await gateway.query("deal-1", "state", Answer, 0.3)
    with pytest.raises(UnansweredError):
        await gateway.result("deal-1", Answer, 0.3)


async def test_a_server_that_is_away_is_asked_again_next_time() -> None:
    """The first failure to connect is not the last word."""
    tries = 0

    async def nowhere() -> Client:
        nonlocal tries
        tries += 1
        await asyncio.sleep(0)
        raise UnreachableError("No Temporal server answers at 127.0.0.1:1.")

    gateway = TemporalGateway(nowhere, QUEUE)

    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1"):
        await gateway.start(started())
    assert not await gateway.is_reachable(1)
    assert tries == 2
