"""Crediting in the books: number, journal, open item, and days that may be billed again."""

from datetime import date
from typing import Any

import pytest

from activities.crediting import draft_credit_note, issue_credit_note
from models.credit_notes import CreditEffect, CreditNote
from models.credit_steps import CreditOrder
from models.credits import CreditPart
from models.errors import ConflictError, InvalidInputError, NotFoundError
from models.ledger import Account
from models.money import Money
from models.periods import Interval
from models.steps import ReadAccount
from models.tables import (
    CreditApplicationRow,
    CreditNoteRow,
    InvoiceLineRow,
    InvoiceRow,
    NumberSeries,
    PostingRow,
)
from tests.activities.conservation import assert_conserved, balance
from tests.activities.house import START, House, deal_file, line, step

GROSS = 178_50
FIRST, SECOND = "INV-2026-00001", "INV-2026-00002"
FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
TODAY = date(2026, 2, 10)


def order(invoice: str = FIRST, **changes: Any) -> CreditOrder:
    fields = {"key": "k-1", "invoice": invoice, "on": TODAY, "reason": "a complaint"}
    return CreditOrder.model_validate(fields | changes)


def issue(house: House, invoice: str = FIRST, **changes: Any) -> CreditNote:
    asked = order(invoice, **changes)
    return house.books.write(lambda session: issue_credit_note(session, house.office, asked))


def owed(house: House) -> int:
    return house.collection.read_account(step(ReadAccount, "1001", TODAY)).balance_minor


@pytest.fixture
def two(house: House) -> House:
    """Deal 1001: 3 seats, 178.50 a month with tax, billed for January and February."""
    house.sell(deal_file("1001", line("CRM", "3"), starts_on=START))
    house.converge("1001", START)
    house.converge("1001", FEBRUARY)
    return house


def test_a_full_credit_settles_its_invoice_and_mirrors_its_entry(two: House) -> None:
    """Tax and receivable go back; the contract's position takes the net amount."""
    note = issue(two)

    assert (note.number, note.issued_on, note.gross.minor) == ("CN-2026-00001", TODAY, GROSS)
    postings = {
        row.account: row.amount_minor for row in two.rows(PostingRow, entry=f"credit:{note.number}")
    }
    assert postings[Account.RECEIVABLE] == -GROSS
    assert postings[Account.TAX_PAYABLE] == 28_50
    assert owed(two) == GROSS
    two.converge("1001", TODAY)
    assert_conserved(two)


def test_the_draft_is_the_credit_note_but_for_its_number(two: House) -> None:
    """Preview equals issue, by the same function."""
    draft = two.books.read(lambda session: draft_credit_note(session, order()))

    assert issue(two) == draft.model_copy(update={"number": "CN-2026-00001"})


def test_the_same_request_twice_is_one_credit_note(two: House) -> None:
    """Whoever sends it and whenever: the key is the identity."""
    first = issue(two)
    before = two.everything()

    assert issue(two, actor="another", on=MARCH) == first
    assert two.everything() == before
    with pytest.raises(ConflictError, match="k-1 is on record as CN-2026-00001 with other"):
        issue(two, reason="another reason")


def test_credit_notes_have_a_series_without_gaps(two: House) -> None:
    """A refused one draws no number; dates never go back."""
    issue(two, parts=(CreditPart(line=0, amount=Money(minor=100, currency="EUR")),))
    with pytest.raises(InvalidInputError):
        issue(two, key="k-2", amount_minor=1_000_00)
    later = issue(two, key="k-3", invoice=SECOND, on=date(2026, 2, 5))

    assert (later.number, later.issued_on) == ("CN-2026-00002", TODAY)
    assert [row.last for row in two.rows(NumberSeries, series="CN-2026")] == [2]


def test_what_was_paid_already_becomes_the_customers_credit(two: House) -> None:
    """And settles the next invoice, before any cash that waits."""
    two.pay(GROSS, "r-1", invoices=(FIRST,))
    issue(two)
    assert balance(two, Account.CUSTOMER_CREDIT) == -GROSS
    assert_conserved(two)

    two.converge("1001", TODAY)

    assert [(row.invoice, row.amount_minor) for row in two.rows(CreditApplicationRow)] == [
        (SECOND, GROSS)
    ]
    assert owed(two) == 0
    assert_conserved(two)


