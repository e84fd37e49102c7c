"""Messages through the API: who may send what, in whose name, proven, and answered once."""

from typing import Any

import pytest

from models.deal import AnsweredCommand, DealState
from models.errors import NotFoundError, RefusedError
from models.messages import Answer, Command, Decision
from models.tables import CommandRow
from starter.service.errors import UnansweredError
from starter.service.ports import Run, RunState
from starter.service.vocabulary import KINDS
from tests.starter.conftest import NOW


def answered(world: Any, command: Command, answer: Answer) -> None:
    """Put an answered command on record, as the deal does before it rests."""
    world.add(
        CommandRow(
            deal="1001",
            command_id=command.command_id,
            name=command.name,
            request_hash=command.request_hash,
            accepted=answer.accepted,
            answer=answer.model_dump_json(),
            answered_at=NOW,
        )
    )


def sent(world: Any) -> Command:
    """Return the last message as the deal remembers it."""
    update = world.gateway.updates[-1]
    kind = KINDS[update.name]
    return Command.model_validate(
        {
            "name": update.name,
            "command_id": update.message.command_id,
            kind.field: update.message,
        }
    )


def test_an_approver_decides_in_person_with_a_token_made_by_the_door(world: Any) -> None:
    """The step that waits for them and the quote's content are filled in."""
    quote = world.quote(world.deal(stage="approve"))

    response = world.tell("approve", {"reason": "fine"}, person="mia", key="k-1")

    assert response.json() == {
        "accepted": True,
        "text": "Recorded.",
        "reference": "R-1",
        "command_id": "k-1",
        "repeated": False,
    }
    (update,) = world.gateway.updates
    message = update.message
    assert (update.workflow_id, update.name) == ("deal-1001", "approve")
    assert isinstance(message, Decision)
    assert (message.person, message.actor, message.reason) == ("mia", "mia", "fine")
    assert message.content_hash == quote.content_hash
    assert message.token == world.token(message.step, "mia", quote.content_hash)


def test_after_the_first_yes_the_next_step_is_another_persons(world: Any) -> None:
    """The path stands as the decisions on record have left it."""
    quote = world.quote(world.deal(stage="approve"))
    first = world.get("/v1/inbox", "mia")["items"][0]["step"]
    world.decision(quote, "approve", "mia", step=first)

    world.tell("approve", {}, person="dan")

    message = world.gateway.updates[-1].message
    assert message.step != first
    assert message.token == world.token(message.step, "dan", quote.content_hash)


def test_nobody_approves_for_somebody_else(world: Any) -> None:
    """An approval is personal: `person` is always the caller."""
    world.quote(world.deal(stage="approve"))

    response = world.tell("approve", {"person": "dan"}, person="mia")

    assert response.status_code == 403
    assert world.gateway.updates == []


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_message_names_the_role_it_needs(world: Any, name: str) -> None:
    """403 with the role, and nothing is sent."""
    holders = {"sales": "sam", "approver": "leo", "finance": "fiona", "operator": "olga"}
    roles = {role.value for role in KINDS[name].roles}
    world.deal()
    stranger = next(person for role, person in holders.items() if not _has(role, roles))

    response = world.tell(name, {}, person=stranger)

    assert response.status_code == 403
    assert response.json()["code"] == "not_permitted"
    assert all(role in response.json()["detail"] for role in roles)
    assert world.gateway.updates == []


def _has(role: str, roles: set[str]) -> bool:
    """Fiona of finance is an approver too."""
    return role in roles or (role == "finance" and "approver" in roles)


def test_the_customers_yes_is_recorded_by_the_caller(world: Any) -> None:
    """Without a name it is the first buyer's, with the token for their acceptance."""
    quote = world.quote(world.deal())

    world.tell("accept_quote", {"purchase_order": "PO-77"})

    message = world.gateway.updates[-1].message
    assert (message.person, message.actor) == ("bea@acme.example", "sam")
    assert message.purchase_order == "PO-77"
    assert message.token == world.token("accept", "bea@acme.example", quote.content_hash)


@pytest.mark.parametrize(
    ("name", "step"), [("decline_quote", "decline"), ("accept_quote", "accept")]
)
def test_the_token_is_for_the_kind_of_decision(world: Any, name: str, step: str) -> None:
    """A token for a yes never serves for a no."""
    quote = world.quote(world.deal())

    world.tell(name, {"person": "cora@acme.example"})

    token = world.gateway.updates[-1].message.token
    assert token == world.token(step, "cora@acme.example", quote.content_hash)


