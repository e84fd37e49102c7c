"""Public holidays from the `holidays` library, by country and region.

It needs no network: the rules come with the library, so an update of it may correct a date.
"""

from collections.abc import Sequence
from datetime import date

import holidays

from models.errors import NotFoundError


def public_holidays(country: str, region: str, years: Sequence[int]) -> tuple[date, ...]:
    """Return the public holidays of a country (ISO 3166-1) and its region, in order.

    Raises `NotFoundError` for a country or region that the library does not know.
    """
    try:
        found = holidays.country_holidays(country, subdiv=region or None, years=list(years))
    except NotImplementedError as error:
        place = f"{country}-{region}" if region else country
        raise NotFoundError(f"No public holidays are known for {place}") from error
    return tuple(sorted(found))
