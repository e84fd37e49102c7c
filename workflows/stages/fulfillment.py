"""Fulfill: reserve, back-order or provision the order; take deliveries as they are confirmed."""

from temporalio import workflow

from workflows.desk import Desk

with workflow.unsafe.imports_passed_through():
    from activities.signatures import (
        CANCEL_LINE,
        CONFIRM_DELIVERY,
        CONFIRM_MILESTONE,
        FULFILL_ORDER,
    )
    from models import steps
    from models.agenda import AgendaKind
    from models.charges import Transfer
    from models.deal import Stage
    from models.documents import DocumentKind
    from models.messages import MILESTONE, Answer, Command, Delivery

COMMITTED = (Stage.FULFILL, Stage.LIVE, Stage.CLOSING)


async def fulfill(desk: Desk) -> None:
    """Start the order: stock and services, the confirmation to the customer, the work orders."""
    if desk.has_outcome() or not desk.enter(Stage.FULFILL):
        return
    outcome = await desk.do(FULFILL_ORDER, lambda: desk.step(steps.FulfillOrder))
    take_outcome(desk, outcome)


def take_outcome(desk: Desk, outcome: steps.FulfillmentOutcome) -> None:
    """Take over where the order stands, and put its documents and billing on the agenda."""
    desk.state.undelivered = outcome.undelivered
    desk.state.back_ordered = outcome.back_ordered
    if outcome.confirmation:
        publish(desk, DocumentKind.ORDER_CONFIRMATION, outcome.confirmation)
    for number in outcome.work_orders:
        publish(desk, DocumentKind.WORK_ORDER, number)
    if outcome.delivery_note:
        publish(desk, DocumentKind.DELIVERY_NOTE, outcome.delivery_note)
    desk.put("converge", AgendaKind.CONVERGE)


def publish(desk: Desk, kind: DocumentKind, number: str) -> None:
    """Put a document's rendering and mailing on the agenda."""
    desk.put(f"publish:{kind}:{number}", AgendaKind.PUBLISH, reference=f"{kind}/{number}")


async def take_delivery(desk: Desk, command: Command) -> Answer:
    """Record that order lines were shipped, delivered or accepted."""
    delivery = command.delivery
    if delivery is None or desk.state.stage not in COMMITTED:
        return Answer(accepted=False, text=f"Nothing is to be delivered ({desk.state.stage}).")
    if delivery.event == MILESTONE:
        return await _take_milestone(desk, command, delivery)
    if delivery.event not in set(Transfer):
        known = ", ".join((*Transfer, MILESTONE))
        return Answer(accepted=False, text=f"There is no event {delivery.event}; use {known}.")
    payload = desk.step(
        steps.ConfirmDelivery,
        lines=delivery.lines,
        event=Transfer(delivery.event),
        command_id=command.command_id,
        actor=delivery.actor,
    )
    if delivery.delivered_on is not None:
        payload = payload.model_copy(update={"on": delivery.delivered_on})
    outcome = await desk.attempt(CONFIRM_DELIVERY, payload)
    if outcome.refused_because:
        return Answer(accepted=False, text=outcome.refused_because)
    take_outcome(desk, outcome)
    text = f"Recorded; {outcome.undelivered} lines are still to be delivered."
    return Answer(accepted=True, text=text, reference=outcome.delivery_note)


async def _take_milestone(desk: Desk, command: Command, delivery: Delivery) -> Answer:
    """Record that the one named milestone was reached, and bill what waited for it."""
    if len(delivery.lines) != 1:
        return Answer(accepted=False, text="Name one milestone in `lines`.")
    payload = desk.step(
        steps.ConfirmMilestone,
        milestone=delivery.lines[0],
        reached_on=delivery.delivered_on,
        command_id=command.command_id,
        actor=delivery.actor,
    )
    outcome = await desk.attempt(CONFIRM_MILESTONE, payload)
    if outcome.refused_because:
        return Answer(accepted=False, text=outcome.refused_because)
    desk.put("converge", AgendaKind.CONVERGE)
    return Answer(accepted=True, text=f"Milestone {outcome.milestone} is reached.")


async def take_stock(desk: Desk, command: Command) -> Answer:
    """Reserve back-ordered lines now that stock has arrived."""
    if desk.state.stage not in COMMITTED or not desk.state.back_ordered:
        return Answer(accepted=False, text="Nothing is back-ordered.")
    before = desk.state.back_ordered
    take_outcome(desk, await desk.attempt(FULFILL_ORDER, desk.step(steps.FulfillOrder)))
    return Answer(accepted=True, text=f"{before - desk.state.back_ordered} lines reserved.")


async def take_line_cancellation(desk: Desk, command: Command) -> Answer:
    """Give up an undelivered line."""
    cancellation = command.line_cancellation
    if cancellation is None or desk.state.stage not in COMMITTED:
        return Answer(accepted=False, text=f"There is no order line ({desk.state.stage}).")
    payload = desk.step(
        steps.CancelLine,
        line=cancellation.line,
        reason=cancellation.reason,
        actor=cancellation.actor,
    )
    outcome = await desk.attempt(CANCEL_LINE, payload)
    if outcome.refused_because:
        return Answer(accepted=False, text=outcome.refused_because)
    take_outcome(desk, outcome)
    return Answer(accepted=True, text=f"Line {cancellation.line} is canceled.")
