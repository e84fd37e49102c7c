"""One deal on one page: where it is, what it is worth, who has to act, what was billed."""

from typing import Any

from starter.cli.amending import AMENDMENTS
from starter.cli.display import (
    Column,
    amount,
    money,
    plain,
    say,
    short_moment,
    show_heading,
    show_pairs,
    show_problems,
    show_rows,
)
from starter.cli.door import Row, problems_in
from starter.cli.session import Session


def _asked(row: Row) -> str:
    """Return who is asked, and of a group how many must agree."""
    group = row.get("approvers") or []
    return f"{row.get('needed')} of {plain(group)}" if group else plain(row.get("approver"))


def _decided(row: Row) -> str:
    behalf = row.get("on_behalf_of")
    return plain(row.get("decided_by")) + (f" for {behalf}" if behalf else "")


_STEPS = (
    Column("Step", "key"),
    Column("For", "title"),
    Column("Approver", _asked, long=True),
    Column("Status", "status"),
    Column("By", _decided),
    Column("Why", "reasons", long=True),
)
_ORDER = (
    Column("Line", "reference"),
    Column("Product", "name"),
    Column("Quantity", "quantity", right=True),
    Column("Department", "department"),
    Column("Status", "status"),
    Column("On", "transferred_on"),
)
_INVOICES = (
    Column("Invoice", "number"),
    Column("Issued", "issued_on"),
    Column("Due", "due_on"),
    Column("Total", amount("gross_minor"), right=True),
    Column("Open", amount("balance_minor"), right=True),
)
_FIGURES = (
    ("Contract", "contract_minor"),
    ("Billed", "billed_minor"),
    ("Not billed yet", "unbilled_minor"),
    ("Revenue", "revenue_minor"),
    ("Owed to us", "receivable_minor"),
    ("Paid", "paid_minor"),
    ("Contract asset", "contract_asset_minor"),
    ("Contract liability", "contract_liability_minor"),
)


def show_deal_page(session: Session, detail: Row) -> None:
    """Show one deal as a page; parts it has not come to yet are left out.

    A deal that is still starting, or failed at its start, is only its number, stage and problems.
    """
    deal: Row = detail.get("deal") or detail
    out = session.out
    say(out, f"Deal {deal.get('number')}: {_stage(deal)}", "bold")
    show_pairs(out, _summary(deal, detail.get("quote") or {}), indent=2)
    show_problems(out, problems_in(detail.get("problems")))
    if deal.get("on_hold"):
        say(out, f"  -> q2c deal hold {deal.get('number')}", "yellow")
    paths = detail.get("approvals") or [{}]
    title = "Approval, recalled by the seller" if paths[0].get("recalled") else "Approval"
    _show_part(session, title, _STEPS, paths[0].get("steps") or [])
    _show_part(session, "Amendments", AMENDMENTS, detail.get("amendments") or [])
    _show_part(session, "Order", _ORDER, detail.get("order") or [])
    _show_part(session, "Invoices", _INVOICES, detail.get("invoices") or [])
    _show_figures(session, detail.get("figures") or {})
    _show_documents(session, deal, detail.get("documents") or [])


def _stage(deal: Row) -> str:
    stage, outcome = plain(deal.get("stage")), plain(deal.get("outcome"))
    return f"{stage} ({outcome})" if outcome and outcome != stage else stage


def _summary(deal: Row, quote: Row) -> list[tuple[str, object]]:
    currency = deal.get("currency", "")
    clock = short_moment(deal.get("business_time")) if deal.get("test_clock") else ""
    return [
        ("Customer", deal.get("customer")),
        ("Seller", deal.get("seller")),
        ("Entity", deal.get("entity")),
        ("Quote", quote.get("number")),
        ("Term", deal.get("term")),
        ("Total", money(deal.get("total_minor"), currency)),
        ("Open", money(deal.get("balance_minor"), currency)),
        ("Next", deal.get("next_action")),
        ("Next on (UTC)", short_moment(deal.get("next_action_at"))),
        ("Test clock", clock),
        ("Started", short_moment(deal.get("started_at"))),
        ("Closed", short_moment(deal.get("closed_at"))),
        ("On hold", deal.get("on_hold")),
    ]


def _show_part(session: Session, title: str, columns: tuple[Column, ...], rows: list[Row]) -> None:
    if rows:
        show_heading(session.out, title)
        show_rows(session.out, columns, rows, "")


def _show_figures(session: Session, figures: Row) -> None:
    currency = figures.get("currency", "")
    pairs: list[tuple[str, Any]] = [
        (title, money(figures.get(field), currency))
        for title, field in _FIGURES
        if figures.get(field)
    ]
    if pairs:
        show_heading(session.out, "In numbers, net of tax unless owed or paid")
        show_pairs(session.out, pairs, indent=2)


def _show_documents(session: Session, deal: Row, documents: list[Row]) -> None:
    if documents:
        number = deal.get("number")
        count = "1 document" if len(documents) == 1 else f"{len(documents)} documents"
        say(session.out, f"\n{count}: q2c document list --deal {number}")
