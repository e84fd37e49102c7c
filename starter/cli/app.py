"""The command line itself: root options, all commands, and the one place where errors end."""

import os
import sys
import traceback
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from starter.cli import (
    amending,
    books,
    cases,
    catalog,
    collection,
    deal_files,
    decisions,
    documents,
    einvoices,
    fulfillment,
    invoices,
    negotiation,
    operation,
    prices,
    procurement,
    quotes,
    register,
    tax,
    usage,
)
from starter.cli.display import show_error
from starter.cli.session import Options, Session
from starter.cli.trouble import as_command_error

_MOVABLE = ("--as", "--home", "--api", "--key", "--token")
_WITH_OWN_TOKEN = frozenset({"accept", "decline", "sign", "renew"})
_EPILOG = (
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage or input, 3 cannot reach the API or "
    "Temporal, 4 not allowed. These options may also stand behind the command, "
    "`q2c approve 1001 --as mia`; only --token means something else behind accept, decline, "
    "sign and renew."
)


def hoisted(arguments: list[str]) -> list[str]:
    """Move root options that were written behind the command to the front, up to a `--`.

    Behind a decision of the customer `--token` means the token of the request, and stays.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    has_own_token = not _WITH_OWN_TOKEN.isdisjoint(arguments[:end])
    names = _MOVABLE[:-1] if has_own_token else _MOVABLE
    moved: list[str] = []
    kept: list[str] = []
    waiting = iter(arguments[:end])
    for argument in waiting:
        if argument in names:
            moved += [argument, *islice(waiting, 1)]
        elif argument == "--debug" or argument.startswith(tuple(f"{name}=" for name in names)):
            moved.append(argument)
        else:
            kept.append(argument)
    return [*moved, *kept, *arguments[end:]]


class _Root(TyperGroup):
    """The group of all commands: it finds root options anywhere, and shows every error."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the root options wherever they stand."""
        return super().parse_args(ctx, hoisted(args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error is shown in one block and becomes its exit code."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - the edge of the program: nobody else will tell
            raise typer.Exit(_told(error, ctx.obj or Session())) from None
        finally:
            if isinstance(ctx.obj, Session):
                ctx.obj.close()


def _told(error: Exception, session: Session) -> int:
    sys.stdout.flush()
    if session.options.debug:
        traceback.print_exception(error, file=sys.stderr)
    shown = as_command_error(error)
    show_error(session.err, shown)
    return int(shown.exit_code)


app = typer.Typer(
    name="q2c",
    cls=_Root,
    help="Quote to cash: from the first quote to the last renewal, every step on record.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


@app.callback()
def root(  # noqa: PLR0913, PLR0917 - one parameter for each root option
    ctx: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="Q2C_HOME", help="The data folder.", show_default=".q2c"),
    ] = None,
    api: Annotated[
        str,
        typer.Option(
            "--api",
            envvar="Q2C_API_URL",
            help="Address of the API; otherwise that of the stack of the data folder.",
            show_default=False,
        ),
    ] = "",
    token: Annotated[
        str,
        typer.Option(
            "--token",
            envvar="Q2C_TOKEN",
            help="Your bearer token.",
            show_default=False,
        ),
    ] = "",
    person: Annotated[
        str,
        typer.Option(
            "--as",
            envvar="Q2C_AS",
            metavar="PERSON",
            help="Ask as this person of the data folder's own tokens.",
            show_default=False,
        ),
    ] = "",
    key: Annotated[
        str,
        typer.Option(
            "--key",
            help="Idempotency key: a change repeated under its key counts once.",
            show_default=False,
        ),
    ] = "",
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    """Read the root options into the session of the command."""
    session: Session = ctx.obj if isinstance(ctx.obj, Session) else Session()
    token = "" if _is_written(ctx, "person") and not _is_written(ctx, "token") else token
    session.options = Options(home=home, api=api, token=token, person=person, key=key, debug=debug)
    ctx.obj = session


def _is_written(ctx: typer.Context, name: str) -> bool:
    """Whether an option stands on the command line; that counts more than the environment."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


for _room in (
    operation,
    deal_files,
    procurement,
    quotes,
    prices,
    negotiation,
    amending,
    decisions,
    fulfillment,
    collection,
    einvoices,
    invoices,
    cases,
    usage,
    register,
    tax,
    catalog,
    books,
    documents,
):
    _room.attach(app)


def finish(code: int) -> None:
    """End the process.

    Once a Temporal client was opened, the interpreter's own end can crash in the threads of its
    core, which would turn success into a failure; then the process ends at once, after flushing.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if "temporalio" in sys.modules:
        os._exit(code)
    sys.exit(code)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        app(prog_name="q2c")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finish(code)
