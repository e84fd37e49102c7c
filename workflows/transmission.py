"""Sending an invoice over a network: handed over once, then followed until its answer is final."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import policies
from workflows.ids import deal_workflow_id, transmission_workflow_id

with workflow.unsafe.imports_passed_through():
    from activities.signatures import FOLLOW_EINVOICE, SEND_EINVOICE
    from models.messages import AccountNotice
    from models.transmission import FollowEInvoice, SendEInvoice, Transmitted, next_look
    from workflows.requests import SendRequest, refuse, refuse_misnamed, refuse_unread


@workflow.defn(name="TransmissionWorkflow")
class TransmissionWorkflow:
    """Starts when an invoice is to be sent; ends with the answer, or when nobody answers."""

    @workflow.run
    async def run(self, request: SendRequest | None = None) -> Transmitted:
        """Send the document, tell the deal of each step, and ask the network until it is final."""
        refuse_unread("The request to send cannot be read", request)
        asked = SendEInvoice.model_validate(request, from_attributes=True)
        refuse_misnamed(transmission_workflow_id(asked.number, asked.attempt))
        stands: Transmitted = await workflow.execute_activity(
            SEND_EINVOICE.name,
            asked,
            result_type=Transmitted,
            task_queue=SEND_EINVOICE.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"send {asked.number}, attempt {asked.attempt}",
        )
        refuse("The document was not sent", stands.problems)
        await self._tell(stands)
        looks = 0
        while (pause := next_look(stands.status, looks)) is not None:
            await workflow.sleep(pause, summary=f"ask what became of {asked.number}")
            looks += 1
            before = stands.status
            stands = await self._follow(asked)
            if stands.status is not before:
                await self._tell(stands)
        return stands

    async def _follow(self, asked: SendEInvoice) -> Transmitted:
        """Ask the network once; trouble on the way is tried again until it answers."""
        stands: Transmitted = await workflow.execute_activity(
            FOLLOW_EINVOICE.name,
            FollowEInvoice(number=asked.number, attempt=asked.attempt, at=workflow.now()),
            result_type=Transmitted,
            task_queue=FOLLOW_EINVOICE.queue.value,
            start_to_close_timeout=policies.START_TO_CLOSE,
            retry_policy=policies.KEEP_TRYING,
            summary=f"ask for {asked.number}",
        )
        return stands

    async def _tell(self, stands: Transmitted) -> None:
        """Tell the deal, which holds what came back; one that has ended needs no telling."""
        deal = workflow.get_external_workflow_handle(deal_workflow_id(stands.deal))
        name = f"{stands.number} {stands.status} {stands.attempt}"
        notice = AccountNotice(command_id=f"e-{name}"[:80], actor="network", cause=name)
        try:
            await deal.signal("account_changed", notice)
        except ApplicationError:
            workflow.logger.info("deal %s has ended", stands.deal)
