"""The delivery note: what was handed over, where, and a line for whoever received it."""

from reportlab.platypus import KeepTogether
from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf import theme
from activities.adapters.pdf.blocks import Column, described, gap, text
from activities.adapters.pdf.edition import (
    Edition,
    buyer,
    delivery_place,
    quantity_of,
    top,
)
from activities.adapters.pdf.page import Sheet
from models.documents import DeliveryNoteDocument
from models.fulfillment import OrderLine


def delivery_note_sheet(document: DeliveryNoteDocument, edition: Edition) -> Sheet:
    """Return the sheet of a delivery note."""
    labels = edition.labels
    facts = [
        (labels.number, document.number),
        (labels.deal, document.deal),
        (labels.delivered_on, edition.formats.day(document.delivered_on)),
        (labels.purchase_order, document.purchase_order),
    ]
    parties = [
        buyer(edition, document.customer, labels.bill_to),
        *delivery_place(edition, document.customer, always=True),
    ]
    received = [labels.received_sentence, "_" * 40, f"{labels.signature} / {labels.signature_date}"]
    return edition.sheet(
        labels.delivery_note,
        document.number,
        [
            *top(edition, labels.delivery_note, parties, facts),
            _lines(edition, document.lines),
            *_to_follow(edition, document.back_ordered),
            KeepTogether(
                [
                    gap(10),
                    text(received[0]),
                    gap(12),
                    text(received[1], theme.SMALL),
                    text(received[2], theme.SMALL),
                ]
            ),
        ],
        test_clock=document.test_clock,
    )


def _lines(edition: Edition, lines: tuple[OrderLine, ...]) -> Flowable:
    labels = edition.labels
    columns = [
        Column(labels.position, 0.08),
        Column(labels.item, 0.72),
        Column(labels.quantity, 0.20, right=True),
    ]
    rows = [
        [
            str(place),
            described(line.name, [f"{labels.sku} {line.sku}"]),
            quantity_of(edition, line),
        ]
        for place, line in enumerate(lines, start=1)
    ]
    return edition.blocks.data_table(columns, rows)


def _to_follow(edition: Edition, lines: tuple[OrderLine, ...]) -> list[Flowable]:
    """Return what of the order is still to come, so that nobody takes the delivery for all."""
    if not lines:
        return []
    labels = edition.labels
    columns = [Column(labels.item, 0.68), Column(labels.status, 0.32, right=True)]
    rows = [
        [
            described(line.name, [f"{labels.sku} {line.sku}"]),
            labels.to_follow_status.format(quantity=quantity_of(edition, line)),
        ]
        for line in lines
    ]
    return [
        *edition.blocks.table_heading(labels.to_follow),
        edition.blocks.data_table(columns, rows),
    ]
