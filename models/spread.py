"""What comes off several lines together: groups, the header, a target price, promotions at the end.

Every such amount is shared over the rounded lines by largest remainder, so the shares sum to it to
the minor unit.
"""

from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

from models.charge_models import plain
from models.deal_file import Discount, DiscountBasis
from models.draft import Draft, because
from models.errors import InvalidInputError, Problem
from models.money import Money, minor_units, spread_minor
from models.plan import Calendar, term_end
from models.price_request import PricingRequest
from models.promotions import AmountPer, Promotion
from models.stacking import Stacking
from models.waterfall import Introductory, WaterfallStep

_SOLVED_TO = 6
"""Decimals of the percentage that a target price is solved to; the rest comes off once."""


def discount_together(drafts: Sequence[Draft], request: PricingRequest) -> None:
    """Take off what the quote discounts over several lines, in the engine's order.

    Groups first, then the header or what the target price asks for, then promotions of limited
    duration, then whatever comes off the first billings. Raises `InvalidInputError` if a discount
    is more than what it comes off.
    """
    for draft in drafts:
        draft.before_groups = draft.net
    for index, group in enumerate(request.groups):
        members = [draft for draft in drafts if draft.line.group == group.name]
        _discount(members, group.discount, _Place(f"groups[{index}].discount", group.name))
    if request.target_total is not None:
        _reach(drafts, request, request.target_total)
        return
    _discount(drafts, request.header_discount, _HEADER)
    introduce(drafts, request)
    _once(drafts, request)


class _Place:
    """Where a discount stands in the deal file, and how its step is told."""

    def __init__(self, field: str, group: str = "") -> None:
        self.field = field
        self.step = WaterfallStep.GROUP_DISCOUNT if group else WaterfallStep.HEADER_DISCOUNT
        self.off_what = f"the group {group}" if group else "the quote"


_HEADER = _Place("header_discount")


def _discount(drafts: Sequence[Draft], discount: Discount | None, place: _Place) -> None:
    """Take a discount of several lines off each period; what comes off once only is noted."""
    if discount is None or (discount.percent is None and discount.amount is None):
        for draft in drafts:
            draft.settle(place.step, draft.net, "no header discount")
    elif discount.percent is not None:
        _percent_off(drafts, discount.percent, discount, place)
    elif discount.basis is DiscountBasis.PER_PERIOD:
        _amount_off(drafts, discount, place)
    elif place is not _HEADER:
        _first_billings(drafts, discount, place)


def _percent_off(
    drafts: Sequence[Draft], percent: Decimal, discount: Discount, place: _Place
) -> None:
    rule = because(f"of {plain(percent)} % off {place.off_what}", discount)
    shares = percent_shares(drafts, percent, additive=discount.stacking is Stacking.ADDITIVE)
    for draft, share in zip(drafts, shares, strict=True):
        draft.settle(place.step, draft.net - share, f"{draft.text(share)} {rule}")


def percent_shares(drafts: Sequence[Draft], percent: Decimal, *, additive: bool) -> list[int]:
    """Return what a percentage takes off each line, rounded once for each kind of billing.

    What is billed once and each cadence are groups of their own, so that every invoice shows the
    exact percentage of its sum.
    """
    groups: dict[Hashable, list[int]] = {}
    for index, draft in enumerate(drafts):
        groups.setdefault(draft.charge.cadence if draft.recurs else None, []).append(index)
    shares = [0] * len(drafts)
    for members in groups.values():
        of = [drafts[i].before_groups if additive else drafts[i].net for i in members]
        total = Money(minor=sum(of), currency=drafts[members[0]].currency)
        off = total.times(percent / 100).minor
        if off:
            for index, share in zip(members, spread_minor(off, of), strict=True):
                shares[index] = share
    return shares


def _amount_off(drafts: Sequence[Draft], discount: Discount, place: _Place) -> None:
    """Take an amount off each period of what recurs, or off all where nothing does."""
    amount = discount.amount or Decimal(0)
    if any(draft.line.segment for draft in drafts):
        problem = Problem(
            field=f"{place.field}.basis",
            reason="is per period, but the lines of a ramp do not run in every period",
            remedy="discount the segments, or use a percentage or an amount once",
        )
        raise InvalidInputError([problem])
    recurring = [draft for draft in drafts if draft.recurs] or list(drafts)
    cadences = sorted({str(draft.charge.cadence) for draft in recurring})
    if len(cadences) > 1:
        problem = Problem(
            field=f"{place.field}.basis",
            reason=f"is per period, but the lines are billed {' and '.join(cadences)}",
            remedy="discount the lines, or use a percentage or an amount once",
        )
        raise InvalidInputError([problem])
    shares = dict(_shares(recurring, amount, lambda draft: draft.net, place.field))
    for draft in drafts:
        share = shares.get(draft.reference, 0)
        rule = because(f"{draft.text(share)} off, a share of {plain(amount)}", discount)
        draft.settle(place.step, draft.net - share, rule)


