"""A correction of an invoice: credited, voided or billed again once, then told to its deal.

It stands beside the deal, so that an invoice of a deal that has ended can be corrected the same.
"""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import credited, policies
from workflows.ids import correction_workflow_id, deal_workflow_id

with workflow.unsafe.imports_passed_through():
    from activities.signatures import CORRECT_INVOICE
    from models.approval_cases import IssuedCredit
    from models.credit_steps import Corrected, CorrectInvoice
    from models.messages import AccountNotice
    from workflows.requests import CorrectionRequest, refuse_misnamed, refuse_unread


@workflow.defn(name="CorrectionWorkflow")
class CorrectionWorkflow:
    """Starts when somebody corrects an invoice; ends when its documents are out."""

    @workflow.run
    async def run(self, request: CorrectionRequest | None = None) -> Corrected:
        """Correct the invoice; a refused correction ends as failed with every problem."""
        refuse_unread("The correction cannot be read", request)
        order = CorrectInvoice.model_validate(request, from_attributes=True)
        refuse_misnamed(correction_workflow_id(order.key))
        done = await self._correct(order)
        issued = IssuedCredit(
            deal=done.deal, term=done.term, number=done.credit_note, at=order.at, on=order.on
        )
        invoices = await credited.follow(issued)
        await self._tell(order, done)
        return done.model_copy(update={"invoices": invoices})

    async def _correct(self, order: CorrectInvoice) -> Corrected:
        done: Corrected = await workflow.execute_activity(
            CORRECT_INVOICE.name,
            order,
            result_type=Corrected,
            task_queue=CORRECT_INVOICE.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"{order.kind.value} {order.invoice}",
        )
        if done.refused_because:
            raise ApplicationError(
                done.refused_because,
                *[problem.model_dump() for problem in done.problems],
                type="refused",
                non_retryable=True,
            )
        return done

    async def _tell(self, order: CorrectInvoice, done: Corrected) -> None:
        """Tell the deal to re-read the books; a deal that has ended needs no telling."""
        deal = workflow.get_external_workflow_handle(deal_workflow_id(done.deal))
        notice = AccountNotice(
            command_id=f"correction-{order.key}"[:80],
            actor="billing",
            cause=done.credit_note or done.invoice,
        )
        try:
            await deal.signal("account_changed", notice)
        except ApplicationError:
            workflow.logger.info("deal %s has ended", done.deal)
