"""The books: journal, trial balance, and what customers owe."""

from typing import Annotated

import typer

from starter.cli.display import Column, amount, show_json, show_rows
from starter.cli.options import AsJson
from starter.cli.session import session_of

Deal = Annotated[str, typer.Option("--deal", help="Only of this deal.", show_default=False)]
Customer = Annotated[
    str, typer.Option("--customer", help="Only of this customer.", show_default=False)
]
OfEntity = Annotated[
    str, typer.Option("--entity", help="Only of this selling entity.", show_default=False)
]

_JOURNAL = (
    Column("Date", "booked_on"),
    Column("Entry", "key"),
    Column("Account", "account"),
    Column("Debit", amount("debit_minor"), right=True),
    Column("Credit", amount("credit_minor"), right=True),
    Column("Text", "text"),
)
_BALANCE = (
    Column("Account", "account"),
    Column("Name", "name"),
    Column("Debit", amount("debit_minor"), right=True),
    Column("Credit", amount("credit_minor"), right=True),
    Column("Balance", amount("balance_minor"), right=True),
)
_RECEIVABLES = (
    Column("Invoice", "invoice"),
    Column("Customer", "customer"),
    Column("Deal", "deal"),
    Column("Due", "due_on"),
    Column("Total", amount("gross_minor"), right=True),
    Column("Open", amount("open_minor"), right=True),
    Column("Days late", "days_late", right=True),
)


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="What is on record in money.", no_args_is_help=True)
    group.command("journal")(journal)
    group.command("trial-balance")(trial_balance)
    group.command("receivables")(receivables)
    app.add_typer(group, name="books", rich_help_panel="Look it up")


def journal(
    ctx: typer.Context, deal: Deal = "", entity: OfEntity = "", as_json: AsJson = False
) -> None:
    """List the postings of the journal, oldest first.

    Example: `q2c books journal --deal 1001`
    """
    session = session_of(ctx)
    rows = session.door.rows("/v1/books/journal", deal=deal or None, entity=entity or None)
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _JOURNAL, rows, "Nothing is posted yet.")


def trial_balance(ctx: typer.Context, entity: OfEntity = "", as_json: AsJson = False) -> None:
    """Show the balance of every account, per currency.

    Example: `q2c books trial-balance --entity US01`
    """
    session = session_of(ctx)
    rows = session.door.rows("/v1/books/trial-balance", entity=entity or None)
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _BALANCE, rows, "Nothing is posted yet.")


def receivables(ctx: typer.Context, customer: Customer = "", as_json: AsJson = False) -> None:
    """List open invoices, the oldest due first.

    Example: `q2c books receivables --customer C-100`
    """
    session = session_of(ctx)
    rows = session.door.rows("/v1/books/receivables", customer=customer or None)
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _RECEIVABLES, rows, "Nobody owes anything.")
