"""Collection: cash goes where the rules say, and each reminder is written at most once."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.collection import (
    DEFAULT_LADDER,
    Applied,
    DunningPolicy,
    DunningStep,
    MatchRule,
    OpenItem,
    aging,
    apply_payment,
    due_step,
    next_dunning_on,
    parse_dunning_policy,
)
from models.errors import CurrencyMismatchError, InvalidInputError
from models.money import Money

DUE = date(2026, 3, 31)


def usd(minor: int) -> Money:
    """Cents as dollars."""
    return Money(minor=minor, currency="USD")


def item(
    invoice: str,
    minor: int,
    due_on: date = DUE,
    *,
    level: int = 0,
    last: date | None = None,
    currency: str = "USD",
) -> OpenItem:
    """An open invoice of deal 1001."""
    amount = Money(minor=minor, currency=currency)
    return OpenItem(
        invoice=invoice,
        deal="1001",
        issued_on=due_on - timedelta(days=30),
        due_on=due_on,
        gross=amount,
        balance=amount,
        level=level,
        last_reminded_on=last,
    )


def where(applied: tuple[Applied, ...]) -> list[tuple[str, int]]:
    """Invoices and cents."""
    return [(part.invoice, part.amount.minor) for part in applied]


JANUARY = item("INV-1", 100_00, date(2026, 1, 31))
FEBRUARY = item("INV-2", 70_00, date(2026, 2, 28))
MARCH = item("INV-3", 50_00, date(2026, 3, 31))


def test_named_invoices_come_first_the_oldest_due_before_the_others() -> None:
    """Semantics 8, rule 1: what the payer wrote decides, not the order they wrote it in."""
    result = apply_payment(usd(90_00), [JANUARY, MARCH, FEBRUARY], ["inv-3 ", "INV-2"])

    assert where(result.applied) == [("INV-2", 70_00), ("INV-3", 20_00)]
    assert result.unapplied == usd(0)
    assert result.rule == "references"


def test_what_named_invoices_leave_over_goes_on_by_the_next_rules() -> None:
    """Semantics 8: the rules are tried in order, each on what is left."""
    result = apply_payment(usd(150_00), [JANUARY, FEBRUARY, MARCH], ["INV-3"])

    assert where(result.applied) == [("INV-3", 50_00), ("INV-1", 100_00)]
    assert result.rule == "references"


def test_an_unknown_reference_leaves_the_other_rules_to_decide() -> None:
    """A payer's own number says nothing about ours."""
    result = apply_payment(usd(70_00), [JANUARY, FEBRUARY, MARCH], ["PO-77"])

    assert where(result.applied) == [("INV-2", 70_00)]
    assert result.rule == "exact_invoice"


def test_an_exact_balance_finds_its_invoice_though_an_older_one_is_open() -> None:
    """Semantics 8, rule 2."""
    result = apply_payment(usd(50_00), [JANUARY, FEBRUARY, MARCH])

    assert where(result.applied) == [("INV-3", 50_00)]
    assert result.rule == "exact_invoice"


def test_an_exact_balance_of_two_invoices_goes_to_the_oldest() -> None:
    """Semantics 8, rules 2 and 4: what is not unique does not decide."""
    twin = item("INV-9", 50_00, date(2026, 3, 1))

    result = apply_payment(usd(50_00), [MARCH, twin])

    assert where(result.applied) == [("INV-9", 50_00)]
    assert result.rule == "oldest_due"


def test_an_exact_sum_finds_its_invoices() -> None:
    """Semantics 8, rule 3: 70 + 50, and the oldest invoice of 100 is left alone."""
    result = apply_payment(usd(120_00), [JANUARY, FEBRUARY, MARCH])

    assert where(result.applied) == [("INV-2", 70_00), ("INV-3", 50_00)]
    assert result.rule == "exact_sum"


def test_a_sum_that_two_sets_have_goes_to_the_oldest() -> None:
    """Semantics 8, rule 3: 30 + 40 is also 50 + 20, so neither counts."""
    items = [
        item("A", 30_00, date(2026, 1, 1)),
        item("B", 50_00, date(2026, 1, 2)),
        item("C", 40_00, date(2026, 1, 3)),
        item("D", 20_00, date(2026, 1, 4)),
    ]

    result = apply_payment(usd(70_00), items)

    assert where(result.applied) == [("A", 30_00), ("B", 40_00)]
    assert result.rule == "oldest_due"


