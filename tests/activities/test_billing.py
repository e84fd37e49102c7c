"""Converging: what is due by a day is billed and recognized once, whenever and however often."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from models.billing import Invoice
from models.ledger import Account
from models.steps import RegisterKind
from models.tables import (
    DealRow,
    DocumentRow,
    InvoiceLineRow,
    InvoiceRow,
    JournalEntryRow,
    NumberSeries,
    PlannedChargeRow,
    RecognizedRow,
)
from tests.activities.conservation import assert_conserved, balance
from tests.activities.house import (
    BOOKS_TAX_RULE,
    CUSTOMER,
    START,
    TAX_RULE,
    House,
    deal_file,
    line,
    off,
)

END = date(2027, 1, 1)
TERM_DAYS = (END - START).days


def invoices(house: House, deal: str = "1001") -> list[Invoice]:
    rows = house.rows(InvoiceRow, deal=deal)
    return [Invoice.model_validate_json(row.content) for row in rows]


def revenue_by_day(house: House) -> dict[str, int]:
    entries = {row.key: row for row in house.rows(JournalEntryRow)}
    found: dict[str, int] = {}
    for row in house.rows(RecognizedRow):
        day = entries[row.entry].booked_on.isoformat()
        found[day] = found.get(day, 0) + row.amount_minor
    return found


def test_the_first_month_in_advance_is_billed_at_the_start(house: House) -> None:
    """3 seats at 50.00 and 19 % tax, due in 30 days; the service is still owed."""
    house.sell(deal_file("1001", line("CRM", "3"), purchase_order="PO-1"))

    converged = house.converge("1001", START)

    invoice = invoices(house)[0]
    assert converged.invoices == ("INV-2026-00001",)
    assert (invoice.net.minor, invoice.tax.minor, invoice.gross.minor) == (150_00, 28_50, 178_50)
    assert (invoice.issued_on, invoice.due_on) == (START, START + timedelta(days=30))
    assert invoice.purchase_order == "PO-1"
    assert balance(house, Account.RECEIVABLE) == 178_50
    assert balance(house, Account.CONTRACT_LIABILITY) == -150_00
    assert converged.next_on == date(2026, 2, 1)
    assert converged.account.balance_minor == 178_50
    assert_conserved(house)


def test_converging_again_writes_nothing_more(house: House) -> None:
    """Law 1, and the answer is the same: an invoice is named until its document is stored."""
    house.sell(deal_file("1001", line("CRM", "3"), line("HOSTING")))
    first = house.converge("1001", date(2026, 3, 15))
    before = house.everything()

    again = house.converge("1001", date(2026, 3, 15))

    assert again == first
    assert house.everything() == before


def test_an_invoice_that_is_stored_is_not_named_again(house: House) -> None:
    """Its document is out."""
    house.sell(deal_file("1001", line("CRM")))
    stored = DocumentRow(
        deal="1001",
        kind="invoice",
        number="INV-2026-00001",
        sha256="0" * 64,
        filename="INV-2026-00001.pdf",
        size=1,
        dated_on=START,
    )
    house.converge("1001", START)
    house.books.write(lambda session: session.add(stored))

    assert house.converge("1001", START).invoices == ()


def test_converging_earlier_than_before_changes_nothing(house: House) -> None:
    """A step that was late in the queue takes nothing back."""
    house.sell(deal_file("1001", line("CRM", "3")))
    house.converge("1001", date(2026, 3, 15))
    before = house.everything()

    house.converge("1001", date(2026, 1, 15))

    assert house.everything() == before


def test_nothing_is_billed_before_the_start(house: House) -> None:
    """The service has not begun."""
    house.sell(deal_file("1001", line("CRM"), starts_on=date(2026, 2, 1)))

    converged = house.converge("1001", date(2026, 1, 31))

    assert (converged.invoices, converged.next_on) == ((), date(2026, 2, 1))


def test_what_is_billed_in_arrears_is_an_asset_until_then(house: House) -> None:
    """31.00 for January are earned on 31 January and billed on 1 February."""
    house.sell(deal_file("1001", line("HOSTING")))

    nothing = house.converge("1001", START)
    house.converge("1001", date(2026, 2, 1))

    assert nothing.invoices == ()
    assert [invoice.net.minor for invoice in invoices(house)] == [31_00]
    assert revenue_by_day(house) == {"2026-01-31": 31_59}
    assert balance(house, Account.CONTRACT_ASSET) == 59
    assert_conserved(house)


def test_a_quarter_is_billed_every_three_months(house: House) -> None:
    """90.00 each on 1 January, April, July and October."""
    house.sell(deal_file("1001", line("SUPPORT")))

    house.converge("1001", date(2026, 12, 31))

    assert [one.supplied.start.month for one in invoices(house)] == [1, 4, 7, 10]
    assert [one.net.minor for one in invoices(house)] == [90_00] * 4
    assert_conserved(house)


def test_a_setup_fee_is_billed_at_signature_and_earned_with_the_service(house: House) -> None:
    """A setup transfers nothing by itself (ASC 606-10-55-51)."""
    house.sell(deal_file("1001", line("SUITE"), line("TRAINING")))

    house.converge("1001", START)

    assert [one.reference for one in invoices(house)[0].lines] == ["1/setup", "1/fee"]
    assert invoices(house)[0].net.minor == 400_00
    assert revenue_by_day(house) == {}
    assert_conserved(house)


def test_a_delivery_is_billed_and_earned_on_its_day(house: House) -> None:
    """Control passes, and the right to the money with it."""
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("LAPTOP"), term_months=0))
    before = house.converge("1001", date(2026, 1, 9))
    house.deliver("1001", date(2026, 1, 10))

    converged = house.converge("1001", date(2026, 1, 12))

    assert (before.invoices, before.next_on) == ((), None)
    assert [one.supplied.start for one in invoices(house)] == [date(2026, 1, 10)]
    assert [one.issued_on for one in invoices(house)] == [date(2026, 1, 12)]
    assert revenue_by_day(house) == {"2026-01-10": 1_000_00}
    assert converged.account.fully_billed
    assert converged.account.fully_recognized
    assert_conserved(house)


def test_a_delivery_announced_for_later_is_earned_on_its_day(house: House) -> None:
    """What was billed at signature has nothing else that would wake the deal."""
    house.stock("CRATE", "1")
    house.sell(deal_file("1001", line("CRATE"), term_months=0))
    house.deliver("1001", date(2026, 1, 10))

    billed = house.converge("1001", START)
    earned = house.converge("1001", date(2026, 1, 10))

    assert (len(billed.invoices), billed.next_on) == (1, date(2026, 1, 10))
    assert revenue_by_day(house) == {"2026-01-10": 80_00}
    assert earned.account.fully_recognized


def test_months_missed_are_billed_today_and_earned_in_their_own_month(house: House) -> None:
    """Semantics 17: each period has its own invoice; dates never go back in a series."""
    house.sell(deal_file("1001", line("CRM", "2")))

    house.converge("1001", date(2026, 4, 10))

    assert [one.issued_on for one in invoices(house)] == [date(2026, 4, 10)] * 4
    assert [one.supplied.start for one in invoices(house)] == [
        date(2026, month, 1) for month in (1, 2, 3, 4)
    ]
    assert revenue_by_day(house) == {
        "2026-01-31": 101_92,
        "2026-02-28": 92_05,
        "2026-03-31": 101_92,
    }
    assert_conserved(house)


def test_an_end_of_month_anchor_never_drifts(house: House) -> None:
    """Test vector 1: 31 January, 28 February, 31 March, 30 April."""
    house.sell(deal_file("1001", line("CRM"), starts_on=date(2026, 1, 31)), date(2026, 1, 31))

    house.converge("1001", date(2026, 4, 30))

    assert [one.supplied.start.isoformat() for one in invoices(house)] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
    ]


def test_a_missing_tax_rule_parks_the_invoice_until_it_is_published(house: House) -> None:
    """Semantics 19: never 0 %, never the domestic rate; and no number is used up."""
    house.publish(RegisterKind.TAX_RULES, [TAX_RULE])
    house.sell(deal_file("1001", line("TRAINING"), line("CRM", starts_on=None)))
    house.deliver("1001", date(2026, 1, 5))

    parked = house.converge("1001", date(2026, 1, 10))
    house.publish(RegisterKind.TAX_RULES, [TAX_RULE, BOOKS_TAX_RULE])
    goes_on = house.converge("1001", date(2026, 1, 11))

    assert "No tax rule covers a supply of category 'training'" in parked.parked
    assert parked.invoices == ("INV-2026-00001",)
    assert parked.next_on == date(2026, 2, 1)
    assert goes_on.parked == ""
    assert goes_on.invoices == ("INV-2026-00001", "INV-2026-00002")
    assert [one.taxes[0].rate_percent for one in invoices(house)] == [19, 7]
    assert_conserved(house)


def test_an_incomplete_invoice_is_parked_without_using_up_a_number(house: House) -> None:
    """Reverse charge needs the buyer's VAT ID (art. 226(4)); a drawn number would be a gap."""
    reverse = {**TAX_RULE, "rate_percent": "0", "code": "AE", "text": "Reverse charge"}
    house.publish(RegisterKind.TAX_RULES, [reverse])
    house.sell(deal_file("1001", line("CRM")))

    parked = house.converge("1001", START)
    house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "vat_id": "DE999999999"})
    goes_on = house.converge("1001", START)

    assert "customer.vat_id" in parked.parked
    assert parked.invoices == ()
    assert goes_on.invoices == ("INV-2026-00001",)
    assert [row.last for row in house.rows(NumberSeries)] == [1]


