"""Charge models: how a quantity becomes an amount by one price book entry, and how to say so.

Every model is pure and exact; the line rounds once. Whoever adds a model finds the rest of the
house by its `match` statements, which know every member.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Literal, TypeAlias, assert_never

from models.charges import ChargeModel
from models.formulas import formula_amount, names_in
from models.percentages import (
    PercentagePrice,
    graduated_percentage,
    percent_tiers,
    percentage_by_transaction,
)
from models.price_books import PriceBookEntry, Tier
from models.tiers import (
    EXACT,
    blocks,
    flat,
    graduated,
    graduated_by_tier,
    package,
    per_unit,
    stairstep,
    tier_of,
    volume,
)
from models.value import Value

TieredModel: TypeAlias = Literal[
    ChargeModel.GRADUATED,
    ChargeModel.VOLUME,
    ChargeModel.STAIRSTEP,
    ChargeModel.GRADUATED_PERCENTAGE,
]
"""The models priced by a table of tiers."""

PRICED_BY_UNIT = frozenset(
    {
        ChargeModel.FLAT,
        ChargeModel.PER_UNIT,
        ChargeModel.PACKAGE,
        ChargeModel.SPEND_COMMITMENT,
    }
)
"""The models whose entry has one price, which an agreed price replaces; the others have a table."""

FORMULA_PRICES = ("unit", "percent", "fixed", "package_size")
"""The prices of an entry that its formula may use by name, where they are given."""

FORMULA_FACTS = ("quantity", "term_months")
"""What a formula may use of the line and the deal."""


class Band(Value):
    """A part of a quantity that is priced alike: its units, their price, and what is due once."""

    units: Decimal
    unit: Decimal
    flat: Decimal = Decimal(0)
    amount: Decimal


class Explanation(Value):
    """An amount and how it came about: the rule in words and the bands, which sum to `unbounded`.

    `amount` is `unbounded` brought within the entry's minimum and maximum.
    """

    amount: Decimal
    unbounded: Decimal
    rule: str
    bands: tuple[Band, ...]


class CheaperQuantity(Value):
    """A larger quantity that costs less: `quantity` costs `amount`, `saving` less."""

    quantity: Decimal
    amount: Decimal
    saving: Decimal


def charge_amount(model: ChargeModel, quantity: Decimal, entry: PriceBookEntry) -> Decimal:
    """Return what a quantity costs by one price book entry: once, or per billing period.

    Raises `ValueError` for an entry that cannot price the model, which `entry_gap` tells before,
    and `FormulaError` for a formula that cannot be computed from the entry.
    """
    amount = _unbounded(model, quantity, entry)
    if entry.maximum is not None:
        amount = min(amount, entry.maximum)
    return amount if entry.minimum is None else max(amount, entry.minimum)


def explain(model: ChargeModel, quantity: Decimal, entry: PriceBookEntry) -> Explanation:
    """Return what a quantity costs and how it came about. Raises as `charge_amount` does."""
    unbounded = _unbounded(model, quantity, entry)
    amount = charge_amount(model, quantity, entry)
    return Explanation(
        amount=amount,
        unbounded=unbounded,
        rule=extension_rule(model, quantity, entry),
        bands=tuple(_bands(model, quantity, entry, unbounded)),
    )


def extension_rule(model: ChargeModel, quantity: Decimal, entry: PriceBookEntry) -> str:
    """Say in one line how the amount of a quantity follows: `graduated: 10 x 10 + 1 x 8`."""
    rule = _rule(model, quantity, entry)
    if entry.minimum is None and entry.maximum is None:
        return rule
    unbounded = _unbounded(model, quantity, entry)
    if entry.minimum is not None and unbounded < entry.minimum:
        return f"{rule} = {plain(unbounded)}, at least {plain(entry.minimum)}"
    if entry.maximum is not None and unbounded > entry.maximum:
        return f"{rule} = {plain(unbounded)}, at most {plain(entry.maximum)}"
    return rule


def cheaper_quantity(
    model: ChargeModel, quantity: Decimal, entry: PriceBookEntry, *, whole_units: bool = True
) -> CheaperQuantity | None:
    """Return the least larger quantity that costs less than this one, or None.

    A volume or stairstep price may fall where a tier begins: of tiers 1-10 at 10 and 11+ at 8,
    eleven units cost less than ten. Without whole units the quantity is given to a thousandth.
    """
    if model not in {ChargeModel.VOLUME, ChargeModel.STAIRSTEP}:
        return None
    amount = charge_amount(model, quantity, entry)
    for tier in entry.tiers:
        if tier.up_to is None or tier.up_to < quantity:
            continue
        step = Decimal(1) if whole_units else Decimal("0.001")
        beyond = (tier.up_to // step + 1) * step
        costs = charge_amount(model, beyond, entry)
        if costs < amount:
            return CheaperQuantity(quantity=beyond, amount=costs, saving=amount - costs)
    return None


def plain(value: Decimal) -> str:
    """Write a number without an exponent and without zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def formula_values(quantity: Decimal, entry: PriceBookEntry) -> Mapping[str, Decimal | str]:
    """Return what a formula may use: the quantity, the entry's prices, parameters, attributes."""
    prices = {name: getattr(entry, name) for name in FORMULA_PRICES}
    return {
        **entry.attributes,
        **entry.parameters,
        **{name: price for name, price in prices.items() if price is not None},
        "quantity": quantity,
    }


