"""Delegations, the preview of a path, and the inbox of those who act for others."""

import json
from typing import Any

import pytest

from models.approval import parse_policy
from models.delegation import Delegation
from models.errors import NotFoundError, Problem
from models.steps import ChangeRecorded, RegisterKind
from starter.service.counters import revision_for_counter
from starter.service.errors import RunFailedError
from tests.starter.conftest import DEAL, POLICY

AWAY = {"delegate": "leo", "starts_on": "2026-01-10", "last_on": "2026-01-20"}


def delegated(world: Any, person: str = "mia", **changes: Any) -> None:
    """Put a delegation on record."""
    fields = {"id": f"{person}-leo", "person": person, **AWAY, **changes}
    content = Delegation.model_validate(fields).model_dump_json()
    revision = 2 if changes.get("revoked") else 1
    world.register(RegisterKind.DELEGATION, str(fields["id"]), content, revision)


def recorded(world: Any) -> Any:
    """Let the next change be recorded, and return how to find what was sent."""
    world.gateway.on_start = lambda start: world.gateway.results.update(
        {start.workflow_id: ChangeRecorded(revision=1)}
    )
    return lambda: json.loads(world.gateway.started[-1].payload.content)


def test_an_approver_names_who_decides_for_them(world: Any) -> None:
    """The caller is away unless an operator says who; the name is made of what is written."""
    sent = recorded(world)

    response = world.post("/v1/delegations", AWAY, "mia")

    assert response.status_code == 201
    assert response.json()["key"] == "mia-leo-2026-01-10"
    assert (sent()["person"], sent()["delegate"]) == ("mia", "leo")
    start = world.gateway.started[-1]
    assert (start.workflow, start.payload.actor) == ("RegisterWorkflow", "mia")


def test_an_operator_delegates_for_somebody_and_others_do_not(world: Any) -> None:
    """Whoever could name a delegate for another could approve in their place."""
    sent = recorded(world)

    for_mia = world.post("/v1/delegations", {**AWAY, "person": "mia"}, "olga")
    by_dan = world.post("/v1/delegations", {**AWAY, "person": "mia"}, "dan")
    by_sam = world.post("/v1/delegations", AWAY, "sam")

    assert (for_mia.status_code, sent()["person"]) == (201, "mia")
    assert by_dan.status_code == 403
    assert "Only mia or an operator" in by_dan.json()["detail"]
    assert by_sam.status_code == 403


def test_everything_wrong_with_a_delegation_is_told_at_once(world: Any) -> None:
    """Before anything starts where it can be told, by the workflow where it needs the register."""
    wrong = {"delegate": "mia", "starts_on": "2026-01-20", "last_on": "2026-01-10", "why": "x"}

    refused = world.post("/v1/delegations", wrong, "mia")
    not_fields = world.post("/v1/delegations", ["leo"], "mia")

    fields = [problem["field"] for problem in refused.json()["problems"]]
    assert (refused.status_code, fields) == (422, ["delegate", "last_on", "why"])
    assert not_fields.status_code == 422
    assert world.gateway.started == []


def test_what_the_register_refuses_is_told(world: Any) -> None:
    """A circle is only seen beside the other delegations."""
    problem = Problem(field="delegate", reason="closes a circle: mia -> leo -> mia")
    error = RunFailedError("The change was refused", "invalid_input", [problem])
    world.gateway.on_start = lambda start: world.gateway.results.update({start.workflow_id: error})

    refused = world.post("/v1/delegations", AWAY, "mia")

    assert refused.status_code == 422
    assert refused.json()["problems"][0]["reason"] == problem.reason


def test_one_sees_ones_own_delegations_and_an_operator_all(world: Any) -> None:
    """Those that are over or revoked are not listed."""
    delegated(world)
    delegated(world, "dan", id="dan-leo", delegate="fiona")
    delegated(world, "fiona", id="old", starts_on="2025-12-01", last_on="2026-01-14")

    def seen(person: str) -> list[str]:
        return [row["id"] for row in world.get("/v1/delegations", person)["items"]]

    assert seen("mia") == ["mia-leo"]
    assert seen("leo") == ["mia-leo"]
    assert seen("olga") == ["dan-leo", "mia-leo"]
    delegated(world, revoked=True)
    assert seen("mia") == []


