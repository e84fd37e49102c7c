"""Conservation (semantics 20): whatever happened, every amount is somewhere exactly once."""

from collections import defaultdict
from collections.abc import Sequence

from sqlmodel import col, func, select

from activities.accounts import open_items
from models.ledger import Account
from models.tables import (
    ContractRow,
    CreditApplicationRow,
    CreditNoteLineRow,
    CreditNoteRow,
    FreedIntervalRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceVoidRow,
    JournalEntryRow,
    ObligationRow,
    PaymentApplicationRow,
    PaymentRow,
    PlannedChargeRow,
    PostingRow,
    RecognizedRow,
    RefundRow,
    UsagePeriodRow,
    UsagePoolRow,
    UsageRatingRow,
    WithheldRow,
)
from tests.activities.house import House

Balances = dict[tuple[str, str], int]
"""The balance of each account of each deal; cash of several deals has no deal."""


def balances(house: House) -> Balances:
    """Return what is posted, debits positive, by deal and account."""
    statement = (
        select(JournalEntryRow.deal, PostingRow.account, func.sum(PostingRow.amount_minor))
        .join(JournalEntryRow, col(JournalEntryRow.key) == col(PostingRow.entry))
        .group_by(col(JournalEntryRow.deal), col(PostingRow.account))
    )
    rows = house.books.read(lambda session: session.exec(statement).all())
    return {(deal, account): int(total) for deal, account, total in rows}


def balance(house: House, account: Account) -> int:
    """Return the balance of one account over all deals."""
    found = balances(house)
    return sum(total for (_, name), total in found.items() if name == account)


def assert_conserved(house: House) -> None:
    """Compare the ledger with the documents, contract by contract."""
    _assert_entries_balance(house)
    _assert_contracts_conserve(house)
    _assert_plans_are_kept(house)
    _assert_cash_is_kept(house)


def _assert_entries_balance(house: House) -> None:
    sums: dict[str, int] = defaultdict(int)
    for posting in house.rows(PostingRow):
        sums[posting.entry] += posting.amount_minor
    assert set(sums.values()) <= {0}
    assert set(sums) == {entry.key for entry in house.rows(JournalEntryRow)}


def _assert_contracts_conserve(house: House) -> None:
    """Billed net of tax and credits = recognized + contract liability - contract asset."""
    posted = balances(house)
    for deal in {row.deal for row in house.rows(ContractRow)}:
        asset = posted.get((deal, Account.CONTRACT_ASSET), 0)
        liability = -posted.get((deal, Account.CONTRACT_LIABILITY), 0)
        lines = _standing(house, house.rows(InvoiceLineRow, deal=deal))
        notes = house.rows(CreditNoteLineRow, deal=deal)
        billed = sum(line.net_minor for line in lines) - sum(line.net_minor for line in notes)
        tax = sum(line.tax_minor for line in lines) - sum(line.tax_minor for line in notes)
        recognized = sum(row.amount_minor for row in house.rows(RecognizedRow, deal=deal))
        recognized += _earned_by_usage(house, deal)
        assert billed == recognized + liability - asset
        assert recognized == -posted.get((deal, Account.REVENUE), 0)
        assert tax == -posted.get((deal, Account.TAX_PAYABLE), 0)
        assert asset >= 0
        assert liability >= 0
        assert 0 in (asset, liability)


def _standing(house: House, lines: Sequence[InvoiceLineRow]) -> list[InvoiceLineRow]:
    voided = {row.invoice for row in house.rows(InvoiceVoidRow)}
    return [line for line in lines if line.invoice not in voided]


def _earned_by_usage(house: House, deal: str) -> int:
    """Return what the last rating of each period says is earned."""
    latest = {
        (row.term, row.reference, row.starts_on): row.earned_minor
        for row in house.rows(UsageRatingRow, deal=deal)
    }
    broken = sum(
        -posting.amount_minor
        for posting in house.rows(PostingRow, account=Account.REVENUE.value)
        if posting.entry.startswith((f"breakage:{deal}:", f"usage-concession:{deal}:"))
    )
    return sum(latest.values()) + broken


