"""What is on record of usage: its periods, their newest ratings, and what of them is billed."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlmodel import Session, col, func, select

from models.amendment import ContractState
from models.credit_notes import CreditEffect
from models.money import Money
from models.periods import Interval
from models.rating import LATE, TRUE_UP, BilledBefore, Settlement, UsagePeriod
from models.tables import (
    AmendmentBookedRow,
    AmendmentRow,
    CreditNoteLineRow,
    CreditNoteRow,
    InvoiceLineRow,
    InvoiceVoidRow,
    UsagePeriodRow,
    UsagePoolRow,
    UsageRatingRow,
)

PeriodKey = tuple[str, date]
"""A period of a term: the reference of its charge, and its first day."""


def period_rows(session: Session, deal: str, term: int | None = None) -> Sequence[UsagePeriodRow]:
    """Return the periods a deal is charged for by usage, oldest first, as far as its contract runs.

    A contract that was amended to end earlier cuts the period it ends in.
    """
    statement = select(UsagePeriodRow).where(
        UsagePeriodRow.deal == deal, col(UsagePeriodRow.canceled_on).is_(None)
    )
    if term is not None:
        statement = statement.where(UsagePeriodRow.term == term)
    ordered = statement.order_by(col(UsagePeriodRow.starts_on), col(UsagePeriodRow.id))
    rows = session.exec(ordered).all()
    ends = _early_ends(session, deal) if rows else {}
    return [_cut(row, ends.get(row.term)) for row in rows if _runs(row, ends.get(row.term))]


def _early_ends(session: Session, deal: str) -> dict[int, date]:
    """Return the first day after the contract of each term whose amendments count."""
    statement = (
        select(AmendmentRow)
        .join(
            AmendmentBookedRow,
            (col(AmendmentBookedRow.deal) == col(AmendmentRow.deal))
            & (col(AmendmentBookedRow.number) == col(AmendmentRow.number)),
        )
        .where(AmendmentRow.deal == deal)
        .order_by(col(AmendmentBookedRow.version))
    )
    return {
        row.term: ContractState.model_validate_json(row.state).ends_on
        for row in session.exec(statement)
    }


def _runs(row: UsagePeriodRow, ends_on: date | None) -> bool:
    return ends_on is None or row.starts_on < ends_on


def _cut(row: UsagePeriodRow, ends_on: date | None) -> UsagePeriodRow:
    if ends_on is None or row.ends_on <= ends_on:
        return row
    final_on = row.final_on - (row.ends_on - ends_on)
    return UsagePeriodRow(**row.model_dump() | {"ends_on": ends_on, "final_on": final_on})


def period_of(row: UsagePeriodRow) -> UsagePeriod:
    """Return the period a row is about."""
    return UsagePeriod(
        reference=row.reference,
        period=Interval(start=row.starts_on, end=row.ends_on),
        full_days=row.full_days,
        final_on=row.final_on,
    )


def latest_ratings(session: Session, deal: str, term: int) -> dict[PeriodKey, UsageRatingRow]:
    """Return the newest rating of each period of a term."""
    rows = session.exec(
        select(UsageRatingRow)
        .where(UsageRatingRow.deal == deal, UsageRatingRow.term == term)
        .order_by(col(UsageRatingRow.revision))
    )
    return {(row.reference, row.starts_on): row for row in rows}


def drawn_by_pool(session: Session, deal: str) -> dict[str, int]:
    """Return what was drawn of each pool of a deal in minor units, by the newest ratings."""
    rows = session.exec(
        select(UsageRatingRow)
        .where(UsageRatingRow.deal == deal)
        .order_by(col(UsageRatingRow.revision))
    )
    latest = {(row.term, row.reference, row.starts_on): row.settlement for row in rows}
    found: dict[str, int] = {}
    for content in latest.values():
        for key, minor in Settlement.model_validate_json(content).drawn.items():
            found[key] = found.get(key, 0) + minor
    return found


class BilledUsage:
    """What is on invoices of a term's usage, less what was taken back to be billed again."""

    def __init__(self, rows: Iterable[tuple[InvoiceLineRow, int]]) -> None:
        self._lines: dict[PeriodKey, list[tuple[InvoiceLineRow, int]]] = {}
        for row, left in rows:
            base = row.reference.partition(f"/{LATE}-")[0]
            self._lines.setdefault((base, row.starts_on), []).append((row, left))

    def lines_of(self, reference: str, starts_on: date) -> Sequence[tuple[InvoiceLineRow, int]]:
        """Return the lines of one charge in one period, with what of each still stands."""
        return self._lines.get((reference, starts_on), [])

    def of(self, reference: str, starts_on: date) -> BilledBefore:
        """Return the amounts billed of one charge in one period."""
        own = self._lines.get((reference, starts_on), [])
        standing = [(row, left) for row, left in own if left]
        return BilledBefore(
            amounts=tuple(Money(minor=left, currency=row.currency) for row, left in standing),
            count=len(own),
        )