def percentage_price(entry: PriceBookEntry) -> PercentagePrice:
    """Return an entry's percentage with its free part and bounds."""
    return PercentagePrice(
        percent=_given(entry.percent, entry),
        fixed=entry.fixed,
        free_units=entry.free_units,
        free_amount=entry.free_amount,
        minimum_each=entry.minimum_each,
        maximum_each=entry.maximum_each,
    )


def _unbounded(model: ChargeModel, quantity: Decimal, entry: PriceBookEntry) -> Decimal:
    match model:
        case ChargeModel.FLAT:
            return flat(_given(entry.unit, entry))
        case ChargeModel.PER_UNIT | ChargeModel.SPEND_COMMITMENT:
            return per_unit(quantity, _given(entry.unit, entry))
        case ChargeModel.PACKAGE:
            return package(quantity, _given(entry.unit, entry), _given(entry.package_size, entry))
        case ChargeModel.PERCENTAGE:
            return _by_percentage(quantity, entry)
        case ChargeModel.FORMULA:
            return formula_amount(entry.formula, formula_values(quantity, entry))
        case _:
            return _by_tiers(model, quantity, entry.tiers)


def _by_tiers(model: TieredModel, quantity: Decimal, tiers: Sequence[Tier]) -> Decimal:
    match model:
        case ChargeModel.GRADUATED:
            return graduated(quantity, tiers)
        case ChargeModel.VOLUME:
            return volume(quantity, tiers)
        case ChargeModel.STAIRSTEP:
            return stairstep(quantity, tiers)
        case ChargeModel.GRADUATED_PERCENTAGE:
            return graduated_percentage(quantity, tiers)
        case _:
            assert_never(model)


def _by_percentage(quantity: Decimal, entry: PriceBookEntry) -> Decimal:
    """A quoted quantity is the base amount of one transaction; metered ones come one by one."""
    with localcontext(EXACT):
        priced = percentage_by_transaction(percentage_price(entry), [quantity])
        return sum((one.costs for one in priced), Decimal(0))


def _given(price: Decimal | None, entry: PriceBookEntry) -> Decimal:
    if price is None:
        raise ValueError(f"The price of {entry.sku}/{entry.charge} lacks its unit or package size")
    return price


def _rule(model: ChargeModel, quantity: Decimal, entry: PriceBookEntry) -> str:
    match model:
        case ChargeModel.FLAT | ChargeModel.PER_UNIT | ChargeModel.PACKAGE:
            return _unit_rule(model, quantity, entry)
        case ChargeModel.SPEND_COMMITMENT:
            return _prepaid_rule(quantity, entry)
        case ChargeModel.PERCENTAGE:
            return _percentage_rule(quantity, entry)
        case ChargeModel.FORMULA:
            return f"formula: {_formula_rule(quantity, entry)}"
        case _:
            return _tiered_rule(model, quantity, entry)


def _unit_rule(model: ChargeModel, quantity: Decimal, entry: PriceBookEntry) -> str:
    unit = plain(_given(entry.unit, entry))
    if model is ChargeModel.FLAT:
        return f"flat: {unit}"
    if model is ChargeModel.PER_UNIT:
        return f"{plain(quantity)} x {unit}"
    size = _given(entry.package_size, entry)
    return f"{plain(blocks(quantity, size))} packages of {plain(size)} x {unit}"


