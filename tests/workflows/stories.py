"""One long story that uses every step a deal can take, told the same way under every condition."""

from datetime import datetime
from typing import Any

from models.deal import DealState, Stage
from tests.workflows.driver import Deal, begin, live
from tests.workflows.house import House
from tests.workflows.register_data import BUYER, DIRECTOR, SELLER

WHOLE_LIFE: dict[str, Any] = {
    "lines": [
        {"product": "SEAT", "quantity": 10, "discount": {"percent": 22}},
        {
            "product": "BOX",
            "quantity": 3,
            "schedule": [{"percent": 100, "milestone": "Acceptance"}],
        },
        {"product": "BOX", "quantity": 4},
    ],
    "renewal": {"auto_renew": True, "notice_days": 10, "uplift_percent": 5, "term_months": 1},
}
"""Seats below list price need the manager; of seven gadgets five are in stock.

Three of them are billed when they are accepted."""


async def walk(deal: Deal, until: str) -> DealState:
    """Go to a moment item by item, mending on the way whatever breaks."""
    end = datetime.fromisoformat(until)
    while True:
        state = await deal.mend()
        if state.clock is None or state.stage in (Stage.COMPLETED, Stage.LOST):
            return state
        due = [item.due_at for item in state.agenda if state.clock < item.due_at < end]
        if not due:
            await deal.advance(until)
            return await deal.mend()
        await deal.advance(min(due).isoformat())


async def whole_life(house: House, number: str = "1001") -> Deal:
    """Offer, escalate, sign, give up a line, deliver, remind, collect, renew, cancel, complete."""
    deal = await sold(house, number)
    await deal.does("cancel_line", line="3", reason="not needed")
    await deal.mend()
    await deal.does("delivery_confirmed", lines=["2"])
    await deal.mend()
    await deal.does("delivery_confirmed", event="milestone", lines=["Acceptance"])
    state = await walk(deal, "2026-02-05T12:00:00Z")
    await deal.pay(state.balance_minor, "2026-02-05", f"{number}-first")
    await deal.mend()
    await deal.approve(DIRECTOR)
    await walk(deal, "2026-02-21T12:00:00Z")
    await deal.answer_renewal()
    state = await walk(deal, "2026-04-02T12:00:00Z")
    await deal.does("cancel", reason="the project ends")
    await deal.pay(state.balance_minor, "2026-04-02", f"{number}-second")
    state = await walk(deal, "2026-05-02T12:00:00Z")
    if state.balance_minor:
        await deal.pay(state.balance_minor, "2026-05-02", f"{number}-last")
    return deal


async def sold(house: House, number: str) -> Deal:
    """Bring the story's deal from its file to the signed contract."""
    deal = await begin(house, number, **WHOLE_LIFE)
    await deal.mend()
    await walk(deal, "2026-01-03T18:00:00Z")
    await deal.approve(DIRECTOR)
    await deal.mend()
    await deal.does("comment", text="Glad to answer any question", actor=SELLER)
    await deal.mend()
    await deal.accept(purchase_order="PO-7")
    await deal.mend()
    state = await deal.until(lambda one: bool(one.signers), "an order form")
    assert state.quote is not None
    for person in (BUYER, DIRECTOR):
        token = deal.token("sign", person, state.quote.content_hash)
        await deal.does("contract_signed", person=person, token=token)
        await deal.mend()
    return deal


async def short_life(house: House) -> Deal:
    """Sell, bill, remind, collect, complete: what every deal does, in a few steps."""
    deal = await live(house, lines=[{"product": "SEAT", "quantity": 10}, _BOXES])
    await deal.settle()
    await deal.does("delivery_confirmed")
    state = await deal.advance("2026-04-02T12:00:00Z")
    await deal.pay(state.balance_minor, "2026-04-02", "last")
    return deal


_BOXES = {"product": "BOX", "quantity": 3}
