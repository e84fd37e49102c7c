"""Renewal: the calendar back from the last notice day, and the next term's offer."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from models.charge_models import PRICED_BY_UNIT
from models.charges import ChargeModel, ChargeType
from models.deal_file import DealFile, LineRequest, OptionRequest, PriceBasis, RenewalTerms
from models.errors import InvalidInputError, Problem
from models.pricing import PricedLine
from models.value import Value

_QUOTE_BEFORE = timedelta(days=60)
_OFFER_BEFORE = timedelta(days=30)
_ALARM_BEFORE = timedelta(days=15)
_LAST_REMINDER_BEFORE = timedelta(days=5)


class RenewalCalendar(Value):
    """The dates of one renewal. `last_notice_on` is the last day on which notice counts."""

    quote_on: date
    offer_on: date
    alarm_on: date
    last_reminder_on: date
    last_notice_on: date
    ends_on: date


class RenewalDecision(StrEnum):
    """What the customer said about the next term."""

    RENEW = "renew"
    DECLINE = "decline"


class RenewalOutcome(StrEnum):
    """What becomes of a deal at the end of its term."""

    RENEW = "renew"
    EXPIRE = "expire"
    ASK = "ask"


def renewal_calendar(starts_on: date, ends_on: date, notice_days: int) -> RenewalCalendar:
    """Return when to quote, mail, alarm and remind for a term from `starts_on` to `ends_on`.

    The last notice day, on which notice still counts, lies `notice_days` before the end; the other
    dates are counted back from it: 60, 30, 15 and 5 days. A date before the term begins moves to
    its first day, so the order stays. Raises `InvalidInputError` for a term that ends before it
    begins or a negative notice.
    """
    _require_term(starts_on, ends_on, notice_days)
    last_notice_on = ends_on - timedelta(days=notice_days)
    return RenewalCalendar(
        quote_on=max(starts_on, last_notice_on - _QUOTE_BEFORE),
        offer_on=max(starts_on, last_notice_on - _OFFER_BEFORE),
        alarm_on=max(starts_on, last_notice_on - _ALARM_BEFORE),
        last_reminder_on=max(starts_on, last_notice_on - _LAST_REMINDER_BEFORE),
        last_notice_on=max(starts_on, last_notice_on),
        ends_on=ends_on,
    )


def outcome(
    terms: RenewalTerms,
    decision: RenewalDecision | None,
    *,
    reminded_in_time: bool,
) -> RenewalOutcome:
    """Return what happens at the end of a term: what the customer said, else what was agreed.

    Silence renews only if that was agreed and the customer was reminded before the last notice day.
    Nothing that binds the customer follows from a reminder we missed, so then a person is asked.
    """
    match decision:
        case RenewalDecision.RENEW:
            return RenewalOutcome.RENEW
        case RenewalDecision.DECLINE:
            return RenewalOutcome.EXPIRE
        case None if not terms.auto_renew:
            return RenewalOutcome.EXPIRE
        case None:
            return RenewalOutcome.RENEW if reminded_in_time else RenewalOutcome.ASK


def next_term_file(
    file: DealFile, lines: Sequence[PricedLine], starts_on: date, anchor_on: date | None = None
) -> DealFile:
    """Return the deal file of the next term, from the priced lines of the term that ends.

    Components the catalogue added to a bundle are written down as options first, and products its
    rules added as lines, so that their last price is carried on like any other. Of a ramp, what
    its last segment says runs on. See `renewal_file` for what becomes of each line.
    Its periods go on being counted from `anchor_on`, the first day of the first term.
    """
    sold = _as_sold(file, lines)
    prices = last_unit_prices(sold, lines)
    following = renewal_file(sold, prices, starts_on, sold_once(lines), _totals(sold, lines))
    return following.model_copy(update={"anchor_on": file.anchor_on or anchor_on})


def last_unit_prices(file: DealFile, lines: Sequence[PricedLine]) -> dict[str, Decimal | None]:
    """Return the last net price per unit and period of what recurs, by the file's own numbers.

    A quote numbers components in the order of the catalogue, the file in the order in which its
    seller wrote them, so components are found by SKU. A product with several recurring charges has
    no single price and gets None. A package is priced by the block, a flat charge as a whole.
    """
    at_end = _at_end(lines)
    prices: dict[str, Decimal | None] = {}
    for position, line in enumerate(file.lines, start=1):
        number = str(position)
        own = [one for one in at_end if one.number == number]
        _note_price(prices, number, own)
        _note_option_prices(prices, number, line.options, number, at_end)
    return prices


def _note_price(prices: dict[str, Decimal | None], key: str, priced: Sequence[PricedLine]) -> None:
    running = [one for one in priced if not _is_once(one) and not one.true_up_of]
    recurring = [one for one in running if one.usage is None] or running
    if recurring:
        alone = len(recurring) == 1 and not recurring[0].is_percentage
        alone = alone and (recurring[0].usage is None or _has_unit_price(recurring[0]))
        prices[key] = _last_price(recurring[0]) if alone else None


def _note_option_prices(
    prices: dict[str, Decimal | None],
    key: str,
    options: Sequence[OptionRequest],
    number: str,
    lines: Sequence[PricedLine],
) -> None:
    """Note the prices of options and those inside them; `number` is their bundle in the quote."""
    for place, option in enumerate(options, start=1):
        inner = [one for one in lines if one.parent == number and one.sku == option.product]
        _note_price(prices, f"{key}.{place}", inner)
        below = inner[0].number if inner else f"{number}.?"
        _note_option_prices(prices, f"{key}.{place}", option.options, below, lines)


def _at_end(lines: Sequence[PricedLine]) -> list[PricedLine]:
    """Return the lines as they stand at the end of the term: of a ramp its last segment."""
    last: dict[str, int] = {}
    for line in lines:
        if line.segment is not None:
            last[line.number] = max(last.get(line.number, 0), line.segment.index)
    return [
        line for line in lines if line.segment is None or line.segment.index == last[line.number]
    ]


def sold_once(lines: Sequence[PricedLine]) -> frozenset[str]:
    """Return the numbers of the lines that have charges, all of them one-time."""
    numbers = {line.number for line in lines}
    return frozenset(numbers - {line.number for line in lines if not _is_once(line)})


def renewal_file(
    file: DealFile,
    priced_unit_prices: Mapping[str, Decimal | None],
    starts_on: date,
    sold_once: Collection[str] = (),
    totals: Mapping[str, Decimal] = MappingProxyType({}),
) -> DealFile:
    """Return the deal file of the next term: what runs on, at the price agreed for it.

    `priced_unit_prices` holds, by line number ("2", its second option "2.2", in the order of the
    file), the last net price per unit and period of everything with a recurring price, None where
    the list price shall apply. What is not in it is dropped, for it was sold once; only a bundle
    stays to carry an option that runs on, without a price of its own. Name such a bundle in
    `sold_once` if it was itself sold once: then its options become lines of their own, in the
    quantity they had altogether; `totals` holds it where it is not that for each bundle unit. An
    option chosen with quantity zero stays, because it keeps a preset component out.

    With the price basis `LAST` the last price, raised by the uplift and not rounded, is the agreed
    price; every discount is already in it and is cleared. With `LIST` all agreed prices and
    discounts are cleared and the price book of the day applies; the uplift is not used, because
    the price book carries our price changes. A schedule was agreed for days of the term that ends:
    the next one is billed by its periods.
    """
    prices = _next_prices(file.renewal, priced_unit_prices)
    lines: list[LineRequest] = []
    for position, line in enumerate(file.lines, start=1):
        number = str(position)
        options = _next_options(line.options, number, prices)
        if number in sold_once:
            lines += [
                _own_line(option, totals.get(key, option.quantity * line.quantity))
                for key, option in options
                if option.quantity
            ]
        elif number in prices or any(option.quantity for _, option in options):
            kept = tuple(option for _, option in options)
            lines.append(_next_line(line, prices.get(number), kept))
    changes = {
        "starts_on": starts_on,
        "term_months": file.renewal.term_months or file.term_months,
        "lines": tuple(lines),
        "header_discount": None,
        "groups": (),
        "target_total": None,
        "promotions": (),
        "alternatives": (),
        "billing": file.billing.model_copy(update={"schedule": ()}),
    }
    return file.model_copy(update=changes)


def _is_once(line: PricedLine) -> bool:
    return line.charge_type is ChargeType.ONE_TIME


def _has_unit_price(line: PricedLine) -> bool:
    """Whether one price says all about a line by usage; tiers are taken from the list again."""
    return line.usage is not None and line.usage.model in PRICED_BY_UNIT


def _last_price(line: PricedLine) -> Decimal:
    """Return what one unit costs per period after every discount that comes back each period."""
    if line.usage is not None:
        return (line.usage.entry.unit or Decimal(0)) * line.usage.factor
    match line.model:
        case ChargeModel.FLAT:
            return line.net.decimal
        case ChargeModel.PACKAGE if line.list_amount.minor:
            return line.list_unit * line.net.minor / line.list_amount.minor
        case _:
            return line.net.decimal / line.quantity if line.quantity else line.unit_price


def _as_sold(file: DealFile, lines: Sequence[PricedLine]) -> DealFile:
    at_end = _at_end(lines)
    sold = [_line_as_sold(line, str(n), at_end) for n, line in enumerate(file.lines, start=1)]
    return file.model_copy(update={"lines": (*sold, *_added(len(sold), at_end))})


def _line_as_sold(line: LineRequest, number: str, lines: Sequence[PricedLine]) -> LineRequest:
    """Return a line as it stands at the end of the term, components written down."""
    changes: dict[str, object] = {"ramp": ()}
    if line.ramp:
        last = line.ramp[-1]
        changes["quantity"] = line.quantity if last.quantity is None else last.quantity
        changes["discount"] = last.discount or line.discount
    ended = line.model_copy(update=changes)
    options = _with_components(ended.options, ended.quantity, number, lines)
    return ended.model_copy(update={"options": options})


def _added(count: int, lines: Sequence[PricedLine]) -> Iterator[LineRequest]:
    """Yield the lines that rules added, which are numbered after those of the file."""
    heads = {line.number: line for line in reversed(lines) if "." not in line.number}
    for number in sorted(int(number) for number in heads if int(number) > count):
        line = heads[str(number)]
        quantity = Decimal(1) if line.is_percentage else line.quantity
        wanted = LineRequest(product=line.sku, quantity=quantity, attributes=line.attributes)
        options = _with_components((), line.quantity, str(number), lines)
        yield wanted.model_copy(update={"options": options})


def _with_components(
    options: Sequence[OptionRequest],
    quantity: Decimal,
    number: str,
    lines: Sequence[PricedLine],
) -> tuple[OptionRequest, ...]:
    """Add the components of a bundle that its seller left to the catalogue, at every level."""
    known = {option.product for option in options}
    inside = {line.sku: line for line in reversed(lines) if line.parent == number}
    found = [
        option.model_copy(
            update={
                "options": _with_components(
                    option.options,
                    inside[option.product].quantity,
                    inside[option.product].number,
                    lines,
                )
            }
        )
        if option.product in inside
        else option
        for option in options
    ]
    for sku, line in reversed(inside.items()):
        if sku not in known and (quantity or line.units is not None):
            units = line.quantity / quantity if line.units is None else line.units
            inner = _with_components((), line.quantity, line.number, lines)
            found.append(
                OptionRequest(
                    product=sku, quantity=units, options=inner, attributes=line.attributes
                )
            )
    return tuple(found)


def _require_term(starts_on: date, ends_on: date, notice_days: int) -> None:
    problems = []
    if ends_on <= starts_on:
        reason = f"{ends_on} is not after the start on {starts_on}"
        problems.append(Problem(field="ends_on", reason=reason))
    if notice_days < 0:
        remedy = "write the days before the end"
        problems.append(Problem(field="notice_days", reason="is negative", remedy=remedy))
    if problems:
        raise InvalidInputError(problems)


def _next_prices(
    terms: RenewalTerms, last_prices: Mapping[str, Decimal | None]
) -> dict[str, Decimal | None]:
    """Return the agreed price of each line that runs on; None means the list price."""
    if terms.price_basis is PriceBasis.LIST:
        return dict.fromkeys(last_prices)
    factor = 1 + terms.uplift_percent / 100
    return {
        number: None if price is None else price * factor for number, price in last_prices.items()
    }


def _next_options(
    options: Sequence[OptionRequest], number: str, prices: Mapping[str, Decimal | None]
) -> list[tuple[str, OptionRequest]]:
    """Return the options that run on, with their numbers.

    One that only holds such options stays to carry them.
    """
    kept = []
    for place, option in enumerate(options, start=1):
        key = f"{number}.{place}"
        inner = tuple(one for _, one in _next_options(option.options, key, prices))
        if key in prices or option.quantity == 0 or any(one.quantity for one in inner):
            changes = {**_priced_at(prices.get(key)), "options": inner}
            kept.append((key, option.model_copy(update=changes)))
    return kept


def _next_line(
    line: LineRequest, unit_price: Decimal | None, options: tuple[OptionRequest, ...]
) -> LineRequest:
    return line.model_copy(
        update={**_priced_at(unit_price), "options": options, "ramp": (), "schedule": ()}
    )


def _priced_at(unit_price: Decimal | None) -> dict[str, object]:
    """Return the changes that make a price final, or leave it to the list, its contracts and all.

    A last price has everything in it that the house takes off, so nothing is taken off it again.
    """
    is_final = unit_price is not None
    return {"unit_price": unit_price, "discount": None, "group": "", "price_is_final": is_final}


def _own_line(option: OptionRequest, quantity: Decimal) -> LineRequest:
    return LineRequest(
        product=option.product,
        quantity=quantity,
        unit_price=option.unit_price,
        options=option.options,
        attributes=option.attributes,
        price_is_final=option.price_is_final,
    )


def _totals(file: DealFile, lines: Sequence[PricedLine]) -> dict[str, Decimal]:
    """Return the quantity each option of a line has altogether at the end of the term."""
    at_end = _at_end(lines)
    return {
        f"{number}.{place}": one.quantity
        for number, line in enumerate(file.lines, start=1)
        for place, option in enumerate(line.options, start=1)
        for one in at_end
        if one.parent == str(number) and one.sku == option.product
    }
