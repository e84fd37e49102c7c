"""What each document says, as pure content: the page makers draw it and add nothing of their own.

A document is equal content first and a PDF second: equal content gives equal bytes, so everything
that is printed, dates and the test-clock mark included, is a field here.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Literal, assert_never

from pydantic import AwareDatetime, Field

from models.billing import Invoice
from models.collection import OpenItem
from models.credit_notes import CreditNote
from models.deal_file import RenewalTerms
from models.fulfillment import OrderLine
from models.money import Money
from models.parties import Customer, Entity, Partner
from models.periods import Interval
from models.quoting import PlannedCharge, Quote
from models.statements import Statement
from models.value import Value


class DocumentKind(StrEnum):
    """Every document the house writes."""

    QUOTE = "quote"
    ORDER_FORM = "order_form"
    ORDER_CONFIRMATION = "order_confirmation"
    WORK_ORDER = "work_order"
    DELIVERY_NOTE = "delivery_note"
    INVOICE = "invoice"
    UBL_INVOICE = "ubl_invoice"
    RECEIPT = "receipt"
    REMINDER = "reminder"
    RENEWAL_QUOTE = "renewal_quote"
    AMENDMENT = "amendment"
    CREDIT_NOTE = "credit_note"
    STATEMENT = "statement"


WRITTEN_AS_XML = frozenset({DocumentKind.UBL_INVOICE})
"""Kinds that are data for machines; all others are pages."""


def suffix_of(kind: DocumentKind) -> str:
    """Return how the files of a kind end: pdf, or xml."""
    return "xml" if kind in WRITTEN_AS_XML else "pdf"


class Assurance(StrEnum):
    """How sure we are that the person named in a decision made it."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"


class DecisionNote(Value):
    """One decision a document rests on: what was decided, by whom, when, and how sure we are."""

    action: str
    person: str
    title: str = ""
    decided_at: AwareDatetime | None = None
    assurance: Assurance = Assurance.VERIFIED


class SignerBlock(Value):
    """One place to sign. Unsigned while `signed_at` is None.

    `document_hash` is the SHA-256 of the document that was signed, so that the signed copy names
    the exact bytes the signer saw.
    """

    role: str
    name: str
    signed_at: AwareDatetime | None = None
    document_hash: str = ""
    assurance: Assurance = Assurance.VERIFIED


class QuoteDocument(Value):
    """A quote as the buyer gets it. `attention` is the buyer's contact, `seller_*` who sells.

    `partner` is who offers it in their own name; the contract is with the entity all the same.
    `renewal` is what is agreed about the time after the term; None leaves it unsaid. `terms` are
    paragraphs printed after the standard ones. Decisions are printed only where one of
    them is unverified: a customer need not read our internal approvals.
    """

    kind: Literal[DocumentKind.QUOTE] = DocumentKind.QUOTE
    quote: Quote
    entity: Entity
    customer: Customer
    attention: str = ""
    seller_name: str = ""
    seller_email: str = ""
    renewal: RenewalTerms | None = None
    partner: Partner | None = None
    taxes_note: str = ""
    terms: tuple[str, ...] = ()
    decisions: tuple[DecisionNote, ...] = ()
    test_clock: bool = False


class RenewalQuoteDocument(Value):
    """The offer of the next term. `last_notice_on` is the last day on which notice counts.

    `previous_total` is the contract value of the term that ends.
    """

    kind: Literal[DocumentKind.RENEWAL_QUOTE] = DocumentKind.RENEWAL_QUOTE
    quote: Quote
    entity: Entity
    customer: Customer
    attention: str = ""
    seller_name: str = ""
    seller_email: str = ""
    partner: Partner | None = None
    auto_renew: bool
    last_notice_on: date | None = None
    previous_total: Money | None = None
    taxes_note: str = ""
    terms: tuple[str, ...] = ()
    decisions: tuple[DecisionNote, ...] = ()
    test_clock: bool = False


class AmendedLine(Value):
    """One charge as it was and as it is, or only one of the two."""

    name: str
    quantity_before: Decimal | None = None
    quantity_after: Decimal | None = None
    net_before: Money | None = None
    net_after: Money | None = None


