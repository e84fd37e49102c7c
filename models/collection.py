"""Collection: which invoices a payment settles, and which reminder an overdue one is due."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from models.errors import CurrencyMismatchError, InvalidInputError, Problem
from models.money import Money
from models.reading import FieldRule, is_filled, read, value_at, within
from models.value import Value


class OpenItem(Value):
    """An issued invoice with a balance. `level` is the highest dunning level reached (0: none).

    One that is `written_off` is still owed, but nobody reminds of it. `withheld` is the part that
    the customer keeps back as tax, as agreed, and has not settled yet.
    """

    invoice: str
    deal: str
    issued_on: date
    due_on: date
    gross: Money
    balance: Money
    level: int = 0
    last_reminded_on: date | None = None
    written_off: bool = False
    withheld: Money | None = None

    @property
    def expected(self) -> Money:
        """What is still to be paid: the balance less what is kept back."""
        if self.withheld is None:
            return self.balance
        return max(self.balance - self.withheld, Money.zero(self.balance.currency))

    @property
    def as_expected(self) -> "OpenItem":
        """The same item with what is still to be paid of it as its balance."""
        changes = {"balance": self.expected, "withheld": None}
        return self if self.withheld is None else self.model_copy(update=changes)


class Applied(Value):
    """The part of a payment set against one invoice; `is_recovery` if it was written off."""

    invoice: str
    deal: str
    amount: Money
    is_recovery: bool = False


class MatchRule(StrEnum):
    """How a payment found its invoices, in the order in which the rules are tried."""

    REFERENCES = "references"
    EXACT_INVOICE = "exact_invoice"
    EXACT_SUM = "exact_sum"
    OLDEST_DUE = "oldest_due"
    UNAPPLIED = "unapplied"


class CashApplication(Value):
    """Where a payment went; `rule` is the first `MatchRule` that matched anything.

    What was applied and what was not sum to the payment.
    """

    applied: tuple[Applied, ...] = ()
    unapplied: Money
    rule: str


class DunningStep(Value):
    """One stage of the ladder: days relative to the due date, and the letter's tone."""

    level: int
    days_past_due: int
    name: str
    is_letter: bool = True
    is_decision: bool = False


class DunningPolicy(Value):
    """The ladder. At most one level per run and per `minimum_interval_days`."""

    version: str
    steps: tuple[DunningStep, ...]
    minimum_interval_days: int = 7


class DunningDue(Value):
    """The level an item has come to, and the lower levels that are recorded but never sent."""

    step: DunningStep
    skipped: tuple[int, ...] = ()


class Aging(Value):
    """What is open in one currency, by days past due."""

    currency: str
    current: Money
    days_1_to_30: Money
    days_31_to_60: Money
    days_61_to_90: Money
    over_90: Money

    @property
    def total(self) -> Money:
        """Everything that is open."""
        overdue = self.days_1_to_30 + self.days_31_to_60 + self.days_61_to_90 + self.over_90
        return self.current + overdue


DEFAULT_LADDER = DunningPolicy(
    version="default-1",
    steps=(
        DunningStep(level=1, days_past_due=-3, name="pre-reminder"),
        DunningStep(level=2, days_past_due=3, name="friendly reminder"),
        DunningStep(level=3, days_past_due=10, name="first notice"),
        DunningStep(level=4, days_past_due=20, name="second notice"),
        DunningStep(level=5, days_past_due=30, name="final notice"),
        DunningStep(
            level=6,
            days_past_due=45,
            name="hand-over decision",
            is_letter=False,
            is_decision=True,
        ),
    ),
    minimum_interval_days=6,
)
"""The usual ladder between businesses. The interval is the six days between its first two letters,
so that a longer one does not put off every letter after them."""

_MOST_ITEMS_SEARCHED = 15


def apply_payment(
    amount: Money, items: Sequence[OpenItem], references: Sequence[str] = ()
) -> CashApplication:
    """Set a payment against open items: the same input always gives the same answer.

    The rules, each on what the ones before left over: the invoices the payer named, oldest due
    first; the one invoice with exactly this balance; the one set of invoices with exactly this sum;
    the oldest due, by invoice number on one day, and what was written off after all others. The
    rest stays unapplied. A set is only searched for among up to 15 invoices. An invoice counts with
    what is expected of it, less tax that the customer keeps back; who pays exactly that part as
    well keeps nothing back.

    Raises:
        InvalidInputError: the amount is negative.
        CurrencyMismatchError: an item is in another currency; cash never crosses silently.
    """
    _require_payment(amount, items)
    open_items = sorted((item for item in items if item.balance.minor > 0), key=_oldest_first)
    names = {_compared(reference) for reference in references}
    named = [item for item in open_items if _compared(item.invoice) in names]
    others = [item for item in open_items if _compared(item.invoice) not in names]
    by_name, rest = _fill_up(amount, named)
    rule, targets = _match(rest, others)
    by_rule, unapplied = _fill_up(rest, targets)
    applied, unapplied = _not_kept_back((*by_name, *by_rule), unapplied, open_items)
    return CashApplication(
        applied=applied,
        unapplied=unapplied,
        rule=MatchRule.REFERENCES if by_name else rule,
    )


