"""Crediting in the books: number, journal, open item, and days that may be billed again."""

from datetime import date
from typing import Any

import pytest

from activities.correcting import CorrectingActivities
from activities.crediting import draft_credit_note, issue_credit_note
from models.billing import Invoice
from models.credit_notes import CreditEffect, CreditNote
from models.credit_steps import Corrected, CorrectInvoice, Correction, CreditOrder
from models.credits import CreditPart
from models.errors import ConflictError, InvalidInputError, NotFoundError
from models.ledger import Account
from models.money import Money
from models.periods import Interval
from models.steps import ReadAccount, RegisterKind
from models.tables import (
    CreditApplicationRow,
    CreditNoteRow,
    InvoiceLineRow,
    InvoiceRow,
    MailRow,
    NumberSeries,
    PostingRow,
)
from tests.activities.conservation import assert_conserved, balance
from tests.activities.house import CUSTOMER, ENTITY, START, House, deal_file, line, noon, step
from tests.activities.test_cases import Desk

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


def correct(house: House, kind: Correction, invoice: str = FIRST, **changes: Any) -> Corrected:
    fields = {"key": "k-1", "invoice": invoice, "on": TODAY, "at": noon(TODAY), "reason": "wrong"}
    asked = CorrectInvoice.model_validate({**fields, "kind": kind, **changes})
    return CorrectingActivities(house.office).correct_invoice(asked)


def allow_voids(house: House) -> None:
    house.register(RegisterKind.ENTITY, "DE01", {**ENTITY, "may_void": True})


def test_a_void_invoice_keeps_its_number_and_claims_nothing(two: House) -> None:
    """Its entry is booked back; nothing is billed again before somebody says so."""
    allow_voids(two)

    done = correct(two, Correction.VOID)
    again = correct(two, Correction.VOID)
    two.converge("1001", TODAY)

    assert (done.is_void, done.problems, again.repeated) == (True, (), True)
    assert [row.number for row in two.rows(InvoiceRow)] == [FIRST, SECOND]
    assert owed(two) == GROSS
    assert_conserved(two)


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        ("nothing", "invoices of DE01 (DE) are not made void"),
        ("mailed", "INV-2026-00001 has reached its customer"),
        ("paid", "INV-2026-00001 is paid, in part at least"),
        ("credited", "INV-2026-00001 is credited, in part at least"),
        ("voided", "INV-2026-00001 is void already"),
    ],
)
def test_an_invoice_that_cannot_be_void_is_to_be_credited(
    two: House, happened: str, reason: str
) -> None:
    """Semantics 11: only while it is not delivered, and only where its country allows it."""
    if happened != "nothing":
        allow_voids(two)
    if happened == "mailed":
        mail = MailRow(
            key=f"1001:invoice:{FIRST}:ben@buyer.example",
            deal="1001",
            recipient="ben@buyer.example",
            subject="x",
            sent_at=noon(TODAY),
        )
        two.books.write(lambda session: session.add(mail))
    elif happened == "paid":
        two.pay(1, "r-1", invoices=(FIRST,))
    elif happened == "credited":
        issue(two, key="c-1", amount_minor=1)
    elif happened == "voided":
        correct(two, Correction.VOID, key="v-1")
    before = two.everything()

    refused = correct(two, Correction.VOID)

    assert [problem.reason for problem in refused.problems] == [reason]
    assert refused.problems[0].remedy.startswith(
        "there is nothing" if happened == "voided" else "credit it"
    )
    assert two.everything() == before


def test_a_void_invoice_cannot_be_credited(two: House) -> None:
    """It claims nothing."""
    allow_voids(two)
    correct(two, Correction.VOID, key="v-1")

    refused = correct(two, Correction.CREDIT)

    assert refused.refused_because.startswith(f"invoice: {FIRST} is void since 2026-02-10")


def test_an_invoice_is_billed_again_for_another_order_and_address(two: House) -> None:
    """Reverse and rebill: the credit names the old data, the new invoice has the new ones."""
    moved = {**CUSTOMER, "bill_to": {**CUSTOMER["bill_to"], "line1": "Neuer Markt 9"}}
    two.register(RegisterKind.CUSTOMER, "C-100", moved)

    done = correct(two, Correction.REBILL, purchase_order="PO-78")
    again = correct(two, Correction.REBILL, purchase_order="PO-78")
    two.converge("1001", TODAY)

    assert (done.credit_note, again) == (
        "CN-2026-00001",
        done.model_copy(update={"repeated": True}),
    )
    third = Invoice.model_validate_json(two.rows(InvoiceRow)[2].content)
    assert (third.purchase_order, third.customer.bill_to.line1) == ("PO-78", "Neuer Markt 9")
    note = CreditNote.model_validate_json(two.rows(CreditNoteRow)[0].content)
    assert (note.customer.bill_to.line1, note.effect) == ("Markt 2", CreditEffect.REVERSAL)
    assert note.lines[0].period == third.lines[0].period
    assert third.issued_on == TODAY
    assert_conserved(two)


def test_an_invoice_nobody_got_is_voided_to_be_billed_again(two: House) -> None:
    """Where that is allowed it needs no credit note."""
    allow_voids(two)

    done = correct(two, Correction.REBILL)
    two.converge("1001", TODAY)

    assert (done.credit_note, done.is_void) == ("", True)
    assert len(two.rows(InvoiceLineRow, starts_on=START)) == 2
    assert owed(two) == 2 * GROSS
    assert_conserved(two)


def test_a_void_invoice_can_be_issued_anew_later(two: House) -> None:
    """Void, then re-issue."""
    allow_voids(two)
    correct(two, Correction.VOID, key="v-1")

    done = correct(two, Correction.REBILL)
    two.converge("1001", TODAY)

    assert done.refused_because == ""
    assert len(two.rows(InvoiceRow)) == 3
    assert_conserved(two)


def test_an_invoice_is_billed_again_once_and_not_after_a_part_was_credited(two: House) -> None:
    """Twice would be two invoices; after a part, what comes back is not what was taken back."""
    correct(two, Correction.REBILL)
    twice = correct(two, Correction.REBILL, key="k-2")
    issue(two, SECOND, key="c-1", amount_minor=1)
    in_part = correct(two, Correction.REBILL, SECOND, key="k-3")
    nowhere = correct(two, Correction.REBILL, "INV-9", key="k-4", reason="")

    assert "was taken back to be billed again on 2026-02-10" in twice.refused_because
    assert "was credited before by CN-2026-00002" in in_part.refused_because
    assert "There is no invoice INV-9" in nowhere.refused_because


def test_a_key_used_for_another_correction_is_refused(two: House) -> None:
    """Law 2."""
    correct(two, Correction.CREDIT)

    other = correct(two, Correction.CREDIT, reason="another")

    assert "k-1 is on record as CN-2026-00001 with other content" in other.refused_because


def test_crediting_a_written_off_invoice_lowers_the_expense(two: House) -> None:
    """The receivable is gone already; what is not owed cannot be a bad debt."""
    desk = Desk(two)
    assert desk.write_off(FIRST).problems == ()
    assert desk.close(f"write_off-{FIRST}.1").reference == FIRST
    assert balance(two, Account.BAD_DEBT) == GROSS

    issue(two, amount_minor=50_00)

    assert balance(two, Account.BAD_DEBT) == GROSS - 59_50
    assert_conserved(two)
