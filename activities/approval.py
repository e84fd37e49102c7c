"""Decide: check who says yes or no to what, and put it on record, counted or refused."""

import hashlib
import json
from collections.abc import Sequence

from sqlmodel import Session, col, select
from temporalio import activity

from activities.approval_paths import current_path
from activities.contract import signer_names
from activities.ports import Office
from activities.pricing import quote_version
from activities.register import approval_policy, customer_of, delegations, people
from activities.signatures import ESCALATE_APPROVAL, RECORD_DECISION
from models.approval import (
    ESCALATE,
    ApprovalPath,
    ApprovalStep,
    DecisionOutcome,
    DecisionRequest,
    decide,
    escalate,
    handed_up,
    override,
    recall,
    resubmit,
    waiting_for,
)
from models.approval_counter import counter_problems
from models.contract import order_form_number
from models.decisions import Assurance, DecisionKind, token_matches
from models.delegation import delegates_of
from models.documents import DocumentKind
from models.parties import Role
from models.quoting import Quote, is_open_at, is_valid_on
from models.steps import ApprovalEscalated, DecisionRecorded, EscalateApproval, RecordDecision
from models.tables import DecisionRow, DocumentRow

_OF_APPROVERS = (DecisionKind.APPROVE, DecisionKind.REJECT, DecisionKind.COUNTER)
_ON_PATHS = (
    *_OF_APPROVERS,
    DecisionKind.RECALL,
    DecisionKind.RESUBMIT,
    DecisionKind.OVERRIDE,
)
_LOSING = (DecisionKind.REJECT, DecisionKind.DECLINE)
_AGAIN = (DecisionKind.RECALL, DecisionKind.RESUBMIT, DecisionKind.COUNTER)
"""Decisions that the same person may make about the same version more than once."""


class ApprovalActivities:
    """Records decisions."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=RECORD_DECISION.name, no_thread_cancel_exception=True)
    def record_decision(self, step: RecordDecision) -> DecisionRecorded:
        """Check a decision's token, person, content and turn; record it, counted or refused.

        Safe to retry: a decision is on record once per command, and its stored answer is returned.
        """
        return self._office.books.write(lambda session: self._record(session, step))

    def _record(self, session: Session, step: RecordDecision) -> DecisionRecorded:
        known = session.exec(
            select(DecisionRow).where(
                DecisionRow.deal == step.deal, DecisionRow.command_id == step.command_id
            )
        ).first()
        if known is None:
            known = self._decide(session, _about(session, step))
            session.add(known)
            session.flush()
        path = current_path(session, step.deal, step.quote_version)
        return DecisionRecorded(
            accepted=known.accepted, refused_because=known.refused_because, steps=path.steps
        )

    def _decide(self, session: Session, step: RecordDecision) -> DecisionRow:
        quote = quote_version(session, step.deal, step.quote_version)
        path = current_path(session, step.deal, step.quote_version)
        key = _step_key(session, step, path)
        assurance, refusal = self._assurance(step, quote, key)
        outcome = _outcome(session, step, path, key)
        refusal = refusal or _code_refusal(session, step) or outcome.refused_because or ""
        refusal = refusal or _refusal(session, step, quote)
        used = _digest(step, quote, key)
        if not refusal and _is_used(session, used):
            refusal = f"{step.person} has already decided this; a token works once."
        return DecisionRow(
            deal=step.deal,
            quote_version=step.quote_version,
            kind=step.kind.value,
            step=key,
            person=step.person,
            actor=step.actor or step.person,
            on_behalf_of=outcome.on_behalf_of,
            content_hash=step.content_hash or quote.content_hash,
            accepted=not refusal,
            refused_because=refusal,
            reason=step.reason,
            purchase_order=step.purchase_order,
            policy_version=path.policy_version if step.kind in _ON_PATHS else "",
            facts=_facts_seen(path) if step.kind in _ON_PATHS else "",
            counter=step.counter.model_dump_json() if step.counter else "",
            reason_code=step.reason_code,
            channel=step.channel.value,
            assurance=assurance.value,
            command_id=step.command_id,
            document_hash=_signed_document(session, step, quote),
            used=None if refusal else used,
            decided_at=step.at,
        )

    def _assurance(self, step: RecordDecision, quote: Quote, key: str) -> tuple[Assurance, str]:
        if not step.person:
            return Assurance.UNVERIFIED, "Say who decides: `person` is empty."
        if step.content_hash and step.content_hash != quote.content_hash:
            text = f"This is for an outdated version; in force is {quote.number} "
            return Assurance.UNVERIFIED, f"{text}with content {quote.content_hash[:12]}."
        token_step = key if step.kind in _OF_APPROVERS else step.kind.value
        secret = self._office.rules.secret
        if step.token and token_matches(
            step.token, secret, step.deal, token_step, step.person, quote.content_hash
        ):
            return Assurance.VERIFIED, ""
        if not step.token and self._office.rules.allow_unverified_decisions:
            return Assurance.UNVERIFIED, ""
        text = "The token does not fit" if step.token else "A token is missing"
        remedy = "use the one from the mail, or decide with `q2c` or the API."
        return Assurance.UNVERIFIED, f"{text}: {remedy}"

    @activity.defn(name=ESCALATE_APPROVAL.name, no_thread_cancel_exception=True)
    def escalate_approval(self, step: EscalateApproval) -> ApprovalEscalated:
        """Move an undecided step to its approvers' managers; nobody above leaves it where it is.

        Safe to retry: an escalation is on record once per step and quote version.
        """
        return self._office.books.write(lambda session: self._escalate(session, step))

    def _escalate(self, session: Session, step: EscalateApproval) -> ApprovalEscalated:
        path = current_path(session, step.deal, step.quote_version)
        before = _step(path, step.step)
        if before.escalated_from is None:
            moved = escalate(path, step.step, people(session))
            for former, new in handed_up(before, _step(moved, step.step)):
                session.add(_escalation(step, path.content_hash, former, new))
            session.flush()
            path = current_path(session, step.deal, step.quote_version)
        after = _step(path, step.step)
        return ApprovalEscalated(steps=path.steps, approver=", ".join(after.people))


def _about(session: Session, step: RecordDecision) -> RecordDecision:
    """Return the decision for the version it is about: a review's is that of the override."""
    if step.kind is not DecisionKind.REVIEW:
        return step
    found = open_override(session, step.deal)
    return step.model_copy(update={"quote_version": found.quote_version}) if found else step


