"""How a checked or started deal looks in the answer of the API."""

from starter.cli.display import say, show_pairs
from starter.cli.door import Row
from starter.cli.prices import show_preview
from starter.cli.session import Session


def show_checked(session: Session, answer: Row) -> None:
    """Show a deal file as the API understood it."""
    file = answer.get("file") or {}
    lines = [f"{line.get('quantity')} x {line.get('product')}" for line in file.get("lines") or ()]
    pairs = [
        ("Customer", file.get("customer")),
        ("Seller", file.get("seller")),
        ("Currency", file.get("currency")),
        ("From", file.get("starts_on")),
        ("Months", file.get("term_months")),
        ("Lines", lines),
    ]
    show_pairs(session.out, pairs, indent=2)
    for warning in answer.get("warnings") or ():
        say(session.out, f"  ! {warning.get('field')}: {warning.get('reason')}", "yellow")
        if warning.get("remedy"):
            say(session.out, f"    -> {warning['remedy']}")
    show_preview(session, answer.get("preview") or {})


def show_started(session: Session, answer: Row) -> None:
    """Show where a started deal is, and where it can be watched."""
    pairs = [("Stage", answer.get("stage")), ("Watch", answer.get("web_ui"))]
    show_pairs(session.out, pairs, indent=2)
