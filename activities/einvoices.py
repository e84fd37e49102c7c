"""Structured invoices of what is on record, and what writes them and carries them away."""

from typing import Protocol

from sqlmodel import Session

from activities.register import customer_of, entity_of
from models.billing import Invoice
from models.credit_notes import CreditNote
from models.einvoice import EInvoice
from models.einvoice_mapping import addressed, einvoice_of, einvoice_of_credit_note
from models.einvoice_settings import EInvoiceFormat
from models.errors import NotFoundError
from models.parties import Customer, Entity
from models.tables import CreditNoteRow, InvoiceRow
from models.value import Value


class EInvoiceWriter(Protocol):
    """Writes a document in a format; equal documents give equal bytes."""

    def __call__(self, einvoice: EInvoice, wanted: EInvoiceFormat) -> bytes:
        """Return the bytes."""


def writes_none(einvoice: EInvoice, wanted: EInvoiceFormat) -> bytes:
    """Refuse to write: for a house in which nothing is published."""
    raise NotImplementedError(f"{einvoice.number} is not written as {wanted} here")


class Issued(Value):
    """An invoice or credit note on record: whose deal it is of, and what its buyer asked for then.

    `einvoice` names the electronic addresses on record today.
    """

    deal: str
    einvoice: EInvoice
    wanted: EInvoiceFormat | None = None
    is_sent: bool = False
    is_test: bool = False


def issued(session: Session, number: str) -> Issued:
    """Return an issued document in the terms of EN 16931; raises `NotFoundError`."""
    row = session.get(InvoiceRow, number)
    if row is not None:
        invoice = Invoice.model_validate_json(row.content)
        einvoice = einvoice_of(invoice, test_clock=bool(row.scope))
        found = _issued(session, row.deal, einvoice, (invoice.entity, invoice.customer))
        return found.model_copy(update={"is_test": bool(row.scope)})
    credit = session.get(CreditNoteRow, number)
    if credit is None:
        raise NotFoundError(f"There is no invoice or credit note {number}.")
    note = CreditNote.model_validate_json(credit.content)
    einvoice = einvoice_of_credit_note(note, test_clock=bool(credit.scope))
    found = _issued(session, credit.deal, einvoice, (note.entity, note.customer))
    return found.model_copy(update={"is_test": bool(credit.scope)})


def _issued(
    session: Session, deal: str, einvoice: EInvoice, then: tuple[Entity, Customer]
) -> Issued:
    entity, customer = then
    now = (entity_of(session, entity.number), customer_of(session, customer.number))
    return Issued(
        deal=deal,
        einvoice=addressed(einvoice, *now),
        wanted=customer.e_invoice_format,
        is_sent=customer.e_invoice_send,
    )
