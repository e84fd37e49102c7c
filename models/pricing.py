"""Pricing: from a configured line to a net amount, with every step on record.

The waterfall is exact up to the step that rounds the line's extension; from there on every amount
is whole minor units, and a header discount is shared over the rounded lines by largest remainder.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Context, Decimal, localcontext
from enum import StrEnum

from models.catalog import (
    BillOn,
    Cadence,
    Catalog,
    Charge,
    ChargeModel,
    ChargeType,
    PriceBook,
    PriceBookEntry,
    ProductKind,
    Tier,
    Timing,
    Transfer,
    entry_gap,
    nearest,
)
from models.configuration import ConfiguredLine, addressed_charge, charge_refusal
from models.deal_file import Discount, DiscountBasis
from models.errors import InvalidInputError, Problem
from models.money import Money
from models.tiers import EXACT, blocks, charge_amount, graduated_by_tier
from models.value import Value

_AVERAGE = Context(prec=28)


class WaterfallStep(StrEnum):
    """The steps of the waterfall in their fixed order."""

    LIST = "list"
    AGREED = "agreed"
    QUANTITY = "quantity"
    LINE_DISCOUNT = "line_discount"
    ROUND = "round"
    HEADER_DISCOUNT = "header_discount"
    NET = "net"


class Step(Value):
    """One step of a line's waterfall: what went in, what came out, and the rule that did it.

    `input` and `output` are exact amounts in major units per period (or once), except that the
    steps up to `agreed` deal in prices of one unit, which `quantity` extends. Each step goes in
    with what came out of the step before.
    """

    step: WaterfallStep
    input: Decimal
    output: Decimal
    rule: str


class PricedLine(Value):
    """One charge of one configured line, priced.

    `number` is the line's place in the quote ("1", a bundle's component "1.2"); a product with
    two charges has two priced lines with the same number. `reference` ("1.2/seat") names the
    priced line uniquely within the quote and stays its identity in plan, contract and invoices.
    Amounts are per full billing period for recurring charges, else once; `once_discount` (not
    negative) is taken off the first billing of the line only. `ssp` and `cost` are extended amounts
    like `net`. `list_unit` and `unit_price` (before discounts) are the prices that, agreed for the
    charge, give its amount again: per unit, once for a flat charge, per block for a package, and
    the average per unit where there are tiers; no amount is computed from an average. An `optional`
    line is offered beside the rest and counts in nothing until it is chosen.
    """

    reference: str
    number: str
    parent: str | None = None
    sku: str
    charge: str
    name: str
    kind: ProductKind
    unit: str
    charge_type: ChargeType
    model: ChargeModel
    cadence: Cadence | None = None
    timing: Timing = Timing.IN_ADVANCE
    bill_on: BillOn = BillOn.DELIVERY
    transfer: Transfer = Transfer.DELIVER
    tax_category: str
    department: str
    quantity: Decimal
    list_unit: Decimal
    unit_price: Decimal
    list_amount: Money
    net: Money
    once_discount: Money
    ssp: Money
    cost: Money | None = None
    waterfall: tuple[Step, ...] = ()
    optional: bool = False

    @property
    def billed_quantity(self) -> Decimal:
        """What documents show: a flat charge is one fee, whatever the product's quantity."""
        return Decimal(1) if self.model is ChargeModel.FLAT else self.quantity

    @property
    def billed_unit(self) -> str:
        """The unit that goes with `billed_quantity`."""
        return "fee" if self.model is ChargeModel.FLAT else self.unit


class PricingRequest(Value):
    """What pricing needs beside the lines. Without `price_book` the currency decides the book."""

    currency: str
    price_book: str | None = None
    priced_on: date
    term_months: int = 12
    header_discount: Discount | None = None


Shares = Mapping[str, Money]
"""What a header discount takes off each priced line, by the line's reference."""


def choose_price_book(catalog: Catalog, request: PricingRequest) -> PriceBook:
    """Return the named price book, else the only one in that currency in force on the day.

    Raises `InvalidInputError` if there is none, or more than one without a name.
    """
    named = [book for book in catalog.price_books if request.price_book in {None, book.name}]
    in_currency = [book for book in named if book.currency == request.currency]
    found = [book for book in in_currency if book.is_in_force_on(request.priced_on)]
    if len(found) == 1:
        return found[0]
    name = f"price book {request.price_book}" if request.price_book else "price book"
    if not named and request.price_book:
        reason = f"there is no {name}"
        remedy = nearest(request.price_book, [book.name for book in catalog.price_books])
    elif not in_currency:
        reason = f"there is no {name} in {request.currency}"
        remedy = f"there is {', '.join(sorted({b.currency for b in named}))}" if named else ""
    elif not found:
        reason = f"no {name} in {request.currency} is in force on {request.priced_on}"
        remedy = f"there is {'; '.join(_window(book) for book in in_currency)}"
    else:
        reason = f"{len(found)} price books in {request.currency} are in force"
        remedy = f"name one of {', '.join(sorted(book.name for book in found))}"
    raise InvalidInputError([Problem(field="price_book", reason=reason, remedy=remedy)])


