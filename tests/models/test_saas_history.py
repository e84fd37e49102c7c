"""Real price pages of several years as a catalogue history, and quotes that match each page."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.catalog import Catalog
from models.catalog_diff import ChangeKind, Part, catalog_diff
from models.catalog_versions import in_force_on, publication_problems
from models.configuration import configure
from models.deal_file import DealFile, LineRequest
from models.pricing import PricingRequest, price
from tests.models.saas_history import history, offered, pages, sku

PRODUCTS = ("github", "okta", "jira", "salesforce")

Page = dict[str, Any]


def newest_first(product: str) -> list[Catalog]:
    return list(reversed(history(product)))


def asked(catalog: Catalog, name: str, quantity: int) -> DealFile:
    """Return a file for a product with all it requires, as the page says."""
    wanted, waiting = [name], [name]
    while waiting:
        product = catalog.product(waiting.pop())
        assert product is not None
        rules = [rule for rule in catalog.rules if product.sku in rule.when.skus]
        needed = [*product.requires, *(rule.then.skus[0] for rule in rules)]
        new = [one for one in needed if one not in wanted]
        wanted += new
        waiting += new
    lines = tuple(LineRequest(product=one, quantity=Decimal(quantity)) for one in wanted)
    return DealFile(lines=lines, term_months=12)


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_year_of_a_product_is_a_version_that_may_be_published(product: str) -> None:
    """Seven years of pages are seven versions, each effective from the day of its page."""
    on_record: list[Catalog] = []
    for catalog in history(product):
        assert list(publication_problems(on_record, catalog)) == []
        on_record.insert(0, catalog)

    assert len(on_record) == 7


@pytest.mark.parametrize("product", PRODUCTS)
def test_quotes_priced_on_a_years_version_match_its_page(product: str) -> None:
    """40 users of each plan and add-on cost 40 times the price on the page of that day."""
    versions, compared = newest_first(product), 0
    for page in pages(product):
        day = next(one.effective_from for one in versions if page["version"] in one.version)
        assert day is not None
        catalog = in_force_on(versions, day + timedelta(days=1))
        assert catalog is not None
        request = PricingRequest(currency=page["currency"], priced_on=day, term_months=12)
        for name, published in offered(page).items():
            configured = configure(catalog, asked(catalog, sku(product, name), 40))
            assert configured.problems == (), name
            priced = price(catalog, configured.lines, request)
            line = next(one for one in priced if one.sku == sku(product, name))
            assert line.net.decimal == published * 40
            compared += 1

    assert compared >= 20


def test_the_price_of_a_day_is_that_of_the_page_before_it() -> None:
    """Jira Standard cost 7.00 until the page of 30 November 2022, then 7.16, and 7.53 in 2025."""
    versions = newest_first("jira")
    found = {}
    for day in ("2021-12-31", "2022-12-01", "2024-12-31", "2025-04-01"):
        request = PricingRequest(currency="USD", priced_on=day, term_months=12)
        catalog = in_force_on(versions, request.priced_on)
        assert catalog is not None
        file = DealFile(lines=(LineRequest(product="JIRA-STANDARD"),))
        found[day] = str(price(catalog, configure(catalog, file).lines, request)[0].net.decimal)

    assert found == {
        "2021-12-31": "7.00",
        "2022-12-01": "7.16",
        "2024-12-31": "7.16",
        "2025-04-01": "7.53",
    }


def test_the_pages_dependencies_are_rules() -> None:
    """Okta 2019: HR-driven IT needs directory and life cycle; two kinds of sign-on exclude."""
    catalog = history("okta")[0]
    names = ("hr-drivenIt", "singleSignOn", "adaptiveSingleSignOn")
    lines = tuple(LineRequest(product=sku("okta", name)) for name in names)

    refused = configure(catalog, DealFile(lines=lines))

    assert [problem.reason for problem in refused.problems] == [
        "OKTA-HR-DRIVENIT requires OKTA-UNIVERSALDIRECTORY",
        "OKTA-HR-DRIVENIT requires OKTA-LIFECYCLEMANAGEMENT",
        "OKTA-SINGLESIGNON cannot be sold together with OKTA-ADAPTIVESINGLESIGNON",
    ]


def test_an_add_on_needs_a_plan_it_is_available_for() -> None:
    """GitHub 2025: Copilot Enterprise is sold with the plan Enterprise only."""
    catalog = history("github")[-1]
    names = ("githubCopilotBusiness", "FREE")
    lines = tuple(LineRequest(product=sku("github", name)) for name in names)

    refused = configure(catalog, DealFile(lines=lines))

    assert [problem.reason for problem in refused.problems] == [
        (
            "GITHUB-GITHUBCOPILOTBUSINESS requires GITHUB-TEAM or GITHUB-ENTERPRISE: "
            "githubCopilotBusiness is sold with some plans only"
        )
    ]


def test_a_change_of_the_page_is_a_difference_with_both_values() -> None:
    """Between the pages of 2019 and 2020 GitHub dropped Pro and lowered Team from 9 to 4."""
    before, after, *_ = history("github")

    found = catalog_diff(before, after)

    removed = {one.name for one in found if one.kind is ChangeKind.REMOVED}
    assert {"GITHUB-PRO", "GITHUB-PRO/seat", "GITHUB-PRO/seat in page EUR"} <= removed
    changed = [
        (one.name, one.before, one.after)
        for one in found
        if one.part is Part.PRICE and one.field == "unit"
    ]
    assert changed == [("GITHUB-TEAM/seat in page EUR", "9", "4")]
