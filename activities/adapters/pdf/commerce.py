"""What quote, order form and confirmation share: priced lines, totals and the billing plan."""

from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf import theme
from activities.adapters.pdf.blocks import (
    Column,
    data_table,
    described,
    gap,
    heading,
    indented,
    text,
    totals_box,
)
from activities.adapters.pdf.edition import Edition
from models.charges import Cadence, ChargeType, Timing
from models.documents import PlanRow, plan_rows
from models.money import Money
from models.pricing import PricedLine
from models.quoting import Quote

_NAMES_IN_A_PLAN_ROW = 3


def offer(edition: Edition, quote: Quote) -> list[Flowable]:
    """Return the priced lines, the totals and the billing plan of a quote."""
    return [_lines(edition, quote), _totals(edition, quote), *_plan(edition, quote)]


def payment_terms(edition: Edition, days: int) -> str:
    """Return the payment terms in a few words."""
    if days <= 0:
        return edition.labels.payable_at_once
    return edition.labels.days_net.format(days=days)


def terms(
    edition: Edition, quote: Quote, *, taxes_note: str, more: tuple[str, ...]
) -> list[Flowable]:
    """Return the terms: payment and taxes as the quote has them, then whatever else was agreed."""
    labels = edition.labels
    days = quote.payment_terms_days
    pay = labels.payment_sentence.format(days=days) if days > 0 else labels.payment_at_once
    sentences = [pay, taxes_note or labels.taxes_default, *more]
    if any(line.charge_type is ChargeType.USAGE for line in quote.lines):
        sentences.insert(0, labels.usage_note)
    note = [heading(labels.note), text(quote.note)] if quote.note else []
    return [*note, heading(labels.terms), *(text(sentence) for sentence in sentences)]


def _lines(edition: Edition, quote: Quote) -> Flowable:
    labels = edition.labels
    columns = [
        Column(labels.position, 0.075),
        Column(labels.description, 0.385),
        Column(labels.quantity, 0.13, right=True),
        Column(labels.list_price, 0.13, right=True),
        Column(labels.discount, 0.13, right=True),
        Column(f"{labels.amount} ({quote.currency})", 0.15, right=True),
    ]
    return data_table(columns, [_line(edition, line) for line in quote.lines], edition.width)


def _line(edition: Edition, line: PricedLine) -> list[object]:
    labels, formats = edition.labels, edition.formats
    once = labels.once_discount.format(amount=formats.money(line.once_discount))
    details = [_rhythm(edition, line), once if line.once_discount.minor else ""]
    name: object = described(line.name, details)
    depth = line.number.count(".")
    is_free = not line.list_amount.minor and not line.net.minor
    is_usage = line.charge_type is ChargeType.USAGE
    amount = labels.by_usage if is_usage else formats.amount(line.net)
    return [
        text(line.number, theme.SMALL if depth else theme.BODY),
        indented(described(line.name, details), depth) if depth else name,
        _quantity(edition, line),
        "" if is_free else formats.unit_price(line.list_unit, line.net.currency),
        "" if is_usage else _discount(edition, line.list_amount, line.net),
        labels.included if is_free and not is_usage else amount,
    ]


def _quantity(edition: Edition, line: PricedLine) -> str:
    return f"{edition.formats.quantity(line.billed_quantity)} {line.billed_unit}"


def _discount(edition: Edition, before: Money, after: Money) -> str:
    difference = after.minor - before.minor
    if not difference:
        return ""
    return edition.formats.amount(Money(minor=difference, currency=after.currency))


def _rhythm(edition: Edition, line: PricedLine) -> str:
    labels = edition.labels
    if line.charge_type is ChargeType.ONE_TIME or line.cadence is None:
        return labels.by_usage if line.charge_type is ChargeType.USAGE else labels.one_time
    per = {
        Cadence.MONTHLY: labels.per_month,
        Cadence.QUARTERLY: labels.per_quarter,
        Cadence.YEARLY: labels.per_year,
    }[line.cadence]
    billed = labels.in_advance if line.timing is Timing.IN_ADVANCE else labels.in_arrears
    return f"{per}, {billed}"


def _totals(edition: Edition, quote: Quote) -> Flowable:
    labels, money = edition.labels, edition.formats.money
    discount = Money(minor=quote.total.minor - quote.list_total.minor, currency=quote.currency)
    way = [(labels.list_total, money(quote.list_total)), (labels.total_discount, money(discount))]
    parts = [
        (labels.of_which_one_time, quote.one_time),
        (labels.recurring_month, quote.mrr),
        (labels.recurring_year, quote.acv),
    ]
    return totals_box(
        way if discount.minor else [],
        (labels.contract_total, money(quote.total)),
        [(label, money(value)) for label, value in parts if value.minor],
        edition.width,
    )


def _plan(edition: Edition, quote: Quote) -> list[Flowable]:
    rows = plan_rows(quote.plan, quote.currency)
    if not rows:
        return []
    labels = edition.labels
    columns = [
        Column(labels.bill_on, 0.17),
        Column(labels.for_period, 0.28),
        Column(labels.for_what, 0.38),
        Column(f"{labels.amount} ({quote.currency})", 0.17, right=True),
    ]
    planned = Money(minor=sum(row.amount.minor for row in rows), currency=quote.currency)
    total = [labels.plan_total, "", "", edition.formats.amount(planned)]
    table = data_table(
        columns, [_plan_row(edition, row) for row in rows], edition.width, total=total
    )
    return [heading(labels.billing_plan), table, gap(1)]


def _plan_row(edition: Edition, row: PlanRow) -> list[object]:
    labels, formats = edition.labels, edition.formats
    names = list(row.descriptions[:_NAMES_IN_A_PLAN_ROW])
    if len(row.descriptions) > _NAMES_IN_A_PLAN_ROW:
        names.append(labels.and_more.format(count=len(row.descriptions) - _NAMES_IN_A_PLAN_ROW))
    return [
        formats.day(row.bill_on) if row.bill_on else labels.on_delivery,
        formats.period(row.period) if row.bill_on else "",
        ", ".join(names),
        formats.amount(row.amount),
    ]
