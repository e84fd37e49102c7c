"""Which days of a charge are on an invoice, net of what was taken back to be billed again."""

from sqlmodel import Session, select

from models.credits import remaining
from models.periods import Interval
from models.tables import FreedIntervalRow, InvoiceLineRow

CREDITED, RELEASED = "credited", "released"
"""Kinds of freed days: those that may be on an invoice again, and those that are to be."""


def freed_row(line: InvoiceLineRow, period: Interval, kind: str, document: str) -> FreedIntervalRow:
    """Return the row that says a billed line's days were taken back, or are to be billed again."""
    return FreedIntervalRow(
        invoice_line=line.id or 0,
        deal=line.deal,
        term=line.term,
        reference=line.reference,
        starts_on=period.start,
        ends_on=period.end,
        kind=kind,
        document=document,
    )


def taken(
    session: Session, deal: str, term: int | None = None
) -> dict[tuple[int, str], list[Interval]]:
    """Return the days of each term's charges that are on an invoice and not to be billed again."""
    lines = select(InvoiceLineRow).where(InvoiceLineRow.deal == deal)
    freed_days = select(FreedIntervalRow).where(
        FreedIntervalRow.deal == deal, FreedIntervalRow.kind == RELEASED
    )
    if term is not None:
        lines = lines.where(InvoiceLineRow.term == term)
        freed_days = freed_days.where(FreedIntervalRow.term == term)
    released: dict[int, list[Interval]] = {}
    for row in session.exec(freed_days):
        released.setdefault(row.invoice_line, []).append(_interval(row))
    found: dict[tuple[int, str], list[Interval]] = {}
    for line in session.exec(lines):
        periods = found.setdefault((line.term, line.reference), [])
        whole = _interval(line)
        free = released.get(line.id or 0, [])
        periods += remaining(whole, free) if free else [whole]
    return found


def _interval(row: InvoiceLineRow | FreedIntervalRow) -> Interval:
    return Interval(start=row.starts_on, end=row.ends_on)
