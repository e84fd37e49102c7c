"""The reminder: one polite letter about every overdue item, firmer from level to level."""

from reportlab.platypus import KeepTogether
from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf.blocks import Column, fitted, gap, text
from activities.adapters.pdf.edition import Edition, buyer, top
from activities.adapters.pdf.page import Sheet
from models.collection import OpenItem
from models.documents import ReminderDocument


def reminder_sheet(document: ReminderDocument, edition: Edition) -> Sheet:
    """Return the sheet of a reminder; its title is the dunning level's name."""
    labels, formats = edition.labels, edition.formats
    name = (
        labels.level_names.get(document.level_name.lower(), document.level_name) or labels.reminder
    )
    title = name[:1].upper() + name[1:]
    facts = [
        (labels.number, document.number),
        (labels.date, formats.day(document.written_on)),
        (labels.pay_by, formats.day(document.pay_by) if document.pay_by else ""),
        (labels.customer_number, document.customer.number),
        (labels.currency, document.total.currency),
    ]
    parties = [buyer(edition, document.customer, labels.bill_to)]
    sentences = labels.reminder_sentences
    place = max(1, min(document.level - 1, len(sentences) - 1)) if _is_late(document) else 0
    note: list[Flowable] = [gap(3), text(document.note)] if document.note else []
    story = [
        *top(edition, title, parties, facts),
        text(labels.greeting),
        gap(2),
        text(sentences[place]),
        gap(4),
        _items(edition, document),
        edition.blocks.totals_box([], (labels.total_due, formats.money(document.total)), []),
        *note,
        gap(3),
        text(labels.reminder_crossed),
        *_payment(edition, document),
    ]
    return edition.sheet(title, document.number, story, test_clock=document.test_clock)


def _is_late(document: ReminderDocument) -> bool:
    """Whether anything is overdue; a letter ahead of the due date only says that it is near."""
    return any(item.due_on < document.written_on for item in document.items)


def _items(edition: Edition, document: ReminderDocument) -> Flowable:
    labels = edition.labels
    columns = [
        Column(labels.invoice, 0.27),
        Column(labels.issued, 0.15),
        Column(labels.due, 0.15),
        Column(labels.days_overdue, 0.11, right=True),
        Column(labels.invoice_amount, 0.16, right=True),
        Column(f"{labels.open_amount} ({document.total.currency})", 0.16, right=True),
    ]
    return edition.blocks.data_table(
        columns, [_item(edition, document, item) for item in document.items]
    )


def _item(edition: Edition, document: ReminderDocument, item: OpenItem) -> list[object]:
    formats = edition.formats
    return [
        fitted(item.invoice),
        formats.day(item.issued_on),
        formats.day(item.due_on),
        str(max(0, (document.written_on - item.due_on).days) or ""),
        formats.amount(item.gross),
        formats.amount(item.balance),
    ]


def _payment(edition: Edition, document: ReminderDocument) -> list[Flowable]:
    labels, bank = edition.labels, document.entity.bank
    rows = [
        (labels.account_holder, bank.holder),
        (labels.bank, bank.bank),
        (labels.account, bank.account),
        (labels.bic, bank.bic),
        (labels.routing, bank.routing),
        (labels.payment_reference, ", ".join(item.invoice for item in document.items[:5])),
    ]
    return [KeepTogether([edition.blocks.heading(labels.payment), edition.blocks.panel(rows)])]
