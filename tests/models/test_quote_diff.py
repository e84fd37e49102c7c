"""Comparing quotes: what came, went and changed, and what it does to the totals."""

from datetime import date
from typing import Any

from models.catalog import parse_catalog
from models.configuration import configure
from models.deal_file import parse_deal_file
from models.money import Money
from models.pricing import PricingRequest, price
from models.quote_diff import diff_quotes
from models.quoting import Quote, QuoteRequest, make_quote

DAY = date(2026, 1, 1)


def _product(sku: str, **changes: Any) -> dict[str, Any]:
    fee = {"key": "fee", "name": "fee", "type": "recurring", "cadence": "monthly"}
    return {"sku": sku, "name": sku.title(), "kind": "subscription", "charges": [fee], **changes}


CATALOG = parse_catalog(
    {
        "version": "1",
        "products": [
            _product("A"),
            _product("B"),
            _product("PACK", components=[{"sku": "A"}, {"sku": "B"}]),
        ],
        "price_books": [
            {
                "name": currency,
                "currency": currency,
                "valid_from": "2020-01-01",
                "entries": [
                    {"sku": sku, "charge": "fee", "unit": unit}
                    for sku, unit in (("A", "10"), ("B", "20"), ("PACK", "5"))
                ],
            }
            for currency in ("EUR", "USD")
        ],
    }
)


def quote(*lines: dict[str, Any], number: str = "Q-1-1", currency: str = "EUR") -> Quote:
    """One month, so that totals are what one month costs."""
    written = {
        "number": "1",
        "entity": "E",
        "customer": "C",
        "seller": "s",
        "currency": currency,
        "term_months": 1,
        "lines": list(lines),
        "renewal": {"notice_days": 0},
    }
    file = parse_deal_file(written)
    request = PricingRequest(currency=currency, priced_on=DAY, term_months=1)
    priced = price(CATALOG, configure(CATALOG, file).lines, request)
    asked = QuoteRequest(
        deal="1",
        number=number,
        entity="E",
        customer="C",
        seller="s",
        catalog_version="1",
        price_book=currency,
        quoted_on=DAY,
        valid_until=DAY,
        starts_on=DAY,
        term_months=1,
        payment_terms_days=30,
    )
    return make_quote(asked, priced)


def test_a_quote_compared_with_itself_differs_in_nothing() -> None:
    """Only the totals stand there, and their difference is zero."""
    one = quote({"product": "A", "quantity": "3"})

    found = diff_quotes(one, one)

    assert found.same_content
    assert (found.header, found.added, found.removed, found.changed) == ((), (), (), ())
    assert {change.field: change.difference for change in found.totals}["total"] == Money(
        minor=0, currency="EUR"
    )


def test_lines_are_paired_by_product_although_their_numbers_moved() -> None:
    """A leaves, so B moves up to line 1; it is still the same line, with more units."""
    before = quote({"product": "A", "quantity": "3"}, {"product": "B", "quantity": "2"})
    after = quote({"product": "B", "quantity": "5"}, {"product": "PACK"}, number="Q-1-2")

    found = diff_quotes(before, after)

    (changed,) = found.changed
    assert (changed.before, changed.after) == ("2/fee", "1/fee")
    assert [(one.field, one.before, one.after) for one in changed.changes] == [
        ("quantity", "2", "5"),
        ("list_amount", "40.00 EUR", "100.00 EUR"),
        ("net", "40.00 EUR", "100.00 EUR"),
    ]
    assert [line.before for line in found.removed] == ["1/fee"]
    assert [(line.sku, line.after) for line in found.added] == [("PACK", "2/fee")]
    total = next(change for change in found.totals if change.field == "total")
    assert (total.before.minor, total.after.minor) == (70_00, 105_00)
    assert total.difference == Money(minor=35_00, currency="EUR")


def test_the_same_product_in_a_bundle_is_another_line() -> None:
    """An A inside a pack is not the A that stood alone."""
    before = quote({"product": "A"})
    after = quote(
        {"product": "PACK", "options": [{"product": "A", "quantity": "1"}]}, number="Q-1-2"
    )

    found = diff_quotes(before, after)

    assert [line.before for line in found.removed] == ["1/fee"]
    assert [line.after for line in found.added] == ["1/fee", "1.1/fee"]


def test_a_price_change_shows_what_it_was() -> None:
    """An agreed price, at the same list price."""
    found = diff_quotes(
        quote({"product": "A"}), quote({"product": "A", "unit_price": "8"}, number="Q-1-2")
    )

    assert [(one.field, one.before, one.after) for one in found.changed[0].changes] == [
        ("unit_price", "10", "8"),
        ("net", "10.00 EUR", "8.00 EUR"),
    ]


def test_two_currencies_have_no_difference() -> None:
    """10 EUR and 10 USD are not the same, nor is one more than the other."""
    found = diff_quotes(quote({"product": "A"}), quote({"product": "A"}, currency="USD"))

    assert not found.same_content
    assert [change.difference for change in found.totals] == [None] * 6
    assert "currency" in {change.field for change in found.header}
