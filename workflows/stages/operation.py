"""Operate: what an engineer or finance may tell any deal at any stage."""

from temporalio import workflow

from workflows.desk import Desk
from workflows.stages import billing, collection, renewal

with workflow.unsafe.imports_passed_through():
    from models import agenda as agendas
    from models.deal import Hold
    from models.messages import Answer, Command


async def take_retry(desk: Desk, command: Command) -> Answer:
    """Bring parked items back: the named one, or all; failed ones are tried at once."""
    wanted = command.retry.item if command.retry else ""
    parked = [hold for hold in desk.state.holds if wanted in ("", hold.key) and hold.item]
    waiting = [
        item for item in desk.state.agenda if item.retry_at is not None and wanted in ("", item.key)
    ]
    for hold in parked:
        desk.release(hold.key)
    for item in (*waiting, *(hold.item for hold in parked if hold.item)):
        fresh = item.model_copy(update={"retry_at": None, "attempts": 0})
        desk.state.agenda = agendas.put(desk.state.agenda, fresh)
    if not parked and not waiting:
        open_holds = ", ".join(hold.key for hold in desk.state.holds) or "nothing"
        text = f"There is no parked item {wanted or 'to retry'}; on hold: {open_holds}."
        return Answer(accepted=False, text=text)
    return Answer(accepted=True, text=f"{len(parked) + len(waiting)} items are tried again.")


async def take_resolution(desk: Desk, command: Command) -> Answer:
    """Answer a parked item's question with one of the answers it offers."""
    resolve = command.resolve
    hold = _find(desk, resolve.item if resolve else "")
    if resolve is None or hold is None:
        open_holds = ", ".join(entry.key for entry in desk.state.holds) or "nothing"
        return Answer(accepted=False, text=f"No such hold; on hold: {open_holds}.")
    if resolve.answer not in hold.answers:
        known = ", ".join(hold.answers) or "none; fix the cause and use `retry`"
        text = f"{hold.key} does not take the answer {resolve.answer!r}; answers: {known}."
        return Answer(accepted=False, text=text)
    if hold.key == renewal.HOLD and resolve.answer == "renew":
        missing = renewal.missing_for_renewal(desk)
        if missing:
            return Answer(accepted=False, text=missing)
    await _carry_out(desk, hold, resolve.answer)
    if hold in desk.state.holds:
        desk.release(hold.key)
    return Answer(accepted=True, text=f"{hold.key}: {resolve.answer}.")


def _find(desk: Desk, key: str) -> Hold | None:
    return next((hold for hold in desk.state.holds if key in ("", hold.key)), None)


async def _carry_out(desk: Desk, hold: Hold, answer: str) -> None:
    if hold.key == renewal.HOLD and answer == "renew":
        await renewal.renew(desk)
    elif hold.key == renewal.HOLD:
        desk.state.cancel_requested = True
        if not any(item.key == "term-end" for item in desk.state.agenda):
            desk.state.term_over = True
    elif hold.key == collection.DECISION_HOLD:
        desk.note("finance", "dunning decision", answer)
    elif hold.key == billing.BILLING_HOLD:
        return


async def take_clock(desk: Desk, command: Command) -> Answer:
    """Set how far the test clock moves; the loop steps it from item to item."""
    state, until = desk.state, command.clock.until if command.clock else None
    if state.clock is None:
        return Answer(accepted=False, text="This deal runs on the wall clock; it cannot be moved.")
    if until is None:
        return Answer(accepted=False, text="Say until when, e.g. 2026-03-01T09:00:00Z.")
    if until <= state.clock:
        text = f"The test clock stands at {state.clock.isoformat()} and only moves forward."
        return Answer(accepted=False, text=text)
    state.clock_target = until
    return Answer(accepted=True, text=f"The clock moves to {until.isoformat()}.")
