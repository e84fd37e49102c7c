"""Issue: fix number, date and content of one invoice, in one transaction with its number."""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from activities.contract_versions import lines_by_reference
from activities.numbering import next_number
from activities.open_terms import OpenTerm
from activities.payers import payer_of
from activities.register import customer_of, entity_of, tax_rules
from activities.voiding import corrected_order
from models.billing import DueCharge, Invoice, InvoiceRequest, check_invoice, draft_invoice
from models.einvoice_mapping import demanded, einvoice_of
from models.einvoice_rules import einvoice_problems
from models.errors import ParkedError
from models.steps import Converge
from models.tables import InvoiceLineRow, InvoiceRow


def request_for(
    session: Session, term: OpenTerm, charges: Sequence[DueCharge], order: str, step: Converge
) -> InvoiceRequest:
    """Return what an invoice over charges of a term is made of; its payer is billed."""
    contract = term.contract
    payer = payer_of(session, contract.customer)
    is_own = payer.number == contract.customer
    return InvoiceRequest(
        deal=contract.deal,
        term=contract.term,
        entity=entity_of(session, contract.entity),
        customer=payer,
        recipient=None if is_own else customer_of(session, contract.customer),
        currency=contract.currency,
        issued_on=step.on,
        payment_terms_days=contract.payment_terms_days,
        purchase_order=order
        or corrected_order(session, contract.deal, contract.term)
        or contract.purchase_order,
        charges=tuple(charges),
        lines={**lines_by_reference(session, contract), **term.explained},
        rules=tax_rules(session),
    )


def issue(
    session: Session, requests: Sequence[InvoiceRequest], scope: str, key: str = ""
) -> Invoice:
    """Write one invoice over what is requested, of one deal or several, with its number.

    Without a `key` its first charge is its identity. Raises `ParkedError` before a number is drawn.
    """
    first = requests[0]
    require_sound(draft_invoice(*requests))
    place = next_number(session, first.entity, "INV", first.issued_on, scope)
    dated = [each.model_copy(update={"issued_on": place[3]}) for each in requests]
    invoice = draft_invoice(*dated).model_copy(update={"number": place[0]})
    identity = key or _key(first)
    identity += _repetition(session, identity)
    session.add(_invoice_row(invoice, scope, identity, (place[1], place[2])))
    session.flush()
    session.add_all(_line_rows(invoice, dated))
    session.flush()
    return invoice


def require_sound(draft: Invoice) -> None:
    """Park what may not go out before a number is drawn: a number without invoice is a gap."""
    numbered = draft.model_copy(update={"number": "draft"})
    problems = [*check_invoice(numbered)]
    for wanted in demanded(draft.entity, draft.customer):
        problems += einvoice_problems(einvoice_of(numbered), wanted)
    if problems:
        listed = "; ".join(dict.fromkeys(str(problem) for problem in problems))
        raise ParkedError(f"The invoice is not complete: {listed}")


def _key(request: InvoiceRequest) -> str:
    first = min((due.charge for due in request.charges), key=lambda charge: charge.reference)
    return f"{request.deal}:{request.term}:{first.reference}:{first.period.start}"


def _repetition(session: Session, key: str) -> str:
    """Return what tells an invoice from those of the same days that were taken back."""
    before = select(func.count(col(InvoiceRow.number))).where(
        (col(InvoiceRow.key) == key) | col(InvoiceRow.key).startswith(f"{key}#", autoescape=True)
    )
    count = session.exec(before).one()
    return f"#{count + 1}" if count else ""


def _invoice_row(invoice: Invoice, scope: str, key: str, place: tuple[str, int]) -> InvoiceRow:
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
        content=invoice.model_dump_json(),
    )


def _line_rows(invoice: Invoice, requests: Sequence[InvoiceRequest]) -> list[InvoiceLineRow]:
    charges = [(each, due.charge) for each in requests for due in each.charges]
    return [
        InvoiceLineRow(
            invoice=invoice.number,
            deal=request.deal,
            term=request.term,
            reference=charge.reference,
            starts_on=charge.period.start,
            ends_on=charge.period.end,
            net_minor=line.net.minor,
            tax_minor=line.tax.minor,
            currency=invoice.currency,
            unconditional_on=line.unconditional_on,
        )
        for (request, charge), line in zip(charges, invoice.lines, strict=True)
    ]
