"""Usage rated and billed with everything else: figures by hand, late events, and conservation."""

from datetime import date
from typing import Any

import pytest

from activities.crediting import issue_credit_note
from activities.pool_rows import pool_states
from activities.pools import PoolActivities
from models.billing import Invoice, InvoiceLine
from models.credit_steps import CreditOrder
from models.ledger import Account
from models.steps import ToppedUp, TopUpCredit
from models.tables import CreditNoteRow, InvoiceRow, JournalEntryRow, UsageRatingRow
from tests.activities.conservation import assert_conserved, balance
from tests.activities.house import House, deal_file, line
from tests.activities.metered import Meters, event

FEBRUARY, MARCH, APRIL, MAY = (date(2026, month, 1) for month in (2, 3, 4, 5))


@pytest.fixture
def meters(house: House) -> Meters:
    """A house that sells by usage."""
    return Meters(house)


def invoices(house: House) -> list[Invoice]:
    return [Invoice.model_validate_json(row.content) for row in house.rows(InvoiceRow)]


def lines(house: House) -> list[tuple[str, int]]:
    return [(one.reference, one.net.minor) for invoice in invoices(house) for one in invoice.lines]


def shown(found: InvoiceLine) -> tuple[str, str, str]:
    return (f"{found.quantity.normalize():f}", found.unit, f"{found.unit_price:f}")


def test_a_month_of_usage_is_billed_when_it_is_over(meters: Meters) -> None:
    """1,500 calls: 1,000 at 0.10 and 500 at 0.05 are 125.00, on the invoice of 1 February."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=3))
    meters.send(
        date(2026, 1, 31), event("e1", "2026-01-02", "900"), event("e2", "2026-01-30", "600")
    )

    before = house.converge("1001", date(2026, 1, 31))
    after = house.converge("1001", FEBRUARY)

    (invoice,) = invoices(house)
    assert (before.invoices, before.next_on) == ((), FEBRUARY)
    assert (after.invoices, after.next_on) == ((invoice.number,), MARCH)
    assert (invoice.net.minor, invoice.tax.minor) == (125_00, 23_75)
    (billed,) = invoice.lines
    assert (billed.reference, billed.period.start, billed.period.end) == (
        "1/calls",
        date(2026, 1, 1),
        FEBRUARY,
    )
    assert shown(billed)[:2] == ("1500", "call")
    assert not after.account.fully_billed
    assert_conserved(house)


def test_converging_again_bills_and_earns_nothing_more(meters: Meters) -> None:
    """Law 1, with usage."""
    house = meters.house
    house.sell(deal_file("1001", line("FEED"), line("CALLS"), term_months=3))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "50", properties={"region": "eu"}))
    first = house.converge("1001", date(2026, 2, 10))
    before = house.everything()

    again = house.converge("1001", date(2026, 2, 10))
    house.converge("1001", date(2026, 1, 10))

    assert again == first
    assert house.everything() == before


def test_usage_stands_beside_what_recurs_on_one_invoice(meters: Meters) -> None:
    """February's fee in advance and January's calls; two meters count one stream."""
    house = meters.house
    house.sell(deal_file("1001", line("FEED"), line("CALLS"), term_months=2))
    meters.send(
        date(2026, 1, 31),
        event("e1", "2026-01-02", "50", properties={"region": "eu"}),
        event("e2", "2026-01-02", "70", properties={"region": "us"}),
    )

    house.converge("1001", FEBRUARY)

    assert [[one.reference for one in invoice.lines] for invoice in invoices(house)] == [
        ["1/fee"],
        ["1/fee", "1/calls", "2/calls"],
    ]
    assert lines(house)[1:] == [("1/fee", 30_00), ("1/calls", 5_00), ("2/calls", 12_00)]
    assert_conserved(house)


def test_what_comes_late_is_on_the_next_invoice_as_a_difference(meters: Meters) -> None:
    """900 calls were billed; 400 more reprice the whole: 115.00 less 90.00 are 25.00."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=3))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "900"))
    house.converge("1001", FEBRUARY)
    meters.send(date(2026, 2, 5), event("e2", "2026-01-03", "400"), event("e3", "2026-02-04", "10"))

    nothing = house.converge("1001", date(2026, 2, 6))
    house.converge("1001", MARCH)

    assert nothing.invoices == (invoices(house)[0].number,)
    assert lines(house) == [("1/calls", 90_00), ("1/calls", 1_00), ("1/calls/late-1", 25_00)]
    late = invoices(house)[1].lines[1]
    assert late.description == "Calls: now 1300 call, 90.00 EUR billed before"
    assert (late.period.start, late.period.end) == (date(2026, 1, 1), FEBRUARY)
    assert_conserved(house)


