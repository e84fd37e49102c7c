"""Decisions of people: what waits for me, and yes or no to a quote, a contract, a renewal."""

from datetime import datetime
from typing import Annotated

import typer

from models.errors import InvalidInputError, Problem
from starter.cli.display import Column, amount, moment, say, show_json, show_rows
from starter.cli.door import segment
from starter.cli.messages import tell
from starter.cli.options import AsJson, DealNumber, Reason, RequiredReason, day
from starter.cli.session import Session, session_of
from starter.cli.trouble import CommandError, ExitCode

_PANEL = "Decide"

_INBOX = (
    Column("Deal", "deal"),
    Column("What", "kind"),
    Column("Customer", "customer"),
    Column("Total", amount("total_minor"), right=True),
    Column("Why", "reason", long=True),
    Column("Since", moment("since")),
    Column("Do", "command", long=True),
)

Step = Annotated[
    str, typer.Option("--step", help="Approval step; needed only if several wait for you.")
]
Person = Annotated[
    str,
    typer.Option(
        "--person", help="Who decided, if not you: the customer's contact.", show_default=False
    ),
]
RequestToken = Annotated[
    str,
    typer.Option(
        "--token", help="Token from the mail that asked for the decision.", show_default=False
    ),
]
ReasonCode = Annotated[
    str,
    typer.Option(
        "--reason-code",
        help="Why it is lost, as the policy lists it: price, competitor, budget and so on.",
        show_default=False,
    ),
]
PurchaseOrder = Annotated[
    str, typer.Option("--po", help="The customer's purchase order number.", show_default=False)
]


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    commands = (inbox, approve, reject, counter, recall, resubmit, override, review)
    for command in (*commands, accept, decline, sign, renew, cancel):
        app.command(rich_help_panel=_PANEL)(command)
    group = typer.Typer(help="Who decides for you while you are away.", no_args_is_help=True)
    for name, of_group in (("to", delegate), ("list", delegations), ("revoke", revoke)):
        group.command(name)(of_group)
    app.add_typer(group, name="delegate", rich_help_panel=_PANEL)