def test_the_oldest_due_comes_first_and_one_day_is_ordered_by_number() -> None:
    """Semantics 8, rule 4: the same input always gives the same answer."""
    items = [item("INV-8", 60_00, DUE), item("INV-7", 55_00, DUE), JANUARY]

    result = apply_payment(usd(120_00), items)

    assert where(result.applied) == [("INV-1", 100_00), ("INV-7", 20_00)]
    assert result.rule == "oldest_due"


def test_an_overpayment_stays_unapplied() -> None:
    """Semantics 8, rule 5."""
    result = apply_payment(usd(300_00), [JANUARY, FEBRUARY, MARCH])

    assert sum(cents for _, cents in where(result.applied)) == 220_00
    assert result.unapplied == usd(80_00)


def test_a_payment_without_open_invoices_stays_unapplied() -> None:
    """A settled invoice takes nothing, named or not."""
    result = apply_payment(usd(10_00), [item("INV-0", 0)], ["INV-0"])

    assert result.applied == ()
    assert result.unapplied == usd(10_00)
    assert result.rule == "unapplied"


def test_sums_are_not_searched_for_among_more_than_fifteen_invoices() -> None:
    """The search grows with the sets there are; beyond the bound the oldest are settled."""
    items = [item(f"INV-{n:02}", 2**n, DUE + timedelta(days=n)) for n in range(16)]

    assert apply_payment(usd(2 + 8), items[:15]).rule == "exact_sum"
    assert apply_payment(usd(2 + 8), items).rule == "oldest_due"


def test_cash_never_crosses_currencies() -> None:
    """Semantics 8: an exchange is a decision of its own."""
    with pytest.raises(CurrencyMismatchError, match="INV-5 is open in EUR"):
        apply_payment(usd(10_00), [JANUARY, item("INV-5", 10_00, currency="EUR")])


def test_a_negative_payment_is_refused() -> None:
    """Money returned is a refund, not a payment."""
    with pytest.raises(InvalidInputError, match="negative"):
        apply_payment(usd(-1), [JANUARY])


@given(
    amount=st.integers(min_value=0, max_value=500),
    balances=st.lists(st.integers(min_value=0, max_value=200), max_size=18),
    named=st.lists(st.integers(min_value=0, max_value=17), max_size=4),
    shift=st.integers(min_value=0, max_value=17),
)
def test_no_cent_is_lost_and_no_invoice_overpaid(
    amount: int, balances: list[int], named: list[int], shift: int
) -> None:
    """Semantics 20: cash is applied or unapplied, whatever the order of the invoices."""
    items = [item(f"INV-{n:02}", cents, DUE + timedelta(n % 3)) for n, cents in enumerate(balances)]
    references = [f"INV-{n:02}" for n in named]

    result = apply_payment(usd(amount), items, references)

    applied = dict(where(result.applied))
    assert sum(applied.values()) + result.unapplied.minor == amount
    assert len(applied) == len(result.applied)
    assert all(0 < cents <= balances[int(invoice[4:])] for invoice, cents in applied.items())
    assert result.unapplied.minor == 0 or sum(applied.values()) == sum(balances)
    turned = items[shift:] + items[:shift]
    assert apply_payment(usd(amount), turned, references) == result


@pytest.mark.parametrize(
    ("days", "level", "last", "expected"),
    [
        (-4, 0, None, None),
        (-3, 0, None, 1),
        (0, 0, None, 1),
        (1, 0, None, None),
        (2, 1, -3, None),
        (3, 1, -3, 2),
        (10, 2, 3, 3),
        (20, 3, 10, 4),
        (30, 4, 20, 5),
        (44, 5, 30, None),
        (45, 5, 30, 6),
        (90, 6, 45, None),
    ],
)
def test_the_default_ladder_runs_on_its_days(
    days: int, level: int, last: int | None, expected: int | None
) -> None:
    """Semantics 10: -3, +3, +10, +20, +30, +45; a pre-reminder is not sent after."""
    reminded_on = None if last is None else DUE + timedelta(days=last)

    due = due_step(
        DEFAULT_LADDER, item("INV-1", 1, level=level, last=reminded_on), DUE + timedelta(days=days)
    )

    assert (due.step.level if due else None) == expected
    assert due is None or due.skipped == ()


