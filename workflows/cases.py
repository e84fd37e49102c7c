"""A case: handed in, decided by whoever the policy names, carried out, told to its deals.

It is the side workflow of everything that needs an approval beside a quote. Handlers put their
message into the inbox; one loop serves it, reminds and escalates.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import credited, policies
from workflows.ids import approval_workflow_id, deal_workflow_id

with workflow.unsafe.imports_passed_through():
    from activities.signatures import (
        CLOSE_CASE,
        DECIDE_CASE,
        ESCALATE_CASE,
        NOTIFY_CASE,
        OPEN_CASE,
        Signature,
    )
    from models.approval import ApprovalStep, StepStatus
    from models.approval_cases import (
        CaseClosed,
        CaseNotice,
        CaseOpened,
        CaseStatus,
        CloseCase,
        DecideCase,
        EscalateCase,
        NotifyCase,
        OpenCase,
        waits_for,
    )
    from models.decisions import DecisionKind
    from models.messages import AccountNotice, Answer, Command, Decision, Message
    from models.working_hours import due_after
    from workflows.requests import CaseRequest, refuse, refuse_misnamed, refuse_unread

Input = TypeVar("Input")
Output = TypeVar("Output")

_KINDS = {
    "approve": DecisionKind.APPROVE,
    "reject": DecisionKind.REJECT,
    "withdraw": DecisionKind.RECALL,
}
_NEVER = timedelta(days=3650)


@workflow.defn(name="ApprovalWorkflow")
class ApprovalWorkflow:
    """Starts when something is handed in; ends when it is carried out, refused or taken back."""

    def __init__(self) -> None:
        self._case = ""
        self._opened = CaseOpened()
        self._steps: tuple[ApprovalStep, ...] = ()
        self._is_open = False
        self._closed: CaseClosed | None = None
        self._inbox: list[Command] = []
        self._answers: dict[str, Answer] = {}
        self._due: dict[tuple[str, CaseNotice | str], datetime] = {}
        self._sequence = 0

    @workflow.run
    async def run(self, request: CaseRequest | None = None) -> CaseClosed:
        """Ask whom the policy names, wait for every yes, then carry the case out."""
        refuse_unread("The case cannot be read", request)
        asked = OpenCase.model_validate(request, from_attributes=True)
        refuse_misnamed(approval_workflow_id(asked.number))
        self._case = asked.number
        self._opened = await self._do(OPEN_CASE, asked)
        refuse("It was not handed in", self._opened.problems)
        self._steps = self._opened.steps
        await self._ask()
        self._is_open = True
        await self._wait()
        closing = CloseCase(case=self._case, at=workflow.now())
        self._closed = await self._do(CLOSE_CASE, closing)
        if self._closed.issued is not None:
            await credited.follow(self._closed.issued)
        for number in self._closed.deals:
            await self._tell(number)
        if self._opened.steps:
            await self._notify(CaseNotice.CLOSED)
        self._serve_late()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._closed

    async def _do(self, signature: Signature[Input, Output], payload: Input) -> Output:
        result: Output = await workflow.execute_activity(
            signature.name,
            payload,
            result_type=signature.gives,
            task_queue=signature.queue.value,
            start_to_close_timeout=policies.start_to_close(signature.name),
            heartbeat_timeout=policies.heartbeat_timeout(signature.name),
            retry_policy=policies.KEEP_TRYING,
            summary=signature.name.replace("_", " "),
        )
        return result

    async def _notify(self, notice: CaseNotice, step: str = "") -> None:
        payload = NotifyCase(case=self._case, notice=notice, step=step, at=workflow.now())
        await self._do(NOTIFY_CASE, payload)

    async def _tell(self, number: str) -> None:
        """Tell a deal to re-read the books; a deal that has ended needs no telling."""
        deal = workflow.get_external_workflow_handle(deal_workflow_id(number))
        notice = AccountNotice(
            command_id=f"case-{self._case}"[:80], actor="approval", cause=self._case
        )
        try:
            await deal.signal("account_changed", notice)
        except ApplicationError:
            workflow.logger.info("deal %s has ended", number)

    def _is_over(self) -> bool:
        """Whether nobody is waited for: every yes is there, or a no or a withdrawal ended it."""
        return not self._active() or self._closed is not None

    def _active(self) -> list[ApprovalStep]:
        stopped = any(step.status is StepStatus.REJECTED for step in self._steps)
        return [] if stopped else [s for s in self._steps if s.status is StepStatus.ACTIVE]

    async def _ask(self) -> None:
        """Write to whoever's turn it is now, once, and note when to remind and to escalate."""
        active = {step.key: step for step in self._active()}
        self._due = {place: due for place, due in self._due.items() if place[0] in active}
        for key, step in active.items():
            if any(place[0] == key for place in self._due):
                continue
            await self._notify(CaseNotice.REQUEST, key)
            now, calendar = workflow.now(), self._opened.calendar
            remind = due_after(now, self._opened.remind_after_hours, calendar)
            self._due[key, CaseNotice.REMINDER] = remind
            if step.escalated_from is None:
                hours = self._opened.escalate_after_hours
                self._due[key, "escalate"] = due_after(now, hours, calendar)

    async def _wait(self) -> None:
        """Serve what is said, remind and escalate, until nobody is waited for."""
        while not self._is_over():
            due = min(self._due.values(), default=workflow.now() + _NEVER)
            try:
                await workflow.wait_condition(
                    lambda: bool(self._inbox), timeout=max(due - workflow.now(), timedelta(0))
                )
            except TimeoutError:
                await self._serve_due()
            if self._inbox:
                await self._serve(self._inbox.pop(0))

    async def _serve_due(self) -> None:
        for (key, what), due in sorted(self._due.items(), key=lambda item: item[1]):
            if due > workflow.now():
                return
            del self._due[key, what]
            if what is CaseNotice.REMINDER:
                self._due.setdefault((key, "asked"), workflow.now() + _NEVER)
                await self._notify(CaseNotice.REMINDER, key)
            elif what == "escalate":
                await self._escalate(key)

    async def _escalate(self, key: str) -> None:
        before = next((step.people for step in self._steps if step.key == key), ())
        step = EscalateCase(case=self._case, step=key, at=workflow.now())
        self._steps = (await self._do(ESCALATE_CASE, step)).steps
        after = next((step.people for step in self._steps if step.key == key), ())
        if after != before:
            self._due = {place: due for place, due in self._due.items() if place[0] != key}
            await self._ask()

    async def _serve(self, command: Command) -> None:
        said = command.decision
        if command.command_id in self._answers:
            return
        if said is None or said.problems:
            listed = "; ".join(str(one) for one in said.problems) if said else "it is empty"
            self._remember(command, accepted=False, text=f"The message cannot be read: {listed}")
            return
        fields = {"person", "step", "token", "content_hash", "reason", "actor", "channel"}
        decision = DecideCase(
            case=self._case,
            kind=_KINDS[command.name],
            command_id=command.command_id,
            at=workflow.now(),
            **said.model_dump(include=fields),
        )
        outcome = await self._do(DECIDE_CASE, decision)
        if not outcome.accepted:
            self._remember(command, accepted=False, text=outcome.refused_because)
            return
        self._steps = outcome.steps
        if outcome.is_over:
            self._due = {}
            self._steps = tuple(
                step for step in outcome.steps if step.status is not StepStatus.ACTIVE
            )
        await self._ask()
        self._remember(command, accepted=True, text=self._told(command.name))

    def _told(self, name: str) -> str:
        done = {"approve": "approved by you", "reject": "rejected", "withdraw": "withdrawn"}[name]
        missing = ", ".join(waits_for(self._active()))
        more = f"; still missing: {missing}" if missing else ""
        return f"{self._case} is {done}{more}."

    def _remember(self, command: Command, *, accepted: bool, text: str) -> None:
        answer = Answer(accepted=accepted, text=text, reference=self._case)
        self._answers[command.command_id] = answer.model_copy(
            update={"request_hash": command.request_hash}
        )

    def _serve_late(self) -> None:
        """Answer whatever was said after the case was decided."""
        for command in self._inbox:
            if command.command_id not in self._answers:
                self._remember(command, accepted=False, text=f"{self._case} is decided already.")
        self._inbox.clear()

    def _take(self, name: str, message: Decision | None) -> Command:
        self._sequence += 1
        known = message.command_id if message else ""
        command_id = known or f"{name}-{self._sequence}"
        command = Command(name=name, command_id=command_id, decision=message)
        if self._closed is None:
            self._inbox.append(command)
        elif command_id not in self._answers:
            self._remember(command, accepted=False, text=f"{self._case} is decided already.")
        return command

    async def _answer(self, command: Command) -> Answer:
        """Wait until a command is served and return its answer.

        Raises:
            ApplicationError: the command was refused.
        """
        await workflow.wait_condition(lambda: command.command_id in self._answers)
        answer = self._answers[command.command_id]
        if not answer.accepted:
            raise ApplicationError(answer.text, type="refused", non_retryable=True)
        return answer

    @workflow.signal(name="approve")
    def approve(self, message: Decision | None = None) -> None:
        """Approve: an approver's yes."""
        self._take("approve", message)

    @workflow.update(name="approve")
    async def approve_now(self, message: Decision | None = None) -> Answer:
        """Approve: an approver's yes, and hear what became of it."""
        return await self._answer(self._take("approve", message))

    @workflow.signal(name="reject")
    def reject(self, message: Decision | None = None) -> None:
        """Reject: an approver's no, with its reason."""
        self._take("reject", message)

    @workflow.update(name="reject")
    async def reject_now(self, message: Decision | None = None) -> Answer:
        """Reject: an approver's no, with its reason, and hear what became of it."""
        return await self._answer(self._take("reject", message))

    @workflow.signal(name="withdraw")
    def withdraw(self, message: Decision | None = None) -> None:
        """Withdraw the case; only whoever handed it in can."""
        self._take("withdraw", message)

    @workflow.update(name="withdraw")
    async def withdraw_now(self, message: Decision | None = None) -> Answer:
        """Withdraw the case, and hear what became of it."""
        return await self._answer(self._take("withdraw", message))

    @workflow.update(name="settled")
    async def settled(self, message: Message | None = None) -> Answer:  # noqa: ARG002
        """Wait until the case is with its approvers, or done because it needs none."""
        await workflow.wait_condition(lambda: self._closed is not None or self._is_waiting())
        if self._closed is not None:
            return Answer(
                accepted=self._closed.status is CaseStatus.DONE,
                text=self._closed.text or self._closed.status,
                reference=self._closed.reference,
            )
        text = f"{self._case} waits for {', '.join(waits_for(self._active()))}."
        return Answer(accepted=True, text=text, reference=self._case)

    def _is_waiting(self) -> bool:
        return self._is_open and bool(self._active())

    @workflow.query(name="steps")
    def steps(self) -> list[str]:
        """Return who is waited for."""
        return list(_described(self._steps))


def _described(steps: tuple[ApprovalStep, ...]) -> Iterator[str]:
    for step in steps:
        yield f"{step.key}: {', '.join(step.people)} {step.status}"
