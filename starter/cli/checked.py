"""How a checked or started deal looks in the answer of the API."""

from starter.cli.display import show_pairs, show_problems
from starter.cli.door import Row, problems_in
from starter.cli.session import Session


def show_checked(session: Session, answer: Row) -> None:
    """Show a deal file as the API understood it."""
    file = answer.get("file") or {}
    lines = [_line_words(line) for line in file.get("lines") or ()]
    pairs = [
        ("Customer", file.get("customer")),
        ("Seller", file.get("seller")),
        ("Currency", file.get("currency")),
        ("From", file.get("starts_on")),
        ("Months", file.get("term_months")),
        ("Lines", lines),
    ]
    show_pairs(session.out, pairs, indent=2)
    show_problems(session.out, problems_in(answer.get("warnings")), indent=2)


def _line_words(line: Row) -> str:
    ramp = line.get("ramp") or ()
    in_segments = f" in {len(ramp)} segments" if ramp else ""
    return f"{line.get('quantity')} x {line.get('product')}{in_segments}"


def show_started(session: Session, answer: Row) -> None:
    """Show where a started deal is, and where it can be watched."""
    pairs = [("Stage", answer.get("stage")), ("Watch", answer.get("web_ui"))]
    show_pairs(session.out, pairs, indent=2)
