"""True-ups: what a quoted line falls short of its commitment becomes a planned charge of its own.

The line keeps its price and its discounts; what is missing is added as another line of the same
number, so that quote, plan, invoices and revenue treat it like everything else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from models.charges import MONTHS, Cadence, ChargeModel, ChargeType, Timing
from models.commitments import shortfall
from models.errors import InvalidInputError, Problem
from models.money import Money
from models.price_books import Commitment, CommitmentSpan

if TYPE_CHECKING:
    from models.waterfall import PricedLine

SUFFIX = "true-up"


def with_true_ups(
    lines: Sequence["PricedLine"], commitments: Mapping[str, Commitment], term_months: int
) -> tuple["PricedLine", ...]:
    """Return the lines with a true-up behind each that falls short of its commitment.

    `commitments` go by the line's reference. A commitment per period is compared with the net
    amount of a full period and billed at each period's end, prorated with it; one over the term
    with the sum of the term's periods, billed at its end. Discounts given once do not count.

    Raises `InvalidInputError` with all commitments over a term of no whole number of periods.
    """
    if not commitments:
        return tuple(lines)
    problems = [
        problem
        for line in lines
        if line.reference in commitments
        for problem in _problems(line, commitments[line.reference], term_months)
    ]
    if problems:
        raise InvalidInputError(problems)
    return tuple(
        each
        for line in lines
        for each in (line, *_true_up(line, commitments.get(line.reference), term_months))
    )


def _problems(line: "PricedLine", commitment: Commitment, term_months: int) -> Iterator[Problem]:
    is_whole = line.cadence is not Cadence.WEEKLY and not term_months % _months(line)
    if commitment.span is CommitmentSpan.TERM and not is_whole:
        yield Problem(
            field=f"line {line.number}",
            reason=f"{line.name} commits to an amount over the term, and {term_months} months are "
            f"no whole number of its periods ({line.cadence})",
            remedy="choose a term of whole periods, or a commitment per period",
        )


def _months(line: "PricedLine") -> Fraction:
    return MONTHS[line.cadence or Cadence.MONTHLY]


def _true_up(
    line: "PricedLine", commitment: Commitment | None, term_months: int
) -> Iterator["PricedLine"]:
    if commitment is None:
        return
    by_term = commitment.span is CommitmentSpan.TERM
    periods = int(term_months // _months(line)) if by_term else 1
    missing = _missing(line.net, commitment, periods)
    if missing.is_zero:
        return
    currency = line.net.currency
    committed = Money.from_decimal(commitment.amount, currency)
    span = "term" if by_term else "period"
    rule = f"{committed} committed per {span}, {line.net.times(periods)} reached"
    yield line.model_copy(
        update={
            "reference": f"{line.reference}/{SUFFIX}",
            "name": f"{line.name}: true-up to {committed} per {span}",
            "charge_type": ChargeType.RECURRING,
            "model": ChargeModel.FLAT,
            "cadence": None if by_term else line.cadence,
            "timing": Timing.IN_ARREARS,
            "quantity": Decimal(1),
            "list_unit": missing.decimal,
            "unit_price": missing.decimal,
            "list_amount": _missing(line.list_amount, commitment, periods),
            "net": missing,
            "once_discount": Money.zero(currency),
            "ssp": Money.zero(currency),
            "cost": None if line.cost is None else Money.zero(currency),
            "waterfall": _steps(line, missing, rule),
            "true_up_of": line.reference,
            "promotions": (),
            "introductory": (),
            "floor": None,
            "ceiling": None,
        }
    )


def _missing(reached: Money, commitment: Commitment, periods: int) -> Money:
    amount = shortfall(reached.times(periods).decimal, commitment.amount)
    return Money.from_decimal(amount, reached.currency)


def _steps(line: "PricedLine", missing: Money, rule: str) -> tuple[object, ...]:
    """Return the steps of a line that has one price and no discount."""
    amount = missing.decimal
    told = dict.fromkeys((step.step for step in line.waterfall), rule)
    return tuple(
        replace(step, input=amount, output=amount, rule=told[step.step]) for step in line.waterfall
    )
