"""The amendment: what of a running contract changes, from when, and what that costs."""

from datetime import timedelta

from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf.blocks import Column, gap, text
from activities.adapters.pdf.edition import Edition, buyer, top
from activities.adapters.pdf.page import Sheet
from models.documents import AmendmentDocument
from models.money import Money

_ONE_DAY = timedelta(days=1)


def amendment_sheet(document: AmendmentDocument, edition: Edition) -> Sheet:
    """Return the sheet of a confirmed amendment."""
    labels, formats = edition.labels, edition.formats
    facts = [
        (labels.number, document.number),
        (labels.deal, document.deal),
        (labels.version, str(document.version)),
        (labels.amended_from, formats.day(document.effective_on)),
        (labels.amended_on, formats.day(document.signed_on)),
        (labels.date, formats.day(document.booked_on)),
        (labels.amended_by, document.accepted_by),
        (labels.purchase_order, document.purchase_order),
        (labels.currency, document.price_after.currency),
    ]
    parties = [buyer(edition, document.customer, labels.bill_to)]
    said = labels.amendment_sentence.format(
        version=document.version, day=formats.day(document.effective_on)
    )
    story: list[Flowable] = [*top(edition, labels.amendment, parties, facts), text(said), gap(2)]
    story += [text(sentence) for sentence in _sentences(edition, document)]
    story += [gap(3), *_lines(edition, document), _totals(edition, document)]
    return edition.sheet(
        labels.amendment,
        document.number,
        story,
        test_clock=document.test_clock,
    )


def _sentences(edition: Edition, document: AmendmentDocument) -> list[str]:
    labels, day = edition.labels, edition.formats.day
    found = [
        labels.rests_sentence.format(start=day(rest.start), end=day(rest.end - _ONE_DAY))
        for rest in document.rests
    ]
    if document.ends_on is not None:
        found.append(labels.ends_sentence.format(day=day(document.ends_on - _ONE_DAY)))
    if document.reason:
        found.append(f"{labels.amended_why}: {document.reason}")
    return found


def _lines(edition: Edition, document: AmendmentDocument) -> list[Flowable]:
    if not document.lines:
        return []
    labels, formats = edition.labels, edition.formats
    columns = [
        Column(labels.description, 0.4),
        Column(labels.quantity_before, 0.14, right=True),
        Column(labels.quantity_after, 0.14, right=True),
        Column(labels.amount_before, 0.16, right=True),
        Column(labels.amount_after, 0.16, right=True),
    ]

    def amount(money: Money | None) -> str:
        return formats.amount(money) if money is not None else ""

    rows = [
        [
            line.name,
            formats.quantity(line.quantity_before) if line.quantity_before is not None else "",
            formats.quantity(line.quantity_after) if line.quantity_after is not None else "",
            amount(line.net_before),
            amount(line.net_after),
        ]
        for line in document.lines
    ]
    return [edition.blocks.data_table(columns, rows)]


def _totals(edition: Edition, document: AmendmentDocument) -> Flowable:
    labels, money = edition.labels, edition.formats.money
    rows = [
        (labels.value_before, money(document.price_before)),
        (labels.given_back, money(-document.credited)),
        (labels.no_longer_billed, money(-document.canceled)),
        (labels.billed_instead, money(document.planned)),
    ]
    return edition.blocks.totals_box(rows, (labels.value_after, money(document.price_after)), [])
