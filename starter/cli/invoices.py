"""Invoices: listed, shown, credited, voided, billed again; and statements of account."""

from datetime import date, datetime
from typing import Annotated, Any

import typer

from starter.cli.display import (
    Column,
    amount,
    money,
    plain,
    say,
    show_heading,
    show_json,
    show_pairs,
    show_rows,
)
from starter.cli.door import Row
from starter.cli.options import AsJson, DealNumber, RequiredReason, day
from starter.cli.session import session_of
from starter.cli.trouble import bad_input

_PANEL = "Deliver and collect"
_DAY = ["%Y-%m-%d"]

Number = Annotated[
    str, typer.Argument(metavar="INVOICE", help="Invoice number.", show_default=False)
]
DraftNumber = Annotated[
    str, typer.Argument(metavar="DRAFT", help="Draft, from the list.", show_default=False)
]
Customer = Annotated[
    str, typer.Option("--customer", help="Only of this customer.", show_default=False)
]
Deal = Annotated[str, typer.Option("--deal", help="Only of this deal.", show_default=False)]

_INVOICES = (
    Column("Invoice", "number"),
    Column("Deal", "deal"),
    Column("Customer", "customer"),
    Column("Issued", "issued_on"),
    Column("Due", "due_on"),
    Column("Total", amount("gross_minor"), right=True),
    Column("Credited", lambda row: _unless_zero(row, "credited_minor"), right=True),
    Column("Open", amount("open_minor"), right=True),
    Column("Void", "is_void"),
    Column("Test clock", "test_clock"),
)
_DRAFTS = (
    Column("Draft", "number"),
    Column("Deal", "deal"),
    Column("Drafted", "drafted_on"),
    Column("To be issued", "issue_on"),
    Column("Total", lambda row: (row.get("invoice") or {}).get("gross"), right=True),
    Column("Held", "held_because", long=True),
    Column("Question", "question", long=True),
)
_LINES = (
    Column("Line", "place", right=True),
    Column("Description", "description", long=True),
    Column("Period", lambda row: f"{row['period']['start']} to before {row['period']['end']}"),
    Column("Quantity", "quantity", right=True),
    Column("Discount", "discount", right=True),
    Column("Net", "net", right=True),
    Column("Tax", "tax", right=True),
)
_NOTES = (
    Column("Credit note", "number"),
    Column("Issued", "issued_on"),
    Column("Total", "gross", right=True),
    Column("Reason", "reason", long=True),
)
_ENTRIES = (
    Column("Date", "on"),
    Column("Document", lambda row: f"{plain(row['kind']).replace('_', ' ')} {row['document']}"),
    Column("Reference", "reference"),
    Column("Amount", "amount", right=True),
    Column("Balance", "balance", right=True),
)
_OPEN = (
    Column("Invoice", "invoice"),
    Column("Due", "due_on"),
    Column("Open", "balance", right=True),
)


GROUP = typer.Typer(
    help="Invoices: list, show, credit, void, bill again, write off.", no_args_is_help=True
)
"""The commands on invoices; other rooms add theirs."""


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(GROUP, name="invoice", rich_help_panel=_PANEL)
    app.command(rich_help_panel=_PANEL)(statement)


def _unless_zero(row: Row, field: str) -> str:
    return money(row[field], row.get("currency")) if row.get(field) else ""


@GROUP.command("list")
def list_invoices(
    ctx: typer.Context,
    deal: Deal = "",
    customer: Customer = "",
    is_open: Annotated[bool, typer.Option("--open", help="Only with a balance.")] = False,
    as_json: AsJson = False,
) -> None:
    """List invoices with what is open on them.

    Example: `q2c invoice list --customer C-100 --open`
    """
    session = session_of(ctx)
    rows = session.door.rows(
        "/v1/invoices", deal=deal or None, customer=customer or None, open=is_open or None
    )
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _INVOICES, rows, "There is no such invoice.")


