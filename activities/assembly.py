"""Assemble documents: everything a page says, read from the books.

The same document of the same deal is the same content at any time, so rendering it again after a
crash gives the same bytes.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

from sqlmodel import Session, col, select

from activities.accounts import deal_row, open_items
from activities.amendment_paper import amendment_document_of
from activities.collection import LetterItems
from activities.contract import signers_of
from activities.pricing import file_of_term, quote_of_term, quote_version
from activities.register import customer_of, dunning_policy, entity_of, partner_of, people
from activities.statements import statement_of
from models.billing import Invoice
from models.contract import SIGNED
from models.credit_notes import CreditNote
from models.credit_steps import SendStatement
from models.deal_file import RenewalTerms
from models.decisions import DecisionKind
from models.documents import (
    Assurance,
    CreditNoteDocument,
    DecisionNote,
    DeliveryNoteDocument,
    Document,
    DocumentKind,
    InvoiceDocument,
    OrderConfirmationDocument,
    OrderFormDocument,
    QuoteDocument,
    ReceiptDocument,
    ReceiptLine,
    ReminderDocument,
    RenewalQuoteDocument,
    SignerBlock,
    StatementDocument,
    WorkOrderDocument,
)
from models.fulfillment import FulfillmentStatus, OrderLine
from models.money import Money
from models.parties import Partner, language_between
from models.quoting import Quote
from models.renewal import renewal_calendar
from models.statements import AccountScope
from models.steps import PublishDocument
from models.tables import (
    ContractRow,
    CreditNoteRow,
    DealRow,
    DecisionRow,
    FulfillmentEventRow,
    InvoiceRow,
    OrderLineRow,
    PaymentApplicationRow,
    PaymentRow,
    ReminderRow,
    WorkOrderRow,
)
from models.words import words_for


def assemble(session: Session, step: PublishDocument) -> Document:
    """Return the content of a document; everything it needs is on record."""
    return _MAKERS[step.kind](session, step)


def _quote(session: Session, step: PublishDocument) -> Document:
    deal = deal_row(session, step.deal)
    quote = quote_version(session, step.deal, step.quote_version)
    return QuoteDocument(
        quote=quote,
        partner=_partner(session, deal),
        test_clock=deal.test_clock,
        decisions=_decisions(session, quote),
        renewal=_renewal(session, quote),
        **_parties(session, deal),
        **_people(session, deal),
    )


def _renewal(session: Session, quote: Quote) -> RenewalTerms | None:
    """Return what the deal file of the quote's term asks for after it."""
    file = file_of_term(session, quote.deal, quote.term)
    return file.renewal if file and quote.term_months else None


def _renewal_quote(session: Session, step: PublishDocument) -> Document:
    deal = deal_row(session, step.deal)
    quote = quote_version(session, step.deal, step.quote_version)
    previous = quote_of_term(session, step.deal, quote.term - 1)
    contract = _contract(session, step.deal, quote.term - 1)
    terms = RenewalTerms.model_validate_json(contract.renewal)
    dates = renewal_calendar(contract.starts_on, contract.ends_on, terms.notice_days)
    return RenewalQuoteDocument(
        quote=quote,
        auto_renew=terms.auto_renew,
        last_notice_on=dates.last_notice_on,
        previous_total=previous.total if previous else None,
        partner=_partner(session, deal),
        test_clock=deal.test_clock,
        decisions=_decisions(session, quote),
        **_parties(session, deal),
        **_people(session, deal),
    )


def _partner(session: Session, deal: DealRow) -> Partner | None:
    return partner_of(session, deal.partner) if deal.partner else None


def _order_form(session: Session, step: PublishDocument) -> Document:
    deal = deal_row(session, step.deal)
    quote = quote_version(session, step.deal, step.quote_version)
    return OrderFormDocument(
        number=step.number,
        written_on=step.on,
        quote=quote,
        signers=_signer_blocks(session, quote, signed=step.number.endswith(SIGNED)),
        renewal=_renewal(session, quote),
        decisions=_decisions(session, quote),
        test_clock=deal.test_clock,
        **_parties(session, deal),
    )


def _signer_blocks(session: Session, quote: Quote, *, signed: bool) -> tuple[SignerBlock, ...]:
    """Return a place to sign for each signer, filled in on the signed copy."""
    names = {person.id: person.name for person in people(session)}
    customer = customer_of(session, quote.customer)
    names |= {contact.email: contact.name for contact in customer.contacts}
    language = language_between(customer, entity_of(session, quote.entity))
    signs_for = words_for(language).labels.signs_for
    signatures = _signatures(session, quote) if signed else {}
    blocks = []
    for person, party in signers_of(session, quote):
        block = SignerBlock(role=signs_for.get(party, party), name=names.get(person, person))
        row = signatures.get(person)
        if row is not None:
            block = block.model_copy(
                update={
                    "signed_at": row.decided_at,
                    "document_hash": row.document_hash,
                    "assurance": Assurance(row.assurance),
                }
            )
        blocks.append(block)
    return tuple(blocks)


