"""Billing terms on the books: anchors, splits, minimum, schedules and milestones, zones."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from activities.adapters.books import Books
from activities.milestones import MilestoneActivities
from models.billing import Invoice
from models.deal import local_date
from models.errors import InvalidInputError
from models.steps import ConfirmMilestone, Converge, MilestoneConfirmed, PriceQuote, RegisterKind
from models.tables import InvoiceLineRow, InvoiceRow, MilestoneRow, PlannedChargeRow
from tests.activities.conservation import assert_conserved
from tests.activities.databases import database
from tests.activities.house import CATALOG, CUSTOMER, House, deal_file, furnish, line, noon, step

START, END = date(2026, 1, 1), date(2027, 1, 1)
WEEKLY: dict[str, Any] = {
    "sku": "CLEANING",
    "name": "Cleaning",
    "kind": "subscription",
    "charges": [{"key": "week", "name": "week", "type": "recurring", "cadence": "weekly"}],
}


def invoices(house: House, deal: str = "1001") -> list[Invoice]:
    rows = house.rows(InvoiceRow, deal=deal)
    return [Invoice.model_validate_json(row.content) for row in rows]


def reach(house: House, milestone: str, on: date, **fields: Any) -> MilestoneConfirmed:
    asked = step(ConfirmMilestone, "1001", on, milestone=milestone, actor="sam", **fields)
    return MilestoneActivities(house.office).confirm_milestone(asked)


def with_cleaning(house: House) -> None:
    """Sell cleaning for 10.00 a week."""
    catalog = deepcopy(CATALOG)
    catalog["version"] = "2026-weekly"
    catalog["products"].append(WEEKLY)
    catalog["price_books"][0]["entries"].append({"sku": "CLEANING", "charge": "week", "unit": "10"})
    assert house.publish(RegisterKind.CATALOG, catalog).problems == ()


def test_a_milestone_bills_its_part_and_the_dates_theirs(house: House) -> None:
    """30 % at the start, 40 % in June, 30 % when it goes live: 360.00 of 1,200.00 each time 30."""
    schedule = [
        {"percent": "30", "on": START},
        {"percent": "40", "on": date(2026, 6, 1)},
        {"percent": "30", "milestone": "Go-live"},
    ]
    house.sell(deal_file("1001", line("CRM", "2"), billing={"schedule": schedule}))

    first = house.converge("1001", START)
    nothing = house.converge("1001", date(2026, 2, 1))
    reached = reach(house, "go-live", date(2026, 2, 3), command_id="c-1")
    house.converge("1001", date(2026, 2, 3))
    house.converge("1001", END)

    assert (first.next_on, nothing.invoices) == (date(2026, 2, 1), first.invoices)
    assert reached.milestone == "Go-live"
    assert [(str(one.issued_on), one.net.minor) for one in invoices(house)] == [
        ("2026-01-01", 360_00),
        ("2026-02-03", 360_00),
        ("2027-01-01", 480_00),
    ]
    part = invoices(house)[1].lines[0]
    assert (part.reference, part.net.minor) == ("1/seat@3", 360_00)
    assert house.converge("1001", END).account.fully_billed
    assert_conserved(house)


def test_a_milestone_is_reached_once(house: House) -> None:
    """The same command gets the same answer; another one, a wrong name or a day to come do not."""
    schedule = [{"percent": "100", "milestone": "Go-live"}]
    house.sell(deal_file("1001", line("LAPTOP", schedule=schedule)))
    on = date(2026, 2, 3)

    assert reach(house, "Go-live", on, reached_on=on + timedelta(days=1)).refused_because == (
        "delivered_on: 2026-02-04 has not come yet"
    )
    assert reach(house, "Golive", on).refused_because == (
        "There is no milestone 'Golive': did you mean Go-live?"
    )
    assert reach(house, "Go-live", on, command_id="c-1").milestone == "Go-live"
    assert reach(house, "Go-live", on, command_id="c-1").milestone == "Go-live"
    assert reach(house, "Go-live", on, command_id="c-2").refused_because == (
        "Milestone Go-live was reached on 2026-02-03 already"
    )
    assert len(house.rows(MilestoneRow)) == 1


def test_a_deal_without_milestones_says_so(house: House) -> None:
    """Nothing waits for one."""
    house.sell(deal_file("1001", line("CRM")))

    assert reach(house, "Go-live", START).refused_because == (
        "There is no milestone 'Go-live': its contract has none"
    )


def test_a_delivery_does_not_bill_what_waits_for_a_milestone(house: House) -> None:
    """Revenue follows the delivery, the invoice follows the schedule."""
    schedule = [{"amount": "400", "on": START}, {"amount": "600", "milestone": "Acceptance"}]
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("LAPTOP", schedule=schedule)))
    house.deliver("1001", date(2026, 1, 10))

    house.converge("1001", date(2026, 1, 10))
    assert [one.net.minor for one in invoices(house)] == [400_00]
    assert_conserved(house)
    reach(house, "Acceptance", date(2026, 2, 1))
    house.converge("1001", date(2026, 2, 1))

    assert [one.net.minor for one in invoices(house)] == [400_00, 600_00]
    assert_conserved(house)


def test_amounts_that_miss_the_price_keep_the_quote_from_being_made(house: House) -> None:
    """The deal file names an amount too little; nothing is signed."""
    schedule = [{"amount": "400", "on": START}]
    file = deal_file("1001", line("LAPTOP", schedule=schedule))

    quoted = house.quote(file)

    assert [str(problem) for problem in quoted.problems] == [
        (
            "line 1.schedule: comes to 400.00 EUR, and what it bills to 1,000.00 EUR "
            "(let the amounts add up to the price, or use percent)"
        )
    ]


def test_a_weekly_anchor_refuses_a_monthly_charge(house: House) -> None:
    """No month begins on a weekday."""
    billing = {"anchor": "weekday", "weekday": "monday"}

    quoted = house.quote(deal_file("1001", line("CRM"), billing=billing))

    assert [problem.field for problem in quoted.problems] == ["line 1"]


def test_each_order_number_gets_its_invoice(house: House) -> None:
    """Two orders and the contract's own: three invoices of one day, numbered in a row."""
    file = deal_file(
        "1001",
        line("CRM", purchase_order="PO-1"),
        line("CRM", "2", purchase_order="PO-2"),
        line("SUPPORT"),
        purchase_order="PO-0",
        billing={"split": "by_purchase_order"},
    )
    house.sell(file)

    house.converge("1001", START)

    assert [(one.purchase_order, one.net.minor) for one in invoices(house)] == [
        ("PO-1", 50_00),
        ("PO-2", 100_00),
        ("PO-0", 90_00),
    ]
    assert_conserved(house)