@GROUP.command("show")
def show(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Show one invoice: its lines, its credit notes, and what is open.

    Example: `q2c invoice show INV-2026-00001`
    """
    session = session_of(ctx)
    found = session.door.get(f"/v1/invoices/{number}")
    if as_json:
        show_json(session.out, found)
        return
    content = found["content"]
    currency = found["currency"]
    pairs = [
        ("Deal", found["deal"]),
        ("Customer", f"{found['customer']} {content['customer']['legal_name']}"),
        ("Issued", found["issued_on"]),
        ("Due", found["due_on"]),
        ("Purchase order", content["purchase_order"]),
        ("Total", money(found["gross_minor"], currency)),
        ("Credited", _unless_zero(found, "credited_minor")),
        ("Open", money(found["open_minor"], currency)),
        ("Void since", found.get("voided_on")),
        ("Because", found.get("void_reason")),
        ("Billed again on", found.get("rebilled_on")),
        ("Because", found.get("rebill_reason")),
    ]
    show_heading(session.out, f"Invoice {number}")
    show_pairs(session.out, pairs, indent=2)
    lines = [{**line, "place": place} for place, line in enumerate(content["lines"], start=1)]
    show_rows(session.out, _LINES, lines, "")
    if found["credit_notes"]:
        show_heading(session.out, "Credit notes")
        show_rows(session.out, _NOTES, found["credit_notes"], "")


@GROUP.command("credit")
def credit(  # noqa: PLR0913, PLR0917 - what may be named of a credit, each an option
    ctx: typer.Context,
    number: Number,
    reason: RequiredReason,
    amount_: Annotated[
        str, typer.Option("--amount", help="Before tax, over all lines.", show_default=False)
    ] = "",
    line: Annotated[
        list[str] | None,
        typer.Option(
            "--line",
            help="A line: `1` its rest, `1:quantity=2`, `1:amount=50.00`, "
            "`1:days=2026-02-10..2026-03-01` (up to before the last); repeat it for several.",
            show_default=False,
        ),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show the credit note and issue nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Credit an invoice or a part of it, at the price, discount and tax it was billed.

    Without --line and --amount everything left of it is credited. What was paid already becomes the
    customer's credit and settles the next invoice. If the approval policy asks for somebody's yes,
    it waits for that (`q2c approval list`) and is issued with it.

    Examples: `q2c invoice credit INV-2026-00001 --reason "Never delivered"`,
    `q2c invoice credit INV-2026-00001 --reason "Outage" --line 1:days=2026-02-10..2026-02-12`
    """
    session = session_of(ctx)
    body: dict[str, Any] = {"reason": reason, "lines": [_line(text) for text in line or ()]}
    if amount_:
        body["amount"] = amount_
    if preview:
        note = session.door.post(f"/v1/invoices/{number}/credit/preview", body)
        _show_note(session.out, note, as_json=as_json)
        return
    done = session.door.post(f"/v1/invoices/{number}/credit", body)
    _show_done(session.out, done, as_json=as_json)


@GROUP.command("void")
def void(
    ctx: typer.Context, number: Number, reason: RequiredReason, as_json: AsJson = False
) -> None:
    """Undo an invoice that did not reach its customer, where its country allows that.

    It keeps its number. Every other invoice is credited.

    Example: `q2c invoice void INV-2026-00001 --reason "Made out to the wrong company"`
    """
    session = session_of(ctx)
    done = session.door.post(f"/v1/invoices/{number}/void", {"reason": reason})
    _show_done(session.out, done, as_json=as_json)


@GROUP.command("rebill")
def rebill(
    ctx: typer.Context,
    number: Number,
    reason: RequiredReason,
    purchase_order: Annotated[
        str, typer.Option("--po", help="The order it refers to from now on.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Take an invoice back and issue it anew, with the parties as they are recorded now.

    Example: `q2c invoice rebill INV-2026-00001 --reason "No order number" --po PO-78`
    """
    session = session_of(ctx)
    body = {"reason": reason, "purchase_order": purchase_order}
    done = session.door.post(f"/v1/invoices/{number}/rebill", body)
    _show_done(session.out, done, as_json=as_json)


@GROUP.command("drafts")
def drafts(ctx: typer.Context, deal: Deal = "", as_json: AsJson = False) -> None:
    """List invoices that are billable and not issued: in their grace, held, or with a question.

    Example: `q2c invoice drafts --deal 1001`
    """
    session = session_of(ctx)
    rows = session.door.rows("/v1/drafts", deal=deal or None)
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _DRAFTS, rows, "No draft waits.")


@GROUP.command("preview")
def preview_invoices(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """Show a deal's next invoices, as they will be issued but for their numbers.

    Example: `q2c invoice preview 1001`
    """
    session = session_of(ctx)
    rows = session.door.rows(f"/v1/deals/{deal}/invoices/preview")
    if as_json:
        show_json(session.out, rows)
        return
    for draft in rows:
        show_heading(session.out, f"Draft {draft['number']}, to be issued {draft['issue_on']}")
        shown = draft["invoice"] or {"lines": []}
        lines = [{**line, "place": place} for place, line in enumerate(shown["lines"], start=1)]
        show_rows(session.out, _LINES, lines, "")
        pairs = [
            ("Net", shown.get("net")),
            ("Tax", shown.get("tax")),
            ("Total", shown.get("gross")),
            ("Due", shown.get("due_on")),
            ("Note", shown.get("note")),
            ("Held", draft["held_because"]),
            ("Question", draft["question"]),
        ]
        show_pairs(session.out, pairs, indent=2)
    if not rows:
        say(session.out, "Everything is billed, or waits for a delivery.")


@GROUP.command("hold")
def hold(ctx: typer.Context, draft: DraftNumber, reason: RequiredReason) -> None:
    """Keep a draft from being issued until it is released.

    Example: `q2c invoice hold 1001.ab12cd34 --reason "Order number to come"`
    """
    _say(ctx, draft, "hold", reason)


@GROUP.command("release")
def release(ctx: typer.Context, draft: DraftNumber, reason: RequiredReason) -> None:
    """Let a held draft go; it is issued at once if its grace is over.

    Example: `q2c invoice release 1001.ab12cd34 --reason "PO-78 is here"`
    """
    _say(ctx, draft, "release", reason)


@GROUP.command("annotate")
def annotate(
    ctx: typer.Context,
    draft: DraftNumber,
    text: Annotated[str, typer.Argument(help="What to print on it.", show_default=False)],
) -> None:
    """Print a note on the invoice that a draft becomes; the last one counts.

    Example: `q2c invoice annotate 1001.ab12cd34 "Cost center 4711"`
    """
    _say(ctx, draft, "annotate", text)


def _say(ctx: typer.Context, draft: str, word: str, reason: str) -> None:
    session = session_of(ctx)
    done = session.door.post(f"/v1/drafts/{draft}/{word}", {"reason": reason})
    issued = f" Issued: {plain(done['invoices'])}." if done.get("invoices") else ""
    say(session.out, f"It is on record for draft {draft}.{issued}", "green")


def statement(  # noqa: PLR0913, PLR0917 - which account over which days, each an option
    ctx: typer.Context,
    customer: Annotated[str, typer.Argument(help="Customer number.", show_default=False)],
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAY, help="First day.", show_default="1 January"),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=_DAY, help="Last day.", show_default="today"),
    ] = None,
    entity: Annotated[
        str, typer.Option("--entity", help="Selling entity.", show_default="the only one")
    ] = "",
    currency: Annotated[
        str, typer.Option("--currency", help="Currency.", show_default="the only one")
    ] = "",
    deal: Annotated[
        str, typer.Option("--deal", help="A deal on a test clock.", show_default=False)
    ] = "",
    send: Annotated[
        bool, typer.Option("--send", help="Store it as PDF and mail it to the customer.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a customer's statement of account, or send it.

    Examples: `q2c statement C-100 --from 2026-01-01 --until 2026-03-31`,
    `q2c statement C-100 --send`
    """
    session = session_of(ctx)
    wanted = {
        "from": day(since),
        "until": day(until),
        "entity": entity or None,
        "currency": currency or None,
        "deal": deal or None,
    }
    path = f"/v1/customers/{customer}/statement"
    if send:
        query = "&".join(f"{name}={value}" for name, value in wanted.items() if value)
        sent = session.door.post(f"{path}?{query}" if query else path, None)
        if as_json:
            show_json(session.out, sent)
            return
        say(session.out, f"Statement {sent['number']} is on its way.", "green")
        say(session.out, f"q2c document open statement {sent['number']} --view")
        return
    found = session.door.get(path, **wanted)
    if as_json:
        show_json(session.out, found)
        return
    show_heading(
        session.out, f"{customer} with {found['entity']}, {found['since']} to {found['until']}"
    )
    show_pairs(session.out, [("Opening balance", found["opening"])], indent=2)
    show_rows(session.out, _ENTRIES, found["entries"], "Nothing happened in these days.")
    show_pairs(session.out, [("Closing balance", found["closing"])], indent=2)
    if found["open_items"]:
        show_heading(session.out, "Open")
        show_rows(session.out, _OPEN, found["open_items"], "")


def _line(text: str) -> dict[str, Any]:
    """Read one --line: a position, and what of it is meant."""
    place, _, what = text.partition(":")
    name, _, value = what.partition("=")
    if not place.isdigit() or (what and name not in ("quantity", "amount", "days")):
        remedy = "write 1, 1:quantity=2, 1:amount=50.00 or 1:days=2026-02-10..2026-03-01"
        raise bad_input("--line", f"{text} names no part of a line", remedy)
    body: dict[str, Any] = {"line": int(place)}
    if name == "days":
        start, _, end = value.partition("..")
        body |= {"starts_on": _as_day(start), "ends_on": _as_day(end)}
    elif name:
        body[name] = value
    return body


def _as_day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise bad_input("--line", f"{text} is no day", "write YYYY-MM-DD") from None


def _show_note(out: Any, note: Row, *, as_json: bool) -> None:
    if as_json:
        show_json(out, note)
        return
    show_heading(out, f"Credit note {note['number'] or '(preview)'} of {note['corrects']}")
    lines = [{**line, "place": line["invoice_line"] + 1} for line in note["lines"]]
    show_rows(out, _LINES, lines, "")
    pairs = [("Net", note["net"]), ("Tax", note["tax"]), ("Total", note["gross"])]
    show_pairs(out, pairs, indent=2)


def _show_done(out: Any, done: Row, *, as_json: bool) -> None:
    if as_json:
        show_json(out, done)
        return
    if done.get("waits_for"):
        known = " already" if done.get("repeated") else ""
        text = f"The credit of {done['invoice']} is handed in{known} as {done['case']}"
        say(out, f"{text}; it waits for {', '.join(done['waits_for'])}.")
        say(out, f"q2c approval show {done['case']}")
        return
    again = " It was done already." if done.get("repeated") else ""
    if done.get("credit_note"):
        total = money(done.get("gross_minor"), done.get("currency"))
        text = f"Credit note {done['credit_note']} over {total} is issued.{again}"
    else:
        text = f"Invoice {done['invoice']} is void.{again}"
    say(out, text, "green")
    if done.get("invoices"):
        show_pairs(out, [("Billed anew", done["invoices"])], indent=2)
