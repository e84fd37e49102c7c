"""The catalogue: checking, comparing and publishing its versions, and selling guided by it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from models.errors import Problem
from starter.cli.display import Column, plain, say, show_heading, show_json, show_rows
from starter.cli.door import Row, segment
from starter.cli.files import as_yaml, read_document
from starter.cli.options import AsJson, day
from starter.cli.register import FileArgument, tell_recorded
from starter.cli.session import Session, session_of
from starter.cli.trouble import CommandError, ExitCode

_PANEL = "Register"


def attach(app: typer.Typer) -> None:
    """Add the group `catalog` and the command `guide`."""
    group = typer.Typer(help="Products, prices and rules, in versions.", no_args_is_help=True)
    for name, command in (
        ("validate", validate),
        ("diff", diff),
        ("publish", publish),
        ("versions", versions),
        ("show", show_catalog),
    ):
        group.command(name)(command)
    app.add_typer(group, name="catalog", rich_help_panel=_PANEL)
    app.command("guide", rich_help_panel="Sell")(guide)


def validate(ctx: typer.Context, file: FileArgument) -> None:
    """Check a catalogue: every problem at once, and exit code 2 if there is any.

    Example: `q2c catalog validate catalog.yaml`
    """
    session = session_of(ctx)
    found = session.door.post("/v1/catalog/validate", read_document(file))
    said = ", ".join(f"{found.get(name)} {name}" for name in ("products", "prices", "rules"))
    say(session.out, f"Version {found.get('version')} is in order: {said}.", "green")


_CHANGES = (
    Column("Change", "kind"),
    Column("Part", "part"),
    Column("Name", "name", long=True),
    Column("Field", "field"),
    Column("Before", "before", long=True),
    Column("After", "after", long=True),
)


def diff(
    ctx: typer.Context,
    first: Annotated[
        str, typer.Argument(metavar="FILE|VERSION", help="The older one.", show_default=False)
    ],
    second: Annotated[
        str,
        typer.Argument(
            metavar="[FILE|VERSION]",
            help="The newer one; with one argument, that is the newer and the older is in force.",
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Tell products, charges, prices and rules added, removed or changed, with both values.

    Examples: `q2c catalog diff 2025.1 2026.1`, `q2c catalog diff catalog.yaml`
    """
    session = session_of(ctx)
    before, after = (first, second) if second else ("", first)
    body = {"before": _version_or_file(before), "after": _version_or_file(after)}
    found = session.door.post("/v1/catalog/diff", body)
    if as_json:
        show_json(session.out, found)
        return
    show_rows(session.out, _CHANGES, found.get("changes", []), "Nothing differs.")


def _version_or_file(name: str) -> Any:
    """Return the document of a file of that name, else the name, which is then a version."""
    path = Path(name)
    looks_written = path.suffix in {".yaml", ".yml", ".json"}
    return read_document(path) if name and (looks_written or path.is_file()) else name


_TOUCHED = (
    Column("What", "kind"),
    Column("Deal", "deal"),
    Column("Quote", "document"),
    Column("Line", "line"),
    Column("Product", "product"),
    Column("Effect", "effect"),
    Column("Before", "before", long=True),
    Column("After", "after", long=True),
)


