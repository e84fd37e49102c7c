"""Documents: what was issued, and saving a copy of it."""

from pathlib import Path
from typing import Annotated

import typer

from models.documents import DocumentKind, suffix_of
from starter.cli.display import Column, say, show_json, show_rows
from starter.cli.door import segment
from starter.cli.options import AsJson
from starter.cli.session import session_of
from starter.cli.trouble import bad_input

_DOCUMENTS = (
    Column("Kind", "kind"),
    Column("Number", "number"),
    Column("Deal", "deal"),
    Column("Dated", "dated_on"),
    Column("File", "filename", long=True),
    Column("Bytes", "size", right=True),
)


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        help="Quotes, contracts, invoices and all other papers.", no_args_is_help=True
    )
    group.command("list")(list_documents)
    group.command("open")(open_document)
    app.add_typer(group, name="document", rich_help_panel="Look it up")


def list_documents(
    ctx: typer.Context,
    deal: Annotated[str, typer.Option(help="Only of this deal.", show_default=False)] = "",
    kind: Annotated[
        DocumentKind | None, typer.Option(help="Only of this kind.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List documents.

    Example: `q2c document list --deal 1001 --kind invoice`
    """
    session = session_of(ctx)
    wanted = kind.value if kind else None
    rows = session.door.rows("/v1/documents", deal=deal or None, kind=wanted)
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _DOCUMENTS, rows, "No documents yet.")


def open_document(
    ctx: typer.Context,
    kind: Annotated[DocumentKind, typer.Argument(help="Kind.", show_default=False)],
    number: Annotated[str, typer.Argument(help="Number.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="File or folder to save to.", show_default="KIND-NUMBER.pdf"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    view: Annotated[bool, typer.Option("--view", help="Show it in the PDF viewer.")] = False,
) -> None:
    """Save the file of a document, and with --view show it.

    Example: `q2c document open invoice US01-INV-2026-0001 --view`
    """
    session = session_of(ctx)
    suffix = suffix_of(kind)
    target = _target(out, f"{kind.value}-{number}.{suffix}")
    if target.exists() and not force:
        raise bad_input("--out", f"{target} exists", "name another file, or add --force")
    content = session.door.file(f"/v1/documents/{kind.value}/{segment(number)}.{suffix}")
    try:
        target.write_bytes(content)
    except OSError as error:
        reason = f"{target} cannot be written ({error.strerror})"
        raise bad_input("--out", reason, "name another file") from error
    say(session.out, f"Saved {target} ({len(content):,} bytes).", "green")
    if view:
        typer.launch(str(target))


def _target(out: Path | None, name: str) -> Path:
    safe = "".join(mark if mark.isalnum() or mark in "-_." else "_" for mark in name)
    if out is None:
        return Path(safe)
    return out / safe if out.is_dir() else out
