"""Revenue after an amendment: what remains is earned over the services that remain.

What was earned before the amendment counts stays. What was not, with the change of the price, is
the price of the services still to be rendered and is shared over them by their standalone selling
prices (ASC 606-10-25-13(a), IFRS 15.21(a)). Services that are only added, at no less than they sell
for, are a contract of their own (ASC 606-10-25-12, IFRS 15.20).
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from models.money import Money
from models.periods import Interval
from models.recognition import Obligation, Satisfaction, earned
from models.value import Value


class Treatment(StrEnum):
    """How an amendment is accounted for."""

    SEPARATE_CONTRACT = "separate_contract"
    PROSPECTIVE = "prospective"
    TERMINATION = "termination"


class Stretch(NamedTuple):
    """Days of service that remain of one promise, at one version of its line."""

    reference: str
    name: str
    days: Interval
    ssp: Money


class Modified(Value):
    """Promises after an amendment.

    `kept` are cut where the amendment counts from, at what was earned by then; `ended` had not
    begun; `new` are the services that remain.
    """

    kept: tuple[Obligation, ...] = ()
    ended: tuple[str, ...] = ()
    new: tuple[Obligation, ...] = ()


def treatment_of(added: Money, ssp: Money, *, only_adds: bool, ends: bool) -> Treatment:
    """Return how an amendment is accounted for: `added` is what its services cost, `ssp` their SSP.

    The order of the tests is that of the standard: distinct services at their price first.
    """
    if ends:
        return Treatment.TERMINATION
    if only_adds and added >= ssp:
        return Treatment.SEPARATE_CONTRACT
    return Treatment.PROSPECTIVE


def separate(additions: Sequence[tuple[Stretch, Money]]) -> Modified:
    """Return the promises of services added at their price; nothing else moves."""
    return Modified(new=tuple(_promise(stretch, price) for stretch, price in additions))


def prospective(
    promises: Sequence[Obligation], at: date, change: Money, left: Sequence[Stretch]
) -> Modified:
    """Return the promises after a modification that counts from `at`.

    `change` is how far the price of the contract moves, `left` what is rendered from `at` on. Goods
    and one-time services keep their share. If nothing is left, what was not earned is earned with
    the services that were rendered.
    """
    services = [one for one in promises if one.satisfaction is Satisfaction.OVER_TIME]
    touched = [one for one in services if one.period.end > at]
    done = {one.reference: earned(one, at) for one in services}
    pool = change + Money.total(
        (one.allocated - done[one.reference] for one in touched), change.currency
    )
    started = [one for one in touched if one.period.start < at]
    if not left and not pool.is_zero:
        started = started or [one for one in services if one.period.start < at] or touched
        shares = pool.allocate([max(one.ssp.minor, 1) for one in started])
        for one, share in zip(started, shares, strict=True):
            done[one.reference] += share
    kept = {one.reference for one in started}
    weights = [stretch.ssp.minor for stretch in left]
    if left and not any(weights):
        weights = [stretch.days.days for stretch in left]
    new = pool.allocate(weights) if left else []
    return Modified(
        kept=tuple(_cut(one, at, done[one.reference]) for one in started),
        ended=tuple(one.reference for one in touched if one.reference not in kept),
        new=tuple(_promise(stretch, share) for stretch, share in zip(left, new, strict=True)),
    )


def rest_of(promise: Obligation, at: date) -> Stretch | None:
    """Return what remains of a promise nobody changes, from a day on; None if it is over."""
    start = max(promise.period.start, at)
    if promise.satisfaction is not Satisfaction.OVER_TIME or promise.period.end <= start:
        return None
    days = Interval(start=start, end=promise.period.end)
    ssp = promise.ssp.prorate(days.days, promise.period.days)
    return Stretch(promise.reference, promise.name, days, ssp)


def _cut(promise: Obligation, at: date, allocated: Money) -> Obligation:
    start = promise.period.start
    days = Interval(start=start, end=max(min(promise.period.end, at), start))
    ssp = promise.ssp.prorate(days.days, promise.period.days or 1)
    return promise.model_copy(update={"period": days, "allocated": allocated, "ssp": ssp})


def _promise(stretch: Stretch, price: Money) -> Obligation:
    return Obligation(
        reference=stretch.reference,
        name=stretch.name,
        satisfaction=Satisfaction.OVER_TIME,
        ssp=stretch.ssp,
        allocated=price,
        period=stretch.days,
    )
