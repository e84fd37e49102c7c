"""Voiding: an invoice that never reached its customer may be undone, where its country allows it.

Everything else is corrected by a credit note that names it (EU VAT Directive art. 219).
"""

from collections.abc import Iterator

from models.errors import Problem
from models.parties import Entity
from models.value import Value

COUNTRIES_THAT_ALLOW_IT = frozenset({"AU", "CA", "GB", "NZ", "US"})
"""Where an invoice may be made void unless the entity says otherwise; elsewhere it has to say so.

An engineering default and no advice: what a tax office accepts is for the entity's accountant.
"""

_CREDIT_IT = "credit it: `q2c invoice credit`"


class Standing(Value):
    """What has happened to an issued invoice so far."""

    is_void: bool = False
    is_delivered: bool = False
    is_paid: bool = False
    is_credited: bool = False
    is_written_off: bool = False


def may_void(entity: Entity) -> bool:
    """Whether an entity's undelivered invoices may be made void."""
    if entity.may_void is not None:
        return entity.may_void
    return entity.address.country in COUNTRIES_THAT_ALLOW_IT


def void_problems(number: str, entity: Entity, standing: Standing) -> Iterator[Problem]:
    """Yield everything that keeps an invoice from being made void, each with what to do instead."""
    if standing.is_void:
        reason = f"{number} is void already"
        yield Problem(field="invoice", reason=reason, remedy="there is nothing to do")
        return
    if not may_void(entity):
        reason = f"invoices of {entity.number} ({entity.address.country}) are not made void"
        yield Problem(field="invoice", reason=reason, remedy=_CREDIT_IT)
    for has_happened, what in (
        (standing.is_delivered, "has reached its customer"),
        (standing.is_paid, "is paid, in part at least"),
        (standing.is_credited, "is credited, in part at least"),
        (standing.is_written_off, "is written off"),
    ):
        if has_happened:
            yield Problem(field="invoice", reason=f"{number} {what}", remedy=_CREDIT_IT)
