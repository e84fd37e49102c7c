"""The doctor: every check can pass, every check can fail, and a failure hides no other."""

import asyncio
import os
import socketserver
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from models.attributes import ATTRIBUTES
from workers import doctor
from workers.attributes import ensure_namespace
from workers.connection import connect
from workers.doctor import Finding, examine
from workers.polling import polled
from workers.server import temporal_server
from workers.settings import Role, Settings, free_port


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


@pytest_asyncio.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    """A client of a fresh server of this test's own, ready for deals."""
    async with temporal_server(settings):
        connected = await connect(settings)
        await ensure_namespace(connected, settings)
        yield connected


@pytest.fixture
def answering_api(settings: Settings) -> Iterator[None]:
    """Something on the API's port that answers 200."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", settings.api_port), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield
        server.shutdown()
        thread.join()


def books_at(monkeypatch: pytest.MonkeyPatch, current: str | None) -> None:
    """Pretend the books are at a revision while the newest is 0002."""
    monkeypatch.setattr(doctor, "migration_state", lambda _: (current, "0002"))


@activity.defn(name="nothing")
async def _nothing() -> None:
    """An activity nobody calls."""


@pytest.mark.usefixtures("answering_api")
async def test_a_healthy_stack_has_no_bad_finding(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All checks run, in a fixed order, and nothing lasting is left behind."""
    books_at(monkeypatch, "0002")
    monkeypatch.setattr(doctor, "LOCAL_CHECKS", _without_fonts())
    settings.signing_secret()

    async with _workers(client, settings):
        findings = await examine(settings)

    assert [f for f in findings if not f.ok] == []
    assert [f.check for f in findings] == [
        *("python", "data folder", "disk space", "secret", "books", "documents", "mail"),
        "logos",
        *("temporal", "namespace"),
        *(f"search attribute {a.name}" for a in ATTRIBUTES),
        *("worker on q2c-core", "worker on q2c-books"),
        *("worker on q2c-documents", "worker on q2c-payments"),
        *("clock", "api"),
    ]
    assert [p for p in settings.home.rglob("*doctor*") if p.is_file()] == []


def _without_fonts() -> tuple[object, ...]:
    return tuple(check for check in doctor.LOCAL_CHECKS if check is not doctor.fonts)


@asynccontextmanager
async def _workers(client: Client, settings: Settings) -> AsyncIterator[None]:
    """A stand-in for every role: one worker per queue that asks for work and never gets any."""
    async with AsyncExitStack() as exits:
        for queue in settings.queues_of(Role.ALL):
            await exits.enter_async_context(Worker(client, task_queue=queue, activities=[_nothing]))
        async with asyncio.timeout(10):
            while len(await polled(client, settings.queues_of(Role.ALL))) < 4:
                await asyncio.sleep(0.05)
        yield


async def test_every_bad_finding_names_its_remedy(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing runs here: each finding must still come, and say what to do."""
    books_at(monkeypatch, "0001")

    findings = {f.check: f for f in await examine(settings)}

    bad = {name: f.remedy for name, f in findings.items() if not f.ok and name != "fonts"}
    assert bad == {
        "books": "Run `q2c setup`.",
        "temporal": "Start the stack with `make up`, or set TEMPORAL_ADDRESS to a server of your "
        "own.",
        "api": "Start it with `make up` or `q2c api`.",
    }


async def test_a_bare_server_is_sent_to_setup(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster somebody else runs has neither our namespace nor our attributes."""
    books_at(monkeypatch, "0002")
    async with temporal_server(settings):
        findings = {f.check: f for f in await examine(settings)}

    assert findings["temporal"].ok
    assert findings["namespace"] == Finding(
        check="namespace", ok=False, detail="q2c does not exist", remedy="Run `q2c setup`."
    )


def test_an_unexpected_symptom_is_a_finding_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver that is missing or a server that drops the line must not end the examination."""

    def broken(_: str) -> tuple[str, str]:
        raise ConnectionResetError("the line is dead")

    monkeypatch.setattr(doctor, "migration_state", broken)

    finding = doctor._guarded(doctor.books, settings)

    assert not finding.ok
    assert finding.detail == "ConnectionResetError: the line is dead"


def test_an_open_secret_is_bad(settings: Settings) -> None:
    """Whoever reads it can approve anything in anybody's name."""
    settings.signing_secret()
    assert doctor.secret_file(settings).ok

    settings.secret_file.chmod(0o644)

    finding = doctor.secret_file(settings)
    assert not finding.ok
    assert finding.remedy == f"Run: chmod 600 '{settings.secret_file}'"


def test_an_unwritable_data_folder_is_bad(tmp_path: Path) -> None:
    """A file in the way is as bad as a missing right."""
    (tmp_path / "file").touch()

    finding = doctor.data_folder(Settings(home=tmp_path / "file" / "home"))

    assert not finding.ok
    assert finding.remedy == "Make it writable, or set Q2C_HOME."


def test_a_full_disk_and_an_old_python_are_bad(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite and PDFs fail half way on a full disk."""
    monkeypatch.setattr(doctor, "_NEEDED_BYTES", 10**18)
    monkeypatch.setattr(doctor, "_OLDEST_PYTHON", (sys.version_info[0], 99))

    assert not doctor.disk_space(settings).ok
    assert not doctor.python_version(settings).ok


def test_a_document_store_that_loses_bytes_is_bad(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written must be what is read."""
    assert doctor.documents(settings).ok

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.cat_file", lambda *_: b"")

    assert not doctor.documents(settings).ok


class _Smtp(socketserver.StreamRequestHandler):
    """Just enough of a mail server to be greeted and left."""

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        for line in self.rfile:
            self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")


def test_a_mail_server_is_greeted(settings: Settings) -> None:
    """A wrong address shows at setup, not with the first invoice."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Smtp) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        port = server.server_address[1]
        reached = doctor.mail(settings.model_copy(update={"mail_url": f"smtp://127.0.0.1:{port}"}))
        server.shutdown()
        thread.join()
    missed = doctor.mail(settings.model_copy(update={"mail_url": f"smtp://127.0.0.1:{port}"}))

    assert reached == Finding(check="mail", ok=True, detail=f"SMTP 127.0.0.1:{port}")
    assert not missed.ok


def test_no_finding_shows_a_password(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are pasted into tickets."""
    books_at(monkeypatch, "0001")
    remote = settings.model_copy(
        update={"books_url": "postgresql+psycopg://q2c:hush@db:5432/books"}
    )

    assert "hush" not in doctor.books(remote).detail
    assert "q2c:***@db:5432" in doctor.books(remote).detail
