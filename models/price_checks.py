"""What can be wrong with price books: found when a catalogue is checked, all of it at once."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations, product
from typing import Protocol

from models.charge_models import FORMULA_FACTS, FORMULA_PRICES, formula_values
from models.charges import Charge, ChargeModel, ChargeType
from models.currencies import is_currency
from models.errors import Problem
from models.formulas import FormulaError, formula_amount, formula_problems, names_in
from models.price_books import BookDerivation, PriceBook, PriceBookEntry, Tier, entry_gap
from models.value import Value
from models.written import filled, nearest, number_problem

_TRIED = (Decimal(1), Decimal(7), Decimal(100), Decimal(10_000))


class Priceable(Value):
    """A product as price books see it: its charges by key, and the names of its attributes."""

    charges: Mapping[str, Charge] = {}
    attributes: frozenset[str] = frozenset()


Known = Mapping[str, Priceable]
"""The products that may be priced, by SKU."""


_Key = tuple[int, frozenset[tuple[str, str]]]
"""The place of an entry in its book, and its attributes."""


class _Window(Protocol):
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_until(self) -> date | None: ...


def unknown_skus(
    known: Collection[str], skus: Sequence[str], fields: Sequence[str]
) -> Iterator[Problem]:
    """Yield a problem, with the nearest known one, for each SKU that names no product."""
    for field, sku in zip(fields, skus, strict=True):
        if sku not in known:
            yield Problem(field=field, reason=f"{sku} is no product", remedy=nearest(sku, known))


def overlapping_books(books: Sequence[PriceBook]) -> Iterator[Problem]:
    """Yield the books that are in force on the same days under one name, currency and segment."""
    for index, book in enumerate(books):
        for earlier, other in enumerate(books[:index]):
            same = _identity(book) == _identity(other)
            if same and _overlap(book, other):
                segment = f" for {book.segment}" if book.segment else ""
                yield Problem(
                    field=f"price_books[{index}].valid_from",
                    reason=f"{book.name} in {book.currency}{segment} is in force twice on the same "
                    f"days: see price_books[{earlier}]",
                    remedy="end the earlier one where the later begins",
                )


def derivation_problems(books: Sequence[PriceBook]) -> Iterator[Problem]:
    """Yield the books that derive from none, from themselves, or by numbers that cannot be."""
    for index, book in enumerate(books):
        if book.derived_from is not None:
            field = f"price_books[{index}].derived_from"
            yield from _base_problems(books, book, book.derived_from, field)
            yield from _factor_problems(book.derived_from, field)


def book_problems(known: Known, book: PriceBook, path: str) -> Iterator[Problem]:
    """Yield everything wrong with a price book and its entries."""
    yield from filled(f"{path}.name", book.name)
    if not is_currency(book.currency):
        yield Problem(
            field=f"{path}.currency",
            reason=f"{book.currency} is no currency",
            remedy="use an ISO 4217 code in capital letters",
        )
    yield from _window_problems(book, path)
    yield from _rate_problems(book, path)
    for index, rule in enumerate(book.rules):
        field = f"{path}.rules[{index}]"
        yield from number_problem(f"{field}.factor", rule.factor)
        yield from number_problem(f"{field}.minimum_quantity", rule.minimum_quantity)
        if rule.sku:
            yield from unknown_skus(known, [rule.sku], [f"{field}.sku"])
    yield from _key_problems(book, path)
    units = {rate.unit for rate in book.price_units}
    for index, entry in enumerate(book.entries):
        field = f"{path}.entries[{index}]"
        yield from _entry_problems(known, entry, field)
        if entry.price_unit and entry.price_unit not in units:
            yield Problem(
                field=f"{field}.price_unit",
                reason=f"{entry.price_unit} has no rate in this book",
                remedy=nearest(entry.price_unit, units),
            )


def _identity(book: PriceBook) -> tuple[str, str, str]:
    return book.name, book.currency, book.segment


def _overlap(one: _Window, other: _Window) -> bool:
    starts_inside = other.valid_until is None or one.valid_from < other.valid_until
    ends_inside = one.valid_until is None or other.valid_from < one.valid_until
    return starts_inside and ends_inside


def _window_problems(window: _Window, path: str) -> Iterator[Problem]:
    if window.valid_until is not None and window.valid_until <= window.valid_from:
        yield Problem(
            field=f"{path}.valid_until",
            reason=f"{window.valid_until} is not after valid_from {window.valid_from}",
        )


def _base_problems(
    books: Sequence[PriceBook], book: PriceBook, derivation: BookDerivation, field: str
) -> Iterator[Problem]:
    named = [each for each in books if each.name == derivation.book]
    wanted = derivation.currency or book.currency
    if not named:
        known = [each.name for each in books if each.name != book.name]
        yield Problem(
            field=f"{field}.book",
            reason=f"there is no price book {derivation.book}",
            remedy=nearest(derivation.book, known),
        )
    elif all(each.currency != wanted for each in named):
        yield Problem(
            field=f"{field}.currency",
            reason=f"there is no price book {derivation.book} in {wanted}",
            remedy=f"there is {', '.join(sorted({each.currency for each in named}))}",
        )
    if any(each.prices_include_tax != book.prices_include_tax for each in named):
        yield Problem(
            field=f"{field}.book",
            reason="has tax in its prices and this book has not, or the other way round",
            remedy="say prices_include_tax on both or on none",
        )
    if derivation.exchange_rate is None and wanted != book.currency:
        yield Problem(
            field=f"{field}.exchange_rate",
            reason=f"is missing to come from {wanted} to {book.currency}",
            remedy=f"say what one {wanted} is worth in {book.currency}",
        )
    circle = _circle(books, book)
    if circle:
        yield Problem(
            field=f"{field}.book",
            reason=f"leads back to the book itself: {' > '.join(circle)}",
            remedy="let one of them have prices of its own",
        )


def _circle(books: Sequence[PriceBook], start: PriceBook) -> tuple[str, ...]:
    """Return the names on the way from a book through those it derives from back to it."""
    key = (start.name, start.currency)
    way, waiting = [start.name], [start]
    seen: set[tuple[str, str]] = set()
    while waiting:
        book = waiting.pop()
        if book.derived_from is None:
            continue
        base = (book.derived_from.book, book.derived_from.currency or book.currency)
        way.append(base[0])
        if base == key:
            return tuple(way)
        if base not in seen:
            seen.add(base)
            waiting += [each for each in books if (each.name, each.currency) == base][:1]
    return ()


def _factor_problems(derivation: BookDerivation, field: str) -> Iterator[Problem]:
    if derivation.percent <= -100:
        yield Problem(
            field=f"{field}.percent",
            reason=f"{derivation.percent} % leaves nothing of any price",
            remedy="lower prices by less than 100 %",
        )
    yield from number_problem(f"{field}.percent", abs(derivation.percent))
    for name in ("exchange_rate", "price_point"):
        yield from number_problem(f"{field}.{name}", getattr(derivation, name), positive=True)


def _rate_problems(book: PriceBook, path: str) -> Iterator[Problem]:
    for index, rate in enumerate(book.price_units):
        field = f"{path}.price_units[{index}]"
        yield from filled(f"{field}.unit", rate.unit)
        yield from number_problem(f"{field}.rate", rate.rate, positive=True)
        yield from _window_problems(rate, field)
        for earlier, other in enumerate(book.price_units[:index]):
            if rate.unit == other.unit and _overlap(rate, other):
                yield Problem(
                    field=f"{field}.valid_from",
                    reason=f"{rate.unit} has two rates on the same days: see "
                    f"price_units[{earlier}]",
                    remedy="end the earlier one where the later begins",
                )


def _key_problems(book: PriceBook, path: str) -> Iterator[Problem]:
    """Report prices with one key, and those of which neither is the more specific."""
    charges: dict[tuple[str, str], list[_Key]] = {}
    for index, entry in enumerate(book.entries):
        key = frozenset(entry.attributes.items())
        charges.setdefault((entry.sku, entry.charge), []).append((index, key))
    for (sku, charge), keys in charges.items():
        name = f"{sku}/{charge}"
        times = Counter(key for _, key in keys)
        for index, key in keys:
            if times[key] > 1:
                yield Problem(
                    field=f"{path}.entries[{index}]",
                    reason=f"{name} is priced more than once in this book",
                    remedy="keep one price",
                )
        for (earlier, one), (index, other) in _rivals(keys):
            if one | other not in times:
                both = ", ".join(f"{name}: {value}" for name, value in sorted(one | other))
                yield Problem(
                    field=f"{path}.entries[{index}].attributes",
                    reason=f"{name} with {both} has two prices, and neither is the more "
                    f"specific: see entries[{earlier}]",
                    remedy=f"give a price for {both}",
                )


def _rivals(keys: Sequence[_Key]) -> Iterator[tuple[_Key, _Key]]:
    """Yield the pairs of keys a product can have both of, though neither holds the other.

    Only keys that name different attributes, each some that the other does not, can be such.
    """
    by_names: dict[frozenset[str], list[_Key]] = {}
    for index, key in keys:
        by_names.setdefault(frozenset(name for name, _ in key), []).append((index, key))
    for (names, some), (other_names, others) in combinations(by_names.items(), 2):
        if not names <= other_names and not other_names <= names:
            for one, other in product(some, others):
                values = dict(one[1])
                if all(values.get(name, value) == value for name, value in other[1]):
                    first, second = sorted((one, other), key=lambda found: found[0])
                    yield first, second


def _entry_problems(known: Known, entry: PriceBookEntry, path: str) -> Iterator[Problem]:
    yield from unknown_skus(known, [entry.sku], [f"{path}.sku"])
    sold = known.get(entry.sku, Priceable())
    charge = sold.charges.get(entry.charge)
    if charge is not None:
        yield from _model_problems(entry, charge, sold, path)
    elif entry.sku in known:
        yield Problem(
            field=f"{path}.charge",
            reason=f"{entry.sku} has no charge {entry.charge}",
            remedy=nearest(entry.charge, sold.charges),
        )
    yield from _number_problems(entry, path)
    yield from _tier_problems(entry.tiers, f"{path}.tiers")


def _model_problems(
    entry: PriceBookEntry, charge: Charge, sold: Priceable, path: str
) -> Iterator[Problem]:
    gap = entry_gap(entry, charge.model)
    if gap:
        yield gap.model_copy(update={"field": f"{path}.{gap.field}"})
    elif charge.model is ChargeModel.FORMULA:
        yield from _formula_problems(entry, sold, path)
    elif charge.model is ChargeModel.STAIRSTEP:
        yield from _stairstep_problems(entry.tiers, path)
    if entry.commitment is not None and charge.type is ChargeType.ONE_TIME:
        yield Problem(
            field=f"{path}.commitment",
            reason="is given for a one-time charge, which has no periods to reach it in",
            remedy="use minimum, or make the charge recurring",
        )


def _formula_problems(entry: PriceBookEntry, sold: Priceable, path: str) -> Iterator[Problem]:
    prices = [name for name in FORMULA_PRICES if getattr(entry, name) is not None]
    taken = {*FORMULA_FACTS, *FORMULA_PRICES}
    attributes = {*entry.attributes, *sold.attributes}
    for name in entry.parameters:
        if name in taken or name in attributes or not name.isidentifier():
            reason = "is the name of something else" if name.isidentifier() else "is no name"
            yield Problem(
                field=f"{path}.parameters.{name}",
                reason=reason,
                remedy="use a word of letters, digits and _ that is not taken",
            )
    known = {*FORMULA_FACTS, *prices, *entry.parameters, *attributes}
    problems = formula_problems(entry.formula, known)
    if not problems and names_in(entry.formula) <= known - (
        sold.attributes - entry.attributes.keys()
    ):
        problems = list(_hopeless(entry))
    for problem in problems:
        yield problem.model_copy(update={"field": f"{path}.formula"})


def _hopeless(entry: PriceBookEntry) -> Sequence[Problem]:
    """Return why a formula fails for each of a few quantities, if it does: it will for all."""
    term = {"term_months": Decimal(12)}
    found: Sequence[Problem] = ()
    for quantity in _TRIED:
        try:
            formula_amount(entry.formula, {**formula_values(quantity, entry), **term})
        except FormulaError as error:
            found = found or error.problems
        else:
            return ()
    return found


def _stairstep_problems(tiers: Sequence[Tier], path: str) -> Iterator[Problem]:
    for index, tier in enumerate(tiers):
        if tier.unit:
            yield Problem(
                field=f"{path}.tiers[{index}].unit",
                reason="is a price per unit, and a stairstep charge is flat within a band",
                remedy="give the band's price as flat",
            )


def _number_problems(entry: PriceBookEntry, path: str) -> Iterator[Problem]:
    names = ("unit", "percent", "fixed", "free_units", "free_amount", "minimum_each")
    more = ("maximum_each", "minimum", "maximum", "ssp", "cost", "floor", "ceiling")
    for name in (*names, *more):
        yield from number_problem(f"{path}.{name}", getattr(entry, name))
    yield from number_problem(f"{path}.package_size", entry.package_size, positive=True)
    for name, value in entry.parameters.items():
        yield from number_problem(f"{path}.parameters.{name}", value)
    if entry.commitment is not None:
        yield from number_problem(f"{path}.commitment.amount", entry.commitment.amount)
    yield from number_problem(f"{path}.draw_down.credit", entry.draw_down.credit)
    yield from number_problem(f"{path}.draw_down.overage_percent", entry.draw_down.overage_percent)
    for low, high in (
        ("minimum", "maximum"),
        ("minimum_each", "maximum_each"),
        ("floor", "ceiling"),
    ):
        least, most = getattr(entry, low), getattr(entry, high)
        if least is not None and most is not None and least > most:
            yield Problem(field=f"{path}.{low}", reason=f"{least} is more than the {high} {most}")


def _tier_problems(tiers: Sequence[Tier], path: str) -> Iterator[Problem]:
    below = Decimal(0)
    for index, tier in enumerate(tiers):
        field, last = f"{path}[{index}]", index == len(tiers) - 1
        for name in ("unit", "flat", "percent"):
            yield from number_problem(f"{field}.{name}", getattr(tier, name))
        if tier.up_to is None and not last:
            yield Problem(
                field=f"{field}.up_to",
                reason="is open, so no later tier is ever reached",
                remedy="only the last tier has no end",
            )
        elif tier.up_to is not None and last:
            yield Problem(
                field=f"{field}.up_to",
                reason=f"ends the last tier at {tier.up_to}, so larger quantities have no price",
                remedy="remove it: the last tier has no end",
            )
        elif tier.up_to is not None and tier.up_to <= below:
            yield Problem(field=f"{field}.up_to", reason=f"{tier.up_to} is not above {below}")
        else:
            yield from number_problem(f"{field}.up_to", tier.up_to)
        below = below if tier.up_to is None else tier.up_to
