"""Renewal: the calendar back from the last notice day, and the next term's offer."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

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


def next_term_file(file: DealFile, lines: Sequence[PricedLine], starts_on: date) -> DealFile:
    """Return the deal file of the next term, from the priced lines of the term that ends.

    Components the catalogue added to a bundle are written down as options first, so that their last
    price is carried on like any other. See `renewal_file` for what becomes of each line.
    """
    sold = _as_sold(file, lines)
    return renewal_file(sold, last_unit_prices(sold, lines), starts_on, sold_once(lines))


def last_unit_prices(file: DealFile, lines: Sequence[PricedLine]) -> dict[str, Decimal | None]:
    """Return the last net price per unit and period of what recurs, by the file's own numbers.

    A quote numbers components in the order of the catalogue, the file in the order in which its
    seller wrote them, so components are found by SKU. A product with several recurring charges has
    no single price and gets None. A package is priced by the block, a flat charge as a whole.
    """
    prices: dict[str, Decimal | None] = {}
    for position, line in enumerate(file.lines, start=1):
        number = str(position)
        own = {number: [one for one in lines if one.number == number]}
        for place, option in enumerate(line.options, start=1):
            inner = (one for one in lines if one.parent == number and one.sku == option.product)
            own[f"{number}.{place}"] = list(inner)
        for key, priced in own.items():
            recurring = [one for one in priced if not _is_once(one) and not one.true_up_of]
            if recurring:
                prices[key] = _last_price(recurring[0]) if len(recurring) == 1 else None
    return prices


def sold_once(lines: Sequence[PricedLine]) -> frozenset[str]:
    """Return the numbers of the lines that have charges, all of them one-time."""
    numbers = {line.number for line in lines}
    return frozenset(numbers - {line.number for line in lines if not _is_once(line)})


def renewal_file(
    file: DealFile,
    priced_unit_prices: Mapping[str, Decimal | None],
    starts_on: date,
    sold_once: Collection[str] = (),
) -> DealFile:
    """Return the deal file of the next term: what runs on, at the price agreed for it.

    `priced_unit_prices` holds, by line number ("2", its second option "2.2", in the order of the
    file), the last net price per unit and period of everything with a recurring price, None where
    the list price shall apply. What is not in it is dropped, for it was sold once; only a bundle
    stays to carry an option that runs on, without a price of its own. Name such a bundle in
    `sold_once` if it was itself sold once: then its options become lines of their own, in the
    quantity they had altogether. An option chosen with quantity zero stays, because it keeps a
    preset component out.

    With the price basis `LAST` the last price, raised by the uplift and not rounded, is the agreed
    price; every discount is already in it and is cleared. With `LIST` all agreed prices and
    discounts are cleared and the price book of the day applies; the uplift is not used, because
    the price book carries our price changes.
    """
    prices = _next_prices(file.renewal, priced_unit_prices)
    lines: list[LineRequest] = []
    for position, line in enumerate(file.lines, start=1):
        number = str(position)
        options = _next_options(line, number, prices)
        if number in sold_once:
            lines += [_own_line(option, line.quantity) for option in options if option.quantity]
        elif number in prices or any(option.quantity for option in options):
            lines.append(_next_line(line, prices.get(number), options))
    changes = {
        "starts_on": starts_on,
        "term_months": file.renewal.term_months or file.term_months,
        "lines": tuple(lines),
        "header_discount": None,
        "groups": (),
        "target_total": None,
        "promotions": (),
    }
    return file.model_copy(update=changes)


def _is_once(line: PricedLine) -> bool:
    return line.charge_type is ChargeType.ONE_TIME


def _last_price(line: PricedLine) -> Decimal:
    """Return what one unit costs per period after every discount that comes back each period."""
    match line.model:
        case ChargeModel.FLAT:
            return line.net.decimal
        case ChargeModel.PACKAGE if line.list_amount.minor:
            return line.list_unit * line.net.minor / line.list_amount.minor
        case _:
            return line.net.decimal / line.quantity if line.quantity else line.unit_price


def _as_sold(file: DealFile, lines: Sequence[PricedLine]) -> DealFile:
    sold = (_with_components(line, str(n), lines) for n, line in enumerate(file.lines, start=1))
    return file.model_copy(update={"lines": tuple(sold)})


def _with_components(line: LineRequest, number: str, lines: Sequence[PricedLine]) -> LineRequest:
    """Add the components of a bundle that its seller left to the catalogue."""
    known = {option.product for option in line.options}
    added = {
        one.sku: OptionRequest(product=one.sku, quantity=one.quantity / line.quantity)
        for one in lines
        if one.parent == number and one.sku not in known and line.quantity
    }
    return line.model_copy(update={"options": (*line.options, *added.values())})


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
    line: LineRequest, number: str, prices: Mapping[str, Decimal | None]
) -> tuple[OptionRequest, ...]:
    numbered = ((f"{number}.{place}", option) for place, option in enumerate(line.options, start=1))
    return tuple(
        option.model_copy(update=_priced_at(prices.get(key)))
        for key, option in numbered
        if key in prices or option.quantity == 0
    )


def _next_line(
    line: LineRequest, unit_price: Decimal | None, options: tuple[OptionRequest, ...]
) -> LineRequest:
    return line.model_copy(update={**_priced_at(unit_price), "options": options})


def _priced_at(unit_price: Decimal | None) -> dict[str, object]:
    """Return the changes that make a price final, or leave it to the list, its contracts and all.

    A last price has everything in it that the house takes off, so nothing is taken off it again.
    """
    is_final = unit_price is not None
    return {"unit_price": unit_price, "discount": None, "group": "", "price_is_final": is_final}


def _own_line(option: OptionRequest, bundles: Decimal) -> LineRequest:
    quantity = option.quantity * bundles
    return LineRequest(
        product=option.product,
        quantity=quantity,
        unit_price=option.unit_price,
        price_is_final=option.price_is_final,
    )
