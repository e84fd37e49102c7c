"""Processes of the house: who is alive, who is who, and keeping one command running.

A process number alone proves nothing, because numbers are used again. What identifies a process is
its number together with the moment it was born; that pair is what the stack writes down, and
nothing is ever ended unless both still agree.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from models.value import Value

_PROC = Path("/proc")
_ROTATE_BYTES = 10_000_000
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_STEADY_SECONDS = 60.0
_POLL_SECONDS = 0.05


class ProcessRecord(Value):
    """One process as written down: its part in the stack, its number, its birth, its command."""

    name: str
    pid: int
    born: str
    command: tuple[str, ...] = ()


class Command(Value):
    """A program to keep running, and how it wants to be asked to stop."""

    name: str
    arguments: tuple[str, ...]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 30.0


def born(pid: int) -> str | None:
    """Return a mark that no other process with this number ever had, or None if it is gone.

    A process that has ended and only waits to be collected counts as gone.
    """
    if _PROC.joinpath("self", "stat").exists():
        return _born_on_linux(pid)
    return _born_by_ps(pid)


def _born_on_linux(pid: int) -> str | None:
    try:
        text = _PROC.joinpath(str(pid), "stat").read_text()
    except OSError:
        return None
    state, *rest = text.rpartition(")")[2].split()
    if state in "ZX":
        return None
    boot = _PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{rest[18]}"


def _born_by_ps(pid: int) -> str | None:
    answer = _ps(pid, "stat=,lstart=")
    state, _, started = answer.partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


def _ps(pid: int, columns: str) -> str:
    command = ["ps", "-o", columns, "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()


def command_line(pid: int) -> tuple[str, ...]:
    """Return the arguments a living process was started with; empty when it cannot be read."""
    if _PROC.joinpath("self", "stat").exists():
        try:
            raw = _PROC.joinpath(str(pid), "cmdline").read_bytes()
        except OSError:
            return ()
        return tuple(part.decode(errors="replace") for part in raw.rstrip(b"\0").split(b"\0"))
    return tuple(_ps(pid, "args=").split())


def record_of(name: str, pid: int, command: tuple[str, ...] = ()) -> ProcessRecord:
    """Write down a living process."""
    return ProcessRecord(name=name, pid=pid, born=born(pid) or "gone", command=command)


def is_alive(record: ProcessRecord) -> bool:
    """Tell whether exactly the recorded process still runs, not a later one with its number."""
    return born(record.pid) == record.born


def is_same_command(record: ProcessRecord) -> bool:
    """Tell whether the process still runs the program it was started with.

    An interpreter may show itself under another path, so the arguments decide.
    """
    return " ".join(command_line(record.pid)).endswith(" ".join(record.command[1:]))


async def end(record: ProcessRecord, how: signal.Signals, limit_seconds: float) -> None:
    """Ask a recorded process to stop, and kill it after the limit; one that is gone is left."""
    for step, patience in ((how, limit_seconds), (signal.SIGKILL, 10.0)):
        if not is_alive(record):
            return
        os.kill(record.pid, step)
        deadline = time.monotonic() + patience
        while is_alive(record) and time.monotonic() < deadline:  # noqa: ASYNC110 - not our child
            await asyncio.sleep(_POLL_SECONDS)


class Supervised:
    """Keeps one command running until told to stop.

    A process that ends by itself is started again after a pause that doubles up to half a minute;
    one that ran for a minute starts the count afresh. Each process has its own session, so Ctrl-C
    reaches the supervisor alone and the supervisor decides the order of the end.
    """

    def __init__(
        self,
        command: Command,
        environment: Mapping[str, str],
        logs: Path,
        say: Callable[[str], None],
        changed: Callable[[ProcessRecord], None],
    ) -> None:
        self.command = command
        self.log = logs / f"{command.name}.log"
        self.record: ProcessRecord | None = None
        self.failures = 0
        self._environment = dict(environment)
        self._say = say
        self._changed = changed
        self._stopping = asyncio.Event()
        self._started = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the command and return once the process exists."""
        self._task = asyncio.create_task(self._keep_running(), name=self.command.name)
        await self._started.wait()

    async def stop(self) -> None:
        """End the process, gently first, and return when it is gone."""
        self._stopping.set()
        if self.record is not None:
            await end(self.record, self.command.stop_signal, self.command.stop_seconds)
        if self._task is not None:
            await self._task

    def tail(self, lines: int = 5) -> str:
        """Return the last lines of the log, for an error message."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    async def _keep_running(self) -> None:
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                code = await self._run_once()
                if self._stopping.is_set():
                    return
                steady = time.monotonic() - began > _STEADY_SECONDS
                self.failures = 1 if steady else self.failures + 1
                await self._pause(code)
        finally:
            self._started.set()

    async def _run_once(self) -> int:
        process = await self._spawn()
        self.record = record_of(self.command.name, process.pid, self.command.arguments)
        self._changed(self.record)
        self._started.set()
        if self._stopping.is_set():
            await end(self.record, self.command.stop_signal, self.command.stop_seconds)
        return await process.wait()

    async def _spawn(self) -> asyncio.subprocess.Process:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _ROTATE_BYTES:
            self.log.replace(self.log.with_suffix(".1.log"))
        with self.log.open("ab") as sink:
            return await asyncio.create_subprocess_exec(
                *self.command.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=self._environment,
                start_new_session=True,
            )

    async def _pause(self, code: int) -> None:
        pause = min(_FIRST_PAUSE * 2 ** (self.failures - 1), _LONGEST_PAUSE)
        self._say(
            f"{self.command.name} ended with code {code}; starting it again in {pause:g} s "
            f"(see {self.log})"
        )
        try:
            async with asyncio.timeout(pause):
                await self._stopping.wait()
        except TimeoutError:
            return
