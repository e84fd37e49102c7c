"""The invoice: every particular of Directive 2006/112/EC art. 226, and where to pay."""

from collections.abc import Sequence

from reportlab.platypus import KeepTogether
from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf import theme
from activities.adapters.pdf.blocks import (
    Column,
    described,
    gap,
    text,
)
from activities.adapters.pdf.edition import (
    Edition,
    assurance_notice,
    buyer,
    delivery_place,
    top,
)
from activities.adapters.pdf.page import Sheet
from models.billing import Invoice, InvoiceLine
from models.documents import InvoiceDocument
from models.tax import TaxTotal
from models.waterfall import FLAT_UNIT
from models.words import FALLBACK


def invoice_sheet(document: InvoiceDocument, edition: Edition) -> Sheet:
    """Return the sheet of an invoice."""
    invoice = document.invoice
    labels = edition.labels
    parties = [
        buyer(edition, invoice.customer, labels.bill_to),
        *delivery_place(edition, invoice.customer),
    ]
    story = [
        *top(edition, labels.invoice, parties, _facts(edition, invoice)),
        _lines(edition, invoice),
        _totals(edition, invoice),
        *tax_summary(edition, invoice.taxes, invoice.currency),
        *([gap(3), text(invoice.note)] if invoice.note else []),
        *_payment(edition, invoice),
        *assurance_notice(edition, document.decisions),
    ]
    return edition.sheet(labels.invoice, invoice.number, story, test_clock=document.test_clock)


def _facts(edition: Edition, invoice: Invoice) -> list[tuple[str, str]]:
    labels, formats = edition.labels, edition.formats
    supplied = labels.supply_date if invoice.supplied.days <= 1 else labels.supply_period
    return [
        (labels.number, invoice.number),
        (labels.issue_date, formats.day(invoice.issued_on)),
        (supplied, formats.period(invoice.supplied)),
        (labels.due_date, formats.day(invoice.due_on)),
        (labels.purchase_order, invoice.purchase_order),
        (labels.deal, ", ".join(invoice.deals) or invoice.deal),
        (labels.currency, invoice.currency),
    ]


def _lines(edition: Edition, invoice: Invoice) -> Flowable:
    labels = edition.labels
    columns = [
        Column(labels.position, 0.05),
        Column(labels.description, 0.38),
        Column(labels.quantity, 0.13, right=True),
        Column(labels.unit_price, 0.13, right=True),
        Column(labels.discount, 0.11, right=True),
        Column(labels.rate, 0.07, right=True),
        Column(f"{labels.net} ({invoice.currency})", 0.13, right=True),
    ]
    rows = [
        _line(edition, invoice, place, line) for place, line in enumerate(invoice.lines, start=1)
    ]
    return edition.blocks.data_table(columns, rows)


def _line(edition: Edition, invoice: Invoice, place: int, line: InvoiceLine) -> list[object]:
    formats = edition.formats
    return [
        str(place),
        described(line.description, [_supplied(edition, invoice, line), *_for_whom(edition, line)]),
        _quantity(edition, line),
        formats.unit_price(line.unit_price, line.net.currency),
        formats.amount(-line.discount) if line.discount.minor else "",
        formats.percent(line.tax_rate_percent),
        formats.amount(line.net),
    ]


def _for_whom(edition: Edition, line: InvoiceLine) -> list[str]:
    """Return which deal a line is of, and who is served, where the invoice alone does not tell."""
    labels = edition.labels
    deal = f"{labels.deal} {line.deal}" if line.deal else ""
    whom = labels.for_recipient.format(name=line.recipient) if line.recipient else ""
    return [word for word in (deal, whom) if word]


def _supplied(edition: Edition, invoice: Invoice, line: InvoiceLine) -> str:
    """Return when a line was supplied; nothing where an older invoice does not know it.

    Of goods it has only the day of the order, which is not within the days of the supply.
    """
    period = line.supplied or line.period
    known = line.supplied is not None or period.intersection(invoice.supplied) == period
    return edition.formats.period(period) if known else ""


