"""A ramp from the deal file to the last cent of revenue, and into the next term."""

from datetime import date
from decimal import Decimal

from activities.pricing import quote_of_term
from models.ledger import Account
from models.steps import ConcludeContract, PriceQuote
from models.tables import InvoiceLineRow, ObligationRow, OrderLineRow, PlannedChargeRow
from tests.activities.conservation import assert_conserved, balance
from tests.activities.house import House, deal_file, line, minor, step

RAMP = [
    {"quantity": "10"},
    {"from_on": "2026-03-16", "quantity": "20"},
    {"from_month": 6, "quantity": "30", "unit_price": "40"},
]


def test_a_ramp_is_billed_by_its_plan_and_earned_to_the_last_cent(house: House) -> None:
    """Invoices are the plan, charge by charge; at the end everything billed is revenue."""
    file = deal_file("1001", line("CRM", "10", ramp=RAMP), starts_on="2026-01-01", term_months=12)
    house.sell(file)

    for month in range(1, 13):
        house.converge("1001", date(2026, month, 20))
        assert_conserved(house)
    house.converge("1001", date(2027, 1, 1))

    planned = [
        (row.reference, row.starts_on, row.ends_on, row.amount_minor)
        for row in house.rows(PlannedChargeRow)
    ]
    billed = [
        (row.reference, row.starts_on, row.ends_on, row.net_minor)
        for row in house.rows(InvoiceLineRow)
    ]
    assert sorted(billed) == sorted(planned)
    # 2 x 500 + 241.94 + 516.13 + 3 x 1,000 (April to June) + 6 x 1,200
    assert sum(row[3] for row in billed) == minor("11958.07")
    assert balance(house, Account.REVENUE) == -minor("11958.07")
    assert balance(house, Account.CONTRACT_LIABILITY) == 0
    assert_conserved(house)


def test_a_ramp_is_one_thing_to_deliver_and_a_promise_for_each_segment(house: House) -> None:
    """The subscription begins once; its promises are earned on their own days."""
    house.sell(deal_file("1001", line("CRM", ramp=RAMP), starts_on="2026-01-01"))

    assert [row.reference for row in house.rows(OrderLineRow)] == ["1/seat"]
    assert [row.reference for row in house.rows(ObligationRow)] == ["1", "1#2", "1#3"]


def test_converging_again_and_late_bills_a_split_period_once(house: House) -> None:
    """After an outage over the step of the ramp, each part is billed once."""
    house.sell(deal_file("1001", line("CRM", ramp=RAMP), starts_on="2026-01-01"))

    house.converge("1001", date(2026, 4, 1))
    before = house.everything()
    house.converge("1001", date(2026, 4, 1))

    assert house.everything() == before
    march = [row for row in house.rows(InvoiceLineRow) if row.starts_on.month == 3]
    assert [(row.reference, row.net_minor) for row in march] == [
        ("1/seat", minor("241.94")),
        ("1/seat#2", minor("516.13")),
    ]


def test_the_renewal_of_a_ramp_is_quoted_at_its_last_step(house: House) -> None:
    """30 seats at 40.00 for the second year."""
    house.sell(deal_file("1001", line("CRM", ramp=RAMP), starts_on="2026-01-01"))

    priced = house.pricing.price_quote(step(PriceQuote, "1001", date(2026, 10, 1), term=2))

    assert priced.problems == ()
    quote = house.books.read(lambda session: quote_of_term(session, "1001", 2))
    assert quote is not None
    assert [(one.quantity, one.net.decimal) for one in quote.lines] == [
        (Decimal(30), Decimal("1200.00"))
    ]
    signed = step(ConcludeContract, "1001", date(2026, 11, 1), quote_version=2, term=2)
    assert house.contract.conclude_contract(signed).total_minor == minor("14400.00")
