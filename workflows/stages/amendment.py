"""Amend: take a change of the running contract, wait for its approvals, and book it."""

from temporalio import workflow

from workflows.desk import Desk
from workflows.stages import approval
from workflows.stages.fulfillment import publish, take_outcome

with workflow.unsafe.imports_passed_through():
    from activities.signatures import AMEND_DEAL, BOOK_AMENDMENT, FULFILL_ORDER
    from models import steps
    from models.agenda import AgendaItem, AgendaKind
    from models.deal import AmendmentProgress, Stage
    from models.documents import DocumentKind
    from models.messages import Answer, Command

_RUNNING = (Stage.FULFILL, Stage.LIVE)


async def take_amendment(desk: Desk, command: Command) -> Answer:
    """Change the contract of the running term; one that cannot be made changes nothing."""
    refusal = _refusal(desk, command)
    if refusal or command.amendment is None:
        return Answer(accepted=False, text=refusal)
    asked = command.amendment.model_dump(exclude={"problems", "command_id"})
    payload = desk.step(steps.AmendDeal, command_id=command.command_id, **asked)
    outcome = await desk.attempt(AMEND_DEAL, payload, "amend the contract")
    if outcome.problems:
        reasons = "; ".join(str(problem) for problem in outcome.problems)
        return Answer(accepted=False, text=f"The contract stays as it is: {reasons}")
    if outcome.booked:
        await _take_booked(desk, outcome)
        return Answer(accepted=True, text=_said(outcome), reference=outcome.document)
    progress = AmendmentProgress(
        number=outcome.number,
        quote=outcome.priced.quote,
        approval=approval.approval_of(outcome.priced),
    )
    desk.state.amendment = progress
    approval.ask(desk, progress.approval)
    text = f"Amendment {outcome.number} waits; {approval.left(progress.approval)}."
    return Answer(accepted=True, text=text, reference=f"{outcome.number}")


def _refusal(desk: Desk, command: Command) -> str:
    """Return why nothing can be amended now, or an empty text."""
    state, asked = desk.state, command.amendment
    if asked is None:
        return "The message says nothing: it needs a delta."
    if state.stage not in _RUNNING or not state.contract_signed or state.term_over:
        return f"No contract is running ({state.stage})."
    waiting = state.amendment
    if waiting.number and not approval.is_stopped(waiting.approval):
        return f"Amendment {waiting.number} waits for its approvals; recall it first."
    if asked.delta.end_on is not None and state.renewal.decision == "renew":
        return f"The renewal on {state.ends_on} is accepted; end the next term instead."
    return ""


async def book(desk: Desk, item: AgendaItem) -> None:
    """Book the amendment whose approvals are all given."""
    number = desk.state.amendment.number
    if not number or not approval.is_approved(desk.state.amendment.approval):
        return
    payload = desk.step(steps.BookAmendment, number=number)
    outcome = await desk.attempt(BOOK_AMENDMENT, payload, f"book amendment {number}")
    desk.state.amendment = AmendmentProgress()
    if outcome.problems:
        reasons = "; ".join(str(problem) for problem in outcome.problems)
        desk.hold("amendment", f"amendment {number} cannot be booked: {reasons}", item=item)
        return
    await _take_booked(desk, outcome)
    desk.note("q2c", "amended", _said(outcome))


async def _take_booked(desk: Desk, outcome: steps.DealAmended) -> None:
    """Take over what a booked amendment did, and put its documents and billing on the agenda."""
    if outcome.orders:
        take_outcome(desk, await desk.attempt(FULFILL_ORDER, desk.step(steps.FulfillOrder)))
    publish(desk, DocumentKind.AMENDMENT, outcome.document)
    for number in outcome.credit_notes:
        publish(desk, DocumentKind.CREDIT_NOTE, number)
    if outcome.ended_early and outcome.ends_on is not None:
        desk.state.ends_on = outcome.ends_on
        desk.state.cancel_requested = True
        desk.strike("renewal:", "approval:")
        desk.put_on_day("term-end", AgendaKind.TERM_END, outcome.ends_on, f"term {desk.state.term}")
    desk.put("converge", AgendaKind.CONVERGE)


def _said(outcome: steps.DealAmended) -> str:
    return f"The contract is amended; version {outcome.version} is in force."
