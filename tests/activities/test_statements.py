"""Statements of account: one running balance that equals the ledger, sent once."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from activities.adapters.pdf import render
from activities.crediting import issue_credit_note
from activities.statements import statement_of
from models.credit_steps import CreditOrder, SendStatement
from models.errors import InvalidInputError
from models.ledger import Account
from models.statements import AccountScope, Movement, Statement
from models.tables import DocumentRow
from models.words import words_for
from tests.activities.conservation import balance
from tests.activities.house import START, House, deal_file, line, noon
from tests.activities.test_publishing import Press
from tests.activities.test_publishing_languages import text

GROSS = 178_50
LAST = date(2026, 3, 31)


@pytest.fixture
def busy(house: House) -> House:
    """Three invoices, a payment with 21.50 too much for its invoice, and a credit of 59.50."""
    house.sell(deal_file("1001", line("CRM", "3"), starts_on=START))
    for month in (1, 2, 3):
        house.converge("1001", date(2026, month, 1))
    house.pay(200_00, "r-1", received_on=date(2026, 2, 15))
    order = CreditOrder(
        key="k-1",
        invoice="INV-2026-00003",
        on=date(2026, 3, 5),
        reason="An outage",
        amount_minor=50_00,
    )
    house.books.write(lambda session: issue_credit_note(session, house.office, order))
    return house


def scope(**changes: Any) -> AccountScope:
    fields = {"customer": "C-100", "entity": "DE01", "currency": "EUR", "since": START}
    return AccountScope.model_validate({**fields, "until": LAST, **changes})


def read(house: House, **changes: Any) -> Statement:
    return house.books.read(lambda session: statement_of(session, scope(**changes)))


def test_a_statement_runs_from_its_opening_to_its_closing_balance(busy: House) -> None:
    """Every document once, in order of day."""
    found = read(busy, since=date(2026, 2, 1))

    assert found.opening.minor == GROSS
    assert [(one.kind, one.amount.minor, one.balance.minor) for one in found.entries] == [
        (Movement.INVOICE, GROSS, 2 * GROSS),
        (Movement.PAYMENT, -200_00, 157_00),
        (Movement.INVOICE, GROSS, 335_50),
        (Movement.CREDIT_NOTE, -59_50, 276_00),
    ]
    assert found.closing.minor == 276_00


def test_the_closing_balance_is_that_of_the_ledger_and_of_the_open_items(busy: House) -> None:
    """Receivable, less unapplied cash, less the customer's credit."""
    found = read(busy)

    accounts = (Account.RECEIVABLE, Account.UNAPPLIED_CASH, Account.CUSTOMER_CREDIT)
    assert found.closing.minor == sum(balance(busy, account) for account in accounts)
    assert [item.balance.minor for item in found.open_items] == [157_00, 119_00]
    assert found.waiting.minor == 0
    assert found.aging is not None
    assert found.aging.total == found.closing


def test_what_was_open_on_a_past_day_is_told_as_of_that_day(busy: House) -> None:
    """Payments and credits of later days do not count."""
    found = read(busy, until=date(2026, 2, 14))

    assert found.closing.minor == 2 * GROSS
    assert [item.balance.minor for item in found.open_items] == [GROSS, GROSS]


def test_credit_that_waits_is_shown_apart(busy: House) -> None:
    """After everything is paid, a credit is the customer's until an invoice takes it."""
    busy.pay(276_00, "r-2", received_on=date(2026, 3, 10))
    order = CreditOrder(
        key="k-2", invoice="INV-2026-00001", on=date(2026, 3, 20), reason="x", amount_minor=100_00
    )
    busy.books.write(lambda session: issue_credit_note(session, busy.office, order))

    found = read(busy)

    assert (found.closing.minor, found.waiting.minor, found.open_items) == (-119_00, 119_00, ())


def test_days_the_wrong_way_round_are_refused(busy: House) -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidInputError, match="until: 2025-12-31 is before 2026-01-01"):
        read(busy, until=date(2025, 12, 31))


def test_a_statement_is_stored_and_mailed_once(busy: House, tmp_path: Path) -> None:
    """Equal content is one document; each request is one mail."""
    press = replace(Press(busy, tmp_path), draw=render)
    asked = SendStatement(**scope().model_dump(), key="s-1", at=noon(LAST))

    first = press.activities.send_statement(asked)
    again = press.activities.send_statement(asked)
    press.activities.send_statement(asked.model_copy(update={"key": "s-2"}))

    assert again == first
    (row,) = busy.rows(DocumentRow)
    assert (row.kind, row.number, row.sha256) == ("statement", first.number, first.sha256)
    assert press.recipients() == ["ben@buyer.example"] * 2
    shown = text(press, first)  # type: ignore[arg-type]
    labels = words_for("en").labels
    for word in (labels.statement, labels.closing_balance, "INV-2026-00003", "276.00"):
        assert word in shown


def test_a_statement_of_nobody_is_refused_with_the_reason(busy: House, tmp_path: Path) -> None:
    """The workflow ends as failed; nothing is drawn."""
    asked = SendStatement(**scope(customer="C-9").model_dump(), key="s-1", at=noon(LAST))

    refused = Press(busy, tmp_path).activities.send_statement(asked)

    assert "C-9" in refused.refused_because
    assert busy.rows(DocumentRow) == []
