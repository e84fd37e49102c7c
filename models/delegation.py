"""Delegation: somebody is away, and somebody else decides for them, for some days.

One hop only: what was delegated to a person is not passed on by that person's own delegation. The
work stays with them, because the first one chose them and nobody else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from models.errors import Problem
from models.parties import Person, Role
from models.reading import FieldRule, is_filled, read
from models.value import Value


class Delegation(Value):
    """`delegate` decides for `person` from `starts_on` to `last_on`, both days included.

    A revoked one never counts again, but stays on record with what was decided under it.
    """

    id: str
    person: str
    delegate: str
    starts_on: date
    last_on: date
    reason: str = ""
    revoked: bool = False

    def is_in_force(self, day: date) -> bool:
        """Whether the delegate decides for the person on that day."""
        return not self.revoked and self.starts_on <= day <= self.last_on

    def overlaps(self, other: "Delegation") -> bool:
        """Whether both are in force on some day."""
        both = not self.revoked and not other.revoked
        return both and self.starts_on <= other.last_on and other.starts_on <= self.last_on


def parse_delegation(data: object) -> Delegation:
    """Return the delegation written in `data` (from YAML or JSON).

    Raises `InvalidInputError` with every problem that can be told without the register.
    """
    return read(Delegation, data, _RULES, (_own_problems,))


def delegation_problems(
    new: Delegation, others: Iterable[Delegation], people: Sequence[Person]
) -> tuple[Problem, ...]:
    """Return why a delegation cannot be put on record beside the others; revoking always can."""
    if new.revoked:
        return ()
    beside = [other for other in others if other.id != new.id and other.overlaps(new)]
    return (
        *_people_problems(new, people),
        *_twice_problems(new, beside),
        *_circle_problems(new, beside),
    )


def represented_by(person: str, delegations: Iterable[Delegation], day: date) -> tuple[str, ...]:
    """Return for whom a person decides on a day beside themselves: one hop, in a fixed order."""
    found = {one.person for one in delegations if one.delegate == person and one.is_in_force(day)}
    return tuple(sorted(found - {person}))


def delegates_of(person: str, delegations: Iterable[Delegation], day: date) -> tuple[str, ...]:
    """Return who decides for a person on a day."""
    found = {one.delegate for one in delegations if one.person == person and one.is_in_force(day)}
    return tuple(sorted(found - {person}))


_RULES = tuple(
    FieldRule(path, is_filled, "is empty", "fill it in") for path in ("id", "person", "delegate")
)


def _own_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    if data.get("person") and data.get("person") == data.get("delegate"):
        remedy = "name somebody else"
        yield Problem(field="delegate", reason="is the person who is away", remedy=remedy)
    starts, last = _day(data.get("starts_on")), _day(data.get("last_on"))
    if starts and last and last < starts:
        yield Problem(
            field="last_on", reason=f"{last} is before {starts}", remedy="end after the first day"
        )


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _people_problems(new: Delegation, people: Sequence[Person]) -> Iterator[Problem]:
    by_id = {person.id: person for person in people}
    for field in ("person", "delegate"):
        name = getattr(new, field)
        if name not in by_id:
            reason = f"there is no person {name} on record"
            yield Problem(field=field, reason=reason, remedy="see `q2c person list`")
    delegate = by_id.get(new.delegate)
    if delegate is not None and Role.APPROVER not in delegate.roles:
        reason = f"{new.delegate} has not the role approver"
        yield Problem(field="delegate", reason=reason, remedy="name an approver")


def _twice_problems(new: Delegation, beside: Sequence[Delegation]) -> Iterator[Problem]:
    for other in beside:
        if other.person == new.person:
            reason = f"{new.person} is represented by {other.delegate} then ({other.id})"
            yield Problem(field="starts_on", reason=reason, remedy="revoke the other one first")


def _circle_problems(new: Delegation, beside: Sequence[Delegation]) -> Iterator[Problem]:
    """Report a circle: everybody in it is away, and each relies on another one in it."""
    passed, current = [new.person], new.delegate
    following = {other.person: other.delegate for other in beside}
    while current not in passed:
        passed.append(current)
        if current not in following:
            return
        current = following[current]
    if current == new.person:
        circle = " -> ".join([*passed, current])
        reason = f"closes a circle: {circle}"
        yield Problem(field="delegate", reason=reason, remedy="name somebody who is there")
