"""The journal: postings come first, then their entry, accepted only if they balance."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, ForeignKey, String
from sqlmodel import Field, SQLModel

from models.tables.moment import Moment


class JournalEntryRow(SQLModel, table=True):
    """One balanced entry."""

    __tablename__ = "journal_entry"

    key: str = Field(primary_key=True)
    entity: str = Field(index=True)
    deal: str = Field(index=True)
    customer: str = Field(index=True)
    currency: str
    booked_on: date = Field(index=True)
    cause: str
    text: str
    scope: str = ""
    recorded_at: datetime = Field(sa_type=Moment)


class PostingRow(SQLModel, table=True):
    """One account and one signed amount of an entry: debits positive, credits negative."""

    __tablename__ = "posting"

    id: int | None = Field(default=None, primary_key=True)
    entry: str = Field(
        sa_column=Column(
            String,
            ForeignKey("journal_entry.key", deferrable=True, initially="DEFERRED"),
            nullable=False,
            index=True,
        )
    )
    account: str = Field(index=True)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
