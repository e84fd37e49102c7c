"""Configure: check everything a deal file says before anything is committed."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.desk import Desk
from workflows.ids import deal_workflow_id

with workflow.unsafe.imports_passed_through():
    from activities.signatures import CONFIGURE_DEAL
    from models import steps
    from models.deal import Stage
    from models.errors import Problem
    from workflows.requests import refuse


async def configure(desk: Desk) -> None:
    """Put the deal on record, or end it as failed with every problem listed.

    Raises:
        ApplicationError: the deal file cannot be used; nothing was written.
    """
    if not desk.enter(Stage.CONFIGURE):
        return
    refuse_with(_problems_of_start(desk))
    outcome = await desk.do(
        CONFIGURE_DEAL,
        lambda: desk.step(
            steps.ConfigureDeal,
            file=desk.file.model_dump(exclude={"carried", "problems"}),
            file_hash=desk.file.file_hash,
            test_clock=desk.state.test_clock,
        ),
    )
    refuse_with(outcome.problems)
    desk.state.entity = outcome.entity
    desk.state.customer = outcome.customer
    desk.state.currency = outcome.currency
    desk.state.time_zone = outcome.time_zone
    desk.state.continue_as_new_every = outcome.continue_as_new_every
    desk.note(desk.file.actor or desk.state.seller, "deal started")


async def give_up(desk: Desk) -> None:
    """End a deal that was withdrawn before it was on record: the books know nothing of it.

    Raises:
        ApplicationError: the deal ended before it began.
    """
    if desk.state.stage is Stage.CONFIGURE:
        await desk.drain()
        raise ApplicationError(
            f"Deal {desk.state.number} was {desk.state.outcome} before it was on record.",
            type="refused",
            non_retryable=True,
        )


def _problems_of_start(desk: Desk) -> tuple[Problem, ...]:
    number, workflow_id = desk.file.number, workflow.info().workflow_id
    if desk.file.problems or workflow_id == deal_workflow_id(number):
        return desk.file.problems
    return (
        Problem(
            field="workflow id",
            reason=f"{workflow_id} does not belong to deal {number or '(no number)'}",
            remedy=f"start it as {deal_workflow_id(number or '<number>')}",
        ),
    )


def refuse_with(problems: tuple[Problem, ...]) -> None:
    """End the deal with all its problems, if there are any."""
    refuse("The deal cannot start", problems)
