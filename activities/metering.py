"""Metering: the usage of one term rated, earned and put on its next invoice.

What a period comes to is worked out from the events on record, what is on record is subtracted, and
the difference is written: a rating, its revenue, and what the next invoice bills. Revenue of usage
belongs to the period of the use (as invoiced, ASC 606-10-55-18), so a period that has ended and is
not billed yet is a contract asset; what comes late is earned on the day it is known.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlmodel import Session

from activities import journal
from activities.accounts import conceded, deal_row, has_fixed_price, scope_of
from activities.contract_versions import signed_quote
from activities.pool_rows import pool_states
from activities.pools import top_ups
from activities.usage import last_event, measured, span_of
from activities.usage_rows import (
    PeriodKey,
    billed_usage,
    is_settled,
    latest_ratings,
    period_of,
    period_rows,
    place_of,
    term_is_billed,
)
from models.billing import DueCharge
from models.charges import Timing
from models.commitments import Pool
from models.credit_notes import CreditEffect
from models.credit_steps import CreditOrder
from models.credits import CreditPart
from models.ledger import EntryHeader, revenue_entry
from models.money import Money
from models.periods import Interval
from models.plan import PlannedCharge
from models.prepaid import pools_for
from models.quoting import Quote
from models.rating import (
    LATE,
    TRUE_UP,
    Rated,
    Settlement,
    UsageBill,
    UsagePeriod,
    period_true_up,
    rate,
    settle,
    term_true_up,
    true_up_bill,
    usage_bill,
)
from models.tables import (
    ContractRow,
    UsagePoolRow,
    UsageRatingRow,
)
from models.waterfall import FLAT_UNIT, PricedLine

_ONE_DAY = timedelta(days=1)

_Bill = tuple[UsagePeriod, UsageBill]


@dataclass(frozen=True)
class Figures:
    """What a period comes to, all of it: what it is worth, and how it is met and billed."""

    rated: Rated
    settlement: Settlement
    true_up: Money

    @property
    def amounts(self) -> tuple[int, int, int, str]:
        """What makes one rating differ from another."""
        rated = self.rated
        amounts = (rated.amount.minor, self.billable.minor, self.true_up.minor)
        return (*amounts, rated.model_dump_json())

    @property
    def billable(self) -> Money:
        """What is billed for what no pool meets."""
        return self.settlement.billable(self.rated.amount.currency)


class Metering:
    """The usage of one term of a deal, brought up to a day.

    `explained` are priced lines for what `due` returned, by reference.
    """

    def __init__(
        self, session: Session, contract: ContractRow, quote: Quote, on: date, now: datetime
    ) -> None:
        self._session, self._contract, self._on, self._now = session, contract, on, now
        self._lines = {line.reference: line for line in quote.lines if line.usage}
        self._periods = tuple(map(period_of, period_rows(session, contract.deal, contract.term)))
        self._latest = latest_ratings(session, contract.deal, contract.term)
        self._zone = deal_row(session, contract.deal).time_zone
        self._last_event = last_event(session, contract.deal)
        self._left: list[_Bill] = []
        self.explained: Mapping[str, PricedLine] = {}
        self._states = dict(pool_states(session, contract.deal))

    def rate(self) -> None:
        """Rate every period up to the latest day it is accounted for, and post its revenue.

        A period is accounted for at its end, and before it at each first of a month.
        """
        new = [
            (each, until)
            for each in self._periods
            if (until := each.boundary(self._on)) is not None and self._is_new(each, until)
        ]
        if any(until == each.period.end for each, until in new):
            # A bill is coming; what a correction gives back to the pools can be drawn again first.
            self._rate_again(is_billing=True)
        for each, until in new:
            self._record(each, until, until - _ONE_DAY)

    def _is_new(self, each: UsagePeriod, until: date) -> bool:
        latest = self._latest.get(_key(each))
        return latest is None or latest.before < until

    def _rate_again(self, *, is_billing: bool) -> None:
        """Rate ended periods again for which something came in since.

        That is done when an invoice goes out that can take the difference, and for good on the day
        from which nothing more is taken.
        """
        for each in self._periods:
            latest = self._latest.get(_key(each))
            if latest is None or latest.before < each.period.end or is_settled(latest, each):
                continue
            is_final = self._on >= each.final_on
            if is_final or (is_billing and self._last_event > latest.events_until):
                self._record(each, each.period.end, self._on)

    def _record(self, each: UsagePeriod, until: date, booked_on: date) -> None:
        """Put what a period comes to on record, with its revenue, unless nothing is new."""
        latest = self._latest.get(_key(each))
        figures = self._figures(each, until, latest)
        is_new = latest is None or latest.before < until or self._on >= each.final_on
        if not is_new and latest is not None and figures.amounts == _amounts(latest):
            return
        row = self._row(each, until, latest, figures)
        more = row.billable_minor + row.true_up_minor
        more -= latest.billable_minor + latest.true_up_minor if latest else 0
        more += self._draw(_settlement(latest), figures.settlement).minor
        row.earned_minor = more + (latest.earned_minor if latest else 0)
        self._session.add(row)
        self._latest[_key(each)] = row
        self._earn(row, more, booked_on)
        self._session.flush()

    def _figures(self, each: UsagePeriod, until: date, latest: UsageRatingRow | None) -> Figures:
        line, currency = self._lines[each.reference], self._contract.currency
        terms = line.usage
        if terms is None:
            raise LookupError(f"{each.reference} is not charged by usage")
        span = span_of(each.period.start, until, self._zone)
        counted = measured(
            self._session, self._contract.deal, terms.meter, span, each=terms.by_transaction
        )
        rated = rate(terms, counted, currency)
        before = _settlement(latest)
        settlement = settle(rated.amount, before, self._pools(each, until), until - _ONE_DAY)
        true_up = Money.zero(currency)
        if until == each.period.end:
            days = (each.period.days, each.full_days)
            true_up = period_true_up(terms.committed, rated.amount, days)
            if each == self._last_of(each.reference):
                true_up += term_true_up(terms.committed, rated.amount + self._earlier(each))
        return Figures(rated, settlement, true_up)

    def _pools(self, each: UsagePeriod, until: date) -> Sequence[Pool]:
        used = Interval(start=each.period.start, end=until)
        return pools_for(self._states.values(), used)

    def _draw(self, before: Settlement, after: Settlement) -> Money:
        """Note what is drawn of each pool, and return what drawing it earns."""
        total = Money.zero(self._contract.currency)
        for key in {*before.drawn, *after.drawn}:
            state, more = self._states[key], after.drawn.get(key, 0) - before.drawn.get(key, 0)
            drawn = state.drawn + Money(minor=more, currency=total.currency)
            total += state.earned(drawn) - state.earned(state.drawn)
            self._states[key] = state.model_copy(update={"drawn": drawn})
        return total

    def _last_of(self, reference: str) -> UsagePeriod:
        own = [each for each in self._periods if each.reference == reference]
        return max(own, key=lambda each: each.period.start)

    def _earlier(self, last: UsagePeriod) -> Money:
        """Return what the other periods of a charge came to."""
        minor = sum(
            row.amount_minor
            for (reference, start), row in self._latest.items()
            if reference == last.reference and start != last.period.start
        )
        return Money(minor=minor, currency=self._contract.currency)

    def _row(
        self, each: UsagePeriod, until: date, latest: UsageRatingRow | None, figures: Figures
    ) -> UsageRatingRow:
        return UsageRatingRow(
            deal=self._contract.deal,
            term=self._contract.term,
            reference=each.reference,
            starts_on=each.period.start,
            ends_on=each.period.end,
            revision=latest.revision + 1 if latest else 1,
            before=until,
            events_until=self._last_event,
            amount_minor=figures.rated.amount.minor,
            billable_minor=figures.billable.minor,
            true_up_minor=figures.true_up.minor,
            earned_minor=0,
            currency=self._contract.currency,
            rated_on=self._on,
            content=figures.rated.model_dump_json(),
            settlement=figures.settlement.model_dump_json(),
        )

    def _earn(self, row: UsageRatingRow, minor: int, booked_on: date) -> None:
        header = EntryHeader(
            key=f"usage:{row.deal}:{row.term}:{row.reference}:{row.starts_on}:{row.revision}",
            entity=self._contract.entity,
            deal=row.deal,
            customer=self._contract.customer,
            booked_on=booked_on,
            cause=self._contract.number,
            text=f"Usage {row.reference} before {row.before}",
        )
        position = journal.contract_position(self._session, row.deal, row.currency)
        amount = Money(minor=minor, currency=row.currency)
        scope = scope_of(deal_row(self._session, row.deal))
        journal.post(self._session, revenue_entry(header, amount, position), self._now, scope)

    def due(self, regular: Sequence[DueCharge], *, is_last: bool) -> tuple[DueCharge, ...]:
        """Return what of usage goes on the invoices of this day, beside the `regular` charges.

        A period that ended is billed with what else is billed on its last day. What came late waits
        for the next invoice as long as there is one to come, and less than was billed before only
        goes on an invoice that stays above zero. `is_last` when nothing regular is to come.
        """
        sold = bool(self._unbilled_top_ups())
        self._rate_again(is_billing=bool(regular or sold or self._bills()[0]))
        first, late = self._bills()
        charges = [due_charge(self._lines[each.reference], each, bill) for each, bill in first]
        charges += [top_up_charge(row) for row in self._unbilled_top_ups()]
        everything = [*regular, *charges]
        is_over = is_last and all(each.period.end <= self._on for each in self._periods)
        if late and (everything or is_over):
            on = max((one.billable_on for one in everything), default=self._on)
            together = [one.charge.amount for one in everything if one.billable_on == on]
            room = Money.total(together, self._contract.currency)
            for each, bill in _that_fit(late, room):
                charges.append(due_charge(self._lines[each.reference], each, bill, on))
        is_final = is_over and all(
            is_settled(self._latest.get(_key(each)), each) for each in self._periods
        )
        fit = {charge.charge.reference for charge in charges}
        self._left = [one for one in late if is_final and one[1].reference not in fit]
        self.explained = self._explain(charges)
        return tuple(charges)

    def _unbilled_top_ups(self) -> list[UsagePoolRow]:
        billed = billed_usage(self._session, self._contract.deal, self._contract.term)
        return [
            row
            for row in top_ups(self._session, self._contract.deal, self._contract.term)
            if not billed.of(row.reference, row.starts_on).amounts
        ]

    def _explain(self, charges: Sequence[DueCharge]) -> dict[str, PricedLine]:
        """Return a priced line for each charge of usage, by its reference.

        Credit is taxed as what it is for: when it is sold, a single-purpose voucher is the supply
        itself (Directive 2006/112/EC, art. 30b(1)).
        """
        some = next(iter(self._lines.values()))
        found: dict[str, PricedLine] = {}
        for each in charges:
            reference = each.charge.reference
            base = reference.partition(f"/{LATE}-")[0].removesuffix(f"/{TRUE_UP}")
            line = self._lines.get(base)
            changes = (
                {"reference": reference}
                if line
                else {"reference": reference, "timing": Timing.IN_ADVANCE}
            )
            found[reference] = (line or some).model_copy(update=changes)
        return found

    def credits(self) -> tuple[CreditOrder, ...]:
        """Return what has to be taken back of invoices, for no later one can carry it."""
        return tuple(order for each, bill in self._left for order in self._credits(each, bill))

    def _credits(self, each: UsagePeriod, bill: UsageBill) -> Iterator[CreditOrder]:
        base = bill.reference.partition(f"/{LATE}-")[0]
        left = -bill.amount.minor
        billed = billed_usage(self._session, self._contract.deal, self._contract.term)
        for row, standing in billed.lines_of(base, each.period.start):
            part = min(left, standing)
            if part <= 0:
                continue
            left -= part
            amount = Money(minor=part, currency=row.currency)
            yield CreditOrder(
                key=f"usage:{row.id}:{bill.reference}",
                invoice=row.invoice,
                on=self._on,
                reason=f"Usage was corrected: {bill.description}",
                parts=(CreditPart(line=place_of(self._session, row), amount=amount),),
                effect=CreditEffect.CHANGE,
                actor="q2c",
            )

    def _bills(self) -> tuple[list[_Bill], list[_Bill]]:
        """Return what is not billed yet: of periods for the first time, and what came late."""
        first: list[_Bill] = []
        late: list[_Bill] = []
        billed = billed_usage(self._session, self._contract.deal, self._contract.term)
        for each in self._periods:
            row = self._latest.get(_key(each))
            if row is None or row.before < each.period.end:
                continue
            line = self._lines[each.reference]
            rated = Rated.model_validate_json(row.content)
            true_up = Money(minor=row.true_up_minor, currency=row.currency)
            before = billed.of(each.reference, each.period.start)
            committed = billed.of(f"{each.reference}/{TRUE_UP}", each.period.start)
            for bill, is_late in (
                (usage_bill(line, rated, _settlement(row), before), bool(before.amounts)),
                (true_up_bill(line, true_up, committed), bool(committed.amounts)),
            ):
                if bill is not None:
                    (late if is_late else first).append((each, bill))
        return first, late

    def next_on(self) -> date | None:
        """Return the next day after this one on which usage is accounted for or settled."""
        last_end = max(each.period.end for each in self._periods)
        days = (
            each.next_after(self._on, last_end)
            for each in self._periods
            if not is_settled(self._latest.get(_key(each)), each)
        )
        return min((day for day in days if day is not None), default=None)


def metering_of(
    session: Session, contract: ContractRow, on: date, now: datetime
) -> Metering | None:
    """Return the usage of a term; None where there is none, or all of it is billed for good."""
    if term_is_billed(session, contract.deal, contract.term):
        return None
    return Metering(session, contract, signed_quote(session, contract), on, now)


def concede_usage(session: Session, contract: ContractRow, on: date, now: datetime) -> None:
    """Lower revenue by what was conceded on invoices of a term that sold nothing but usage.

    Elsewhere the concession comes off the fixed price, and its revenue follows (ASC 606-10-32-44).
    """
    if not period_rows(session, contract.deal, contract.term) or has_fixed_price(session, contract):
        return
    off = conceded(session, contract.deal, contract.term)
    key = f"usage-concession:{contract.deal}:{contract.term}"
    less = Money(minor=-off, currency=contract.currency) - journal.revenue_of(
        session, key, contract.currency
    )
    header = EntryHeader(
        key=f"{key}:{off}",
        entity=contract.entity,
        deal=contract.deal,
        customer=contract.customer,
        booked_on=on,
        cause=contract.number,
        text="Usage conceded",
    )
    position = journal.contract_position(session, contract.deal, contract.currency)
    scope = scope_of(deal_row(session, contract.deal))
    journal.post(session, revenue_entry(header, less, position), now, scope)


def due_charge(
    line: PricedLine, each: UsagePeriod, bill: UsageBill, on: date | None = None
) -> DueCharge:
    """Return what an invoice bills of a period, on its last day unless `on` says otherwise."""
    unit = line.usage.meter.unit if line.usage and not bill.is_fee else FLAT_UNIT
    billable_on = on or each.period.end
    charge = PlannedCharge(
        reference=bill.reference,
        description=bill.description,
        period=each.period,
        bill_on=billable_on,
        amount=bill.amount,
        discount=Money.zero(bill.amount.currency),
        quantity=bill.quantity,
        unit_price=bill.unit_price,
        unit=unit,
    )
    return DueCharge(charge=charge, billable_on=billable_on)


def top_up_charge(row: UsagePoolRow) -> DueCharge:
    """Return what an invoice bills for credit that was topped up, on the day it was."""
    amount = Money(minor=row.paid_minor, currency=row.currency)
    credit = Money(minor=row.credit_minor, currency=row.currency)
    charge = PlannedCharge(
        reference=row.reference,
        description=f"{row.name}: {credit}, to use until before {row.ends_on}",
        period=Interval(start=row.starts_on, end=row.starts_on + _ONE_DAY),
        bill_on=row.starts_on,
        amount=amount,
        discount=Money.zero(row.currency),
        quantity=Decimal(1),
        unit_price=amount.decimal,
        unit=FLAT_UNIT,
    )
    return DueCharge(charge=charge, billable_on=row.starts_on)


def _that_fit(late: Sequence[_Bill], room: Money) -> Iterator[_Bill]:
    """Yield what came late as far as the invoice does not go below zero, increases first."""
    for each, bill in sorted(late, key=lambda one: -one[1].amount.minor):
        if bill.amount.minor > 0 or (room.minor > 0 and (room + bill.amount).minor >= 0):
            room += bill.amount
            yield each, bill


def _key(each: UsagePeriod) -> PeriodKey:
    return (each.reference, each.period.start)


def _settlement(row: UsageRatingRow | None) -> Settlement:
    return Settlement.model_validate_json(row.settlement) if row else Settlement()


def _amounts(row: UsageRatingRow) -> tuple[int, int, int, str]:
    return (row.amount_minor, row.billable_minor, row.true_up_minor, row.content)
