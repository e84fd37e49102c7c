"""Documents as PDF: one module per document, one look for all, equal bytes for equal content."""

import threading
from typing import assert_never

from activities.adapters.pdf.delivery_note import delivery_note_sheet
from activities.adapters.pdf.invoice import invoice_sheet
from activities.adapters.pdf.order_confirmation import order_confirmation_sheet
from activities.adapters.pdf.order_form import order_form_sheet
from activities.adapters.pdf.page import Sheet, set_sheet
from activities.adapters.pdf.quote import quote_sheet, renewal_quote_sheet
from activities.adapters.pdf.receipt import receipt_sheet
from activities.adapters.pdf.reminder import reminder_sheet
from activities.adapters.pdf.typeface import register
from activities.adapters.pdf.work_order import work_order_sheet
from models.documents import (
    DeliveryNoteDocument,
    Document,
    InvoiceDocument,
    OrderConfirmationDocument,
    OrderFormDocument,
    QuoteDocument,
    ReceiptDocument,
    ReminderDocument,
    RenewalQuoteDocument,
    WorkOrderDocument,
)

# The PDF library reads a shared font file while it subsets; two threads would move its position.
_one_at_a_time = threading.Lock()


def render(document: Document) -> bytes:
    """Return a document as PDF: equal content gives equal bytes, on every thread and process.

    The bytes also depend on the versions of the PDF library, Babel and zlib, so a stored document
    is kept, not rendered again.
    """
    with _one_at_a_time:
        register()
        return set_sheet(_sheet(document))


def _sheet(document: Document) -> Sheet:  # noqa: C901, PLR0911 - one case per document is the point
    match document:
        case QuoteDocument():
            return quote_sheet(document)
        case RenewalQuoteDocument():
            return renewal_quote_sheet(document)
        case OrderFormDocument():
            return order_form_sheet(document)
        case OrderConfirmationDocument():
            return order_confirmation_sheet(document)
        case WorkOrderDocument():
            return work_order_sheet(document)
        case DeliveryNoteDocument():
            return delivery_note_sheet(document)
        case InvoiceDocument():
            return invoice_sheet(document)
        case ReceiptDocument():
            return receipt_sheet(document)
        case ReminderDocument():
            return reminder_sheet(document)
        case _:
            assert_never(document)
