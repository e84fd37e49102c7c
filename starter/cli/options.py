"""Arguments and options that several commands share."""

from datetime import datetime
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for a program.")]

DealNumber = Annotated[str, typer.Argument(metavar="DEAL", help="Deal number.", show_default=False)]

Reason = Annotated[str, typer.Option("--reason", help="Why; it goes on record.")]

RequiredReason = Annotated[
    str, typer.Option("--reason", help="Why; it goes on record.", show_default=False)
]

On = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], help="The day it happened.", show_default="today"),
]


def day(value: datetime | None) -> str | None:
    """Return the day of a date option as the API reads it, or None."""
    return value.date().isoformat() if value else None
