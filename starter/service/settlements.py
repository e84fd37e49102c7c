"""What is given up and what is paid back: write-offs and refunds, handed in for approval."""

from datetime import date
from decimal import Decimal

from pydantic import Field
from sqlmodel import Session, col, select

from activities.accounts import open_items
from activities.cash import left_of
from models.approval_facts import Subject
from models.errors import InvalidInputError, NotFoundError, Problem
from models.money import Money, exponent
from models.parties import Role
from models.reading import read
from models.tables import InvoiceRow, PaymentRow
from models.value import Value
from models.write_offs import Refund, WriteOff
from models.written import decimals_of
from starter.service.cases import CaseEntry, HandedIn, hand_in
from starter.service.people import Caller, require
from starter.service.ports import House

_ASKERS = (Role.FINANCE,)


class WriteOffFile(Value):
    """Why an invoice's rest is given up."""

    reason: str = Field(default="", max_length=1000, examples=["Insolvent, no assets left"])


class RefundFile(Value):
    """What is paid back: of which payment, how much (all that waits if absent), and why."""

    payment: str = Field(examples=["US-PAY-2026-00007"], description="Payment number.")
    amount: Decimal | None = Field(default=None, description="In major units; absent: all.")
    reason: str = Field(default="", max_length=1000, examples=["Paid twice"])


class Refundable(Value):
    """Cash of a customer that settles no invoice."""

    payment: str
    customer: str
    received_on: date
    currency: str
    left_minor: int


class RefundableCash(Value):
    """All cash that settles no invoice, oldest first."""

    items: tuple[Refundable, ...]


async def write_off(house: House, caller: Caller, invoice: str, data: object) -> CaseEntry:
    """Hand in that an invoice's rest is given up; the debt remains and dunning stops.

    Raises `NotPermittedError`, `NotFoundError`, and `InvalidInputError` with every problem.
    """
    require(caller, _ASKERS, "write off an invoice")
    file = read(WriteOffFile, data or {}, ())
    if not file.reason.strip():
        problem = Problem(field="reason", reason="is empty", remedy="say why nobody will pay")
        raise InvalidInputError([problem])
    meant = await house.read(lambda session: _write_off(session, invoice))
    asked = HandedIn(
        subject=Subject.WRITE_OFF,
        base=invoice,
        content=meant.model_dump_json(),
        reason=file.reason.strip(),
    )
    return await hand_in(house, caller, asked)


def _write_off(session: Session, invoice: str) -> WriteOff:
    row = session.get(InvoiceRow, invoice)
    if row is None:
        raise NotFoundError(f"There is no invoice {invoice}.")
    items = open_items(session, deal=row.deal)
    rest = next((item.balance.minor for item in items if item.invoice == invoice), 0)
    return WriteOff(invoice=invoice, currency=row.currency, amount_minor=rest)


async def refund(house: House, caller: Caller, data: object) -> CaseEntry:
    """Hand in that cash which settles no invoice is paid back to its customer.

    Raises `NotPermittedError`, `NotFoundError`, and `InvalidInputError` with every problem.
    """
    require(caller, _ASKERS, "pay a customer back")
    file = read(RefundFile, data, ())
    meant = await house.read(lambda session: _refund(session, file))
    if not file.reason.strip():
        problem = Problem(field="reason", reason="is empty", remedy="say why it goes back")
        raise InvalidInputError([problem])
    asked = HandedIn(
        subject=Subject.REFUND,
        base=file.payment,
        content=meant.model_dump_json(),
        reason=file.reason.strip(),
    )
    return await hand_in(house, caller, asked)


def _refund(session: Session, file: RefundFile) -> Refund:
    row = session.get(PaymentRow, file.payment)
    if row is None:
        raise NotFoundError(f"There is no payment {file.payment}.")
    if file.amount is None:
        minor = left_of(session, row).minor
    else:
        _require_amount(file.amount, row.currency)
        minor = Money.from_decimal(file.amount, row.currency).minor
    return Refund(payment=row.number, currency=row.currency, amount_minor=minor)


def _require_amount(amount: Decimal, currency: str) -> None:
    if not amount.is_finite() or amount <= 0:
        problem = Problem(field="amount", reason=f"{amount} is no amount above 0")
        raise InvalidInputError([problem])
    if decimals_of(amount) > exponent(currency):
        reason = f"{amount} is finer than the smallest unit of {currency}"
        raise InvalidInputError([Problem(field="amount", reason=reason)])


def refundable(session: Session) -> RefundableCash:
    """Return the payments with money that settles no invoice and was not paid back."""
    rows = session.exec(
        select(PaymentRow).order_by(col(PaymentRow.received_on), col(PaymentRow.number))
    )
    found = ((row, left_of(session, row)) for row in rows)
    return RefundableCash(
        items=tuple(
            Refundable(
                payment=row.number,
                customer=row.customer,
                received_on=row.received_on,
                currency=row.currency,
                left_minor=left.minor,
            )
            for row, left in found
            if left.minor > 0
        )
    )
