"""Booking an amendment: its plan, its credit notes and its promises, in one transaction.

The plan is split where days are lost; what was billed for them is credited on its own invoice; what
comes instead is planned, and the next convergence bills it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from activities.billed_days import taken
from activities.crediting import invoice_lines, invoice_row, issue_credit_note, notes_of
from activities.ports import Office
from models.amended_contract import Replanned
from models.amended_plan import ChargeChange, LineVersion, Terms, base_of, kept_parts
from models.billing import Invoice
from models.credit_notes import CreditEffect, CreditNote
from models.credit_steps import CreditOrder
from models.credits import CreditPart, line_state, remaining
from models.money import Money
from models.periods import Interval
from models.plan import PlannedCharge
from models.steps import DealStep
from models.tables import ContractRow, InvoiceLineRow, PlannedChargeRow


@dataclass(frozen=True)
class Booking:
    """One amendment being booked: where, for which contract, and the versions before it."""

    session: Session
    office: Office
    step: DealStep
    contract: ContractRow
    number: int
    reason: str
    terms: Terms
    before: Mapping[str, LineVersion]


@dataclass
class Written:
    """What booking a plan wrote; `moved` is by how much the price of each charge moved."""

    canceled: list[Replanned] = field(default_factory=list)
    credited: list[Replanned] = field(default_factory=list)
    planned: list[Replanned] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    moved: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def book_plan(booking: Booking, changes: Sequence[ChargeChange]) -> Written:
    """Take lost days out of the plan, credit those that were billed, and plan what comes."""
    written = Written()
    billed: list[tuple[PlannedChargeRow, ChargeChange]] = []
    days = taken(booking.session, booking.contract.deal, booking.contract.term)
    for change in changes:
        for row in _rows_of(booking, change):
            on_invoices = days.get((row.term, row.reference), [])
            if any(_period(row).overlaps(each) for each in on_invoices):
                billed.append((row, change))
            else:
                _split(booking, row, change, written)
    _credit(booking, billed, written)
    for change in changes:
        for charge in change.gained:
            _plan(booking, charge, row=None)
            written.planned.append(_shown(charge))
            written.moved[change.reference] += charge.amount.minor
    booking.session.flush()
    return written


def _rows_of(booking: Booking, change: ChargeChange) -> list[PlannedChargeRow]:
    """Return what is planned of a charge and holds lost days."""
    contract = booking.contract
    rows = booking.session.exec(
        select(PlannedChargeRow)
        .where(PlannedChargeRow.deal == contract.deal, PlannedChargeRow.term == contract.term)
        .where(col(PlannedChargeRow.canceled_on).is_(None))
        .order_by(col(PlannedChargeRow.id))
    )
    return [
        row
        for row in rows
        if base_of(row.reference) == change.reference
        and any(_period(row).overlaps(lost) for lost in change.lost)
    ]


def _split(booking: Booking, row: PlannedChargeRow, change: ChargeChange, written: Written) -> None:
    """Cancel a charge that is not billed, and plan what is left of it."""
    line = booking.before[change.reference].line
    charge = _charge(row)
    row.canceled_on = booking.step.on
    booking.session.add(row)
    written.canceled.append(_shown(charge))
    written.moved[change.reference] -= row.amount_minor
    kept = kept_parts(line, booking.terms.calendar, charge, change.lost, booking.terms.zone)
    for part in kept:
        _plan(booking, part, row=row)
        written.planned.append(_shown(part))
        written.moved[change.reference] += part.amount.minor


def _credit(
    booking: Booking, billed: Sequence[tuple[PlannedChargeRow, ChargeChange]], written: Written
) -> None:
    """Credit lost days that were billed, one credit note for each invoice."""
    orders: dict[tuple[str, int], list[tuple[CreditPart, str]]] = defaultdict(list)
    gone: dict[int, int] = defaultdict(int)
    off: dict[int, int] = defaultdict(int)
    rows = {row.id or 0: row for row, _ in billed}
    owner: dict[tuple[str, int, Interval], int] = {}
    for row, change in billed:
        for invoice, index, lost in _billed_days(booking, row, change):
            named = sum(1 for key in owner if key[:2] == (invoice, index))
            part = _part(booking, change, index, lost)
            orders[invoice, named].append((part, change.reference))
            owner[invoice, index, lost] = row.id or 0
    for (invoice, place), parts in orders.items():
        note = _issue(booking, invoice, place, [part for part, _ in parts])
        written.notes.append(note.number)
        for line in note.lines:
            row_id = owner[invoice, line.invoice_line, line.period]
            gone[row_id] += line.net.minor
            off[row_id] += line.discount.minor
            written.credited.append(
                Replanned(
                    reference=line.reference,
                    description=line.description,
                    period=line.period,
                    amount=line.net,
                )
            )
    for row, change in billed:
        written.moved[change.reference] -= gone[row.id or 0]
        _shorten(booking, rows[row.id or 0], change, (gone[row.id or 0], off[row.id or 0]))


def _billed_days(
    booking: Booking, row: PlannedChargeRow, change: ChargeChange
) -> list[tuple[str, int, Interval]]:
    """Return the invoice, the line's position on it and the days of what is to be credited."""
    found = []
    standing = taken(booking.session, row.deal, row.term).get((row.term, row.reference), [])
    lines = booking.session.exec(
        select(InvoiceLineRow)
        .where(InvoiceLineRow.deal == row.deal, InvoiceLineRow.term == row.term)
        .where(InvoiceLineRow.reference == row.reference)
        .order_by(col(InvoiceLineRow.id).desc())
    ).all()
    left = [
        both
        for lost in change.lost
        if (inside := lost.intersection(_period(row))) is not None
        for days in standing
        if (both := inside.intersection(days)) is not None
    ]
    for line in lines:
        whole = Interval(start=line.starts_on, end=line.ends_on)
        mine = [both for each in left if (both := each.intersection(whole)) is not None]
        ids = [one.id for one in invoice_lines(booking.session, line.invoice)]
        index = ids.index(line.id)
        owed = _not_given_back(booking, line.invoice, index, mine)
        found += [(line.invoice, index, days) for days in owed]
        left = [rest for each in left for rest in remaining(each, [whole])]
    return found


