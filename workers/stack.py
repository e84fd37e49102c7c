"""Run everything on one machine: Temporal server, worker and API, started and stopped in order.

One stack per data folder. The supervisor holds a lock that the operating system lets go of when it
dies, however it dies; beside it lies a record of every process it started. The next start takes the
lock, ends what the dead supervisor left behind, and nothing else, and goes on with the same deals.
"""

import asyncio
import os
import shlex
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout
from temporalio.client import Client

from workers.attributes import ensure_namespace
from workers.connection import connect, connect_config, is_external
from workers.polling import polled
from workers.processes import (
    Command,
    ProcessRecord,
    Supervised,
    end,
    is_alive,
    is_same_command,
    record_of,
)
from workers.records import (
    LOCK_NAME,
    StackInfo,
    configured_api_address,
    read_record,
    record_file,
    running_stack,
    write_record,
)
from workers.server import (
    StackError,
    address,
    is_listening,
    require_free,
    temporal_server,
)
from workers.settings import Role, Settings

_READY_SECONDS = 120.0
_PAUSE_SECONDS = 0.2
_TOO_MANY_FAILURES = 3
_SERVER_STOP_SECONDS = 15.0

WORKER = "worker"
API = "api"


def standard_commands(settings: Settings) -> tuple[Command, ...]:
    """Return the worker for every role, and the API."""
    patience = settings.graceful_shutdown_seconds + 10.0
    starter = (sys.executable, "-m", "starter")
    return (
        Command(
            name=WORKER,
            arguments=(*starter, "worker", "--role", Role.ALL.value),
            stop_seconds=patience,
        ),
        Command(name=API, arguments=(*starter, "api"), stop_seconds=10.0),
    )


def migrate_books(url: str) -> None:
    """Bring the books to the newest schema."""
    from activities.adapters import books  # noqa: PLC0415 - only whoever runs the books loads them

    books.migrate(url)


async def prepare(settings: Settings, migrate: Callable[[str], None] = migrate_books) -> None:
    """Make ready what deals need: secret, namespace, search attributes, books. Safe to repeat."""
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.signing_secret()
    client = await connect(settings)
    await ensure_namespace(client, settings)
    await asyncio.to_thread(migrate, settings.books_url)


class Stack:
    """The stack of one data folder, for the length of an `async with` block.

    Inside the block Temporal answers, the books are migrated, the worker polls every queue and the
    API listens. At its end API and worker stop first, then the server, so that work in progress
    can still be reported. When `TEMPORAL_ADDRESS` names a server, none is embedded.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        commands: Sequence[Command] | None = None,
        migrate: Callable[[str], None] = migrate_books,
        say: Callable[[str], None] = print,
    ) -> None:
        self.settings = settings
        self._commands = tuple(standard_commands(settings) if commands is None else commands)
        self._migrate = migrate
        self._say = say
        self._external = is_external(os.environ)
        self._records: dict[str, ProcessRecord] = {}
        self._is_ready = False
        self._exits = AsyncExitStack()

    @property
    def info(self) -> StackInfo:
        """What is written down about this stack at the moment."""
        settings = self.settings
        embedded = not self._external
        return StackInfo(
            supervisor=record_of("supervisor", os.getpid()),
            temporal_address=self._temporal_address(),
            temporal_port=settings.temporal_port if embedded else None,
            ui_url=f"http://127.0.0.1:{settings.temporal_ui_port}" if embedded else None,
            api_url=configured_api_address(settings),
            namespace=settings.namespace,
            processes=tuple(self._records.values()),
            is_ready=self._is_ready,
        )

    def _temporal_address(self) -> str:
        if self._external:
            return connect_config(self.settings, os.environ).get("target_host", "")
        return address(self.settings)

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._exits.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._exits.aclose()

    async def _start(self) -> None:
        self._exits.callback(_hold(self.settings).release)
        await end_orphans(self.settings, self._say)
        self._exits.callback(record_file(self.settings).unlink, missing_ok=True)
        require_free(self.settings.api_port, "the API", "Q2C_API_PORT")
        self._write()
        if not self._external:
            server = temporal_server(self.settings, self._say, self._remember)
            await self._exits.enter_async_context(server)
        await prepare(self.settings, self._migrate)
        await self._start_commands()
        self._is_ready = True
        self._write()

    async def _start_commands(self) -> None:
        environment = self._environment()
        children = [
            Supervised(command, environment, self.settings.logs, self._say, self._remember)
            for command in self._commands
        ]
        self._exits.push_async_callback(_stop_all, children)
        for child in children:
            await child.start()
        client = await connect(self.settings)
        for child in children:
            await _wait_until_ready(child, partial(_is_ready, child, client, self.settings))

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("Q2C_")}
        if not self._external:
            kept = {k: v for k, v in kept.items() if not k.startswith("TEMPORAL_")}
            kept["TEMPORAL_ADDRESS"] = address(self.settings)
        return kept | self.settings.environment() | {"PYTHONUNBUFFERED": "1"}

    def _remember(self, record: ProcessRecord) -> None:
        self._records[record.name] = record
        self._write()

    def _write(self) -> None:
        write_record(self.settings, self.info)


def _hold(settings: Settings) -> FileLock:
    """Take the data folder's lock.

    Raises:
        StackError: somebody holds it, or the folder cannot be written.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(settings.home / LOCK_NAME)
        lock.acquire(timeout=0)
    except Timeout:
        raise StackError(_holder(settings)) from None
    except OSError as error:
        raise StackError(
            f"The data folder {settings.home} cannot be written ({error.strerror}). "
            "Choose another one with Q2C_HOME."
        ) from error
    return lock