def due_step(policy: DunningPolicy, item: OpenItem, as_of: date) -> DunningDue | None:
    """Return the one level an item has come to by a day, or None.

    That is the highest level reached and not recorded yet; the levels passed over on the way are
    named so that they are recorded, never sent. Nothing is due on a settled item or within the
    minimum interval after the last level. A reminder ahead of the due date is never due after it,
    and a decision only once the letter before it was sent and the interval has passed.
    """
    if item.balance.minor <= 0 or as_of < _rested_on(policy, item):
        return None
    reached = [step for step in _ahead(policy, item) if _is_reached(policy, step, item, as_of)]
    if not reached:
        return None
    step = reached[-1]
    skipped = (other.level for other in _ahead(policy, item) if other.level < step.level)
    return DunningDue(step=step, skipped=tuple(skipped))


def next_dunning_on(policy: DunningPolicy, items: Sequence[OpenItem], as_of: date) -> date | None:
    """Return the first day, not before `as_of`, on which any of the items is due a level.

    None if no item can come to a level any more.
    """
    days = (_first_due_on(policy, item, as_of) for item in items)
    return min((day for day in days if day is not None), default=None)


def parse_dunning_policy(data: object) -> DunningPolicy:
    """Return the ladder written in `data` (from YAML or JSON).

    Raises `InvalidInputError` with every problem: levels and days must rise, and a decision needs a
    letter before it, because nobody is handed over unwarned.
    """
    return read(DunningPolicy, data, _POLICY_RULES, (_ladder_problems,))


def aging(items: Sequence[OpenItem], as_of: date) -> tuple[Aging, ...]:
    """Return what is open by days past due, one row for each currency in alphabetical order.

    An item is current up to and on its due date.
    """
    currencies = sorted({item.balance.currency for item in items})
    return tuple(_aging_in(currency, items, as_of) for currency in currencies)


_BUCKETS = (
    ("current", 0),
    ("days_1_to_30", 30),
    ("days_31_to_60", 60),
    ("days_61_to_90", 90),
)

_POLICY_RULES = (
    FieldRule("version", is_filled, "is empty", "name the version"),
    FieldRule("steps", bool, "is empty", "write at least one step"),
    FieldRule("steps.*.name", is_filled, "is empty", "name the step as in its letter"),
    FieldRule("steps.*.level", within(1, 99), "is not a whole number from 1 to 99"),
    FieldRule("steps.*.days_past_due", within(-365, 3650), "is not a whole number of days"),
    FieldRule("minimum_interval_days", within(1, 365), "is not a whole number from 1 to 365"),
)


def _require_payment(amount: Money, items: Sequence[OpenItem]) -> None:
    if amount.minor < 0:
        problem = Problem(field="amount", reason="is negative", remedy="record it as a refund")
        raise InvalidInputError([problem])
    for item in items:
        if item.balance.currency != amount.currency:
            raise CurrencyMismatchError(
                f"{item.invoice} is open in {item.balance.currency}, "
                f"the payment came in {amount.currency}"
            )


def _oldest_first(item: OpenItem) -> tuple[bool, date, str]:
    return (item.written_off, item.due_on, item.invoice)


def _compared(reference: str) -> str:
    """Payers write document numbers with blanks around them and in small letters."""
    return reference.strip().casefold()


def _fill_up(amount: Money, items: Sequence[OpenItem]) -> tuple[tuple[Applied, ...], Money]:
    """Settle the items in their order as far as the amount goes; return what is left of it."""
    applied: list[Applied] = []
    for item in items:
        part = min(amount, item.expected)
        if part.is_zero:
            continue
        applied.append(
            Applied(
                invoice=item.invoice,
                deal=item.deal,
                amount=part,
                is_recovery=item.written_off,
            )
        )
        amount -= part
    return tuple(applied), amount


def _not_kept_back(
    applied: Sequence[Applied], left: Money, items: Sequence[OpenItem]
) -> tuple[tuple[Applied, ...], Money]:
    """Settle what was not kept back after all: if exactly that is left of the payment."""
    paid = {part.invoice: part.amount for part in applied}
    more = {
        item.invoice: item.withheld
        for item in items
        if item.withheld is not None and paid.get(item.invoice) == item.expected
    }
    if not more or Money.total(more.values(), left.currency) != left:
        return tuple(applied), left
    full = (
        part.model_copy(update={"amount": part.amount + more[part.invoice]})
        if part.invoice in more
        else part
        for part in applied
    )
    return tuple(full), Money.zero(left.currency)


