"""Approve: ask whoever the policy demands, remind, escalate, and wait for every yes.

The same path serves a new quote and a renewal's; which of the two a decision is for follows from
where its step is.
"""

from collections.abc import Sequence

from temporalio import workflow

from workflows.desk import Desk

with workflow.unsafe.imports_passed_through():
    from activities.signatures import ESCALATE_APPROVAL, NOTIFY, RECORD_DECISION
    from models import steps
    from models.agenda import AgendaItem, AgendaKind
    from models.approval import ApprovalStep, StepStatus
    from models.deal import AmendmentProgress, Approval, QuoteReference, Stage
    from models.decisions import DecisionKind
    from models.messages import Answer, Command
    from models.working_hours import due_after


async def approve(desk: Desk) -> None:
    """Ask for the approvals the quote needs and wait until all are given or one is refused.

    A revision ends the waiting too: the deal is then back at its quote.
    """
    if desk.has_outcome() or not desk.enter(Stage.APPROVE):
        return
    ask(desk, desk.state.approval)
    await desk.until(
        lambda: (
            is_approved(desk.state.approval)
            or desk.has_outcome()
            or desk.state.stage is not Stage.APPROVE
        )
    )
    desk.strike("approval:")


def approval_of(priced: steps.QuotePriced) -> Approval:
    """Return the approval a priced quote waits for, with the hours its policy gives."""
    return Approval(
        steps=priced.steps,
        remind_after_hours=priced.remind_after_hours,
        escalate_after_hours=priced.escalate_after_hours,
        calendar=priced.calendar,
    )


def is_approved(approval: Approval) -> bool:
    """Whether no step is missing; a path without steps is approved."""
    return all(step.status is StepStatus.APPROVED for step in approval.steps)


def ask(desk: Desk, approval: Approval) -> None:
    """Put the request, reminder and escalation of every active step on the agenda, once."""
    quote = _quote_of(desk, approval)
    for step in approval.steps:
        key = f"approval:{quote.version if quote else 0}:{step.key}"
        if step.status is not StepStatus.ACTIVE:
            desk.strike(f"{key}:")
            continue
        if any(item.key.startswith(f"{key}:") for item in desk.state.agenda):
            continue
        asked, reference = desk.now(), f"{quote.version if quote else 0}/{step.key}"
        desk.put(f"{key}:request:{step.approver}", AgendaKind.APPROVAL_REQUEST, asked, reference)
        if step.escalated_from is None:
            remind = due_after(asked, approval.remind_after_hours, approval.calendar)
            escalate = due_after(asked, approval.escalate_after_hours, approval.calendar)
            desk.put(f"{key}:reminder", AgendaKind.APPROVAL_REMINDER, remind, reference)
            desk.put(f"{key}:escalation", AgendaKind.APPROVAL_ESCALATION, escalate, reference)


def _quote_of(desk: Desk, approval: Approval) -> QuoteReference | None:
    if approval is desk.state.amendment.approval:
        return desk.state.amendment.quote
    return desk.state.renewal.quote if approval is desk.state.renewal.approval else desk.state.quote


def _find(desk: Desk, reference: str) -> tuple[Approval, ApprovalStep | None, int]:
    """Return the path, step and quote version that an agenda item is about."""
    version_text, _, key = reference.partition("/")
    version = int(version_text)
    renewal = desk.state.renewal
    of_renewal = renewal.quote is not None and renewal.quote.version == version
    approval = renewal.approval if of_renewal else desk.state.approval
    amendment = desk.state.amendment
    if amendment.quote is not None and amendment.quote.version == version:
        approval = amendment.approval
    return approval, next((step for step in approval.steps if step.key == key), None), version


async def request(desk: Desk, item: AgendaItem) -> None:
    """Mail the approver what is asked of them, with their token."""
    await _mail(desk, item, steps.Notice.APPROVAL_REQUEST)


async def remind(desk: Desk, item: AgendaItem) -> None:
    """Remind an approver who has not decided."""
    await _mail(desk, item, steps.Notice.APPROVAL_REMINDER)


