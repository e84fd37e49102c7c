"""Live, then close: the deal lives as long as something can still be due, owed or earned."""

from temporalio import workflow

from workflows.desk import Desk
from workflows.stages import renewal
from workflows.stages.recognition import is_fully_earned

with workflow.unsafe.imports_passed_through():
    from activities.signatures import CLOSE_DEAL, NOTIFY
    from models import steps
    from models.agenda import AgendaKind
    from models.deal import Stage

LOST = ("rejected", "declined", "expired", "withdrawn", "not signed")


async def live(desk: Desk) -> None:
    """Serve the running terms until the last one is over."""
    is_new = desk.state.stage is not Stage.LIVE
    if desk.has_outcome() or not desk.enter(Stage.LIVE):
        return
    if is_new:
        renewal.schedule(desk)
    await desk.until(lambda: _term_is_over(desk))


def _term_is_over(desk: Desk) -> bool:
    if desk.state.term_months:
        return desk.state.term_over
    return is_fully_earned(desk)


async def close(desk: Desk) -> None:
    """Wait until everything is billed, earned and paid, then end the deal in the books."""
    if desk.state.outcome in LOST:
        desk.state.stage = Stage.LOST
        desk.state.agenda = ()
        notice = steps.Notify(
            **desk.step(steps.DealStep).model_dump(),
            notice=steps.Notice.ENDED,
            text=desk.state.outcome,
        )
        await desk.do(NOTIFY, lambda: notice, "tell the seller")
    else:
        desk.enter(Stage.CLOSING)
        if not is_fully_earned(desk):
            desk.put("converge", AgendaKind.CONVERGE)
        await desk.until(lambda: _is_settled(desk))
        desk.state.outcome = "completed"
        desk.state.stage = Stage.COMPLETED
    await desk.do(
        CLOSE_DEAL, lambda: desk.step(steps.CloseDeal, outcome=desk.state.outcome), "close"
    )
    desk.note("q2c", "deal ended", desk.state.outcome)


def _is_settled(desk: Desk) -> bool:
    return is_fully_earned(desk) and desk.state.balance_minor <= 0 and not _is_waiting(desk)


def _is_waiting(desk: Desk) -> bool:
    """Whether a document or a message is still to be dealt with, or something is parked."""
    unpublished = any(item.kind is AgendaKind.PUBLISH for item in desk.state.agenda)
    parked = any(hold.item is not None for hold in desk.state.holds)
    return unpublished or parked or bool(desk.state.deferred)


async def finish(desk: Desk) -> None:
    """Leave nothing unwritten and nobody unanswered before the workflow completes."""
    await desk.leave()
