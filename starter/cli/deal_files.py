"""Deal files: making them, checking them, and starting deals from them, one or a thousand."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from models.errors import InvalidInputError
from starter.cli import deals
from starter.cli.checked import show_checked, show_path, show_started
from starter.cli.deal_new import new_deal
from starter.cli.display import plain, say, show_json, show_problems
from starter.cli.door import Door, Row
from starter.cli.files import read_documents
from starter.cli.options import AsJson
from starter.cli.session import Session, session_of
from starter.cli.trouble import CommandError, ExitCode, as_command_error
from starter.service.template import DEAL_TEMPLATE

_AT_ONCE = 8

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="Deal files in YAML or JSON; a file may hold several deals.",
        show_default=False,
    ),
]


def attach(app: typer.Typer) -> None:
    """Add the group `deal`: the commands of this module and those that look at deals."""
    group = typer.Typer(help="Deals, from the file to the last renewal.", no_args_is_help=True)
    own = (
        ("new", new_deal),
        ("template", template),
        ("check", check),
        ("path", path),
        ("start", start),
        ("schema", schema),
    )
    for name, command in (*own, *deals.commands()):
        group.command(name)(command)
    app.add_typer(group, name="deal", rich_help_panel="Sell")


def template() -> None:
    """Print a deal file to fill in, with every field explained.

    Example: `q2c deal template > deal-1001.yaml`
    """
    typer.echo(DEAL_TEMPLATE, nl=False)


def schema(ctx: typer.Context) -> None:
    """Print the JSON schema of deal files, for editors and validators.

    Example: `q2c deal schema > deal.schema.json`
    """
    session = session_of(ctx)
    show_json(session.out, session.door.get("/v1/schema/deal"))


class Entry(NamedTuple):
    """One deal in a file; `error` says why the file cannot be read."""

    place: str
    data: Any = None
    error: CommandError | None = None


class Outcome(NamedTuple):
    """What became of one deal: the API's answer, or the error."""

    entry: Entry
    answer: Row | None = None
    error: CommandError | None = None

    @property
    def number(self) -> str:
        """The deal number as written, if one can be told."""
        data = self.entry.data
        return plain(data.get("number")) if isinstance(data, dict) else ""

    @property
    def name(self) -> str:
        """What a person calls it: the deal number, else the file."""
        return self.number or self.entry.place


def entries_of(files: Sequence[Path]) -> Iterator[Entry]:
    """Return every deal of every file; a file that cannot be read is one entry with its error."""
    for file in files:
        try:
            documents = read_documents(file)
        except InvalidInputError as error:
            yield Entry(str(file), error=as_command_error(error))
            continue
        single = len(documents) == 1
        for index, data in enumerate(documents, start=1):
            yield Entry(str(file) if single else f"{file} #{index}", data)


