"""Approvals beside quotes: write-offs, refunds and whatever else is handed in as a case."""

from typing import Annotated

import typer

from starter.cli import invoices
from starter.cli.display import (
    Column,
    amount,
    moment,
    money,
    say,
    show_heading,
    show_json,
    show_pairs,
    show_rows,
)
from starter.cli.door import Row, segment
from starter.cli.messages import show_answer
from starter.cli.options import AsJson, Reason, RequiredReason
from starter.cli.session import Session, session_of

_PANEL = "Decide"

CaseNumber = Annotated[
    str, typer.Argument(metavar="CASE", help="Case number, from the inbox.", show_default=False)
]
Step = Annotated[str, typer.Option("--step", help="Needed only if several wait for you.")]

_CASES = (
    Column("Case", "number"),
    Column("What", "title", long=True),
    Column("Status", "status"),
    Column("By", "requester"),
    Column("Waits for", "waits_for"),
    Column("Since", moment("asked_at")),
)
_STEPS = (
    Column("Step", "key"),
    Column("Asked", "people"),
    Column("Because", "reasons", long=True),
    Column("Status", "status"),
    Column("By", "decided_by"),
    Column("Said", "reason", long=True),
)
_REFUNDABLE = (
    Column("Payment", "payment"),
    Column("Customer", "customer"),
    Column("Received", "received_on"),
    Column("Left", amount("left_minor"), right=True),
)


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="Write-offs, refunds and other cases to decide.", no_args_is_help=True)
    commands = (
        ("list", listing),
        ("show", show),
        ("approve", approve),
        ("reject", reject),
        ("withdraw", withdraw),
    )
    for name, command in commands:
        group.command(name)(command)
    app.add_typer(group, name="approval", rich_help_panel=_PANEL)
    invoices.GROUP.command("write-off")(write_off)
    refunds = typer.Typer(help="Pay customers back what settles nothing.", no_args_is_help=True)
    refunds.command("list")(refundable)
    refunds.command("pay")(refund)
    app.add_typer(refunds, name="refund", rich_help_panel="Deliver and collect")


def listing(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what was handed in for approval beside quotes.

    Example: `q2c approval list --all`
    """
    session = session_of(ctx)
    only_open = None if everything else "true"
    items = session.door.get("/v1/approvals", open=only_open).get("items", [])
    if as_json:
        show_json(session.out, items)
        return
    show_rows(session.out, _CASES, items, "Nothing was handed in.")


def show(ctx: typer.Context, case: CaseNumber, as_json: AsJson = False) -> None:
    """Show a case: what a yes does, who is asked and why, and every word on it.

    Example: `q2c approval show write_off-US-INV-2026-00007.1`
    """
    session = session_of(ctx)
    found = session.door.get(f"/v1/approvals/{segment(case)}")
    if as_json:
        show_json(session.out, found)
        return
    show_case(session, found)


def show_case(session: Session, found: Row) -> None:
    """Show a case as a person reads it."""
    say(session.out, str(found.get("title", "")), "bold")
    pairs = [
        ("Case", found.get("number")),
        ("Status", found.get("status")),
        ("Asked by", found.get("requester")),
        ("Reason", found.get("reason")),
        ("Amount", money(found.get("amount_minor"), str(found.get("currency") or ""))),
        ("Waits for", found.get("waits_for")),
        ("Outcome", found.get("text")),
        ("Reference", found.get("reference")),
    ]
    show_pairs(session.out, pairs if found.get("currency") else [*pairs[:4], *pairs[5:]], indent=2)
    if found.get("steps"):
        show_heading(session.out, "Path")
        show_rows(session.out, _STEPS, found["steps"], "")


def approve(ctx: typer.Context, case: CaseNumber, step: Step = "", reason: Reason = "") -> None:
    """Approve a case; with the last yes it is carried out.

    Example: `q2c --as dora approval approve write_off-US-INV-2026-00007.1`
    """
    _say(session_of(ctx), case, "approve", {"step": step, "reason": reason})


def reject(ctx: typer.Context, case: CaseNumber, reason: RequiredReason, step: Step = "") -> None:
    """Reject a case; the reason goes to whoever handed it in.

    Example: `q2c approval reject refund-US-PAY-2026-00007.1 --reason "Set it against May"`
    """
    _say(session_of(ctx), case, "reject", {"step": step, "reason": reason})


def withdraw(ctx: typer.Context, case: CaseNumber, reason: Reason = "") -> None:
    """Take back what you handed in, until it is decided.

    Example: `q2c approval withdraw write_off-US-INV-2026-00007.1`
    """
    _say(session_of(ctx), case, "withdraw", {"reason": reason})


def _say(session: Session, case: str, name: str, body: dict[str, str]) -> None:
    said = {key: value for key, value in body.items() if value}
    show_answer(session, session.door.post(f"/v1/approvals/{segment(case)}/{name}", said))


def write_off(
    ctx: typer.Context,
    invoice: Annotated[str, typer.Argument(help="Invoice number.", show_default=False)],
    reason: RequiredReason,
    as_json: AsJson = False,
) -> None:
    """Give up the rest of an invoice: bad-debt expense, no more reminders; it is still owed.

    Whoever the approval policy names decides first. A payment that comes after all is set against
    it and recovers the expense.

    Example: `q2c invoice write-off US-INV-2026-00007 --reason "Insolvent, no assets left"`
    """
    session = session_of(ctx)
    body = {"reason": reason}
    found = session.door.post(f"/v1/invoices/{segment(invoice)}/write-off", body)
    _show_handed_in(session, found, as_json)


def refundable(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the cash that settles no invoice.

    Example: `q2c refund list`
    """
    session = session_of(ctx)
    items = session.door.get("/v1/books/refundable").get("items", [])
    if as_json:
        show_json(session.out, items)
        return
    show_rows(session.out, _REFUNDABLE, items, "All cash settles invoices.")


def refund(
    ctx: typer.Context,
    payment: Annotated[str, typer.Argument(help="Payment number.", show_default=False)],
    reason: RequiredReason,
    back: Annotated[
        str, typer.Option("--amount", help="How much; otherwise all.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Pay a customer back what of a payment settles no invoice.

    Whoever the approval policy names decides first.

    Example: `q2c refund pay US-PAY-2026-00007 --amount 12.50 --reason "Paid twice"`
    """
    session = session_of(ctx)
    body = {"payment": payment, "reason": reason, **({"amount": back} if back else {})}
    _show_handed_in(session, session.door.post("/v1/refunds", body), as_json)


def _show_handed_in(session: Session, found: Row, as_json: bool) -> None:
    if as_json:
        show_json(session.out, found)
        return
    waiting = ", ".join(found.get("waits_for") or [])
    said = f"It waits for {waiting}." if waiting else "It is carried out."
    say(session.out, f"{found.get('title')}. {said}", "green")
    pairs = [("Case", found.get("number")), ("Reference", found.get("reference"))]
    show_pairs(session.out, pairs, indent=2)
