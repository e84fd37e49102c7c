"""What quote, order form and confirmation share: sections of lines, totals, plan and terms."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from reportlab.platypus import KeepTogether
from reportlab.platypus.flowables import Flowable

from activities.adapters.pdf import theme
from activities.adapters.pdf.blocks import Column, described, gap, indented, text
from activities.adapters.pdf.edition import Edition
from activities.adapters.pdf.long_table import Row
from activities.usage_words import usage_estimate, usage_prices
from models.charges import ChargeModel, ChargeType, Timing
from models.deal_file import RenewalTerms
from models.documents import PlanRow, plan_rows
from models.money import Money
from models.periods import Interval
from models.pricing import PricedLine
from models.quoting import Quote
from models.renewal import renewal_calendar
from models.sections import (
    Instalments,
    Rhythm,
    Section,
    SectionKind,
    Subtotal,
    discount_of,
    instalments,
    rhythm_of,
    rise_of,
    sections,
    subtotals,
)

_NUMBERS_IN_A_PLAN_ROW = 8

Billings = Mapping[str, int]
"""How often a line is billed over the term, by its reference; less than 0 is by a schedule."""

BY_SCHEDULE = -1
"""Stands for the number of billings of a line that is billed by a schedule instead."""


def offer(edition: Edition, quote: Quote) -> list[Flowable]:
    """Return the sections of lines, the totals, what is optional, and the billing plan."""
    found = sections(quote.lines)
    firm = [section for section in found if section.kind is not SectionKind.OPTIONAL]
    optional = [section for section in found if section.kind is SectionKind.OPTIONAL]
    return [
        _firm_lines(edition, quote, firm),
        _totals(edition, quote),
        *(block for section in optional for block in _optional(edition, quote, section)),
        *_plan(edition, quote),
    ]


def payment_terms(edition: Edition, days: int) -> str:
    """Return the payment terms in a few words."""
    if days <= 0:
        return edition.labels.payable_at_once
    return edition.formats.plural(edition.labels.days_net, days)


def terms(
    edition: Edition,
    quote: Quote,
    *,
    renewal: RenewalTerms | None = None,
    taxes_note: str = "",
    more: Iterable[str] = (),
) -> list[Flowable]:
    """Return the terms: usage, payment, taxes, term and renewal, then whatever else was agreed."""
    labels, heading = edition.labels, edition.blocks.heading
    sentences = [
        *_money_terms(edition, quote, taxes_note),
        *_time_terms(edition, quote, renewal),
        *more,
        *edition.entity.brand.terms_in(edition.language),
    ]
    note = [heading(labels.note), text(quote.note)] if quote.note else []
    first, *others = [text(sentence, theme.TERM) for sentence in sentences]
    return [*note, KeepTogether([heading(labels.terms), first]), *others]


def term(edition: Edition, quote: Quote) -> str:
    """Return the term by its first and last day; empty for a one-off sale."""
    if not quote.term_months:
        return ""
    return edition.formats.period(Interval(start=quote.starts_on, end=quote.ends_on))


def _money_terms(edition: Edition, quote: Quote, taxes_note: str) -> Iterator[str]:
    labels, days = edition.labels, quote.payment_terms_days
    if any(line.charge_type is ChargeType.USAGE for line in quote.lines):
        yield labels.usage_note
    if days > 0:
        yield edition.formats.plural(labels.payment_sentence, days)
    else:
        yield labels.payment_at_once
    yield taxes_note or (
        labels.taxes_included if quote.prices_include_tax else labels.taxes_default
    )


def _time_terms(edition: Edition, quote: Quote, renewal: RenewalTerms | None) -> Iterator[str]:
    labels, formats = edition.labels, edition.formats
    if not quote.term_months:
        return
    yield formats.plural(labels.term_sentence, quote.term_months, period=term(edition, quote))
    if renewal is None:
        return
    if not renewal.auto_renew:
        yield labels.ending_sentence
        return
    yield formats.plural(labels.renewal_sentence, renewal.term_months or quote.term_months)
    if renewal.notice_days > 0:
        day = formats.day(_last_notice_on(quote, renewal))
        yield formats.plural(labels.notice_sentence, renewal.notice_days, day=day)


def _last_notice_on(quote: Quote, renewal: RenewalTerms) -> date:
    return renewal_calendar(quote.starts_on, quote.ends_on, renewal.notice_days).last_notice_on


def _columns(edition: Edition, quote: Quote) -> list[Column]:
    labels = edition.labels
    change = labels.price_change if _has_risen(quote) else labels.discount
    return [
        Column(labels.position, 0.07),
        Column(labels.description, 0.38),
        Column(labels.quantity, 0.14, right=True),
        Column(labels.list_price, 0.13, right=True),
        Column(change, 0.13, right=True),
        Column(f"{labels.amount} ({quote.currency})", 0.15, right=True),
    ]


def _has_risen(quote: Quote) -> bool:
    return any(rise_of(line) for line in quote.lines)


def _firm_lines(edition: Edition, quote: Quote, found: Sequence[Section]) -> Flowable:
    columns = _columns(edition, quote)
    billings = Counter(charge.reference for charge in quote.plan if not charge.part)
    billings.update({charge.line_reference: BY_SCHEDULE for charge in quote.plan if charge.part})
    rows = [
        row
        for section in found
        for row in _section_rows(edition, columns, section, billings, alone=len(found) == 1)
    ]
    return edition.blocks.rows_table(columns, rows)


def _section_rows(
    edition: Edition,
    columns: Sequence[Column],
    section: Section,
    billings: Billings,
    *,
    alone: bool,
) -> Iterator[Row]:
    labels, blocks = edition.labels, edition.blocks
    title = section.title or labels.single_items
    if not (alone and section.kind is SectionKind.SINGLE):
        yield blocks.section_row(columns, title)
    yield from _line_rows(edition, columns, section, billings)
    if not alone:
        yield from _sum_rows(edition, columns, section.subtotals, labels.subtotal)


def _line_rows(
    edition: Edition, columns: Sequence[Column], section: Section, billings: Billings
) -> Iterator[Row]:
    for line, depth in zip(section.lines, section.depths(), strict=True):
        times = billings.get(line.reference, 0)
        yield edition.blocks.row(columns, _line(edition, line, depth, times))


def _sum_rows(
    edition: Edition, columns: Sequence[Column], sums: Sequence[Subtotal], label: str
) -> Iterator[Row]:
    for each in sums:
        name = _sum_name(edition, each.rhythm, label)
        yield edition.blocks.subtotal_row(columns, name, edition.formats.amount(each.amount))


def _sum_name(edition: Edition, rhythm: Rhythm, label: str) -> str:
    if rhythm is Rhythm.ONCE_DISCOUNT:
        return edition.labels.once_discounts
    return label.format(rhythm=_rhythm_name(edition, rhythm))


def _rhythm_name(edition: Edition, rhythm: Rhythm) -> str:
    labels = edition.labels
    names = {
        Rhythm.WEEKLY: labels.per_week,
        Rhythm.MONTHLY: labels.per_month,
        Rhythm.QUARTERLY: labels.per_quarter,
        Rhythm.HALF_YEARLY: labels.per_half_year,
        Rhythm.YEARLY: labels.per_year,
        Rhythm.SCHEDULED: labels.by_schedule,
    }
    return names.get(rhythm, labels.one_time)


def _line(edition: Edition, line: PricedLine, depth: int, times: int) -> list[object]:
    labels, formats = edition.labels, edition.formats
    once = labels.once_discount.format(amount=formats.money(line.once_discount))
    details = [
        _rhythm(edition, line, times),
        *_reductions(edition, line),
        once if line.once_discount.minor else "",
        *_usage(edition, line),
    ]
    name = described(line.name, details)
    is_free = not line.list_amount.minor and not line.net.minor
    is_usage = line.charge_type is ChargeType.USAGE
    amount = labels.by_usage if is_usage else formats.amount(line.net)
    return [
        text(line.number, theme.SMALL if depth else theme.BODY),
        indented(name, depth) if depth else name,
        _quantity(edition, line),
        "" if is_free else formats.unit_price(line.list_unit, line.net.currency),
        "" if is_usage else _discount(edition, line),
        labels.included if is_free and not is_usage else amount,
    ]


def _usage(edition: Edition, line: PricedLine) -> Iterator[str]:
    """Yield what is charged by usage: the prices, and what is expected of them."""
    if line.usage is not None:
        yield from usage_prices(edition.formats, line.usage)
        yield usage_estimate(edition.formats, line.usage, edition.labels.usage_estimate)


def _reductions(edition: Edition, line: PricedLine) -> Iterator[str]:
    """Yield what promotions take off some billings only, which the amount does not show."""
    formats = edition.formats
    for each in line.introductory:
        amount = formats.money(each.amount)
        yield formats.plural(edition.labels.less_at_first, each.periods, amount=amount)


def _quantity(edition: Edition, line: PricedLine) -> str:
    if line.usage is not None:
        return ""
    if line.model is ChargeModel.FLAT:
        return edition.labels.flat_fee
    return f"{edition.formats.quantity(line.billed_quantity)} {line.billed_unit}"


def _discount(edition: Edition, line: PricedLine) -> object:
    formats, off, rise = edition.formats, discount_of(line), rise_of(line)
    if off is not None:
        amount, percent = formats.amount(-off[0]), formats.percent(off[1])
    elif rise is not None:
        amount, percent = f"+{formats.amount(rise[0])}", f"+{formats.percent(rise[1])}"
    else:
        return ""
    return [text(amount, theme.BODY_RIGHT), text(percent, theme.SMALL_RIGHT)]


def _rhythm(edition: Edition, line: PricedLine, times: int) -> str:
    labels = edition.labels
    if times <= BY_SCHEDULE:
        return labels.by_schedule
    if line.charge_type is ChargeType.USAGE:
        return labels.by_usage
    if line.charge_type is ChargeType.ONE_TIME or line.cadence is None:
        return labels.one_time
    billed = labels.in_advance if line.timing is Timing.IN_ADVANCE else labels.in_arrears
    often = edition.formats.plural(labels.times, times) if times > 1 else ""
    parts = (_rhythm_name(edition, rhythm_of(line)), often, billed)
    return ", ".join(part for part in parts if part)


def _totals(edition: Edition, quote: Quote) -> Flowable:
    labels, money = edition.labels, edition.formats.money
    discount = quote.total - quote.list_total
    change = labels.price_change if _has_risen(quote) else labels.total_discount
    shown = f"+{money(discount)}" if discount.minor > 0 else money(discount)
    way = [(labels.list_total, money(quote.list_total)), (change, shown)]
    value = [(labels.recurring_year, money(quote.acv))] if quote.acv.minor else []
    return edition.blocks.totals_box(
        way if discount.minor else [],
        (
            labels.gross_total if quote.prices_include_tax else labels.contract_total,
            money(quote.total),
        ),
        [*_parts(edition, quote), *value],
    )


def _parts(edition: Edition, quote: Quote) -> list[tuple[str, str]]:
    """Return what the total is made of by rhythm; without a plan, amounts per billing period."""
    labels, money = edition.labels, edition.formats.money
    if quote.plan:
        found = instalments(quote.lines, quote.plan, quote.currency)
        return [(_instalments_name(edition, each), money(each.amount)) for each in found]
    offered = [line for line in quote.lines if not line.optional]
    return [
        (_sum_name(edition, each.rhythm, labels.all_per), money(each.amount))
        for each in subtotals(offered)
    ]


def _instalments_name(edition: Edition, each: Instalments) -> str:
    """Return how a part of the total is made: 4 x $3,240.00 per quarter."""
    labels, rhythm = edition.labels, _rhythm_name(edition, each.rhythm)
    if each.rhythm is Rhythm.ONCE:
        return labels.all_per.format(rhythm=rhythm)
    if not each.count:
        return labels.per_in_all.format(rhythm=rhythm)
    amount = edition.formats.money(each.each)
    return labels.times_amount.format(count=each.count, amount=amount, rhythm=rhythm)


def _optional(edition: Edition, quote: Quote, section: Section) -> list[Flowable]:
    labels, blocks = edition.labels, edition.blocks
    columns = _columns(edition, quote)
    rows = [
        *_line_rows(edition, columns, section, {}),
        *_sum_rows(edition, columns, section.subtotals, labels.optional_total),
    ]
    note = text(labels.optional_note, theme.SMALL)
    return [
        *blocks.table_heading(labels.optional_items),
        note,
        gap(1.5),
        blocks.rows_table(columns, rows),
    ]


def _plan(edition: Edition, quote: Quote) -> list[Flowable]:
    rows = plan_rows(quote.plan, quote.currency)
    if not rows:
        return []
    labels = edition.labels
    columns = [
        Column(labels.bill_on, 0.16),
        Column(labels.for_period, 0.31),
        Column(labels.for_what, 0.36),
        Column(f"{labels.amount} ({quote.currency})", 0.17, right=True),
    ]
    planned = Money.total((row.amount for row in rows), quote.currency)
    label = labels.gross_total if quote.prices_include_tax else labels.plan_total
    total = [label, "", "", edition.formats.amount(planned)]
    table = edition.blocks.data_table(
        columns, [_plan_row(edition, row) for row in rows], total=total
    )
    return [*edition.blocks.table_heading(labels.billing_plan), table, gap(1)]


def _plan_row(edition: Edition, row: PlanRow) -> list[object]:
    labels, formats = edition.labels, edition.formats
    return [
        formats.day(row.bill_on) if row.bill_on else row.milestone or labels.on_delivery,
        formats.period(row.period) if row.bill_on else "",
        _billed(edition, row),
        formats.amount(row.amount),
    ]


def _billed(edition: Edition, row: PlanRow) -> str:
    """Return what a billing is for: the one thing by its name, several by their line numbers."""
    labels, formats, count = edition.labels, edition.formats, len(row.numbers)
    if len(row.descriptions) == 1:
        return row.descriptions[0]
    if count > _NUMBERS_IN_A_PLAN_ROW:
        return formats.plural(labels.plan_line_count, count)
    return formats.plural(labels.plan_lines, count, numbers=", ".join(row.numbers))