def _match(amount: Money, items: Sequence[OpenItem]) -> tuple[MatchRule, Sequence[OpenItem]]:
    """Return the first rule that finds invoices for an amount nobody named, and the invoices."""
    if amount.is_zero or not items:
        return MatchRule.UNAPPLIED, ()
    exact = [item for item in items if amount in (item.balance, item.expected)]
    if len(exact) == 1:
        return MatchRule.EXACT_INVOICE, exact
    if subset := _only_subset(amount, items):
        return MatchRule.EXACT_SUM, subset
    return MatchRule.OLDEST_DUE, items


def _only_subset(amount: Money, items: Sequence[OpenItem]) -> tuple[OpenItem, ...]:
    """Return the set of items that sums to the amount, or nothing if there is none or another.

    For each sum two sets are kept: the second is enough to know that the first is not the only one.
    """
    if len(items) > _MOST_ITEMS_SEARCHED:
        return ()
    sets: dict[int, list[tuple[OpenItem, ...]]] = {0: [()]}
    for item in items:
        grown = {
            total + item.expected.minor: [(*chosen, item) for chosen in known]
            for total, known in sets.items()
            if total + item.expected.minor <= amount.minor
        }
        for total, found in grown.items():
            sets[total] = (sets.get(total, []) + found)[:2]
    matching = sets.get(amount.minor, [])
    return matching[0] if len(matching) == 1 else ()


def _rested_on(policy: DunningPolicy, item: OpenItem) -> date:
    """Return the first day after the minimum interval since the last level."""
    if item.last_reminded_on is None:
        return date.min
    return item.last_reminded_on + timedelta(days=policy.minimum_interval_days)


def _ahead(policy: DunningPolicy, item: OpenItem) -> list[DunningStep]:
    """Return the steps an item has not come to yet, lowest level first."""
    steps = sorted(policy.steps, key=lambda step: step.level)
    return [step for step in steps if step.level > item.level]


def _is_reached(policy: DunningPolicy, step: DunningStep, item: OpenItem, as_of: date) -> bool:
    if as_of < item.due_on + timedelta(days=step.days_past_due):
        return False
    if step.is_decision:
        return item.last_reminded_on is not None and item.level >= _level_before(policy, step)
    return step.days_past_due >= 0 or as_of <= item.due_on


def _level_before(policy: DunningPolicy, decision: DunningStep) -> int:
    """Return the level of the last letter before a decision; without one it is never reached."""
    letters = [
        step.level for step in policy.steps if step.is_letter and step.level < decision.level
    ]
    return max(letters, default=decision.level)


def _first_due_on(policy: DunningPolicy, item: OpenItem, as_of: date) -> date | None:
    """Try the only days on which a level can come up: its own, or when the interval has passed."""
    reached = (item.due_on + timedelta(days=step.days_past_due) for step in policy.steps)
    days = sorted({max(as_of, day) for day in (*reached, _rested_on(policy, item))})
    return next((day for day in days if due_step(policy, item, day) is not None), None)


def _ladder_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    written = data.get("steps")
    steps = written if isinstance(written, list) else []
    for number, (lower, higher) in enumerate(pairwise(steps), start=1):
        for field in ("level", "days_past_due"):
            before, after = value_at(lower, field), value_at(higher, field)
            if isinstance(before, int) and isinstance(after, int) and after <= before:
                yield Problem(
                    field=f"steps[{number}].{field}",
                    reason="does not rise from the step before",
                    remedy=f"make it more than {before}",
                )
    for number, step in enumerate(steps):
        if value_at(step, "is_decision") is True and not any(map(_is_letter, steps[:number])):
            yield Problem(
                field=f"steps[{number}].is_decision",
                reason="has no letter before it",
                remedy="put a letter on a lower level",
            )


def _is_letter(step: object) -> bool:
    return isinstance(step, Mapping) and step.get("is_letter", True) is True


def _aging_in(currency: str, items: Sequence[OpenItem], as_of: date) -> Aging:
    sums = {name: Money.zero(currency) for name in (*(name for name, _ in _BUCKETS), "over_90")}
    for item in items:
        if item.balance.currency == currency:
            days = (as_of - item.due_on).days
            name = next((name for name, last in _BUCKETS if days <= last), "over_90")
            sums[name] += item.balance
    return Aging.model_validate({"currency": currency, **sums})
