"""What a customer's prices depend on beside the price book: contracted prices and exchange rates.

Both are kept in the register, as revisions, and dated. A contracted price keeps its pointer to
list: the waterfall shows the list price first, and leakage is measured against it.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations

from models.currencies import is_currency
from models.errors import Problem
from models.stacking import Stacking
from models.value import Value
from models.written import NUMBERS_AS_TEXT, filled, number_problem, read_written


class ContractedPrice(Value):
    """What a customer pays for one charge instead of list: a price of one unit, or percent off.

    It holds from `valid_from` until before `valid_until`. A `price` is in major units of
    `currency` and counts in quotes of that currency only; without a `charge` it is for the charge
    an agreed price would be for, and `percent` is off every charge of the product.
    """

    model_config = NUMBERS_AS_TEXT

    sku: str
    charge: str = ""
    price: Decimal | None = None
    currency: str = ""
    percent: Decimal | None = None
    valid_from: date
    valid_until: date | None = None
    agreement: str = ""

    def is_in_force_on(self, day: date) -> bool:
        """Whether the price holds on that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


class PartnerTerms(Value):
    """What a partner gets off what it sells: in percent, combined with others as declared."""

    model_config = NUMBERS_AS_TEXT

    percent: Decimal
    skus: tuple[str, ...] = ()
    stacking: Stacking = Stacking.COMPOUND
    priority: int = 0


class CustomerPrices(Value):
    """How a customer, by its number, is priced; no entry means by the list everybody has.

    `price_book` is used where a deal names none. `partner` says what the customer gets on deals
    that name it as their partner.
    """

    model_config = NUMBERS_AS_TEXT

    number: str
    price_book: str | None = None
    prices: tuple[ContractedPrice, ...] = ()
    partner: PartnerTerms | None = None


class ExchangeRate(Value):
    """What one unit of a currency is worth in another from a day on, until a later rate."""

    model_config = NUMBERS_AS_TEXT

    from_currency: str
    to_currency: str
    rate: Decimal
    valid_from: date


class ExchangeRates(Value):
    """All exchange rates as one document of the register."""

    model_config = NUMBERS_AS_TEXT

    rates: tuple[ExchangeRate, ...] = ()


def parse_customer_prices(data: object) -> CustomerPrices:
    """Return the customer prices that a parsed YAML or JSON document describes.

    Raises `InvalidInputError` with every problem, overlapping windows of one price among them.
    """
    return read_written(CustomerPrices, data, _customer_problems)


def parse_exchange_rates(data: object) -> ExchangeRates:
    """Return the exchange rates of a parsed document: a list, or one whose field `rates` is one.

    Raises `InvalidInputError` with every problem.
    """
    written = {"rates": data} if isinstance(data, list | tuple) else data
    return read_written(ExchangeRates, written, _rate_problems)


def rate_on(
    rates: Sequence[ExchangeRate], from_currency: str, to_currency: str, day: date
) -> ExchangeRate | None:
    """Return the newest rate between two currencies that holds on a day, or None.

    The other direction is never turned round: its inverse has no end, and a rate is agreed data.
    """
    known = [
        rate
        for rate in rates
        if (rate.from_currency, rate.to_currency) == (from_currency, to_currency)
        and rate.valid_from <= day
    ]
    return max(known, key=lambda rate: rate.valid_from, default=None)


def _customer_problems(prices: CustomerPrices) -> tuple[Problem, ...]:
    problems = [*filled("number", prices.number)]
    for index, price in enumerate(prices.prices):
        problems += _price_problems(price, f"prices[{index}]")
    problems += _overlaps(prices.prices)
    if prices.partner is not None:
        problems += percent_problem("partner.percent", prices.partner.percent)
    return tuple(problems)


def _price_problems(price: ContractedPrice, path: str) -> Iterator[Problem]:
    yield from filled(f"{path}.sku", price.sku)
    if (price.price is None) == (price.percent is None):
        has = "neither price nor percent" if price.price is None else "both price and percent"
        yield Problem(field=path, reason=f"has {has}", remedy="give one of the two")
    if price.percent is not None:
        yield from percent_problem(f"{path}.percent", price.percent)
    yield from number_problem(f"{path}.price", price.price)
    if price.price is not None and not is_currency(price.currency):
        yield Problem(
            field=f"{path}.currency",
            reason=f"{price.currency} is no currency" if price.currency else "is missing",
            remedy="use an ISO 4217 code in capital letters",
        )
    if price.valid_until is not None and price.valid_until <= price.valid_from:
        reason = f"{price.valid_until} is not after valid_from {price.valid_from}"
        yield Problem(field=f"{path}.valid_until", reason=reason)


def _overlaps(prices: Sequence[ContractedPrice]) -> Iterator[Problem]:
    for (earlier, one), (later, other) in combinations(enumerate(prices), 2):
        if (one.sku, one.charge, one.currency) != (other.sku, other.charge, other.currency):
            continue
        first, last = sorted((one, other), key=lambda price: price.valid_from)
        if first.valid_until is None or last.valid_from < first.valid_until:
            yield Problem(
                field=f"prices[{later}].valid_from",
                reason=f"{other.sku} is contracted twice on the same days: see prices[{earlier}]",
                remedy="end the earlier one where the later begins",
            )


def percent_problem(field: str, percent: Decimal) -> list[Problem]:
    """Return the problem of a percentage that is not from 0 to 100 or too fine, if any."""
    if not 0 <= percent <= 100:
        return [Problem(field=field, reason=f"{percent} is not between 0 and 100")]
    return number_problem(field, percent)


def _rate_problems(rates: ExchangeRates) -> tuple[Problem, ...]:
    problems: list[Problem] = []
    first: dict[tuple[str, str, date], int] = {}
    for index, rate in enumerate(rates.rates):
        path = f"rates[{index}]"
        for field in ("from_currency", "to_currency"):
            code = getattr(rate, field)
            if not is_currency(code):
                reason, remedy = f"{code} is no currency", "use an ISO 4217 code"
                problems.append(Problem(field=f"{path}.{field}", reason=reason, remedy=remedy))
        if rate.from_currency == rate.to_currency:
            reason = f"is {rate.to_currency} on both sides"
            problems.append(Problem(field=f"{path}.to_currency", reason=reason))
        problems += number_problem(f"{path}.rate", rate.rate, positive=True)
        key = (rate.from_currency, rate.to_currency, rate.valid_from)
        if first.setdefault(key, index) != index:
            reason = f"is the day of rates[{first[key]}] too"
            problems.append(
                Problem(field=f"{path}.valid_from", reason=reason, remedy="keep one of the two")
            )
    return tuple(problems)
