"""The stack for real: one per data folder, an orderly end, and life after SIGKILL."""

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.envconfig import ClientConfig

from workers.connection import connect, connect_config, is_external
from workers.processes import Command, born, command_line, end, is_alive, record_of
from workers.records import (
    StackInfo,
    api_address,
    configured_api_address,
    read_record,
    record_file,
    running_stack,
    write_record,
)
from workers.server import StackError, is_listening
from workers.settings import Settings, free_port
from workers.stack import Stack, addresses, end_orphans, join_or_start, standard_commands

ROOT = Path(__file__).parents[2]
SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from workers.processes import Command
from workers.settings import load_settings
from workers.stack import Stack

async def main():
    sleeper = Command(name="sleeper", arguments=tuple(sys.argv[1:]))
    async with Stack(load_settings(), commands=[sleeper], migrate=lambda url: None):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


UP = """
import asyncio, sys
from workers.settings import load_settings
from workers.stack import Stack, stack_up

def say(line):
    print(line, flush=True)

settings = load_settings()
stack = Stack(settings, commands=[], migrate=lambda url: None, say=say)
asyncio.run(stack_up(settings, say, stack))
"""


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's settings are no part of a test."""
    for name in list(os.environ):
        if name.startswith(("Q2C_", "TEMPORAL_")):
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder with a space in its name, on free ports."""
    return Settings(
        home=tmp_path / "data folder",
        temporal_port=free_port(),
        temporal_ui_port=free_port(),
        api_port=free_port(),
    )


def stack_of(settings: Settings, *commands: Command, said: list[str] | None = None) -> Stack:
    """A stack whose worker and API are stand-ins, on books that need no migration."""
    lines: list[str] = [] if said is None else said
    return Stack(settings, commands=commands, migrate=lambda _: None, say=lines.append)


async def killed_supervisor(settings: Settings) -> StackInfo:
    """Start a stack in another process, start a deal on it, kill its supervisor outright."""
    process = await _script(settings, SUPERVISOR, *SLEEPER)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    info = running_stack(settings)
    assert info is not None
    client = await connect(settings)
    await client.start_workflow("anything", id="deal-Q-1", task_queue="nobody")
    process.kill()
    await process.wait()
    return info


async def test_a_killed_supervisor_leaves_orphans_the_next_start_ends(settings: Settings) -> None:
    """SIGKILL cannot be handled, so the next start must put things right and keep the deals."""
    before = await killed_supervisor(settings)
    assert running_stack(settings) is None
    assert [is_alive(each) for each in before.processes] == [True, True]
    said: list[str] = []

    async with stack_of(settings, Command(name="sleeper", arguments=SLEEPER), said=said):
        client = await connect(settings)
        deal = await client.get_workflow_handle("deal-Q-1").describe()

        assert deal.status is WorkflowExecutionStatus.RUNNING
        assert [is_alive(each) for each in before.processes] == [False, False]
        now = running_stack(settings)
        assert now is not None
        assert {each.name for each in now.processes} == {"temporal", "sleeper"}

    pids = {each.name: each.pid for each in before.processes}
    assert said == [
        f"Ending sleeper (process {pids['sleeper']}), left behind by an earlier run.",
        f"Ending temporal (process {pids['temporal']}), left behind by an earlier run.",
    ]
    assert not is_listening(settings.temporal_port)


async def test_one_stack_per_data_folder(settings: Settings) -> None:
    """Two servers on one file would corrupt it; the second start says who is there."""
    async with stack_of(settings):
        with pytest.raises(StackError) as raised:
            async with stack_of(settings):
                pytest.fail("two stacks ran on one folder")
        async with join_or_start(settings, lambda _: None) as joined:
            assert joined.supervisor.pid == os.getpid()
        assert running_stack(settings) is not None

    pid = os.getpid()
    assert str(raised.value) == (
        f"Process {pid} already runs the stack of {settings.home}. Stop it with: kill -INT {pid}"
    )
    assert running_stack(settings) is None
    assert not record_file(settings).exists()


async def test_a_dead_child_is_started_again_and_everything_ends_in_order(
    settings: Settings,
) -> None:
    """The server goes last, so that a stopping worker can still report its work."""
    said: list[str] = []
    sleeper = Command(name="sleeper", arguments=SLEEPER)
    async with stack_of(settings, sleeper, said=said):
        first = _pid_of(settings, "sleeper")
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(20):
            while _pid_of(settings, "sleeper") == first:
                await asyncio.sleep(0.05)
        last = running_stack(settings)

    assert last is not None
    assert [is_alive(each) for each in last.processes] == [False, False]
    log = settings.home / "logs" / "sleeper.log"
    assert said == [f"sleeper ended with code -9; starting it again in 0.5 s (see {log})"]


async def test_ctrl_c_stops_everything_and_a_second_one_does_no_harm(settings: Settings) -> None:
    """People press it twice; an orderly stop must not be torn in half."""
    process = await _script(settings, UP)
    assert process.stdout is not None
    while b"Ctrl-C" not in await process.stdout.readline():
        assert process.returncode is None

    process.send_signal(signal.SIGINT)
    assert await process.stdout.readline() == b"Stopping.\n"
    process.send_signal(signal.SIGINT)

    assert await process.stdout.read() == b"Stopped.\n"
    assert await process.wait() == 0
    assert not is_listening(settings.temporal_port)


async def _script(settings: Settings, code: str, *more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *more),
        env=dict(os.environ) | settings.environment() | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )


def _pid_of(settings: Settings, name: str) -> int:
    info = read_record(settings)
    assert info is not None
    return next(each.pid for each in info.processes if each.name == name)


async def test_a_worker_that_cannot_start_is_reported_with_its_last_words(
    settings: Settings,
) -> None:
    """Waiting in silence for a worker that dies at once is the worst first impression."""
    broken = Command(name="worker", arguments=(sys.executable, "-c", "exit('no such role')"))

    with pytest.raises(StackError, match="no such role"):
        async with stack_of(settings, broken):
            pytest.fail("a stack without a worker counted as ready")

    assert running_stack(settings) is None
    assert not is_listening(settings.temporal_port)


async def test_a_taken_port_stops_the_start_before_anything_runs(settings: Settings) -> None:
    """One line with the remedy, and the lock is free again."""
    with (
        socket.create_server(("127.0.0.1", settings.api_port)),
        pytest.raises(StackError, match="Q2C_API_PORT"),
    ):
        async with stack_of(settings):
            pytest.fail("the API's port was taken")

    assert not settings.temporal_file.exists()


async def test_a_strangers_process_is_never_ended(settings: Settings) -> None:
    """Process numbers are used again; only number, birth and arguments together prove identity."""
    process = await asyncio.create_subprocess_exec(*SLEEPER)
    real = record_of("worker", process.pid, SLEEPER)
    settings.home.mkdir(parents=True)
    strangers = (
        real.model_copy(update={"born": "another boot/1"}),
        real.model_copy(update={"command": standard_commands(settings)[0].arguments}),
    )
    write_record(settings, _info(strangers=strangers))

    await end_orphans(settings, lambda _: None)

    assert is_alive(real)
    await end(real, signal.SIGTERM, 5.0)
    assert await process.wait() == -signal.SIGTERM


def _info(strangers: tuple[object, ...] = ()) -> StackInfo:
    return StackInfo.model_validate(
        {
            "supervisor": {"name": "supervisor", "pid": 1, "born": "never"},
            "temporal_address": "127.0.0.1:7233",
            "temporal_port": 7300,
            "ui_url": "http://127.0.0.1:8300",
            "api_url": "http://127.0.0.1:8801",
            "namespace": "q2c",
            "processes": strangers,
        }
    )


async def test_a_process_that_ignores_the_request_is_killed() -> None:
    """An orderly stop has an end."""
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"{code}; time.sleep(600)"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()

    await end(record_of("deaf", process.pid), signal.SIGTERM, 0.2)

    assert await process.wait() == -signal.SIGKILL


def test_a_process_is_known_by_number_and_birth() -> None:
    """A number alone proves nothing."""
    ourselves = record_of("tests", os.getpid())

    assert is_alive(ourselves)
    assert not is_alive(ourselves.model_copy(update={"born": "in another life"}))
    assert born(2**22 + 1) is None
    assert command_line(2**22 + 1) == ()


def test_a_stale_or_broken_record_is_no_stack(settings: Settings) -> None:
    """Whoever reads it must not connect to a port somebody else has by now."""
    settings.home.mkdir(parents=True)
    write_record(settings, _info())
    assert running_stack(settings) is None
    assert api_address(settings) == f"http://127.0.0.1:{settings.api_port}"

    record_file(settings).write_text('{"half a rec')
    assert read_record(settings) is None


def test_clients_follow_the_running_stack_wherever_it_is(settings: Settings) -> None:
    """A stack started on other ports is found through its record, not through a guess."""
    settings.home.mkdir(parents=True)
    alive = record_of("supervisor", os.getpid())
    write_record(settings, _info().model_copy(update={"supervisor": alive}))

    assert connect_config(settings, {}) == {
        "target_host": "127.0.0.1:7300",
        "namespace": "q2c",
    }
    assert api_address(settings) == "http://127.0.0.1:8801"


def test_the_standard_variables_win(settings: Settings) -> None:
    """Any Temporal cluster, by the settings every Temporal tool knows."""
    environment = {
        "TEMPORAL_ADDRESS": "temporal.example:7233",
        "TEMPORAL_NAMESPACE": "q2c-test",
        "TEMPORAL_API_KEY": "k",
    }

    config = connect_config(settings, environment)

    assert is_external(environment)
    assert config["target_host"] == "temporal.example:7233"
    assert config["namespace"] == "q2c-test"
    assert config["api_key"] == "k"


def test_a_configuration_file_nobody_asked_for_is_not_read(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demo must never put its deals on the cluster somebody used last."""
    file = tmp_path / "temporalio" / "temporal.toml"
    file.parent.mkdir()
    file.write_text('[profile.default]\naddress = "production.example:7233"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    everywhere = ClientConfig.load_client_connect_config(disable_env=True)
    assert everywhere["target_host"] == "production.example:7233"

    silent = connect_config(settings, os.environ)
    asked = connect_config(settings, {"TEMPORAL_PROFILE": "default"})

    assert silent["target_host"] == f"127.0.0.1:{settings.temporal_port}"
    assert asked["target_host"] == "production.example:7233"


def test_the_stack_runs_the_documented_commands(settings: Settings) -> None:
    """What the stack runs can be run by hand in the same way."""
    commands = {each.name: each.arguments[1:] for each in standard_commands(settings)}

    assert commands == {
        "worker": ("-m", "starter", "worker", "--role", "all"),
        "api": ("-m", "starter", "api"),
    }


def test_shows_addresses_a_browser_can_open(settings: Settings) -> None:
    """Listening everywhere is no address."""
    everywhere = settings.model_copy(update={"api_host": "::", "api_port": 8800})

    assert configured_api_address(everywhere) == "http://127.0.0.1:8800"
    assert addresses(_info()) == (
        "API              http://127.0.0.1:8801",
        "Temporal web UI  http://127.0.0.1:8300/namespaces/q2c/workflows",
        "Temporal         127.0.0.1:7233, namespace q2c",
    )


def test_the_record_is_plain_to_read(settings: Settings) -> None:
    """A person with an editor can see who runs and where."""
    settings.home.mkdir(parents=True)
    write_record(settings, _info())

    written = json.loads(record_file(settings).read_text())
    assert written["api_url"] == "http://127.0.0.1:8801"
    assert [p.name for p in settings.home.iterdir()] == ["stack.json"]
