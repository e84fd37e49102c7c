"""The engine behind the doors: Temporal, through one client that is connected when first needed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from temporalio.client import (
    Client,
    RPCError,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCStatusCode

from models.errors import NotFoundError, Problem, RefusedError
from models.messages import Answer
from starter.service.errors import RunFailedError, UnansweredError, UnavailableError
from starter.service.ports import Run, RunState, Start, Update
from workers.connection import UnreachableError

Result = TypeVar("Result")

# What failed at its start has written nothing, so the corrected input may use its id; what runs or
# has completed is refused by the engine itself.
REUSE = WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY

_FINGERPRINT = "q2c_fingerprint"
_RPC_SECONDS = 10.0
_DROPPED = "AcceptedUpdateCompletedWorkflow"
_MAYBE = "It may still happen: repeat it with the same Idempotency-Key to learn its answer."
_LATE = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)


class TemporalGateway:
    """A `Gateway` to a Temporal server."""

    def __init__(self, connect: Callable[[], Awaitable[Client]], task_queue: str) -> None:
        self._connect = connect
        self._task_queue = task_queue
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def _connected(self) -> Client:
        async with self._connecting:
            if self._client is None:
                try:
                    self._client = await self._connect()
                except UnreachableError as error:
                    raise UnavailableError(str(error)) from error
            return self._client

    async def _handle(self, workflow_id: str) -> WorkflowHandle[object, object]:
        return (await self._connected()).get_workflow_handle(workflow_id)

    async def start(self, start: Start) -> bool:
        """Start a workflow; see `Gateway`."""
        async with _asking(_RPC_SECONDS, f"the start of {start.workflow_id}"):
            client = await self._connected()
            try:
                await client.start_workflow(
                    start.workflow,
                    start.payload,
                    id=start.workflow_id,
                    task_queue=self._task_queue,
                    id_reuse_policy=REUSE,
                    static_summary=start.summary,
                    memo={_FINGERPRINT: start.fingerprint},
                )
            except WorkflowAlreadyStartedError:
                return False
        return True

    async def look(self, workflow_id: str) -> Run:
        """Return where a workflow stands; see `Gateway`."""
        handle = await self._handle(workflow_id)
        try:
            async with _asking(_RPC_SECONDS, workflow_id):
                found = await handle.describe()
                memo = await found.memo()
        except NotFoundError:
            return Run(state=RunState.ABSENT)
        fingerprint = str(memo.get(_FINGERPRINT, ""))
        match found.status:
            case WorkflowExecutionStatus.RUNNING | WorkflowExecutionStatus.CONTINUED_AS_NEW:
                return Run(state=RunState.RUNNING, fingerprint=fingerprint)
            case WorkflowExecutionStatus.COMPLETED:
                return Run(state=RunState.COMPLETED, fingerprint=fingerprint)
            case _:
                return await self._failed(workflow_id, fingerprint)

    async def _failed(self, workflow_id: str, fingerprint: str) -> Run:
        text, problems = "It ended as failed.", tuple[Problem, ...]()
        try:
            await self.result(workflow_id, object, _RPC_SECONDS)
        except RunFailedError as error:
            text, problems = str(error), error.problems
        return Run(state=RunState.FAILED, fingerprint=fingerprint, text=text, problems=problems)

    async def result(self, workflow_id: str, model: type[Result], seconds: float) -> Result:
        """Wait for a workflow's result; see `Gateway`."""
        client = await self._connected()
        handle: WorkflowHandle[object, Result] = client.get_workflow_handle(
            workflow_id, result_type=None if model is object else model
        )
        try:
            async with _asking(seconds, workflow_id):
                return await handle.result()
        except WorkflowFailureError as error:
            raise _run_failed(error.cause) from error

    async def update(self, update: Update, seconds: float) -> Answer:
        """Send a message and wait for its answer; see `Gateway`."""
        handle = await self._handle(update.workflow_id)
        try:
            async with _asking(seconds, update.workflow_id):
                answer: Answer = await handle.execute_update(
                    update.name, update.message, id=update.update_id, result_type=Answer
                )
        except WorkflowUpdateFailedError as error:
            raise _update_failed(error.cause) from error
        return answer

    async def query(
        self, workflow_id: str, name: str, model: type[Result], seconds: float
    ) -> Result:
        """Ask a workflow; see `Gateway`."""
        try:
            async with _asking(seconds, workflow_id):
                handle = await self._handle(workflow_id)
                answer: Result = await handle.query(name, result_type=model)
        except WorkflowQueryFailedError as error:
            raise UnansweredError(f"{workflow_id} cannot answer now: {error}") from error
        return answer

    async def is_reachable(self, seconds: float) -> bool:
        """Whether the server answers."""
        try:
            async with asyncio.timeout(seconds):
                client = await self._connected()
                return await client.service_client.check_health()
        except (TimeoutError, RPCError, UnavailableError):
            return False


@asynccontextmanager
async def _asking(seconds: float, what: str) -> AsyncIterator[None]:
    """Turn every way in which the server does not answer into an error of the doors."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise UnansweredError(f"No answer from {what} within {seconds:g} seconds.") from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NotFoundError(f"No workflow {what} is running.") from error
        if error.status in _LATE:
            raise UnansweredError(f"No answer from {what}.") from error
        text = f"Temporal refused {what}: {error.message}. `q2c doctor` says what is missing."
        raise UnavailableError(text) from error


def _run_failed(cause: BaseException | None) -> RunFailedError:
    if not isinstance(cause, ApplicationError):
        return RunFailedError(str(cause or "It was stopped."))
    listed = [Problem.model_validate(each) for each in cause.details if isinstance(each, dict)]
    return RunFailedError(cause.message, cause.type or "", listed)


def _update_failed(cause: BaseException | None) -> RefusedError | UnansweredError:
    if isinstance(cause, ApplicationError) and cause.type != _DROPPED:
        return RefusedError(cause.message)
    return UnansweredError(f"The deal started a new run before it answered. {_MAYBE}")