def _not_given_back(
    booking: Booking, number: str, index: int, days: Sequence[Interval]
) -> list[Interval]:
    """Return the days of an invoice line that no credit note took back, whatever it was for."""
    if not days:
        return []
    invoice = Invoice.model_validate_json(invoice_row(booking.session, number).content)
    state = line_state(invoice, notes_of(booking.session, number), index)
    if state.is_complete:
        return []
    return [rest for each in days for rest in remaining(each, state.free) if rest.days]


def _part(booking: Booking, change: ChargeChange, index: int, lost: Interval) -> CreditPart:
    line = booking.before[change.reference].line
    share = next(
        (one for one in booking.terms.calendar.of(line) if one.period.overlaps(lost)), None
    )
    full = (share.full or share.period) if share else None
    return CreditPart(line=index, days=lost, full=full, proration=line.proration)


def _issue(booking: Booking, invoice: str, place: int, parts: Sequence[CreditPart]) -> CreditNote:
    key = f"amendment:{booking.contract.deal}:{booking.number}:{invoice}:{place}"
    order = CreditOrder(
        key=key,
        invoice=invoice,
        on=booking.step.on,
        reason=booking.reason,
        parts=tuple(parts),
        effect=CreditEffect.CHANGE,
    )
    return issue_credit_note(booking.session, booking.office, order)


def _shorten(
    booking: Booking, row: PlannedChargeRow, change: ChargeChange, credited: tuple[int, int]
) -> None:
    """Plan what is left of a billed charge at what was billed less what was credited."""
    row.canceled_on = booking.step.on
    booking.session.add(row)
    charge = _charge(row)
    left = row.amount_minor - credited[0]
    # What was conceded before stays in the price, from which revenue takes it off.
    rest = remaining(_period(row), change.lost) or ((_period(row),) if left else ())
    if not rest:
        return
    weights = [period.days for period in rest]
    amounts = Money(minor=left, currency=row.currency).allocate(weights)
    offs = Money(minor=max(row.discount_minor - credited[1], 0), currency=row.currency)
    for period, amount, off in zip(rest, amounts, offs.allocate(weights), strict=True):
        kept = charge.model_copy(update={"period": period, "amount": amount, "discount": off})
        _plan(booking, kept, row=row)


def _plan(booking: Booking, charge: PlannedCharge, row: PlannedChargeRow | None) -> None:
    """Put a charge in the plan; what is left of another keeps everything else of it."""
    kept = row.model_dump(exclude={"id", "canceled_on"}) if row else {}
    fields = {
        "deal": booking.contract.deal,
        "term": booking.contract.term,
        "reference": charge.reference,
        "description": charge.description,
        "starts_on": charge.period.start,
        "ends_on": charge.period.end,
        "bill_on": charge.bill_on,
        "amount_minor": charge.amount.minor,
        "discount_minor": charge.discount.minor,
        "currency": charge.amount.currency,
        "amendment": booking.number,
    }
    booking.session.add(PlannedChargeRow.model_validate({**kept, **fields}))


def _charge(row: PlannedChargeRow) -> PlannedCharge:
    return PlannedCharge(
        reference=row.reference,
        description=row.description,
        period=_period(row),
        bill_on=row.bill_on,
        amount=Money(minor=row.amount_minor, currency=row.currency),
        discount=Money(minor=row.discount_minor, currency=row.currency),
    )


def _shown(charge: PlannedCharge) -> Replanned:
    return Replanned(
        reference=charge.reference,
        description=charge.description,
        period=charge.period,
        amount=charge.amount,
    )


def _period(row: PlannedChargeRow) -> Interval:
    return Interval(start=row.starts_on, end=row.ends_on)
