"""Amending the contract of a running deal, and reading its amendments."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from models.errors import InvalidInputError, Problem
from starter.cli.display import (
    Column,
    amount,
    money,
    say,
    show_heading,
    show_json,
    show_pairs,
    show_rows,
)
from starter.cli.door import Row, segment
from starter.cli.files import read_document
from starter.cli.messages import tell
from starter.cli.options import AsJson, DealNumber, Reason, day
from starter.cli.session import Session, session_of

_DAY = ["%Y-%m-%d"]

AMENDMENTS = (
    Column("No.", "number", right=True),
    Column("Status", "status"),
    Column("Version", "version", right=True),
    Column("From", "effective_on"),
    Column("Agreed", "signed_on"),
    Column("Booked", "booked_on"),
    Column("Why", "reason_code"),
    Column("Before", amount("price_before_minor"), right=True),
    Column("After", amount("price_after_minor"), right=True),
)
_CHARGES = (
    Column("Charge", "reference"),
    Column("Description", "description", long=True),
    Column("From", lambda row: row["period"]["start"]),
    Column("To before", lambda row: row["period"]["end"]),
    Column("Net", lambda row: money(row["amount"]["minor"], row["amount"]["currency"]), right=True),
)
_PAPERS = (
    Column("Document", "number"),
    Column("Corrects", "corrects"),
    Column("Net", lambda row: money(row["net"]["minor"], row["currency"]), right=True),
    Column("Tax", lambda row: money(row["tax"]["minor"], row["currency"]), right=True),
    Column("Total", lambda row: money(row["gross"]["minor"], row["currency"]), right=True),
)

Units = Annotated[
    list[str] | None,
    typer.Option("--add", metavar="LINE=UNITS", help="Units more, or (negative) less."),
]
Prices = Annotated[
    list[str] | None, typer.Option("--price", metavar="LINE=PRICE", help="Agreed from now on.")
]
Plans = Annotated[
    list[str] | None, typer.Option("--plan", metavar="LINE=SKU", help="Switch the plan of a line.")
]
Removed = Annotated[list[int] | None, typer.Option("--remove", metavar="LINE", help="End a line.")]
From = Annotated[
    datetime | None, typer.Option("--from", formats=_DAY, help="First day.", show_default="today")
]
EndOn = Annotated[
    datetime | None, typer.Option("--end-on", formats=_DAY, help="First day after the contract.")
]
RestFrom = Annotated[
    datetime | None, typer.Option("--suspend-from", formats=_DAY, help="First day of a rest.")
]
RestUntil = Annotated[
    datetime | None, typer.Option("--suspend-until", formats=_DAY, help="First day after a rest.")
]
ResumeOn = Annotated[
    datetime | None, typer.Option("--resume-on", formats=_DAY, help="End the rest on this day.")
]


def attach(app: typer.Typer) -> None:
    """Add the command `amend`."""
    app.command("amend", rich_help_panel="Sell")(amend)


def amend(  # noqa: PLR0913, PLR0917 - one parameter for each thing that is often changed
    ctx: typer.Context,
    deal: DealNumber,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A delta in YAML or JSON.", show_default=False),
    ] = None,
    add: Units = None,
    price: Prices = None,
    plan: Plans = None,
    remove: Removed = None,
    effective: From = None,
    now: Annotated[bool, typer.Option("--now", help="Less counts at once, with a credit.")] = False,
    end_on: EndOn = None,
    suspend_from: RestFrom = None,
    suspend_until: RestUntil = None,
    resume_on: ResumeOn = None,
    signed_on: Annotated[
        datetime | None, typer.Option("--signed-on", formats=_DAY, help="When it was agreed.")
    ] = None,
    accepted_by: Annotated[
        str, typer.Option("--accepted-by", help="Who accepted it at the customer.")
    ] = "",
    purchase_order: Annotated[str, typer.Option("--po", help="Their order number.")] = "",
    base: Annotated[
        int, typer.Option("--base", help="Version it is for.", show_default="in force")
    ] = 0,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what it would do.")] = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Change the contract of a running deal: lines, prices, a rest, or its early end.

    Lines have the numbers of the contract (`q2c deal amendments`).

    Examples: `q2c amend 1001 change.yaml --preview`, `q2c amend 1001 --add 1=5 --from 2026-02-16
    --accepted-by bea@acme.example --po PO-4712`, `q2c amend 1001 --end-on 2026-06-30`
    """
    session = session_of(ctx)
    delta: dict[str, Any] = dict(read_document(file)) if file else {}
    lines = [*(delta.get("lines") or []), *_changes(add, price, plan, remove)]
    named = {
        "lines": lines,
        "effective_on": day(effective),
        "end_on": day(end_on),
        "resume_on": day(resume_on),
        "when": "now" if now else None,
    }
    delta |= {key: value for key, value in named.items() if value}
    if suspend_from is not None:
        rest = {"from_on": day(suspend_from), "until_on": day(suspend_until)}
        delta["suspend"] = {key: value for key, value in rest.items() if value}
    said = {
        "delta": delta,
        "base_version": base or None,
        "signed_on": day(signed_on),
        "accepted_by": accepted_by,
        "purchase_order": purchase_order,
        "reason": reason,
    }
    if preview:
        _show_preview(session, deal, said, as_json=as_json)
    else:
        tell(session, deal, "amend", **said)


