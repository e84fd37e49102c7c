"""Look at everything a deal depends on, and say what to do about what is wrong.

The doctor changes nothing that lasts: its trial document is removed again, and the trial workflow
that reads the server's clock is deleted.
"""

import asyncio
import shutil
import smtplib
import stat
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import fsspec
import httpx
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError

from models.attributes import ATTRIBUTES
from models.value import Value
from workers.attributes import is_usable, retention
from workers.connection import UnreachableError, connect
from workers.polling import polled
from workers.records import api_address
from workers.settings import Role, Settings

_NEEDED_BYTES = 1_000_000_000
_MOST_SKEW = timedelta(seconds=5)
_SECONDS = 5.0
_OLDEST_PYTHON = (3, 11)
_CLOCK_WORKFLOW = "q2c-doctor-clock"


class Finding(Value):
    """The outcome of one check; a bad one says what to do."""

    check: str
    ok: bool
    detail: str
    remedy: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Run every check and return all findings, good and bad, in a fixed order.

    A check that fails in a way nobody thought of is a bad finding too and hides no other.
    """
    findings = [await asyncio.to_thread(_guarded, check, settings) for check in LOCAL_CHECKS]
    return findings + await _temporal(settings) + [await asyncio.to_thread(_guarded, api, settings)]


def _guarded(check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return check(settings)
    except Exception as error:  # noqa: BLE001 - a diagnosis must outlive every symptom
        detail = f"{type(error).__name__}: {error}"
        return _bad(check.__name__.replace("_", " "), detail, "Correct what the detail names.")


def _good(check: str, detail: str) -> Finding:
    return Finding(check=check, ok=True, detail=detail)


def _bad(check: str, detail: str, remedy: str) -> Finding:
    return Finding(check=check, ok=False, detail=detail, remedy=remedy)


def python_version(_: Settings) -> Finding:
    """Python 3.11 or newer runs us."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return _bad("python", version, "Install Python 3.11 or newer and run `make setup`.")
    return _good("python", version)


def data_folder(settings: Settings) -> Finding:
    """The data folder exists, or can be made, and takes files."""
    trial = settings.home / f".doctor-{uuid.uuid4().hex}"
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        trial.touch()
        trial.unlink()
    except OSError as error:
        detail = f"{settings.home}: {error.strerror}"
        return _bad("data folder", detail, "Make it writable, or set Q2C_HOME.")
    return _good("data folder", str(settings.home))


def disk_space(settings: Settings) -> Finding:
    """A gigabyte is free where the data folder lies."""
    existing = next(f for f in (settings.home, *settings.home.parents) if f.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / 1e9:.1f} GB free"
    if free < _NEEDED_BYTES:
        return _bad("disk space", detail, "Free some space, or move the data folder by Q2C_HOME.")
    return _good("disk space", detail)


def secret_file(settings: Settings) -> Finding:
    """Only its owner can read the secret that signs decisions."""
    if settings.secret is not None:
        return _good("secret", "given by Q2C_SECRET")
    file = settings.secret_file
    if not file.exists():
        return _good("secret", "will be made at the first start")
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return _bad("secret", f"{file} has mode {mode:o}", f"Run: chmod 600 '{file}'")
    return _good("secret", f"{file} has mode {mode:o}")


def migration_state(url: str) -> tuple[str | None, str | None]:
    """Ask the books which schema they have and which is the newest."""
    from activities.adapters import books as adapter  # noqa: PLC0415 - a doctor loads on demand

    return adapter.migration_state(url)


def books(settings: Settings) -> Finding:
    """The books answer and have the newest schema."""
    where = _without_password(settings.books_url)
    current, newest = migration_state(settings.books_url)
    if current != newest:
        detail = f"{where} is at {current or 'no revision'}, the newest is {newest}"
        return _bad("books", detail, "Run `q2c setup`.")
    return _good("books", f"{where} at {newest}")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":***@")


def documents(settings: Settings) -> Finding:
    """The document store takes a document, gives it back and forgets it."""
    return _try_documents(settings.documents_url)


def _try_documents(url: str) -> Finding:
    store, folder = fsspec.core.url_to_fs(url)
    trial = f"{folder}/doctor-{uuid.uuid4().hex}"
    store.makedirs(folder, exist_ok=True)
    store.pipe_file(trial, b"probe")
    came_back = store.cat_file(trial)
    store.rm_file(trial)
    where = _without_password(url)
    if came_back != b"probe":
        return _bad("documents", f"{where} gave back other bytes", "Check the store.")
    return _good("documents", where)


def mail(settings: Settings) -> Finding:
    """The Maildir takes files, or the SMTP server answers and accepts the login."""
    target = urlsplit(settings.mail_url)
    if target.scheme == "maildir":
        folder = Path(unquote(settings.mail_url.removeprefix("maildir://")))
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / f".doctor-{uuid.uuid4().hex}"
        trial.touch()
        trial.unlink()
        return _good("mail", f"Maildir {folder}")
    return _try_smtp(settings.mail_url)