def _holder(settings: Settings) -> str:
    running = running_stack(settings)
    if running is None:
        return f"Another process is just starting on {settings.home}. Try again in a moment."
    pid = running.supervisor.pid
    return f"Process {pid} already runs the stack of {settings.home}. Stop it with: kill -INT {pid}"


async def end_orphans(settings: Settings, say: Callable[[str], None] = print) -> None:
    """End what a killed supervisor left behind, and only that.

    A process is ended when number, birth and arguments are those on record; the server must also
    name this data folder's file. Worker and API go first, as in an orderly stop. Only the holder
    of the folder's lock may call this.
    """
    stale = read_record(settings)
    if stale is None:
        return
    left = [each for each in stale.processes if is_alive(each) and is_same_command(each)]
    for record in sorted(left, key=lambda each: _is_server(each, settings)):
        say(f"Ending {record.name} (process {record.pid}), left behind by an earlier run.")
        how = signal.SIGINT if _is_server(record, settings) else signal.SIGTERM
        await end(record, how, _SERVER_STOP_SECONDS)


def _is_server(record: ProcessRecord, settings: Settings) -> bool:
    return str(settings.temporal_file) in record.command


async def _stop_all(children: Sequence[Supervised]) -> None:
    await asyncio.gather(*(child.stop() for child in children))


async def _is_ready(child: Supervised, client: Client, settings: Settings) -> bool:
    match child.command.name:
        case "worker":
            queues = settings.queues_of(Role.ALL)
            return await polled(client, queues) == set(queues)
        case "api":
            return is_listening(settings.api_port)
        case _:
            return child.record is not None


async def _wait_until_ready(child: Supervised, ready: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not await ready():
        if child.failures >= _TOO_MANY_FAILURES or time.monotonic() > deadline:
            command = shlex.join(child.command.arguments)
            raise StackError(
                f"`{command}` does not start. Its log {child.log} ends:\n{child.tail(12)}"
            )
        await asyncio.sleep(_PAUSE_SECONDS)


@asynccontextmanager
async def join_or_start(
    settings: Settings, say: Callable[[str], None] = print
) -> AsyncIterator[StackInfo]:
    """Use the stack that runs on this data folder, or run one for the length of the block."""
    running = running_stack(settings)
    if running is not None:
        say(f"Joining the stack that process {running.supervisor.pid} runs.")
        yield await _joined(settings)
        return
    async with Stack(settings, say=say) as stack:
        yield stack.info


async def _joined(settings: Settings) -> StackInfo:
    deadline = time.monotonic() + _READY_SECONDS
    while (running := running_stack(settings)) is not None and time.monotonic() < deadline:
        if running.is_ready:
            return running
        await asyncio.sleep(_PAUSE_SECONDS)
    raise StackError(f"The stack of {settings.home} ended or never got ready. Start it again.")


def addresses(info: StackInfo) -> tuple[str, ...]:
    """Return the lines that tell a person where everything is."""
    ui = (f"Temporal web UI  {info.ui_url}/namespaces/{info.namespace}/workflows",)
    return (
        f"API              {info.api_url}",
        *(ui if info.ui_url else ()),
        f"Temporal         {info.temporal_address}, namespace {info.namespace}",
    )


async def stack_up(
    settings: Settings, say: Callable[[str], None] = print, stack: Stack | None = None
) -> None:
    """Run the stack until Ctrl-C or SIGTERM, printing its addresses; a running one is only shown.

    The first signal begins an orderly stop; further ones are ignored while it lasts.
    """
    running = running_stack(settings)
    if running is not None:
        say(f"Already running as process {running.supervisor.pid}.")
        _tell(addresses(running), say)
        return
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await _run_until(stop, stack or Stack(settings, say=say), say)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _run_until(stop: asyncio.Event, stack: Stack, say: Callable[[str], None]) -> None:
    serving = asyncio.create_task(_serve(stack, say))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if serving.done():
        await serving
        return
    say("Stopping.")
    serving.cancel()
    await asyncio.wait({serving})
    say("Stopped.")


async def _serve(stack: Stack, say: Callable[[str], None]) -> None:
    async with stack:
        _tell((*addresses(stack.info), "Press Ctrl-C to stop."), say)
        await asyncio.Event().wait()


def _tell(lines: Sequence[str], say: Callable[[str], None]) -> None:
    for line in lines:
        say(line)