def _tiered_rule(model: TieredModel, quantity: Decimal, entry: PriceBookEntry) -> str:
    match model:
        case ChargeModel.GRADUATED:
            return f"graduated: {' + '.join(_tier_terms(quantity, entry.tiers))}"
        case ChargeModel.GRADUATED_PERCENTAGE:
            terms = _tier_terms(quantity, entry.tiers, percent=True)
            return f"graduated percentage: {' + '.join(terms)}"
        case ChargeModel.VOLUME:
            return f"volume: {_term(quantity, tier_of(quantity, entry.tiers))}"
        case ChargeModel.STAIRSTEP:
            reached = tier_of(quantity, entry.tiers)
            bound = "any quantity" if reached.up_to is None else f"up to {plain(reached.up_to)}"
            return f"stairstep: {plain(quantity)} in the band {bound}: {plain(reached.flat)}"
        case _:
            assert_never(model)


def _tier_terms(
    quantity: Decimal, tiers: Sequence[Tier], *, percent: bool = False
) -> Iterator[str]:
    for tier, units in _parts(quantity, tiers):
        yield _term(units, tier, percent=percent)


def _term(units: Decimal, tier: Tier, *, percent: bool = False) -> str:
    fee = f" + {plain(tier.flat)} flat" if tier.flat else ""
    price = f"{plain(tier.percent)} %" if percent else plain(tier.unit)
    return f"{plain(units)} x {price}{fee}"


def _parts(quantity: Decimal, tiers: Sequence[Tier]) -> Iterator[tuple[Tier, Decimal]]:
    """Yield each tier entered with the units in it."""
    below = Decimal(0)
    for tier, _ in zip(tiers, graduated_by_tier(quantity, tiers), strict=False):
        until = quantity if tier.up_to is None else min(quantity, tier.up_to)
        yield tier, until - below
        below = until


def _prepaid_rule(quantity: Decimal, entry: PriceBookEntry) -> str:
    unit = _given(entry.unit, entry)
    credit = unit if entry.draw_down.credit is None else entry.draw_down.credit
    beyond = plain(entry.draw_down.overage_percent)
    return (
        f"prepaid: {plain(quantity)} x {plain(unit)}, to draw down {plain(quantity * credit)}; "
        f"beyond it at {beyond} % of the price"
    )


def _percentage_rule(quantity: Decimal, entry: PriceBookEntry) -> str:
    (one,) = percentage_by_transaction(percentage_price(entry), [quantity])
    free = f" ({plain(quantity - one.charged)} free)" if one.charged != quantity else ""
    fixed = f" + {plain(entry.fixed)} fixed" if entry.fixed and one.costs else ""
    rule = f"{plain(_given(entry.percent, entry))} % of {plain(one.charged)}{free}{fixed}"
    bounds = [
        f"{word} {plain(bound)} each"
        for word, bound in (("at least", entry.minimum_each), ("at most", entry.maximum_each))
        if bound is not None and one.costs == bound
    ]
    return ", ".join([rule, *bounds])


def _formula_rule(quantity: Decimal, entry: PriceBookEntry) -> str:
    values = formula_values(quantity, entry)
    used = [
        f"{name} = {plain(value) if isinstance(value, Decimal) else value}"
        for name, value in values.items()
        if name in names_in(entry.formula)
    ]
    return f"{' '.join(entry.formula.split())}" + (f", with {', '.join(used)}" if used else "")


def _bands(
    model: ChargeModel, quantity: Decimal, entry: PriceBookEntry, unbounded: Decimal
) -> Iterator[Band]:
    match model:
        case ChargeModel.GRADUATED | ChargeModel.GRADUATED_PERCENTAGE:
            graded = model is ChargeModel.GRADUATED
            tiers = entry.tiers if graded else percent_tiers(entry.tiers)
            amounts = graduated_by_tier(quantity, tiers)
            for (tier, units), amount in zip(_parts(quantity, tiers), amounts, strict=True):
                yield Band(units=units, unit=tier.unit, flat=tier.flat, amount=amount)
        case ChargeModel.VOLUME:
            tier = tier_of(quantity, entry.tiers)
            yield Band(units=quantity, unit=tier.unit, flat=tier.flat, amount=unbounded)
        case ChargeModel.PER_UNIT | ChargeModel.SPEND_COMMITMENT:
            unit = _given(entry.unit, entry)
            yield Band(units=quantity, unit=unit, amount=unbounded)
        case ChargeModel.PACKAGE:
            count = blocks(quantity, _given(entry.package_size, entry))
            yield Band(units=count, unit=_given(entry.unit, entry), amount=unbounded)
        case (
            ChargeModel.FLAT | ChargeModel.STAIRSTEP | ChargeModel.PERCENTAGE | ChargeModel.FORMULA
        ):
            yield Band(units=quantity, unit=Decimal(0), flat=unbounded, amount=unbounded)
        case _:
            assert_never(model)
