"""Prices made ready for a line: derived from another book, by rule, and in the book's currency.

Everything is exact except a price point, which is what a derived price is set to on purpose. What
was done to a price is told with it, for the waterfall.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext

from models.charge_models import charge_amount, plain
from models.charges import ChargeModel
from models.errors import InvalidInputError, Problem
from models.money import round_to_increment
from models.price_books import (
    BookDerivation,
    PriceBook,
    PriceBookEntry,
    Tier,
    UnitRate,
    entry_gap,
)
from models.price_rules import first_rule
from models.tiers import EXACT
from models.value import Value

_POINTS = ("unit", "fixed")
_SELLING = (*_POINTS, "minimum_each", "maximum_each", "minimum", "maximum")
_MONEY = (*_SELLING, "free_amount", "ssp", "cost", "floor", "ceiling")

_Change = Callable[[Decimal], Decimal]


class LineFacts(Value):
    """What a price may depend on beside the charge."""

    priced_on: date
    quantity: Decimal = Decimal(1)
    term_months: int = 12
    attributes: Mapping[str, str] = {}


class ReadyEntry(PriceBookEntry):
    """A price in the book's currency that a line may be priced by; `origin` says how it came."""

    origin: str = ""


def resolve_book(books: Sequence[PriceBook], book: PriceBook, on: date) -> PriceBook:
    """Return a price book with everything it derives from other books as entries of its own.

    A derived price is the other book's, exchanged, raised or lowered, and set to its price point.
    An entry of our own takes the place of the derived one with the same charge and attributes.
    Raises `InvalidInputError` if the other book is not in force on the day.
    """
    if book.derived_from is None:
        return book
    base = resolve_book(books, _base(books, book, book.derived_from, on), on)
    own = {_key(entry) for entry in book.entries}
    with localcontext(EXACT):
        derived = [
            _derived(in_currency(base, entry, on), base, book.derived_from)
            for entry in base.entries
            if _key(entry) not in own
        ]
    return book.model_copy(update={"entries": (*book.entries, *derived), "derived_from": None})


def ready_entry(book: PriceBook, entry: PriceBookEntry, facts: LineFacts) -> PriceBookEntry:
    """Return an entry as a line is priced by it; `origin_of` tells what was done to it.

    Its price unit is converted, the book's first fitting rule applied, and a formula knows the term
    and the line's attributes. An entry that needs none of this is returned as it is, at no cost.
    Raises `InvalidInputError` if the price unit has no rate that day.
    """
    with localcontext(EXACT):
        ready = in_currency(book, entry, facts.priced_on)
        rule = first_rule(book.rules, entry.sku, facts.quantity)
        if rule is not None and rule.factor != 1:
            since = rule.minimum_quantity
            quantity = "" if since is None else f" from {plain(since)} on"
            ready = _scaled(_ready(ready), rule.factor, f"x {plain(rule.factor)}{quantity}")
    if not ready.formula:
        return ready
    term = {"term_months": Decimal(facts.term_months)}
    return ready.model_copy(
        update={
            "parameters": {**ready.parameters, **term},
            "attributes": {**ready.attributes, **facts.attributes},
        }
    )


def origin_of(entry: PriceBookEntry) -> str:
    """Return how a price came from that of another book, unit or rule; empty if it did not."""
    return entry.origin if isinstance(entry, ReadyEntry) else ""


def pricing_problem(
    book: PriceBook, entry: PriceBookEntry, model: ChargeModel, facts: LineFacts
) -> Problem | None:
    """Return what keeps a line from being priced by an entry, or None.

    Besides what a checked catalogue cannot lack, that is a price unit without a rate on the day and
    a formula that cannot be computed for this line.
    """
    name = f"the price of {entry.sku}/{entry.charge} in {book.name}"
    gap = entry_gap(entry, model)
    if gap is not None:
        reason = f"{name} is incomplete: {gap.field} {gap.reason}"
        return gap.model_copy(update={"reason": reason})
    if not entry.price_unit and model is not ChargeModel.FORMULA:
        return None
    try:
        charge_amount(model, facts.quantity, ready_entry(book, entry, facts))
    except InvalidInputError as error:
        found = error.problems[0]
        reason = f"{name} cannot be computed: {found.field} {found.reason}"
        return found.model_copy(update={"reason": reason})
    return None


def in_currency(book: PriceBook, entry: PriceBookEntry, on: date) -> PriceBookEntry:
    """Return an entry in the book's currency, at the rate its price unit has on the day.

    The conversion is exact; the line rounds once. Raises `InvalidInputError` without a rate.
    """
    if not entry.price_unit:
        return entry
    rate = unit_rate(book, entry.price_unit, on).rate
    with localcontext(EXACT):
        told = f"1 {entry.price_unit} = {plain(rate)} {book.currency}"
        converted = _exchanged(_ready(entry), rate, told)
    return converted.model_copy(update={"price_unit": ""})


