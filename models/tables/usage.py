"""What customers used: events as they came, the periods they are charged for, and their ratings."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class UsageBatchRow(SQLModel, table=True):
    """One batch of events that was taken; `content_hash` is the SHA-256 of what was sent."""

    __tablename__ = "usage_batch"
    __table_args__ = (UniqueConstraint("content_hash"),)

    id: int | None = Field(default=None, primary_key=True)
    content_hash: str
    events: int
    added: int
    deals: int
    actor: str
    recorded_at: datetime = Field(sa_type=Moment)


class UsageEventRow(SQLModel, table=True):
    """One event, never edited: a correction is another event that names this one in `replaces`.

    `value` is a decimal number as text, so that no database rounds it; `properties` is JSON, or
    empty. A deletion replaces an event by nothing.
    """

    __tablename__ = "usage_event"
    __table_args__ = (
        UniqueConstraint("deal", "source", "event"),
        UniqueConstraint("deal", "source", "replaces"),
        Index("ix_usage_event_deal_meter_at", "deal", "meter", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    batch: int = Field(foreign_key="usage_batch.id")
    deal: str = Field(foreign_key="deal.number")
    source: str
    event: str
    meter: str
    at: datetime = Field(sa_type=Moment)
    value: str
    properties: str = ""
    replaces: str | None = None
    is_deletion: bool = False
    digest: str


class UsagePeriodRow(SQLModel, table=True):
    """One billing period of a metered charge; `meter` is the one its events name.

    Events are taken until before `final_on`. `canceled_on` when its line was given up.
    """

    __tablename__ = "usage_period"
    __table_args__ = (UniqueConstraint("deal", "term", "reference", "starts_on"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    reference: str
    meter: str
    starts_on: date
    ends_on: date
    full_days: int
    final_on: date
    canceled_on: date | None = None


class UsagePoolRow(SQLModel, table=True):
    """Prepaid credit to draw on, in usage of the days from `starts_on` to before `ends_on`.

    It comes with a charge of the contract, or was topped up by `command_id`. What was drawn of it
    stands in the ratings. `reference` is that of its line on the invoice.
    """

    __tablename__ = "usage_pool"
    __table_args__ = (UniqueConstraint("deal", "key"), UniqueConstraint("deal", "command_id"))

    id: int | None = Field(default=None, primary_key=True)
    key: str
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    reference: str
    name: str
    paid_minor: int = Field(sa_type=BigInteger)
    credit_minor: int = Field(sa_type=BigInteger)
    currency: str
    priority: int
    overage_percent: str
    starts_on: date
    ends_on: date
    is_top_up: bool
    command_id: str | None = None
    actor: str = ""


class UsageRatingRow(SQLModel, table=True):
    """What a period's usage came to when it was rated; a later row stands for the whole again.

    `before` is the first day that is not counted, `events_until` the last event that was looked
    at. Amounts are cumulative for the period and before tax: `amount_minor` is what the usage is
    worth, `billable_minor` the part of it that no prepaid pool meets, `true_up_minor` what it is
    short of its commitment, `earned_minor` its revenue. `content` is `models.rating.Rated`,
    `settlement` is `models.rating.Settlement`.
    """

    __tablename__ = "usage_rating"
    __table_args__ = (UniqueConstraint("deal", "term", "reference", "starts_on", "revision"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    reference: str
    starts_on: date
    ends_on: date
    revision: int
    before: date
    events_until: int
    amount_minor: int = Field(sa_type=BigInteger)
    billable_minor: int = Field(sa_type=BigInteger)
    true_up_minor: int = Field(sa_type=BigInteger)
    earned_minor: int = Field(sa_type=BigInteger)
    currency: str
    rated_on: date
    content: str
    settlement: str
