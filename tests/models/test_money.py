"""Money adds up, mirrors, and is rounded once."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.currencies import MINOR_UNITS, is_currency
from models.errors import CurrencyMismatchError
from models.money import (
    AllocationStrategy,
    Money,
    RoundingMode,
    allocate_minor,
    convert,
    exact_part,
    exponent,
    minor_units,
    round_half_up,
    round_to_increment,
    round_together,
)

MINORS = st.integers(min_value=-(10**15), max_value=10**15)
WEIGHTS = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=12).filter(any)
CURRENCIES = st.sampled_from(sorted(MINOR_UNITS))


def usd(minor: int) -> Money:
    """So many cents."""
    return Money(minor=minor, currency="USD")


def eur(minor: int) -> Money:
    """So many cents of a euro."""
    return Money(minor=minor, currency="EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.50", "EUR", 12_50),
        ("1.005", "EUR", 1_01),
        ("-1.005", "EUR", -1_01),
        ("1.00499999999999999999999999999999999999", "EUR", 1_00),
        ("1234.5", "JPY", 1235),
        ("1.0005", "KWD", 1_001),
        ("0.00005", "CLF", 1),
        ("123456789012345678901234567890.12", "USD", 12345678901234567890123456789012),
    ],
)
def test_a_half_minor_unit_goes_away_from_zero(amount: str, currency: str, minor: int) -> None:
    """Semantics 9: half up, by the currency's own decimals, however long the number is."""
    assert Money.from_decimal(Decimal(amount), currency) == Money(minor=minor, currency=currency)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_no_amount(amount: str) -> None:
    """A decimal may hold no number; an amount always does."""
    with pytest.raises(ValueError, match="no finite number"):
        Money.from_decimal(Decimal(amount), "EUR")


@pytest.mark.parametrize("minor", [1.5, 1.0, "1", True])
def test_only_whole_numbers_are_minor_units(minor: object) -> None:
    """A float or a text in place of minor units is a mistake of the caller."""
    with pytest.raises(ValidationError):
        Money.model_validate({"minor": minor, "currency": "EUR"})


def test_money_travels_as_json_unchanged() -> None:
    """Payloads carry amounts as JSON."""
    assert Money.model_validate_json(usd(-5).model_dump_json()) == usd(-5)


def test_amounts_of_one_currency_are_calculated_with() -> None:
    """Plus, minus, the other way, without sign."""
    assert usd(1_00) + usd(23) == usd(1_23)
    assert usd(1_00) - usd(1_23) == usd(-23)
    assert -usd(5) == usd(-5)
    assert abs(usd(-5)) == usd(5)
    assert usd(0).is_zero
    assert not usd(-1).is_zero


def test_amounts_of_one_currency_are_compared() -> None:
    """Order is that of the minor units; amounts of two currencies are merely not equal."""
    assert sorted([usd(2), usd(-3), usd(1)]) == [usd(-3), usd(1), usd(2)]
    assert usd(1) < usd(2)
    assert not usd(1) < usd(1)
    assert usd(1) <= usd(1)
    assert usd(2) > usd(1)
    assert not usd(1) > usd(1)
    assert usd(1) >= usd(1)
    assert not usd(1) >= usd(2)
    assert usd(1) != eur(1)


@pytest.mark.parametrize(
    "operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"]
)
def test_two_currencies_never_meet(operation: str) -> None:
    """Never cross currency silently, not even with nothing of the other one."""
    with pytest.raises(CurrencyMismatchError, match=r"1\.00 USD and 0\.00 EUR cannot meet"):
        getattr(usd(1_00), operation)(Money.zero("EUR"))


def test_a_total_is_of_the_currency_asked_for() -> None:
    """No amounts make zero of it; an amount of another one is refused."""
    assert Money.total([], "JPY") == Money(minor=0, currency="JPY")
    assert Money.total(iter([usd(1), usd(2), usd(-4)]), "USD") == usd(-1)
    with pytest.raises(CurrencyMismatchError):
        Money.total([usd(1), eur(1)], "USD")


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (usd(123450), "1,234.50 USD"),
        (usd(-123450), "-1,234.50 USD"),
        (usd(5), "0.05 USD"),
        (Money(minor=1234567, currency="JPY"), "1,234,567 JPY"),
        (Money(minor=1234567, currency="KWD"), "1,234.567 KWD"),
        (Money(minor=10**30, currency="JPY"), "1" + ",000" * 10 + " JPY"),
    ],
)
def test_money_is_written_with_all_its_decimals(money: Money, text: str) -> None:
    """Messages and documents show the currency's own number of decimals."""
    assert str(money) == text


