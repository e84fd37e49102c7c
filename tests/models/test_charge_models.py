"""Charge models: what each makes of a quantity, how it says so, and what holds for any price."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.charge_models import charge_amount, cheaper_quantity, explain, extension_rule
from models.charges import ChargeModel
from models.formulas import FormulaError
from models.price_books import DrawDown, PriceBookEntry, Tier

D = Decimal
TEN_THEN_EIGHT = (Tier(up_to=D(10), unit=D(10)), Tier(unit=D(8), flat=D(1)))
STEPS = (Tier(up_to=D(10), flat=D(100)), Tier(up_to=D(50), flat=D(400)), Tier(flat=D(1500)))
PERCENTS = (
    Tier(up_to=D(1000), percent=D("2.9"), flat=D(5)),
    Tier(percent=D("1.5")),
)


def entry(**prices: Any) -> PriceBookEntry:
    return PriceBookEntry(sku="A", charge="a", **prices)


CASES: list[tuple[ChargeModel, str, dict[str, Any], str, str]] = [
    (ChargeModel.FLAT, "12", {"unit": 7}, "7", "flat: 7"),
    (ChargeModel.PER_UNIT, "12", {"unit": 7}, "84", "12 x 7"),
    (ChargeModel.PACKAGE, "12", {"unit": 7, "package_size": 5}, "21", "3 packages of 5 x 7"),
    (
        ChargeModel.GRADUATED,
        "12",
        {"tiers": TEN_THEN_EIGHT},
        "117",
        "graduated: 10 x 10 + 2 x 8 + 1 flat",
    ),
    (ChargeModel.VOLUME, "12", {"tiers": TEN_THEN_EIGHT}, "97", "volume: 12 x 8 + 1 flat"),
    (
        ChargeModel.STAIRSTEP,
        "12",
        {"tiers": STEPS},
        "400",
        "stairstep: 12 in the band up to 50: 400",
    ),
    (
        ChargeModel.STAIRSTEP,
        "51",
        {"tiers": STEPS},
        "1500",
        "stairstep: 51 in the band any quantity: 1500",
    ),
    (
        ChargeModel.PERCENTAGE,
        "1000",
        {"percent": "2.9", "fixed": "0.30", "free_amount": 200},
        "23.5",
        "2.9 % of 800 (200 free) + 0.3 fixed",
    ),
    (
        ChargeModel.PERCENTAGE,
        "1000",
        {"percent": "2.9", "maximum_each": 12},
        "12",
        "2.9 % of 1000, at most 12 each",
    ),
    (
        ChargeModel.PERCENTAGE,
        "10",
        {"percent": "2.9", "minimum_each": "1.75"},
        "1.75",
        "2.9 % of 10, at least 1.75 each",
    ),
    (
        ChargeModel.GRADUATED_PERCENTAGE,
        "1200",
        {"tiers": PERCENTS},
        "37",
        "graduated percentage: 1000 x 2.9 % + 5 flat + 200 x 1.5 %",
    ),
    (
        ChargeModel.FORMULA,
        "12",
        {"formula": "base + max(0, quantity - 10) * unit", "unit": 8, "parameters": {"base": 99}},
        "115",
        "formula: base + max(0, quantity - 10) * unit, with base = 99, unit = 8, quantity = 12",
    ),
    (
        ChargeModel.SPEND_COMMITMENT,
        "2",
        {"unit": 1000, "draw_down": DrawDown(credit=D(1100), overage_percent=D(120))},
        "2000",
        "prepaid: 2 x 1000, to draw down 2200; beyond it at 120 % of the price",
    ),
]


@pytest.mark.parametrize(("model", "quantity", "prices", "amount", "rule"), CASES)
def test_every_model_has_its_amount_and_says_how_it_came(
    model: ChargeModel, quantity: str, prices: dict[str, Any], amount: str, rule: str
) -> None:
    """Figures by hand: 1200 at 2.9 % up to 1000 and 1.5 % above are 29 + 5 + 3."""
    found = explain(model, D(quantity), entry(**prices))

    assert (found.amount, found.rule) == (D(amount), rule)
    assert sum(band.amount for band in found.bands) == found.unbounded


def test_every_model_is_among_the_cases() -> None:
    """A model that nobody tried is a model that nobody knows."""
    assert {case[0] for case in CASES} == set(ChargeModel)


@pytest.mark.parametrize(
    ("quantity", "amount", "rule"),
    [
        ("1", "50", "1 x 10 = 10, at least 50"),
        ("7", "70", "7 x 10"),
        ("100", "300", "100 x 10 = 1000, at most 300"),
    ],
)
def test_a_charge_stays_within_its_minimum_and_maximum(
    quantity: str, amount: str, rule: str
) -> None:
    """The waterfall shows what it would have been."""
    price = entry(unit=10, minimum=50, maximum=300)

    assert charge_amount(ChargeModel.PER_UNIT, D(quantity), price) == D(amount)
    assert extension_rule(ChargeModel.PER_UNIT, D(quantity), price) == rule


@pytest.mark.parametrize(
    ("quantity", "cheaper"),
    [("10", "11"), ("9", "11"), ("8", None), ("11", None), ("500", None)],
)
def test_a_larger_quantity_that_costs_less_is_found(quantity: str, cheaper: str | None) -> None:
    """11 x 8 + 1 = 89 is less than 10 x 10 and 9 x 10, not less than 8 x 10."""
    found = cheaper_quantity(ChargeModel.VOLUME, D(quantity), entry(tiers=TEN_THEN_EIGHT))

    assert (found.quantity if found else None) == (D(cheaper) if cheaper else None)


def test_the_saving_of_a_larger_quantity_is_told() -> None:
    """10 cost 100, 11 cost 89."""
    found = cheaper_quantity(ChargeModel.VOLUME, D(10), entry(tiers=TEN_THEN_EIGHT))

    assert found is not None
    assert (found.amount, found.saving) == (D(89), D(11))


def test_without_whole_units_a_thousandth_more_is_enough() -> None:
    """10.001 x 8 + 1."""
    price = entry(tiers=TEN_THEN_EIGHT)

    found = cheaper_quantity(ChargeModel.VOLUME, D("9.5"), price, whole_units=False)

    assert found is not None
    assert (found.quantity, found.amount) == (D("10.001"), D("81.008"))


def test_graduated_prices_have_no_cheaper_quantity() -> None:
    """Each unit adds its own price."""
    assert cheaper_quantity(ChargeModel.GRADUATED, D(10), entry(tiers=TEN_THEN_EIGHT)) is None


def test_a_stairstep_may_go_down() -> None:
    """A band that costs less than the one below it is a cliff like any other."""
    tiers = (Tier(up_to=D(10), flat=D(100)), Tier(flat=D(90)))

    found = cheaper_quantity(ChargeModel.STAIRSTEP, D(3), entry(tiers=tiers))

    assert found is not None
    assert (found.quantity, found.saving) == (D(11), D(10))


def test_a_formula_that_cannot_be_computed_is_a_problem_and_no_crash() -> None:
    """The price per user of no users."""
    with pytest.raises(FormulaError, match="nothing can be divided by it: 'quantity'"):
        charge_amount(ChargeModel.FORMULA, D(0), entry(formula="100 / quantity"))


quantities = st.decimals(min_value=0, max_value=10**5, places=3)
prices = st.decimals(min_value=0, max_value=10**4, places=4)
bounds = st.lists(
    st.decimals(min_value=1, max_value=10**4, places=2), min_size=0, max_size=4, unique=True
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Draw a sound table of tiers: rising bounds, the last one open."""
    ends: list[Decimal | None] = [*sorted(draw(bounds)), None]
    return tuple(
        Tier(up_to=end, unit=draw(prices), flat=draw(prices), percent=draw(prices)) for end in ends
    )