def billed_usage(session: Session, deal: str, term: int) -> BilledUsage:
    """Return what of a term is on invoices that stand; concessions leave it billed."""
    back = (
        select(func.coalesce(func.sum(CreditNoteLineRow.net_minor), 0))
        .join(CreditNoteRow, col(CreditNoteRow.number) == CreditNoteLineRow.credit_note)
        .where(CreditNoteLineRow.invoice_line == InvoiceLineRow.id)
        .where(CreditNoteRow.effect != CreditEffect.CONCESSION.value)
        .scalar_subquery()
    )
    statement = (
        select(InvoiceLineRow, back)
        .where(InvoiceLineRow.deal == deal, InvoiceLineRow.term == term)
        .where(col(InvoiceLineRow.invoice).not_in(select(InvoiceVoidRow.invoice)))
        .order_by(col(InvoiceLineRow.id))
    )
    return BilledUsage((row, row.net_minor - int(off)) for row, off in session.exec(statement))


def is_settled(row: UsageRatingRow | None, each: UsagePeriod) -> bool:
    """Whether a period was rated for good: nothing is taken for it any more."""
    return row is not None and row.before >= each.period.end and row.rated_on >= each.final_on


def usage_is_billed(session: Session, deal: str) -> bool:
    """Whether every period of a deal is rated for good, and all it comes to is on invoices."""
    terms = {row.term for row in period_rows(session, deal)}
    return all(term_is_billed(session, deal, term) for term in terms)


def term_is_billed(session: Session, deal: str, term: int) -> bool:
    """Whether every period of a term is rated for good, and all it comes to is on invoices."""
    rows = period_rows(session, deal, term)
    if not rows:
        return True
    if not _top_ups_are_billed(session, deal, term):
        return False
    latest, billed = latest_ratings(session, deal, term), billed_usage(session, deal, term)
    for each in map(period_of, rows):
        rating = latest.get((each.reference, each.period.start))
        if rating is None or not is_settled(rating, each):
            return False
        usage = billed.of(each.reference, each.period.start)
        committed = billed.of(f"{each.reference}/{TRUE_UP}", each.period.start)
        if (usage.minor, committed.minor) != (rating.billable_minor, rating.true_up_minor):
            return False
    return True


def place_of(session: Session, line: InvoiceLineRow) -> int:
    """Return the position of a line on its invoice, from 0."""
    before = select(func.count(col(InvoiceLineRow.id))).where(
        InvoiceLineRow.invoice == line.invoice, col(InvoiceLineRow.id) < line.id
    )
    return session.exec(before).one()


def _top_ups_are_billed(session: Session, deal: str, term: int) -> bool:
    billed = select(InvoiceLineRow.reference).where(
        InvoiceLineRow.deal == deal, InvoiceLineRow.term == term
    )
    unbilled = select(UsagePoolRow.id).where(
        UsagePoolRow.deal == deal,
        UsagePoolRow.term == term,
        col(UsagePoolRow.is_top_up).is_(True),
        col(UsagePoolRow.reference).not_in(billed),
    )
    return session.exec(unbilled).first() is None
