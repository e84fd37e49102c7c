"""One invoice for several deals of a customer, and parents who pay for their children."""

from datetime import date
from typing import Any

import pytest

from activities.crediting import issue_credit_note
from models.billing import Invoice
from models.credit_steps import CreditOrder
from models.credits import CreditPart
from models.errors import InvalidInputError
from models.ledger import Account
from models.steps import ReadAccount, RegisterKind
from models.tables import AuditRow, InvoiceRow, JournalEntryRow, ReminderRow
from tests.activities.conservation import assert_conserved, balance, balances
from tests.activities.house import CUSTOMER, House, deal_file, line, noon, payment, step

JANUARY, FIFTEENTH = date(2026, 1, 1), date(2026, 1, 15)
CHILD: dict[str, Any] = {
    **CUSTOMER,
    "number": "C-110",
    "legal_name": "Buyer Tochter GmbH",
    "parent": "C-100",
    "billed_to_parent": True,
    "contacts": [{"name": "Tina", "email": "tina@tochter.example"}],
}


def invoices(house: House) -> list[Invoice]:
    return [Invoice.model_validate_json(row.content) for row in house.rows(InvoiceRow)]


def consolidating(house: House, day: int = 15, **changes: Any) -> None:
    content = {**CUSTOMER, "consolidate_invoices": day, **changes}
    assert house.register(RegisterKind.CUSTOMER, "C-100", content).problems == ()


def with_child(house: House) -> None:
    assert house.register(RegisterKind.CUSTOMER, "C-110", CHILD).problems == ()


def account(house: House, deal: str, on: date) -> int:
    return house.collection.read_account(step(ReadAccount, deal, on)).balance_minor


def test_three_deals_share_the_invoice_of_the_day(house: House) -> None:
    """150.00, 31.00 for January and 90.00 are billed on 15 February, numbered once."""
    consolidating(house)
    house.sell(deal_file("1001", line("CRM", "3")))
    house.sell(deal_file("1002", line("HOSTING")))
    house.sell(deal_file("1003", line("SUPPORT"), starts_on=date(2026, 2, 1)))

    waiting = house.converge("1001", JANUARY)
    first = house.converge("1001", FIFTEENTH)
    second = house.converge("1002", date(2026, 2, 15))
    third = house.converge("1003", date(2026, 2, 15))
    house.converge("1001", date(2026, 2, 15))

    assert (waiting.invoices, waiting.next_on) == ((), FIFTEENTH)
    assert first.invoices == ("INV-2026-00001",)
    assert second.invoices == ("INV-2026-00002",)
    assert (third.invoices, third.covered_by) == ((), ("INV-2026-00002",))
    alone, together = invoices(house)
    assert (alone.deals, alone.net.minor) == (("1001",), 150_00)
    assert together.deals == ("1002", "1001", "1003")
    assert [(one.deal, one.net.minor) for one in together.lines] == [
        ("1002", 31_00),
        ("1001", 150_00),
        ("1003", 90_00),
    ]
    assert (together.net.minor, together.tax.minor) == (271_00, 51_49)
    assert_conserved(house)


def test_each_deal_has_its_receivable_and_its_part_of_the_balance(house: House) -> None:
    """The acting deal posts for all in one step; nothing waits for the others to wake."""
    consolidating(house)
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM", "2")))

    house.converge("1001", FIFTEENTH)

    posted = balances(house)
    assert posted["1001", Account.RECEIVABLE] == 59_50
    assert posted["1002", Account.RECEIVABLE] == 119_00
    assert (account(house, "1001", FIFTEENTH), account(house, "1002", FIFTEENTH)) == (
        59_50,
        119_00,
    )
    keys = sorted(row.key for row in house.rows(JournalEntryRow) if "invoice" in row.key)
    assert keys == ["invoice:INV-2026-00001", "invoice:INV-2026-00001:1002"]
    house.converge("1002", FIFTEENTH)
    assert_conserved(house)


def test_converging_again_changes_nothing(house: House) -> None:
    """Law 1, for every deal on the invoice."""
    consolidating(house)
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM", "2")))
    for deal in ("1001", "1002"):
        house.converge(deal, FIFTEENTH)
    before = house.everything()

    for deal in ("1002", "1001", "1002"):
        house.converge(deal, FIFTEENTH)

    assert house.everything() == before


def test_a_late_run_makes_the_invoices_of_every_day_it_missed(house: House) -> None:
    """Two consolidation days, two invoices; each charge on the first after it became billable."""
    consolidating(house)
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM", "2")))

    house.converge("1002", date(2026, 3, 1))

    found = invoices(house)
    assert [[str(one.period.start) for one in each.lines] for each in found] == [
        ["2026-01-01", "2026-01-01"],
        ["2026-02-01", "2026-02-01"],
    ]
    assert house.converge("1001", date(2026, 3, 1)).covered_by == tuple(one.number for one in found)


