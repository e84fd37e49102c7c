"""Parties, catalogue and policies, as revisions; and the bearer tokens of people."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class RegisterRow(SQLModel, table=True):
    """One revision of a party, catalogue or policy; the highest revision is in force."""

    __tablename__ = "register"
    __table_args__ = (UniqueConstraint("kind", "key", "revision"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(index=True)
    key: str = Field(index=True)
    revision: int
    content: str
    content_hash: str
    actor: str
    recorded_at: datetime = Field(sa_type=Moment)


class TokenRow(SQLModel, table=True):
    """A bearer token, stored only as its hash, and the person it speaks for."""

    __tablename__ = "token"

    token_hash: str = Field(primary_key=True)
    person: str = Field(index=True)
    created_at: datetime = Field(sa_type=Moment)
    revoked_at: datetime | None = Field(default=None, sa_type=Moment)