def ask_all(session: Session, path: str, entries: Sequence[Entry]) -> list[Outcome]:
    """Send every deal, a few at a time, and return what became of each, in the order given.

    What becomes of one changes nothing for the others. A bar shows how far it is. Raises
    `CommandError` if it is unclear who asks: then no deal would succeed.
    """
    door, keys = session.door, keys_of(entries, session.options.key)
    jobs = [(door, path, entry, key) for entry, key in zip(entries, keys, strict=True)]
    bar = Progress(
        TextColumn("Deals", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        console=session.err,
        disable=len(entries) == 1 or not session.err.is_terminal,
        transient=True,
    )
    with bar, ThreadPoolExecutor(_AT_ONCE) as pool:
        outcomes = pool.map(_ask, jobs)
        return list(bar.track(outcomes, total=len(entries)))


def keys_of(entries: Sequence[Entry], given: str = "") -> list[str]:
    """Return the idempotency key of each deal.

    A deal without a number gets one by its key, so the key is made of what is written: the same
    file started twice is one deal. Equal deals of one run are counted, because they are meant.
    """
    keys: list[str] = []
    seen: Counter[str] = Counter()
    for index, entry in enumerate(entries):
        if given:
            keys.append(f"{given}-{index}" if index else given)
            continue
        text = json.dumps(entry.data, sort_keys=True, default=str)
        seen[text] += 1
        digest = hashlib.sha256(f"{seen[text]}:{text}".encode()).hexdigest()
        keys.append(f"file-{digest[:32]}")
    return keys


def _ask(job: tuple[Door, str, Entry, str]) -> Outcome:
    door, path, entry, key = job
    if entry.error:
        return Outcome(entry, error=entry.error)
    try:
        return Outcome(entry, answer=door.post(path, entry.data, key))
    except CommandError as error:
        return Outcome(entry, error=error)


def start(ctx: typer.Context, files: Files, as_json: AsJson = False) -> None:
    """Start the deals of one or many files. What is wrong in one does not stop the others.

    A file started already is told so and changes nothing, also one without a deal number; to
    start such a file anew, give --key another value. Ends with 2 if no file can be used, with 1 if
    only some failed.

    Examples: `q2c deal start deal-1001.yaml`, `q2c deal start deals/*.yaml`
    """
    session = session_of(ctx)
    outcomes = ask_all(session, "/v1/deals", list(entries_of(files)))
    _tell_all(session, outcomes, as_json, _tell_started)


def check(ctx: typer.Context, files: Files, as_json: AsJson = False) -> None:
    """Check deal files: every problem, the price, and who must approve. Nothing is started.

    Examples: `q2c deal check deal-1001.yaml`, `q2c deal check deals/*.yaml`
    """
    session = session_of(ctx)
    outcomes = ask_all(session, "/v1/deals/check", list(entries_of(files)))
    _tell_all(session, outcomes, as_json, _tell_checked)


def path(ctx: typer.Context, files: Files, as_json: AsJson = False) -> None:
    """Show who would be asked to approve, why, and when it would escalate. Nothing is started.

    Example: `q2c deal path deal-1001.yaml`
    """
    session = session_of(ctx)
    outcomes = ask_all(session, "/v1/deals/path", list(entries_of(files)))
    _tell_all(session, outcomes, as_json, show_path)


def _tell_all(
    session: Session,
    outcomes: Sequence[Outcome],
    as_json: bool,
    tell: Callable[[Session, str, Row], None],
) -> None:
    failed = [outcome for outcome in outcomes if outcome.error]
    if as_json:
        show_json(session.out, [_as_json(outcome) for outcome in outcomes])
    else:
        for outcome in outcomes:
            if outcome.error:
                _tell_failed(session, outcome, outcome.error)
            else:
                answer = outcome.answer or {}
                tell(session, plain(answer.get("number")) or outcome.name, answer)
        if len(outcomes) > 1:
            total = f"\n{len(outcomes) - len(failed)} of {len(outcomes)} deals are fine"
            say(session.out, f"{total}, {len(failed)} failed.", "bold")
    if failed:
        raise typer.Exit(_code(outcomes))


def _code(outcomes: Sequence[Outcome]) -> ExitCode:
    """What all have in common: unusable (2), unreachable (3), not allowed (4); otherwise 1."""
    codes = {outcome.error.exit_code if outcome.error else ExitCode.OK for outcome in outcomes}
    return codes.pop() if len(codes) == 1 else ExitCode.FAILED


def _as_json(outcome: Outcome) -> Row:
    base: Row = {"file": outcome.entry.place, "number": outcome.number, "ok": not outcome.error}
    if outcome.error is None:
        return {**base, "answer": outcome.answer}
    problems = [problem.model_dump() for problem in outcome.error.problems]
    return {**base, "error": outcome.error.what, "problems": problems}


def _tell_failed(session: Session, outcome: Outcome, error: CommandError) -> None:
    place = f" ({outcome.entry.place})" if outcome.number else ""
    say(session.out, f"{outcome.name}{place}: failed. {error.what}", "bold red")
    show_problems(session.out, error.problems)
    if error.remedy:
        say(session.out, f"  -> {error.remedy}")


def _tell_started(session: Session, name: str, answer: Row) -> None:
    is_new = answer.get("is_new", True) and not answer.get("repeated")
    say(session.out, f"{name}: started." if is_new else f"{name}: was started before.", "green")
    show_started(session, answer)


def _tell_checked(session: Session, name: str, answer: Row) -> None:
    say(session.out, f"{name}: in order.", "green")
    show_checked(session, answer)
