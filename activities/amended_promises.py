"""What a contract promises after an amendment, and the revenue of days that are past already."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from sqlmodel import col, select

from activities.amended_books import Booking, Written
from activities.amended_earnings import agreed_promises, catch_up
from models.amended_contract import promise_of, recurs
from models.amended_plan import ChargeChange, LineVersion, ssp_of
from models.amended_revenue import (
    Modified,
    Stretch,
    Treatment,
    prospective,
    rest_of,
    separate,
    treatment_of,
)
from models.credits import remaining
from models.money import Money
from models.periods import Interval
from models.plan import runs_in
from models.recognition import Obligation, Satisfaction
from models.tables import ObligationRow

_ONE_DAY = timedelta(days=1)


def book_promises(
    booking: Booking,
    after: Mapping[str, LineVersion],
    changes: Sequence[ChargeChange],
    written: Written,
    *,
    ends: bool,
) -> Treatment:
    """Put the promises after an amendment on record, and post what is earned of them by today.

    Returns how the amendment is accounted for.
    """
    currency = booking.contract.currency
    once, moved = _once(after, changes), dict(written.moved)
    for reference in once:
        moved.pop(reference, None)
    change = Money(minor=sum(moved.values()), currency=currency)
    additions = list(_additions(booking, after, changes, moved))
    only_adds = bool(additions) and len(additions) == len(
        {_key(after, booking, each.reference) for each in changes if each.reference not in once}
    )
    ssp = Money.total((stretch.ssp for stretch, _ in additions), currency)
    treatment = treatment_of(change, ssp, only_adds=only_adds, ends=ends)
    at = min((each.from_on for each in changes), default=booking.terms.since)
    found = agreed_promises(booking.session, booking.contract)
    if treatment is Treatment.SEPARATE_CONTRACT:
        modified = separate(additions)
    elif change.is_zero and not any(each.lost for each in changes):
        modified = Modified()
    else:
        left = _left(booking, after, changes, found, at)
        modified = prospective(found, at, change, left)
    _write(booking, modified)
    _write_once(booking, after, once, written)
    booking.session.flush()
    touched = {one.reference for one in (*modified.kept, *modified.new)} | set(modified.ended)
    if at <= booking.step.on:
        key = f"revenue:{booking.contract.deal}:{booking.contract.term}:amendment-{booking.number}"
        moment = (booking.step.on, booking.office.wall_clock())
        catch_up(booking.session, booking.contract, touched, key, moment)
    return treatment


def _once(after: Mapping[str, LineVersion], changes: Sequence[ChargeChange]) -> dict[str, str]:
    """Return the added one-time charges of lines that do not recur, with their line's number."""
    recurring = {version.line.number for version in after.values() if recurs(version.line)}
    return {
        each.reference: after[each.reference].line.number
        for each in changes
        if each.reference in after
        and not recurs(after[each.reference].line)
        and after[each.reference].line.number not in recurring
    }


def _key(after: Mapping[str, LineVersion], booking: Booking, reference: str) -> str:
    version = after.get(reference) or booking.before[reference]
    return promise_of(version.line)


def _additions(
    booking: Booking,
    after: Mapping[str, LineVersion],
    changes: Sequence[ChargeChange],
    moved: Mapping[str, int],
) -> Iterator[tuple[Stretch, Money]]:
    """Yield the services that only come, line by line, with what they cost."""
    lines: dict[str, list[ChargeChange]] = {}
    for each in changes:
        if each.reference in moved:
            lines.setdefault(_key(after, booking, each.reference), []).append(each)
    for key, own in lines.items():
        first = next((one for one in own if one.reference in after), None)
        recurring = [
            one for one in own if one.reference in after and recurs(after[one.reference].line)
        ]
        if first is None or not recurring or not all(_grows(booking, after, one) for one in own):
            continue
        days = Interval(start=first.from_on, end=booking.terms.term.end)
        ssp = Money.zero(booking.contract.currency)
        for one in own:
            ssp += _ssp_added(booking, after, one, days)
        price = sum(moved[one.reference] for one in own)
        is_new = all(one.reference not in booking.before for one in own)
        name = after[recurring[0].reference].line.name
        reference = key if is_new else f"{key}~{booking.number}"
        money = Money(minor=price, currency=booking.contract.currency)
        yield Stretch(reference, name, days, ssp), money


def _grows(booking: Booking, after: Mapping[str, LineVersion], change: ChargeChange) -> bool:
    old, new = booking.before.get(change.reference), after.get(change.reference)
    if new is None or new.off:
        return False
    return old is None or (old.line.sku == new.line.sku and new.line.quantity > old.line.quantity)


