"""The deal: one workflow from the first offer to the last payment of the last term."""

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from workflows import alternatives
from workflows.amendable import Amendable
from workflows.desk import Desk, OfferEndedError
from workflows.stages import (
    amendment,
    approval,
    billing,
    closing,
    collection,
    configuration,
    contract,
    fulfillment,
    negotiation,
    operation,
    pricing,
    quoting,
    renewal,
)

with workflow.unsafe.imports_passed_through():
    from models.agenda import AgendaItem, AgendaKind
    from models.deal import AuditEntry, DealInput, DealResult, DealState, upcast
    from models.messages import (
        AccountNotice,
        Answer,
        Cancellation,
        ClockAdvance,
        Command,
        Comment,
        CounterAnswer,
        CounterOffer,
        Decision,
        Delivery,
        LineCancellation,
        LinkRevocation,
        Message,
        PaymentNotice,
        Resolve,
        Retry,
        Revision,
        StockNotice,
    )
    from workflows.visibility import details_of

COMMANDS = {
    "approve": approval.take_approval,
    "reject": approval.take_rejection,
    "counter": approval.take_counter,
    "recall": approval.take_recall,
    "resubmit": approval.take_resubmission,
    "override": approval.take_override,
    "review": approval.take_review,
    "accept_quote": quoting.take_acceptance,
    "decline_quote": quoting.take_decline,
    "revise_quote": quoting.take_revision,
    "comment": negotiation.take_comment,
    "counter_offer": negotiation.take_counter_offer,
    "answer_counter_offer": negotiation.take_answer,
    "revoke_link": negotiation.take_revocation,
    "contract_signed": contract.take_signature,
    "delivery_confirmed": fulfillment.take_delivery,
    "stock_arrived": fulfillment.take_stock,
    "cancel_line": fulfillment.take_line_cancellation,
    "payment_received": collection.take_payment,
    "account_changed": collection.take_change,
    "renew": renewal.take_renewal,
    "decline_renewal": renewal.take_refusal,
    "cancel": renewal.take_cancellation,
    "amend": amendment.take_amendment,
    "retry": operation.take_retry,
    "resolve": operation.take_resolution,
    "advance_clock": operation.take_clock,
}

ITEMS = {
    AgendaKind.NOTICE: negotiation.notify,
    AgendaKind.APPROVAL_REQUEST: approval.request,
    AgendaKind.APPROVAL_REMINDER: approval.remind,
    AgendaKind.APPROVAL_ESCALATION: approval.escalate,
    AgendaKind.QUOTE_EXPIRY: quoting.expire,
    AgendaKind.SIGNATURE_DEADLINE: contract.give_up,
    AgendaKind.AMENDMENT: amendment.book,
    AgendaKind.CONVERGE: billing.converge,
    AgendaKind.PUBLISH: billing.publish_document,
    AgendaKind.DUN: collection.dun,
    AgendaKind.RENEWAL_QUOTE: renewal.prepare,
    AgendaKind.RENEWAL_OFFER: renewal.offer,
    AgendaKind.RENEWAL_ALARM: renewal.alarm,
    AgendaKind.RENEWAL_REMINDER: renewal.remind,
    AgendaKind.TERM_END: renewal.end_term,
}


