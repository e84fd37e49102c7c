"""Deal numbers: the only thing a door writes itself, so that a deal has a name before it starts."""

import hashlib
from datetime import date

from sqlmodel import Session

from models.tables import DealRow, NumberSeries

_SERIES = "deal"


def allot(session: Session, key: str, on: date) -> str:
    """Return the next free deal number, the same one again for the same idempotency key.

    Runs in a write transaction. A request that is sent twice must not become two deals.
    """
    kept = f"{_SERIES}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    known = session.get(NumberSeries, ("", kept))
    if known is not None:
        return _number(known.last)
    row = session.get(NumberSeries, ("", _SERIES), with_for_update=True)
    if row is None:
        row = NumberSeries(entity="", series=_SERIES, last=0, last_on=on)
    row.last += 1
    while session.get(DealRow, _number(row.last)) is not None:
        row.last += 1
    row.last_on = max(row.last_on, on)
    session.add(row)
    session.add(NumberSeries(entity="", series=kept, last=row.last, last_on=on))
    session.flush()
    return _number(row.last)


def _number(count: int) -> str:
    return f"D-{count:06d}"
