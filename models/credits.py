"""Crediting: what of an issued invoice is taken back, at the price, discount and tax it was billed.

Everything is computed from the invoice itself and the credit notes before, never from today's
price or tax. Parts of a line are differences of rounded cumulative shares, and who completes a line
takes what is left of it, so that all credits together are the invoice to the cent.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from models.billing import Invoice, InvoiceLine
from models.credit_notes import CreditBy, CreditEffect, CreditNote, CreditNoteLine
from models.errors import InvalidInputError, Problem
from models.money import Money
from models.periods import Interval
from models.proration import Proration, factor
from models.tax import TaxTotal
from models.value import Value
from models.waterfall import FLAT_UNIT


class CreditPart(Value):
    """What to take back of one line, by its position from 0: units, an amount before tax, or days.

    Nothing named means whatever is left of the line. Days count by the `proration` of the charge,
    for which `full` is the un-truncated billing period.
    """

    line: int
    quantity: Decimal | None = None
    amount: Money | None = None
    days: Interval | None = None
    full: Interval | None = None
    proration: Proration = Proration.DAY

    @property
    def by(self) -> CreditBy:
        """What was named; `credit` refuses more than one."""
        if self.quantity is not None:
            return CreditBy.QUANTITY
        if self.amount is not None:
            return CreditBy.AMOUNT
        return CreditBy.REST if self.days is None else CreditBy.DAYS


class CreditRequest(Value):
    """Everything a credit note is made of.

    `earlier` are all credit notes of this invoice. Without `parts` everything left is credited, or
    `amount` (before tax), spread over what is left of the lines.
    """

    invoice: Invoice
    earlier: tuple[CreditNote, ...] = ()
    parts: tuple[CreditPart, ...] = ()
    amount: Money | None = None
    reason: str
    issued_on: date
    effect: CreditEffect = CreditEffect.CONCESSION


class LineState(Value):
    """What is left of an invoice line after the credits of it.

    `credited` is how many units were taken back by units, `free` are the days taken back whole.
    `is_complete` when nothing is left to take back.
    """

    net: Money
    discount: Money
    tax: Money
    credited: Decimal
    free: tuple[Interval, ...]
    is_complete: bool


def credit(request: CreditRequest) -> CreditNote:
    """Compute a credit note without a number; lines in the order of the invoice's.

    Raises:
        InvalidInputError: with every problem: no reason, a line that is not there or named twice,
            more than is left, days or units that are not the line's, nothing left, another
            currency.
    """
    parts = request.parts or _spread(request)
    problems = [*_request_problems(request), *_part_problems(request, parts)]
    if problems:
        raise InvalidInputError(problems)
    lines = tuple(
        _credit_line(request, part)
        for part in sorted(parts, key=lambda part: part.line)
        if request.parts or not line_state(request.invoice, request.earlier, part.line).is_complete
    )
    if not lines:
        remedy = "see what it was credited by before"
        raise InvalidInputError([Problem(field="invoice", reason=_NOTHING_LEFT, remedy=remedy)])
    return _note(request, lines)


def line_state(invoice: Invoice, notes: Sequence[CreditNote], index: int) -> LineState:
    """Return what is left of a line of the invoice after these credit notes of it."""
    line, taken = invoice.lines[index], [one for note in notes for one in _of(note, index)]
    currency = invoice.currency
    net = line.net - Money.total((one.net for one in taken), currency)
    tax = line.tax - Money.total((one.tax for one in taken), currency)
    free = [one.period for one in taken if one.by is CreditBy.DAYS]
    # A line that was free of charge is complete once all of it, or each of its days, was named.
    is_named = not line.net.is_zero or any(one.by is CreditBy.REST for one in taken)
    is_complete = net.is_zero and tax.is_zero and bool(taken) and is_named
    is_complete = is_complete or (bool(free) and not remaining(line.period, free))
    if is_complete:
        free = [line.period]
    return LineState(
        net=net,
        discount=line.discount - Money.total((one.discount for one in taken), currency),
        tax=tax,
        credited=sum((one.quantity for one in taken if one.by is CreditBy.QUANTITY), Decimal(0)),
        free=tuple(sorted(free, key=lambda period: period.start)),
        is_complete=is_complete,
    )


def rest_of(invoice: Invoice, notes: Sequence[CreditNote]) -> Money:
    """Return the invoice's total with tax less these credit notes of it."""
    return invoice.gross - Money.total((note.gross for note in notes), invoice.currency)


