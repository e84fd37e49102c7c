"""How the lines of an offer stand on the page: a section per bundle, the others together.

Optional lines stand apart at the end and count in no sum but their own. Whatever the sections,
their subtotals sum to the subtotals of all lines, to the minor unit.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from models.charges import Cadence, ChargeType
from models.money import Money, round_half_up
from models.periods import Interval
from models.plan import PlannedCharge
from models.pricing import PricedLine
from models.value import Value


class SectionKind(StrEnum):
    """Why lines stand together."""

    BUNDLE = "bundle"
    SINGLE = "single"
    OPTIONAL = "optional"


class Rhythm(StrEnum):
    """What amounts must have in common to be added up: how often they are billed."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"
    ONCE = "once"
    SCHEDULED = "scheduled"
    ONCE_DISCOUNT = "once_discount"


class Subtotal(Value):
    """The net amounts of one rhythm; a discount given once is negative."""

    rhythm: Rhythm
    amount: Money


class Section(Value):
    """Lines that stand together; a bundle's `title` is its name, others have none."""

    kind: SectionKind
    title: str = ""
    lines: tuple[PricedLine, ...]

    @property
    def subtotals(self) -> tuple[Subtotal, ...]:
        """The sums of the lines by rhythm."""
        return subtotals(self.lines)

    def depths(self) -> tuple[int, ...]:
        """Return of each line how many lines of this section it is a component of."""
        numbers = {line.number for line in self.lines}
        return tuple(sum(above in numbers for above in _above(line.number)) for line in self.lines)


def sections(lines: Sequence[PricedLine]) -> tuple[Section, ...]:
    """Return the lines in sections, in their order; optional ones in the last section."""
    offered = [line for line in lines if not line.optional]
    optional = tuple(line for line in lines if line.optional)
    found = list(_sections(offered))
    if optional:
        found.append(Section(kind=SectionKind.OPTIONAL, lines=optional))
    return tuple(found)


def subtotals(lines: Sequence[PricedLine]) -> tuple[Subtotal, ...]:
    """Return what the lines come to by rhythm, nothing left out but usage, which has no amount.

    Amounts are per billing period, discounts given once a sum of their own.
    """
    sums: dict[Rhythm, Money] = {}
    for line in lines:
        if line.charge_type is ChargeType.USAGE:
            continue
        rhythm = rhythm_of(line)
        sums[rhythm] = sums[rhythm] + line.net if rhythm in sums else line.net
        if line.once_discount.minor:
            given = sums.get(Rhythm.ONCE_DISCOUNT, Money.zero(line.net.currency))
            sums[Rhythm.ONCE_DISCOUNT] = given - line.once_discount
    return tuple(
        Subtotal(rhythm=rhythm, amount=sums[rhythm])
        for rhythm in Rhythm
        if rhythm in sums and sums[rhythm].minor
    )


def rhythm_of(line: PricedLine) -> Rhythm:
    """Return how often a line is billed."""
    match line.cadence:
        case Cadence.WEEKLY:
            return Rhythm.WEEKLY
        case Cadence.MONTHLY:
            return Rhythm.MONTHLY
        case Cadence.QUARTERLY:
            return Rhythm.QUARTERLY
        case Cadence.HALF_YEARLY:
            return Rhythm.HALF_YEARLY
        case Cadence.YEARLY:
            return Rhythm.YEARLY
        case None:
            return Rhythm.ONCE


def discount_of(line: PricedLine) -> tuple[Money, Decimal] | None:
    """Return how far a line lies below list, as an amount and in percent with one decimal.

    None if it does not: an agreed price above list is a price, not a discount.
    """
    off = line.list_amount - line.net
    if off.minor <= 0:
        return None
    return off, round_half_up(Decimal(off.minor * 100) / line.list_amount.minor, 1)


def rise_of(line: PricedLine) -> tuple[Money, Decimal] | None:
    """Return how far a line lies above list, as an amount and in percent with one decimal.

    None if it does not, and where list is nothing, of which there is no percentage.
    """
    above = line.net - line.list_amount
    if above.minor <= 0 or line.list_amount.minor <= 0:
        return None
    return above, round_half_up(Decimal(above.minor * 100) / line.list_amount.minor, 1)


class Instalments(Value):
    """What the plan bills of one rhythm over the term, and in how many equal amounts.

    `count` and `each` are 0 where the amounts differ: part of a period, a ramp, an introductory
    price.
    """

    rhythm: Rhythm
    amount: Money
    count: int = 0
    each: Money


def instalments(
    lines: Sequence[PricedLine], plan: Sequence[PlannedCharge], currency: str
) -> tuple[Instalments, ...]:
    """Return what the plan bills by rhythm; the amounts sum to the plan, to the minor unit."""
    rhythms = {line.reference: rhythm_of(line) for line in lines}
    billings: dict[Rhythm, dict[Interval, int]] = {}
    for charge in plan:
        rhythm = rhythms.get(charge.reference, Rhythm.ONCE)
        rhythm = Rhythm.SCHEDULED if charge.part else rhythm
        days = billings.setdefault(rhythm, {})
        days[charge.period] = days.get(charge.period, 0) + charge.amount.minor
    return tuple(
        _instalments(rhythm, tuple(billings[rhythm].values()), currency)
        for rhythm in Rhythm
        if rhythm in billings
    )


def _instalments(rhythm: Rhythm, amounts: Sequence[int], currency: str) -> Instalments:
    is_even = len(set(amounts)) == 1
    return Instalments(
        rhythm=rhythm,
        amount=Money(minor=sum(amounts), currency=currency),
        count=len(amounts) if is_even else 0,
        each=Money(minor=amounts[0] if is_even else 0, currency=currency),
    )


def _sections(lines: Sequence[PricedLine]) -> Iterator[Section]:
    singles: list[PricedLine] = []
    for _, group in groupby(lines, key=_top):
        members = tuple(group)
        if not _is_bundle(members):
            singles += members
            continue
        if singles:
            yield Section(kind=SectionKind.SINGLE, lines=tuple(singles))
            singles = []
        yield Section(kind=SectionKind.BUNDLE, title=_title(members), lines=members)
    if singles:
        yield Section(kind=SectionKind.SINGLE, lines=tuple(singles))


def _top(line: PricedLine) -> str:
    return line.number.split(".", maxsplit=1)[0]


def _is_bundle(members: Sequence[PricedLine]) -> bool:
    return any(line.parent is not None for line in members)


def _title(members: Sequence[PricedLine]) -> str:
    """Return the bundle's number and name; a head with several charges has them behind a colon."""
    head = members[0]
    own = head.name.partition(": ")[0] if head.parent is None else ""
    name = own or next((line.bundle for line in members if line.bundle), "")
    return " \N{MIDDLE DOT} ".join(part for part in (_top(head), name) if part)


def _above(number: str) -> tuple[str, ...]:
    """Return the numbers of everything a component lies in: of 1.2.3 these are 1 and 1.2."""
    parts = number.split(".")
    return tuple(".".join(parts[:size]) for size in range(1, len(parts)))
