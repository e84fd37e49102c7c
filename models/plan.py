"""The billing plan: what the priced lines of a quote will bill, and when, to the cent."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import assert_never

from models.billing_terms import AgreedBilling, Anchor, BillingTerms, Weekday
from models.charges import STEPS, BillOn, Cadence, ChargeType, Proration, Timing
from models.cycles import Grid
from models.errors import InvalidInputError, Problem
from models.money import Money
from models.periods import Interval, add_months, months_between
from models.proration import factor
from models.ramps import Segment
from models.value import Value
from models.waterfall import PricedLine


class PlannedCharge(Value):
    """One amount the contract will bill: a priced line over one service period.

    `bill_on` is the date it becomes billable; None means on delivery of the line, or when its
    `milestone` is confirmed. `amount` is after every discount and before tax; `discount` (not
    negative) is how far it lies below list. `part` counts the parts of a schedule from 1.
    Where `quantity` is given, `quantity` times `unit_price` is the amount, in `unit`s: what was
    metered. `gross` is what was agreed with tax in it, if it was.
    """

    reference: str
    description: str
    period: Interval
    bill_on: date | None
    amount: Money
    discount: Money
    gross: Money | None = None
    part: int = 0
    milestone: str = ""
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    unit: str = ""

    @property
    def number(self) -> str:
        """The quote's number of the line that is billed."""
        return self.reference.partition("/")[0]

    @property
    def line_reference(self) -> str:
        """The reference of the priced line that is billed; the parts of a schedule share it."""
        return self.reference.removesuffix(f"@{self.part}") if self.part else self.reference


class Share(Value):
    """One billing of a line: its service period, and how many days of how long a full period.

    `index` counts the billing periods of the term from 0; `full` is the un-truncated period.
    """

    period: Interval
    full_days: int
    index: int = 0
    full: Interval | None = None

    def of(self, amount: Money, by: Proration = Proration.DAY) -> Money:
        """Return this billing's part of an amount per full period, rounded once."""
        days = self.period.days
        if days == self.full_days:
            return amount
        if by is Proration.DAY or self.full is None:
            return amount.prorate(days, self.full_days)
        return amount.times(factor(by, self.period, self.full))


def term_end(starts_on: date, term_months: int, anchor_on: date | None = None) -> date:
    """Return the first day after the term; a one-off sale (0 months) counts as one day.

    A later term is counted from the anchor, the first day of the first one: after a term from 31
    January to 28 February the next ends on 31 March.
    """
    if term_months == 0:
        return starts_on + timedelta(days=1)
    anchor = anchor_on or starts_on
    return add_months(anchor, months_between(anchor, starts_on) + term_months)


class Calendar:
    """The billings of each cadence over one term, each worked out once."""

    def __init__(
        self,
        starts_on: date,
        ends_on: date,
        anchor_on: date | None = None,
        terms: BillingTerms | None = None,
    ) -> None:
        self._anchor = anchor_on or starts_on
        self._terms = terms or BillingTerms()
        self._term = Interval(start=starts_on, end=ends_on)
        self._known: dict[tuple[Cadence | None, bool], tuple[Share, ...]] = {}

    def of(self, line: PricedLine) -> tuple[Share, ...]:
        """Return the billings of a line; what recurs without a cadence is billed once a term."""
        recurs = line.charge_type is ChargeType.RECURRING
        return self.every(line.cadence, recurs=recurs, segment=line.segment)

    def every(
        self, cadence: Cadence | None, *, recurs: bool, segment: Segment | None = None
    ) -> tuple[Share, ...]:
        """Return the billings of a cadence over the term; what does not recur is billed once.

        A segment of a ramp is billed for its own days; a period it begins or ends in is split.
        """
        if segment is not None and recurs:
            return tuple(self._segment(self.every(cadence, recurs=recurs), segment))
        found = self._known.get((cadence, recurs))
        if found is None:
            found = self._known[cadence, recurs] = tuple(self._billings(cadence, recurs=recurs))
        return found

    def _segment(self, shares: Sequence[Share], segment: Segment) -> Iterator[Share]:
        runs = segment.interval(self._term.start, self._term.end)
        for share in shares if runs is not None else ():
            period = share.period.intersection(runs) if runs is not None else None
            if period is not None:
                yield share.model_copy(update={"period": period})

    def _billings(self, cadence: Cadence | None, *, recurs: bool) -> Iterator[Share]:
        start, end = self._term.start, self._term.end
        if cadence is None and recurs:
            yield Share(period=self._term, full_days=self._term.days, full=self._term)
        elif cadence is None:
            yield Share(period=Interval(start=start, end=start + timedelta(days=1)), full_days=1)
        else:
            grid = grid_of(cadence, self._terms, start, self._anchor)
            for index, full in enumerate(grid.periods(start, end)):
                period = Interval(start=max(full.start, start), end=min(full.end, end))
                yield Share(period=period, full_days=full.days, index=index, full=full)


