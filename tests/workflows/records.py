"""Reads the books of a house under test, whole or by table."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

Rows = list[tuple[Any, ...]]

_MOMENTS = {"recorded_at", "sent_at", "answered_at"}
"""When a row was written by the wall clock; it decides nothing."""

_BUSINESS_MOMENTS = {
    "at",
    "business_time",
    "closed_at",
    "confirmed_at",
    "decided_at",
    "offered_at",
    "revised_at",
    "revoked_at",
    "signed_at",
    "started_at",
    "written_at",
}
_PRINTED_MOMENTS = {"sha256", "size"}
"""A signed copy names the second at which it was signed."""


@contextmanager
def _books(home: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(home / "books.sqlite")) as connection:
        yield connection


def rows(home: Path, sql: str) -> Rows:
    """Return the rows of a query."""
    with _books(home) as connection:
        return list(connection.execute(sql))


def value(home: Path, sql: str) -> Any:
    """Return the one value of a query."""
    return rows(home, sql)[0][0]


def dump(home: Path, *, without: tuple[str, ...] = (), moments: bool = True) -> dict[str, Rows]:
    """Return every table as sorted rows, without what the wall clock stamped.

    Surrogate keys are left out: they tell in what order rows came, not what is true. `moments`
    False leaves out the times of day too and keeps the days.
    """
    hidden = _MOMENTS | {"id"} | (set() if moments else _BUSINESS_MOMENTS | _PRINTED_MOMENTS)
    with _books(home) as connection:
        tables = [
            name
            for (name,) in connection.execute("select name from sqlite_master where type = 'table'")
            if name not in without and not name.startswith(("sqlite_", "alembic"))
        ]
        return {table: _content(connection, table, hidden) for table in sorted(tables)}


def _content(connection: sqlite3.Connection, table: str, hidden: set[str]) -> Rows:
    columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
    shown = ", ".join(f'"{column}"' for column in columns if column not in hidden)
    found = connection.execute(f"select {shown} from {table}")  # noqa: S608
    return sorted(found, key=repr)


def assert_sound(home: Path) -> None:
    """Every journal entry balances, and nothing is billed or recognized twice."""
    unbalanced = "select entry from posting group by entry having sum(amount_minor) <> 0"
    assert rows(home, unbalanced) == []
    twice = (
        "select deal, term, reference, starts_on from invoice_line"
        " group by 1, 2, 3, 4 having count(*) > 1"
    )
    assert rows(home, twice) == []
