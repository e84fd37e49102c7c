"""Contracts: who signs what, and what is billed and promised from then on."""

import pytest

from models.deal_file import RenewalTerms
from models.decisions import DecisionKind
from models.steps import ConcludeContract, ContractConcluded, DrawUpContract, RegisterKind
from models.tables import ContractRow, ObligationRow, PlannedChargeRow
from tests.activities.house import CUSTOMER, PEOPLE, House, deal_file, line, off, step

BEN, SIGRID = "ben@buyer.example", "sigrid@buyer.example"


def signers(house: House) -> tuple[tuple[str, str], ...]:
    asked = step(DrawUpContract, "1001", quote_version=1)
    drawn = house.contract.draw_up_contract(asked)
    assert house.contract.draw_up_contract(asked) == drawn
    assert drawn.number == "OF-1001-1"
    return drawn.signers


def conclude(house: House) -> ContractConcluded:
    return house.contract.conclude_contract(step(ConcludeContract, "1001", quote_version=1))


def test_our_manager_and_their_signatory_sign(house: House) -> None:
    """Without a person titled signatory, the seller's manager signs for us."""
    house.quote(deal_file("1001", line("CRM")))

    assert signers(house) == ((SIGRID, "customer"), ("mia", "seller"))


def test_a_signatory_of_ours_goes_before_the_manager(house: House) -> None:
    """Whoever holds the title signs."""
    finn = {**PEOPLE[3], "titles": ["finance", "signatory"]}
    house.register(RegisterKind.PERSON, "finn", finn)
    house.quote(deal_file("1001", line("CRM")))

    assert signers(house) == ((SIGRID, "customer"), ("finn", "seller"))


def test_their_first_contact_signs_where_nobody_has_the_role(house: House) -> None:
    """A customer with one contact need not name a role."""
    house.register(
        RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "contacts": CUSTOMER["contacts"][:1]}
    )
    house.quote(deal_file("1001", line("CRM")))

    assert signers(house) == ((BEN, "customer"), ("mia", "seller"))


def test_a_customer_without_contacts_leaves_our_signature(house: House) -> None:
    """The order form is then signed on paper."""
    house.register(RegisterKind.CUSTOMER, "C-100", {**CUSTOMER, "contacts": []})
    house.quote(deal_file("1001", line("CRM")))

    assert signers(house) == (("mia", "seller"),)


def test_the_contract_is_on_record_with_plan_and_promises(house: House) -> None:
    """Twelve months of CRM at 80 %, one setup, and a laptop on delivery."""
    lines = (line("CRM", "3", discount=off("20")), line("SUITE"), line("LAPTOP"))
    house.quote(deal_file("1001", *lines, renewal={"notice_days": 60}))

    concluded = conclude(house)

    assert concluded.total_minor == 12 * 120_00 + 300_00 + 12 * 100_00 + 1_000_00
    assert concluded.renewal == RenewalTerms(notice_days=60)
    assert (concluded.term_months, concluded.ends_on.isoformat()) == (12, "2027-01-01")
    plan, promises = house.rows(PlannedChargeRow), house.rows(ObligationRow)
    assert len(plan) == 12 + 1 + 12 + 1
    assert [row.reference for row in plan if row.bill_on is None] == ["3/unit"]
    assert sum(row.amount_minor for row in plan) == concluded.total_minor
    assert [row.reference for row in promises] == ["1", "2", "3"]
    assert sum(row.allocated_minor for row in promises) == concluded.total_minor


def test_concluding_again_writes_nothing_more(house: House) -> None:
    """The contract of a term is written once."""
    house.quote(deal_file("1001", line("CRM"), line("LAPTOP")))
    first = conclude(house)
    before = house.everything()

    assert conclude(house) == first
    assert house.everything() == before


@pytest.mark.parametrize(("named", "printed"), [("PO-7", "PO-7"), ("", "PO-FILE")])
def test_the_order_number_named_on_acceptance_wins(house: House, named: str, printed: str) -> None:
    """It is printed on every invoice; the one in the deal file is the seller's guess."""
    quote = house.quote(deal_file("1001", line("CRM"), purchase_order="PO-FILE")).quote
    assert quote is not None
    token = house.token(DecisionKind.ACCEPT, BEN, quote.content_hash)
    accepted = house.decide(DecisionKind.ACCEPT, BEN, token=token, purchase_order=named)
    assert house.approval.record_decision(accepted).accepted

    conclude(house)

    contract = house.rows(ContractRow)[0]
    assert (contract.number, contract.purchase_order) == ("C-1001-1", printed)
    assert contract.content_hash == quote.content_hash
