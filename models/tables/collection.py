"""Payments, what they settled, and the reminders sent."""

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint


class PaymentRow(SQLModel, table=True):
    """Money received, once per provider and reference."""

    __tablename__ = "payment"
    __table_args__ = (UniqueConstraint("provider", "reference"),)

    number: str = Field(primary_key=True)
    provider: str
    reference: str
    request_hash: str
    entity: str
    customer: str = Field(index=True)
    currency: str
    amount_minor: int = Field(sa_type=BigInteger)
    received_on: date
    rule: str
    actor: str
    scope: str = ""


class PaymentApplicationRow(SQLModel, table=True):
    """The part of a payment set against one invoice."""

    __tablename__ = "payment_application"
    __table_args__ = (UniqueConstraint("payment", "invoice"),)

    id: int | None = Field(default=None, primary_key=True)
    payment: str = Field(foreign_key="payment.number", index=True)
    invoice: str = Field(foreign_key="invoice.number", index=True)
    deal: str = Field(index=True)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    applied_on: date


class WriteOffRow(SQLModel, table=True):
    """An invoice whose rest is given up, once; the customer still owes it."""

    __tablename__ = "write_off"

    invoice: str = Field(foreign_key="invoice.number", primary_key=True)
    case_number: str = Field(foreign_key="approval_case.number", unique=True)
    deal: str = Field(index=True)
    customer: str = Field(index=True)
    currency: str
    amount_minor: int = Field(sa_type=BigInteger)
    reason: str
    actor: str
    written_off_on: date


class RefundRow(SQLModel, table=True):
    """Money paid back of what a payment left over, once for each case."""

    __tablename__ = "refund"

    number: str = Field(primary_key=True)
    case_number: str = Field(foreign_key="approval_case.number", unique=True)
    payment: str = Field(foreign_key="payment.number", index=True)
    customer: str = Field(index=True)
    entity: str
    currency: str
    amount_minor: int = Field(sa_type=BigInteger)
    reason: str
    actor: str
    refunded_on: date
    scope: str = ""


class ReminderRow(SQLModel, table=True):
    """One dunning letter to a customer over all its overdue items; `content` holds the items.

    `scope` is empty, or the number of a deal on a test clock, which is reminded apart.
    """

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("customer", "currency", "scope", "written_on"),)

    number: str = Field(primary_key=True)
    entity: str
    customer: str = Field(index=True)
    currency: str
    scope: str
    deal: str = Field(index=True)
    written_on: date
    level: int
    policy_version: str
    content: str


class ReminderItemRow(SQLModel, table=True):
    """One dunning level of one invoice: sent with a letter, skipped, or left to a person."""

    __tablename__ = "reminder_item"
    __table_args__ = (UniqueConstraint("invoice", "level"),)

    id: int | None = Field(default=None, primary_key=True)
    invoice: str = Field(foreign_key="invoice.number", index=True)
    level: int
    reminder: str | None = Field(default=None, foreign_key="reminder.number", index=True)
    status: str
    on: date