def test_a_delegation_is_revoked_by_a_further_revision(world: Any) -> None:
    """By whom it is of; a stranger's name is not found."""
    delegated(world)
    sent = recorded(world)

    by_dan = world.post("/v1/delegations/revoke", {"id": "mia-leo"}, "dan")
    unknown = world.post("/v1/delegations/revoke", {"id": "nothing"}, "mia")
    own = world.post("/v1/delegations/revoke", {"id": "mia-leo"}, "mia")

    assert [by_dan.status_code, unknown.status_code, own.status_code] == [403, 404, 200]
    assert sent()["revoked"] is True


def waiting(world: Any, person: str) -> list[tuple[str, str, str]]:
    return [
        (row["kind"], row["step"], row["reason"]) for row in world.get("/v1/inbox", person)["items"]
    ]


def test_the_inbox_of_a_delegate_holds_the_steps_of_whom_they_represent(world: Any) -> None:
    """Each says for whom; Mia still sees hers, and Leo's own delegate sees nothing."""
    world.quote(world.deal(stage="approve"))
    delegated(world)
    delegated(world, "leo", id="leo-fiona", delegate="fiona")

    assert waiting(world, "leo") == [("approve", "sales-1", "discount above 10 percent (for mia)")]
    assert waiting(world, "mia") == [("approve", "sales-1", "discount above 10 percent")]
    assert waiting(world, "fiona") == []


def test_a_delegates_message_is_for_the_step_of_whom_they_represent(world: Any) -> None:
    """The door finds the step and makes the token of the delegate, not of who is away."""
    quote = world.quote(world.deal(stage="approve"))
    delegated(world)

    assert world.tell("approve", person="leo").status_code == 200

    message = world.gateway.updates[-1].message
    assert (message.person, message.step) == ("leo", "sales-1")
    assert message.token == world.token("sales-1", "leo", quote.content_hash)


@pytest.mark.parametrize(
    ("name", "body", "person"),
    [
        ("counter", {"counter": {"discount_percent": "12"}}, "mia"),
        ("recall", {}, "sam"),
        ("resubmit", {}, "sam"),
    ],
)
def test_every_message_of_approval_carries_its_senders_token(
    world: Any, name: str, body: dict[str, Any], person: str
) -> None:
    """A counter for its step, the seller's for what they do."""
    quote = world.quote(world.deal(stage="approve"))

    assert world.tell(name, body, person).status_code == 200

    message = world.gateway.updates[-1].message
    purpose = "sales-1" if name == "counter" else name
    assert message.token == world.token(purpose, person, quote.content_hash)
    assert message.person == person


@pytest.mark.parametrize(
    ("name", "person"), [("recall", "leo"), ("counter", "olga"), ("override", "mia")]
)
def test_roles_are_asked_for(world: Any, name: str, person: str) -> None:
    """Selling, approving and overriding are three roles."""
    world.quote(world.deal(stage="approve"))

    response = world.tell(name, {"reason": "x"}, person)

    assert response.status_code == 403
    assert world.gateway.updates == []


def test_a_seller_finds_counters_and_recalls_in_the_inbox(world: Any) -> None:
    """With what would be approved, and the command that insists."""
    quote = world.quote(world.deal(stage="approve"))
    world.decision(
        quote,
        "counter",
        "mia",
        step="sales-1",
        reason="fine at 12 %",
        counter='{"discount_percent": "12"}',
    )

    (countered,) = world.get("/v1/inbox", "sam")["items"]

    assert countered["reason"] == "mia would approve 12 % off list altogether"
    assert countered["command"] == "q2c quote revise 1001 --as-countered"
    assert waiting(world, "mia") == []
    world.decision(quote, "resubmit", "sam")
    assert waiting(world, "sam") == []
    world.decision(quote, "recall", "sam")
    assert waiting(world, "sam") == [("resubmit", "", "you recalled it")]
    assert waiting(world, "mia") == []


