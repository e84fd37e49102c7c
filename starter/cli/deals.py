"""Looking at deals, and helping one that stands still."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from models.deal import Stage
from starter.cli import amending
from starter.cli.deal_page import show_deal_page
from starter.cli.display import (
    Column,
    amount,
    moment,
    plain,
    say,
    short_moment,
    show_heading,
    show_json,
    show_pairs,
    show_rows,
)
from starter.cli.door import Row, segment
from starter.cli.messages import tell
from starter.cli.options import AsJson, DealNumber, Reason
from starter.cli.session import session_of

_DEALS = (
    Column("Deal", "number"),
    Column("Customer", "customer"),
    Column("Stage", "stage"),
    Column("Test clock", "test_clock"),
    Column("Total", amount("total_minor"), right=True),
    Column("Open", amount("balance_minor"), right=True),
    Column("Next", "next_action"),
    Column("On (UTC)", moment("next_action_at")),
    Column("On hold", "on_hold"),
)
_TIMELINE = (
    Column("When", moment("at")),
    Column("Who", "actor"),
    Column("What", "what"),
    Column("Detail", "detail", long=True),
)
_AGENDA = (
    Column("Due", moment("due_at")),
    Column("What", "what", long=True),
    Column("Tries", "attempts", right=True),
    Column("Key", "key"),
)
_INVOICES = (
    Column("Bills on", "bill_on"),
    Column("Net", amount("amount_minor"), right=True),
)


def commands() -> tuple[tuple[str, Any], ...]:
    """Return the commands of the group `deal` that this module has, by name."""
    return (
        ("list", list_deals),
        ("show", show_deal),
        ("amendments", amending.list_amendments),
        ("timeline", timeline),
        ("agenda", agenda),
        ("hold", holds),
        ("retry", retry),
        ("resolve", resolve),
        ("clock", clock),
    )


def list_deals(
    ctx: typer.Context,
    stage: Annotated[
        Stage | None, typer.Option(help="Only in this stage.", show_default=False)
    ] = None,
    customer: Annotated[str, typer.Option(help="Only of this customer.", show_default=False)] = "",
    seller: Annotated[str, typer.Option(help="Only of this seller.", show_default=False)] = "",
    on_hold: Annotated[bool, typer.Option("--on-hold", help="Only those on hold.")] = False,
    as_json: AsJson = False,
) -> None:
    """List deals.

    Examples: `q2c deal list`, `q2c deal list --stage approve --seller sam`,
    `q2c deal list --on-hold`
    """
    session = session_of(ctx)
    rows = session.door.rows(
        "/v1/deals",
        stage=stage.value if stage else None,
        customer=customer or None,
        seller=seller or None,
        on_hold=True if on_hold else None,
    )
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _DEALS, rows, "No deals. Begin with: q2c deal new")


def show_deal(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """Show where a deal is, what it is worth, what happens next and who has to act.

    Example: `q2c deal show 1001`
    """
    session = session_of(ctx)
    content = session.door.get(f"/v1/deals/{segment(deal)}")
    if as_json:
        show_json(session.out, content)
        return
    show_deal_page(session, content)


def timeline(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """List everything that happened to a deal, oldest first. Times are UTC.

    Example: `q2c deal timeline 1001`
    """
    session = session_of(ctx)
    rows = session.door.rows(f"/v1/deals/{segment(deal)}/timeline")
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _TIMELINE, rows, "Nothing happened yet.")


def agenda(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """List what a deal will do and when, the next first.

    Example: `q2c deal agenda 1001`
    """
    session = session_of(ctx)
    found = session.door.get(f"/v1/deals/{segment(deal)}/agenda")
    if as_json:
        show_json(session.out, found)
        return
    show_rows(session.out, _AGENDA, found["items"], "Nothing is planned.")
    if found["invoices"]:
        show_heading(session.out, "Invoices to come")
        show_rows(session.out, _INVOICES, found["invoices"], "")
    if found["items"]:
        say(session.out, f"\nTimes are of {found['time_zone']}.")


def holds(ctx: typer.Context, deal: DealNumber, as_json: AsJson = False) -> None:
    """Show what a deal waits for a person to settle, and the commands that do it.

    Example: `q2c deal hold 1001`
    """
    session = session_of(ctx)
    rows = session.door.rows(f"/v1/deals/{segment(deal)}/holds")
    if as_json:
        show_json(session.out, rows)
        return
    if not rows:
        say(session.out, "Nothing is on hold.")
    for row in rows:
        show_heading(session.out, plain(row.get("reason")))
        answers = row.get("answers") or []
        pairs = [("Item", row.get("key")), ("Since", short_moment(row.get("since")))]
        show_pairs(session.out, [*pairs, ("Answers", answers)], indent=2)
        say(session.out, f"  -> {_way_out(deal, row, answers)}")


def _way_out(deal: str, row: Row, answers: list[str]) -> str:
    if answers:
        return f"q2c deal resolve {deal} --item {row.get('key')} --answer '{'|'.join(answers)}'"
    return f"q2c deal retry {deal} --item {row.get('key')}"


def retry(
    ctx: typer.Context,
    deal: DealNumber,
    item: Annotated[
        str, typer.Option(help="Item on hold; without it all.", show_default=False)
    ] = "",
) -> None:
    """Try again what a deal has put on hold, after its cause was corrected.

    Examples: `q2c deal retry 1001`, `q2c deal retry 1001 --item converge`
    """
    tell(session_of(ctx), deal, "retry", item=item)


def resolve(
    ctx: typer.Context,
    deal: DealNumber,
    item: Annotated[str, typer.Option(help="Item on hold.", show_default=False)],
    answer: Annotated[
        str, typer.Option(help="One of the answers `deal hold` lists.", show_default=False)
    ],
    reason: Reason = "",
) -> None:
    """Answer the question a deal has put on hold.

    Example: `q2c deal resolve 1001 --item dunning --answer wait --reason "By phone"`
    """
    tell(session_of(ctx), deal, "resolve", item=item, answer=answer, reason=reason)


def clock(
    ctx: typer.Context,
    deal: DealNumber,
    until: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"],
            help="Where to move it, in UTC.",
            show_default=False,
        ),
    ],
) -> None:
    """Move the test clock of a deal forward; all that falls due on the way happens.

    Example: `q2c deal clock 1001 --until 2027-03-01`
    """
    tell(session_of(ctx), deal, "advance_clock", until=until.replace(tzinfo=UTC).isoformat())
