"""Documents made and mails sent."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class DocumentRow(SQLModel, table=True):
    """One stored document; the first stored wins."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("kind", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(index=True)
    kind: str
    number: str
    sha256: str = Field(index=True)
    filename: str
    size: int
    dated_on: date


class MailRow(SQLModel, table=True):
    """One mail handed to the mailer under its key."""

    __tablename__ = "mail"

    key: str = Field(primary_key=True)
    deal: str = Field(index=True)
    recipient: str
    subject: str
    sent_at: datetime = Field(sa_type=Moment)
