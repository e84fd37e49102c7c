"""The ledger: entries balance, and a contract is shown net as an asset or a liability."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.billing import Invoice, InvoiceLine
from models.collection import Applied
from models.errors import CurrencyMismatchError
from models.ledger import (
    Account,
    AccountBalance,
    EntryHeader,
    JournalEntry,
    Posting,
    application_entry,
    balance,
    contract_position,
    contract_postings,
    invoice_entry,
    invoice_key,
    payment_entry,
    payment_key,
    receivable_dates,
    revenue_entry,
    revenue_key,
    trial_balance,
)
from models.money import Money
from models.parties import Address, BankAccount, Customer, Entity
from models.periods import Interval

NINE = 2019
"""The year that Illustrative Example 38 calls 20X9."""


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def header(key: str = "payment:P1", booked_on: date = date(2026, 1, 5)) -> EntryHeader:
    return EntryHeader(
        key=key,
        entity="E1",
        deal="1001",
        customer="C1",
        booked_on=booked_on,
        cause="INV-1",
        text="Why it was booked",
    )


def entry(*postings: tuple[Account, Money]) -> JournalEntry:
    return JournalEntry(
        **header().model_dump(),
        postings=tuple(Posting(account=account, amount=amount) for account, amount in postings),
    )


def amounts(made: JournalEntry | None) -> list[tuple[Account, int]]:
    assert made is not None
    return [(posting.account, posting.amount.minor) for posting in made.postings]


def applied(minor: int, invoice: str = "INV-1") -> Applied:
    return Applied(invoice=invoice, deal="1001", amount=usd(minor))


ADDRESS = Address(line1="1 Main St", city="Austin", region="TX", country="US")
ENTITY = Entity(
    number="E1",
    legal_name="Seller Inc.",
    address=ADDRESS,
    tax_id="12-3456789",
    email="billing@seller.example",
    bank=BankAccount(holder="Seller Inc.", bank="Bank", account="1"),
    currency="USD",
    time_zone="America/Chicago",
)
CUSTOMER = Customer(number="C1", legal_name="Buyer Inc.", bill_to=ADDRESS)


def invoice_line(net: int, tax: int, unconditional_on: date) -> InvoiceLine:
    period = Interval(start=date(2026, 1, 1), end=date(2026, 2, 1))
    return InvoiceLine(
        reference="1/seat",
        description="Seats",
        quantity=Decimal(1),
        unit="seat",
        unit_price=usd(net).decimal,
        period=period,
        discount=usd(0),
        net=usd(net),
        tax_code="S",
        tax_rate_percent=Decimal(10),
        tax=usd(tax),
        unconditional_on=unconditional_on,
    )


def invoice(*lines: InvoiceLine) -> Invoice:
    net = Money.total((line.net for line in lines), "USD")
    tax = Money.total((line.tax for line in lines), "USD")
    dates: dict[str, Any] = {"issued_on": date(2026, 1, 1), "due_on": date(2026, 1, 31)}
    return Invoice(
        number="INV-1",
        deal="1001",
        term=1,
        entity=ENTITY,
        customer=CUSTOMER,
        currency="USD",
        supplied=Interval(start=date(2026, 1, 1), end=date(2026, 2, 1)),
        lines=lines,
        taxes=(),
        net=net,
        tax=tax,
        gross=net + tax,
        **dates,
    )


JANUARY = invoice(invoice_line(100_00, 10_00, date(2026, 1, 1)))


def test_an_entry_needs_two_postings() -> None:
    """Double entry: every amount comes from somewhere."""
    with pytest.raises(ValueError, match="needs at least two postings"):
        entry((Account.CASH, usd(0)))


def test_an_entry_that_does_not_balance_cannot_be_made() -> None:
    """Architecture, law 3: the journal balances or it does not exist."""
    with pytest.raises(ValueError, match=r"does not balance: 0\.01 USD is left over"):
        entry((Account.CASH, usd(100)), (Account.RECEIVABLE, usd(-99)))


def test_an_entry_has_one_currency() -> None:
    """A dollar and a euro never cancel out."""
    euro = Money(minor=-100, currency="EUR")

    with pytest.raises(ValueError, match="mixes currencies: EUR, USD"):
        entry((Account.CASH, usd(100)), (Account.RECEIVABLE, euro))


def test_keys_are_made_of_what_the_business_knows() -> None:
    """Architecture, law 2: identity is business, never time."""
    assert invoice_key("INV-1") == "invoice:INV-1"
    assert revenue_key("1001", 2, date(2026, 2, 1)) == "revenue:1001:2:2026-02-01"
    assert payment_key("stripe-77") == "payment:stripe-77"


@pytest.mark.parametrize(
    ("before", "change", "asset", "liability"),
    [
        (0, 30, 30, 0),
        (0, -30, 0, -30),
        (100, -30, -30, 0),
        (100, -130, -100, -30),
        (-100, 30, 0, 30),
        (-100, 130, 30, 100),
        (-100, 100, 0, 100),
        (100, 0, 0, 0),
    ],
)
def test_a_change_is_split_so_that_one_account_is_empty(
    before: int, change: int, asset: int, liability: int
) -> None:
    """ASC 606-10-45-1, IFRS 15.105: net asset or net liability per contract."""
    postings = contract_postings(usd(before), usd(change))

    expected = [(Account.CONTRACT_ASSET, asset), (Account.CONTRACT_LIABILITY, liability)]
    assert [(posting.account, posting.amount.minor) for posting in postings] == [
        (account, minor) for account, minor in expected if minor
    ]


def test_positions_and_changes_have_one_currency() -> None:
    """Semantics 9."""
    with pytest.raises(CurrencyMismatchError):
        contract_postings(Money.zero("EUR"), usd(1))


def test_an_invoice_in_advance_makes_a_liability() -> None:
    """Debit receivable gross, credit the contract net and tax payable the tax."""
    made = invoice_entry(header(), JANUARY, usd(0))

    assert amounts(made) == [
        (Account.RECEIVABLE, 110_00),
        (Account.CONTRACT_LIABILITY, -100_00),
        (Account.TAX_PAYABLE, -10_00),
    ]


def test_an_invoice_in_arrears_uses_up_the_asset_first() -> None:
    """What was earned before it was billed becomes a receivable."""
    made = invoice_entry(header(), JANUARY, usd(60_00))

    assert amounts(made) == [
        (Account.RECEIVABLE, 110_00),
        (Account.CONTRACT_ASSET, -60_00),
        (Account.CONTRACT_LIABILITY, -40_00),
        (Account.TAX_PAYABLE, -10_00),
    ]


def test_lines_are_booked_when_they_become_unconditional() -> None:
    """IFRS 15.108: before its day a line is neither receivable nor liability."""
    lines = invoice_line(100_00, 10_00, date(2026, 2, 1)), invoice_line(7, 1, date(2026, 1, 1))
    mixed = invoice(*lines)

    first = invoice_entry(header(), mixed, usd(0), date(2026, 1, 1))
    second = invoice_entry(header(), mixed, usd(-7), date(2026, 2, 1))

    assert receivable_dates(mixed) == (date(2026, 1, 1), date(2026, 2, 1))
    assert amounts(first)[0] == (Account.RECEIVABLE, 8)
    assert amounts(second)[0] == (Account.RECEIVABLE, 110_00)
    assert invoice_entry(header(), mixed, usd(0), date(2026, 3, 1)) is None


def test_revenue_reduces_the_liability_and_then_makes_an_asset() -> None:
    """Debit the contract, credit revenue."""
    made = revenue_entry(header(), usd(130_00), usd(-100_00))

    assert amounts(made) == [
        (Account.CONTRACT_ASSET, 30_00),
        (Account.CONTRACT_LIABILITY, 100_00),
        (Account.REVENUE, -130_00),
    ]


def test_a_payment_settles_each_invoice_and_keeps_the_rest() -> None:
    """Debit cash; credit receivable for each invoice and unapplied cash for the rest."""
    made = payment_entry(header(), usd(100_00), [applied(60_00), applied(30_00, "INV-2")])

    assert amounts(made) == [
        (Account.CASH, 100_00),
        (Account.RECEIVABLE, -60_00),
        (Account.RECEIVABLE, -30_00),
        (Account.UNAPPLIED_CASH, -10_00),
    ]


def test_more_than_was_received_cannot_be_applied() -> None:
    """Cash = applied + unapplied, and unapplied is never negative."""
    with pytest.raises(ValueError, match=r"100\.01 USD cannot be applied .* 100\.00 USD"):
        payment_entry(header(), usd(100_00), [applied(100_01)])


def test_waiting_cash_is_applied_later() -> None:
    """Debit unapplied cash, credit receivable."""
    made = application_entry(header(), [applied(60_00), applied(30_00, "INV-2")])

    assert amounts(made) == [
        (Account.UNAPPLIED_CASH, 90_00),
        (Account.RECEIVABLE, -60_00),
        (Account.RECEIVABLE, -30_00),
    ]


def test_nothing_to_book_makes_no_entry() -> None:
    """A free invoice or a month without revenue leaves no trace in the journal."""
    free = invoice(invoice_line(0, 0, date(2026, 1, 1)))

    assert invoice_entry(header(), free, usd(5)) is None
    assert revenue_entry(header(), usd(0), usd(5)) is None
    assert payment_entry(header(), usd(0), []) is None
    assert application_entry(header(), []) is None


def test_an_entry_names_its_cause() -> None:
    """Architecture, law 3: everything names its cause."""
    made = invoice_entry(header("invoice:INV-1", date(2026, 1, 1)), JANUARY, usd(0))

    assert made is not None
    assert (made.key, made.cause, made.booked_on) == ("invoice:INV-1", "INV-1", date(2026, 1, 1))
    assert (made.entity, made.deal, made.customer) == ("E1", "1001", "C1")


def test_a_cancellable_contract_paid_early_makes_a_liability_at_payment() -> None:
    """IFRS 15, Illustrative Example 38 case A: nothing at the due date, liability when paid."""
    paid_on = date(NINE, 3, 1)
    whole = invoice(invoice_line(1000, 0, paid_on))

    booked = invoice_entry(header("invoice:INV-1", paid_on), whole, usd(0), paid_on)
    paid = payment_entry(header(), usd(1000), [applied(1000)])
    earned = revenue_entry(header(), usd(1000), usd(-1000))

    assert booked is not None
    assert paid is not None
    assert invoice_entry(header(), whole, usd(0), date(NINE, 1, 31)) is None
    assert balance([booked, paid], Account.CASH, "USD") == usd(1000)
    assert balance([booked, paid], Account.CONTRACT_LIABILITY, "USD") == usd(-1000)
    assert balance([booked, paid], Account.RECEIVABLE, "USD") == usd(0)
    assert amounts(earned) == [(Account.CONTRACT_LIABILITY, 1000), (Account.REVENUE, -1000)]


def test_a_noncancellable_contract_makes_a_receivable_when_due() -> None:
    """IFRS 15, Illustrative Example 38 case B."""
    whole = invoice(invoice_line(1000, 0, date(NINE, 1, 31)))

    due = invoice_entry(header(), whole, usd(0), date(NINE, 1, 31))
    paid = payment_entry(header(), usd(1000), [applied(1000)])
    earned = revenue_entry(header(), usd(1000), usd(-1000))

    assert amounts(due) == [(Account.RECEIVABLE, 1000), (Account.CONTRACT_LIABILITY, -1000)]
    assert amounts(paid) == [(Account.CASH, 1000), (Account.RECEIVABLE, -1000)]
    assert amounts(earned) == [(Account.CONTRACT_LIABILITY, 1000), (Account.REVENUE, -1000)]


def test_the_trial_balance_shows_each_account_on_one_side() -> None:
    """By currency and account number; debits and credits sum to the same amount."""
    yen = Money(minor=5, currency="JPY")
    entries = [
        entry((Account.CASH, usd(100)), (Account.RECEIVABLE, usd(-100))),
        entry((Account.RECEIVABLE, usd(70)), (Account.REVENUE, usd(-70))),
        entry((Account.CASH, yen), (Account.REVENUE, -yen)),
    ]

    zero = Money.zero("JPY")
    assert trial_balance(entries) == (
        AccountBalance(account=Account.CASH, debit=yen, credit=zero),
        AccountBalance(account=Account.REVENUE, debit=zero, credit=yen),
        AccountBalance(account=Account.CASH, debit=usd(100), credit=usd(0)),
        AccountBalance(account=Account.RECEIVABLE, debit=usd(0), credit=usd(30)),
        AccountBalance(account=Account.REVENUE, debit=usd(0), credit=usd(70)),
    )


def test_no_entries_have_an_empty_trial_balance_and_no_position() -> None:
    """Nothing happened yet."""
    assert trial_balance([]) == ()
    assert contract_position([], "USD") == usd(0)


@given(st.lists(st.integers(-(10**6), 10**6), max_size=20))
def test_at_most_one_contract_account_ever_holds_anything(changes: list[int]) -> None:
    """Asset and liability of one contract are never shown side by side."""
    position, asset, liability = usd(0), 0, 0
    for change in changes:
        for posting in contract_postings(position, usd(change)):
            if posting.account is Account.CONTRACT_ASSET:
                asset += posting.amount.minor
            else:
                liability += posting.amount.minor
        position += usd(change)
        assert asset + liability == position.minor
        assert asset >= 0 >= liability
        assert asset == 0 or liability == 0
