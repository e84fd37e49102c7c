"""The facts of a quote: what a policy can ask about, to the cent and in percent."""

from decimal import Decimal
from typing import Any

import pytest

from models.approval_quote import Asked, quote_facts, quote_lines
from models.catalog import parse_catalog
from models.configuration import configure
from models.deal_file import DealFile
from models.pricing import PricingRequest, price
from models.quoting import Quote, QuoteRequest, make_quote
from tests.activities.house import CATALOG, START, deal_file, line, off

WITH_COSTS = {
    **CATALOG,
    "products": [{**each, "tags": ["field"]} for each in CATALOG["products"]],
    "price_books": [
        {
            **CATALOG["price_books"][0],
            "entries": [{**entry, "cost": "20"} for entry in CATALOG["price_books"][0]["entries"]],
        }
    ],
}


def quoted(file: DealFile, catalog: dict[str, Any] = CATALOG, **changes: Any) -> Quote:
    """Price a deal file of the house."""
    known = parse_catalog(catalog)
    asked = PricingRequest(
        currency="EUR", priced_on=START, term_months=12, header_discount=file.header_discount
    )
    fields = {
        "deal": file.number,
        "number": "Q-1",
        "entity": "DE01",
        "customer": "C-100",
        "seller": "sam",
        "catalog_version": known.version,
        "price_book": "eur",
        "quoted_on": START,
        "valid_until": START,
        "starts_on": START,
        "term_months": 12,
        "payment_terms_days": 30,
        **changes,
    }
    lines = price(known, configure(known, file).lines, asked)
    return make_quote(QuoteRequest.model_validate(fields), lines)


MIXED = deal_file(
    "1001",
    line("CRM", "2", discount=off("10")),
    line("TRAINING", "3", discount=off("40")),
    line("LAPTOP", "1"),
)


def test_facts_are_those_of_the_whole_term() -> None:
    """CRM 2 x 50 x 12 less 10 %, three days of training at 300, one laptop."""
    facts = quote_facts(quoted(MIXED))

    assert facts == {
        "total": Decimal("2980.00"),
        "discount_amount": Decimal("720.00"),
        "discount_percent": Decimal("19.46"),
        "max_line_discount_percent": Decimal("40.00"),
        "header_discount_percent": Decimal("0.00"),
        "services_total": Decimal("900.00"),
        "one_time_total": Decimal("1900.00"),
        "payment_terms_days": Decimal(30),
        "term_months": Decimal(12),
        "non_standard_terms": Decimal(0),
    }


@pytest.mark.parametrize(
    ("discount", "percent"),
    [
        ({"percent": "10"}, "10"),
        ({"amount": "100", "basis": "once"}, "2.70"),
        ({"amount": "10", "basis": "per_period"}, "10.00"),
    ],
)
def test_a_header_discount_is_measured_against_what_it_comes_off(
    discount: dict[str, str], percent: str
) -> None:
    """10 % is 10 %; 100 once off 3,700 is 2.70 %; 10 off 100 a month is 10 %."""
    several = (line("CRM", "2"), line("TRAINING", "3"), line("LAPTOP", "1"))
    lines = several if discount.get("basis") == "once" else (line("CRM", "2"),)
    file = deal_file("1001", *lines, header_discount=discount)

    facts = quote_facts(quoted(file), Asked(file.header_discount))

    assert facts["header_discount_percent"] == Decimal(percent)


@pytest.mark.parametrize(
    ("changes", "agreed", "flag"),
    [
        ({}, 30, 0),
        ({"payment_terms_days": 45}, 30, 1),
        ({"payment_terms_days": 45}, 60, 0),
        ({"payment_terms_days": 45}, None, 0),
        ({"note": "Exit at any time"}, 30, 1),
        ({"note": "  "}, 30, 0),
    ],
)
def test_terms_are_non_standard_if_they_differ_or_something_is_written(
    changes: dict[str, Any], agreed: int | None, flag: int
) -> None:
    """Free text on a quote is a promise that legal has to read."""
    facts = quote_facts(quoted(MIXED, **changes), Asked(None, agreed))

    assert facts["non_standard_terms"] == flag


def test_lines_have_facts_of_their_own() -> None:
    """Every discount counts, and an unknown margin is left out."""
    crm, training, laptop = quote_lines(quoted(MIXED))

    assert crm.facts == {
        "line_total": Decimal("1080.00"),
        "line_quantity": Decimal(2),
        "line_discount_percent": Decimal("10.00"),
    }
    assert (training.kind, training.facts["line_discount_percent"]) == ("service", Decimal(40))
    assert laptop.facts["line_discount_percent"] == 0


def test_tags_and_costs_come_from_the_catalogue() -> None:
    """A margin is known where every cost is; tags are the product's in that version."""
    quote = quoted(MIXED, WITH_COSTS)

    facts = quote_facts(quote)
    lines = quote_lines(quote, parse_catalog(WITH_COSTS))

    # 2,980 less 24 seat-months, 3 days and 1 laptop at 20 each: 2,420 is left.
    assert facts["margin_percent"] == Decimal("81.21")
    assert [line.tags for line in lines] == [("field",)] * 3
    assert lines[0].facts["line_margin_percent"] == Decimal("55.56")
