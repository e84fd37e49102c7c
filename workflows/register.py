"""Changes of parties, catalogue, policies and stock: short workflows, each with a history."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import policies
from workflows.ids import (
    deal_workflow_id,
    register_workflow_id,
    stock_workflow_id,
    vat_check_workflow_id,
)

with workflow.unsafe.imports_passed_through():
    from activities.signatures import CHECK_VAT_ID, RECEIVE_STOCK, RECORD_CHANGE
    from models.messages import StockNotice
    from models.steps import (
        ChangeRecorded,
        CheckVatId,
        RegisterChange,
        StockReceipt,
        VatIdChecked,
    )
    from workflows.requests import (
        ChangeRequest,
        ReceiptRequest,
        VatCheckRequest,
        refuse,
        refuse_misnamed,
        refuse_unread,
    )


@workflow.defn(name="RegisterWorkflow")
class RegisterWorkflow:
    """Starts with a changed party, catalogue or policy; ends when its revision is on record."""

    @workflow.run
    async def run(self, request: ChangeRequest | None = None) -> ChangeRecorded:
        """Write the revision, or fail with every problem listed."""
        refuse_unread("The change cannot be read", request)
        change = RegisterChange.model_validate(request, from_attributes=True)
        refuse_misnamed(register_workflow_id(change.kind, change.key), may_go_on=True)
        recorded: ChangeRecorded = await workflow.execute_activity(
            RECORD_CHANGE.name,
            change,
            result_type=ChangeRecorded,
            task_queue=RECORD_CHANGE.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"{change.kind} {change.key}",
        )
        refuse("The change was refused", recorded.problems)
        return recorded


@workflow.defn(name="StockWorkflow")
class StockWorkflow:
    """Starts when goods reach the warehouse; ends when waiting deals have heard of it."""

    @workflow.run
    async def run(self, request: ReceiptRequest | None = None) -> ChangeRecorded:
        """Record the receipt once and tell the deals that wait for it, oldest first."""
        refuse_unread("The receipt cannot be read", request)
        receipt = StockReceipt.model_validate(request, from_attributes=True)
        refuse_misnamed(stock_workflow_id(receipt.entity, receipt.sku, receipt.reference))
        recorded: ChangeRecorded = await workflow.execute_activity(
            RECEIVE_STOCK.name,
            receipt,
            result_type=ChangeRecorded,
            task_queue=RECEIVE_STOCK.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"{receipt.quantity} x {receipt.sku}",
        )
        refuse("The receipt was refused", recorded.problems)
        for number in recorded.deals:
            deal = workflow.get_external_workflow_handle(deal_workflow_id(number))
            command_id = f"stock-{receipt.entity}-{receipt.sku}-{receipt.reference}"
            notice = StockNotice(command_id=command_id, actor=receipt.actor, sku=receipt.sku)
            try:
                await deal.signal("stock_arrived", notice)
            except ApplicationError:
                workflow.logger.info("deal %s has ended", number)
        return recorded


@workflow.defn(name="VatCheckWorkflow")
class VatCheckWorkflow:
    """Starts when a customer's VAT number is to be checked; ends when a verdict is on record."""

    @workflow.run
    async def run(self, request: VatCheckRequest | None = None) -> VatIdChecked:
        """Ask VIES until it answers, or fail with every problem listed."""
        refuse_unread("The check cannot be read", request)
        step = CheckVatId.model_validate(request, from_attributes=True)
        refuse_misnamed(vat_check_workflow_id(step.customer, step.vat_id, step.number))
        checked: VatIdChecked = await workflow.execute_activity(
            CHECK_VAT_ID.name,
            step,
            result_type=VatIdChecked,
            task_queue=CHECK_VAT_ID.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"VIES about {step.vat_id}",
        )
        refuse("The number was not checked", checked.problems)
        return checked
