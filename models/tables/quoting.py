"""Quote versions, whole and immutable, and the changes that led from one to the next."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class QuoteRow(SQLModel, table=True):
    """One version of a deal's quote; `content` is the whole `models.quoting.Quote`.

    `file_revision` is the revision of the deal file it was made from, `catalog_revision` that of
    the catalogue in the register it was priced with (0: not known).
    """

    __tablename__ = "quote"
    __table_args__ = (UniqueConstraint("deal", "version"),)

    number: str = Field(primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    version: int
    term: int
    currency: str
    total_minor: int = Field(sa_type=BigInteger)
    quoted_on: date
    valid_until: date
    content_hash: str
    content: str
    file_revision: int = 1
    catalog_revision: int = 0


class RevisionRow(SQLModel, table=True):
    """A change that made quote version `quote_version` out of `base_version`.

    `delta` is the whole `models.revision.QuoteDelta`. With the label of an `alternative` the
    version stands beside its base; without, it replaces it.
    """

    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("deal", "command_id"),
        UniqueConstraint("deal", "quote_version"),
    )

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    base_version: int
    quote_version: int
    origin: str
    person: str
    actor: str
    channel: str
    reason: str
    delta: str
    command_id: str
    alternative: str = ""
    revised_at: datetime = Field(sa_type=Moment)
