"""What authorities and customers do about tax: verdicts on VAT numbers, and tax kept back."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class VatCheckRow(SQLModel, table=True):
    """What VIES said about a customer's VAT number; `number` counts a customer's checks."""

    __tablename__ = "vat_check"
    __table_args__ = (UniqueConstraint("customer", "vat_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    customer: str = Field(index=True)
    vat_id: str
    number: int
    valid: bool
    reference: str
    name: str
    asked_at: str
    actor: str
    checked_at: datetime = Field(sa_type=Moment)


class WithheldRow(SQLModel, table=True):
    """Tax a customer kept back of an invoice; `payment` is the one that settled the rest of it."""

    __tablename__ = "withheld"
    __table_args__ = (UniqueConstraint("invoice"),)

    id: int | None = Field(default=None, primary_key=True)
    invoice: str = Field(foreign_key="invoice.number")
    deal: str = Field(foreign_key="deal.number", index=True)
    payment: str = Field(foreign_key="payment.number")
    name: str
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    booked_on: date
