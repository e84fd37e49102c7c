"""Fulfillment: each order line takes only the steps its kind allows, and repeating one is safe."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import ProductKind
from models.charges import ChargeModel, ChargeType, Transfer
from models.errors import RefusedError
from models.fulfillment import (
    TRANSITIONS,
    FulfillmentStatus,
    OrderLine,
    after_reservation,
    cancel,
    confirm,
    order_lines,
    provision,
    require_transition,
)
from models.money import Money
from models.pricing import PricedLine

MONDAY = date(2026, 3, 2)
FRIDAY = date(2026, 3, 6)

ALLOWED = {
    "open": {"reserved", "back_ordered", "delivered", "provisioned", "canceled"},
    "back_ordered": {"reserved", "canceled"},
    "reserved": {"shipped", "delivered", "canceled"},
    "shipped": {"delivered"},
    "delivered": set(),
    "provisioned": set(),
    "canceled": set(),
}


def line(
    kind: ProductKind = ProductKind.GOOD,
    status: FulfillmentStatus = FulfillmentStatus.OPEN,
    transfer: Transfer = Transfer.DELIVER,
) -> OrderLine:
    """Four scanners, open."""
    return OrderLine(
        reference="1/unit",
        number="1",
        sku="SCAN",
        name="Scanner",
        quantity=Decimal(4),
        department="warehouse",
        kind=kind,
        transfer=transfer,
        status=status,
    )


def priced(number: str, charge: str, kind: ProductKind, quantity: str = "1") -> PricedLine:
    """A priced line of no consequence."""
    nothing = Money.zero("USD")
    return PricedLine(
        reference=f"{number}/{charge}",
        number=number,
        sku=f"SKU-{number}",
        charge=charge,
        name="Thing",
        kind=kind,
        unit="unit",
        charge_type=ChargeType.ONE_TIME,
        model=ChargeModel.PER_UNIT,
        transfer=Transfer.ACCEPT,
        tax_category="standard",
        department="operations",
        quantity=Decimal(quantity),
        list_unit=Decimal(1),
        unit_price=Decimal(1),
        list_amount=nothing,
        net=nothing,
        once_discount=nothing,
        ssp=nothing,
    )


@pytest.mark.parametrize(("current", "target"), list(product(FulfillmentStatus, repeat=2)))
def test_only_the_steps_of_the_table_are_taken(
    current: FulfillmentStatus, target: FulfillmentStatus
) -> None:
    """The whole table, so that a new status cannot slip in."""
    allowed = target.value in ALLOWED[current.value]

    assert ((current, target) in TRANSITIONS) == allowed
    if allowed:
        require_transition(current, target)
    else:
        with pytest.raises(RefusedError, match=f"{current} cannot become {target}"):
            require_transition(current, target)


def test_a_product_with_two_charges_is_fulfilled_once() -> None:
    """A set-up fee and a seat are one subscription; nothing is fulfilled for a quantity of zero."""
    lines = order_lines(
        [
            priced("1", "setup", ProductKind.SUBSCRIPTION, "5"),
            priced("1", "seat", ProductKind.SUBSCRIPTION, "5"),
            priced("2", "unit", ProductKind.GOOD, "0"),
            priced("3.1", "fee", ProductKind.SERVICE, "2"),
        ]
    )

    assert [(one.reference, one.number, one.quantity) for one in lines] == [
        ("1/setup", "1", Decimal(5)),
        ("3.1/fee", "3.1", Decimal(2)),
    ]
    assert [one.kind for one in lines] == [ProductKind.SUBSCRIPTION, ProductKind.SERVICE]
    assert {one.transfer for one in lines} == {Transfer.ACCEPT}
    assert {one.status for one in lines} == {FulfillmentStatus.OPEN}


@pytest.mark.parametrize(
    ("on_hand", "status"),
    [("4", "reserved"), ("5", "reserved"), ("3", "back_ordered"), ("0", "back_ordered")],
)
def test_reserves_all_or_nothing(on_hand: str, status: str) -> None:
    """Half a line is never reserved: it would be shipped and billed in parts."""
    assert after_reservation(line(), Decimal(on_hand)).status == status


def test_a_back_order_is_reserved_when_stock_arrives() -> None:
    """Until then trying again changes nothing."""
    waiting = after_reservation(line(), Decimal(0))

    assert after_reservation(waiting, Decimal(3)) == waiting
    assert after_reservation(waiting, Decimal(4)).status is FulfillmentStatus.RESERVED


@pytest.mark.parametrize("status", ["reserved", "shipped", "delivered"])
def test_reserving_again_changes_nothing(status: str) -> None:
    """Law 1: a step run twice changes nothing more, even with no stock left."""
    reserved = line(status=FulfillmentStatus(status))

    assert after_reservation(reserved, Decimal(0)) == reserved


def test_a_canceled_line_takes_no_stock() -> None:
    """What was given up is not reserved by a late run."""
    with pytest.raises(RefusedError, match="canceled"):
        after_reservation(line(status=FulfillmentStatus.CANCELED), Decimal(9))


@pytest.mark.parametrize("kind", [ProductKind.SERVICE, ProductKind.SUBSCRIPTION])
def test_only_goods_wait_for_stock(kind: ProductKind) -> None:
    """A service has no stock to run out of."""
    assert after_reservation(line(kind), Decimal(0)) == line(kind)


@pytest.mark.parametrize(
    ("transfer", "event", "status", "transferred_on"),
    [
        ("ship", "ship", "shipped", MONDAY),
        ("ship", "deliver", "delivered", MONDAY),
        ("ship", "accept", "delivered", MONDAY),
        ("deliver", "ship", "shipped", None),
        ("deliver", "deliver", "delivered", MONDAY),
        ("deliver", "accept", "delivered", MONDAY),
        ("accept", "ship", "shipped", None),
        ("accept", "deliver", "delivered", None),
        ("accept", "accept", "delivered", MONDAY),
    ],
)
def test_control_passes_with_the_agreed_event_or_a_later_one(
    transfer: str, event: str, status: str, transferred_on: date | None
) -> None:
    """ASC 606-10-25-30: the point of transfer is data on the line."""
    reserved = line(status=FulfillmentStatus.RESERVED, transfer=Transfer(transfer))

    confirmed = confirm(reserved, Transfer(event), MONDAY)

    assert (confirmed.status, confirmed.transferred_on) == (status, transferred_on)


def test_the_first_day_of_transfer_stays() -> None:
    """Revenue recorded for a day is not moved by hearing of the delivery again."""
    delivered = confirm(line(status=FulfillmentStatus.SHIPPED), Transfer.DELIVER, MONDAY)

    assert confirm(delivered, Transfer.DELIVER, FRIDAY) == delivered
    assert confirm(delivered, Transfer.SHIP, FRIDAY) == delivered


def test_acceptance_follows_delivery_for_what_must_be_accepted() -> None:
    """Delivered but not accepted goods are not the customer's yet."""
    reserved = line(status=FulfillmentStatus.RESERVED, transfer=Transfer.ACCEPT)

    delivered = confirm(reserved, Transfer.DELIVER, MONDAY)
    accepted = confirm(delivered, Transfer.ACCEPT, FRIDAY)

    assert delivered.transferred_on is None
    assert accepted.transferred_on == FRIDAY


