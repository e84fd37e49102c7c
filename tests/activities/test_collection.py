"""Collecting: money comes in once and goes where it belongs; reminders go out level by level."""

from datetime import date, timedelta
from typing import Any

import pytest

from models.ledger import Account
from models.steps import PaymentRecorded, ReadAccount, RegisterKind
from models.tables import (
    PaymentApplicationRow,
    PaymentRow,
    ReminderItemRow,
    ReminderRow,
)
from tests.activities.conservation import assert_conserved, balance
from tests.activities.house import START, House, deal_file, line, payment, step

GROSS = 178_50
PAID_ON = date(2026, 3, 1)


def sell(house: House, number: str = "1001", on: date = START, **changes: Any) -> str:
    """Sell 3 seats: 178.50 a month with tax."""
    file = deal_file(number, line("CRM", "3"), starts_on=on, **changes)
    return house.sell(file, on)


@pytest.fixture
def three(house: House) -> House:
    """Deal 1001 with three open invoices, issued on 1 January, February and March."""
    sell(house)
    for month in (1, 2, 3):
        house.converge("1001", date(2026, month, 1))
    return house


def applied(house: House) -> dict[str, int]:
    return {row.invoice[-1]: row.amount_minor for row in house.rows(PaymentApplicationRow)}


def test_a_payment_in_full_settles_the_invoice_it_names(three: House) -> None:
    """Cash comes in, the receivable goes."""
    recorded = three.pay(GROSS, "r-1", invoices=("INV-2026-00002",))

    assert recorded == PaymentRecorded(
        payment="PAY-2026-00001", deals=("1001",), applied_minor=GROSS
    )
    assert applied(three) == {"2": GROSS}
    assert [row.rule for row in three.rows(PaymentRow)] == ["references"]
    assert_conserved(three)


def test_the_same_payment_twice_is_on_record_once(three: House) -> None:
    """The stored outcome is returned again; who reports it does not matter."""
    first = three.pay(GROSS, "r-1")
    before = three.everything()

    again = three.pay(GROSS, "r-1", actor="a webhook")

    assert again == first.model_copy(update={"repeated": True})
    assert three.everything() == before


def test_other_content_under_the_same_reference_is_refused(three: House) -> None:
    """Law 2: that is a conflict, and nothing is written."""
    three.pay(GROSS, "r-1")
    before = three.everything()

    refused = three.pay(GROSS + 1, "r-1")

    (problem,) = refused.problems
    assert problem.field == "reference"
    assert problem.reason == "bank r-1 is on record as PAY-2026-00001 with other content"
    assert problem.remedy == "check the reference; each payment has its own"
    assert three.everything() == before


def test_the_same_reference_of_another_provider_is_another_payment(three: House) -> None:
    """Provider and reference make the identity."""
    three.pay(GROSS, "r-1")

    assert three.pay(GROSS, "r-1", provider="card").payment == "PAY-2026-00002"


def test_part_of_an_invoice_leaves_the_rest_open(three: House) -> None:
    """100.00 of 178.50."""
    three.pay(100_00, "r-1", invoices=("INV-2026-00001",))

    account = three.collection.read_account(step(ReadAccount, "1001", PAID_ON))
    assert applied(three) == {"1": 100_00}
    assert (account.balance_minor, account.open_invoices) == (435_50, 3)
    assert_conserved(three)


def test_money_nobody_explains_goes_to_the_oldest_due(three: House) -> None:
    """Semantics 8: exact amounts first, then oldest due."""
    exact = three.pay(2 * GROSS + 1, "r-1")

    assert exact.applied_minor == 2 * GROSS + 1
    assert applied(three) == {"1": GROSS, "2": GROSS, "3": 1}
    assert [row.rule for row in three.rows(PaymentRow)] == ["oldest_due"]
    assert_conserved(three)


def test_what_is_too_much_waits_for_the_next_invoice(three: House) -> None:
    """Unapplied cash is the customer's; the next invoice takes it."""
    paid = three.pay(3 * GROSS + 50_00, "r-1")
    assert_conserved(three)
    waiting = balance(three, Account.UNAPPLIED_CASH)

    converged = three.converge("1001", date(2026, 4, 1))

    assert (paid.applied_minor, paid.unapplied_minor) == (3 * GROSS, 50_00)
    assert waiting == -50_00
    assert converged.account.balance_minor == GROSS - 50_00
    assert_conserved(three)


