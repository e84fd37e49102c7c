"""The setup script: one clear line for whatever is missing, nothing to do when nothing changed."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, pointed at an empty project in a folder with a space in its name."""
    monkeypatch.delenv("PYTHON", raising=False)
    spec = importlib.util.spec_from_file_location("q2c_setup", ROOT / ".ci" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    project = tmp_path / "a project"
    project.mkdir()
    (project / "requirements.lock").write_text("")
    (project / "pyproject.toml").write_text("")
    monkeypatch.setattr(module, "ROOT", str(project))
    monkeypatch.setattr(module, "ENVIRONMENT", str(project / ".venv"))
    monkeypatch.setattr(module, "STAMP", str(project / ".venv" / "setup.stamp"))
    monkeypatch.setattr(module, "LOCK", str(project / "requirements.lock"))
    return module


def _fake_environment(setup: ModuleType) -> Path:
    """An environment whose Python is ours."""
    programs = Path(setup.ENVIRONMENT) / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs / "pip").touch()
    return programs


def _calls(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record the commands the script would run, and run none."""
    calls: list[list[str]] = []
    monkeypatch.setattr(setup, "run", lambda command, _: calls.append(command))
    return calls


def test_makes_the_environment_once_and_then_does_nothing(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make demo` calls it every time, so a second call must cost nothing."""
    _fake_environment(setup)
    calls = _calls(setup, monkeypatch)

    assert setup.main() == 0
    pip = [f"{setup.ENVIRONMENT}/bin/python", "-m", "pip", "install", "--quiet", "--no-deps"]
    assert calls == [
        [*pip, "--require-hashes", "-r", setup.LOCK],
        [*pip, "--no-build-isolation", "--editable", setup.ROOT],
    ]
    assert capsys.readouterr().out.endswith("Ready.\n")

    assert setup.main() == 0
    assert len(calls) == 2
    assert capsys.readouterr().out == ""


def test_a_changed_lock_is_installed(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a pull the environment follows by itself."""
    _fake_environment(setup)
    calls = _calls(setup, monkeypatch)
    setup.main()

    Path(setup.LOCK).write_text("# another version\n")
    setup.main()

    assert len(calls) == 4


def test_a_missing_or_moved_environment_is_made_anew(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment is bound to its folder and its interpreter."""
    calls = _calls(setup, monkeypatch)
    monkeypatch.setattr(setup, "find_python", lambda: sys.executable)
    (Path(setup.ENVIRONMENT)).mkdir()

    setup.main()

    assert calls[0] == [sys.executable, "-m", "venv", "--clear", setup.ENVIRONMENT]


def test_an_old_python_is_one_line(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The most common first problem gets the clearest answer."""
    monkeypatch.setattr(setup, "version_of", lambda _: (3, 9, 1))

    assert setup.main() == 1

    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("Python 3.11 or newer is missing (this is 3.")
    assert "make setup PYTHON=" in said


def test_a_wrong_python_by_name_is_named_back(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever names one wants that one, not another found silently."""
    monkeypatch.setenv("PYTHON", "/nonexistent/python")

    assert setup.main() == 1

    said = capsys.readouterr().err
    assert said.startswith("PYTHON=/nonexistent/python does not run.")
    assert said.count("\n") == 1


def test_the_first_suitable_python_is_taken(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that exists but does not run, as a version manager leaves behind, is passed over."""
    versions = {"python3.12": (3, 12, 4), "python3": (3, 9, 2)}
    monkeypatch.setattr(setup, "version_of", versions.get)

    assert setup.find_python() == "python3.12"


def test_a_python_without_venv_names_the_package(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Debian splits the module off; its error message is a page."""
    monkeypatch.setattr(setup, "find_python", lambda: "/bin/false")

    assert setup.main() == 1

    said = capsys.readouterr().err
    assert "python3-venv" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("what", ["ROOT", "ENVIRONMENT"])
def test_an_unwritable_folder_is_one_line(
    what: str,
    setup: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A checkout owned by somebody else, or an environment made by root."""
    _fake_environment(setup)
    folder = getattr(setup, what)
    monkeypatch.setattr(setup.os, "access", lambda path, _: path != folder)

    assert setup.main() == 1

    said = capsys.readouterr().err
    assert said.startswith(f"The folder {folder} cannot be written.")
    assert said.count("\n") == 1


def test_a_failing_step_shows_its_last_words_and_the_remedy(setup: ModuleType) -> None:
    """No traceback of ours, no page of theirs."""
    script = "import sys; print(*range(9), sep=chr(10)); sys.exit(3)"

    with pytest.raises(setup.SetupError) as raised:
        setup.run([sys.executable, "-c", script], "Check the network.")

    assert str(raised.value) == "5\n6\n7\n8\nCheck the network."


def test_diverting_variables_do_not_reach_pip(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty HOME has no cache folder; a PYTHONPATH would hide what is installed."""
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("HOME", "")

    environment = setup.environment()

    assert "PYTHONPATH" not in environment
    assert "PIP_TARGET" not in environment
    assert environment["PIP_NO_CACHE_DIR"] == "1"


def _outside_make() -> dict[str, str]:
    """The environment as it is when no other `make` runs the tests."""
    return {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def test_every_target_is_listed_with_a_line() -> None:
    """`make` without a word is where everybody starts."""
    done = subprocess.run(
        ["make"], cwd=ROOT, env=_outside_make(), capture_output=True, text=True, check=True
    )

    listed = [line.split()[1] for line in done.stdout.splitlines()]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed == targets
    assert {"setup", "demo", "up", "test", "check", "bench", "help"} <= set(targets)


def test_tests_run_without_the_callers_settings() -> None:
    """A caller who works against production must not test against it."""
    environment = _outside_make() | {"Q2C_HOME": "/x", "TEMPORAL_ADDRESS": "production:7233"}
    done = subprocess.run(
        ["make", "--dry-run", "test"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    pytest_line = next(line for line in done.stdout.splitlines() if "pytest" in line)
    assert "-u Q2C_HOME" in pytest_line
    assert "-u TEMPORAL_ADDRESS" in pytest_line


def test_continuous_integration_runs_check_and_test_and_nothing_else() -> None:
    """What a contributor runs is what decides."""
    lines = (ROOT / ".ci" / "run").read_text().splitlines()

    assert [line for line in lines if line.startswith("make")] == ["make check", "make test"]
    assert "set -euo pipefail" in lines
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_lock_pins_every_package_by_hash_and_names_no_host() -> None:
    """The same bytes everywhere, from whatever index the installer is set to."""
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"^[A-Za-z0-9]", lock, re.MULTILINE)
    pinned = re.findall(r"^[A-Za-z0-9._-]+(?:\[[a-z,]+\])?==\S+", lock, re.MULTILINE)

    assert len(packages) == len(pinned) > 50
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock
    assert "index-url" not in lock
