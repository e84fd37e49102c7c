"""What prices leave on record beside the quote: uses of promotions, and lines to compare with."""

from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Field, Numeric, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class PromotionUseRow(SQLModel, table=True):
    """One event in the use of a promotion by a deal: reserved, redeemed or released.

    `key` is made of code, deal and event, so that a deal redeems a promotion once; a reservation
    that was released may be made again, which its key counts.
    """

    __tablename__ = "promotion_use"
    __table_args__ = (UniqueConstraint("key"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str
    code: str = Field(index=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    customer: str = Field(index=True)
    event: str
    quote_version: int
    test_clock: bool = False
    on: date
    recorded_at: datetime = Field(sa_type=Moment)


class PricedLineRow(SQLModel, table=True):
    """What one priced line of a quote version was offered at, for the guidance of later quotes.

    `discount_percent` is how far its net lies below list.
    """

    __tablename__ = "priced_line"
    __table_args__ = (UniqueConstraint("deal", "quote_version", "reference"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    quote_version: int
    reference: str
    sku: str = Field(index=True)
    segment: str
    quantity: Decimal = Field(sa_type=Numeric(24, 12))
    discount_percent: Decimal = Field(sa_type=Numeric(7, 2))
    quoted_on: date
