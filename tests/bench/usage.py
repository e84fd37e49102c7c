"""Measure usage: events of one file taken in, read for one rating, and put on an invoice.

Beside it stand bare inserts of as many rows of the same width in the same run, so that the figure
says what our checks cost and not how fast the disk is.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from activities.adapters.books import Books, migrate
from tests.activities.house import House, deal_file, furnish, line
from tests.activities.metered import Meters

EVENTS = 100_000
_HEADING = "id,deal,meter,at,value,region"
_MONTH_ENDS = date(2026, 1, 31)


def measure_usage() -> None:
    """Print how many events a second are taken in, sent again, and rated."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/books.sqlite"
        migrate(url)
        books = Books(url)
        furnish(books)
        house = House(books)
        meters = Meters(house)
        house.sell(deal_file("1001", line("CALLS"), term_months=1))
        content = file_of(EVENTS)
        taken = timed(lambda: meters.take(content, "csv", _MONTH_ENDS))
        again = timed(lambda: meters.take(content + b"\n", "csv", _MONTH_ENDS))
        rated = timed(lambda: house.converge("1001", date(2026, 2, 1)))
        bare = timed(lambda: insert_bare(Path(folder) / "bare.sqlite"))
        books.close()
    print(f"usage taken in           {EVENTS / taken:8.0f} events a second, one file of {EVENTS:,}")
    print(f"usage sent again         {EVENTS / again:8.0f} events a second")
    print(f"usage rated and billed   {EVENTS / rated:8.0f} events a second")
    print(f"bare inserts             {EVENTS / bare:8.0f} rows a second, one transaction")


def file_of(count: int) -> bytes:
    """Return a CSV file of so many events in January, spread over its days."""
    lines = (
        f"e{n},1001,calls,2026-01-{n % 30 + 1:02d}T{n % 24:02d}:00:00Z,{n % 9 + 1},eu"
        for n in range(count)
    )
    return "\n".join((_HEADING, *lines)).encode()


def insert_bare(file: Path) -> None:
    """Insert as many rows as the file has events, with nothing checked."""
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE event (a TEXT, b TEXT, c TEXT, d TEXT, e TEXT, f TEXT)")
        row = ("e1", "1001", "calls", "2026-01-01 00:00:00", "5", '{"region": "eu"}')
        connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", [row] * EVENTS)


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
