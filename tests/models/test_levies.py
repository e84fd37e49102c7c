"""Levies: solved exactly, rounded once, and a price that holds its taxes stays as it is."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.levies import (
    Levy,
    LevyKind,
    LevyRounding,
    PricedUnits,
    effective_percent,
    levied,
    levy_totals,
    net_unit_price,
    reverse_charged,
)

CENT = Decimal("0.01")


def units(price: str, *levies: Levy, quantity: str = "1") -> PricedUnits:
    return PricedUnits(Decimal(price), Decimal(quantity), levies)


def percent(rate: str, *, held: bool = False, carries: bool = False, sees: bool = True) -> Levy:
    return Levy(
        rate_percent=Decimal(rate),
        price_included=held,
        included_in_later_bases=carries,
        affected_by_earlier=sees,
    )


def share(rate: str, *, held: bool = False) -> Levy:
    return Levy(kind=LevyKind.DIVISION, rate_percent=Decimal(rate), price_included=held)


def fixed(amount: str, *, carries: bool = False, held: bool = False) -> Levy:
    return Levy(
        kind=LevyKind.FIXED_PER_UNIT,
        amount=Decimal(amount),
        included_in_later_bases=carries,
        price_included=held,
    )


def test_a_tax_in_the_price_is_rounded_and_the_rest_is_net() -> None:
    """100.00 with 19 % in it: 15.966... is 15.97, and 84.03 is left; the price stays 100.00."""
    found = levied(units("100", percent("19", held=True)), CENT)

    assert found.excluded == Fraction("84.03")
    assert found.included == 100
    assert found.levies == ((Fraction("84.03"), Fraction("15.97")),)


def test_a_tax_on_tax_sees_what_comes_before_it() -> None:
    """100 with 10 % and then 5 % on 110: 10.00 and 5.50."""
    found = levied(units("100", percent("10", carries=True), percent("5")), CENT)

    assert [each.amount for each in found.levies] == [10, Fraction("5.5")]
    assert effective_percent([percent("10", carries=True), percent("5")]) == Fraction("15.5")


def test_shares_of_a_price_are_taken_of_the_price_with_all_of_them() -> None:
    """20 % and 5 % of the price that holds both: 75 net is 100, of which 20 and 5."""
    found = levied(units("75", share("20"), share("5")))

    assert found.included == 100
    assert [each.amount for each in found.levies] == [20, 5]
    assert levied(units("100", share("20", held=True), share("5", held=True))).excluded == 75


def test_an_amount_per_unit_is_taken_for_every_unit_and_given_back_with_it() -> None:
    """Four units at 0.25 each make 1; a negative price takes it back."""
    assert levied(units("10", fixed("0.25"), quantity="4")).levies[0].amount == 1
    assert levied(units("-10", fixed("0.25"), quantity="4")).levies[0].amount == -1


def test_an_amount_per_unit_in_the_price_is_taken_off_it() -> None:
    """Of 121 with 10 per unit first and 11 % on the sum, 99.009... is net."""
    found = levied(units("121", fixed("10", carries=True, held=True), percent("11", held=True)))

    assert found.excluded == Fraction(121) / Fraction("1.11") - 10
    assert found.included == 121


def test_the_price_of_a_unit_follows_from_a_total_with_everything() -> None:
    """Two units for 268 with 20 % and 10 per unit: (268 - 20) / 1.2 / 2."""
    found = net_unit_price(Decimal(268), [percent("20"), fixed("10")], Decimal(2))

    assert found == Fraction(248) / Fraction("1.2") / 2


def test_a_document_is_rounded_once_where_the_law_says_so() -> None:
    """Three lines of 0.33 at 19 %: 0.18 by line, 0.19 by document."""
    lines = [units("0.33", percent("19"))] * 3

    assert levy_totals(lines, LevyRounding.PER_LINE, CENT).tax == Decimal("0.18")
    assert levy_totals(lines, LevyRounding.PER_DOCUMENT, CENT).tax == Decimal("0.19")
    assert levy_totals(lines, LevyRounding.PER_DOCUMENT, CENT).total == Decimal("1.18")


def test_a_reverse_charge_is_accounted_for_and_deducted() -> None:
    """The buyer pays the price; the tax stands on both sides."""
    found = reverse_charged(Decimal("99.99"), Decimal(21), CENT)

    assert found.included == found.excluded == Fraction("99.99")
    assert [each.amount for each in found.levies] == [Fraction("21.00"), Fraction("-21.00")]


def test_levies_that_leave_nothing_of_a_price_are_refused() -> None:
    """Nobody can sell at a price that is all tax."""
    with pytest.raises(ValueError, match="leave nothing"):
        levied(units("10", share("60"), share("40")))
    with pytest.raises(ValueError, match="leave nothing"):
        levied(units("10", percent("-100", held=True)))
    with pytest.raises(ValueError, match="needs a quantity"):
        net_unit_price(Decimal(1), [], Decimal(0))


LEVIES = st.lists(
    st.builds(
        Levy,
        kind=st.just(LevyKind.PERCENT),
        rate_percent=st.decimals(0, 40, places=2),
        price_included=st.booleans(),
        included_in_later_bases=st.booleans(),
        affected_by_earlier=st.booleans(),
    ),
    max_size=4,
)


@given(price=st.decimals(-5000, 5000, places=2), levies=LEVIES)
def test_the_parts_always_sum_to_the_whole(price: Decimal, levies: list[Levy]) -> None:
    """Rounded or not; and a price with all its levies in it stays to the cent."""
    priced = PricedUnits(price, Decimal(1), tuple(levies))
    for found in (levied(priced), levied(priced, CENT)):
        assert found.included == found.excluded + sum(each.amount for each in found.levies)
        if all(levy.price_included for levy in levies):
            assert found.included == Fraction(price)


@given(price=st.decimals(1, 5000, places=2), levies=LEVIES)
def test_backwards_is_the_way_forwards(price: Decimal, levies: list[Levy]) -> None:
    """The net price that follows from a total leads to that total."""
    stated = [levy.model_copy(update={"price_included": False}) for levy in levies]
    net = net_unit_price(price, stated, Decimal(1))

    assert levied(PricedUnits(net, Decimal(1), tuple(stated))).included == Fraction(price)
