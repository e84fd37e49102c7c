"""Usage beside the deals: batches of events, of which only the hash travels, and prepaid credit."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import policies
from workflows.ids import credit_workflow_id, deal_workflow_id, usage_workflow_id

with workflow.unsafe.imports_passed_through():
    from activities.signatures import TAKE_USAGE, TOP_UP
    from models.messages import AccountNotice
    from models.steps import ToppedUp, TopUpCredit, UsageBatch, UsageTaken
    from workflows.requests import (
        CreditRequest,
        UsageRequest,
        refuse,
        refuse_misnamed,
        refuse_unread,
    )


@workflow.defn(name="UsageWorkflow")
class UsageWorkflow:
    """Starts when a batch of events came in; ends when they are on record, or none of them."""

    @workflow.run
    async def run(self, request: UsageRequest | None = None) -> UsageTaken:
        """Take the batch whole, or fail with every line that is wrong."""
        refuse_unread("The batch cannot be read", request)
        batch = UsageBatch.model_validate(request, from_attributes=True)
        refuse_misnamed(usage_workflow_id(batch.file_hash))
        taken: UsageTaken = await workflow.execute_activity(
            TAKE_USAGE.name,
            batch,
            result_type=UsageTaken,
            task_queue=TAKE_USAGE.queue.value,
            start_to_close_timeout=policies.start_to_close(TAKE_USAGE.name),
            heartbeat_timeout=policies.heartbeat_timeout(TAKE_USAGE.name),
            retry_policy=policies.KEEP_TRYING,
            summary=f"usage {batch.file_hash[:12]}",
        )
        refuse("The batch was refused", taken.problems)
        return taken


@workflow.defn(name="CreditWorkflow")
class CreditWorkflow:
    """Starts when a deal is topped up with credit; ends when it is on record and the deal knows."""

    @workflow.run
    async def run(self, request: CreditRequest | None = None) -> ToppedUp:
        """Put the credit on record and have the deal bill it, or fail with every problem."""
        refuse_unread("The credit cannot be read", request)
        asked = TopUpCredit.model_validate(request, from_attributes=True)
        refuse_misnamed(credit_workflow_id(asked.deal, asked.reference))
        sold: ToppedUp = await workflow.execute_activity(
            TOP_UP.name,
            asked,
            result_type=ToppedUp,
            task_queue=TOP_UP.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"{asked.amount} for deal {asked.deal}",
        )
        refuse("The credit was refused", sold.problems)
        deal = workflow.get_external_workflow_handle(deal_workflow_id(asked.deal))
        notice = AccountNotice(
            command_id=f"credit-{asked.reference}"[:80],
            actor=asked.actor,
            cause=sold.pool,
            bill=True,
        )
        try:
            await deal.signal("account_changed", notice)
        except ApplicationError:
            workflow.logger.info("deal %s has ended", asked.deal)
        return sold
