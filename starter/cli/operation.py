"""Commands that run the house on this machine: up, worker, api, setup, doctor, demo, simulate.

They need the libraries of Temporal, the database and the web, so each imports them when called.
"""

import asyncio
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starter.cli.display import Column, say, show_json, show_problems, show_rows
from starter.cli.options import AsJson
from starter.cli.session import Session, session_of
from starter.cli.trouble import ExitCode, bad_input

if TYPE_CHECKING:
    from workers.doctor import Finding

_PANEL = "Run the house"


class WorkerRole(StrEnum):
    """What a worker process does; `all` polls every task queue."""

    CORE = "core"
    BOOKS = "books"
    DOCUMENTS = "documents"
    PAYMENTS = "payments"
    ALL = "all"


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (up, worker, api, setup, doctor, demo, simulate):
        app.command(rich_help_panel=_PANEL)(command)


def up(ctx: typer.Context) -> None:
    """Run everything on this machine: Temporal, worker and API, until Ctrl-C.

    The first start of an empty data folder also records people to begin with. A stack that already
    runs on the data folder is shown, not started again.

    Example: `q2c up`
    """
    from workers.stack import Stack, migrate_books, stack_up  # noqa: PLC0415

    session = session_of(ctx)
    settings, tell = session.settings, _teller(session)

    def migrate(url: str) -> None:
        migrate_books(url)
        _welcome(session)

    asyncio.run(stack_up(settings, tell, Stack(settings, migrate=migrate, say=tell)))


def _welcome(session: Session) -> None:
    """Record people to begin with in books that know nobody, and say where their tokens are."""
    from starter.first_start import prepare  # noqa: PLC0415

    done = prepare(session.settings)
    if done.is_first:
        say(session.out, f"People to begin with: {', '.join(done.people)} (q2c --as PERSON ...).")
        say(session.out, f"Their tokens are in {done.tokens_file}.")


def worker(
    ctx: typer.Context,
    role: Annotated[WorkerRole, typer.Option(help="Which task queue to poll.")] = WorkerRole.ALL,
) -> None:
    """Run a worker until SIGTERM or Ctrl-C; it finishes what it has begun.

    Example: `q2c worker --role documents`
    """
    from workers.runner import run_workers  # noqa: PLC0415
    from workers.settings import Role  # noqa: PLC0415

    asyncio.run(run_workers(session_of(ctx).settings, Role(role.value)))


def api(ctx: typer.Context) -> None:
    """Serve the HTTP API at Q2C_API_HOST and Q2C_API_PORT until SIGTERM or Ctrl-C.

    Example: `Q2C_API_PORT=9000 q2c api`
    """
    import uvicorn  # noqa: PLC0415

    from starter.api.app import create_app  # noqa: PLC0415

    settings = session_of(ctx).settings
    uvicorn.run(create_app(settings), host=settings.api_host, port=settings.api_port)


def setup(ctx: typer.Context) -> None:
    """Prepare Temporal's namespace, its search attributes and the books. Repeating it is safe.

    Needed once for servers of your own; `q2c up` does it by itself. Books that know nobody get
    people to begin with.

    Example: `TEMPORAL_ADDRESS=temporal:7233 q2c setup`
    """
    from workers.stack import prepare  # noqa: PLC0415

    session = session_of(ctx)
    asyncio.run(prepare(session.settings))
    _welcome(session)
    say(session.out, f"Namespace {session.settings.namespace} and the books are ready.", "green")


def doctor(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Look at everything deals depend on and say what to do about what is wrong.

    Ends with 1 if there is a finding.

    Example: `q2c doctor`
    """
    from workers.doctor import examine  # noqa: PLC0415

    session = session_of(ctx)
    findings = asyncio.run(examine(session.settings))
    if as_json:
        show_json(session.out, [finding.model_dump(mode="json") for finding in findings])
    else:
        _show_findings(session, findings)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


_FINDING = (
    Column("", lambda row: "ok" if row["ok"] else "BAD"),
    Column("Check", "check"),
    Column("Detail", "detail", long=True),
)


def _show_findings(session: Session, findings: "list[Finding]") -> None:
    from models.errors import Problem  # noqa: PLC0415

    show_rows(session.out, _FINDING, [each.model_dump() for each in findings], "Nothing to check.")
    bad = [each for each in findings if not each.ok]
    if not bad:
        say(session.out, "\nAll is well.", style="green")
        return
    say(session.out, f"\n{len(bad)} to correct:", style="bold red")
    problems = [Problem(field=b.check, reason=b.detail, remedy=b.remedy) for b in bad]
    show_problems(session.out, problems)


def demo(
    ctx: typer.Context,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the stack running afterwards, until Ctrl-C.")
    ] = False,
) -> None:
    """Play five deals on the real server, each with a clock of its own, and show what comes out.

    Joins the stack that runs, or runs one for as long as the demo lasts. Run again, it finds
    everything there and changes nothing.

    Example: `q2c demo --keep`
    """
    from starter import demo as story  # noqa: PLC0415

    _end(asyncio.run(story.run(session_of(ctx).settings, keep=keep)))


def simulate(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The deal file.", show_default=False)],
    until: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="Last day to play.", show_default=False),
    ],
    pay: Annotated[
        str, typer.Option(help="How the customer pays: `due`, `late:N` (N days late) or `never`.")
    ] = "due",
    start_on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="First day to play.", show_default="that of the file"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play a deal file to a day in the future, outside the books: invoices, mails, revenue.

    Nothing is sent, stored or charged.

    Example: `q2c simulate deal-1001.yaml --until 2027-12-31 --pay late:20`
    """
    if not file.is_file():
        raise bad_input("FILE", f"{file} is no file", "check the path")
    from starter import simulate as simulation  # noqa: PLC0415

    run = simulation.run(
        file,
        until.date(),
        pay,
        as_json,
        start_on=start_on.date() if start_on else None,
        settings=session_of(ctx).settings,
    )
    _end(asyncio.run(run))


def _end(code: int | None) -> None:
    """A run that reports a code other than 0 has failed."""
    if code:
        raise typer.Exit(code)


def _teller(session: Session) -> Any:
    def tell(text: str) -> None:
        say(session.out, text)
        session.out.file.flush()

    return tell