def test_a_parked_deal_still_recognizes_its_revenue(house: House) -> None:
    """Revenue follows the contract, not the invoices; what is earned unbilled is an asset."""
    house.publish(RegisterKind.TAX_RULES, [])
    house.sell(deal_file("1001", line("CRM")))

    parked = house.converge("1001", date(2026, 2, 1))

    assert parked.parked
    assert revenue_by_day(house) == {"2026-01-31": 50_96}
    assert balance(house, Account.CONTRACT_ASSET) == 50_96
    assert_conserved(house)


def test_each_year_has_its_own_series(house: House) -> None:
    """One series per entity, kind and year, without gaps."""
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM"), starts_on=END), END)

    house.converge("1001", date(2026, 2, 1))
    house.converge("1002", END)

    assert [row.number for row in house.rows(InvoiceRow)] == [
        "INV-2026-00001",
        "INV-2026-00002",
        "INV-2027-00001",
    ]


def test_an_invoice_of_an_earlier_day_carries_the_date_of_the_last(house: House) -> None:
    """Dates never go back within a series; the receivable comes with the date."""
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM")))
    house.converge("1001", date(2026, 1, 20))

    early = house.converge("1002", date(2026, 1, 10))

    assert [one.issued_on for one in invoices(house, "1002")] == [date(2026, 1, 20)]
    assert early.next_on == date(2026, 1, 20)
    house.converge("1002", date(2026, 1, 20))
    assert_conserved(house)