class AmendmentDocument(Value):
    """The confirmation of an amendment: what changed, from when, and what it does to the price.

    `credited` is what credit notes give back before tax, `canceled` what is no longer billed and
    `planned` what is billed instead.
    """

    kind: Literal[DocumentKind.AMENDMENT] = DocumentKind.AMENDMENT
    number: str
    deal: str
    version: int
    entity: Entity
    customer: Customer
    effective_on: date
    signed_on: date
    booked_on: date
    reason: str = ""
    accepted_by: str = ""
    purchase_order: str = ""
    lines: tuple[AmendedLine, ...] = ()
    rests: tuple[Interval, ...] = ()
    ends_on: date | None = None
    credited: Money
    canceled: Money
    planned: Money
    price_before: Money
    price_after: Money
    credit_notes: tuple[str, ...] = ()
    test_clock: bool = False


class OrderFormDocument(Value):
    """The contract to sign, made from the approved quote version, with a block for every signer."""

    kind: Literal[DocumentKind.ORDER_FORM] = DocumentKind.ORDER_FORM
    number: str
    written_on: date
    quote: Quote
    entity: Entity
    customer: Customer
    signers: tuple[SignerBlock, ...]
    renewal: RenewalTerms | None = None
    taxes_note: str = ""
    terms: tuple[str, ...] = ()
    decisions: tuple[DecisionNote, ...] = ()
    test_clock: bool = False


class OrderConfirmationDocument(Value):
    """Our yes to the customer's order: what was ordered, and when it was signed."""

    kind: Literal[DocumentKind.ORDER_CONFIRMATION] = DocumentKind.ORDER_CONFIRMATION
    number: str
    confirmed_on: date
    quote: Quote
    entity: Entity
    customer: Customer
    renewal: RenewalTerms | None = None
    taxes_note: str = ""
    terms: tuple[str, ...] = ()
    decisions: tuple[DecisionNote, ...] = ()
    test_clock: bool = False


class WorkOrderDocument(Value):
    """What one of our departments has to do for an order. It shows no prices."""

    kind: Literal[DocumentKind.WORK_ORDER] = DocumentKind.WORK_ORDER
    number: str
    deal: str
    department: str
    written_on: date
    wanted_on: date | None = None
    entity: Entity
    customer: Customer
    purchase_order: str = ""
    note: str = ""
    lines: tuple[OrderLine, ...]
    test_clock: bool = False


class DeliveryNoteDocument(Value):
    """What was handed over, and where; `back_ordered` follows later. It shows no prices."""

    kind: Literal[DocumentKind.DELIVERY_NOTE] = DocumentKind.DELIVERY_NOTE
    number: str
    deal: str
    delivered_on: date
    entity: Entity
    customer: Customer
    purchase_order: str = ""
    lines: tuple[OrderLine, ...]
    back_ordered: tuple[OrderLine, ...] = ()
    test_clock: bool = False


class InvoiceDocument(Value):
    """An invoice with everything Directive 2006/112/EC art. 226 asks for."""

    kind: Literal[DocumentKind.INVOICE] = DocumentKind.INVOICE
    invoice: Invoice
    decisions: tuple[DecisionNote, ...] = ()
    test_clock: bool = False


class CreditNoteDocument(Value):
    """A credit note with everything Directive 2006/112/EC art. 226 asks for, and art. 219."""

    kind: Literal[DocumentKind.CREDIT_NOTE] = DocumentKind.CREDIT_NOTE
    credit_note: CreditNote
    test_clock: bool = False


class StatementDocument(Value):
    """What passed between a customer and us over some days, and what is open at their end."""

    kind: Literal[DocumentKind.STATEMENT] = DocumentKind.STATEMENT
    number: str
    entity: Entity
    customer: Customer
    statement: Statement
    test_clock: bool = False


class ReceiptLine(Value):
    """The part of a payment that was set against one invoice."""

    invoice: str
    amount: Money


