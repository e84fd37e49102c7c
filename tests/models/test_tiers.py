"""Charge models: published tables, the zero and the fraction, and what holds for any table."""

from collections.abc import Callable, Sequence
from decimal import Decimal, Inexact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.charge_models import charge_amount
from models.charges import ChargeModel
from models.price_books import PriceBookEntry, Tier
from models.tiers import (
    blocks,
    flat,
    graduated,
    graduated_by_tier,
    graduated_delta,
    package,
    per_unit,
    stairstep,
    volume,
)

TEN_THEN_EIGHT = (Tier(up_to=Decimal(10), unit=Decimal(10)), Tier(unit=Decimal(8)))
WITH_FEES = (
    Tier(up_to=Decimal(10), unit=Decimal(10), flat=Decimal(2)),
    Tier(up_to=Decimal(20), unit=Decimal(5), flat=Decimal(3)),
    Tier(unit=Decimal(5), flat=Decimal(3)),
)

amounts = st.decimals(min_value=0, max_value=10**6, places=4)


def test_flat_ignores_the_quantity() -> None:
    """One price for the charge, however many there are."""
    assert flat(Decimal("99.50")) == Decimal("99.50")


def test_per_unit_keeps_every_decimal() -> None:
    """10 units at 5.12345 cost 51.2345; only the line rounds."""
    assert per_unit(Decimal(10), Decimal("5.12345")) == Decimal("51.2345")


@pytest.mark.parametrize(
    ("quantity", "graduated_amount", "volume_amount"),
    [("10", "100", "100"), ("11", "108", "88"), ("13", "124", "104")],
)
def test_graduated_and_volume_part_after_the_first_tier(
    quantity: str, graduated_amount: str, volume_amount: str
) -> None:
    """Tiers 1-10 at 10 and 11+ at 8, as every vendor's manual shows them."""
    assert graduated(Decimal(quantity), TEN_THEN_EIGHT) == Decimal(graduated_amount)
    assert volume(Decimal(quantity), TEN_THEN_EIGHT) == Decimal(volume_amount)


@pytest.mark.parametrize(("quantity", "amount"), [("0", "2"), ("12", "115"), ("21", "163")])
def test_graduated_adds_the_flat_fee_of_each_tier_entered(quantity: str, amount: str) -> None:
    """The first tier is entered even by zero units (Lago's own test figures)."""
    assert graduated(Decimal(quantity), WITH_FEES) == Decimal(amount)


def test_a_tier_is_not_entered_before_its_bound_is_passed() -> None:
    """5 units fill the first tier, 5.001 enter the second and owe its fee."""
    tiers = (Tier(up_to=Decimal(5), flat=Decimal(100)), Tier(flat=Decimal(50)))

    assert graduated_by_tier(Decimal(5), tiers) == (Decimal(100),)
    assert graduated_by_tier(Decimal("5.001"), tiers) == (Decimal(100), Decimal(50))


def test_volume_adds_only_the_flat_fee_of_the_tier_reached() -> None:
    """15 units are in the second tier: 15 x 5 + 3."""
    assert volume(Decimal(15), WITH_FEES) == Decimal(78)


def test_volume_has_no_gap_between_two_tiers() -> None:
    """10.5 units are above the first tier's bound, so the second prices them all."""
    assert volume(Decimal("10.5"), TEN_THEN_EIGHT) == Decimal(84)


def test_volume_prices_other_units_than_those_that_choose_the_tier() -> None:
    """300 units choose the last tier, 198.6 prorated units are priced: 198.6 x 8."""
    assert volume(Decimal(300), TEN_THEN_EIGHT, Decimal("198.6")) == Decimal("1588.8")


@pytest.mark.parametrize(("quantity", "amount"), [("0", "2"), ("10", "2"), ("10.5", "3")])
def test_stairstep_is_flat_within_a_band(quantity: str, amount: str) -> None:
    """The unit prices of the table play no part; nothing at all is in the first band."""
    assert stairstep(Decimal(quantity), WITH_FEES) == Decimal(amount)


@pytest.mark.parametrize(
    ("already", "more", "parts"),
    [
        ("0", "3", {1: "32"}),
        ("0", "12", {1: "102", 2: "13"}),
        ("3", "7", {1: "70"}),
        ("3", "9", {1: "70", 2: "13"}),
        ("10", "1", {2: "8"}),
        ("12", "9", {2: "40", 3: "8"}),
        ("12", "0", {}),
        ("0", "0", {}),
    ],
)
def test_what_is_new_since_the_last_bill_is_told_by_tier(
    already: str, more: str, parts: dict[int, str]
) -> None:
    """A tier's fee is in the bill that enters it: 12 after 3 are 7 x 10, then 3 + 2 x 5."""
    found = graduated_delta(Decimal(already), Decimal(more), WITH_FEES)

    assert found == {place: Decimal(amount) for place, amount in parts.items()}