def test_a_correction_downwards_comes_off_the_next_invoice(meters: Meters) -> None:
    """900 calls were 500; the other 400 were billed at 0.10. A price is never negative."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=3))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "900"))
    house.converge("1001", FEBRUARY)
    meters.send(
        date(2026, 2, 20),
        event("e2", "2026-01-02", "500", replaces="e1"),
        event("e3", "2026-02-04", "800"),
    )

    house.converge("1001", MARCH)

    assert lines(house)[1:] == [("1/calls", 80_00), ("1/calls/late-1", -40_00)]
    assert shown(invoices(house)[1].lines[1]) == ("-1", "fee", "40.00")
    assert invoices(house)[1].net.minor == 40_00
    assert_conserved(house)


def test_a_correction_beyond_the_next_invoice_waits_and_is_credited_in_the_end(
    meters: Meters,
) -> None:
    """Nothing is used after January, so no invoice can take it: a credit note for it in the end."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=2))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "900"))
    house.converge("1001", FEBRUARY)
    meters.send(date(2026, 2, 20), event("e2", "2026-01-02", "0", deletes="e1"))

    waiting = house.converge("1001", MARCH)
    settled = house.converge("1001", date(2026, 3, 31))

    (note,) = house.rows(CreditNoteRow)
    assert (waiting.account.fully_billed, waiting.next_on) == (False, date(2026, 3, 3))
    assert (note.net_minor, note.effect) == (90_00, "change")
    assert settled.account.fully_billed
    assert settled.next_on is None
    assert_conserved(house)


def test_what_comes_after_the_last_invoice_gets_one_of_its_own(meters: Meters) -> None:
    """The term is over on 1 February and takes events until 3 March; then it is settled."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=1))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "100"))
    house.converge("1001", FEBRUARY)
    meters.send(date(2026, 2, 20), event("e2", "2026-01-31T22:59:59Z", "50"))

    open_still = house.converge("1001", date(2026, 2, 20))
    settled = house.converge("1001", date(2026, 3, 3))
    refused = meters.send(date(2026, 3, 3), event("e3", "2026-01-31", "50"))

    assert (open_still.next_on, open_still.account.fully_billed) == (date(2026, 3, 3), False)
    assert lines(house) == [("1/calls", 10_00), ("1/calls/late-1", 5_00)]
    assert (settled.next_on, settled.account.fully_billed) == (None, True)
    assert settled.account.fully_recognized
    assert "settled for good" in refused.problems[0].reason
    assert_conserved(house)


def test_midnight_is_that_of_the_deal(meters: Meters) -> None:
    """The deal is in Berlin: 23:30 UTC on 31 January is February there."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=2))
    meters.send(date(2026, 2, 2), event("e1", "2026-01-31T23:30:00Z", "100"))

    house.converge("1001", FEBRUARY)
    nothing = lines(house)
    house.converge("1001", MARCH)

    assert nothing == []
    assert [one.period.start for one in invoices(house)[0].lines] == [FEBRUARY]


def test_a_commitment_not_reached_is_billed_as_a_true_up(meters: Meters) -> None:
    """Three users are 15.00 of the 50.00 committed: 35.00 are missing in January."""
    house = meters.house
    house.sell(deal_file("1001", line("USERS"), term_months=1))
    meters.send(
        date(2026, 1, 31),
        *(
            event(f"e{n}", "2026-01-02", meter="users", properties={"user": user})
            for n, user in enumerate(("ann", "bob", "cid", "ann"))
        ),
    )

    house.converge("1001", FEBRUARY)
    meters.send(
        date(2026, 2, 2), event("e9", "2026-01-05", meter="users", properties={"user": "dee"})
    )
    house.converge("1001", date(2026, 3, 3))

    assert lines(house) == [
        ("1/active", 15_00),
        ("1/active/true-up", 35_00),
        ("1/active/late-1", 5_00),
        ("1/active/true-up/late-1", -5_00),
    ]
    assert_conserved(house)


def test_a_percentage_is_taken_of_each_transaction(meters: Meters) -> None:
    """The first is free; 2 % of 1,000 are 20.00 and of 10 at least 1.00."""
    house = meters.house
    house.sell(deal_file("1001", line("PAYOUTS"), term_months=1))
    meters.send(
        date(2026, 1, 31),
        event("e1", "2026-01-02", "500", meter="payouts"),
        event("e2", "2026-01-03", "1000", meter="payouts"),
        event("e3", "2026-01-04", "10", meter="payouts"),
    )

    house.converge("1001", FEBRUARY)

    assert lines(house) == [("1/share", 21_00)]


