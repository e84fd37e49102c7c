"""Promotions on record: reserved by a quote, redeemed by its contract, given back when it is lost.

A quote that is out is a promise, so its promotions are reserved with it, in its own transaction:
of two deals that race for the last one, one is told that it is used up.
"""

from datetime import date, datetime

from sqlmodel import Session, col, func, select

from activities.accounts import deal_row
from activities.price_terms import REDEEMED, RELEASED, RESERVED, held_codes
from models.leakage import discount_of
from models.quoting import Quote
from models.tables import PricedLineRow, PromotionUseRow


class PromotionUses:
    """Writes what becomes of the promotions of one deal."""

    def __init__(self, session: Session, deal: str, on: date, at: datetime) -> None:
        self._session, self._deal, self._on, self._at = session, deal, on, at

    def reserve(self, quote: Quote) -> None:
        """Hold what a quote version uses, and give back what an earlier one held."""
        wanted = {code for line in quote.lines for code in line.promotions}
        held = set(held_codes(self._session, self._deal))
        for code in sorted(held - wanted - set(self._codes(REDEEMED))):
            self._note(code, RELEASED, quote.version)
        for code in sorted(wanted - held):
            self._note(code, RESERVED, quote.version)

    def redeem(self, quote: Quote) -> None:
        """Redeem what the signed quote uses, each code once for the deal."""
        done = set(self._codes(REDEEMED))
        for code in sorted({code for line in quote.lines for code in line.promotions} - done):
            self._note(code, REDEEMED, quote.version)

    def restore(self) -> None:
        """Give back everything a deal holds, because its quote or contract is void."""
        for code in held_codes(self._session, self._deal):
            self._note(code, RELEASED, 0)

    def _codes(self, event: str) -> tuple[str, ...]:
        statement = select(PromotionUseRow.code).where(
            PromotionUseRow.deal == self._deal, PromotionUseRow.event == event
        )
        return tuple(self._session.exec(statement))

    def _note(self, code: str, event: str, version: int) -> None:
        deal = deal_row(self._session, self._deal)
        count = self._session.exec(
            select(func.count(col(PromotionUseRow.id)))
            .where(PromotionUseRow.deal == self._deal, PromotionUseRow.code == code)
            .where(PromotionUseRow.event == event)
        ).one()
        # A deal redeems once, so that key does not count; a second one meets the constraint.
        place = "" if event == REDEEMED else f":{count + 1}"
        self._session.add(
            PromotionUseRow(
                key=f"{code}:{self._deal}:{event}{place}",
                code=code,
                deal=self._deal,
                customer=deal.customer,
                event=event,
                quote_version=version,
                test_clock=deal.test_clock,
                on=self._on,
                recorded_at=self._at,
            )
        )
        self._session.flush()


def note_lines(session: Session, quote: Quote, segment: str) -> None:
    """Put on record what each line of a quote version was offered at."""
    session.add_all(
        PricedLineRow(
            deal=quote.deal,
            term=quote.term,
            quote_version=quote.version,
            reference=line.reference,
            sku=line.sku,
            segment=segment,
            quantity=line.quantity,
            discount_percent=discount_of(line),
            quoted_on=quote.quoted_on,
        )
        for line in quote.lines
    )
