"""What stands between Temporal and our code: malformed messages, and errors of the domain."""

import asyncio
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

with workflow.unsafe.imports_passed_through():
    from sqlalchemy.exc import IntegrityError, OperationalError

    from models.errors import Q2CError
    from models.messages import Message


_BEATS = 4  # in one timeout, so that a busy process that misses one or two is not taken for dead


class _Activities(ActivityInboundInterceptor):
    """Turns an error of the domain into a failure that is not tried again, and shows signs of life.

    An activity that may take minutes is begun again soon after its worker died, because the
    heartbeats end with the process.
    """

    _outbound: ActivityOutboundInterceptor | None = None

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        self._outbound = outbound
        super().init(outbound)

    async def _beat(self) -> None:
        timeout = self._outbound.info().heartbeat_timeout if self._outbound else None
        while self._outbound and timeout:
            await asyncio.sleep(timeout.total_seconds() / _BEATS)
            self._outbound.heartbeat()

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        beating = asyncio.create_task(self._beat())
        try:
            return await self._carry_out(input)
        finally:
            beating.cancel()

    async def _carry_out(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        try:
            return await super().execute_activity(input)
        except Q2CError as error:
            raise ApplicationError(str(error), type=error.code, non_retryable=True) from error
        except OperationalError as error:
            raise ApplicationError(f"The books cannot be reached: {error.orig}") from error
        except IntegrityError as error:
            raise ApplicationError(f"The books refused it: {error.orig}") from error


class _Workflows(WorkflowInboundInterceptor):
    """Turns an argument list that is not exactly one message into none.

    A message with no or two inputs would raise in the SDK and fail the workflow task for ever; with
    none the handler's default applies, and the deal records the message as refused.
    """

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
        input.args = _one(input.args)
        return await super().execute_workflow(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
        if not _is_dynamic(input):
            input.args = _one(input.args)
        await super().handle_signal(input)

    def handle_update_validator(self, input: HandleUpdateInput) -> None:  # noqa: A002
        input.args = _one(input.args)
        super().handle_update_validator(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
        input.args = _one(input.args)
        return await super().handle_update_handler(input)


def _one(args: Any) -> list[Any]:
    """Return the one message there is; bytes of another encoding arrive as they are: no message."""
    return list(args) if len(args) == 1 and isinstance(args[0], Message) else []


def _is_dynamic(input: HandleSignalInput) -> bool:  # noqa: A002
    """A name without a handler of its own goes to the one that takes the name and its inputs."""
    return workflow.get_signal_handler(input.signal) is None


class HouseInterceptor(Interceptor):
    """Installs both on a worker."""

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002
    ) -> ActivityInboundInterceptor:
        """Put the domain's errors in Temporal's terms."""
        return _Activities(next)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002
    ) -> type[WorkflowInboundInterceptor]:
        """Keep malformed messages from wedging a deal."""
        return _Workflows
