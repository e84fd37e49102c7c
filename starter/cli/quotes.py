"""Quotes: list and show versions, compare two, revise the one on offer, clone, and templates."""

from pathlib import Path
from typing import Annotated, Any

import typer

from models.errors import InvalidInputError, Problem
from starter.cli import negotiation
from starter.cli.display import (
    Column,
    amount,
    moment,
    plain,
    say,
    show_heading,
    show_json,
    show_pairs,
    show_rows,
)
from starter.cli.door import Row, segment
from starter.cli.files import as_yaml, read_document
from starter.cli.messages import show_answer
from starter.cli.options import AsJson, DealNumber, Reason
from starter.cli.session import Session, session_of

QuoteNumber = Annotated[
    str,
    typer.Argument(
        metavar="QUOTE",
        help="Number of a version, or of a deal.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Write it to this file.", show_default="the screen"),
]
Values = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A blank and its value.", show_default=False),
]

_VERSIONS = (
    Column("Quote", "number"),
    Column("Status", "status"),
    Column("Alternative", "alternative"),
    Column("Total", amount("total_minor"), right=True),
    Column("Quoted", "quoted_on"),
    Column("Until", "valid_until"),
    Column("By", lambda row: " ".join(filter(None, (plain(row.get("origin")), row.get("by"))))),
    Column("On", moment("revised_at")),
    Column("Why", "reason", long=True),
)
_BESIDE = (
    Column("Quote", lambda row: row["version"]["number"]),
    Column("Offered as", lambda row: "primary" if row["primary"] else row["label"]),
    Column("Status", lambda row: row["version"]["status"]),
    Column("Lines", "lines", right=True),
    Column("List", "list_total", right=True),
    Column("Total", "total", right=True),
    Column("Once", "one_time", right=True),
    Column("A year", "arr", right=True),
    Column("Until", lambda row: row["version"]["valid_until"]),
)
_LINES = (
    Column("Line", "reference"),
    Column("Product", "sku"),
    Column("Name", "name", long=True),
    Column("Quantity", "quantity", right=True),
    Column("List", "list_unit", right=True),
    Column("Price", "unit_price", right=True),
    Column("Net", "net", right=True),
    Column("Every", "cadence"),
    Column("Optional", "optional"),
)
_PLAN = (
    Column("Bill on", lambda row: row.get("bill_on") or row.get("milestone") or "delivery"),
    Column("Line", "reference"),
    Column("From", lambda row: (row.get("period") or {}).get("start")),
    Column("To before", lambda row: (row.get("period") or {}).get("end")),
    Column("Amount", "amount", right=True),
)
_CHANGED = (
    Column("Line", lambda row: row.get("after") or row.get("before")),
    Column("Product", "sku"),
    Column("Net before", "net_before", right=True),
    Column("Net after", "net_after", right=True),
    Column("Changes", lambda row: _said(row.get("changes") or ()), long=True),
)
_TOTALS = (
    Column("Figure", "field"),
    Column("Before", "before", right=True),
    Column("After", "after", right=True),
    Column("Difference", "difference", right=True),
)
_HEADER = (Column("Field", "field"), Column("Before", "before"), Column("After", "after"))
_TEMPLATES = (
    Column("Template", "key"),
    Column("About", lambda row: row["content"].get("about"), long=True),
    Column("Variables", lambda row: _variables(row["content"].get("variables") or ()), long=True),
    Column("By", "actor"),
)


def attach(app: typer.Typer) -> None:
    """Add the group `quote`."""
    group = typer.Typer(help="Quotes: versions, changes, copies.", no_args_is_help=True)
    for name, command in (
        ("list", list_versions),
        ("show", show),
        ("alternatives", alternatives),
        ("diff", diff),
        ("revise", revise),
        ("clone", clone),
    ):
        group.command(name)(command)
    templates = typer.Typer(help="Deal files with blanks to fill in.", no_args_is_help=True)
    templates.command("save")(save)
    templates.command("list")(list_templates)
    templates.command("use")(use)
    negotiation.attach_to(group)
    group.add_typer(templates, name="template")
    app.add_typer(group, name="quote", rich_help_panel="Sell")


