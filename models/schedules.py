"""Schedules: a price billed in agreed parts, independent of the periods it is served in.

The parts of a schedule sum to the price of its lines, and each line's parts to its own, both to
the minor unit.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from models.billing_terms import AgreedBilling, SchedulePart
from models.errors import InvalidInputError, Problem
from models.money import AllocationStrategy, Money, allocate_minor
from models.periods import Interval
from models.plan import PlannedCharge


def scheduled_plan(
    plan: Sequence[PlannedCharge], agreed: AgreedBilling
) -> tuple[PlannedCharge, ...]:
    """Return the plan with the charges of scheduled lines replaced by the parts of their schedule.

    A percentage of all lines of a schedule together is rounded by largest remainder, and what each
    part takes from which line as well, so that no line is billed more than it comes to. A part
    covers all days its line is served; it is billed on its day, or without one at its milestone.

    Raises `InvalidInputError` with each schedule whose amounts are not what its lines come to.
    """
    groups: dict[str, dict[str, list[PlannedCharge]]] = {}
    parts: dict[str, tuple[SchedulePart, ...]] = {}
    for charge in plan:
        name, schedule = agreed.scheduled(charge.number)
        if name:
            parts[name] = schedule
            groups.setdefault(name, {}).setdefault(charge.reference, []).append(charge)
    problems = [
        problem
        for name, lines in groups.items()
        for problem in _amount_problems(name, parts[name], _price(lines))
    ]
    if problems:
        raise InvalidInputError(problems)
    planned = {
        reference: charges
        for name, lines in groups.items()
        for reference, charges in _in_parts(lines, parts[name]).items()
    }
    return tuple(_merged(plan, planned))


def _merged(
    plan: Sequence[PlannedCharge], planned: dict[str, list[PlannedCharge]]
) -> Iterator[PlannedCharge]:
    """Keep the order of the lines: the parts of one stand where its first billing stood."""
    for charge in plan:
        if charge.reference not in planned:
            yield charge
        else:
            yield from planned[charge.reference]
            planned[charge.reference] = []


def _in_parts(
    lines: dict[str, list[PlannedCharge]], schedule: Sequence[SchedulePart]
) -> dict[str, list[PlannedCharge]]:
    """Share each part over what is left of the lines; the last takes all that is left."""
    left = {reference: _sum(charges).minor for reference, charges in lines.items()}
    off = {reference: _discounts(charges, schedule) for reference, charges in lines.items()}
    found: dict[str, list[PlannedCharge]] = {reference: [] for reference in lines}
    for index, amount in enumerate(_amounts(schedule, _price(lines))):
        weights = list(left.values())
        shares = amount.allocate(weights) if any(weights) else [amount for _ in weights]
        for (reference, charges), share in zip(lines.items(), shares, strict=True):
            left[reference] -= share.minor
            part = _part(charges, schedule[index], index + 1)
            changes = {"amount": share, "discount": off[reference][index]}
            found[reference].append(part.model_copy(update=changes))
    return found


def _part(charges: Sequence[PlannedCharge], part: SchedulePart, number: int) -> PlannedCharge:
    first = charges[0]
    period = Interval(start=first.period.start, end=charges[-1].period.end)
    return first.model_copy(
        update={
            "reference": f"{first.reference}@{number}",
            "part": number,
            "period": period,
            "bill_on": part.on,
            "milestone": part.milestone.strip(),
        }
    )


def _amounts(schedule: Sequence[SchedulePart], price: Money) -> Sequence[Money]:
    if any(part.percent is not None for part in schedule):
        return _shared(price, schedule)
    return [Money.from_decimal(part.amount or Decimal(0), price.currency) for part in schedule]


def _discounts(
    charges: Sequence[PlannedCharge], schedule: Sequence[SchedulePart]
) -> Sequence[Money]:
    """Share the discount of a line over its parts as the price is shared."""
    discount = Money.total((each.discount for each in charges), charges[0].amount.currency)
    return _shared(discount, schedule)


def _shared(whole: Money, schedule: Sequence[SchedulePart]) -> Sequence[Money]:
    weights = [part.percent or part.amount or Decimal(0) for part in schedule]
    shares = allocate_minor(whole.minor, weights, AllocationStrategy.LARGEST_REMAINDER)
    return [Money(minor=share, currency=whole.currency) for share in shares]


def _amount_problems(
    name: str, schedule: Sequence[SchedulePart], price: Money
) -> Iterator[Problem]:
    amounts = _amounts(schedule, price)
    total = Money.total(amounts, price.currency)
    if total != price:
        reason = f"comes to {total}, and what it bills to {price}"
        remedy = "let the amounts add up to the price, or use percent"
        yield Problem(field=f"{name}.schedule", reason=reason, remedy=remedy)


def _price(lines: dict[str, list[PlannedCharge]]) -> Money:
    totals = [_sum(charges) for charges in lines.values()]
    return Money.total(totals, totals[0].currency)


def _sum(charges: Sequence[PlannedCharge]) -> Money:
    return Money.total((each.amount for each in charges), charges[0].amount.currency)
