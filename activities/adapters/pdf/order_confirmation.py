"""The order confirmation: our yes, with what was ordered and when it is billed."""

from activities.adapters.pdf.blocks import gap, text
from activities.adapters.pdf.commerce import offer, payment_terms, term, terms
from activities.adapters.pdf.edition import (
    Edition,
    assurance_notice,
    buyer,
    delivery_place,
    top,
)
from activities.adapters.pdf.page import Sheet
from models.documents import OrderConfirmationDocument


def order_confirmation_sheet(document: OrderConfirmationDocument, edition: Edition) -> Sheet:
    """Return the sheet of an order confirmation."""
    labels, quote = edition.labels, document.quote
    parties = [
        buyer(edition, document.customer, labels.bill_to),
        *delivery_place(edition, document.customer),
    ]
    facts = [
        (labels.order_number, document.number),
        (labels.quote_number, f"{quote.number} v{quote.version}"),
        (labels.date, edition.formats.day(document.confirmed_on)),
        (labels.term, term(edition, quote)),
        (labels.payment_terms, payment_terms(edition, quote.payment_terms_days)),
        (labels.purchase_order, quote.purchase_order),
        (labels.currency, quote.currency),
    ]
    story = [
        *top(edition, labels.order_confirmation, parties, facts),
        text(labels.confirmation_sentence),
        gap(4),
        *offer(edition, quote),
        *terms(
            edition,
            quote,
            renewal=document.renewal,
            taxes_note=document.taxes_note,
            more=document.terms,
        ),
        *assurance_notice(edition, document.decisions),
    ]
    return edition.sheet(
        labels.order_confirmation, document.number, story, test_clock=document.test_clock
    )