def _ssp_added(
    booking: Booking, after: Mapping[str, LineVersion], change: ChargeChange, days: Interval
) -> Money:
    new, old = after[change.reference].line, booking.before.get(change.reference)
    calendar = booking.terms.calendar
    if not recurs(new):
        return new.ssp
    added = ssp_of(new, calendar, days)
    return added - ssp_of(old.line, calendar, days) if old else added


def _left(
    booking: Booking,
    after: Mapping[str, LineVersion],
    changes: Sequence[ChargeChange],
    found: Sequence[Obligation],
    at: date,
) -> list[Stretch]:
    """Return the services that are still to be rendered from a day on, line by line."""
    boundaries = {each.reference: each.from_on for each in changes}
    lines: dict[str, list[str]] = {}
    for reference, version in {**booking.before, **after}.items():
        if recurs(version.line) and version.line.cadence is not None:
            lines.setdefault(promise_of(version.line), []).append(reference)
    stretches: list[Stretch] = []
    for key, references in lines.items():
        own = list(_stretches(booking, after, boundaries, references, at))
        named = f"{key}~{booking.number}"
        for place, (name, days, ssp) in enumerate(own, start=1):
            reference = named if len(own) == 1 else f"{named}.{place}"
            stretches.append(Stretch(reference, name, days, ssp))
    for promise in found:
        key = line_key(promise.reference)
        rest = None if key in lines else rest_of(promise, at)
        if rest is not None:
            reference = f"{key}~{booking.number}"
            stretches.append(rest._replace(reference=reference))
    return stretches


def line_key(reference: str) -> str:
    """Return the line (and segment) a promise is of, without the amendments it went through."""
    head, tilde, _ = reference.partition("~")
    return head if tilde else reference


def _stretches(
    booking: Booking,
    after: Mapping[str, LineVersion],
    boundaries: Mapping[str, date],
    references: Sequence[str],
    at: date,
) -> Iterator[tuple[str, Interval, Money]]:
    """Yield the days a line runs, before and after its boundary, with what they sell for."""
    first, terms = references[0], booking.terms
    boundary = max(boundaries.get(first, at), at)
    sides = (
        (booking.before, Interval(start=at, end=boundary)),
        (after, Interval(start=boundary, end=max(terms.term.end, boundary))),
    )
    for versions, days in sides:
        if first not in versions or not days.days:
            continue
        runs = runs_in(versions[first].line, terms.term)
        inside = days.intersection(runs) if runs else None
        for period in remaining(inside, versions[first].off) if inside else ():
            if not period.days:
                continue
            own = [versions[each].line for each in references if each in versions]
            amounts = (ssp_of(line, terms.calendar, period) for line in own)
            ssp = Money.total(amounts, booking.contract.currency)
            yield versions[first].line.name, period, ssp


def _write(booking: Booking, modified: Modified) -> None:
    session, contract = booking.session, booking.contract
    rows = {
        row.reference: row
        for row in session.exec(
            select(ObligationRow)
            .where(ObligationRow.deal == contract.deal, ObligationRow.term == contract.term)
            .where(col(ObligationRow.canceled_on).is_(None))
        )
    }
    for promise in modified.kept:
        row = rows[promise.reference]
        row.allocated_minor, row.ssp_minor = promise.allocated.minor, promise.ssp.minor
        row.content = promise.model_dump_json()
        session.add(row)
    for reference in modified.ended:
        rows[reference].canceled_on = booking.step.on
        session.add(rows[reference])
    for promise in modified.new:
        _add(booking, promise)


def _write_once(
    booking: Booking,
    after: Mapping[str, LineVersion],
    once: Mapping[str, str],
    written: Written,
) -> None:
    """Promise goods and one-time services that came at what they cost."""
    numbers: dict[str, list[str]] = {}
    for reference, number in once.items():
        numbers.setdefault(number, []).append(reference)
    for number, references in numbers.items():
        lines = [after[each].line for each in references]
        currency, day = booking.contract.currency, booking.terms.since
        price = sum(written.moved[each] for each in references)
        _add(
            booking,
            Obligation(
                reference=number,
                name=lines[0].name,
                satisfaction=Satisfaction.POINT_IN_TIME,
                ssp=Money.total((line.ssp for line in lines), currency),
                allocated=Money(minor=price, currency=currency),
                period=Interval(start=day, end=day + _ONE_DAY),
            ),
        )


def _add(booking: Booking, promise: Obligation) -> None:
    booking.session.add(
        ObligationRow(
            deal=booking.contract.deal,
            term=booking.contract.term,
            reference=promise.reference,
            currency=promise.allocated.currency,
            ssp_minor=promise.ssp.minor,
            allocated_minor=promise.allocated.minor,
            content=promise.model_dump_json(),
        )
    )
