"""Changes of parties, catalogue, policies and stock: short workflows, each with a history."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import policies
from workflows.ids import deal_workflow_id

with workflow.unsafe.imports_passed_through():
    from activities.signatures import RECEIVE_STOCK, RECORD_CHANGE
    from models.messages import StockNotice
    from models.steps import ChangeRecorded, RegisterChange, StockReceipt


@workflow.defn(name="RegisterWorkflow")
class RegisterWorkflow:
    """Starts with a changed party, catalogue or policy; ends when its revision is on record."""

    @workflow.run
    async def run(self, request: RegisterChange | None = None) -> ChangeRecorded:
        """Write the revision, or fail with every problem listed."""
        if request is None:
            raise ApplicationError("The change is empty.", type="invalid_input")
        recorded: ChangeRecorded = await workflow.execute_activity(
            RECORD_CHANGE.name,
            request,
            result_type=ChangeRecorded,
            task_queue=RECORD_CHANGE.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"{request.kind} {request.key}",
        )
        _refuse(recorded)
        return recorded


@workflow.defn(name="StockWorkflow")
class StockWorkflow:
    """Starts when goods reach the warehouse; ends when waiting deals have heard of it."""

    @workflow.run
    async def run(self, request: StockReceipt | None = None) -> ChangeRecorded:
        """Record the receipt once and tell the deals that wait for it, oldest first."""
        if request is None:
            raise ApplicationError("The receipt is empty.", type="invalid_input")
        recorded: ChangeRecorded = await workflow.execute_activity(
            RECEIVE_STOCK.name,
            request,
            result_type=ChangeRecorded,
            task_queue=RECEIVE_STOCK.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"{request.quantity} x {request.sku}",
        )
        _refuse(recorded)
        for number in recorded.deals:
            deal = workflow.get_external_workflow_handle(deal_workflow_id(number))
            command_id = f"stock-{request.entity}-{request.sku}-{request.reference}"
            notice = StockNotice(command_id=command_id, actor=request.actor, sku=request.sku)
            try:
                await deal.signal("stock_arrived", notice)
            except ApplicationError:
                workflow.logger.info("deal %s has ended", number)
        return recorded


def _refuse(recorded: ChangeRecorded) -> None:
    if recorded.problems:
        raise ApplicationError(
            "; ".join(str(problem) for problem in recorded.problems),
            *[problem.model_dump() for problem in recorded.problems],
            type="invalid_input",
            non_retryable=True,
        )
