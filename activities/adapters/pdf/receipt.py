"""The receipt: what was paid, which invoices it settled, and what is still open."""

from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf.blocks import Column, gap, text
from activities.adapters.pdf.edition import Edition, buyer, top
from activities.adapters.pdf.page import Sheet
from models.documents import ReceiptDocument


def receipt_sheet(document: ReceiptDocument, edition: Edition) -> Sheet:
    """Return the sheet of a payment receipt."""
    labels, formats = edition.labels, edition.formats
    facts = [
        (labels.number, document.number),
        (labels.received_on, formats.day(document.received_on)),
        (labels.payment_reference, document.reference),
        (labels.currency, document.amount.currency),
    ]
    parties = [buyer(edition, document.customer, labels.bill_to)]
    sentence = labels.receipt_sentence.format(amount=formats.money(document.amount))
    return edition.sheet(
        labels.receipt,
        document.number,
        [
            *top(edition, labels.receipt, parties, facts),
            text(sentence),
            gap(4),
            *_applied(edition, document),
            _totals(edition, document),
        ],
        test_clock=document.test_clock,
    )


def _applied(edition: Edition, document: ReceiptDocument) -> list[Flowable]:
    if not document.applied:
        return []
    labels = edition.labels
    columns = [
        Column(labels.applied_to, 0.7),
        Column(f"{labels.amount} ({document.amount.currency})", 0.3, right=True),
    ]
    rows = [[line.invoice, edition.formats.amount(line.amount)] for line in document.applied]
    return [edition.blocks.data_table(columns, rows)]


def _totals(edition: Edition, document: ReceiptDocument) -> Flowable:
    labels, money = edition.labels, edition.formats.money
    unapplied = [(labels.unapplied, money(document.unapplied))] if document.unapplied.minor else []
    return edition.blocks.totals_box(
        unapplied,
        (labels.payment_amount, money(document.amount)),
        [(labels.balance, money(document.balance))],
    )
