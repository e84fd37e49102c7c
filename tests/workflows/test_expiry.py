"""An offer ends with the customer's day, wherever the house is."""

import json
from datetime import datetime

import pytest

from models.deal import Stage
from models.steps import RegisterChange, RegisterKind
from tests.workflows import records, register_data
from tests.workflows.driver import Deal, begin
from tests.workflows.house import House
from tests.workflows.register_data import BUYER


async def customer_in(house: House, zone: str) -> None:
    """Put the customer on record with its time zone."""
    changes = {change.key: change.content for change in register_data.changes()}
    content = {**json.loads(changes["C1"]), "time_zone": zone}
    change = RegisterChange(kind=RegisterKind.CUSTOMER, key="C1", content=json.dumps(content))
    await house.result(await house.start("RegisterWorkflow", f"customer-C1-{zone}", change))


async def late(deal: Deal, content_hash: str) -> None:
    """Try to accept an offer that has ended."""
    token = deal.token("accept", BUYER, content_hash)
    text = await deal.refuses("accept_quote", person=BUYER, token=token)
    assert "has ended" in text


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Pacific/Auckland", "2026-01-06T10:59:00Z", "2026-01-06T11:00:00Z"),
        ("America/Los_Angeles", "2026-01-07T07:59:00Z", "2026-01-07T08:00:00Z"),
    ],
)
async def test_an_offer_stands_until_midnight_where_the_customer_is(
    house: House, zone: str, before: str, after: str
) -> None:
    """Offered on 1 January for five days: through the 6th, by the customer's own clock."""
    await customer_in(house, zone)
    deal = await begin(house, valid_days=5)
    quote = (await deal.stage(Stage.ACCEPT)).quote
    assert quote is not None
    assert quote.expires_at == datetime.fromisoformat(after)

    open_until_then = await deal.advance(before)
    await deal.advance(after)

    assert open_until_then.stage is Stage.ACCEPT
    assert (await deal.ended()).outcome == "expired"
    await late(deal, quote.content_hash)


async def test_the_last_minute_counts(house: House) -> None:
    """In Auckland it is 23:59, and here a day earlier."""
    await customer_in(house, "Pacific/Auckland")
    deal = await begin(house, valid_days=5)
    await deal.stage(Stage.ACCEPT)
    await deal.advance("2026-01-06T10:59:00Z")

    await deal.accept()

    await deal.stage(Stage.CONTRACT)


async def test_the_reason_of_a_loss_is_on_record(house: House) -> None:
    """Who learns from quotes has to know why they were lost."""
    deal = await begin(house)
    await deal.stage(Stage.ACCEPT)

    await deal.accept("decline_quote", reason="too dear")
    await deal.ended()

    lost = "select reason, accepted from decision where kind = 'decline'"
    assert records.rows(house.settings.home, lost) == [("too dear", 1)]
