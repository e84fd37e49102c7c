"""The people of a simulation: they approve, accept, sign, deliver and pay, as soon as it is time.

They see what the books say and speak by signals, so nothing they do depends on the run of the
workflow that happens to be there.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from activities.signatures import Queue
from models.deal import DealInput, Stage
from models.decisions import decision_token
from models.errors import InvalidInputError, Problem
from models.messages import Answer, ClockAdvance, Decision, Delivery, Message
from models.money import Money
from models.steps import PaymentRecorded, RecordPayment
from starter.service.register import customer_of
from starter.simulate.request import SimulationRequest, morning_of
from starter.simulate.situation import (
    Asked,
    OpenInvoice,
    Situation,
    situation_of,
)
from starter.simulate.trouble import SimulationError
from starter.simulate.world import World
from workflows.ids import deal_workflow_id, payment_workflow_id

PROVIDER = "simulation"

_PATIENCE_SECONDS = 60.0
_GLANCE_SECONDS = 0.5
_EARLY = (None, Stage.CONFIGURE, Stage.PRICE, Stage.QUOTE)
_ENDED = Answer(accepted=False, text="The deal has ended.")
_ONE_DAY = timedelta(days=1)


class Players:
    """Everybody around one simulated deal."""

    def __init__(self, world: World, request: SimulationRequest) -> None:
        self._world = world
        self._request = request
        self._number = request.file.number
        self._handle: WorkflowHandle[object, object] = world.client.get_workflow_handle(
            deal_workflow_id(self._number)
        )
        self._sent = 0
        self._terms_days = self._agreed_days()
        self._tried: set[tuple[str, ...]] = set()

    async def play(self) -> None:
        """Start the deal and play it to the end of its last day.

        Raises `InvalidInputError` if the file cannot be sold, and `SimulationError` if the deal
        comes to nothing within a minute.
        """
        await self._start()
        last = max(morning_of(self._request.until), self._request.start)
        found = await self._begun()
        while not found.has_ended:
            if await self._act(found):
                found = self._look()
                continue
            found = await self._pay(found)
            if found.business_time >= last:
                return
            await self._advance(self._next_stop(found, last))
            found = self._look()

    async def _start(self) -> None:
        file = self._request.file
        await self._world.client.start_workflow(
            "DealWorkflow",
            DealInput(**file.model_dump(), actor=file.seller),
            id=deal_workflow_id(self._number),
            task_queue=Queue.CORE.value,
        )

    async def _begun(self) -> Situation:
        """Wait until the deal waits for somebody; raise its problems if it cannot start."""
        watch, tries = self._world.watch, int(_PATIENCE_SECONDS / _GLANCE_SECONDS)
        for _ in range(tries):
            if await watch.until(lambda: watch.stage not in _EARLY, _GLANCE_SECONDS):
                return self._look()
            await self._raise_if_failed()
        raise SimulationError(_stuck(self._number, None))

    def _look(self) -> Situation:
        found = self._world.books.read(lambda session: situation_of(session, self._number))
        if found is None or "step:" in found.on_hold:
            raise SimulationError(_stuck(self._number, found))
        return found

    async def _act(self, found: Situation) -> bool:
        """Do the next thing that somebody has to do; False if there is nothing to do today."""
        if found.asked is not None:
            await self._decide(found.asked)
            return True
        if not found.is_live:
            raise SimulationError(_stuck(self._number, found))
        return await self._deliver(found)

    async def _decide(self, asked: Asked) -> None:
        token = decision_token(
            self._world.secret, self._number, asked.purpose, asked.person, asked.content_hash
        )
        decision = Decision(
            person=asked.person, step=asked.step, token=token, content_hash=asked.content_hash
        )
        answer = await self._tell(asked.message, decision)
        if not answer.accepted:
            raise SimulationError(f"Deal {self._number} refused {asked.message}: {answer.text}")

    async def _deliver(self, found: Situation) -> bool:
        """Hand over what is not handed over yet, and have it accepted where that counts."""
        for event in ("deliver", "accept"):
            attempt = (event, *found.undelivered)
            if found.undelivered and attempt not in self._tried:
                self._tried.add(attempt)
                answer = await self._tell("delivery_confirmed", Delivery(event=event))
                if answer.accepted:
                    return True
        return False

    async def _pay(self, found: Situation) -> Situation:
        """Pay every invoice whose day has come, and return where the deal stands then.

        No two are paid at once, so that numbers are as always.
        """
        today = found.business_time.date()
        due = [
            invoice
            for invoice in found.open_invoices
            if (day := self._request.paying.day_for(invoice.due_on)) is not None and day <= today
        ]
        for invoice in due:
            await self._pay_invoice(invoice, found)
        return self._look() if due and found.stage != Stage.LIVE.value else _without(found, due)

    async def _pay_invoice(self, invoice: OpenInvoice, found: Situation) -> None:
        file = self._request.file
        payment = RecordPayment(
            provider=PROVIDER,
            reference=invoice.number,
            customer=file.customer,
            amount_minor=invoice.balance_minor,
            currency=file.currency,
            received_on=found.business_time.date(),
            invoices=(invoice.number,),
            deal=self._number,
            actor=PROVIDER,
            test_clock=True,
        )
        try:
            recorded: PaymentRecorded = await self._world.client.execute_workflow(
                "PaymentWorkflow",
                payment,
                id=payment_workflow_id(PROVIDER, invoice.number),
                task_queue=Queue.CORE.value,
                result_type=PaymentRecorded,
            )
        except WorkflowFailureError as error:
            amount = Money(minor=invoice.balance_minor, currency=file.currency)
            text = f"The payment of {amount} for {invoice.number} was refused: {error.cause}"
            raise SimulationError(text) from error
        await self._answered(f"payment-{recorded.payment}")

    def _next_stop(self, found: Situation, last: datetime) -> datetime:
        """Return the next moment at which somebody may have to do something.

        An invoice that is not issued yet is paid no earlier than the terms of payment from now.
        """
        now, paying = found.business_time, self._request.paying
        stops = [last]
        if found.renewal_quote_on is not None:
            stops.append(morning_of(found.renewal_quote_on))
        if found.term_ends_on is not None:
            stops.append(morning_of(found.term_ends_on))
        if paying.days_late is not None:
            days = [paying.day_for(invoice.due_on) for invoice in found.open_invoices]
            stops += [morning_of(day) for day in days if day is not None]
            wait = timedelta(days=self._terms_days + paying.days_late)
            stops.append(now + max(wait, _ONE_DAY))
        return min(stop for stop in stops if stop > now)

    def _agreed_days(self) -> int:
        agreed = self._request.file.payment_terms_days
        if agreed is not None:
            return agreed
        customer = self._world.books.read(
            lambda session: customer_of(session, self._request.file.customer)
        )
        return customer.payment_terms_days if customer else 0

    async def _advance(self, until: datetime) -> None:
        """Move the clock and wait until the deal has done everything up to then."""
        await self._tell("advance_clock", ClockAdvance(until=until))
        watch = self._world.watch
        await self._wait(lambda: watch.has_ended or watch.is_past(until))

    async def _tell(self, name: str, message: Message) -> Answer:
        """Signal a message and return what the deal answers."""
        self._sent += 1
        command_id = f"simulation-{self._sent}"
        said = message.model_copy(update={"command_id": command_id, "actor": PROVIDER})
        try:
            await self._handle.signal(name, said)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return _ENDED
            raise
        return await self._answered(command_id)

    async def _answered(self, command_id: str) -> Answer:
        """Wait until the deal has answered a message, and thereby done what follows from it."""
        watch = self._world.watch
        await self._wait(lambda: watch.has_ended or watch.answer_to(command_id) is not None)
        return watch.answer_to(command_id) or _ENDED

    async def _wait(self, done: Callable[[], bool]) -> None:
        """Wait for the deal; raise `SimulationError` if it stays where it is."""
        if not await self._world.watch.until(done, _PATIENCE_SECONDS):
            found = self._world.books.read(lambda session: situation_of(session, self._number))
            raise SimulationError(_stuck(self._number, found))

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


def _without(found: Situation, paid: Sequence[OpenInvoice]) -> Situation:
    """Return where a deal stands when invoices are paid; a live one waits for nothing else."""
    left = tuple(invoice for invoice in found.open_invoices if invoice not in paid)
    return found.model_copy(update={"open_invoices": left})


def _stuck(number: str, found: Situation | None) -> str:
    if found is None:
        return f"Deal {number} never came on record."
    day = f"{found.business_time:%Y-%m-%d}"
    held = found.on_hold or "nothing"
    return f"Deal {number} stays in stage {found.stage} on {day}. On hold: {held}."
