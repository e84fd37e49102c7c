"""Accounts: what a customer or a deal owes, read from the books."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import BindParameter, ColumnElement, bindparam
from sqlmodel import Session, col, func, select

from activities.billed_days import has_released, taken
from activities.pool_rows import pools_are_closed
from activities.register import dunning_policy
from activities.usage_rows import period_rows, usage_is_billed
from models.collection import OpenItem, next_dunning_on
from models.consolidation import shares_of
from models.credit_notes import CreditEffect
from models.money import Money
from models.steps import Account
from models.tables import (
    ContractRow,
    CreditApplicationRow,
    CreditNoteRow,
    DealRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceVoidRow,
    ObligationRow,
    PaymentApplicationRow,
    PlannedChargeRow,
    RecognizedRow,
    ReminderItemRow,
    WithheldRow,
    WriteOffRow,
)

# Made once: building a statement takes three times as long as running it.
_DEAL: BindParameter[str] = bindparam("deal")
_NUMBERS: BindParameter[Sequence[str]] = bindparam("numbers", expanding=True)
_LAST: BindParameter[date] = bindparam("last")
_MOST_AT_ONCE = 10_000
_INVOICES = select(InvoiceRow).order_by(col(InvoiceRow.due_on), col(InvoiceRow.number))
_INVOICES_OF_DEAL = _INVOICES.where(
    (col(InvoiceRow.deal) == _DEAL)
    | col(InvoiceRow.number).in_(
        select(InvoiceLineRow.invoice).where(col(InvoiceLineRow.deal) == _DEAL)
    )
)
_GROSS = (
    select(
        InvoiceLineRow.invoice,
        InvoiceLineRow.deal,
        func.sum(InvoiceLineRow.net_minor + InvoiceLineRow.tax_minor),
    )
    .where(col(InvoiceLineRow.invoice).in_(_NUMBERS))
    .group_by(col(InvoiceLineRow.invoice), col(InvoiceLineRow.deal))
)
_PAID, _CREDITED = (
    select(table.invoice, func.sum(table.amount_minor))
    .where(col(table.invoice).in_(_NUMBERS), col(table.applied_on) <= _LAST)
    .group_by(table.invoice)
    for table in (PaymentApplicationRow, CreditApplicationRow)
)
_KEPT_BACK = select(WithheldRow.invoice, WithheldRow.amount_minor).where(
    col(WithheldRow.invoice).in_(_NUMBERS), col(WithheldRow.booked_on) <= _LAST
)
_VOIDED = (
    select(InvoiceRow.number, InvoiceRow.gross_minor)
    .join(InvoiceVoidRow, col(InvoiceVoidRow.invoice) == col(InvoiceRow.number))
    .where(col(InvoiceRow.number).in_(_NUMBERS), col(InvoiceVoidRow.voided_on) <= _LAST)
)
_WRITTEN_OFF = select(WriteOffRow.invoice).where(col(WriteOffRow.invoice).in_(_NUMBERS))
_REMINDED = (
    select(ReminderItemRow.invoice, func.max(ReminderItemRow.level), func.max(ReminderItemRow.on))
    .where(col(ReminderItemRow.invoice).in_(_NUMBERS))
    .group_by(ReminderItemRow.invoice)
)
_PLANNED = select(func.count(col(PlannedChargeRow.id))).where(
    col(PlannedChargeRow.deal) == _DEAL, col(PlannedChargeRow.canceled_on).is_(None)
)
_BILLED = select(func.count(col(InvoiceLineRow.id))).where(
    col(InvoiceLineRow.deal) == _DEAL,
    col(InvoiceLineRow.reference).in_(
        select(PlannedChargeRow.reference).where(col(PlannedChargeRow.deal) == _DEAL)
    ),
)
_CONCEDED = select(func.coalesce(func.sum(CreditNoteRow.net_minor), 0)).where(
    col(CreditNoteRow.deal) == _DEAL, CreditNoteRow.effect == CreditEffect.CONCESSION.value
)
_CONCEDED_IN_TERM = _CONCEDED.where(col(CreditNoteRow.term) == bindparam("term"))
_PROMISED = select(func.coalesce(func.sum(ObligationRow.allocated_minor), -1)).where(
    col(ObligationRow.deal) == _DEAL, col(ObligationRow.canceled_on).is_(None)
)
_RECOGNIZED = select(func.coalesce(func.sum(RecognizedRow.amount_minor), 0)).where(
    col(RecognizedRow.deal) == _DEAL
)


def deal_row(session: Session, number: str) -> DealRow:
    """Return a deal's row; the deal put itself on record before anything else."""
    return session.get_one(DealRow, number)


