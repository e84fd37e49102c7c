"""Delegation: dated, one hop, never in a circle."""

from datetime import date
from typing import Any

import pytest

from models.delegation import (
    Delegation,
    delegates_of,
    delegation_problems,
    parse_delegation,
    represented_by,
)
from models.errors import InvalidInputError
from models.parties import Person, Role

DAY = date(2026, 7, 1)


def away(person: str, delegate: str, **changes: Any) -> Delegation:
    """Somebody is away in the first half of July."""
    written = {
        "id": f"{person}-{delegate}",
        "person": person,
        "delegate": delegate,
        "starts_on": date(2026, 7, 1),
        "last_on": date(2026, 7, 14),
        **changes,
    }
    return Delegation.model_validate(written)


def approver(name: str, *roles: Role) -> Person:
    return Person(id=name, name=name, email=f"{name}@example.com", roles=roles or (Role.APPROVER,))


PEOPLE = (*map(approver, ("ann", "bob", "cat")), approver("sam", Role.SALES))


def test_it_holds_from_the_first_to_the_last_day() -> None:
    """Both days are included; a revoked one never holds."""
    one = away("ann", "bob")

    assert [one.is_in_force(date(2026, 7, day)) for day in (1, 14, 15)] == [True, True, False]
    assert not one.is_in_force(date(2026, 6, 30))
    assert not away("ann", "bob", revoked=True).is_in_force(DAY)


def test_it_goes_one_hop() -> None:
    """Vector 20: A to B to C while B is away; the work of A stays with B."""
    on_record = (away("ann", "bob"), away("bob", "cat"))

    assert represented_by("bob", on_record, DAY) == ("ann",)
    assert represented_by("cat", on_record, DAY) == ("bob",)
    assert delegates_of("ann", on_record, DAY) == ("bob",)


@pytest.mark.parametrize(
    ("new", "others", "fields"),
    [
        (away("ann", "bob"), (), []),
        (away("ann", "sam"), (), ["delegate"]),
        (away("zoe", "ned"), (), ["person", "delegate"]),
        (away("ann", "cat"), (away("ann", "bob"),), ["starts_on"]),
        (away("bob", "ann"), (away("ann", "bob"),), ["delegate"]),
        (away("cat", "ann"), (away("ann", "bob"), away("bob", "cat")), ["delegate"]),
        (away("bob", "cat"), (away("ann", "bob"),), []),
        (away("bob", "ann"), (away("ann", "bob", revoked=True),), []),
        (away("bob", "ann"), (away("ann", "bob", last_on=date(2026, 6, 1)),), []),
        (away("ann", "bob", last_on=date(2026, 8, 1)), (away("ann", "bob"),), []),
        (away("zoe", "ned", revoked=True), (), []),
    ],
)
def test_what_does_not_fit_is_refused(
    new: Delegation, others: tuple[Delegation, ...], fields: list[str]
) -> None:
    """Strangers, two at once and circles are problems; a chain that ends is none."""
    assert [problem.field for problem in delegation_problems(new, others, PEOPLE)] == fields


def test_a_circle_is_named() -> None:
    """Whoever is told of it can see who has to change theirs."""
    on_record = (away("ann", "bob"), away("bob", "cat"))

    (problem,) = delegation_problems(away("cat", "ann"), on_record, PEOPLE)

    assert problem.reason == "closes a circle: cat -> ann -> bob -> cat"


def test_lists_every_problem_of_a_delegation_at_once() -> None:
    """Whoever corrects a file wants to do it once."""
    with pytest.raises(InvalidInputError) as refused:
        parse_delegation(
            {
                "id": " ",
                "person": "ann",
                "delegate": "ann",
                "starts_on": "2026-07-14",
                "last_on": "2026-07-01",
                "delegat": "bob",
            }
        )

    assert [problem.field for problem in refused.value.problems] == [
        "id",
        "delegate",
        "last_on",
        "delegat",
    ]
