"""Bill and recognize: compute what should be on record by today, subtract what is, write the rest.

Running it twice, late, or after a crash writes nothing more. Revenue is posted before invoices, so
that a month that was missed is earned in its own month and billed today.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session, col, select
from temporalio import activity

from activities import journal
from activities.accounts import account_of, deal_row, scope_of, touching
from activities.cash import apply_waiting_cash
from activities.consolidating import Consolidation, is_consolidated, next_consolidation
from activities.credit_postings import apply_waiting_credit, post_credits
from activities.crediting import issue_credit_note
from activities.drafting import Drafts
from activities.issuing import issue
from activities.metering import Metering, concede_usage, metering_of
from activities.numbering import lock
from activities.open_terms import OpenTerm, open_term, transferred
from activities.payers import payer_of
from activities.pools import break_pools
from activities.ports import Office
from activities.recognition import Term
from activities.signatures import CONVERGE
from activities.tax_desk import AnswersNeededError, TaxDesk
from activities.usage_rows import period_rows
from models.billing import Invoice
from models.documents import DocumentKind
from models.errors import ParkedError
from models.invoice_groups import invoice_groups
from models.ledger import EntryHeader, invoice_entry, invoice_key, receivable_dates
from models.parties import Customer
from models.steps import COVERED, Converge, Converged
from models.tables import (
    AuditRow,
    ContractRow,
    DealRow,
    DocumentRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceVoidRow,
)


class _Run(NamedTuple):
    """What a term is billed by: the step, who works out its tax, and what was metered."""

    step: Converge
    desk: TaxDesk
    metering: Metering | None


class BillingActivities:
    """Issues invoices and posts revenue."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=CONVERGE.name, no_thread_cancel_exception=True)
    def converge(self, step: Converge) -> Converged:
        """Issue every invoice and post all revenue due by the step's day and not on record.

        Safe to retry: what is on record is subtracted first, and its numbers are returned again.
        """
        desk = TaxDesk(self._office.tax_engine)
        while True:
            try:
                return self._office.books.write(lambda one: self._converge(one, step, desk))
            except AnswersNeededError:
                desk.ask()

    def converge_within(self, session: Session, step: Converge) -> Converged:
        """Converge as a part of a transaction, so that it can be shown before it happens.

        A tax engine is not asked within one: the rules on record decide.
        """
        return self._converge(session, step, TaxDesk(None))

    def _converge(self, session: Session, step: Converge, desk: TaxDesk) -> Converged:
        deal, payer = _held(session, step.deal)
        now = self._office.wall_clock()
        contracts = session.exec(
            select(ContractRow).where(ContractRow.deal == step.deal).order_by(col(ContractRow.term))
        ).all()
        moved = transferred(session, step.deal)
        dates = [recognized(session, contract, moved, step.on, now) for contract in contracts]
        terms, parked = list[OpenTerm](), list[str]()
        by_usage = bool(period_rows(session, step.deal))
        for contract in contracts:
            metering = metering_of(session, contract, step.on, now) if by_usage else None
            if metering is not None:
                metering.rate()
                dates.append(metering.next_on())
            term = open_term(session, contract, moved, step.on, metered=metering is not None)
            if term is not None:
                terms.append(term)
                question, later = self._bill(session, term, payer, _Run(step, desk, metering))
                parked += [question] if question else []
                dates += later
            if by_usage:
                dates.append(break_pools(session, contract, step.on, now))
                concede_usage(session, contract, step.on, now)
        touched, question = Consolidation(session, deal, payer, step, desk).run(terms)
        desk.require_answers()
        parked += [question] if question else []
        dates += [next_billing(session, term, payer, step.on) for term in terms]
        for other in touched:
            post_receivables(session, other, step.on, now)
        dates.append(post_receivables(session, step.deal, step.on, now))
        dates.append(post_credits(session, step.deal, step.on, now))
        apply_waiting_credit(session, step.deal, step.on, now)
        apply_waiting_cash(session, step.deal, step.on, now)
        later = [day for day in dates if day is not None and day > step.on]
        return Converged(
            invoices=_unpublished(session, step),
            covered_by=_unheard(session, step.deal),
            next_on=min(later, default=None),
            parked="; ".join(parked),
            account=account_of(session, step.deal, step.on),
        )

    def _bill(
        self,
        session: Session,
        term: OpenTerm,
        payer: Customer,
        run: _Run,
    ) -> tuple[str, list[date]]:
        """Issue the invoices of one term; return what parks them, and when drafts are due.

        What is consolidated waits; what is charged by usage does not.
        """
        step, desk, metering = run
        due = () if is_consolidated(term, payer) else tuple(term.due)
        if metering is not None:
            due = (*due, *metering.due(due, is_last=term.is_last(step.on)))
            term = replace(term, explained=metering.explained)
            for order in metering.credits():
                # Usage that was billed too much, once no invoice is left to take it off.
                issue_credit_note(session, self._office, order)
        scope = scope_of(deal_row(session, term.contract.deal))
        drafts = Drafts(session, term.contract, term.quote, term.explained)
        groups = invoice_groups(due, term.quote.billing, term.contract.ends_on, step.on)
        ready, later = drafts.sorted(groups, step.on)
        for group in ready:
            request = drafts.request(group, step.on)
            try:
                issue(session, request, scope, desk)
            except ParkedError as error:
                return str(error), later
        return "", later


