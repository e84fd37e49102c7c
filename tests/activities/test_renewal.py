"""Renewing: the next term's contract, beside the one that ends."""

from datetime import date

from models.steps import PriceQuote, RenewTerm
from models.tables import ContractRow, DealRow, InvoiceLineRow, ObligationRow
from tests.activities.conservation import assert_conserved
from tests.activities.house import House, deal_file, line, step

RENEWED_ON = date(2027, 1, 1)


def renew(house: House) -> RenewTerm:
    """Sell deal 1001 and return the step that renews it at 10 % more."""
    house.sell(deal_file("1001", line("CRM", "3"), renewal={"uplift_percent": "10"}))
    house.pricing.price_quote(step(PriceQuote, "1001", date(2026, 11, 1), term=2))
    return step(RenewTerm, "1001", RENEWED_ON, term=2, quote_version=2)


def test_the_next_term_has_a_contract_of_its_own(house: House) -> None:
    """3 seats at 55.00 for twelve months."""
    concluded = house.renewal.renew_term(renew(house))

    assert (concluded.starts_on, concluded.total_minor) == (RENEWED_ON, 1_980_00)
    assert [row.number for row in house.rows(ContractRow)] == ["C-1001-1", "C-1001-2"]
    assert [row.allocated_minor for row in house.rows(ObligationRow)] == [1_800_00, 1_980_00]
    assert [(row.term, row.total_minor) for row in house.rows(DealRow)] == [(2, 1_980_00)]


def test_renewing_again_writes_nothing_more(house: House) -> None:
    """The contract of a term is written once."""
    asked = renew(house)
    first = house.renewal.renew_term(asked)
    before = house.everything()

    assert house.renewal.renew_term(asked) == first
    assert house.everything() == before


def test_both_terms_are_billed_and_earned_to_the_end(house: House) -> None:
    """Late work of the first term is done together with the second's."""
    house.renewal.renew_term(renew(house))

    house.converge("1001", RENEWED_ON)
    assert_conserved(house)
    done = house.converge("1001", date(2028, 1, 1))

    lines = house.rows(InvoiceLineRow)
    assert [line.net_minor for line in lines] == [150_00] * 12 + [165_00] * 12
    assert done.account.fully_billed
    assert done.account.fully_recognized
    assert done.next_on is None
    assert_conserved(house)