def _signatures(session: Session, quote: Quote) -> dict[str, DecisionRow]:
    rows = session.exec(
        select(DecisionRow)
        .where(DecisionRow.deal == quote.deal, DecisionRow.quote_version == quote.version)
        .where(DecisionRow.kind == DecisionKind.SIGN.value)
        .where(col(DecisionRow.accepted).is_(True))
    ).all()
    return {row.person: row for row in rows}


def _order_confirmation(session: Session, step: PublishDocument) -> Document:
    deal = deal_row(session, step.deal)
    contract = _contract(session, step.deal, 1)
    quote = quote_of_term(session, step.deal, 1)
    if quote is None:
        raise LookupError(step.deal)
    return OrderConfirmationDocument(
        number=step.number,
        confirmed_on=contract.signed_at.date(),
        quote=quote.model_copy(update={"purchase_order": contract.purchase_order}),
        renewal=_renewal(session, quote),
        decisions=_decisions(session, quote),
        test_clock=deal.test_clock,
        **_parties(session, deal),
    )


def _work_order(session: Session, step: PublishDocument) -> Document:
    deal = deal_row(session, step.deal)
    row = session.get_one(WorkOrderRow, step.number)
    contract = _contract(session, step.deal, 1)
    return WorkOrderDocument(
        number=row.number,
        deal=step.deal,
        department=row.department,
        written_on=row.opened_on,
        wanted_on=contract.starts_on,
        purchase_order=contract.purchase_order,
        lines=_lines(session, step.deal, row.references.split(",")),
        test_clock=deal.test_clock,
        **_parties(session, deal),
    )


def _delivery_note(session: Session, step: PublishDocument) -> Document:
    deal = deal_row(session, step.deal)
    events = session.exec(
        select(FulfillmentEventRow)
        .where(FulfillmentEventRow.deal == step.deal, FulfillmentEventRow.document == step.number)
        .order_by(col(FulfillmentEventRow.id))
    ).all()
    waiting = _back_ordered_before(session, step.deal, events[0])
    return DeliveryNoteDocument(
        number=step.number,
        deal=step.deal,
        delivered_on=events[0].on,
        purchase_order=_contract(session, step.deal, 1).purchase_order,
        lines=_lines(session, step.deal, [event.reference for event in events]),
        back_ordered=_lines(session, step.deal, waiting),
        test_clock=deal.test_clock,
        **_parties(session, deal),
    )


def _back_ordered_before(
    session: Session, deal: str, delivery: FulfillmentEventRow
) -> Sequence[str]:
    """Return the lines that waited for stock when a delivery went out, whatever came later."""
    events = session.exec(
        select(FulfillmentEventRow)
        .where(FulfillmentEventRow.deal == deal)
        .where(col(FulfillmentEventRow.id) < delivery.id)
        .order_by(col(FulfillmentEventRow.id))
    ).all()
    last = {event.reference: event.status for event in events}
    waits = FulfillmentStatus.BACK_ORDERED.value
    return [reference for reference, status in last.items() if status == waits]


def _invoice(session: Session, step: PublishDocument) -> Document:
    row = session.get_one(InvoiceRow, step.number)
    quote = quote_of_term(session, row.deal, row.term)
    return InvoiceDocument(
        invoice=Invoice.model_validate_json(row.content),
        decisions=_decisions(session, quote) if quote else (),
        test_clock=bool(row.scope),
    )


def _credit_note(session: Session, step: PublishDocument) -> Document:
    row = session.get_one(CreditNoteRow, step.number)
    return CreditNoteDocument(
        credit_note=CreditNote.model_validate_json(row.content), test_clock=bool(row.scope)
    )


def _reminder(session: Session, step: PublishDocument) -> Document:
    row = session.get_one(ReminderRow, step.number)
    items = LetterItems.model_validate_json(row.content).items
    names = {one.level: one.name for one in dunning_policy(session).steps}
    return ReminderDocument(
        number=row.number,
        entity=entity_of(session, row.entity),
        customer=customer_of(session, row.customer),
        level=row.level,
        level_name=names.get(row.level, ""),
        written_on=row.written_on,
        items=items,
        total=Money.total((item.balance for item in items), row.currency),
        test_clock=bool(row.scope),
    )


