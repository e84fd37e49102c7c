"""What a version would change for an open quote or a live deal, before it takes effect."""

from datetime import date
from typing import Any

from models.catalog import Catalog
from models.catalog_impact import Stake, StakeKind, in_words, touched_by
from models.deal_file import DealFile
from models.parties import Customer
from tests.models.cpq import catalog, line, product

ON = date(2026, 6, 1)
CUSTOMER = Customer.model_validate(
    {
        "number": "C-1",
        "legal_name": "Acme",
        "bill_to": {"line1": "1 Main", "city": "Berlin", "country": "DE"},
    }
)


def sold(*products: dict[str, Any], prices: dict[str, str], **changes: Any) -> Catalog:
    entries = [{"sku": sku, "charge": "seat", "unit": unit} for sku, unit in prices.items()]
    book = {"name": "list", "currency": "USD", "valid_from": "2026-01-01", "entries": entries}
    return catalog(*products, price_books=[book], **changes)


BEFORE = sold(product("CRM"), product("ERP"), prices={"CRM": "10", "ERP": "20"})


def touched(after: Catalog, *lines: Any) -> list[tuple[str, ...]]:
    stake = Stake(
        kind=StakeKind.QUOTE,
        deal="1001",
        document="Q-1001-1",
        customer=CUSTOMER,
        file=DealFile(lines=lines, term_months=12, currency="USD"),
        priced_on=ON,
    )
    return [
        (one.line, one.product, one.effect.value, one.before, one.after)
        for one in touched_by(BEFORE, after, stake)
    ]


def test_a_price_is_told_as_the_customer_would_see_it() -> None:
    """3 seats at 10 become 3 at 12; the line that costs the same is not told."""
    after = sold(product("CRM"), product("ERP"), prices={"CRM": "12", "ERP": "20"})

    assert touched(after, line("CRM", 3), line("ERP")) == [
        ("1", "CRM", "price", "30.00 USD (3 at 10)", "36.00 USD (3 at 12)")
    ]


def test_an_agreed_price_is_not_touched_by_the_list() -> None:
    """What was agreed stays agreed."""
    after = sold(product("CRM"), product("ERP"), prices={"CRM": "12", "ERP": "20"})

    assert touched(after, line("CRM", unit_price="9")) == []


def test_a_product_that_is_gone_is_told_once() -> None:
    """Not again as a line that cannot be configured and has no price."""
    after = sold(product("CRM"), prices={"CRM": "10"})

    assert touched(after, line("CRM"), line("ERP")) == [("2", "ERP", "gone", "ERP", "")]


def test_a_rule_that_would_be_broken_is_told_with_its_reason() -> None:
    """What was in order and would be refused, at its line."""
    after = sold(
        product("CRM"),
        product("ERP", eligibility={"countries": ["US"]}),
        prices={"CRM": "10", "ERP": "20"},
        rules=[
            {
                "key": "r",
                "kind": "requires",
                "when": {"skus": ["CRM"]},
                "then": {"skus": ["ERP"]},
                "reason": "they share data",
            }
        ],
    )

    assert touched(after, line("CRM")) == [
        (
            "1",
            "CRM",
            "rule",
            "",
            "lines[0].product: CRM requires ERP: they share data (add ERP)",
        )
    ]
    told = touched(after, line("ERP"))
    assert [one[2] for one in told] == ["rule"]
    assert "ERP is sold in US only, not in DE" in told[0][4]


def test_a_line_that_would_be_added_is_told() -> None:
    """The customer would pay for something that is not on the quote."""
    after = sold(
        product("CRM"),
        product("ERP"),
        prices={"CRM": "10", "ERP": "20"},
        added=[{"key": "a", "when": {"skus": ["CRM"]}, "add": "ERP", "fixed": 2}],
    )

    assert touched(after, line("CRM")) == [("2", "ERP", "added", "", "2 for 40.00 USD")]


def test_what_is_wrong_already_is_not_told_again() -> None:
    """Only what the version changes counts."""
    assert touched(BEFORE, line("NOPE"), line("CRM")) == []


def test_a_price_that_is_missing_is_told() -> None:
    """The product is still there, and nobody could quote it."""
    after = sold(product("CRM"), product("ERP"), prices={"CRM": "10"})

    told = touched(after, line("ERP"))

    assert [one[:3] for one in told] == [("1", "ERP", "rule")]
    assert "ERP/seat has no price in list" in told[0][4]


def test_quotes_and_deals_are_counted_for_the_question() -> None:
    """Two lines of one quote are one quote."""
    after = sold(product("CRM"), product("ERP"), prices={"CRM": "12", "ERP": "21"})
    file = DealFile(lines=(line("CRM"), line("ERP")), term_months=12, currency="USD")
    stake = Stake(kind=StakeKind.QUOTE, deal="1", document="Q-1-1", file=file, priced_on=ON)
    live = stake.model_copy(update={"kind": StakeKind.DEAL, "document": "Q-2-1", "deal": "2"})

    found = [*touched_by(BEFORE, after, stake), *touched_by(BEFORE, after, live)]

    assert (len(found), in_words(found)) == (4, "1 open quote(s) and 1 live deal(s)")
