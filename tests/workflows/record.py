"""Record what later releases must still understand: `python -m tests.workflows.record`.

Writes, for the release named in `pyproject.toml`, one small history for each kind of story
(`tests/histories/<release>/`), the states deals carry (`tests/states/<release>.json`), and the
fingerprints of the commands (`tests/workflows/fingerprints.json`). Run it before a release and
commit the result; never for a release that is out, because its deals are still running.
"""

import asyncio
import json
import os
import sys
import tempfile
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.workflows.driver import Deal, begin, live
from tests.workflows.faults import for_good, no_fault
from tests.workflows.fingerprints import BASELINE, ROOT, fingerprints
from tests.workflows.house import House, make_books, real_house, running_server
from tests.workflows.register_data import MANAGER
from tests.workflows.test_side_workflows import PERSON

HISTORIES, STATES = ROOT / "tests" / "histories", ROOT / "tests" / "states"

Story = Callable[[House], Awaitable[list[str]]]


def release() -> str:
    """Return the version of the code at hand."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


async def _lost(house: House) -> list[str]:
    """An approval, then the customer's no."""
    lines = [{"product": "SEAT", "quantity": 10, "discount": {"percent": 15}}]
    deal = await begin(house, "lost", lines=lines)
    await deal.until(lambda one: bool(one.approval.steps), "approval")
    await deal.approve(MANAGER)
    await deal.accept("decline_quote", reason="too dear")
    await deal.ended()
    return ["deal-lost"]


async def _sold(house: House) -> list[str]:
    """A sale with stock that comes later, delivered and paid."""
    deal = await live(house, "sold", term_months=0, lines=[{"product": "BOX", "quantity": 7}])
    await deal.until(lambda one: one.back_ordered == 1, "a back-order")
    stock = {"entity": "US1", "sku": "BOX", "quantity": "10", "reference": "DN-1"}
    await house.result(await house.start("StockWorkflow", "stock-US1-BOX-DN-1", stock))
    await deal.until(lambda one: one.back_ordered == 0, "a reservation")
    await deal.does("delivery_confirmed")
    state = await deal.settle()
    await deal.pay(state.balance_minor, "2026-01-02", "sold")
    await deal.ended()
    return ["deal-sold", "stock-US1-BOX-DN-1", "payment-bank-sold"]


async def _subscribed(house: House) -> list[str]:
    """A short term that is reminded, renewed and canceled; it stays open."""
    renewal = {"auto_renew": True, "notice_days": 5}
    deal = await live(house, "subscribed", term_months=1, renewal=renewal)
    await deal.advance("2026-02-05T12:00:00Z")
    await deal.does("cancel", reason="no longer needed")
    await deal.handle.signal("nonsense", {"a": 1})
    await deal.settle()
    return ["deal-subscribed"]


async def _mended(house: House) -> list[str]:
    """A step that is parked and retried, and malformed messages."""
    house.faults.before = lambda name, _: for_good() if name == "draw_up_contract" else None
    deal = await begin(house, "mended")
    await deal.accept()
    await deal.until(lambda one: bool(one.holds), "a hold")
    await deal.handle.signal("approve", args=[1, 2])
    house.faults.before = no_fault
    await deal.does("retry")
    await deal.sign()
    await deal.settle()
    return ["deal-mended"]


async def _changed(house: House) -> list[str]:
    """A change of the register."""
    await house.result(await house.start("RegisterWorkflow", "person-zoe", PERSON))
    return ["person-zoe"]


STORIES: tuple[Story, ...] = (_lost, _sold, _subscribed, _mended, _changed)


async def _record(address: str, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    histories: dict[str, Any] = {}
    states: dict[str, Any] = {}
    template = folder / "template"
    template.mkdir()
    await asyncio.to_thread(make_books, template)
    async with real_house(template, folder / "home", address) as house:
        for story in STORIES:
            for workflow_id in await story(house):
                histories |= await _histories(house, workflow_id)
                if workflow_id.startswith("deal-"):
                    state = await Deal(house, workflow_id.removeprefix("deal-")).state()
                    states[workflow_id] = state.model_dump(mode="json")
    return histories, states


async def _histories(house: House, workflow_id: str) -> dict[str, Any]:
    """Return the histories of all runs of a workflow, by the name of their file."""
    found: dict[str, Any] = {}
    run: str | None = None
    while run != "":
        handle = house.client.get_workflow_handle(workflow_id, run_id=run)
        history = await handle.fetch_history()
        started = history.events[0].workflow_execution_started_event_attributes
        run = started.continued_execution_run_id
        name = f"{workflow_id}-{len(found) + 1}"
        # Stack traces name the folder of this machine, which is nobody's business.
        text = history.to_json().replace(f"{ROOT}/", "")
        found[name] = {"workflow_id": workflow_id, "history": json.loads(text)}
    return found


def write(path: Path, content: object) -> None:
    """Write JSON that a diff can be read of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def main() -> None:
    """Record everything."""
    version = release()
    with running_server() as address, tempfile.TemporaryDirectory() as folder:
        histories, states = asyncio.run(_record(address, Path(folder)))
    for old in (HISTORIES / version).glob("*.json"):
        old.unlink()
    for name, content in histories.items():
        write(HISTORIES / version / f"{name}.json", content)
    write(STATES / f"{version}.json", states)
    write(BASELINE, fingerprints())
    sys.stdout.write(f"{len(histories)} histories, {len(states)} states of {version}\n")
    sys.stdout.flush()
    # The engine's threads may crash an interpreter that ends in the ordinary way.
    os._exit(0)


if __name__ == "__main__":
    main()
