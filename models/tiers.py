"""Prices by quantity: flat, per unit, and by the bands of a table of tiers.

Every function is pure and exact: it returns an unrounded amount in major units, and the line rounds
it once. A tier reaches up to and including its `up_to`, so no quantity falls between two tiers,
not even a fraction of a unit.
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, localcontext

from models.price_books import Tier

EXACT = Context(prec=200, traps=[Inexact, InvalidOperation, Overflow])
"""Arithmetic that raises rather than lose a digit. Input is limited so that 200 digits suffice."""


def flat(unit: Decimal) -> Decimal:
    """Return the price, whatever the quantity."""
    return unit


def per_unit(quantity: Decimal, unit: Decimal) -> Decimal:
    """Return the quantity times the unit price."""
    with localcontext(EXACT):
        return quantity * unit


def graduated_by_tier(quantity: Decimal, tiers: Sequence[Tier]) -> tuple[Decimal, ...]:
    """Return the amount of each tier entered: its own units at its own price, plus its flat fee.

    The first tier is entered by any quantity, zero included, so its flat fee is always due. Raises
    `ValueError` if the last tier ends below the quantity.
    """
    tier_of(quantity, tiers)
    amounts: list[Decimal] = []
    reached = Decimal(0)
    with localcontext(EXACT):
        for tier in tiers:
            if amounts and quantity <= reached:
                break
            until = quantity if tier.up_to is None else min(quantity, tier.up_to)
            amounts.append((until - reached) * tier.unit + tier.flat)
            reached = until
    return tuple(amounts)


def graduated(quantity: Decimal, tiers: Sequence[Tier]) -> Decimal:
    """Return the sum over the tiers entered, each unit at the price of its own tier.

    11 units at 10 up to 10 and 8 above cost 108. Raises `ValueError` if no tier holds the quantity.
    """
    with localcontext(EXACT):
        return sum(graduated_by_tier(quantity, tiers), Decimal(0))


def volume(
    quantity: Decimal, tiers: Sequence[Tier], priced_units: Decimal | None = None
) -> Decimal:
    """Return all units at the price of the one tier the quantity falls in, plus its flat fee.

    11 units at 10 up to 10 and 8 above cost 88, less than 10 units do. `priced_units` are priced
    instead where the quantity only chooses the tier, as for part of a period. Raises `ValueError`
    if no tier holds the quantity.
    """
    tier = tier_of(quantity, tiers)
    with localcontext(EXACT):
        return (quantity if priced_units is None else priced_units) * tier.unit + tier.flat


def blocks(quantity: Decimal, size: Decimal, free_units: Decimal = Decimal(0)) -> Decimal:
    """Return how many blocks of `size` units the quantity starts, after the free units.

    Raises `ValueError` if the size is not positive.
    """
    if size <= 0:
        raise ValueError(f"A package must hold more than {size} units to be sold")
    with localcontext(EXACT):
        charged = max(quantity - free_units, Decimal(0))
        return charged // size + (1 if charged % size else 0)


def package(
    quantity: Decimal, unit: Decimal, size: Decimal, free_units: Decimal = Decimal(0)
) -> Decimal:
    """Return the price of all blocks started, `unit` for each; a started block counts as whole.

    Raises `ValueError` if the size is not positive.
    """
    return per_unit(blocks(quantity, size, free_units), unit)


def stairstep(quantity: Decimal, tiers: Sequence[Tier]) -> Decimal:
    """Return the flat price of the one tier the quantity falls in, however much of it is used.

    Zero units are in the first tier. Raises `ValueError` if no tier holds the quantity.
    """
    return tier_of(quantity, tiers).flat


def graduated_delta(
    already: Decimal, quantity: Decimal, tiers: Sequence[Tier]
) -> Mapping[int, Decimal]:
    """Return what `quantity` more units cost on top of those billed, by the tier's place from 1.

    The whole is rated and what was rated before is taken off, so many small bills come to the same
    as one. No further units cost nothing; a tier's flat fee is in the bill that enters it. Raises
    `ValueError` if no tier holds the whole quantity.
    """
    if quantity == 0:
        return {}
    with localcontext(EXACT):
        before = graduated_by_tier(already, tiers) if already else ()
        whole = graduated_by_tier(already + quantity, tiers)
        rated = [*before, *[Decimal(0)] * (len(whole) - len(before))]
        return {
            place: amount - rated[place - 1]
            for place, amount in enumerate(whole, start=1)
            if place >= max(len(before), 1) and _is_touched(already, tiers[place - 1])
        }


def _is_touched(already: Decimal, tier: Tier) -> bool:
    return tier.up_to is None or already < tier.up_to


def tier_of(quantity: Decimal, tiers: Sequence[Tier]) -> Tier:
    """Return the tier the quantity falls in. Raises `ValueError` if none holds it."""
    for tier in tiers:
        if tier.up_to is None or quantity <= tier.up_to:
            return tier
    raise ValueError(f"No tier holds the quantity {quantity}; leave the last tier open")
