"""Prices explained: every step of a quote as a table and a chart, and what the past says."""

from pathlib import Path
from typing import Annotated, Any

import typer

from starter.cli.display import Column, plain, say, show_heading, show_json, show_pairs, show_rows
from starter.cli.door import Row, segment
from starter.cli.options import AsJson, DealNumber
from starter.cli.session import Session, session_of
from starter.cli.trouble import bad_input

_GROUP = "quote"
_FORMS = (".svg", ".pdf", ".png")
_BLOCKS = 40
_STEPS = (
    Column("Step", lambda row: plain(row.get("step")).replace("_", " ")),
    Column("From", "input", right=True),
    Column("To", "output", right=True),
    Column("Rule", "rule", long=True),
)
_TAXES = (
    Column("Tax", "name"),
    Column("Rate", lambda row: f"{row.get('rate_percent')} %", right=True),
    Column("On", "base", right=True),
    Column("Amount", "tax", right=True),
)
_PLAN = (
    Column(
        "Billed", lambda row: plain(row.get("bill_on") or row.get("milestone")) or "on delivery"
    ),
    Column("What", "description", long=True),
    Column("Amount", "amount", right=True),
)


def _when(row: Row) -> object:
    return row.get("bill_on") or row.get("milestone")


def attach(app: typer.Typer) -> None:
    """Add `quote explain` and `quote guidance` to the group `quote`, which others fill as well."""
    known = (each.typer_instance for each in app.registered_groups if each.name == _GROUP)
    group = next((each for each in known if each is not None), None)
    if group is None:
        group = typer.Typer(help="Quotes: their prices explained.", no_args_is_help=True)
        app.add_typer(group, name=_GROUP, rich_help_panel="Sell")
    group.command("explain")(explain)
    group.command("guidance")(guidance)


