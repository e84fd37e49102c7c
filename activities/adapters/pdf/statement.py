"""The statement of account: a running balance over all documents, and what is open at the end."""

from reportlab.platypus import KeepTogether
from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf.blocks import Column, fitted, gap, text
from activities.adapters.pdf.edition import Edition, buyer, top
from activities.adapters.pdf.page import Sheet
from models.collection import Aging, OpenItem
from models.documents import StatementDocument
from models.money import Money
from models.statements import Statement, StatementEntry


def statement_sheet(document: StatementDocument, edition: Edition) -> Sheet:
    """Return the sheet of a statement of account."""
    labels, formats = edition.labels, edition.formats
    account = document.statement
    facts = [
        (labels.number, document.number),
        (labels.date, formats.day(account.until)),
        (labels.since, formats.day(account.since)),
        (labels.until, formats.day(account.until)),
        (labels.customer_number, document.customer.number),
        (labels.currency, account.currency),
    ]
    parties = [buyer(edition, document.customer, labels.bill_to)]
    story = [
        *top(edition, labels.statement, parties, facts),
        _entries(edition, account),
        edition.blocks.totals_box(
            [(labels.opening_balance, formats.money(account.opening))],
            (labels.closing_balance, formats.money(account.closing)),
            [],
        ),
        gap(3),
        text(labels.statement_sentence),
        *_open(edition, account),
    ]
    return edition.sheet(labels.statement, document.number, story, test_clock=document.test_clock)


def _entries(edition: Edition, account: Statement) -> Flowable:
    labels = edition.labels
    columns = [
        Column(labels.date, 0.14),
        Column(labels.document, 0.40),
        Column(labels.amount, 0.23, right=True),
        Column(f"{labels.balance} ({account.currency})", 0.23, right=True),
    ]
    return edition.blocks.data_table(columns, [_entry(edition, one) for one in account.entries])


def _entry(edition: Edition, entry: StatementEntry) -> list[object]:
    formats = edition.formats
    kind = edition.labels.movements.get(entry.kind.value, entry.kind.value)
    return [
        formats.day(entry.on),
        fitted(f"{kind} {entry.document}"),
        formats.amount(entry.amount),
        formats.amount(entry.balance),
    ]


def _open(edition: Edition, account: Statement) -> list[Flowable]:
    """Return the open items and their age; nothing where nothing is open."""
    if not account.open_items or account.aging is None:
        return []
    labels, formats = edition.labels, edition.formats
    columns = [
        Column(labels.invoice, 0.34),
        Column(labels.issued, 0.18),
        Column(labels.due, 0.18),
        Column(labels.days_overdue, 0.12, right=True),
        Column(f"{labels.open_amount} ({account.currency})", 0.18, right=True),
    ]
    rows = [_item(edition, account, item) for item in account.open_items]
    waiting = [(labels.unapplied, formats.money(-account.waiting))] if account.waiting.minor else []
    return [
        edition.blocks.heading(labels.open_amount),
        edition.blocks.data_table(columns, rows),
        *([edition.blocks.panel(waiting)] if waiting else []),
        KeepTogether(
            [
                edition.blocks.heading(labels.days_overdue),
                edition.blocks.panel(_ages(edition, account.aging)),
            ]
        ),
    ]


def _item(edition: Edition, account: Statement, item: OpenItem) -> list[object]:
    formats = edition.formats
    return [
        fitted(item.invoice),
        formats.day(item.issued_on),
        formats.day(item.due_on),
        str(max(0, (account.until - item.due_on).days) or ""),
        formats.amount(item.balance),
    ]


def _ages(edition: Edition, ages: Aging) -> list[tuple[str, str]]:
    found: list[tuple[str, Money]] = [
        (edition.labels.not_overdue, ages.current),
        ("1-30", ages.days_1_to_30),
        ("31-60", ages.days_31_to_60),
        ("61-90", ages.days_61_to_90),
        ("> 90", ages.over_90),
    ]
    return [(name, edition.formats.money(amount)) for name, amount in found if amount.minor]
