"""Orders: their lines, what happened to them, stock, and the work of the departments."""

from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.tables.moment import Moment


class OrderLineRow(SQLModel, table=True):
    """Where one order line stands; `content` is `models.fulfillment.OrderLine`."""

    __tablename__ = "order_line"
    __table_args__ = (UniqueConstraint("deal", "term", "reference"),)

    id: int | None = Field(default=None, primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    reference: str
    sku: str = Field(index=True)
    status: str = Field(index=True)
    transferred_on: date | None = None
    content: str


class FulfillmentEventRow(SQLModel, table=True):
    """One change of an order line's status."""

    __tablename__ = "fulfillment_event"
    __table_args__ = (UniqueConstraint("key"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    reference: str
    status: str
    on: date
    document: str
    actor: str


class StockMovement(SQLModel, table=True):
    """Goods that came in (positive) or were reserved (negative); the sum is on hand.

    `scope` is empty, or the number of a deal on a test clock, whose reservations are its own.
    """

    __tablename__ = "stock_movement"
    __table_args__ = (UniqueConstraint("key"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str
    entity: str = Field(index=True)
    sku: str = Field(index=True)
    quantity: Decimal = Field(max_digits=20, decimal_places=6)
    scope: str = ""
    actor: str
    recorded_at: datetime = Field(sa_type=Moment)


class WorkOrderRow(SQLModel, table=True):
    """What a department has to do for an order; done when its lines are."""

    __tablename__ = "work_order"

    number: str = Field(primary_key=True)
    deal: str = Field(foreign_key="deal.number", index=True)
    term: int
    department: str = Field(index=True)
    references: str
    opened_on: date