def freed(
    invoice: Invoice, earlier: Sequence[CreditNote], note: CreditNote
) -> tuple[tuple[int, Interval], ...]:
    """Return the days a credit note takes back whole, by the invoice line's position.

    Only such days may be on an invoice again. Units or an amount free none, unless nothing is left
    of the line; then all its days that were not free before are.
    """
    found: list[tuple[int, Interval]] = []
    for index in dict.fromkeys(line.invoice_line for line in note.lines):
        before = line_state(invoice, earlier, index).free
        after = line_state(invoice, (*earlier, note), index).free
        found += [
            (index, left) for period in after for left in remaining(period, before) if left.days
        ]
    return tuple(found)


def remaining(period: Interval, taken: Sequence[Interval]) -> tuple[Interval, ...]:
    """Return the days of a period that are in none of the others, as intervals in order."""
    left = [period]
    for other in taken:
        left = [piece for one in left for piece in _without(one, other)]
    return tuple(left)


_NOTHING_LEFT = "is credited in full already"


def _without(period: Interval, other: Interval) -> Iterator[Interval]:
    if not period.overlaps(other):
        yield period
        return
    if period.start < other.start:
        yield Interval(start=period.start, end=other.start)
    if other.end < period.end:
        yield Interval(start=other.end, end=period.end)


def _of(note: CreditNote, index: int) -> Iterator[CreditNoteLine]:
    return (line for line in note.lines if line.invoice_line == index)


def _spread(request: CreditRequest) -> tuple[CreditPart, ...]:
    """Return one part for every line: all that is left, or its share of the amount."""
    indexes = range(len(request.invoice.lines))
    if request.amount is None:
        return tuple(CreditPart(line=index) for index in indexes)
    rests = [line_state(request.invoice, request.earlier, index).net for index in indexes]
    weights = [max(rest.minor, 0) for rest in rests]
    if not any(weights) or request.amount.minor > sum(weights):
        return ()
    return tuple(
        CreditPart(line=index, amount=share)
        for index, share in enumerate(request.amount.allocate(weights))
        if share.minor
    )


def _request_problems(request: CreditRequest) -> Iterator[Problem]:
    invoice = request.invoice
    if not request.reason.strip():
        remedy = "say why; it is printed on the credit note"
        yield Problem(field="reason", reason="is empty", remedy=remedy)
    if request.issued_on < invoice.issued_on:
        reason = f"{request.issued_on} is before the invoice of {invoice.issued_on}"
        yield Problem(field="issued_on", reason=reason, remedy="use a later day")
    if request.parts and request.amount is not None:
        remedy = "name an amount for each line, or one for the whole invoice"
        yield Problem(field="amount", reason="stands beside lines", remedy=remedy)
    elif request.amount is not None:
        nets = (
            line_state(invoice, request.earlier, index).net for index in range(len(invoice.lines))
        )
        left = Money.total(
            (max(net, Money.zero(invoice.currency)) for net in nets), invoice.currency
        )
        yield from _amount_problems("amount", request.amount, left)


def _part_problems(request: CreditRequest, parts: Sequence[CreditPart]) -> Iterator[Problem]:
    seen: set[int] = set()
    for place, part in enumerate(parts if request.parts else ()):
        where = f"parts[{place}]"
        if not 0 <= part.line < len(request.invoice.lines):
            count = len(request.invoice.lines)
            reason = f"the invoice has no line {part.line + 1}"
            yield Problem(field=f"{where}.line", reason=reason, remedy=f"it has {count}")
            continue
        if part.line in seen:
            reason = f"line {part.line + 1} is named twice"
            yield Problem(field=f"{where}.line", reason=reason, remedy="name each line once")
        seen.add(part.line)
        yield from _line_problems(request, part, where)


