"""Amendments of running contracts: what was asked for, and what became of it when it was booked."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class AmendmentRow(SQLModel, table=True):
    """A change asked of a contract, which counts once an `AmendmentBookedRow` says so.

    `delta` is the whole `models.amendment.AmendmentDelta`, `state` the
    `models.amendment.ContractState` it leads to, `diff` what it does to the lines. `number` counts
    the deal's amendments; `quote_version` is the priced version it stands for.
    """

    __tablename__ = "amendment"
    __table_args__ = (UniqueConstraint("deal", "number"), UniqueConstraint("deal", "command_id"))

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    number: int
    base_version: int
    quote_version: int
    effective_on: date
    signed_on: date
    reason_code: str
    reason: str
    delta: str
    state: str
    diff: str
    accepted_by: str
    purchase_order: str
    actor: str
    channel: str
    command_id: str
    proposed_at: datetime = Field(sa_type=Moment)


class AmendmentBookedRow(SQLModel, table=True):
    """What an amendment did when it was booked.

    `effect` is the whole `models.amended_contract.Effect`; prices are those of the term, before
    tax, `arr` what recurs in a year.
    """

    __tablename__ = "amendment_booked"
    __table_args__ = (UniqueConstraint("deal", "number"), UniqueConstraint("deal", "version"))

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    number: int
    version: int
    booked_on: date
    treatment: str
    currency: str
    price_before_minor: int = Field(sa_type=BigInteger)
    price_after_minor: int = Field(sa_type=BigInteger)
    arr_before_minor: int = Field(sa_type=BigInteger)
    arr_after_minor: int = Field(sa_type=BigInteger)
    effect: str
    booked_at: datetime = Field(sa_type=Moment)
