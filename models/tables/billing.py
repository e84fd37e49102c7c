"""What will be billed, what was billed, and the numbers of documents."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, ForeignKeyConstraint, Index, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class PlannedChargeRow(SQLModel, table=True):
    """One amount of a contract's billing plan; `canceled_on` when it was given up.

    `amendment` is the number of the amendment that planned it; 0 if it was agreed with the term.
    """

    __tablename__ = "planned_charge"
    __table_args__ = (UniqueConstraint("deal", "term", "reference", "starts_on", "amendment"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    reference: str
    description: str
    starts_on: date
    ends_on: date
    bill_on: date | None = None
    amount_minor: int = Field(sa_type=BigInteger)
    discount_minor: int = Field(sa_type=BigInteger)
    currency: str
    canceled_on: date | None = None
    gross_minor: int | None = Field(default=None, sa_type=BigInteger)
    amendment: int = 0
    part: int = 0
    milestone: str = ""


class MilestoneRow(SQLModel, table=True):
    """A milestone of a term that was reached, and who said so."""

    __tablename__ = "milestone"
    __table_args__ = (UniqueConstraint("deal", "term", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    name: str
    reached_on: date
    confirmed_at: datetime = Field(sa_type=Moment)
    actor: str
    command_id: str


class InvoiceRow(SQLModel, table=True):
    """An issued invoice; `content` is the whole `models.billing.Invoice`.

    `scope` is empty, or the number of a deal on a test clock.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("entity", "series", "sequence"),
        Index("ix_invoice_customer_currency", "customer", "currency"),
    )

    number: str = Field(primary_key=True)
    key: str
    entity: str
    series: str
    sequence: int
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    customer: str
    currency: str
    scope: str = ""
    issued_on: date
    due_on: date
    net_minor: int = Field(sa_type=BigInteger)
    tax_minor: int = Field(sa_type=BigInteger)
    gross_minor: int = Field(sa_type=BigInteger)
    withheld_minor: int = Field(default=0, sa_type=BigInteger)
    content: str


class InvoiceLineRow(SQLModel, table=True):
    """One billed interval of one charge; those of a charge meet only on days credited before."""

    __tablename__ = "invoice_line"
    __table_args__ = (ForeignKeyConstraint(["invoice"], ["invoice.number"]),)

    id: int | None = Field(default=None, primary_key=True)
    invoice: str = Field(index=True)
    deal: str = Field(index=True)
    term: int
    reference: str
    starts_on: date
    ends_on: date
    net_minor: int = Field(sa_type=BigInteger)
    tax_minor: int = Field(sa_type=BigInteger)
    currency: str
    unconditional_on: date


class DraftNoteRow(SQLModel, table=True):
    """What somebody said of an invoice before it was issued: hold, release, or a note to print."""

    __tablename__ = "draft_note"
    __table_args__ = (UniqueConstraint("key"),)

    id: int | None = Field(default=None, primary_key=True)
    draft: str = Field(index=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    key: str
    request_hash: str
    kind: str
    text: str
    actor: str
    said_on: date


class NumberSeries(SQLModel, table=True):
    """The last number given in one gapless series of one entity."""

    __tablename__ = "number_series"

    entity: str = Field(primary_key=True)
    series: str = Field(primary_key=True)
    last: int
    last_on: date
