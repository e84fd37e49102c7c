"""Payments: money that arrived, recorded once under its provider's reference."""

from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlmodel import Session, col, select

from activities.payers import is_paid_by
from models.currencies import is_currency
from models.errors import ConflictError, InvalidInputError, NotFoundError, Problem
from models.money import Money, exponent
from models.parties import Role
from models.reading import FieldRule, is_filled, read
from models.steps import PaymentRecorded, RecordPayment
from models.tables import DealRow, InvoiceRow, PaymentApplicationRow, PaymentRow
from models.value import Value
from models.written import LARGEST, decimals_of
from starter.service.errors import RunFailedError, UnansweredError
from starter.service.people import Caller, require
from starter.service.ports import House, Start
from starter.service.register import customer_of, fingerprint
from workflows.ids import payment_workflow_id

RECORDERS = (Role.FINANCE,)


class PaymentFile(Value):
    """A payment as finance writes it down; the amount is in major units, exactly."""

    customer: str = Field(examples=["C-100"], description="Customer number.")
    amount: Decimal = Field(examples=["1250.00"], description="In major units, as text.")
    currency: str = Field(examples=["USD"], description="ISO 4217 code.")
    reference: str = Field(examples=["BANK-0815"], description="The payer's bank's reference.")
    provider: str = Field(default="bank", description="Bank or provider it came through.")
    received_on: date | None = Field(default=None, description="Absent: today.")
    invoices: tuple[str, ...] = Field(default=(), description="Invoices it is for.")
    deal: str = Field(default="", description="Settle this deal first.")


_RULES = (
    *(
        FieldRule(path, is_filled, "is empty", "fill it in")
        for path in ("customer", "reference", "provider", "invoices.*")
    ),
    FieldRule(
        "currency",
        lambda value: isinstance(value, str) and is_currency(value),
        "is not a currency code",
        "write an ISO 4217 code in capital letters, such as USD",
    ),
)


async def record(house: House, caller: Caller, data: object) -> PaymentRecorded:
    """Record a payment and return where the money went; a repetition returns the same.

    Raises `NotPermittedError`, `InvalidInputError` (also with the reason for which the payment was
    refused), and `ConflictError` if the reference is on record with other content.
    """
    require(caller, RECORDERS, "record a payment")
    file = parse_payment(data)
    today = house.clock().date()
    request = await house.read(lambda session: _request(session, caller, file, today))
    workflow_id = payment_workflow_id(file.provider, file.reference)
    known = await house.read(lambda session: _on_record(session, file))
    if known is not None:
        return known
    started = await house.gateway.start(
        Start(
            workflow="PaymentWorkflow",
            workflow_id=workflow_id,
            payload=request,
            summary=f"{Money(minor=request.amount_minor, currency=file.currency)} "
            f"from {file.customer}",
            fingerprint=fingerprint(file),
        )
    )
    if not started and (await house.gateway.look(workflow_id)).fingerprint != fingerprint(file):
        raise _conflict(file)
    recorded = await _outcome(house, file, workflow_id)
    return recorded if started else recorded.model_copy(update={"repeated": True})


def parse_payment(data: object) -> PaymentFile:
    """Return the payment written in `data`; raises `InvalidInputError` with every problem."""
    shape: list[Problem] = []
    try:
        file = read(PaymentFile, data, _RULES)
    except InvalidInputError as error:
        shape = list(error.problems)
        raise InvalidInputError([*shape, *_amount_problems_of(data, shape)]) from None
    problems = _amount_problems(file.amount, file.currency)
    if problems:
        raise InvalidInputError(problems)
    return file


def _amount_problems_of(data: object, known: list[Problem]) -> list[Problem]:
    """Return what is wrong with an amount that can be read although other fields cannot."""
    if not isinstance(data, dict) or any(problem.field == "amount" for problem in known):
        return []
    return _amount_problems(Decimal(str(data["amount"])), str(data.get("currency")))


def _amount_problems(amount: Decimal, currency: str) -> list[Problem]:
    if not amount.is_finite() or amount <= 0 or amount > LARGEST:
        reason = f"{amount} is no amount above 0"
        return [Problem(field="amount", reason=reason, remedy="write 1250.00")]
    if is_currency(currency) and decimals_of(amount) > exponent(currency):
        return [
            Problem(
                field="amount",
                reason=f"{amount} is finer than the smallest unit of {currency}",
                remedy=f"use at most {exponent(currency)} decimals",
            )
        ]
    return []


