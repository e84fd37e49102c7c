"""Negotiate: comments of both sides, counter-offers and their answers, and links that are ended.

What was said is on record before it is answered; the mail about it is an item of the agenda, so
that nobody waits for a mail server.
"""

from temporalio import workflow

from workflows.alternatives import in_force
from workflows.desk import Desk
from workflows.stages.quoting import is_decided, revise

with workflow.unsafe.imports_passed_through():
    from activities.signatures import NOTIFY, RECORD_NEGOTIATION
    from models import steps
    from models.agenda import AgendaItem, AgendaKind
    from models.deal import Stage
    from models.messages import Answer, Command, CounterAnswer
    from models.revision import Origin

_SHOWN = 200
_ACCEPT, _REJECT = "accept", "reject"


async def take_comment(desk: Desk, command: Command) -> Answer:
    """Put a comment on record and tell the other side."""
    comment = command.comment
    if comment is None:
        return Answer(accepted=False, text="The message says nothing: it needs a text.")
    asked = comment.model_dump(exclude={"problems", "command_id"})
    outcome = await _record(desk, command, steps.NegotiationKind.COMMENT, **asked)
    if isinstance(outcome, Answer):
        return outcome
    _tell(desk, steps.Notice.COMMENT, outcome.number)
    return Answer(accepted=True, text=f"Comment {outcome.number}: {comment.text[:_SHOWN]}")


async def take_counter_offer(desk: Desk, command: Command) -> Answer:
    """Put what the buyer would take on record and tell the seller; the offer stays as it is."""
    counter = command.counter_offer
    if counter is None:
        return Answer(accepted=False, text="The message says nothing: it needs a delta.")
    if desk.state.stage is not Stage.ACCEPT or is_decided(desk):
        return Answer(accepted=False, text=f"No quote waits for acceptance ({desk.state.stage}).")
    asked = counter.model_dump(exclude={"problems", "command_id", "reason"})
    kind = steps.NegotiationKind.COUNTER_OFFER
    outcome = await _record(desk, command, kind, text=counter.reason, origin=Origin.BUYER, **asked)
    if isinstance(outcome, Answer):
        return outcome
    _tell(desk, steps.Notice.COUNTER_OFFER, outcome.number)
    offered = desk.state.quote.number if desk.state.quote else ""
    text = f"Counter-offer {outcome.number} to quote {offered} waits for an answer."
    return Answer(accepted=True, text=text, reference=str(outcome.number))


async def take_answer(desk: Desk, command: Command) -> Answer:
    """Accept a counter-offer, which revises the quote, or reject it with a reason."""
    answer, offered = command.counter_answer, in_force(desk)
    if answer is None or answer.answer not in (_ACCEPT, _REJECT):
        return Answer(accepted=False, text="Say `accept` or `reject` as `answer`.")
    if desk.state.stage is not Stage.ACCEPT or offered is None or is_decided(desk):
        return Answer(accepted=False, text=f"No quote waits for acceptance ({desk.state.stage}).")
    if not answer.counter:
        return Answer(accepted=False, text="Name the number of the counter-offer as `counter`.")
    if answer.answer == _REJECT:
        return await _reject(desk, command, answer)
    payload = desk.step(
        steps.ReviseQuote,
        quote_version=offered.version,
        command_id=command.command_id,
        counter=answer.counter,
        reason=answer.reason,
        actor=answer.actor,
        channel=answer.channel,
    )
    return await revise(desk, payload, offered)


async def _reject(desk: Desk, command: Command, answer: CounterAnswer) -> Answer:
    outcome = await _record(
        desk,
        command,
        steps.NegotiationKind.REJECTION,
        text=answer.reason,
        counter=answer.counter,
        actor=answer.actor,
        channel=answer.channel,
    )
    if isinstance(outcome, Answer):
        return outcome
    _tell(desk, steps.Notice.COUNTER_REJECTED, outcome.number)
    return Answer(accepted=True, text=f"Counter-offer {outcome.number} is rejected.")


async def take_revocation(desk: Desk, command: Command) -> Answer:
    """End the links of a contact that are out."""
    revocation = command.link_revocation
    if revocation is None:
        return Answer(accepted=False, text="The message says nothing: it needs a person.")
    asked = revocation.model_dump(include={"person", "actor", "channel"})
    kind = steps.NegotiationKind.REVOCATION
    outcome = await _record(desk, command, kind, text=revocation.reason, **asked)
    if isinstance(outcome, Answer):
        return outcome
    return Answer(accepted=True, text=f"The links of {revocation.person} no longer open.")


async def notify(desk: Desk, item: AgendaItem) -> None:
    """Mail what was said to the other side."""
    notice, _, number = item.reference.partition("/")
    payload = desk.step(
        steps.Notify,
        notice=steps.Notice(notice),
        reference=number,
        quote_version=desk.state.quote.version if desk.state.quote else 0,
    )
    await desk.attempt(NOTIFY, payload, f"{notice} {number}")


async def _record(
    desk: Desk, command: Command, kind: steps.NegotiationKind, **fields: object
) -> steps.Negotiated | Answer:
    """Put something on record; what does not count is answered with every reason."""
    offered = desk.state.quote
    if offered is None:
        return Answer(accepted=False, text=f"There is no quote yet ({desk.state.stage}).")
    payload = desk.step(
        steps.Negotiate,
        kind=kind,
        quote_version=offered.version,
        command_id=command.command_id,
        **fields,
    )
    outcome = await desk.attempt(RECORD_NEGOTIATION, payload, f"{kind} on {offered.number}")
    if outcome.problems:
        reasons = "; ".join(str(problem) for problem in outcome.problems)
        return Answer(accepted=False, text=f"Not taken: {reasons}")
    return outcome


def _tell(desk: Desk, notice: steps.Notice, number: int) -> None:
    reference = f"{notice}/{number}"
    desk.put(f"notice:{reference}", AgendaKind.NOTICE, reference=reference)
