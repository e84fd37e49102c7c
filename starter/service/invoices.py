"""Issued invoices and what came of them: listed, shown, and the statement of a customer."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from activities.accounts import settled
from activities.crediting import notes_of
from activities.drafts import Draft, drafts_of, preview_of
from activities.register import customer_of, entity_of
from activities.statements import statement_of
from models.billing import Invoice
from models.credit_notes import CreditNote
from models.errors import InvalidInputError, NotFoundError, Problem
from models.statements import AccountScope, Statement
from models.tables import CreditNoteRow, DealRow, InvoiceRow, InvoiceVoidRow, RebillRow
from models.value import Value
from starter.service.reports import deal_row


class InvoiceSummary(Value):
    """An invoice in a listing. `credited` is with tax; `is_void` ones claim nothing."""

    number: str
    deal: str
    term: int
    customer: str
    entity: str
    issued_on: date
    due_on: date
    currency: str
    gross_minor: int
    credited_minor: int = 0
    open_minor: int
    is_void: bool = False
    test_clock: bool = False


class Invoices(Value):
    """A page of invoices by number; `next` continues it."""

    items: tuple[InvoiceSummary, ...]
    next: str | None = None


class InvoiceFilter(Value):
    """Whose invoices are shown, and whether only those with something open."""

    deal: str | None = None
    customer: str | None = None
    is_open: bool = False


class InvoiceDetail(InvoiceSummary):
    """One invoice, whole, with its credit notes and what it was voided or billed again for."""

    content: Invoice
    credit_notes: tuple[CreditNote, ...] = ()
    voided_on: date | None = None
    void_reason: str = ""
    rebilled_on: date | None = None
    rebill_reason: str = ""


def listing(session: Session, wanted: InvoiceFilter, limit: int, after: str) -> Invoices:
    """Return a page of invoices by number."""
    statement = select(InvoiceRow).where(col(InvoiceRow.number) > after)
    if wanted.deal is not None:
        statement = statement.where(InvoiceRow.deal == wanted.deal)
    if wanted.customer is not None:
        statement = statement.where(InvoiceRow.customer == wanted.customer)
    ordered = statement.order_by(col(InvoiceRow.number))
    found: list[InvoiceSummary] = []
    offset = 0
    # What is open is known only after payments and credits, so pages are filled piece by piece.
    while len(found) <= limit:
        rows = session.exec(ordered.offset(offset).limit(limit + 1)).all()
        shown = _summaries(session, rows)
        found += [one for one in shown if one.open_minor or not wanted.is_open]
        offset += limit + 1
        if len(rows) <= limit:
            break
    page = found[:limit]
    return Invoices(items=tuple(page), next=page[-1].number if len(found) > limit else None)


def show(session: Session, number: str) -> InvoiceDetail:
    """Return one invoice with everything that came of it; raises `NotFoundError`."""
    row = invoice_row(session, number)
    (summary,) = _summaries(session, [row])
    void, again = session.get(InvoiceVoidRow, number), session.get(RebillRow, number)
    return InvoiceDetail(
        **summary.model_dump(),
        content=Invoice.model_validate_json(row.content),
        credit_notes=notes_of(session, number),
        voided_on=void.voided_on if void else None,
        void_reason=void.reason if void else "",
        rebilled_on=again.asked_on if again else None,
        rebill_reason=again.reason if again else "",
    )


class Drafts(Value):
    """Invoices that are billable and not issued yet."""

    items: tuple[Draft, ...]


def drafts(session: Session, deal: str | None, now: datetime) -> Drafts:
    """Return the drafts of a deal, or of all deals that run; raises `NotFoundError`."""
    if deal is not None:
        row = deal_row(session, deal)
        return Drafts(items=drafts_of(session, deal, today_of(row, now), now))
    rows = session.exec(
        select(DealRow).where(col(DealRow.closed_at).is_(None)).order_by(col(DealRow.number))
    ).all()
    found: list[Draft] = []
    for row in rows:
        found += drafts_of(session, row.number, today_of(row, now), now)
    return Drafts(items=tuple(found))


def preview(session: Session, deal: str, now: datetime) -> Drafts:
    """Return a deal's next invoices as they would be issued; raises `NotFoundError`."""
    row = deal_row(session, deal)
    return Drafts(items=preview_of(session, deal, today_of(row, now), now))


