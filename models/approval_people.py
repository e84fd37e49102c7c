"""Who is asked: from what a policy demands to people, never somebody who has a part in it.

Whoever hands a subject in, decides for whoever does, made it or set its prices is barred from
deciding on it. They are left out here, when people are chosen, and refused again when one decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from models.approval_policy import ApprovalPolicy, Demand, Quorum, StepRule, order_of
from models.errors import ParkedError
from models.parties import Person
from models.value import Value


class Barred(Value):
    """Somebody who may not decide, and why: `Sam made the quote`."""

    person: str
    reason: str


class Asked(NamedTuple):
    """A step of a chain with the people it went to, how many must agree, and who wants it."""

    chain: str
    label: str
    people: tuple[str, ...]
    needed: int
    demands: tuple[Demand, ...]


def asked_people(
    policy: ApprovalPolicy,
    demands: Sequence[Demand],
    people: Sequence[Person],
    submitter: str,
    barred: Iterable[str] = (),
) -> list[Asked]:
    """Return the steps of every chain in their order, each with its people and its demands.

    Whoever alone is asked twice is asked once, in the place where they come first; the same group
    likewise. Where the policy says so, a title answers for the lower ones that are asked as well.

    Raises:
        ParkedError: for some step there is nobody who may decide; every such step is named.
    """
    excluded = {submitter, *barred}
    found: list[Asked] = []
    missing: list[str] = []
    for chain, label, rule, wanting in covered(policy, _wanted(demands)):
        chosen = _chosen(rule, people, submitter, excluded)
        needed = _needed(rule, chosen, people)
        if needed is None:
            missing.append(label)
        else:
            found.append(Asked(chain, label, chosen, needed, wanting))
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise ParkedError(f"Nobody but the seller can approve as {names}: give somebody the title")
    return _merged(found)


def managers_of(person: str, people: Sequence[Person]) -> list[Person]:
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


class Wanted(NamedTuple):
    """A step as a policy wants it, before anybody is chosen."""

    chain: str
    label: str
    rule: StepRule
    demands: tuple[Demand, ...]


def _wanted(demands: Sequence[Demand]) -> list[Wanted]:
    wanted: list[Wanted] = []
    for chain in dict.fromkeys(demand.rule.chain for demand in demands):
        own = [demand for demand in demands if demand.rule.chain == chain]
        rules: Mapping[str, StepRule] = {s.label: s for d in own for s in d.rule.asked}
        for label in order_of([[step.label for step in d.rule.asked] for d in own]):
            wanting = (d for d in own if any(s.label == label for s in d.rule.asked))
            wanted.append(Wanted(chain, label, rules[label], tuple(wanting)))
    return wanted


def covered(policy: ApprovalPolicy, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Return the steps that are left when a higher title answers for the lower ones.

    No demand is lost: what a lower title was wanted for is a reason of the highest one then. Only
    steps for a single title are compared; groups and people are asked as the policy says.
    """
    if not policy.higher_covers_lower:
        return list(wanted)
    ranks = [_rank(policy, one.rule) for one in wanted]
    top = max(ranks, default=-1)
    if top < 0:
        return list(wanted)
    highest = next(one for one, rank in zip(wanted, ranks, strict=True) if rank == top)
    lower = [one for one, rank in zip(wanted, ranks, strict=True) if 0 <= rank < top]
    taken = dict.fromkeys(demand for one in (highest, *lower) for demand in one.demands)
    in_order = tuple(sorted(taken, key=lambda demand: _place(demand, wanted)))
    return [
        one._replace(demands=in_order) if one is highest else one
        for one in wanted
        if one not in lower
    ]


def _place(demand: Demand, wanted: Sequence[Wanted]) -> int:
    return next(place for place, one in enumerate(wanted) if demand in one.demands)


def _rank(policy: ApprovalPolicy, rule: StepRule) -> int:
    """Return how high the single title of a step is, or -1 for any other step."""
    is_single = len(rule.titles) == 1 and not (rule.roles or rule.people or rule.manager_level)
    if not is_single or rule.quorum not in (Quorum.NEAREST, Quorum.ANY):
        return -1
    return policy.authority.index(rule.titles[0]) if rule.titles[0] in policy.authority else -1


def _chosen(
    rule: StepRule, people: Sequence[Person], submitter: str, excluded: set[str]
) -> tuple[str, ...]:
    """Return the people a step goes to.

    A title that only barred people hold goes to the nearest person above them.
    """
    if rule.quorum is Quorum.NEAREST:
        return _nearest(rule.titles[0], people, submitter, excluded)
    holders = {person.id for person in people if _is_meant(rule, person)}
    level = rule.manager_level
    above = [person.id for person in managers_of(submitter, people)]
    if level and len(above) >= level:
        holders |= set(next(([one] for one in above[level - 1 :] if one not in excluded), []))
    return tuple(sorted(holders - excluded))


def _is_meant(rule: StepRule, person: Person) -> bool:
    return (
        bool(set(rule.titles) & set(person.titles))
        or bool(set(rule.roles) & set(person.roles))
        or person.id in rule.people
    )


def _needed(rule: StepRule, chosen: Sequence[str], people: Sequence[Person]) -> int | None:
    """Return how many of the chosen must agree, or None if there are too few of them.

    Of people named by id all must be on record where all are needed.
    """
    strangers = set(rule.people) - {person.id for person in people}
    if not chosen:
        return None
    match rule.quorum:
        case Quorum.ALL:
            return None if strangers else len(chosen)
        case Quorum.COUNT:
            return rule.count if len(chosen) >= rule.count else None
        case _:
            return 1


def _nearest(
    title: str, people: Sequence[Person], submitter: str, excluded: set[str]
) -> tuple[str, ...]:
    """Return the nearest manager who holds a title, else its holder with the first id."""
    holders = sorted(person.id for person in people if title in person.titles)
    free = [one for one in holders if one not in excluded]
    above = [person.id for person in managers_of(submitter, people)]
    nearest = next((one for one in above if one in free), None)
    if nearest or free:
        return (nearest or free[0],)
    # The submitter first, so that their own manager stands in before anybody else's.
    for holder in sorted(holders, key=lambda one: one != submitter):
        higher = (person.id for person in managers_of(holder, people))
        stand_in = next((one for one in higher if one not in excluded), None)
        if stand_in:
            return (stand_in,)
    return ()


def _merged(found: Sequence[Asked]) -> list[Asked]:
    """Ask the same people once, where they come first, for everything they are asked for."""
    merged: dict[tuple[tuple[str, ...], int], Asked] = {}
    for one in found:
        key = (one.people, one.needed)
        first = merged.get(key)
        if first is None:
            merged[key] = one
            continue
        labels = ", ".join(dict.fromkeys((*first.label.split(", "), one.label)))
        if len(first.people) > 1:
            labels = first.label if first.label == one.label else f"{first.label}; {one.label}"
        demands = (*first.demands, *one.demands)
        merged[key] = first._replace(label=labels, demands=demands)
    return list(merged.values())
