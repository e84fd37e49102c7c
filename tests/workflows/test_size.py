"""A deal of ten thousand lines goes through the workflow, and no payload grows with it."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from google.protobuf.message import Message as Proto
from temporalio.api.common.v1 import Payload

from activities.adapters.document_store import DocumentStore
from models.deal import DealInput, Stage
from models.deal_file import MOST_LINES, DealFile
from tests.workflows import records
from tests.workflows.driver import Deal
from tests.workflows.house import House
from tests.workflows.register_data import MANAGER, deal_file

LARGEST = 64 * 1024


def payloads(message: Proto) -> Iterator[int]:
    """Yield the size of every payload anywhere in a message."""
    if isinstance(message, Payload):
        yield message.ByteSize()
        return
    for _, value in message.ListFields():
        parts = value.values() if isinstance(value, Mapping) else value
        for part in [parts] if isinstance(parts, Proto | str | bytes | int | float) else parts:
            if isinstance(part, Proto):
                yield from payloads(part)


async def largest(deal: Deal) -> int:
    """Return the size of the largest payload in a deal's history."""
    history = await deal.handle.fetch_history()
    return max(size for event in history.events for size in payloads(event))


async def begin_big(house: House, lines: int, percent: int) -> Deal:
    """Start a deal whose file lies in the document store, as the door does."""
    entry = {"product": "SEAT", "quantity": 3, "discount": {"percent": percent, "reason": "volume"}}
    month: dict[str, Any] = {"term_months": 1, "renewal": {"notice_days": 1}}
    file = DealFile.model_validate(deal_file("1001", lines=[entry] * lines, **month))
    store = DocumentStore(house.settings.documents_url)
    sha256 = store.put(file.model_dump_json().encode(), "json")
    start = DealInput(**file.model_dump(exclude={"lines"}), file_hash=sha256)
    await house.start("DealWorkflow", "deal-1001", start)
    return Deal(house, "1001")


async def until_stage(deal: Deal, stage: Stage, seconds: int = 300) -> None:
    """Wait longer than for a small deal."""
    end = time.monotonic() + seconds
    while (await deal.state()).stage is not stage:
        assert time.monotonic() < end, await deal.state()
        await asyncio.sleep(0.2)


async def test_the_payloads_of_a_deal_do_not_grow_with_its_lines(house: House) -> None:
    """Priced, approved, revised and offered again with three hundred lines."""
    deal = await begin_big(house, 300, percent=15)
    await until_stage(deal, Stage.APPROVE)
    await deal.approve(MANAGER)
    await until_stage(deal, Stage.ACCEPT)

    await deal.does("revise_quote", delta={"lines": [{"line": 300, "quantity": "4"}]})
    state = await deal.until(lambda one: one.quote_sent, "the second version")

    assert state.quote is not None
    # 51.00 a line; the last one has four seats.
    assert state.quote.total_minor == 51_00 * 300 + 17_00
    assert await largest(deal) < LARGEST
    home = house.settings.home
    assert records.value(home, "select count(*) from document where kind = 'quote'") == 2


@pytest.mark.timeout(580)
async def test_ten_thousand_lines_are_offered_and_accepted(house: House) -> None:
    """As many as a deal may have, at 54.00 each; state and payloads stay as small as ever."""
    deal = await begin_big(house, MOST_LINES, percent=10)
    await until_stage(deal, Stage.ACCEPT)
    while not (state := await deal.state()).quote_sent:
        await asyncio.sleep(0.2)

    await deal.accept()

    assert state.quote is not None
    assert state.quote.total_minor == 54_00 * MOST_LINES
    assert await largest(deal) < LARGEST
    assert len(state.model_dump_json()) < 50_000
