"""Amending a live deal: at once, after approval, refused, and to its early end."""

from typing import Any

import pytest

from models.deal import Stage
from tests.workflows import records
from tests.workflows.driver import audited, live
from tests.workflows.house import House
from tests.workflows.register_data import MANAGER
from tests.workflows.test_faults import Trouble

CREDITS = "select invoice, net_minor from credit_note order by number"
INVOICES = "select issued_on, net_minor from invoice order by issued_on, number"


def add(quantity: str, **said: Any) -> dict[str, Any]:
    """Return what is said to add seats to the first line."""
    return {
        "delta": {"lines": [{"line": 1, "add": quantity}]},
        "accepted_by": "bea@acme.example",
        "purchase_order": "PO-7",
        "actor": "sara",
        **said,
    }


async def test_seats_are_added_in_the_middle_of_a_month(house: House) -> None:
    """Ten seats at 20 USD became twelve on 16 January: credited, billed, and so every month."""
    deal = await live(house)
    await deal.advance("2026-01-16T12:00:00Z")

    await deal.does("amend", **add("2"))
    state = await deal.advance("2026-02-02T12:00:00Z")

    assert [net for _, net in records.rows(house.settings.home, CREDITS)] == [103_23]
    assert [net for _, net in records.rows(house.settings.home, INVOICES)] == [
        200_00,
        123_87,
        240_00,
    ]
    assert state.amendment.number == 0
    papers = "select kind from document where kind in ('amendment', 'credit_note') order by kind"
    assert records.rows(house.settings.home, papers) == [("amendment",), ("credit_note",)]
    mails = "select count(*) from mail where key like '1001:amendment:AM-1001-1:%'"
    assert records.rows(house.settings.home, mails) == [(1,)]


async def test_a_discount_waits_for_its_approval_and_is_then_booked(house: House) -> None:
    """Nothing changes until the manager says yes."""
    deal = await live(house)
    await deal.advance("2026-01-16T12:00:00Z")

    discount = {"percent": "15", "reason": "loyal"}
    change = {"lines": [{"line": 1, "discount": discount}], "when": "now"}
    await deal.does("amend", **add("1", delta=change))
    waiting = await deal.state()
    again = await deal.refuses("amend", **add("1"))
    nothing = records.rows(house.settings.home, CREDITS)
    await deal.approve(MANAGER)
    done = await deal.advance("2026-01-17T12:00:00Z")

    assert waiting.amendment.number == 1
    assert again == "Amendment 1 waits for its approvals; recall it first."
    assert nothing == []
    assert len(records.rows(house.settings.home, CREDITS)) == 1
    assert done.amendment.number == 0


async def test_a_contract_that_ends_early_ends_its_deal(house: House) -> None:
    """From 16 February on nothing is due; the deal closes when the rest is settled."""
    deal = await live(house)
    await deal.advance("2026-02-10T12:00:00Z")

    await deal.does("amend", **add("1", delta={"end_on": "2026-02-16"}, accepted_by=""))
    state = await deal.advance("2026-02-20T12:00:00Z")

    assert state.stage is Stage.CLOSING
    assert state.fully_recognized


async def test_what_does_not_fit_is_refused_with_its_reason(house: House) -> None:
    """It is on record, and nothing changed."""
    deal = await live(house)

    text = await deal.refuses("amend", **add("1", delta={"lines": [{"line": 9, "add": "1"}]}))
    stale = await deal.refuses("amend", **add("1", base_version=3))

    assert text == (
        "The contract stays as it is: delta.lines[0].line: the contract has no line 9 "
        "(its lines are 1)"
    )
    assert "base_version: is 3, and version 1 is in force" in stale
    assert records.rows(house.settings.home, "select count(*) from amendment") == [(0,)]
    assert any("amend refused" in str(entry) for entry in audited(await deal.state()))


@pytest.mark.parametrize("name", ["amend_deal", "book_amendment"])
async def test_an_amendment_whose_step_fails_for_good_is_booked_once_after_retry(
    house: House, name: str
) -> None:
    """Failed before its effect, then with only the answer lost: one version, one credit note."""
    deal = await live(house)
    await deal.advance("2026-01-16T12:00:00Z")
    trouble = Trouble(name)
    house.faults.before, house.faults.after = trouble.before, trouble.after
    discount = {"percent": "15", "reason": "loyal"}
    change = {"lines": [{"line": 1, "discount": discount}], "when": "now"}

    await deal.tell("amend", **add("1", delta=change))
    await deal.mend()
    await deal.approve(MANAGER)
    await deal.mend()
    state = await deal.advance("2026-01-17T12:00:00Z")

    assert trouble.struck == 2
    booked = "select version from amendment_booked"
    assert records.rows(house.settings.home, booked) == [(2,)]
    assert len(records.rows(house.settings.home, CREDITS)) == 1
    assert (state.amendment.number, state.holds) == (0, ())