def _changes(
    add: list[str] | None, price: list[str] | None, plan: list[str] | None, remove: list[int] | None
) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for option, field, written in (("add", "add", add), ("price", "unit_price", price)):
        for entry in written or []:
            number, value = _pair(option, entry)
            found.setdefault(number, {"line": number})[field] = value
    for entry in plan or []:
        number, value = _pair("plan", entry)
        found.setdefault(number, {"line": number})["product"] = value
    for number in remove or []:
        found.setdefault(number, {"line": number})["remove"] = True
    return list(found.values())


def _pair(option: str, entry: str) -> tuple[int, str]:
    number, sign, value = entry.partition("=")
    if not sign or not number.isdigit() or not value:
        problem = Problem(
            field=f"--{option}", reason=f"{entry} names no line", remedy=f"write --{option} 1=5"
        )
        raise InvalidInputError([problem])
    return int(number), value


def _show_preview(session: Session, deal: str, said: dict[str, Any], *, as_json: bool) -> None:
    body = {key: value for key, value in said.items() if value not in ("", None)}
    found: Row = session.door.post(f"/v1/deals/{segment(deal)}/amendments/preview", body)
    if as_json:
        show_json(session.out, found)
        return
    effect = found["effect"]
    currency = effect["price_after"]["currency"]
    say(
        session.out, f"Version {effect['version']} of the contract; nothing is changed yet.", "bold"
    )
    show_pairs(
        session.out,
        [
            ("From", effect["effective_on"]),
            ("Accounted for", effect["treatment"]),
            ("Contract before", money(effect["price_before"]["minor"], currency)),
            ("Contract after", money(effect["price_after"]["minor"], currency)),
            ("Approvals", ", ".join(step["title"] for step in found["approvals"])),
        ],
        indent=2,
    )
    for title, part in (
        ("Credited", "credited"),
        ("Not billed", "canceled"),
        ("Planned", "planned"),
    ):
        if effect[part]:
            show_heading(session.out, title)
            show_rows(session.out, _CHARGES, effect[part], "")
    papers = [*found["credit_notes"], *found["invoices"]]
    if papers:
        show_heading(session.out, "Documents it makes at once")
        show_rows(session.out, _PAPERS, papers, "")


def list_amendments(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """List the amendments of a deal and the lines of its contract as they stand.

    Example: `q2c deal amendments 1001`
    """
    session = session_of(ctx)
    found: Row = session.door.get(f"/v1/deals/{segment(deal)}/amendments")
    if as_json:
        show_json(session.out, found)
        return
    contract: Row = found.get("contract") or {}
    show_pairs(
        session.out,
        [
            ("Version", contract.get("version")),
            ("Lines", ", ".join(map(str, contract.get("numbers") or []))),
            ("Ends before", contract.get("ends_on")),
        ],
    )
    show_rows(session.out, AMENDMENTS, found["items"], "Nothing was amended.")
