"""Collect: hear of payments, remind of overdue invoices, hand the last decision to a person."""

from temporalio import workflow

from workflows.desk import Desk
from workflows.stages.fulfillment import publish

with workflow.unsafe.imports_passed_through():
    from activities.signatures import DUN, NOTIFY
    from models import steps
    from models.agenda import AgendaItem, AgendaKind
    from models.documents import DocumentKind
    from models.messages import Answer, Command
    from models.money import Money

DECISION_HOLD = "dunning"


async def dun(desk: Desk, item: AgendaItem) -> None:
    """Send the one reminder that is due, or record that another letter covers it."""
    outcome = await desk.attempt(DUN, desk.step(steps.Dun))
    if outcome.letter:
        publish(desk, DocumentKind.REMINDER, outcome.letter)
        desk.note("q2c", "reminder", f"{outcome.letter} at level {outcome.level}")
    if outcome.covered_by:
        desk.note("q2c", "reminder", f"covered by {outcome.covered_by}")
    desk.take_account(outcome.account)
    if outcome.decision_needed:
        reason = "every reminder was sent: hand over to collection, or keep waiting?"
        desk.hold(DECISION_HOLD, reason, answers=("hand over", "wait"))
        payload = desk.step(steps.Notify, notice=steps.Notice.DUNNING_DECISION, reference=item.key)
        await desk.attempt(NOTIFY, payload)


async def take_change(desk: Desk, command: Command) -> Answer:
    """Re-read the books after something else than a payment changed what is owed."""
    if command.account is None or not command.account.cause:
        return Answer(accepted=False, text="The message says nothing: it needs a cause.")
    if command.account.bill:
        desk.put("converge", AgendaKind.CONVERGE)
    await desk.read_account("")
    return _balance(desk)


async def take_payment(desk: Desk, command: Command) -> Answer:
    """Re-read the books after a payment; a payment that is not on record is refused."""
    notice = command.payment
    if notice is None or not notice.payment:
        text = "A payment is recorded with `q2c pay` or POST /v1/payments; name its number here."
        return Answer(accepted=False, text=text)
    account = await desk.read_account(notice.payment)
    if not account.known:
        text = f"Payment {notice.payment} is not on record for this deal's customer."
        return Answer(accepted=False, text=text)
    return _balance(desk)


def _balance(desk: Desk) -> Answer:
    """Forget the question to hand over where nothing is owed any more, and say what is."""
    if not desk.state.balance_minor:
        desk.release(DECISION_HOLD)
    balance = Money(minor=desk.state.balance_minor, currency=desk.state.currency)
    return Answer(accepted=True, text=f"Balance is now {balance}.")
