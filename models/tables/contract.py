"""Contracts: one row a term."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class ContractRow(SQLModel, table=True):
    """The contract of one term, with what was agreed about the next."""

    __tablename__ = "contract"
    __table_args__ = (UniqueConstraint("deal", "term"),)

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(index=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    quote: str = Field(foreign_key="quote.number")
    content_hash: str
    entity: str
    customer: str
    currency: str
    total_minor: int = Field(sa_type=BigInteger)
    signed_at: datetime = Field(sa_type=Moment)
    starts_on: date
    ends_on: date
    payment_terms_days: int
    purchase_order: str
    renewal: str