def test_what_becomes_billable_after_the_invoice_is_on_the_next(house: House) -> None:
    """A delivery of the 10th that is reported on the 20th."""
    consolidating(house)
    house.stock("LAPTOP", "1")
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("LAPTOP")))
    house.converge("1001", FIFTEENTH)
    house.deliver("1002", date(2026, 1, 10))

    reported = house.converge("1002", date(2026, 1, 20))
    house.converge("1002", date(2026, 2, 15))

    assert (reported.invoices, reported.next_on) == ((), date(2026, 2, 15))
    assert [each.deals for each in invoices(house)] == [("1001",), ("1002", "1001")]
    house.converge("1001", date(2026, 2, 15))
    assert_conserved(house)


def test_a_deal_notes_the_invoice_that_covers_it_once(house: House) -> None:
    """The audit trail is what it goes by."""
    consolidating(house)
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM")))
    house.converge("1001", FIFTEENTH)
    covered = house.converge("1002", FIFTEENTH).covered_by
    noted = AuditRow(
        deal="1002",
        sequence=1,
        at=noon(FIFTEENTH),
        actor="q2c",
        what="covered by",
        detail=covered[0],
    )
    house.books.write(lambda session: session.add(noted))

    assert covered == ("INV-2026-00001",)
    assert house.converge("1002", FIFTEENTH).covered_by == ()


def test_one_payment_settles_the_deals_of_the_invoice(house: House) -> None:
    """Half of it leaves half to each; the rest settles both, and both hear of it."""
    consolidating(house)
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM")))
    house.converge("1001", FIFTEENTH)

    half = house.pay(59_50, "r-1", invoices=["INV-2026-00001"])
    parts = account(house, "1001", FIFTEENTH), account(house, "1002", FIFTEENTH)
    rest = house.pay(59_50, "r-2", deal="1002")

    assert half.deals == rest.deals == ("1001", "1002")
    assert parts == (29_75, 29_75)
    assert account(house, "1001", FIFTEENTH) == account(house, "1002", FIFTEENTH) == 0
    assert balance(house, Account.RECEIVABLE) == 0
    house.converge("1002", FIFTEENTH)
    assert_conserved(house)


def test_one_letter_reminds_of_the_invoice(house: House) -> None:
    """Due on 14 February; the deal that wakes second finds the letter written."""
    consolidating(house)
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM")))
    house.converge("1001", FIFTEENTH)
    house.converge("1002", FIFTEENTH)

    first = house.dun("1002", date(2026, 2, 18))
    second = house.dun("1001", date(2026, 2, 18))

    assert (first.letter, second.covered_by) == ("REM-2026-00001", "REM-2026-00001")
    assert len(house.rows(ReminderRow)) == 1


def test_order_numbers_terms_and_entities_keep_deals_apart(house: House) -> None:
    """Sixty days to pay and an order that wants its own invoice; by charge does not wait at all."""
    consolidating(house)
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM"), payment_terms_days=60))
    split = {"split": "by_purchase_order"}
    house.sell(deal_file("1003", line("CRM", purchase_order="PO-3"), billing=split))
    house.sell(deal_file("1004", line("CRM"), billing={"split": "by_charge"}))

    house.converge("1004", JANUARY)
    for deal in ("1001", "1002", "1003"):
        house.converge(deal, FIFTEENTH)

    assert sorted((each.deals, each.purchase_order) for each in invoices(house)) == [
        (("1001",), ""),
        (("1002",), ""),
        (("1003",), "PO-3"),
        (("1004",), ""),
    ]


def test_a_broken_deal_does_not_stop_its_neighbours(house: House) -> None:
    """Without a rule for the tax on trainings the rest goes out; the question stays there."""
    consolidating(house)
    house.publish(
        RegisterKind.TAX_RULES,
        [
            {
                "seller_country": "DE",
                "place_country": "DE",
                "category": "standard",
                "valid_from": "2020-01-01",
                "rate_percent": "19",
            }
        ],
    )
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("TRAINING")))
    house.deliver("1002", JANUARY)

    sound = house.converge("1001", FIFTEENTH)
    broken = house.converge("1002", FIFTEENTH)

    assert (sound.invoices, sound.parked) == (("INV-2026-00001",), "")
    assert [each.deals for each in invoices(house)] == [("1001",)]
    assert broken.invoices == ()
    assert "training" in broken.parked or broken.next_on == date(2026, 2, 15)


