"""Cases: hand in what needs an approval beside a quote, decide on it, and carry it out.

The engine and the people are those of quotes; what is examined and what a yes does belongs to the
subject, which `activities/approval_subjects.py` names.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select
from temporalio import activity

from activities.ports import Office
from activities.pricing import working_calendar
from activities.register import approval_policy, delegations, people
from activities.signatures import CLOSE_CASE, DECIDE_CASE, ESCALATE_CASE, OPEN_CASE
from models.approval import (
    ESCALATE,
    ApprovalPath,
    ApprovalRequest,
    ApprovalStep,
    DecisionOutcome,
    DecisionRequest,
    Ruling,
    build_path,
    decide,
    escalate,
    handed_up,
    recall,
    replay,
    waiting_for,
)
from models.approval_cases import (
    CarriedOut,
    CaseClosed,
    CaseDecided,
    CaseOpened,
    CaseStatus,
    CloseCase,
    DecideCase,
    EscalateCase,
    Examined,
    IssuedCredit,
    OpenCase,
    ending,
    hash_of,
    is_over,
)
from models.approval_facts import Subject
from models.decisions import Assurance, DecisionKind, token_matches
from models.errors import ParkedError, Problem, told
from models.tables import ApprovalCaseRow, CaseDecisionRow, CaseOutcomeRow

_CASE_VERSION = 1
"""A case is handed in once; another content is another case."""

_DECIDING = (DecisionKind.APPROVE, DecisionKind.REJECT)


def _nothing(session: Session, case: ApprovalCaseRow, at: datetime) -> None:
    """Most subjects make no document."""


@dataclass(frozen=True)
class CaseSubject:
    """What a subject does with a case: look at it before anybody is asked, and carry it out.

    Both run in the transaction of the books; `carry_out` looks again, because time has passed, and
    writes all or nothing under the case's number. `issued` reads back what of it has to be
    published.
    """

    examine: Callable[[Session, OpenCase, datetime], Examined]
    carry_out: Callable[[Session, ApprovalCaseRow, datetime], CarriedOut]
    issued: Callable[[Session, ApprovalCaseRow, datetime], IssuedCredit | None] = _nothing


def current_case_path(session: Session, case: ApprovalCaseRow) -> ApprovalPath:
    """Return the approval path of a case after everything decided on it so far."""
    statement = (
        select(CaseDecisionRow)
        .where(CaseDecisionRow.case_number == case.number, col(CaseDecisionRow.accepted).is_(True))
        .order_by(col(CaseDecisionRow.id))
    )
    rulings = (
        Ruling(**row.model_dump(include=set(Ruling.model_fields)))
        for row in session.exec(statement)
    )
    return replay(ApprovalPath.model_validate_json(case.path), rulings)


def case_path(session: Session, asked: OpenCase, found: Examined) -> ApprovalPath:
    """Return the approvals the policy in force demands for a case; nothing is put on record.

    Raises `ParkedError` if for some step there is nobody who may decide.
    """
    request = ApprovalRequest(
        seller=asked.actor,
        currency=found.currency,
        quote_version=_CASE_VERSION,
        content_hash=hash_of(asked.content),
        facts=found.facts,
        lines=found.lines,
        subject=asked.subject,
        barred=found.barred,
        delegations=delegations(session),
        on=found.on,
    )
    return build_path(approval_policy(session), request, people(session))


class CaseActivities:
    """Hands cases in, decides on them, and carries them out."""

    def __init__(self, office: Office, subjects: Mapping[Subject, CaseSubject]) -> None:
        self._office = office
        self._subjects = subjects

    @activity.defn(name=OPEN_CASE.name, no_thread_cancel_exception=True)
    def open_case(self, asked: OpenCase) -> CaseOpened:
        """Put a case on record with its frozen path, or list everything that is wrong with it.

        Safe to retry: a case is on record once under its number, and its path is returned again.
        """
        try:
            return self._office.books.write(lambda session: self._open(session, asked))
        except ParkedError as error:
            problem = Problem(field="approval", reason=str(error), remedy="publish who approves")
            return CaseOpened(problems=(problem,))

    def _open(self, session: Session, asked: OpenCase) -> CaseOpened:
        known = session.get(ApprovalCaseRow, asked.number)
        if known is not None and known.content_hash != hash_of(asked.content):
            reason = f"{asked.number} is on record with other content"
            return CaseOpened(problems=(Problem(field="key", reason=reason, remedy="use another"),))
        if known is None:
            found = self._examined(session, asked)
            if found.problems:
                return CaseOpened(problems=told(found.problems))
            known = self._row(session, asked, found)
            session.add(known)
            session.flush()
        policy = approval_policy(session)
        return CaseOpened(
            steps=current_case_path(session, known).steps,
            remind_after_hours=policy.remind_after_hours,
            escalate_after_hours=policy.escalate_after_hours,
            calendar=working_calendar(policy.calendar, known.asked_on, self._office.holidays),
        )

    def _examined(self, session: Session, asked: OpenCase) -> Examined:
        subject = self._subjects.get(asked.subject)
        if subject is None:
            reason = f"{asked.subject} cannot be handed in here"
            remedy = f"one of {', '.join(sorted(self._subjects))}"
            return Examined(problems=(Problem(field="subject", reason=reason, remedy=remedy),))
        return subject.examine(session, asked, self._office.wall_clock())

    def _row(self, session: Session, asked: OpenCase, found: Examined) -> ApprovalCaseRow:
        path = case_path(session, asked, found)
        now = self._office.wall_clock()
        return ApprovalCaseRow(
            number=asked.number,
            subject=asked.subject.value,
            key=asked.key,
            content=asked.content,
            content_hash=hash_of(asked.content),
            title=found.title,
            reason=asked.reason,
            currency=found.currency,
            amount_minor=found.amount_minor,
            entity=found.entity,
            deal=found.deal,
            customer=found.customer,
            requester=asked.actor,
            channel=asked.channel.value,
            policy_version=path.policy_version,
            path=path.model_dump_json(),
            asked_on=found.on or now.date(),
            asked_at=now,
        )

    @activity.defn(name=DECIDE_CASE.name, no_thread_cancel_exception=True)
    def decide_case(self, said: DecideCase) -> CaseDecided:
        """Check a decision's token, person, content and turn; record it, counted or refused.

        Safe to retry: a decision is on record once per command, and its stored answer is returned.
        """
        return self._office.books.write(lambda session: self._decide(session, said))

    def _decide(self, session: Session, said: DecideCase) -> CaseDecided:
        case = session.get_one(ApprovalCaseRow, said.case)
        known = session.exec(
            select(CaseDecisionRow).where(
                CaseDecisionRow.case_number == said.case,
                CaseDecisionRow.command_id == said.command_id,
            )
        ).first()
        if known is None:
            known = self._decision(session, said, case)
            session.add(known)
            session.flush()
        path = current_case_path(session, case)
        return CaseDecided(
            accepted=known.accepted,
            refused_because=known.refused_because,
            steps=path.steps,
            is_over=is_over(path),
        )

    def _decision(
        self, session: Session, said: DecideCase, case: ApprovalCaseRow
    ) -> CaseDecisionRow:
        path, on = current_case_path(session, case), said.at.date()
        mine = waiting_for(path, said.person, delegations(session), on)
        key = said.step or (mine[0].key if mine else said.kind.value)
        assurance, refusal = self._assurance(said, case, key)
        outcome = _outcome(session, said, path, (key, on))
        refusal = refusal or outcome.refused_because or ""
        return CaseDecisionRow(
            case_number=case.number,
            kind=said.kind.value,
            step=key,
            person=said.person,
            actor=said.actor or said.person,
            on_behalf_of=outcome.on_behalf_of,
            content_hash=case.content_hash,
            accepted=not refusal,
            refused_because=refusal,
            reason=said.reason,
            channel=said.channel.value,
            assurance=assurance.value,
            policy_version=path.policy_version,
            facts=json.dumps({name: f"{value:f}" for name, value in sorted(path.facts.items())}),
            command_id=said.command_id,
            used=None if refusal else _used(said, case, key),
            decided_at=said.at,
        )

    def _assurance(
        self, said: DecideCase, case: ApprovalCaseRow, key: str
    ) -> tuple[Assurance, str]:
        if not said.person:
            return Assurance.UNVERIFIED, "Say who decides: `person` is empty."
        if said.content_hash and said.content_hash != case.content_hash:
            return Assurance.UNVERIFIED, f"This is for another content than that of {case.number}."
        secret = self._office.rules.secret
        purpose = key if said.kind in _DECIDING else said.kind.value
        if said.token and token_matches(
            said.token, secret, case.number, purpose, said.person, case.content_hash
        ):
            return Assurance.VERIFIED, ""
        if not said.token and self._office.rules.allow_unverified_decisions:
            return Assurance.UNVERIFIED, ""
        text = "The token does not fit" if said.token else "A token is missing"
        remedy = "use the one from the mail, or decide with `q2c` or the API."
        return Assurance.UNVERIFIED, f"{text}: {remedy}"

    @activity.defn(name=ESCALATE_CASE.name, no_thread_cancel_exception=True)
    def escalate_case(self, step: EscalateCase) -> CaseDecided:
        """Move an undecided step to its approvers' managers; nobody above leaves it where it is.

        Safe to retry: an escalation is on record once per step and former approver.
        """
        return self._office.books.write(lambda session: _escalate(session, step))

    @activity.defn(name=CLOSE_CASE.name, no_thread_cancel_exception=True)
    def close_case(self, step: CloseCase) -> CaseClosed:
        """Carry an approved case out, or note that it was refused; one outcome for each case.

        Safe to retry: what was done and its outcome are one transaction under the case's number.
        """
        return self._office.books.write(lambda session: self._close(session, step))

    def _close(self, session: Session, step: CloseCase) -> CaseClosed:
        known = session.get(CaseOutcomeRow, step.case)
        if known is None:
            known = self._ended(session, step)
            session.add(known)
            session.flush()
        return CaseClosed(
            status=CaseStatus(known.status),
            text=known.text,
            reference=known.reference,
            deals=tuple(json.loads(known.deals)),
            issued=self._issued(session, known),
        )

    def _issued(self, session: Session, outcome: CaseOutcomeRow) -> IssuedCredit | None:
        if outcome.status != CaseStatus.DONE:
            return None
        case = session.get_one(ApprovalCaseRow, outcome.case_number)
        return self._subjects[Subject(case.subject)].issued(session, case, outcome.ended_at)

    def _ended(self, session: Session, step: CloseCase) -> CaseOutcomeRow:
        case = session.get_one(ApprovalCaseRow, step.case)
        path = current_case_path(session, case)
        status, done = ending(path), CarriedOut()
        if status is CaseStatus.OPEN:
            raise ParkedError(f"{case.number} still waits for its approvers")
        if status is CaseStatus.DONE:
            done = self._subjects[Subject(case.subject)].carry_out(session, case, step.at)
            status = CaseStatus.FAILED if done.problems else status
        text = "; ".join(str(problem) for problem in done.problems) or _said(path)
        return CaseOutcomeRow(
            case_number=case.number,
            status=status.value,
            text=text,
            reference=done.reference,
            deals=json.dumps(done.deals),
            ended_at=step.at,
        )


def _said(path: ApprovalPath) -> str:
    """Return what whoever stopped a path wrote."""
    return next((one.decision_reason for one in path.steps if one.status == "rejected"), "")


def _outcome(
    session: Session, said: DecideCase, path: ApprovalPath, place: tuple[str, date]
) -> DecisionOutcome:
    """Return what a decision does to the path, or why it does not count there."""
    key, on = place
    barred = {path.seller, *(one.person for one in path.barred)}
    if said.kind in _DECIDING and said.actor not in ("", said.person) and said.actor in barred:
        refused = f"{said.actor}, who has a part in it, cannot decide on it."
        return DecisionOutcome(path=path, refused_because=refused)
    if said.kind is DecisionKind.RECALL:
        return recall(path, said.person)
    if said.kind not in _DECIDING:
        return DecisionOutcome(path=path, refused_because=f"A case takes no {said.kind}.")
    request = DecisionRequest(
        person=said.person,
        approve=said.kind is DecisionKind.APPROVE,
        content_hash=path.content_hash,
        reason=said.reason,
        step="" if key == said.kind.value else key,
        delegations=delegations(session),
        on=on,
    )
    return decide(path, request)


def _used(said: DecideCase, case: ApprovalCaseRow, key: str) -> str:
    """Return what stands for a decision, so that no token works twice; yes and no are one."""
    side = "decide" if said.kind in _DECIDING else said.kind.value
    return hashlib.sha256(f"{case.number}:{side}:{key}:{said.person}".encode()).hexdigest()


def _escalate(session: Session, step: EscalateCase) -> CaseDecided:
    case = session.get_one(ApprovalCaseRow, step.case)
    path = current_case_path(session, case)
    before = _step(path, step.step)
    if before is not None and before.escalated_from is None:
        after = _step(escalate(path, step.step, people(session)), step.step)
        for former, new in handed_up(before, after) if after else ():
            session.add(_escalation(step, case, former, new))
        session.flush()
        path = current_case_path(session, case)
    return CaseDecided(steps=path.steps, is_over=is_over(path))


def _step(path: ApprovalPath, key: str) -> ApprovalStep | None:
    return next((step for step in path.steps if step.key == key), None)


def _escalation(
    step: EscalateCase, case: ApprovalCaseRow, former: str, new: str
) -> CaseDecisionRow:
    return CaseDecisionRow(
        case_number=case.number,
        kind=ESCALATE,
        step=step.step,
        person=new,
        actor="q2c",
        on_behalf_of=former,
        content_hash=case.content_hash,
        accepted=True,
        refused_because="",
        reason=f"{former} did not decide in time",
        channel="timer",
        assurance=Assurance.VERIFIED.value,
        policy_version=case.policy_version,
        facts="",
        command_id=f"timer:escalate:{step.step}:{former}",
        decided_at=step.at,
    )
