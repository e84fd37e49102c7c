"""Activities that fail on request, in production's worker, outermost of its interceptors."""

from collections.abc import Callable
from typing import Any

from temporalio import activity, client
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

Fault = Callable[[str, str], Exception | None]
"""Tells how a use of an activity fails, from its name and its input as JSON."""


class Faults(client.Interceptor, Interceptor):
    """A client's interceptor that is also a worker's is installed on its workers by the SDK."""

    def __init__(self) -> None:
        self.before: Fault = no_fault
        self.after: Fault = no_fault
        self.calls: list[tuple[str, str]] = []

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002
    ) -> ActivityInboundInterceptor:
        """Stand before the house's own interceptors."""
        return _Failing(next, self)

    def times(self, name: str) -> int:
        """Return how often an activity was called."""
        return sum(called == name for called, _ in self.calls)


class _Failing(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, faults: Faults) -> None:
        super().__init__(inner)
        self._faults = faults

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        name, payload = activity.info().activity_type, input.args[0].model_dump_json()
        self._faults.calls.append((name, payload))
        if error := self._faults.before(name, payload):
            raise error
        answer = await super().execute_activity(input)
        if error := self._faults.after(name, payload):
            raise error
        return answer


def no_fault(name: str, payload: str) -> None:
    """Let everything pass."""


def for_good(text: str = "broken for good") -> ApplicationError:
    """Return a failure that trying again does not cure."""
    return ApplicationError(text, type="test", non_retryable=True)


def first_use_of(name: str) -> Fault:
    """Fail each use of one activity for good, and let the same use pass the second time."""
    seen: set[str] = set()

    def fault(called: str, payload: str) -> Exception | None:
        if called != name or payload in seen:
            return None
        seen.add(payload)
        return for_good(f"{name} is broken")

    return fault
