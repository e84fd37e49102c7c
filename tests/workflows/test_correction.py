"""Corrections of invoices and statements: short workflows beside the deals, live or ended."""

import asyncio
from typing import Any

import pytest

from tests.workflows import records
from tests.workflows.driver import Deal, live
from tests.workflows.house import House

CREDIT = {
    "key": "k1",
    "invoice": "INV-TEST-1001-00001",
    "on": "2026-01-02",
    "at": "2026-01-02T09:00:00Z",
    "reason": "An outage",
    "actor": "fay",
}
STATEMENT = {
    "key": "s1",
    "customer": "C1",
    "entity": "US1",
    "currency": "USD",
    "since": "2026-01-01",
    "until": "2026-01-31",
    "at": "2026-01-31T09:00:00Z",
    "deal": "1001",
}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "CorrectionWorkflow": ("correction-k1", CREDIT),
    "StatementWorkflow": ("statement-C1-s1", STATEMENT),
}


async def billed(house: House) -> tuple[Deal, dict[str, Any]]:
    """Return a live deal and the credit of its first invoice."""
    deal = await live(house)
    await deal.settle()
    number = records.value(house.settings.home, "select number from invoice")
    return deal, {**CREDIT, "invoice": number}


async def correct(house: House, order: dict[str, Any]) -> Any:
    handle = await house.start("CorrectionWorkflow", f"correction-{order['key']}", order)
    return await house.result(handle)


async def test_a_credit_is_issued_mailed_and_told_to_its_deal(house: House) -> None:
    """The deal re-reads the books: nothing is owed any more, and nobody is reminded."""
    deal, order = await billed(house)

    done = await correct(house, order)
    state = await deal.until(lambda one: one.balance_minor == 0, "a credited invoice")

    home = house.settings.home
    assert done["credit_note"]
    assert state.open_invoices == 0
    assert records.value(home, "select count(*) from document where kind = 'credit_note'") == 1
    assert records.value(home, "select count(*) from mail where key like '%credit-note:%'") == 1
    assert await correct(house, order) == {**done, "repeated": True}
    assert records.value(home, "select count(*) from credit_note") == 1


async def test_an_invoice_is_billed_again_at_once(house: House) -> None:
    """Credit note and new invoice are out, and the deal owes what it owed."""
    deal, order = await billed(house)
    owed = (await deal.state()).balance_minor

    done = await correct(house, {**order, "kind": "rebill", "purchase_order": "PO-78"})

    home = house.settings.home
    assert len(done["invoices"]) == 1
    assert records.value(home, "select count(*) from document where kind = 'invoice'") == 2
    assert (await deal.until(lambda one: one.balance_minor == owed, "a new invoice")).open_invoices


async def test_an_invoice_of_a_deal_that_has_ended_is_credited_the_same(house: House) -> None:
    """What was paid becomes the customer's credit; nobody is left to tell."""
    deal = await live(house, term_months=0, lines=[{"product": "BOX", "quantity": 1}])
    await deal.settle()
    await deal.does("delivery_confirmed")
    state = await deal.settle()
    await deal.pay(state.balance_minor, "2026-01-02", "all")
    await deal.ended()
    number = records.value(house.settings.home, "select number from invoice")

    done = await correct(house, {**CREDIT, "invoice": number})

    home = house.settings.home
    assert done["credit_note"]
    account = "select sum(amount_minor) from posting where account = '2100 Customer credit'"
    assert -records.value(home, account) == state.balance_minor
    revenue = "select sum(amount_minor) from posting where account = '4000 Revenue'"
    assert records.value(home, revenue) == 0


async def test_a_correction_that_is_refused_ends_as_failed_with_the_problems(house: House) -> None:
    """Nothing is drawn; the details carry field, reason and remedy for programs."""
    _, order = await billed(house)
    handle = await house.start(
        "CorrectionWorkflow", "correction-k1", {**order, "amount_minor": 10**9}
    )

    error = await house.failure(handle)

    (problem,) = error.details
    assert error.type == "refused"
    assert problem["field"] == "amount"
    assert records.value(house.settings.home, "select count(*) from credit_note") == 0


async def test_a_statement_is_sent_once(house: House) -> None:
    """Stored and mailed."""
    await billed(house)

    sent = await house.result(await house.start("StatementWorkflow", "statement-C1-s1", STATEMENT))

    home = house.settings.home
    assert (
        records.value(home, "select number from document where kind = 'statement'")
        == (sent["number"])
    )
    handle = await house.start("StatementWorkflow", "statement-C1-s1", {**STATEMENT, "entity": "X"})
    assert "X" in (await house.failure(handle)).message


@pytest.mark.parametrize("kind", KINDS)
async def test_a_malformed_request_ends_as_failed(house: House, kind: str) -> None:
    """Input that cannot be decoded is retried for ever, unless it is read without raising."""
    workflow_id, good = KINDS[kind]
    wrong_types: dict[str, Any] = {key: [1] for key in good} | {"actor": 5}
    starts: list[tuple[Any, ...]] = [(), (good, good), ("text",), (None,), ({},), (wrong_types,)]

    handles = [
        await house.start(kind, f"{workflow_id}-{number}", *args)
        for number, args in enumerate(starts)
    ]
    errors = await asyncio.gather(*(house.failure(handle) for handle in handles))
    misnamed = await house.failure(await house.start(kind, "wrong", good))

    assert [error.type for error in errors] == ["invalid_input"] * len(starts)
    assert f"start it as {workflow_id}" in misnamed.message
