"""`q2c up` as its users run it: it comes up, stays alone, stops cleanly, and forgets nothing."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.houses import PROGRAM, Process, own_environment, wait_until
from tests.stories.people import Visitor, furnish
from tests.stories.world import deal_file
from workers.processes import is_alive
from workers.records import StackInfo, read_record, running_stack
from workers.settings import Settings, free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "data",
        temporal_port=free_port(),
        temporal_ui_port=free_port(),
        api_port=free_port(),
        graceful_shutdown_seconds=2,
    )


class Owner:
    """Somebody who runs `q2c` in a terminal."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.environment = {**own_environment(), **settings.environment()}
        self._running: Process | None = None

    def up(self) -> StackInfo:
        """Type `q2c up` and wait until it is ready."""
        log = self.settings.home.parent / "up.log"
        process = self._running = Process((*PROGRAM, "up"), self.environment, log)

        def ready() -> StackInfo | None:
            assert process.popen.poll() is None, process.tail()
            info = running_stack(self.settings)
            return info if info and info.is_ready else None

        info: StackInfo = wait_until(ready, "a stack that is up")
        return info

    def press_ctrl_c(self) -> tuple[int, str]:
        """Stop it and return its exit code and what it printed."""
        assert self._running is not None
        return self._running.stop(signal.SIGINT), self._running.log.read_text()

    def kill(self) -> None:
        """End the supervisor by SIGKILL; what it started lives on."""
        assert self._running is not None
        self._running.kill()

    def call(self, *arguments: str) -> tuple[int, str]:
        """Run a command and return its exit code and what it printed."""
        log = self.settings.home.parent / f"{'-'.join(arguments)}.log"
        process = Process((*PROGRAM, *arguments), self.environment, log)
        return process.popen.wait(60), log.read_text()

    def leave(self) -> None:
        """Have nothing of the stack running any more."""
        if self._running is not None and self._running.popen.poll() is None:
            self._running.stop(signal.SIGINT)
        left = read_record(self.settings)
        for each in left.processes if left else ():
            if is_alive(each):
                os.kill(each.pid, signal.SIGKILL)


@pytest.fixture
def owner(settings: Settings) -> Iterator[Owner]:
    person = Owner(settings)
    yield person
    person.leave()


def test_up_comes_up_stays_alone_stops_cleanly_and_survives_sigkill(
    owner: Owner, settings: Settings
) -> None:
    """Ctrl-C stops it, SIGKILL of it loses nothing, state survives."""
    first = owner.up()
    tokens = json.loads((settings.home / "tokens.json").read_text())
    code, doctor = owner.call("doctor", "--json")
    assert code == 0, doctor
    assert [finding for finding in json.loads(doctor) if not finding["ok"]] == []
    code, second = owner.call("up")
    assert (code, f"Already running as process {first.supervisor.pid}." in second) == (0, True)
    with Visitor(first.api_url, tokens["olga"]) as olga, Visitor(first.api_url, tokens["sam"]) as s:
        furnish(olga)
        s.send("/deals", deal_file("U-1"), 201)
        s.stage("U-1", "approve")

    owner.kill()
    after = owner.up()
    left = [each for each in first.processes if is_alive(each)]

    assert left == []
    assert after.supervisor.pid != first.supervisor.pid
    with Visitor(after.api_url, tokens["mia"]) as mia:
        assert mia.tell("U-1", "approve")["accepted"] is True
        mia.stage("U-1", "accept")
    code, said = owner.press_ctrl_c()
    assert (code, said.splitlines()[-1]) == (0, "Stopped.")
    assert [each for each in after.processes if is_alive(each)] == []
    assert read_record(settings) is None