def test_after_an_outage_one_letter_is_sent_and_the_others_are_recorded() -> None:
    """Semantics 17: at most one level in a run; skipped levels are recorded, not sent."""
    due = due_step(DEFAULT_LADDER, item("INV-1", 1), DUE + timedelta(days=25))

    assert due is not None
    assert due.step.level == 4
    assert due.skipped == (1, 2, 3)


def test_nobody_is_handed_over_without_the_final_notice() -> None:
    """Semantics 17: nothing that binds the customer happens on a missed deadline."""
    late = DUE + timedelta(days=60)

    first = due_step(DEFAULT_LADDER, item("INV-1", 1), late)
    too_soon = item("INV-1", 1, level=5, last=late)

    assert first is not None
    assert (first.step.level, first.skipped) == (5, (1, 2, 3, 4))
    assert due_step(DEFAULT_LADDER, too_soon, late + timedelta(days=5)) is None
    handed_over = due_step(DEFAULT_LADDER, too_soon, late + timedelta(days=6))
    assert handed_over is not None
    assert handed_over.step.is_decision


def test_a_final_notice_without_a_date_is_no_final_notice() -> None:
    """What cannot be shown to have been sent does not count as sent."""
    assert due_step(DEFAULT_LADDER, item("INV-1", 1, level=5), DUE + timedelta(days=99)) is None


def test_a_ladder_without_letters_never_hands_over() -> None:
    """No earlier letter, no decision, whatever the item's record says."""
    only = DunningStep(level=1, days_past_due=1, name="hand-over", is_decision=True)
    policy = DunningPolicy(version="1", steps=(only,))

    assert due_step(policy, item("INV-1", 1, last=DUE), DUE + timedelta(days=60)) is None


def test_a_late_letter_puts_off_the_next_by_the_interval() -> None:
    """Semantics 17: at most one level per minimum interval."""
    reminded = item("INV-1", 1, level=2, last=DUE + timedelta(days=9))

    assert due_step(DEFAULT_LADDER, reminded, DUE + timedelta(days=14)) is None
    due = due_step(DEFAULT_LADDER, reminded, DUE + timedelta(days=15))
    assert due is not None
    assert due.step.level == 3


def test_a_settled_invoice_is_not_dunned() -> None:
    """Semantics 10: stop on paid."""
    settled = item("INV-1", 0)

    assert due_step(DEFAULT_LADDER, settled, DUE + timedelta(days=30)) is None
    assert next_dunning_on(DEFAULT_LADDER, [settled], DUE) is None


@pytest.mark.parametrize(
    ("level", "last", "as_of", "expected"),
    [
        (0, None, -20, -3),
        (0, None, -1, -1),
        (0, None, 1, 3),
        (1, -3, -3, 3),
        (2, 9, 9, 15),
        (5, 60, 60, 66),
        (6, 66, 66, None),
    ],
)
def test_tells_the_next_day_on_which_something_is_due(
    level: int, last: int | None, as_of: int, expected: int | None
) -> None:
    """The agenda wakes on that day and not before."""
    reminded_on = None if last is None else DUE + timedelta(days=last)
    open_item = item("INV-1", 1, level=level, last=reminded_on)

    day = next_dunning_on(DEFAULT_LADDER, [open_item], DUE + timedelta(days=as_of))

    assert day == (None if expected is None else DUE + timedelta(days=expected))


def test_the_earliest_of_several_invoices_decides() -> None:
    """One agenda item for all open invoices."""
    items = [item("INV-1", 1, date(2026, 5, 10)), item("INV-2", 1, date(2026, 4, 20))]

    assert next_dunning_on(DEFAULT_LADDER, items, date(2026, 4, 1)) == date(2026, 4, 17)


