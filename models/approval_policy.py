"""The approval policy: which facts of a subject demand whose approval, as data.

A policy is written by people, so everything that is wrong with it is told at once, and what it says
is a small language of conditions: no code runs that somebody put into a file.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple, assert_never

from models.approval_facts import VOCABULARY, Findings, LineFacts, Scope, Subject
from models.parties import Role
from models.value import Value
from models.working_hours import WorkingCalendar


class Comparison(StrEnum):
    """When a fact fulfills a condition; a threshold is passed, not met, unless it says `at_`."""

    ABOVE = "above"
    BELOW = "below"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    IS_SET = "is_set"
    IS_NOT_SET = "is_not_set"


class LineFilter(Value):
    """Which lines a condition is about; a list left empty lets every line through."""

    skus: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def lets_through(self, line: LineFacts) -> bool:
        """Whether a line is meant."""
        return (
            (not self.skus or line.sku in self.skus)
            and (not self.kinds or line.kind in self.kinds)
            and (not self.tags or bool(set(self.tags) & set(line.tags)))
        )


class Condition(Value):
    """Either one comparison of a fact, or `all_of` or `any_of` several conditions.

    A condition on a fact of lines is fulfilled by any line that `where` lets through. `currency`
    limits it to subjects in that currency.
    """

    all_of: tuple["Condition", ...] = ()
    any_of: tuple["Condition", ...] = ()
    fact: str = ""
    comparison: Comparison = Comparison.ABOVE
    threshold: Decimal | None = None
    where: LineFilter | None = None
    currency: str | None = None


class Verdict(NamedTuple):
    """Whether a condition is fulfilled, by what it is so, and everything it looked at.

    `unknown` names the facts that nobody knows; what is unknown fulfills a condition, because it
    cannot be taken for harmless. `lines` are the references of the lines that fulfill it.
    """

    holds: bool
    seen: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class Quorum(StrEnum):
    """Of whom a step needs a yes: of the nearest holder of a title, or of any, all or some."""

    NEAREST = "nearest"
    ANY = "any"
    ALL = "all"
    COUNT = "count"


class StepRule(Value):
    """Who is asked in one step: everybody with a title or a role, people by id, or a manager.

    `manager_level` 1 is the submitter's manager, 2 the one above. Of all of them `quorum` must say
    yes: any one, all, or `count` of them.
    """

    titles: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    people: tuple[str, ...] = ()
    manager_level: int = 0
    quorum: Quorum = Quorum.ANY
    count: int = 0

    @property
    def label(self) -> str:
        """What the step is called: its title, or whom it asks and how many of them."""
        named = [*self.titles, *(f"role {role.value}" for role in self.roles), *self.people]
        named += [f"manager {self.manager_level}"] if self.manager_level else []
        who = ", ".join(named)
        match self.quorum:
            case Quorum.NEAREST:
                return who
            case Quorum.ANY:
                return who if len(named) == 1 and not self.titles else f"any of {who}"
            case Quorum.ALL:
                return f"all of {who}"
            case Quorum.COUNT:
                return f"{self.count} of {who}"
        assert_never(self.quorum)


class PolicyRule(Value):
    """If its condition is fulfilled, its steps must approve, in their order, in its chain.

    The condition is `when`, or in short `fact` `comparison` `threshold`. The steps are `steps`, or
    in short `titles`, each a step for the nearest holder. Chains run in parallel.
    """

    id: str
    subject: Subject = Subject.QUOTE
    when: Condition | None = None
    fact: str = ""
    comparison: Comparison = Comparison.ABOVE
    threshold: Decimal | None = None
    where: LineFilter | None = None
    titles: tuple[str, ...] = ()
    steps: tuple[StepRule, ...] = ()
    chain: str
    reason: str
    currency: str | None = None

    @property
    def condition(self) -> Condition:
        """What must be so for the rule to apply."""
        short = Condition(
            fact=self.fact,
            comparison=self.comparison,
            threshold=self.threshold,
            where=self.where,
        )
        return self.when or short

    @property
    def asked(self) -> tuple[StepRule, ...]:
        """Whom the rule asks, in order."""
        nearest = (StepRule(titles=(title,), quorum=Quorum.NEAREST) for title in self.titles)
        return self.steps or tuple(nearest)


LOSS_REASONS = ("price", "competitor", "budget", "timing", "features", "terms", "other")
"""Why offers are lost, where a house names no reasons of its own."""


class ApprovalPolicy(Value):
    """The approval matrix as data.

    Hours are counted from when a step became active: hours of work if there is a `calendar`, else
    all hours. `authority` lists titles from the lowest to the highest; with `higher_covers_lower`
    a title that is asked answers for the lower ones, which are then not asked. `loss_reasons` are
    the codes that a rejection or a customer's no may be counted under.
    """

    version: str
    rules: tuple[PolicyRule, ...] = ()
    remind_after_hours: int = 24
    escalate_after_hours: int = 48
    calendar: WorkingCalendar | None = None
    authority: tuple[str, ...] = ()
    higher_covers_lower: bool = False
    loss_reasons: tuple[str, ...] = LOSS_REASONS


class Demand(NamedTuple):
    """A rule that applies, with the reason to show and what it looked at."""

    rule: PolicyRule
    reason: str
    seen: tuple[str, ...]


OF_LINE = "line "
"""What the record of a fact of a line begins with; two such lines are two facts."""

MOST_LINES_NAMED = 5
"""A reason names no more lines than a person reads."""


def demands_of(policy: ApprovalPolicy, findings: Findings) -> tuple[Demand, ...]:
    """Return what the policy demands for a subject, in the policy's order.

    A rule for another currency or another kind of subject is left out. A rule about something
    unknown demands its approval, and its reason says so.
    """
    mine = [rule for rule in policy.rules if rule.subject is findings.subject]
    return tuple(
        Demand(rule, _reason(rule, verdict), verdict.seen)
        for rule in mine
        if rule.currency in {None, findings.currency}
        and (verdict := judge(rule.condition, findings)).holds
    )


def judge(condition: Condition, findings: Findings) -> Verdict:
    """Return whether a subject fulfills a condition, with all it looked at to say so."""
    if condition.all_of:
        parts = [judge(part, findings) for part in condition.all_of]
        return _joined(parts, holds=all(part.holds for part in parts))
    if condition.any_of:
        parts = [judge(part, findings) for part in condition.any_of]
        certain = any(part.holds and not part.unknown for part in parts)
        found = _joined(parts, holds=any(part.holds for part in parts))
        return found._replace(unknown=()) if certain else found
    if condition.currency not in {None, findings.currency}:
        return Verdict(holds=False)
    spec = VOCABULARY[findings.subject].get(condition.fact)
    scope = spec.scope if spec else Scope.WHOLE
    match scope:
        case Scope.WHOLE:
            return _of_whole(condition, findings.facts.get(condition.fact))
        case Scope.LINE:
            return _of_lines(condition, _meant(condition, findings))
        case Scope.SUM:
            of_line = spec.of_line if spec else ""
            values = [line.facts.get(of_line) for line in _meant(condition, findings)]
            known = [value for value in values if value is not None]
            total = sum(known, Decimal(0)) if len(known) == len(values) else None
            where = condition.where.model_dump_json() if condition.where else ""
            return _of_whole(condition, total, f"{condition.fact}{where}")
    assert_never(scope)


def order_of(paths: Sequence[Sequence[str]]) -> list[str]:
    """Merge the orders of several rules into one that keeps each rule's own, earlier rules first.

    Where they contradict each other, which a checked policy does not, the first mentioned is first.
    """
    remaining = list(dict.fromkeys(name for path in paths for name in path))
    before = predecessors(paths)
    ordered: list[str] = []
    while remaining:
        free = (name for name in remaining if not before[name].intersection(remaining))
        ordered.append(next(free, remaining[0]))
        remaining.remove(ordered[-1])
    return ordered


def predecessors(paths: Sequence[Sequence[str]]) -> dict[str, set[str]]:
    """Return for each name those that some rule puts right before it."""
    before: dict[str, set[str]] = {name: set() for path in paths for name in path}
    for path in paths:
        for earlier, later in pairwise(path):
            before[later].add(earlier)
    return before


def written(value: Decimal | None) -> str:
    """Return a value so that equal numbers are written equally: 10 and 10.00 are the same."""
    if value is None:
        return "unknown"
    numerator, denominator = value.as_integer_ratio()
    return f"{numerator}/{denominator}"


def _joined(parts: Sequence[Verdict], *, holds: bool) -> Verdict:
    """Take all that was looked at together; what is shown comes from the parts that hold."""
    shown = [part for part in parts if part.holds] if holds else []
    return Verdict(
        holds=holds,
        seen=tuple(one for part in parts for one in part.seen),
        unknown=tuple(dict.fromkeys(one for part in shown for one in part.unknown)),
        lines=tuple(dict.fromkeys(one for part in shown for one in part.lines)),
    )


def _of_whole(condition: Condition, value: Decimal | None, name: str = "") -> Verdict:
    seen = (f"{name or condition.fact}={written(value)}",)
    if value is None:
        return Verdict(holds=True, seen=seen, unknown=(condition.fact,))
    return Verdict(holds=_compares(condition, value), seen=seen)


def _of_lines(condition: Condition, lines: Sequence[LineFacts]) -> Verdict:
    """A line that does not fulfill the condition is not looked at, so it may change freely."""
    found = [(line, line.facts.get(condition.fact)) for line in lines]
    fulfilling = [(line, v) for line, v in found if v is None or _compares(condition, v)]
    has_unknown = any(value is None for _, value in fulfilling)
    return Verdict(
        holds=bool(fulfilling),
        seen=tuple(f"{OF_LINE}{condition.fact} {ln.sku}={written(v)}" for ln, v in fulfilling),
        unknown=(condition.fact,) if has_unknown else (),
        lines=tuple(line.reference for line, _ in fulfilling),
    )


def _meant(condition: Condition, findings: Findings) -> list[LineFacts]:
    where = condition.where or LineFilter()
    return [line for line in findings.lines if where.lets_through(line)]


def _compares(condition: Condition, value: Decimal) -> bool:
    threshold = condition.threshold or Decimal(0)
    match condition.comparison:
        case Comparison.ABOVE:
            return value > threshold
        case Comparison.BELOW:
            return value < threshold
        case Comparison.AT_LEAST:
            return value >= threshold
        case Comparison.AT_MOST:
            return value <= threshold
        case Comparison.IS_SET:
            return value != 0
        case Comparison.IS_NOT_SET:
            return value == 0
    assert_never(condition.comparison)


def _reason(rule: PolicyRule, verdict: Verdict) -> str:
    """Return why somebody is asked: the policy's words, with what is unknown and which lines."""
    names = [name.removesuffix("_percent").replace("_", " ") for name in verdict.unknown]
    unknown = f"The {' and the '.join(names)} is unknown: " if names else ""
    named = verdict.lines[:MOST_LINES_NAMED]
    more = len(verdict.lines) - len(named)
    lines = f" (line {', '.join(named)}{f' and {more} more' if more else ''})" if named else ""
    return f"{unknown}{rule.reason}{lines}"