def publish(
    ctx: typer.Context,
    file: FileArgument,
    effective: Annotated[
        datetime | None,
        typer.Option("--effective", formats=["%Y-%m-%d"], help="First day of the version."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what it would change and touch.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Publish without asking, whatever it touches.")
    ] = False,
) -> None:
    """Publish a version of the catalogue, after showing which quotes and deals it touches.

    Quotes that are out keep the version they were priced with.

    Examples: `q2c catalog publish catalog.yaml --dry-run`,
    `q2c catalog publish catalog.yaml --effective 2027-01-01 --yes`
    """
    session = session_of(ctx)
    document, begins = read_document(file), day(effective)
    found = session.door.post(_with("/v1/catalog/preview", effective_from=begins), document)
    touched = found.get("touched", [])
    _show_preview(session, found)
    if dry_run:
        return
    if touched and not yes and not _agreed(len(touched)):
        raise CommandError(
            "Nothing was published.", remedy="look at the list, then publish it with --yes"
        )
    path = _with("/v1/catalog/publish", effective_from=begins, consent=found.get("consent") or None)
    published = session.door.post(path, document)
    waiting = published.get("waits_for")
    if not waiting:
        tell_recorded(session, "catalog", published)
        return
    case = plain(published.get("case"))
    say(session.out, f"Handed in as {case}; it waits for {plain(waiting)}.", "green")


def _agreed(count: int) -> bool:
    """Ask whether to publish in spite of what is touched; without anybody there it is a no."""
    try:
        return typer.confirm(f"This touches {count} line(s). Publish?", err=True)
    except typer.Abort:
        return False


def _show_preview(session: Session, found: Row) -> None:
    if found.get("is_on_record"):
        return
    replaced = plain(found.get("replaces")) or "nothing"
    begins = plain(found.get("effective_from")) or "now on"
    what = f"Version {plain(found.get('version'))} takes the place of {replaced} from {begins}."
    say(session.err, what)
    show_rows(session.err, _CHANGES, found.get("changes", []), "Nothing differs.")
    if found.get("touched"):
        show_heading(session.err, "Touches open quotes and live deals")
        show_rows(session.err, _TOUCHED, found["touched"], "")
    else:
        say(session.err, "No open quote and no live deal is touched.")


def _with(path: str, **parameters: str | None) -> str:
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


_VERSIONS = (
    Column("Version", "version"),
    Column("From", "effective_from"),
    Column("In force", "in_force"),
    Column("Revision", "revision", right=True),
    Column("By", "actor"),
    Column("Published", "recorded_at"),
)


def versions(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the versions on record, with the day each takes effect.

    Example: `q2c catalog versions`
    """
    session = session_of(ctx)
    found = session.door.get("/v1/catalog/versions").get("items", [])
    if as_json:
        show_json(session.out, found)
        return
    show_rows(session.out, _VERSIONS, found, "None yet. Begin with: q2c catalog publish FILE")


_CANDIDATES = (
    Column("Product", "product"),
    Column("Name", "name", long=True),
    Column("Quantity", "quantity", right=True),
    Column("Attributes", "attributes"),
    Column("Because", "reasons", long=True),
)
_QUESTIONS = (
    Column("Answer", "key"),
    Column("Question", "name", long=True),
    Column("Type", "type"),
    Column("Values", "values"),
    Column("Default", "default"),
)


def guide(  # noqa: PLR0913, PLR0917 - one parameter for each option
    ctx: typer.Context,
    answers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ANSWER=VALUE]...", help="What is known.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write what fits as a deal file.")
    ] = None,
    entity: Annotated[str, typer.Option("--entity", help="Selling entity of the file.")] = "",
    customer: Annotated[str, typer.Option("--customer", help="Customer of the file.")] = "",
    currency: Annotated[str, typer.Option("--currency", help="Currency of the file.")] = "",
    as_json: AsJson = False,
) -> None:
    """Find products that fit a need: asks what is open, and says why each fits.

    Examples: `q2c guide`, `q2c guide users=40 sso=yes --out deal.yaml --customer C-100`
    """
    session = session_of(ctx)
    found = session.door.post("/v1/catalog/guide", {"answers": _answers(answers or [])})
    if as_json:
        show_json(session.out, found)
    else:
        _show_guidance(session, found["guidance"])
    if out is not None:
        header = {"entity": entity, "customer": customer, "currency": currency}
        _write_deal(session, out, header, found.get("lines", []))


def _answers(written: Sequence[str]) -> dict[str, str]:
    problems = [
        Problem(field=each, reason="is no answer", remedy="write ANSWER=VALUE")
        for each in written
        if not each.partition("=")[1]
    ]
    if problems:
        what = "The answers cannot be read."
        raise CommandError(what, problems, exit_code=ExitCode.BAD_INPUT)
    return {name: value for name, _, value in (each.partition("=") for each in written)}


def _show_guidance(session: Session, found: Row) -> None:
    show_rows(session.out, _CANDIDATES, found.get("candidates", []), "Nothing fits so far.")
    if found.get("open_questions"):
        show_heading(session.out, "Not answered yet")
        show_rows(session.out, _QUESTIONS, found["open_questions"], "")


def _write_deal(session: Session, out: Path, header: Row, lines: Sequence[Row]) -> None:
    if not lines:
        raise CommandError("Nothing fits, so no deal file was written.", remedy="answer more")
    if out.exists():
        raise CommandError(f"{out} exists.", remedy="name another file")
    kept = ("product", "quantity", "attributes")
    document = {
        **{name: value for name, value in header.items() if value},
        "lines": [{name: line[name] for name in kept if line.get(name)} for line in lines],
    }
    out.write_text(as_yaml(document), encoding="utf-8")
    say(session.out, f"Wrote {out}. Check it with: q2c deal check {out}", "green")


_PRODUCTS = (
    Column("SKU", "sku"),
    Column("Name", "name", long=True),
    Column("Kind", "kind"),
    Column("Unit", "unit"),
    Column(
        "Charges", lambda row: [charge["key"] for charge in row.get("charges") or ()], long=True
    ),
    Column("Parts", lambda row: [part["sku"] for part in row.get("components") or ()], long=True),
)


def price_text(entry: Row) -> str:
    """Return the price of a price book entry for a person, tiers included."""
    currency = entry.get("currency", "")
    if entry.get("tiers"):
        steps = [f"to {tier.get('up_to') or '...'}: {tier.get('unit')}" for tier in entry["tiers"]]
        return f"{'; '.join(steps)} {currency}"
    size = entry.get("package_size")
    return f"{entry.get('unit', '')} {currency}" + (f" per {size}" if size else "")


_PRICES = (
    Column("Book", "book"),
    Column("From", "valid_from"),
    Column("SKU", "sku"),
    Column("Charge", "charge"),
    Column("Price", price_text, right=True),
)


def show_catalog(
    ctx: typer.Context,
    as_json: AsJson = False,
    yaml: Annotated[bool, typer.Option("--yaml", help="Write it as YAML, to be edited.")] = False,
    version: Annotated[str, typer.Option("--version", help="That version, in force or not.")] = "",
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="As in force on that day."),
    ] = None,
) -> None:
    """Show the products and prices in force today, on another day, or of another version.

    Examples: `q2c catalog show`, `q2c catalog show --yaml > catalog.yaml`
    """
    session = session_of(ctx)
    if version:
        catalog = session.door.get(f"/v1/catalog/versions/{segment(version)}")
    else:
        catalog = session.door.get("/v1/catalog", on=day(on))
    if as_json:
        show_json(session.out, catalog)
        return
    if yaml:
        session.out.file.write(as_yaml(_without_defaults(catalog)))
        return
    show_rows(session.out, _PRODUCTS, catalog.get("products", []), "No products.")
    session.out.print()
    show_rows(session.out, _PRICES, price_rows(catalog), "No prices.")


def price_rows(catalog: Row) -> list[Row]:
    """Return the prices of all price books as one list."""
    return [
        {
            **entry,
            "book": f"{book['name']} {book['currency']}",
            "currency": book["currency"],
            "valid_from": book.get("valid_from"),
        }
        for book in catalog.get("price_books", [])
        for entry in book.get("entries", [])
    ]


def _without_defaults(catalog: Row) -> Row:
    """Leave out what is empty, so that a person can read and edit what is left."""
    return {key: _full(value) for key, value in catalog.items() if not _is_empty(value)}


def _full(value: Any) -> Any:
    if isinstance(value, dict):
        return _without_defaults(value)
    return [_full(each) for each in value] if isinstance(value, list) else value


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})