def _request(session: Session, caller: Caller, file: PaymentFile, today: date) -> RecordPayment:
    """Return the workflow's payload; raises `InvalidInputError` for unknown customer or deal."""
    deal = session.get(DealRow, file.deal) if file.deal else None
    problems = _unknown(session, file, deal)
    clock = _test_clock_of(session, file, deal)
    if clock is None and file.received_on and file.received_on > today + timedelta(days=1):
        problems.append(
            Problem(
                field="received_on",
                reason=f"{file.received_on} has not come yet",
                remedy="give the day on which the money arrived",
            )
        )
    if problems:
        raise InvalidInputError(problems)
    return RecordPayment.model_validate(
        {
            **file.model_dump(exclude={"amount", "received_on"}),
            "amount_minor": Money.from_decimal(file.amount, file.currency).minor,
            "received_on": file.received_on or (_local_day(clock) if clock else today),
            "actor": caller.id,
            "test_clock": clock is not None,
            "scope": clock.number if clock else "",
        }
    )


def _unknown(session: Session, file: PaymentFile, deal: DealRow | None) -> list[Problem]:
    problems = []
    if customer_of(session, file.customer) is None:
        reason = f"there is no customer {file.customer} on record"
        problems.append(Problem(field="customer", reason=reason, remedy="see `q2c customer list`"))
    if file.deal and (deal is None or not is_paid_by(session, deal, file.customer)):
        reason = f"customer {file.customer} has no deal {file.deal}"
        problems.append(Problem(field="deal", reason=reason, remedy="leave it out, or correct it"))
    return problems


def _test_clock_of(session: Session, file: PaymentFile, deal: DealRow | None) -> DealRow | None:
    """Return the deal on a test clock that the payment names itself or through an invoice."""
    if deal is not None:
        return deal if deal.test_clock else None
    statement = (
        select(DealRow)
        .join(InvoiceRow, col(InvoiceRow.deal) == col(DealRow.number))
        .where(col(InvoiceRow.number).in_(file.invoices), col(DealRow.test_clock).is_(True))
    )
    return session.exec(statement).first()


def _local_day(deal: DealRow) -> date:
    moment = deal.business_time or deal.started_at
    return moment.astimezone(ZoneInfo(deal.time_zone)).date()


def _on_record(session: Session, file: PaymentFile) -> PaymentRecorded | None:
    """Return the stored answer; raises `ConflictError` if the payment on record is another."""
    row = session.exec(
        select(PaymentRow).where(
            PaymentRow.provider == file.provider, PaymentRow.reference == file.reference
        )
    ).first()
    if row is None:
        return None
    amount = Money.from_decimal(file.amount, file.currency)
    kept = (row.customer, Money(minor=row.amount_minor, currency=row.currency))
    other_day = file.received_on not in (None, row.received_on)
    if kept != (file.customer, amount) or other_day:
        raise _conflict(file)
    parts = session.exec(
        select(PaymentApplicationRow).where(PaymentApplicationRow.payment == row.number)
    ).all()
    applied = sum(part.amount_minor for part in parts)
    return PaymentRecorded(
        payment=row.number,
        repeated=True,
        deals=tuple(dict.fromkeys(part.deal for part in parts)),
        applied_minor=applied,
        unapplied_minor=row.amount_minor - applied,
    )


def _conflict(file: PaymentFile) -> ConflictError:
    return ConflictError(
        f"Payment {file.reference} of {file.provider} is on record with other content; "
        "check the reference."
    )


async def _outcome(house: House, file: PaymentFile, workflow_id: str) -> PaymentRecorded:
    """Wait for the payment; once the money is on record, its receipt need not be waited for."""
    try:
        return await house.gateway.result(workflow_id, PaymentRecorded, house.patience.answer)
    except RunFailedError as error:
        listed = error.problems or (
            Problem(field="payment", reason=str(error), remedy="correct it and send it again"),
        )
        raise InvalidInputError(listed) from error
    except (UnansweredError, NotFoundError) as error:
        known = await house.read(lambda session: _on_record(session, file))
        if known is None:
            raise UnansweredError(
                f"{error} The payment may still be recorded. "
                "Send it again as it is: it counts once."
            ) from error
        return known.model_copy(update={"repeated": False})
