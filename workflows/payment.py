"""A payment: recorded once under its provider's reference, applied, told to its deals."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import policies
from workflows.ids import deal_workflow_id, payment_workflow_id

with workflow.unsafe.imports_passed_through():
    from activities.signatures import PUBLISH_RECEIPT, RECORD_PAYMENT
    from models.messages import PaymentNotice
    from models.steps import PaymentRecorded, PublishReceipt, RecordPayment
    from workflows.requests import PaymentRequest, refuse_misnamed, refuse_unread


@workflow.defn(name="PaymentWorkflow")
class PaymentWorkflow:
    """Starts when money arrives; ends when it is applied, the deals know, and a receipt is out."""

    @workflow.run
    async def run(self, request: PaymentRequest | None = None) -> PaymentRecorded:
        """Record the payment; a refused one ends as failed with the reason."""
        refuse_unread("The payment cannot be read", request)
        payment = RecordPayment.model_validate(request, from_attributes=True)
        refuse_misnamed(payment_workflow_id(payment.provider, payment.reference))
        recorded: PaymentRecorded = await workflow.execute_activity(
            RECORD_PAYMENT.name,
            payment,
            result_type=PaymentRecorded,
            task_queue=RECORD_PAYMENT.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"record {payment.reference}",
        )
        if recorded.refused_because:
            raise ApplicationError(
                recorded.refused_because,
                *[problem.model_dump() for problem in recorded.problems],
                type="refused",
                non_retryable=True,
            )
        for number in recorded.deals:
            await self._tell(number, recorded.payment)
        await workflow.execute_activity(
            PUBLISH_RECEIPT.name,
            PublishReceipt(payment=recorded.payment),
            task_queue=PUBLISH_RECEIPT.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"receipt for {recorded.payment}",
        )
        return recorded

    async def _tell(self, number: str, payment: str) -> None:
        """Tell a deal to re-read the books; a deal that has ended needs no telling."""
        deal = workflow.get_external_workflow_handle(deal_workflow_id(number))
        notice = PaymentNotice(command_id=f"payment-{payment}", actor="payments", payment=payment)
        try:
            await deal.signal("payment_received", notice)
        except ApplicationError:
            workflow.logger.info("deal %s has ended", number)
