"""Cases on record: handed in, decided by whoever the policy names, carried out once."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from activities.approval_cases import CaseActivities
from activities.approval_subjects import subjects_of
from activities.case_letters import case_mails
from activities.crediting import issue_credit_note
from models.approval_cases import (
    CaseClosed,
    CaseDecided,
    CaseNotice,
    CaseOpened,
    CaseStatus,
    CloseCase,
    DecideCase,
    EscalateCase,
    NotifyCase,
    OpenCase,
    hash_of,
)
from models.approval_facts import Subject
from models.credit_steps import CreditOrder
from models.credits import CreditPart
from models.decisions import DecisionKind, decision_token
from models.ledger import Account
from models.steps import ReadAccount, RegisterKind
from models.tables import CaseDecisionRow, RefundRow, ReminderRow, WriteOffRow
from models.write_offs import Refund, WriteOff
from tests.activities.conservation import assert_conserved, balance
from tests.activities.house import POLICY, SECRET, START, WRITTEN_AT, House, deal_file, line, step

GROSS = 178_50
INVOICE = "INV-2026-00001"
LATE = datetime(2026, 4, 15, 12, tzinfo=UTC)
RULES: list[dict[str, Any]] = [
    {
        "id": "write-off-50",
        "subject": "write_off",
        "fact": "amount",
        "comparison": "above",
        "threshold": "50",
        "titles": ["finance"],
        "chain": "finance",
        "reason": "gives up more than 50",
    },
    {
        "id": "write-off-150",
        "subject": "write_off",
        "fact": "amount",
        "comparison": "above",
        "threshold": "150",
        "titles": ["director"],
        "chain": "finance",
        "reason": "gives up more than 150",
    },
    {
        "id": "refund",
        "subject": "refund",
        "fact": "amount",
        "comparison": "above",
        "threshold": "10",
        "titles": ["finance"],
        "chain": "finance",
        "reason": "pays more than 10 back",
    },
]


class Desk:
    """The activities of cases on the books of a house, with short ways to use them."""

    def __init__(self, house: House, now: datetime = WRITTEN_AT) -> None:
        self.house = house
        office = replace(house.office, wall_clock=lambda: now)
        self.cases = CaseActivities(office, subjects_of(office))

    def open(self, subject: Subject, key: str, content: str, actor: str = "rita") -> CaseOpened:
        """Hand a case in."""
        asked = OpenCase(subject=subject, key=key, content=content, actor=actor, reason="gone")
        return self.cases.open_case(asked)

    def write_off(self, invoice: str = INVOICE, minor: int = GROSS, n: int = 1) -> CaseOpened:
        """Ask to give an invoice's rest up."""
        meant = WriteOff(invoice=invoice, currency="EUR", amount_minor=minor)
        return self.open(Subject.WRITE_OFF, f"{invoice}.{n}", meant.model_dump_json())

    def say(
        self, case: str, kind: DecisionKind, person: str, where: str, **changes: Any
    ) -> CaseDecided:
        """Decide with the token a person got."""
        content = changes.pop("content", None) or self.content(case)
        token = decision_token(SECRET, case, where, person, hash_of(content))
        fields = {"token": token, "command_id": f"{kind}-{person}", "step": where, **changes}
        return self.cases.decide_case(
            DecideCase.model_validate(
                {"case": case, "kind": kind, "person": person, "at": LATE, **fields}
            )
        )

    def content(self, case: str) -> str:
        """Return what a case means."""
        from models.tables import ApprovalCaseRow  # noqa: PLC0415 - only this needs it

        (row,) = self.house.rows(ApprovalCaseRow, number=case)
        return row.content

    def close(self, case: str) -> CaseClosed:
        """End a case."""
        return self.cases.close_case(CloseCase(case=case, at=LATE))


@pytest.fixture
def desk(house: House) -> Desk:
    """Deal 1001 with an invoice of 178.50 that is long past due, and rules for cases."""
    house.publish(RegisterKind.APPROVAL_POLICY, {**POLICY, "rules": [*POLICY["rules"], *RULES]})
    house.sell(deal_file("1001", line("CRM", "3"), starts_on=START), START)
    house.converge("1001", date(2026, 1, 1))
    return Desk(house)


