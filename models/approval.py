"""Approval: facts of a quote make demands, demands make chains of steps, steps bind content.

The path is resolved to people once, at submit, and frozen. Every function returns a new path; none
lets the seller of a deal decide on it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from itertools import pairwise
from typing import assert_never

from models.errors import ParkedError, Problem
from models.parties import Person
from models.reading import FieldRule, is_filled, read, value_at, within
from models.value import Value

ESCALATE = "escalate"
"""The kind of a ruling that hands a step up."""


class Fact(StrEnum):
    """What a policy may ask about a quote."""

    DISCOUNT_PERCENT = "discount_percent"
    MARGIN_PERCENT = "margin_percent"
    TOTAL = "total"
    PAYMENT_TERMS_DAYS = "payment_terms_days"
    TERM_MONTHS = "term_months"


class Comparison(StrEnum):
    """When a rule applies."""

    ABOVE = "above"
    BELOW = "below"


class PolicyRule(Value):
    """If `fact` is `comparison` `threshold`, `titles` must approve, in this order, in `chain`.

    Chains run in parallel, the steps inside one chain in order. `currency` limits a rule on the
    total to deals in that currency.
    """

    id: str
    fact: Fact
    comparison: Comparison
    threshold: Decimal
    titles: tuple[str, ...]
    chain: str
    reason: str
    currency: str | None = None


class ApprovalPolicy(Value):
    """The approval matrix as data. Hours are elapsed hours since a step became active."""

    version: str
    rules: tuple[PolicyRule, ...] = ()
    remind_after_hours: int = 24
    escalate_after_hours: int = 48


class StepStatus(StrEnum):
    """Where one approval step stands."""

    WAITING = "waiting"
    ACTIVE = "active"
    APPROVED = "approved"
    REJECTED = "rejected"


class ApprovalStep(Value):
    """One required yes. `key` is unique within the quote version; `chain` and `order` place it.

    `fingerprint` stands for what the step was asked about; `decision_reason` is what the decider
    wrote.
    """

    key: str
    chain: str
    order: int
    title: str
    approver: str
    escalated_from: str | None = None
    reasons: tuple[str, ...] = ()
    fingerprint: str = ""
    status: StepStatus = StepStatus.WAITING
    decided_by: str | None = None
    decision_reason: str = ""


class ApprovalPath(Value):
    """All steps a quote version needs, resolved to people and frozen at submit."""

    policy_version: str
    quote_version: int
    content_hash: str
    seller: str = ""
    facts: Mapping[Fact, Decimal] = {}
    steps: tuple[ApprovalStep, ...] = ()


class ApprovalRequest(Value):
    """A quote version handed in for approval: whose it is, what it says, and what is asked."""

    seller: str
    currency: str
    quote_version: int
    content_hash: str
    facts: Mapping[Fact, Decimal]


class DecisionRequest(Value):
    """One person's yes or no to the content with this hash.

    `step` names the step; if it is empty, it is the first step that waits for the person.
    """

    person: str
    approve: bool
    content_hash: str
    reason: str = ""
    step: str = ""


class Ruling(Value):
    """One entry on record about a path: a counted yes or no, or a step handed up to `person`.

    `kind` is `approve`, `reject` or `escalate`; any other kind is about something else.
    """

    kind: str
    step: str
    person: str
    content_hash: str = ""
    reason: str = ""


class DecisionOutcome(Value):
    """The path after a decision; if it was refused, the unchanged path and the reason."""

    path: ApprovalPath
    refused_because: str | None = None


def facts_of(
    discount_percent: Decimal,
    margin_percent: Decimal | None,
    total: Decimal,
    payment_terms_days: int,
    term_months: int,
) -> Mapping[Fact, Decimal]:
    """Return what a policy may look at; an unknown margin is left out, never taken as a number.

    `total` is in major units of the quote's currency.
    """
    facts = {
        Fact.DISCOUNT_PERCENT: discount_percent,
        Fact.TOTAL: total,
        Fact.PAYMENT_TERMS_DAYS: Decimal(payment_terms_days),
        Fact.TERM_MONTHS: Decimal(term_months),
    }
    return facts if margin_percent is None else {**facts, Fact.MARGIN_PERCENT: margin_percent}


def parse_policy(data: object) -> ApprovalPolicy:
    """Return the approval matrix written in `data` (from YAML or JSON).

    Raises `InvalidInputError` with every problem.
    """
    return read(ApprovalPolicy, data, _POLICY_RULES, (_rule_id_problems, _order_problems))


def demanded(
    policy: ApprovalPolicy, facts: Mapping[Fact, Decimal], currency: str
) -> tuple[PolicyRule, ...]:
    """Return the rules that demand an approval, in the policy's order.

    A threshold is passed, not met: 20 is not above 20. A rule for another currency is left out. A
    rule about something unknown demands its approval, and its reason says so.
    """
    rules = (rule for rule in policy.rules if rule.currency in {None, currency})
    return tuple(asked for rule in rules if (asked := _asked(rule, facts)) is not None)


def route(
    policy: ApprovalPolicy,
    facts: Mapping[Fact, Decimal],
    currency: str,
    people: Sequence[Person],
    seller: str,
) -> tuple[ApprovalStep, ...]:
    """Return the steps a quote needs: the first of each chain active, the later ones waiting.

    A title goes to the nearest manager of the seller who holds it, else to its holder with the
    first id. The seller never decides on their own deal: a title only they hold goes to the nearest
    person above them. Whoever is asked for several reasons or titles is asked once, in the place
    where they come first.

    Raises:
        ParkedError: nobody but the seller could approve for a title; every such title is named.
    """
    demands = _demands(demanded(policy, facts, currency), people, seller)
    origin = (policy.version, currency, seller)
    return _activated(_steps(demands, facts, origin))


def build_path(
    policy: ApprovalPolicy,
    request: ApprovalRequest,
    people: Sequence[Person],
    previous: ApprovalPath | None = None,
) -> ApprovalPath:
    """Return the approval path of a quote version, with what still holds of the previous one.

    Raises `ParkedError` if a title finds nobody (see `route`).
    """
    steps = route(policy, request.facts, request.currency, people, request.seller)
    return ApprovalPath(
        policy_version=policy.version,
        quote_version=request.quote_version,
        content_hash=request.content_hash,
        seller=request.seller,
        facts=request.facts,
        steps=steps if previous is None else kept(previous, steps),
    )


def kept(old_path: ApprovalPath, new_steps: Sequence[ApprovalStep]) -> tuple[ApprovalStep, ...]:
    """Return the new steps, approved where the same person already said yes to the same facts.

    An approval survives if its fingerprint and title are equal and it was asked of the same person
    (also if it was escalated from them); a rejection never does.
    """
    approved = [step for step in old_path.steps if step.status is StepStatus.APPROVED]
    return _activated([_carried_over(step, approved) for step in new_steps])


def decide(path: ApprovalPath, request: DecisionRequest) -> DecisionOutcome:
    """Return the path after a person's yes or no, or the reason why it does not count.

    Refused are the seller, strangers, decisions on other content, steps already decided or not yet
    reached, and a rejection without a reason. A yes activates the chain's next step; a no ends the
    whole path at once.
    """
    step = _addressed_step(path, request)
    if step is None:
        return DecisionOutcome(path=path, refused_because=_stranger(path, request))
    refused = _refusal(path, step, request)
    if refused is not None:
        return DecisionOutcome(path=path, refused_because=refused)
    changes = {
        "status": StepStatus.APPROVED if request.approve else StepStatus.REJECTED,
        "decided_by": request.person,
        "decision_reason": request.reason.strip(),
    }
    steps = _replaced(path.steps, step.model_copy(update=changes))
    if request.approve:
        steps = _activated(steps)
    return DecisionOutcome(path=path.model_copy(update={"steps": steps}))


def escalate(path: ApprovalPath, step_key: str, people: Sequence[Person]) -> ApprovalPath:
    """Return the path with a step handed up to the nearest manager of its approver.

    The seller is passed over. The step stays where it is if there is nobody above, if it is not
    active, or if the path has no such step.
    """
    step = next((step for step in pending(path) if step.key == step_key), None)
    if step is None or is_rejected(path):
        return path
    barred = {path.seller, step.approver, step.escalated_from}
    above = (person.id for person in _managers(step.approver, people))
    manager = next((person for person in above if person not in barred), None)
    if manager is None:
        return path
    moved = step.model_copy(update={"approver": manager, "escalated_from": step.approver})
    return path.model_copy(update={"steps": _replaced(path.steps, moved)})


def replay(path: ApprovalPath, rulings: Iterable[Ruling]) -> ApprovalPath:
    """Return a frozen path after everything that was decided and handed up, in its order."""
    for ruling in rulings:
        if ruling.kind == ESCALATE:
            moved = {"approver": ruling.person}
            steps = (
                step.model_copy(update={**moved, "escalated_from": step.approver})
                if step.key == ruling.step
                else step
                for step in path.steps
            )
            path = path.model_copy(update={"steps": tuple(steps)})
        elif ruling.kind in {"approve", "reject"}:
            approve = ruling.kind == "approve"
            asked = ruling.model_dump(exclude={"kind"})
            path = decide(path, DecisionRequest(approve=approve, **asked)).path
    return path


def pending(path: ApprovalPath) -> tuple[ApprovalStep, ...]:
    """Return the steps that wait for their approver now."""
    return tuple(step for step in path.steps if step.status is StepStatus.ACTIVE)


def is_approved(path: ApprovalPath) -> bool:
    """Whether every required yes is there; without any step nobody had to be asked."""
    return all(step.status is StepStatus.APPROVED for step in path.steps)


def is_rejected(path: ApprovalPath) -> bool:
    """Whether anybody said no."""
    return any(step.status is StepStatus.REJECTED for step in path.steps)


class _Demand(Value):
    """A title needed in a chain, the person it went to, and the rules that want it."""

    chain: str
    title: str
    approver: str
    rules: tuple[PolicyRule, ...]


_POLICY_RULES = (
    FieldRule("version", is_filled, "is empty", "name the version"),
    FieldRule("rules.*.id", is_filled, "is empty", "name the rule"),
    FieldRule("rules.*.chain", is_filled, "is empty", "name the chain its titles belong to"),
    FieldRule("rules.*.reason", is_filled, "is empty", "say why somebody is asked"),
    FieldRule("rules.*.titles", bool, "is empty", "name who must approve"),
    FieldRule("rules.*.titles.*", is_filled, "is empty", "name who must approve"),
    FieldRule("remind_after_hours", within(1, 8760), "is not a whole number from 1 to 8760"),
    FieldRule("escalate_after_hours", within(1, 8760), "is not a whole number from 1 to 8760"),
)


def _rule_id_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    seen: set[object] = set()
    for position, rule in enumerate(_written_rules(data)):
        rule_id = str(value_at(rule, "id"))
        if rule_id in seen:
            field = f"rules[{position}].id"
            yield Problem(field=field, reason="is used twice", remedy="give each rule its own")
        seen.add(rule_id)


def _order_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """Report the chains whose rules want their titles in orders that cannot all be kept."""
    chains: dict[str, list[list[str]]] = {}
    for rule in _written_rules(data):
        titles = value_at(rule, "titles")
        names = [str(title) for title in titles] if isinstance(titles, list) else []
        chains.setdefault(str(value_at(rule, "chain")), []).append(names)
    for chain, paths in chains.items():
        try:
            TopologicalSorter(_before(paths)).prepare()
        except CycleError:
            yield Problem(
                field="rules",
                reason=f"want the titles of chain {chain} in orders that contradict each other",
                remedy="name the titles of a chain in one order, or put them in two chains",
            )


def _written_rules(data: Mapping[str, object]) -> Sequence[object]:
    rules = data.get("rules")
    return rules if isinstance(rules, list) else ()


def _asked(rule: PolicyRule, facts: Mapping[Fact, Decimal]) -> PolicyRule | None:
    """Return the rule if it demands its approval, with the reason to show."""
    value = facts.get(rule.fact)
    if value is None:
        name = rule.fact.removesuffix("_percent").replace("_", " ")
        return rule.model_copy(update={"reason": f"The {name} is unknown: {rule.reason}"})
    match rule.comparison:
        case Comparison.ABOVE:
            return rule if value > rule.threshold else None
        case Comparison.BELOW:
            return rule if value < rule.threshold else None
    assert_never(rule.comparison)


def _demands(rules: Sequence[PolicyRule], people: Sequence[Person], seller: str) -> list[_Demand]:
    """Return the titles of every chain in their order, each with its person and its rules."""
    demands: list[_Demand] = []
    missing: list[str] = []
    for chain in dict.fromkeys(rule.chain for rule in rules):
        own = [rule for rule in rules if rule.chain == chain]
        for title in _in_order([rule.titles for rule in own]):
            approver = _approver(title, people, seller)
            if approver is None:
                missing.append(title)
                continue
            wanting = tuple(rule for rule in own if title in rule.titles)
            demand = _Demand(chain=chain, title=title, approver=approver, rules=wanting)
            demands.append(demand)
    if missing:
        titles = ", ".join(dict.fromkeys(missing))
        raise ParkedError(f"Nobody but the seller can approve as {titles}: give somebody the title")
    return demands


def _in_order(paths: Sequence[Sequence[str]]) -> list[str]:
    """Merge the rules' titles into one order that keeps each rule's own, earlier rules first."""
    remaining = list(dict.fromkeys(title for path in paths for title in path))
    before = _before(paths)
    ordered: list[str] = []
    while remaining:
        free = (title for title in remaining if not before[title].intersection(remaining))
        ordered.append(next(free, remaining[0]))
        remaining.remove(ordered[-1])
    return ordered


def _before(paths: Iterable[Sequence[str]]) -> dict[str, set[str]]:
    """Return for each title those that some rule puts right before it."""
    before: dict[str, set[str]] = {title: set() for path in paths for title in path}
    for path in paths:
        for earlier, later in pairwise(path):
            before[later].add(earlier)
    return before


def _approver(title: str, people: Sequence[Person], seller: str) -> str | None:
    others = sorted(person.id for person in people if _holds(person, title, seller))
    above = [person.id for person in _managers(seller, people)]
    for manager in above:
        if manager in others:
            return manager
    if others:
        return others[0]
    is_held_by_seller = any(person.id == seller and title in person.titles for person in people)
    return above[0] if is_held_by_seller and above else None


def _holds(person: Person, title: str, seller: str) -> bool:
    return person.id != seller and title in person.titles


def _managers(person: str, people: Sequence[Person]) -> list[Person]:
    """Return the people above a person, nearest first.

    A circle ends where it would close, so nobody is above themselves.
    """
    by_id = {one.id: one for one in people}
    above: list[Person] = []
    passed = {person}
    current = by_id.get(person)
    while current is not None and current.manager is not None and current.manager not in passed:
        passed.add(current.manager)
        current = by_id.get(current.manager)
        if current is not None:
            above.append(current)
    return above


def _steps(
    demands: Sequence[_Demand], facts: Mapping[Fact, Decimal], origin: Sequence[str]
) -> list[ApprovalStep]:
    """Make one step for each person, where they come first, with all that they are asked for."""
    steps: list[ApprovalStep] = []
    for approver in dict.fromkeys(demand.approver for demand in demands):
        own = [demand for demand in demands if demand.approver == approver]
        rules = [rule for demand in own for rule in demand.rules]
        order = 1 + sum(step.chain == own[0].chain for step in steps)
        step = ApprovalStep(
            key=f"{own[0].chain}-{order}",
            chain=own[0].chain,
            order=order,
            title=", ".join(dict.fromkeys(demand.title for demand in own)),
            approver=approver,
            reasons=tuple(dict.fromkeys(rule.reason for rule in rules)),
            fingerprint=_fingerprint(rules, facts, origin),
        )
        steps.append(step)
    return steps


def _fingerprint(
    rules: Sequence[PolicyRule], facts: Mapping[Fact, Decimal], origin: Sequence[str]
) -> str:
    """Return the hash of what the rules looked at; 10 and 10.00 are the same number."""
    looked_at = sorted({rule.fact for rule in rules})
    seen = [f"{fact}={_written(facts.get(fact))}" for fact in looked_at]
    return sha256(json.dumps([*origin, *seen]).encode()).hexdigest()


def _written(value: Decimal | None) -> str:
    if value is None:
        return "unknown"
    numerator, denominator = value.as_integer_ratio()
    return f"{numerator}/{denominator}"


def _activated(steps: Sequence[ApprovalStep]) -> tuple[ApprovalStep, ...]:
    """Return the steps with the first undecided one of each chain active and the others waiting."""
    undecided = {StepStatus.WAITING, StepStatus.ACTIVE}
    first: dict[str, str] = {}
    for step in sorted(steps, key=lambda step: step.order):
        if step.status in undecided:
            first.setdefault(step.chain, step.key)
    return tuple(
        _with_turn(step, first[step.chain]) if step.status in undecided else step for step in steps
    )


def _with_turn(step: ApprovalStep, first: str) -> ApprovalStep:
    status = StepStatus.ACTIVE if step.key == first else StepStatus.WAITING
    return step.model_copy(update={"status": status})


def _carried_over(step: ApprovalStep, approved: Sequence[ApprovalStep]) -> ApprovalStep:
    for old in approved:
        is_same = (old.fingerprint, old.title) == (step.fingerprint, step.title)
        if is_same and step.approver in {old.approver, old.escalated_from}:
            decided = ("approver", "escalated_from", "status", "decided_by", "decision_reason")
            return step.model_copy(update={field: getattr(old, field) for field in decided})
    return step


def _replaced(steps: Sequence[ApprovalStep], changed: ApprovalStep) -> tuple[ApprovalStep, ...]:
    return tuple(changed if step.key == changed.key else step for step in steps)


def _addressed_step(path: ApprovalPath, request: DecisionRequest) -> ApprovalStep | None:
    """Return the step a person decides on: the one named, else their first active, else any."""
    own = [step for step in path.steps if step.approver == request.person]
    if request.step:
        return next((step for step in own if step.key == request.step), None)
    active = (step for step in own if step.status is StepStatus.ACTIVE)
    return next(active, own[0] if own else None)


def _stranger(path: ApprovalPath, request: DecisionRequest) -> str:
    if request.person == path.seller:
        return "The seller cannot decide on their own deal"
    wanted = f"step {request.step}" if request.step else "any step"
    return f"{request.person} is not asked to decide on {wanted} of version {path.quote_version}"


def _refusal(path: ApprovalPath, step: ApprovalStep, request: DecisionRequest) -> str | None:
    """Return why a decision of the step's approver does not count, or None if it does."""
    said = f"Step {step.key} is already {step.status} by {step.decided_by}"
    rejected = f"Version {path.quote_version} is already rejected"
    checks = (
        (request.person == path.seller, "The seller cannot decide on their own deal"),
        (
            request.content_hash != path.content_hash,
            f"This decision is for an outdated version: look at version {path.quote_version}",
        ),
        (step.decided_by is not None, said),
        (is_rejected(path), rejected),
        (step.status is StepStatus.WAITING, f"It is not your turn: step {step.key} is waiting"),
        (not request.approve and not request.reason.strip(), "A rejection needs a reason"),
    )
    return next((reason for applies, reason in checks if applies), None)
