"""The house under test: a Temporal server, real activities on SQLite, production's workers."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.adapters.books import migrate
from activities.register import RegisterActivities
from activities.signatures import Queue
from models.attributes import ATTRIBUTES
from tests.workflows import register_data
from tests.workflows.faults import Faults
from workers.attributes import INDEXED_TYPES, ensure_namespace
from workers.runner import open_office, workers
from workers.server import is_listening, server_command, server_environment
from workers.settings import Role, Settings, free_port

TEST_SERVER = Path(sys.executable).parent / "temporal-test-server"
CORE = Queue.CORE.value


@dataclass
class House:
    """Everything a story needs; `env` is there on the time-skipping server only."""

    client: Client
    settings: Settings
    faults: Faults
    env: WorkflowEnvironment | None = None
    started: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Run the workers of every role; outside, the house is closed and nobody answers."""
        async with workers(self.client, self.settings, Role.ALL):
            yield

    async def start(self, kind: str, workflow_id: str, *args: Any) -> WorkflowHandle[Any, Any]:
        """Start a workflow by its name, as any client of Temporal would."""
        self.started.append(workflow_id)
        await self.client.start_workflow(kind, args=args, id=workflow_id, task_queue=CORE)
        return self.client.get_workflow_handle(workflow_id)

    async def result(self, handle: WorkflowHandle[Any, Any], seconds: float = 20) -> Any:
        """Wait for a workflow to end, while the time of a time-skipping server stands."""
        if self.env is None:
            return await asyncio.wait_for(handle.result(), seconds)
        with self.env.auto_time_skipping_disabled():
            return await asyncio.wait_for(handle.result(), seconds)

    async def failure(self, handle: WorkflowHandle[Any, Any]) -> ApplicationError:
        """Wait for a workflow to fail and return why."""
        try:
            answer = await self.result(handle)
        except WorkflowFailureError as error:
            if isinstance(error.cause, ApplicationError):
                return error.cause
            raise
        raise AssertionError(f"{handle.id} did not fail: {answer}")

    async def sleep(self, duration: timedelta) -> None:
        """Let time pass on the time-skipping server; timers on the way fire in order."""
        if self.env is None:
            raise AssertionError("only the time-skipping server can skip time")
        await self.env.sleep(duration)

    async def close(self) -> None:
        """End what a story left running, so that no other story's worker takes it up."""
        for workflow_id in self.started:
            try:
                await self.client.get_workflow_handle(workflow_id).terminate()
            except Exception:  # noqa: BLE001, S112 - most of them have ended
                continue


def make_books(home: Path) -> None:
    """Lay out the books of a house that knows its parties, catalogue and policies."""
    settings = Settings(home=home)
    migrate(settings.books_url)
    office = open_office(settings)
    register = RegisterActivities(office.office)
    for change in register_data.changes():
        recorded = register.record_change(change)
        if recorded.problems:
            raise AssertionError(recorded.problems)
    register.receive_stock(register_data.stock("5", "opening"))
    office.office.books.close()


@asynccontextmanager
async def skipping_house(
    template: Path, home: Path, *, at_work: bool = True, **settings: Any
) -> AsyncIterator[House]:
    """Open a house on a time-skipping server of its own."""
    shutil.copytree(template, home)
    faults = Faults()
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(
            await WorkflowEnvironment.start_time_skipping(
                test_server_existing_path=str(TEST_SERVER),
                data_converter=pydantic_data_converter,
                interceptors=[faults],
            )
        )
        request = AddSearchAttributesRequest(
            namespace=env.client.namespace,
            search_attributes={one.name: INDEXED_TYPES[one.type] for one in ATTRIBUTES},
        )
        await env.client.operator_service.add_search_attributes(request)
        house = House(env.client, _settings(home, **settings), faults, env)
        if at_work:
            await stack.enter_async_context(house.at_work())
        yield house


@asynccontextmanager
async def real_house(
    template: Path, home: Path, address: str, *, at_work: bool = True, **settings: Any
) -> AsyncIterator[House]:
    """Open a house on the real server at `address`; what it leaves running is terminated."""
    shutil.copytree(template, home)
    faults = Faults()
    client = await Client.connect(
        address, namespace="q2c", data_converter=pydantic_data_converter, interceptors=[faults]
    )
    house = House(client, _settings(home, **settings), faults)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(house.close)
        if at_work:
            await stack.enter_async_context(house.at_work())
        yield house


def _settings(home: Path, **changed: Any) -> Settings:
    quick = {"graceful_shutdown_seconds": 0, **changed}
    return Settings(home=home, **quick)


@contextmanager
def running_server() -> Iterator[str]:
    """Run the real server, with the namespace and its search attributes; give its address."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            home=Path(folder),
            temporal_port=free_port(),
            temporal_ui_port=free_port(),
            api_port=free_port(),
        )
        command = server_command(settings)
        server = subprocess.Popen(
            command.arguments,
            env=server_environment({}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            asyncio.run(_prepare(settings))
            yield f"127.0.0.1:{settings.temporal_port}"
        finally:
            server.send_signal(command.stop_signal)
            server.wait(timeout=30)


async def _prepare(settings: Settings) -> None:
    """Wait for the server and make what deals need on it."""
    address = f"127.0.0.1:{settings.temporal_port}"
    for _ in range(600):
        if is_listening(settings.temporal_port):
            break
        await asyncio.sleep(0.05)
    for attempt in range(100):
        try:
            await ensure_namespace(address, settings)
        except RuntimeError:
            if attempt == 99:
                raise
            await asyncio.sleep(0.1)
        else:
            return
