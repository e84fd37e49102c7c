"""The small world a deal is played in: a server that skips time, workers, and books of its own.

Nothing in it is real but the workflow and the activities: the folder is thrown away, documents and
mails are only noted, and the secret that signs decisions is made for this one run.
"""

import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.adapters import books as adapter
from activities.adapters.holiday_calendar import public_holidays
from activities.adapters.vat_numbers import vat_number_problem
from activities.collection import CollectionActivities
from activities.ports import Books, HouseRules, Office
from activities.publishing import PublishingOffice
from activities.signatures import Queue
from models.attributes import ATTRIBUTES
from starter.simulate.recorder import Nowhere, Recorder
from starter.simulate.shortcut import Shortcut
from starter.simulate.trouble import SimulationError
from starter.simulate.watch import Watch
from workers.attributes import INDEXED_TYPES
from workers.interceptors import HouseInterceptor
from workers.roles import WORKFLOWS, activities_of
from workers.settings import Settings

_PROGRAM = "temporal-test-server"
_THREADS = 4


@dataclass(frozen=True)
class World:
    """What the players of a simulation work with."""

    client: Client
    books: Books
    recorder: Recorder
    watch: Watch
    secret: bytes


def test_server() -> str:
    """Return the program of the server that skips time: beside our interpreter, else on the path.

    Raises `SimulationError` if it is missing.
    """
    beside = Path(sys.executable).parent / _PROGRAM
    found = str(beside) if beside.exists() else shutil.which(_PROGRAM)
    if found is None:
        raise SimulationError(f"The program `{_PROGRAM}` is missing. Run `make setup` again.")
    return found


def private_settings(folder: Path) -> Settings:
    """Return settings that reach nothing outside a folder."""
    return Settings(
        home=folder,
        books_url=f"sqlite:///{folder / 'books.sqlite'}",
        documents_url=f"file://{folder / 'documents'}",
        mail_url=f"maildir://{folder / 'mail'}",
        secret=SecretStr(secrets.token_hex(32)),
        allow_test_clock=True,
        allow_unverified_decisions=False,
        continue_as_new_every=12,
    )


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """Open a world in an empty folder and close it again; one world serves one simulation."""
    settings = private_settings(folder)
    books = adapter.Books(settings.books_url, durable=False)
    books.create_tables()
    office = _office(settings, books)
    async with AsyncExitStack() as stack:
        stack.callback(books.close)
        environment = await WorkflowEnvironment.start_time_skipping(
            data_converter=pydantic_data_converter,
            test_server_existing_path=test_server(),
            runtime=Runtime(telemetry=TelemetryConfig(logging=None)),
        )
        await stack.enter_async_context(environment)
        # The deal has a clock of its own and no timer, so skipping would end it ten years from now.
        stack.enter_context(environment.auto_time_skipping_disabled())
        await _register_attributes(environment.client)
        recorder, watch = Recorder(books), Watch(office)
        served = [
            activity for queue in Queue for activity in _activities(queue, office, recorder, watch)
        ]
        await stack.enter_async_context(_worker(environment.client, served))
        yield World(environment.client, books, recorder, watch, settings.signing_secret())


def _office(settings: Settings, books: Books) -> Office:
    rules = HouseRules(
        secret=settings.signing_secret(),
        allow_test_clock=settings.allow_test_clock,
        allow_unverified_decisions=settings.allow_unverified_decisions,
        continue_as_new_every=settings.continue_as_new_every,
    )
    return Office(
        books=books,
        rules=rules,
        wall_clock=_wall_clock,
        holidays=public_holidays,
        vat_numbers=vat_number_problem,
    )


def _wall_clock() -> datetime:
    return datetime.now(UTC)


def _undrawn(office: Office) -> PublishingOffice:
    """Return an office in which nothing can be drawn or mailed."""
    nowhere = Nowhere()
    return PublishingOffice(office=office, store=nowhere, mailer=nowhere, render=nowhere.render)


async def _register_attributes(client: Client) -> None:
    wanted = {each.name: INDEXED_TYPES[each.type] for each in ATTRIBUTES}
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
    await client.operator_service.add_search_attributes(request)


def _worker(client: Client, served: Sequence[Callable[..., Any]]) -> Worker:
    return Worker(
        client,
        task_queue=Queue.CORE.value,
        workflows=WORKFLOWS,
        activities=served,
        activity_executor=ThreadPoolExecutor(_THREADS, "simulation"),
        max_concurrent_activities=_THREADS,
        max_concurrent_local_activities=_THREADS,
        # The sandbox guards replays, of which a world that is thrown away has none.
        workflow_runner=UnsandboxedWorkflowRunner(),
        interceptors=[HouseInterceptor(), Shortcut()],
        # Without a name of its own the worker would hash every module for a second.
        build_id="simulation",
    )


def _activities(
    queue: Queue, office: Office, recorder: Recorder, watch: Watch
) -> list[Callable[..., Any]]:
    """Return the house's own activities but for documents, and for progress, which is watched."""
    match queue:
        case Queue.DOCUMENTS:
            return [recorder.publish_document, recorder.publish_receipt, recorder.notify]
        case Queue.CORE:
            return [CollectionActivities(office).read_account, watch.record_progress]
        case _:
            return activities_of(queue, _undrawn(office))
