"""Houses for stories: real processes on free ports and folders of their own, ended by their number.

Many houses share one Temporal server; each has a namespace, so that no worker serves another's.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlmodel import SQLModel, select
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.adapters.books import Books, migrate
from tests.stories.world import SECRET
from workers.attributes import ensure_namespace
from workers.server import is_listening, server_command, server_environment
from workers.settings import Settings, free_port

Row = TypeVar("Row", bound=SQLModel)

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "starter")
PATIENCE = 60.0
_PAUSE = 0.02
_MIGRATING = threading.Lock()


def own_environment() -> dict[str, str]:
    """Return our environment without the settings of whoever runs the tests."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("Q2C_", "TEMPORAL_"))}


class Process:
    """One program that a story started, and its log."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], log: Path, cwd: Path = ROOT
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        with log.open("ab") as sink:
            self.popen = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=dict(environment),
                cwd=cwd,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it by SIGKILL, which no program can prepare for."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        """Ask it to end, kill it after the limit, and return its exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(how)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.log.stem} ignored {how.name}:\n{self.tail()}") from None

    def tail(self) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])


def wait_until(done: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Return the first true value of `done`; fail after the limit with what was missing."""
    deadline = time.monotonic() + seconds
    while not (found := done()):
        if time.monotonic() > deadline:
            raise AssertionError(f"missing after {seconds:g} s: {what}")
        time.sleep(_PAUSE)
    return found


async def until(
    done: Callable[[], Any], what: Callable[[], str], seconds: float = PATIENCE, pause: float = 0.05
) -> Any:
    """Return the first true value of `done`; fail after the limit with what was missing."""
    deadline = time.monotonic() + seconds
    while not (found := done()):
        if time.monotonic() > deadline:
            raise AssertionError(f"missing after {seconds:g} s: {what()}")
        await asyncio.sleep(pause)
    return found


class House:
    """A data folder, a namespace, and the processes that work on them."""

    def __init__(self, home: Path, server: str, namespace: str, **changed: Any) -> None:
        quick = {"graceful_shutdown_seconds": 2, "api_port": free_port(), **changed}
        self.settings = Settings(home=home, namespace=namespace, secret=SECRET, **quick)
        self.server = server
        self.books = Books(self.settings.books_url)
        self.processes: dict[str, Process] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self.processes.values():
            if process.popen.poll() is None:
                process.popen.terminate()
        for process in self.processes.values():
            process.stop()
        self.books.close()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of this house."""
        temporal = {
            "TEMPORAL_ADDRESS": self.server,
            "TEMPORAL_NAMESPACE": self.settings.namespace,
            "PYTHONUNBUFFERED": "1",
        }
        return {**own_environment(), **self.settings.environment(), **temporal}

    def run(self, name: str, *arguments: str) -> Process:
        """Start a command of the program, to be killed or stopped by name."""
        log = self.settings.logs / f"{name}.log"
        self.processes[name] = Process((*PROGRAM, *arguments), self.environment, log)
        return self.processes[name]

    def run_worker(self, role: str = "all") -> Process:
        """Start a worker for a role, named after it."""
        return self.run(role, "worker", "--role", role)

    def run_api(self) -> str:
        """Start the API, wait until it listens, and return its address."""
        process, port = self.run("api", "api"), self.settings.api_port
        wait_until(
            lambda: is_listening(port) or process.popen.poll() is not None, f"API on port {port}"
        )
        assert process.popen.poll() is None, process.tail()
        return f"http://127.0.0.1:{port}"

    def kill(self, name: str) -> None:
        """Kill a worker outright and start another in its place."""
        self.processes[name].kill()
        self.run_worker(name)

    def call(
        self, *arguments: str, cwd: Path = ROOT, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the program to its end."""
        return subprocess.run(
            [*PROGRAM, *arguments],
            env={**self.environment, **environment},
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def rows(self, model: type[Row], **wanted: object) -> list[Row]:
        """Return the rows of a table whose columns have the wanted values."""
        statement = select(model).filter_by(**wanted)
        return list(self.books.read(lambda session: session.exec(statement).all()))

    def tokens(self) -> dict[str, str]:
        """Return the bearer tokens of the people the first start recorded."""
        content: dict[str, str] = json.loads((self.settings.home / "tokens.json").read_text())
        return content

    @property
    def mails(self) -> Path:
        """The folder of delivered mails."""
        return self.settings.home / "mail" / "new"

    def logged(self) -> str:
        """Return the last words of every process, for an error message."""
        return "\n".join(f"--- {n}\n{p.tail()}" for n, p in self.processes.items())


async def connected(house: House) -> Client:
    """Connect to the house's namespace."""
    return await Client.connect(
        house.server, namespace=house.settings.namespace, data_converter=pydantic_data_converter
    )


def _prepare_books(url: str, furnish: Callable[[str], None]) -> None:
    # Alembic keeps what it works on in the process, so one migration at a time.
    with _MIGRATING:
        migrate(url)
    furnish(url)


@asynccontextmanager
async def opened(
    home: Path, server: str, namespace: str, furnish: Callable[[str], None], **changed: Any
) -> AsyncIterator[House]:
    """Prepare namespace and books of a house; at the end all its processes are gone."""
    with House(home, server, namespace, **changed) as house:
        await ensure_namespace(server, house.settings)
        await asyncio.to_thread(_prepare_books, house.settings.books_url, furnish)
        yield house


@contextmanager
def temporal(folder: Path) -> Iterator[str]:
    """Run a real Temporal server with its file in `folder` and yield its address."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=folder, temporal_port=free_port(), temporal_ui_port=free_port())
    command, environment = server_command(settings), server_environment(own_environment())
    process = Process(command.arguments, environment, folder / "temporal.log")
    try:
        wait_until(
            lambda: is_listening(settings.temporal_port) or process.popen.poll() is not None,
            "the Temporal server",
        )
        assert process.popen.poll() is None, process.tail()
        yield f"127.0.0.1:{settings.temporal_port}"
    finally:
        process.stop(signal.SIGINT)


@contextmanager
def office(home: Path, server: str, namespace: str, **changed: Any) -> Iterator[House]:
    """Run a house as its owner would: `q2c setup`, a worker for every role, and the API."""
    with House(home, server, namespace, **changed) as house:
        done = house.call("setup")
        assert done.returncode == 0, done.stderr
        house.run_worker()
        house.run_api()
        yield house