@workflow.defn(name="DealWorkflow")
class DealWorkflow(Amendable):
    """Starts with a deal file; ends when the deal is lost, or over, earned and paid."""

    def __init__(self) -> None:
        self._desk = Desk(COMMANDS, ITEMS)

    @workflow.run
    async def run(self, request: DealInput | None = None) -> DealResult:
        """Walk the deal through its stages, in this run or a later one."""
        desk = self._desk
        self._begin(request)
        try:
            await configuration.configure(desk)
            await pricing.price(desk)
            await quoting.begin_alternatives(desk)
            while not quoting.is_decided(desk):
                await quoting.quote(desk)
                alternatives.restore(desk)
                await approval.approve(desk)
                await alternatives.approve(desk)
                await quoting.accept(desk)
            await contract.contract(desk)
            await fulfillment.fulfill(desk)
        except OfferEndedError:
            await configuration.give_up(desk)
        await closing.live(desk)
        await closing.close(desk)
        await closing.finish(desk)
        state = desk.state
        return DealResult(number=state.number, outcome=state.outcome, terms=state.term)

    def _begin(self, request: DealInput | None) -> None:
        """Take over what an earlier run carried, or the deal file of a new deal."""
        file = request or DealInput.model_validate("no input")
        self._desk.file = file
        if file.carried is not None and workflow.info().continued_run_id is not None:
            self._desk.state = upcast(file.carried)
            return
        state = self._desk.state
        state.number, state.seller = file.number, file.seller
        state.signature_days = file.signature_days
        state.test_clock, state.clock = file.test_clock is not None, file.test_clock

    def _take(self, name: str, message: Message | None, **fields: Any) -> Command:
        """Put a message in the inbox under its name; one without identity gets one."""
        known = message.command_id if message else ""
        command_id = known or self._desk.next_command_id(name)
        command = Command(name=name, command_id=command_id, **fields)
        self._desk.receive(command)
        return command

    async def _answer(self, command: Command) -> Answer:
        """Wait until the loop has served a command and return its answer.

        Raises:
            ApplicationError: the command was refused.
        """
        desk = self._desk
        await workflow.wait_condition(lambda: desk.answer_to(command.command_id) is not None)
        answer = desk.answer_to(command.command_id)
        if answer is None or not answer.accepted:
            text = answer.text if answer else "The deal ended before it could answer."
            raise ApplicationError(text, type="refused", non_retryable=True)
        return answer

    def _check(self, message: Message | None) -> None:
        """Refuse what can be refused from memory; it never enters the history.

        Raises:
            ApplicationError: the message cannot be read.
        """
        if message is None:
            raise ApplicationError("The message is empty.", type="invalid_input")
        if message.problems:
            listed = "; ".join(str(problem) for problem in message.problems)
            raise ApplicationError(f"The message cannot be read: {listed}", type="invalid_input")

    @workflow.signal(name="approve")
    def approve(self, message: Decision | None = None) -> None:
        """Approve: an approver's yes."""
        self._take("approve", message, decision=message)

    @workflow.update(name="approve")
    async def approve_now(self, message: Decision | None = None) -> Answer:
        """Approve: an approver's yes, and hear what became of it."""
        return await self._answer(self._take("approve", message, decision=message))

    @approve_now.validator
    def check_approve(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="reject")
    def reject(self, message: Decision | None = None) -> None:
        """Reject: an approver's no, with its reason."""
        self._take("reject", message, decision=message)

    @workflow.update(name="reject")
    async def reject_now(self, message: Decision | None = None) -> Answer:
        """Reject: an approver's no, with its reason, and hear what became of it."""
        return await self._answer(self._take("reject", message, decision=message))

    @reject_now.validator
    def check_reject(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="counter")
    def counter(self, message: Decision | None = None) -> None:
        """Counter: what an approver would say yes to instead."""
        self._take("counter", message, decision=message)

    @workflow.update(name="counter")
    async def counter_now(self, message: Decision | None = None) -> Answer:
        """Counter: what an approver would say yes to instead, and hear what became of it."""
        return await self._answer(self._take("counter", message, decision=message))

    @counter_now.validator
    def check_counter(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="recall")
    def recall(self, message: Decision | None = None) -> None:
        """Recall the quote from its approvers."""
        self._take("recall", message, decision=message)

    @workflow.update(name="recall")
    async def recall_now(self, message: Decision | None = None) -> Answer:
        """Recall the quote from its approvers, and hear what became of it."""
        return await self._answer(self._take("recall", message, decision=message))

    @recall_now.validator
    def check_recall(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="resubmit")
    def resubmit(self, message: Decision | None = None) -> None:
        """Hand a recalled or countered quote in again, unchanged."""
        self._take("resubmit", message, decision=message)

    @workflow.update(name="resubmit")
    async def resubmit_now(self, message: Decision | None = None) -> Answer:
        """Hand a recalled or countered quote in again, unchanged, and hear what became of it."""
        return await self._answer(self._take("resubmit", message, decision=message))

    @resubmit_now.validator
    def check_resubmit(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="override")
    def override(self, message: Decision | None = None) -> None:
        """Approve for everybody, in an emergency."""
        self._take("override", message, decision=message)

    @workflow.update(name="override")
    async def override_now(self, message: Decision | None = None) -> Answer:
        """Approve for everybody, in an emergency, and hear what became of it."""
        return await self._answer(self._take("override", message, decision=message))

    @override_now.validator
    def check_override(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="review")
    def review(self, message: Decision | None = None) -> None:
        """Review an override afterwards."""
        self._take("review", message, decision=message)

    @workflow.update(name="review")
    async def review_now(self, message: Decision | None = None) -> Answer:
        """Review an override afterwards, and hear what became of it."""
        return await self._answer(self._take("review", message, decision=message))

    @review_now.validator
    def check_review(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="accept_quote")
    def accept_quote(self, message: Decision | None = None) -> None:
        """Accept the quote: the customer's yes."""
        self._take("accept_quote", message, decision=message)

    @workflow.update(name="accept_quote")
    async def accept_quote_now(self, message: Decision | None = None) -> Answer:
        """Accept the quote: the customer's yes, and hear what became of it."""
        return await self._answer(self._take("accept_quote", message, decision=message))

    @accept_quote_now.validator
    def check_accept_quote(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="decline_quote")
    def decline_quote(self, message: Decision | None = None) -> None:
        """Decline the quote: the customer's no."""
        self._take("decline_quote", message, decision=message)

    @workflow.update(name="decline_quote")
    async def decline_quote_now(self, message: Decision | None = None) -> Answer:
        """Decline the quote: the customer's no, and hear what became of it."""
        return await self._answer(self._take("decline_quote", message, decision=message))

    @decline_quote_now.validator
    def check_decline_quote(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="revise_quote")
    def revise_quote(self, message: Revision | None = None) -> None:
        """Revise the quote: a change makes the next version of what is on offer."""
        self._take("revise_quote", message, revision=message)

    @workflow.update(name="revise_quote")
    async def revise_quote_now(self, message: Revision | None = None) -> Answer:
        """Revise the quote, and hear which version replaces it, or why none does."""
        return await self._answer(self._take("revise_quote", message, revision=message))

    @revise_quote_now.validator
    def check_revise_quote(self, message: Revision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="comment")
    def comment(self, message: Comment | None = None) -> None:
        """Comment on the offer, for the other side."""
        self._take("comment", message, comment=message)

    @workflow.update(name="comment")
    async def comment_now(self, message: Comment | None = None) -> Answer:
        """Comment on the offer, for the other side, and hear what became of it."""
        return await self._answer(self._take("comment", message, comment=message))

    @comment_now.validator
    def check_comment(self, message: Comment | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="counter_offer")
    def counter_offer(self, message: CounterOffer | None = None) -> None:
        """Make a counter-offer: what a buyer would take instead."""
        self._take("counter_offer", message, counter_offer=message)

    @workflow.update(name="counter_offer")
    async def counter_offer_now(self, message: CounterOffer | None = None) -> Answer:
        """Make a counter-offer: what a buyer would take instead, and hear what became of it."""
        return await self._answer(self._take("counter_offer", message, counter_offer=message))

    @counter_offer_now.validator
    def check_counter_offer(self, message: CounterOffer | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="answer_counter_offer")
    def answer_counter_offer(self, message: CounterAnswer | None = None) -> None:
        """Accept or reject the buyer's counter-offer."""
        self._take("answer_counter_offer", message, counter_answer=message)

    @workflow.update(name="answer_counter_offer")
    async def answer_counter_offer_now(self, message: CounterAnswer | None = None) -> Answer:
        """Accept or reject the buyer's counter-offer, and hear what became of it."""
        return await self._answer(
            self._take("answer_counter_offer", message, counter_answer=message)
        )

    @answer_counter_offer_now.validator
    def check_answer_counter_offer(self, message: CounterAnswer | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="revoke_link")
    def revoke_link(self, message: LinkRevocation | None = None) -> None:
        """End the links to a contact's buyer page."""
        self._take("revoke_link", message, link_revocation=message)

    @workflow.update(name="revoke_link")
    async def revoke_link_now(self, message: LinkRevocation | None = None) -> Answer:
        """End the links to a contact's buyer page, and hear what became of it."""
        return await self._answer(self._take("revoke_link", message, link_revocation=message))

    @revoke_link_now.validator
    def check_revoke_link(self, message: LinkRevocation | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="contract_signed")
    def contract_signed(self, message: Decision | None = None) -> None:
        """Sign the contract: one signer's signature."""
        self._take("contract_signed", message, decision=message)

    @workflow.update(name="contract_signed")
    async def contract_signed_now(self, message: Decision | None = None) -> Answer:
        """Sign the contract: one signer's signature, and hear what became of it."""
        return await self._answer(self._take("contract_signed", message, decision=message))

    @contract_signed_now.validator
    def check_contract_signed(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="delivery_confirmed")
    def delivery_confirmed(self, message: Delivery | None = None) -> None:
        """Order lines were shipped, delivered or accepted."""
        self._take("delivery_confirmed", message, delivery=message)

    @workflow.update(name="delivery_confirmed")
    async def delivery_confirmed_now(self, message: Delivery | None = None) -> Answer:
        """Order lines were shipped, delivered or accepted, and hear what became of it."""
        return await self._answer(self._take("delivery_confirmed", message, delivery=message))

    @delivery_confirmed_now.validator
    def check_delivery_confirmed(self, message: Delivery | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="stock_arrived")
    def stock_arrived(self, message: StockNotice | None = None) -> None:
        """Stock arrived for back-ordered lines."""
        self._take("stock_arrived", message, stock=message)

    @workflow.update(name="stock_arrived")
    async def stock_arrived_now(self, message: StockNotice | None = None) -> Answer:
        """Stock arrived for back-ordered lines, and hear what became of it."""
        return await self._answer(self._take("stock_arrived", message, stock=message))

    @stock_arrived_now.validator
    def check_stock_arrived(self, message: StockNotice | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="cancel_line")
    def cancel_line(self, message: LineCancellation | None = None) -> None:
        """Give up an undelivered order line."""
        self._take("cancel_line", message, line_cancellation=message)

    @workflow.update(name="cancel_line")
    async def cancel_line_now(self, message: LineCancellation | None = None) -> Answer:
        """Give up an undelivered order line, and hear what became of it."""
        return await self._answer(self._take("cancel_line", message, line_cancellation=message))

    @cancel_line_now.validator
    def check_cancel_line(self, message: LineCancellation | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="payment_received")
    def payment_received(self, message: PaymentNotice | None = None) -> None:
        """A payment is on record; re-read the books."""
        self._take("payment_received", message, payment=message)

    @workflow.update(name="payment_received")
    async def payment_received_now(self, message: PaymentNotice | None = None) -> Answer:
        """A payment is on record; re-read the books, and hear what became of it."""
        return await self._answer(self._take("payment_received", message, payment=message))

    @payment_received_now.validator
    def check_payment_received(self, message: PaymentNotice | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="account_changed")
    def account_changed(self, message: AccountNotice | None = None) -> None:
        """What is owed changed; re-read the books."""
        self._take("account_changed", message, account=message)

    @workflow.update(name="account_changed")
    async def account_changed_now(self, message: AccountNotice | None = None) -> Answer:
        """What is owed changed; re-read the books, and hear what became of it."""
        return await self._answer(self._take("account_changed", message, account=message))

    @account_changed_now.validator
    def check_account_changed(self, message: AccountNotice | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="renew")
    def renew(self, message: Decision | None = None) -> None:
        """Accept the renewal: the customer's yes to the next term."""
        self._take("renew", message, decision=message)

    @workflow.update(name="renew")
    async def renew_now(self, message: Decision | None = None) -> Answer:
        """Accept the renewal: the customer's yes to the next term, and hear what became of it."""
        return await self._answer(self._take("renew", message, decision=message))

    @renew_now.validator
    def check_renew(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="decline_renewal")
    def decline_renewal(self, message: Decision | None = None) -> None:
        """Decline the renewal: the customer's no to the next term."""
        self._take("decline_renewal", message, decision=message)

    @workflow.update(name="decline_renewal")
    async def decline_renewal_now(self, message: Decision | None = None) -> Answer:
        """Decline the renewal: the customer's no to the next term, and hear what became of it."""
        return await self._answer(self._take("decline_renewal", message, decision=message))

    @decline_renewal_now.validator
    def check_decline_renewal(self, message: Decision | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="cancel")
    def cancel(self, message: Cancellation | None = None) -> None:
        """End the deal with its current term."""
        self._take("cancel", message, cancellation=message)

    @workflow.update(name="cancel")
    async def cancel_now(self, message: Cancellation | None = None) -> Answer:
        """End the deal with its current term, and hear what became of it."""
        return await self._answer(self._take("cancel", message, cancellation=message))

    @cancel_now.validator
    def check_cancel(self, message: Cancellation | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="retry")
    def retry(self, message: Retry | None = None) -> None:
        """Try parked items again."""
        self._take("retry", message, retry=message)

    @workflow.update(name="retry")
    async def retry_now(self, message: Retry | None = None) -> Answer:
        """Try parked items again, and hear what became of it."""
        return await self._answer(self._take("retry", message, retry=message))

    @retry_now.validator
    def check_retry(self, message: Retry | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="resolve")
    def resolve(self, message: Resolve | None = None) -> None:
        """Answer the question of a parked item."""
        self._take("resolve", message, resolve=message)

    @workflow.update(name="resolve")
    async def resolve_now(self, message: Resolve | None = None) -> Answer:
        """Answer the question of a parked item, and hear what became of it."""
        return await self._answer(self._take("resolve", message, resolve=message))

    @resolve_now.validator
    def check_resolve(self, message: Resolve | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(name="advance_clock")
    def advance_clock(self, message: ClockAdvance | None = None) -> None:
        """Move the test clock forward."""
        self._take("advance_clock", message, clock=message)

    @workflow.update(name="advance_clock")
    async def advance_clock_now(self, message: ClockAdvance | None = None) -> Answer:
        """Move the test clock forward, and hear what became of it."""
        return await self._answer(self._take("advance_clock", message, clock=message))

    @advance_clock_now.validator
    def check_advance_clock(self, message: ClockAdvance | None = None) -> None:
        """Refuse a message that cannot be read."""
        self._check(message)

    @workflow.signal(dynamic=True)
    def unknown(self, name: str, args: Sequence[RawValue]) -> None:  # noqa: ARG002
        """Record a message nobody understands; it changes nothing."""
        self._take(name, None)

    @workflow.query(name="state")
    def state(self) -> DealState:
        """Everything the deal carries."""
        return self._desk.state

    @workflow.query(name="agenda")
    def agenda(self) -> tuple[AgendaItem, ...]:
        """What is due, in order."""
        return self._desk.state.agenda

    @workflow.query(name="audit")
    def audit(self) -> tuple[AuditEntry, ...]:
        """The last fifty entries of the audit trail; all of them are in the books."""
        return self._desk.state.audit

    @workflow.query(name="details")
    def details(self) -> str:
        """Where the deal is, as markdown."""
        return details_of(self._desk.state, self._desk.now())