def _once(drafts: Sequence[Draft], request: PricingRequest) -> None:
    """Take off the first billings what comes off them once: promotions over the quote, header."""
    for promotion in request.promotions:
        if promotion.per is AmountPer.QUOTE:
            _promote_once(drafts, promotion)
    discount = request.header_discount
    if discount is None or discount.amount is None or discount.percent is not None:
        return
    if discount.basis is DiscountBasis.ONCE:
        _first_billings(drafts, discount, _HEADER)


def _first_billings(drafts: Sequence[Draft], discount: Discount, place: _Place) -> None:
    amount = discount.amount or Decimal(0)
    first = [draft for draft in drafts if draft.begins]
    shares = dict(_shares(first, amount, lambda draft: draft.first_billing, place.field))
    for draft in drafts:
        share = shares.get(draft.reference, 0)
        draft.once += share
        told = f"{draft.text(share)} off the first billing only, a share of {plain(amount)}"
        draft.settle(place.step, draft.net, because(told, discount))


def _promote_once(drafts: Sequence[Draft], promotion: Promotion) -> None:
    """Share a promotion's amount over the lines it is for; it takes no more than there is."""
    members = [draft for draft in drafts if promotion in draft.offered and draft.begins]
    weights = [max(draft.first_billing, 0) for draft in members]
    if not members or not sum(weights):
        return
    amount = promotion.amount or Decimal(0)
    asked, whole = minor_units(amount, members[0].currency), plain(amount)
    shares = spread_minor(min(asked, sum(weights)), weights)
    for draft, share in zip(members, shares, strict=True):
        draft.once += share
        draft.codes.append(promotion.code)
        off = f"{draft.text(share)} off the first billing only, a share of {whole}"
        draft.settle(WaterfallStep.INTRODUCTORY, draft.net, f"{promotion.code}: {off}")


def _shares(
    drafts: Sequence[Draft], amount: Decimal, weigh: Callable[[Draft], int], field: str
) -> Sequence[tuple[str, int]]:
    """Share an amount over lines in proportion to what is left of them."""
    if not drafts:
        return ()
    off = minor_units(amount, drafts[0].currency)
    if not off:
        return ()
    weights = [weigh(draft) for draft in drafts]
    available = sum(weights)
    if off > available:
        text = drafts[0].text
        problem = Problem(
            field=field,
            reason=f"{text(off)} is more than the {text(available)} it comes off",
            remedy="lower the discount",
        )
        raise InvalidInputError([problem])
    shares = spread_minor(off, weights)
    return [(draft.reference, share) for draft, share in zip(drafts, shares, strict=True)]


def introduce(drafts: Sequence[Draft], request: PricingRequest) -> None:
    """Work out what promotions of limited duration take off the first billing periods."""
    by_code = {promotion.code: promotion for promotion in request.promotions}
    for draft in drafts:
        if draft.limited:
            draft.introductory = _introductory(draft, by_code)
            for each in draft.introductory:
                count = "1 billing" if each.periods == 1 else f"{each.periods} billings"
                when = f"{count} from number {each.first + 1} on"
                rule = f"{', '.join(each.codes)}: {each.amount} off {when}"
                draft.settle(WaterfallStep.INTRODUCTORY, draft.net, rule)


def _introductory(draft: Draft, promotions: dict[str, Promotion]) -> list[Introductory]:
    """Return the reductions of the first periods, equal neighbours together."""
    offers = [(one, promotions[one.name]) for one in draft.limited]
    ends = sorted({edge for _, each in offers for edge in _edges(draft, each)} - {0})
    found: list[Introductory] = []
    start = 0
    for end in ends:
        off, codes = 0, []
        for one, promotion in offers:
            part = _part_of_period(draft, promotion, start)
            if part and off < draft.net:
                left = draft.decimal(draft.net - off)
                taken = left * part if promotion.free_months else one.off(draft.base, left)
                off += min(minor_units(taken, draft.currency), draft.net - off)
                codes.append(promotion.code)
        if off:
            amount = draft.money(off)
            found.append(
                Introductory(first=start, periods=end - start, amount=amount, codes=tuple(codes))
            )
        start = end
    return found


def _edges(draft: Draft, promotion: Promotion) -> tuple[int, ...]:
    """Return the numbers of the billing periods at which a promotion changes what it is worth."""
    if promotion.free_months:
        whole, rest = divmod(promotion.free_months, draft.months or Fraction(1))
        return (whole, whole + 1) if rest else (whole,)
    return (promotion.periods or 1,)


