"""Everything the books say about one deal, without asking any workflow."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, func, select

from activities.accounts import balance_of, open_items, settled, touching
from activities.usage_rows import period_rows
from models.approval import ApprovalStep, Barred
from models.billing import Invoice
from models.credit_notes import CreditEffect
from models.deal_file import DealFile
from models.errors import Problem
from models.fulfillment import OrderLine
from models.ledger import Account
from models.quoting import Quote
from models.tables import (
    ContractRow,
    CreditNoteRow,
    DealFileRow,
    DealRow,
    DecisionRow,
    DocumentRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceVoidRow,
    JournalEntryRow,
    OrderLineRow,
    PaymentApplicationRow,
    PaymentRow,
    PlannedChargeRow,
    PostingRow,
)
from models.value import Value
from starter.service.amendments import AmendmentEntry, entries
from starter.service.approvals import paths_of
from starter.service.reports import (
    DealSummary,
    DocumentEntry,
    deal_row,
    document_entries,
    summary_of,
)
from starter.service.versions import version_of


class ContractTerm(Value):
    """The contract of one term; `ends_on` is the first day after it."""

    number: str
    term: int
    quote: str
    total_minor: int
    currency: str
    signed_at: datetime
    starts_on: date
    ends_on: date
    payment_terms_days: int
    purchase_order: str = ""


class DecisionEntry(Value):
    """A decision on record, counted or refused; `reason` is what the person wrote.

    `facts` and `counter` are JSON: what an approver decided on, and what they proposed instead.
    """

    kind: str
    quote_version: int
    step: str
    person: str
    actor: str
    accepted: bool
    refused_because: str = ""
    reason: str = ""
    on_behalf_of: str = ""
    content_hash: str = ""
    policy_version: str = ""
    facts: str = ""
    counter: str = ""
    channel: str
    assurance: str
    decided_at: datetime


class ApprovalEntry(Value):
    """The approval path of one quote version as it stands, and who may not decide on it."""

    quote_version: int
    policy_version: str
    steps: tuple[ApprovalStep, ...]
    recalled: bool = False
    barred: tuple[Barred, ...] = ()


class OrderEntry(Value):
    """Where one order line stands."""

    term: int
    reference: str
    sku: str
    name: str
    quantity: str
    department: str
    status: str
    transferred_on: date | None = None


class InvoiceEntry(Value):
    """An invoice with what is open on it; `content` is the whole document."""

    number: str
    term: int
    issued_on: date
    due_on: date
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    balance_minor: int
    is_void: bool = False
    content: Invoice


class PaymentEntry(Value):
    """The part of a payment that was set against an invoice of the deal."""

    payment: str
    provider: str
    reference: str
    received_on: date
    invoice: str
    amount_minor: int
    currency: str
    applied_on: date


class Figures(Value):
    """The deal in numbers, in minor units of its currency.

    `contract_minor` is what the terms so far come to without lines given up; `billed`, net of tax
    and of what was taken back to be billed again, and `unbilled` sum to it. `credited` are the
    other credits, net of tax. Contract asset and liability are by the journal, of which at
    most one is not zero.
    """

    currency: str
    contract_minor: int
    billed_minor: int
    unbilled_minor: int
    revenue_minor: int
    contract_asset_minor: int
    contract_liability_minor: int
    receivable_minor: int
    paid_minor: int
    credited_minor: int = 0


class DealDetail(DealSummary):
    """One deal, whole: its row, then every document and figure on record."""

    file: DealFile | None = None
    quote: Quote | None = None
    contracts: tuple[ContractTerm, ...] = ()
    amendments: tuple[AmendmentEntry, ...] = ()
    approvals: tuple[ApprovalEntry, ...] = ()
    decisions: tuple[DecisionEntry, ...] = ()
    order: tuple[OrderEntry, ...] = ()
    invoices: tuple[InvoiceEntry, ...] = ()
    payments: tuple[PaymentEntry, ...] = ()
    documents: tuple[DocumentEntry, ...] = ()
    figures: Figures


class DealAtStart(Value):
    """A deal that is not on record: it is still `starting`, or `failed` with these problems."""

    number: str
    stage: str
    problems: tuple[Problem, ...] = ()


def detail(session: Session, number: str) -> DealDetail:
    """Return everything on record about a deal; raises `NotFoundError`."""
    row = deal_row(session, number)
    quote = version_of(session, number)
    file = session.exec(_of(DealFileRow, number).order_by(col(DealFileRow.id).desc())).first()
    contracts = session.exec(_of(ContractRow, number).order_by(col(ContractRow.term))).all()
    decisions = session.exec(_of(DecisionRow, number).order_by(col(DecisionRow.id))).all()
    documents = session.exec(_of(DocumentRow, number).order_by(col(DocumentRow.id))).all()
    invoices = invoices_of(session, number)
    return DealDetail(
        **summary_of(row).model_dump(),
        file=DealFile.model_validate_json(file.content) if file else None,
        quote=Quote.model_validate_json(quote.content) if quote else None,
        contracts=tuple(ContractTerm.model_validate(each.model_dump()) for each in contracts),
        amendments=entries(session, number),
        approvals=_approvals(session, number),
        decisions=tuple(DecisionEntry.model_validate(each.model_dump()) for each in decisions),
        order=_order(session, number),
        invoices=invoices,
        payments=_payments(session, number),
        documents=document_entries(documents),
        figures=figures(session, row),
    )


def _of(table: Any, number: str) -> Any:
    return select(table).where(table.deal == number)


def _approvals(session: Session, number: str) -> tuple[ApprovalEntry, ...]:
    return tuple(
        ApprovalEntry(
            quote_version=path.quote_version,
            policy_version=path.policy_version,
            steps=path.steps,
            recalled=path.recalled,
            barred=path.barred,
        )
        for path in paths_of(session, number)
    )


def _order(session: Session, number: str) -> tuple[OrderEntry, ...]:
    rows = session.exec(_of(OrderLineRow, number).order_by(col(OrderLineRow.id))).all()
    return tuple(_order_entry(row) for row in rows)


def _order_entry(row: OrderLineRow) -> OrderEntry:
    line = OrderLine.model_validate_json(row.content)
    return OrderEntry(
        term=row.term,
        reference=row.reference,
        sku=row.sku,
        name=line.name,
        quantity=f"{line.quantity:f}",
        department=line.department,
        status=row.status,
        transferred_on=row.transferred_on,
    )


def invoices_of(session: Session, number: str) -> tuple[InvoiceEntry, ...]:
    """Return the invoices of a deal in the order of their issue, each with its balance."""
    rows = session.exec(
        select(InvoiceRow)
        .where(touching(number))
        .order_by(col(InvoiceRow.issued_on), col(InvoiceRow.number))
    ).all()
    done = settled(session, [row.number for row in rows])
    voided = set(session.exec(select(InvoiceVoidRow.invoice).where(InvoiceVoidRow.deal == number)))
    return tuple(
        InvoiceEntry(
            **row.model_dump(exclude={"content"}),
            balance_minor=row.gross_minor - done.get(row.number, 0),
            is_void=row.number in voided,
            content=Invoice.model_validate_json(row.content),
        )
        for row in rows
    )


def _payments(session: Session, number: str) -> tuple[PaymentEntry, ...]:
    touched = select(InvoiceRow.number).where(touching(number))
    rows = session.exec(
        select(PaymentApplicationRow, PaymentRow)
        .join(PaymentRow, col(PaymentRow.number) == col(PaymentApplicationRow.payment))
        .where(col(PaymentApplicationRow.invoice).in_(touched))
        .order_by(col(PaymentApplicationRow.id))
    ).all()
    return tuple(
        PaymentEntry(
            **application.model_dump(exclude={"id", "deal"}),
            provider=payment.provider,
            reference=payment.reference,
            received_on=payment.received_on,
        )
        for application, payment in rows
    )


def figures(session: Session, row: DealRow) -> Figures:
    """Return the deal in numbers."""
    planned = _sum(
        session,
        select(func.sum(PlannedChargeRow.amount_minor)).where(
            PlannedChargeRow.deal == row.number, col(PlannedChargeRow.canceled_on).is_(None)
        ),
    )
    billed = _sum(
        session,
        select(func.sum(InvoiceLineRow.net_minor))
        .where(InvoiceLineRow.deal == row.number)
        .where(col(InvoiceLineRow.invoice).not_in(select(InvoiceVoidRow.invoice))),
    )
    credited = _credited(session, row.number)
    billed -= credited.get(CreditEffect.REVERSAL, 0) + credited.get(CreditEffect.CHANGE, 0)
    by_usage = _billed_by_usage(session, row.number)
    receivable = balance_of(session, row.number, open_items(session, deal=row.number))
    return Figures(
        currency=row.currency,
        contract_minor=planned,
        billed_minor=billed,
        unbilled_minor=planned - (billed - by_usage),
        revenue_minor=-_on_account(session, row.number, Account.REVENUE),
        contract_asset_minor=_on_account(session, row.number, Account.CONTRACT_ASSET),
        contract_liability_minor=-_on_account(session, row.number, Account.CONTRACT_LIABILITY),
        receivable_minor=receivable,
        paid_minor=_sum(
            session,
            select(func.sum(PaymentApplicationRow.amount_minor)).where(
                PaymentApplicationRow.deal == row.number
            ),
        ),
        credited_minor=credited.get(CreditEffect.CONCESSION, 0),
    )


def _billed_by_usage(session: Session, number: str) -> int:
    """Return what is billed of usage and credit for it, which no plan holds."""
    if not period_rows(session, number):
        return 0
    planned = select(PlannedChargeRow.reference).where(PlannedChargeRow.deal == number)
    statement = (
        select(func.sum(InvoiceLineRow.net_minor))
        .where(InvoiceLineRow.deal == number, col(InvoiceLineRow.reference).not_in(planned))
        .where(col(InvoiceLineRow.invoice).not_in(select(InvoiceVoidRow.invoice)))
    )
    return _sum(session, statement)


def _credited(session: Session, number: str) -> dict[str, int]:
    """Return what was credited before tax, by what it does to the contract."""
    statement = (
        select(CreditNoteRow.effect, func.sum(CreditNoteRow.net_minor))
        .where(CreditNoteRow.deal == number)
        .group_by(CreditNoteRow.effect)
    )
    return {effect: int(amount) for effect, amount in session.exec(statement)}


def _on_account(session: Session, number: str, account: Account) -> int:
    statement = (
        select(func.sum(PostingRow.amount_minor))
        .join(JournalEntryRow, col(JournalEntryRow.key) == col(PostingRow.entry))
        .where(JournalEntryRow.deal == number, PostingRow.account == account.value)
    )
    return _sum(session, statement)


def _sum(session: Session, statement: Any) -> int:
    found = session.exec(statement).one()
    return 0 if found is None else int(found)