def _quantity(edition: Edition, line: InvoiceLine) -> str:
    unit = edition.labels.fee if line.unit == FLAT_UNIT else line.unit
    return f"{edition.formats.quantity(line.quantity)} {unit}"


def _totals(edition: Edition, invoice: Invoice) -> Flowable:
    labels, money = edition.labels, edition.formats.money
    return edition.blocks.totals_box(
        [
            (labels.net_total, money(invoice.net)),
            (labels.tax_total, money(invoice.tax)),
            *_withheld(edition, invoice),
        ],
        (labels.amount_due, money(invoice.payable)),
        [],
    )


def _withheld(edition: Edition, invoice: Invoice) -> list[tuple[str, str]]:
    """Return the gross total and the tax the customer keeps back of it, where one does."""
    withheld, formats = invoice.withheld, edition.formats
    if withheld is None:
        return []
    rate = formats.percent(withheld.rate_percent)
    label = edition.labels.withheld.format(name=withheld.name, rate=rate)
    return [
        (edition.labels.gross_total, formats.money(invoice.gross)),
        (label, formats.money(-withheld.amount)),
    ]


def tax_summary(edition: Edition, taxes: Sequence[TaxTotal], currency: str) -> list[Flowable]:
    """Return tax per category and rate, and under it the reason wherever law asks for one."""
    labels = edition.labels
    columns = [
        Column(labels.tax_category, 0.46),
        Column(labels.rate, 0.12, right=True),
        Column(f"{labels.taxable} ({currency})", 0.22, right=True),
        Column(f"{labels.tax} ({currency})", 0.20, right=True),
    ]
    rows = [_tax_row(edition, total) for total in taxes]
    reasons = list(dict.fromkeys(_reason(edition, total) for total in taxes))
    notes = [text(reason, theme.STRONG) for reason in reasons if reason]
    return [
        KeepTogether(
            [edition.blocks.heading(labels.tax_summary), edition.blocks.data_table(columns, rows)]
        ),
        gap(2),
        *notes,
    ]


def _tax_row(edition: Edition, total: TaxTotal) -> list[object]:
    formats = edition.formats
    category = edition.labels.category_names.get(total.code, "")
    detail = " · ".join(part for part in (total.code, category) if part)
    levies = [f"{levy.name}: {formats.amount(levy.tax)}" for levy in total.levies]
    return [
        described(total.name, [detail, *levies]),
        formats.percent(total.rate_percent),
        formats.amount(total.base),
        formats.amount(total.tax),
    ]


def _reason(edition: Edition, total: TaxTotal) -> str:
    """Return why there is no tax: in English by the rule, else in the reader's words before it."""
    own = edition.labels.category_reasons.get(total.code, "")
    if total.text and (edition.language[:2] == FALLBACK or not own):
        return total.text
    return " ".join(part for part in (own, total.text) if part)


def _payment(edition: Edition, invoice: Invoice) -> list[Flowable]:
    labels, formats, bank = edition.labels, edition.formats, invoice.entity.bank
    if invoice.gross.minor <= 0:
        return [edition.blocks.heading(labels.payment), text(labels.credit_sentence)]
    sentence = labels.pay_sentence.format(
        amount=formats.money(invoice.payable),
        day=formats.day(invoice.due_on),
        number=invoice.number,
    )
    rows = [
        (labels.account_holder, bank.holder),
        (labels.bank, bank.bank),
        (labels.account, bank.account),
        (labels.bic, bank.bic),
        (labels.routing, bank.routing),
        (labels.payment_reference, invoice.number),
    ]
    return [
        KeepTogether(
            [
                edition.blocks.heading(labels.payment),
                text(sentence),
                gap(2),
                edition.blocks.panel(rows),
            ]
        )
    ]