def unit_rate(book: PriceBook, unit: str, on: date) -> UnitRate:
    """Return what a price unit is worth on a day. Raises `InvalidInputError` if nothing says so."""
    for rate in book.price_units:
        if rate.unit == unit and rate.is_in_force_on(on):
            return rate
    raise InvalidInputError(
        [
            Problem(
                field="price_unit",
                reason=f"{unit} has no rate in {book.currency} on {on} in {book.name}",
                remedy="add the rate to the price book",
            )
        ]
    )


def _base(books: Sequence[PriceBook], book: PriceBook, by: BookDerivation, on: date) -> PriceBook:
    currency = by.currency or book.currency
    found = [each for each in books if (each.name, each.currency) == (by.book, currency)]
    in_force = [each for each in found if each.is_in_force_on(on) and each is not book]
    # The general book stands for every segment unless our own segment has one.
    in_force.sort(key=lambda each: (each.segment != book.segment, each.segment))
    if not in_force:
        problem = Problem(
            field="price_book",
            reason=f"{book.name} derives from {by.book} in {currency}, which is not in force on "
            f"{on}",
            remedy=f"extend {by.book}, or name another price book",
        )
        raise InvalidInputError([problem])
    return in_force[0]


def _ready(entry: PriceBookEntry) -> ReadyEntry:
    return entry if isinstance(entry, ReadyEntry) else ReadyEntry(**dict(entry))


def _derived(entry: PriceBookEntry, base: PriceBook, by: BookDerivation) -> ReadyEntry:
    told = [f"from {base.name}"]
    result = _ready(entry)
    if by.exchange_rate is not None:
        told.append(f"1 {base.currency} = {plain(by.exchange_rate)}")
        result = _exchanged(result, by.exchange_rate, "")
    if by.percent:
        told.append(f"{'+' if by.percent > 0 else '-'} {plain(abs(by.percent))} %")
        result = _scaled(result, 1 + by.percent / 100, "")
    if by.price_point is not None:
        told.append(f"to {plain(by.price_point)}")
        result = _to_price_point(result, by)
    return _told(result, " ".join(told))


def _exchanged(entry: ReadyEntry, rate: Decimal, told: str) -> ReadyEntry:
    """Return an entry with every amount of money in it times the rate."""
    changed = _changed(entry, _MONEY, lambda price: price * rate, tiers=("unit", "flat"))
    commitment, draw_down = changed.commitment, changed.draw_down
    updates: dict[str, object] = {"formula": _formula_times(entry.formula, rate)}
    if commitment is not None:
        amount = commitment.amount * rate
        updates["commitment"] = commitment.model_copy(update={"amount": amount})
    if draw_down.credit is not None:
        credit = draw_down.credit * rate
        updates["draw_down"] = draw_down.model_copy(update={"credit": credit})
    return _told(changed.model_copy(update=updates), told)


def _scaled(entry: ReadyEntry, factor: Decimal, told: str) -> ReadyEntry:
    """Return an entry with everything it sells for times the factor; cost and bounds stay."""
    names, tiers = (*_SELLING, "percent"), ("unit", "flat", "percent")
    changed = _changed(entry, names, lambda price: price * factor, tiers=tiers)
    formula = _formula_times(entry.formula, factor)
    return _told(changed.model_copy(update={"formula": formula}), told)


def _to_price_point(entry: ReadyEntry, by: BookDerivation) -> ReadyEntry:
    point = by.price_point
    if point is None:
        return entry
    return _changed(
        entry,
        _POINTS,
        lambda price: round_to_increment(price, point, by.rounding),
        tiers=("unit", "flat"),
    )


def _changed(
    entry: ReadyEntry, names: Sequence[str], change: _Change, *, tiers: Sequence[str]
) -> ReadyEntry:
    prices = {name: getattr(entry, name) for name in names}
    changed: dict[str, object] = {
        name: change(price) for name, price in prices.items() if price is not None
    }
    changed["tiers"] = tuple(_changed_tier(tier, change, tiers) for tier in entry.tiers)
    return entry.model_copy(update=changed)


def _changed_tier(tier: Tier, change: _Change, names: Sequence[str]) -> Tier:
    return tier.model_copy(update={name: change(getattr(tier, name)) for name in names})


def _formula_times(formula: str, factor: Decimal) -> str:
    return f"({formula}) * {plain(factor)}" if formula else ""


def _told(entry: ReadyEntry, what: str) -> ReadyEntry:
    if not what:
        return entry
    return entry.model_copy(update={"origin": "; ".join(filter(None, (entry.origin, what)))})


def _key(entry: PriceBookEntry) -> tuple[str, str, frozenset[tuple[str, str]]]:
    return entry.sku, entry.charge, frozenset(entry.attributes.items())
