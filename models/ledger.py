"""The ledger: accounts, balanced journal entries, and the documents that make them.

Entries are appended and never edited. A contract is shown as one net position, an asset or a
liability (IFRS 15.105, ASC 606-10-45-1), so every change of it is split over the two accounts.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from models.billing import Invoice
from models.collection import Applied
from models.money import Money
from models.value import Value


class Account(StrEnum):
    """The chart of accounts."""

    CASH = "1000 Cash"
    RECEIVABLE = "1200 Receivable"
    CONTRACT_ASSET = "1300 Contract asset"
    WITHHOLDING = "1350 Withholding tax receivable"
    UNAPPLIED_CASH = "2000 Unapplied cash"
    CUSTOMER_CREDIT = "2100 Customer credit"
    TAX_PAYABLE = "2200 Tax payable"
    CONTRACT_LIABILITY = "2500 Contract liability"
    REVENUE = "4000 Revenue"
    BAD_DEBT = "6500 Bad debt expense"


class Posting(Value):
    """One account, one signed amount: debits are positive, credits negative."""

    account: Account
    amount: Money


class EntryHeader(Value):
    """What an entry says besides its amounts.

    `key` is the business key (unique); `cause` names the document that made it.
    """

    key: str
    entity: str
    deal: str
    customer: str
    booked_on: date
    cause: str
    text: str


class JournalEntry(Value):
    """Postings that sum to zero in one currency, with their cause.

    `key` is the business key (unique); `cause` names the document that made it. An entry that does
    not balance cannot be made: it raises `ValueError`.
    """

    key: str
    entity: str
    deal: str
    customer: str
    booked_on: date
    cause: str
    text: str
    postings: tuple[Posting, ...]

    @model_validator(mode="after")
    def _balances(self) -> Self:
        if len(self.postings) < 2:
            raise ValueError(f"Entry {self.key} needs at least two postings")
        currencies = sorted({posting.amount.currency for posting in self.postings})
        if len(currencies) > 1:
            raise ValueError(f"Entry {self.key} mixes currencies: {', '.join(currencies)}")
        rest = Money.total((posting.amount for posting in self.postings), currencies[0])
        if not rest.is_zero:
            raise ValueError(f"Entry {self.key} does not balance: {rest} is left over")
        return self


class AccountBalance(Value):
    """The balance of one account in one currency; one of the two amounts is zero."""

    account: Account
    debit: Money
    credit: Money


def invoice_key(number: str) -> str:
    """Return the key of the entry that books an invoice."""
    return f"invoice:{number}"


def revenue_key(deal: str, term: int, before: date) -> str:
    """Return the key of the entry that books a term's revenue of the days before `before`."""
    return f"revenue:{deal}:{term}:{before.isoformat()}"


def payment_key(payment: str) -> str:
    """Return the key of the entry that books a payment."""
    return f"payment:{payment}"


def credit_key(number: str) -> str:
    """Return the key of the entry that books a credit note."""
    return f"credit:{number}"


def contract_postings(position_before: Money, change: Money) -> tuple[Posting, ...]:
    """Split a change of a contract's net position over its asset and its liability account.

    A positive position is a contract asset, a negative one a contract liability. Afterwards at most
    one of the two accounts holds anything. Empty when nothing changes.
    """
    position_after = position_before + change
    zero = Money.zero(change.currency)
    on_asset = max(position_after, zero) - max(position_before, zero)
    on_liability = min(position_after, zero) - min(position_before, zero)
    return _postings((Account.CONTRACT_ASSET, on_asset), (Account.CONTRACT_LIABILITY, on_liability))


def receivable_dates(invoice: Invoice) -> tuple[date, ...]:
    """Return the days on which parts of an invoice become a receivable, earliest first."""
    return tuple(sorted({line.unconditional_on for line in invoice.lines}))


