"""Issue: fix number, date and content of one invoice, in one transaction with its number."""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from activities.drafting import Drafts
from activities.numbering import next_number
from activities.open_terms import OpenTerm
from activities.tax_desk import TaxDesk
from models.billing import DueCharge, Invoice, InvoiceRequest, check_invoice, draft_invoice
from models.einvoice_mapping import demanded, einvoice_of
from models.einvoice_rules import einvoice_problems
from models.errors import ParkedError
from models.invoice_groups import InvoiceGroup
from models.steps import Converge
from models.tables import InvoiceLineRow, InvoiceRow


def request_for(
    session: Session, term: OpenTerm, charges: Sequence[DueCharge], order: str, step: Converge
) -> InvoiceRequest:
    """Return what an invoice over charges of a term is made of; its payer is billed."""
    drafts = Drafts(session, term.contract, term.quote, term.explained)
    return drafts.request(InvoiceGroup(charges=tuple(charges), purchase_order=order), step.on)


def together(requests: Sequence[InvoiceRequest]) -> InvoiceRequest:
    """Return one request for the requests of several deals; of one it is that request.

    Every charge names its deal. An order number is named only where all have the same.
    """
    first = requests[0]
    if len(requests) == 1:
        return first
    orders = {each.purchase_order for each in requests}
    charges = [
        due.model_copy(update={"deal": each.deal, "term": each.term})
        for each in requests
        for due in each.charges
    ]
    lines = {
        f"{each.deal}:{each.term}|{reference}": line
        for each in requests
        for reference, line in each.lines.items()
    }
    order = orders.pop() if len(orders) == 1 else ""
    changes = {"charges": tuple(charges), "lines": lines, "purchase_order": order}
    return first.model_copy(update=changes)


def issue(
    session: Session, request: InvoiceRequest, scope: str, desk: TaxDesk, key: str = ""
) -> bool:
    """Write one invoice over what is requested, with its number; False while tax is asked for.

    Without a `key` its first charge is its identity. Raises `ParkedError` before a number is drawn.
    """
    taxed = desk.taxed(request)
    if taxed is None:
        return False
    require_sound(draft_invoice(taxed))
    place = next_number(session, taxed.entity, "INV", taxed.issued_on, scope)
    dated = taxed.model_copy(update={"issued_on": place[3]})
    invoice = draft_invoice(dated).model_copy(update={"number": place[0]})
    identity = key or _key(taxed)
    identity += _repetition(session, identity)
    session.add(_invoice_row(invoice, scope, identity, (place[1], place[2])))
    session.flush()
    session.add_all(_line_rows(invoice, dated))
    session.flush()
    return True


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
        withheld_minor=invoice.withheld.amount.minor if invoice.withheld else 0,
        content=invoice.model_dump_json(),
    )


def _line_rows(invoice: Invoice, request: InvoiceRequest) -> list[InvoiceLineRow]:
    return [
        InvoiceLineRow(
            invoice=invoice.number,
            deal=due.deal or request.deal,
            term=due.term or request.term,
            reference=due.charge.reference,
            starts_on=due.charge.period.start,
            ends_on=due.charge.period.end,
            net_minor=line.net.minor,
            tax_minor=line.tax.minor,
            currency=invoice.currency,
            unconditional_on=line.unconditional_on,
        )
        for due, line in zip(request.charges, invoice.lines, strict=True)
    ]