def open_override(session: Session, deal: str) -> DecisionRow | None:
    """Return the newest override of a deal that nobody has reviewed, or None."""
    kinds = (DecisionKind.OVERRIDE.value, DecisionKind.REVIEW.value)
    rows = session.exec(
        select(DecisionRow)
        .where(DecisionRow.deal == deal, col(DecisionRow.kind).in_(kinds))
        .where(col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id))
    ).all()
    reviewed = {row.quote_version for row in rows if row.kind == DecisionKind.REVIEW.value}
    overrides = [row for row in rows if row.kind == DecisionKind.OVERRIDE.value]
    return next((row for row in overrides[::-1] if row.quote_version not in reviewed), None)


def _outcome(
    session: Session, step: RecordDecision, path: ApprovalPath, key: str
) -> DecisionOutcome:
    """Return what a decision does to the path, or why it does not count there."""
    unchanged = DecisionOutcome(path=path)
    if step.kind in _ON_PATHS and not _may_act(step, path):
        is_seller = step.actor == path.seller
        who = "The seller" if is_seller else f"{step.actor}, who has a part in it,"
        refused = f"{who} cannot decide on {'their own' if is_seller else 'this'} deal."
        return DecisionOutcome(path=path, refused_because=refused)
    match step.kind:
        case DecisionKind.APPROVE | DecisionKind.REJECT | DecisionKind.COUNTER:
            return _approvers_outcome(session, step, path, key)
        case DecisionKind.RECALL:
            return recall(path, step.person)
        case DecisionKind.RESUBMIT:
            return resubmit(path, step.person)
        case DecisionKind.OVERRIDE:
            deciding = delegates_of(path.seller, delegations(session), step.on)
            return override(path, step.person, step.reason, deciding)
        case _:
            return unchanged


def _may_act(step: RecordDecision, path: ApprovalPath) -> bool:
    """Whether somebody may hand in another's decision: nobody does who may not decide either."""
    barred = {path.seller, *(one.person for one in path.barred)}
    is_own = step.actor in ("", step.person)
    return is_own or step.actor not in barred


def _approvers_outcome(
    session: Session, step: RecordDecision, path: ApprovalPath, key: str
) -> DecisionOutcome:
    if step.kind is DecisionKind.COUNTER:
        problems = counter_problems(step.counter)
        if problems:
            listed = "; ".join(str(problem) for problem in problems)
            return DecisionOutcome(path=path, refused_because=f"The counter is wrong: {listed}")
    return decide(
        path,
        DecisionRequest(
            person=step.person,
            approve=step.kind is DecisionKind.APPROVE,
            counter=step.kind is DecisionKind.COUNTER,
            content_hash=path.content_hash,
            reason=step.reason or (str(step.counter) if step.counter else step.reason_code),
            step=key,
            delegations=delegations(session),
            on=step.on,
        ),
    )


def _escalation(step: EscalateApproval, content_hash: str, former: str, new: str) -> DecisionRow:
    return DecisionRow(
        deal=step.deal,
        quote_version=step.quote_version,
        kind=ESCALATE,
        step=step.step,
        person=new,
        actor="q2c",
        on_behalf_of=former,
        content_hash=content_hash,
        accepted=True,
        refused_because="",
        reason=f"{former} did not decide in time",
        purchase_order="",
        channel="timer",
        assurance=Assurance.VERIFIED.value,
        command_id=f"timer:escalate:{step.quote_version}:{step.step}:{former}",
        decided_at=step.at,
    )


