"""Statement of account: what passed between a customer and us, and what is open at the end.

It is one running balance over invoices, credit notes, payments and withheld tax, in one currency,
and equals the customer's sub-ledger: what they owe less what they have to their credit.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from models.collection import Aging, OpenItem, aging
from models.errors import InvalidInputError, Problem
from models.money import Money
from models.value import Value


class Movement(StrEnum):
    """What moves a customer's balance."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    VOID = "void"
    WITHHELD = "withheld"


class StatementEntry(Value):
    """One document: positive raises what the customer owes. `balance` is what it came to then."""

    on: date
    kind: Movement
    document: str
    reference: str = ""
    deal: str = ""
    amount: Money
    balance: Money


class StatementFact(Value):
    """A document as the books know it, before it stands in a statement."""

    on: date
    kind: Movement
    document: str
    reference: str = ""
    deal: str = ""
    amount: Money


class Statement(Value):
    """A customer's account with one entity in one currency, over the days from `since` to `until`.

    Both days are included. `opening` is the balance before the first, `closing` after the last;
    negative is in the customer's favor. `open_items` are what the closing balance consists of,
    less `waiting`: money and credit not set against anything yet.
    """

    customer: str
    entity: str
    currency: str
    since: date
    until: date
    opening: Money
    entries: tuple[StatementEntry, ...] = ()
    closing: Money
    open_items: tuple[OpenItem, ...] = ()
    waiting: Money
    aging: Aging | None = None


_ORDER = (
    Movement.INVOICE,
    Movement.VOID,
    Movement.CREDIT_NOTE,
    Movement.PAYMENT,
    Movement.WITHHELD,
)


class AccountScope(Value):
    """Whose account, with which entity, in which currency, over which days (both included)."""

    customer: str
    entity: str
    currency: str
    since: date
    until: date


def make_statement(
    scope: AccountScope,
    facts: Iterable[StatementFact],
    open_items: Sequence[OpenItem],
) -> Statement:
    """Return the statement of an account; `open_items` are what was open at the end of `until`.

    Entries are in order of day, then invoices before what takes them back, then by number. Raises
    `InvalidInputError` if the days are the wrong way round.
    """
    if scope.until < scope.since:
        reason = f"{scope.until} is before {scope.since}"
        problem = Problem(field="until", reason=reason, remedy="use a later day")
        raise InvalidInputError([problem])
    ordered = sorted(
        (fact for fact in facts if fact.on <= scope.until),
        key=lambda fact: (fact.on, _ORDER.index(fact.kind), fact.document),
    )
    balance = Money.total(
        (fact.amount for fact in ordered if fact.on < scope.since), scope.currency
    )
    opening = balance
    entries = []
    for fact in ordered:
        if fact.on >= scope.since:
            balance += fact.amount
            entries.append(StatementEntry(**fact.model_dump(), balance=balance))
    total = Money.total((item.balance for item in open_items), scope.currency)
    ages = aging(open_items, scope.until)
    return Statement(
        **scope.model_dump(),
        opening=opening,
        entries=tuple(entries),
        closing=balance,
        open_items=tuple(open_items),
        waiting=total - balance,
        aging=ages[0] if ages else None,
    )
