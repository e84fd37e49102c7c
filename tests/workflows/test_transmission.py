"""Sending over a network: by itself when published, held when it comes back, sent again."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from models.deal import DealState
from models.steps import RegisterChange, RegisterKind
from tests.workflows import records, register_data
from tests.workflows.driver import live
from tests.workflows.house import House
from workers.runner import open_office
from workers.settings import Settings

STEPS = "select attempt, status, reason from transmission order by id"
NUMBER = "select number from invoice"


def on_the_network(settings: Settings) -> None:
    """Record where both parties are reached, and that the buyer wants UBL over the network."""
    from activities.register import RegisterActivities  # noqa: PLC0415 - as the house does it

    wanted: dict[str, dict[str, Any]] = {
        "US1": {"electronic_address": {"scheme": "0088", "id": "4012345000009"}},
        "C1": {
            "electronic_address": {"scheme": "0088", "id": "4098765000000"},
            "buyer_reference": "dept-7",
            "e_invoice_format": "ubl",
            "e_invoice_send": True,
        },
    }
    office = open_office(settings)
    for change in register_data.changes():
        if change.kind in (RegisterKind.ENTITY, RegisterKind.CUSTOMER):
            content = {**json.loads(change.content), **wanted[change.key]}
            changed = RegisterChange(kind=change.kind, key=change.key, content=json.dumps(content))
            assert RegisterActivities(office.office).record_change(changed).problems == ()
    office.office.books.close()


def is_held(state: DealState, number: str) -> bool:
    return any(hold.key == f"e-invoice:{number}" for hold in state.holds)


async def test_an_invoice_goes_out_by_itself_comes_back_and_is_sent_again(house: House) -> None:
    """The buyer rejects it: the deal is on hold with the reason until it is on its way again."""
    on_the_network(house.settings)
    home, outbox = house.settings.home, Path(house.settings.home) / "outbox"
    deal = await live(house)
    await deal.settle()
    number = records.value(home, NUMBER)
    await deal.until(lambda _: records.rows(home, STEPS)[-1:] == [(1, "sent", "")], "sent")
    sent = sorted(path.name for path in outbox.iterdir())

    answer = [{"status": "rejected", "reason": "No department dept-7"}]
    (outbox / f"{number}_1.answers.json").write_text(json.dumps(answer))
    await house.sleep(timedelta(hours=1, minutes=1))
    held = await deal.until(lambda state: is_held(state, number), "a hold")
    again = {"number": number, "attempt": 2, "at": "2026-01-02T12:00:00Z", "actor": "fiona"}
    await house.start("TransmissionWorkflow", f"e-invoice-{number}-2", again)
    freed = await deal.until(lambda state: not is_held(state, number), "no hold")

    (reason,) = [hold.reason for hold in held.holds if hold.key == f"e-invoice:{number}"]
    assert sent == [f"{number}_1.json", f"{number}_1.xml"]
    assert reason.startswith("rejected: No department dept-7; mend it and use `q2c invoice send")
    assert not freed.holds
    assert records.rows(home, STEPS) == [
        (1, "prepared", ""),
        (1, "sent", ""),
        (1, "rejected", "No department dept-7"),
        (2, "prepared", ""),
        (2, "sent", ""),
    ]
