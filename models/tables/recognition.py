"""Obligations of contracts and the revenue recognized on each."""

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint


class ObligationRow(SQLModel, table=True):
    """One promise with its allocated price; `content` is `models.recognition.Obligation`."""

    __tablename__ = "obligation"
    __table_args__ = (UniqueConstraint("deal", "term", "reference"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    reference: str
    currency: str
    ssp_minor: int = Field(sa_type=BigInteger)
    allocated_minor: int = Field(sa_type=BigInteger)
    content: str
    canceled_on: date | None = None


class RecognizedRow(SQLModel, table=True):
    """Revenue of one obligation earned since the last row, for days before `before`.

    An amendment catches up beside the entry of a month, so two rows may be up to one day.
    """

    __tablename__ = "recognized"
    __table_args__ = (UniqueConstraint("deal", "term", "reference", "before", "entry"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    reference: str
    before: date
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    entry: str = Field(foreign_key="journal_entry.key")
