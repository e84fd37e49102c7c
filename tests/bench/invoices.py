"""Measure invoices per second, with their PDF and without, beside the least each could cost.

Every invoice is issued in a transaction of its own on durable SQLite books: due charges, tax,
number, rows and journal. Beside stand bare commits of one row to a file of the same kind, and bare
pages of reportlab with as many lines of text as an invoice has.
"""

import io
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from activities.adapters.books import Books, migrate
from activities.adapters.document_store import DocumentStore
from activities.adapters.mail import MaildirMailer
from activities.adapters.pdf import render
from activities.publishing import PublishingActivities, PublishingOffice
from models.documents import DocumentKind
from models.steps import PublishDocument
from tests.activities.house import START, House, deal_file, furnish, line, step

DEALS = 60
BILLED_ON = date(2026, 1, 1)
_TEXT_LINES = 45
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")


def measure_invoices() -> None:
    """Print how many invoices a second are issued and published, and the bare rates beside."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url = f"sqlite:///{home / 'books.sqlite'}"
        migrate(url)
        books = Books(url)
        furnish(books)
        house = House(books)
        deals = [house.sell(deal_file(str(number), line("CRM", "3"))) for number in range(DEALS)]
        issued: list[str] = []

        def issue(number: int) -> None:
            issued.extend(house.converge(deals[number], BILLED_ON).invoices)

        issuing = _rate(issue, range(DEALS))
        if len(issued) != DEALS:
            raise SystemExit(f"{DEALS} deals were billed with {len(issued)} invoices")
        press = _press(house, home)

        def publish(number: int) -> None:
            asked = {"kind": DocumentKind.INVOICE, "number": issued[number], "quote_version": 1}
            press.publish_document(step(PublishDocument, deals[number], START, **asked))

        publishing = _rate(publish, range(DEALS))
        books.close()
        commits = _bare_commits(home / "bare.sqlite")
    pages = _rate(_bare_page, range(DEALS))
    both = 1 / (1 / issuing + 1 / publishing)
    print(f"invoices issued          {issuing:8.1f} a second, one after the other")
    print(f"invoices with PDF, mail  {both:8.1f} a second")
    print(
        f"bare commits             {commits:8.1f} a second, so issuing is {issuing / commits:.3f}"
    )
    print(f"bare reportlab pages     {pages:8.1f} a second, so PDF is {publishing / pages:.3f}")


def _rate(work: Callable[[int], None], items: Sequence[int]) -> float:
    started = time.perf_counter()
    for item in items:
        work(item)
    return len(items) / (time.perf_counter() - started)


def _press(house: House, home: Path) -> PublishingActivities:
    return PublishingActivities(
        PublishingOffice(
            office=house.office,
            store=DocumentStore(f"file://{home / 'documents'}"),
            mailer=MaildirMailer(home / "mail"),
            render=render,
        )
    )


def _bare_commits(file: Path) -> float:
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY, content TEXT)")

    def commit(number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO bare VALUES (?, ?)", (number, "x" * 2_000))
        connection.execute("COMMIT")

    rate = _rate(commit, range(DEALS * 10))
    connection.close()
    return rate


def _bare_page(number: int) -> None:
    canvas = Canvas(io.BytesIO(), pagesize=A4, invariant=True)
    for row in range(_TEXT_LINES):
        canvas.drawString(50, 800 - row * 16, f"Line {row} of page {number}: 3 x 50.00 = 150.00")
    canvas.save()
