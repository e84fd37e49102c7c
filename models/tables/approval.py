"""Approval paths as frozen at submit, and every decision and refusal."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class ApprovalPathRow(SQLModel, table=True):
    """The approval path of one quote version; `content` is `models.approval.ApprovalPath`."""

    __tablename__ = "approval_path"
    __table_args__ = (UniqueConstraint("deal", "quote_version"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    quote_version: int
    policy_version: str
    content: str


class DecisionRow(SQLModel, table=True):
    """One decision, or the refusal of one.

    `used` is filled for decisions that count: a digest of what was decided (deal, kind, step,
    person, content), unique, so that no token works twice. `kind` is a decision kind or `escalate`.
    `document_hash` is the SHA-256 of the document a signature was given to. `on_behalf_of` is for
    whom a delegate decided, or whose step was escalated. Decisions of approvers keep the version of
    the policy and the `facts` (JSON) they were made on; `counter` is the
    `models.approval_counter.ApproverCounter` of a counter. `reason_code` is why an offer was lost.
    """

    __tablename__ = "decision"
    __table_args__ = (UniqueConstraint("deal", "command_id"), UniqueConstraint("used"))

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    quote_version: int
    kind: str
    step: str
    person: str
    actor: str
    content_hash: str
    accepted: bool
    refused_because: str
    reason: str
    purchase_order: str
    channel: str
    assurance: str
    command_id: str
    document_hash: str = ""
    on_behalf_of: str = Field(default="", sa_column_kwargs={"server_default": ""})
    policy_version: str = Field(default="", sa_column_kwargs={"server_default": ""})
    facts: str = Field(default="", sa_column_kwargs={"server_default": ""})
    counter: str = Field(default="", sa_column_kwargs={"server_default": ""})
    reason_code: str = Field(default="", sa_column_kwargs={"server_default": ""})
    used: str | None = None
    decided_at: datetime = Field(sa_type=Moment)
