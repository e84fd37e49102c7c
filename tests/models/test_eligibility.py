"""Eligibility: who may buy what, where, how and when, with the author's reason."""

from datetime import date
from typing import Any

import pytest

from models.configuration import context_for
from models.deal_file import DealFile
from models.eligibility import Eligibility, SaleContext, ineligible_because
from models.parties import Customer
from tests.models.cpq import catalog, configured, line, product, reasons, refused, shown

HERE = SaleContext(
    on=date(2026, 6, 1),
    customer="C-1",
    segment="public",
    tags=("school",),
    country="US",
    region="CA",
    channel="partner",
)
REGIONS = {"AMERICAS": ("US", "CA")}


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({}, ""),
        ({"customers": ["C-1"], "segments": ["school"], "channels": ["partner"]}, ""),
        ({"countries": ["AMERICAS"], "except_countries": ["US-NY"]}, ""),
        ({"countries": ["US-CA"]}, ""),
        ({"valid_from": "2026-06-01", "valid_until": "2026-06-02"}, ""),
        ({"customers": ["C-2"]}, "is not sold to customer C-1"),
        ({"segments": ["retail"]}, "is sold to retail only"),
        ({"countries": ["DE", "FR"]}, "is sold in DE or FR only, not in US-CA"),
        ({"except_countries": ["US-CA"]}, "is not sold in US-CA"),
        ({"except_countries": ["AMERICAS"]}, "is not sold in US-CA"),
        ({"channels": ["direct"]}, "is sold through direct only, not partner"),
        ({"valid_from": "2026-06-02"}, "is not sold before 2026-06-02"),
        ({"valid_until": "2026-06-01"}, "is not sold any more since 2026-06-01"),
    ],
)
def test_each_condition_admits_or_says_why_not(rule: dict[str, Any], reason: str) -> None:
    """Filled conditions must hold; empty ones admit everybody."""
    found = ineligible_because(Eligibility.model_validate(rule), HERE, REGIONS)

    assert found == ((reason,) if reason else ())


def test_all_reasons_are_told_at_once_with_the_authors() -> None:
    """A seller learns everything that is in the way."""
    rule = {"segments": ["retail"], "channels": ["direct"], "reason": "a pilot"}
    sold = catalog(product("PILOT", eligibility=rule))

    found = configured(sold, line("PILOT"), context=HERE)

    assert reasons(found) == [
        "lines[0].product: PILOT is sold to retail only: a pilot",
        "lines[0].product: PILOT is sold through direct only, not partner: a pilot",
    ]
    assert configured(sold, line("PILOT")).problems == ()


def test_what_a_bundle_presets_is_left_out_for_those_who_may_not_have_it() -> None:
    """The bundle is sold without it, which is said; chosen or required, it is an error."""
    abroad = {"except_countries": ["US"], "reason": "export control"}
    sold = catalog(
        product(
            "SUITE",
            components=[
                {"sku": "CRYPTO", "default": 1, "eligibility": abroad},
                {"sku": "PLAIN", "default": 1},
            ],
        ),
        product("CRYPTO"),
        product("PLAIN"),
    )

    preset = configured(sold, line("SUITE"), context=HERE)
    chosen = configured(sold, line("SUITE", options=[{"product": "CRYPTO"}]), context=HERE)

    assert shown(preset) == {"1": "SUITE x 1", "1.1": "PLAIN x 1"}
    assert (preset.problems, [one.reason for one in preset.warnings]) == (
        (),
        ["CRYPTO is left out of SUITE: it is not sold in US-CA: export control"],
    )
    assert reasons(chosen) == [
        "lines[0].options[0].product: CRYPTO in SUITE is not sold in US-CA: export control"
    ]


def test_the_context_is_where_and_to_whom_the_deal_delivers() -> None:
    """Country and region are those of the place of supply, the channel that of the deal file."""
    address = {"line1": "1 Main", "city": "Reno", "region": "NV", "country": "US"}
    customer = Customer.model_validate(
        {
            "number": "C-1",
            "legal_name": "Acme",
            "bill_to": {"line1": "x", "city": "Berlin", "country": "DE"},
            "ship_to": address,
            "segment": "public",
            "tags": ["school"],
        }
    )

    found = context_for(customer, DealFile(sales_channel="partner"), date(2026, 1, 1))

    assert found == SaleContext(
        on=date(2026, 1, 1),
        customer="C-1",
        segment="public",
        tags=("school",),
        country="US",
        region="NV",
        channel="partner",
    )


def test_windows_and_places_that_mean_nothing_are_refused() -> None:
    """A slip in a country code would silently sell to nobody."""
    rule = {
        "valid_from": "2026-02-01",
        "valid_until": "2026-02-01",
        "countries": ["EMEA", "D"],
        "except_countries": ["EUROPE"],
    }

    found = refused(product("A", eligibility=rule), regions={"EMEA": ["DE", "XX"]})

    nowhere = "is neither a country nor a region of this catalogue"
    assert found == [
        "products[0].eligibility.valid_until: 2026-02-01 is not after valid_from 2026-02-01",
        f"products[0].eligibility.countries[1]: D {nowhere}",
        f"products[0].eligibility.except_countries[0]: EUROPE {nowhere}",
        "regions.EMEA[1]: XX is no country",
    ]
