"""Negotiating with a buyer: the link to their page, comments, and answers to counter-offers."""

from typing import Annotated

import typer

from starter.cli.display import Column, moment, plain, say, show_json, show_pairs, show_rows
from starter.cli.door import Row, segment
from starter.cli.messages import tell
from starter.cli.options import AsJson, DealNumber, Reason, RequiredReason
from starter.cli.session import session_of

_PANEL = "Sell"

_COMMENTS = (
    Column("No.", "number", right=True),
    Column("When", moment("written_at")),
    Column("Side", "origin"),
    Column("Who", "person"),
    Column("Text", "text", long=True),
)
_STEPS = (
    Column("Step", "key"),
    Column("For", "title"),
    Column("Approver", "approver"),
    Column("Why", "reasons", long=True),
)

Contact = Annotated[
    str,
    typer.Option("--contact", help="Mail address of the contact.", show_default="the first buyer"),
]
Text = Annotated[
    str,
    typer.Argument(metavar="TEXT", help="What to write; without it, list.", show_default=False),
]


def attach(app: typer.Typer) -> None:
    """Add the group `counter-offer`."""
    counter = typer.Typer(help="Counter-offers of buyers.", no_args_is_help=True)
    counter.command("show")(show)
    counter.command("accept")(accept)
    counter.command("reject")(reject)
    app.add_typer(counter, name="counter-offer", rich_help_panel=_PANEL)


def attach_to(group: typer.Typer) -> None:
    """Add the commands about the buyer page to the group of quotes."""
    group.command("link")(link)
    group.command("revoke-link")(revoke_link)
    group.command("comment")(comment)


def link(
    ctx: typer.Context, deal: DealNumber, contact: Contact = "", as_json: AsJson = False
) -> None:
    """Show the link to the buyer page of a deal, for one contact of the customer.

    Whoever has it can read, change, accept or decline the offer in the contact's name.

    Example: `q2c quote link 1001 --contact bea@acme.example`
    """
    session = session_of(ctx)
    made = session.door.get(f"/v1/deals/{segment(deal)}/link", contact=contact or None)
    if as_json:
        show_json(session.out, made)
        return
    session.out.file.write(f"{made['url']}\n")
    say(session.err, f"For {made['person']}, until {plain(made['expires_at'])}.")


def revoke_link(
    ctx: typer.Context, deal: DealNumber, contact: Contact, reason: Reason = ""
) -> None:
    """End every link to the buyer page that a contact has; a new one can be made at once.

    Example: `q2c quote revoke-link 1001 --contact bea@acme.example --reason "Wrong address"`
    """
    tell(session_of(ctx), deal, "revoke_link", person=contact, reason=reason)


def comment(ctx: typer.Context, deal: DealNumber, text: Text = "", as_json: AsJson = False) -> None:
    """Write to the buyer, on their page and by mail; without a text, list what was written.

    Example: `q2c quote comment 1001 "We can deliver in two weeks."`
    """
    session = session_of(ctx)
    if text:
        tell(session, deal, "comment", text=text)
        return
    rows = session.door.get(f"/v1/deals/{segment(deal)}/comments")["items"]
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _COMMENTS, rows, "Nothing was written yet.")


def show(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """Show the counter-offer that waits for you: what it comes to, who would have to approve.

    Example: `q2c counter-offer show 1001`
    """
    session = session_of(ctx)
    entry: Row = session.door.get(f"/v1/deals/{segment(deal)}/counter-offer")
    if as_json:
        show_json(session.out, entry)
        return
    say(session.out, f"Counter-offer {entry['number']} to quote {entry['quote']}", "bold")
    pairs = [
        ("From", entry["person"]),
        *(("Asks for", wish) for wish in entry["wishes"]),
        ("Because", entry["reason"]),
        ("Total now", entry["total_now"]),
        ("It comes to", entry["total"]),
        ("It cannot be made", entry["problems"]),
    ]
    show_pairs(session.out, pairs, indent=2)
    show_rows(session.out, _STEPS, entry["approvals"], "It needs no further approval.")


def accept(ctx: typer.Context, deal: DealNumber, reason: Reason = "") -> None:
    """Accept the buyer's counter-offer: it makes the next version of the quote.

    What changed is priced, approved where the policy demands it, and mailed to the buyer.

    Example: `q2c counter-offer accept 1001`
    """
    tell(session_of(ctx), deal, "answer_counter_offer", answer="accept", reason=reason)


def reject(ctx: typer.Context, deal: DealNumber, reason: RequiredReason) -> None:
    """Reject the buyer's counter-offer; the reason goes to them, and the quote stands as it is.

    Example: `q2c counter-offer reject 1001 --reason "10 % is the most we can do"`
    """
    tell(session_of(ctx), deal, "answer_counter_offer", answer="reject", reason=reason)