def test_a_credit_of_a_part_paid_invoice_lowers_what_is_open_first(two: House) -> None:
    """100.00 is paid; the credit of 178.50 settles 78.50, and 100.00 is the customer's."""
    two.pay(100_00, "r-1", invoices=(FIRST,))

    issue(two)

    assert balance(two, Account.CUSTOMER_CREDIT) == -100_00
    assert_conserved(two)


def test_a_concession_lowers_the_revenue_of_the_contract(two: House) -> None:
    """12 x 150.00 less 31.00: the months after catch up, and the sum is what was billed net."""
    issue(two, amount_minor=31_00)
    for month in range(3, 13):
        two.converge("1001", date(2026, month, 1))
    done = two.converge("1001", date(2027, 1, 1))

    assert -balance(two, Account.REVENUE) == 12 * 150_00 - 31_00
    assert (balance(two, Account.CONTRACT_ASSET), balance(two, Account.CONTRACT_LIABILITY)) == (
        0,
        0,
    )
    assert done.account.fully_recognized
    assert done.account.fully_billed
    assert_conserved(two)


def test_a_concession_after_the_term_takes_revenue_back_at_once(two: House) -> None:
    """Everything is earned by then."""
    two.converge("1001", date(2027, 1, 1))

    issue(two, amount_minor=31_00, on=date(2027, 1, 5))
    two.converge("1001", date(2027, 1, 5))

    assert -balance(two, Account.REVENUE) == 12 * 150_00 - 31_00
    assert_conserved(two)


def test_a_reversal_is_billed_again_in_full(two: House) -> None:
    """The plan stands, so the days that were taken back are due again; revenue never moved."""
    issue(two, effect=CreditEffect.REVERSAL)
    account = two.collection.read_account(step(ReadAccount, "1001", TODAY))
    assert not account.fully_billed

    converged = two.converge("1001", TODAY)

    rows = two.rows(InvoiceLineRow, reference="1/seat", starts_on=START)
    assert [row.invoice for row in rows] == [FIRST, "INV-2026-00003"]
    assert converged.account.balance_minor == 2 * GROSS
    assert two.rows(InvoiceRow)[2].issued_on == TODAY
    assert_conserved(two)
    before = two.everything()
    two.converge("1001", TODAY)
    assert two.everything() == before


def test_a_reversal_can_be_repeated(two: House) -> None:
    """The invoice issued anew is an invoice like any other."""
    issue(two, effect=CreditEffect.REVERSAL)
    two.converge("1001", TODAY)

    issue(two, "INV-2026-00003", key="k-2", effect=CreditEffect.REVERSAL)
    two.converge("1001", TODAY)

    assert len(two.rows(InvoiceLineRow, reference="1/seat", starts_on=START)) == 3
    assert_conserved(two)


def test_a_concession_is_not_billed_again(two: House) -> None:
    """Its days stay accounted for."""
    issue(two)

    two.converge("1001", TODAY)

    assert len(two.rows(InvoiceRow)) == 2


def test_a_line_that_is_no_receivable_yet_is_lowered_when_it_becomes_one(house: House) -> None:
    """Billed in advance of its period: neither the invoice nor its credit is posted before."""
    house.sell(deal_file("1001", line("CRM", "3"), starts_on=date(2026, 1, 15)))
    house.converge("1001", date(2026, 1, 15))
    row = house.rows(InvoiceRow)[0]

    note = issue(house, row.number, on=date(2026, 1, 15), amount_minor=50_00)

    assert note.net.minor == 50_00
    house.converge("1001", date(2026, 2, 15))
    assert_conserved(house)


def test_days_of_the_middle_can_be_credited_and_the_rest_later(two: House) -> None:
    """10 of 31 days of 150.00 are 48.39; what is left takes the cent."""
    days = Interval(start=date(2026, 1, 11), end=date(2026, 1, 21))

    first = issue(two, parts=(CreditPart(line=0, days=days),))
    rest = issue(two, key="k-2")

    assert (first.net.minor, rest.net.minor) == (48_39, 101_61)
    assert first.gross.minor + rest.gross.minor == GROSS
    assert_conserved(two)


def test_an_unknown_invoice_is_not_found(two: House) -> None:
    """Nothing is drawn and nothing written."""
    before = two.everything()

    with pytest.raises(NotFoundError, match="no invoice INV-9"):
        issue(two, "INV-9")

    assert two.everything() == before
    assert two.rows(CreditNoteRow) == []