@pytest.mark.parametrize(
    ("minor", "factor", "expected"),
    [
        (33, Decimal("0.19"), 6),
        (99, Decimal("0.19"), 19),
        (1, Decimal("0.5"), 1),
        (-1, Decimal("0.5"), -1),
        (1, Fraction(1, 3), 0),
        (-200, Fraction(1, 3), -67),
        (25, 3, 75),
    ],
)
def test_a_rate_is_applied_and_rounded_once(
    minor: int, factor: Decimal | Fraction | int, expected: int
) -> None:
    """Test vector 7: three lines of 0.33 at 19 % are 0.06 each, and 0.19 on their sum."""
    assert eur(minor).times(factor) == eur(expected)


@pytest.mark.parametrize(
    ("minor", "part", "whole", "expected"),
    [
        (249_95, 14, 31, 112_88),
        (-249_95, 27, 31, -217_70),
        (10_00, 1, 2, 5_00),
        (40_00, 366, 731, 20_03),
        (31_00, 17, 31, 17_00),
        (10_00, 92, 31, 29_68),
        (10_00, 0, 31, 0),
    ],
)
def test_part_of_a_period_costs_its_part(minor: int, part: int, whole: int, expected: int) -> None:
    """Semantics 3 and test vectors 2, 5 and 14: days over days of the full period, rounded once."""
    assert usd(minor).prorate(part, whole) == usd(expected)


@pytest.mark.parametrize("whole", [0, -31])
def test_nothing_is_a_part_of_an_empty_period(whole: int) -> None:
    """A period without days is a mistake of the caller, not free of charge."""
    with pytest.raises(ValueError, match="must be positive"):
        usd(1).prorate(1, whole)


def test_an_exact_part_keeps_its_fraction() -> None:
    """What is rounded later must not be rounded before."""
    assert exact_part(100, 4, 7) == Fraction(400, 7)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (100_00, [50, 25, 75], [33_33, 16_67, 50_00]),
        (5, [3, 7], [2, 3]),
        (5, [7, 3, 0], [4, 1, 0]),
        (0, [0, 1], [0, 0]),
    ],
)
def test_the_odd_unit_goes_to_the_largest_remainder(
    total: int, weights: list[int], shares: list[int]
) -> None:
    """Test vector 8: by absolute value, ties to the earlier share, a credit as the mirror."""
    assert usd(total).allocate(weights) == [usd(share) for share in shares]


@pytest.mark.parametrize(
    ("strategy", "shares"),
    [
        (AllocationStrategy.LARGEST_REMAINDER, [8203, 3696, 0, 36952]),
        (AllocationStrategy.ROUND_ROBIN, [8204, 3695, 0, 36952]),
        (AllocationStrategy.ROUND_ROBIN_REVERSE, [8203, 3695, 0, 36953]),
        (AllocationStrategy.MIRROR_OF_POSITIVE, [8204, 3695, 0, 36952]),
    ],
)
def test_a_strategy_says_who_gets_the_odd_unit(
    strategy: AllocationStrategy, shares: list[int]
) -> None:
    """The exact shares are 8203.3, 3695.5, 0 and 36952.1; a weight of zero never gets one."""
    weights = [Decimal("0.11099"), Decimal("0.05"), Decimal(0), Decimal("0.49996")]

    assert allocate_minor(48851, weights, strategy) == shares


@pytest.mark.parametrize(
    "weights", [[], [0, 0], [-50, -50], [2, -1], [Decimal("NaN")], [Decimal("Infinity"), 1]]
)
@pytest.mark.parametrize("strategy", AllocationStrategy)
def test_weights_that_say_nothing_are_refused(
    weights: list[Decimal | int], strategy: AllocationStrategy
) -> None:
    """Nothing can be split by no, negative or only zero weights, whatever the amount."""
    with pytest.raises(ValueError, match=r"positive|negative|no finite number"):
        allocate_minor(100, weights, strategy)


@given(total=MINORS, weights=WEIGHTS, strategy=st.sampled_from(AllocationStrategy))
def test_no_minor_unit_is_lost_or_made(
    total: int, weights: list[int], strategy: AllocationStrategy
) -> None:
    """Law 9: one share for each weight, and they always sum."""
    shares = allocate_minor(total, weights, strategy)

    assert len(shares) == len(weights)
    assert sum(shares) == total


