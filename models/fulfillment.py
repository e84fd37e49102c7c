"""Fulfillment: what of an order is reserved, shipped, back-ordered, provisioned or canceled."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from models.catalog import ProductKind
from models.charges import ChargeModel, Transfer
from models.errors import RefusedError
from models.pricing import PricedLine
from models.value import Value


class FulfillmentStatus(StrEnum):
    """Where one order line stands."""

    OPEN = "open"
    RESERVED = "reserved"
    BACK_ORDERED = "back_ordered"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    PROVISIONED = "provisioned"
    CANCELED = "canceled"


class OrderLine(Value):
    """One thing to fulfil, from one priced line.

    `number` is the configured line it stands for, `transfer` the event that passes control.
    `transferred_on` is the day control passed to the customer (ASC 606-10-25-30); it drives billing
    on delivery and revenue at a point in time. `quantity` is what is fulfilled, in `unit`s;
    `is_flat` if only flat fees are charged for it: it is one piece of work then.
    """

    reference: str
    number: str = ""
    sku: str
    name: str
    quantity: Decimal
    unit: str = ""
    is_flat: bool = False
    department: str
    kind: ProductKind = ProductKind.GOOD
    transfer: Transfer = Transfer.DELIVER
    status: FulfillmentStatus = FulfillmentStatus.OPEN
    transferred_on: date | None = None


_OPEN = FulfillmentStatus.OPEN
_RESERVED = FulfillmentStatus.RESERVED
_BACK_ORDERED = FulfillmentStatus.BACK_ORDERED
_SHIPPED = FulfillmentStatus.SHIPPED
_DELIVERED = FulfillmentStatus.DELIVERED
_PROVISIONED = FulfillmentStatus.PROVISIONED
_CANCELED = FulfillmentStatus.CANCELED

TRANSITIONS: frozenset[tuple[FulfillmentStatus, FulfillmentStatus]] = frozenset(
    {
        (_OPEN, _RESERVED),
        (_OPEN, _BACK_ORDERED),
        (_OPEN, _DELIVERED),
        (_OPEN, _PROVISIONED),
        (_OPEN, _CANCELED),
        (_BACK_ORDERED, _RESERVED),
        (_BACK_ORDERED, _CANCELED),
        (_RESERVED, _SHIPPED),
        (_RESERVED, _DELIVERED),
        (_RESERVED, _CANCELED),
        (_SHIPPED, _DELIVERED),
    }
)
"""Every step an order line may take. A service goes from open to delivered, a good by its stock;
a good that the customer collects is delivered without being shipped."""

_TRANSFER_ORDER = {Transfer.SHIP: 0, Transfer.DELIVER: 1, Transfer.ACCEPT: 2}


def require_transition(current: FulfillmentStatus, target: FulfillmentStatus) -> None:
    """Pass if an order line may go from `current` to `target`, else raise `RefusedError`."""
    if (current, target) not in TRANSITIONS:
        raise RefusedError(f"An order line that is {current} cannot become {target}")


def order_lines(lines: Sequence[PricedLine]) -> tuple[OrderLine, ...]:
    """Return what a quote's lines oblige us to fulfil: one order line per configured line.

    A product with several charges is fulfilled once, under the reference of its first charge;
    nothing is fulfilled for a quantity of zero.
    """
    charges: dict[str, list[PricedLine]] = {}
    for line in lines:
        charges.setdefault(line.number, []).append(line)
    return tuple(_order_line(own) for own in charges.values() if own[0].quantity > 0)


def after_reservation(line: OrderLine, on_hand: Decimal) -> OrderLine:
    """Reserve the whole line from the units on hand, or back-order all of it.

    Only goods wait for stock; other lines, and goods already reserved or on their way, stay as they
    are, so that reserving twice changes nothing. A canceled line raises `RefusedError`.
    """
    if line.kind is not ProductKind.GOOD or line.status in {_RESERVED, _SHIPPED, _DELIVERED}:
        return line
    target = _RESERVED if on_hand >= line.quantity else _BACK_ORDERED
    return line if target is line.status else _moved(line, target)


def confirm(line: OrderLine, event: Transfer, on: date) -> OrderLine:
    """Record that a good or service was shipped, delivered or accepted on a day.

    Control passes with the line's transfer event, or with a later one if that event was never
    reported; the first day recorded stays. Hearing the same event again, or an earlier one late,
    changes no status. Raises `RefusedError` for what cannot happen to the line.
    """
    if line.kind is ProductKind.SUBSCRIPTION:
        raise RefusedError(f"Provision {line.reference}: a subscription is not handed over")
    if line.kind is ProductKind.SERVICE and event is Transfer.SHIP:
        raise RefusedError(f"Confirm {line.reference} as delivered: a service is not shipped")
    if line.kind is ProductKind.GOOD and line.status is _OPEN:
        raise RefusedError(f"Reserve {line.reference} first: a good leaves from stock")
    target = _SHIPPED if event is Transfer.SHIP else _DELIVERED
    if line.status not in {target, _DELIVERED}:
        line = _moved(line, target)
    passes = _TRANSFER_ORDER[event] >= _TRANSFER_ORDER[line.transfer]
    return _transferred(line, on) if passes else line


def provision(line: OrderLine, on: date) -> OrderLine:
    """Record the day a subscription became usable; doing it again changes nothing.

    Raises `RefusedError` for a good or a service, and for a canceled line.
    """
    if line.kind is not ProductKind.SUBSCRIPTION:
        raise RefusedError(f"Deliver {line.reference}: only a subscription is provisioned")
    if line.status is _PROVISIONED:
        return line
    return _transferred(_moved(line, _PROVISIONED), on)


def cancel(line: OrderLine) -> OrderLine:
    """Give up a line that has not left us; doing it again changes nothing.

    Raises `RefusedError` once it is shipped, delivered or provisioned: that is a return.
    """
    return line if line.status is _CANCELED else _moved(line, _CANCELED)


def _order_line(charges: Sequence[PricedLine]) -> OrderLine:
    line = charges[0]
    is_flat = all(charge.model is ChargeModel.FLAT for charge in charges)
    return OrderLine(
        reference=line.reference,
        number=line.number,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit=line.unit,
        is_flat=is_flat and line.kind is not ProductKind.GOOD,
        department=line.department,
        kind=line.kind,
        transfer=line.transfer,
    )


def _moved(line: OrderLine, target: FulfillmentStatus) -> OrderLine:
    require_transition(line.status, target)
    return line.model_copy(update={"status": target})


def _transferred(line: OrderLine, on: date) -> OrderLine:
    return line.model_copy(update={"transferred_on": line.transferred_on or on})
