"""Quote: send the offer to the customer and wait for acceptance, within its validity.

A revision while the offer is open takes the deal back to this stage with the next version; the one
before is then outdated, and decisions on it are refused.
"""

from datetime import timedelta

from temporalio import workflow

from workflows.alternatives import (
    change,
    in_force,
    labelled,
    meant,
    put_beside,
    put_in_force,
    restore,
    waiting_to_be_sent,
)
from workflows.desk import Desk
from workflows.stages.pricing import take_version

with workflow.unsafe.imports_passed_through():
    from activities.signatures import PUBLISH_DOCUMENT, RECORD_DECISION, REVISE_QUOTE
    from models import steps
    from models.agenda import AgendaItem, AgendaKind
    from models.deal import AlternativeStatus, QuoteReference, Stage, start_of_day
    from models.decisions import DecisionKind
    from models.documents import DocumentKind
    from models.messages import Answer, Command


_OPEN = (Stage.APPROVE, Stage.ACCEPT)


def is_decided(desk: Desk) -> bool:
    """Whether the offer is over: accepted, or the deal decided against."""
    return desk.state.accepted or desk.has_outcome()


async def begin_alternatives(desk: Desk) -> None:
    """Make what the deal file offers beside its lines, before the first offer goes out.

    One that cannot be made after all leaves the rest of the offer; the audit trail says why.
    """
    offered = desk.state.quote
    if desk.state.stage is not Stage.PRICE or offered is None:
        return
    for asked in desk.file.alternatives:
        payload = desk.step(
            steps.ReviseQuote,
            quote_version=offered.version,
            delta=asked.change,
            alternative=asked.label,
            command_id=f"start-alternative-{asked.label}",
            actor=desk.file.actor or desk.state.seller,
            channel=desk.file.channel,
        )
        outcome = await desk.do(REVISE_QUOTE, lambda step=payload: step)  # type: ignore[misc]
        put_beside(desk, asked.label, outcome)
        if outcome.problems:
            reasons = "; ".join(str(problem) for problem in outcome.problems)
            desk.note("q2c", "alternative not made", f"{asked.label}: {reasons}")


async def quote(desk: Desk) -> None:
    """Start the quote's validity; the offer itself goes out once it is approved."""
    if not desk.enter(Stage.QUOTE) or desk.state.quote is None:
        return
    ends = desk.state.quote.expires_at or start_of_day(
        desk.state.quote.valid_until + timedelta(days=1), desk.state.time_zone
    )
    desk.put("quote-expiry", AgendaKind.QUOTE_EXPIRY, ends, desk.state.quote.number)
    if desk.state.approval.steps:
        await desk.do(PUBLISH_DOCUMENT, lambda: _offer(desk, mail=False))


async def accept(desk: Desk) -> None:
    """Mail the approved quote and wait until it is accepted, declined or expired."""
    if desk.has_outcome() or desk.state.stage is Stage.QUOTE or not desk.enter(Stage.ACCEPT):
        return
    if not desk.state.quote_sent:
        await desk.do(PUBLISH_DOCUMENT, lambda: _offer(desk, mail=True), "mail quote")
        desk.state.quote_sent = True
    await _send_alternatives(desk)
    await desk.until(lambda: is_decided(desk) or desk.state.stage is not Stage.ACCEPT)
    if is_decided(desk):
        desk.strike("quote-expiry")


async def _send_alternatives(desk: Desk) -> None:
    """Mail every approved alternative that was not mailed yet; each can be accepted on its own."""
    for label in waiting_to_be_sent(desk):
        found = labelled(desk, label)
        if found is None or desk.state.stage is not Stage.ACCEPT:
            return
        offered = found.quote
        await desk.do(
            PUBLISH_DOCUMENT,
            lambda offered=offered: _document(desk, offered, mail=True),  # type: ignore[misc]
            f"mail alternative {label}",
        )
        change(desk, label, sent=True)


def _offer(desk: Desk, *, mail: bool) -> steps.PublishDocument:
    return _document(desk, desk.state.quote, mail=mail)


def _document(desk: Desk, offered: QuoteReference | None, *, mail: bool) -> steps.PublishDocument:
    return desk.step(
        steps.PublishDocument,
        kind=DocumentKind.QUOTE,
        number=offered.number if offered else "",
        quote_version=offered.version if offered else 0,
        mail=mail,
    )