@given(tiers=tables(), quantity=quantities, more=quantities)
def test_more_never_costs_less_where_each_tier_adds(
    tiers: tuple[Tier, ...], quantity: Decimal, more: Decimal
) -> None:
    """Graduated amounts and percentages only grow."""
    for model in (ChargeModel.GRADUATED, ChargeModel.GRADUATED_PERCENTAGE):
        price = entry(tiers=tiers)
        assert charge_amount(model, quantity, price) <= charge_amount(model, quantity + more, price)


@given(tiers=tables(), quantity=quantities)
def test_the_bands_make_up_the_quantity_and_the_amount(
    tiers: tuple[Tier, ...], quantity: Decimal
) -> None:
    """Nothing falls between two bands, and what is explained is what is charged."""
    found = explain(ChargeModel.GRADUATED, quantity, entry(tiers=tiers))

    assert sum(band.units for band in found.bands) == quantity
    assert sum(band.units * band.unit + band.flat for band in found.bands) == found.amount


@given(tiers=tables(), bound=st.integers(0, 3))
def test_graduated_prices_do_not_jump_where_no_fee_is_due(
    tiers: tuple[Tier, ...], bound: int
) -> None:
    """At a bound the next unit costs its own price and nothing else."""
    free = tuple(tier.model_copy(update={"flat": D(0)}) for tier in tiers)
    end = free[min(bound, len(free) - 1)].up_to
    if end is None:
        return
    price, after = entry(tiers=free), free[min(bound, len(free) - 1) + 1]

    at, beyond = (charge_amount(ChargeModel.GRADUATED, q, price) for q in (end, end + D("0.001")))

    assert beyond - at == after.unit * D("0.001")


@given(tiers=tables(), quantity=quantities)
def test_a_cheaper_quantity_is_larger_and_cheaper(
    tiers: tuple[Tier, ...], quantity: Decimal
) -> None:
    """The hint is true by the price it was taken from."""
    price = entry(tiers=tiers)
    found = cheaper_quantity(ChargeModel.VOLUME, quantity, price, whole_units=False)

    if found is not None:
        amount = charge_amount(ChargeModel.VOLUME, quantity, price)
        assert found.quantity > quantity
        assert charge_amount(ChargeModel.VOLUME, found.quantity, price) == amount - found.saving
        assert found.saving > 0


@given(quantity=quantities, price=prices, low=prices, span=prices)
def test_no_amount_leaves_its_bounds(
    quantity: Decimal, price: Decimal, low: Decimal, span: Decimal
) -> None:
    """Whatever the quantity."""
    bounded = entry(unit=price, minimum=low, maximum=low + span)

    assert low <= charge_amount(ChargeModel.PER_UNIT, quantity, bounded) <= low + span
