"""Quote versions, whole and immutable."""

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint


class QuoteRow(SQLModel, table=True):
    """One version of a deal's quote; `content` is the whole `models.quoting.Quote`."""

    __tablename__ = "quote"
    __table_args__ = (UniqueConstraint("deal", "version"),)

    number: str = Field(primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    version: int
    term: int
    currency: str
    total_minor: int = Field(sa_type=BigInteger)
    quoted_on: date
    valid_until: date
    content_hash: str
    content: str
