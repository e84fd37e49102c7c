"""The work order: what a department has to do, with a box to tick per line and no prices."""

from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf.blocks import Column, TickBox, described, text
from activities.adapters.pdf.edition import Edition, delivery_place, quantity_of, top
from activities.adapters.pdf.page import Sheet
from models.documents import WorkOrderDocument
from models.fulfillment import OrderLine


def work_order_sheet(document: WorkOrderDocument, edition: Edition) -> Sheet:
    """Return the sheet of a work order."""
    labels, formats = edition.labels, edition.formats
    facts = [
        (labels.number, document.number),
        (labels.deal, document.deal),
        (labels.department, document.department),
        (labels.date, formats.day(document.written_on)),
        (labels.wanted_on, formats.day(document.wanted_on) if document.wanted_on else ""),
        (labels.customer_number, document.customer.number),
        (labels.purchase_order, document.purchase_order),
    ]
    parties = delivery_place(edition, document.customer, always=True)
    note: list[Flowable] = (
        [edition.blocks.heading(labels.note), text(document.note)] if document.note else []
    )
    return edition.sheet(
        labels.work_order,
        document.number,
        [
            *top(edition, labels.work_order, parties, facts),
            _lines(edition, document.lines),
            *note,
        ],
        test_clock=document.test_clock,
    )


def _lines(edition: Edition, lines: tuple[OrderLine, ...]) -> Flowable:
    labels = edition.labels
    columns = [
        Column(labels.position, 0.08),
        Column(labels.item, 0.45),
        Column(labels.status, 0.20),
        Column(labels.quantity, 0.15, right=True),
        Column(labels.done, 0.12, right=True),
    ]
    rows = [
        [
            str(place),
            described(line.name, [f"{labels.sku} {line.sku}"]),
            edition.labels.statuses.get(line.status.value, line.status.value),
            quantity_of(edition, line),
            TickBox(),
        ]
        for place, line in enumerate(lines, start=1)
    ]
    return edition.blocks.data_table(columns, rows)