def test_waiting_cash_is_applied_once(three: House) -> None:
    """Converging again finds nothing that waits."""
    three.pay(3 * GROSS + 50_00, "r-1")
    three.converge("1001", date(2026, 4, 1))
    before = three.everything()

    three.converge("1001", date(2026, 4, 1))

    assert three.everything() == before


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"amount_minor": 0}, "amount: is not above zero"),
        ({"amount_minor": -5}, "amount: is not above zero"),
        ({"reference": ""}, "reference: is empty (name the bank's or provider's reference"),
        ({"customer": "C-999"}, "customer: There is no customer C-999 on record"),
        ({"customer": "C-200"}, "customer: C-200 has no deal to pay for"),
        ({"invoices": ("INV-9",)}, "invoices: customer C-100 has no invoice INV-9"),
        ({"deal": "9999"}, "deal: customer C-100 has no deal 9999"),
        ({"currency": "USD"}, "currency: is USD, but open invoices are in EUR"),
        ({"currency": "EURO"}, "currency: 'EURO' is no currency"),
        (
            {"currency": "USD", "invoices": ("INV-2026-00001",)},
            "currency: is USD, but invoice INV-2026-00001 is in EUR",
        ),
        ({"currency": "USD", "deal": "1001"}, "currency: is USD, but deal 1001 is in EUR"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_its_reason(
    three: House, fields: dict[str, Any], reason: str
) -> None:
    """Expected trouble is a result (law 10)."""
    before = three.everything()

    given = {"amount_minor": GROSS, "reference": "r-1", **fields}
    refused = three.collection.record_payment(
        payment(given.pop("amount_minor"), given.pop("reference"), **given)
    )

    assert reason in refused.refused_because
    assert three.everything() == before


def test_all_problems_of_a_payment_are_named_together(three: House) -> None:
    """Whoever corrects it wants to do it once."""
    refused = three.pay(0, "", invoices=("INV-9", "INV-8"), deal="9999")

    assert [problem.field for problem in refused.problems] == [
        "amount",
        "reference",
        "invoices",
        "invoices",
        "deal",
    ]
    assert all(problem.reason and problem.remedy for problem in refused.problems)
    assert refused.refused_because == "; ".join(map(str, refused.problems))


def test_another_customers_invoice_is_unknown_here(three: House) -> None:
    """Nobody settles what another owes, or learns that it exists."""
    sell(three, "2001", customer="C-200")

    refused = three.pay(GROSS, "r-1", customer="C-200", invoices=("INV-2026-00001",))

    assert "customer C-200 has no invoice INV-2026-00001" in refused.refused_because


def test_one_payment_covers_two_deals(three: House) -> None:
    """Semantics 18: a payment comes for a customer; both deals are told."""
    sell(three, "1002")
    three.converge("1002", PAID_ON)

    recorded = three.pay(6 * GROSS, "r-1")

    assert recorded.deals == ("1001", "1002")
    assert recorded.unapplied_minor == 0
    assert_conserved(three)


def test_naming_a_deal_settles_its_invoices_first(three: House) -> None:
    """Although the other deal's are older."""
    sell(three, "1002")
    three.converge("1002", PAID_ON)

    recorded = three.pay(GROSS, "r-1", deal="1002")

    assert recorded.deals == ("1002",)


def test_real_money_never_settles_a_deal_on_a_test_clock(house: House) -> None:
    """Nor the other way round; only a payment that names it is set against it."""
    house.sell(deal_file("T1", line("CRM", "3")), test_clock=True)
    house.converge("T1", START)
    sell(house)
    house.converge("1001", START)

    real = house.pay(2 * GROSS, "r-1")
    tested = house.pay(2 * GROSS, "r-2", deal="T1")

    assert (real.payment, real.deals, real.unapplied_minor) == ("PAY-2026-00001", ("1001",), GROSS)
    assert tested.payment == "PAY-TEST-T1-00001"
    assert (tested.deals, tested.unapplied_minor) == (("T1",), GROSS)
    assert [row.scope for row in house.rows(PaymentRow)] == ["", "T1"]
    assert_conserved(house)


def test_money_that_waits_stays_on_its_side_of_the_test_clock(house: House) -> None:
    """What is left of a real payment waits for a real invoice, and so for trials."""
    house.sell(deal_file("T1", line("CRM", "3")), test_clock=True)
    sell(house)
    house.converge("T1", START)
    house.converge("1001", START)
    house.pay(2 * GROSS, "r-1")
    tested = house.pay(2 * GROSS, "r-2", deal="T1")

    later = date(2026, 2, 1)
    trial, real = house.converge("T1", later), house.converge("1001", later)

    assert tested.unapplied_minor == GROSS
    assert (trial.account.balance_minor, real.account.balance_minor) == (0, 0)
    house.sell(deal_file("T2", line("CRM", "3")), test_clock=True)
    house.pay(GROSS, "r-3")
    assert house.converge("T2", START).account.balance_minor == GROSS
    assert_conserved(house)


def test_a_deal_knows_the_payments_of_its_customer_only(three: House) -> None:
    """A notice naming any other payment is refused by the deal."""
    sell(three, "2001", customer="C-200")
    paid = three.pay(GROSS, "r-1").payment

    def is_known(deal: str, number: str) -> bool:
        asked = step(ReadAccount, deal, PAID_ON, payment=number)
        return three.collection.read_account(asked).known

    assert is_known("1001", paid)
    assert not is_known("2001", paid)
    assert not is_known("1001", "PAY-9")


# Dunning: the invoice of 1 January is due on 31 January.

DUE = date(2026, 1, 31)


def levels(house: House, invoice: str = "INV-2026-00001") -> list[tuple[int, str]]:
    return [(row.level, row.status) for row in house.rows(ReminderItemRow, invoice=invoice)]


@pytest.fixture
def overdue(house: House) -> House:
    """Deal 1001 with one open invoice."""
    sell(house)
    house.converge("1001", START)
    return house


def test_the_ladder_is_climbed_day_by_day_to_the_decision(overdue: House) -> None:
    """Semantics 10: -3, +3, +10, +20, +30, and a person at +45."""
    day = overdue.collection.read_account(step(ReadAccount, "1001", START)).next_dunning_on
    climbed = []
    while day is not None:
        dunned = overdue.dun("1001", day)
        climbed.append(((day - DUE).days, dunned.level, dunned.decision_needed))
        day = dunned.account.next_dunning_on

    assert climbed == [
        (-3, 1, False),
        (3, 2, False),
        (10, 3, False),
        (20, 4, False),
        (30, 5, False),
        (45, 0, True),
    ]
    assert levels(overdue)[-1] == (6, "decision")
    assert [row.level for row in overdue.rows(ReminderRow)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("days", [-3, 3])
def test_reminding_again_on_the_same_day_writes_nothing_more(overdue: House, days: int) -> None:
    """The answer of the first run may be lost."""
    day = DUE + timedelta(days=days)
    first = overdue.dun("1001", day)
    before = overdue.everything()

    assert overdue.dun("1001", day) == first
    assert first.letter == "REM-2026-00001"
    assert overdue.everything() == before


def test_a_decision_is_asked_for_again_when_its_answer_was_lost(overdue: House) -> None:
    """Otherwise nobody would ever be asked."""
    for days in (30, 45):
        first = overdue.dun("1001", DUE + timedelta(days=days))
    before = overdue.everything()

    again = overdue.dun("1001", DUE + timedelta(days=45))

    assert first.decision_needed
    assert again == first
    assert overdue.everything() == before


def test_levels_missed_are_recorded_and_never_sent(overdue: House) -> None:
    """Semantics 17: at most one level per run, even after an outage."""
    dunned = overdue.dun("1001", DUE + timedelta(days=25))

    assert dunned.level == 4
    assert levels(overdue) == [(1, "skipped"), (2, "skipped"), (3, "skipped"), (4, "sent")]
    assert len(overdue.rows(ReminderRow)) == 1


def test_the_next_level_waits_for_the_interval(overdue: House) -> None:
    """Six days lie between two letters, whatever the ladder says."""
    overdue.dun("1001", DUE + timedelta(days=8))

    early = overdue.dun("1001", DUE + timedelta(days=10))
    later = overdue.dun("1001", DUE + timedelta(days=14))

    assert (early.letter, early.account.next_dunning_on) == ("", DUE + timedelta(days=14))
    assert later.level == 3


def test_nobody_is_reminded_before_anything_is_due(overdue: House) -> None:
    """Nothing is written either."""
    before = overdue.everything()

    dunned = overdue.dun("1001", DUE - timedelta(days=4))

    assert (dunned.letter, dunned.covered_by) == ("", "")
    assert dunned.account.next_dunning_on == DUE - timedelta(days=3)
    assert overdue.everything() == before


def test_reminders_stop_on_payment(overdue: House) -> None:
    """A settled invoice has no next level."""
    overdue.dun("1001", DUE + timedelta(days=3))
    overdue.pay(GROSS, "r-1")

    dunned = overdue.dun("1001", DUE + timedelta(days=10))

    assert dunned.letter == ""
    assert dunned.account.next_dunning_on is None
    assert levels(overdue) == [(1, "skipped"), (2, "sent")]


def test_a_part_payment_does_not_stop_reminders(overdue: House) -> None:
    """The rest is still owed."""
    overdue.pay(100_00, "r-1")

    assert overdue.dun("1001", DUE + timedelta(days=3)).level == 2


def test_one_letter_a_day_covers_all_deals_of_the_customer(overdue: House) -> None:
    """Semantics 18: the other deal finds its letter sent and records the number."""
    sell(overdue, "1002")
    overdue.converge("1002", START)
    day = DUE + timedelta(days=3)

    first, second = overdue.dun("1001", day), overdue.dun("1002", day)

    assert (first.letter, first.covered_by) == ("REM-2026-00001", "")
    assert (second.letter, second.covered_by) == ("", "REM-2026-00001")
    assert levels(overdue, "INV-2026-00002") == [(1, "skipped"), (2, "sent")]
    assert first.account.next_dunning_on == second.account.next_dunning_on
    assert len(overdue.rows(ReminderRow)) == 1


def test_each_deal_hears_of_its_own_decision(overdue: House) -> None:
    """The run that comes first must not swallow the question about the other deal."""
    sell(overdue, "1002")
    overdue.converge("1002", START)
    overdue.dun("1001", DUE + timedelta(days=30))
    day = DUE + timedelta(days=45)

    first, second = overdue.dun("1001", day), overdue.dun("1002", day)

    assert first.decision_needed
    assert second.decision_needed
    assert levels(overdue, "INV-2026-00002")[-1] == (6, "decision")


def test_a_letter_of_another_deal_does_not_put_off_a_decision(overdue: House) -> None:
    """Letter and decision on one day are two things."""
    overdue.dun("1001", DUE + timedelta(days=30))
    day = DUE + timedelta(days=45)
    sell(overdue, "1002", day - timedelta(days=33))
    overdue.converge("1002", day - timedelta(days=33))

    other, ours = overdue.dun("1002", day), overdue.dun("1001", day)

    assert (other.level, other.decision_needed) == (2, False)
    assert (ours.covered_by, ours.decision_needed) == (other.letter, True)


def test_a_letter_speaks_of_one_currency(overdue: House) -> None:
    """Who owes in two currencies gets two letters: amounts of two currencies have no sum."""
    overdue.sell(deal_file("1002", line("CRM"), currency="USD"))
    overdue.converge("1002", START)
    day = DUE + timedelta(days=3)

    euros, dollars = overdue.dun("1001", day), overdue.dun("1002", day)

    letters = overdue.rows(ReminderRow)
    assert [(row.number, row.currency) for row in letters] == [
        (euros.letter, "EUR"),
        (dollars.letter, "USD"),
    ]
    assert euros.letter != dollars.letter
    assert [row.reminder for row in overdue.rows(ReminderItemRow, status="sent")] == [
        euros.letter,
        dollars.letter,
    ]


def test_a_deal_on_a_test_clock_is_reminded_apart(overdue: House) -> None:
    """Its clock has nothing to do with the customer's real letters."""
    overdue.sell(deal_file("T1", line("CRM")), test_clock=True)
    overdue.converge("T1", START)
    day = DUE + timedelta(days=3)

    tested, real = overdue.dun("T1", day), overdue.dun("1001", day)

    assert tested.letter == "REM-TEST-T1-00001"
    assert real.letter == "REM-2026-00001"
    assert levels(overdue, "INV-TEST-T1-00001") == [(1, "skipped"), (2, "sent")]


def test_another_ladder_may_be_published(overdue: House) -> None:
    """The policy in force counts, and its version is on the letter."""
    ladder = {"version": "strict", "steps": [{"level": 1, "days_past_due": 1, "name": "pay now"}]}
    overdue.publish(RegisterKind.DUNNING_POLICY, ladder)

    dunned = overdue.dun("1001", DUE + timedelta(days=1))

    assert dunned.level == 1
    assert [row.policy_version for row in overdue.rows(ReminderRow)] == ["strict"]
