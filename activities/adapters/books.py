"""The books: one database, SQLite or PostgreSQL, and one transaction per activity.

SQLite: write transactions begin with BEGIN IMMEDIATE, because a transaction that reads first and
writes later fails as "locked" under load. PostgreSQL: serializable, and what it rolls back is tried
again here and nowhere else.
"""

import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel

# Alembic takes a fifth of a second to load, and only the schema needs it: see the functions below.
if TYPE_CHECKING:
    from alembic.config import Config

Result = TypeVar("Result")


class _Session(Session):
    """A session that keeps what it has loaded until its transaction ends.

    SQLAlchemy forgets a row nobody holds, and the steps of a transaction ask for the same few
    rows again and again.
    """


@event.listens_for(_Session, "loaded_as_persistent")
@event.listens_for(_Session, "pending_to_persistent")
def _keep(session: Session, row: object) -> None:
    session.info.setdefault("kept", []).append(row)


_ATTEMPTS = {"40001": 60, "40P01": 60, "23505": 4}
"""How often work is tried that lost a race, by SQLSTATE (PostgreSQL manual, 13.5).

Writers that draw from one series of numbers win one at a time, so the patience must outlast a queue
of them. A unique violation is a lost race too: the snapshot is taken before a lock is waited for,
so what the other wrote is only seen by trying again; met four times, it is a mistake of ours.
"""

_LONGEST_PAUSE = 20
_PRAGMAS = (
    "busy_timeout=30000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # Without it INSERT OR REPLACE deletes a row and no trigger hears of it.
    "recursive_triggers=ON",
)
_FLEETING = "synchronous=OFF"
"""For books that are thrown away: a power cut may take them."""

_MIGRATIONS = Path(__file__).parent / "migrations"


def _address(url: str) -> URL:
    """Read a database address; `postgresql://` means the driver we ship."""
    address = make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        return address.set(drivername="postgresql+psycopg")
    return address


def open_engine(url: str, *, durable: bool = True) -> Engine:
    """Open the database of the books with the settings its durability needs.

    SQLite books that are not `durable` do not wait for the disk.
    """
    address = _address(url)
    if address.get_backend_name() != "sqlite":
        return create_engine(
            address,
            isolation_level="SERIALIZABLE",
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
        )
    engine = create_engine(
        url, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=20, max_overflow=20
    )
    event.listen(engine, "connect", _prepare_sqlite)
    if not durable:
        event.listen(engine, "connect", _let_go)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions of its own: `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _let_go(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA {_FLEETING}").close()


def _begin_sqlite(connection: Any) -> None:
    reading = connection.get_execution_options().get("q2c_read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


class Books:
    """Runs work in one short transaction."""

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self._engine = open_engine(url, durable=durable)
        # SQLite lets one writer in and has the others sleep and ask again; threads of one process
        # rather queue here, where the next one is woken at once.
        is_sqlite = self._engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[Any] = threading.Lock() if is_sqlite else nullcontext()
        reading: dict[str, Any] = {"q2c_read": True}
        if self._engine.dialect.name == "postgresql":
            # A snapshot that only reads is never rolled back, so it needs no second try.
            reading |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reading = self._engine.execution_options(**reading)

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` and commit; all of it or none of it is on record."""
        attempt = 0
        while True:
            attempt += 1
            try:
                with (
                    self._turn,
                    _Session(self._engine, expire_on_commit=False) as session,
                    session.begin(),
                ):
                    return work(session)
            except DBAPIError as error:
                if attempt >= _ATTEMPTS.get(getattr(error.orig, "sqlstate", ""), 1):
                    raise
                time.sleep(random.uniform(0.005, 0.02) * min(attempt, _LONGEST_PAUSE))  # noqa: S311

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in a transaction that only reads."""
        with _Session(self._reading, expire_on_commit=False) as session:
            return work(session)

    def create_tables(self) -> None:
        """Make the tables of books that are thrown away, at once and without a schema history.

        What guards facts that last, the triggers of the migrations, is left out.
        """
        SQLModel.metadata.create_all(self._engine)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def _config(url: str) -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate(url: str) -> None:
    """Bring the books to the newest schema; doing it again changes nothing."""
    if make_url(url).get_backend_name() == "sqlite" and make_url(url).database:
        Path(str(make_url(url).database)).parent.mkdir(parents=True, exist_ok=True)
    from alembic import command  # noqa: PLC0415

    command.upgrade(_config(url), "head")


def migration_state(url: str) -> tuple[str | None, str | None]:
    """Return the schema revision of the books and the newest one there is."""
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    head = ScriptDirectory.from_config(_config(url)).get_current_head()
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision(), head
    finally:
        engine.dispose()
