"""What buyer and seller say to each other about an offer, each word as a fact."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class CommentRow(SQLModel, table=True):
    """A remark of one side on a quote version; `number` counts within the deal."""

    __tablename__ = "comment"
    __table_args__ = (UniqueConstraint("deal", "number"), UniqueConstraint("deal", "command_id"))

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    number: int
    quote_version: int
    origin: str
    person: str
    actor: str
    channel: str
    text: str
    command_id: str
    written_at: datetime = Field(sa_type=Moment)


class CounterOfferRow(SQLModel, table=True):
    """What a buyer would take instead of a quote version.

    `delta` is the whole `models.revision.QuoteDelta`.
    """

    __tablename__ = "counter_offer"
    __table_args__ = (UniqueConstraint("deal", "number"), UniqueConstraint("deal", "command_id"))

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    number: int
    base_version: int
    person: str
    actor: str
    channel: str
    reason: str
    delta: str
    command_id: str
    offered_at: datetime = Field(sa_type=Moment)


class CounterAnswerRow(SQLModel, table=True):
    """The seller's answer to a counter-offer: once, with the version made if it is a yes."""

    __tablename__ = "counter_answer"
    __table_args__ = (UniqueConstraint("deal", "counter"), UniqueConstraint("deal", "command_id"))

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    counter: int
    accepted: bool
    reason: str
    quote_version: int
    actor: str
    channel: str
    command_id: str
    answered_at: datetime = Field(sa_type=Moment)


class LinkRevocationRow(SQLModel, table=True):
    """The end of every link to the buyer page that somebody had until then."""

    __tablename__ = "link_revocation"
    __table_args__ = (UniqueConstraint("deal", "command_id"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    person: str
    reason: str
    actor: str
    channel: str
    command_id: str
    revoked_at: datetime = Field(sa_type=Moment)
