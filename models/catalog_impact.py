"""What a new version of the catalogue would do to open quotes and live deals."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from models.catalog import Catalog
from models.configuration import Configuration, configure, context_for
from models.deal_file import DealFile
from models.errors import InvalidInputError, Problem
from models.money import round_half_up
from models.parties import Customer
from models.pricing import PricedLine, PricingRequest, price
from models.value import Value


class StakeKind(StrEnum):
    """What a version would touch: a quote that is open, or a deal that will be renewed."""

    QUOTE = "quote"
    DEAL = "deal"


class Stake(Value):
    """An open quote or a live deal: what is asked for, and the day it would be priced anew."""

    kind: StakeKind
    deal: str
    document: str = ""
    customer: Customer | None = None
    file: DealFile
    priced_on: date


class Effect(StrEnum):
    """What a version changes for a line: its price, its existence, or whether it may be sold."""

    PRICE = "price"
    GONE = "gone"
    RULE = "rule"
    ADDED = "added"


class Touched(Value):
    """One line of a quote or deal that a version would change, and how."""

    kind: StakeKind
    deal: str
    document: str = ""
    line: str = ""
    product: str = ""
    effect: Effect
    before: str = ""
    after: str = ""


def touched_by(before: Catalog, after: Catalog, stake: Stake) -> tuple[Touched, ...]:
    """Return what changes for a quote or deal if `after` takes the place of `before`.

    Lines are compared after every discount and agreed price, so only what the customer would see
    counts. What is wrong already under `before` is not told again.
    """
    old, new = _Offer(before, stake), _Offer(after, stake)
    return tuple(
        Touched(kind=stake.kind, deal=stake.deal, document=stake.document, **told)
        for told in (*_gone(old, after), *_rules(old, new, after), *_lines(old, new))
    )


class _Offer:
    """A stake configured and priced by one version; what cannot be priced has problems."""

    def __init__(self, catalog: Catalog, stake: Stake) -> None:
        file = stake.file
        context = context_for(stake.customer, file, stake.priced_on)
        self.configuration: Configuration = configure(catalog, file, context)
        self.problems: tuple[Problem, ...] = self.configuration.problems
        self.priced: Mapping[str, PricedLine] = {}
        request = PricingRequest(
            currency=file.currency,
            price_book=file.price_book,
            priced_on=stake.priced_on,
            term_months=file.term_months,
            header_discount=file.header_discount,
        )
        try:
            lines = price(catalog, self.configuration.lines, request)
        except InvalidInputError as error:
            self.problems = (*self.problems, *error.problems)
        else:
            self.priced = {line.reference: line for line in lines}

    @property
    def skus(self) -> Mapping[str, str]:
        """The product of each line by its number."""
        return {line.number: line.product.sku for line in self.configuration.lines}


def _gone(old: _Offer, after: Catalog) -> Iterator[dict[str, object]]:
    left = after.by_sku()
    for number, sku in old.skus.items():
        if sku not in left:
            yield {"line": number, "product": sku, "effect": Effect.GONE, "before": sku}


def _rules(old: _Offer, new: _Offer, after: Catalog) -> Iterator[dict[str, object]]:
    known = {(problem.field, problem.reason) for problem in old.problems}
    left = after.by_sku()
    for problem in new.problems:
        line = _line_at(problem.field)
        sku = old.skus.get(line, new.skus.get(line, ""))
        is_told = sku and sku not in left
        if (problem.field, problem.reason) not in known and not is_told:
            yield {"line": line, "product": sku, "effect": Effect.RULE, "after": str(problem)}


def _line_at(field: str) -> str:
    """Return the number of the line a field of a deal file belongs to, or nothing."""
    inner = field.partition("lines[")[2].partition("]")[0]
    return str(int(inner) + 1) if inner.isdecimal() else ""


def _lines(old: _Offer, new: _Offer) -> Iterator[dict[str, object]]:
    """Compare prices of what can be priced by both versions, and tell lines that are added."""
    if not old.priced or not new.priced:
        return
    for reference, line in new.priced.items():
        known = old.priced.get(reference)
        told: dict[str, object] = {"line": line.number, "product": line.sku}
        if known is None or known.sku != line.sku:
            yield {**told, "effect": Effect.ADDED, "after": f"{line.quantity:f} for {line.net}"}
        elif known.net != line.net:
            yield {
                **told,
                "effect": Effect.PRICE,
                "before": _price_words(known),
                "after": _price_words(line),
            }


def _price_words(line: PricedLine) -> str:
    unit = _short(line.unit_price)
    return f"{line.net} ({_short(line.quantity)} at {unit})"


def _short(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def largest_price_change(before: Catalog, after: Catalog) -> Decimal:
    """Return how far any price of both versions moves, in percent of what it was, two decimals.

    Prices are compared book by book: of a unit, of a transaction, of each tier and as a percentage.
    One that was zero counts as doubled. A new or dropped price is no change of one.
    """
    old, new = _prices(before), _prices(after)
    moves = (_move(old[key], new[key]) for key in old.keys() & new.keys())
    return max(moves, default=Decimal(0))


def _move(before: Decimal, after: Decimal) -> Decimal:
    if before == after:
        return Decimal(0)
    return round_half_up(abs(after - before) * 100 / abs(before), 2) if before else Decimal(100)


def _prices(catalog: Catalog) -> dict[tuple[object, ...], Decimal]:
    found: dict[tuple[object, ...], Decimal] = {}
    for book in catalog.price_books:
        for entry in book.entries:
            place = (book.name, entry.sku, entry.charge, tuple(sorted(entry.attributes.items())))
            amounts = {"unit": entry.unit, "percent": entry.percent, "fixed": entry.fixed}
            for tier in entry.tiers:
                band = f"{tier.up_to}"
                amounts |= {f"{band} unit": tier.unit, f"{band} flat": tier.flat}
            found |= {(*place, name): value for name, value in amounts.items() if value is not None}
    return found


def facts_of_change(
    before: Catalog, after: Catalog, touched: Sequence[Touched]
) -> Mapping[str, Decimal]:
    """Return what a policy may ask about a new version of the catalogue."""
    return {
        "price_change_percent": largest_price_change(before, after),
        "open_quotes": Decimal(len({t.document for t in touched if t.kind is StakeKind.QUOTE})),
        "live_deals": Decimal(len({t.deal for t in touched if t.kind is StakeKind.DEAL})),
    }


def in_words(touched: Sequence[Touched]) -> str:
    """Say how many quotes and deals are touched."""
    quotes = {one.document for one in touched if one.kind is StakeKind.QUOTE}
    deals = {one.deal for one in touched if one.kind is StakeKind.DEAL}
    return f"{len(quotes)} open quote(s) and {len(deals)} live deal(s)"
