"""What is on record of prepaid credit: every pool as it stands, and whether it is earned."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, select

from activities.usage_rows import drawn_by_pool, period_rows
from models.money import Money
from models.periods import Interval
from models.prepaid import PoolState
from models.tables import JournalEntryRow, UsagePoolRow


def pool_states(session: Session, deal: str) -> Mapping[str, PoolState]:
    """Return every pool of a deal as it stands, by its key."""
    rows = session.exec(
        select(UsagePoolRow).where(UsagePoolRow.deal == deal).order_by(col(UsagePoolRow.id))
    ).all()
    if not rows:
        return {}
    drawn = drawn_by_pool(session, deal)
    finals = [(row.starts_on, row.ends_on, row.final_on) for row in period_rows(session, deal)]
    return {row.key: _state(row, drawn.get(row.key, 0), finals) for row in rows}


def _state(row: UsagePoolRow, drawn: int, finals: Iterable[tuple[date, date, date]]) -> PoolState:
    """Return a pool; it closes when no period is open any more in which it could be drawn."""
    closes_on = max(
        [
            row.ends_on,
            *(final for start, end, final in finals if start < row.ends_on and row.starts_on < end),
        ]
    )

    def money(minor: int) -> Money:
        return Money(minor=minor, currency=row.currency)

    return PoolState(
        key=row.key,
        name=row.name,
        paid=money(row.paid_minor),
        credit=money(row.credit_minor),
        drawn=money(drawn),
        priority=row.priority,
        overage_percent=Decimal(row.overage_percent),
        period=Interval(start=row.starts_on, end=row.ends_on),
        closes_on=closes_on,
    )


def breakage_key(deal: str, pool: str) -> str:
    """Return the key of the entry that earns what was never used of a pool."""
    return f"breakage:{deal}:{pool}"


def pools_are_closed(session: Session, deal: str) -> bool:
    """Whether everything ever prepaid on a deal is earned: drawn, or broken."""
    states = pool_states(session, deal).values()
    return all(
        state.breakage.is_zero
        or session.get(JournalEntryRow, breakage_key(deal, state.key)) is not None
        for state in states
    )
