"""Credit amounts: what a part of a billed amount was worth, with its discount and its tax.

A credit never computes a price again: it takes its share of what the invoice says.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from models.money import Money, exact_part
from models.value import Value


class BilledAmount(Value):
    """One amount of an invoice before its share `off` of a discount on the whole."""

    listed: Money
    off: Money
    tax_percent: tuple[Decimal, ...] = ()

    @property
    def rate(self) -> Decimal:
        """All its taxes together, in percent."""
        return sum(self.tax_percent, Decimal(0))


class CreditAmounts(Value):
    """What a credit comes to; `off` is the discount that goes back with it, rounded line by line.

    `net` is after that discount; tax is rounded once for each rate (EN 16931 BR-CO-17).
    """

    net: Money
    off: Money
    tax: Money

    @property
    def total(self) -> Money:
        """The credit with its tax: the sum of two rounded amounts."""
        return self.net + self.tax


def credit_amounts(parts: Sequence[tuple[BilledAmount, Money]]) -> CreditAmounts:
    """Return what crediting parts of billed amounts (before discount) comes to.

    A part takes with it the same share of the amount's discount. Raises `ValueError` if there is
    nothing to credit, or a part is more than was billed.
    """
    if not parts:
        raise ValueError("There is nothing to credit")
    currency = parts[0][1].currency
    nets: dict[Decimal, Money] = {}
    off = Money.zero(currency)
    for billed, part in parts:
        if part > billed.listed:
            raise ValueError(f"{part} is more than the {billed.listed} that was billed")
        share = billed.off.prorate(part.minor, billed.listed.minor)
        off += share
        nets[billed.rate] = nets.get(billed.rate, Money.zero(currency)) + part - share
    taxes = (net.times(Fraction(rate) / 100) for rate, net in nets.items())
    return CreditAmounts(
        net=Money.total(nets.values(), currency), off=off, tax=Money.total(taxes, currency)
    )


def creditable(gross: Money, credited: Money, asked: Money) -> Money:
    """Return how much of a credit can be given: no more than is left of the invoice."""
    return max(min(asked, gross - credited), Money.zero(gross.currency))


def refundable(paid: Money, credit: Money) -> Money:
    """Return how much of a credit can go back as cash: no more than was paid."""
    return max(min(paid, credit), Money.zero(paid.currency))


def exact_shares(discount: Money, amounts: Sequence[Money]) -> tuple[Fraction, ...]:
    """Return the share of each amount in a discount, in minor units and not rounded.

    Raises `ValueError` if the amounts come to nothing.
    """
    whole = Money.total(amounts, discount.currency)
    return tuple(exact_part(discount.minor, each.minor, whole.minor) for each in amounts)
