"""Money: whole minor units of a currency, and the only place in the house that rounds.

Tax law and EN 16931 expect a half to go up (away from zero), so that is the default; `round()` of
Python would round a half to even. Every calculation is exact until its one rounding at the end.
Shares are split by largest remainder, so they always sum.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Self, assert_never

from pydantic import Field

from models.currencies import MINOR_UNITS
from models.errors import CurrencyMismatchError
from models.value import Value


class AllocationStrategy(StrEnum):
    """Who gets the units left over once every share has been cut down to a whole unit."""

    LARGEST_REMAINDER = "largest_remainder"
    """The shares that lost most; among equals the earlier one. What the house itself uses."""
    MIRROR_OF_POSITIVE = "mirror_of_positive"
    """The earlier shares: from the last on, each takes its whole part of what is still there."""
    ROUND_ROBIN = "round_robin"
    """The shares from the first on, one unit each; a weight of zero is passed over."""
    ROUND_ROBIN_REVERSE = "round_robin_reverse"
    """The shares from the last on, one unit each; a weight of zero is passed over."""


class RoundingMode(StrEnum):
    """Which whole number stands for one that lies between two."""

    HALF_UP = "half_up"
    """The nearer; a half goes away from zero. The default of the house."""
    HALF_DOWN = "half_down"
    """The nearer; a half goes towards zero."""
    HALF_EVEN = "half_even"
    """The nearer; a half goes to the even one."""
    UP = "up"
    """Away from zero."""
    DOWN = "down"
    """Towards zero."""
    CEILING = "ceiling"
    """Towards plus infinity."""
    FLOOR = "floor"
    """Towards minus infinity."""


_WIDE = Context(prec=400, rounding=ROUND_HALF_UP)
"""Wide enough that cutting a number to the minor unit never loses a digit before the point."""

_UNITS = tuple(Decimal(1).scaleb(-places) for places in range(8))


@cache
def exponent(currency: str) -> int:
    """Return how many decimals a currency's minor unit has (ISO 4217): 0 JPY, 2 EUR, 3 KWD.

    A code that is not on the list counts as having two; `is_currency` is asked where input enters.
    """
    return MINOR_UNITS.get(currency, 2)


class Money(Value):
    """An amount in whole minor units of one currency."""

    minor: int = Field(strict=True)
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Return nothing, of that currency."""
        return cls(minor=0, currency=currency)

    @classmethod
    def from_decimal(cls, amount: Decimal, currency: str) -> Self:
        """Return an amount of major units, rounded half up to the minor unit once.

        Raises `ValueError` for an amount that is no finite number.
        """
        return cls(minor=minor_units(amount, currency), currency=currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], currency: str) -> Self:
        """Return the sum, zero for no amounts.

        Raises `CurrencyMismatchError` if any amount is of another currency.
        """
        zero = cls.zero(currency)
        return cls(
            minor=sum(zero.minor_of(each) for each in amounts),
            currency=currency,
        )

    @property
    def decimal(self) -> Decimal:
        """The exact amount in major units, with all decimals of the currency: 12.50, not 12.5."""
        return _scaled(self.minor, exponent(self.currency))

    @property
    def is_zero(self) -> bool:
        """Whether this is nothing."""
        return self.minor == 0

    def __add__(self, other: "Money") -> Self:
        """Return the sum of two amounts of one currency."""
        return self._with(self.minor + self.minor_of(other))

    def __sub__(self, other: "Money") -> Self:
        """Return the difference of two amounts of one currency."""
        return self._with(self.minor - self.minor_of(other))

    def __neg__(self) -> Self:
        """Return the same amount the other way: a credit for a charge."""
        return self._with(-self.minor)

    def __abs__(self) -> Self:
        """Return the amount without its sign."""
        return self._with(abs(self.minor))

    def __lt__(self, other: "Money") -> bool:
        """Whether this is less than an amount of the same currency."""
        return self.minor < self.minor_of(other)

    def __le__(self, other: "Money") -> bool:
        """Whether this is at most an amount of the same currency."""
        return self.minor <= self.minor_of(other)

    def __gt__(self, other: "Money") -> bool:
        """Whether this is more than an amount of the same currency."""
        return self.minor > self.minor_of(other)

    def __ge__(self, other: "Money") -> bool:
        """Whether this is at least an amount of the same currency."""
        return self.minor >= self.minor_of(other)

    def times(self, factor: Decimal | Fraction | int) -> Self:
        """Return the amount times a rate, rounded half up to the minor unit once."""
        return self._with(_whole(self.minor * _exact(factor), RoundingMode.HALF_UP))

    def prorate(self, part: int, whole: int) -> Self:
        """Return `part` of `whole` of the amount (days of a period), rounded half up once.

        Raises `ValueError` as `exact_part` does.
        """
        if whole <= 0:
            exact_part(self.minor, part, whole)
        if part == whole:
            return self
        twice = 2 * abs(self.minor * part) + whole
        up = twice // (2 * whole)
        return self._with(up if self.minor * part >= 0 else -up)

    def allocate(self, weights: Sequence[int]) -> list[Self]:
        """Split into shares in proportion to the weights; they always sum to the amount.

        Units left over go to the largest remainders, among equals to the earlier share. A credit
        is split as the mirror of its invoice. Raises `ValueError` as `spread_minor` does.
        """
        return [self._with(share) for share in spread_minor(self.minor, weights)]

    def __str__(self) -> str:
        """Write it for a person: `1,234.50 USD`."""
        return f"{self.decimal:,f} {self.currency}"

    def _with(self, minor: int) -> Self:
        return type(self)(minor=minor, currency=self.currency)

    def minor_of(self, other: "Money") -> int:
        """Return another amount's minor units, for which it has to be of the same currency."""
        if other.currency != self.currency:
            raise CurrencyMismatchError(
                f"{self} and {other} cannot meet in one calculation; convert one of them first"
            )
        return other.minor