@pytest.mark.parametrize(("name", "step"), [("renew", "renew"), ("decline_renewal", "decline")])
def test_a_renewal_is_decided_on_the_next_terms_quote(world: Any, name: str, step: str) -> None:
    """Not on the one the running term was sold under."""
    file = world.deal(stage="live", term=1)
    world.quote(file)
    renewal = world.quote(file, version=2, term=2)

    world.tell(name, {})

    message = world.gateway.updates[-1].message
    assert message.content_hash == renewal.content_hash
    assert message.token == world.token(step, "bea@acme.example", renewal.content_hash)


def test_an_own_signature_needs_no_mail(world: Any) -> None:
    """The caller is authenticated, so the door vouches for them."""
    quote = world.quote(world.deal(stage="contract"))

    world.tell("contract_signed", {}, person="dan")

    message = world.gateway.updates[-1].message
    assert (message.person, message.actor) == ("dan", "dan")
    assert message.token == world.token("sign", "dan", quote.content_hash)


def test_somebody_elses_signature_needs_the_token_from_their_mail(world: Any) -> None:
    """The door never makes a token for a signature that is not the caller's."""
    world.quote(world.deal(stage="contract"))
    signer = {"person": "cora@acme.example"}

    assert world.tell("contract_signed", signer).status_code == 403

    world.tell("contract_signed", {**signer, "token": "from-the-mail"})
    message = world.gateway.updates[-1].message
    assert (message.person, message.token) == ("cora@acme.example", "from-the-mail")
    assert message.actor == "sam"


def test_a_named_content_is_what_is_decided_on(world: Any) -> None:
    """Who names an outdated quote decides on that one, and the deal will refuse it."""
    world.quote(world.deal())

    world.tell("accept_quote", {"content_hash": "old"})

    message = world.gateway.updates[-1].message
    assert message.token == world.token("accept", "bea@acme.example", "old")


def test_the_command_line_is_told_from_the_api(world: Any) -> None:
    """Each decision records its channel."""
    world.deal()

    world.post("/v1/deals/1001/messages/cancel", {}, **{"X-Q2C-Channel": "cli"})
    world.tell("cancel", {})

    channels = [update.message.channel for update in world.gateway.updates]
    assert channels == ["cli", "api"]


def test_every_problem_of_a_message_is_told_at_once(world: Any) -> None:
    """Fields the door sets itself are unknown to callers."""
    world.deal()
    body = {"actor": "dan", "lins": ["1"], "delivered_on": "soon", "event": 7}

    response = world.tell("delivery_confirmed", body)

    problems = {each["field"]: each["remedy"] for each in response.json()["problems"]}
    assert response.status_code == 422
    assert set(problems) == {"actor", "lins", "delivered_on", "event"}
    assert problems["lins"] == "did you mean lines?"


@pytest.mark.parametrize("body", ["text", [1], 7])
def test_a_message_that_is_no_group_of_fields_is_a_problem(world: Any, body: Any) -> None:
    """It never reaches the deal."""
    world.deal()

    assert world.tell("cancel", body).status_code == 422
    assert world.gateway.updates == []


def test_a_repeated_message_gets_the_stored_answer(world: Any) -> None:
    """Law 2: also when the deal has gone on, so that the content in force is another."""
    file = world.deal()
    world.quote(file)
    world.tell("accept_quote", {"purchase_order": "PO-77"}, key="k-1")
    answered(world, sent(world), Answer(accepted=True, text="Accepted.", reference="Q-1"))
    world.quote(file.model_copy(update={"note": "changed"}), version=2, term=1)

    again = world.tell("accept_quote", {"purchase_order": "PO-77"}, key="k-1")

    assert again.status_code == 200
    assert (again.json()["text"], again.json()["repeated"]) == ("Accepted.", True)
    assert len(world.gateway.updates) == 1


def test_a_repeated_approval_is_recognized_when_its_step_is_decided(world: Any) -> None:
    """The step no longer waits for anybody, but the request is the same."""
    quote = world.quote(world.deal(stage="approve"))
    world.tell("approve", {}, person="mia", key="k-1")
    command = sent(world)
    answered(world, command, Answer(accepted=True, text="Approved."))
    world.decision(quote, "approve", "mia", step=command.decision.step if command.decision else "")

    again = world.tell("approve", {}, person="mia", key="k-1")

    assert again.json()["text"] == "Approved."
    assert len(world.gateway.updates) == 1


def test_an_answer_that_is_not_yet_in_the_books_counts_too(world: Any) -> None:
    """Between answer and rest only the deal knows what it has answered."""
    world.deal()
    world.tell("cancel", {"reason": "x"}, key="k-1")
    command = sent(world)
    given = AnsweredCommand(
        command_id="k-1",
        name="cancel",
        request_hash=command.request_hash,
        answer=Answer(accepted=True, text="Ends."),
    )
    world.gateway.queries["state"] = DealState(unwritten_answers=(given,))

    same = world.tell("cancel", {"reason": "x"}, key="k-1")
    other = world.tell("cancel", {"reason": "y"}, key="k-1")

    assert (same.json()["text"], same.json()["repeated"]) == ("Ends.", True)
    assert other.status_code == 409
    assert len(world.gateway.updates) == 1


