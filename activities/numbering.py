"""Numbers of documents: gapless within their series, allotted in the document's own transaction."""

from datetime import date

from sqlmodel import Session, text

from models.parties import Entity
from models.tables import NumberSeries


def lock(session: Session, key: str) -> None:
    """Hold `key` until the transaction ends; on SQLite the write transaction already does."""
    if session.get_bind().dialect.name == "postgresql":
        statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
        session.exec(statement.bindparams(key=key))  # type: ignore[call-overload]


def next_number(
    session: Session, entity: Entity, kind: str, on: date, scope: str = ""
) -> tuple[str, str, int, date]:
    """Return the next number of a series, the series, the position in it, and the date to print.

    One series per entity, kind and year; a deal on a test clock (`scope`) has series of its own.
    Dates never go back within a series (EU VAT Directive art. 226(2) with national practice), so a
    document of an earlier day carries the date of the last one.
    """
    mark = f"TEST-{scope}" if scope else str(on.year)
    series = f"{kind}-{mark}"
    row = session.get(NumberSeries, (entity.number, series), with_for_update=True)
    if row is None:
        row = NumberSeries(entity=entity.number, series=series, last=0, last_on=on)
        session.add(row)
    row.last += 1
    row.last_on = max(row.last_on, on)
    session.flush()
    number = f"{entity.number_prefix}{kind}-{mark}-{row.last:05d}"
    return number, series, row.last, row.last_on
