"""Drives one deal as its people would: decide, sign, deliver, pay, and move its test clock."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.deal import DealState, Stage
from models.decisions import decision_token
from models.messages import Answer
from models.steps import RecordPayment
from tests.workflows.house import House
from tests.workflows.register_data import BUYER, DIRECTOR, deal_file

POLLS, PAUSE = 6000, 0.01


class Deal:
    """One deal under test."""

    def __init__(self, house: House, number: str) -> None:
        self.house = house
        self.number = number
        self.handle: WorkflowHandle[Any, Any] = house.client.get_workflow_handle(f"deal-{number}")
        self._sent: Counter[str] = Counter()

    async def state(self) -> DealState:
        """Ask the deal what it carries; a question lost between two of its runs is asked again."""
        for _ in range(100):
            try:
                answer: DealState = await self.handle.query(
                    "state", result_type=DealState, rpc_timeout=timedelta(seconds=0.5)
                )
            except RPCError:
                await asyncio.sleep(PAUSE)
                continue
            return answer
        raise AssertionError(f"deal {self.number} does not answer")

    async def until(self, done: Callable[[DealState], bool], what: str = "") -> DealState:
        """Poll until the deal is where it should be; fail with where it is instead."""
        state = await self.state()
        for _ in range(POLLS):
            if done(state):
                return state
            await asyncio.sleep(PAUSE)
            state = await self.state()
        shown = state.model_dump_json(include={"stage", "clock", "clock_target", "holds", "agenda"})
        raise AssertionError(f"deal {self.number} never got to {what or 'it'}: {shown}")

    async def stage(self, stage: Stage) -> DealState:
        """Wait for a stage."""
        return await self.until(lambda state: state.stage is stage, stage)

    async def tell(self, name: str, **message: Any) -> Answer:
        """Send a message as an update and return its answer, refused or not.

        A message that meets a change of runs is sent again under its identity, as a client would.
        """
        self._sent[name] += 1
        message.setdefault("command_id", f"{name}-{self.number}-{self._sent[name]}")
        for _ in range(20):
            try:
                answer: Answer = await self.handle.execute_update(name, message, result_type=Answer)
            except WorkflowUpdateFailedError as error:
                if not isinstance(error.cause, ApplicationError):
                    raise
                if error.cause.type == "AcceptedUpdateCompletedWorkflow":
                    continue
                return Answer(accepted=False, text=error.cause.message)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND and _has_ended(await self.state()):
                    return Answer(accepted=False, text="The deal has ended.")
                await asyncio.sleep(PAUSE)
                continue
            return answer
        raise AssertionError(f"{name} got no answer")

    async def does(self, name: str, **message: Any) -> Answer:
        """Send a message that must be accepted."""
        answer = await self.tell(name, **message)
        assert answer.accepted, f"{name}: {answer.text}"
        return answer

    async def refuses(self, name: str, **message: Any) -> str:
        """Send a message that must be refused, and return why it was."""
        answer = await self.tell(name, **message)
        assert not answer.accepted, f"{name}: {answer.text}"
        return answer.text

    def token(self, step: str, person: str, content_hash: str) -> str:
        """Return the token the person was mailed."""
        secret = self.house.settings.signing_secret()
        return decision_token(secret, self.number, step, person, content_hash)

    async def approve(self, person: str, name: str = "approve", **more: Any) -> Answer:
        """Decide on the approval step that waits for a person."""
        state = await self.state()
        steps, quote = state.approval.steps, state.quote
        if state.renewal.quote is not None:
            steps, quote = state.renewal.approval.steps, state.renewal.quote
        if state.amendment.quote is not None:
            steps, quote = state.amendment.approval.steps, state.amendment.quote
        assert quote is not None
        step = next(one.key for one in steps if one.approver == person and one.status == "active")
        token = self.token(step, person, quote.content_hash)
        return await self.does(name, person=person, step=step, token=token, **more)

    async def accept(self, name: str = "accept_quote", **more: Any) -> Answer:
        """Say the customer's yes (or no) to the quote."""
        state = await self.until(lambda one: one.quote_sent, "a quote that was sent")
        assert state.quote is not None
        step = "accept" if name == "accept_quote" else "decline"
        token = self.token(step, BUYER, state.quote.content_hash)
        return await self.does(name, person=BUYER, token=token, **more)

    async def sign(self) -> DealState:
        """Sign for both parties and wait until the deal is live."""
        state = await self.until(lambda one: bool(one.signers), "an order form")
        assert state.quote is not None
        for person in (BUYER, DIRECTOR):
            token = self.token("sign", person, state.quote.content_hash)
            await self.does("contract_signed", person=person, token=token)
        return await self.stage(Stage.LIVE)

    async def answer_renewal(self, name: str = "renew", *, refused: bool = False) -> Answer:
        """Say the customer's yes (or no) to the next term; it counts unless `refused`."""
        state = await self.until(lambda one: one.renewal.quote is not None, "a renewal quote")
        assert state.renewal.quote is not None
        step = "renew" if name == "renew" else "decline"
        token = self.token(step, BUYER, state.renewal.quote.content_hash)
        answer = await self.tell(name, person=BUYER, token=token)
        assert answer.accepted is not refused, f"{name}: {answer.text}"
        return answer

    async def advance(self, until: str) -> DealState:
        """Move the test clock; everything due by then is done, parked or waiting for a retry."""
        moment = datetime.fromisoformat(until)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        answer = await self.tell("advance_clock", until=moment.isoformat())
        state = await self.state()
        assert answer.accepted or _has_ended(state), answer.text
        return await self.until(lambda one: _stands_at(one, moment) or _has_ended(one), f"{moment}")

    async def settle(self) -> DealState:
        """Wait until everything that is due now is done; moves the test clock by a second."""
        state = await self.state()
        if state.clock is None or _is_over(state):
            return state
        return await self.advance((state.clock + timedelta(seconds=1)).isoformat())

    async def mend(self) -> DealState:
        """Retry whatever is parked until nothing is."""
        for _ in range(30):
            state = await self.settle()
            if not any(hold.item for hold in state.holds) or _is_over(state):
                return state
            await self.tell("retry")
        raise AssertionError(f"deal {self.number} stays on hold: {state.holds}")

    async def pay(self, amount_minor: int, on: str, reference: str) -> None:
        """Pay through the payment workflow, and wait until the deal has heard of it."""
        payment = RecordPayment(
            provider="bank",
            reference=reference,
            customer="C1",
            amount_minor=amount_minor,
            currency="USD",
            received_on=datetime.fromisoformat(on).date(),
            deal=self.number,
        )
        handle = await self.house.start("PaymentWorkflow", f"payment-bank-{reference}", payment)
        recorded = await self.house.result(handle)
        number = recorded["payment"]
        await self.tell(
            "payment_received", command_id=f"payment-{number}", actor="payments", payment=number
        )

    async def ended(self) -> DealState:
        """Wait until the deal has ended and return its last state."""
        for _ in range(30):
            if (await self.state()).holds:
                await self.tell("retry")
            try:
                await self.house.result(self.handle, seconds=0.5)
            except (TimeoutError, RuntimeError):
                continue
            return await self.state()
        raise AssertionError(f"deal {self.number} does not end: {await self.state()}")


def _stands_at(state: DealState, moment: datetime) -> bool:
    """The clock may show the moment while what is due at it is still being done."""
    return state.clock == moment and state.clock_target is None


def _is_over(state: DealState) -> bool:
    """Whether nothing is left to do, not even a parked last step."""
    return _has_ended(state) and not state.holds


def _has_ended(state: DealState) -> bool:
    return state.stage in (Stage.COMPLETED, Stage.LOST)


async def begin(house: House, number: str = "1001", **file: Any) -> Deal:
    """Start a deal of the test house."""
    await house.start("DealWorkflow", f"deal-{number}", deal_file(number, **file))
    return Deal(house, number)


async def live(house: House, number: str = "1001", **file: Any) -> Deal:
    """Start a deal that needs no approval and bring it to life."""
    deal = await begin(house, number, **file)
    await deal.accept()
    await deal.sign()
    return deal


def audited(state: DealState) -> list[tuple[str, str]]:
    """Return the deal's audit trail as pairs of what happened and its detail."""
    return [(entry.what, entry.detail) for entry in state.audit]