def test_each_charge_gets_its_invoice(house: House) -> None:
    """The setup and the fee of one product."""
    house.sell(deal_file("1001", line("SUITE"), billing={"split": "by_charge"}))

    house.converge("1001", START)

    assert [one.net.minor for one in invoices(house)] == [300_00, 100_00]


def test_small_amounts_are_carried_and_the_term_end_bills_the_rest(house: House) -> None:
    """31.00 a month in arrears against 80.00: invoices in March, June, September, the rest then."""
    house.sell(deal_file("1001", line("HOSTING"), billing={"minimum": {"amount": "80"}}))

    february = house.converge("1001", date(2026, 2, 1))
    for month in range(3, 13):
        house.converge("1001", date(2026, month, 1))
    house.converge("1001", END)

    assert (february.invoices, february.next_on) == ((), date(2026, 3, 1))
    assert [(str(one.issued_on), len(one.lines)) for one in invoices(house)] == [
        ("2026-04-01", 3),
        ("2026-07-01", 3),
        ("2026-10-01", 3),
        ("2027-01-01", 3),
    ]
    assert_conserved(house)


def test_what_is_carried_last_wakes_the_deal_at_the_end_of_the_term(house: House) -> None:
    """A single small charge has no next invoice to go on."""
    house.sell(deal_file("1001", line("CRATE"), billing={"minimum": {"amount": "100"}}))

    carried = house.converge("1001", date(2026, 3, 1))
    house.stock("CRATE", "1")
    house.deliver("1001", date(2026, 3, 1))
    house.converge("1001", END)

    assert carried.invoices == ()
    assert [(str(one.issued_on), one.net.minor) for one in invoices(house)] == [
        ("2027-01-01", 80_00)
    ]


def test_a_renewed_term_is_billed_by_its_periods(house: House) -> None:
    """A schedule was agreed for its own days; the anchor stays."""
    schedule = [{"percent": "100", "on": START}]
    billing = {"anchor": "calendar", "schedule": schedule}
    house.sell(deal_file("1001", line("CRM"), billing=billing))

    asked = step(PriceQuote, "1001", date(2026, 11, 1), term=2, renewal=True)
    quote = house.pricing.price_quote(asked).quote

    assert quote is not None
    assert quote.total_minor == 600_00


ZONES = {
    "Pacific/Auckland": date(2026, 4, 5),
    "Pacific/Kiritimati": date(2026, 4, 5),
    "Europe/Paris": date(2026, 3, 29),
    "America/Los_Angeles": date(2026, 3, 8),
}
"""Where customers live, and a day on which their clocks change (or, on Kiritimati, none)."""


