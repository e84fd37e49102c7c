"""Invoices as structured data: saving one, and checking a file of anybody."""

from pathlib import Path
from typing import Annotated, Any

import typer

from models.einvoice_settings import EInvoiceFormat
from starter.cli import invoices
from starter.cli.display import Column, say, show_json, show_pairs, show_rows
from starter.cli.door import problems_in, segment
from starter.cli.options import AsJson
from starter.cli.session import Session, session_of
from starter.cli.trouble import CommandError, ExitCode, bad_input

Number = Annotated[
    str, typer.Argument(help="Number of the invoice or credit note.", show_default=False)
]
_PDF = b"%PDF-"
_STEPS = (
    Column("At", "at"),
    Column("Attempt", "attempt", right=True),
    Column("Status", "status"),
    Column("Format", "format"),
    Column("Reference", "reference"),
    Column("Reason", "reason", long=True),
)


def attach(app: typer.Typer) -> None:
    """Add the commands of this module to those of invoices."""
    del app
    invoices.GROUP.command("xml")(save_xml)
    invoices.GROUP.command("check")(check)
    invoices.GROUP.command("send")(send)
    invoices.GROUP.command("status")(status)


def save_xml(
    ctx: typer.Context,
    number: Number,
    wanted: Annotated[
        EInvoiceFormat, typer.Option("--format", help="cii, or ubl for Peppol.")
    ] = EInvoiceFormat.CII,
    out: Annotated[
        Path | None,
        typer.Option(help="File to save to; without it the XML is shown.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write an invoice or credit note as structured data (EN 16931).

    Examples: `q2c invoice xml DE-INV-2026-00001 --format ubl`,
    `q2c invoice xml DE-INV-2026-00001 --out invoice.xml`
    """
    session = session_of(ctx)
    if out is not None and out.exists() and not force:
        raise bad_input("--out", f"{out} exists", "name another file, or add --force")
    content = session.door.file(f"/v1/invoices/{segment(number)}/xml?format={wanted}")
    if out is None:
        typer.echo(content.decode(), nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        reason = f"{out} cannot be written ({error.strerror})"
        raise bad_input("--out", reason, "name another file") from error
    say(session.out, f"Saved {out} ({len(content):,} bytes).", "green")


def check(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="Factur-X PDF, CII or UBL file.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Check a structured invoice of anybody: its schema, and that its sums hold.

    Ends with exit code 1 if something is wrong with it.

    Example: `q2c invoice check supplier-invoice.pdf`
    """
    session = session_of(ctx)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise bad_input("FILE", f"{file} cannot be read ({error.strerror})", "check it") from error
    kind = "application/pdf" if content[:5] == _PDF else "application/xml"
    found = session.door.send("/v1/invoices/check", content, kind)
    problems = found.get("problems") or []
    if as_json:
        show_json(session.out, found)
        if problems:
            raise typer.Exit(ExitCode.FAILED)
        return
    show_pairs(session.out, _pairs(found))
    if problems:
        listed = problems_in(problems)
        raise CommandError(f"{file.name} is not sound.", listed, exit_code=ExitCode.FAILED)
    say(session.out, "Schema and sums hold.", "green")


def send(
    ctx: typer.Context,
    number: Number,
    wanted: Annotated[
        EInvoiceFormat | None,
        typer.Option("--format", help="cii or ubl.", show_default="what the buyer asked for"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send an invoice or credit note over the network; again, if it came back.

    Example: `q2c invoice send DE-INV-2026-00001`
    """
    session = session_of(ctx)
    body = {"format": wanted.value} if wanted else {}
    found = session.door.post(f"/v1/invoices/{segment(number)}/send", body)
    if as_json:
        show_json(session.out, found)
        return
    _show_status(session, found)


def status(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Tell how far an invoice has come over the network.

    Example: `q2c invoice status DE-INV-2026-00001`
    """
    session = session_of(ctx)
    found = session.door.get(f"/v1/invoices/{segment(number)}/transmission")
    if as_json:
        show_json(session.out, found)
        return
    _show_status(session, found)


def _show_status(session: Session, found: dict[str, Any]) -> None:
    if not found.get("status"):
        say(session.out, f"{found['number']} was never sent.")
        return
    reason = f": {found['reason']}" if found.get("reason") else ""
    text = f"{found['number']} is {found['status']}{reason} (attempt {found['attempt']})."
    say(session.out, text, "bold red" if found["status"] in ("rejected", "failed") else "green")
    show_rows(session.out, _STEPS, found["events"], "")


def _pairs(found: dict[str, Any]) -> list[tuple[str, Any]]:
    form = str(found.get("format") or "")
    carried = " in a PDF (Factur-X)" if found.get("embedded") and form else ""
    amounts = ("net", "tax", "gross", "due")
    currency = found.get("currency", "")
    return [
        ("Format", f"{form.upper()}{carried}" if form else ""),
        ("Profile", found.get("profile")),
        ("Document", " ".join(str(found.get(name) or "") for name in ("kind", "number")).strip()),
        ("Seller", found.get("seller")),
        ("Buyer", found.get("buyer")),
        *((name.capitalize(), f"{found[name]} {currency}") for name in amounts if found.get(name)),
    ]
