"""The catalogue on record: several versions, the one in force on the day, names that hold."""

from datetime import date
from typing import Any

import pytest

from activities.pricing import quote_of_term
from activities.register import catalog_on, catalog_version
from models.errors import NotFoundError
from models.quoting import Quote
from models.steps import ConfigureDeal, PriceQuote, RegisterKind
from models.tables import RegisterRow
from tests.activities.house import CATALOG, CUSTOMER, House, deal_file, line, step


def dearer(version: str, begins: str | None, unit: str = "60.00") -> dict[str, Any]:
    """Return the house's catalogue with another price of CRM."""
    book = CATALOG["price_books"][0]
    entries = [
        {**entry, "unit": unit} if entry["sku"] == "CRM" else entry for entry in book["entries"]
    ]
    return {
        **CATALOG,
        "version": version,
        "effective_from": begins,
        "price_books": [{**book, "entries": entries}],
    }


def quote(house: House, deal: str) -> Quote:
    found = house.books.read(lambda session: quote_of_term(session, deal, 1))
    assert found is not None
    return found


def test_the_version_in_force_on_the_pricing_day_is_used_and_kept(house: House) -> None:
    """A version published today for July prices what is quoted in July, and nothing before."""
    house.publish(RegisterKind.CATALOG, dearer("summer", "2026-07-01"))

    house.quote(deal_file("1001", line("CRM")), date(2026, 6, 30))
    house.quote(deal_file("1002", line("CRM")), date(2026, 7, 1))

    quotes = [quote(house, deal) for deal in ("1001", "1002")]
    assert [(one.catalog_version, one.lines[0].net.minor) for one in quotes] == [
        (CATALOG["version"], 50_00),
        ("summer", 60_00),
    ]
    kept = house.books.read(lambda session: catalog_version(session, str(CATALOG["version"])))
    assert kept.effective_from is None


def test_publishing_the_same_version_again_writes_nothing(house: House) -> None:
    """Also when it is not the newest, for its day stands."""
    house.publish(RegisterKind.CATALOG, dearer("summer", "2026-07-01"))
    house.publish(RegisterKind.CATALOG, dearer("autumn", "2026-10-01", "65.00"))
    before = len(house.rows(RegisterRow))

    again = house.publish(RegisterKind.CATALOG, dearer("summer", "2026-07-01"))

    assert (again.problems, again.repeated) == ((), True)
    assert len(house.rows(RegisterRow)) == before


def test_an_old_name_with_other_content_is_refused(house: House) -> None:
    """The version on a quote would otherwise mean two things."""
    house.publish(RegisterKind.CATALOG, dearer("summer", "2026-07-01"))
    before = len(house.rows(RegisterRow))

    renamed = house.publish(RegisterKind.CATALOG, dearer("summer", "2026-07-02", "70.00"))
    same_day = house.publish(RegisterKind.CATALOG, dearer("other", "2026-07-01", "70.00"))

    assert [one.field for one in renamed.problems] == ["version"]
    assert [one.field for one in same_day.problems] == ["effective_from"]
    assert len(house.rows(RegisterRow)) == before


def test_a_day_before_the_first_version_has_no_catalogue(empty_house: House) -> None:
    """Nothing is sold from a catalogue that is not in force yet."""
    empty_house.publish(RegisterKind.CATALOG, dearer("first", "2026-07-01"))

    with pytest.raises(NotFoundError, match="There is no catalogue on record for 2026-06-30"):
        empty_house.books.read(lambda session: catalog_on(session, date(2026, 6, 30)))
    with pytest.raises(NotFoundError, match="There is no catalogue of version second"):
        empty_house.books.read(lambda session: catalog_version(session, "second"))


def test_eligibility_is_checked_at_start_and_again_at_pricing(house: House) -> None:
    """A customer who became a school may have what only schools may; the day counts as well."""
    crm = {**CATALOG["products"][0], "eligibility": {"segments": ["school"], "reason": "a gift"}}
    changed = {**CATALOG, "version": "schools", "products": [crm, *CATALOG["products"][1:]]}
    assert house.publish(RegisterKind.CATALOG, changed).problems == ()
    file = deal_file("1001", line(crm["sku"]))

    refused = house.configuration.configure_deal(step(ConfigureDeal, "1001", file=file))
    house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "segment": "school"})
    accepted = house.configuration.configure_deal(step(ConfigureDeal, "1001", file=file))
    house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "segment": "retail"})
    priced = house.pricing.price_quote(step(PriceQuote, "1001"))

    said = f"{crm['sku']} is sold to school only: a gift"
    assert [one.reason for one in refused.problems] == [said]
    assert accepted.problems == ()
    assert [one.reason for one in priced.problems] == [said]