@given(total=MINORS, weights=WEIGHTS, strategy=st.sampled_from(AllocationStrategy))
def test_a_credit_mirrors_its_invoice(
    total: int, weights: list[int], strategy: AllocationStrategy
) -> None:
    """Line by line, whoever got the odd units."""
    charged = allocate_minor(total, weights, strategy)

    assert allocate_minor(-total, weights, strategy) == [-share for share in charged]


@given(
    total=MINORS,
    weights=WEIGHTS,
    strategy=st.sampled_from(
        [strategy for strategy in AllocationStrategy if strategy != "mirror_of_positive"]
    ),
)
def test_a_share_is_within_one_unit_of_its_exact_part(
    total: int, weights: list[int], strategy: AllocationStrategy
) -> None:
    """Only whole units are moved about, and a weight of zero gets none."""
    shares = allocate_minor(total, weights, strategy)

    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(total * weight, sum(weights))) < 1
        assert share == 0 or weight > 0


@given(total=MINORS, weights=WEIGHTS)
def test_a_larger_weight_never_gets_less(total: int, weights: list[int]) -> None:
    """By largest remainder, and among equal weights the earlier one gets no less."""
    shares = [abs(share.minor) for share in usd(total).allocate(weights)]

    by_weight = sorted(range(len(weights)), key=lambda index: (weights[index], -index))
    ordered = [shares[index] for index in by_weight]
    assert ordered == sorted(ordered)


@given(first=MINORS, second=MINORS)
def test_subtracting_takes_back_what_was_added(first: int, second: int) -> None:
    """A payment applied and unapplied leaves nothing behind."""
    assert usd(first) + usd(second) - usd(second) == usd(first)
    assert usd(first) - usd(second) == -(usd(second) - usd(first))


@given(minor=MINORS, currency=CURRENCIES)
def test_an_amount_written_as_a_decimal_reads_the_same(minor: int, currency: str) -> None:
    """Nothing is rounded that was rounded already."""
    money = Money(minor=minor, currency=currency)

    assert Money.from_decimal(money.decimal, currency) == money


@given(
    amount=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9),
    currency=CURRENCIES,
)
def test_rounding_moves_by_half_a_unit_at_most(amount: Decimal, currency: str) -> None:
    """And in the same way for a charge and its credit."""
    money = Money.from_decimal(amount, currency)

    assert abs(Fraction(money.decimal) - Fraction(amount)) * 10 ** exponent(currency) <= Fraction(
        1, 2
    )
    assert Money.from_decimal(-amount, currency) == -money


MODES: Sequence[tuple[RoundingMode, list[int]]] = [
    (RoundingMode.HALF_UP, [3, 2, 1, -1, -2, -3, 2, -2]),
    (RoundingMode.HALF_DOWN, [2, 1, 1, -1, -1, -2, 2, -2]),
    (RoundingMode.HALF_EVEN, [2, 2, 1, -1, -2, -2, 2, -2]),
    (RoundingMode.UP, [3, 2, 2, -2, -2, -3, 2, -2]),
    (RoundingMode.DOWN, [2, 1, 1, -1, -1, -2, 2, -2]),
    (RoundingMode.CEILING, [3, 2, 2, -1, -1, -2, 2, -2]),
    (RoundingMode.FLOOR, [2, 1, 1, -2, -2, -3, 2, -2]),
]


@pytest.mark.parametrize(("mode", "expected"), MODES)
def test_a_mode_says_which_whole_number_is_taken(mode: RoundingMode, expected: list[int]) -> None:
    """The table of IEEE 754 and of `decimal`, for 2.5 1.5 1.1 and their negatives, and 2."""
    values = ["2.5", "1.5", "1.1", "-1.1", "-1.5", "-2.5", "2", "-2"]

    rounded = [round_to_increment(Decimal(value), Decimal(1), mode) for value in values]

    assert rounded == expected