def test_a_deal_on_a_test_clock_has_numbers_of_its_own(house: House) -> None:
    """Not even a deal called 2026 draws numbers from the series of the year."""
    house.sell(deal_file("2026", line("CRM")), test_clock=True)
    house.sell(deal_file("1001", line("CRM")))

    tested = house.converge("2026", START)
    real = house.converge("1001", START)

    assert tested.invoices == ("INV-TEST-2026-00001",)
    assert real.invoices == ("INV-2026-00001",)
    assert [row.scope for row in house.rows(InvoiceRow)] == ["", "2026"]


def test_a_whole_term_is_billed_earned_and_over(house: House) -> None:
    """At the end nothing is left to do, and no position is open."""
    file = deal_file("1001", line("CRM", "3", discount=off("7")), line("HOSTING"), line("SUPPORT"))
    house.sell(file)

    done = house.converge("1001", END)

    assert done.next_on is None
    assert done.account.fully_billed
    assert done.account.fully_recognized
    assert balance(house, Account.CONTRACT_ASSET) == balance(house, Account.CONTRACT_LIABILITY) == 0
    assert_conserved(house)


def test_waking_on_every_date_named_misses_nothing(house: House) -> None:
    """1 and 10 January and the first of each month: that is all it takes, and nothing is left."""
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("SUITE"), line("HOSTING"), line("LAPTOP")))
    house.deliver("1001", date(2026, 1, 10))
    day: date | None = START
    wakes = 0

    while day is not None:
        converged = house.converge("1001", day)
        assert_conserved(house)
        day, wakes = converged.next_on, wakes + 1

    assert wakes == 14
    assert converged.account.fully_billed
    assert converged.account.fully_recognized
    assert sum(one.net.minor for one in invoices(house)) == 300_00 + 1_200_00 + 372_00 + 1_000_00


@pytest.mark.parametrize("product", ["CRM", "HOSTING", "SUPPORT"])
def test_an_invoice_line_says_what_was_planned(house: House, product: str) -> None:
    """The quote prints its billing plan, and the invoices equal it (semantics 1)."""
    house.sell(deal_file("1001", line(product, "1", discount=off("10")), term_months=7))

    house.converge("1001", END)

    plan = [
        (row.reference, row.starts_on, row.amount_minor) for row in house.rows(PlannedChargeRow)
    ]
    lines = house.rows(InvoiceLineRow)
    assert [(row.reference, row.starts_on, row.net_minor) for row in lines] == plan


DAYS = st.lists(st.integers(-5, TERM_DAYS + 40), max_size=6)
STARTS = st.sampled_from([date(2026, 1, 1), date(2026, 1, 31), date(2028, 2, 29)])


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    # Each example runs on a real database: shrinking a failure would take minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STARTS, st.integers(2, 14), st.sampled_from(["3", "7.5", "33"]), DAYS)
def test_invoices_equal_the_plan_whenever_one_converges(
    house: House, starts_on: date, months: int, percent: str, days: list[int]
) -> None:
    """To the cent, over any days in any order; and every amount is conserved on the way."""
    deal = f"P{len(house.rows(DealRow))}"
    lines = (
        line("CRM", "3", discount=off(percent)),
        line("HOSTING"),
        line("SUITE"),
        line("SUPPORT"),
    )
    file = deal_file(deal, *lines, starts_on=starts_on, term_months=months)
    # A test clock keeps the examples' series of numbers, and so their dates, apart.
    house.sell(file, starts_on, test_clock=True)

    for day in days:
        house.converge(deal, starts_on + timedelta(days=day))
    done = house.converge(deal, starts_on + timedelta(days=31 * months + 40))

    plan = [_billing(row, row.amount_minor) for row in house.rows(PlannedChargeRow, deal=deal)]
    billed = [_billing(row, row.net_minor) for row in house.rows(InvoiceLineRow, deal=deal)]
    assert sorted(billed) == sorted(plan)
    assert done.account.fully_recognized
    assert_conserved(house)


def _billing(row: PlannedChargeRow | InvoiceLineRow, minor: int) -> tuple[str, date, date, int]:
    return row.reference, row.starts_on, row.ends_on, minor