@pytest.mark.parametrize("zone", ZONES)
def test_local_days_are_billed_once_over_a_change_of_clocks(zone: str) -> None:
    """Hour by hour through the change: one invoice a week, each on its own local day."""
    changes_on = ZONES[zone]
    starts_on = changes_on - timedelta(days=7)
    with database("sqlite", furnish) as url:
        house = House(Books(url))
        with_cleaning(house)
        house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "time_zone": zone})
        file = deal_file("1001", line("CLEANING"), starts_on=starts_on, term_months=1)
        house.sell(file, starts_on)
        begin = datetime(starts_on.year, starts_on.month, starts_on.day, tzinfo=UTC)

        for hour in range(-24, 24 * 16, 3):
            at = begin + timedelta(hours=hour)
            asked = Converge(deal="1001", at=at, on=local_date(at, zone))
            house.billing.converge(asked)

        issued = [(one.issued_on, one.net.minor) for one in invoices(house)]
        house.books.close()
    assert issued == [
        (starts_on, 10_00),
        (changes_on, 10_00),
        (changes_on + timedelta(days=7), 10_00),
    ]


def test_two_runs_of_one_utc_day_make_one_invoice() -> None:
    """Test vector 16: in Paris 20:00 and 23:00 UTC are two days; the week is billed once."""
    with database("sqlite", furnish) as url:
        house = House(Books(url))
        with_cleaning(house)
        house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "time_zone": "Europe/Paris"})
        house.sell(deal_file("1001", line("CLEANING"), starts_on=date(2026, 7, 8)), START)
        house.converge("1001", date(2026, 7, 8))

        for hour in (20, 23):
            at = datetime(2026, 7, 14, hour, tzinfo=UTC)
            on = local_date(at, "Europe/Paris")
            house.billing.converge(Converge(deal="1001", at=at, on=on))

        found = [(str(one.issued_on), one.net.minor) for one in invoices(house)]
        house.books.close()
    assert found == [("2026-07-08", 10_00), ("2026-07-15", 10_00)]


anchors = st.sampled_from(
    [
        {"anchor": "anniversary"},
        {"anchor": "calendar"},
        {"anchor": "day", "day": 31},
        {"anchor": "day", "day": 15},
        {"anchor": "month_end"},
    ]
)
splits = st.sampled_from(["one", "by_purchase_order", "by_charge"])
minimums = st.sampled_from([None, {"amount": "75"}, {"amount": "1000"}])
schedules = st.sampled_from(
    [(), ({"percent": "40", "on": "2026-02-10"}, {"percent": "60", "milestone": "Go-live"})]
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.generate],
)
@given(
    anchor=anchors,
    split=splits,
    minimum=minimums,
    schedule=schedules,
    runs=st.lists(st.integers(0, 380), min_size=1, max_size=5),
    start=st.dates(date(2026, 1, 1), date(2026, 2, 28)),
)
def test_invoices_equal_the_plan(
    anchor: dict[str, Any],
    split: str,
    minimum: dict[str, str] | None,
    schedule: tuple[dict[str, str], ...],
    runs: list[int],
    start: date,
) -> None:
    """Whatever was agreed and whenever it runs, the invoices are the printed plan to the cent."""
    billing = {**anchor, "split": split, "minimum": minimum}
    others = (line(product) for product in ("HOSTING", "SUPPORT", "CLEANING"))
    lines = [line("CRM", schedule=list(schedule)), *others]
    with database("sqlite", furnish) as url:
        house = House(Books(url))
        with_cleaning(house)
        file = deal_file("1001", *lines, starts_on=start, billing=billing)
        house.sell(file, START)
        for day in sorted(runs):
            house.converge("1001", start + timedelta(days=day))
        if schedule:
            reach(house, "Go-live", start + timedelta(days=390))
        house.converge("1001", start + timedelta(days=400))

        plan = sorted(_billing(row, row.amount_minor) for row in house.rows(PlannedChargeRow))
        billed = sorted(_billing(row, row.net_minor) for row in house.rows(InvoiceLineRow))
        assert billed == plan
        assert_conserved(house)
        house.books.close()


def _billing(row: PlannedChargeRow | InvoiceLineRow, minor: int) -> tuple[str, date, date, int]:
    return (row.reference, row.starts_on, row.ends_on, minor)


def test_percentages_that_miss_the_whole_are_refused_with_the_file() -> None:
    """Before anything is looked up."""
    with pytest.raises(InvalidInputError, match="comes to 90 percent"):
        deal_file("1001", line("CRM", schedule=[{"percent": "90", "on": START}]))


def test_the_moment_of_a_step_is_kept(house: House) -> None:
    """Who confirmed a milestone, and when, is evidence."""
    schedule = [{"percent": "100", "milestone": "Go-live"}]
    house.sell(deal_file("1001", line("CRM", schedule=schedule)))

    reach(house, "Go-live", date(2026, 2, 3), reached_on=date(2026, 2, 1))

    row = house.rows(MilestoneRow)[0]
    assert (row.actor, row.confirmed_at) == ("sam", noon(date(2026, 2, 3)))
    assert row.reached_on == date(2026, 2, 1)
