"""What a story leaves behind, in a form that two runs of it can be compared by."""

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

from sqlalchemy import Table
from sqlmodel import Session, SQLModel, func, select

from models.ledger import Account
from models.tables import (
    InvoiceLineRow,
    InvoiceRow,
    JournalEntryRow,
    PaymentApplicationRow,
    PaymentRow,
    PlannedChargeRow,
    PostingRow,
    RecognizedRow,
)
from tests.stories.houses import House

WALL_CLOCK = {"recorded_at", "created_at", "answered_at"}
"""Columns that say when the machine wrote a row; everything else is business."""


def dump(house: House) -> dict[str, list[str]]:
    """Return every row of every table without wall-clock moments and counted ids, sorted."""
    return house.books.read(
        lambda session: {
            table.name: _rows(session, table) for table in SQLModel.metadata.sorted_tables
        }
    )


def _rows(session: Session, table: Table) -> list[str]:
    names = [c.name for c in table.columns if c.name not in WALL_CLOCK and not _is_counted(c)]
    found = session.connection().execute(table.select()).mappings()
    return sorted(repr({name: row[name] for name in names}) for row in found)


def _is_counted(column: Any) -> bool:
    return bool(column.name == "id" and column.primary_key)


def mails(house: House) -> dict[str, str]:
    """Return the hash of every delivered mail by its file name."""
    return {file.name: _sha256(file) for file in sorted(house.mails.iterdir())}


def documents(house: House) -> list[str]:
    """Return the hashes of all stored documents, each checked against its bytes."""
    files = sorted((house.settings.home / "documents").rglob("*.pdf"))
    for file in files:
        assert _sha256(file) == file.stem, f"{file} was changed"
    return [file.stem for file in files]


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def evidence(house: House) -> dict[str, Any]:
    """Return everything a story leaves: books, mails, documents."""
    return {**dump(house), "mails": mails(house), "documents": documents(house)}


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Return what one run has and the other has not, a line each."""
    lines = []
    for name, before in expected.items():
        after = found[name]
        if before == after:
            continue
        lines += [f"{name} - {row}" for row in _items(before) if row not in _items(after)]
        lines += [f"{name} + {row}" for row in _items(after) if row not in _items(before)]
        lines.append(f"{name}: {len(before)} expected, {len(after)} found")
    return lines


def _items(part: Any) -> list[Any]:
    return list(part.items()) if isinstance(part, dict) else list(part)


def assert_conserved(house: House) -> None:
    """Compare ledger, plan, invoices and cash: every amount is somewhere exactly once."""
    house.books.read(_compare)


def _compare(session: Session) -> None:
    balances = _balances(session)
    per_account: dict[tuple[Account, str], int] = defaultdict(int)
    for (_, account, currency), total in balances.items():
        per_account[account, currency] += total
    assert balances
    assert sum(per_account.values()) == 0, "the trial balance is not zero"
    planned, billed = _sums(session, PlannedChargeRow), _sums(session, InvoiceLineRow)
    assert set(billed) <= set(planned)
    assert all(0 <= billed[deal] <= planned[deal] for deal in billed), "billed more than agreed"
    earned = _sums(session, RecognizedRow)
    for deal in planned:
        asset = _of(balances, deal, Account.CONTRACT_ASSET)
        liability = -_of(balances, deal, Account.CONTRACT_LIABILITY)
        assert billed.get(deal, 0) == earned.get(deal, 0) + liability - asset, deal
        assert earned.get(deal, 0) == -_of(balances, deal, Account.REVENUE), deal
    _compare_cash(session, per_account)


def _compare_cash(session: Session, per_account: dict[tuple[Account, str], int]) -> None:
    for currency in {currency for _, currency in per_account}:
        issued = _total(session, InvoiceRow.gross_minor, InvoiceRow.currency == currency)
        cash = _total(session, PaymentRow.amount_minor, PaymentRow.currency == currency)
        applied = _total(
            session,
            PaymentApplicationRow.amount_minor,
            PaymentApplicationRow.currency == currency,
        )
        assert per_account[Account.CASH, currency] == cash, "cash"
        assert -per_account.get((Account.UNAPPLIED_CASH, currency), 0) == cash - applied
        assert per_account[Account.RECEIVABLE, currency] == issued - applied, "receivable"


def _balances(session: Session) -> dict[tuple[str, Account, str], int]:
    statement = (
        select(
            JournalEntryRow.deal,
            PostingRow.account,
            PostingRow.currency,
            func.sum(PostingRow.amount_minor),
        )
        .where(JournalEntryRow.key == PostingRow.entry)
        .group_by(JournalEntryRow.deal, PostingRow.account, PostingRow.currency)
    )
    rows = session.exec(statement).all()
    return {(deal, Account(name), currency): int(total) for deal, name, currency, total in rows}


def _of(balances: dict[tuple[str, Account, str], int], deal: str, account: Account) -> int:
    return sum(t for (number, name, _), t in balances.items() if (number, name) == (deal, account))


def _sums(session: Session, model: type[Any]) -> dict[str, int]:
    amount = model.net_minor if model is InvoiceLineRow else model.amount_minor
    rows = session.exec(select(model.deal, func.sum(amount)).group_by(model.deal)).all()
    return {str(deal): int(total) for deal, total in rows}


def _total(session: Session, column: Any, wanted: Any) -> int:
    return int(session.exec(select(func.sum(column)).where(wanted)).one() or 0)
