"""Usage beside a living deal: batches by their hash, an invoice at the close, credit on top."""

import json
from typing import Any

from activities.adapters.document_store import DocumentStore
from tests.workflows import records, register_data
from tests.workflows.driver import live
from tests.workflows.house import House

LINES = [{"product": "API", "quantity": 1}]


def batch(house: House, *events: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Put a batch into the document store; return the workflow's id and what it starts with."""
    store = DocumentStore(house.settings.documents_url)
    sha256 = store.put(json.dumps({"events": list(events)}).encode(), "json")
    asked = {"file_hash": sha256, "suffix": "json", "at": "2026-02-01T12:00:00Z", "actor": "olga"}
    return f"usage-{sha256[:32]}", asked


def event(name: str, value: str, meter: str = "calls") -> dict[str, Any]:
    moment = "2026-01-05T12:00:00Z"
    return {"id": name, "deal": "1001", "meter": meter, "at": moment, "value": value}


def lines(house: House) -> list[tuple[str, int]]:
    query = "select reference, net_minor from invoice_line order by id"
    return [tuple(row) for row in records.rows(house.settings.home, query)]


async def test_usage_and_credit_of_a_living_deal_end_on_its_invoices(house: House) -> None:
    """A batch is taken by its hash, twice; credit is billed at once and drawn at the close."""
    change = register_data.usage_catalog()
    await house.result(await house.start("RegisterWorkflow", "catalog-house-2", change))
    deal = await live(house, lines=LINES)
    await deal.advance("2026-01-31T20:00:00")
    credit = {"deal": "1001", "reference": "PO-1", "on": "2026-01-31", "amount": "50.00"}
    await house.result(await house.start("CreditWorkflow", "credit-1001-PO-1", credit))
    await deal.settle()
    workflow_id, asked = batch(house, event("calls-of-january", "900"))

    taken = await house.result(await house.start("UsageWorkflow", workflow_id, asked))
    again = await house.result(await house.start("UsageWorkflow", workflow_id, asked))
    await deal.advance("2026-02-01T20:00:00")

    assert (taken["added"], again["added"], again["deals"]) == (1, 1, 1)
    assert lines(house) == [("top-up-1", 50_00), ("1/calls", 40_00)]
    await deal.advance("2026-05-15T20:00:00")
    await deal.pay((await deal.settle()).balance_minor, "2026-05-16", "all")
    history = await deal.handle.fetch_history()
    assert not any(b"calls-of-january" in one.SerializeToString() for one in history.events)
    assert (await deal.ended()).outcome == "completed"


async def test_a_batch_with_a_bad_line_fails_with_its_place_and_leaves_nothing(
    house: House,
) -> None:
    """Corrected, it is another batch; sent again as it was, it may be taken later."""
    change = register_data.usage_catalog()
    await house.result(await house.start("RegisterWorkflow", "catalog-house-2", change))
    deal = await live(house, lines=LINES)
    await deal.advance("2026-01-31T20:00:00")
    workflow_id, asked = batch(house, event("e1", "5"), event("e2", "5", "cals"))

    error = await house.failure(await house.start("UsageWorkflow", workflow_id, asked))

    (problem,) = error.details
    assert problem["field"] == "events[1]: meter"
    assert records.value(house.settings.home, "select count(*) from usage_event") == 0
