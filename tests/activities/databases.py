"""Real databases for tests: SQLite files and a PostgreSQL server, each copied from a template.

Migrating takes longer than most tests, so it is done once for each kind of database and copied.
"""

import atexit
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest

from activities.adapters.books import Books, migrate

Fill = Callable[[Books], None]
DIALECTS = ("sqlite", "postgresql")

_numbers = count(1)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="q2c-test-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _server() -> str:
    """Start a PostgreSQL server once in this process and return the address of its socket.

    Skips the test where the package is not installed; fails it in CI, where a skipped database
    would look like a passed one, on the Python versions that the package supports.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            from pgserver import postgres_server  # noqa: PLC0415 - optional, and warns on import
    except ImportError:
        reason = "pgserver is not installed: no PostgreSQL to test on"
        if os.environ.get("CI") and sys.version_info < (3, 13):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    with warnings.catch_warnings(action="ignore"):
        address = str(postgres_server.get_server(_folder() / "postgresql").get_uri())
    # A test database need not survive a power cut; isolation and constraints are as in production.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _administer(f"ALTER SYSTEM SET {setting} = off", address)
    _administer("SELECT pg_reload_conf()", address)
    return address


def _administer(statement: str, address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())


def _database_url(name: str) -> str:
    return _server().replace("/postgres?", f"/{name}?")


def _empty(dialect: str, name: str) -> str:
    if dialect == "sqlite":
        return f"sqlite:///{_folder()}/{name}.sqlite"
    _server()
    _administer(f"CREATE DATABASE {name}", _server())
    return _database_url(name)


@cache
def _template(dialect: str, fill: Fill | None) -> str:
    """Return the name of a migrated database, filled once by `fill`."""
    name = f"template_{next(_numbers)}"
    url = _empty(dialect, name)
    migrate(url)
    if fill is not None:
        books = Books(url)
        fill(books)
        books.close()
    return name


def _drop(dialect: str, name: str) -> None:
    if dialect == "postgresql":
        _administer(f"DROP DATABASE {name} WITH (FORCE)", _server())
        return
    for path in _folder().glob(f"{name}.sqlite*"):
        with suppress(FileNotFoundError):
            path.unlink()


@contextmanager
def unmigrated(dialect: str) -> Iterator[str]:
    """Give the address of an empty database without any schema."""
    name = f"test_{next(_numbers)}"
    yield _empty(dialect, name)
    _drop(dialect, name)


@contextmanager
def database(dialect: str, fill: Fill | None = None) -> Iterator[str]:
    """Give the address of a fresh, migrated database, with what `fill` writes in it."""
    template, name = _template(dialect, fill), f"test_{next(_numbers)}"
    if dialect == "sqlite":
        shutil.copy(_folder() / f"{template}.sqlite", _folder() / f"{name}.sqlite")
        yield f"sqlite:///{_folder()}/{name}.sqlite"
    else:
        _administer(f"CREATE DATABASE {name} TEMPLATE {template}", _server())
        yield _database_url(name)
    _drop(dialect, name)