def price(
    catalog: Catalog, lines: Sequence[ConfiguredLine], request: PricingRequest
) -> tuple[PricedLine, ...]:
    """Return every charge of every line, priced by one price book, in the order of the lines.

    A header percentage comes off each group (one-time, and each cadence) as the rounded percentage
    of the group's sum. A header amount per period comes off the recurring lines, or off the
    one-time lines if nothing recurs; a header amount once comes off the first billings of all.

    Raises `InvalidInputError` with all charges that have no price or cannot be sold for this term,
    or else with all discounts that would take a line below zero.
    """
    book = choose_price_book(catalog, request)
    _raise_if_any(_unpriced(lines, book, request.term_months))
    with localcontext(EXACT):
        priced = [
            _priced(line, charge, _entry(book, line, charge), book)
            for line in lines
            for charge in line.product.charges
        ]
        _raise_if_any(_below_zero(lines, priced))
        return _with_header_discount(lines, priced, request.header_discount)


def _raise_if_any(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise InvalidInputError(found)


def _window(book: PriceBook) -> str:
    until = f" until before {book.valid_until}" if book.valid_until else ""
    return f"{book.name} from {book.valid_from}{until}"


def _unpriced(
    lines: Iterable[ConfiguredLine], book: PriceBook, term_months: int
) -> Iterator[Problem]:
    for line in lines:
        for charge in line.product.charges:
            name = f"{line.product.sku}/{charge.key}"
            field = f"{_place(line)}.product"
            refusal = charge_refusal(charge, term_months)
            entry = book.entry(line.product.sku, charge.key)
            gap = entry_gap(entry, charge.model) if entry else None
            if refusal:
                yield Problem(field=field, reason=f"{line.product.sku} {refusal}")
            elif entry is None:
                yield Problem(
                    field=field,
                    reason=f"{name} has no price in {book.name} ({book.currency})",
                    remedy="choose another price book or add the price",
                )
            elif gap:
                yield Problem(
                    field=field,
                    reason=f"the price of {name} in {book.name} is incomplete: {gap.field} "
                    f"{gap.reason}",
                    remedy=gap.remedy,
                )


def _place(line: ConfiguredLine) -> str:
    return line.path or f"line {line.number}"


def _entry(book: PriceBook, line: ConfiguredLine, charge: Charge) -> PriceBookEntry:
    found = book.entry(line.product.sku, charge.key)
    if found is None:
        raise LookupError(f"{line.product.sku}/{charge.key} has no price in {book.name}")
    return found


def _priced(
    line: ConfiguredLine, charge: Charge, entry: PriceBookEntry, book: PriceBook
) -> PricedLine:
    """Return one charge priced up to the rounded extension, before any header discount."""
    product, currency = line.product, book.currency
    listed = charge_amount(charge.model, line.quantity, entry)
    steps = _steps(line, charge, entry, book)
    once = _line_discount(line, charge, DiscountBasis.ONCE)
    count = Decimal(1) if charge.model is ChargeModel.FLAT else line.quantity
    return PricedLine(
        reference=f"{line.number}/{charge.key}",
        number=line.number,
        parent=line.parent,
        sku=product.sku,
        charge=charge.key,
        name=product.name if len(product.charges) == 1 else f"{product.name}: {charge.name}",
        kind=product.kind,
        unit=product.unit,
        charge_type=charge.type,
        model=charge.model,
        cadence=charge.cadence if charge.type is ChargeType.RECURRING else None,
        timing=charge.timing,
        bill_on=charge.bill_on,
        transfer=product.transfer,
        tax_category=product.tax_category,
        department=product.department,
        quantity=line.quantity,
        list_unit=steps[0].output,
        unit_price=steps[1].output,
        list_amount=Money.from_decimal(listed, currency),
        net=Money.from_decimal(steps[-1].output, currency),
        once_discount=Money.from_decimal(once, currency),
        ssp=Money.from_decimal(listed if entry.ssp is None else entry.ssp * count, currency),
        cost=None if entry.cost is None else Money.from_decimal(entry.cost * count, currency),
        waterfall=steps,
    )


def _steps(
    line: ConfiguredLine, charge: Charge, entry: PriceBookEntry, book: PriceBook
) -> tuple[Step, ...]:
    """Return the steps that concern the line alone, from its list price to its rounded amount."""
    listed = _list_unit(charge.model, line.quantity, entry)
    agreed = line.unit_price if charge == addressed_charge(line.product) else None
    unit = listed if agreed is None else agreed
    model, used = _effective(charge.model, entry, agreed)
    extended = charge_amount(model, line.quantity, used)
    discounted = extended - _off_each_period(line, charge, extended)
    rounded = Money.from_decimal(discounted, book.currency).decimal
    agreed_rule = "no agreed price" if agreed is None else f"agreed price {_plain(agreed)}"
    return (
        _step(WaterfallStep.LIST, listed, listed, f"price book {book.name}, {book.currency}"),
        _step(WaterfallStep.AGREED, listed, unit, agreed_rule),
        _step(WaterfallStep.QUANTITY, unit, extended, _extension_rule(model, line, used)),
        _step(WaterfallStep.LINE_DISCOUNT, extended, discounted, _discount_rule(line, charge)),
        _step(WaterfallStep.ROUND, discounted, rounded, f"half up to units of {book.currency}"),
    )


def _step(step: WaterfallStep, before: Decimal, after: Decimal, rule: str) -> Step:
    return Step(step=step, input=before, output=after, rule=rule)


def _list_unit(model: ChargeModel, quantity: Decimal, entry: PriceBookEntry) -> Decimal:
    if entry.unit is not None and model not in {ChargeModel.GRADUATED, ChargeModel.VOLUME}:
        return entry.unit
    if quantity == 0:
        return entry.tiers[0].unit
    return _AVERAGE.divide(charge_amount(model, quantity, entry), quantity)


def _effective(
    model: ChargeModel, entry: PriceBookEntry, agreed: Decimal | None
) -> tuple[ChargeModel, PriceBookEntry]:
    """Return how the line is extended: an agreed price takes the place of the unit or the tiers."""
    if agreed is None:
        return model, entry
    tiered = model in {ChargeModel.GRADUATED, ChargeModel.VOLUME}
    used = entry.model_copy(update={"unit": agreed, "tiers": ()})
    return (ChargeModel.PER_UNIT if tiered else model), used


def _extension_rule(model: ChargeModel, line: ConfiguredLine, entry: PriceBookEntry) -> str:
    quantity, unit = line.quantity, _plain(entry.unit or Decimal(0))
    match model:
        case ChargeModel.FLAT:
            return f"flat: {unit}"
        case ChargeModel.PER_UNIT:
            return f"{_plain(quantity)} x {unit}"
        case ChargeModel.PACKAGE:
            size = entry.package_size or Decimal(1)
            return f"{_plain(blocks(quantity, size))} packages of {_plain(size)} x {unit}"
        case ChargeModel.VOLUME:
            reached = next(t for t in entry.tiers if t.up_to is None or quantity <= t.up_to)
            return f"volume: {_tier_term(quantity, reached)}"
        case ChargeModel.GRADUATED:
            return f"graduated: {' + '.join(_tier_terms(quantity, entry.tiers))}"


def _tier_terms(quantity: Decimal, tiers: Sequence[Tier]) -> Iterator[str]:
    below = Decimal(0)
    for tier, _ in zip(tiers, graduated_by_tier(quantity, tiers), strict=False):
        until = quantity if tier.up_to is None else min(quantity, tier.up_to)
        yield _tier_term(until - below, tier)
        below = until


def _tier_term(units: Decimal, tier: Tier) -> str:
    flat = f" + {_plain(tier.flat)} flat" if tier.flat else ""
    return f"{_plain(units)} x {_plain(tier.unit)}{flat}"


def _off_each_period(line: ConfiguredLine, charge: Charge, extended: Decimal) -> Decimal:
    if line.discount is not None and line.discount.percent is not None:
        return extended * line.discount.percent / 100
    return _line_discount(line, charge, DiscountBasis.PER_PERIOD)


def _line_discount(line: ConfiguredLine, charge: Charge, basis: DiscountBasis) -> Decimal:
    """Return the line's discount amount on that basis, zero for a charge it is not meant for."""
    discount = line.discount
    if discount is None or discount.amount is None or discount.percent is not None:
        return Decimal(0)
    is_meant = discount.basis is basis and charge == addressed_charge(line.product)
    return discount.amount if is_meant else Decimal(0)


def _discount_rule(line: ConfiguredLine, charge: Charge) -> str:
    discount = line.discount
    if discount is not None and discount.percent is not None:
        return _because(f"{_plain(discount.percent)} % off", discount)
    for basis, what in (
        (DiscountBasis.PER_PERIOD, "off"),
        (DiscountBasis.ONCE, "off the first billing only"),
    ):
        amount = _line_discount(line, charge, basis)
        if amount and discount is not None:
            return _because(f"{_plain(amount)} {what}", discount)
    return "no line discount"


def _because(rule: str, discount: Discount) -> str:
    return f"{rule}: {discount.reason}" if discount.reason else rule


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _below_zero(lines: Iterable[ConfiguredLine], priced: Iterable[PricedLine]) -> Iterator[Problem]:
    places = {line.number: _place(line) for line in lines}
    for line in priced:
        if line.net.minor < 0 or line.net < line.once_discount:
            extension = next(s.output for s in line.waterfall if s.step is WaterfallStep.QUANTITY)
            yield Problem(
                field=f"{places[line.number]}.discount",
                reason=f"takes {line.reference} below zero: it costs {_plain(extension)}",
                remedy="lower the discount",
            )


def _with_header_discount(
    lines: Sequence[ConfiguredLine], priced: Sequence[PricedLine], discount: Discount | None
) -> tuple[PricedLine, ...]:
    each_period, once = _header_shares(priced, discount)
    done = tuple(_finished(line, each_period, once, discount) for line in priced)
    _raise_if_any(_below_zero(lines, done))
    return done


def _header_shares(
    priced: Sequence[PricedLine], discount: Discount | None
) -> tuple[Shares, Shares]:
    """Return what a header discount takes off each line: in every period, and once."""
    if discount is None or not priced:
        return {}, {}
    if discount.percent is not None:
        return _percent_shares(priced, discount.percent), {}
    if discount.amount is None:
        return {}, {}
    off = Money.from_decimal(discount.amount, priced[0].net.currency)
    if discount.basis is DiscountBasis.ONCE:
        return {}, _shares(priced, off, lambda line: line.net - line.once_discount)
    recurring = [line for line in priced if line.charge_type is ChargeType.RECURRING] or priced
    cadences = sorted({str(line.cadence) for line in recurring})
    if len(cadences) > 1:
        problem = Problem(
            field="header_discount.basis",
            reason=f"is per period, but the lines are billed {' and '.join(cadences)}",
            remedy="discount the lines, or use a percentage or an amount once",
        )
        raise InvalidInputError([problem])
    return _shares(recurring, off, lambda line: line.net), {}


def _percent_shares(priced: Sequence[PricedLine], percent: Decimal) -> Shares:
    groups: dict[Hashable, list[PricedLine]] = {}
    for line in priced:
        groups.setdefault(line.cadence, []).append(line)
    shares: dict[str, Money] = {}
    for group in groups.values():
        total = Money.total((line.net for line in group), group[0].net.currency)
        shares |= _shares(group, total.times(percent / 100), lambda line: line.net)
    return shares


def _shares(
    lines: Sequence[PricedLine], off: Money, weigh: Callable[[PricedLine], Money]
) -> Shares:
    """Share an amount over lines in proportion to what is left of them."""
    if off.is_zero:
        return {}
    weights = [weigh(line) for line in lines]
    available = Money.total(weights, off.currency)
    if off > available:
        problem = Problem(
            field="header_discount",
            reason=f"{off} is more than the {available} it comes off",
            remedy="lower the discount",
        )
        raise InvalidInputError([problem])
    parts = off.allocate([weight.minor for weight in weights])
    return {line.reference: part for line, part in zip(lines, parts, strict=True)}


def _finished(
    line: PricedLine, each_period: Shares, once: Shares, discount: Discount | None
) -> PricedLine:
    nothing = Money.zero(line.net.currency)
    off, first = (shares.get(line.reference, nothing) for shares in (each_period, once))
    net = line.net - off
    rule = "no header discount"
    if discount is not None and discount.percent is not None:
        rule = _because(f"{off} of {_plain(discount.percent)} % off the quote", discount)
    elif discount is not None:
        share = f"{first} off the first billing only" if once else f"{off} off"
        rule = _because(f"{share}, a share of {_plain(discount.amount or Decimal(0))}", discount)
    header = _step(WaterfallStep.HEADER_DISCOUNT, line.net.decimal, net.decimal, rule)
    billed = f"billed {line.cadence}" if line.cadence else "billed once"
    last = _step(WaterfallStep.NET, net.decimal, net.decimal, billed)
    return line.model_copy(
        update={
            "net": net,
            "once_discount": line.once_discount + first,
            "waterfall": (*line.waterfall, header, last),
        }
    )
