"""The books themselves: journal, trial balance, and what customers owe by age."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import tuple_
from sqlmodel import Session, col, func, select

from activities.accounts import settled
from models.collection import OpenItem, aging
from models.money import Money
from models.tables import InvoiceRow, JournalEntryRow, PostingRow
from models.value import Value


class Posted(Value):
    """One posting with what its entry says; one of debit and credit is None."""

    key: str
    booked_on: date
    entity: str
    deal: str
    customer: str
    account: str
    currency: str
    debit_minor: int | None = None
    credit_minor: int | None = None
    cause: str
    text: str
    scope: str = ""
    recorded_at: datetime


class Journal(Value):
    """A page of the journal by day and entry; `next` continues it."""

    items: tuple[Posted, ...]
    next: str | None = None


class JournalFilter(Value):
    """Which entries are shown: `since` is the first day, `until` the first day after the last."""

    deal: str | None = None
    entity: str | None = None
    since: date | None = None
    until: date | None = None


_ORDER = (
    col(JournalEntryRow.booked_on),
    col(JournalEntryRow.recorded_at),
    col(JournalEntryRow.key),
)


def journal(session: Session, wanted: JournalFilter, limit: int, after: str) -> Journal:
    """Return the postings of a page of entries, by day, then in the order they were posted."""
    statement = select(JournalEntryRow)
    if wanted.deal is not None:
        statement = statement.where(JournalEntryRow.deal == wanted.deal)
    if wanted.entity is not None:
        statement = statement.where(JournalEntryRow.entity == wanted.entity)
    if wanted.since is not None:
        statement = statement.where(col(JournalEntryRow.booked_on) >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(col(JournalEntryRow.booked_on) < wanted.until)
    last = session.get(JournalEntryRow, after) if after else None
    if last is not None:
        place = tuple_(*_ORDER)
        statement = statement.where(place > tuple_(last.booked_on, last.recorded_at, last.key))
    rows = session.exec(statement.order_by(*_ORDER).limit(limit + 1)).all()
    page = rows[:limit]
    return Journal(items=_posted(session, page), next=page[-1].key if len(rows) > limit else None)


def _posted(session: Session, entries: Sequence[JournalEntryRow]) -> tuple[Posted, ...]:
    keys = [entry.key for entry in entries]
    rows = session.exec(
        select(PostingRow).where(col(PostingRow.entry).in_(keys)).order_by(col(PostingRow.id))
    )
    postings: dict[str, list[PostingRow]] = {}
    for row in rows:
        postings.setdefault(row.entry, []).append(row)
    return tuple(
        Posted(
            **entry.model_dump(),
            account=row.account,
            debit_minor=debit(row.amount_minor),
            credit_minor=debit(-row.amount_minor),
        )
        for entry in entries
        for row in postings.get(entry.key, ())
    )


def debit(minor: int) -> int | None:
    """Return an amount on its own side, or None for the empty side."""
    return minor if minor > 0 else None


class AccountBalance(Value):
    """The balance of one ledger account in one currency; debits are positive."""

    account: str
    currency: str
    debit_minor: int | None = None
    credit_minor: int | None = None
    balance_minor: int


class CurrencyTotal(Value):
    """Debits and credits of all accounts in one currency; equal in balanced books."""

    currency: str
    debit_minor: int
    credit_minor: int
    balanced: bool


class TrialBalance(Value):
    """The balance of every account. `balanced` holds if it holds in every currency."""

    balanced: bool
    totals: tuple[CurrencyTotal, ...]
    items: tuple[AccountBalance, ...]


class BalanceFilter(Value):
    """Which entries are summed; `test_clock` chooses only deals with one, or only the others."""

    currency: str | None = None
    entity: str | None = None
    test_clock: bool | None = None


def trial_balance(session: Session, wanted: BalanceFilter) -> TrialBalance:
    """Return the balance of every account by currency and account number."""
    total = func.sum(PostingRow.amount_minor)
    statement = (
        select(PostingRow.currency, PostingRow.account, total)
        .join(JournalEntryRow, col(JournalEntryRow.key) == col(PostingRow.entry))
        .group_by(PostingRow.currency, PostingRow.account)
        .order_by(PostingRow.currency, PostingRow.account)
    )
    if wanted.currency is not None:
        statement = statement.where(PostingRow.currency == wanted.currency)
    if wanted.entity is not None:
        statement = statement.where(JournalEntryRow.entity == wanted.entity)
    if wanted.test_clock is not None:
        scoped = col(JournalEntryRow.scope) != ""
        statement = statement.where(scoped if wanted.test_clock else ~scoped)
    items = tuple(
        AccountBalance(
            account=account,
            currency=code,
            debit_minor=debit(int(amount)),
            credit_minor=debit(-int(amount)),
            balance_minor=int(amount),
        )
        for code, account, amount in session.exec(statement).all()
    )
    totals = tuple(_total(items, code) for code in dict.fromkeys(each.currency for each in items))
    return TrialBalance(balanced=all(each.balanced for each in totals), totals=totals, items=items)


def _total(items: tuple[AccountBalance, ...], currency: str) -> CurrencyTotal:
    balances = [each.balance_minor for each in items if each.currency == currency]
    debits = sum(minor for minor in balances if minor > 0)
    credits_ = -sum(minor for minor in balances if minor < 0)
    return CurrencyTotal(
        currency=currency,
        debit_minor=debits,
        credit_minor=credits_,
        balanced=debits == credits_,
    )


class Receivable(Value):
    """An open invoice; `days_late` is not positive before it is overdue."""

    invoice: str
    deal: str
    customer: str
    issued_on: date
    due_on: date
    days_late: int
    currency: str
    gross_minor: int
    open_minor: int
    test_clock: bool


class AgingRow(Value):
    """What is open in one currency by days past due, in minor units."""

    currency: str
    current_minor: int
    days_1_to_30_minor: int
    days_31_to_60_minor: int
    days_61_to_90_minor: int
    over_90_minor: int
    total_minor: int


class Receivables(Value):
    """What customers owe at the end of a day, and its aging by currency.

    Deals on a test clock are listed and marked, but are no part of the aging unless they are all
    that was asked for: nobody owes their money.
    """

    as_of: date
    items: tuple[Receivable, ...]
    aging: tuple[AgingRow, ...]


class ReceivableFilter(Value):
    """Whose invoices are shown; `test_clock` chooses only such deals, or only others."""

    customer: str | None = None
    test_clock: bool | None = None


def receivables(session: Session, as_of: date, wanted: ReceivableFilter) -> Receivables:
    """Return the invoices issued by a day with what was open at its end, oldest due first."""
    statement = (
        select(InvoiceRow)
        .where(col(InvoiceRow.issued_on) <= as_of)
        .order_by(col(InvoiceRow.due_on), col(InvoiceRow.number))
    )
    if wanted.customer is not None:
        statement = statement.where(InvoiceRow.customer == wanted.customer)
    if wanted.test_clock is not None:
        scoped = col(InvoiceRow.scope) != ""
        statement = statement.where(scoped if wanted.test_clock else ~scoped)
    rows = session.exec(statement).all()
    done = settled(session, [row.number for row in rows], as_of)
    items = tuple(
        _receivable(row, balance, as_of)
        for row in rows
        if (balance := row.gross_minor - done.get(row.number, 0))
    )
    counted = items if wanted.test_clock else tuple(each for each in items if not each.test_clock)
    return Receivables(as_of=as_of, items=items, aging=_aging(counted, as_of))


def _receivable(row: InvoiceRow, balance: int, as_of: date) -> Receivable:
    return Receivable(
        invoice=row.number,
        deal=row.deal,
        customer=row.customer,
        issued_on=row.issued_on,
        due_on=row.due_on,
        days_late=(as_of - row.due_on).days,
        currency=row.currency,
        gross_minor=row.gross_minor,
        open_minor=balance,
        test_clock=bool(row.scope),
    )


def _aging(items: tuple[Receivable, ...], as_of: date) -> tuple[AgingRow, ...]:
    open_items = [
        OpenItem(
            invoice=each.invoice,
            deal=each.deal,
            issued_on=each.issued_on,
            due_on=each.due_on,
            gross=Money(minor=each.gross_minor, currency=each.currency),
            balance=Money(minor=each.open_minor, currency=each.currency),
        )
        for each in items
    ]
    return tuple(
        AgingRow(
            currency=row.currency,
            current_minor=row.current.minor,
            days_1_to_30_minor=row.days_1_to_30.minor,
            days_31_to_60_minor=row.days_31_to_60.minor,
            days_61_to_90_minor=row.days_61_to_90.minor,
            over_90_minor=row.over_90.minor,
            total_minor=row.total.minor,
        )
        for row in aging(open_items, as_of)
    )
