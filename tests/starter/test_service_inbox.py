"""The inbox: everything that waits for one person, with the command that settles it."""

from decimal import Decimal
from typing import Any

from models.tables import AuditRow, RevisionRow
from tests.starter.conftest import NOW


def waiting(world: Any, person: str) -> list[tuple[str, str]]:
    """Return what waits for a person, by deal and kind."""
    return [(row["deal"], row["kind"]) for row in world.get("/v1/inbox", person)["items"]]


def test_an_approval_waits_for_whoever_is_next(world: Any) -> None:
    """Steps of a chain come one after the other."""
    quote = world.quote(world.deal(stage="approve"))
    world.add(
        AuditRow(deal="1001", sequence=1, at=NOW, actor="q2c", what="stage", detail="approve")
    )

    (asked,) = world.get("/v1/inbox", "mia")["items"]

    assert (asked["deal"], asked["kind"], asked["total_minor"]) == ("1001", "approve", 9600_00)
    assert asked["reason"] == "discount above 10 percent"
    assert asked["since"] == "2026-01-15T09:00:00Z"
    assert asked["command"] == f"q2c approve 1001 --step {asked['step']}"
    assert waiting(world, "dan") == []
    world.decision(quote, "approve", "mia", step=asked["step"])
    assert waiting(world, "mia") == []
    assert waiting(world, "dan") == [("1001", "approve")]


def test_an_escalated_approval_waits_for_the_manager(world: Any) -> None:
    """And no longer for who did not decide."""
    quote = world.quote(world.deal(stage="approve"))
    step = world.get("/v1/inbox", "mia")["items"][0]["step"]

    world.decision(quote, "escalate", "leo", step=step, actor="q2c")

    assert waiting(world, "mia") == []
    assert waiting(world, "leo") == [("1001", "approve")]


def test_after_a_no_nothing_waits(world: Any) -> None:
    """The first rejection ends the path."""
    quote = world.quote(world.deal(stage="approve"))
    step = world.get("/v1/inbox", "mia")["items"][0]["step"]

    world.decision(quote, "reject", "mia", step=step, reason="too cheap")

    assert waiting(world, "mia") == []
    assert waiting(world, "dan") == []


def test_a_quote_to_be_accepted_waits_for_its_seller(world: Any) -> None:
    """Other sellers have nothing to do with it."""
    world.quote(world.deal(stage="accept"))

    (asked,) = world.get("/v1/inbox", "sam")["items"]

    assert (asked["kind"], asked["body"]) == ("accept_quote", {"person": "bea@acme.example"})
    assert asked["command"] == "q2c accept 1001 --person bea@acme.example"
    assert waiting(world, "mia") == []


def test_the_command_of_the_inbox_does_what_it_says(world: Any) -> None:
    """Path and body of an entry can be sent as they are."""
    world.quote(world.deal(stage="accept"))
    (asked,) = world.get("/v1/inbox", "sam")["items"]

    response = world.post(asked["path"], asked["body"])

    assert response.status_code == 200
    assert world.gateway.updates[-1].name == "accept_quote"


def test_a_contract_waits_for_our_signatory_and_the_seller(world: Any) -> None:
    """The signatory signs; the seller sees that the customer's signature is missing."""
    quote = world.quote(world.deal(stage="contract"))

    assert waiting(world, "dan") == [("1001", "contract_signed")]
    (asked,) = world.get("/v1/inbox", "sam")["items"]
    assert "cora@acme.example" in asked["reason"]
    world.decision(quote, "sign", "dan")
    world.decision(quote, "sign", "cora@acme.example")
    assert waiting(world, "dan") == []
    assert waiting(world, "sam") == []


def test_an_undecided_renewal_waits_for_the_seller_once_it_is_approved(world: Any) -> None:
    """Before that it waits for its approvers."""
    file = world.deal(stage="live")
    world.quote(file)
    renewal = world.quote(file, version=2, term=2)
    assert waiting(world, "sam") == []
    assert waiting(world, "mia") == [("1001", "approve")]

    for person in ("mia", "dan"):
        step = world.get("/v1/inbox", person)["items"][0]["step"]
        world.decision(renewal, "approve", person, step=step)

    assert waiting(world, "sam") == [("1001", "renew")]
    world.decision(renewal, "renew", "bea@acme.example")
    assert waiting(world, "sam") == []


def test_questions_wait_for_finance_and_failures_for_operators(world: Any) -> None:
    """Finance answers, operators also retry."""
    world.deal(stage="live", on_hold="step:price_quote: no rate; dunning: hand over, or wait?")

    (asked,) = world.get("/v1/inbox", "fiona")["items"]

    assert (asked["kind"], asked["step"]) == ("resolve", "dunning")
    assert asked["command"] == "q2c deal resolve 1001 --item dunning --answer 'hand over|wait'"
    assert waiting(world, "olga") == [("1001", "resolve"), ("1001", "retry")]
    assert waiting(world, "sam") == []


def test_an_ended_deal_asks_nobody(world: Any) -> None:
    """What was still open has lapsed."""
    world.quote(world.deal(stage="accept", outcome="withdrawn", closed_at=NOW, on_hold="dun: x"))

    assert waiting(world, "sam") == []
    assert waiting(world, "olga") == []


def test_an_alternative_is_asked_for_after_the_primary(world: Any) -> None:
    """One version at a time: its total in the inbox, its content in the decision."""
    file = world.deal(stage="approve")
    primary = world.quote(file)
    fewer = file.lines[0].model_copy(update={"quantity": Decimal(5)})
    beside = world.quote(file.model_copy(update={"lines": (fewer,)}), version=2)
    world.add(
        RevisionRow(
            deal="1001",
            term=1,
            base_version=1,
            quote_version=2,
            origin="seller",
            person="",
            actor="sam",
            channel="api",
            reason="",
            delta="{}",
            command_id="r-1",
            alternative="small",
            revised_at=NOW,
        )
    )

    (first,) = world.get("/v1/inbox", "mia")["items"]
    world.tell("approve", {}, person="mia")
    asked = world.gateway.updates[-1].message
    for person in ("mia", "dan"):
        step = world.get("/v1/inbox", person)["items"][0]["step"]
        world.decision(primary, "approve", person, step=step)
    (second,) = world.get("/v1/inbox", "mia")["items"]
    world.tell("approve", {}, person="mia")
    asked_then = world.gateway.updates[-1].message

    assert (first["total_minor"], second["total_minor"]) == (9600_00, 1920_00)
    assert asked.content_hash == primary.content_hash
    assert asked_then.content_hash == beside.content_hash
