"""Stacking: which reductions count together, and the laws they keep."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.stacking import Reduction, Stacking, counting, taken

HUNDRED = Decimal(100)


def reduction(  # noqa: PLR0913 - one parameter for each thing a reduction says
    percent: str | Decimal | None = None,
    stacking: Stacking = Stacking.COMPOUND,
    *,
    name: str = "",
    amount: str | None = None,
    priority: int = 0,
    source: int = 0,
    reach: str = "1",
) -> Reduction:
    return Reduction(
        source=source,
        name=name,
        percent=None if percent is None else Decimal(percent),
        amount=None if amount is None else Decimal(amount),
        stacking=stacking,
        priority=priority,
        reach=Decimal(reach),
    )


def left_of(base: Decimal, *reductions: Reduction) -> Decimal:
    steps = list(taken(counting(reductions, base), base))
    return steps[-1][2] if steps else base


def test_compound_percentages_are_of_what_is_left() -> None:
    """10 % and then 5 % leave 85.5 of 100, whichever comes first."""
    assert left_of(HUNDRED, reduction("10"), reduction("5")) == Decimal("85.5")
    assert left_of(HUNDRED, reduction("5"), reduction("10")) == Decimal("85.5")


def test_additive_percentages_are_of_the_whole() -> None:
    """10 % and 5 % together are 15 %, which leaves 85.0 of 100."""
    additive = Stacking.ADDITIVE

    assert left_of(HUNDRED, reduction("10", additive), reduction("5", additive)) == Decimal("85.0")


def test_a_compound_percentage_after_an_additive_one_is_of_what_is_left() -> None:
    """20 % of 100, then 10 % of 80."""
    found = left_of(HUNDRED, reduction("20", Stacking.ADDITIVE), reduction("10", source=1))

    assert found == Decimal(72)


def test_of_best_of_only_the_larger_counts_and_others_come_on_top() -> None:
    """20 % rather than 10 %, then 5 % of 80."""
    best = Stacking.BEST_OF

    found = left_of(HUNDRED, reduction("10", best), reduction("20", best), reduction("5", source=2))

    assert found == Decimal(76)


def test_the_best_is_measured_over_the_term() -> None:
    """50 % for one of twelve months is less than 10 % for all of them."""
    brief = reduction("50", Stacking.BEST_OF, name="brief", reach="0.0833")
    lasting = reduction("10", Stacking.BEST_OF, name="lasting")

    assert counting((brief, lasting), HUNDRED) == (lasting,)


def test_an_exclusive_reduction_counts_alone() -> None:
    """Even where the others would take more: that is what it says."""
    found = counting((reduction("5", Stacking.EXCLUSIVE), reduction("40")), HUNDRED)

    assert [one.percent for one in found] == [Decimal(5)]


def test_a_higher_priority_keeps_an_exclusive_one_out() -> None:
    """It cannot be combined with what goes before it."""
    first = reduction("10", priority=1)

    assert counting((reduction("50", Stacking.EXCLUSIVE), first), HUNDRED) == (first,)


@pytest.mark.parametrize(("first", "second", "winner"), [(2, 1, "a"), (1, 2, "b"), (1, 1, "b")])
def test_of_two_exclusive_ones_priority_decides_and_then_the_amount(
    first: int, second: int, winner: str
) -> None:
    """10 % against 20 %."""
    found = counting(
        (
            reduction("10", Stacking.EXCLUSIVE, name="a", priority=first),
            reduction("20", Stacking.EXCLUSIVE, name="b", priority=second),
        ),
        HUNDRED,
    )

    assert [one.name for one in found] == [winner]


def test_reductions_are_taken_in_the_order_of_the_engine() -> None:
    """By source, then the higher priority; 10 off 100 and then 50 % is 45."""
    half, ten = reduction("50", source=1), reduction(amount="10", source=0)

    assert counting((half, ten), HUNDRED) == (ten, half)
    assert left_of(HUNDRED, half, ten) == Decimal(45)


percents = st.decimals(min_value=0, max_value=100, places=2)
amounts = st.decimals(min_value=0, max_value=10_000, places=2)


@given(base=amounts, some=st.lists(percents, max_size=5))
def test_compound_percentages_commute(base: Decimal, some: list[Decimal]) -> None:
    """The order in which they are written down is nobody's discount."""
    forth = [reduction(percent) for percent in some]

    assert left_of(base, *forth) == left_of(base, *reversed(forth))


@given(base=amounts, some=st.lists(percents, min_size=1, max_size=5))
def test_additive_percentages_are_one_percentage(base: Decimal, some: list[Decimal]) -> None:
    """Their sum, taken once."""
    found = left_of(base, *(reduction(percent, Stacking.ADDITIVE) for percent in some))

    assert found == base - base * sum(some, Decimal(0)) / 100


@given(base=amounts, some=st.lists(percents, min_size=1, max_size=5))
def test_best_of_is_as_good_as_the_best_alone(base: Decimal, some: list[Decimal]) -> None:
    """And no better."""
    rivals = [reduction(percent, Stacking.BEST_OF) for percent in some]

    assert left_of(base, *rivals) == min(left_of(base, one) for one in rivals)


@given(base=amounts, some=st.lists(percents, max_size=5), alone=percents)
def test_compounding_never_takes_more_than_adding(
    base: Decimal, some: list[Decimal], alone: Decimal
) -> None:
    """What is taken of what is left is at most what is taken of the whole."""
    both = [*some, alone]
    compound = left_of(base, *(reduction(percent) for percent in both))
    additive = left_of(base, *(reduction(percent, Stacking.ADDITIVE) for percent in both))

    assert compound >= additive


@given(base=amounts, some=st.lists(percents, max_size=4), exclusive=percents)
def test_an_exclusive_reduction_leaves_what_it_leaves_alone(
    base: Decimal, some: list[Decimal], exclusive: Decimal
) -> None:
    """Whatever stands beside it, as long as nothing has a higher priority."""
    one = reduction(exclusive, Stacking.EXCLUSIVE)

    assert left_of(base, one, *(reduction(percent) for percent in some)) == left_of(base, one)
