"""What stands between Temporal and our code, one step at a time."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    WorkflowInboundInterceptor,
)

from models.errors import InvalidInputError, NotFoundError, Problem, RefusedError
from models.messages import Retry
from workers.interceptors import HouseInterceptor


class _Raising:
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def execute_activity(self, input: object) -> NoReturn:  # noqa: A002, ARG002
        raise self._error


class _Seen:
    """Remembers the arguments that reach our code."""

    def __init__(self) -> None:
        self.args: list[Any] = []

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> None:  # noqa: A002
        self.args.append(list(input.args))

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
        self.args.append(list(input.args))

    def handle_update_validator(self, input: HandleUpdateInput) -> None:  # noqa: A002
        self.args.append(list(input.args))

    async def handle_update_handler(self, input: HandleUpdateInput) -> None:  # noqa: A002
        self.args.append(list(input.args))


async def _failure(error: Exception) -> ApplicationError:
    inner = cast("ActivityInboundInterceptor", _Raising(error))
    outer = HouseInterceptor().intercept_activity(inner)
    with pytest.raises(ApplicationError) as raised:
        await outer.execute_activity(cast("ExecuteActivityInput", None))
    return raised.value


def _inbound(seen: _Seen) -> WorkflowInboundInterceptor:
    kind = HouseInterceptor().workflow_interceptor_class(cast("Any", None))
    return kind(cast("WorkflowInboundInterceptor", seen))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RefusedError("Not now"), "refused"),
        (NotFoundError("No deal 7"), "not_found"),
        (InvalidInputError([Problem(field="number", reason="is missing")]), "invalid_input"),
    ],
)
async def test_an_error_of_the_domain_is_final_and_keeps_its_code(
    error: Exception, code: str
) -> None:
    """Trying again cannot help; the code crosses Temporal, HTTP and the command line unchanged."""
    failure = await _failure(error)

    assert (failure.type, failure.non_retryable) == (code, True)
    assert failure.message == str(error)


@pytest.mark.parametrize("kind", [OperationalError, IntegrityError])
async def test_trouble_with_the_database_is_tried_again_and_shows_no_statement(
    kind: type[OperationalError | IntegrityError],
) -> None:
    """Statements carry names and amounts that do not belong into a history."""
    failure = await _failure(kind("select secret from payment", {}, Exception("disk full")))

    assert failure.non_retryable is False
    assert "disk full" in failure.message
    assert "secret" not in failure.message


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signals of a workflow, which only a running one can tell; the others are dynamic."""
    known = {"retry": lambda message: message}
    monkeypatch.setattr(workflow, "get_signal_handler", known.get)


MESSAGE = Retry(item="converge")
ARGUMENTS = [
    ([], []),
    ([MESSAGE], [MESSAGE]),
    ([MESSAGE, MESSAGE], []),
    ([b"\xff"], []),
    ([None], []),
]


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(("sent", "received"), ARGUMENTS)
async def test_anything_but_exactly_one_message_arrives_as_none(
    sent: list[Any], received: list[Any]
) -> None:
    """With none, the handler's default applies and the deal records the refusal."""
    seen = _Seen()
    inbound = _inbound(seen)

    await inbound.handle_signal(HandleSignalInput(signal="retry", args=list(sent), headers={}))
    update = HandleUpdateInput(id="u", update="retry", args=list(sent), headers={})
    inbound.handle_update_validator(update)
    await inbound.handle_update_handler(update)
    await inbound.execute_workflow(
        ExecuteWorkflowInput(type=object, run_fn=cast("Any", None), args=list(sent), headers={})
    )

    assert seen.args == [received] * 4


@pytest.mark.usefixtures("handlers")
async def test_a_signal_nobody_knows_keeps_its_name_and_its_inputs() -> None:
    """The handler for unknown names gets two arguments by design."""
    seen = _Seen()

    await _inbound(seen).handle_signal(
        HandleSignalInput(signal="nonsense", args=["nonsense", [1]], headers={})
    )

    assert seen.args == [["nonsense", [1]]]


class _Outbound(ActivityOutboundInterceptor):
    """Tells how long an activity may be silent, and when it was heard."""

    def __init__(self, timeout: timedelta | None) -> None:
        self.timeout, self.heard = timeout, asyncio.Event()

    def info(self) -> activity.Info:
        return cast("activity.Info", SimpleNamespace(heartbeat_timeout=self.timeout))

    def heartbeat(self, *details: Any) -> None:  # noqa: ARG002
        self.heard.set()


class _Busy:
    """An activity that ends once a sign of life of it was heard, or at once."""

    def __init__(self, until: asyncio.Event | None) -> None:
        self._until = until

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        """Nothing is kept."""

    async def execute_activity(self, input: object) -> str:  # noqa: A002, ARG002
        if self._until:
            await self._until.wait()
        return "done"


@pytest.mark.parametrize("silence", [timedelta(milliseconds=4), None])
async def test_a_long_activity_shows_signs_of_life(silence: timedelta | None) -> None:
    """So a worker that died is noticed long before its activity's time is up."""
    outbound = _Outbound(silence)
    inner = cast("ActivityInboundInterceptor", _Busy(outbound.heard if silence else None))
    outer = HouseInterceptor().intercept_activity(inner)
    outer.init(outbound)

    assert await outer.execute_activity(cast("ExecuteActivityInput", None)) == "done"
    assert outbound.heard.is_set() is bool(silence)
