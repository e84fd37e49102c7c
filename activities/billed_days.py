"""Which days of a charge are on an invoice, net of what was taken back to be billed again."""

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from models.credits import remaining
from models.periods import Interval
from models.tables import FreedIntervalRow, InvoiceLineRow

CREDITED, RELEASED = "credited", "released"
"""Kinds of freed days: those that may be on an invoice again, and those that are to be."""

# Made once: building a statement takes three times as long as running it.
_LINES = select(InvoiceLineRow).where(col(InvoiceLineRow.deal) == bindparam("deal"))
_LINES_OF_TERM = _LINES.where(col(InvoiceLineRow.term) == bindparam("term"))
_FREED = select(FreedIntervalRow).where(
    col(FreedIntervalRow.deal) == bindparam("deal"), FreedIntervalRow.kind == RELEASED
)
_FREED_OF_TERM = _FREED.where(col(FreedIntervalRow.term) == bindparam("term"))


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
    of: dict[str, object] = {"deal": deal} if term is None else {"deal": deal, "term": term}
    lines, freed_days = (_LINES, _FREED) if term is None else (_LINES_OF_TERM, _FREED_OF_TERM)
    released: dict[int, list[Interval]] = {}
    for row in session.exec(freed_days, params=of):
        released.setdefault(row.invoice_line, []).append(_interval(row))
    found: dict[tuple[int, str], list[Interval]] = {}
    for line in session.exec(lines, params=of):
        periods = found.setdefault((line.term, line.reference), [])
        whole = _interval(line)
        free = released.get(line.id or 0, [])
        periods += remaining(whole, free) if free else [whole]
    return found


def has_released(session: Session, deal: str, term: int | None = None) -> bool:
    """Whether anything of a deal, or of one of its terms, was taken back to be billed again."""
    of: dict[str, object] = {"deal": deal} if term is None else {"deal": deal, "term": term}
    statement = _FREED if term is None else _FREED_OF_TERM
    return session.exec(statement, params=of).first() is not None


def _interval(row: InvoiceLineRow | FreedIntervalRow) -> Interval:
    return Interval(start=row.starts_on, end=row.ends_on)