class ReceiptDocument(Value):
    """Thanks for a payment: what it settled, what is left of it, and what is still open.

    `balance` is what the customer still owes after this payment.
    """

    kind: Literal[DocumentKind.RECEIPT] = DocumentKind.RECEIPT
    number: str
    entity: Entity
    customer: Customer
    received_on: date
    reference: str = ""
    amount: Money
    applied: tuple[ReceiptLine, ...] = ()
    unapplied: Money
    balance: Money
    test_clock: bool = False


class ReminderDocument(Value):
    """A letter of one dunning level about every item it covers; `total` is what is to be paid."""

    kind: Literal[DocumentKind.REMINDER] = DocumentKind.REMINDER
    number: str
    entity: Entity
    customer: Customer
    level: int = 1
    level_name: str
    written_on: date
    pay_by: date | None = None
    items: tuple[OpenItem, ...]
    total: Money
    note: str = ""
    test_clock: bool = False


Document = Annotated[
    QuoteDocument
    | RenewalQuoteDocument
    | AmendmentDocument
    | OrderFormDocument
    | OrderConfirmationDocument
    | WorkOrderDocument
    | DeliveryNoteDocument
    | InvoiceDocument
    | CreditNoteDocument
    | StatementDocument
    | ReceiptDocument
    | ReminderDocument,
    Field(discriminator="kind"),
]


def entity_on(document: Document) -> Entity:
    """Return the entity whose document this is, as it was when its content was fixed."""
    if isinstance(document, InvoiceDocument):
        return document.invoice.entity
    if isinstance(document, CreditNoteDocument):
        return document.credit_note.entity
    return document.entity


def document_number(document: Document) -> str:
    """Return the number printed on a document; a quote's names its version, as `Q-1001 v2`."""
    match document:
        case QuoteDocument() | RenewalQuoteDocument():
            return f"{document.quote.number} v{document.quote.version}"
        case InvoiceDocument():
            return document.invoice.number
        case CreditNoteDocument():
            return document.credit_note.number
        case (
            AmendmentDocument()
            | OrderFormDocument()
            | OrderConfirmationDocument()
            | WorkOrderDocument()
            | DeliveryNoteDocument()
            | ReceiptDocument()
            | StatementDocument()
            | ReminderDocument()
        ):
            return document.number
        case _:
            assert_never(document)


def file_name(document: Document) -> str:
    """Return the name a document's file has in a mail: kind and number, `invoice-2026-0001.pdf`."""
    return f"{safe_name(f'{document.kind.value}-{document_number(document)}')}.pdf"


def safe_name(number: str) -> str:
    """Return a number as a part of a file's name, with a dash for what could be a path."""
    return "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in number)


def unverified(decisions: tuple[DecisionNote, ...]) -> tuple[DecisionNote, ...]:
    """Return the decisions nobody proved to be theirs; the document has to say so."""
    return tuple(note for note in decisions if note.assurance is Assurance.UNVERIFIED)


class PlanRow(Value):
    """One row of the printed billing plan: what is billed on one day for one period.

    `numbers` are the lines of the quote it bills.
    """

    bill_on: date | None
    period: Interval
    descriptions: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    amount: Money
    milestone: str = ""


def plan_rows(plan: tuple[PlannedCharge, ...], currency: str) -> tuple[PlanRow, ...]:
    """Return the plan by day and period, charges without a day (delivery, milestones) first.

    Nothing is lost: the rows sum to the plan's charges to the cent.
    """

    def place(charge: PlannedCharge) -> tuple[date, str, date, date]:
        period = charge.period
        return (charge.bill_on or date.min, charge.milestone, period.start, period.end)

    rows: list[PlanRow] = []
    for _, group in groupby(sorted(plan, key=place), key=place):
        charges = tuple(group)
        rows.append(
            PlanRow(
                bill_on=charges[0].bill_on,
                milestone=charges[0].milestone,
                period=charges[0].period,
                descriptions=tuple(dict.fromkeys(charge.description for charge in charges)),
                numbers=tuple(dict.fromkeys(charge.number for charge in charges)),
                amount=Money(
                    minor=sum(charge.amount.minor for charge in charges), currency=currency
                ),
            )
        )
    return tuple(rows)
