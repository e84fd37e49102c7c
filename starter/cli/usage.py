"""What customers used: sending it in, and what it comes to."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from starter.cli.collection import as_amount
from starter.cli.display import Column, amount, money, say, show_heading, show_json, show_rows
from starter.cli.door import segment
from starter.cli.options import AsJson, DealNumber, day
from starter.cli.session import session_of
from starter.cli.trouble import bad_input

_PANEL = "Deliver and collect"
_TYPES = {".csv": "text/csv", ".json": "application/json"}

_USED = (
    Column("Charge", "name", long=True),
    Column("Until before", "ends_on"),
    Column("Used", "used", right=True),
    Column("So far", amount("amount_minor"), right=True),
    Column("Expected", amount("projected_minor"), right=True),
    Column("Prepaid", amount("prepaid_minor"), right=True),
    Column("True-up", amount("true_up_minor"), right=True),
)
_POOLS = (
    Column("Credit", "name"),
    Column("Good for", amount("credit_minor"), right=True),
    Column("Left", amount("left_minor"), right=True),
    Column("Until before", "ends_on"),
)
_BILL = (
    Column("Charge", "name", long=True),
    Column("Amount", amount("amount_minor"), right=True),
    Column("", "kind"),
)


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="What customers used.", no_args_is_help=True)
    group.command("import")(import_usage)
    group.command("show")(show_usage)
    group.command("projection")(show_projection)
    group.command("top-up")(top_up)
    app.add_typer(group, name="usage", rich_help_panel=_PANEL)


def import_usage(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="CSV file with a heading, or JSON.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Send a file of usage events, whole or not at all.

    A CSV file has the columns id, deal, meter, at and value; source, replaces and deletes if
    wanted; any other column is a property of the event. Sent again, every event counts once.

    Example: `q2c usage import january.csv`
    """
    session = session_of(ctx)
    kind = _TYPES.get(file.suffix.lower())
    if kind is None:
        raise bad_input("FILE", f"{file.name} is neither CSV nor JSON", "name it .csv or .json")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise bad_input("FILE", f"{file} cannot be read ({error.strerror})", "check it") from error
    taken = session.door.send("/v1/usage", content, kind)
    if as_json:
        show_json(session.out, taken)
        return
    events, known = taken.get("events", 0), taken.get("known", 0)
    again = f", {known:,} of them on record already" if known else ""
    where = f"{taken.get('deals', 0):,} deal{'s' if taken.get('deals') != 1 else ''}"
    say(session.out, f"{events:,} events of {where} are on record{again}.", "green")
    if taken.get("repeated"):
        say(session.out, "The file was sent before: nothing changed.")


def show_usage(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """Show what a deal used in its running periods, and the prepaid credit left.

    Example: `q2c usage show 1001`
    """
    session = session_of(ctx)
    shown = session.door.get(f"/v1/deals/{segment(deal)}/usage")
    if as_json:
        show_json(session.out, shown)
        return
    told = {"currency": shown["currency"]}
    rows = [{**one, **told, "used": f"{one['quantity']} {one['unit']}"} for one in shown["items"]]
    show_rows(session.out, _USED, rows, f"Deal {deal} is charged for nothing by usage today.")
    if shown["pools"]:
        show_heading(session.out, "Prepaid")
        show_rows(session.out, _POOLS, [{**one, **told} for one in shown["pools"]], "")


def show_projection(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """Show what the next bill comes to, before tax, if the use goes on like this.

    Example: `q2c usage projection 1001`
    """
    session = session_of(ctx)
    bill = session.door.get(f"/v1/deals/{segment(deal)}/usage/projection")
    if as_json:
        show_json(session.out, bill)
        return
    told = {"currency": bill["currency"]}
    rows = [
        {**one, **told, "kind": "expected" if one["is_usage"] else "agreed"}
        for one in bill["lines"]
    ]
    show_rows(session.out, _BILL, rows, f"Deal {deal} is charged for nothing by usage today.")
    if rows:
        total = money(bill["total_minor"], bill["currency"])
        say(session.out, f"Billed on {bill['bill_on']}: about {total} before tax.")


def top_up(  # noqa: PLR0913, PLR0917 - credit has these facts, each an option of the command
    ctx: typer.Context,
    deal: DealNumber,
    paid: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="What is paid, before tax.", show_default=False)
    ],
    reference: Annotated[
        str, typer.Option("--reference", "-r", help="It counts once.", show_default=False)
    ],
    credit: Annotated[
        str, typer.Option(help="What it is good for; otherwise what is paid.", show_default=False)
    ] = "",
    priority: Annotated[int, typer.Option(help="Of several the lowest is drawn first.")] = 0,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Otherwise the term's end.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sell prepaid credit to a deal; it is invoiced at once, and usage draws on it first.

    Example: `q2c usage top-up 1001 500.00 --reference PO-77 --credit 550.00`
    """
    session = session_of(ctx)
    body = {
        "amount": str(as_amount(paid)),
        "credit": str(as_amount(credit)) if credit else "",
        "reference": reference,
        "priority": priority,
        "expires_on": day(expires),
    }
    asked = {key: value for key, value in body.items() if value not in ("", None)}
    sold = session.door.post(f"/v1/deals/{segment(deal)}/credit", asked)
    if as_json:
        show_json(session.out, sold)
        return
    say(session.out, f"Credit {sold.get('pool', reference)} is sold; its invoice follows.", "green")
