"""The desk a deal is worked at: its state, its inbox and agenda, and the one loop that serves them.

All effects of a deal run in this loop, so nothing interleaves and the next action can be asked for.
The desk knows how to wait, fail, park and continue as new; what to do is the stages' business.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from workflows import policies

with workflow.unsafe.imports_passed_through():
    from activities.signatures import READ_ACCOUNT, RECORD_PROGRESS, Queue, Signature
    from models import agenda as agendas
    from models import steps
    from models.agenda import AgendaItem, AgendaKind
    from models.deal import DealInput, DealState, Deferred, Hold, Stage, local_date, start_of_day
    from models.messages import Answer, Command
    from workflows.visibility import Showcase

Input = TypeVar("Input")
Output = TypeVar("Output")
StepModel = TypeVar("StepModel", bound=steps.DealStep)

MESSAGES_PER_RUN = 1000
WRITTEN_AT_ONCE = 40
LONGEST_ANSWER = 500
UNDELIVERED = "e-invoice:"
_STAGES = list(Stage)


class StepFailedError(Exception):
    """An activity gave up. `for_good` means that trying again needs a person first."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        self.reason = reason
        self.for_good = for_good
        super().__init__(reason)


class OfferEndedError(Exception):
    """The offer was rejected, declined, withdrawn or ran out while one of its steps was parked."""


CommandServer = Callable[["Desk", Command], Coroutine[Any, Any, Answer]]
ItemServer = Callable[["Desk", AgendaItem], Coroutine[Any, Any, None]]


