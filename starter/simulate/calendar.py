"""The calendar of a simulated deal, read from its private books once it is played."""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlmodel import Session, col, func, select

from models.collection import DunningPolicy
from models.contract import SIGNED
from models.deal import local_date
from models.documents import DocumentKind
from models.steps import Notice
from models.tables import (
    AuditRow,
    ContractRow,
    DecisionRow,
    DocumentRow,
    InvoiceRow,
    PaymentRow,
    QuoteRow,
    RecognizedRow,
    ReminderRow,
)
from starter.service.reports import deal_row
from starter.service.reports_deal import figures
from starter.simulate.outcome import (
    CalendarEntry,
    Happening,
    MonthRevenue,
    Simulation,
    Totals,
)
from starter.simulate.recorder import NotedMail
from starter.simulate.request import SimulationRequest

_DONE_BY = {
    "approve": "approved by",
    "accept": "accepted by",
    "sign": "signed by",
    "escalate": "escalated to",
}
_SIGNED_COPY = "signed order form"
_STORY = (
    "quote",
    "renewal quote",
    "escalated to",
    "approved by",
    "accepted by",
    "order form",
    "signed by",
    "renew by",
    _SIGNED_COPY,
    Happening.TERM,
    "order confirmation",
    "work order",
    "delivery note",
    Happening.DOCUMENT,
    Happening.REMINDER,
    Happening.NOTICE,
    Happening.PAYMENT,
    Happening.DECISION,
    Happening.QUESTION,
    Happening.END,
)
"""What happens on one day, in the order of a deal's life: nothing is billed before it is signed."""

_ORDER = {str(kind): place for place, kind in enumerate(_STORY)}
_TOLD_ELSEWHERE = (Notice.APPROVAL_REQUEST.value, Notice.ENDED.value)


def read_outcome(
    session: Session,
    request: SimulationRequest,
    mails: tuple[NotedMail, ...],
    assumptions: tuple[str, ...],
) -> Simulation:
    """Return everything that happened until the last day, in order, and what it comes to."""
    number = request.file.number
    row = deal_row(session, number)
    found = figures(session, row)
    last = request.until
    entries = (entry for entry in _entries(session, row.time_zone, mails) if entry.on <= last)
    return Simulation(
        deal=number,
        customer=row.customer,
        currency=row.currency,
        starts_on=request.start.date(),
        until=last,
        pay=request.pay,
        stage=row.stage,
        outcome=row.outcome,
        term=row.term,
        calendar=tuple(sorted(entries, key=_place)),
        revenue=_revenue(session, number),
        totals=Totals.model_validate(found.model_dump(exclude={"currency"})),
        assumptions=assumptions,
    )


def _place(entry: CalendarEntry) -> tuple[date, int]:
    """Order by day and stage; what is of one kind stays in the order in which it was made."""
    is_signed = entry.kind == "order form" and entry.reference.endswith(SIGNED)
    kind = _SIGNED_COPY if is_signed else entry.kind
    return entry.on, _ORDER.get(kind, _ORDER[entry.what])


def _entries(
    session: Session, time_zone: str, mails: tuple[NotedMail, ...]
) -> Iterator[CalendarEntry]:
    yield from _documents(session)
    yield from _reminders(session)
    yield from _payments(session)
    yield from _decisions(session, time_zone)
    yield from _terms(session)
    yield from _notices(mails)
    yield from _questions(session, time_zone)


def _documents(session: Session) -> Iterator[CalendarEntry]:
    invoices = {row.number: row for row in session.exec(select(InvoiceRow))}
    quotes = {row.number: row for row in session.exec(select(QuoteRow))}
    kept_apart = (DocumentKind.REMINDER.value, DocumentKind.RECEIPT.value)
    statement = select(DocumentRow).where(col(DocumentRow.kind).not_in(kept_apart))
    for row in session.exec(statement.order_by(col(DocumentRow.id))):
        entry = CalendarEntry(
            on=row.dated_on,
            what=Happening.DOCUMENT,
            kind=row.kind.replace("_", " "),
            reference=row.number,
        )
        if row.number in invoices:
            invoice = invoices[row.number]
            detail = {"text": f"due {invoice.due_on}", "amount_minor": invoice.gross_minor}
            yield entry.model_copy(update={**detail, "on": invoice.issued_on})
        elif row.number in quotes:
            quote = quotes[row.number]
            detail = {"text": f"valid until {quote.valid_until}", "amount_minor": quote.total_minor}
            yield entry.model_copy(update=detail)
        else:
            yield entry


