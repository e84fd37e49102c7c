"""Levies: taxes that are computed one after the other, on a price that may hold some of them.

A levy is a percentage of its base, a share of the price it is part of (division), or an amount per
unit. Its base is the net price, with the levies before it that say so. All of it is solved exactly
and rounded once, levy by levy or over a document.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, assert_never

from models.money import RoundingMode, round_to_increment
from models.value import Value


class LevyKind(StrEnum):
    """How a levy is measured."""

    PERCENT = "percent"
    DIVISION = "division"
    FIXED_PER_UNIT = "fixed_per_unit"


class Levy(Value):
    """One tax of several on the same price, in their order.

    `price_included` says that the price holds it; `included_in_later_bases` that it is part of
    the base of those after it; `affected_by_earlier` False that it looks at the net price alone.
    A division levy of 5 % is 5 % of the price with it.
    """

    name: str = ""
    kind: LevyKind = LevyKind.PERCENT
    rate_percent: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    price_included: bool = False
    included_in_later_bases: bool = False
    affected_by_earlier: bool = True


class LevyAmount(NamedTuple):
    """What one levy comes to, and on what."""

    base: Fraction
    amount: Fraction


class Levied(NamedTuple):
    """A price without its levies, with them, and each of them."""

    excluded: Fraction
    included: Fraction
    levies: tuple[LevyAmount, ...]


class PricedUnits(NamedTuple):
    """A price for so many units, under its levies."""

    unit_price: Decimal | Fraction
    quantity: Decimal
    levies: tuple[Levy, ...]


class LevyRounding(StrEnum):
    """Where levies are rounded."""

    PER_LINE = "per_line"
    PER_DOCUMENT = "per_document"


class LevyTotals(NamedTuple):
    """What the lines of a document come to; `levies` has one total for each different levy."""

    base: Decimal
    tax: Decimal
    levies: tuple[tuple[Levy, Decimal, Decimal], ...]

    @property
    def total(self) -> Decimal:
        """What is paid."""
        return self.base + self.tax


class _Linear(NamedTuple):
    """A value that depends on the net price: `factor` times it, and so much more."""

    factor: Fraction
    constant: Fraction

    def at(self, net: Fraction) -> Fraction:
        return self.factor * net + self.constant

    def plus(self, other: "_Linear") -> "_Linear":
        return _Linear(self.factor + other.factor, self.constant + other.constant)

    def times(self, by: Fraction) -> "_Linear":
        return _Linear(self.factor * by, self.constant * by)


_NOTHING = _Linear(Fraction(0), Fraction(0))
_NET = _Linear(Fraction(1), Fraction(0))


def levied(units: PricedUnits, increment: Decimal | None = None) -> Levied:
    """Return what a price comes to under its levies.

    Exact without an `increment`. With one every levy is rounded half up to it; what the price holds
    is taken off it after rounding, so that the price itself stays as it is.

    Raises `ValueError` when the levies in a price leave nothing of it or more than all.
    """
    price = Fraction(units.unit_price) * Fraction(units.quantity)
    if increment is not None:
        price = _rounded(price, increment)
    forms = _forms(units.levies, _signed_quantity(units))
    held = _sum(form for levy, (_, form) in _paired(units, forms) if levy.price_included)
    net = _solved(price, held)
    if increment is None:
        amounts = [LevyAmount(base.at(net), tax.at(net)) for base, tax in forms]
        return _result(net, amounts)
    return _rounded_levies(units, forms, (price, net), increment)


def net_unit_price(total_included: Decimal, levies: Sequence[Levy], quantity: Decimal) -> Fraction:
    """Return the net price of a unit that comes to a total with all of its levies, exactly.

    Raises `ValueError` as `levied` does, and for no quantity.
    """
    if not quantity:
        raise ValueError("A price per unit needs a quantity")
    units = PricedUnits(total_included, quantity, tuple(levies))
    every = _sum(tax for _, tax in _forms(units.levies, _signed_quantity(units)))
    return _solved(Fraction(total_included), every) / Fraction(quantity)


def reverse_charged(price: Decimal, rate_percent: Decimal, increment: Decimal) -> Levied:
    """Return a supply whose tax the buyer owes: accounted for and deducted, nothing is paid of it.

    The seller's price is all that is paid (Directive 2006/112/EC art. 196).
    """
    net = _rounded(Fraction(price), increment)
    tax = _rounded(net * Fraction(rate_percent) / 100, increment)
    return Levied(net, net, (LevyAmount(net, tax), LevyAmount(net, -tax)))


def levy_totals(
    lines: Sequence[PricedUnits], rounding: LevyRounding, increment: Decimal
) -> LevyTotals:
    """Return what the lines come to: each levy rounded on its line, or once over all of them.

    A net price is an amount of its own and rounded on its line; a net amount that follows from a
    price with levies in it is rounded over the document, where levies are.
    """
    match rounding:
        case LevyRounding.PER_LINE:
            found = [levied(line, increment) for line in lines]
            bases = [each.excluded for each in found]
        case LevyRounding.PER_DOCUMENT:
            found = [levied(line) for line in lines]
            bases = [
                each.excluded if _holds_levies(line) else _rounded(each.excluded, increment)
                for line, each in zip(lines, found, strict=True)
            ]
        case _:
            assert_never(rounding)
    sums: dict[Levy, LevyAmount] = {}
    for line, each in zip(lines, found, strict=True):
        for levy, (base, amount) in zip(line.levies, each.levies, strict=True):
            known = sums.get(levy, LevyAmount(Fraction(0), Fraction(0)))
            sums[levy] = LevyAmount(known.base + base, known.amount + amount)
    totals = tuple(
        (levy, _shown(base, increment), _shown(amount, increment))
        for levy, (base, amount) in sums.items()
    )
    tax = sum((amount for _, _, amount in totals), Decimal(0))
    return LevyTotals(_shown(sum(bases, Fraction(0)), increment), tax, totals)


def effective_percent(levies: Sequence[Levy]) -> Fraction:
    """Return what levies come to on a net price, in percent; amounts per unit are left out."""
    return 100 * _sum(tax for _, tax in _forms(levies, Fraction(0))).factor


def _forms(levies: Sequence[Levy], quantity: Fraction) -> tuple[tuple[_Linear, _Linear], ...]:
    """Return base and amount of each levy as they follow from the net price."""
    later = _NOTHING
    forms: list[tuple[_Linear, _Linear]] = []
    for run in _runs(levies):
        before = _NET.plus(later)
        shares = sum((Fraction(levy.rate_percent) / 100 for levy in run), Fraction(0))
        for levy in run:
            base = before if levy.affected_by_earlier else _NET
            tax = _tax(levy, base, quantity, shares)
            forms.append((base, tax))
            if levy.included_in_later_bases:
                later = later.plus(tax)
    return tuple(forms)


def _runs(levies: Sequence[Levy]) -> Iterator[list[Levy]]:
    """Yield the levies that look at the same price; shares of one price belong together."""
    run: list[Levy] = []
    for before, levy in pairwise((None, *levies)):
        if levy is None:
            continue
        if before is not None and not _same_run(before, levy):
            yield run
            run = []
        run.append(levy)
    if run:
        yield run


def _same_run(before: Levy, levy: Levy) -> bool:
    return (
        before.kind is levy.kind is LevyKind.DIVISION
        and before.price_included == levy.price_included
        and before.affected_by_earlier == levy.affected_by_earlier
        and not (before.included_in_later_bases and levy.affected_by_earlier)
    )


def _tax(levy: Levy, base: _Linear, quantity: Fraction, shares: Fraction) -> _Linear:
    rate = Fraction(levy.rate_percent) / 100
    match levy.kind:
        case LevyKind.PERCENT:
            return base.times(rate)
        case LevyKind.DIVISION:
            if shares >= 1:
                raise ValueError("Shares of a price of 100 % or more leave nothing of it")
            return base.times(rate / (1 - shares))
        case LevyKind.FIXED_PER_UNIT:
            return _Linear(Fraction(0), Fraction(levy.amount) * quantity)
        case _:
            assert_never(levy.kind)


def _signed_quantity(units: PricedUnits) -> Fraction:
    """Return the units levied: those of a negative price are taken back."""
    return Fraction(units.quantity) * (-1 if units.unit_price < 0 else 1)


def _solved(price: Fraction, held: _Linear) -> Fraction:
    if held.factor <= -1:
        raise ValueError("The levies in the price leave nothing of it")
    return (price - held.constant) / (1 + held.factor)


def _rounded_levies(
    units: PricedUnits,
    forms: Sequence[tuple[_Linear, _Linear]],
    amounts: tuple[Fraction, Fraction],
    increment: Decimal,
) -> Levied:
    price, exact_net = amounts
    taken = {
        index: _rounded(tax.at(exact_net), increment)
        for index, (levy, (_, tax)) in enumerate(_paired(units, forms))
        if levy.price_included
    }
    net = price - sum(taken.values(), Fraction(0))
    later = Fraction(0)
    found: list[LevyAmount] = []
    for index, (levy, (_, tax)) in enumerate(_paired(units, forms)):
        base = net + later if levy.affected_by_earlier else net
        amount = taken[index] if index in taken else _rounded(tax.at(net), increment)
        found.append(LevyAmount(base, amount))
        if levy.included_in_later_bases:
            later += amount
    return _result(net, found)


def _paired(
    units: PricedUnits, forms: Sequence[tuple[_Linear, _Linear]]
) -> Iterator[tuple[Levy, tuple[_Linear, _Linear]]]:
    return zip(units.levies, forms, strict=True)


def _holds_levies(line: PricedUnits) -> bool:
    return any(levy.price_included for levy in line.levies)


def _sum(forms: Iterator[_Linear]) -> _Linear:
    total = _NOTHING
    for form in forms:
        total = total.plus(form)
    return total


def _result(net: Fraction, amounts: Sequence[LevyAmount]) -> Levied:
    return Levied(net, net + sum((each.amount for each in amounts), Fraction(0)), tuple(amounts))


def _rounded(value: Fraction, increment: Decimal) -> Fraction:
    return Fraction(_shown(value, increment))


def _shown(value: Fraction, increment: Decimal) -> Decimal:
    return round_to_increment(value, increment, RoundingMode.HALF_UP)
