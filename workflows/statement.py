"""A statement of account: drawn, stored and mailed once for each request."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import policies
from workflows.ids import statement_workflow_id

with workflow.unsafe.imports_passed_through():
    from activities.signatures import SEND_STATEMENT
    from models.credit_steps import SendStatement, StatementSent
    from workflows.requests import StatementRequest, refuse_misnamed, refuse_unread


@workflow.defn(name="StatementWorkflow")
class StatementWorkflow:
    """Starts when somebody wants a statement sent; ends when the mail is out."""

    @workflow.run
    async def run(self, request: StatementRequest | None = None) -> StatementSent:
        """Send the statement; one that cannot be made ends as failed with the reason."""
        refuse_unread("The request cannot be read", request)
        asked = SendStatement.model_validate(request, from_attributes=True)
        refuse_misnamed(statement_workflow_id(asked.customer, asked.key))
        sent: StatementSent = await workflow.execute_activity(
            SEND_STATEMENT.name,
            asked,
            result_type=StatementSent,
            task_queue=SEND_STATEMENT.queue.value,
            start_to_close_timeout=policies.LONG_START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"statement of {asked.customer}",
        )
        if sent.refused_because:
            raise ApplicationError(
                sent.refused_because,
                *[problem.model_dump() for problem in sent.problems],
                type="refused",
                non_retryable=True,
            )
        return sent
