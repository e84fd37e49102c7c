"""Rating: what the usage of a period comes to, met from prepaid pools first.

Every figure is cumulative for its period. A later rating stands for the whole period again, and
what is billed or earned is the difference to what is on record, because one more unit may reprice
all units before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext

from models.charge_models import extension_rule, percentage_price, plain
from models.commitments import Pool, draw_down
from models.money import Money, minor_units
from models.percentages import percentage
from models.periods import Interval, month_starts
from models.plan import Calendar
from models.price_books import Commitment, CommitmentSpan
from models.quoting import Quote
from models.tiers import EXACT
from models.usage import Measured
from models.usage_terms import UsageTerms
from models.value import Value
from models.waterfall import PricedLine

TRUE_UP = "true-up"
LATE = "late"
_ONE_DAY = timedelta(days=1)


class UsagePeriod(Value):
    """One billing period of a metered line. A period that is cut short keeps its full length."""

    reference: str
    period: Interval
    full_days: int
    final_on: date

    def boundary(self, on: date) -> date | None:
        """Return the latest day up to which the period is accounted for on a day, or None.

        That is its end, or before it each first of a month, so that a month's revenue is complete.
        """
        days = [*month_starts(self.period.start, self.period.end - _ONE_DAY), self.period.end]
        return max((day for day in days if day <= on), default=None)

    def next_after(self, on: date, last_end: date) -> date | None:
        """Return the next day on which there is something to account for, or None.

        A period is settled beside a later one that ends, as long as there is one: `last_end` is the
        end of the last. So a month needs one day, not two.
        """
        days = [*month_starts(self.period.start, self.period.end - _ONE_DAY), self.period.end]
        if self.final_on >= last_end:
            days.append(self.final_on)
        return min((day for day in days if day > on), default=None)


def usage_periods(quote: Quote) -> Iterator[UsagePeriod]:
    """Yield the billing periods of everything a quote charges by usage, line by line."""
    calendar = Calendar(quote.starts_on, quote.ends_on, quote.anchor_on, quote.billing.terms)
    for line in quote.firm:
        if line.usage is None:
            continue
        late = timedelta(days=line.usage.meter.late_days)
        for share in calendar.every(line.usage.cadence, recurs=True, segment=line.segment):
            yield UsagePeriod(
                reference=line.reference,
                period=share.period,
                full_days=share.full_days,
                final_on=share.period.end + late,
            )


class Rated(Value):
    """What the usage of a period is worth by its price, and how that came about."""

    quantity: Decimal
    events: int
    amount: Money
    rule: str = ""


def rate(terms: UsageTerms, measured: Measured, currency: str) -> Rated:
    """Return what was measured in one period at the agreed price, rounded once.

    A percentage is taken of each transaction for itself, in their order, which decides what is
    free.
    """
    with localcontext(EXACT):
        if terms.by_transaction and measured.amounts:
            exact = percentage(percentage_price(terms.entry), measured.amounts) * terms.factor
            rule = f"{plain(terms.entry.percent or Decimal(0))} % of {measured.events} transactions"
        elif terms.by_transaction:
            exact, rule = Decimal(0), ""
        else:
            exact = terms.exact(measured.quantity)
            rule = extension_rule(terms.model, measured.quantity, terms.entry)
        return Rated(
            quantity=measured.quantity,
            events=measured.events,
            amount=Money(minor=minor_units(exact, currency), currency=currency),
            rule=rule if terms.factor == 1 else f"{rule}, x {plain(terms.factor)}",
        )


def period_true_up(committed: Commitment | None, rated: Money, part: tuple[int, int]) -> Money:
    """Return what a closed period is short of its commitment, prorated by `part` of its days."""
    zero = Money.zero(rated.currency)
    if committed is None or committed.span is not CommitmentSpan.PERIOD:
        return zero
    least = Money.from_decimal(committed.amount, rated.currency).prorate(*part)
    return max(least - rated, zero)


def term_true_up(committed: Commitment | None, rated: Money) -> Money:
    """Return what the usage of a whole term is short of its commitment."""
    zero = Money.zero(rated.currency)
    if committed is None or committed.span is not CommitmentSpan.TERM:
        return zero
    return max(Money.from_decimal(committed.amount, rated.currency) - rated, zero)


class Settlement(Value):
    """How a period's usage is met: what was drawn from each pool, and what is beyond them.

    `beyond` is at its price; it is billed at `percent` of that.
    """

    drawn: Mapping[str, int] = {}
    beyond: int = 0
    percent: Decimal = Decimal(100)

    @property
    def total(self) -> int:
        """The usage that is met, in minor units at its price."""
        return sum(self.drawn.values()) + self.beyond

    def billable(self, currency: str) -> Money:
        """Return what is billed for what is beyond the pools."""
        exact = Money(minor=self.beyond, currency=currency).decimal * self.percent / 100
        return Money(minor=minor_units(exact, currency), currency=currency)


def settle(amount: Money, before: Settlement, pools: Sequence[Pool], on: date) -> Settlement:
    """Return how a period's usage is met that came to `before` and comes to `amount` now.

    More usage is drawn from the pools, in their order, and is beyond them after that; less usage
    first takes back what was beyond, then what was drawn, the last pool first.
    """
    more = amount.minor - before.total
    if more <= 0:
        return _given_back(before, -more)
    spend = Money(minor=more, currency=amount.currency).decimal
    found = draw_down(spend, pools, on)
    drawn = dict(before.drawn)
    for key, part in found.pools.items():
        drawn[key] = drawn.get(key, 0) + minor_units(part, amount.currency)
    beyond = before.beyond + minor_units(found.beyond, amount.currency)
    percent = before.percent
    if found.beyond and not before.beyond:
        percent = found.overage * 100 / found.beyond
    return Settlement(drawn=drawn, beyond=beyond, percent=percent)


def _given_back(before: Settlement, less: int) -> Settlement:
    beyond = max(before.beyond - less, 0)
    left = less - (before.beyond - beyond)
    drawn = dict(before.drawn)
    for key in reversed(tuple(before.drawn)):
        part = min(drawn[key], left)
        drawn[key] -= part
        left -= part
    kept = {key: part for key, part in drawn.items() if part}
    return Settlement(drawn=kept, beyond=beyond - left, percent=before.percent)


class BilledBefore(Value):
    """What is on invoices already of a period, and on how many lines it ever was."""

    amounts: tuple[Money, ...] = ()
    count: int = 0

    @property
    def minor(self) -> int:
        """What is billed in all, in minor units."""
        return sum(amount.minor for amount in self.amounts)


class UsageBill(Value):
    """One line of usage to bill: what it is for, how much of it, and the amount.

    `unit_price` times `quantity` is the amount; of less than was billed before, the quantity is
    negative (EN 16931 BR-27: a price is not).
    """

    reference: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    is_fee: bool
    amount: Money


def usage_bill(
    line: PricedLine, rated: Rated, settlement: Settlement, before: BilledBefore
) -> UsageBill | None:
    """Return the line that brings what is billed of a period to what it comes to; None for nothing.

    With something billed before, this is what came late. The quantity is shown where it explains
    the amount, else in words.
    """
    currency = rated.amount.currency
    desired = settlement.billable(currency)
    amount = desired - Money(minor=before.minor, currency=currency)
    if amount.is_zero or line.usage is None:
        return None
    used = f"{plain(rated.quantity)} {line.usage.meter.unit}"
    if before.amounts:
        total = Money(minor=before.minor, currency=currency)
        words = f"{line.name}: now {used}, {total} billed before"
        return _fee(f"{line.reference}/{LATE}-{before.count}", words, amount)
    if desired != rated.amount or not rated.quantity:
        met = Money(minor=sum(settlement.drawn.values()), currency=currency)
        words = f"{line.name}: {used} for {rated.amount}, {met} of it prepaid"
        return _fee(line.reference, words, amount)
    return UsageBill(
        reference=line.reference,
        description=line.name,
        quantity=rated.quantity,
        unit_price=rated.amount.decimal / rated.quantity,
        is_fee=False,
        amount=amount,
    )


def true_up_bill(line: PricedLine, desired: Money, before: BilledBefore) -> UsageBill | None:
    """Return the line that brings what is billed of a period's true-up to what it is."""
    amount = desired - Money(minor=before.minor, currency=desired.currency)
    if amount.is_zero:
        return None
    late = f"/{LATE}-{before.count}" if before.amounts else ""
    return _fee(f"{line.reference}/{TRUE_UP}{late}", f"{line.name}: true-up", amount)


def _fee(reference: str, description: str, amount: Money) -> UsageBill:
    sign = 1 if amount.minor > 0 else -1
    return UsageBill(
        reference=reference,
        description=description,
        quantity=Decimal(sign),
        unit_price=amount.decimal * sign,
        is_fee=True,
        amount=amount,
    )
