"""What an amendment did to a contract: all a person asks about it afterwards, in one value."""

from collections.abc import Mapping, Sequence
from datetime import date

from models.amended_plan import ChargeChange, base_of, numbered
from models.amended_revenue import Treatment
from models.charges import ChargeType
from models.money import Money
from models.periods import Interval
from models.quoting import Quote
from models.value import Value
from models.waterfall import PricedLine


class Replanned(Value):
    """One charge of the plan an amendment took out or put in; a credited one is on an invoice."""

    reference: str
    description: str
    period: Interval
    amount: Money


class Effect(Value):
    """What an amendment comes to.

    `canceled` were planned and not billed, `credited` are on credit notes, `planned` is new. The
    price moves by what is planned less what is canceled and credited.
    """

    version: int
    effective_on: date
    booked_on: date
    treatment: Treatment
    changes: tuple[ChargeChange, ...] = ()
    canceled: tuple[Replanned, ...] = ()
    credited: tuple[Replanned, ...] = ()
    planned: tuple[Replanned, ...] = ()
    credit_notes: tuple[str, ...] = ()
    price_before: Money
    price_after: Money
    arr_before: Money
    arr_after: Money

    @property
    def mrr_before(self) -> Money:
        """What recurred in a month."""
        return self.arr_before.prorate(1, 12)

    @property
    def mrr_after(self) -> Money:
        """What recurs in a month."""
        return self.arr_after.prorate(1, 12)


def lines_of_contract(
    quote: Quote, numbers: Sequence[int], generation: int
) -> Mapping[str, PricedLine]:
    """Return the charges of a version under the contract's numbers, by their identity.

    Each is referred to as of the amendment (`generation`, 0: as signed).
    """
    found = {}
    for line in quote.firm:
        number = _renumbered(line.number, numbers)
        named = line.model_copy(
            update={
                "reference": numbered(line.reference, number, generation),
                "number": number,
            }
        )
        found[base_of(named.reference)] = named
    return found


def renumbered(quote: Quote, numbers: Sequence[int]) -> Quote:
    """Return a version with its lines, and their agreed billing, under the contract's numbers."""
    agreed = tuple(
        each.model_copy(update={"line": _renumbered(each.line, numbers)})
        for each in quote.billing.lines
    )
    return quote.model_copy(
        update={
            "lines": tuple(lines_of_contract(quote, numbers, 0).values()),
            "billing": quote.billing.model_copy(update={"lines": agreed}),
        }
    )


def _renumbered(number: str, numbers: Sequence[int]) -> str:
    top, dot, rest = number.partition(".")
    return f"{numbers[int(top) - 1]}{dot}{rest}"


def promise_of(line: PricedLine) -> str:
    """Return what a recurring charge is promised under: its line, in a ramp its segment."""
    return f"{line.number}{line.segment.suffix if line.segment else ''}"


def recurs(line: PricedLine) -> bool:
    """Whether a charge is billed period by period."""
    return line.charge_type is ChargeType.RECURRING