def today_of(deal: DealRow, now: datetime) -> date:
    """Return a deal's calendar day: that of its test clock, or of its zone."""
    moment = (deal.business_time or deal.started_at) if deal.test_clock else now
    return moment.astimezone(ZoneInfo(deal.time_zone)).date()


def credit_note(session: Session, number: str) -> CreditNote:
    """Return one credit note; raises `NotFoundError`."""
    row = session.get(CreditNoteRow, number)
    if row is None:
        raise NotFoundError(f"There is no credit note {number}.")
    return CreditNote.model_validate_json(row.content)


def invoice_row(session: Session, number: str) -> InvoiceRow:
    """Return an invoice's row; raises `NotFoundError`."""
    row = session.get(InvoiceRow, number)
    if row is None:
        raise NotFoundError(f"There is no invoice {number}.")
    return row


def _summaries(session: Session, rows: Sequence[InvoiceRow]) -> list[InvoiceSummary]:
    numbers = [row.number for row in rows]
    done = settled(session, numbers)
    voids = select(InvoiceVoidRow.invoice).where(col(InvoiceVoidRow.invoice).in_(numbers))
    voided = set(session.exec(voids))
    credited: dict[str, int] = {}
    for note in session.exec(select(CreditNoteRow).where(col(CreditNoteRow.invoice).in_(numbers))):
        credited[note.invoice] = credited.get(note.invoice, 0) + note.gross_minor
    return [
        InvoiceSummary(
            **row.model_dump(include=set(InvoiceSummary.model_fields)),
            credited_minor=credited.get(row.number, 0),
            open_minor=row.gross_minor - done.get(row.number, 0),
            is_void=row.number in voided,
            test_clock=bool(row.scope),
        )
        for row in rows
    ]


class StatementWish(Value):
    """Which statement is wanted; what is left out follows from the customer's deals.

    `deal` names a deal on a test clock, whose account stands apart.
    """

    customer: str
    entity: str = ""
    currency: str = ""
    since: date | None = None
    until: date | None = None
    deal: str = ""


def statement(session: Session, wish: StatementWish, now: datetime) -> Statement:
    """Return a customer's statement; raises as `scope_of_wish` does."""
    scope, test_clock = scope_of_wish(session, wish, now)
    return statement_of(session, scope, test_clock)


def scope_of_wish(session: Session, wish: StatementWish, now: datetime) -> tuple[AccountScope, str]:
    """Return which account is meant, and the deal on a test clock if it is one's.

    Without days it is the year so far, to today. Raises `NotFoundError` for an unknown customer,
    entity or deal, and `InvalidInputError` where several entities or currencies are possible, or
    the days are the wrong way round.
    """
    customer_of(session, wish.customer)
    deals = session.exec(
        select(DealRow)
        .where(DealRow.customer == wish.customer)
        .order_by(col(DealRow.started_at), col(DealRow.number))
    ).all()
    clock = next((row for row in deals if row.number == wish.deal), None)
    if wish.deal and clock is None:
        raise NotFoundError(f"Customer {wish.customer} has no deal {wish.deal}.")
    mine = [row for row in deals if clock is None or row.number == clock.number]
    entity = wish.entity or _only("entity", [row.entity for row in mine])
    of_entity = [row for row in mine if row.entity == entity]
    currency = wish.currency or _only("currency", [row.currency for row in of_entity])
    zone = ZoneInfo(entity_of(session, entity).time_zone)
    moment = clock.business_time or clock.started_at if clock and clock.test_clock else now
    until = wish.until or moment.astimezone(zone).date()
    since = wish.since or date(until.year, 1, 1)
    scope = AccountScope(
        customer=wish.customer, entity=entity, currency=currency, since=since, until=until
    )
    if until < since:
        reason, remedy = f"{until} is before {since}", "use a later day"
        raise InvalidInputError([Problem(field="until", reason=reason, remedy=remedy)])
    return scope, clock.number if clock and clock.test_clock else ""


def _only(field: str, values: list[str]) -> str:
    """Return the one value there is; raises `InvalidInputError` for none or several."""
    found = sorted(set(values))
    if len(found) == 1:
        return found[0]
    said = f"is one of {', '.join(found)}" if found else "is not known: there is no deal yet"
    raise InvalidInputError([Problem(field=field, reason=said, remedy=f"name the {field}")])
