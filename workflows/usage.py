"""A batch of usage: its events are in the document store, and only their hash travels here."""

from temporalio import workflow

from workflows import policies
from workflows.ids import usage_workflow_id

with workflow.unsafe.imports_passed_through():
    from activities.signatures import TAKE_USAGE
    from models.steps import UsageBatch, UsageTaken
    from workflows.requests import UsageRequest, refuse, refuse_misnamed, refuse_unread


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