def _try_smtp(url: str) -> Finding:
    target = urlsplit(url)
    where = f"{target.hostname}:{target.port or 25}"
    try:
        with smtplib.SMTP(target.hostname or "", target.port or 25, timeout=_SECONDS) as server:
            server.ehlo()
            if target.username:
                server.login(unquote(target.username), unquote(target.password or ""))
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return _bad("mail", f"{where}: {error}", "Check Q2C_MAIL_URL and the mail server.")
    return _good("mail", f"SMTP {where}")


def fonts(_: Settings) -> Finding:
    """The fonts that make documents identical everywhere came with the package."""
    import activities  # noqa: PLC0415 - only to learn where it lies

    found = sorted(p.name for p in Path(activities.__path__[0]).rglob("*.ttf"))
    if not found:
        return _bad("fonts", "no font files in the package", "Run `make setup` again.")
    return _good("fonts", ", ".join(found))


def logos(settings: Settings) -> Finding:
    """Every logo that an entity names is in the store and can be printed."""
    from activities.adapters.logo_check import entities_without_logo  # noqa: PLC0415 - on demand

    bad = entities_without_logo(settings.books_url, settings.documents_url)
    if bad:
        detail = "; ".join(f"{entity}: {reason}" for entity, reason in bad)
        return _bad("logos", detail, "Record the entity again: `q2c entity import`.")
    return _good("logos", "every logo can be printed")


def api(settings: Settings) -> Finding:
    """The API answers."""
    url = api_address(settings)
    try:
        with httpx.Client(timeout=_SECONDS, trust_env=False) as client:
            answer = client.get(url)
    except httpx.HTTPError:
        return _bad("api", f"nothing answers at {url}", "Start it with `make up` or `q2c api`.")
    if answer.is_server_error:
        return _bad("api", f"{url} answers {answer.status_code}", "Read logs/api.log.")
    return _good("api", url)


LOCAL_CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    python_version,
    data_folder,
    disk_space,
    secret_file,
    books,
    documents,
    mail,
    fonts,
    logos,
)


async def _temporal(settings: Settings) -> list[Finding]:
    try:
        client = await connect(settings)
    except UnreachableError as error:
        fact, _, remedy = str(error).partition(". ")
        return [_bad("temporal", fact, remedy)]
    findings = [_good("temporal", f"{client.service_client.config.target_host} answers")]
    checks = {
        "namespace": _namespace,
        "search attributes": _attributes,
        "workers": _workers,
        "clock": _clock,
    }
    for name, check in checks.items():
        try:
            findings += await check(client, settings)
        except RPCError as error:
            findings.append(_bad(name, error.message, "Run `q2c setup`."))
    return findings


async def _namespace(client: Client, settings: Settings) -> list[Finding]:
    kept = await retention(client)
    name = client.namespace
    if kept is None:
        return [_bad("namespace", f"{name} does not exist", "Run `q2c setup`.")]
    if kept < timedelta(days=settings.retention_days):
        remedy = "Run `q2c setup`, or set Q2C_RETENTION_DAYS to what your server allows."
        return [_bad("namespace", f"{name} keeps histories for {kept.days} days", remedy)]
    return [_good("namespace", f"{name} keeps histories for {kept.days} days")]


async def _attributes(client: Client, _: Settings) -> list[Finding]:
    findings = []
    for attribute in ATTRIBUTES:
        check = f"search attribute {attribute.name}"
        if await is_usable(client, attribute):
            findings.append(_good(check, attribute.type.value))
        else:
            findings.append(_bad(check, "missing, or of another type", "Run `q2c setup`."))
    return findings


async def _workers(client: Client, settings: Settings) -> list[Finding]:
    findings = []
    for role in Role.ALL.parts:
        queue = settings.queue_of(role)
        check = f"worker on {queue}"
        if await polled(client, (queue,)):
            findings.append(_good(check, "asks for work"))
        else:
            remedy = f"Start one: `make up`, or `q2c worker --role {role.value}`."
            findings.append(_bad(check, "nobody asks for work", remedy))
    return findings


async def _clock(client: Client, _: Settings) -> list[Finding]:
    before = datetime.now(UTC)
    at = await _server_time(client)
    after = datetime.now(UTC)
    skew = max(before - at, at - after, timedelta())
    detail = f"server and this machine differ by {skew.total_seconds():.1f} s"
    if skew > _MOST_SKEW:
        return [_bad("clock", detail, "Synchronize both clocks (NTP).")]
    return [_good("clock", detail)]


async def _server_time(client: Client) -> datetime:
    """Start a workflow nobody runs, read when the server says it began, and delete it."""
    name = f"{_CLOCK_WORKFLOW}-{uuid.uuid4().hex}"
    handle = await client.start_workflow(
        _CLOCK_WORKFLOW, id=name, task_queue=_CLOCK_WORKFLOW, execution_timeout=timedelta(minutes=1)
    )
    began = (await handle.describe()).start_time
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=client.namespace, workflow_execution=WorkflowExecution(workflow_id=name)
        )
    )
    return began