@given(
    gaps=st.lists(st.integers(min_value=1, max_value=20), min_size=1, max_size=7),
    interval=st.integers(min_value=1, max_value=15),
    runs=st.lists(st.integers(min_value=0, max_value=25), min_size=1, max_size=25),
)
def test_each_level_comes_at_most_once_and_never_too_soon(
    gaps: list[int], interval: int, runs: list[int]
) -> None:
    """Semantics 10 and 17, for any ladder run on any days, also twice on one day."""
    steps = tuple(
        DunningStep(level=n, days_past_due=sum(gaps[:n]) - 5, name=str(n), is_decision=n == 5)
        for n in range(1, len(gaps) + 1)
    )
    policy = DunningPolicy(version="1", steps=steps, minimum_interval_days=interval)
    current, day = item("INV-1", 1), DUE - timedelta(days=10)
    recorded: list[int] = []
    sent_on: list[date] = []

    for wait in runs:
        day += timedelta(days=wait)
        announced = next_dunning_on(policy, [current], day)
        due = due_step(policy, current, day)
        assert (due is not None) == (announced == day)
        if due is not None:
            recorded += [*due.skipped, due.step.level]
            sent_on.append(day)
            changes = {"level": due.step.level, "last_reminded_on": day}
            current = current.model_copy(update=changes)

    assert recorded == sorted(set(recorded))
    assert all((later - earlier).days >= interval for earlier, later in pairwise(sent_on))


def test_open_items_are_sorted_by_days_past_due() -> None:
    """Semantics 15: 0, 1-30, 31-60, 61-90, over 90; due today is not overdue."""
    days = {0: 1, 1: 2, 30: 4, 31: 8, 60: 16, 61: 32, 90: 64, 91: 128, -5: 256}
    items = [item(f"INV-{past}", cents, DUE - timedelta(past)) for past, cents in days.items()]

    (row,) = aging(items, DUE)

    assert row.current == usd(257)
    assert row.days_1_to_30 == usd(6)
    assert row.days_31_to_60 == usd(24)
    assert row.days_61_to_90 == usd(96)
    assert row.over_90 == usd(128)
    assert row.total == usd(511)


def test_aging_has_a_row_for_each_currency() -> None:
    """Currencies never meet silently."""
    items = [item("INV-1", 5), item("INV-2", 7, currency="EUR"), item("INV-3", 9)]

    rows = aging(items, DUE)

    assert [(row.currency, row.total.minor) for row in rows] == [("EUR", 7), ("USD", 14)]
    assert aging([], DUE) == ()


def test_reads_a_ladder() -> None:
    """Levels, days and names are enough; a step is a letter unless it says otherwise."""
    policy = parse_dunning_policy(
        {
            "version": "2026-1",
            "steps": [
                {"level": 1, "days_past_due": 5, "name": "reminder"},
                {"level": 2, "days_past_due": 20, "name": "hand-over", "is_decision": True},
            ],
            "minimum_interval_days": 10,
        }
    )

    assert [step.level for step in policy.steps] == [1, 2]
    assert policy.steps[0].is_letter
    assert policy.minimum_interval_days == 10


def test_lists_every_problem_of_a_ladder_at_once() -> None:
    """Whoever corrects a file wants to do it once."""
    with pytest.raises(InvalidInputError) as refused:
        parse_dunning_policy(
            {
                "version": " ",
                "steps": [
                    {"level": 0, "days_past_due": 5, "name": "x", "is_decision": True},
                    {"level": 0, "days_past_due": 3, "name": ""},
                    {"level": 4, "name": "y", "is_lettre": True},
                ],
                "minimum_interval_days": 0,
            }
        )

    assert sorted({problem.field for problem in refused.value.problems}) == [
        "minimum_interval_days",
        "steps[0].is_decision",
        "steps[0].level",
        "steps[1].days_past_due",
        "steps[1].level",
        "steps[1].name",
        "steps[2].days_past_due",
        "steps[2].is_lettre",
        "version",
    ]


def test_the_default_ladder_would_pass_as_a_file() -> None:
    """Our own default keeps our own rules."""
    assert parse_dunning_policy(DEFAULT_LADDER.model_dump(mode="json")) == DEFAULT_LADDER


def test_every_rule_has_its_own_word() -> None:
    """The word is printed on receipts and stays as it is."""
    assert [rule.value for rule in MatchRule] == [
        "references",
        "exact_invoice",
        "exact_sum",
        "oldest_due",
        "unapplied",
    ]