@pytest.mark.parametrize(
    ("quantity", "free", "amount"),
    [("120", "0", "1200"), ("121", "0", "1300"), ("121", "200", "0"), ("0", "0", "0")],
)
def test_a_started_package_counts_as_whole(quantity: str, free: str, amount: str) -> None:
    """Packages of 10 for 100."""
    assert package(Decimal(quantity), Decimal(100), Decimal(10), Decimal(free)) == Decimal(amount)


@pytest.mark.parametrize("size", ["0", "-1"])
def test_an_empty_package_is_refused(size: str) -> None:
    """It would take endlessly many of them."""
    with pytest.raises(ValueError, match="must hold more than"):
        blocks(Decimal(1), Decimal(size))


@pytest.mark.parametrize("charge_model", [graduated, volume])
def test_a_quantity_above_a_closed_last_tier_has_no_price(
    charge_model: Callable[[Decimal, Sequence[Tier]], Decimal],
) -> None:
    """A guess would be a price that nobody set."""
    with pytest.raises(ValueError, match="No tier holds the quantity 11"):
        charge_model(Decimal(11), TEN_THEN_EIGHT[:1])


@pytest.mark.parametrize(
    ("model", "amount"),
    [
        (ChargeModel.FLAT, "3"),
        (ChargeModel.PER_UNIT, "33"),
        (ChargeModel.GRADUATED, "108"),
        (ChargeModel.VOLUME, "88"),
        (ChargeModel.PACKAGE, "9"),
    ],
)
def test_every_model_prices_by_its_part_of_the_entry(model: ChargeModel, amount: str) -> None:
    """11 units: flat 3, 11 x 3, tiers, and 3 packages of 5 for 3 each."""
    entry = PriceBookEntry(
        sku="A", charge="a", unit=Decimal(3), tiers=TEN_THEN_EIGHT, package_size=Decimal(5)
    )

    assert charge_amount(model, Decimal(11), entry) == Decimal(amount)


@pytest.mark.parametrize("model", [ChargeModel.FLAT, ChargeModel.PER_UNIT, ChargeModel.PACKAGE])
def test_an_entry_without_its_price_is_refused(model: ChargeModel) -> None:
    """Zero would be a price."""
    with pytest.raises(ValueError, match="The price of A/a lacks"):
        charge_amount(model, Decimal(1), PriceBookEntry(sku="A", charge="a"))


def test_more_digits_than_can_be_exact_are_an_error() -> None:
    """No digit is dropped in silence."""
    with pytest.raises(Inexact):
        per_unit(Decimal("1." + "0" * 150 + "1"), Decimal("1." + "0" * 150 + "1"))


@given(quantity=amounts, bound=st.decimals(min_value=1, max_value=1000, places=2), unit=amounts)
def test_tiers_of_one_price_cost_what_that_price_costs(
    quantity: Decimal, bound: Decimal, unit: Decimal
) -> None:
    """Cutting a quantity into tiers neither loses nor makes a unit."""
    tiers = (Tier(up_to=bound, unit=unit), Tier(unit=unit))

    assert graduated(quantity, tiers) == quantity * unit
    assert volume(quantity, tiers) == quantity * unit


@given(quantity=amounts, more=amounts)
def test_more_units_never_cost_less_when_graduated(quantity: Decimal, more: Decimal) -> None:
    """Volume prices may fall at a bound; graduated ones cannot."""
    assert graduated(quantity, WITH_FEES) <= graduated(quantity + more, WITH_FEES)


@given(quantity=amounts, size=st.decimals(min_value=1, max_value=1000, places=2))
def test_packages_hold_the_quantity_and_not_a_package_more(
    quantity: Decimal, size: Decimal
) -> None:
    """Started blocks are counted exactly."""
    count = blocks(quantity, size)

    assert (count - 1) * size < quantity <= count * size or quantity == count == 0


@given(first=amounts.filter(bool), more=st.lists(amounts, max_size=5))
def test_many_small_bills_come_to_one_large_one(first: Decimal, more: list[Decimal]) -> None:
    """However the usage came in."""
    billed, total = Decimal(0), Decimal(0)
    for quantity in [first, *more]:
        total += sum(graduated_delta(billed, quantity, WITH_FEES).values())
        billed += quantity

    assert total == graduated(billed, WITH_FEES)


@given(one=amounts, other=amounts, size=st.decimals(min_value=1, max_value=100, places=1))
def test_a_quantity_ordered_in_parts(one: Decimal, other: Decimal, size: Decimal) -> None:
    """By the unit it costs the same; in packages and in falling tiers never less than at once."""
    unit = Decimal("9.99")

    assert per_unit(one, unit) + per_unit(other, unit) == per_unit(one + other, unit)
    apart = package(one, unit, size) + package(other, unit, size)
    assert package(one + other, unit, size) <= apart
    assert graduated(one + other, TEN_THEN_EIGHT) <= (
        graduated(one, TEN_THEN_EIGHT) + graduated(other, TEN_THEN_EIGHT)
    )
