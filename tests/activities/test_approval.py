"""Decisions: who may say what to which content, counted or refused, and always on record."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from models.approval import StepStatus
from models.decisions import Assurance, DecisionKind
from models.steps import DecisionRecorded, EscalateApproval, PriceQuote, RecordDecision
from models.tables import DecisionRow
from tests.activities.house import START, House, deal_file, line, off, step

APPROVE, REJECT = DecisionKind.APPROVE, DecisionKind.REJECT
ACCEPT, DECLINE, SIGN = DecisionKind.ACCEPT, DecisionKind.DECLINE, DecisionKind.SIGN
BEN, SIGRID = "ben@buyer.example", "sigrid@buyer.example"


@dataclass(frozen=True)
class Desk:
    """Deal 1001 at 25 % off: Mia approves first, then Vera."""

    house: House
    content_hash: str

    def token(self, kind: DecisionKind, person: str, key: str | None = None) -> str:
        """Return the token a person got by mail."""
        return self.house.token(kind, person, self.content_hash, key)

    def record(self, decision: RecordDecision) -> DecisionRecorded:
        """Hand a decision in."""
        return self.house.approval.record_decision(decision)

    def approve(self, person: str, key: str, **fields: Any) -> DecisionRecorded:
        """Say yes to a step with the token for it."""
        token = fields.pop("token", self.token(APPROVE, person, key))
        return self.record(self.house.decide(APPROVE, person, token=token, **fields))

    def say(
        self, kind: DecisionKind, person: str, on: date = START, **fields: str
    ) -> DecisionRecorded:
        """Decide for the customer, or sign, with the token for it."""
        given = {"token": self.token(kind, person), **fields}
        return self.record(self.house.decide(kind, person, on, **given))


@pytest.fixture
def desk(house: House) -> Desk:
    """The deal, priced."""
    quote = house.quote(deal_file("1001", line("CRM", "3", discount=off("25")))).quote
    assert quote is not None
    return Desk(house, quote.content_hash)


def statuses(recorded: DecisionRecorded) -> list[StepStatus]:
    return [one.status for one in recorded.steps]


def test_a_yes_with_the_right_token_counts_and_hands_on(desk: Desk) -> None:
    """The next step of the chain becomes active."""
    recorded = desk.approve("mia", "sales-1")

    assert recorded.accepted
    assert statuses(recorded) == [StepStatus.APPROVED, StepStatus.ACTIVE]
    row = desk.house.rows(DecisionRow)[0]
    assert (row.person, row.step, row.assurance) == ("mia", "sales-1", Assurance.VERIFIED)


def test_a_command_repeated_gives_the_stored_answer(desk: Desk) -> None:
    """Law 2: the answer may have been lost on its way."""
    first = desk.approve("mia", "sales-1")
    before = desk.house.everything()

    again = desk.approve("mia", "sales-1")

    assert again == first
    assert desk.house.everything() == before


def test_a_refused_command_repeated_is_refused_for_the_same_reason(desk: Desk) -> None:
    """A refusal is an answer too."""
    refused = desk.approve("mia", "sales-1", token="wrong")

    assert desk.approve("mia", "sales-1") == refused
    assert len(desk.house.rows(DecisionRow)) == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"token": "wrong"}, "The token does not fit"),
        ({"token": ""}, "A token is missing"),
        ({"content_hash": "0" * 64}, "This is for an outdated version; in force is Q-1001-1"),
    ],
)
def test_what_is_not_proven_is_refused_on_record(
    desk: Desk, fields: dict[str, str], reason: str
) -> None:
    """Whoever reaches the port can send a message in another's name."""
    refused = desk.approve("mia", "sales-1", **fields)

    assert not refused.accepted
    assert refused.refused_because.startswith(reason)
    assert statuses(refused) == [StepStatus.ACTIVE, StepStatus.WAITING]
    row = desk.house.rows(DecisionRow)[0]
    assert (row.accepted, row.used, row.refused_because) == (False, None, refused.refused_because)


def test_another_persons_token_does_not_fit(desk: Desk) -> None:
    """A token speaks for one person, one step and one content."""
    refused = desk.approve("mia", "sales-1", token=desk.token(APPROVE, "vera", "sales-2"))

    assert refused.refused_because.startswith("The token does not fit")


def test_a_token_works_once(desk: Desk) -> None:
    """The same yes under another command changes nothing more."""
    desk.approve("mia", "sales-1")

    refused = desk.approve("mia", "sales-1", command_id="again", step="sales-1")

    assert refused.refused_because == "Step sales-1 is already approved by mia"
    assert statuses(refused) == [StepStatus.APPROVED, StepStatus.ACTIVE]


def test_nobody_decides_out_of_turn(desk: Desk) -> None:
    """Vera is asked after Mia."""
    refused = desk.approve("vera", "sales-2", step="sales-2")

    assert refused.refused_because == "It is not your turn: step sales-2 is waiting"


def test_the_seller_cannot_decide_on_their_own_deal(desk: Desk) -> None:
    """Four eyes: neither in their own name nor, as actor, in another's."""
    own = desk.approve("sam", "")
    for_mia = desk.approve("mia", "sales-1", actor="sam")

    assert own.refused_because == "The seller cannot decide on their own deal"
    assert for_mia.refused_because == "The seller cannot decide on their own deal."


def test_a_stranger_is_told_that_they_are_not_asked(desk: Desk) -> None:
    """Finance has no say in this version."""
    refused = desk.approve("finn", "")

    assert refused.refused_because == "finn is not asked to decide on any step of version 1"


