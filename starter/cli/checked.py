"""How a checked or started deal looks in the answer of the API."""

from starter.cli.display import (
    Column,
    moment,
    plain,
    say,
    show_pairs,
    show_problems,
    show_rows,
)
from starter.cli.door import Row, problems_in
from starter.cli.prices import show_preview
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
    show_preview(session, answer.get("preview") or {})
    beside = [
        (f"Or {one['label']}", plain(one["total"])) for one in answer.get("alternatives") or ()
    ]
    show_pairs(session.out, beside, indent=2)


def _line_words(line: Row) -> str:
    ramp = line.get("ramp") or ()
    in_segments = f" in {len(ramp)} segments" if ramp else ""
    return f"{line.get('quantity')} x {line.get('product')}{in_segments}"


def show_started(session: Session, answer: Row) -> None:
    """Show where a started deal is, and where it can be watched.

    A repeated answer is of the day it was first given; where the deal is now it does not know.
    """
    stage = None if answer.get("repeated") else answer.get("stage")
    pairs = [("Stage", stage), ("Watch", answer.get("web_ui"))]
    show_pairs(session.out, pairs, indent=2)


def _whom(row: Row) -> str:
    names = plain(row.get("names"))
    needed, count = row.get("needed", 1), len(row.get("names") or ())
    return names if count == 1 else f"{needed} of {names}"


_STEPS = (
    Column("Step", "key"),
    Column("Title", "title"),
    Column("Asks", _whom, long=True),
    Column("Why", "reasons", long=True),
    Column("Escalates", moment("escalates_at")),
)


def show_path(session: Session, name: str, answer: Row) -> None:
    """Show the approvals a deal file would need, and who is barred from them."""
    steps = answer.get("steps") or []
    asked = f"{len(steps)} approval step(s)" if steps else "nobody has to approve"
    say(session.out, f"{name}: {asked}, by policy {answer.get('policy_version')}.", "green")
    if steps:
        show_rows(session.out, _STEPS, steps, "")
    barred = answer.get("barred") or {}
    show_pairs(session.out, [(f"Not {person}", why) for person, why in barred.items()], indent=2)