@pytest.mark.parametrize(
    ("value", "increment", "expected"),
    [
        ("12.32", "0.05", "12.30"),
        ("12.325", "0.05", "12.35"),
        ("-12.325", "0.05", "-12.35"),
        ("1234", "1E+2", "1200"),
        ("99.10", "2.50", "100.00"),
        ("0", "0.05", "0.00"),
    ],
)
def test_cash_is_rounded_to_the_smallest_coin(value: str, increment: str, expected: str) -> None:
    """Five rappen, whole hundreds, price points; written with the increment's decimals."""
    rounded = round_to_increment(Decimal(value), Decimal(increment), RoundingMode.HALF_UP)

    assert str(rounded) == expected


@pytest.mark.parametrize("increment", ["0", "-0.05"])
def test_an_increment_is_positive(increment: str) -> None:
    """Nothing is a multiple of nothing."""
    with pytest.raises(ValueError, match="increment must be positive"):
        round_to_increment(Decimal(1), Decimal(increment), RoundingMode.HALF_UP)


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        (Decimal("0.1881"), 2, "0.19"),
        (Decimal("0.125"), 2, "0.13"),
        (Decimal("-0.125"), 2, "-0.13"),
        (Fraction(11, 15), 9, "0.733333333"),
        (Decimal(1250), -2, "1300"),
        (7, 2, "7.00"),
    ],
)
def test_a_half_goes_up_at_any_scale(
    value: Decimal | Fraction | int, scale: int, expected: str
) -> None:
    """EN 16931, BR-CO-17; the answer shows as many decimals as were asked for."""
    assert str(round_half_up(value, scale)) == expected


def test_a_conversion_is_rounded_once() -> None:
    """Dividing 10.00 by 3 and multiplying by 3 is 10.00 again, not 9.99."""
    assert convert(Decimal(10), Decimal(3), Decimal(3), 2) == Decimal("10.00")
    assert convert(Decimal(10), Decimal("1.3"), Decimal(1), 2) == Decimal("7.69")


@pytest.mark.parametrize(("from_rate", "to_rate"), [("0", "1"), ("1", "0"), ("-1", "1")])
def test_an_exchange_rate_is_positive(from_rate: str, to_rate: str) -> None:
    """A missing rate must never make money vanish."""
    with pytest.raises(ValueError, match="rates must be positive"):
        convert(Decimal(10), Decimal(from_rate), Decimal(to_rate), 2)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        ("JPY", 0),
        ("ISK", 0),
        ("XOF", 0),
        ("EUR", 2),
        ("MGA", 2),
        ("KWD", 3),
        ("IQD", 3),
        ("CLF", 4),
    ],
)
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, decimals: int) -> None:
    """The exponent of the standard, also where the small coin is long gone."""
    assert exponent(currency) == decimals


def test_a_code_that_is_not_on_the_list_counts_two_decimals() -> None:
    """Old records of withdrawn currencies stay readable; new input is checked at the door."""
    assert str(Money(minor=1_05, currency="DEM")) == "1.05 DEM"


@pytest.mark.parametrize("code", ["EUR", "USD", "JPY", "CHE", "XCG"])
def test_active_codes_are_currencies(code: str) -> None:
    """ISO 4217 list one."""
    assert is_currency(code)


@pytest.mark.parametrize("code", ["", "eur", "EURO", "DEM", "XAU", "XXX", "XTS", "€"])
def test_what_cannot_be_billed_in_is_no_currency(code: str) -> None:
    """Withdrawn, metal, test and small-letter codes are refused."""
    assert not is_currency(code)


EXACT = st.decimals(min_value=0, max_value=10**6, places=5)


@given(st.lists(EXACT, max_size=12))
def test_amounts_rounded_together_sum_to_their_rounded_sum(amounts: list[Decimal]) -> None:
    """An order comes to its exact sum, rounded once, and no line is further off than a unit."""
    shares = round_together(amounts, "USD")

    assert sum(shares) == minor_units(sum(amounts, Decimal(0)), "USD")
    assert all(
        abs(Decimal(share) - amount * 100) < 1
        for share, amount in zip(shares, amounts, strict=True)
    )


def test_the_largest_remainder_takes_the_unit_left_over() -> None:
    """0.334 + 0.333 + 0.333 = 1.00: the first line takes the cent."""
    amounts = [Decimal("0.334"), Decimal("0.333"), Decimal("0.333")]

    assert round_together(amounts, "USD") == [34, 33, 33]


def test_negative_amounts_are_not_rounded_together() -> None:
    """What is taken back is not shared with what is asked for."""
    with pytest.raises(ValueError, match="must not be negative"):
        round_together([Decimal("-0.01")], "USD")