async def _mail(desk: Desk, item: AgendaItem, notice: steps.Notice) -> None:
    _, step, version = _find(desk, item.reference)
    if step is None or step.status is not StepStatus.ACTIVE:
        return
    payload = desk.step(steps.Notify, notice=notice, reference=step.key, quote_version=version)
    await desk.attempt(NOTIFY, payload, f"{notice} to {', '.join(step.undecided)}")


async def escalate(desk: Desk, item: AgendaItem) -> None:
    """Move an undecided step to the approver's manager and ask them."""
    approval, step, version = _find(desk, item.reference)
    if step is None or step.status is not StepStatus.ACTIVE:
        return
    payload = desk.step(steps.EscalateApproval, quote_version=version, step=step.key)
    outcome = await desk.attempt(ESCALATE_APPROVAL, payload, f"escalate {step.title}")
    desk.note(
        "q2c", "approval escalated", f"{step.key}: {', '.join(step.people)} to {outcome.approver}"
    )
    desk.strike(f"approval:{version}:{step.key}:")
    ask(desk, _replace_steps(desk, approval, outcome.steps))


def _replace_steps(desk: Desk, approval: Approval, path: tuple[ApprovalStep, ...]) -> Approval:
    return _keep(desk, approval, approval.model_copy(update={"steps": path}))


def _keep(desk: Desk, approval: Approval, changed: Approval) -> Approval:
    """Put a changed approval in the place of the one it was made from."""
    if approval is desk.state.renewal.approval:
        desk.state.renewal = desk.state.renewal.model_copy(update={"approval": changed})
    elif approval is desk.state.amendment.approval:
        desk.state.amendment = desk.state.amendment.model_copy(update={"approval": changed})
    else:
        desk.state.approval = changed
    return changed


async def take_approval(desk: Desk, command: Command) -> Answer:
    """Record an approver's yes."""
    return await _take(desk, command, DecisionKind.APPROVE)


async def take_rejection(desk: Desk, command: Command) -> Answer:
    """Record an approver's no; the first one stops the path."""
    return await _take(desk, command, DecisionKind.REJECT)


async def take_counter(desk: Desk, command: Command) -> Answer:
    """Record what an approver would say yes to instead; the path stops until the seller answers."""
    return await _take(desk, command, DecisionKind.COUNTER)


async def take_override(desk: Desk, command: Command) -> Answer:
    """Record that somebody approves for everybody, in an emergency; it is reviewed afterwards."""
    return await _take(desk, command, DecisionKind.OVERRIDE)


async def take_recall(desk: Desk, command: Command) -> Answer:
    """Take the quote back from its approvers; only its seller can, until it is decided."""
    return await _take(desk, command, DecisionKind.RECALL)


async def take_resubmission(desk: Desk, command: Command) -> Answer:
    """Hand the same version in again after a recall or a counter; what was approved stays so."""
    return await _take(desk, command, DecisionKind.RESUBMIT)


async def take_review(desk: Desk, command: Command) -> Answer:
    """Record what somebody who was passed over by an override finds, whatever the stage."""
    version = desk.state.quote.version if desk.state.quote else 0
    if command.decision is None or not version:
        return Answer(accepted=False, text="There is no override to review.")
    payload = _payload(desk, command, DecisionKind.REVIEW, version)
    outcome = await desk.attempt(RECORD_DECISION, payload, f"review by {payload.person}")
    text = "The review is on record." if outcome.accepted else outcome.refused_because
    return Answer(accepted=outcome.accepted, text=text)


