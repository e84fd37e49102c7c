"""What was taken back of invoices: credit notes, voided invoices, and the days that are free again.

All of it is appended; the invoice it is about stays as it was issued.
"""

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field, Index, SQLModel, UniqueConstraint


class CreditNoteRow(SQLModel, table=True):
    """An issued credit note; `content` is the whole `models.credit_notes.CreditNote`.

    `key` is the request it answers, `request_hash` what was asked. `scope` is empty, or the number
    of a deal on a test clock.
    """

    __tablename__ = "credit_note"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("entity", "series", "sequence"),
        Index("ix_credit_note_customer_currency", "customer", "currency"),
    )

    number: str = Field(primary_key=True)
    key: str
    request_hash: str
    invoice: str = Field(foreign_key="invoice.number", index=True)
    entity: str
    series: str
    sequence: int
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    customer: str
    currency: str
    scope: str = ""
    issued_on: date
    effect: str
    net_minor: int = Field(sa_type=BigInteger)
    tax_minor: int = Field(sa_type=BigInteger)
    gross_minor: int = Field(sa_type=BigInteger)
    actor: str
    content: str


class CreditNoteLineRow(SQLModel, table=True):
    """What one credit note takes back of one invoice line; never more than the line together.

    `unconditional_on` is the day from which it lowers the receivable.
    """

    __tablename__ = "credit_note_line"

    id: int | None = Field(default=None, primary_key=True)
    credit_note: str = Field(foreign_key="credit_note.number", index=True)
    invoice_line: int = Field(foreign_key="invoice_line.id", index=True)
    deal: str = Field(index=True)
    term: int
    reference: str
    starts_on: date
    ends_on: date
    net_minor: int = Field(sa_type=BigInteger)
    tax_minor: int = Field(sa_type=BigInteger)
    currency: str
    unconditional_on: date


class FreedIntervalRow(SQLModel, table=True):
    """Days of a billed line that were taken back whole.

    `credited` days may be on an invoice again, `released` ones are to be: billing looks for them in
    the plan. `document` is the credit note, or the invoice that was voided.
    """

    __tablename__ = "freed_interval"
    __table_args__ = (UniqueConstraint("invoice_line", "kind", "starts_on"),)

    id: int | None = Field(default=None, primary_key=True)
    invoice_line: int = Field(foreign_key="invoice_line.id", index=True)
    deal: str = Field(index=True)
    term: int
    reference: str
    starts_on: date
    ends_on: date
    kind: str
    document: str = Field(index=True)


class CreditApplicationRow(SQLModel, table=True):
    """The part of a credit note set against one invoice: its own first, then later ones."""

    __tablename__ = "credit_application"
    __table_args__ = (UniqueConstraint("credit_note", "invoice"),)

    id: int | None = Field(default=None, primary_key=True)
    credit_note: str = Field(foreign_key="credit_note.number", index=True)
    invoice: str = Field(foreign_key="invoice.number", index=True)
    deal: str = Field(index=True)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    applied_on: date


class InvoiceVoidRow(SQLModel, table=True):
    """An invoice that was made void before it reached its customer; its number stays used."""

    __tablename__ = "invoice_void"
    __table_args__ = (UniqueConstraint("key"),)

    invoice: str = Field(primary_key=True, foreign_key="invoice.number")
    key: str
    request_hash: str
    deal: str = Field(index=True)
    voided_on: date
    reason: str
    actor: str


class RebillRow(SQLModel, table=True):
    """An invoice that was taken back to be issued anew, by which document and for which order.

    `purchase_order` is what the new invoice refers to; empty keeps the contract's.
    """

    __tablename__ = "rebill"
    __table_args__ = (UniqueConstraint("key"),)

    invoice: str = Field(primary_key=True, foreign_key="invoice.number")
    key: str
    request_hash: str
    document: str
    deal: str = Field(index=True)
    term: int
    purchase_order: str
    asked_on: date
    reason: str
    actor: str