def test_a_stored_refusal_is_refused_again(world: Any) -> None:
    """Same key and body, same answer: a refusal stays one."""
    world.deal()
    world.tell("cancel", {"reason": "x"}, key="k-1")
    answered(world, sent(world), Answer(accepted=False, text="Too late."))

    again = world.tell("cancel", {"reason": "x"}, key="k-1")

    assert again.status_code == 409
    assert again.json()["detail"] == "Too late."


def test_a_key_used_for_another_request_is_a_conflict(world: Any) -> None:
    """Another body, another message or another person is another request."""
    world.quote(world.deal())
    world.tell("cancel", {"reason": "x"}, key="k-1")
    answered(world, sent(world), Answer(accepted=True, text="Ends."))

    others = [
        world.tell("cancel", {"reason": "y"}, key="k-1"),
        world.tell("accept_quote", {}, key="k-1"),
        world.tell("cancel", {"reason": "x"}, key="k-1", person="mia"),
    ]

    assert [response.status_code for response in others] == [409, 409, 409]
    assert {response.json()["code"] for response in others} == {"conflict"}


def test_a_message_to_an_ended_deal_names_its_outcome(world: Any) -> None:
    """And what to do instead; an answer given before stays available."""
    world.deal(stage="live")
    world.tell("cancel", {}, key="k-1")
    command = sent(world)
    world.deal(number="1002", stage="lost", outcome="declined", closed_at=NOW)

    response = world.post("/v1/deals/1002/messages/cancel", {})

    assert response.status_code == 409
    assert response.json()["code"] == "deal_ended"
    assert "declined" in response.json()["detail"]
    assert "`q2c quote list 1002`, then `q2c quote clone QUOTE`" in response.json()["detail"]
    answered(world, command, Answer(accepted=True, text="Ends."))
    assert world.tell("cancel", {}, key="k-1").status_code == 200


def test_a_refusal_tells_the_deals_reason(world: Any, refusal: RefusedError) -> None:
    """Expected trouble: 409, not an error of the server."""
    world.deal(stage="live")
    world.gateway.answer = refusal

    response = world.tell("accept_quote", {})

    assert (response.status_code, response.json()["code"]) == (409, "refused")
    assert response.json()["detail"] == "No quote waits for acceptance (live)."


def test_a_field_of_the_wrong_shape_is_told_without_an_echo(world: Any) -> None:
    """Neither a class name nor what was sent, but what to write."""
    world.deal(stage="accept")

    wrong = world.tell("delivery_confirmed", {"lines": "2", "delivered_on": {"a": "secret"}})

    assert wrong.json()["problems"] == [
        {
            "field": "lines",
            "reason": "is not a list",
            "remedy": "write a list, also for a single entry",
        },
        {"field": "delivered_on", "reason": "is not a date", "remedy": "write YYYY-MM-DD"},
    ]


def test_a_late_answer_says_how_to_learn_it(world: Any) -> None:
    """It may still happen, so the remedy is the same key, never a new one."""
    world.deal(stage="live")
    world.gateway.answer = UnansweredError("No answer from deal-1001 within 30 seconds.")

    response = world.tell("cancel", {}, key="k-9")

    assert response.status_code == 504
    assert "may still be carried out" in response.json()["detail"]
    assert "Idempotency-Key k-9" in response.json()["detail"]


def test_a_deal_nobody_knows_is_not_found(world: Any) -> None:
    """Neither the books nor the engine."""
    world.gateway.answer = NotFoundError("No workflow deal-1001 is running.")

    response = world.tell("cancel", {})

    assert (response.status_code, response.json()["detail"]) == (404, "There is no deal 1001.")


def test_a_deal_that_could_not_start_says_why(world: Any) -> None:
    """Its number is known to the engine only."""
    world.gateway.answer = NotFoundError("No workflow deal-1001 is running.")
    world.gateway.runs["deal-1001"] = Run(state=RunState.FAILED, text="No price for CRM.")

    response = world.tell("cancel", {})

    assert response.status_code == 409
    assert "No price for CRM." in response.json()["detail"]


def test_without_temporal_a_message_is_not_sent(world: Any) -> None:
    """503: nothing happened."""
    world.deal()
    world.gateway.is_up = False

    assert world.tell("cancel", {}).status_code == 503


def test_a_key_that_cannot_be_kept_is_a_problem(world: Any) -> None:
    """The deal keeps eighty characters."""
    world.deal()

    response = world.tell("cancel", {}, key="k" * 81)

    assert response.status_code == 422
    assert response.json()["problems"][0]["field"] == "Idempotency-Key"
