"""What the books say a deal waits for: the questions its people have to answer now."""

from datetime import date, datetime, timedelta

from sqlmodel import Session, col, func, select

from activities.contract import signers_of
from activities.pricing import quote_version
from models.approval import ApprovalPath, is_rejected, pending
from models.deal import Stage
from models.deal_file import RenewalTerms
from models.decisions import DecisionKind
from models.fulfillment import FulfillmentStatus
from models.quoting import Quote
from models.renewal import renewal_calendar
from models.tables import (
    ContractRow,
    DealRow,
    DecisionRow,
    InvoiceRow,
    OrderLineRow,
    PaymentApplicationRow,
    QuoteRow,
)
from models.value import Value
from starter.service.approvals import path_of
from starter.service.decisions import first_buyer
from starter.service.register import customer_of

_UNDELIVERED = (
    FulfillmentStatus.OPEN.value,
    FulfillmentStatus.RESERVED.value,
    FulfillmentStatus.SHIPPED.value,
)
_ENDED = (Stage.COMPLETED.value, Stage.LOST.value)


class Asked(Value):
    """One decision that is waited for: the message that gives it, who is asked, and for what.

    `purpose` is what the token is made for: an approval step, or the kind of decision.
    """

    message: str
    person: str
    purpose: str
    content_hash: str
    step: str = ""


class OpenInvoice(Value):
    """An invoice with a balance."""

    number: str
    due_on: date
    balance_minor: int


class Situation(Value):
    """Where a deal stands and what it waits for; `asked` is the next decision, if any."""

    stage: str
    business_time: datetime
    on_hold: str = ""
    asked: Asked | None = None
    undelivered: tuple[str, ...] = ()
    open_invoices: tuple[OpenInvoice, ...] = ()
    renewal_quote_on: date | None = None
    term_ends_on: date | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing can happen any more."""
        return self.stage in _ENDED

    @property
    def is_live(self) -> bool:
        """Whether the contract is signed and the deal goes on."""
        return self.stage in (Stage.FULFILL.value, Stage.LIVE.value, Stage.CLOSING.value)


def situation_of(session: Session, number: str) -> Situation | None:
    """Return where a deal stands by the books; None while it is not on record."""
    deal = session.get(DealRow, number)
    if deal is None or deal.business_time is None:
        return None
    term = _current_term(session, number)
    return Situation(
        stage=deal.stage,
        business_time=deal.business_time,
        on_hold=deal.on_hold,
        asked=_asked(session, deal),
        undelivered=_undelivered(session, number),
        open_invoices=_open_invoices(session, number),
        renewal_quote_on=_renewal_quote_on(term) if term else None,
        term_ends_on=term.ends_on if term else None,
    )


def _asked(session: Session, deal: DealRow) -> Asked | None:
    newest = session.exec(
        select(QuoteRow.version)
        .where(QuoteRow.deal == deal.number)
        .order_by(col(QuoteRow.version).desc())
    ).first()
    if newest is None:
        return None
    if deal.stage in (Stage.APPROVE.value, Stage.LIVE.value):
        return _approval(path_of(session, deal.number, newest))
    quote = quote_version(session, deal.number, newest)
    if deal.stage == Stage.ACCEPT.value:
        return _acceptance(session, quote)
    return _signature(session, quote) if deal.stage == Stage.CONTRACT.value else None


def _approval(path: ApprovalPath | None) -> Asked | None:
    waiting = () if path is None or is_rejected(path) else pending(path)
    if path is None or not waiting:
        return None
    return Asked(
        message="approve",
        person=waiting[0].undecided[0],
        purpose=waiting[0].key,
        content_hash=path.content_hash,
        step=waiting[0].key,
    )


def _acceptance(session: Session, quote: Quote) -> Asked:
    customer = customer_of(session, quote.customer)
    return Asked(
        message="accept_quote",
        person=first_buyer(customer) if customer else "",
        purpose=DecisionKind.ACCEPT.value,
        content_hash=quote.content_hash,
    )


def _signature(session: Session, quote: Quote) -> Asked | None:
    signed = session.exec(
        select(DecisionRow.person).where(
            DecisionRow.deal == quote.deal,
            DecisionRow.quote_version == quote.version,
            DecisionRow.kind == DecisionKind.SIGN.value,
            col(DecisionRow.accepted).is_(True),
        )
    ).all()
    missing = [person for person, _ in signers_of(session, quote) if person not in signed]
    if not missing:
        return None
    return Asked(
        message="contract_signed",
        person=missing[0],
        purpose=DecisionKind.SIGN.value,
        content_hash=quote.content_hash,
    )


def _undelivered(session: Session, number: str) -> tuple[str, ...]:
    """Return the lines that can be handed over, or were and still have to be accepted."""
    rows = session.exec(
        select(OrderLineRow).where(OrderLineRow.deal == number).order_by(col(OrderLineRow.id))
    )
    delivered = FulfillmentStatus.DELIVERED.value
    return tuple(
        f"{row.reference} {row.status}"
        for row in rows
        if row.status in _UNDELIVERED or (row.status == delivered and row.transferred_on is None)
    )


def _open_invoices(session: Session, number: str) -> tuple[OpenInvoice, ...]:
    paid = func.coalesce(func.sum(PaymentApplicationRow.amount_minor), 0)
    balance = col(InvoiceRow.gross_minor) - paid
    rows = session.exec(
        select(col(InvoiceRow.number), col(InvoiceRow.due_on), balance)
        .join(
            PaymentApplicationRow,
            col(PaymentApplicationRow.invoice) == col(InvoiceRow.number),
            isouter=True,
        )
        .where(InvoiceRow.deal == number)
        .group_by(col(InvoiceRow.number), col(InvoiceRow.due_on), col(InvoiceRow.gross_minor))
        .having(balance > 0)
        .order_by(col(InvoiceRow.due_on), col(InvoiceRow.number))
    )
    return tuple(
        OpenInvoice(number=invoice, due_on=due_on, balance_minor=int(left))
        for invoice, due_on, left in rows
    )


def _current_term(session: Session, number: str) -> ContractRow | None:
    """Return the contract of the current term, if that has an end."""
    contract = session.exec(
        select(ContractRow).where(ContractRow.deal == number).order_by(col(ContractRow.term).desc())
    ).first()
    if contract is None or contract.ends_on - contract.starts_on <= timedelta(days=1):
        return None
    return contract


def _renewal_quote_on(contract: ContractRow) -> date:
    """Return the day on which the next term is priced."""
    terms = RenewalTerms.model_validate_json(contract.renewal)
    return renewal_calendar(contract.starts_on, contract.ends_on, terms.notice_days).quote_on