CASE = f"write_off-{INVOICE}.1"


def test_a_write_off_waits_for_everybody_the_policy_names(desk: Desk) -> None:
    """The engine of quotes routes it: two steps of one chain, in order, with their reasons."""
    opened = desk.write_off()

    assert [(one.approver, one.status, one.reasons) for one in opened.steps] == [
        ("finn", "active", ("gives up more than 50",)),
        ("vera", "waiting", ("gives up more than 150",)),
    ]
    early = desk.say(CASE, DecisionKind.APPROVE, "vera", "finance-2")
    assert early.refused_because == "It is not your turn: step finance-2 is waiting"


def test_an_approved_write_off_is_an_expense_and_stops_the_reminders(desk: Desk) -> None:
    """The receivable is gone, revenue stays, nobody is reminded; run twice it is booked once."""
    house = desk.house
    desk.write_off()
    assert desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1").accepted
    assert desk.say(CASE, DecisionKind.APPROVE, "vera", "finance-2").is_over

    closed = [desk.close(CASE) for _ in range(2)]

    assert closed == [CaseClosed(status=CaseStatus.DONE, reference=INVOICE, deals=("1001",))] * 2
    assert (balance(house, Account.BAD_DEBT), balance(house, Account.RECEIVABLE)) == (GROSS, 0)
    assert [row.amount_minor for row in house.rows(WriteOffRow)] == [GROSS]
    account = house.collection.read_account(step(ReadAccount, "1001", LATE.date()))
    assert (account.balance_minor, account.next_dunning_on) == (0, None)
    assert house.dun("1001", LATE.date()).letter == ""
    assert house.rows(ReminderRow) == []
    assert_conserved(house)


def test_what_was_written_off_is_still_owed(desk: Desk) -> None:
    """Money that comes after all settles it and recovers the expense."""
    house = desk.house
    desk.write_off()
    desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1")
    desk.say(CASE, DecisionKind.APPROVE, "vera", "finance-2")
    desk.close(CASE)

    recorded = house.pay(100_00, "late-1", received_on=date(2026, 5, 1))

    assert (recorded.applied_minor, recorded.unapplied_minor) == (100_00, 0)
    assert balance(house, Account.BAD_DEBT) == GROSS - 100_00
    assert balance(house, Account.RECEIVABLE) == 0
    assert_conserved(house)


def test_a_credit_note_for_what_was_written_off_lowers_the_expense(desk: Desk) -> None:
    """What is no longer owed cannot be a loss; the receivable is gone already."""
    house = desk.house
    desk.write_off()
    desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1")
    desk.say(CASE, DecisionKind.APPROVE, "vera", "finance-2")
    desk.close(CASE)
    order = CreditOrder(
        key="k-1", invoice=INVOICE, on=date(2030, 5, 6), reason="x", parts=(CreditPart(line=0),)
    )

    house.books.write(lambda session: issue_credit_note(session, house.office, order))

    assert (balance(house, Account.BAD_DEBT), balance(house, Account.RECEIVABLE)) == (0, 0)
    assert_conserved(house)


def test_what_was_written_off_is_paid_last(desk: Desk) -> None:
    """Cash goes first to what is still expected."""
    house = desk.house
    desk.write_off()
    desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1")
    desk.say(CASE, DecisionKind.APPROVE, "vera", "finance-2")
    desk.close(CASE)
    house.converge("1001", date(2026, 5, 1))

    house.pay(100_00, "may-1", received_on=date(2026, 5, 2))

    assert balance(house, Account.BAD_DEBT) == GROSS


