"""The credit note: which invoice it takes back from, why, and every amount as it was billed."""

from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf.blocks import Column, described, gap, text
from activities.adapters.pdf.edition import Edition, buyer, delivery_place, top
from activities.adapters.pdf.invoice import tax_summary
from activities.adapters.pdf.page import Sheet
from models.credit_notes import CreditNote, CreditNoteLine
from models.documents import CreditNoteDocument
from models.waterfall import FLAT_UNIT


def credit_note_sheet(document: CreditNoteDocument, edition: Edition) -> Sheet:
    """Return the sheet of a credit note."""
    note, labels = document.credit_note, edition.labels
    parties = [
        buyer(edition, note.customer, labels.bill_to),
        *delivery_place(edition, note.customer),
    ]
    sentence = labels.credit_note_sentence.format(
        number=note.corrects, day=edition.formats.day(note.corrects_issued_on)
    )
    story = [
        *top(edition, labels.credit_note, parties, _facts(edition, note)),
        text(sentence),
        gap(4),
        _lines(edition, note),
        _totals(edition, note),
        *tax_summary(edition, note.taxes, note.currency),
        gap(3),
        text(labels.credit_note_settled),
    ]
    return edition.sheet(labels.credit_note, note.number, story, test_clock=document.test_clock)


def _facts(edition: Edition, note: CreditNote) -> list[tuple[str, str]]:
    labels, formats = edition.labels, edition.formats
    supplied = labels.supply_date if note.supplied.days <= 1 else labels.supply_period
    return [
        (labels.number, note.number),
        (labels.date, formats.day(note.issued_on)),
        (labels.corrects, note.corrects),
        (labels.invoiced_on, formats.day(note.corrects_issued_on)),
        (supplied, formats.period(note.supplied)),
        (labels.credit_reason, note.reason),
        (labels.purchase_order, note.purchase_order),
        (labels.deal, note.deal),
        (labels.currency, note.currency),
    ]


def _lines(edition: Edition, note: CreditNote) -> Flowable:
    labels = edition.labels
    columns = [
        Column(labels.position, 0.05),
        Column(labels.description, 0.38),
        Column(labels.quantity, 0.13, right=True),
        Column(labels.unit_price, 0.13, right=True),
        Column(labels.discount, 0.11, right=True),
        Column(labels.rate, 0.07, right=True),
        Column(f"{labels.net} ({note.currency})", 0.13, right=True),
    ]
    return edition.blocks.data_table(columns, [_line(edition, line) for line in note.lines])


def _line(edition: Edition, line: CreditNoteLine) -> list[object]:
    formats = edition.formats
    unit = edition.labels.fee if line.unit == FLAT_UNIT else line.unit
    return [
        str(line.invoice_line + 1),
        described(line.description, [formats.period(line.period)]),
        f"{formats.quantity(line.quantity)} {unit}",
        formats.unit_price(line.unit_price, line.net.currency),
        formats.amount(-line.discount) if line.discount.minor else "",
        formats.percent(line.tax_rate_percent),
        formats.amount(line.net),
    ]


def _totals(edition: Edition, note: CreditNote) -> Flowable:
    labels, money = edition.labels, edition.formats.money
    return edition.blocks.totals_box(
        [(labels.net_total, money(note.net)), (labels.tax_total, money(note.tax))],
        (labels.total_credited, money(note.gross)),
        [],
    )
