"""Deals of one customer share an invoice; whoever comes second notes what covers it."""

import json
from datetime import timedelta
from typing import Any

from models.deal import local_date
from tests.workflows import records
from tests.workflows.driver import Deal, audited, live
from tests.workflows.house import House
from tests.workflows.register_data import CUSTOMER

PAYMENT: dict[str, Any] = {
    "provider": "bank",
    "reference": "R1",
    "customer": "C1",
    "amount_minor": 40000,
    "currency": "USD",
}


async def _consolidating_tomorrow(house: House) -> None:
    assert house.env is not None
    today = local_date(await house.env.get_current_time(), "America/Los_Angeles")
    content = {**CUSTOMER, "consolidate_invoices": (today + timedelta(days=1)).day}
    change = {"kind": "customer", "key": "C1", "content": json.dumps(content)}
    await house.result(await house.start("RegisterWorkflow", "customer-C1-1", change))


async def _billed(deal: Deal) -> list[tuple[str, str]]:
    state = await deal.until(lambda one: one.balance_minor == 20000, "its part of an invoice")
    return audited(state)


async def test_two_deals_share_an_invoice_and_both_hear_of_its_payment(house: House) -> None:
    """One number, one document, one payment; the deal that woke second says what covers it."""
    await _consolidating_tomorrow(house)
    deals = [await live(house, each, starts_on=None, test_clock=None) for each in ("1001", "1002")]

    await house.sleep(timedelta(days=2))
    trails = [await _billed(deal) for deal in deals]

    home = house.settings.home
    assert records.value(home, "select count(*) from invoice") == 1
    number = records.value(home, "select number from invoice")
    assert sum(trail.count(("covered by", number)) for trail in trails) == 1
    received = {"received_on": records.value(home, "select issued_on from invoice")}
    paid = {**PAYMENT, **received, "invoices": [number]}
    recorded = await house.result(await house.start("PaymentWorkflow", "payment-bank-R1", paid))
    assert sorted(recorded["deals"]) == ["1001", "1002"]
    for deal in deals:
        await deal.until(lambda one: one.balance_minor == 0, "a paid invoice")
    records.assert_sound(home)