def test_a_level_is_billed_by_the_hours_it_holds(meters: Meters) -> None:
    """10 GB over all 743 hours of March in Berlin, where the clocks change: 74.30."""
    house = meters.house
    house.sell(deal_file("1001", line("STORAGE"), term_months=3))
    meters.send(date(2026, 1, 2), event("e1", "2025-12-31T23:00:00Z", "10", meter="storage"))

    house.converge("1001", APRIL)

    assert [minor for _, minor in lines(house)] == [74_40, 67_20, 74_30]
    assert_conserved(house)


def test_usage_is_earned_month_by_month_though_billed_by_the_quarter(meters: Meters) -> None:
    """What is used and not billed yet is a contract asset (ASC 606-10-45-3)."""
    house = meters.house
    house.sell(deal_file("1001", line("YEARLY"), term_months=3))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "100"))
    meters.send(date(2026, 2, 28), event("e2", "2026-02-02", "200"))

    january = house.converge("1001", FEBRUARY)
    asset = balance(house, Account.CONTRACT_ASSET)
    house.converge("1001", MARCH)
    house.converge("1001", APRIL)

    usage = [row for row in house.rows(JournalEntryRow) if row.key.startswith("usage:")]
    assert (january.invoices, january.next_on, asset) == ((), MARCH, 10_00)
    assert sorted(row.booked_on for row in usage) == [date(2026, 1, 31), date(2026, 2, 28)]
    assert lines(house) == [("1/calls", 30_00)]
    assert balance(house, Account.CONTRACT_ASSET) == 0
    assert_conserved(house)


def test_an_outage_bills_each_month_for_itself_and_earns_it_in_its_own(meters: Meters) -> None:
    """Semantics 17: three months at once, three invoices."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=3))
    for month, day in ((1, 31), (2, 28), (3, 31)):
        meters.send(date(2026, month, day), event(f"e{month}", f"2026-0{month}-05", "100"))

    house.converge("1001", date(2026, 5, 10))

    assert lines(house) == [("1/calls", 10_00)] * 3
    booked = [row.booked_on for row in house.rows(JournalEntryRow) if "usage:" in row.key]
    assert sorted(booked) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]
    assert_conserved(house)


def test_a_month_without_use_makes_no_invoice(meters: Meters) -> None:
    """Zero is rated and settled like any other figure."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=1))

    settled = house.converge("1001", date(2026, 3, 10))

    assert (settled.invoices, settled.account.fully_billed) == ((), True)
    assert [row.amount_minor for row in house.rows(UsageRatingRow)] == [0]


def test_the_price_is_the_one_that_was_signed(meters: Meters) -> None:
    """A percentage off, and a catalogue that changes afterwards."""
    house = meters.house
    discount = {"percent": "10", "reason": "loyal"}
    house.sell(deal_file("1001", line("CALLS", discount=discount), term_months=1))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "1000"))

    house.converge("1001", FEBRUARY)

    assert lines(house) == [("1/calls", 90_00)]


def test_a_spend_commitment_is_drawn_down_and_what_is_beyond_it_costs_more(meters: Meters) -> None:
    """900.00 buy 1,000.00 of calls. January's 850.00 draw 850.00 of it, February's the rest.

    12,000 calls are 100.00 + 550.00 = 650.00: 150.00 are prepaid, 500.00 beyond at 120 %.
    """
    house = meters.house
    house.sell(deal_file("1001", line("PREPAID"), line("CALLS"), term_months=2))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "16000"))
    meters.send(date(2026, 2, 28), event("e2", "2026-02-02", "12000"))

    house.converge("1001", date(2026, 1, 1))
    paid = balance(house, Account.CONTRACT_LIABILITY)
    house.converge("1001", FEBRUARY)
    drawn = balance(house, Account.CONTRACT_LIABILITY)
    house.converge("1001", MARCH)

    assert (paid, drawn) == (-900_00, -(900_00 - 765_00))
    assert lines(house) == [("1/pool", 900_00), ("2/calls", 600_00)]
    assert invoices(house)[1].lines[0].description == (
        "Calls: 12000 call for 650.00 EUR, 150.00 EUR of it prepaid"
    )
    assert balance(house, Account.CONTRACT_LIABILITY) == 0
    assert -balance(house, Account.REVENUE) == 1_500_00
    assert_conserved(house)