def _part_of_period(draft: Draft, promotion: Promotion, period: int) -> Decimal:
    """Return how much of a billing period a promotion is for: all, nothing, or some months."""
    if not promotion.free_months:
        return Decimal(1 if period < (promotion.periods or 1) else 0)
    months = draft.months or Fraction(1)
    free = min(max(promotion.free_months - period * months, Fraction(0)), months)
    # Thirty digits are exact enough, for the amount is rounded to the minor unit right after; cut
    # up, so that a half is not missed.
    return Decimal(ceil(Fraction(free) / months * 10**30)).scaleb(-30)


def _reach(drafts: Sequence[Draft], request: PricingRequest, target: Decimal) -> None:
    """Find the header discount that makes the contract come to the target, to the minor unit.

    The largest percentage, with six decimals, that does not go below it is taken off every line;
    what is then left of the difference comes off the first billings.
    """
    starts_on = request.starts_on or request.priced_on
    ends_on = term_end(starts_on, request.term_months, request.anchor_on)
    calendar = Calendar(starts_on, ends_on, request.anchor_on, request.billing)
    wanted = minor_units(target, request.currency)
    trial = _Trial(drafts, request, calendar)
    if trial.total(Decimal(0)) < wanted:
        come_to = Money(minor=trial.total(Decimal(0)), currency=request.currency)
        reason = f"{plain(target)} is more than the {come_to} the lines come to"
        remedy = "raise agreed prices instead"
        raise InvalidInputError([Problem(field="target_total", reason=reason, remedy=remedy)])
    low, high = 0, 100 * 10**_SOLVED_TO
    while low < high:
        middle = (low + high + 1) // 2
        if trial.total(Decimal(middle).scaleb(-_SOLVED_TO)) >= wanted:
            low = middle
        else:
            high = middle - 1
    percent = Decimal(low).scaleb(-_SOLVED_TO)
    rest = trial.total(percent) - wanted
    trial.settle(percent, rest, target)


class _Trial:
    """Tries header percentages on the drafts of a quote and tells what the contract comes to."""

    def __init__(
        self, drafts: Sequence[Draft], request: PricingRequest, calendar: Calendar
    ) -> None:
        self._drafts, self._request, self._calendar = drafts, request, calendar
        self._nets = [draft.net for draft in drafts]
        self._onces = [draft.once for draft in drafts]
        self._steps = [len(draft.steps) for draft in drafts]
        self._codes = [len(draft.codes) for draft in drafts]

    def total(self, percent: Decimal) -> int:
        """Return the contract value in minor units with that percentage off the header."""
        self._apply(percent)
        value = sum(self._billed(draft) for draft in self._drafts)
        self._undo()
        return value

    def settle(self, percent: Decimal, rest: int, target: Decimal) -> None:
        """Leave the drafts discounted by the percentage, and the rest off their first billings."""
        self._apply(percent)
        weights = [max(draft.first_billing, 0) if draft.begins else 0 for draft in self._drafts]
        if rest > sum(weights):
            text = self._drafts[0].text
            reason = f"{plain(target)} cannot be met: {text(rest)} are left for the first billings"
            remedy = "choose a target closer to the list"
            raise InvalidInputError([Problem(field="target_total", reason=reason, remedy=remedy)])
        shares = spread_minor(rest, weights) if rest else [0] * len(weights)
        for draft, share in zip(self._drafts, shares, strict=True):
            draft.once += share
            if share:
                off = f"{draft.text(share)} off the first billing only"
                rule = f"{off}, to reach {plain(target)}"
                draft.settle(WaterfallStep.HEADER_DISCOUNT, draft.net, rule)

    def _apply(self, percent: Decimal) -> None:
        found = Discount(percent=percent, reason="solved for the target price")
        _percent_off(self._drafts, percent, found, _HEADER)
        introduce(self._drafts, self._request)
        _once(self._drafts, self._request)

    def _undo(self) -> None:
        kept = zip(self._drafts, self._nets, self._onces, self._steps, self._codes, strict=True)
        for draft, net, once, steps, codes in kept:
            draft.net, draft.once, draft.introductory = net, once, []
            del draft.steps[steps:]
            del draft.codes[codes:]

    def _billed(self, draft: Draft) -> int:
        cadence = draft.charge.cadence if draft.recurs else None
        shares = self._calendar.every(cadence, recurs=draft.recurs, segment=draft.line.segment)
        if not draft.introductory:
            full = sum(1 for share in shares if share.period.days == share.full_days)
            cut = (share for share in shares if share.period.days != share.full_days)
            part = sum(share.of(draft.money(draft.net)).minor for share in cut)
            return full * draft.net + part - draft.once
        each = (
            share.of(draft.money(draft.net - draft.off_period(share.index))) for share in shares
        )
        return sum(amount.minor for amount in each) - draft.once