def test_a_rejection_needs_a_reason_and_ends_the_path(desk: Desk) -> None:
    """The seller must learn why."""
    token = desk.token(REJECT, "mia", "sales-1")
    silent = desk.record(desk.house.decide(REJECT, "mia", token=token))

    said = desk.record(
        desk.house.decide(REJECT, "mia", token=token, reason="too cheap", command_id="2")
    )

    assert silent.refused_because == "A rejection needs a reason"
    assert said.accepted
    assert statuses(said) == [StepStatus.REJECTED, StepStatus.WAITING]


def test_a_decision_needs_a_person(desk: Desk) -> None:
    """An empty message is refused, not lost."""
    refused = desk.record(desk.house.decide(APPROVE, ""))

    assert refused.refused_because == "Say who decides: `person` is empty."


@pytest.mark.parametrize("allowed", [True, False])
def test_without_a_token_it_counts_only_where_settings_allow(desk: Desk, *, allowed: bool) -> None:
    """Off by default; where it is on, the record says unverified."""
    ruled = desk.house.ruled(allow_unverified_decisions=allowed)

    recorded = ruled.approval.record_decision(ruled.decide(APPROVE, "mia"))

    row = ruled.rows(DecisionRow)[0]
    assert recorded.accepted is allowed
    assert row.assurance == Assurance.UNVERIFIED


def test_a_wrong_token_never_counts_as_none(desk: Desk) -> None:
    """Whoever sends a token must send the right one, whatever the settings allow."""
    ruled = desk.house.ruled(allow_unverified_decisions=True)

    refused = ruled.approval.record_decision(ruled.decide(APPROVE, "mia", token="wrong"))

    assert refused.refused_because.startswith("The token does not fit")


def test_a_contact_of_the_customer_accepts_with_an_order_number(desk: Desk) -> None:
    """The purchase order is kept with the decision."""
    recorded = desk.say(ACCEPT, BEN, purchase_order="PO-7")

    assert recorded.accepted
    assert desk.house.rows(DecisionRow)[0].purchase_order == "PO-7"


def test_who_is_no_contact_cannot_accept(desk: Desk) -> None:
    """The refusal names the contacts, so that the seller knows whom to ask."""
    refused = desk.say(ACCEPT, "eve@evil.example")

    assert refused.refused_because == (
        f"eve@evil.example is no contact of customer C-100: {BEN}, {SIGRID}."
    )


def test_an_expired_quote_cannot_be_accepted(desk: Desk) -> None:
    """`valid_until` is the last day."""
    last = START + timedelta(days=30)

    late = desk.say(ACCEPT, BEN, last + timedelta(days=1), command_id="late")
    in_time = desk.say(ACCEPT, BEN, last, command_id="in time")

    assert late.refused_because == "Quote Q-1001-1 was valid until 2026-01-31."
    assert in_time.accepted


def test_yes_and_no_of_one_person_to_one_quote_are_one_decision(desk: Desk) -> None:
    """Whoever accepted cannot decline afterwards: the contract is on its way."""
    desk.say(ACCEPT, BEN)

    refused = desk.say(DECLINE, BEN)

    assert refused.refused_because == f"{BEN} has already decided this; a token works once."


def test_the_next_term_is_another_question(desk: Desk) -> None:
    """Whoever accepted the first term decides on the renewal again."""
    desk.say(ACCEPT, BEN)
    desk.house.sell(deal_file("1001", line("CRM", "3", discount=off("25"))))
    offered = desk.house.pricing.price_quote(step(PriceQuote, "1001", term=2)).quote
    assert offered is not None
    token = desk.house.token(DecisionKind.RENEW, BEN, offered.content_hash)

    recorded = desk.record(
        desk.house.decide(DecisionKind.RENEW, BEN, token=token, quote_version=offered.version)
    )

    assert recorded.accepted


def test_only_signers_sign_and_each_once(desk: Desk) -> None:
    """Ours is the seller's manager, theirs the contact with the role."""
    ours, theirs = desk.say(SIGN, "mia"), desk.say(SIGN, SIGRID)
    stranger = desk.say(SIGN, BEN)
    twice = desk.say(SIGN, "mia", command_id="again")

    assert ours.accepted
    assert theirs.accepted
    assert stranger.refused_because == f"{BEN} is no signer: {SIGRID}, mia."
    assert twice.refused_because == "mia has already decided this; a token works once."


def escalate(house: House, key: str) -> tuple[str, list[str]]:
    asked = step(EscalateApproval, "1001", quote_version=1, step=key)
    moved = house.approval.escalate_approval(asked)
    return moved.approver, [one.approver for one in moved.steps]


def test_an_undecided_step_goes_to_the_manager_once(desk: Desk) -> None:
    """Run twice, it does not climb further; the manager then decides, once for both their steps."""
    first = escalate(desk.house, "sales-1")
    before = desk.house.everything()

    again = escalate(desk.house, "sales-1")
    late = desk.approve("mia", "sales-1", command_id="late", step="sales-1")
    recorded = desk.approve("vera", "sales-1", step="sales-1")

    assert first == again == ("vera", ["vera", "vera"])
    assert len(before["decision"]) == 1
    assert late.refused_because == "mia is not asked to decide on step sales-1 of version 1"
    assert statuses(recorded) == [StepStatus.APPROVED, StepStatus.APPROVED]
    assert [row.kind for row in desk.house.rows(DecisionRow) if row.accepted] == [
        "escalate",
        "approve",
    ]


def test_a_step_with_nobody_above_stays(desk: Desk) -> None:
    """Vera has no manager, so nothing is recorded."""
    desk.approve("mia", "sales-1")

    assert escalate(desk.house, "sales-2") == ("vera", ["mia", "vera"])
    assert [row.kind for row in desk.house.rows(DecisionRow)] == ["approve"]
