"""Decisions of people: what waits for me, and yes or no to a quote, a contract, a renewal."""

from typing import Annotated

import typer

from models.errors import InvalidInputError, Problem
from starter.cli.display import Column, amount, moment, show_json, show_rows
from starter.cli.door import segment
from starter.cli.messages import tell
from starter.cli.options import AsJson, DealNumber, Reason, RequiredReason
from starter.cli.session import Session, session_of

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
PurchaseOrder = Annotated[
    str, typer.Option("--po", help="The customer's purchase order number.", show_default=False)
]


def attach(app: typer.Typer) -> None:
    """Add the commands of this module."""
    commands = (inbox, approve, reject, accept, decline, sign, renew, cancel)
    for command in commands:
        app.command(rich_help_panel=_PANEL)(command)


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


def reject(ctx: typer.Context, deal: DealNumber, reason: RequiredReason, step: Step = "") -> None:
    """Reject the quote of a deal; the reason goes to its seller.

    Example: `q2c reject 1001 --reason "Discount too high for one year" --as mia`
    """
    tell(session_of(ctx), deal, "reject", step=step, reason=reason)


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
) -> None:
    """Record that the customer declines the quote; the deal ends as lost.

    Example: `q2c decline 1001 --reason "Budget cut"`
    """
    tell(session_of(ctx), deal, "decline_quote", person=person, reason=reason, token=token)


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
