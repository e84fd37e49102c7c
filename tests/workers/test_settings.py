"""Settings: defaults, one switch per part, every problem at once, one secret."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from models.errors import InvalidInputError
from workers.settings import Role, Settings, load_settings


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's settings are no part of a test."""
    for name in list(os.environ):
        if name.startswith(("Q2C_", "TEMPORAL_")):
            monkeypatch.delenv(name)


def test_everything_lives_in_the_data_folder_by_default(tmp_path: Path) -> None:
    """One folder to back up, one folder to delete."""
    settings = Settings(home=tmp_path)

    assert settings.books_url == f"sqlite:///{tmp_path}/books.sqlite"
    assert settings.documents_url == f"file://{tmp_path}/documents"
    assert settings.mail_url == f"maildir://{tmp_path}/mail"
    assert settings.temporal_file == tmp_path / "temporal.sqlite"


def test_reads_the_documented_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The addresses of the README are the addresses of the code."""
    monkeypatch.chdir(tmp_path)

    settings = load_settings()

    assert settings.home == tmp_path / ".q2c"
    assert (settings.api_host, settings.api_port) == ("127.0.0.1", 8800)
    assert (settings.temporal_port, settings.temporal_ui_port) == (7233, 8233)
    assert settings.namespace == "q2c"
    assert settings.continue_as_new_every == 12
    assert settings.allow_test_clock is True
    assert settings.allow_unverified_decisions is False


def test_postgresql_is_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster changes an address, never code."""
    monkeypatch.setenv("Q2C_BOOKS_URL", "postgresql+psycopg://q2c:pw@db/books")

    assert load_settings().books_url == "postgresql+psycopg://q2c:pw@db/books"


def test_lists_every_wrong_variable_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody should start five times to learn of five mistakes."""
    monkeypatch.setenv("Q2C_API_PORT", "many")
    monkeypatch.setenv("Q2C_MAIL_URL", "pigeon://roof")
    monkeypatch.setenv("Q2C_BOOKS_URL", "mysql://db/books")
    monkeypatch.setenv("Q2C_SECRET", "short")
    monkeypatch.setenv("Q2C_DOCUMENT_URL", "s3://bucket")

    with pytest.raises(InvalidInputError) as raised:
        load_settings()

    fields = {problem.field for problem in raised.value.problems}
    assert fields == {
        "Q2C_API_PORT",
        "Q2C_MAIL_URL",
        "Q2C_BOOKS_URL",
        "Q2C_SECRET",
        "Q2C_DOCUMENT_URL",
    }
    assert "use Q2C_DOCUMENTS_URL" in str(raised.value)
    assert "short" not in str(raised.value).replace("shorter", "")


def test_leaves_variables_of_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line has variables of its own under the same prefix."""
    monkeypatch.setenv("Q2C_TOKEN", "x")

    assert load_settings().namespace == "q2c"


def test_refuses_two_uses_of_one_port(tmp_path: Path) -> None:
    """The second process would fail later with a worse message."""
    with pytest.raises(InvalidInputError, match="must differ"):
        load_settings(home=tmp_path, api_port=8233)


def test_refuses_fewer_threads_than_slots(tmp_path: Path) -> None:
    """An activity that waits for a thread already spends its start-to-close time."""
    with pytest.raises(InvalidInputError, match="activity_threads"):
        load_settings(home=tmp_path, activity_threads=5, max_concurrent_activities=6)


def test_makes_one_secret_for_its_owner_only(tmp_path: Path) -> None:
    """Tokens of yesterday's mails stay valid, and other users cannot forge them."""
    settings = Settings(home=tmp_path / "new folder")

    first = settings.signing_secret()
    second = settings.signing_secret()

    assert first == second
    assert len(first) == 64
    assert stat.S_IMODE(settings.secret_file.stat().st_mode) == 0o600
    assert [p.name for p in settings.home.iterdir()] == ["secret"]


def test_a_given_secret_leaves_no_file(tmp_path: Path) -> None:
    """A cluster keeps its secrets elsewhere."""
    settings = Settings(home=tmp_path, secret="0123456789abcdef0123456789abcdef")

    assert settings.signing_secret() == b"0123456789abcdef0123456789abcdef"
    assert not settings.secret_file.exists()
    assert "0123456789" not in repr(settings)


def test_a_child_process_reads_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the stack was told in code reaches worker and API through their environment."""
    settings = Settings(
        home=tmp_path / "with space",
        api_port=9001,
        metrics_port=9464,
        allow_unverified_decisions=True,
        secret="0123456789abcdef0123456789abcdef",
    )

    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)

    assert load_settings() == settings


def test_every_role_polls_its_own_queue_and_all_polls_every_one(tmp_path: Path) -> None:
    """Each activity is registered on exactly one queue."""
    settings = Settings(home=tmp_path)

    assert settings.queues_of(Role.BOOKS) == ("q2c-books",)
    assert settings.queues_of(Role.ALL) == (
        "q2c-core",
        "q2c-books",
        "q2c-documents",
        "q2c-payments",
    )
    with pytest.raises(ValueError, match="parts"):
        settings.queue_of(Role.ALL)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "http://127.0.0.1:8800"),
        ({"api_host": "::", "api_port": 9000}, "http://127.0.0.1:9000"),
        ({"api_host": "::1"}, "http://[::1]:8800"),
        ({"public_url": "https://quotes.example.com/"}, "https://quotes.example.com"),
    ],
    ids=["own address", "every interface", "IPv6", "behind a proxy"],
)
def test_links_begin_with_an_address_a_browser_can_open(
    given: dict[str, Any], expected: str
) -> None:
    """A customer gets it by mail."""
    assert Settings(**given).public_url == expected


@pytest.mark.parametrize("wrong", ["quotes.example.com", "ftp://x", "https://", "https://x?y=1"])
def test_an_address_that_is_none_is_refused(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every link in every mail would be dead."""
    monkeypatch.setenv("Q2C_PUBLIC_URL", wrong)

    with pytest.raises(InvalidInputError) as raised:
        load_settings()

    assert [problem.field for problem in raised.value.problems] == ["Q2C_PUBLIC_URL"]
