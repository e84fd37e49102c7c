"""Commands that run the house: what they start, with which settings, and how they end."""

import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from starter.cli.app import app
from workers import doctor, stack
from workers.doctor import Finding
from workers.server import StackError


def run(home: Path, *arguments: str) -> Result:
    environment: dict[str, str | None] = {"COLUMNS": "200", "Q2C_HOME": str(home), "Q2C_AS": None}
    return CliRunner().invoke(app, list(arguments), env=environment)


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stand in for the demo and the simulation, and note how they are called."""
    called: list[Any] = []

    async def noted(*given: Any, **named: Any) -> int:
        called.append((*given, named))
        return 0

    for name in ("demo", "simulate"):
        module = types.ModuleType(f"starter.{name}")
        module.__dict__["run"] = noted
        monkeypatch.setitem(sys.modules, f"starter.{name}", module)
        monkeypatch.setattr(f"starter.{name}", module, raising=False)
    return called


def test_the_doctor_ends_with_one_on_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good and bad findings are listed, the bad ones with their remedy."""

    async def examine(_: object) -> list[Finding]:
        good = Finding(check="python", ok=True, detail="3.11")
        bad = Finding(check="books", ok=False, detail="no schema", remedy="Run `q2c setup`.")
        return [good, bad]

    monkeypatch.setattr(doctor, "examine", examine)

    result = run(tmp_path, "doctor")

    assert result.exit_code == 1
    assert "3.11" in result.stdout
    assert "-> Run `q2c setup`." in result.stdout


def test_the_doctor_ends_with_nought_when_all_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A monitor can rely on the exit code."""

    async def examine(_: object) -> list[Finding]:
        return [Finding(check="python", ok=True, detail="3.11")]

    monkeypatch.setattr(doctor, "examine", examine)

    assert run(tmp_path, "doctor").exit_code == 0


def test_up_runs_the_stack_of_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--home` decides which stack; its lines are told as they come."""
    homes: list[Path] = []

    async def stack_up(settings: Any, say: Any, _: Any) -> None:
        homes.append(settings.home)
        say("API              http://127.0.0.1:8800")

    monkeypatch.setattr(stack, "stack_up", stack_up)

    result = run(tmp_path, "--home", str(tmp_path / "other"), "up")

    assert result.exit_code == 0, result.output
    assert homes == [tmp_path / "other"]
    assert "http://127.0.0.1:8800" in result.stdout


def test_a_stack_that_cannot_start_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else holds the folder, a port is taken: told, not thrown."""

    async def stack_up(*_: Any) -> None:
        raise StackError("Port 8800 is taken.")

    monkeypatch.setattr(stack, "stack_up", stack_up)

    result = run(tmp_path, "up")

    assert result.exit_code == 1
    assert "Error: Port 8800 is taken." in result.stderr


def test_a_simulation_gets_its_file_day_and_manner_of_paying(
    tmp_path: Path, story: list[Any]
) -> None:
    """The rest is the simulation's own business."""
    file = tmp_path / "deal.yaml"
    file.write_text("number: 1\n")

    result = run(
        tmp_path, "simulate", str(file), "--until", "2027-12-31", "--pay", "late:20", "--json"
    )

    assert result.exit_code == 0, result.output
    given, named = story[0][:-1], story[0][-1]
    assert (given[0], given[1].isoformat(), *given[2:]) == (file, "2027-12-31", "late:20", True)
    assert named["start_on"] is None
    assert named["settings"].home == tmp_path


def test_a_simulation_without_its_file_is_bad_input(tmp_path: Path, story: list[Any]) -> None:
    """Found before anything heavy is loaded."""
    result = run(tmp_path, "simulate", str(tmp_path / "no.yaml"), "--until", "2027-12-31")

    assert result.exit_code == 2
    assert story == []


def test_the_demo_runs_with_the_settings(tmp_path: Path, story: list[Any]) -> None:
    """It plays on the stack of the data folder."""
    result = run(tmp_path, "demo")

    assert result.exit_code == 0, result.output
    assert story[0][0].home == tmp_path


def test_settings_that_are_wrong_are_listed(tmp_path: Path) -> None:
    """Every wrong variable at once, with exit code 2."""
    environment = {"Q2C_API_PORT": "nine", "Q2C_BOOKS_URL": "mysql://x", "Q2C_HOME": str(tmp_path)}

    result = CliRunner().invoke(app, ["up"], env=environment)

    assert result.exit_code == 2
    assert "Q2C_API_PORT" in result.stderr
    assert "Q2C_BOOKS_URL" in result.stderr


def test_looking_something_up_loads_nothing_heavy() -> None:
    """A quick start: Temporal, web framework and PDF library are loaded by who needs them."""
    heavy = ("temporalio", "fastapi", "reportlab", "sqlmodel", "uvicorn", "alembic")
    code = f"import sys; import starter.cli.app; print([m for m in {heavy} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_module_is_the_command_line(tmp_path: Path) -> None:
    """`python -m starter` and `q2c` are the same, exit codes included."""
    command = [sys.executable, "-m", "starter", "--home", str(tmp_path), "inbox"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}

    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    assert done.returncode == 3
    assert "q2c up" in done.stderr


@pytest.mark.parametrize("loaded", ["json", "temporalio.client"])
def test_the_exit_code_survives_the_end_of_the_process(loaded: str) -> None:
    """The core of a Temporal client can crash at exit; what was printed still arrives."""
    code = f"import {loaded}; from starter.cli.app import finish; print('told'); finish(3)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (3, "told\n")


def test_the_first_start_records_people_and_says_where_their_tokens_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without anybody on record nobody could record anybody; the second start changes nothing."""

    async def stack_up(settings: Any, _: Any, made: Any) -> None:
        made._migrate(settings.books_url)

    monkeypatch.setattr(stack, "stack_up", stack_up)

    first = run(tmp_path, "up")
    second = run(tmp_path, "up")

    assert first.exit_code == 0, first.output
    assert str(tmp_path / "tokens.json") in first.stdout
    assert "sam" in first.stdout
    assert second.stdout == ""


def test_every_command_says_what_it_does_with_an_example(tmp_path: Path) -> None:
    """Help is complete: no command without a sentence and an example."""
    found = list(commands(typer.main.get_command(app), ()))
    silent = [names for names in found if "xample" not in run(tmp_path, *names, "--help").stdout]

    assert len(found) > 50
    assert silent == []


def commands(group: Any, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, inner in group.commands.items():
        if hasattr(inner, "commands"):
            yield from commands(inner, (*names, name))
        else:
            yield (*names, name)
