"""Credit notes as cases: above the policy's threshold somebody else says yes first."""

from datetime import date
from typing import Any

import pytest

from activities.correcting import CorrectingActivities
from models.approval_cases import CaseStatus, IssuedCredit
from models.approval_facts import Subject
from models.credit_approval import CreditAsked
from models.credit_steps import Corrected, CorrectInvoice
from models.decisions import DecisionKind
from models.ledger import Account
from models.steps import RegisterKind
from models.tables import CaseDecisionRow, CreditNoteRow
from tests.activities.conservation import assert_conserved, balance
from tests.activities.house import POLICY, START, House, deal_file, line
from tests.activities.test_cases import GROSS, INVOICE, LATE, Desk

CASE = f"credit_note-{INVOICE}.1"
RULE: dict[str, Any] = {
    "id": "credit-50",
    "subject": "credit_note",
    "fact": "amount",
    "comparison": "above",
    "threshold": "50",
    "titles": ["finance"],
    "chain": "finance",
    "reason": "credits more than 50",
}
SHARE: dict[str, Any] = {
    **RULE,
    "id": "credit-half",
    "fact": "invoice_percent",
    "reason": "credits more than half",
}


def ruled(house: House, rule: dict[str, Any]) -> None:
    """Let the policy have one word about credit notes."""
    house.publish(RegisterKind.APPROVAL_POLICY, {**POLICY, "version": "p2", "rules": [rule]})


@pytest.fixture
def desk(house: House) -> Desk:
    """Deal 1001 with an invoice of 150.00 and 28.50 tax; credits above 50.00 are asked for."""
    ruled(house, RULE)
    house.sell(deal_file("1001", line("CRM", "3"), starts_on=START), START)
    house.converge("1001", START)
    return Desk(house)


def hand_in(desk: Desk, minor: int | None = 60_00, n: int = 1, **changes: Any) -> Any:
    """Ask to credit an amount before tax."""
    fields = {"invoice": INVOICE, "reason": "An outage", "amount_minor": minor, **changes}
    content = CreditAsked.model_validate(fields).model_dump_json()
    return desk.open(Subject.CREDIT_NOTE, f"{INVOICE}.{n}", content)


def correct(house: House, minor: int, key: str = "k-1") -> Corrected:
    """Credit an amount by the workflow's activity, past the doors."""
    order = CorrectInvoice(
        key=key,
        invoice=INVOICE,
        on=date(2026, 2, 10),
        at=LATE,
        reason="An outage",
        amount_minor=minor,
        actor="rita",
    )
    return CorrectingActivities(house.office).correct_invoice(order)


def test_a_credit_above_the_threshold_is_issued_by_the_last_yes(desk: Desk) -> None:
    """Run twice it is one credit note; journal and revenue are what they are without a case."""
    house = desk.house
    opened = hand_in(desk)
    assert [(one.approver, one.reasons) for one in opened.steps] == [
        ("finn", ("credits more than 50",))
    ]
    assert house.rows(CreditNoteRow) == []

    assert desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1").is_over
    closed, again = desk.close(CASE), desk.close(CASE)

    (note,) = house.rows(CreditNoteRow)
    assert closed == again
    assert (closed.status, closed.reference, closed.deals) == (
        CaseStatus.DONE,
        "CN-2026-00001",
        ("1001",),
    )
    assert closed.issued == IssuedCredit(
        deal="1001", number="CN-2026-00001", at=LATE, on=LATE.date()
    )
    assert (note.key, note.actor, note.gross_minor) == (CASE, "rita", 71_40)
    assert balance(house, Account.RECEIVABLE) == GROSS - 71_40
    house.converge("1001", LATE.date())
    assert_conserved(house)


def test_a_decision_keeps_the_facts_of_the_credit(desk: Desk) -> None:
    """60.00 of 150.00 before tax is 40 percent; the age counts from the invoice's day."""
    hand_in(desk)
    desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1")

    (row,) = desk.house.rows(CaseDecisionRow)

    assert '"amount": "60.00"' in row.facts
    assert '"invoice_percent": "40.00", "is_goodwill": "1"' in row.facts


def test_a_credit_below_the_threshold_needs_nobody(desk: Desk) -> None:
    """Neither as a case nor as a correction; the same key is one credit note."""
    house = desk.house

    assert hand_in(desk, 50_00).steps == ()
    assert desk.close(CASE).status is CaseStatus.DONE
    first, again = correct(house, 50_00), correct(house, 50_00)

    assert (first.credit_note, first.repeated) == ("CN-2026-00002", False)
    assert again == first.model_copy(update={"repeated": True})
    house.converge("1001", LATE.date())
    assert_conserved(house)


def test_the_way_around_is_refused_with_the_remedy(desk: Desk) -> None:
    """A correction that is started past the doors meets the same policy."""
    done = correct(desk.house, 50_01)

    (problem,) = done.problems
    assert (problem.field, done.credit_note) == ("approval", "")
    assert "q2c invoice credit" in problem.remedy
    assert desk.house.rows(CreditNoteRow) == []


def test_many_small_credits_are_measured_together(desk: Desk) -> None:
    """The share of the invoice counts what was credited of it before."""
    house = desk.house
    ruled(house, SHARE)

    first, second = correct(house, 75_00), correct(house, 1, "k-2")

    assert (first.credit_note, second.problems[0].field) == ("CN-2026-00001", "approval")


@pytest.mark.parametrize("person", ["rita", "sam"])
def test_nobody_approves_a_credit_they_have_a_part_in(desk: Desk, person: str) -> None:
    """Neither who asks for it nor who sold the deal."""
    hand_in(desk)

    assert not desk.say(CASE, DecisionKind.APPROVE, person, "finance-1").accepted
    assert desk.house.rows(CaseDecisionRow, accepted=True) == []


def test_a_rejected_credit_makes_nothing(desk: Desk) -> None:
    """Nothing is issued, so nothing is published."""
    hand_in(desk)
    desk.say(CASE, DecisionKind.REJECT, "finn", "finance-1", reason="It was up")

    closed = desk.close(CASE)

    assert (closed.status, closed.text, closed.issued) == (CaseStatus.REJECTED, "It was up", None)
    assert desk.house.rows(CreditNoteRow) == []


def test_a_credit_that_became_impossible_ends_as_failed(desk: Desk) -> None:
    """More was credited while it waited than leaves room for it."""
    hand_in(desk, 140_00)
    correct(desk.house, 49_00)
    desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1")

    closed = desk.close(CASE)

    assert (closed.status, closed.issued) == (CaseStatus.FAILED, None)
    assert "101.00" in closed.text
    assert len(desk.house.rows(CreditNoteRow)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"invoice": "NO-1"}, "invoice"), ({"minor": 150_01}, "amount")],
)
def test_what_cannot_be_credited_asks_nobody(
    desk: Desk, changes: dict[str, Any], field: str
) -> None:
    """It is refused before it goes on record, with every problem."""
    assert [one.field for one in hand_in(desk, **changes).problems] == [field]


def test_content_that_is_no_credit_is_refused(desk: Desk) -> None:
    """Whoever reaches the server can hand in anything."""
    opened = desk.open(Subject.CREDIT_NOTE, "x.1", "[]")

    assert [one.field for one in opened.problems] == ["content"]