class Desk:
    """One deal at work."""

    def __init__(
        self,
        commands: Mapping[str, CommandServer],
        items: Mapping[AgendaKind, ItemServer],
    ) -> None:
        self.state = DealState()
        self.file = DealInput()
        self._commands = commands
        self._items = items
        self._arrived: list[Command] = []
        self._messages = 0
        self._cycles = 0
        self._written: steps.Progress | None = None
        self._write_failed = False
        self._given: dict[str, Answer] = {}
        self._cancellation_noted = False
        self._showcase = Showcase()

    def now(self) -> datetime:
        """Return business time: the test clock's where there is one, else the workflow's."""
        return self.state.clock or workflow.now()

    def step(self, model: type[StepModel], **fields: object) -> StepModel:
        """Make a step's payload with the deal, its term and the business time filled in."""
        now = self.now()
        base = {
            "deal": self.state.number,
            "term": self.state.term,
            "at": now,
            "on": local_date(now, self.state.time_zone),
        }
        return model.model_validate({**base, **fields})

    def note(self, actor: str, what: str, detail: str = "") -> None:
        """Append to the audit trail at business time."""
        self.state.note(self.now(), actor or "q2c", what, detail)

    def enter(self, stage: Stage) -> bool:
        """Move on to `stage`; False if the deal has already passed it (in an earlier run)."""
        if _STAGES.index(self.state.stage) > _STAGES.index(stage):
            return False
        if self.state.stage is not stage:
            self.state.stage = stage
            self.note("q2c", "stage", stage)
        return True

    def go_back(self, stage: Stage) -> None:
        """Return to an earlier stage, whose steps are then taken again."""
        self.state.stage = stage
        self.note("q2c", "stage", stage)

    def is_stuck(self) -> bool:
        """Whether a step of the straight line failed and waits to be tried again."""
        keys = [*(item.key for item in self.state.agenda), *(hold.key for hold in self.state.holds)]
        return any(key.startswith("step:") for key in keys)

    def put(
        self, key: str, kind: AgendaKind, due_at: datetime | None = None, reference: str = ""
    ) -> None:
        """Put an item on the agenda (now if no date is given), replacing one of the same key."""
        item = AgendaItem(key=key, kind=kind, due_at=due_at or self.now(), reference=reference)
        self.state.agenda = agendas.put(self.state.agenda, item)

    def put_on_day(self, key: str, kind: AgendaKind, day: date, reference: str = "") -> None:
        """Put an item on the agenda at the first moment of a day in the contract's zone."""
        self.put(key, kind, start_of_day(day, self.state.time_zone), reference)

    def strike(self, *prefixes: str) -> None:
        """Take the items whose key starts with one of `prefixes` off the agenda."""
        self.state.agenda = agendas.without(self.state.agenda, *prefixes)

    def hold(
        self, key: str, reason: str, item: AgendaItem | None = None, answers: tuple[str, ...] = ()
    ) -> None:
        """Park an item with its reason; `retry` or `resolve` brings it back."""
        others = tuple(hold for hold in self.state.holds if hold.key != key)
        parked = Hold(key=key, reason=reason[:500], since=self.now(), item=item, answers=answers)
        self.state.holds = (*others, parked)
        self.note("q2c", "parked", f"{key}: {reason}")

    def release(self, key: str) -> None:
        """Forget a hold."""
        self.state.holds = tuple(hold for hold in self.state.holds if hold.key != key)

    def receive(self, command: Command) -> None:
        """Take a message in; it is served by the loop, before the agenda."""
        self._messages += 1
        self._arrived.append(command)

    def next_command_id(self, name: str) -> str:
        """Make an identity for a message that came without one."""
        self.state.command_sequence += 1
        run = hashlib.sha256(workflow.info().first_execution_run_id.encode()).hexdigest()[:8]
        return f"{name}-{run}-{self.state.command_sequence}"

    async def attempt(
        self, signature: Signature[Input, Output], payload: Input, summary: str = ""
    ) -> Output:
        """Run an activity once (with its own retries) and return its result.

        Raises:
            StepFailedError: the activity failed for good or its attempts ran out.
        """
        result: Output
        try:
            if signature.queue is Queue.CORE:
                result = await workflow.execute_local_activity(
                    signature.name,
                    payload,
                    result_type=signature.gives,
                    start_to_close_timeout=policies.LOCAL_START_TO_CLOSE,
                    schedule_to_close_timeout=policies.LOCAL_SCHEDULE_TO_CLOSE,
                    retry_policy=policies.LOCAL_RETRY,
                )
            else:
                result = await workflow.execute_activity(
                    signature.name,
                    payload,
                    task_queue=signature.queue.value,
                    result_type=signature.gives,
                    start_to_close_timeout=policies.start_to_close(signature.name),
                    heartbeat_timeout=policies.heartbeat_timeout(signature.name),
                    schedule_to_close_timeout=policies.schedule_to_close(signature.name),
                    retry_policy=policies.RETRY,
                    summary=summary or signature.name.replace("_", " "),
                )
        except FailureError as error:
            # A local activity's failure may come bare, without the activity's error around it.
            cause = error.cause if isinstance(error, ActivityError) else error
            for_good = isinstance(cause, ApplicationError) and cause.non_retryable
            raise StepFailedError(str(cause or error), for_good=for_good) from error
        return result

    async def do(
        self, signature: Signature[Input, Output], payload: Callable[[], Input], summary: str = ""
    ) -> Output:
        """Run an activity until it succeeds, parking or backing off between tries.

        Only for the straight line of stages: it serves the inbox and the agenda while it waits.
        """
        attempts = 0
        while True:
            try:
                return await self.attempt(signature, payload(), summary)
            except StepFailedError as failure:
                item = AgendaItem(
                    key=f"step:{signature.name}",
                    kind=AgendaKind.STEP,
                    due_at=self.now(),
                    attempts=attempts,
                )
                attempts += 1
                self._set_aside(item, failure)
                await self.until(lambda key=item.key: self._may_go_on(key))  # type: ignore[misc]
                if self._offer_ended():
                    self.release(item.key)
                    raise OfferEndedError from failure

    def _may_go_on(self, key: str) -> bool:
        return self._offer_ended() or not self._is_aside(key)

    def _offer_ended(self) -> bool:
        return self.has_outcome() and self.state.stage not in (Stage.LOST, Stage.COMPLETED)

    def _is_aside(self, key: str) -> bool:
        waiting = any(item.key == key for item in self.state.agenda)
        return waiting or any(hold.key == key for hold in self.state.holds)

    def _set_aside(self, item: AgendaItem, failure: StepFailedError) -> None:
        """Park an item that failed for good; put any other back on the agenda with back-off."""
        if failure.for_good:
            self.hold(item.key, failure.reason, item=item)
            return
        retry_at = workflow.now() + policies.back_off(item.attempts)
        later = item.model_copy(update={"attempts": item.attempts + 1, "retry_at": retry_at})
        self.state.agenda = agendas.put(self.state.agenda, later)
        self.note("q2c", "failed, will be tried again", f"{item.key}: {failure.reason}")

    async def until(self, done: Callable[[], bool]) -> None:
        """Serve the inbox, then the agenda, then rest, until `done` is true."""
        while not done():
            self._note_cancellation()
            self.state.inbox = (*self.state.inbox, *self._arrived)
            self._arrived.clear()
            if self.state.inbox:
                await self._serve_command()
            elif item := agendas.ready(self.state.agenda, self.now(), workflow.now()):
                await self._serve_item(item)
            elif self._should_continue() or not self._step_clock():
                await self._rest()

    async def _serve_command(self) -> None:
        command, *rest = self.state.inbox
        self.state.inbox = tuple(rest)
        if self.answer_to(command.command_id) is not None:
            self.note(command.message.actor, f"{command.name} repeated", command.command_id)
            return
        await self.run_command(command)

    async def run_command(self, command: Command, item: AgendaItem | None = None) -> None:
        """Serve one command and remember its answer; a failing one is set aside, not lost."""
        message = command.message
        server = self._commands.get(command.name)
        if server is None:
            answer = Answer(accepted=False, text=f"There is no message called {command.name}.")
        elif message.problems:
            listed = "; ".join(str(problem) for problem in message.problems)
            answer = Answer(accepted=False, text=f"The message cannot be read: {listed}")
        else:
            try:
                answer = await server(self, command)
            except StepFailedError as failure:
                answer = self._defer(command, failure, item)
        self._remember(command, answer)
        verdict = "accepted" if answer.accepted else "refused"
        person = message.speaker
        who = message.actor or person or "unknown"
        # Who decided is told beside who only passed it on, as with a token from another's mail.
        whose = f"by {person}, recorded by {who}: " if person not in ("", who) else ""
        self.note(who, f"{command.name} {verdict}", f"{whose}{answer.text}")

    def _remember(self, command: Command, answer: Answer) -> None:
        """Keep an answer for repetitions, and until the end of the run for whoever waits for it."""
        short = answer.model_copy(update={"text": answer.text[:LONGEST_ANSWER]})
        asked = {"request_hash": command.request_hash}
        self._given[command.command_id] = short.model_copy(update=asked)
        self.state.remember(command, short)

    def answer_to(self, command_id: str) -> Answer | None:
        """Return the answer to a command of this run, or to one of the last of earlier runs."""
        return self._given.get(command_id) or self.state.answer_to(command_id)

    def _defer(self, command: Command, failure: StepFailedError, item: AgendaItem | None) -> Answer:
        key = f"command:{command.command_id}"
        if all(deferred.key != key for deferred in self.state.deferred):
            self.state.deferred = (*self.state.deferred, Deferred(key=key, command=command))
        waiting = item or AgendaItem(key=key, kind=AgendaKind.COMMAND, due_at=self.now())
        self._set_aside(waiting, failure)
        return Answer(accepted=True, text=f"Received and on hold: {failure.reason}")

    async def _serve_item(self, item: AgendaItem) -> None:
        self.state.agenda = tuple(one for one in self.state.agenda if one.key != item.key)
        if item.kind is AgendaKind.STEP:
            return
        if item.kind is AgendaKind.COMMAND:
            await self._serve_deferred(item)
            return
        try:
            await self._items[item.kind](self, item)
        except StepFailedError as failure:
            self._set_aside(item, failure)

    async def _serve_deferred(self, item: AgendaItem) -> None:
        found = [deferred for deferred in self.state.deferred if deferred.key == item.key]
        self.state.deferred = tuple(
            deferred for deferred in self.state.deferred if deferred.key != item.key
        )
        for deferred in found:
            await self.run_command(deferred.command, item)

    def _step_clock(self) -> bool:
        """Move the test clock to the next item, or to its target; False if it need not move."""
        state = self.state
        if state.clock is None or state.clock_target is None:
            return False
        if agendas.next_retry(state.agenda, state.clock) is not None:
            return False
        item = agendas.next_due(state.agenda, state.clock)
        if item is not None and item.due_at <= state.clock_target:
            state.clock = item.due_at
        else:
            state.clock = max(state.clock, state.clock_target)
            state.clock_target = None
            self.note("q2c", "clock advanced", state.clock.isoformat())
        return True

    async def _rest(self) -> None:
        """Write what the books lack, show where the deal is, then wait for whatever comes next."""
        await self.write_progress()
        self.show()
        if self._arrived:
            return
        if self._should_continue():
            await self._continue_as_new()
        item, seconds = self._wait_for()
        summary = item.words if item else "progress"
        try:
            await workflow.wait_condition(
                lambda: bool(self._arrived), timeout=seconds, timeout_summary=summary
            )
        except TimeoutError:
            return
        except asyncio.CancelledError:
            # Temporal asks once, and a cache eviction looks alike but gives no reason.
            if workflow.cancellation_reason() is None or self._cancellation_noted:
                raise

    def _note_cancellation(self) -> None:
        """Put a request to cancel the workflow on record, whatever it interrupted."""
        if workflow.cancellation_reason() is not None and not self._cancellation_noted:
            self._cancellation_noted = True
            self.note("temporal", "cancellation refused", "a deal ends by the message `cancel`")

    def show(self) -> None:
        """Show where the deal is: search attributes and current details."""
        self._showcase.show(self.state, self.now())

    def _wait_for(self) -> tuple[AgendaItem | None, timedelta | None]:
        """Return the next item and how long until then in wall-clock time (None: for ever)."""
        wall, business = workflow.now(), self.now()
        moments: list[tuple[datetime, AgendaItem | None]] = []
        retry = agendas.next_retry(self.state.agenda, business)
        if retry:
            moments.append((retry, None))
        item = agendas.next_due(self.state.agenda, business)
        if item and self.state.clock is None:
            moments.append((item.due_at, item))
        if self._write_failed:
            moments.append((wall + policies.BACK_OFF_FIRST, None))
        if not moments:
            return None, None
        moment, first = min(moments, key=lambda entry: entry[0])
        return first, max(moment - wall, timedelta(milliseconds=1))

    async def write_progress(self) -> None:
        """Bring the deal's row, audit trail and answers in the books up to date."""
        while await self._write_some():
            continue

    async def _write_some(self) -> bool:
        """Write a part that fits a payload; True if more is left to write."""
        state = self.state
        item = agendas.next_due(state.agenda, datetime.min.replace(tzinfo=self.now().tzinfo))
        progress = steps.Progress(
            deal=state.number,
            stage=state.stage,
            term=state.term,
            outcome=state.outcome,
            on_hold="; ".join(f"{hold.key}: {hold.reason}" for hold in state.holds)[:1000],
            next_action=item.words if item else "",
            next_action_at=item.due_at if item else None,
            business_time=self.now(),
            balance_minor=state.balance_minor,
            audit=state.unwritten_audit[:WRITTEN_AT_ONCE],
            answers=state.unwritten_answers[:WRITTEN_AT_ONCE],
        )
        unchanged = {"business_time": progress.business_time}
        if self._written and progress == self._written.model_copy(update=unchanged):
            return False
        try:
            await self.attempt(RECORD_PROGRESS, progress)
        except StepFailedError as failure:
            self._write_failed = True
            workflow.logger.warning("progress not written: %s", failure.reason)
            return False
        self._write_failed = False
        state.unwritten_audit = state.unwritten_audit[len(progress.audit) :]
        state.unwritten_answers = state.unwritten_answers[len(progress.answers) :]
        self._written = progress.model_copy(update={"audit": (), "answers": ()})
        return bool(state.unwritten_audit or state.unwritten_answers)

    async def leave(self) -> None:
        """Let nothing unwritten and nobody unanswered behind: the last thing an ended deal does."""
        while True:
            await self.drain()
            await self.write_progress()
            self.show()
            if self._write_failed:
                await workflow.sleep(policies.BACK_OFF_FIRST, summary="write the end to the books")
            elif not self._arrived and workflow.all_handlers_finished():
                return

    async def drain(self) -> None:
        """Refuse what is still in the inbox of an ended deal, and let every handler finish."""
        while self._arrived or self.state.inbox or not workflow.all_handlers_finished():
            for command in (*self.state.inbox, *self._arrived):
                if self.answer_to(command.command_id) is not None:
                    continue
                text = f"Deal {self.state.number} has ended: {self.state.outcome}."
                self._remember(command, Answer(accepted=False, text=text))
                self.note(command.message.actor, f"{command.name} refused", text)
            self.state.inbox = ()
            self._arrived.clear()
            await workflow.wait_condition(
                lambda: bool(self._arrived) or workflow.all_handlers_finished()
            )

    def has_outcome(self) -> bool:
        """Whether the deal is decided against: rejected, declined, expired, withdrawn, unsigned."""
        return bool(self.state.outcome)

    def count_cycle(self) -> None:
        """Count one billing cycle; after enough of them the run continues as new."""
        self.state.cycles += 1
        self._cycles += 1

    def start_new_run(self) -> None:
        """Ask for continue-as-new at the next rest: a term has ended."""
        self._cycles = self.state.continue_as_new_every

    def _should_continue(self) -> bool:
        if self._write_failed:
            return False
        return (
            self._cycles >= self.state.continue_as_new_every
            or self._messages >= MESSAGES_PER_RUN
            or workflow.info().is_continue_as_new_suggested()
        )

    async def _continue_as_new(self) -> None:
        """Carry the state into a new run; only at rest, when every handler has finished."""
        await workflow.wait_condition(
            lambda: bool(self._arrived) or workflow.all_handlers_finished()
        )
        if self._arrived:
            return
        # Until the deal is on record, its file exists nowhere else.
        unrecorded = self.state.stage is Stage.CONFIGURE
        unpriced = self.file.alternatives if self.state.stage is Stage.PRICE else ()
        bare = DealInput(number=self.state.number, alternatives=unpriced)
        start = self.file if unrecorded else bare
        carried = start.model_copy(update={"carried": self.state})
        workflow.continue_as_new(carried, memo=dict(workflow.memo()))

    async def read_account(self, payment: str = "") -> steps.Account:
        """Re-read the books: what is owed on this deal, and when to look at reminders again."""
        account = await self.attempt(READ_ACCOUNT, self.step(steps.ReadAccount, payment=payment))
        self.take_account(account)
        return account

    def take_account(self, account: steps.Account) -> None:
        """Take over the balance the books report, and put the next reminder on the agenda."""
        self.state.balance_minor = account.balance_minor
        self.state.open_invoices = account.open_invoices
        self.state.fully_billed = account.fully_billed
        self.state.fully_recognized = account.fully_recognized
        self._hold_undelivered(account)
        self.strike("dun")
        if account.next_dunning_on is not None:
            self.put_on_day("dun", AgendaKind.DUN, account.next_dunning_on)

    def _hold_undelivered(self, account: steps.Account) -> None:
        """Hold what a network brought back until it is sent again, and only that."""
        if account.undelivered is None:
            return
        found = {
            f"{UNDELIVERED}{number}": f"{reason}; mend it and use `q2c invoice send {number}`"
            for number, reason in account.undelivered
        }
        held = {hold.key: hold.reason for hold in self.state.holds}
        for key in held:
            if key.startswith(UNDELIVERED) and key not in found:
                self.release(key)
                self.note("network", "on its way again", key)
        for key, reason in found.items():
            if held.get(key) != reason:
                self.hold(key, reason)
