"""Public holidays: those of the country and its region, from a library and no network."""

from datetime import date

import pytest

from activities.adapters.holiday_calendar import public_holidays
from models.errors import NotFoundError


def test_a_holiday_on_a_weekend_is_observed_on_a_working_day() -> None:
    """4 July 2026 is a Saturday: offices are closed on Friday."""
    found = public_holidays("US", "", (2026,))

    assert date(2026, 7, 3) in found
    assert found == tuple(sorted(found))


def test_a_region_has_holidays_of_its_own() -> None:
    """Corpus Christi is one in Bavaria and none in Hamburg."""
    corpus_christi = date(2026, 6, 4)

    assert corpus_christi in public_holidays("DE", "BY", (2026,))
    assert corpus_christi not in public_holidays("DE", "HH", (2026,))


@pytest.mark.parametrize(("country", "region"), [("XX", ""), ("DE", "ZZ")])
def test_an_unknown_place_is_told(country: str, region: str) -> None:
    """A calendar without its holidays would escalate on them in silence."""
    with pytest.raises(NotFoundError, match="No public holidays are known for"):
        public_holidays(country, region, (2026,))