def minor_units(amount: Decimal, currency: str) -> int:
    """Return an amount of major units in whole minor units, rounded half up once.

    Raises `ValueError` for an amount that is no finite number.
    """
    places = exponent(currency)
    try:
        cut = amount.quantize(_UNITS[places], context=_WIDE)
        return int(cut.scaleb(places, context=_WIDE))
    except (InvalidOperation, OverflowError, ValueError):
        # Too wide for the short way, or no number at all; the long way tells which.
        return _whole(_exact(amount) * 10**places, RoundingMode.HALF_UP)


def spread_minor(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` units over whole weights by largest remainder, as `allocate_minor` does.

    Raises `ValueError` when a weight is negative or none is positive.
    """
    if min(weights, default=0) < 0:
        raise ValueError("Weights must not be negative to split an amount by them")
    whole = sum(weights)
    if not whole:
        raise ValueError("At least one weight must be positive to split an amount by them")
    amount = abs(total)
    parts = [divmod(amount * weight, whole) for weight in weights]
    shares = [share for share, _ in parts]
    left = amount - sum(shares)
    if left:
        # Sorting is stable, so that among equals the earlier share comes first.
        order = sorted(range(len(parts)), key=lambda index: -parts[index][1])
        for index in order[:left]:
            shares[index] += 1
    return shares if total >= 0 else [-share for share in shares]


def round_together(amounts: Sequence[Decimal], currency: str) -> list[int]:
    """Round exact amounts of major units so that they sum to their rounded sum, in minor units.

    The sum is rounded half up once; each amount is cut, and the units left over go to the largest
    remainders, of equal ones to the earlier. Signs do not mix: raises `ValueError` for a negative
    amount.
    """
    if min(amounts, default=Decimal(0)) < 0:
        raise ValueError("Amounts must not be negative to be rounded together")
    units = [_exact(amount) * 10 ** exponent(currency) for amount in amounts]
    shares = [int(unit) for unit in units]
    left = _whole(sum(units, Fraction(0)), RoundingMode.HALF_UP) - sum(shares)
    order = sorted(range(len(units)), key=lambda index: shares[index] - units[index])
    for index in order[:left]:
        shares[index] += 1
    return shares


def exact_part(amount: int, part: int, whole: int) -> Fraction:
    """Return `part` of `whole` of an amount of minor units, not rounded: what to carry on with.

    The part may exceed the whole: a trailing stub can be longer than its period. Raises
    `ValueError` if the whole is not positive.
    """
    if whole <= 0:
        raise ValueError(f"The whole must be positive to take a part of it, not {whole}")
    return Fraction(amount * part, whole)


def allocate_minor(
    total: int, weights: Sequence[Decimal | int], strategy: AllocationStrategy
) -> list[int]:
    """Split `total` units in proportion to the weights; the shares sum to it, one for each weight.

    A negative total is split like its positive and negated, so a credit mirrors its invoice. Every
    share is within one unit of its exact part, except by `mirror_of_positive`, where cut fractions
    gather on the earlier shares. Raises `ValueError` when a weight is negative or no number, or
    when none is positive.
    """
    exact = [_exact(weight) for weight in weights]
    if any(weight < 0 for weight in exact):
        raise ValueError("Weights must not be negative to split an amount by them")
    if not any(exact):
        raise ValueError("At least one weight must be positive to split an amount by them")
    if strategy is AllocationStrategy.MIRROR_OF_POSITIVE:
        shares = _split_from_the_last(abs(total), exact)
    else:
        shares = _split_and_top_up(abs(total), exact, strategy)
    return [share if total >= 0 else -share for share in shares]


def round_half_up(value: Decimal | Fraction | int, scale: int) -> Decimal:
    """Return the value with `scale` decimals, a half away from zero (EN 16931, BR-CO-17).

    Raises `ValueError` for a value that is no finite number.
    """
    return _scaled(_whole(_exact(value) * Fraction(10) ** scale, RoundingMode.HALF_UP), scale)


def cut(value: Fraction, scale: int) -> Decimal:
    """Return the value without what lies beyond `scale` decimals.

    Rounding the result half up to fewer decimals gives what rounding the exact value would.
    """
    return _scaled(_whole(value * Fraction(10) ** scale, RoundingMode.DOWN), scale)


def round_to_increment(
    value: Decimal | Fraction, increment: Decimal, mode: RoundingMode
) -> Decimal:
    """Return the multiple of `increment` that stands for the value: 1.24 for 1.2345 by 0.02.

    Cash is rounded so (0.05 CHF), and prices to a price point. Raises `ValueError` if the increment
    is not positive.
    """
    step = _exact(increment)
    if step <= 0:
        raise ValueError(f"The increment must be positive to round to it, not {increment}")
    sign, digits, places = increment.as_tuple()
    multiple = _whole(_exact(value) / step, mode) * int(Decimal((sign, digits, 0)))
    return _scaled(multiple, -int(places))


def convert(amount: Decimal, from_rate: Decimal, to_rate: Decimal, scale: int) -> Decimal:
    """Return the amount in another currency, rounded half up to `scale` decimals once.

    Both rates say how much of their currency one unit of a third currency is worth, so the amount
    is divided by the first and multiplied by the second without rounding in between. Raises
    `ValueError` if a rate is not positive.
    """
    source, target = _exact(from_rate), _exact(to_rate)
    if source <= 0 or target <= 0:
        raise ValueError(f"Exchange rates must be positive, not {from_rate} and {to_rate}")
    exact = _exact(amount) * target / source
    return _scaled(_whole(exact * Fraction(10) ** scale, RoundingMode.HALF_UP), scale)


def _split_and_top_up(
    total: int, weights: Sequence[Fraction], strategy: AllocationStrategy
) -> list[int]:
    whole = sum(weights)
    ideal = [total * weight / whole for weight in weights]
    shares = [int(part) for part in ideal]
    order = [index for index, weight in enumerate(weights) if weight > 0]
    if strategy is AllocationStrategy.LARGEST_REMAINDER:
        order.sort(key=lambda index: shares[index] - ideal[index])
    elif strategy is AllocationStrategy.ROUND_ROBIN_REVERSE:
        order.reverse()
    for index in order[: total - sum(shares)]:
        shares[index] += 1
    return shares


def _split_from_the_last(total: int, weights: Sequence[Fraction]) -> list[int]:
    shares: list[int] = []
    left, weight_left = total, sum(weights)
    for weight in reversed(weights):
        share = int(left * weight / weight_left) if weight else 0
        shares.append(share)
        left -= share
        weight_left -= weight
    return shares[::-1]


def _whole(value: Fraction, mode: RoundingMode) -> int:
    down, rest = divmod(abs(value), 1)
    beyond_half = rest - Fraction(1, 2)
    match mode:
        case RoundingMode.HALF_UP:
            out = beyond_half >= 0
        case RoundingMode.HALF_DOWN:
            out = beyond_half > 0
        case RoundingMode.HALF_EVEN:
            out = beyond_half > 0 or (beyond_half == 0 and down % 2 == 1)
        case RoundingMode.UP | RoundingMode.DOWN:
            out = rest > 0 and mode is RoundingMode.UP
        case RoundingMode.CEILING | RoundingMode.FLOOR:
            out = rest > 0 and (mode is RoundingMode.CEILING) == (value > 0)
        case _:
            assert_never(mode)
    return (down + out) * (1 if value >= 0 else -1)


def _exact(value: Decimal | Fraction | int) -> Fraction:
    try:
        return Fraction(value)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{value} is no finite number") from error


def _scaled(units: int, scale: int) -> Decimal:
    if scale < 0:
        return Decimal(units * 10**-scale)
    return Decimal(f"{units}E{-scale}")
