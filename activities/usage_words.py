"""How an offer shows what usage costs: tier by tier, and what is expected of it."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from activities.formats import Formats
from models.charges import ChargeModel
from models.price_books import Tier
from models.usage_terms import UsageTerms

_UP_TO, _ABOVE = "\N{LESS-THAN OR EQUAL TO}\N{NO-BREAK SPACE}", ">\N{NO-BREAK SPACE}"


def usage_prices(formats: Formats, terms: UsageTerms) -> Iterator[str]:
    """Yield what a unit costs after everything that comes off: one line, or one for each tier."""
    entry, currency = terms.entry, terms.estimate.currency
    unit = terms.meter.unit

    def price(amount: Decimal) -> str:
        return formats.unit_price(amount * terms.factor, currency)

    match terms.model:
        case ChargeModel.GRADUATED | ChargeModel.VOLUME | ChargeModel.STAIRSTEP:
            below: Decimal | None = None
            for tier in entry.tiers:
                yield f"{_band(formats, tier, below)} {unit}: {_tier_price(tier, price)}"
                below = tier.up_to
        case ChargeModel.PACKAGE if entry.unit is not None and entry.package_size is not None:
            yield f"{price(entry.unit)} / {formats.quantity(entry.package_size)} {unit}"
        case ChargeModel.PER_UNIT if entry.unit is not None:
            yield f"{price(entry.unit)} / {unit}"
        case ChargeModel.PERCENTAGE if entry.percent is not None:
            yield formats.percent(entry.percent * terms.factor)
        case _:
            yield terms.words


def _band(formats: Formats, tier: Tier, below: Decimal | None) -> str:
    if tier.up_to is not None:
        return f"{_UP_TO}{formats.quantity(tier.up_to)}"
    return f"{_ABOVE}{formats.quantity(below)}" if below is not None else f"{_ABOVE}0"


def _tier_price(tier: Tier, price: Callable[[Decimal], str]) -> str:
    """Return a tier's price: of a unit, of the whole tier, or both."""
    parts = [price(amount) for amount in (tier.unit, tier.flat) if amount]
    return " + ".join(parts) or price(tier.unit)


def usage_estimate(formats: Formats, terms: UsageTerms, phrase: str) -> str:
    """Return what is expected of a period, filled into a phrase; nothing without an expectation."""
    if not terms.estimated:
        return ""
    quantity = f"{formats.quantity(terms.estimated)} {terms.meter.unit}"
    return phrase.format(quantity=quantity, amount=formats.money(terms.estimate))