def test_a_rejected_case_does_nothing(desk: Desk) -> None:
    """The first no stops it; its reason is told to whoever asked."""
    desk.write_off()

    refused = desk.say(CASE, DecisionKind.REJECT, "finn", "finance-1")
    said = desk.say(
        CASE, DecisionKind.REJECT, "finn", "finance-1", reason="Ask again", command_id="2"
    )

    assert refused.refused_because == "A rejection needs a reason"
    assert said.is_over
    assert desk.close(CASE) == CaseClosed(status=CaseStatus.REJECTED, text="Ask again")
    assert balance(desk.house, Account.BAD_DEBT) == 0


@pytest.mark.parametrize("person", ["rita", "sam"])
def test_nobody_decides_on_what_they_have_a_part_in(desk: Desk, person: str) -> None:
    """Who hands it in does not approve it, nor who sold the deal it is about."""
    desk.write_off()

    answer = desk.say(CASE, DecisionKind.APPROVE, person, "finance-1")

    assert not answer.accepted
    assert desk.house.rows(CaseDecisionRow, accepted=True) == []
    assert [row.person for row in desk.house.rows(CaseDecisionRow)] == [person]


def test_who_has_a_part_in_it_cannot_pass_anothers_yes_on(desk: Desk) -> None:
    """A token from another's mail is no approval in the hands of whoever asked."""
    desk.write_off()

    answer = desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1", actor="rita")

    assert answer.refused_because == "rita, who has a part in it, cannot decide on it."


def test_only_whoever_asked_takes_a_case_back(desk: Desk) -> None:
    """Taken back it is over, and approvals come too late."""
    desk.write_off()

    other = desk.say(CASE, DecisionKind.RECALL, "finn", "recall")
    own = desk.say(CASE, DecisionKind.RECALL, "rita", "recall")
    late = desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1")

    assert other.refused_because == "Only rita can recall it"
    assert (own.accepted, own.is_over) == (True, True)
    assert "recalled" in late.refused_because
    assert desk.close(CASE).status is CaseStatus.WITHDRAWN


def test_a_forged_token_decides_nothing(desk: Desk) -> None:
    """Whoever reaches the server can send a signal in another's name."""
    desk.write_off()

    answer = desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1", token="forged")

    assert "token does not fit" in answer.refused_because


def test_a_decision_keeps_what_it_was_made_on(desk: Desk) -> None:
    """Content, policy and facts seen, as with quotes."""
    desk.write_off()
    desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1")

    (row,) = desk.house.rows(CaseDecisionRow)

    assert (row.policy_version, row.facts) == (
        "p1",
        '{"amount": "178.50", "days_past_due": "1555"}',
    )
    assert row.content_hash == hash_of(desk.content(CASE))


def test_a_case_is_handed_in_once(desk: Desk) -> None:
    """Handed in again it has the same path; with other content it is refused."""
    first, again = desk.write_off(), desk.write_off()
    other = desk.write_off(minor=GROSS + 1)

    assert first == again
    assert [problem.field for problem in other.problems] == ["key"]


def test_what_cannot_be_written_off_is_refused_with_every_reason(desk: Desk) -> None:
    """Nothing open, not due yet, unknown, and more than was asked for."""
    house = desk.house
    house.converge("1001", date(2030, 5, 1))
    last = max(row for row in _numbers(house))

    unknown = desk.write_off("NO-1")
    early = desk.write_off(last, minor=1)

    assert [one.reason for one in unknown.problems] == ["there is no invoice NO-1 on record"]
    assert [one.field for one in early.problems] == ["invoice", "amount"]


def _numbers(house: House) -> list[str]:
    from models.tables import InvoiceRow  # noqa: PLC0415 - only this needs it

    return [row.number for row in house.rows(InvoiceRow)]


def test_a_case_that_became_impossible_ends_as_failed(desk: Desk) -> None:
    """Paid while it waited: nothing is written off, and whoever asked hears why."""
    desk.write_off()
    desk.say(CASE, DecisionKind.APPROVE, "finn", "finance-1")
    desk.say(CASE, DecisionKind.APPROVE, "vera", "finance-2")
    desk.house.pay(GROSS, "just-in-time")

    closed = desk.close(CASE)

    assert closed.status is CaseStatus.FAILED
    assert "nothing is open" in closed.text
    assert desk.house.rows(WriteOffRow) == []