def grid_of(cadence: Cadence, terms: BillingTerms, starts_on: date, anchor_on: date) -> Grid:
    """Return the days on which the billing periods of a term begin.

    By anniversary they are counted from the first day of the term, on the anchor's day of the
    month; by calendar from the first of January; on a day or the end of the month from the month
    the term starts in. Weekly periods go on being counted from the anchor, so that they begin on
    the same weekday in every term, unless the terms name another.
    """
    step = STEPS[cadence]
    if not step.months:
        weekday = _weekday(terms)
        back = (anchor_on.weekday() - weekday.place) % 7 if weekday else 0
        return Grid(step=step, base=anchor_on - timedelta(days=back))
    match terms.anchor:
        case Anchor.ANNIVERSARY | Anchor.WEEKDAY:
            return Grid(step=step, base=starts_on.replace(day=1), day=anchor_on.day)
        case Anchor.CALENDAR:
            return Grid(step=step, base=date(starts_on.year, 1, 1), day=1)
        case Anchor.DAY:
            return Grid(step=step, base=starts_on.replace(day=1), day=terms.day or anchor_on.day)
        case Anchor.MONTH_END:
            return Grid(step=step, base=starts_on.replace(day=1), day=31)
        case _:
            assert_never(terms.anchor)


def _weekday(terms: BillingTerms) -> Weekday | None:
    by_calendar = Weekday.MONDAY if terms.anchor is Anchor.CALENDAR else None
    return terms.weekday or by_calendar


def billing_plan(
    lines: Sequence[PricedLine],
    starts_on: date,
    ends_on: date,
    anchor_on: date | None = None,
    agreed: AgreedBilling | None = None,
) -> tuple[PlannedCharge, ...]:
    """Return everything the lines will bill over the term, line by line in order of time.

    Recurring lines are billed for periods counted from the anchor, the first day of the first term
    (without `anchor_on` it is `starts_on`), the last one cut at `ends_on`
    and prorated by days of the full period; in advance at a period's start, in arrears at its end.
    The billing terms may let periods begin elsewhere: then the first is cut as well, and prorated
    by days of the full period it is a part of.
    One-time lines are billed at the start, or on delivery (no date). A line's `introductory`
    reductions come off the periods they name, its `once_discount` off its first billing. The
    segments of a ramp are billed for their own days: a period that a segment begins or ends in is
    split there, and each part is prorated by days of the full period.

    What is charged by usage is not in the plan: its amounts are not known yet.

    Raises `InvalidInputError` with all lines whose first billing is less than that discount, and
    those whose periods cannot be counted from the anchor.
    """
    terms = agreed.terms if agreed else BillingTerms()
    calendar = Calendar(starts_on, ends_on, anchor_on, terms)
    problems = [*_cadence_problems(lines, terms)]
    lines = [line for line in lines if line.charge_type is not ChargeType.USAGE]
    for line in lines:
        first = next(iter(calendar.of(line)), None)
        if first is None or amount_of(line, first) < line.once_discount:
            problems.append(
                Problem(
                    field=f"line {line.number}",
                    reason=f"{line.once_discount} off once is more than the first billing",
                    remedy="lower the discount or take it off each period",
                )
            )
    if problems:
        raise InvalidInputError(problems)
    return tuple(charge for line in lines for charge in _line_plan(line, calendar.of(line)))


def _cadence_problems(lines: Sequence[PricedLine], terms: BillingTerms) -> Iterator[Problem]:
    if terms.anchor is not Anchor.WEEKDAY:
        return
    for line in lines:
        cadence = line.usage.cadence if line.usage else line.cadence
        if cadence is not None and STEPS[cadence].months:
            yield Problem(
                field=f"line {line.number}",
                reason=f"{line.name} is billed {cadence}, and no month begins on a weekday",
                remedy="use another billing.anchor; `weekday` alone moves the weekly charges",
            )


def amount_of(line: PricedLine, share: Share) -> Money:
    """Return what one billing of a line comes to, before a discount given once."""
    off = line.off_minor(share.index)
    return share.of(line.net - line.off_period(share.index) if off else line.net, line.proration)


def runs_in(line: PricedLine, term: Interval) -> Interval | None:
    """Return the days of a term a line runs on: all of them, or those of its segment of a ramp."""
    return line.segment.interval(term.start, term.end) if line.segment else term


def over_term(
    amounts: Sequence[tuple[PricedLine, Money]],
    starts_on: date,
    ends_on: date,
    anchor_on: date | None = None,
    terms: BillingTerms | None = None,
) -> Iterator[Money]:
    """Yield amounts per full period of their lines, billing by billing over the term."""
    calendar = Calendar(starts_on, ends_on, anchor_on, terms)
    for line, amount in amounts:
        for share in calendar.of(line):
            yield share.of(amount, line.proration)


def _line_plan(line: PricedLine, shares: Sequence[Share]) -> Iterator[PlannedCharge]:
    currency, once = line.net.currency, line.once_discount.minor
    known: dict[int, Money] = {}
    for share in shares:
        minor = amount_of(line, share).minor - once
        off = max(share.of(line.list_amount, line.proration).minor - minor, 0)
        # Most periods of a line come to the same, and equal amounts may be one value.
        for amount in (minor, off):
            if amount not in known:
                known[amount] = Money(minor=amount, currency=currency)
        yield PlannedCharge(
            reference=line.reference,
            description=line.name,
            period=share.period,
            bill_on=_bill_on(line, share.period),
            amount=known[minor],
            discount=known[off],
        )
        once = 0


def _bill_on(line: PricedLine, period: Interval) -> date | None:
    if line.charge_type is ChargeType.ONE_TIME:
        return None if line.bill_on is BillOn.DELIVERY else period.start
    return period.start if line.timing is Timing.IN_ADVANCE else period.end