def explain(
    ctx: typer.Context,
    deal: DealNumber,
    version: Annotated[
        int | None, typer.Option(help="Quote version.", show_default="the newest")
    ] = None,
    line: Annotated[
        str, typer.Option(help="Only this line, by number or reference.", show_default=False)
    ] = "",
    chart: Annotated[
        Path | None,
        typer.Option(help="Save the chart to this file, .svg, .pdf or .png.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how a quote came to its total: every step of every line, and the waterfall chart.

    Examples: `q2c quote explain 1001`, `q2c quote explain 1001 --line 1/seat --chart chart.svg`
    """
    session = session_of(ctx)
    path = f"/v1/deals/{segment(deal)}/waterfall"
    found = session.door.get(path, version=version, line=line or None)
    if chart is not None:
        _save(session, path, found, (line, chart))
    if as_json:
        show_json(session.out, found)
        return
    for each in found.get("lines", []):
        show_heading(session.out, f"{each.get('reference')}  {each.get('name')}")
        show_rows(session.out, _STEPS, each.get("steps", []), "")
        show_pairs(session.out, _line_pairs(each), indent=2)
    show_heading(session.out, f"{found.get('quote')} over its term")
    show_bars(session, found.get("bars", []))
    show_figures(session, found.get("figures", {}))


def _line_pairs(line: Row) -> list[tuple[str, object]]:
    offers = [
        f"{plain(each.get('amount'))} off {each.get('periods')} "
        f"{'billing' if each.get('periods') == 1 else 'billings'} from number "
        f"{each.get('first', 0) + 1} ({plain(each.get('codes'))})"
        for each in line.get("introductory") or ()
    ]
    margin = line.get("margin_percent")
    return [
        ("Off list", f"{line.get('discount_percent')} %"),
        ("Margin", f"{margin} %" if margin is not None else "unknown"),
        ("Floor", line.get("floor")),
        ("At first", offers),
    ]


def _save(session: Session, path: str, found: Row, wanted: tuple[str, Path]) -> None:
    line, file = wanted
    if file.suffix not in _FORMS:
        raise bad_input(
            f"{file} is neither {' nor '.join(_FORMS)}.", "Name the file chart.svg, .pdf or .png."
        )
    version = found.get("version")
    query = f"version={version}" + (f"&line={segment(line)}" if line else "")
    file.write_bytes(session.door.file(f"{path}{file.suffix}?{query}"))
    say(session.err, f"Saved {file}.", "green")


def show_bars(session: Session, bars: list[Row]) -> None:
    """Show a waterfall in the terminal: one bar a line, each beginning where the last one ends."""
    highest = max((max(_minor(bar, "before"), _minor(bar, "after"), 1) for bar in bars), default=1)
    rows: list[Row] = []
    for bar in bars:
        low, high = sorted((_minor(bar, "before"), _minor(bar, "after")))
        start = max(low, 0) * _BLOCKS // highest
        length = max((max(high, 0) * _BLOCKS + highest - 1) // highest - start, 1)
        rows.append(
            {
                "name": plain(bar.get("name")).replace("_", " "),
                "bar": " " * start + "█" * length,
                "amount": bar.get("after") if start == 0 and low == 0 else _change(bar),
            }
        )
    columns = (
        Column("", "name"),
        Column("", lambda row: row["bar"].ljust(_BLOCKS)),
        Column("", "amount", right=True),
    )
    show_rows(session.out, columns, rows, "No bars.")


def _minor(bar: Row, side: str) -> int:
    return int((bar.get(side) or {}).get("minor", 0))


def _change(bar: Row) -> Row:
    currency = (bar.get("after") or {}).get("currency", "")
    return {"minor": _minor(bar, "after") - _minor(bar, "before"), "currency": currency}


def show_figures(session: Session, figures: Row) -> None:
    """Show what a quote is worth: discount, margin, leakage by cause, and lines below floor."""
    margin = figures.get("margin_percent")
    causes = figures.get("leakage_by_cause") or {}
    pairs: list[tuple[str, Any]] = [
        ("Off list", f"{figures.get('discount_percent')} %"),
        ("Largest line discount", f"{figures.get('max_line_discount_percent')} %"),
        ("Margin", f"{margin} %" if margin is not None else "unknown: a cost is missing"),
        ("Below list", figures.get("leakage")),
        ("by cause", [f"{name.replace('_', ' ')} {plain(each)}" for name, each in causes.items()]),
    ]
    show_pairs(session.out, pairs, indent=2)
    for each in figures.get("below_floor") or ():
        total, floor = plain(each.get("total")), plain(each.get("floor"))
        told = f"  ! {each.get('reference')} comes to {total}, below its floor of {floor}"
        say(session.out, f"{told}: needs approval", "yellow")


def show_preview(session: Session, preview: Row) -> None:
    """Show what a checked deal file comes to: lines, plan, tax, figures and guidance."""
    quote: Row = preview.get("quote") or {}
    if not quote:
        return
    show_heading(session.out, "Lines")
    columns = (
        Column("Line", "reference"),
        Column("Product", "name", long=True),
        Column("Quantity", "quantity", right=True),
        Column("List", "list_amount", right=True),
        Column("Net", "net", right=True),
        Column("Billed", lambda row: plain(row.get("cadence")) or "once"),
    )
    show_rows(session.out, columns, quote.get("lines", []), "")
    show_heading(session.out, "Billing plan")
    plan = quote.get("plan", [])
    show_rows(session.out, _PLAN, plan[:12], "")
    if len(plan) > 12:
        say(session.out, f"  and {len(plan) - 12} more")
    show_heading(session.out, "Total")
    _show_totals(session, quote, preview.get("tax") or {})
    show_bars(session, (preview.get("figures") or {}).get("waterfall", []))
    show_figures(session, preview.get("figures") or {})
    for each in preview.get("guidance") or ():
        say(session.out, f"  {guidance_text(each)}")


def _show_totals(session: Session, quote: Row, tax: Row) -> None:
    if tax.get("question"):
        say(session.out, f"  ! {tax['question']}", "yellow")
    else:
        show_rows(session.out, _TAXES, tax.get("taxes", []), "")
    pairs = [
        ("Net", tax.get("net") or quote.get("total")),
        ("Tax", tax.get("tax")),
        ("Gross", tax.get("gross")),
        ("First invoice", tax.get("first_invoice_gross")),
        ("Withheld by the customer", tax.get("withheld")),
    ]
    show_pairs(session.out, pairs, indent=2)


def guidance(
    ctx: typer.Context,
    product: Annotated[str, typer.Argument(help="SKU.", show_default=False)],
    quantity: Annotated[str, typer.Option(help="Units to be offered.")] = "1",
    customers: Annotated[
        str,
        typer.Option("--segment", help="Only to customers of this segment.", show_default=False),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show what similar quotes of the past were offered at, and how many of them were won.

    Example: `q2c quote guidance JIRA-STANDARD --quantity 50`
    """
    session = session_of(ctx)
    path = f"/v1/guidance/{segment(product)}"
    found = session.door.get(path, quantity=quantity, segment=customers or None)
    if as_json:
        show_json(session.out, found)
        return
    say(session.out, guidance_text(found), "bold")
    for title, name in (("Discounts", "discounts"), ("of those won", "won_discounts")):
        spread = found.get(name)
        if spread:
            show_pairs(session.out, [(title, _spread(spread))], indent=2)


def guidance_text(found: Row) -> str:
    """Say in one line what the past says about an offer, with its support count."""
    until = found.get("band_until")
    band = f"{found.get('band_from')} to {until}" if until else f"{found.get('band_from')} and more"
    about = f"{found.get('sku')}, {band} units"
    if found.get("reason"):
        return f"{about}: {found['reason']}"
    median = (found.get("discounts") or {}).get("median")
    won, support = found.get("won"), found.get("support")
    rate = found.get("win_rate_percent")
    lost = ", ".join(f"{code} {count}" for code, count in (found.get("loss_reasons") or {}).items())
    why = f"; lost by {lost}" if lost else ""
    return f"{about}: {won} of {support} won ({rate} %), median discount {median} %{why}"


def _spread(spread: Row) -> str:
    quarters = [spread.get(name) for name in ("lower_quarter", "median", "upper_quarter")]
    told = ", ".join(f"{each} %" for each in quarters)
    return f"{told} (from {spread.get('least')} % to {spread.get('most')} %)"
