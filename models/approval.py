"""Approval: facts of a subject make demands, demands make chains of steps, steps bind content.

This is the whole of it in one import: what a policy may ask (`approval_facts`), the policy itself
(`approval_policy`, read by `approval_reading`), whom it asks (`approval_people`) and the path of
steps that comes of it (`approval_path`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256

from models.approval_facts import Fact, Findings, LineFacts, Subject
from models.approval_path import (
    ESCALATE,
    ApprovalPath,
    ApprovalRequest,
    ApprovalStep,
    DecisionOutcome,
    DecisionRequest,
    Ruling,
    RulingKind,
    StepStatus,
    Voice,
    activated,
    answered_with,
    approve_as_countered,
    decide,
    escalate,
    handed_up,
    is_approved,
    is_countered,
    is_rejected,
    override,
    pending,
    reasons_asked,
    recall,
    replay,
    resubmit,
    waiting_for,
)
from models.approval_people import Asked, Barred, asked_people
from models.approval_policy import (
    OF_LINE,
    ApprovalPolicy,
    Comparison,
    Condition,
    Demand,
    LineFilter,
    PolicyRule,
    Quorum,
    StepRule,
    demands_of,
)
from models.approval_reading import parse_policy
from models.delegation import delegates_of
from models.parties import Person

__all__ = [
    "ESCALATE",
    "ApprovalPath",
    "ApprovalPolicy",
    "ApprovalRequest",
    "ApprovalStep",
    "Barred",
    "Comparison",
    "Condition",
    "DecisionOutcome",
    "DecisionRequest",
    "Demand",
    "Fact",
    "Findings",
    "LineFacts",
    "LineFilter",
    "PolicyRule",
    "Quorum",
    "Ruling",
    "RulingKind",
    "StepRule",
    "StepStatus",
    "Subject",
    "Voice",
    "activated",
    "answered_with",
    "approve_as_countered",
    "build_path",
    "decide",
    "demanded",
    "demands_of",
    "escalate",
    "facts_of",
    "handed_up",
    "is_approved",
    "is_countered",
    "is_rejected",
    "kept",
    "override",
    "parse_policy",
    "pending",
    "reasons_asked",
    "recall",
    "replay",
    "resubmit",
    "route",
    "waiting_for",
]


def facts_of(
    discount_percent: Decimal,
    margin_percent: Decimal | None,
    total: Decimal,
    payment_terms_days: int,
    term_months: int,
) -> Mapping[str, Decimal]:
    """Return the five facts every quote has; an unknown margin is left out, never a number.

    `total` is in major units of the quote's currency.
    """
    facts: dict[str, Decimal] = {
        Fact.DISCOUNT_PERCENT: discount_percent,
        Fact.TOTAL: total,
        Fact.PAYMENT_TERMS_DAYS: Decimal(payment_terms_days),
        Fact.TERM_MONTHS: Decimal(term_months),
    }
    return facts if margin_percent is None else {**facts, Fact.MARGIN_PERCENT: margin_percent}


def demanded(
    policy: ApprovalPolicy, facts: Mapping[str, Decimal], currency: str
) -> tuple[PolicyRule, ...]:
    """Return the rules that demand an approval of a quote with these facts, in their order.

    Each has the reason to show, which says so where a fact is unknown.
    """
    found = demands_of(policy, Findings(currency=currency, facts=facts))
    return tuple(demand.rule.model_copy(update={"reason": demand.reason}) for demand in found)


def route(
    policy: ApprovalPolicy,
    facts: Mapping[str, Decimal],
    currency: str,
    people: Sequence[Person],
    seller: str,
) -> tuple[ApprovalStep, ...]:
    """Return the steps a quote with these facts needs (see `build_path`)."""
    request = ApprovalRequest(
        seller=seller, currency=currency, quote_version=0, content_hash="", facts=facts
    )
    return build_path(policy, request, people).steps


def build_path(
    policy: ApprovalPolicy,
    request: ApprovalRequest,
    people: Sequence[Person],
    previous: ApprovalPath | None = None,
) -> ApprovalPath:
    """Return the approval path of a version, with what still holds of the previous one.

    The first step of each chain is active, the later ones wait. A title goes to the nearest manager
    of the submitter who holds it, else to its holder with the first id. Whoever has a part in the
    subject never decides on it; a title only they hold goes to the nearest person above them.
    Whoever is asked for several reasons or titles is asked once, in the place where they come
    first.

    Raises:
        ParkedError: for some step there is nobody who may decide; every such step is named.
    """
    findings = Findings(
        subject=request.subject,
        currency=request.currency,
        facts=request.facts,
        lines=request.lines,
    )
    barred = all_barred(request)
    excluded = [one.person for one in barred]
    demands = demands_of(policy, findings)
    asked = asked_people(policy, demands, people, request.seller, excluded)
    steps = activated(_steps(asked, (policy.version, request.currency, request.seller)))
    return ApprovalPath(
        policy_version=policy.version,
        quote_version=request.quote_version,
        content_hash=request.content_hash,
        subject=request.subject,
        seller=request.seller,
        barred=barred,
        facts=request.facts,
        steps=steps if previous is None else kept(previous, steps, excluded),
    )


def all_barred(request: ApprovalRequest) -> tuple[Barred, ...]:
    """Return everybody beside the submitter who may not decide, each once, with the first reason.

    Whoever decides for the submitter on the day is one of them.
    """
    deciding = delegates_of(request.seller, request.delegations, request.on) if request.on else ()
    for_submitter = (
        Barred(person=one, reason=f"decides for {request.seller}, whose deal it is")
        for one in deciding
    )
    first: dict[str, Barred] = {}
    for one in (*request.barred, *for_submitter):
        if one.person and one.person != request.seller:
            first.setdefault(one.person, one)
    return tuple(first.values())


def kept(
    old_path: ApprovalPath, new_steps: Sequence[ApprovalStep], barred: Iterable[str] = ()
) -> tuple[ApprovalStep, ...]:
    """Return the new steps, approved where the same people already said yes to the same facts.

    An approval survives if its fingerprint and title are equal and it was asked of the same people
    (also if it was escalated from them). A no never does, nor does a yes of somebody who may not
    decide any more, nor one that an override stood in for.
    """
    excluded = {old_path.seller, *barred}
    approved = [
        step
        for step in old_path.steps
        if step.status is StepStatus.APPROVED
        and not step.overridden
        and not excluded & {step.decided_by, *(voice.person for voice in step.voices)}
    ]
    return activated([_carried_over(step, approved) for step in new_steps])


_DECIDED = (
    "approver",
    "approvers",
    "needed",
    "voices",
    "escalated_from",
    "status",
    "decided_by",
    "on_behalf_of",
    "decision_reason",
)


def _carried_over(step: ApprovalStep, approved: Sequence[ApprovalStep]) -> ApprovalStep:
    for old in approved:
        is_same = (old.fingerprint, old.title) == (step.fingerprint, step.title)
        is_of_same = (
            step.people == old.people
            if step.approvers
            else step.approver in {old.approver, old.escalated_from}
        )
        if is_same and is_of_same and step.needed == old.needed:
            return step.model_copy(update={field: getattr(old, field) for field in _DECIDED})
    return step


def _steps(asked: Sequence[Asked], origin: Sequence[str]) -> list[ApprovalStep]:
    """Make one step for each person or group, with all that they are asked for."""
    steps: list[ApprovalStep] = []
    for one in asked:
        order = 1 + sum(step.chain == one.chain for step in steps)
        step = ApprovalStep(
            key=f"{one.chain}-{order}",
            chain=one.chain,
            order=order,
            title=one.label,
            approver=one.people[0],
            approvers=one.people if len(one.people) > 1 else (),
            needed=one.needed,
            reasons=tuple(dict.fromkeys(demand.reason for demand in one.demands)),
            fingerprint=_fingerprint(one.demands, origin),
        )
        steps.append(step)
    return steps


def _fingerprint(demands: Sequence[Demand], origin: Sequence[str]) -> str:
    """Return the hash of what the rules looked at; 10 and 10.00 are the same number."""
    seen = [one for demand in demands for one in demand.seen]
    of_whole = sorted({one for one in seen if not one.startswith(OF_LINE)})
    of_lines = sorted(one for one in seen if one.startswith(OF_LINE))
    return sha256(json.dumps([*origin, *of_whole, *of_lines]).encode()).hexdigest()