def inbox(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List what waits for your decision, each with the command that gives it.

    Example: `q2c --as mia inbox`
    """
    session = session_of(ctx)
    rows = session.door.rows("/v1/inbox")
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _INBOX, rows, "Nothing waits for you.")


def approve(ctx: typer.Context, deal: DealNumber, step: Step = "", reason: Reason = "") -> None:
    """Approve the quote of a deal, for the step that waits for you.

    Example: `q2c approve 1001 --as mia`
    """
    tell(session_of(ctx), deal, "approve", step=step, reason=reason)


def reject(
    ctx: typer.Context,
    deal: DealNumber,
    reason: RequiredReason,
    step: Step = "",
    reason_code: ReasonCode = "",
) -> None:
    """Reject the quote of a deal; the reason goes to its seller.

    Example: `q2c reject 1001 --reason "Discount too high for one year" --as mia`
    """
    said = {"reason": reason, "reason_code": reason_code}
    tell(session_of(ctx), deal, "reject", step=step, **said)


LineCounters = Annotated[
    list[str],
    typer.Option("--line", metavar="LINE=PERCENT", help="Discount of one line; repeatable."),
]


def counter(  # noqa: PLR0913, PLR0917 - one parameter for each option
    ctx: typer.Context,
    deal: DealNumber,
    discount: Annotated[
        str,
        typer.Option(
            help="Percent off list you would approve, all discounts together.",
            show_default=False,
        ),
    ] = "",
    line: LineCounters = [],  # noqa: B006 - Typer reads the default, nobody changes it
    payment_terms: Annotated[
        int | None, typer.Option(help="Days to pay you would approve.", show_default=False)
    ] = None,
    reason: Reason = "",
    step: Step = "",
) -> None:
    """Say what you would approve instead; the seller offers that, or hands the quote in again.

    --discount is the discount altogether: it takes the place of the discounts of all lines, groups
    and the whole quote. --line is the discount of one line, in place of its own. What the seller
    offers exactly as you say has your approval and does not come back to you.

    Examples: `q2c counter 1001 --discount 12 --as mia`,
    `q2c counter 1001 --line 2=5 --reason "Hardware has no room" --as mia`
    """
    proposed: dict[str, object] = {
        "discount_percent": discount,
        "lines": [_line_counter(each) for each in line],
        "payment_terms_days": payment_terms,
    }
    said = {key: value for key, value in proposed.items() if value not in ("", None, [])}
    tell(session_of(ctx), deal, "counter", counter=said, step=step, reason=reason)


def _line_counter(text: str) -> dict[str, object]:
    number, equals, percent = text.partition("=")
    if not equals or not number.strip().isdigit():
        problem = Problem(field="--line", reason=f"{text!r} is not LINE=PERCENT", remedy="2=12.5")
        raise CommandError("The counter is wrong.", [problem], exit_code=ExitCode.BAD_INPUT)
    return {"line": int(number), "discount_percent": percent.strip()}


def recall(ctx: typer.Context, deal: DealNumber, reason: Reason = "") -> None:
    """Take the quote of a deal back from its approvers, until the last of them has decided.

    Example: `q2c recall 1001 --reason "The customer wants another quantity"`
    """
    tell(session_of(ctx), deal, "recall", reason=reason)


def resubmit(ctx: typer.Context, deal: DealNumber, reason: Reason = "") -> None:
    """Hand a recalled or countered quote in again; what was approved stays approved.

    Example: `q2c resubmit 1001`
    """
    tell(session_of(ctx), deal, "resubmit", reason=reason)


def override(ctx: typer.Context, deal: DealNumber, reason: RequiredReason) -> None:
    """Approve for everybody who is missing, in an emergency; they review it afterwards.

    Example: `q2c override 1001 --reason "Ends today, nobody can be reached" --as otto`
    """
    tell(session_of(ctx), deal, "override", reason=reason)


def review(ctx: typer.Context, deal: DealNumber, reason: RequiredReason) -> None:
    """Review an emergency override that passed you over.

    Example: `q2c review 1001 --reason "I would have approved it" --as mia`
    """
    tell(session_of(ctx), deal, "review", reason=reason)


_DAY = ["%Y-%m-%d"]
_DELEGATIONS = (
    Column("Delegation", "id"),
    Column("Away", "person"),
    Column("Decides", "delegate"),
    Column("From", "starts_on"),
    Column("Until", "last_on"),
    Column("Why", "reason", long=True),
)


def delegate(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(help="Who decides for you.", show_default=False)],
    start: Annotated[
        datetime, typer.Option("--from", formats=_DAY, help="First day.", show_default=False)
    ],
    last: Annotated[
        datetime, typer.Option("--until", formats=_DAY, help="Last day.", show_default=False)
    ],
    away: Annotated[
        str, typer.Option("--for", help="Who is away, if not you (operators).", show_default=False)
    ] = "",
    reason: Reason = "",
) -> None:
    """Let somebody decide for you from the first to the last day. They cannot pass it on.

    Example: `q2c delegate to dan --from 2026-07-01 --until 2026-07-14 --as mia`
    """
    session = session_of(ctx)
    written = {
        "delegate": person,
        "starts_on": day(start),
        "last_on": day(last),
        "person": away,
        "reason": reason,
    }
    recorded = session.door.post(
        "/v1/delegations", {key: value for key, value in written.items() if value}
    )
    say(session.out, f"Delegation {recorded['key']} is on record.", "green")


def delegations(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List your delegations in force or to come; operators see all.

    Example: `q2c delegate list --as mia`
    """
    session = session_of(ctx)
    rows = session.door.rows("/v1/delegations")
    if as_json:
        show_json(session.out, rows)
        return
    show_rows(session.out, _DELEGATIONS, rows, "Nobody decides for anybody else.")


def revoke(
    ctx: typer.Context,
    delegation: Annotated[str, typer.Argument(help="Its name in the list.", show_default=False)],
) -> None:
    """End a delegation now; what was decided under it stays.

    Example: `q2c delegate revoke mia-dan-2026-07-01 --as mia`
    """
    session = session_of(ctx)
    session.door.post("/v1/delegations/revoke", {"id": delegation})
    say(session.out, f"Delegation {delegation} is revoked.", "green")


def accept(
    ctx: typer.Context,
    deal: DealNumber,
    person: Person = "",
    po: PurchaseOrder = "",
    token: RequestToken = "",
    alternative: Annotated[
        str, typer.Option("--alternative", help="The label of the one that is accepted.")
    ] = "",
) -> None:
    """Record that the customer accepts the quote, or one of its alternatives.

    Examples: `q2c accept 1001 --person bea@acme.example --po PO-77 --token …`,
    `q2c accept 1001 --alternative big`
    """
    session = session_of(ctx)
    content = _content_of(session, deal, alternative) if alternative else ""
    said = {"person": person, "purchase_order": po, "token": token, "content_hash": content}
    tell(session, deal, "accept_quote", **said)


def _content_of(session: Session, deal: str, label: str) -> str:
    """Return the hash of what an alternative says; raises `InvalidInputError` if there is none."""
    offered = session.door.get(f"/v1/deals/{segment(deal)}/alternatives")["items"]
    found = {one["label"]: one["version"]["content_hash"] for one in offered if one["label"]}
    if label not in found:
        reason, remedy = f"there is no alternative {label}", ", ".join(sorted(found)) or "none"
        problem = Problem(field="--alternative", reason=reason, remedy=f"offered: {remedy}")
        raise InvalidInputError([problem])
    return str(found[label])


def decline(
    ctx: typer.Context,
    deal: DealNumber,
    person: Person = "",
    reason: Reason = "",
    token: RequestToken = "",
    reason_code: ReasonCode = "",
) -> None:
    """Record that the customer declines the quote; the deal ends as lost.

    Example: `q2c decline 1001 --reason-code budget --reason "Cut in March"`
    """
    said = {"reason": reason, "reason_code": reason_code, "token": token}
    tell(session_of(ctx), deal, "decline_quote", person=person, **said)


def sign(
    ctx: typer.Context, deal: DealNumber, person: Person = "", token: RequestToken = ""
) -> None:
    """Record a signature under the contract. It starts once everybody has signed.

    Examples: `q2c sign 1001 --as sam` for us,
    `q2c sign 1001 --person bea@acme.example --token …` for the customer.
    """
    tell(session_of(ctx), deal, "contract_signed", person=person, token=token)


def renew(
    ctx: typer.Context,
    deal: DealNumber,
    refuse: Annotated[
        bool, typer.Option("--decline", help="The deal ends with its current term.")
    ] = False,
    person: Person = "",
    reason: Reason = "",
    token: RequestToken = "",
) -> None:
    """Renew a deal for its next term, or with --decline let it end.

    Examples: `q2c renew 1001`, `q2c renew 1001 --decline --reason "Moved to another vendor"`
    """
    name = "decline_renewal" if refuse else "renew"
    tell(session_of(ctx), deal, name, person=person, reason=reason, token=token)


def cancel(ctx: typer.Context, deal: DealNumber, reason: RequiredReason) -> None:
    """End a deal: before the signature at once, afterwards with its current term.

    Example: `q2c cancel 1001 --reason "Customer closed"`
    """
    tell(session_of(ctx), deal, "cancel", reason=reason)
