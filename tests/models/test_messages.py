"""Messages: reading one never raises, and what does not fit is said."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from models.approval_counter import ApproverCounter
from models.deal import DealInput
from models.messages import (
    Answer,
    Cancellation,
    ClockAdvance,
    Command,
    Comment,
    CounterAnswer,
    CounterOffer,
    Decision,
    Delivery,
    LineCancellation,
    LinkRevocation,
    Message,
    PaymentNotice,
    Resolve,
    Retry,
    Revision,
    StockNotice,
)

KINDS: tuple[type[Message], ...] = (
    Cancellation,
    ClockAdvance,
    Comment,
    CounterAnswer,
    CounterOffer,
    DealInput,
    Decision,
    Delivery,
    LineCancellation,
    LinkRevocation,
    PaymentNotice,
    Resolve,
    Retry,
    Revision,
    StockNotice,
)
FIELDS = sorted({name for kind in KINDS for name in kind.model_fields} | {"unknown"})

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
sent = anything | st.dictionaries(st.sampled_from(FIELDS), anything, max_size=4)


@pytest.mark.parametrize("kind", KINDS)
@given(data=sent)
def test_whatever_is_sent_becomes_a_message_that_travels(kind: type[Message], data: Any) -> None:
    """A message that cannot be read would be dropped in silence, or wedge the deal."""
    adapter = TypeAdapter(kind)

    message = adapter.validate_json(json.dumps(data))
    again = adapter.validate_json(adapter.dump_json(message, warnings=False))

    assert isinstance(message, kind)
    assert len(message.command_id) <= 80
    assert again.problems == message.problems


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [None, "approve", 7, [1, 2]])
def test_what_is_no_object_is_a_message_with_a_problem(kind: type[Message], data: Any) -> None:
    """A text, a number and a list say nothing a deal could act on."""
    message = kind.model_validate(data)

    assert len(message.problems) == 1


def test_every_fault_is_listed_with_its_field_and_its_remedy() -> None:
    """The sender corrects all of them at once."""
    message = Decision.model_validate({"person": 5, "token": [], "command_id": "c-1"})

    assert message.command_id == "c-1"
    assert [problem.field for problem in message.problems] == ["person", "token"]
    assert message.problems[0].reason == "is not text"
    assert message.problems[0].remedy == "put the value in quotes"


def test_unknown_fields_are_ignored() -> None:
    """An older release reads what a newer client sends."""
    message = Decision.model_validate({"person": "mia", "mood": "good"})

    assert (message.person, message.problems) == ("mia", ())


def test_an_overlong_identity_is_a_problem_and_not_kept() -> None:
    """It would fill the state a deal carries for years."""
    message = Retry.model_validate({"command_id": "x" * 81, "actor": "y" * 201})

    assert message.command_id == ""
    assert [problem.field for problem in message.problems] == ["command_id", "actor"]


def test_the_request_hash_is_of_what_was_asked_not_of_how_it_was_sent() -> None:
    """The same request through another door is the same; another request is not."""
    asked = Command(name="approve", command_id="a", decision=Decision(person="mia"))
    again = Command(
        name="approve",
        command_id="b",
        decision=Decision(person="mia", command_id="b", channel="api"),
    )
    other = Command(name="approve", command_id="a", decision=Decision(person="dan"))
    elsewhere = Command(name="reject", command_id="a", decision=Decision(person="mia"))

    assert asked.request_hash == again.request_hash
    assert len({asked.request_hash, other.request_hash, elsewhere.request_hash}) == 3


def test_a_command_without_a_message_has_an_empty_one() -> None:
    """An unknown name arrives without its content."""
    assert Command(name="nonsense", command_id="n").message == Message()


def test_an_answer_says_at_least_whether_and_why() -> None:
    """Reference and hash are for those who need them."""
    assert Answer(accepted=False, text="No.").reference == ""


def test_decisions_from_before_there_were_counters_keep_their_hash() -> None:
    """A message repeated after an upgrade is the same request as before it."""
    asked = (
        '{"actor":"mia","person":"mia","step":"s","token":"t","content_hash":"c",'
        '"reason":"","purchase_order":""}'
    )
    decision = Decision(
        command_id="1", actor="mia", person="mia", step="s", token="t", content_hash="c"
    )
    command = Command(name="approve", command_id="1", decision=decision)

    assert command.request_hash == hashlib.sha256(f"approve:{asked}".encode()).hexdigest()
    counter = decision.model_copy(update={"counter": ApproverCounter(term_months=12)})
    other = command.model_copy(update={"decision": counter})
    assert other.request_hash != command.request_hash
