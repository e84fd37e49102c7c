"""Price: turn the configuration into a quote version with its billing plan and approvals."""

from temporalio import workflow

from workflows.desk import Desk
from workflows.stages.approval import approval_of
from workflows.stages.configuration import refuse_with

with workflow.unsafe.imports_passed_through():
    from activities.signatures import PRICE_QUOTE
    from models import steps
    from models.deal import Stage


async def price(desk: Desk) -> None:
    """Make quote version 1; prices that are missing end the deal with all problems listed."""
    if not desk.enter(Stage.PRICE):
        return
    outcome = await desk.do(
        PRICE_QUOTE, lambda: desk.step(steps.PriceQuote, creator=desk.file.actor)
    )
    refuse_with(outcome.problems)
    take_version(desk, outcome)


def take_version(desk: Desk, outcome: steps.QuotePriced) -> None:
    """Put a quote version in force, with the approvals it needs."""
    desk.state.quote = outcome.quote
    desk.state.approval = approval_of(outcome)
