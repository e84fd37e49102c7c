"""Cases of approval beside quotes: what was handed in, what was decided, and how it ended."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class ApprovalCaseRow(SQLModel, table=True):
    """A case as it was handed in; `path` is the frozen `models.approval.ApprovalPath`.

    `content` is the JSON its subject understands and `content_hash` what decisions are bound to.
    `asked_on` is the business day; `deal` and `customer` are empty where it concerns none.
    """

    __tablename__ = "approval_case"

    number: str = Field(primary_key=True)
    subject: str = Field(index=True)
    key: str
    content: str
    content_hash: str
    title: str
    reason: str
    currency: str
    amount_minor: int = Field(sa_type=BigInteger)
    entity: str
    deal: str = Field(index=True)
    customer: str = Field(index=True)
    requester: str
    channel: str
    policy_version: str
    path: str
    asked_on: date
    asked_at: datetime = Field(sa_type=Moment)


class CaseDecisionRow(SQLModel, table=True):
    """One decision on a case, an escalation, or the refusal of one, with the facts it was made on.

    `used` is filled for decisions that count, so that no token works twice.
    """

    __tablename__ = "case_decision"
    __table_args__ = (UniqueConstraint("case_number", "command_id"), UniqueConstraint("used"))

    id: int | None = Field(default=None, primary_key=True)
    case_number: str = Field(foreign_key="approval_case.number", index=True)
    kind: str
    step: str
    person: str
    actor: str
    on_behalf_of: str
    content_hash: str
    accepted: bool
    refused_because: str
    reason: str
    channel: str
    assurance: str
    policy_version: str
    facts: str
    command_id: str
    used: str | None = None
    decided_at: datetime = Field(sa_type=Moment)


class CaseOutcomeRow(SQLModel, table=True):
    """How a case ended, once; `reference` names what carrying it out wrote."""

    __tablename__ = "case_outcome"

    case_number: str = Field(foreign_key="approval_case.number", primary_key=True)
    status: str
    text: str
    reference: str
    deals: str
    ended_at: datetime = Field(sa_type=Moment)