def test_an_open_counter_becomes_the_revision_that_offers_it(world: Any) -> None:
    """For the content it was about; once the quote is handed in again it is no longer open."""
    quote = world.quote(world.deal(stage="approve"))
    counter = '{"discount_percent": "12"}'
    world.decision(quote, "counter", "mia", step="sales-1", reason="last word", counter=counter)

    found = world.get("/v1/deals/1001/counter", "sam")

    reason = "mia would approve it: last word"
    assert found == {
        "delta": {"total_discount": "12"},
        "base_hash": quote.content_hash,
        "reason": reason,
    }
    world.decision(quote, "resubmit", "sam")
    with pytest.raises(NotFoundError, match="No counter is open"):
        world.house.books.read(lambda session: revision_for_counter(session, "1001"))


def test_a_deal_shows_its_path_as_it_stands(world: Any) -> None:
    """Recalled or not, who is barred, and each decision with all it was made on."""
    quote = world.quote(world.deal(stage="approve"))
    world.decision(
        quote,
        "approve",
        "leo",
        step="sales-1",
        on_behalf_of="mia",
        policy_version="p1",
        facts='{"discount_percent": "20"}',
    )
    world.decision(quote, "recall", "sam")

    shown = world.get("/v1/deals/1001")

    (path,) = shown["approvals"]
    assert (path["recalled"], path["barred"]) == (True, [])
    assert [step["status"] for step in path["steps"]] == ["approved", "active"]
    assert (path["steps"][0]["decided_by"], path["steps"][0]["on_behalf_of"]) == ("leo", "mia")
    first = shown["decisions"][0]
    assert (first["policy_version"], first["facts"]) == ("p1", '{"discount_percent": "20"}')
    assert (first["on_behalf_of"], first["content_hash"]) == ("mia", quote.content_hash)


def test_an_override_waits_for_the_review_of_those_it_passed_over(world: Any) -> None:
    """Once for all of them, and not for who approved in time."""
    quote = world.quote(world.deal(stage="approve"))
    world.decision(quote, "approve", "mia", step="sales-1")
    world.decision(quote, "override", "olga", reason="ends today")

    assert waiting(world, "dan") == [
        ("review", "", "olga approved for you in an emergency: ends today")
    ]
    assert waiting(world, "mia") == []
    world.decision(quote, "review", "dan", reason="fine")
    assert waiting(world, "dan") == []


def publish(world: Any, **changes: Any) -> None:
    policy = parse_policy({**POLICY, **changes})
    world.register(RegisterKind.APPROVAL_POLICY, "house", policy.model_dump_json())


def test_a_path_is_previewed_before_anything_starts(world: Any) -> None:
    """With people, reasons, facts, when it would escalate, and who may not approve."""
    publish(world, calendar={"time_zone": "UTC", "country": "US"}, escalate_after_hours=8)

    response = world.post("/v1/deals/path", DEAL)

    found = response.json()
    assert response.status_code == 200
    assert [(step["people"], step["names"]) for step in found["steps"]] == [
        (["mia"], ["Mia Manager"]),
        (["dan"], ["Dan Director"]),
    ]
    assert found["steps"][0]["reasons"] == ["discount above 10 percent"]
    # Thursday 9:00 and eight hours of work.
    assert found["steps"][0]["escalates_at"] == "2026-01-15T17:00:00Z"
    assert found["steps"][1]["escalates_at"] is None
    assert found["facts"]["discount_percent"] == "20.00"
    assert found["barred"] == {"olga": "set its prices (catalogue 2026-1)"}
    assert world.gateway.started == []


def test_a_harmless_deal_needs_nobody(world: Any) -> None:
    """Without a policy, or within it."""
    response = world.post("/v1/deals/path", DEAL)

    assert response.json()["steps"] == []


def test_a_path_that_finds_nobody_is_told_with_the_title(world: Any) -> None:
    """As the deal would be refused at its start."""
    (rule,) = parse_policy(POLICY).rules
    publish(world, rules=[{**rule.model_dump(mode="json"), "titles": ["pilot"]}])

    response = world.post("/v1/deals/path", DEAL)

    assert response.status_code == 422
    assert "can approve as pilot" in response.json()["problems"][0]["reason"]


def test_a_wrong_deal_file_is_told_as_in_its_check(world: Any) -> None:
    """All problems at once, and only to sellers."""
    wrong = {**DEAL, "lines": [{"product": "GONE"}], "term_months": -1}

    refused = world.post("/v1/deals/path", wrong)

    assert refused.status_code == 422
    assert world.post("/v1/deals/path", DEAL, "fiona").status_code == 403
