"""Reading an approval policy: a typed policy, or everything that is wrong with it at once."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter

from models.approval_facts import VOCABULARY, FactSpec, Measure, Scope, Subject
from models.approval_policy import (
    ApprovalPolicy,
    Comparison,
    Quorum,
    StepRule,
    predecessors,
)
from models.currencies import is_currency
from models.errors import Problem
from models.reading import FieldRule, is_filled, read, value_at, within
from models.working_hours import calendar_problems
from models.written import nearest

MOST_LEVELS = 5
"""Conditions inside conditions beyond this are nothing a person reads."""

_FLAGS = (Comparison.IS_SET, Comparison.IS_NOT_SET)
_HOURS = "is not a whole number from 1 to 8760"


def parse_policy(data: object) -> ApprovalPolicy:
    """Return the approval matrix written in `data` (from YAML or JSON).

    Raises `InvalidInputError` with every problem.
    """
    checks = (
        _rule_id_problems,
        _rule_problems,
        _order_problems,
        _authority_problems,
        lambda written: calendar_problems(written, "calendar"),
    )
    return read(ApprovalPolicy, data, _POLICY_RULES, checks)


_POLICY_RULES = (
    FieldRule("version", is_filled, "is empty", "name the version"),
    FieldRule("rules.*.id", is_filled, "is empty", "name the rule"),
    FieldRule("rules.*.chain", is_filled, "is empty", "name the chain its titles belong to"),
    FieldRule("rules.*.reason", is_filled, "is empty", "say why somebody is asked"),
    FieldRule("rules.*.titles.*", is_filled, "is empty", "name who must approve"),
    FieldRule("remind_after_hours", within(1, 8760), _HOURS),
    FieldRule("escalate_after_hours", within(1, 8760), _HOURS),
)


def _written_rules(data: Mapping[str, object]) -> Sequence[object]:
    rules = data.get("rules")
    return rules if isinstance(rules, list) else ()


def _rule_id_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    seen: set[object] = set()
    for position, rule in enumerate(_written_rules(data)):
        rule_id = str(value_at(rule, "id"))
        if rule_id in seen:
            field = f"rules[{position}].id"
            yield Problem(field=field, reason="is used twice", remedy="give each rule its own")
        seen.add(rule_id)


def _rule_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    for position, rule in enumerate(_written_rules(data)):
        if not isinstance(rule, Mapping):
            continue
        place = f"rules[{position}]"
        subject = rule.get("subject", Subject.QUOTE.value)
        known = VOCABULARY[Subject(str(subject))] if subject in list(Subject) else None
        if "when" in rule and "fact" in rule:
            reason, remedy = "has a fact beside its condition", "write one of `fact` and `when`"
            yield Problem(field=f"{place}.when", reason=reason, remedy=remedy)
        if known is not None and "when" in rule:
            yield from _condition_problems(f"{place}.when", rule["when"], known)
        elif known is not None:
            yield from _leaf_problems(place, rule, known)
        yield from _asked_problems(place, rule)


def _condition_problems(
    place: str, written: object, known: Mapping[str, FactSpec], level: int = 1
) -> Iterator[Problem]:
    if not isinstance(written, Mapping):
        return
    named = [field for field in ("all_of", "any_of", "fact") if field in written]
    parts = [field for field in named if written[field]]
    if not parts and len(named) == 1:
        yield Problem(field=f"{place}.{named[0]}", reason="is empty", remedy="list conditions")
    elif len(parts) != 1:
        reason = f"has {' and '.join(parts) or 'nothing to compare'}"
        yield Problem(field=place, reason=reason, remedy="write one of all_of, any_of and fact")
    if level > MOST_LEVELS:
        reason = f"is nested deeper than {MOST_LEVELS} levels"
        yield Problem(field=place, reason=reason, remedy="write several rules")
        return
    for field in ("all_of", "any_of"):
        inner = written.get(field)
        for position, each in enumerate(inner if isinstance(inner, list) else ()):
            where = f"{place}.{field}[{position}]"
            yield from _condition_problems(where, each, known, level + 1)
    if written.get("fact"):
        yield from _leaf_problems(place, written, known)


def _leaf_problems(
    place: str, written: Mapping[str, object], known: Mapping[str, FactSpec]
) -> Iterator[Problem]:
    """Report a comparison that means nothing: an unknown fact, or a threshold not of its kind."""
    fact = written.get("fact")
    spec = known.get(fact) if isinstance(fact, str) else None
    if spec is None:
        reason = "is missing" if fact is None else f"{fact} is no fact that can be asked about"
        yield Problem(field=f"{place}.fact", reason=reason, remedy=nearest(str(fact or ""), known))
        return
    yield from _threshold_problems(place, written, spec)
    if written.get("where") is not None and spec.scope is Scope.WHOLE:
        reason = f"{fact} is about the whole, which no filter divides"
        remedy = "use a fact of lines, or leave the filter out"
        yield Problem(field=f"{place}.where", reason=reason, remedy=remedy)
    currency = written.get("currency")
    if isinstance(currency, str) and not is_currency(currency):
        remedy = "write three capital letters, as in ISO 4217: USD, EUR"
        yield Problem(field=f"{place}.currency", reason="is not a currency code", remedy=remedy)


def _threshold_problems(
    place: str, written: Mapping[str, object], spec: FactSpec
) -> Iterator[Problem]:
    comparison, threshold = written.get("comparison", "above"), written.get("threshold")
    is_flag = spec.measure is Measure.FLAG
    if comparison in list(Comparison) and (comparison in _FLAGS) != is_flag:
        wanted = ", ".join(c.value for c in Comparison if (c in _FLAGS) == is_flag)
        reason = f"{comparison} does not fit a {spec.measure}"
        yield Problem(field=f"{place}.comparison", reason=reason, remedy=f"use {wanted}")
        return
    if is_flag and threshold is not None:
        reason, remedy = "is a number, and the fact is yes or no", "leave it out"
        yield Problem(field=f"{place}.threshold", reason=reason, remedy=remedy)
    if not is_flag and threshold is None:
        reason = "is missing"
        yield Problem(field=f"{place}.threshold", reason=reason, remedy="write a number")
    number = _number(threshold)
    if not is_flag and number is not None:
        yield from _range_problems(f"{place}.threshold", number, str(comparison), spec)


def _range_problems(
    field: str, threshold: Decimal, comparison: str, spec: FactSpec
) -> Iterator[Problem]:
    """Report a threshold that no value ever passes, or that every value does not."""
    low, high = spec.low, spec.high
    never_above = high is not None and (
        threshold > high or (threshold == high and comparison == Comparison.ABOVE)
    )
    never_below = low is not None and (
        threshold < low or (threshold == low and comparison == Comparison.BELOW)
    )
    if never_above or never_below:
        bounds = (
            f"from {low if low is not None else 'any'} to {high if high is not None else 'any'}"
        )
        reason = f"{threshold} decides nothing: the fact goes {bounds}"
        yield Problem(field=field, reason=reason, remedy="write a threshold in between")


def _number(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return number if number.is_finite() and not isinstance(value, bool) else None


def _asked_problems(place: str, rule: Mapping[str, object]) -> Iterator[Problem]:
    titles, steps = rule.get("titles"), rule.get("steps")
    if titles and steps:
        reason, remedy = "has titles beside its steps", "write one of the two"
        yield Problem(field=f"{place}.steps", reason=reason, remedy=remedy)
    elif not titles and not steps:
        field = "steps" if "steps" in rule else "titles"
        yield Problem(field=f"{place}.{field}", reason="is empty", remedy="name who must approve")
    for position, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, Mapping):
            yield from _step_problems(f"{place}.steps[{position}]", step)


def _step_problems(place: str, step: Mapping[str, object]) -> Iterator[Problem]:
    level, count = step.get("manager_level", 0), step.get("count", 0)
    if not any(step.get(field) for field in ("titles", "roles", "people", "manager_level")):
        remedy = "name titles, roles, people or a manager_level"
        yield Problem(field=place, reason="asks nobody", remedy=remedy)
    if isinstance(level, int) and not 0 <= level <= 10:
        yield Problem(field=f"{place}.manager_level", reason=f"{level} is not between 1 and 10")
    counts = step.get("quorum") == Quorum.COUNT
    if counts and not (isinstance(count, int) and count >= 1):
        remedy = "say how many must approve"
        yield Problem(field=f"{place}.count", reason="is not a number from 1", remedy=remedy)
    if not counts and count:
        remedy = "write `quorum: count`, or leave it out"
        yield Problem(field=f"{place}.count", reason="belongs to the quorum count", remedy=remedy)
    people = step.get("people")
    named = len(people) if isinstance(people, list) else 0
    only_people = not any(step.get(field) for field in ("titles", "roles", "manager_level"))
    if counts and only_people and isinstance(count, int) and named < count:
        reason = f"{count} of {named} people can never approve"
        yield Problem(field=f"{place}.count", reason=reason, remedy="name more people")


def _labels(rule: object) -> list[str]:
    """Return what the steps of a written rule are called; what cannot be read has no place."""
    titles, steps = value_at(rule, "titles"), value_at(rule, "steps")
    if isinstance(titles, list) and titles:
        return [str(title) for title in titles]
    found = []
    for step in steps if isinstance(steps, list) else ():
        try:
            found.append(StepRule.model_validate(step).label)
        except ValueError:
            continue
    return found


def _order_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """Report the chains whose rules want their steps in orders that cannot all be kept."""
    chains: dict[str, list[list[str]]] = {}
    for rule in _written_rules(data):
        chains.setdefault(str(value_at(rule, "chain")), []).append(_labels(rule))
    for chain, paths in chains.items():
        try:
            TopologicalSorter(predecessors(paths)).prepare()
        except CycleError:
            yield Problem(
                field="rules",
                reason=f"want the titles of chain {chain} in orders that contradict each other",
                remedy="name the titles of a chain in one order, or put them in two chains",
            )


def _authority_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    written = data.get("authority")
    titles = [str(title) for title in written] if isinstance(written, list) else []
    for title in sorted({title for title in titles if titles.count(title) > 1}):
        reason = f"has {title} twice"
        yield Problem(field="authority", reason=reason, remedy="give each title one place")
    if data.get("higher_covers_lower") is True and len(titles) < 2:
        remedy = "list the titles from the lowest to the highest"
        yield Problem(field="authority", reason="says nothing about who is higher", remedy=remedy)
