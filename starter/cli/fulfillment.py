"""Fulfillment: the work of the departments, deliveries, lines given up, and stock."""

from pathlib import Path
from typing import Annotated

import typer

from models.charges import Transfer
from models.messages import MILESTONE
from starter.cli.display import Column, say, show_json, show_rows
from starter.cli.files import read_rows
from starter.cli.messages import tell
from starter.cli.options import AsJson, DealNumber, On, Reason, day
from starter.cli.session import session_of
from starter.cli.trouble import CommandError, broken_off

_PANEL = "Deliver and collect"

_TASKS = (
    Column("Work order", "number"),
    Column("Department", "department"),
    Column("Deal", "deal"),
    Column("Customer", "customer"),
    Column("Lines", "lines", long=True),
    Column("Status", "status"),
    Column("Since", "opened_on"),
)

Lines = Annotated[
    list[str] | None,
    typer.Option("--line", help="Order line; repeat it for several. Without it: all open ones."),
]
Event = Annotated[Transfer, typer.Option("--event", help="What happened to the lines.")]


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(rich_help_panel=_PANEL)(tasks)
    app.command(rich_help_panel=_PANEL)(deliver)
    app.command(rich_help_panel=_PANEL)(milestone)
    app.command("cancel-line", rich_help_panel=_PANEL)(cancel_line)
    stock = typer.Typer(help="Goods in the warehouse.", no_args_is_help=True)
    stock.command("add")(add_stock)
    stock.command("import")(import_stock)
    app.add_typer(stock, name="stock", rich_help_panel=_PANEL)


def tasks(
    ctx: typer.Context,
    department: Annotated[
        str, typer.Option(help="Only of this department.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List the open work orders.

    Example: `q2c tasks --department logistics`
    """
    session = session_of(ctx)
    rows = session.door.rows("/v1/tasks", department=department or None)
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _TASKS, rows, "Nothing to do.")


def deliver(
    ctx: typer.Context,
    deal: DealNumber,
    line: Lines = None,
    event: Event = Transfer.DELIVER,
    on: On = None,
) -> None:
    """Confirm that order lines were shipped, delivered or accepted.

    Examples: `q2c deliver 1001`, `q2c deliver 1001 --line 2 --event ship --on 2026-02-03`
    """
    fields = {"lines": list(line or ()), "event": event.value, "delivered_on": day(on)}
    tell(session_of(ctx), deal, "delivery_confirmed", **fields)


def milestone(
    ctx: typer.Context,
    deal: DealNumber,
    name: Annotated[
        str, typer.Argument(help="Milestone, as the billing plan names it.", show_default=False)
    ],
    on: On = None,
) -> None:
    """Confirm that a milestone was reached; what the schedule bills for it is billed.

    Examples: `q2c milestone 1001 "Go-live"`, `q2c milestone 1001 Acceptance --on 2026-02-03`
    """
    fields = {"lines": [name], "event": MILESTONE, "delivered_on": day(on)}
    tell(session_of(ctx), deal, "delivery_confirmed", **fields)


def cancel_line(
    ctx: typer.Context,
    deal: DealNumber,
    line: Annotated[str, typer.Argument(help="Order line.", show_default=False)],
    reason: Reason = "",
) -> None:
    """Give up an order line that was not delivered; it is neither billed nor recognized.

    Example: `q2c cancel-line 1001 2 --reason "Out of production"`
    """
    tell(session_of(ctx), deal, "cancel_line", line=line, reason=reason)


def add_stock(
    ctx: typer.Context,
    entity: Annotated[str, typer.Argument(help="Selling entity.", show_default=False)],
    sku: Annotated[str, typer.Argument(help="Product.", show_default=False)],
    quantity: Annotated[str, typer.Argument(help="How many units.", show_default=False)],
    reference: Annotated[
        str, typer.Option(help="Delivery note; it counts once.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Receive goods; deals that wait for them go on, the oldest first.

    Example: `q2c stock add US01 SCANNER 50 --reference DN-4711`
    """
    session = session_of(ctx)
    body = {"entity": entity, "sku": sku, "quantity": quantity, "reference": reference}
    recorded = session.door.post("/v1/stock", body)
    if as_json:
        show_json(session.out, recorded)
        return
    again = " It was on record already." if recorded.get("repeated") else ""
    deals = ", ".join(recorded.get("deals") or ())
    say(session.out, f"Received {quantity} x {sku}.{again}", "green")
    if deals:
        say(session.out, f"Deals that waited for it: {deals}")


def import_stock(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="YAML list or CSV table.", show_default=False),
    ],
) -> None:
    """Receive the goods of many delivery notes: entity, sku, quantity, reference.

    Importing a file again counts nothing twice.

    Example: `q2c stock import stock.csv`
    """
    session = session_of(ctx)
    rows = read_rows(file)
    for done, (place, data) in enumerate(rows):
        try:
            session.door.post("/v1/stock", data)
        except CommandError as error:
            raise broken_off(place, done, error) from error
    say(session.out, f"Received {len(rows)}.", "green")
