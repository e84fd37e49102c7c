"""Withholding: what a customer keeps back is a claim on the authority once the rest is paid."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from activities.accounts import open_items
from activities.statements import statement_of
from models.billing import Invoice
from models.ledger import Account
from models.statements import AccountScope, Movement
from models.steps import RegisterKind
from models.tables import InvoiceRow, PaymentApplicationRow, ReminderRow, WithheldRow
from tests.activities.conservation import assert_conserved, balance
from tests.activities.house import CUSTOMER, START, House, deal_file, line

IRPF = {"name": "IRPF", "rate_percent": "15", "valid_from": "2025-01-01"}


def sold(house: House, *lines: dict[str, Any], **changes: Any) -> Invoice:
    """Bill two seats to a customer that withholds 15 %: 100.00, 19.00 tax, 15.00 kept back."""
    keeping = {**CUSTOMER, "withholding": [IRPF | changes]}
    house.register(RegisterKind.CUSTOMER, "C-100", keeping)
    house.sell(deal_file("1001", *(lines or (line("CRM", "2"),))))
    house.converge("1001", START)
    return Invoice.model_validate_json(house.rows(InvoiceRow)[0].content)


def open_on(house: House) -> list[tuple[int, int]]:
    """Return balance and expected payment of what is open."""
    items = house.books.read(open_items)
    return [(item.balance.minor, item.expected.minor) for item in items]


def test_the_invoice_says_what_is_to_be_paid_and_the_receivable_is_all_of_it(house: House) -> None:
    """119.00 is owed and 104.00 to be paid."""
    invoice = sold(house)

    assert invoice.withheld is not None
    assert (invoice.withheld.base.minor, invoice.withheld.amount.minor) == (100_00, 15_00)
    assert (invoice.gross.minor, invoice.payable.minor) == (119_00, 104_00)
    assert balance(house, Account.RECEIVABLE) == 119_00
    assert open_on(house) == [(119_00, 104_00)]
    assert_conserved(house)


def test_a_payment_less_what_is_kept_back_settles_the_invoice(house: House) -> None:
    """Nobody is asked for the rest; it is a claim on the authority, by a balanced entry."""
    sold(house)

    paid = house.pay(104_00, "R-1")
    again = house.pay(104_00, "R-1")

    assert (paid.applied_minor, paid.unapplied_minor) == (104_00, 0)
    assert again.repeated
    assert open_on(house) == []
    assert balance(house, Account.RECEIVABLE) == 0
    assert balance(house, Account.WITHHOLDING) == 15_00
    (row,) = house.rows(WithheldRow)
    assert (row.invoice, row.payment, row.name) == ("INV-2026-00001", paid.payment, "IRPF")
    assert_conserved(house)


def test_a_payment_in_two_parts_settles_with_the_second(house: House) -> None:
    """Until the expected amount is there, all of the rest is open."""
    sold(house)

    house.pay(50_00, "R-1")
    between = open_on(house)
    house.pay(54_00, "R-2")

    assert between == [(69_00, 54_00)]
    assert open_on(house) == []
    assert balance(house, Account.WITHHOLDING) == 15_00
    assert_conserved(house)


def test_who_pays_everything_keeps_nothing_back(house: House) -> None:
    """119.00 settles 119.00, and there is no claim on anybody."""
    sold(house)

    paid = house.pay(119_00, "R-1")

    assert (paid.applied_minor, paid.unapplied_minor) == (119_00, 0)
    assert house.rows(WithheldRow) == []
    assert open_on(house) == []
    assert_conserved(house)


def test_who_pays_something_between_has_kept_back_what_was_agreed(house: House) -> None:
    """110.00: 104.00 settle the invoice, 6.00 wait as unapplied cash."""
    sold(house)

    paid = house.pay(110_00, "R-1")

    assert (paid.applied_minor, paid.unapplied_minor) == (104_00, 6_00)
    assert balance(house, Account.WITHHOLDING) == 15_00
    assert_conserved(house)


def test_cash_that_waits_settles_the_next_invoice_less_what_is_kept_back(house: House) -> None:
    """The February invoice takes the 104.00 that were too much in January."""
    sold(house)
    house.pay(208_00, "R-1")

    house.converge("1001", date(2026, 2, 1))

    assert open_on(house) == []
    assert [row.amount_minor for row in house.rows(PaymentApplicationRow)] == [104_00, 104_00]
    assert balance(house, Account.WITHHOLDING) == 30_00
    assert_conserved(house)


def test_two_invoices_are_found_by_the_sum_that_is_expected(house: House) -> None:
    """208.00 for two invoices of 119.00 each."""
    sold(house)
    house.converge("1001", date(2026, 2, 1))

    house.pay(208_00, "R-1")

    assert open_on(house) == []
    assert balance(house, Account.WITHHOLDING) == 30_00
    assert_conserved(house)


def test_a_reminder_asks_for_what_is_expected_only(house: House) -> None:
    """The letter says 104.00."""
    sold(house)

    house.dun("1001", date(2026, 2, 5))

    (letter,) = house.rows(ReminderRow)
    assert '"balance":{"minor":10400,' in letter.content


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_from": "2026-02-01"},
        {"valid_until": "2026-01-01"},
        {"categories": ["training"]},
    ],
)
def test_outside_its_dates_and_categories_nothing_is_kept_back(
    house: House, changes: dict[str, Any]
) -> None:
    """The rule says when and of what."""
    invoice = sold(house, **changes)

    assert invoice.withheld is None
    assert invoice.payable == invoice.gross
    assert open_on(house) == [(119_00, 119_00)]


def test_only_its_categories_are_the_base(house: House) -> None:
    """5 % of the seats, nothing of the case."""
    invoice = sold(
        house,
        line("CRM"),
        line("CRATE"),
        categories=["standard"],
        rate_percent="5",
    )

    assert invoice.withheld is not None
    assert invoice.withheld.rate_percent == Decimal(5)
    assert invoice.withheld.base.minor == invoice.net.minor == 130_00
    assert invoice.withheld.amount.minor == 6_50


def test_a_statement_lists_what_was_kept_back_and_closes_at_nothing(house: House) -> None:
    """119.00 invoiced, 104.00 paid, 15.00 withheld."""
    sold(house)
    house.pay(104_00, "R-1")
    scope = AccountScope(
        customer="C-100", entity="DE01", currency="EUR", since=START, until=date(2026, 3, 31)
    )

    found = house.books.read(lambda session: statement_of(session, scope))

    assert [(entry.kind, entry.amount.minor) for entry in found.entries] == [
        (Movement.INVOICE, 119_00),
        (Movement.PAYMENT, -104_00),
        (Movement.WITHHELD, -15_00),
    ]
    assert found.closing.minor == 0
    assert found.open_items == ()
