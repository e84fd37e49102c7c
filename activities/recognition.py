"""Recognize: post what is earned by a day and not posted yet.

Over time, revenue is posted month by month, each month in an entry of its own dated on its last
day; at a point in time, on the day control passed (ASC 606-10-25-27, 25-30).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from activities import journal
from activities.accounts import conceded, deal_row, scope_of
from models.ledger import EntryHeader, revenue_entry, revenue_key
from models.money import Money, spread_minor
from models.periods import month_starts
from models.recognition import Obligation, Satisfaction, earned
from models.tables import ContractRow, ObligationRow, RecognizedRow

_ONE_DAY = timedelta(days=1)

# Made once: building a statement takes three times as long as running it.
_PROMISES = (
    select(ObligationRow)
    .where(
        col(ObligationRow.deal) == bindparam("deal"), col(ObligationRow.term) == bindparam("term")
    )
    .where(col(ObligationRow.canceled_on).is_(None))
    .order_by(col(ObligationRow.id))
)
_RECOGNIZED = (
    select(RecognizedRow.reference, func.sum(RecognizedRow.amount_minor))
    .where(
        col(RecognizedRow.deal) == bindparam("deal"), col(RecognizedRow.term) == bindparam("term")
    )
    .group_by(RecognizedRow.reference)
)


def promises(
    session: Session, contract: ContractRow, moved: Mapping[str, date]
) -> tuple[Obligation, ...]:
    """Return a term's obligations with the day each was transferred, at the price still agreed.

    What was conceded on invoices comes off all of them in proportion, as the price was shared
    (ASC 606-10-32-44), and what is earned follows at the next posting.
    """
    of = {"deal": contract.deal, "term": contract.term}
    rows = session.exec(_PROMISES, params=of).all()
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


class Term:
    """What a term has promised and what of it is on record, read once and kept up to date."""

    def __init__(self, session: Session, contract: ContractRow, moved: Mapping[str, date]) -> None:
        self._session = session
        self._contract = contract
        self._promises = promises(session, contract, moved)
        self._over_time = [
            one for one in self._promises if one.satisfaction is Satisfaction.OVER_TIME
        ]
        self._recognized = recognized(session, contract)

    def recognize(self, on: date, recorded_at: datetime) -> None:
        """Post everything the term has earned by `on`, each piece on the day it belongs to."""
        deal, number = self._contract.deal, self._contract.term
        posted = journal.posted_keys(self._session, deal)
        for boundary in _boundaries(self._over_time, on):
            key = revenue_key(deal, number, boundary)
            if key not in posted:
                self._post(self._over_time, boundary, key, recorded_at)
        for promise in self._promises:
            handed_over = promise.transferred_on
            at_once = promise.satisfaction is Satisfaction.POINT_IN_TIME
            if at_once and handed_over is not None and handed_over <= on:
                before = handed_over + _ONE_DAY
                key = f"{revenue_key(deal, number, before)}:{promise.reference}"
                self._post([promise], before, key, recorded_at)
        # Giving up a line shares the price anew, also over what was earned in full before.
        key = f"{revenue_key(deal, number, on + _ONE_DAY)}:changed"
        self._post(self._complete(on), on + _ONE_DAY, key, recorded_at)

    def next_boundary(self, on: date) -> date | None:
        """Return the next day after `on` on which the term earns something."""
        tomorrow = on + _ONE_DAY
        if not self._left(self._complete(tomorrow), tomorrow).is_zero:
            return tomorrow
        horizon = max((one.satisfied_before or on for one in self._over_time), default=on)
        days = _boundaries(self._over_time, horizon)
        days += [one.transferred_on for one in self._promises if one.transferred_on is not None]
        return min((day for day in days if day > on), default=None)

    def _complete(self, before: date) -> list[Obligation]:
        return [
            one for one in self._promises if one.satisfied_before and one.satisfied_before <= before
        ]

    def _unposted(self, promise: Obligation, before: date) -> Money:
        """Return what a promise has earned before a day beyond what is recognized already."""
        known = self._recognized.get(promise.reference, 0)
        return earned(promise, before) - Money(minor=known, currency=self._contract.currency)

    def _left(self, found: Iterable[Obligation], before: date) -> Money:
        amounts = (self._unposted(promise, before) for promise in found)
        return Money.total(amounts, self._contract.currency)

    def _post(
        self, found: Iterable[Obligation], before: date, key: str, recorded_at: datetime
    ) -> None:
        pieces = [
            (promise.reference, amount)
            for promise in found
            if not (amount := self._unposted(promise, before)).is_zero
        ]
        if not pieces:
            return
        session, contract = self._session, self._contract
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
            self._recognized[reference] = self._recognized.get(reference, 0) + amount.minor
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


def recognized(session: Session, contract: ContractRow) -> dict[str, int]:
    """Return the minor units recognized of each promise."""
    of = {"deal": contract.deal, "term": contract.term}
    return {reference: int(minor) for reference, minor in session.exec(_RECOGNIZED, params=of)}