def test_credit_that_nobody_used_is_earned_when_it_cannot_be_used_any_more(
    meters: Meters,
) -> None:
    """100.00 of 1,000.00 are used, 90.00 of 900.00 earned; the rest breaks when all is settled."""
    house = meters.house
    house.sell(deal_file("1001", line("PREPAID"), line("CALLS"), term_months=1))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "1000"))

    house.converge("1001", FEBRUARY)
    used = -balance(house, Account.REVENUE)
    waiting = house.converge("1001", date(2026, 3, 2))
    settled = house.converge("1001", date(2026, 3, 3))

    assert (used, waiting.next_on) == (90_00, date(2026, 3, 3))
    assert not waiting.account.fully_recognized
    assert -balance(house, Account.REVENUE) == 900_00
    assert settled.account.fully_recognized
    assert_conserved(house)


def bought(house: House, amount: str, on: date, **fields: Any) -> ToppedUp:
    asked = {"reference": f"PO-{amount}", "amount": amount, "actor": "sam", **fields}
    return PoolActivities(house.office).top_up(
        TopUpCredit.model_validate({"deal": "1001", "on": on, **asked})
    )


def test_a_top_up_is_invoiced_at_once_and_drawn_before_anything_is_billed(meters: Meters) -> None:
    """50.00 with tax at once; of January's 90.00 the rest is billed, and taxed, when it is over."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=2))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "900"))
    house.converge("1001", date(2026, 1, 1))

    sold = bought(house, "50.00", date(2026, 1, 10))
    again = bought(house, "50.00", date(2026, 1, 10))
    house.converge("1001", date(2026, 1, 10))
    liability = balance(house, Account.CONTRACT_LIABILITY)
    house.converge("1001", FEBRUARY)

    assert (sold.pool, again) == ("top-up-1", sold)
    assert liability == -50_00
    assert lines(house) == [("top-up-1", 50_00), ("1/calls", 40_00)]
    assert [one.tax.minor for one in invoices(house)] == [9_50, 7_60]
    assert invoices(house)[0].lines[0].description == (
        "Prepaid credit: 50.00 EUR, to use until before 2026-03-01"
    )
    assert balance(house, Account.CONTRACT_LIABILITY) == 0
    assert_conserved(house)


def test_pools_are_drawn_by_priority_then_by_what_ends_first(meters: Meters) -> None:
    """The bonus credit of priority 0 is used first; of two alike the one that expires sooner."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=3))
    for amount, fields in (
        ("30.00", {"priority": 1}),
        ("20.00", {"priority": 1, "expires_on": FEBRUARY}),
        ("10.00", {"credit": "15.00"}),
    ):
        assert bought(house, amount, date(2026, 1, 1), **fields).problems == ()
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "400"))

    house.converge("1001", FEBRUARY)

    states = house.books.read(lambda session: pool_states(session, "1001"))
    assert {key: one.drawn.minor for key, one in states.items()} == {
        "top-up-1": 5_00,
        "top-up-2": 20_00,
        "top-up-3": 15_00,
    }
    assert_conserved(house)


def test_credit_that_cannot_be_sold_is_refused_with_every_reason(meters: Meters) -> None:
    """Nothing to pay, worth less than paid, no amount, beyond the term, no usage to draw on."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=1))
    found = [
        bought(house, "0", FEBRUARY.replace(month=1), credit="-1", expires_on=MARCH),
        bought(house, "1.234", FEBRUARY.replace(month=1), credit="many"),
        bought(house, "5", MAY),
    ]

    assert [[problem.field for problem in one.problems] for one in found] == [
        ["amount", "credit", "expires_on"],
        ["amount", "credit"],
        ["deal"],
    ]


def test_what_was_drawn_goes_back_when_usage_is_corrected(meters: Meters) -> None:
    """900 calls were 100: the 60.00 that were prepaid are there again but for 10.00."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=2))
    bought(house, "60.00", date(2026, 1, 1))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "900"))
    house.converge("1001", FEBRUARY)
    meters.send(
        date(2026, 2, 20),
        event("e2", "2026-01-02", "100", replaces="e1"),
        event("e3", "2026-02-03", "1000"),
    )

    house.converge("1001", MARCH)

    assert_conserved(house)
    drawn = house.books.read(lambda session: pool_states(session, "1001")["top-up-1"].drawn)
    assert drawn.minor == 60_00
    assert sum(minor for _, minor in lines(house)) == 110_00


