"""Documents as PDF: one module per document, one look for all, equal bytes for equal content."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from activities.adapters.einvoice.cii import write_cii
from activities.adapters.pdf.amendment import amendment_sheet
from activities.adapters.pdf.archive import Archive
from activities.adapters.pdf.credit_note import credit_note_sheet
from activities.adapters.pdf.delivery_note import delivery_note_sheet
from activities.adapters.pdf.edition import Edition, edition_of
from activities.adapters.pdf.invoice import invoice_sheet
from activities.adapters.pdf.order_confirmation import order_confirmation_sheet
from activities.adapters.pdf.order_form import order_form_sheet
from activities.adapters.pdf.page import Sheet, set_sheet
from activities.adapters.pdf.quote import quote_sheet, renewal_quote_sheet
from activities.adapters.pdf.receipt import receipt_sheet
from activities.adapters.pdf.reminder import reminder_sheet
from activities.adapters.pdf.statement import statement_sheet
from activities.adapters.pdf.typeface import register
from activities.adapters.pdf.work_order import work_order_sheet
from models.documents import (
    AmendmentDocument,
    CreditNoteDocument,
    DeliveryNoteDocument,
    Document,
    InvoiceDocument,
    OrderConfirmationDocument,
    OrderFormDocument,
    QuoteDocument,
    ReceiptDocument,
    ReminderDocument,
    RenewalQuoteDocument,
    StatementDocument,
    WorkOrderDocument,
    entity_on,
)
from models.einvoice_mapping import einvoice_of, einvoice_of_credit_note
from models.einvoice_rules import einvoice_problems
from models.einvoice_settings import EInvoiceFormat

# The PDF library reads a shared font file while it subsets; two threads would move its position.
_one_at_a_time = threading.Lock()


def render(document: Document, logo_of: Callable[[str], bytes] | None = None) -> bytes:
    """Return a document as PDF: equal content gives equal bytes, on every thread and process.

    `logo_of` gives a picture by the SHA-256 an entity's brand names; without it there is no logo.
    The bytes also depend on the versions of the PDF library, Babel and zlib, so a stored document
    is kept, not rendered again.
    """
    entity = entity_on(document)
    logo = logo_of(entity.brand.logo) if logo_of and entity.brand.logo else b""
    with _one_at_a_time:
        register()
        sheet = _sheet(document, edition_of(document, logo))
        return set_sheet(replace(sheet, archive=_archive(document)))


def _archive(document: Document) -> Archive | None:
    """Return the structured invoice a document carries, where its entity says so."""
    if not entity_on(document).embeds_xml:
        return None
    match document:
        case InvoiceDocument():
            einvoice = einvoice_of(document.invoice, test_clock=document.test_clock)
        case CreditNoteDocument():
            note, is_test = document.credit_note, document.test_clock
            einvoice = einvoice_of_credit_note(note, test_clock=is_test)
        case _:
            return None
    if einvoice_problems(einvoice, EInvoiceFormat.CII):
        # It was issued before these rules were asked; a wrong file would be worse than none.
        return None
    return Archive(xml=write_cii(einvoice), dated_on=einvoice.issued_on)


def _sheet(document: Document, edition: Edition) -> Sheet:  # noqa: C901, PLR0911, PLR0912 - one case per document is the point
    match document:
        case QuoteDocument():
            return quote_sheet(document, edition)
        case AmendmentDocument():
            return amendment_sheet(document, edition)
        case RenewalQuoteDocument():
            return renewal_quote_sheet(document, edition)
        case OrderFormDocument():
            return order_form_sheet(document, edition)
        case OrderConfirmationDocument():
            return order_confirmation_sheet(document, edition)
        case WorkOrderDocument():
            return work_order_sheet(document, edition)
        case DeliveryNoteDocument():
            return delivery_note_sheet(document, edition)
        case InvoiceDocument():
            return invoice_sheet(document, edition)
        case CreditNoteDocument():
            return credit_note_sheet(document, edition)
        case StatementDocument():
            return statement_sheet(document, edition)
        case ReceiptDocument():
            return receipt_sheet(document, edition)
        case ReminderDocument():
            return reminder_sheet(document, edition)
        case _:
            assert_never(document)
