"""Decide: check who says yes or no to what, and put it on record, counted or refused."""

import hashlib
from datetime import datetime

from sqlmodel import Session, col, select
from temporalio import activity

from activities.contract import signer_names
from activities.ports import Office
from activities.pricing import path_of, quote_version
from activities.register import customer_of, people
from activities.signatures import ESCALATE_APPROVAL, RECORD_DECISION
from models.approval import (
    ESCALATE,
    ApprovalPath,
    ApprovalStep,
    DecisionRequest,
    Ruling,
    decide,
    escalate,
    pending,
    replay,
)
from models.contract import order_form_number
from models.decisions import Assurance, DecisionKind, token_matches
from models.documents import DocumentKind
from models.quoting import Quote, is_open_at, is_valid_on
from models.steps import ApprovalEscalated, DecisionRecorded, EscalateApproval, RecordDecision
from models.tables import DecisionRow, DocumentRow

_OF_APPROVERS = (DecisionKind.APPROVE, DecisionKind.REJECT)


class ApprovalActivities:
    """Records decisions."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=RECORD_DECISION.name)
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
            known = self._decide(session, step)
            session.add(known)
            session.flush()
        path = current_path(session, step.deal, step.quote_version)
        return DecisionRecorded(
            accepted=known.accepted, refused_because=known.refused_because, steps=path.steps
        )

    def _decide(self, session: Session, step: RecordDecision) -> DecisionRow:
        quote = quote_version(session, step.deal, step.quote_version)
        key = _step_key(session, step)
        assurance, refusal = self._assurance(step, quote, key)
        refusal = refusal or _refusal(session, step, quote, key)
        question = key if step.kind in _OF_APPROVERS else ""
        used = f"{step.deal}:{_side(step.kind)}:{question}:{step.person}:{quote.content_hash}"
        digest = hashlib.sha256(f"{used}:{step.quote_version}".encode()).hexdigest()
        if not refusal and _is_used(session, digest):
            refusal = f"{step.person} has already decided this; a token works once."
        return DecisionRow(
            deal=step.deal,
            quote_version=step.quote_version,
            kind=step.kind.value,
            step=key,
            person=step.person,
            actor=step.actor or step.person,
            content_hash=step.content_hash or quote.content_hash,
            accepted=not refusal,
            refused_because=refusal,
            reason=step.reason,
            purchase_order=step.purchase_order,
            channel=step.channel.value,
            assurance=assurance.value,
            command_id=step.command_id,
            document_hash=_signed_document(session, step, quote),
            used=None if refusal else digest,
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

    @activity.defn(name=ESCALATE_APPROVAL.name)
    def escalate_approval(self, step: EscalateApproval) -> ApprovalEscalated:
        """Move an undecided step to the approver's manager; nobody above leaves it where it is.

        Safe to retry: an escalation is on record once per step and quote version.
        """
        return self._office.books.write(lambda session: self._escalate(session, step))

    def _escalate(self, session: Session, step: EscalateApproval) -> ApprovalEscalated:
        path = current_path(session, step.deal, step.quote_version)
        moved = escalate(path, step.step, people(session))
        before, after = _step(path, step.step), _step(moved, step.step)
        if before.escalated_from is None and after.approver != before.approver:
            session.add(_escalation(step, before, after, path, step.at))
            session.flush()
            path = moved
        return ApprovalEscalated(steps=path.steps, approver=_step(path, step.step).approver)


def _escalation(
    step: EscalateApproval,
    before: ApprovalStep,
    after: ApprovalStep,
    path: ApprovalPath,
    at: datetime,
) -> DecisionRow:
    return DecisionRow(
        deal=step.deal,
        quote_version=step.quote_version,
        kind=ESCALATE,
        step=step.step,
        person=after.approver,
        actor="q2c",
        content_hash=path.content_hash,
        accepted=True,
        refused_because="",
        reason=f"{before.approver} did not decide in time",
        purchase_order="",
        channel="timer",
        assurance=Assurance.VERIFIED.value,
        command_id=f"timer:escalate:{step.quote_version}:{step.step}",
        decided_at=at,
    )


def _step(path: ApprovalPath, key: str) -> ApprovalStep:
    return next(step for step in path.steps if step.key == key)


def current_path(session: Session, deal: str, version: int) -> ApprovalPath:
    """Return the approval path of a quote version after every decision and escalation on record."""
    statement = (
        select(DecisionRow)
        .where(DecisionRow.deal == deal, DecisionRow.quote_version == version)
        .where(col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id))
    )
    rulings = (
        Ruling(**row.model_dump(include=set(Ruling.model_fields)))
        for row in session.exec(statement)
    )
    return replay(path_of(session, deal, version), rulings)


def _side(kind: DecisionKind) -> str:
    """Yes and no to the same question are one decision."""
    sides = {
        DecisionKind.REJECT: "approve",
        DecisionKind.DECLINE: "accept",
        DecisionKind.RENEW: "accept",
    }
    return sides.get(kind, kind.value)


def _step_key(session: Session, step: RecordDecision) -> str:
    """Return the approval step meant: the named one, or the one that waits for the person."""
    if step.kind not in _OF_APPROVERS or step.step:
        return step.step if step.kind in _OF_APPROVERS else step.kind.value
    path = current_path(session, step.deal, step.quote_version)
    mine = [entry.key for entry in pending(path) if entry.approver == step.person]
    return mine[0] if mine else ""


def _refusal(session: Session, step: RecordDecision, quote: Quote, key: str) -> str:
    """Return why a well-proven decision still does not count, or an empty text."""
    if step.kind in _OF_APPROVERS:
        path = current_path(session, step.deal, step.quote_version)
        request = DecisionRequest(
            person=step.person,
            approve=step.kind is DecisionKind.APPROVE,
            content_hash=quote.content_hash,
            reason=step.reason,
            step=key,
        )
        if step.actor == quote.seller:
            return "The seller cannot decide on their own deal."
        return decide(path, request).refused_because or ""
    if step.kind is DecisionKind.SIGN:
        names = signer_names(session, quote)
        return "" if step.person in names else f"{step.person} is no signer: {', '.join(names)}."
    contacts = [contact.email for contact in customer_of(session, quote.customer).contacts]
    if step.person not in contacts:
        return f"{step.person} is no contact of customer {quote.customer}: {', '.join(contacts)}."
    if step.kind is DecisionKind.ACCEPT and not _is_open(quote, step):
        return f"Quote {quote.number} was valid until {quote.valid_until}."
    return ""


def _is_open(quote: Quote, step: RecordDecision) -> bool:
    """Versions made before the customer's zone was on record are valid by the entity's days."""
    return is_open_at(quote, step.at) if quote.time_zone else is_valid_on(quote, step.on)


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
