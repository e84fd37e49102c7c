"""Cases at the doors: hand something in for approval, look at it, decide on it, take it back."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field
from sqlmodel import Session, col, select

from activities.approval_cases import current_case_path
from activities.register import delegations
from models.approval import ApprovalPath, ApprovalStep, reasons_asked, waiting_for
from models.approval_cases import CaseStatus, OpenCase, waits_for
from models.approval_facts import Subject
from models.decisions import DecisionKind, decision_token
from models.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    Problem,
    RefusedError,
)
from models.messages import Decision, Message
from models.parties import Person, Role
from models.tables import ApprovalCaseRow, CaseDecisionRow, CaseOutcomeRow
from models.value import Value
from starter.service.errors import NotPermittedError, UnansweredError
from starter.service.people import Caller, require
from starter.service.ports import House, RunState, Start, Update
from workflows.ids import approval_workflow_id

_READERS = (Role.APPROVER, Role.FINANCE, Role.OPERATOR)
_KINDS = {
    "approve": DecisionKind.APPROVE,
    "reject": DecisionKind.REJECT,
    "withdraw": DecisionKind.RECALL,
}


class Said(Value):
    """What is said about a case: a no needs its `reason`; `step` only if several wait for you."""

    step: str = ""
    reason: str = Field(default="", max_length=1000)


class CaseStep(Value):
    """One step of a case: who is asked, why, and how it stands."""

    key: str
    people: tuple[str, ...]
    reasons: tuple[str, ...]
    status: str
    decided_by: str = ""
    reason: str = ""


class CaseDecision(Value):
    """One word on a case, counted or refused, with the facts it was said on."""

    kind: str
    step: str
    person: str
    on_behalf_of: str
    accepted: bool
    text: str
    channel: str
    assurance: str
    policy_version: str
    facts: Mapping[str, Decimal]
    decided_at: datetime


class CaseEntry(Value):
    """A case: what is asked for, by whom, who is waited for, and how it ended."""

    number: str
    subject: str
    title: str
    status: CaseStatus
    requester: str
    reason: str
    currency: str
    amount_minor: int
    deal: str
    customer: str
    asked_at: datetime
    content: Any
    content_hash: str
    waits_for: tuple[str, ...] = ()
    steps: tuple[CaseStep, ...] = ()
    decisions: tuple[CaseDecision, ...] = ()
    text: str = ""
    reference: str = ""
    repeated: bool = False


class Cases(Value):
    """Cases, the newest first."""

    items: tuple[CaseEntry, ...]


class Told(Value):
    """What became of a word on a case."""

    accepted: bool
    text: str
    reference: str = ""


class HandedIn(Value):
    """Something to hand in: what it is about (`base`), its content, and the reason for it."""

    subject: Subject
    base: str
    content: str
    reason: str = ""


async def hand_in(house: House, caller: Caller, asked: HandedIn) -> CaseEntry:
    """Hand something in; it is carried out at once if the policy demands nobody's yes.

    What is handed in again while it waits is the same case. Raises `InvalidInputError` with every
    problem, and `ConflictError` if another content waits under the same key.
    """
    known, key = await house.read(lambda session: _open_one(session, asked))
    if known is not None:
        return known
    case = OpenCase(
        subject=asked.subject,
        key=key,
        content=asked.content,
        reason=asked.reason,
        actor=caller.id,
        channel=caller.channel,
    )
    digest = hashlib.sha256(f"{asked.content}@{caller.id}".encode()).hexdigest()
    workflow_id = approval_workflow_id(case.number)
    started = await house.gateway.start(
        Start(
            workflow="ApprovalWorkflow",
            workflow_id=workflow_id,
            payload=case,
            summary=f"{asked.subject.replace('_', ' ')} {asked.base} by {caller.id}",
            fingerprint=digest,
        )
    )
    if not started and (await house.gateway.look(workflow_id)).fingerprint != digest:
        raise _conflict(case.number)
    await _settled(house, workflow_id)
    entry = await house.read(lambda session: _entry_or_none(session, case.number))
    if entry is None:
        raise UnansweredError(f"{case.number} is not on record yet; look again in a moment.")
    if entry.status is CaseStatus.FAILED:
        problem = Problem(field=asked.subject.value, reason=entry.text, remedy="correct it")
        raise InvalidInputError([problem])
    return entry if started else entry.model_copy(update={"repeated": True})


def _open_one(session: Session, asked: HandedIn) -> tuple[CaseEntry | None, str]:
    """Return the case that waits under the same base, if one does, and the key for a new one."""
    rows = session.exec(
        select(ApprovalCaseRow)
        .where(ApprovalCaseRow.subject == asked.subject.value)
        .where(col(ApprovalCaseRow.key).startswith(f"{asked.base}.", autoescape=True))
        .order_by(col(ApprovalCaseRow.asked_at))
    ).all()
    for row in rows:
        if session.get(CaseOutcomeRow, row.number) is None:
            if row.content != asked.content:
                raise _conflict(row.number)
            return entry_of(session, row).model_copy(update={"repeated": True}), row.key
    return None, f"{asked.base}.{len(rows) + 1}"


def _conflict(number: str) -> ConflictError:
    text = f"{number} waits for a decision and says something else. Withdraw it first."
    return ConflictError(text)


async def _settled(house: House, workflow_id: str) -> None:
    """Wait until a case is with its approvers or done; raises what kept it from being handed in."""
    update = Update(workflow_id=workflow_id, name="settled", update_id="settled", message=Message())
    try:
        await house.gateway.update(update, house.patience.answer)
    except (UnansweredError, NotFoundError, RefusedError) as error:
        run = await house.gateway.look(workflow_id)
        if run.state is RunState.FAILED:
            listed = run.problems or (Problem(field="case", reason=run.text),)
            raise InvalidInputError(listed) from error
        if run.state is not RunState.COMPLETED:
            raise


async def decide(house: House, caller: Caller, number: str, kind: str, said: Said) -> Told:
    """Say yes or no to a case in person, or take one's own back.

    Raises `NotPermittedError`, `NotFoundError`, and `RefusedError` with the reason: not asked, not
    your turn, your own, no reason for a no, or decided already.
    """
    if kind != "withdraw":
        require(caller, (Role.APPROVER,), f"{kind} a case")
    secret = await asyncio.to_thread(house.settings.signing_secret)
    message = await house.read(
        lambda session: _message(session, caller, number, (kind, said, secret))
    )
    update = Update(
        workflow_id=approval_workflow_id(number),
        name=kind,
        update_id=message.command_id,
        message=message,
    )
    try:
        answer = await house.gateway.update(update, house.patience.answer)
    except NotFoundError as error:
        raise RefusedError(f"{number} is decided already.") from error
    if not answer.accepted:
        raise RefusedError(answer.text)
    return Told(accepted=True, text=answer.text, reference=answer.reference)


def _message(
    session: Session, caller: Caller, number: str, asked: tuple[str, Said, bytes]
) -> Decision:
    kind, said, secret = asked
    row = _row(session, number)
    path = current_case_path(session, row)
    waiting = _waiting(session, row, path, caller.id, row.asked_at)
    step = said.step or (waiting[0].key if waiting else "")
    purpose = step if kind != "withdraw" else DecisionKind.RECALL.value
    return Decision(
        command_id=uuid.uuid4().hex,
        actor=caller.id,
        channel=caller.channel,
        person=caller.id,
        step=step,
        token=decision_token(secret, number, purpose, caller.id, row.content_hash),
        content_hash=row.content_hash,
        reason=said.reason,
    )


def _row(session: Session, number: str) -> ApprovalCaseRow:
    row = session.get(ApprovalCaseRow, number)
    if row is None:
        raise NotFoundError(f"There is no case {number}.")
    return row


def show(session: Session, caller: Caller, number: str) -> CaseEntry:
    """Return a case to whoever may see it; raises `NotFoundError` and `NotPermittedError`."""
    row = _row(session, number)
    if row.requester != caller.id and not set(_READERS) & set(caller.person.roles):
        raise NotPermittedError(f"Case {number} was handed in by {row.requester}.")
    return entry_of(session, row)


def listing(session: Session, caller: Caller, *, only_open: bool) -> Cases:
    """Return the cases a caller may see: their own, and all of them for who decides on some."""
    statement = select(ApprovalCaseRow).order_by(
        col(ApprovalCaseRow.asked_at).desc(), col(ApprovalCaseRow.number).desc()
    )
    if not set(_READERS) & set(caller.person.roles):
        statement = statement.where(ApprovalCaseRow.requester == caller.id)
    if only_open:
        statement = statement.where(
            col(ApprovalCaseRow.number).not_in(select(CaseOutcomeRow.case_number))
        )
    return Cases(items=tuple(entry_of(session, row) for row in session.exec(statement.limit(200))))


def waiting_cases(
    session: Session, person: Person, now: datetime
) -> Iterator[tuple[ApprovalCaseRow, ApprovalStep]]:
    """Yield each open case that waits for a person, also for whom they represent, with its step."""
    if Role.APPROVER not in person.roles:
        return
    open_ones = (
        select(ApprovalCaseRow)
        .where(col(ApprovalCaseRow.number).not_in(select(CaseOutcomeRow.case_number)))
        .order_by(col(ApprovalCaseRow.asked_at))
    )
    for row in session.exec(open_ones):
        path = current_case_path(session, row)
        for step in _waiting(session, row, path, person.id, now):
            yield row, step.model_copy(update={"reasons": reasons_asked(path, step)})


def _waiting(
    session: Session, row: ApprovalCaseRow, path: ApprovalPath, person: str, now: datetime
) -> tuple[ApprovalStep, ...]:
    return waiting_for(path, person, delegations(session), max(now.date(), row.asked_at.date()))


def _entry_or_none(session: Session, number: str) -> CaseEntry | None:
    row = session.get(ApprovalCaseRow, number)
    return entry_of(session, row) if row else None


def entry_of(session: Session, row: ApprovalCaseRow) -> CaseEntry:
    """Return a case as the doors show it."""
    path, outcome = current_case_path(session, row), session.get(CaseOutcomeRow, row.number)
    decided = session.exec(
        select(CaseDecisionRow)
        .where(CaseDecisionRow.case_number == row.number)
        .order_by(col(CaseDecisionRow.id))
    )
    own = set(CaseEntry.model_fields) - {"content", "status", "text", "reference"}
    return CaseEntry(
        **row.model_dump(include=own),
        status=CaseStatus(outcome.status) if outcome else CaseStatus.OPEN,
        content=json.loads(row.content) if len(row.content) < _SHOWN else None,
        waits_for=() if outcome else waits_for(path.steps),
        steps=tuple(_step(step) for step in path.steps),
        decisions=tuple(_decision(one) for one in decided),
        text=outcome.text if outcome else "",
        reference=outcome.reference if outcome else "",
    )


_SHOWN = 4000


def _step(step: ApprovalStep) -> CaseStep:
    return CaseStep(
        key=step.key,
        people=step.people,
        reasons=step.reasons,
        status=step.status.value,
        decided_by=step.decided_by or "",
        reason=step.decision_reason,
    )


def _decision(row: CaseDecisionRow) -> CaseDecision:
    return CaseDecision(
        **row.model_dump(include=set(CaseDecision.model_fields) - {"facts", "text"}),
        text=row.reason if row.accepted else row.refused_because,
        facts=json.loads(row.facts) if row.facts else {},
    )