def test_a_service_is_delivered_without_stock() -> None:
    """It goes from open to delivered."""
    done = confirm(line(ProductKind.SERVICE), Transfer.DELIVER, MONDAY)

    assert (done.status, done.transferred_on) == (FulfillmentStatus.DELIVERED, MONDAY)


@pytest.mark.parametrize(
    ("kind", "status", "event", "reason"),
    [
        ("good", "open", "deliver", "Reserve 1/unit first"),
        ("good", "back_ordered", "deliver", "back_ordered cannot become delivered"),
        ("good", "back_ordered", "ship", "back_ordered cannot become shipped"),
        ("good", "canceled", "deliver", "canceled cannot become delivered"),
        ("service", "open", "ship", "a service is not shipped"),
        ("service", "canceled", "deliver", "canceled cannot become delivered"),
        ("subscription", "open", "deliver", "Provision 1/unit"),
    ],
)
def test_refuses_what_cannot_happen_to_a_line(
    kind: str, status: str, event: str, reason: str
) -> None:
    """A confirmation for the wrong line is a mistake of its sender, said in words."""
    stuck = line(ProductKind(kind), FulfillmentStatus(status))

    with pytest.raises(RefusedError, match=reason):
        confirm(stuck, Transfer(event), MONDAY)


def test_a_subscription_is_provisioned_once() -> None:
    """The day it became usable stays."""
    running = provision(line(ProductKind.SUBSCRIPTION), MONDAY)

    assert (running.status, running.transferred_on) == (FulfillmentStatus.PROVISIONED, MONDAY)
    assert provision(running, FRIDAY) == running


@pytest.mark.parametrize("kind", [ProductKind.GOOD, ProductKind.SERVICE])
def test_only_subscriptions_are_provisioned(kind: ProductKind) -> None:
    """Goods and services are delivered."""
    with pytest.raises(RefusedError, match="only a subscription is provisioned"):
        provision(line(kind), MONDAY)


def test_a_canceled_subscription_is_not_provisioned() -> None:
    """Nobody gets access to what was given up."""
    with pytest.raises(RefusedError, match="canceled"):
        provision(line(ProductKind.SUBSCRIPTION, FulfillmentStatus.CANCELED), MONDAY)


@pytest.mark.parametrize("status", ["open", "back_ordered", "reserved", "canceled"])
def test_cancels_what_has_not_left(status: str) -> None:
    """Canceling twice is canceling once."""
    given_up = cancel(line(status=FulfillmentStatus(status)))

    assert given_up.status is FulfillmentStatus.CANCELED


@pytest.mark.parametrize("status", ["shipped", "delivered", "provisioned"])
def test_what_has_left_cannot_be_canceled(status: str) -> None:
    """That is a return, which needs a credit note."""
    with pytest.raises(RefusedError, match=f"{status} cannot become canceled"):
        cancel(line(status=FulfillmentStatus(status)))


@given(
    events=st.lists(st.sampled_from(Transfer), max_size=6),
    transfer=st.sampled_from(Transfer),
    stock=st.integers(min_value=0, max_value=8),
)
def test_a_transfer_day_never_changes_and_never_comes_without_stock(
    events: list[Transfer], transfer: Transfer, stock: int
) -> None:
    """Whatever is confirmed in whatever order, revenue has one date, and only for real goods."""
    current = after_reservation(line(transfer=transfer), Decimal(stock))
    seen: list[date] = []

    for day, event in enumerate(events, start=1):
        if stock < 4:
            with pytest.raises(RefusedError):
                confirm(current, event, date(2026, 3, day))
            continue
        current = confirm(current, event, date(2026, 3, day))
        if current.transferred_on is not None:
            seen.append(current.transferred_on)

    assert len(set(seen)) <= 1
    assert stock >= 4 or current.transferred_on is None