def _assert_plans_are_kept(house: House) -> None:
    """Contract price = billed + unbilled: what is billed is in the plan, to the cent."""
    plan = house.rows(PlannedChargeRow)
    amounts = {(row.deal, row.term, row.reference, row.starts_on): row for row in plan}
    again: dict[int, int] = defaultdict(int)
    for days in house.rows(FreedIntervalRow, kind="credited"):
        again[days.invoice_line] += (days.ends_on - days.starts_on).days
    changed: dict[int, int] = defaultdict(int)
    notes = {note.number for note in house.rows(CreditNoteRow, effect="change")}
    for taken in house.rows(CreditNoteLineRow):
        changed[taken.invoice_line] += taken.net_minor if taken.credit_note in notes else 0
    for line in house.rows(InvoiceLineRow):
        if _is_variable(house, line) or again[line.id or 0] == (line.ends_on - line.starts_on).days:
            continue
        if changed[line.id or 0]:
            continue  # The plan has what is left of it, in as many parts as there are.
        charge = amounts[line.deal, line.term, line.reference, line.starts_on]
        assert (line.net_minor, line.ends_on) == (charge.amount_minor, charge.ends_on)
        assert charge.canceled_on is None
    _assert_prices_are_shared(house, plan)


def _is_variable(house: House, line: InvoiceLineRow) -> bool:
    """Whether a line bills usage or credit for it, which no plan can know."""
    base = line.reference.partition("/true-up")[0].partition("/late-")[0]
    metered = {(row.deal, row.term, row.reference) for row in house.rows(UsagePeriodRow)}
    return base.startswith("top-up-") or (line.deal, line.term, base) in metered


def _assert_prices_are_shared(house: House, plan: Sequence[PlannedChargeRow]) -> None:
    """The obligations share what is planned, but for what is prepaid to be drawn by usage."""
    prices: dict[tuple[str, int], int] = defaultdict(int)
    prepaid = {row.reference for row in house.rows(UsagePoolRow)}
    for charge in plan:
        if charge.reference in prepaid:
            continue
        prices[charge.deal, charge.term] += 0 if charge.canceled_on else charge.amount_minor
    shares: dict[tuple[str, int], int] = defaultdict(int)
    for promise in house.rows(ObligationRow):
        kept = 0 if promise.canceled_on else promise.allocated_minor
        shares[promise.deal, promise.term] += kept
    assert all(shares[key] == prices[key] for key in {*shares, *prices})


def _assert_cash_is_kept(house: House) -> None:
    """Cash = applied + unapplied + paid back; receivable and bad debt = what is owed."""
    received = sum(row.amount_minor for row in house.rows(PaymentRow))
    applied = sum(row.amount_minor for row in house.rows(PaymentApplicationRow))
    voided = {row.invoice for row in house.rows(InvoiceVoidRow)}
    issued = sum(row.gross_minor for row in house.rows(InvoiceRow) if row.number not in voided)
    refunded = sum(row.amount_minor for row in house.rows(RefundRow))
    credited = sum(row.gross_minor for row in house.rows(CreditNoteRow))
    settled = sum(row.amount_minor for row in house.rows(CreditApplicationRow))
    assert balance(house, Account.CASH) == received - refunded
    assert -balance(house, Account.UNAPPLIED_CASH) == received - applied - refunded
    kept_back = sum(row.amount_minor for row in house.rows(WithheldRow))
    owed = balance(house, Account.RECEIVABLE) + balance(house, Account.BAD_DEBT)
    assert owed == issued - applied - settled - kept_back
    assert balance(house, Account.WITHHOLDING) == kept_back
    assert -balance(house, Account.CUSTOMER_CREDIT) == credited - settled
    items = house.books.read(open_items)
    assert sum(item.balance.minor for item in items) == issued - applied - settled - kept_back
