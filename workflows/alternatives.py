"""Alternatives: versions offered beside the one in force, approved like it, one of which is chosen.

While the approvals of an alternative are asked for it takes the place of the version in force, so
that everything about approvals works the same; the version in force is kept aside and comes back.
"""

from temporalio import workflow

from workflows.desk import Desk
from workflows.stages import approval
from workflows.stages.approval import approval_of

with workflow.unsafe.imports_passed_through():
    from models import steps
    from models.deal import Alternative, AlternativeStatus, Primary, QuoteReference, Stage


async def approve(desk: Desk) -> None:
    """Ask for the approvals of every alternative, one after the other; a no refuses only that one.

    A revision ends it: the deal is then back at its quote.
    """
    for label in [one.label for one in desk.state.alternatives]:
        found = labelled(desk, label)
        if found is None or desk.has_outcome() or desk.state.stage is not Stage.APPROVE:
            return
        if found.status is AlternativeStatus.ASKED:
            await _approve(desk, found)


async def _approve(desk: Desk, asked: Alternative) -> None:
    if desk.state.primary is None and desk.state.quote is not None:
        desk.state.primary = Primary(quote=desk.state.quote, approval=desk.state.approval)
    desk.state.quote, desk.state.approval = asked.quote, asked.approval
    await approval.approve(desk)
    if desk.state.primary is None:
        return  # A revision has put the version in force back.
    decided = desk.state.approval
    is_rejected = desk.state.outcome == "rejected"
    if is_rejected:
        desk.state.outcome = ""
    restore(desk)
    status = AlternativeStatus.REJECTED if is_rejected else AlternativeStatus.OPEN
    if not desk.has_outcome():
        change(desk, asked.label, approval=decided, status=status)
        desk.note("q2c", f"alternative {status}", f"{asked.label}: {asked.quote.number}")


def restore(desk: Desk) -> None:
    """Put the version in force back in its place."""
    kept = desk.state.primary
    if kept is not None:
        desk.state.quote, desk.state.approval = kept.quote, kept.approval
        desk.state.primary = None


def in_force(desk: Desk) -> QuoteReference | None:
    """Return the version that the offer is about, also while an alternative is being approved."""
    return desk.state.primary.quote if desk.state.primary else desk.state.quote


def put_beside(desk: Desk, label: str, outcome: steps.QuotePriced) -> None:
    """Add an alternative, or replace the one of the same label."""
    if outcome.quote is None:
        return
    made = Alternative(label=label, quote=outcome.quote, approval=approval_of(outcome))
    others = tuple(one for one in desk.state.alternatives if one.label != label)
    desk.state.alternatives = (*others, made)


def put_in_force(desk: Desk, chosen: Alternative) -> None:
    """Have an alternative take the place of the version in force; the others are outdated."""
    desk.state.quote, desk.state.approval = chosen.quote, chosen.approval
    desk.state.alternatives = ()
    desk.note("q2c", "alternative chosen", f"{chosen.label}: {chosen.quote.number}")


def labelled(desk: Desk, label: str) -> Alternative | None:
    """Return the alternative of a label, or None."""
    return next((one for one in desk.state.alternatives if one.label == label), None)


def meant(desk: Desk, content_hash: str) -> Alternative | None:
    """Return the alternative with that content; None if the version in force is meant."""
    if desk.state.quote is not None and content_hash == desk.state.quote.content_hash:
        return None
    found = (one for one in desk.state.alternatives if one.quote.content_hash == content_hash)
    return next(found, None)


def waiting_to_be_sent(desk: Desk) -> tuple[str, ...]:
    """Return the labels of what is approved and not mailed yet."""
    return tuple(
        one.label
        for one in desk.state.alternatives
        if one.status is AlternativeStatus.OPEN and not one.sent
    )


def change(desk: Desk, label: str, **fields: object) -> None:
    """Change what is known of an alternative."""
    desk.state.alternatives = tuple(
        one.model_copy(update=fields) if one.label == label else one
        for one in desk.state.alternatives
    )
