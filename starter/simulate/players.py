"""The people of a simulation: they approve, accept, sign, deliver and pay, as soon as it is time."""

import asyncio
import time
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, func, select
from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.signatures import Queue
from models.agenda import AgendaKind
from models.approval import ApprovalStep, StepStatus
from models.deal import DealInput, DealState, QuoteReference, Stage, local_date
from models.decisions import DecisionKind, decision_token
from models.errors import InvalidInputError, Problem
from models.messages import Answer, ClockAdvance, Decision, Delivery, Message
from models.money import Money
from models.steps import PaymentRecorded, RecordPayment
from models.tables import InvoiceRow, PaymentApplicationRow
from models.value import Value
from starter.service.decisions import first_buyer
from starter.service.register import customer_of
from starter.simulate.request import SimulationRequest, morning_of
from starter.simulate.world import SimulationError, World
from workflows.ids import deal_workflow_id, payment_workflow_id

PROVIDER = "simulation"

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.004
_EARLY = (Stage.CONFIGURE, Stage.PRICE)
_ENDED = (Stage.COMPLETED, Stage.LOST)
_ONE_DAY = timedelta(days=1)


class OpenInvoice(Value):
    """An invoice with a balance."""

    number: str
    due_on: date
    balance_minor: int


class Players:
    """Everybody around one simulated deal."""

    def __init__(self, world: World, request: SimulationRequest) -> None:
        self._world = world
        self._request = request
        self._number = request.file.number
        self._handle: WorkflowHandle[object, object] = world.client.get_workflow_handle(
            deal_workflow_id(self._number)
        )
        self._given_up: set[str] = set()

    async def play(self) -> DealState:
        """Start the deal and play it to the last day; return where it then is.

        Raises `InvalidInputError` if the file cannot be sold, and `SimulationError` if the deal
        comes to nothing within a minute.
        """
        await self._start()
        last = max(morning_of(self._request.until), self._request.start)
        state = await self._act()
        while state.stage not in _ENDED and _clock(state) < last:
            await self._advance(self._next_stop(state, last))
            state = await self._act()
        return state

    async def _start(self) -> None:
        file = self._request.file
        await self._world.client.start_workflow(
            "DealWorkflow",
            DealInput(**file.model_dump(), actor=file.seller),
            id=deal_workflow_id(self._number),
            task_queue=Queue.CORE.value,
        )

    async def _act(self) -> DealState:
        """Let everybody do what the deal waits for now; return when it waits for time only."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            state = await self._state()
            if state.stage in _EARLY:
                await self._raise_if_failed()
            if state.stage in _ENDED or await self._is_done(state):
                return state
            if time.monotonic() > deadline:
                raise SimulationError(_stuck(state))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _is_done(self, state: DealState) -> bool:
        """Do the next thing somebody has to do; whether there is nothing left today."""
        if any(hold.key.startswith("step:") for hold in state.holds):
            raise SimulationError(_stuck(state))
        if await self._approve(state) or await self._conclude(state):
            return False
        if state.stage is not Stage.LIVE and state.stage is not Stage.CLOSING:
            return False
        if any(item.due_at <= _clock(state) for item in state.agenda):
            return False
        return not (await self._deliver(state) or await self._pay(state))

    async def _approve(self, state: DealState) -> bool:
        renewal = state.renewal
        paths = ((state.quote, state.approval), (renewal.quote, renewal.approval))
        for quote, approval in paths:
            active = [step for step in approval.steps if step.status is StepStatus.ACTIVE]
            if quote is not None and active and state.stage in (Stage.APPROVE, Stage.LIVE):
                await self._tell("approve", self._approval(quote, active[0]))
                return True
        return False

    def _approval(self, quote: QuoteReference, step: ApprovalStep) -> Decision:
        return self._decision(step.approver, quote.content_hash, step.key).model_copy(
            update={"step": step.key}
        )

    def _decision(self, person: str, content_hash: str, asked: str) -> Decision:
        token = decision_token(self._world.secret, self._number, asked, person, content_hash)
        return Decision(person=person, content_hash=content_hash, token=token)

    async def _conclude(self, state: DealState) -> bool:
        """Accept the quote as the customer, or sign the contract as whoever has not yet."""
        quote = state.quote
        if quote is None:
            return False
        if state.stage is Stage.ACCEPT and state.quote_sent and not state.accepted:
            buyer = self._world.books.read(self._buyer)
            decision = self._decision(buyer, quote.content_hash, DecisionKind.ACCEPT)
            await self._tell("accept_quote", decision)
            return True
        unsigned = [signer.person for signer in state.signers if signer.signed_at is None]
        if state.stage is Stage.CONTRACT and unsigned:
            decision = self._decision(unsigned[0], quote.content_hash, DecisionKind.SIGN)
            await self._tell("contract_signed", decision)
            return True
        return False

    def _buyer(self, session: Session) -> str:
        customer = customer_of(session, self._request.file.customer)
        return first_buyer(customer) if customer else ""

    async def _deliver(self, state: DealState) -> bool:
        """Hand over what is not handed over yet, and have it accepted where that counts."""
        if not state.undelivered:
            return False
        for event in ("deliver", "accept"):
            key = f"{state.term}:{state.undelivered}:{event}"
            if key in self._given_up:
                continue
            self._given_up.add(key)
            answer = await self._send("delivery_confirmed", Delivery(event=event))
            if answer is not None:
                return True
        return False

    async def _pay(self, state: DealState) -> bool:
        """Pay every invoice whose day has come."""
        today = local_date(_clock(state), state.time_zone)
        due = [
            invoice
            for invoice in self._open_invoices()
            if (day := self._request.paying.day_for(invoice.due_on)) is not None and day <= today
        ]
        for invoice in due:
            await self._pay_invoice(state, invoice, today)
        return bool(due)

    async def _pay_invoice(self, state: DealState, invoice: OpenInvoice, today: date) -> None:
        reference = f"{invoice.number}-{invoice.balance_minor}"
        payment = RecordPayment(
            provider=PROVIDER,
            reference=reference,
            customer=state.customer,
            amount_minor=invoice.balance_minor,
            currency=state.currency,
            received_on=today,
            invoices=(invoice.number,),
            deal=self._number,
            actor=PROVIDER,
            test_clock=True,
        )
        try:
            await self._world.client.execute_workflow(
                "PaymentWorkflow",
                payment,
                id=payment_workflow_id(PROVIDER, reference),
                task_queue=Queue.CORE.value,
                result_type=PaymentRecorded,
            )
        except WorkflowFailureError as error:
            paid = Money(minor=invoice.balance_minor, currency=state.currency)
            text = f"The payment of {paid} for {invoice.number} was refused: {error.cause}"
            raise SimulationError(text) from error

    def _open_invoices(self) -> tuple[OpenInvoice, ...]:
        return self._world.books.read(self._read_open_invoices)

    def _read_open_invoices(self, session: Session) -> tuple[OpenInvoice, ...]:
        paid = func.coalesce(func.sum(PaymentApplicationRow.amount_minor), 0)
        balance = InvoiceRow.gross_minor - paid
        rows = session.exec(
            select(InvoiceRow.number, InvoiceRow.due_on, balance)
            .join(
                PaymentApplicationRow,
                col(PaymentApplicationRow.invoice) == col(InvoiceRow.number),
                isouter=True,
            )
            .where(InvoiceRow.deal == self._number)
            .group_by(col(InvoiceRow.number), col(InvoiceRow.due_on), col(InvoiceRow.gross_minor))
            .having(balance > 0)
            .order_by(col(InvoiceRow.due_on), col(InvoiceRow.number))
        )
        return tuple(
            OpenInvoice(number=number, due_on=due_on, balance_minor=int(left))
            for number, due_on, left in rows
        )

    def _next_stop(self, state: DealState, last: datetime) -> datetime:
        """Return the next moment at which somebody may have to do something.

        An invoice that is not issued yet is paid no earlier than the terms of payment from now.
        """
        now = _clock(state)
        stops = [last, *self._payment_moments(now)]
        stops += [
            item.due_at
            for item in state.agenda
            if item.kind in (AgendaKind.RENEWAL_QUOTE, AgendaKind.APPROVAL_ESCALATION)
        ]
        return min(stop for stop in stops if stop > now)

    def _payment_moments(self, now: datetime) -> list[datetime]:
        paying = self._request.paying
        if paying.days_late is None:
            return []
        days = [paying.day_for(invoice.due_on) for invoice in self._open_invoices()]
        wait = timedelta(days=self._terms_days() + paying.days_late)
        return [morning_of(day) for day in days if day is not None] + [now + max(wait, _ONE_DAY)]

    def _terms_days(self) -> int:
        agreed = self._request.file.payment_terms_days
        if agreed is not None:
            return agreed
        customer = self._world.books.read(
            lambda session: customer_of(session, self._request.file.customer)
        )
        return customer.payment_terms_days if customer else 0

    async def _advance(self, until: datetime) -> None:
        """Move the clock and wait until the deal has done everything up to then."""
        if await self._send("advance_clock", ClockAdvance(until=until)) is None:
            return
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            state = await self._state()
            if state.stage in _ENDED or state.clock_target is None:
                return
            if time.monotonic() > deadline:
                raise SimulationError(_stuck(state))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _tell(self, name: str, message: Message) -> None:
        """Send a message that the deal waits for; raises `SimulationError` if it is refused."""
        try:
            answer = await self._handle.execute_update(name, message, result_type=Answer)
        except WorkflowUpdateFailedError as error:
            text = f"Deal {self._number} refused {name}: {error.cause}"
            raise SimulationError(text) from error
        if not answer.accepted:
            raise SimulationError(f"Deal {self._number} refused {name}: {answer.text}")

    async def _send(self, name: str, message: Message) -> Answer | None:
        """Send a message that the deal may refuse or be too ended to hear; then return None."""
        try:
            answer = await self._handle.execute_update(name, message, result_type=Answer)
        except WorkflowUpdateFailedError:
            return None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return answer if answer.accepted else None

    async def _state(self) -> DealState:
        try:
            return await self._handle.query("state", result_type=DealState)
        except RPCError as error:
            await self._raise_if_failed()
            raise SimulationError(f"Deal {self._number} does not answer: {error}") from error

    async def _raise_if_failed(self) -> None:
        """Raise the problems a deal listed when it could not start."""
        described = await self._handle.describe()
        if described.status is not WorkflowExecutionStatus.FAILED:
            return
        try:
            await self._handle.result()
        except WorkflowFailureError as error:
            listed = getattr(error.cause, "details", ())
            problems = [Problem.model_validate(each) for each in listed if isinstance(each, dict)]
            raise InvalidInputError(problems) from error


def _clock(state: DealState) -> datetime:
    if state.clock is None:
        raise SimulationError(f"Deal {state.number} has no clock of its own.")
    return state.clock


def _stuck(state: DealState) -> str:
    holds = "; ".join(f"{hold.key}: {hold.reason}" for hold in state.holds)
    item = state.agenda[0] if state.agenda else None
    due = f"{item.kind} {item.reference} of {item.due_at:%Y-%m-%d}" if item else "nothing"
    return f"Deal {state.number} stays in stage {state.stage}. On hold: {holds or 'nothing'}; due: {due}."
