"""Quotes at the door: who may revise one, for which content, and what is refused before it."""

from decimal import Decimal
from typing import Any

from models.messages import Command
from models.revision import Origin
from models.tables import CommandRow
from tests.starter.conftest import NOW


def _sent(world: Any) -> Any:
    return world.gateway.updates[-1].message


def test_a_revision_is_for_the_version_in_force(world: Any) -> None:
    """The seller need not copy a hash: the newest version of the term is meant."""
    file = world.deal()
    world.quote(file, version=1)
    newest = world.quote(file, version=2)

    world.tell("revise_quote", {"delta": {"lines": [{"line": 1, "quantity": 30}]}})

    message = _sent(world)
    assert message.base_hash == newest.content_hash
    assert (message.origin, message.actor) == (Origin.SELLER, "sam")
    assert message.delta.lines[0].quantity == 30


def test_an_approvers_change_is_known_as_theirs(world: Any) -> None:
    """A counter-offer of an approver is no change of the seller's."""
    world.quote(world.deal(stage="approve"))

    world.tell("revise_quote", {"delta": {"header_discount": {"percent": "12"}}}, person="mia")

    assert _sent(world).origin is Origin.APPROVER


def test_nobody_changes_another_sellers_quote(world: Any) -> None:
    """A colleague in sales is neither its seller nor asked to approve it."""
    world.quote(world.deal(seller="leo"))

    response = world.tell("revise_quote", {"delta": {"note": "mine now"}})

    assert response.status_code == 403
    assert "sold by leo" in response.json()["detail"]
    assert world.gateway.updates == []


def test_a_misspelled_change_is_refused_at_the_door(world: Any) -> None:
    """Ignored, it would make a version that says something else; all slips are told at once."""
    world.quote(world.deal())

    response = world.tell(
        "revise_quote",
        {"delta": {"lines": [{"line": 1, "quantty": 3}], "colour": "red"}, "origin": "buyer"},
    )

    assert response.status_code == 422
    fields = {problem["field"] for problem in response.json()["problems"]}
    assert fields == {"origin", "delta.lines[0].quantty", "delta.colour"}


def test_a_revision_repeated_after_it_was_made_gets_the_same_answer(world: Any) -> None:
    """By then another version is in force, and the request is still the same."""
    file = world.deal()
    world.quote(file, version=1)
    body = {"delta": {"note": "as agreed"}}
    world.tell("revise_quote", body, key="once")
    command = Command(name="revise_quote", command_id="once", revision=_sent(world))
    world.add(
        CommandRow(
            deal="1001",
            command_id="once",
            name="revise_quote",
            request_hash=command.request_hash,
            accepted=True,
            answer="Quote Q-1001-2 replaces Q-1001-1.",
            answered_at=NOW,
        )
    )
    fewer = file.lines[0].model_copy(update={"quantity": Decimal(2)})
    world.quote(file.model_copy(update={"lines": (fewer,)}), version=2)

    again = world.tell("revise_quote", body, key="once")

    assert again.status_code == 200
    assert again.json()["repeated"]
