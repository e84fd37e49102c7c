"""The compose file says what the code means: every command, port, variable and health check."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from starter.cli import operation
from workers.settings import Role, Settings
from workers.stack import standard_commands

ROOT = Path(__file__).parents[2]
EVERYWHERE = ".".join("0000")
ENVIRONMENT = {
    "POSTGRES_PASSWORD": "server",
    "Q2C_BOOKS_PASSWORD": "books",
    "Q2C_SECRET": "0123456789abcdef0123456789abcdef",
}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's settings are no part of a test."""
    for name in list(os.environ):
        if name.startswith(("Q2C_", "TEMPORAL_")):
            monkeypatch.delenv(name)


def _document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def _services() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = _document()["services"]
    return services


def _filled(value: str) -> str:
    """Put the values of a .env file in, as compose does."""

    def fill(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"] or ""
        return ENVIRONMENT.get(name, default)

    return re.sub(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?[^}]*)?\}", fill, value)


def _ours() -> dict[str, dict[str, Any]]:
    return {name: each for name, each in _services().items() if name.startswith("q2c-")}


def _settings(service: dict[str, Any]) -> dict[str, str]:
    return {k: _filled(str(v)) for k, v in service["environment"].items() if k.startswith("Q2C_")}


def test_there_is_a_worker_for_every_role_and_each_says_its_role() -> None:
    """A queue without a worker stops every deal at its first step there."""
    workers = {
        name: each["command"] for name, each in _ours().items() if name.startswith("q2c-worker-")
    }

    assert workers == {
        "q2c-worker-core": ["worker", "--role", "core"],
        "q2c-worker-books": ["worker", "--role", "books"],
        "q2c-worker-documents": ["worker", "--role", "documents"],
        "q2c-worker-payments": ["worker", "--role", "payments"],
    }
    assert {command[2] for command in workers.values()} == {r.value for r in Role.ALL.parts}