def list_versions(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """List the versions of a deal's quotes, and who changed what led to each.

    Example: `q2c quote list 1001`
    """
    session = session_of(ctx)
    content = session.door.get(f"/v1/deals/{segment(deal)}/quotes")
    if as_json:
        show_json(session.out, content)
        return
    show_rows(session.out, _VERSIONS, content["items"], "Not priced yet.")


def alternatives(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """Show the primary and its alternatives side by side. `quote revise --alternative` makes one.

    Example: `q2c quote alternatives 1001`
    """
    session = session_of(ctx)
    content = session.door.get(f"/v1/deals/{segment(deal)}/alternatives")
    if as_json:
        show_json(session.out, content)
        return
    show_rows(session.out, _BESIDE, content["items"], "Nothing is offered.")


def show(
    ctx: typer.Context,
    number: QuoteNumber,
    plan: Annotated[bool, typer.Option("--plan", help="With the billing plan.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a version: its lines and totals, and every invoice to come.

    Examples: `q2c quote show Q-1001-2`, `q2c quote show 1001 --plan`
    """
    session = session_of(ctx)
    content = session.door.get(f"/v1/quotes/{segment(number)}")
    if as_json:
        show_json(session.out, content)
        return
    quote, version = content["quote"], content["version"]
    show_pairs(session.out, _summary(quote, version))
    show_heading(session.out, "Lines")
    show_rows(session.out, _LINES, quote["lines"], "No lines.")
    if plan:
        show_heading(session.out, "Billing plan")
        show_rows(session.out, _PLAN, quote["plan"], "Nothing is billed.")


def _summary(quote: Row, version: Row) -> list[tuple[str, object]]:
    figures = ("list_total", "total", "one_time", "acv", "arr", "mrr")
    return [
        ("Quote", f"{quote['number']} ({version['status']})"),
        ("Customer", quote["customer"]),
        ("Seller", quote["seller"]),
        ("Term", f"{quote['starts_on']} to before {quote['ends_on']}"),
        ("Valid until", quote["valid_until"]),
        ("Days to pay", quote["payment_terms_days"]),
        ("Price list", f"{quote['price_book']}, catalogue {quote['catalog_version']}"),
        ("Purchase order", quote["purchase_order"]),
        ("Note", quote["note"]),
        *((name.replace("_", " ").title(), quote[name]) for name in figures),
        ("Content", quote["content_hash"]),
    ]


def diff(
    ctx: typer.Context,
    before: QuoteNumber,
    after: Annotated[str, typer.Argument(metavar="QUOTE", help="The later one.")],
    as_json: AsJson = False,
) -> None:
    """Compare two versions, of one deal or of two: lines, prices and totals.

    Example: `q2c quote diff Q-1001-1 Q-1001-2`
    """
    session = session_of(ctx)
    found = session.door.get(f"/v1/quotes/{segment(before)}/diff", against=after)
    if as_json:
        show_json(session.out, found)
        return
    say(session.out, f"{found['before']} -> {found['after']}", "bold")
    if found["same_content"]:
        say(session.out, "The content is the same.")
    parts = (("Header", _HEADER, "header"), ("Added", _CHANGED, "added"))
    more = (("Removed", _CHANGED, "removed"), ("Changed", _CHANGED, "changed"))
    for title, columns, field in (*parts, *more):
        if found[field]:
            show_heading(session.out, title)
            show_rows(session.out, columns, found[field], "")
    show_heading(session.out, "Totals")
    show_rows(session.out, _TOTALS, found["totals"], "")


def _said(changes: Any) -> str:
    return "; ".join(
        f"{plain(one['field']).replace('_', ' ')} {plain(one['before'])} -> {plain(one['after'])}"
        for one in changes
    )


def _variables(listed: Any) -> str:
    return ", ".join(
        plain(one["name"]) + (f"={plain(one['default'])}" if one.get("default") else "")
        for one in listed
    )


def revise(  # noqa: PLR0913, PLR0917 - one parameter for each thing that is often changed
    ctx: typer.Context,
    deal: DealNumber,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A delta in YAML or JSON.", show_default=False),
    ] = None,
    quantity: Annotated[
        list[str] | None,
        typer.Option("--quantity", metavar="LINE=UNITS", help="Units of a line from now on."),
    ] = None,
    discount: Annotated[
        list[str] | None,
        typer.Option("--discount", metavar="LINE=PERCENT", help="Discount of a line from now on."),
    ] = None,
    remove: Annotated[
        list[int] | None, typer.Option("--remove", metavar="LINE", help="Take a line out.")
    ] = None,
    header_percent: Annotated[
        str, typer.Option("--header-discount", metavar="PERCENT", help="Off the whole quote.")
    ] = "",
    total_percent: Annotated[
        str,
        typer.Option(
            "--total-discount",
            metavar="PERCENT",
            help="Off list altogether, in place of all other discounts.",
        ),
    ] = "",
    valid_days: Annotated[
        int | None, typer.Option("--valid-days", help="Offer it anew for so many days.")
    ] = None,
    reprice: Annotated[bool, typer.Option("--reprice", help="At the prices in force now.")] = False,
    alternative: Annotated[
        str, typer.Option("--alternative", help="Offer it beside the primary, under this label.")
    ] = "",
    choose: Annotated[
        list[int] | None, typer.Option("--choose", metavar="LINE", help="Take an optional line.")
    ] = None,
    base: Annotated[
        str, typer.Option("--base", help="Hash of the content it is for.", show_default="newest")
    ] = "",
    as_countered: Annotated[
        bool, typer.Option("--as-countered", help="As an approver countered it.")
    ] = False,
    reason: Reason = "",
) -> None:
    """Change the quote on offer: the next version replaces it, approvals that still hold are kept.

    Examples: `q2c quote revise 1001 change.yaml`, `q2c quote revise 1001 --quantity 1=30
    --discount 2=12 --reason "Five more seats"`, `q2c quote revise 1001 --valid-days 30`,
    `q2c quote revise 1001 --as-countered`
    """
    session = session_of(ctx)
    countered: Row = {}
    if as_countered:
        countered = session.door.get(f"/v1/deals/{segment(deal)}/counter")
    delta = dict(countered.get("delta") or {}) | (dict(read_document(file)) if file else {})
    lines = [*(delta.get("lines") or []), *_line_changes(quantity, discount, remove, choose)]
    said = {
        "lines": lines,
        "header_discount": {"percent": header_percent} if header_percent else None,
        "total_discount": total_percent,
        "valid_days": valid_days,
        "reprice": reprice or None,
    }
    delta |= {name: value for name, value in said.items() if value}
    body = {
        "delta": delta,
        "base_hash": base or countered.get("base_hash", ""),
        "reason": reason or countered.get("reason", ""),
        "alternative": alternative,
    }
    path = f"/v1/deals/{segment(deal)}/messages/revise_quote"
    show_answer(session, session.door.post(path, {k: v for k, v in body.items() if v != ""}))


def _line_changes(
    quantities: list[str] | None,
    discounts: list[str] | None,
    removed: list[int] | None,
    chosen: list[int] | None,
) -> list[Row]:
    """Return the changes of lines that the options name, one for each line."""
    changes: dict[int, Row] = {}
    for line, units in _pairs("--quantity", quantities):
        changes.setdefault(_number("--quantity", line), {})["quantity"] = units
    for line, percent in _pairs("--discount", discounts):
        changes.setdefault(_number("--discount", line), {})["discount"] = {"percent": percent}
    for gone in removed or ():
        changes.setdefault(gone, {})["remove"] = True
    for taken in chosen or ():
        changes.setdefault(taken, {})["choose"] = True
    return [{"line": line, **change} for line, change in sorted(changes.items())]


def _pairs(option: str, written: list[str] | None) -> list[tuple[str, str]]:
    pairs = [(name, sign, value) for name, sign, value in (w.partition("=") for w in written or ())]
    problems = [
        Problem(field=option, reason=f"{name} has no value", remedy="write NAME=VALUE")
        for name, sign, value in pairs
        if not (name and sign and value)
    ]
    if problems:
        raise InvalidInputError(problems)
    return [(name, value) for name, _, value in pairs]


def _number(option: str, text: str) -> int:
    if not text.isdecimal():
        raise InvalidInputError([Problem(field=option, reason=f"{text} is no number of a line")])
    return int(text)


def clone(
    ctx: typer.Context,
    number: QuoteNumber,
    customer: Annotated[
        str, typer.Option("--customer", help="For this one.", show_default="the same")
    ] = "",
    out: Out = None,
) -> None:
    """Write the deal file of a quote for another deal; for another customer at list prices.

    Example: `q2c quote clone Q-1001-2 --customer C-200 --out next.yaml`
    """
    session = session_of(ctx)
    path = f"/v1/quotes/{segment(number)}/copy"
    _write(session, session.door.get(path, customer=customer or None)["file"], out)


def _write(session: Session, file: Row, out: Path | None) -> None:
    text = as_yaml(file)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as target:
            target.write(text)
    except OSError as error:
        reason = f"cannot be written ({error.strerror or error})"
        remedy = "name a file that is not there yet"
        raise InvalidInputError([Problem(field=str(out), reason=reason, remedy=remedy)]) from error
    say(session.out, f"Written to {out}. Start it with: q2c deal start {out}", "green")


def save(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the template.")],
    number: QuoteNumber,
    blank: Annotated[
        list[str] | None,
        typer.Option("--blank", metavar="NAME=PATH", help="A variable and its place in the file."),
    ] = None,
    about: Annotated[str, typer.Option("--about", help="What it is for.")] = "",
) -> None:
    """Save the deal file of a quote as a template; what stands in a blank is its default.

    Example: `q2c quote template save team Q-1001-1 --blank seats=lines[0].quantity --blank
    customer=customer`
    """
    session = session_of(ctx)
    body = {"quote": number, "about": about, "variables": dict(_pairs("--blank", blank))}
    recorded = session.door.post(f"/v1/templates/{segment(name)}", body)
    say(session.out, f"Template {recorded['key']}, revision {recorded['revision']}.", "green")


def list_templates(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the templates with their blanks.

    Example: `q2c quote template list`
    """
    session = session_of(ctx)
    rows = session.door.rows("/v1/templates")
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _TEMPLATES, rows, "No templates. Save one from a quote.")


def use(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the template.")],
    values: Values = None,
    out: Out = None,
) -> None:
    """Fill in a template and write the deal file.

    Example: `q2c quote template use team --set customer=C-200 --set seats=40 --out deal.yaml`
    """
    session = session_of(ctx)
    body = {"values": dict(_pairs("--set", values))}
    _write(session, session.door.post(f"/v1/templates/{segment(name)}/use", body)["file"], out)