def _line_problems(request: CreditRequest, part: CreditPart, where: str) -> Iterator[Problem]:
    line = request.invoice.lines[part.line]
    state = line_state(request.invoice, request.earlier, part.line)
    named = [each for each in (part.quantity, part.amount, part.days) if each is not None]
    if len(named) > 1:
        remedy = "name a quantity, an amount or days"
        yield Problem(field=where, reason="names more than one measure", remedy=remedy)
    elif state.is_complete:
        reason = f"line {part.line + 1} {_NOTHING_LEFT}"
        yield Problem(field=f"{where}.line", reason=reason, remedy="leave it out")
    elif part.quantity is not None:
        left = line.quantity - state.credited
        if not 0 < part.quantity <= left:
            reason = f"{part.quantity} is not above 0 and at most the {left} that are left"
            yield Problem(field=f"{where}.quantity", reason=reason, remedy=f"use at most {left}")
    elif part.amount is not None:
        yield from _amount_problems(f"{where}.amount", part.amount, state.net)
    elif part.days is not None:
        yield from _day_problems(f"{where}.days", part.days, line, state)


def _amount_problems(field: str, amount: Money, left: Money) -> Iterator[Problem]:
    if amount.currency != left.currency:
        reason = f"is in {amount.currency}, but the invoice is in {left.currency}"
        yield Problem(field=field, reason=reason, remedy=f"credit in {left.currency}")
    elif not 0 < amount.minor <= left.minor:
        reason = f"{amount} is not above 0 and at most the {left} before tax that are left"
        yield Problem(field=field, reason=reason, remedy=f"use at most {left}")


def _day_problems(
    field: str, days: Interval, line: InvoiceLine, state: LineState
) -> Iterator[Problem]:
    period = line.period
    if days.days < 1 or days.start < period.start or days.end > period.end:
        reason = f"are not days of the line, {period.start} to before {period.end}"
        yield Problem(field=field, reason=reason, remedy="name days within it")
    elif any(days.overlaps(other) for other in state.free):
        yield Problem(field=field, reason="are credited in part already", remedy="name other days")


def _credit_line(request: CreditRequest, part: CreditPart) -> CreditNoteLine:
    line = request.invoice.lines[part.line]
    state = line_state(request.invoice, request.earlier, part.line)
    net, tax, discount = _amounts(line, state, part)
    quantity, price, unit = _quantity_and_price(line, state, part, net + discount)
    return CreditNoteLine(
        invoice_line=part.line,
        reference=line.reference,
        description=line.description,
        quantity=quantity,
        unit=unit,
        unit_price=price,
        period=_period(line, state, part),
        discount=discount,
        net=net,
        tax_code=line.tax_code,
        tax_rate_percent=line.tax_rate_percent,
        tax=tax,
        by=part.by,
    )


def _amounts(line: InvoiceLine, state: LineState, part: CreditPart) -> tuple[Money, Money, Money]:
    """Return net, tax and discount that are taken back, never more than is left of each."""
    share = _share(line, state, part)
    if part.amount is not None:
        net, discount = part.amount, Money.zero(line.net.currency)
    elif share is not None:
        net = _nearer(_between(line.net, share), state.net)
        discount = _nearer(_between(line.discount, share), state.discount)
    else:
        net, discount = state.net, state.discount
    if net == state.net and (share is None or not net.is_zero):
        return state.net, state.tax, state.discount
    return net, _tax(line, state, net), discount


def _share(
    line: InvoiceLine, state: LineState, part: CreditPart
) -> tuple[Fraction, Fraction] | None:
    """Return from and up to which share of the line units or days go; None if up to its end."""
    if part.quantity is not None:
        whole, before = Fraction(line.quantity), Fraction(state.credited)
        after = before + Fraction(part.quantity)
    elif part.days is not None:
        whole = _measure(part, line.period)
        before = sum((_measure(part, period) for period in state.free), Fraction(0))
        after = before + _measure(part, part.days)
    else:
        return None
    return None if after == whole else (before / whole, after / whole)