def test_the_other_commands_are_those_of_the_command_line() -> None:
    """The image's entry point is `q2c`, so a command is its first word."""
    commands = {n: s["command"] for n, s in _ours().items() if "worker" not in n}

    assert commands == {"q2c-setup": ["setup"], "q2c-api": ["api"]}
    assert 'ENTRYPOINT ["q2c"]' in (ROOT / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def command_line() -> dict[str, Any]:
    """The commands that run the house, as the command line declares them."""
    app = typer.Typer()
    operation.attach(app)
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return commands


@pytest.mark.parametrize(
    "words",
    [
        *(each["command"] for each in _ours().values()),
        *(list(each.arguments[3:]) for each in standard_commands(Settings())),
    ],
    ids=" ".join,
)
def test_the_command_line_understands_every_command(
    words: list[str], command_line: dict[str, Any]
) -> None:
    """A container or a child that ends with a usage message is restarted forever."""
    name, *options = words

    context = command_line[name].make_context(name, list(options))

    assert context.params.get("role", "") == (options[1] if options else "")


@pytest.mark.parametrize("name", sorted(_ours()))
def test_every_variable_of_ours_is_a_setting_with_a_valid_value(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelled variable would be ignored in silence and the default used."""
    given = _settings(_ours()[name])
    known = {f"Q2C_{field.upper()}" for field in Settings.model_fields}
    assert set(given) <= known
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)

    settings = Settings()

    assert settings.books_url == "postgresql+psycopg://q2c:books@postgresql:5432/q2c"
    assert settings.documents_url == "file:///var/lib/q2c-documents"
    assert settings.allow_test_clock is False
    assert settings.allow_unverified_decisions is False


def test_everybody_talks_to_the_same_server_and_namespace() -> None:
    """The namespace q2c-setup creates is the one the workers poll and the web UI shows."""
    services = _services()

    for each in _ours().values():
        assert each["environment"]["TEMPORAL_ADDRESS"] == "temporal:7233"
        assert each["environment"]["TEMPORAL_NAMESPACE"] == Settings().namespace
    ui = services["temporal-ui"]["environment"]
    assert ui["TEMPORAL_ADDRESS"] == "temporal:7233"
    assert ui["TEMPORAL_DEFAULT_NAMESPACE"] == Settings().namespace
    assert services["temporal"]["healthcheck"]["test"] == ["CMD", "nc", "-z", "localhost", "7233"]
    assert services["temporal"]["environment"]["BIND_ON_IP"] == EVERYWHERE


def test_the_api_listens_where_it_is_published_and_probed() -> None:
    """Three places name the port; they must agree."""
    api = _services()["q2c-api"]

    assert api["environment"]["Q2C_API_PORT"] == str(Settings().api_port)
    assert api["environment"]["Q2C_API_HOST"] == EVERYWHERE
    assert api["ports"] == ["127.0.0.1:8800:8800"]
    assert "('127.0.0.1', 8800)" in api["healthcheck"]["test"][-1]
    assert "EXPOSE 8800" in (ROOT / "Dockerfile").read_text()


def test_nothing_is_published_beyond_this_machine() -> None:
    """Whoever reaches Temporal's port can signal any deal."""
    published = {n: s["ports"] for n, s in _services().items() if "ports" in s}

    assert published.keys() == {"temporal-ui", "q2c-api"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_services_start_in_the_order_they_need_each_other() -> None:
    """Schema before server, server before setup, setup before everything of ours."""
    needs = {
        name: {other: what["condition"] for other, what in each.get("depends_on", {}).items()}
        for name, each in _services().items()
    }

    assert needs["temporal-schema"] == {"postgresql": "service_healthy"}
    assert needs["temporal"] == {"temporal-schema": "service_completed_successfully"}
    assert needs["q2c-setup"] == {
        "books-database": "service_completed_successfully",
        "temporal": "service_healthy",
    }
    for name in _ours().keys() - {"q2c-setup"}:
        assert needs[name] == {"q2c-setup": "service_completed_successfully"}
    for wanted in needs.values():
        for other, condition in wanted.items():
            assert condition != "service_healthy" or "healthcheck" in _services()[other]


def test_a_worker_has_time_to_finish_before_it_is_killed() -> None:
    """A payment that is cut off in the middle has to be looked up afterwards."""
    for each in _ours().values():
        grace = int(each["stop_grace_period"].removesuffix("s"))
        assert grace > int(each["environment"]["Q2C_GRACEFUL_SHUTDOWN_SECONDS"])


def test_what_must_survive_lies_in_named_volumes() -> None:
    """An anonymous volume is lost with its container."""
    services = _services()

    assert set(_document()["volumes"]) == {"postgresql", "documents", "home"}
    assert services["postgresql"]["volumes"] == ["postgresql:/var/lib/postgresql/data"]
    for each in _ours().values():
        assert "documents:/var/lib/q2c-documents" in each["volumes"]
        assert "/var/lib/q2c-documents" in each["environment"]["Q2C_DOCUMENTS_URL"]
    assert "home:/var/lib/q2c" in services["q2c-setup"]["volumes"]
    assert "/var/lib/q2c-documents" in (ROOT / "Dockerfile").read_text()


def test_server_and_schema_tools_have_one_version() -> None:
    """A server refuses a schema older than itself."""
    services = _services()
    server = services["temporal"]["image"].rpartition(":")[2]

    assert services["temporal-schema"]["image"] == f"temporalio/admin-tools:{server}"
    assert "auto-setup" not in services["temporal"]["image"]


def test_secrets_have_no_default() -> None:
    """A default password is a published password."""
    text = (ROOT / "docker-compose.yml").read_text()
    example = (ROOT / ".env.example").read_text()

    for name in ENVIRONMENT:
        assert f"${{{name}:?" in text
        assert not re.search(rf"\$\{{{name}(:-[^}}]*)?\}}", text)
        assert f"\n{name}=\n" in example


def test_the_dockerfile_copies_every_room_and_installs_by_hash() -> None:
    """The image runs exactly the versions the tests ran with."""
    text = (ROOT / "Dockerfile").read_text()

    for room in ("models", "activities", "workflows", "workers", "starter"):
        assert f"COPY {room} {room}" in text
        assert f"!{room}" in (ROOT / ".dockerignore").read_text()
    assert "--require-hashes --no-deps -r requirements.lock" in text
    assert "\nUSER q2c\n" in text


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not here")
def test_compose_itself_accepts_the_file() -> None:
    """Anchors, conditions and interpolation are compose's to judge."""
    done = subprocess.run(
        ["docker-compose", "--file", str(ROOT / "docker-compose.yml"), "config", "--quiet"],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"} | ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