async def _take(desk: Desk, command: Command, kind: DecisionKind) -> Answer:
    decision = command.decision
    if decision is None:
        return Answer(accepted=False, text="The message says nothing: it needs a person.")
    approval, quote = _waiting(desk, decision.content_hash)
    if quote is None:
        return Answer(accepted=False, text=f"No approval is open ({desk.state.stage}).")
    payload = _payload(desk, command, kind, quote.version)
    outcome = await desk.attempt(RECORD_DECISION, payload, f"{kind} by {decision.person}")
    if not outcome.accepted:
        return Answer(accepted=False, text=outcome.refused_because)
    changed = _replace_steps(desk, approval, outcome.steps)
    if kind is DecisionKind.REJECT:
        return await _reject(desk, quote, decision.reason)
    if kind in (DecisionKind.COUNTER, DecisionKind.RECALL):
        return await _stop(desk, kind, changed, quote)
    ask(desk, _set_recalled(desk, changed, recalled=False))
    if quote is desk.state.amendment.quote and is_approved(changed):
        desk.put("amendment", AgendaKind.AMENDMENT)
    done = "handed in" if kind is DecisionKind.RESUBMIT else "approved by you"
    return Answer(accepted=True, text=f"Quote {quote.number} is {done}; {left(changed)}.")


def _payload(
    desk: Desk, command: Command, kind: DecisionKind, version: int
) -> steps.RecordDecision:
    """Return a decision as it goes on record."""
    fields = {"person", "step", "token", "content_hash", "reason", "actor", "channel", "counter"}
    fields |= {"reason_code"}
    said = command.decision.model_dump(include=fields) if command.decision else {}
    return desk.step(
        steps.RecordDecision,
        kind=kind,
        quote_version=version,
        command_id=command.command_id,
        **said,
    )


def is_stopped(approval: Approval) -> bool:
    """Whether nobody is asked any more: it was recalled, or answered by a counter."""
    return approval.recalled or not any(step.status is StepStatus.ACTIVE for step in approval.steps)


def left(approval: Approval) -> str:
    """Say whose yes is missing."""
    missing = _missing(approval.steps)
    return f"still missing: {', '.join(missing)}" if missing else "nothing is missing"


def _missing(path: Sequence[ApprovalStep]) -> list[str]:
    return [
        person
        for step in path
        if step.status is not StepStatus.APPROVED
        for person in step.undecided
    ]


async def _stop(
    desk: Desk, kind: DecisionKind, approval: Approval, quote: QuoteReference
) -> Answer:
    """Ask nobody any more, and tell whom it concerns: the seller, or those who were asked."""
    desk.strike(f"approval:{quote.version}:")
    is_recall = kind is DecisionKind.RECALL
    _set_recalled(desk, approval, recalled=is_recall)
    notice = steps.Notice.APPROVAL_RECALLED if is_recall else steps.Notice.APPROVAL_COUNTERED
    payload = desk.step(
        steps.Notify, notice=notice, reference=quote.number, quote_version=quote.version
    )
    await desk.attempt(NOTIFY, payload, f"{notice} {quote.number}")
    said = "recalled" if is_recall else "answered by your counter; its seller decides"
    return Answer(accepted=True, text=f"Quote {quote.number} is {said}.")


def _set_recalled(desk: Desk, approval: Approval, *, recalled: bool) -> Approval:
    if approval.recalled == recalled:
        return approval
    return _keep(desk, approval, approval.model_copy(update={"recalled": recalled}))


def _waiting(desk: Desk, content: str) -> tuple[Approval, QuoteReference | None]:
    """Return what waits for a decision; of two, the one whose content is named."""
    if desk.state.stage is Stage.APPROVE:
        return desk.state.approval, desk.state.quote
    both = (desk.state.renewal, desk.state.amendment)
    waiting = [one for one in both if one.quote and not is_approved(one.approval)]
    named = [one for one in waiting if one.quote and one.quote.content_hash == content]
    for one in named or waiting:
        return one.approval, one.quote
    return desk.state.approval, None


async def _reject(desk: Desk, quote: QuoteReference, reason: str) -> Answer:
    desk.strike(f"approval:{quote.version}:")
    if desk.state.stage is Stage.APPROVE:
        desk.state.outcome = "rejected"
    elif quote is desk.state.amendment.quote:
        desk.state.amendment = AmendmentProgress()
    else:
        desk.hold(
            "renewal", f"the renewal quote was rejected: {reason}", answers=("renew", "expire")
        )
    return Answer(accepted=True, text=f"Quote {quote.number} is rejected.")
