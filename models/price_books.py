"""Price books: what every charge of every product costs, in which currency, where and when."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from models.charges import ChargeModel
from models.currencies import is_currency
from models.errors import Problem
from models.value import Value
from models.written import NUMBERS_AS_TEXT, filled, nearest, number_problem


class Tier(Value):
    """A band of quantity up to and including `up_to` (None: no end).

    `unit` is the price of one unit, `flat` is due once as soon as the band is entered.
    """

    up_to: Decimal | None = None
    unit: Decimal = Decimal(0)
    flat: Decimal = Decimal(0)


class PriceBookEntry(Value):
    """One charge's price in one price book, in major units of the book's currency.

    `unit` prices flat and per-unit charges and one block of a package of `package_size` units;
    `tiers` price graduated and volume charges. `ssp` is the standalone selling price per unit and
    period (the list price if absent), `cost` our own cost per unit and period.
    """

    model_config = NUMBERS_AS_TEXT

    sku: str
    charge: str
    unit: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    package_size: Decimal | None = None
    ssp: Decimal | None = None
    cost: Decimal | None = None


class PriceBook(Value):
    """A named list of prices in one currency.

    It is in force from `valid_from` until before `valid_until`.
    """

    model_config = NUMBERS_AS_TEXT

    name: str
    currency: str
    valid_from: date
    valid_until: date | None = None
    entries: tuple[PriceBookEntry, ...] = ()

    def is_in_force_on(self, day: date) -> bool:
        """Whether its prices hold on that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def entry(self, sku: str, charge: str) -> PriceBookEntry | None:
        """Return the price of that charge of that product, or None."""
        wanted = (sku, charge)
        return next((e for e in self.entries if (e.sku, e.charge) == wanted), None)


def entry_gap(entry: PriceBookEntry, model: ChargeModel) -> Problem | None:
    """Return what a price book entry lacks to price a charge of that model, or None."""
    match model:
        case ChargeModel.GRADUATED | ChargeModel.VOLUME if not entry.tiers:
            return Problem(
                field="tiers", reason=f"is missing for a {model} charge", remedy="list the tiers"
            )
        case ChargeModel.FLAT | ChargeModel.PER_UNIT | ChargeModel.PACKAGE if entry.unit is None:
            return Problem(
                field="unit", reason=f"is missing for a {model} charge", remedy="give the price"
            )
        case ChargeModel.PACKAGE if entry.package_size is None:
            return Problem(
                field="package_size",
                reason="is missing for a package charge",
                remedy="say how many units one package holds",
            )
        case _:
            return None


Known = Mapping[str, Mapping[str, ChargeModel]]
"""The products that may be priced: the models of each SKU's charges, by the charge's key."""


def unknown_skus(
    known: Collection[str], skus: Sequence[str], fields: Sequence[str]
) -> Iterator[Problem]:
    """Yield a problem, with the nearest known one, for each SKU that names no product."""
    for field, sku in zip(fields, skus, strict=True):
        if sku not in known:
            yield Problem(field=field, reason=f"{sku} is no product", remedy=nearest(sku, known))


def overlapping_books(books: Sequence[PriceBook]) -> Iterator[Problem]:
    """Yield the books that are in force on the same days under one name and currency."""
    for index, book in enumerate(books):
        for earlier, other in enumerate(books[:index]):
            same = (book.name, book.currency) == (other.name, other.currency)
            starts_inside = other.valid_until is None or book.valid_from < other.valid_until
            ends_inside = book.valid_until is None or other.valid_from < book.valid_until
            if same and starts_inside and ends_inside:
                yield Problem(
                    field=f"price_books[{index}].valid_from",
                    reason=f"{book.name} in {book.currency} is in force twice on the same days: "
                    f"see price_books[{earlier}]",
                    remedy="end the earlier one where the later begins",
                )


def book_problems(known: Known, book: PriceBook, path: str) -> Iterator[Problem]:
    """Yield everything wrong with a price book and its entries."""
    yield from filled(f"{path}.name", book.name)
    if not is_currency(book.currency):
        yield Problem(
            field=f"{path}.currency",
            reason=f"{book.currency} is no currency",
            remedy="use an ISO 4217 code in capital letters",
        )
    if book.valid_until is not None and book.valid_until <= book.valid_from:
        yield Problem(
            field=f"{path}.valid_until",
            reason=f"{book.valid_until} is not after valid_from {book.valid_from}",
        )
    priced = Counter((entry.sku, entry.charge) for entry in book.entries)
    for index, entry in enumerate(book.entries):
        field = f"{path}.entries[{index}]"
        if priced[entry.sku, entry.charge] > 1:
            yield Problem(
                field=field,
                reason=f"{entry.sku}/{entry.charge} is priced more than once in this book",
                remedy="keep one price",
            )
        yield from _entry_problems(known, entry, field)


def _entry_problems(known: Known, entry: PriceBookEntry, path: str) -> Iterator[Problem]:
    yield from unknown_skus(known, [entry.sku], [f"{path}.sku"])
    charges = known.get(entry.sku, {})
    if entry.sku in known and entry.charge not in charges:
        yield Problem(
            field=f"{path}.charge",
            reason=f"{entry.sku} has no charge {entry.charge}",
            remedy=nearest(entry.charge, charges),
        )
    elif entry.charge in charges:
        gap = entry_gap(entry, charges[entry.charge])
        if gap:
            yield gap.model_copy(update={"field": f"{path}.{gap.field}"})
    for name in ("unit", "ssp", "cost"):
        yield from number_problem(f"{path}.{name}", getattr(entry, name))
    yield from number_problem(f"{path}.package_size", entry.package_size, positive=True)
    yield from _tier_problems(entry.tiers, f"{path}.tiers")


def _tier_problems(tiers: Sequence[Tier], path: str) -> Iterator[Problem]:
    below = Decimal(0)
    for index, tier in enumerate(tiers):
        field, last = f"{path}[{index}]", index == len(tiers) - 1
        yield from number_problem(f"{field}.unit", tier.unit)
        yield from number_problem(f"{field}.flat", tier.flat)
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
