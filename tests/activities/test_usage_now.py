"""What a deal uses now, and its next bill: by the functions that rate and bill it afterwards."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from activities.pools import PoolActivities
from models.billing import Invoice
from models.errors import NotFoundError
from models.steps import TopUpCredit
from models.tables import InvoiceRow
from starter.service.usage_now import ProjectedBill, UsageShown, projection, show
from tests.activities.house import House, deal_file, line
from tests.activities.metered import Meters, event

HALF = datetime(2026, 1, 16, 11, 0, tzinfo=UTC)
"""Noon of 16 January in Berlin: half of the month has passed."""


@pytest.fixture
def meters(house: House) -> Meters:
    """A house that sells by usage."""
    return Meters(house)


def now(house: House, at: datetime = HALF) -> UsageShown:
    return house.books.read(lambda session: show(session, "1001", at))


def bill(house: House, at: datetime = HALF) -> ProjectedBill:
    return house.books.read(lambda session: projection(session, "1001", at))


def test_usage_is_shown_as_it_is_and_as_it_will_be(meters: Meters) -> None:
    """800 calls in half a month are 1,600: 100.00 for a thousand and 30.00 for the rest."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), term_months=3))
    meters.send(date(2026, 1, 16), event("e1", "2026-01-05", "800"))

    (one,) = now(house).items

    assert (one.quantity, one.unit, one.events, one.amount_minor) == (
        Decimal(800),
        "call",
        1,
        80_00,
    )
    assert (one.projected, one.projected_minor, one.to_bill_minor) == (
        Decimal(1600),
        130_00,
        130_00,
    )
    assert one.rule == "graduated: 800 x 0.1"


def test_the_next_bill_holds_what_is_agreed_and_what_is_expected(meters: Meters) -> None:
    """30.00 of February's fee, 20.00 of calls, and the users' commitment of 50.00."""
    house = meters.house
    house.sell(deal_file("1001", line("FEED"), line("USERS"), term_months=3))
    meters.send(date(2026, 1, 16), event("e1", "2026-01-05", "100", properties={"region": "eu"}))

    found = bill(house)

    assert found.bill_on == date(2026, 2, 1)
    assert [(one.reference, one.amount_minor, one.is_usage) for one in found.lines] == [
        ("1/fee", 30_00, False),
        ("1/calls", 20_00, True),
        ("2/active", 0, True),
        ("2/active/true-up", 50_00, True),
    ]
    assert found.total_minor == 100_00


def test_a_projection_at_the_end_of_a_period_is_its_bill(meters: Meters) -> None:
    """The same functions: nothing is left to expect at the last moment."""
    house = meters.house
    house.sell(deal_file("1001", line("CALLS"), line("STORAGE"), term_months=2))
    PoolActivities(house.office).top_up(
        TopUpCredit(deal="1001", reference="PO", on=date(2026, 1, 1), amount="40.00")
    )
    house.converge("1001", date(2026, 1, 1))
    meters.send(
        date(2026, 1, 31),
        event("e1", "2026-01-05", "800"),
        event("e2", "2026-01-01T00:00:00Z", "7", meter="storage"),
    )

    expected = bill(house, datetime(2026, 1, 31, 22, 59, 59, 999999, tzinfo=UTC))
    house.converge("1001", date(2026, 2, 1))

    rows = house.rows(InvoiceRow)
    billed = Invoice.model_validate_json(rows[-1].content)
    assert expected.total_minor == billed.net.minor
    assert [one.left_minor for one in now(house).pools] == [0]


def test_a_deal_without_usage_shows_nothing_and_an_unknown_one_is_not_found(house: House) -> None:
    """No charge, no bill."""
    house.sell(deal_file("1001", line("CRM")))

    assert (now(house).items, bill(house).bill_on) == ((), None)
    with pytest.raises(NotFoundError):
        house.books.read(lambda session: show(session, "9", HALF))
