"""What customers used: sending it in, and what it comes to."""

from pathlib import Path
from typing import Annotated

import typer

from starter.cli.display import say, show_json
from starter.cli.options import AsJson
from starter.cli.session import session_of
from starter.cli.trouble import bad_input

_PANEL = "Deliver and collect"
_TYPES = {".csv": "text/csv", ".json": "application/json"}


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="What customers used.", no_args_is_help=True)
    group.command("import")(import_usage)
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