def _reminders(session: Session) -> Iterator[CalendarEntry]:
    for row in session.exec(select(ReminderRow).order_by(col(ReminderRow.written_on))):
        yield CalendarEntry(
            on=row.written_on,
            what=Happening.REMINDER,
            kind=f"level {row.level}",
            reference=row.number,
        )


def name_levels(simulation: Simulation, policy: DunningPolicy) -> Simulation:
    """Return the simulation with the reminders called by the names of the ladder."""
    names = {f"level {step.level}": step.name for step in policy.steps}
    calendar = tuple(
        entry.model_copy(update={"kind": names.get(entry.kind, entry.kind)})
        if entry.what is Happening.REMINDER
        else entry
        for entry in simulation.calendar
    )
    return simulation.model_copy(update={"calendar": calendar})


def _payments(session: Session) -> Iterator[CalendarEntry]:
    for row in session.exec(select(PaymentRow).order_by(col(PaymentRow.received_on))):
        yield CalendarEntry(
            on=row.received_on,
            what=Happening.PAYMENT,
            kind="payment assumed",
            reference=row.number,
            amount_minor=row.amount_minor,
        )


def _decisions(session: Session, time_zone: str) -> Iterator[CalendarEntry]:
    statement = select(DecisionRow).where(col(DecisionRow.accepted).is_(True))
    for row in session.exec(statement.order_by(col(DecisionRow.id))):
        yield CalendarEntry(
            on=local_date(row.decided_at, time_zone),
            what=Happening.DECISION,
            kind=_DONE_BY.get(row.kind, f"{row.kind} by"),
            text=row.person,
        )


def _terms(session: Session) -> Iterator[CalendarEntry]:
    contracts = session.exec(select(ContractRow).order_by(col(ContractRow.term))).all()
    for row in contracts:
        last = row.ends_on - timedelta(days=1)
        is_sale = last <= row.starts_on
        kind = "term begins" if row.term == 1 else "renewed"
        yield CalendarEntry(
            on=row.starts_on,
            what=Happening.TERM,
            kind="sold" if is_sale else kind,
            reference=row.number,
            text="" if is_sale else f"term {row.term} until {last}",
            amount_minor=row.total_minor,
        )


def _notices(mails: tuple[NotedMail, ...]) -> Iterator[CalendarEntry]:
    for mail in mails:
        if mail.notice not in _TOLD_ELSEWHERE:
            yield CalendarEntry(
                on=mail.on,
                what=Happening.NOTICE,
                kind=mail.notice.replace("_", " "),
                reference=mail.reference,
                text=mail.text,
            )


def _questions(session: Session, time_zone: str) -> Iterator[CalendarEntry]:
    """Yield what was parked for a person, and how the deal ended."""
    told = {"parked": Happening.QUESTION, "term ended": Happening.END, "deal ended": Happening.END}
    statement = select(AuditRow).where(col(AuditRow.what).in_(told))
    for row in session.exec(statement.order_by(col(AuditRow.sequence))):
        yield CalendarEntry(
            on=local_date(row.at, time_zone),
            what=told[row.what],
            kind=row.what,
            text=row.detail,
        )


def _revenue(session: Session, number: str) -> tuple[MonthRevenue, ...]:
    """Return the revenue of each month; a row covers the days before its date."""
    amounts: dict[str, int] = {}
    statement = (
        select(col(RecognizedRow.before), func.sum(RecognizedRow.amount_minor))
        .where(RecognizedRow.deal == number)
        .group_by(col(RecognizedRow.before))
        .order_by(col(RecognizedRow.before))
    )
    for before, minor in session.exec(statement):
        month = f"{before - timedelta(days=1):%Y-%m}"
        amounts[month] = amounts.get(month, 0) + int(minor)
    return tuple(MonthRevenue(month=month, amount_minor=minor) for month, minor in amounts.items())
