"""Eligibility: to whom, where, through which channel and when a product may be sold."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from models.errors import Problem
from models.value import Value
from models.written import NUMBERS_AS_TEXT, nearest


class SaleContext(Value):
    """What the rules of the catalogue look at beside the lines: customer, place, channel and day.

    `region` is the part of the country (a US state), `tags` are the customer's.
    """

    on: date
    customer: str = ""
    segment: str = ""
    tags: tuple[str, ...] = ()
    country: str = ""
    region: str = ""
    channel: str = ""


class Eligibility(Value):
    """Who may buy something; each list that is filled must hold, an empty one admits everybody.

    `segments` match the customer's segment or one of its tags; `countries` are codes (`DE`, or
    `US-CA` for a part of one) or names of regions of the catalogue, and `except_countries` the
    same; it is sold from `valid_from` until before `valid_until`.
    """

    model_config = NUMBERS_AS_TEXT

    customers: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    except_countries: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    reason: str = ""


Regions = Mapping[str, Sequence[str]]
"""The country codes of each region a catalogue names."""


def ineligible_because(
    rule: Eligibility | None, context: SaleContext, regions: Regions
) -> tuple[str, ...]:
    """Return every reason why something may not be sold in this context; none means it may."""
    if rule is None:
        return ()
    because = f": {rule.reason}" if rule.reason else ""
    return tuple(f"{reason}{because}" for reason in _reasons(rule, context, regions))


def _reasons(rule: Eligibility, context: SaleContext, regions: Regions) -> Iterator[str]:
    if rule.customers and context.customer not in rule.customers:
        yield f"is not sold to customer {context.customer or '(unknown)'}"
    if rule.segments and not {context.segment, *context.tags} & {*rule.segments}:
        yield f"is sold to {_listed(rule.segments)} only"
    place = f"{context.country}-{context.region}" if context.region else context.country
    if rule.countries and not _is_in(context, rule.countries, regions):
        yield f"is sold in {_listed(rule.countries)} only, not in {place or '(unknown)'}"
    if _is_in(context, rule.except_countries, regions):
        yield f"is not sold in {place}"
    if rule.channels and context.channel not in rule.channels:
        channel = context.channel or "(none)"
        yield f"is sold through {_listed(rule.channels)} only, not {channel}"
    if rule.valid_from is not None and context.on < rule.valid_from:
        yield f"is not sold before {rule.valid_from}"
    if rule.valid_until is not None and context.on >= rule.valid_until:
        yield f"is not sold any more since {rule.valid_until}"


def _listed(words: Sequence[str]) -> str:
    return " or ".join(words)


def _is_in(context: SaleContext, places: Sequence[str], regions: Regions) -> bool:
    here = {context.country, f"{context.country}-{context.region}"} - {"", "-"}
    wanted = {code for place in places for code in (place, *regions.get(place, ()))}
    return bool(here & wanted)


def eligibility_problems(
    rule: Eligibility | None, regions: Regions, countries: Sequence[str], path: str
) -> Iterator[Problem]:
    """Yield windows that end before they begin and places that are neither country nor region."""
    if rule is None:
        return
    if rule.valid_from and rule.valid_until and rule.valid_until <= rule.valid_from:
        yield Problem(
            field=f"{path}.valid_until",
            reason=f"{rule.valid_until} is not after valid_from {rule.valid_from}",
        )
    for name in ("countries", "except_countries"):
        for index, place in enumerate(getattr(rule, name)):
            if place.partition("-")[0] not in countries and place not in regions:
                yield Problem(
                    field=f"{path}.{name}[{index}]",
                    reason=f"{place} is neither a country nor a region of this catalogue",
                    remedy=nearest(place, regions) if regions else "use an ISO 3166 code",
                )
