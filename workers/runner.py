"""Run the workers of a role until they are told to stop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version

from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import (
    SandboxedWorkflowRunner,
    SandboxRestrictions,
)

from activities.adapters.books import Books
from activities.adapters.document_store import DocumentStore
from activities.adapters.einvoice import write
from activities.adapters.holiday_calendar import public_holidays
from activities.adapters.mail import open_mailer
from activities.adapters.network import open_network
from activities.adapters.pdf import render
from activities.adapters.vat_numbers import vat_number_problem
from activities.adapters.vies import open_vies
from activities.ports import HouseRules, Office
from activities.publishing import PublishingOffice
from activities.signatures import Queue
from workers.connection import connect
from workers.interceptors import HouseInterceptor
from workers.roles import WORKFLOWS, activities_of
from workers.settings import Role, Settings
from workers.tax_engine import tax_engine_of

PASSED_THROUGH = (
    "activities",
    "models",
    "workflows",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "sqlalchemy",
    "sqlmodel",
    "zoneinfo",
    "tzdata",
)
"""Modules the sandbox shares instead of importing anew for each deal; none holds state."""


UNVERSIONED = WorkerDeploymentConfig(
    version=WorkerDeploymentVersion(deployment_name="q2c", build_id=version("q2c")),
    use_worker_versioning=False,
)
"""Names the release to the server; without it every start would hash all modules for a name."""


def sandbox() -> SandboxedWorkflowRunner:
    """Return the workflow sandbox of the house."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    return SandboxedWorkflowRunner(restrictions=restrictions)


def wall_clock() -> datetime:
    """Return the current moment; it stamps rows and decides nothing."""
    return datetime.now(UTC)


def open_office(settings: Settings) -> PublishingOffice:
    """Open the books, the document store and the mailer the settings name."""
    rules = HouseRules(
        secret=settings.signing_secret(),
        allow_test_clock=settings.allow_test_clock,
        allow_unverified_decisions=settings.allow_unverified_decisions,
        continue_as_new_every=settings.continue_as_new_every,
        public_url=settings.public_url,
    )
    store = DocumentStore(settings.documents_url)
    office = Office(
        books=Books(settings.books_url),
        rules=rules,
        wall_clock=wall_clock,
        store=store,
        holidays=public_holidays,
        vat_numbers=vat_number_problem,
        vies=open_vies(settings.vies_url),
        tax_engine=tax_engine_of(settings),
    )
    return PublishingOffice(
        office=office,
        store=store,
        mailer=open_mailer(settings.mail_url),
        render=partial(render, logo_of=store.get),
        write=write,
        network=open_network(settings.network_url),
    )


def build_worker(
    client: Client, queue: Queue, office: PublishingOffice, settings: Settings
) -> Worker:
    """Build the worker of one task queue; only the core queue serves workflows."""
    slots = settings.max_concurrent_activities
    return Worker(
        client,
        task_queue=queue.value,
        workflows=WORKFLOWS if queue is Queue.CORE else [],
        activities=activities_of(queue, office),
        activity_executor=ThreadPoolExecutor(settings.activity_threads, queue.value),
        max_concurrent_activities=slots,
        max_concurrent_local_activities=slots,
        max_concurrent_workflow_tasks=settings.max_concurrent_workflow_tasks,
        max_cached_workflows=settings.max_cached_workflows,
        deployment_config=UNVERSIONED,
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
        workflow_runner=sandbox(),
        interceptors=[HouseInterceptor()],
    )


def queues_of(role: Role) -> tuple[Queue, ...]:
    """Return the task queues a role polls."""
    return tuple(Queue(f"q2c-{part.value}") for part in role.parts)


@contextlib.asynccontextmanager
async def workers(client: Client, settings: Settings, role: Role) -> AsyncIterator[None]:
    """Run the workers of a role while the context lasts."""
    office = open_office(settings)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(office.office.books.close)
        for queue in queues_of(role):
            await stack.enter_async_context(build_worker(client, queue, office, settings))
        yield


async def run_workers(settings: Settings, role: Role) -> None:
    """Serve a role until SIGINT or SIGTERM; running activities are given time to finish."""
    if settings.metrics_port is not None:
        telemetry = TelemetryConfig(
            metrics=PrometheusConfig(bind_address=f"0.0.0.0:{settings.metrics_port}")
        )
        Runtime.set_default(Runtime(telemetry=telemetry))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    client = await connect(settings)
    async with workers(client, settings, role):
        await stop.wait()
