"""Prices with tax in them: gross to the cent, net what is earned, and never tax on top."""

from datetime import date
from typing import Any

import pytest

from models.billing import Invoice
from models.errors import ParkedError
from models.ledger import Account
from models.steps import ConcludeContract, RegisterKind
from models.tables import ContractRow, InvoiceRow, NumberSeries, PlannedChargeRow
from tests.activities.conservation import assert_conserved, balance
from tests.activities.house import (
    CATALOG,
    START,
    TAX_RULE,
    House,
    deal_file,
    line,
    step,
)

GROSS = {
    **CATALOG,
    "version": "gross",
    "price_books": [
        {**book, "prices_include_tax": book["name"] == "eur"} for book in CATALOG["price_books"]
    ],
}


def invoices(house: House) -> list[Invoice]:
    return [Invoice.model_validate_json(row.content) for row in house.rows(InvoiceRow)]


def selling_gross(house: House) -> House:
    """Publish the catalogue with 19 % in its prices: 50.00 is 42.02 net and 7.98 tax."""
    house.publish(RegisterKind.CATALOG, GROSS)
    return house


def test_the_buyer_pays_the_price_and_we_earn_what_is_left(house: House) -> None:
    """Three months of 50.00: 42.02 net and 7.98 tax each; the contract is worth 12 x 42.02."""
    selling_gross(house).sell(deal_file("1001", line("CRM")))

    house.converge("1001", date(2026, 3, 15))

    found = invoices(house)
    assert [(one.net.minor, one.tax.minor, one.gross.minor) for one in found] == [
        (42_02, 7_98, 50_00)
    ] * 3
    assert found[0].lines[0].gross is not None
    assert [row.total_minor for row in house.rows(ContractRow)] == [12 * 42_02]
    assert {row.gross_minor for row in house.rows(PlannedChargeRow)} == {50_00}
    assert balance(house, Account.RECEIVABLE) == 150_00
    assert_conserved(house)


def test_many_lines_stay_to_the_cent_though_their_taxes_do_not_sum_to_the_rate(
    house: House,
) -> None:
    """Three goods at 80.00: 240.00 to pay; 12.77 three times, where 19 % of 201.69 is 38.32."""
    lines = [line("CRATE") for _ in range(3)]
    selling_gross(house).sell(deal_file("1001", *lines, term_months=0))

    done = house.converge("1001", START)

    (invoice,) = invoices(house)
    assert done.parked == ""
    assert invoice.gross.minor == 240_00
    assert [one.tax.minor for one in invoice.lines] == [12_77] * 3
    assert invoice.taxes[0].tax.minor == 38_31
    assert_conserved(house)


def test_a_discount_is_shown_net_and_comes_off_the_gross_price(house: House) -> None:
    """50.00 less 10 %: 45.00 to pay, 37.82 net of 42.02."""
    discounted = line("CRM", discount={"percent": "10", "reason": "big deal"})
    selling_gross(house).sell(deal_file("1001", discounted))

    house.converge("1001", START)

    (invoice,) = invoices(house)
    assert invoice.gross.minor == 45_00
    assert (invoice.lines[0].net.minor, invoice.lines[0].discount.minor) == (37_82, 4_20)
    assert_conserved(house)


def test_another_rate_on_the_day_of_supply_is_a_question(house: House) -> None:
    """16 % from March on: who bears the difference is not for us to say; no number is drawn."""
    selling_gross(house).sell(deal_file("1001", line("CRM")))
    ended = {**TAX_RULE, "valid_until": "2026-03-01"}
    lowered = {**TAX_RULE, "valid_from": "2026-03-01", "rate_percent": "16"}
    house.publish(RegisterKind.TAX_RULES, [ended, lowered])

    done = house.converge("1001", date(2026, 3, 1))

    assert len(done.invoices) == 2
    assert "was agreed at 50.00 EUR with tax, of which 42.02 EUR is net" in done.parked
    assert "Who bears the difference?" in done.parked
    assert [row.last for row in house.rows(NumberSeries)] == [2]


def test_a_price_whose_tax_nobody_knows_makes_no_contract(house: House) -> None:
    """Without a rule there is no net amount to earn: the contract waits for the answer."""
    selling_gross(house)
    house.publish(RegisterKind.TAX_RULES, [{**TAX_RULE, "category": "training"}])
    quote = house.quote(deal_file("1001", line("CRM"))).quote
    assert quote is not None

    with pytest.raises(ParkedError, match="No tax rule covers"):
        house.contract.conclude_contract(step(ConcludeContract, "1001", quote_version=1))

    assert house.rows(ContractRow) == []
    house.publish(RegisterKind.TAX_RULES, [TAX_RULE])
    concluded = house.contract.conclude_contract(step(ConcludeContract, "1001", quote_version=1))
    assert concluded.total_minor == 12 * 42_02


def test_a_book_derives_from_one_that_says_the_same(house: House) -> None:
    """A factor on a gross price is no net price."""
    derived: dict[str, Any] = {
        "name": "partner",
        "currency": "EUR",
        "valid_from": "2020-01-01",
        "derived_from": {"book": "eur", "percent": "-10"},
    }
    mixed = {**GROSS, "price_books": [*GROSS["price_books"], derived]}

    refused = house.publish(RegisterKind.CATALOG, mixed)

    fields = {problem.field for problem in refused.problems}
    assert "price_books[2].derived_from.book" in fields


def test_a_running_contract_at_gross_prices_is_not_changed(house: House) -> None:
    """Its charges cannot be split into net parts that come to their price."""
    selling_gross(house).sell(deal_file("1001", line("CRM")))
    house.converge("1001", START)
    before = house.everything()

    refused = house.amend("1001", date(2026, 1, 16), {"lines": [{"line": 1, "quantity": "2"}]})

    assert [problem.field for problem in refused.problems] == ["deal 1001"]
    assert "prices with tax in them" in refused.problems[0].reason
    assert refused.problems[0].remedy
    assert house.everything() == before