def test_a_deal_on_a_test_clock_stands_alone(house: House) -> None:
    """Its day comes when its clock says so; nobody else's invoice waits for it."""
    consolidating(house)
    house.sell(deal_file("1001", line("CRM")))
    file = deal_file("1002", line("CRM"), test_clock="2026-01-01T00:00:00Z")
    house.sell(file, test_clock=True)

    house.converge("1002", FIFTEENTH)
    house.converge("1001", FIFTEENTH)

    assert [(each.deals, each.number) for each in invoices(house)] == [
        (("1001",), "INV-2026-00001"),
        (("1002",), "INV-TEST-1002-00001"),
    ]


def test_a_credit_note_is_about_one_deal(house: House) -> None:
    """It takes back what its contract was billed; one over two deals is refused."""
    consolidating(house)
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM", "2")))
    house.converge("1001", FIFTEENTH)
    house.converge("1002", FIFTEENTH)

    def credit(key: str, *lines: int) -> str:
        order = CreditOrder(
            key=key,
            invoice="INV-2026-00001",
            on=FIFTEENTH,
            reason="never used",
            parts=tuple(CreditPart(line=index) for index in lines),
        )
        return house.books.write(
            lambda session: issue_credit_note(session, house.office, order).deal
        )

    with pytest.raises(InvalidInputError, match="takes back lines of the deals 1001, 1002"):
        credit("k-1", 0, 1)
    before = balances(house)["1001", Account.RECEIVABLE]

    assert credit("k-2", 1) == "1002"
    assert balances(house)["1001", Account.RECEIVABLE] == before
    assert balances(house)["1002", Account.RECEIVABLE] == 0


def test_a_parent_is_billed_for_its_child(house: House) -> None:
    """The parent's name and account, the child's name on the line, one letter to the parent."""
    with_child(house)
    house.sell(deal_file("1001", line("CRM"), customer="C-110"))

    house.converge("1001", JANUARY)

    invoice = invoices(house)[0]
    assert (invoice.customer.number, invoice.lines[0].recipient) == (
        "C-100",
        "Buyer Tochter GmbH",
    )
    assert house.rows(InvoiceRow)[0].customer == "C-100"
    assert house.dun("1001", date(2026, 2, 5)).letter == "REM-2026-00001"
    assert house.rows(ReminderRow)[0].customer == "C-100"
    assert_conserved(house)


def test_the_parents_money_settles_the_childs_deal(house: House) -> None:
    """Named by the deal; what is left over settles the next invoice of the child."""
    with_child(house)
    house.sell(deal_file("1001", line("CRM"), customer="C-110"))
    house.converge("1001", JANUARY)

    paid = house.collection.record_payment(payment(100_00, "r-1", deal="1001"))
    known = house.collection.read_account(step(ReadAccount, "1001", JANUARY, payment=paid.payment))
    house.converge("1001", date(2026, 3, 1))

    assert (paid.refused_because, paid.applied_minor, paid.deals) == ("", 59_50, ("1001",))
    assert known.known
    assert account(house, "1001", date(2026, 3, 1)) == 3 * 59_50 - 100_00
    assert_conserved(house)


def test_parent_and_child_share_the_parents_invoice(house: House) -> None:
    """Consolidation is the payer's; each line says whose it is."""
    consolidating(house)
    with_child(house)
    house.sell(deal_file("1001", line("CRM")))
    house.sell(deal_file("1002", line("CRM", "2"), customer="C-110"))

    house.converge("1002", FIFTEENTH)

    lines = invoices(house)[0].lines
    assert [(one.deal, one.recipient) for one in lines] == [
        ("1002", "Buyer Tochter GmbH"),
        ("1001", ""),
    ]
    house.converge("1001", FIFTEENTH)
    assert_conserved(house)


def test_a_payer_that_does_not_fit_is_refused(house: House) -> None:
    """An unknown parent, a circle, no parent at all, a day that is none."""

    def refused(**changes: Any) -> list[str]:
        content = {**CHILD, **changes}
        problems = house.register(RegisterKind.CUSTOMER, "C-110", content).problems
        return [problem.field for problem in problems]

    assert refused(parent="C-999") == ["parent"]
    assert refused(parent=None) == ["parent"]
    assert refused(consolidate_invoices=5) == ["consolidate_invoices"]
    assert refused(billed_to_parent=False, consolidate_invoices=32) == ["consolidate_invoices"]
    with_child(house)
    circle = {**CUSTOMER, "parent": "C-110", "billed_to_parent": True}
    problems = house.register(RegisterKind.CUSTOMER, "C-100", circle).problems
    assert [str(problem) for problem in problems] == [
        "parent: pays in a circle: C-100, C-110, C-100 (let one of them pay itself)"
    ]
