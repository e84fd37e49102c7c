"""Revenue of past days that an amendment changed, posted on the day it is made."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from activities import journal
from activities.accounts import deal_row, scope_of
from activities.recognition import promises, recognized
from models.ledger import EntryHeader, amended_revenue_entry
from models.money import Money
from models.recognition import Obligation, earned
from models.tables import ContractRow, ObligationRow, RecognizedRow

_ONE_DAY = timedelta(days=1)


def agreed_promises(session: Session, contract: ContractRow) -> tuple[Obligation, ...]:
    """Return a term's obligations as they are agreed, before what was conceded on invoices."""
    rows = session.exec(
        select(ObligationRow)
        .where(ObligationRow.deal == contract.deal, ObligationRow.term == contract.term)
        .where(col(ObligationRow.canceled_on).is_(None))
        .order_by(col(ObligationRow.id))
    )
    return tuple(Obligation.model_validate_json(row.content) for row in rows)


def catch_up(
    session: Session,
    contract: ContractRow,
    references: Collection[str],
    key: str,
    moment: tuple[date, datetime],
) -> None:
    """Post what promises of an amended contract have earned by now beyond what is recognized.

    What a promise that ended had earned is taken back. It is one entry with one posting of revenue
    for each promise.
    """
    on, recorded_at = moment
    before = on + _ONE_DAY
    pieces = tuple(_pieces(session, contract, references, before))
    header = EntryHeader(
        key=key,
        entity=contract.entity,
        deal=contract.deal,
        customer=contract.customer,
        booked_on=on,
        cause=contract.number,
        text=f"Revenue of the amended contract before {before}",
    )
    position = journal.contract_position(session, contract.deal, contract.currency)
    entry = amended_revenue_entry(header, [amount for _, amount in pieces], position)
    if not journal.post(session, entry, recorded_at, scope_of(deal_row(session, contract.deal))):
        return
    session.add_all(
        RecognizedRow(
            deal=contract.deal,
            term=contract.term,
            reference=reference,
            before=before,
            amount_minor=amount.minor,
            currency=contract.currency,
            entry=key,
        )
        for reference, amount in pieces
    )
    session.flush()


def _pieces(
    session: Session, contract: ContractRow, references: Collection[str], before: date
) -> Iterator[tuple[str, Money]]:
    found = {one.reference: one for one in promises(session, contract, {})}
    known = recognized(session, contract)
    for reference in sorted(references):
        due = Money.zero(contract.currency)
        if reference in found:
            due = earned(found[reference], before)
        amount = due - Money(minor=known.get(reference, 0), currency=contract.currency)
        if not amount.is_zero:
            yield reference, amount