def test_a_commitment_over_the_term_is_compared_with_all_of_it(meters: Meters) -> None:
    """100.00 are committed; 30.00 and 50.00 are used, so 20.00 are missing in the end."""
    house = meters.house
    house.sell(deal_file("1001", line("COMMITTED"), term_months=2))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "300"))
    meters.send(date(2026, 2, 28), event("e2", "2026-02-02", "500"))

    house.converge("1001", FEBRUARY)
    house.converge("1001", MARCH)

    assert lines(house) == [("1/calls", 30_00), ("1/calls", 50_00), ("1/calls/true-up", 20_00)]
    assert_conserved(house)


def test_a_deposit_is_drawn_by_invoices_of_usage_after_tax(meters: Meters) -> None:
    """Paid in before it is used and taxed when it is: 90.00 and 17.10 tax come off 200.00."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=2))
    house.pay(200_00, "deposit", deal="1001", received_on=date(2026, 1, 1))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "900"))
    waiting = balance(house, Account.UNAPPLIED_CASH)

    settled = house.converge("1001", FEBRUARY)

    assert (waiting, balance(house, Account.UNAPPLIED_CASH)) == (-200_00, -92_90)
    assert (invoices(house)[0].gross.minor, settled.account.balance_minor) == (107_10, 0)
    assert_conserved(house)


def test_a_cut_between_effect_and_answer_rates_and_bills_once(meters: Meters) -> None:
    """Whoever tries again finds what is on record, also of the batch and of the credit."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=1))
    for _ in range(2):
        meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "900"))
        bought(house, "50.00", date(2026, 1, 10))
        house.converge("1001", FEBRUARY)

    assert lines(house) == [("top-up-1", 50_00), ("1/calls", 40_00)]
    assert len(house.rows(UsageRatingRow)) == 1


def test_usage_ends_with_a_contract_that_is_ended_early(meters: Meters) -> None:
    """The contract ends on 16 February: what was used until then is billed then."""
    house = meters.house
    house.sell(deal_file("1001", line("CRM"), line("CALLS"), term_months=3))
    house.converge("1001", FEBRUARY)
    amended = house.amend("1001", date(2026, 2, 10), {"end_on": date(2026, 2, 16)}, accepted_by="")
    meters.send(date(2026, 2, 15), event("e1", "2026-02-05", "300"))

    house.converge("1001", date(2026, 2, 16))
    late = meters.send(date(2026, 2, 20), event("e2", "2026-02-18", "300"))

    assert amended.problems == ()
    usage = [
        one for invoice in invoices(house) for one in invoice.lines if "calls" in one.reference
    ]
    assert [(one.net.minor, one.period.end) for one in usage] == [(30_00, date(2026, 2, 16))]
    assert "charges nothing for calls" in late.problems[0].reason


def test_a_concession_on_usage_alone_lowers_revenue(meters: Meters) -> None:
    """Nothing fixed is sold that its price could come off; 10.00 less are earned at once."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=1))
    meters.send(date(2026, 1, 31), event("e1", "2026-01-02", "900"))
    house.converge("1001", FEBRUARY)
    order = CreditOrder(
        key="k-1",
        invoice=invoices(house)[0].number,
        on=date(2026, 2, 5),
        reason="goodwill",
        amount_minor=10_00,
        currency="EUR",
    )
    house.books.write(lambda session: issue_credit_note(session, house.office, order))

    for _ in range(2):
        house.converge("1001", date(2026, 2, 6))
    settled = house.converge("1001", date(2026, 3, 3))

    assert -balance(house, Account.REVENUE) == 80_00
    assert lines(house) == [("1/calls", 90_00)]
    assert settled.account.fully_recognized
    assert_conserved(house)


def test_an_amendment_keeps_what_was_agreed_about_usage(meters: Meters) -> None:
    """Seats may change beside it; to add or drop usage within a term is refused."""
    house = meters.house
    house.sell(deal_file("1001", line("CRM", "3"), line("CALLS"), term_months=3))
    day = date(2026, 1, 10)

    added = house.amend("1001", day, {"add": [{"product": "FEED"}]})
    dropped = house.amend("1001", day, {"lines": [{"line": 2, "remove": True}]})
    seats = house.amend("1001", day, {"lines": [{"line": 1, "quantity": "5"}]})

    assert [one.reason for one in added.problems] == [
        "FEED/calls is charged by usage, whose terms hold until the term ends"
    ]
    assert dropped.problems != ()
    assert seats.problems == ()