def assemble_receipt(session: Session, payment: str) -> ReceiptDocument:
    """Return the content of a payment's receipt."""
    row = session.get_one(PaymentRow, payment)
    applications = session.exec(
        select(PaymentApplicationRow)
        .where(PaymentApplicationRow.payment == payment)
        .order_by(col(PaymentApplicationRow.id))
    ).all()
    applied = tuple(
        ReceiptLine(
            invoice=one.invoice, amount=Money(minor=one.amount_minor, currency=one.currency)
        )
        for one in applications
    )
    amount = Money(minor=row.amount_minor, currency=row.currency)
    settled = Money.total((line.amount for line in applied), row.currency)
    return ReceiptDocument(
        number=f"R-{row.number}",
        entity=entity_of(session, row.entity),
        customer=customer_of(session, row.customer),
        received_on=row.received_on,
        reference=row.reference,
        amount=amount,
        applied=applied,
        unapplied=amount - settled,
        balance=_balance_after(session, row, applications),
        test_clock=bool(row.scope),
    )


def assemble_statement(session: Session, request: SendStatement) -> StatementDocument:
    """Return the content of a customer's statement of account.

    Its number names whose it is and its last day, and by a hash what it says. Raises
    `NotFoundError` for an unknown party and `InvalidInputError` for days the wrong way round.
    """
    customer = customer_of(session, request.customer)
    entity = entity_of(session, request.entity)
    scope = AccountScope.model_validate(request, from_attributes=True)
    statement = statement_of(session, scope, request.deal)
    digest = hashlib.sha256(statement.model_dump_json().encode()).hexdigest()[:8].upper()
    return StatementDocument(
        number=f"ST-{customer.number}-{request.currency}-{request.until:%Y%m%d}-{digest}",
        entity=entity,
        customer=customer,
        statement=statement,
        test_clock=bool(request.deal),
    )


def _balance_after(
    session: Session, row: PaymentRow, applications: Sequence[PaymentApplicationRow]
) -> Money:
    """Return what the deals of a payment still owed once it was applied."""
    deals = sorted({one.deal for one in applications})
    found = (item for deal in deals for item in open_items(session, deal=deal))
    items = {item.invoice: item for item in found}
    known = [item for item in items.values() if item.issued_on <= row.received_on]
    return Money.total((item.balance for item in known), row.currency)


def _parties(session: Session, deal: DealRow) -> dict[str, object]:
    return {
        "entity": entity_of(session, deal.entity),
        "customer": customer_of(session, deal.customer),
    }


def _people(session: Session, deal: DealRow) -> dict[str, str]:
    names = {person.id: person for person in people(session)}
    contacts = customer_of(session, deal.customer).contacts
    seller = names.get(deal.seller)
    return {
        "attention": contacts[0].name if contacts else "",
        "seller_name": seller.name if seller else deal.seller,
        "seller_email": seller.email if seller else "",
    }


def _contract(session: Session, deal: str, term: int) -> ContractRow:
    statement = select(ContractRow).where(ContractRow.deal == deal, ContractRow.term == term)
    return session.exec(statement).one()


def _decisions(session: Session, quote: Quote) -> tuple[DecisionNote, ...]:
    """Return the decisions on a quote version that nobody proved; documents have to say so."""
    rows = session.exec(
        select(DecisionRow)
        .where(DecisionRow.deal == quote.deal, DecisionRow.quote_version == quote.version)
        .where(col(DecisionRow.accepted).is_(True))
        .where(DecisionRow.kind != "escalate")
        .order_by(col(DecisionRow.id))
    ).all()
    words = {
        DecisionKind.APPROVE.value: "approved",
        DecisionKind.ACCEPT.value: "accepted",
        DecisionKind.SIGN.value: "signed",
        DecisionKind.RENEW.value: "renewed",
    }
    return tuple(
        DecisionNote(
            action=words.get(row.kind, row.kind),
            person=row.person,
            decided_at=row.decided_at,
            assurance=Assurance(row.assurance),
        )
        for row in rows
        if row.kind in words
    )


def _lines(session: Session, deal: str, references: Sequence[str]) -> tuple[OrderLine, ...]:
    rows = session.exec(
        select(OrderLineRow).where(OrderLineRow.deal == deal).order_by(col(OrderLineRow.id))
    ).all()
    return tuple(
        OrderLine.model_validate_json(row.content) for row in rows if row.reference in references
    )


_MAKERS: Mapping[DocumentKind, Callable[[Session, PublishDocument], Document]] = {
    DocumentKind.QUOTE: _quote,
    DocumentKind.RENEWAL_QUOTE: _renewal_quote,
    DocumentKind.ORDER_FORM: _order_form,
    DocumentKind.ORDER_CONFIRMATION: _order_confirmation,
    DocumentKind.WORK_ORDER: _work_order,
    DocumentKind.DELIVERY_NOTE: _delivery_note,
    DocumentKind.INVOICE: _invoice,
    DocumentKind.CREDIT_NOTE: _credit_note,
    DocumentKind.REMINDER: _reminder,
    DocumentKind.AMENDMENT: amendment_document_of,
}
