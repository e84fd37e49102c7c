"""What a deal uses now, and what its next bill will come to if it goes on like this.

Computed from the events on record by the functions that rate and bill, with nothing written.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session, col, func, select

from activities.contract_versions import signed_quote
from activities.pool_rows import pool_states
from activities.usage import measured, span_of
from activities.usage_rows import PeriodKey, latest_ratings, period_of, period_rows
from models.deal import local_date
from models.meters import Aggregation
from models.money import Money
from models.prepaid import PoolState, pools_for
from models.projection import projected, projected_amount
from models.rating import Rated, Settlement, UsagePeriod, period_true_up, rate, settle
from models.tables import ContractRow, DealRow, PlannedChargeRow, UsageRatingRow
from models.usage import Measured, Span
from models.usage_terms import UsageTerms
from models.value import Value
from models.waterfall import PricedLine
from starter.service.reports import deal_row


class UsageNow(Value):
    """One charge in its running period: what was used, and what that comes to so far.

    `projected` and `projected_minor` are of the whole period if it goes on like this,
    `prepaid_minor` the part that prepaid credit meets, `true_up_minor` what is short of the
    commitment then. `to_bill_minor` is what is left to bill.
    """

    reference: str
    name: str
    meter: str
    unit: str
    starts_on: date
    ends_on: date
    events: int
    quantity: Decimal
    amount_minor: int
    rule: str
    projected: Decimal
    projected_minor: int
    prepaid_minor: int
    true_up_minor: int
    to_bill_minor: int


class PoolNow(Value):
    """A pool of prepaid credit as it stands."""

    key: str
    name: str
    credit_minor: int
    drawn_minor: int
    left_minor: int
    paid_minor: int
    priority: int
    starts_on: date
    ends_on: date


class UsageShown(Value):
    """What a deal used so far in its running periods; amounts before tax."""

    deal: str
    as_of: datetime
    currency: str
    items: tuple[UsageNow, ...]
    pools: tuple[PoolNow, ...]


class ProjectedLine(Value):
    """One line of a bill to come; `is_usage` tells what may still change."""

    reference: str
    name: str
    amount_minor: int
    is_usage: bool


class ProjectedBill(Value):
    """The next bill with usage on it, before tax; what is agreed is exact, the rest projected."""

    deal: str
    as_of: datetime
    currency: str
    bill_on: date | None
    lines: tuple[ProjectedLine, ...]
    total_minor: int


def show(session: Session, number: str, clock: datetime) -> UsageShown:
    """Return the usage of a deal in its running periods; raises `NotFoundError`."""
    deal = deal_row(session, number)
    now = _now(deal, clock)
    return UsageShown(
        deal=number,
        as_of=now,
        currency=deal.currency,
        items=tuple(_Running(session, deal, now).items()),
        pools=tuple(_pool(state) for state in pool_states(session, number).values()),
    )


def projection(session: Session, number: str, clock: datetime) -> ProjectedBill:
    """Return the next bill of a deal that has usage on it; raises `NotFoundError`."""
    shown = show(session, number, clock)
    bill_on = min((one.ends_on for one in shown.items), default=None)
    lines = [line for one in shown.items if one.ends_on == bill_on for line in _usage_lines(one)]
    if bill_on is not None:
        lines = [*_fixed_lines(session, number, bill_on), *lines]
    return ProjectedBill(
        deal=number,
        as_of=shown.as_of,
        currency=shown.currency,
        bill_on=bill_on,
        lines=tuple(lines),
        total_minor=sum(line.amount_minor for line in lines),
    )


def _now(deal: DealRow, clock: datetime) -> datetime:
    return (deal.business_time or deal.started_at) if deal.test_clock else clock


def _pool(state: PoolState) -> PoolNow:
    return PoolNow(
        key=state.key,
        name=state.name,
        credit_minor=state.credit.minor,
        drawn_minor=state.drawn.minor,
        left_minor=state.left.minor,
        paid_minor=state.paid.minor,
        priority=state.priority,
        starts_on=state.period.start,
        ends_on=state.period.end,
    )


def _usage_lines(one: UsageNow) -> Iterator[ProjectedLine]:
    usage = one.to_bill_minor - one.true_up_minor
    yield ProjectedLine(reference=one.reference, name=one.name, amount_minor=usage, is_usage=True)
    if one.true_up_minor:
        yield ProjectedLine(
            reference=f"{one.reference}/true-up",
            name=f"{one.name}: true-up",
            amount_minor=one.true_up_minor,
            is_usage=True,
        )


def _fixed_lines(session: Session, number: str, bill_on: date) -> Iterator[ProjectedLine]:
    statement = (
        select(
            col(PlannedChargeRow.reference),
            col(PlannedChargeRow.description),
            func.sum(PlannedChargeRow.amount_minor),
        )
        .where(PlannedChargeRow.deal == number, PlannedChargeRow.bill_on == bill_on)
        .where(col(PlannedChargeRow.canceled_on).is_(None))
        .group_by(col(PlannedChargeRow.reference), col(PlannedChargeRow.description))
        .order_by(col(PlannedChargeRow.reference))
    )
    for reference, name, minor in session.exec(statement):
        yield ProjectedLine(reference=reference, name=name, amount_minor=int(minor), is_usage=False)


class _Running:
    """The running periods of a deal at a moment."""

    def __init__(self, session: Session, deal: DealRow, now: datetime) -> None:
        self._session, self._deal, self._now = session, deal, now
        self._today = local_date(now, deal.time_zone)
        self._states = dict(pool_states(session, deal.number))

    def items(self) -> Iterator[UsageNow]:
        """Yield what is used of each charge in the period of today."""
        rows = [
            row
            for row in period_rows(self._session, self._deal.number)
            if row.starts_on <= self._today < row.ends_on
        ]
        for term in sorted({row.term for row in rows}):
            lines = self._lines(term)
            latest = latest_ratings(self._session, self._deal.number, term)
            for row in rows:
                line = lines.get(row.reference)
                if row.term == term and line is not None and line.usage is not None:
                    yield self._item(period_of(row), line, line.usage, latest)

    def _lines(self, term: int) -> dict[str, PricedLine]:
        contract = self._session.exec(
            select(ContractRow).where(
                ContractRow.deal == self._deal.number, ContractRow.term == term
            )
        ).one()
        return {line.reference: line for line in signed_quote(self._session, contract).lines}

    def _item(
        self,
        each: UsagePeriod,
        line: PricedLine,
        terms: UsageTerms,
        latest: dict[PeriodKey, UsageRatingRow],
    ) -> UsageNow:
        span = span_of(each.period.start, each.period.end, self._deal.time_zone)
        so_far = self._measured(terms, Span(span.start, max(self._now, span.start)))
        rated = rate(terms, so_far, self._deal.currency)
        ahead, expected = self._projected(terms, so_far, rated, span)
        row = latest.get((each.reference, each.period.start))
        before = Settlement.model_validate_json(row.settlement) if row else Settlement()
        pools = pools_for(self._states.values(), each.period)
        met = settle(expected, before, pools, each.period.start)
        self._draw(before, met)
        true_up = period_true_up(terms.committed, expected, (each.period.days, each.full_days))
        billable = met.billable(self._deal.currency)
        return UsageNow(
            reference=each.reference,
            name=line.name,
            meter=terms.meter.name,
            unit=terms.meter.unit,
            starts_on=each.period.start,
            ends_on=each.period.end,
            events=so_far.events,
            quantity=so_far.quantity,
            amount_minor=rated.amount.minor,
            rule=rated.rule,
            projected=ahead,
            projected_minor=expected.minor,
            prepaid_minor=sum(met.drawn.values()),
            true_up_minor=true_up.minor,
            to_bill_minor=(billable + true_up).minor,
        )

    def _draw(self, before: Settlement, after: Settlement) -> None:
        """Note what one charge is expected to draw, so that the next finds the rest."""
        for key, minor in after.drawn.items():
            more = Money(minor=minor - before.drawn.get(key, 0), currency=self._deal.currency)
            state = self._states[key]
            self._states[key] = state.model_copy(update={"drawn": state.drawn + more})

    def _measured(self, terms: UsageTerms, span: Span) -> Measured:
        return measured(
            self._session, self._deal.number, terms.meter, span, each=terms.by_transaction
        )

    def _projected(
        self, terms: UsageTerms, so_far: Measured, rated: Rated, span: Span
    ) -> tuple[Decimal, Money]:
        """Return the quantity and the amount of the whole period if it goes on like this."""
        past, whole = self._now - span.start, span.end - span.start
        if terms.meter.aggregation is Aggregation.WEIGHTED:
            ahead = self._measured(terms, span).quantity
        else:
            ahead = projected(terms.meter, so_far, past, whole)
        if terms.by_transaction:
            return ahead, projected_amount(rated.amount, past, whole)
        expected = rate(terms, so_far.model_copy(update={"quantity": ahead}), self._deal.currency)
        return ahead, expected.amount