async def expire(desk: Desk, item: AgendaItem) -> None:
    """The offer was not accepted in time: the deal is lost."""
    desk.note("q2c", "quote expired", item.reference)
    desk.state.outcome = "expired"


async def take_acceptance(desk: Desk, command: Command) -> Answer:
    """Record the customer's yes to the version in force, or to an alternative that is offered."""
    if desk.state.stage is not Stage.ACCEPT or desk.state.quote is None or desk.state.accepted:
        return Answer(accepted=False, text=f"No quote waits for acceptance ({desk.state.stage}).")
    content = command.decision.content_hash if command.decision else ""
    chosen = meant(desk, content)
    if chosen is not None and chosen.status is not AlternativeStatus.OPEN:
        text = f"The alternative {chosen.label} is not offered ({chosen.status})."
        return Answer(accepted=False, text=text)
    version = chosen.quote.version if chosen else None
    refusal = await record(desk, command, DecisionKind.ACCEPT, version=version)
    if refusal:
        return Answer(accepted=False, text=refusal)
    if chosen is not None:
        put_in_force(desk, chosen)
    desk.state.accepted = True
    return Answer(accepted=True, text=f"Quote {desk.state.quote.number} is accepted.")


async def take_decline(desk: Desk, command: Command) -> Answer:
    """Record the customer's no to the quote; the deal is lost."""
    if desk.state.stage is not Stage.ACCEPT or desk.state.quote is None or desk.state.accepted:
        return Answer(accepted=False, text=f"No quote waits for acceptance ({desk.state.stage}).")
    refusal = await record(desk, command, DecisionKind.DECLINE)
    if refusal:
        return Answer(accepted=False, text=refusal)
    desk.state.outcome = "declined"
    return Answer(accepted=True, text=f"Quote {desk.state.quote.number} is declined.")


async def take_revision(desk: Desk, command: Command) -> Answer:
    """Make the next version of the quote on offer; one that cannot be made changes nothing."""
    revision, offered = command.revision, in_force(desk)
    if revision is None:
        return Answer(accepted=False, text="The message says nothing: it needs a delta.")
    if desk.state.stage not in _OPEN or offered is None or is_decided(desk):
        return Answer(accepted=False, text=f"No quote is open for revision ({desk.state.stage}).")
    if desk.is_stuck():
        return Answer(accepted=False, text="A step of the deal is on hold; settle it by `retry`.")
    asked = revision.model_dump(exclude={"problems", "command_id"})
    payload = desk.step(
        steps.ReviseQuote,
        quote_version=offered.version,
        command_id=command.command_id,
        **asked,
    )
    return await revise(desk, payload, offered)


async def revise(desk: Desk, payload: steps.ReviseQuote, offered: QuoteReference) -> Answer:
    """Make the next version and go back to the stage of the quote, or say why not."""
    outcome = await desk.attempt(REVISE_QUOTE, payload, f"revise {offered.number}")
    if outcome.quote is None:
        reasons = "; ".join(str(problem) for problem in outcome.problems)
        return Answer(accepted=False, text=f"Quote {offered.number} stays as it is: {reasons}")
    restore(desk)
    made, label = outcome.quote.number, payload.alternative
    if label:
        put_beside(desk, label, outcome)
        text = f"Quote {made} is the alternative {label} to {offered.number}."
    else:
        desk.strike("approval:", "quote-expiry")
        desk.state.alternatives = ()
        take_version(desk, outcome)
        text = f"Quote {made} replaces {offered.number}."
    desk.state.quote_sent = False
    desk.go_back(Stage.QUOTE)
    return Answer(accepted=True, text=text, reference=made)


async def record(
    desk: Desk, command: Command, kind: DecisionKind, step: str = "", version: int | None = None
) -> str:
    """Have a decision checked and put on record; return why it was refused, or an empty text."""
    decision = command.decision
    if decision is None:
        return "The message says nothing: it needs person, token and content_hash."
    in_force = desk.state.quote.version if desk.state.quote else 0
    outcome = await desk.attempt(
        RECORD_DECISION,
        desk.step(
            steps.RecordDecision,
            kind=kind,
            quote_version=version or in_force,
            command_id=command.command_id,
            **decision.model_dump(
                include={
                    "person",
                    "token",
                    "content_hash",
                    "reason",
                    "reason_code",
                    "purchase_order",
                    "actor",
                    "channel",
                }
            ),
            step=step or decision.step,
        ),
        f"{kind} by {decision.person}",
    )
    return "" if outcome.accepted else outcome.refused_because
