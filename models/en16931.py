"""The totals of an invoice by EN 16931: from quantities and prices, allowances and charges.

Everything is worked out in decimals of the document's scale; half a unit is rounded away from zero.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from models.money import round_half_up
from models.value import Value


class DocumentLine(Value):
    """One line: a quantity at a net price per so many units, less allowances, plus charges.

    `net_given` is the net amount where the seller states it himself: EN 16931 binds the net amount
    of a line (BT-131) by the sums alone. `rate` is None outside the scope of VAT (BR-O-5).
    """

    quantity: Decimal
    net_price: Decimal
    price_base_quantity: Decimal = Decimal(1)
    allowances: tuple[Decimal, ...] = ()
    charges: tuple[Decimal, ...] = ()
    category: str
    rate: Decimal | None = None
    net_given: Decimal | None = None


class DocumentPart(Value):
    """An allowance on the whole document, or a charge, with the category it is taxed in."""

    is_charge: bool
    amount: Decimal
    category: str
    rate: Decimal | None = None


class CategoryTotal(Value):
    """One VAT category and rate of a document (BG-23)."""

    category: str
    rate: Decimal | None
    taxable: Decimal
    tax: Decimal


class DocumentTotals(Value):
    """The totals of a document (BG-22), the net amounts of its lines and its VAT breakdown."""

    line_net: tuple[Decimal, ...]
    line_total: Decimal
    allowance_total: Decimal
    charge_total: Decimal
    tax_exclusive: Decimal
    tax_total: Decimal
    tax_inclusive: Decimal
    payable: Decimal
    breakdown: tuple[CategoryTotal, ...]


def document_totals(
    lines: Sequence[DocumentLine],
    parts: Sequence[DocumentPart] = (),
    *,
    prepaid: Decimal = Decimal(0),
    rounding: Decimal = Decimal(0),
    scale: int = 2,
) -> DocumentTotals:
    """Return the totals by EN 16931 BR-CO-10 to BR-CO-17; categories in order of appearance.

    Raises `ValueError` for a line priced per no units.
    """
    nets = [line_net(line, scale) for line in lines]
    allowances = _total(part.amount for part in parts if not part.is_charge)
    charges = _total(part.amount for part in parts if part.is_charge)
    exclusive = _total(nets) - allowances + charges
    breakdown = _breakdown(lines, nets, parts, scale)
    tax = _total(each.tax for each in breakdown)
    return DocumentTotals(
        line_net=tuple(nets),
        line_total=_total(nets),
        allowance_total=allowances,
        charge_total=charges,
        tax_exclusive=exclusive,
        tax_total=tax,
        tax_inclusive=exclusive + tax,
        payable=exclusive + tax - prepaid + rounding,
        breakdown=breakdown,
    )


def line_net(line: DocumentLine, scale: int) -> Decimal:
    """Return the net amount of a line: the one stated, else quantity at its price, rounded once.

    Raises `ValueError` for a price per no units.
    """
    if line.net_given is not None:
        return line.net_given
    if not line.price_base_quantity:
        raise ValueError("A price needs the units it is for (BT-149)")
    exact = Fraction(line.quantity) * Fraction(line.net_price) / Fraction(line.price_base_quantity)
    gross = round_half_up(exact, scale)
    return gross - _total(line.allowances) + _total(line.charges)


def _breakdown(
    lines: Sequence[DocumentLine],
    nets: Sequence[Decimal],
    parts: Sequence[DocumentPart],
    scale: int,
) -> tuple[CategoryTotal, ...]:
    taxable: dict[tuple[str, Decimal | None], Decimal] = {}
    for line, net in zip(lines, nets, strict=True):
        place = (line.category, line.rate)
        taxable[place] = taxable.get(place, Decimal(0)) + net
    for part in parts:
        place = (part.category, part.rate)
        signed = part.amount if part.is_charge else -part.amount
        taxable[place] = taxable.get(place, Decimal(0)) + signed
    return tuple(
        CategoryTotal(
            category=category,
            rate=rate,
            taxable=base,
            tax=round_half_up(Fraction(base) * Fraction(rate or 0) / 100, scale),
        )
        for (category, rate), base in taxable.items()
    )


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