def scope_of(deal: DealRow) -> str:
    """Return the scope of a deal's documents: its own number on a test clock, else none."""
    return deal.number if deal.test_clock else ""


def touching(deal: str) -> ColumnElement[bool]:
    """Return the condition that an invoice is a deal's own, or has a line of it."""
    lines = select(InvoiceLineRow.invoice).where(InvoiceLineRow.deal == deal)
    return (col(InvoiceRow.deal) == deal) | col(InvoiceRow.number).in_(lines)


def deals_of(session: Session, invoices: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the deals that have lines on each invoice, by its number."""
    statement = select(InvoiceLineRow.invoice, InvoiceLineRow.deal).where(
        col(InvoiceLineRow.invoice).in_(list(invoices))
    )
    found: dict[str, tuple[str, ...]] = {}
    for invoice, deal in session.exec(statement.order_by(col(InvoiceLineRow.id))):
        found[invoice] = tuple(dict.fromkeys((*found.get(invoice, ()), deal)))
    return found


def open_items(
    session: Session,
    *,
    deal: str | None = None,
    customer: str | None = None,
    currency: str | None = None,
) -> tuple[OpenItem, ...]:
    """Return the invoices with a balance after payments and credits, oldest due first.

    Those that were written off are among them: they are still owed. Those of a deal are all with a
    line of it; one for several deals comes with its whole balance.
    """
    statement = _INVOICES if deal is None else _INVOICES_OF_DEAL
    if customer is not None:
        statement = statement.where(InvoiceRow.customer == customer)
    if currency is not None:
        statement = statement.where(InvoiceRow.currency == currency)
    rows = session.exec(statement, params={} if deal is None else {"deal": deal}).all()
    if not rows:
        return ()
    numbers = [row.number for row in rows]
    done, levels = settled(session, numbers), _levels(session, numbers)
    given_up, kept_back = _given_up(session, numbers), _kept_back(session, rows)
    items = (
        _open_item(row, done.get(row.number, 0), levels.get(row.number)).model_copy(
            update={
                "written_off": row.number in given_up,
                "withheld": kept_back.get(row.number),
            }
        )
        for row in rows
    )
    return tuple(item for item in items if item.balance.minor > 0)


def settled(session: Session, numbers: Sequence[str], until: date | None = None) -> dict[str, int]:
    """Return what is paid or credited of each invoice, up to and on a day if one is given.

    A void invoice claims nothing at all.
    """
    found: dict[str, int] = {}
    # A statement takes only so many values at once.
    for first in range(0, len(numbers), _MOST_AT_ONCE):
        found |= _settled(session, numbers[first : first + _MOST_AT_ONCE], until or date.max)
    return found


def _settled(session: Session, numbers: Sequence[str], last: date) -> dict[str, int]:
    found: dict[str, int] = {}
    of = {"numbers": numbers, "last": last}
    for statement in (_PAID, _CREDITED, _KEPT_BACK):
        for invoice, amount in session.exec(statement, params=of):
            found[invoice] = found.get(invoice, 0) + int(amount)
    return found | dict(session.exec(_VOIDED, params=of).all())


def _kept_back(session: Session, rows: Sequence[InvoiceRow]) -> dict[str, Money]:
    """Return what customers keep back of invoices and did not settle yet.

    Of an invoice that was credited in part it is less in proportion.
    """
    agreed = [row for row in rows if row.withheld_minor]
    if not agreed:
        return {}
    numbers = [row.number for row in agreed]
    done = set(
        session.exec(select(WithheldRow.invoice).where(col(WithheldRow.invoice).in_(numbers)))
    )
    credited = dict(
        session.exec(
            select(CreditApplicationRow.invoice, func.sum(CreditApplicationRow.amount_minor))
            .where(col(CreditApplicationRow.invoice).in_(numbers))
            .group_by(CreditApplicationRow.invoice)
        ).all()
    )
    return {
        row.number: Money(minor=row.withheld_minor, currency=row.currency).prorate(
            row.gross_minor - int(credited.get(row.number, 0)), row.gross_minor
        )
        for row in agreed
        if row.number not in done
    }


def _given_up(session: Session, numbers: Sequence[str]) -> frozenset[str]:
    return frozenset(session.exec(_WRITTEN_OFF, params={"numbers": numbers}))


def _levels(session: Session, numbers: Sequence[str]) -> dict[str, tuple[int, date]]:
    found = session.exec(_REMINDED, params={"numbers": numbers})
    return {invoice: (level, on) for invoice, level, on in found}


def _open_item(row: InvoiceRow, done: int, reminded: tuple[int, date] | None) -> OpenItem:
    return OpenItem(
        invoice=row.number,
        deal=row.deal,
        issued_on=row.issued_on,
        due_on=row.due_on,
        gross=Money(minor=row.gross_minor, currency=row.currency),
        balance=Money(minor=row.gross_minor - done, currency=row.currency),
        level=reminded[0] if reminded else 0,
        last_reminded_on=reminded[1] if reminded else None,
    )


def account_of(session: Session, deal: str, on: date) -> Account:
    """Return what is owed on a deal and when, from `on`, its next reminder is due.

    What was written off is owed, but no longer expected: it counts in nothing here.
    """
    items = [item for item in open_items(session, deal=deal) if not item.written_off]
    return Account(
        balance_minor=balance_of(session, deal, items),
        open_invoices=len(items),
        next_dunning_on=next_dunning_on(dunning_policy(session), items, on),
        fully_billed=_fully_billed(session, deal),
        fully_recognized=_fully_recognized(session, deal),
    )


def balance_of(session: Session, deal: str, items: Sequence[OpenItem]) -> int:
    """Return a deal's part of the balance of its open invoices, in minor units."""
    if not items:
        return 0
    gross: dict[str, dict[str, int]] = {}
    numbers = [item.invoice for item in items]
    for invoice, owner, amount in session.exec(_GROSS, params={"numbers": numbers}):
        gross.setdefault(invoice, {})[owner] = int(amount)
    parts = (shares_of(item.balance, gross.get(item.invoice, {deal: 1})) for item in items)
    return sum(each[deal].minor for each in parts if deal in each)


def _fully_billed(session: Session, deal: str) -> bool:
    planned = session.exec(_PLANNED, params={"deal": deal}).one()
    billed = session.exec(_BILLED, params={"deal": deal}).one()
    by_usage = period_rows(session, deal)
    if not (planned or by_usage) or billed < planned or not _nothing_released(session, deal):
        return False
    return not by_usage or usage_is_billed(session, deal)


def _nothing_released(session: Session, deal: str) -> bool:
    """Whether nothing that was taken back still waits to be billed again."""
    if not has_released(session, deal):
        return True
    days = taken(session, deal)
    plan = session.exec(
        select(PlannedChargeRow).where(
            PlannedChargeRow.deal == deal, col(PlannedChargeRow.canceled_on).is_(None)
        )
    )
    return all(
        any(
            one.start < row.ends_on and row.starts_on < one.end
            for one in days.get((row.term, row.reference), ())
        )
        for row in plan
    )


def has_fixed_price(session: Session, contract: ContractRow) -> bool:
    """Whether a term has promises with a share of a price, beside what is charged by usage."""
    shares = select(func.coalesce(func.sum(ObligationRow.allocated_minor), 0)).where(
        ObligationRow.deal == contract.deal, ObligationRow.term == contract.term
    )
    return session.exec(shares).one() != 0


def conceded(session: Session, deal: str, term: int | None = None) -> int:
    """Return by how many minor units concessions have lowered a deal's price."""
    if term is None:
        return int(session.exec(_CONCEDED, params={"deal": deal}).one())
    return int(session.exec(_CONCEDED_IN_TERM, params={"deal": deal, "term": term}).one())


def _fully_recognized(session: Session, deal: str) -> bool:
    promised = session.exec(_PROMISED, params={"deal": deal}).one()
    recognized = session.exec(_RECOGNIZED, params={"deal": deal}).one()
    # Where nothing fixed was sold, what was conceded came off the revenue of usage.
    given = conceded(session, deal) if promised else 0
    is_even = 0 <= promised == recognized + given
    return is_even and pools_are_closed(session, deal)
