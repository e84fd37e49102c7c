"""Every setting of the house, read from the environment with the prefix `Q2C_`.

Temporal's own connection is not a setting here: it follows the standard `TEMPORAL_*` variables (see
`workers.connection`). The defaults describe one machine with everything embedded; a cluster changes
addresses, never code.
"""

import difflib
import os
import secrets
import socket
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from activities.signatures import Queue
from models.errors import InvalidInputError, Problem

PREFIX = "Q2C_"
_BOOKS_SCHEMES = ("sqlite", "postgresql", "postgresql+psycopg")
_EVERY_INTERFACE = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, never bound to
_WEB_SCHEMES = ("http", "https")
_NETWORK_SCHEME = "outbox"
_MAIL_SCHEMES = ("maildir", "smtp", "smtp+starttls")


class Role(StrEnum):
    """What a worker process does; each role but `all` polls exactly one task queue."""

    CORE = "core"
    BOOKS = "books"
    DOCUMENTS = "documents"
    PAYMENTS = "payments"
    ALL = "all"

    @property
    def parts(self) -> tuple["Role", ...]:
        """The roles that poll a queue of their own and are covered by this one."""
        return tuple(role for role in Role if role is not Role.ALL and self in (role, Role.ALL))


class Settings(BaseSettings):
    """All settings; unset addresses of books, documents and mail point into the data folder."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    home: Path = Field(default=Path(".q2c"), description="The data folder.")
    books_url: str = Field(default="", description="SQLAlchemy URL of the books.")
    documents_url: str = Field(default="", description="fsspec URL of the document store.")
    mail_url: str = Field(default="", description="maildir://folder or smtp://user:pw@host:port.")
    network_url: str = Field(
        default="", description="outbox:///folder for structured invoices to be sent."
    )
    secret: SecretStr | None = Field(
        default=None, description="Signs decision tokens; without it a file in the data folder."
    )

    vies_url: str = Field(
        default="", description="Address of VIES; without it nobody is asked about VAT numbers."
    )
    tax_engine_url: str = Field(
        default="", description="Address of a tax engine; without it the tax rules decide."
    )
    tax_engine_token: SecretStr | None = Field(
        default=None, description="Bearer token the tax engine wants."
    )
    tax_engine_timeout_seconds: int = Field(default=10, ge=1, le=60)

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8800, ge=1, le=65535)
    public_url: str = Field(
        default="", description="Where customers reach the API; without it its own address."
    )
    temporal_port: int = Field(default=7233, ge=1, le=65535, description="Embedded server.")
    temporal_ui_port: int = Field(default=8233, ge=1, le=65535, description="Embedded web UI.")
    metrics_port: int | None = Field(default=None, ge=1, le=65535)

    namespace: str = Field(default="q2c", min_length=1)
    retention_days: int = Field(default=3650, ge=1)

    continue_as_new_every: int = Field(default=12, ge=1, description="Billing cycles per run.")
    allow_test_clock: bool = True
    allow_unverified_decisions: bool = False

    max_concurrent_workflow_tasks: int = Field(default=50, ge=2)
    max_cached_workflows: int = Field(default=1000, ge=0)
    max_concurrent_activities: int = Field(default=20, ge=1, description="Slots per task queue.")
    activity_threads: int = Field(default=20, ge=1, description="Threads per task queue.")
    graceful_shutdown_seconds: int = Field(default=20, ge=0)

    @field_validator("home")
    @classmethod
    def absolute(cls, home: Path) -> Path:
        """Fix the folder at the start, so that a later change of directory means nothing."""
        return home.expanduser().absolute()

    @field_validator("books_url")
    @classmethod
    def supported_books(cls, url: str) -> str:
        """Accept SQLite and PostgreSQL, the two databases the books are tested on."""
        if url and urlsplit(url).scheme not in _BOOKS_SCHEMES:
            raise ValueError("use sqlite:///file or postgresql://user:password@host/database")
        return url

    @field_validator("mail_url")
    @classmethod
    def supported_mail(cls, url: str) -> str:
        """Accept a Maildir and an SMTP server."""
        if url and urlsplit(url).scheme not in _MAIL_SCHEMES:
            raise ValueError(
                "use maildir:///folder, smtp:// or smtp+starttls://user:password@host:port"
            )
        return url

    @field_validator("network_url")
    @classmethod
    def supported_network(cls, url: str) -> str:
        """Accept an outbox folder."""
        if url and urlsplit(url).scheme != _NETWORK_SCHEME:
            raise ValueError("use outbox:///folder")
        return url

    @field_validator("public_url")
    @classmethod
    def reachable(cls, url: str) -> str:
        """Accept the address of a web server, without the slash at its end."""
        parts = urlsplit(url)
        if url and (parts.scheme not in _WEB_SCHEMES or not parts.netloc or parts.query):
            raise ValueError("write it like https://quotes.example.com")
        return url.rstrip("/")

    @field_validator("vies_url", "tax_engine_url")
    @classmethod
    def web_address(cls, url: str) -> str:
        """Accept the address of a web service."""
        if url and (urlsplit(url).scheme not in _WEB_SCHEMES or not urlsplit(url).netloc):
            raise ValueError("write it like https://tax.example.com/inquiries")
        return url

    @field_validator("secret")
    @classmethod
    def long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        """Refuse a secret that can be guessed; 32 characters carry the 128 bits a token needs."""
        if secret is not None and len(secret.get_secret_value()) < 32:
            raise ValueError("use at least 32 characters, or leave it out to have one made")
        return secret

    @model_validator(mode="after")
    def complete(self) -> Self:
        """Fill the addresses that live in the data folder and compare what belongs together."""
        if self.activity_threads < self.max_concurrent_activities:
            raise ValueError("activity_threads must be at least max_concurrent_activities")
        ports = [self.api_port, self.temporal_port, self.temporal_ui_port]
        if self.metrics_port is not None:
            ports.append(self.metrics_port)
        if len(set(ports)) < len(ports):
            raise ValueError("api_port, temporal_port, temporal_ui_port, metrics_port must differ")
        self._default("books_url", f"sqlite:///{self.home / 'books.sqlite'}")
        self._default("documents_url", f"file://{self.home / 'documents'}")
        self._default("mail_url", f"maildir://{self.home / 'mail'}")
        self._default("network_url", f"outbox://{self.home / 'outbox'}")
        self._default("public_url", f"http://{_reachable(self.api_host)}:{self.api_port}")
        return self

    def _default(self, name: str, value: str) -> None:
        if not getattr(self, name):
            object.__setattr__(self, name, value)

    @property
    def temporal_file(self) -> Path:
        """The database file of the embedded Temporal server."""
        return self.home / "temporal.sqlite"

    @property
    def logs(self) -> Path:
        """The folder the processes of the stack log to."""
        return self.home / "logs"

    @property
    def secret_file(self) -> Path:
        """The file of the signing secret when no setting carries it."""
        return self.home / "secret"

    def queue_of(self, role: Role) -> str:
        """Return the task queue of one role; `Role.ALL` has none and is refused."""
        if role is Role.ALL:
            raise ValueError("The role `all` polls every queue; ask for its parts.")
        return Queue(f"q2c-{role.value}").value

    def queues_of(self, role: Role) -> tuple[str, ...]:
        """Return every task queue a worker of this role polls."""
        return tuple(self.queue_of(part) for part in role.parts)

    def signing_secret(self) -> bytes:
        """Return the secret that signs decision tokens, making the file on first use.

        The file is readable by its owner only. Two processes that start together agree on one
        secret: the file appears complete or not at all, and the first one stays.
        """
        if self.secret is not None:
            return self.secret.get_secret_value().encode()
        if not self.secret_file.exists():
            self._make_secret_file()
        return self.secret_file.read_bytes().strip()

    def _make_secret_file(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        draft = self.home / f".secret-{os.getpid()}-{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32) + "\n")
        try:
            os.link(draft, self.secret_file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    def environment(self) -> dict[str, str]:
        """Return the variables that give a child process exactly these settings."""
        plain = {
            name: str(value)
            for name in type(self).model_fields
            if (value := getattr(self, name)) is not None and not isinstance(value, SecretStr)
        }
        for name in type(self).model_fields:
            if isinstance(hidden := getattr(self, name), SecretStr):
                plain[name] = hidden.get_secret_value()
        return {f"{PREFIX}{name.upper()}": value for name, value in plain.items()}


def _reachable(host: str) -> str:
    """Return a host as a browser on this machine would name it; every interface is this machine."""
    if host in _EVERY_INTERFACE:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment; keyword arguments win.

    Raises:
        InvalidInputError: with every wrong variable at once, and near misses such as
            `Q2C_BOOK_URL`, which would otherwise be ignored in silence.
    """
    problems = misspelled(os.environ)
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        problems += [_problem(dict(each)) for each in error.errors()]
        raise InvalidInputError(problems) from None
    if problems:
        raise InvalidInputError(problems)
    return settings


def misspelled(environment: Mapping[str, str]) -> list[Problem]:
    """Return a problem for every variable that is almost, but not quite, a setting."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    problems = []
    for name in sorted(environment):
        if not name.upper().startswith(PREFIX) or name.upper() in known:
            continue
        meant = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.88)
        if meant:
            problems.append(Problem(field=name, reason="no such setting", remedy=f"use {meant[0]}"))
    return problems


def _problem(error: Mapping[str, Any]) -> Problem:
    location = error["loc"]
    field = f"{PREFIX}{str(location[0]).upper()}" if location else "settings"
    reason = str(error["msg"]).removeprefix("Value error, ")
    remedy = f"correct or unset {field}" if location else "change one of them"
    return Problem(field=field, reason=reason, remedy=remedy)


_GIVEN: set[int] = set()


def free_port() -> int:
    """Return a TCP port of this machine that nothing listens on; none twice in a process."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _GIVEN:
            _GIVEN.add(port)
            return port