def _measure(part: CreditPart, days: Interval) -> Fraction:
    if part.full is None or part.proration is Proration.DAY:
        return Fraction(days.days)
    return factor(part.proration, days, part.full)


def _between(amount: Money, share: tuple[Fraction, Fraction]) -> Money:
    """Return the difference of two rounded cumulative shares, so that rounding never adds up."""
    before, after = share
    return amount.times(after) - amount.times(before)


def _nearer(amount: Money, left: Money) -> Money:
    """Return the one nearer to zero: no more is taken back than is left."""
    return amount if abs(amount) <= abs(left) else left


def _tax(line: InvoiceLine, state: LineState, net: Money) -> Money:
    """Return the billed tax on an amount of the line, cumulatively over all its credits."""
    if line.net.is_zero:
        return Money.zero(line.tax.currency)
    before = line.net - state.net
    until = line.tax.times(Fraction((before + net).minor, line.net.minor))
    return _nearer(until - (line.tax - state.tax), state.tax)


def _quantity_and_price(
    line: InvoiceLine, state: LineState, part: CreditPart, listed: Money
) -> tuple[Decimal, Decimal, str]:
    """Return quantity, unit price and unit whose product is the amount before the discount."""
    match part.by:
        case CreditBy.AMOUNT:
            return Decimal(1), listed.decimal, FLAT_UNIT
        case CreditBy.QUANTITY:
            quantity = part.quantity or Decimal(1)
        case CreditBy.REST if state.credited and state.credited < line.quantity:
            quantity = line.quantity - state.credited
        case _:
            quantity = line.quantity
    if Money.from_decimal(quantity * line.unit_price, listed.currency) == listed:
        return quantity, line.unit_price, line.unit
    return quantity, listed.decimal / quantity, line.unit


def _period(line: InvoiceLine, state: LineState, part: CreditPart) -> Interval:
    if part.days is not None:
        return part.days
    left = remaining(line.period, state.free) if part.by is CreditBy.REST else ()
    if not left:
        return line.period
    return Interval(start=left[0].start, end=left[-1].end)


def _note(request: CreditRequest, lines: tuple[CreditNoteLine, ...]) -> CreditNote:
    invoice, currency = request.invoice, request.invoice.currency
    net = Money.total((line.net for line in lines), currency)
    tax = Money.total((line.tax for line in lines), currency)
    return CreditNote(
        number="",
        corrects=invoice.number,
        corrects_issued_on=invoice.issued_on,
        reason=request.reason.strip(),
        deal=invoice.deal,
        term=invoice.term,
        entity=invoice.entity,
        customer=invoice.customer,
        currency=currency,
        issued_on=request.issued_on,
        supplied=_supplied(invoice, lines),
        purchase_order=invoice.purchase_order,
        lines=lines,
        taxes=_taxes(invoice, lines),
        net=net,
        tax=tax,
        gross=net + tax,
        effect=request.effect,
    )


def _supplied(invoice: Invoice, lines: Sequence[CreditNoteLine]) -> Interval:
    """Return when it was supplied: the days that are taken back, of goods their delivery."""
    periods = []
    for line in lines:
        billed = invoice.lines[line.invoice_line]
        moved = billed.supplied is not None and billed.supplied != billed.period
        periods.append(billed.supplied if moved and billed.supplied else line.period)
    return Interval(
        start=min(period.start for period in periods), end=max(period.end for period in periods)
    )


def _taxes(invoice: Invoice, lines: Sequence[CreditNoteLine]) -> tuple[TaxTotal, ...]:
    """Return the invoice's categories with what of each is taken back."""
    found = []
    for total in invoice.taxes:
        members = [
            line
            for line in lines
            if (line.tax_code, line.tax_rate_percent) == (total.code, total.rate_percent)
        ]
        if members:
            base = Money.total((line.net for line in members), invoice.currency)
            tax = Money.total((line.tax for line in members), invoice.currency)
            found.append(total.model_copy(update={"base": base, "tax": tax}))
    return tuple(found)
