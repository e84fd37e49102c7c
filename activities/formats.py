"""How amounts, quantities and dates look in a customer's language.

Babel knows the patterns. The number of decimals is ours (ISO 4217, `models.money.exponent`): the
tables behind Babel differ from ISO for some currencies and would drop minor units.
"""

import copy
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import NumberPattern

from models.money import Money, exponent
from models.periods import Interval
from models.words import Plural

_UNIT_PRICE_DECIMALS = 6
_QUANTITY_DECIMALS = 6
_PERCENT_DECIMALS = 4
_CODE_AT_NUMBER = re.compile(r"(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Formats:
    """The looks of one language."""

    locale: Locale

    def money(self, amount: Money) -> str:
        """Return an amount with its currency, every minor unit shown: `€1,234.50`."""
        decimals = exponent(amount.currency)
        pattern = _pattern(self.locale.currency_formats["standard"], decimals, decimals)
        shown = str(
            pattern.apply(
                _major(amount), self.locale, currency=amount.currency, currency_digits=False
            )
        )
        # CLDR parts a code from its number where the pattern, made for a sign, does not.
        return _CODE_AT_NUMBER.sub("\N{NO-BREAK SPACE}", shown)

    def amount(self, amount: Money) -> str:
        """Return an amount without its currency, for a column that names it: `1,234.50`."""
        decimals = exponent(amount.currency)
        return self._number(_major(amount), decimals, decimals)

    def unit_price(self, price: Decimal, currency: str) -> str:
        """Return a price per unit in major units, with at least the currency's decimals."""
        return self._number(price, exponent(currency), _UNIT_PRICE_DECIMALS)

    def quantity(self, quantity: Decimal) -> str:
        """Return a quantity without needless zeros: `1,000`, `2.5`."""
        return self._number(quantity, 0, _QUANTITY_DECIMALS)

    def percent(self, percent: Decimal) -> str:
        """Return a percentage given in percent: `19%` for 19."""
        pattern = _pattern(self.locale.percent_formats[None], 0, _PERCENT_DECIMALS)
        return str(pattern.apply(percent.scaleb(-2), self.locale))

    def plural(self, phrase: Plural, count: int, **more: str) -> str:
        """Return the phrase that goes with a count in this language, filled in."""
        form = phrase.of(self.locale.plural_form(count))
        return form.format(count=self.quantity(Decimal(count)), **more)

    def day(self, day: date) -> str:
        """Return a calendar day, month in letters so that no reader takes it for another."""
        return format_date(day, "medium", locale=self.locale)

    def period(self, period: Interval) -> str:
        """Return a half-open period by its first and last day: 1 to 31 January."""
        last = period.end - timedelta(days=1)
        if last <= period.start:
            return self.day(period.start)
        return f"{self.day(period.start)} \N{EN DASH} {self.day(last)}"

    def moment(self, moment: datetime) -> str:
        """Return a moment in universal time, which every reader can check."""
        text = format_datetime(moment.astimezone(UTC), "medium", locale=self.locale, tzinfo=UTC)
        return f"{text} UTC"

    def country(self, code: str) -> str:
        """Return a country's English name; an unknown code stands for itself.

        English, because postal services of every country read it on cross-border mail.
        """
        return str(_english().territories.get(code, code))

    def _number(self, value: Decimal, least: int, most: int) -> str:
        pattern = _pattern(self.locale.decimal_formats[None], least, most)
        return str(pattern.apply(value, self.locale))


@lru_cache(maxsize=64)
def formats_for(language: str) -> Formats:
    """Return the looks of a language tag (`de`, `de-AT`, `pt_BR`); unknown ones look English."""
    tag = language.replace("-", "_")
    for candidate in (tag, tag.split("_", maxsplit=1)[0], "en"):
        try:
            return Formats(locale=Locale.parse(candidate))
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return Formats(locale=_english())


@lru_cache(maxsize=1)
def _english() -> Locale:
    return Locale("en")


def _major(amount: Money) -> Decimal:
    return Decimal(amount.minor).scaleb(-exponent(amount.currency))


def _pattern(source: NumberPattern, least: int, most: int) -> NumberPattern:
    pattern = copy.copy(source)
    pattern.frac_prec = (least, most)
    return pattern
