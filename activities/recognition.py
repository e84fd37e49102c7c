"""Recognize: post what is earned by a day and not posted yet.

Over time, revenue is posted month by month, each month in an entry of its own dated on its last
day; at a point in time, on the day control passed (ASC 606-10-25-27, 25-30).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, func, select

from activities import journal
from activities.accounts import conceded, deal_row, scope_of
from models.ledger import EntryHeader, revenue_entry, revenue_key
from models.money import Money, spread_minor
from models.periods import month_starts
from models.recognition import Obligation, Satisfaction, earned
from models.tables import ContractRow, ObligationRow, RecognizedRow

_ONE_DAY = timedelta(days=1)


def promises(
    session: Session, contract: ContractRow, moved: Mapping[str, date]
) -> tuple[Obligation, ...]:
    """Return a term's obligations with the day each was transferred, at the price still agreed.

    What was conceded on invoices comes off all of them in proportion, as the price was shared
    (ASC 606-10-32-44), and what is earned follows at the next posting.
    """
    rows = session.exec(
        select(ObligationRow)
        .where(ObligationRow.deal == contract.deal, ObligationRow.term == contract.term)
        .where(col(ObligationRow.canceled_on).is_(None))
        .order_by(col(ObligationRow.id))
    ).all()
    found = [Obligation.model_validate_json(row.content) for row in rows]
    off = conceded(session, contract.deal, contract.term)
    prices = [promise.allocated for promise in found]
    if off and any(price.minor for price in prices):
        shares = spread_minor(off, [price.minor for price in prices])
        prices = [
            price - Money(minor=share, currency=price.currency)
            for price, share in zip(prices, shares, strict=True)
        ]
    return tuple(
        promise.model_copy(update={"transferred_on": moved.get(row.reference), "allocated": price})
        for row, promise, price in zip(rows, found, prices, strict=True)
    )


def recognize_term(
    session: Session,
    contract: ContractRow,
    moved: Mapping[str, date],
    on: date,
    recorded_at: datetime,
) -> None:
    """Post everything one term has earned by `on`, each piece on the day it belongs to."""
    found = promises(session, contract, moved)
    over_time = [one for one in found if one.satisfaction is Satisfaction.OVER_TIME]
    posted = journal.posted_keys(session, contract.deal)
    for boundary in _boundaries(over_time, on):
        key = revenue_key(contract.deal, contract.term, boundary)
        if key not in posted:
            _post(session, contract, over_time, boundary, key, recorded_at)
    for promise in found:
        handed_over = promise.transferred_on
        at_once = promise.satisfaction is Satisfaction.POINT_IN_TIME
        if at_once and handed_over is not None and handed_over <= on:
            before = handed_over + _ONE_DAY
            key = f"{revenue_key(contract.deal, contract.term, before)}:{promise.reference}"
            _post(session, contract, [promise], before, key, recorded_at)
    # Giving up a line shares the price anew, also over what was earned in full before.
    complete = _complete(found, on)
    key = f"{revenue_key(contract.deal, contract.term, on + _ONE_DAY)}:changed"
    _post(session, contract, complete, on + _ONE_DAY, key, recorded_at)


def _complete(found: Iterable[Obligation], before: date) -> list[Obligation]:
    return [one for one in found if one.satisfied_before and one.satisfied_before <= before]


def _boundaries(over_time: Sequence[Obligation], on: date) -> list[date]:
    """Return the firsts of months and the ends of promises up to a day, in order."""
    days: list[date] = []
    for promise in over_time:
        end = promise.satisfied_before
        if end is None:
            continue
        days += [day for day in month_starts(promise.period.start, min(on, end)) if day <= on]
        days += [end] if end <= on else []
    return sorted(dict.fromkeys(days))


def next_boundary(
    session: Session, contract: ContractRow, moved: Mapping[str, date], on: date
) -> date | None:
    """Return the next day after `on` on which a term earns something."""
    found = promises(session, contract, moved)
    tomorrow = on + _ONE_DAY
    complete = _complete(found, tomorrow)
    if not _left(session, contract, complete, tomorrow).is_zero:
        return tomorrow
    over_time = [one for one in found if one.satisfaction is Satisfaction.OVER_TIME]
    horizon = max((one.satisfied_before or on for one in over_time), default=on)
    days = _boundaries(over_time, horizon)
    days += [one.transferred_on for one in found if one.transferred_on is not None]
    return min((day for day in days if day > on), default=None)


def _left(
    session: Session, contract: ContractRow, found: Iterable[Obligation], before: date
) -> Money:
    """Return what the promises have earned before a day beyond what is recognized already."""
    amounts = (
        earned(promise, before) - _recognized(session, contract, promise.reference)
        for promise in found
    )
    return Money.total(amounts, contract.currency)


def _post(
    session: Session,
    contract: ContractRow,
    found: Iterable[Obligation],
    before: date,
    key: str,
    recorded_at: datetime,
) -> None:
    """Post what the promises have earned before a day beyond what is recognized already."""
    if journal.is_posted(session, key):
        return
    pieces = []
    for promise in found:
        amount = earned(promise, before) - _recognized(session, contract, promise.reference)
        if not amount.is_zero:
            pieces.append((promise.reference, amount))
    total = Money.total((amount for _, amount in pieces), contract.currency)
    header = EntryHeader(
        key=key,
        entity=contract.entity,
        deal=contract.deal,
        customer=contract.customer,
        booked_on=before - _ONE_DAY,
        cause=contract.number,
        text=f"Revenue before {before}",
    )
    position = journal.contract_position(session, contract.deal, contract.currency)
    scope = scope_of(deal_row(session, contract.deal))
    if not journal.post(session, revenue_entry(header, total, position), recorded_at, scope):
        return
    for reference, amount in pieces:
        session.add(
            RecognizedRow(
                deal=contract.deal,
                term=contract.term,
                reference=reference,
                before=before,
                amount_minor=amount.minor,
                currency=contract.currency,
                entry=key,
            )
        )
    session.flush()


def _recognized(session: Session, contract: ContractRow, reference: str) -> Money:
    statement = select(func.coalesce(func.sum(RecognizedRow.amount_minor), 0)).where(
        RecognizedRow.deal == contract.deal,
        RecognizedRow.term == contract.term,
        RecognizedRow.reference == reference,
    )
    return Money(minor=int(session.exec(statement).one()), currency=contract.currency)