def _held(session: Session, number: str) -> tuple[DealRow, Customer]:
    """Lock a deal and return it with its payer; what spans deals is locked first."""
    deal = deal_row(session, number)
    payer = payer_of(session, deal.customer)
    if payer.consolidate_invoices is not None:
        lock(session, f"customer:{payer.number}")
    lock(session, f"deal:{number}")
    return deal, payer


def recognized(
    session: Session, contract: ContractRow, moved: Mapping[str, date], on: date, now: datetime
) -> date | None:
    """Post the revenue of a term up to a day; return the next day on which it earns something."""
    term = Term(session, contract, moved)
    term.recognize(on, now)
    return term.next_boundary(on)


def next_billing(session: Session, term: OpenTerm, payer: Customer, on: date) -> date | None:
    """Return the next day after `on` that has something of a term to bill."""
    if is_consolidated(term, payer):
        return next_consolidation(term, session, payer, on)
    waiting, coming = term.left(session, on)
    # What is carried for being too little is billed with the next, at the latest then.
    last = term.contract.ends_on if waiting and on < term.contract.ends_on else None
    return min((day for day in (coming, last) if day is not None), default=None)


def post_receivables(session: Session, deal: str, on: date, now: datetime) -> date | None:
    """Post a deal's parts of invoices that have become unconditional; return the next such day."""
    later: list[date] = []
    for row in _unposted(session, deal):
        part = Invoice.model_validate_json(row.content).part_of(deal)
        days = receivable_dates(part)
        for day in days:
            if day > on:
                later.append(day)
            else:
                key = _entry_key(row, deal)
                _post(
                    session, row, part, (deal, key if day == days[0] else f"{key}:{day}", day), now
                )
    return min(later, default=None)


def _entry_key(row: InvoiceRow, deal: str) -> str:
    """Return the key of the entry that books a deal's part of an invoice."""
    key = invoice_key(row.number)
    return key if deal == row.deal else f"{key}:{deal}"


def _post(
    session: Session, row: InvoiceRow, part: Invoice, place: tuple[str, str, date], now: datetime
) -> None:
    deal, key, day = place
    if journal.is_posted(session, key):
        return
    header = EntryHeader(
        key=key,
        entity=row.entity,
        deal=deal,
        customer=row.customer,
        booked_on=max(day, part.issued_on),
        cause=row.number,
        text=f"Invoice {row.number}",
    )
    position = journal.contract_position(session, deal, row.currency)
    journal.post(session, invoice_entry(header, part, position, day), now, row.scope)


def _unposted(session: Session, deal: str) -> list[InvoiceRow]:
    """Return the invoices with parts that are not in the journal, oldest first."""
    posted = journal.posted_keys(session, deal)
    conditional = frozenset(
        session.exec(
            select(InvoiceLineRow.invoice)
            .join(InvoiceRow, col(InvoiceRow.number) == col(InvoiceLineRow.invoice))
            .where(InvoiceLineRow.deal == deal)
            .where(col(InvoiceLineRow.unconditional_on) > col(InvoiceRow.issued_on))
        )
    )
    rows = session.exec(
        select(InvoiceRow)
        .where(touching(deal))
        .where(col(InvoiceRow.number).not_in(select(InvoiceVoidRow.invoice)))
        .order_by(col(InvoiceRow.issued_on), col(InvoiceRow.number))
    ).all()
    return [row for row in rows if row.number in conditional or _entry_key(row, deal) not in posted]


def _unpublished(session: Session, step: Converge) -> tuple[str, ...]:
    """Return the deal's invoices whose document is not stored yet, so that none is forgotten."""
    stored = select(DocumentRow.number).where(DocumentRow.kind == DocumentKind.INVOICE.value)
    statement = (
        select(InvoiceRow.number)
        .where(InvoiceRow.deal == step.deal)
        .where(col(InvoiceRow.number).not_in(stored))
        .where(col(InvoiceRow.number).not_in(select(InvoiceVoidRow.invoice)))
        .order_by(col(InvoiceRow.issued_on), col(InvoiceRow.number))
    )
    return tuple(session.exec(statement))


def _unheard(session: Session, deal: str) -> tuple[str, ...]:
    """Return the invoices of other deals that cover this one, and that it has not noted yet."""
    noted = select(AuditRow.detail).where(AuditRow.deal == deal, AuditRow.what == COVERED)
    statement = (
        select(InvoiceRow.number)
        .where(touching(deal), InvoiceRow.deal != deal)
        .where(col(InvoiceRow.number).not_in(noted))
        .order_by(col(InvoiceRow.issued_on), col(InvoiceRow.number))
    )
    return tuple(session.exec(statement))