def invoice_entry(
    header: EntryHeader,
    invoice: Invoice,
    position_before: Money,
    unconditional_on: date | None = None,
) -> JournalEntry | None:
    """Book an invoice: debit receivable, credit the contract and tax payable.

    With `unconditional_on` only the lines of that one of the `receivable_dates` are booked, because
    before its day a line is neither receivable nor liability (IFRS 15.108, Illustrative Example
    38); without it, all lines. None when the lines come to nothing.
    """
    lines = [
        line
        for line in invoice.lines
        if unconditional_on is None or line.unconditional_on == unconditional_on
    ]
    net = Money.total((line.net for line in lines), invoice.currency)
    tax = Money.total((line.tax for line in lines), invoice.currency)
    return _entry(
        header,
        (
            *_postings((Account.RECEIVABLE, net + tax)),
            *contract_postings(position_before, -net),
            *_postings((Account.TAX_PAYABLE, -tax)),
        ),
    )


def revenue_entry(
    header: EntryHeader, amount: Money, position_before: Money
) -> JournalEntry | None:
    """Book revenue that was earned: debit the contract, credit revenue. None for no amount."""
    return _entry(
        header,
        (*contract_postings(position_before, amount), *_postings((Account.REVENUE, -amount))),
    )


def amended_revenue_entry(
    header: EntryHeader, amounts: Sequence[Money], position_before: Money
) -> JournalEntry | None:
    """Book revenue that an amendment moved between promises, one posting for each; None for none.

    Debit the contract by the sum, credit revenue; what only moves leaves the contract as it is.
    """
    if not amounts:
        return None
    total = Money.total(amounts, position_before.currency)
    revenue = _postings(*((Account.REVENUE, -amount) for amount in amounts))
    return _entry(header, (*contract_postings(position_before, total), *revenue))


def payment_entry(
    header: EntryHeader, received: Money, applied: Sequence[Applied]
) -> JournalEntry | None:
    """Book a payment: debit cash, credit receivable for each invoice, the rest unapplied cash.

    Raises `ValueError` when more is applied than was received. None for no amount.
    """
    settled = Money.total((part.amount for part in applied), received.currency)
    unapplied = received - settled
    if unapplied < Money.zero(received.currency):
        raise ValueError(f"{settled} cannot be applied from a payment of {received}")
    return _entry(
        header,
        (
            *_postings((Account.CASH, received)),
            *_postings(*((_settled(part), -part.amount) for part in applied)),
            *_postings((Account.UNAPPLIED_CASH, -unapplied)),
        ),
    )


def application_entry(header: EntryHeader, applied: Sequence[Applied]) -> JournalEntry | None:
    """Book cash that waited and is applied now: debit unapplied cash, credit receivable.

    None when nothing is applied.
    """
    if not applied:
        return None
    settled = Money.total((part.amount for part in applied), applied[0].amount.currency)
    return _entry(
        header,
        (
            *_postings((Account.UNAPPLIED_CASH, settled)),
            *_postings(*((_settled(part), -part.amount) for part in applied)),
        ),
    )


def _settled(part: Applied) -> Account:
    """Return what a payment makes smaller: the receivable, or the expense it was written off to."""
    return _owed(is_recovery=part.is_recovery)


def _owed(*, is_recovery: bool) -> Account:
    return Account.BAD_DEBT if is_recovery else Account.RECEIVABLE


def write_off_entry(header: EntryHeader, amount: Money) -> JournalEntry | None:
    """Book an invoice's rest as bad debt (IFRS 9 paragraph 5.4.4). None for no amount.

    Revenue stays what was earned: that the customer does not pay is an expense, not a price change.
    """
    return _entry(header, _postings((Account.BAD_DEBT, amount), (Account.RECEIVABLE, -amount)))


def refund_entry(header: EntryHeader, amount: Money) -> JournalEntry | None:
    """Book cash that waited and goes back: debit unapplied cash, credit cash. None for nothing."""
    return _entry(header, _postings((Account.UNAPPLIED_CASH, amount), (Account.CASH, -amount)))


