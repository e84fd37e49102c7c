"""What became of invoices that were sent over a network."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class TransmissionRow(SQLModel, table=True):
    """One fact of one attempt to send a document; `sha256` is what was sent."""

    __tablename__ = "transmission"
    __table_args__ = (UniqueConstraint("document", "attempt", "status"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    document: str = Field(index=True)
    attempt: int
    status: str
    format: str
    reference: str = ""
    reason: str = ""
    sha256: str = ""
    actor: str = ""
    at: datetime = Field(sa_type=Moment)
