"""The books: journal, trial balance, and what customers owe."""

from datetime import datetime
from typing import Annotated

import typer

from starter.cli.display import Column, amount, say, show_heading, show_json, show_rows
from starter.cli.door import Row
from starter.cli.options import AsJson, day
from starter.cli.session import session_of

_DAY = ["%Y-%m-%d"]

Deal = Annotated[str, typer.Option("--deal", help="Only of this deal.", show_default=False)]
Customer = Annotated[
    str, typer.Option("--customer", help="Only of this customer.", show_default=False)
]
Currency = Annotated[
    str, typer.Option("--currency", help="Only in this currency.", show_default=False)
]
OfEntity = Annotated[
    str, typer.Option("--entity", help="Only of this selling entity.", show_default=False)
]
Since = Annotated[
    datetime | None,
    typer.Option(formats=_DAY, help="From this day on.", show_default=False),
]
Until = Annotated[
    datetime | None,
    typer.Option(formats=_DAY, help="Before this day.", show_default=False),
]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=_DAY, help="At the end of this day.", show_default="today"),
]
OnTestClock = Annotated[
    bool | None,
    typer.Option(
        "--test-clock/--real",
        help="Only deals on a test clock, or only real ones; otherwise all.",
        show_default=False,
    ),
]

_JOURNAL = (
    Column("Date", "booked_on"),
    Column("Account", "account"),
    Column("Debit", amount("debit_minor"), right=True),
    Column("Credit", amount("credit_minor"), right=True),
    Column("Deal", "deal"),
    Column("Text", "text", long=True),
)
_OF_ENTRY = ("booked_on", "deal", "text")
_BALANCES = (
    Column("Account", "account"),
    Column("Debit", amount("debit_minor"), right=True),
    Column("Credit", amount("credit_minor"), right=True),
)
_RECEIVABLES = (
    Column("Invoice", "invoice"),
    Column("Customer", "customer"),
    Column("Deal", "deal"),
    Column("Due", "due_on"),
    Column("Days late", lambda row: max(row.get("days_late") or 0, 0) or "", right=True),
    Column("Total", amount("gross_minor"), right=True),
    Column("Open", amount("open_minor"), right=True),
    Column("Test clock", "test_clock"),
)
_AGING = (
    Column("Currency", "currency"),
    Column("Not due", amount("current_minor"), right=True),
    Column("1-30 days", amount("days_1_to_30_minor"), right=True),
    Column("31-60", amount("days_31_to_60_minor"), right=True),
    Column("61-90", amount("days_61_to_90_minor"), right=True),
    Column("Over 90", amount("over_90_minor"), right=True),
    Column("Total", amount("total_minor"), right=True),
)


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="What is on record in money.", no_args_is_help=True)
    group.command("journal")(journal)
    group.command("trial-balance")(trial_balance)
    group.command("receivables")(receivables)
    app.add_typer(group, name="books", rich_help_panel="Look it up")


def journal(
    ctx: typer.Context,
    deal: Deal = "",
    entity: OfEntity = "",
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """List the postings of the journal, oldest first.

    Examples: `q2c books journal --deal 1001`,
    `q2c books journal --since 2026-01-01 --until 2026-02-01`
    """
    session = session_of(ctx)
    wanted = {"deal": deal or None, "entity": entity or None, "from": day(since)}
    rows = session.door.rows("/v1/books/journal", until=day(until), **wanted)
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _JOURNAL, postings(rows), "Nothing is posted yet.")


def postings(rows: list[Row]) -> list[Row]:
    """Return the rows with date, deal and text on the first posting of each entry only."""
    found: list[Row] = []
    entry = None
    for row in rows:
        repeated = row.get("key") == entry
        entry = row.get("key")
        found.append({**row, **dict.fromkeys(_OF_ENTRY)} if repeated else row)
    return found


def trial_balance(
    ctx: typer.Context,
    currency: Currency = "",
    entity: OfEntity = "",
    test_clock: OnTestClock = None,
    as_json: AsJson = False,
) -> None:
    """Show the balance of every account by currency, and whether the books balance.

    Example: `q2c books trial-balance --real`
    """
    session = session_of(ctx)
    content = session.door.get(
        "/v1/books/trial-balance",
        currency=currency.upper() or None,
        entity=entity or None,
        test_clock=test_clock,
    )
    if as_json:
        show_json(session.out, content)
        return
    sums = [{**total, "account": "Total"} for total in content.get("totals") or ()]
    rows = [_one_sided(item) for item in content.get("items") or ()]
    show_rows(session.out, _BALANCES, [*rows, *sums] if rows else [], "Nothing is posted yet.")
    if rows and not content.get("balanced", True):
        say(session.err, "The books do not balance.", "bold red")
        raise typer.Exit(1)


def _one_sided(item: Row) -> Row:
    """Leave out the side of a balance that is zero."""
    sides = ("debit_minor", "credit_minor")
    return {key: value for key, value in item.items() if key not in sides or value}


def receivables(
    ctx: typer.Context,
    customer: Customer = "",
    as_of: AsOf = None,
    test_clock: OnTestClock = None,
    as_json: AsJson = False,
) -> None:
    """List open invoices, the oldest due first, and how late the money is.

    Example: `q2c books receivables --customer C-100`
    """
    session = session_of(ctx)
    content = session.door.get(
        "/v1/books/receivables",
        customer=customer or None,
        as_of=day(as_of),
        test_clock=test_clock,
    )
    if as_json:
        show_json(session.out, content)
        return
    show_rows(session.out, _RECEIVABLES, content.get("items") or [], "Nobody owes anything.")
    if content.get("items") and content.get("aging"):
        whose = "" if test_clock or not _has_both(content) else ", without test clocks"
        show_heading(session.out, f"By age on {content.get('as_of')}{whose}")
        show_rows(session.out, _AGING, content["aging"], "")


def _has_both(content: Row) -> bool:
    return any(item.get("test_clock") for item in content.get("items") or ())
