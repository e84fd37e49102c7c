"""Bill and recognize: compute what should be on record by today, subtract what is, write the rest.

Running it twice, late, or after a crash writes nothing more. Revenue is posted before invoices, so
that a month that was missed is earned in its own month and billed today.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities import journal
from activities.accounts import account_of, deal_row, scope_of
from activities.billed_days import has_released, taken
from activities.cash import apply_waiting_cash
from activities.contract_versions import quote_in_force
from activities.credit_postings import apply_waiting_credit, post_credits
from activities.crediting import issue_credit_note
from activities.drafting import Drafts, key_of
from activities.metering import Metering, concede_usage, metering_of
from activities.numbering import lock, next_number
from activities.pools import break_pools
from activities.ports import Office
from activities.recognition import Term
from activities.signatures import CONVERGE
from activities.tax_desk import AnswersNeededError, TaxDesk
from activities.usage_rows import period_rows
from models.billing import (
    DueCharge,
    Invoice,
    InvoiceRequest,
    check_invoice,
    draft_invoice,
    due_charges,
    next_billing_on,
)
from models.documents import DocumentKind
from models.einvoice_mapping import demanded, einvoice_of
from models.einvoice_rules import einvoice_problems
from models.errors import ParkedError
from models.invoice_groups import InvoiceGroup, invoice_groups
from models.ledger import EntryHeader, invoice_entry, invoice_key, receivable_dates
from models.money import Money
from models.periods import Interval
from models.quoting import PlannedCharge
from models.steps import Converge, Converged
from models.tables import (
    ContractRow,
    DocumentRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceVoidRow,
    MilestoneRow,
    OrderLineRow,
    PlannedChargeRow,
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
        lock(session, f"deal:{step.deal}")
        contracts = session.exec(
            select(ContractRow).where(ContractRow.deal == step.deal).order_by(col(ContractRow.term))
        ).all()
        moved = transferred(session, step.deal)
        now = self._office.wall_clock()
        by_usage = bool(period_rows(session, step.deal))
        parked: list[str] = []
        dates: list[date | None] = []
        for contract in contracts:
            term = Term(session, contract, moved)
            term.recognize(step.on, now)
            dates.append(term.next_boundary(step.on))
        for contract in contracts:
            metering = metering_of(session, contract, step.on, now) if by_usage else None
            if metering is not None:
                metering.rate()
                dates.append(metering.next_on())
            question, next_on = self._bill_term(
                session, contract, moved, _Run(step, desk, metering)
            )
            parked += [question] if question else []
            dates.append(next_on)
            if by_usage:
                dates.append(break_pools(session, contract, step.on, now))
                concede_usage(session, contract, step.on, now)
        desk.require_answers()
        dates.append(self._post_receivables(session, step))
        dates.append(post_credits(session, step.deal, step.on, now))
        apply_waiting_credit(session, step.deal, step.on, now)
        apply_waiting_cash(session, step.deal, step.on, now)
        later = [day for day in dates if day is not None and day > step.on]
        return Converged(
            invoices=_unpublished(session, step),
            next_on=min(later, default=None),
            parked="; ".join(parked),
            account=account_of(session, step.deal, step.on),
        )

    def _bill_term(
        self,
        session: Session,
        contract: ContractRow,
        moved: Mapping[str, date],
        run: _Run,
    ) -> tuple[str, date | None]:
        """Issue the invoices of one term; return the question that parks them and the next date."""
        step, _, metering = run
        plan = planned(session, contract)
        done = billed(session, contract)
        # Most terms of an old deal are billed to the end; their quotes need not be read again.
        names = {charge.reference for charge in plan}
        count = sum(len(periods) for reference, periods in done.items() if reference in names)
        is_whole = not has_released(session, contract.deal, contract.term)
        if is_whole and len(plan) <= count and metering is None:
            return "", None
        quote = quote_in_force(session, contract.deal, contract.term)
        if quote is None:
            return "", None
        by_reference = {
            charge.reference: moved[charge.number]
            for charge in plan
            if charge.number in moved and not charge.milestone
        } | reached(session, contract, plan)
        question = ""
        due = due_charges(plan, by_reference, done, step.on)
        if metering is not None:
            is_last = not _later(plan, by_reference, step.on)
            due = (*due, *metering.due(due, is_last=is_last))
            self._credit(session, metering)
        drafts = Drafts(session, contract, quote, metering.explained if metering else {})
        groups = invoice_groups(due, quote.billing, contract.ends_on, step.on)
        ready, later = drafts.sorted(groups, step.on)
        for group in ready:
            try:
                self._issue(session, contract, drafts.request(group, step.on), group, run)
            except ParkedError as error:
                question = str(error)
                break
        left = billed(session, contract) if due else done
        dates = [*later, next_billing_on(_later(plan, by_reference, step.on), by_reference, left)]
        if due_charges(plan, by_reference, left, step.on) and step.on < contract.ends_on:
            # What is carried for being too little is billed with the next, at the latest then.
            dates.append(contract.ends_on)
        return question, min((day for day in dates if day is not None), default=None)

    def _credit(self, session: Session, metering: Metering) -> None:
        """Take back what usage was billed too much, once no invoice is left to take it off."""
        for order in metering.credits():
            issue_credit_note(session, self._office, order)

    def _issue(
        self,
        session: Session,
        contract: ContractRow,
        request: InvoiceRequest,
        group: InvoiceGroup,
        run: _Run,
    ) -> None:
        """Fix number, date and content of one invoice, in one transaction with its number."""
        scope = scope_of(deal_row(session, contract.deal))
        taxed = run.desk.taxed(request)
        if taxed is None:
            return
        _require_sound(draft_invoice(taxed))
        number, series, sequence, issued_on = next_number(
            session, request.entity, "INV", request.issued_on, scope
        )
        dated = taxed.model_copy(update={"issued_on": issued_on})
        invoice = draft_invoice(dated).model_copy(update={"number": number})
        key = key_of(contract, group)
        row = _invoice_row(invoice, scope, (series, sequence), key + _repetition(session, key))
        session.add(row)
        session.flush()
        session.add_all(_line_rows(invoice, group.charges))
        session.flush()

    def _post_receivables(self, session: Session, step: Converge) -> date | None:
        """Post the parts of invoices that have become unconditional; return the next such day."""
        later: list[date] = []
        for row in _unposted(session, step.deal):
            invoice = Invoice.model_validate_json(row.content)
            days = receivable_dates(invoice)
            for day in days:
                if day > step.on:
                    later.append(day)
                else:
                    self._post(session, row, invoice, day, is_first=day == days[0])
        return min(later, default=None)

    def _post(
        self, session: Session, row: InvoiceRow, invoice: Invoice, day: date, *, is_first: bool
    ) -> None:
        key = invoice_key(invoice.number) if is_first else f"{invoice_key(invoice.number)}:{day}"
        if journal.is_posted(session, key):
            return
        header = EntryHeader(
            key=key,
            entity=row.entity,
            deal=row.deal,
            customer=row.customer,
            booked_on=max(day, invoice.issued_on),
            cause=invoice.number,
            text=f"Invoice {invoice.number}",
        )
        position = journal.contract_position(session, row.deal, row.currency)
        entry = invoice_entry(header, invoice, position, day)
        journal.post(session, entry, self._office.wall_clock(), row.scope)


def _require_sound(draft: Invoice) -> None:
    """Park what may not go out before a number is drawn: a number without invoice is a gap."""
    numbered = draft.model_copy(update={"number": "draft"})
    problems = [*check_invoice(numbered)]
    for wanted in demanded(draft.entity, draft.customer):
        problems += einvoice_problems(einvoice_of(numbered), wanted)
    if problems:
        listed = "; ".join(dict.fromkeys(str(problem) for problem in problems))
        raise ParkedError(f"The invoice is not complete: {listed}")


def transferred(session: Session, deal: str) -> dict[str, date]:
    """Return the day control passed for each order line that was handed over, by line number."""
    rows = session.exec(select(OrderLineRow).where(OrderLineRow.deal == deal)).all()
    return {
        row.reference.partition("/")[0]: row.transferred_on
        for row in rows
        if row.transferred_on is not None
    }


def planned(session: Session, contract: ContractRow) -> tuple[PlannedCharge, ...]:
    """Return the billing plan of a contract without the charges that were given up."""
    rows = session.exec(
        select(PlannedChargeRow)
        .where(PlannedChargeRow.deal == contract.deal, PlannedChargeRow.term == contract.term)
        .where(col(PlannedChargeRow.canceled_on).is_(None))
        .order_by(col(PlannedChargeRow.id))
    ).all()
    return tuple(
        PlannedCharge(
            reference=row.reference,
            description=row.description,
            period=Interval(start=row.starts_on, end=row.ends_on),
            bill_on=row.bill_on,
            amount=Money(minor=row.amount_minor, currency=row.currency),
            discount=Money(minor=row.discount_minor, currency=row.currency),
            gross=_gross(row),
            part=row.part,
            milestone=row.milestone,
        )
        for row in rows
    )


def _gross(row: PlannedChargeRow) -> Money | None:
    return None if row.gross_minor is None else Money(minor=row.gross_minor, currency=row.currency)


def reached(
    session: Session, contract: ContractRow, plan: Sequence[PlannedCharge]
) -> dict[str, date]:
    """Return, by reference, the day the milestone of each charge was confirmed."""
    rows = session.exec(
        select(MilestoneRow).where(
            MilestoneRow.deal == contract.deal, MilestoneRow.term == contract.term
        )
    ).all()
    days = {row.name: row.reached_on for row in rows}
    return {charge.reference: days[charge.milestone] for charge in plan if charge.milestone in days}


def billed(session: Session, contract: ContractRow) -> dict[str, list[Interval]]:
    """Return the intervals of each charge that are on an invoice and not to be billed again."""
    days = taken(session, contract.deal, contract.term)
    return {reference: periods for (_, reference), periods in days.items()}


def _later(
    plan: Sequence[PlannedCharge], moved: Mapping[str, date], on: date
) -> tuple[PlannedCharge, ...]:
    """Return the charges that become billable after a day; parked ones wait for a person."""
    return tuple(
        charge
        for charge in plan
        if (billable := charge.bill_on or moved.get(charge.reference)) and billable > on
    )


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
        .where(InvoiceRow.deal == deal)
        .where(col(InvoiceRow.number).not_in(select(InvoiceVoidRow.invoice)))
        .order_by(col(InvoiceRow.issued_on), col(InvoiceRow.number))
    ).all()
    return [
        row for row in rows if row.number in conditional or invoice_key(row.number) not in posted
    ]


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


def _repetition(session: Session, key: str) -> str:
    """Return what tells an invoice from those of the same days that were taken back."""
    before = select(func.count(col(InvoiceRow.number))).where(
        (col(InvoiceRow.key) == key) | col(InvoiceRow.key).startswith(f"{key}#", autoescape=True)
    )
    count = session.exec(before).one()
    return f"#{count + 1}" if count else ""


def _invoice_row(invoice: Invoice, scope: str, place: tuple[str, int], key: str) -> InvoiceRow:
    series, sequence = place
    return InvoiceRow(
        number=invoice.number,
        key=key,
        entity=invoice.entity.number,
        series=series,
        sequence=sequence,
        deal=invoice.deal,
        term=invoice.term,
        customer=invoice.customer.number,
        currency=invoice.currency,
        scope=scope,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        net_minor=invoice.net.minor,
        tax_minor=invoice.tax.minor,
        gross_minor=invoice.gross.minor,
        withheld_minor=invoice.withheld.amount.minor if invoice.withheld else 0,
        content=invoice.model_dump_json(),
    )


def _line_rows(invoice: Invoice, group: Sequence[DueCharge]) -> list[InvoiceLineRow]:
    return [
        InvoiceLineRow(
            invoice=invoice.number,
            deal=invoice.deal,
            term=invoice.term,
            reference=due.charge.reference,
            starts_on=due.charge.period.start,
            ends_on=due.charge.period.end,
            net_minor=line.net.minor,
            tax_minor=line.tax.minor,
            currency=invoice.currency,
            unconditional_on=line.unconditional_on,
        )
        for due, line in zip(group, invoice.lines, strict=True)
    ]
