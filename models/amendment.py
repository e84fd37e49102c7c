"""Amendment: a change of a contract that runs, as a delta with the day from which it counts.

Lines have numbers for the life of the contract: a line that is removed leaves a gap, one that is
added gets the next number. Everything an amendment says is checked at once against the contract as
it stands; what it leads to is computed from the version before and its delta, and nothing else.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import Field

from models.deal_file import Attributes, DealFile, Discount, LineRequest
from models.errors import InvalidInputError, Problem
from models.periods import Interval
from models.revision import LineChange, QuoteDelta, apply_delta
from models.value import Value
from models.written import NUMBERS_AS_TEXT, read_written

MOST_LINES = 100
"""An amendment travels in one message, which stays under 64 KB."""


class When(StrEnum):
    """From when less is billed: at once with a credit, or from the next billing period on."""

    NOW = "now"
    NEXT_PERIOD = "next_period"


class AmendmentReason(StrEnum):
    """Why a contract was changed, for movements of recurring revenue."""

    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    PLAN_CHANGE = "plan_change"
    PRICE_CHANGE = "price_change"
    TERMINATION = "termination"
    SUSPENSION = "suspension"
    RESUMPTION = "resumption"
    CORRECTION = "correction"


class LineAmendment(Value):
    """A change of one line of the contract, found by its number.

    `add` is what its quantity grows or (negative) shrinks by, `quantity` what it is from now on.
    `product` switches the plan; an agreed price and the old attributes do not move along.
    """

    model_config = NUMBERS_AS_TEXT

    line: int = Field(default=0, description="Number of the line in the contract.", examples=[1])
    remove: bool = Field(default=False, description="End the line.")
    add: Decimal | None = Field(default=None, description="Units more, or (negative) less.")
    quantity: Decimal | None = Field(default=None, description="Units from now on.")
    unit_price: Decimal | None = Field(default=None, description="Agreed from now on.")
    discount: Discount | None = Field(default=None, description="Instead of the one before.")
    product: str = Field(default="", description="SKU of the plan it is switched to.")
    attributes: Attributes | None = Field(default=None, description="All values from now on.")
    clear: tuple[str, ...] = Field(default=(), description="Of `unit_price` and `discount`.")


class Suspension(Value):
    """Days on which lines rest: neither billed nor earned. Open-ended without `until_on`.

    Without `lines` the whole contract rests.
    """

    lines: tuple[int, ...] = Field(default=(), description="Numbers of lines; none: all.")
    from_on: date = Field(description="First day without service.")
    until_on: date | None = Field(default=None, description="First day with service again.")


class AmendmentDelta(Value):
    """What an amendment changes, and from which day on."""

    model_config = NUMBERS_AS_TEXT

    effective_on: date | None = Field(default=None, description="First day; absent: today.")
    lines: tuple[LineAmendment, ...] = Field(default=(), description="Changes of lines.")
    add: tuple[LineRequest, ...] = Field(default=(), description="Further lines.")
    suspend: Suspension | None = Field(default=None, description="Let lines rest.")
    resume_on: date | None = Field(default=None, description="End every rest on this day.")
    end_on: date | None = Field(default=None, description="The contract's first day after it.")
    when: When | None = Field(
        default=None, description="When less is billed; absent: from the next period on."
    )
    reprice: bool = Field(default=False, description="At the prices in force now.")
    reason_code: AmendmentReason | None = Field(default=None, description="Absent: as it looks.")

    @property
    def changes_prices(self) -> bool:
        """Whether the pricing engine has anything to say about it."""
        return bool(self.lines or self.add)

    def first_on(self, today: date) -> date:
        """Return the first day on which something differs."""
        named = (self.effective_on, self.end_on, self.resume_on)
        days = [day for day in named if day is not None]
        days += [self.suspend.from_on] if self.suspend else []
        return min(days, default=today)


class Rest(Value):
    """Days on which one line of the contract does not run."""

    line: int
    days: Interval


class ContractState(Value):
    """A contract as its amendments left it.

    `numbers` are the contract's numbers of the lines of the deal file of `quote_version`, in their
    order; `next_number` is that of the next line. `since` is the day the last amendment counts
    from; `ends_on` the first day after the contract.
    """

    version: int = 1
    quote_version: int
    starts_on: date
    ends_on: date
    term_ends_on: date
    since: date
    numbers: tuple[int, ...]
    next_number: int
    rests: tuple[Rest, ...] = ()

    def position_of(self, number: int) -> int:
        """Return the place of a line in the deal file, from 1; 0 if the contract has no such."""
        return self.numbers.index(number) + 1 if number in self.numbers else 0

    def off(self, number: int) -> tuple[Interval, ...]:
        """Return the days from the contract's start to the term's end a line does not run."""
        days = [rest.days for rest in self.rests if rest.line == number]
        if self.ends_on < self.term_ends_on:
            days.append(Interval(start=self.ends_on, end=self.term_ends_on))
        return tuple(days)


def first_state(file: DealFile, quote_version: int, term: Interval) -> ContractState:
    """Return a contract as it was signed."""
    count = len(file.lines)
    return ContractState(
        quote_version=quote_version,
        starts_on=term.start,
        ends_on=term.end,
        term_ends_on=term.end,
        since=term.start,
        numbers=tuple(range(1, count + 1)),
        next_number=count + 1,
    )


def parse_amendment(data: object) -> AmendmentDelta:
    """Return the amendment a parsed YAML or JSON document describes.

    Raises `InvalidInputError` with every problem.
    """
    return read_written(AmendmentDelta, data, lambda _: ())


def amended_file(file: DealFile, state: ContractState, delta: AmendmentDelta) -> DealFile:
    """Return the deal file after an amendment; the file itself stays as it is.

    Raises `InvalidInputError` with everything that does not fit the file or what it leads to.
    """
    changes = [(state.position_of(one.line), one) for one in delta.lines]
    switched = list(file.lines)
    for place, one in changes:
        if one.product and place:
            fresh: dict[str, Any] = {"product": one.product, "options": (), "attributes": {}}
            before = switched[place - 1].model_copy(update={**fresh, "unit_price": None})
            switched[place - 1] = before
    base = file.model_copy(update={"lines": tuple(switched)})
    asked = QuoteDelta(
        lines=tuple(_line_change(place, one, switched) for place, one in changes if place),
        add=delta.add,
    )
    return apply_delta(base, asked)


def amended_state(state: ContractState, delta: AmendmentDelta, today: date) -> ContractState:
    """Return the contract after an amendment that fits it."""
    removed = {one.line for one in delta.lines if one.remove}
    kept = [number for number in state.numbers if number not in removed]
    added = range(state.next_number, state.next_number + len(delta.add))
    return state.model_copy(
        update={
            "version": state.version + 1,
            "since": max(state.since, delta.first_on(today)),
            "numbers": (*kept, *added),
            "next_number": state.next_number + len(delta.add),
            "ends_on": delta.end_on or state.ends_on,
            "rests": tuple(_rests(state, delta)),
        }
    )


def amendment_problems(
    file: DealFile, state: ContractState, delta: AmendmentDelta, today: date
) -> Iterator[Problem]:
    """Yield everything that keeps an amendment from being made to a contract as it stands."""
    yield from _shape_problems(delta)
    yield from _day_problems(state, delta, today)
    for index, one in enumerate(delta.lines):
        yield from _line_problems(f"delta.lines[{index}]", file, state, one)
    named = [one.line for one in delta.lines]
    for number in sorted({one for one in named if named.count(one) > 1}):
        yield Problem(
            field="delta.lines", reason=f"{number} is changed twice", remedy="say it once"
        )
    yield from _rest_problems(state, delta)


def reason_of(delta: AmendmentDelta, difference_minor: int) -> AmendmentReason:
    """Return the reason given, or the one an amendment looks like.

    `difference_minor` is how far a year of recurring charges rises or falls.
    """
    quantities = any(one.add or one.quantity or one.remove for one in delta.lines)
    looks = (
        (delta.end_on is not None, AmendmentReason.TERMINATION),
        (delta.suspend is not None, AmendmentReason.SUSPENSION),
        (delta.resume_on is not None, AmendmentReason.RESUMPTION),
        (any(one.product for one in delta.lines), AmendmentReason.PLAN_CHANGE),
        (bool(delta.lines) and not quantities and not delta.add, AmendmentReason.PRICE_CHANGE),
        (difference_minor >= 0, AmendmentReason.EXPANSION),
    )
    found = next((reason for is_so, reason in looks if is_so), AmendmentReason.CONTRACTION)
    return delta.reason_code or found


def _line_change(place: int, one: LineAmendment, lines: Sequence[LineRequest]) -> LineChange:
    quantity = one.quantity
    if one.add is not None:
        quantity = lines[place - 1].quantity + one.add
    return LineChange(
        line=place,
        remove=one.remove,
        quantity=quantity,
        unit_price=one.unit_price,
        discount=one.discount,
        attributes=one.attributes,
        clear=one.clear,
    )


def _rests(state: ContractState, delta: AmendmentDelta) -> Iterator[Rest]:
    for rest in state.rests:
        cut = delta.resume_on
        if cut is None or rest.days.end <= cut:
            yield rest
        elif rest.days.start < cut:
            yield rest.model_copy(update={"days": Interval(start=rest.days.start, end=cut)})
    if delta.suspend is not None:
        until = delta.suspend.until_on or state.term_ends_on
        for number in delta.suspend.lines or state.numbers:
            yield Rest(line=number, days=Interval(start=delta.suspend.from_on, end=until))


def _shape_problems(delta: AmendmentDelta) -> Iterator[Problem]:
    kinds = [
        name
        for name, said in (
            ("lines", delta.changes_prices),
            ("suspend", delta.suspend is not None),
            ("resume_on", delta.resume_on is not None),
            ("end_on", delta.end_on is not None),
        )
        if said
    ]
    if not kinds:
        remedy = "name lines, add, suspend, resume_on or end_on"
        yield Problem(field="delta", reason="changes nothing", remedy=remedy)
    elif len(kinds) > 1:
        reason = f"asks for {' and '.join(kinds)} at once"
        yield Problem(field="delta", reason=reason, remedy="make several amendments of it")
    if len(delta.lines) + len(delta.add) > MOST_LINES:
        reason = f"changes more than {MOST_LINES} lines"
        yield Problem(field="delta.lines", reason=reason, remedy="make several amendments of it")
    if delta.effective_on is not None and not delta.changes_prices:
        reason = "is for changes of lines; a rest or an end names its own day"
        yield Problem(field="delta.effective_on", reason=reason, remedy="leave it out")


def _day_problems(state: ContractState, delta: AmendmentDelta, today: date) -> Iterator[Problem]:
    day = delta.first_on(today)
    field = next(
        (
            name
            for name in ("effective_on", "end_on", "resume_on")
            if getattr(delta, name) is not None
        ),
        "suspend.from_on" if delta.suspend else "effective_on",
    )
    if not state.starts_on <= day < state.ends_on:
        reason = f"{day} is not a day of the contract, {state.starts_on} to before {state.ends_on}"
        remedy = "a day of another term belongs to that term's contract"
        yield Problem(field=f"delta.{field}", reason=reason, remedy=remedy)
    elif day < state.since:
        reason = f"{day} is before {state.since}, from which version {state.version} counts"
        remedy = f"amend from {state.since} on"
        yield Problem(field=f"delta.{field}", reason=reason, remedy=remedy)


def _line_problems(
    path: str, file: DealFile, state: ContractState, one: LineAmendment
) -> Iterator[Problem]:
    place = state.position_of(one.line)
    if not place:
        known = ", ".join(map(str, state.numbers)) or "none"
        reason = f"the contract has no line {one.line}"
        yield Problem(field=f"{path}.line", reason=reason, remedy=f"its lines are {known}")
        return
    asked = (one.add, one.quantity, one.unit_price, one.discount, one.product, one.attributes)
    if one.remove and (one.clear or any(each for each in asked)):
        remedy = "ask for one of the two"
        yield Problem(field=path, reason="is removed and changed at once", remedy=remedy)
    elif not one.remove and not one.clear and all(each is None or each == "" for each in asked):
        yield Problem(field=path, reason="changes nothing", remedy="say what changes")
    if one.add is not None and one.quantity is not None:
        reason = "is given beside quantity"
        yield Problem(field=f"{path}.add", reason=reason, remedy="give one of the two")
    elif one.add is not None and file.lines[place - 1].quantity + one.add <= 0:
        has = file.lines[place - 1].quantity
        reason = f"{one.add:f} leaves nothing of the {has:f} there are"
        yield Problem(field=f"{path}.add", reason=reason, remedy="remove the line")
    elif one.quantity is not None and one.quantity <= 0:
        reason = f"{one.quantity:f} is not above 0"
        yield Problem(field=f"{path}.quantity", reason=reason, remedy="remove the line")


def _rest_problems(state: ContractState, delta: AmendmentDelta) -> Iterator[Problem]:
    if delta.resume_on is not None:
        day = delta.resume_on
        if not any(rest.days.end > day for rest in state.rests):
            reason = f"nothing rests on {day}"
            yield Problem(field="delta.resume_on", reason=reason, remedy="name a day of a rest")
        return
    rest = delta.suspend
    if rest is None:
        return
    until = rest.until_on or state.term_ends_on
    if until <= rest.from_on or until > state.ends_on:
        reason = f"{until} is not after {rest.from_on} and at most {state.ends_on}"
        remedy = "leave it out for the rest of the contract"
        yield Problem(field="delta.suspend.until_on", reason=reason, remedy=remedy)
        return
    days = Interval(start=rest.from_on, end=until)
    for number in rest.lines or state.numbers:
        if number not in state.numbers:
            known = ", ".join(map(str, state.numbers))
            reason = f"the contract has no line {number}"
            yield Problem(
                field="delta.suspend.lines", reason=reason, remedy=f"its lines are {known}"
            )
        elif any(one.line == number and one.days.overlaps(days) for one in state.rests):
            reason = f"line {number} rests on some of these days already"
            yield Problem(field="delta.suspend", reason=reason, remedy="name other days")


def require_fitting(
    file: DealFile, state: ContractState, delta: AmendmentDelta, today: date
) -> None:
    """Pass if an amendment fits the contract; else raise `InvalidInputError` with all problems."""
    problems = tuple(amendment_problems(file, state, delta, today))
    if problems:
        raise InvalidInputError(problems)
