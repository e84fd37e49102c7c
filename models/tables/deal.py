"""Deals: where each one is, the file it came from, its commands and its audit trail."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class DealRow(SQLModel, table=True):
    """One deal as lists and reports show it; the workflow keeps it up to date."""

    __tablename__ = "deal"

    number: str = Field(primary_key=True)
    entity: str = Field(index=True)
    customer: str = Field(index=True)
    seller: str
    currency: str
    time_zone: str
    stage: str = Field(index=True)
    outcome: str = ""
    term: int = 1
    test_clock: bool = False
    total_minor: int = Field(default=0, sa_type=BigInteger)
    balance_minor: int = Field(default=0, sa_type=BigInteger)
    on_hold: str = ""
    next_action: str = ""
    next_action_at: datetime | None = Field(default=None, sa_type=Moment)
    business_time: datetime | None = Field(default=None, sa_type=Moment)
    started_at: datetime = Field(sa_type=Moment)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    partner: str = Field(default="", index=True)


class DealFileRow(SQLModel, table=True):
    """The deal file of one term, as asked for (term 1) or made by the renewal, and its revisions.

    Revision 1 is the file the term began with; every revision of the quote adds one.
    """

    __tablename__ = "deal_file"
    __table_args__ = (UniqueConstraint("deal", "term", "revision"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    revision: int = 1
    content: str
    content_hash: str


class CommandRow(SQLModel, table=True):
    """A message a deal has answered; the same id with another request is a conflict."""

    __tablename__ = "command"
    __table_args__ = (UniqueConstraint("deal", "command_id"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    command_id: str
    name: str
    request_hash: str
    accepted: bool
    answer: str
    answered_at: datetime = Field(sa_type=Moment)


class AuditRow(SQLModel, table=True):
    """One thing that happened to a deal."""

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("deal", "sequence"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    sequence: int
    at: datetime = Field(sa_type=Moment)
    actor: str
    what: str
    detail: str