def credit_entry(
    header: EntryHeader,
    net: Money,
    tax: Money,
    settled: Money,
    position_before: Money,
    *,
    is_recovery: bool = False,
) -> JournalEntry | None:
    """Book what is taken back of an invoice: the mirror of its entry.

    Debit the contract and tax payable; credit the receivable by what is `settled` of its invoice,
    and the customer's credit by the rest, which was paid already. Of an invoice that was written
    off (`is_recovery`) the expense gets smaller, not the receivable. None for no amount. Raises
    `ValueError` when more is settled than is taken back.
    """
    excess = net + tax - settled
    if excess < Money.zero(net.currency):
        raise ValueError(f"{settled} cannot be settled by a credit of {net + tax}")
    return _entry(
        header,
        (
            *contract_postings(position_before, net),
            *_postings((Account.TAX_PAYABLE, tax)),
            *_postings(
                (_owed(is_recovery=is_recovery), -settled), (Account.CUSTOMER_CREDIT, -excess)
            ),
        ),
    )


def credit_application_entry(
    header: EntryHeader, amount: Money, *, is_recovery: bool = False
) -> JournalEntry | None:
    """Book a customer's credit that settles another invoice. None for no amount."""
    owed = _owed(is_recovery=is_recovery)
    return _entry(header, _postings((Account.CUSTOMER_CREDIT, amount), (owed, -amount)))


def reversal_entry(
    header: EntryHeader, entries: Sequence[JournalEntry], net: Money, position_before: Money
) -> JournalEntry | None:
    """Book entries of an invoice back, account by account; None for no entries.

    `net` is what they moved the contract's position by, the other way; it is split over asset and
    liability as the position is now.
    """
    others = (
        (posting.account, -posting.amount)
        for entry in entries
        for posting in entry.postings
        if posting.account not in (Account.CONTRACT_ASSET, Account.CONTRACT_LIABILITY)
    )
    return _entry(header, (*contract_postings(position_before, net), *_postings(*others)))


def withholding_key(invoice: str) -> str:
    """Return the key of the entry that books tax kept back of an invoice."""
    return f"withheld:{invoice}"


def withholding_entry(header: EntryHeader, amount: Money) -> JournalEntry | None:
    """Book tax a customer kept back: the claim is on the authority now. None for no amount."""
    return _entry(header, _postings((Account.WITHHOLDING, amount), (Account.RECEIVABLE, -amount)))


def balance(entries: Iterable[JournalEntry], account: Account, currency: str) -> Money:
    """Return the signed balance of an account in a currency; debits are positive."""
    return Money.total(
        (
            posting.amount
            for entry in entries
            for posting in entry.postings
            if posting.account is account and posting.amount.currency == currency
        ),
        currency,
    )


def contract_position(entries: Sequence[JournalEntry], currency: str) -> Money:
    """Return a contract's net position by its entries: an asset if positive, else a liability."""
    return balance(entries, Account.CONTRACT_ASSET, currency) + balance(
        entries, Account.CONTRACT_LIABILITY, currency
    )


def trial_balance(entries: Sequence[JournalEntry]) -> tuple[AccountBalance, ...]:
    """Return the balance of each account that was posted to, by currency, then by account number.

    For each currency the debits and the credits sum to the same amount.
    """
    sums: dict[tuple[str, Account], Money] = {}
    for posting in (posting for entry in entries for posting in entry.postings):
        place = (posting.amount.currency, posting.account)
        sums[place] = sums.get(place, Money.zero(place[0])) + posting.amount
    return tuple(
        AccountBalance(
            account=account,
            debit=max(amount, Money.zero(currency)),
            credit=max(-amount, Money.zero(currency)),
        )
        for (currency, account), amount in sorted(sums.items(), key=lambda item: item[0])
    )


def _postings(*amounts: tuple[Account, Money]) -> tuple[Posting, ...]:
    return tuple(
        Posting(account=account, amount=amount) for account, amount in amounts if not amount.is_zero
    )


def _entry(header: EntryHeader, postings: tuple[Posting, ...]) -> JournalEntry | None:
    if not postings:
        return None
    return JournalEntry(**header.model_dump(), postings=postings)