def _step(path: ApprovalPath, key: str) -> ApprovalStep:
    return next(step for step in path.steps if step.key == key)


def _facts_seen(path: ApprovalPath) -> str:
    """Return the facts a decision was made on, as they were frozen with the path."""
    return json.dumps({name: f"{value:f}" for name, value in sorted(path.facts.items())})


def _digest(step: RecordDecision, quote: Quote, key: str) -> str:
    """Return what stands for a decision, so that no token works twice."""
    question = key if step.kind in _OF_APPROVERS else ""
    again = step.command_id if step.kind in _AGAIN else ""
    used = f"{step.deal}:{_side(step.kind)}:{question}:{step.person}:{quote.content_hash}"
    used = f"{used}:{step.quote_version}" + (f":{again}" if again else "")
    return hashlib.sha256(used.encode()).hexdigest()


def _side(kind: DecisionKind) -> str:
    """Yes and no to the same question are one decision."""
    sides = {
        DecisionKind.REJECT: "approve",
        DecisionKind.DECLINE: "accept",
        DecisionKind.RENEW: "accept",
    }
    return sides.get(kind, kind.value)


def _step_key(session: Session, step: RecordDecision, path: ApprovalPath) -> str:
    """Return the approval step meant: the named one, or the one that waits for the person."""
    if step.kind not in _OF_APPROVERS:
        return step.kind.value
    if step.step:
        return step.step
    mine = waiting_for(path, step.person, delegations(session), step.on)
    return mine[0].key if mine else ""


def _refusal(session: Session, step: RecordDecision, quote: Quote) -> str:
    """Return why a well-proven decision beside a path does not count, or an empty text."""
    match step.kind:
        case DecisionKind.OVERRIDE:
            return _override_refusal(session, step)
        case DecisionKind.REVIEW:
            return _review_refusal(session, step)
        case DecisionKind.SIGN:
            names = signer_names(session, quote)
            known = step.person in names
            return "" if known else f"{step.person} is no signer: {', '.join(names)}."
        case DecisionKind.ACCEPT | DecisionKind.DECLINE | DecisionKind.RENEW:
            return _customers_refusal(session, step, quote)
        case _:
            return ""


def _customers_refusal(session: Session, step: RecordDecision, quote: Quote) -> str:
    contacts = [contact.email for contact in customer_of(session, quote.customer).contacts]
    if step.person not in contacts:
        return f"{step.person} is no contact of customer {quote.customer}: {', '.join(contacts)}."
    if step.kind is DecisionKind.ACCEPT and not _is_open(quote, step):
        return f"Quote {quote.number} was valid until {quote.valid_until}."
    return ""


def _is_open(quote: Quote, step: RecordDecision) -> bool:
    """Versions made before the customer's zone was on record are valid by the entity's days."""
    return is_open_at(quote, step.at) if quote.time_zone else is_valid_on(quote, step.on)


def _code_refusal(session: Session, step: RecordDecision) -> str:
    """Return why a reason's code cannot be counted, or an empty text."""
    if not step.reason_code:
        return ""
    if step.kind not in _LOSING:
        return f"A reason's code is for a no; {step.kind} takes none."
    codes = approval_policy(session).loss_reasons
    known = ", ".join(codes)
    return "" if step.reason_code in codes else f"{step.reason_code} is no loss reason: {known}."


def _override_refusal(session: Session, step: RecordDecision) -> str:
    allowed = _with_role(session, Role.OVERRIDE)
    if step.person in allowed:
        return ""
    return f"{step.person} has not the role override: {', '.join(allowed) or 'nobody has'}."


def _review_refusal(session: Session, step: RecordDecision) -> str:
    """Whoever was passed over by an override reviews it, and nobody else."""
    found = open_override(session, step.deal)
    if found is None:
        return "No override waits for a review."
    path = current_path(session, step.deal, found.quote_version)
    passed_over = {one for entry in path.steps if entry.overridden for one in entry.people}
    if step.person not in passed_over - {found.person}:
        return f"{step.person} was not passed over: {', '.join(sorted(passed_over))}."
    return "" if step.reason.strip() else "A review needs its finding as a reason."


def _with_role(session: Session, role: Role) -> Sequence[str]:
    return [person.id for person in people(session) if role in person.roles]


def _signed_document(session: Session, step: RecordDecision, quote: Quote) -> str:
    """Return the hash of the order form a signature is given to; empty for other decisions."""
    if step.kind is not DecisionKind.SIGN:
        return ""
    statement = select(DocumentRow.sha256).where(
        DocumentRow.kind == DocumentKind.ORDER_FORM.value,
        DocumentRow.number == order_form_number(quote.deal, quote.version),
    )
    return session.exec(statement).first() or ""


def _is_used(session: Session, digest: str) -> bool:
    return session.exec(select(DecisionRow).where(DecisionRow.used == digest)).first() is not None