def test_small_amounts_need_nobody(desk: Desk) -> None:
    """The policy decides; below its limits a case is carried out at once."""
    desk.house.pay(GROSS - 9_00, "nearly", invoices=(INVOICE,))

    opened = desk.write_off(minor=9_00)

    assert opened.steps == ()
    assert desk.close(CASE).status is CaseStatus.DONE
    assert balance(desk.house, Account.BAD_DEBT) == 9_00


def test_an_undecided_step_goes_to_the_manager(desk: Desk) -> None:
    """Mia's manager is Vera; nobody is above Finn, so his step stays where it is."""
    desk.write_off()

    stays = [
        desk.cases.escalate_case(EscalateCase(case=CASE, step="finance-1", at=LATE))
        for _ in range(2)
    ]

    assert [one.steps[0].approver for one in stays] == ["finn", "finn"]


def overpaid(desk: Desk) -> str:
    """Receive 30.00 more than is open; return the payment's number."""
    return desk.house.pay(GROSS + 30_00, "twice").payment


def test_only_cash_that_settles_nothing_goes_back(desk: Desk) -> None:
    """The rest of the payment has settled an invoice; what went back settles nothing later."""
    payment = overpaid(desk)
    meant = Refund(payment=payment, currency="EUR", amount_minor=20_00)
    opened = desk.open(Subject.REFUND, f"{payment}.1", meant.model_dump_json())
    assert [one.approver for one in opened.steps] == ["finn"]
    desk.say(f"refund-{payment}.1", DecisionKind.APPROVE, "finn", "finance-1")

    closed = desk.close(f"refund-{payment}.1")

    (row,) = desk.house.rows(RefundRow)
    assert (closed.reference, row.amount_minor) == (row.number, 20_00)
    assert balance(desk.house, Account.UNAPPLIED_CASH) == -10_00
    assert balance(desk.house, Account.CASH) == GROSS + 10_00
    desk.house.converge("1001", date(2026, 2, 1))
    assert balance(desk.house, Account.UNAPPLIED_CASH) == 0
    assert balance(desk.house, Account.RECEIVABLE) == GROSS - 10_00
    assert_conserved(desk.house)


@pytest.mark.parametrize(
    ("amount", "currency", "field"),
    [(30_01, "EUR", "amount"), (0, "EUR", "amount"), (5, "USD", "currency")],
)
def test_no_more_goes_back_than_waits(desk: Desk, amount: int, currency: str, field: str) -> None:
    """More than is left, nothing, or another currency."""
    payment = overpaid(desk)
    meant = Refund(payment=payment, currency=currency, amount_minor=amount)

    opened = desk.open(Subject.REFUND, f"{payment}.1", meant.model_dump_json())

    assert [one.field for one in opened.problems] == [field]


def test_the_mails_of_a_case_reach_whom_it_concerns(desk: Desk) -> None:
    """The approver gets command and token, whoever asked the outcome."""
    desk.house.register(
        RegisterKind.PERSON, "rita", {"id": "rita", "name": "Rita", "email": "rita@nord.example"}
    )
    desk.write_off()

    def mails(notice: CaseNotice, where: str = "") -> list[Any]:
        asked = NotifyCase(case=CASE, notice=notice, step=where, at=LATE)
        return desk.house.books.read(lambda session: case_mails(session, asked, SECRET))

    (request,) = mails(CaseNotice.REQUEST, "finance-1")
    desk.say(CASE, DecisionKind.REJECT, "finn", "finance-1", reason="Ask again")
    desk.close(CASE)
    (told,) = mails(CaseNotice.CLOSED)

    token = decision_token(SECRET, CASE, "finance-1", "finn", hash_of(desk.content(CASE)))
    assert request.recipient == "finn@nord.example"
    assert f"q2c approval approve {CASE} --step finance-1" in request.text
    assert token in request.text
    assert (told.recipient, "Ask again" in told.text) == ("rita@nord.example", True)
    assert mails(CaseNotice.REMINDER, "finance-1") == []
