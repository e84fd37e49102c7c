"""Procurement: requests for quotation that buyers send, and the purchase orders that follow."""

from pathlib import Path
from typing import Annotated

import typer

from models.errors import InvalidInputError, Problem
from starter.cli.display import Column, say, show_heading, show_json, show_problems, show_rows
from starter.cli.files import as_yaml, text_of
from starter.cli.options import AsJson, DealNumber
from starter.cli.session import session_of

_CSV = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="The buyer's rows in CSV, with a heading.", show_default=False
    ),
]

_MATCHES = (
    Column("Row", "row", right=True),
    Column("They say", "name", long=True),
    Column("Our product", "sku"),
    Column("Quantity", "quantity", right=True),
    Column("By", "by"),
)
_UNMATCHED = (
    Column("Row", "row", right=True),
    Column("They say", "name", long=True),
    Column("Quantity", "quantity", right=True),
    Column("Perhaps", "candidates", long=True),
)
_DIFFERENCES = (
    Column("Row", "row", right=True),
    Column("Product", "sku"),
    Column("Quoted", "quoted", right=True),
    Column("Ordered", "ordered", right=True),
    Column("What differs", "reason", long=True),
)


def attach(app: typer.Typer) -> None:
    """Add the commands `rfq` and `order`."""
    app.command("rfq", rich_help_panel="Sell")(request_for_quote)
    group = typer.Typer(help="Purchase orders of buyers.", no_args_is_help=True)
    group.command("compare")(compare)
    app.add_typer(group, name="order", rich_help_panel="Sell")


def request_for_quote(  # noqa: PLR0913, PLR0917 - one parameter for each option
    ctx: typer.Context,
    file: _CSV,
    customer: Annotated[str, typer.Option("--customer", help="Who asks.")],
    entity: Annotated[str, typer.Option("--entity", help="Which of our companies quotes.")],
    currency: Annotated[str, typer.Option("--currency", help="ISO 4217 code.")],
    months: Annotated[int, typer.Option("--months", help="The term; 0 for a one-off sale.")] = 12,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the deal file here.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Turn a buyer's request for quotation (RFQ) in CSV into a deal file.

    Rows that name no product beyond doubt are listed with the nearest ones and left out.

    Example: `q2c rfq request.csv --customer C-200 --entity US01 --currency USD --out deal.yaml`
    """
    session = session_of(ctx)
    if out is not None and out.exists():
        problem = Problem(field=str(out), reason="exists already", remedy="name another file")
        raise InvalidInputError([problem])
    body = {
        "entity": entity,
        "customer": customer,
        "currency": currency,
        "term_months": months,
        "csv": text_of(file),
    }
    answer = session.door.post("/v1/requests-for-quote", body)
    if out is not None:
        out.write_text(as_yaml(answer["file"]), encoding="utf-8")
    if as_json:
        show_json(session.out, answer)
        return
    show_rows(session.out, _MATCHES, answer["matches"], "No row names a product.")
    if answer["unmatched"]:
        show_heading(session.out, f"Not matched and left out: {len(answer['unmatched'])}")
        show_rows(session.out, _UNMATCHED, answer["unmatched"], "")
    if answer["problems"]:
        show_heading(session.out, "To settle before it can be quoted")
        show_problems(session.out, [Problem(**problem) for problem in answer["problems"]])
    if out is not None:
        say(session.out, f"\nWritten to {out}. Start it with `q2c deal start {out}`.")
    else:
        say(session.out, f"\n{as_yaml(answer['file'])}")


def compare(
    ctx: typer.Context,
    deal: DealNumber,
    file: _CSV,
    version: Annotated[
        int, typer.Option("--version", help="The quote version it answers.", show_default="newest")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Compare a buyer's purchase order in CSV with the quote. Ends with 1 if they differ.

    Example: `q2c order compare 1001 po-4711.csv`
    """
    session = session_of(ctx)
    body = {"csv": text_of(file), "version": version}
    answer = session.door.post(f"/v1/deals/{deal}/purchase-order/compare", body)
    if as_json:
        show_json(session.out, answer)
    elif answer["agrees"]:
        say(session.out, f"The order agrees with quote {answer['quote']}.", "green")
    else:
        show_rows(session.out, _DIFFERENCES, answer["differences"], "")
        say(session.out, f"\nThe order differs from quote {answer['quote']}.", "bold red")
    if not answer["agrees"]:
        raise typer.Exit(1)
