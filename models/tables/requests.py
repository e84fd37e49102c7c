"""Requests that came under an idempotency key, with the answer each was given."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class RequestRow(SQLModel, table=True):
    """One key a person used on a route; the same key with another request is a conflict.

    `status` and `answer` (JSON) are those of the first answer, and 0 and empty until there is one.
    `under_way` counts who is trying, so that a refused request frees its key only if nobody else
    may still succeed with it.
    """

    __tablename__ = "request"
    __table_args__ = (UniqueConstraint("person", "route", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    person: str
    route: str
    key: str
    request_hash: str
    status: int = 0
    answer: str = ""
    location: str = ""
    under_way: int = 1
    created_at: datetime = Field(sa_type=Moment)
