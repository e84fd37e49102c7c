"""Pricing: from a configured line to a net amount, with every step on record.

One engine prices previews, quotes, revisions and renewals, and what it says is what billing bills.
It works in one pass in a fixed order, in which everything comes after what it depends on, so that
the pass reaches the fixed point: base price, quantity, promotions, partner, the seller's discount,
rounding, lines that are a percentage of others, groups, header, limits. The waterfall is exact up
to the step that rounds the line's extension; from there on every amount is whole minor units.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import localcontext

from models.book_choice import choose_price_book
from models.catalog import Catalog
from models.charge_models import plain
from models.charges import Charge
from models.configuration import ConfiguredLine, charge_refusal
from models.derived_books import pricing_problem, resolve_book
from models.draft import Draft
from models.errors import InvalidInputError, Problem
from models.line_pass import LinePass, facts_of, is_derived
from models.price_books import PriceBook
from models.price_request import PricingRequest
from models.price_terms import ExchangeRate, rate_on
from models.spread import discount_together
from models.tiers import EXACT
from models.true_ups import with_true_ups
from models.waterfall import PricedLine, Step, WaterfallStep

__all__ = [
    "PricedLine",
    "PricingRequest",
    "Step",
    "WaterfallStep",
    "choose_price_book",
    "price",
]


def price(
    catalog: Catalog, lines: Sequence[ConfiguredLine], request: PricingRequest
) -> tuple[PricedLine, ...]:
    """Return every charge of every line, priced by one price book, in the order of the lines.

    A header percentage comes off each group (one-time, and each cadence) as the rounded percentage
    of the group's sum. A header amount per period comes off the recurring lines, or off the
    one-time lines if nothing recurs; a header amount once comes off the first billings of all.

    Raises `InvalidInputError` with all charges that have no price or cannot be sold for this term,
    or else with all discounts that would take a line below zero and all prices above their ceiling.
    """
    chosen = choose_price_book(catalog, request)
    book = resolve_book(catalog.price_books, chosen, request.priced_on)
    rate = _rate(book, request)
    _raise_if_any(_unpriced(lines, book, request))
    with localcontext(EXACT):
        meters = {meter.key: meter for meter in catalog.meters}
        line_pass = LinePass(lines, book, rate, request, meters)
        drafts = line_pass.drafts()
        _raise_if_any(_below_zero(drafts))
        # What several lines share comes off what is agreed, not off what may be used.
        fixed = [draft for draft in drafts if not draft.is_metered]
        discount_together(fixed, request)
        _raise_if_any(_below_zero(drafts))
        _raise_if_any(_without_target(drafts, request))
        _raise_if_any(_limited(drafts))
        _raise_if_any(_uncertain_target(line_pass, request))
        done = tuple(draft.finished() for draft in drafts)
        return with_true_ups(done, line_pass.commitments, request.term_months)


def _raise_if_any(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise InvalidInputError(found)


def _rate(book: PriceBook, request: PricingRequest) -> ExchangeRate | None:
    """Return the rate that converts the book's prices; None where there is nothing to convert."""
    if book.currency == request.currency:
        return None
    found = rate_on(request.rates, book.currency, request.currency, request.priced_on)
    if found is None:
        pair = f"from {book.currency} to {request.currency}"
        reason = f"there is no exchange rate {pair} on {request.priced_on}"
        remedy = "publish one, or use a price book in the deal's currency"
        raise InvalidInputError([Problem(field="price_currency", reason=reason, remedy=remedy)])
    return found


def _unpriced(
    lines: Iterable[ConfiguredLine], book: PriceBook, request: PricingRequest
) -> Iterator[Problem]:
    sound: set[tuple[str, str]] = set()
    for line in lines:
        for charge in line.product.charges:
            refusal = charge_refusal(charge, request.term_months)
            if refusal:
                field = f"{_place(line)}.product"
                yield Problem(field=field, reason=f"{line.product.sku} {refusal}")
            elif not is_derived(line):
                key = (line.product.sku, charge.key)
                if key in sound and not line.attributes:
                    continue
                entry = book.entry(*key, line.attributes)
                found = tuple(_entry_problems(line, charge, book, request))
                yield from found
                # What is computed for each line, or depends on its attributes, is looked at again.
                if (
                    entry
                    and not found
                    and not (entry.attributes or entry.price_unit or entry.formula)
                ):
                    sound.add(key)


def _entry_problems(
    line: ConfiguredLine, charge: Charge, book: PriceBook, request: PricingRequest
) -> Iterator[Problem]:
    entry = book.entry(line.product.sku, charge.key, line.attributes)
    if entry is None:
        yield Problem(
            field=f"{_place(line)}.product",
            reason=f"{line.product.sku}/{charge.key} has no price in {book.name} ({book.currency})",
            remedy="choose another price book or add the price",
        )
    else:
        gap = pricing_problem(book, entry, charge.model, facts_of(line, request))
        if gap is not None:
            yield gap.model_copy(update={"field": f"{_place(line)}.product"})


def _place(line: ConfiguredLine) -> str:
    return line.place or f"line {line.number}"


def _below_zero(drafts: Iterable[Draft]) -> Iterator[Problem]:
    for draft in drafts:
        if draft.net < 0 or draft.left < 0 or draft.first_billing < 0:
            extension = next(s.output for s in draft.steps if s.step is WaterfallStep.QUANTITY)
            yield Problem(
                field=f"{_place(draft.line)}.discount",
                reason=f"takes {draft.reference} below zero: it costs {plain(extension)}",
                remedy="lower the discount",
            )


def _without_target(drafts: Sequence[Draft], request: PricingRequest) -> Iterator[Problem]:
    """Report each promotion that is for no line of the quote: its customer would wait in vain."""
    for index, promotion in enumerate(request.promotions):
        if not any(promotion in draft.offered for draft in drafts):
            reason = f"{promotion.code} is for no line of this deal"
            remedy = "leave it out, or add what it is for"
            yield Problem(field=f"promotions[{index}]", reason=reason, remedy=remedy)


def _uncertain_target(line_pass: LinePass, request: PricingRequest) -> Iterator[Problem]:
    """Report a target price beside a commitment, whose true-up would go beyond the target."""
    if request.target_total is not None and line_pass.commitments:
        reason = f"cannot be met, for {', '.join(line_pass.commitments)} commit to an amount"
        yield Problem(field="target_total", reason=reason, remedy="use a header discount")


def _limited(drafts: Iterable[Draft]) -> Iterator[Problem]:
    """Note how each line stands to its floor and ceiling, and its net; report what is too dear."""
    for draft in drafts:
        net = draft.steps[-1].output
        if draft.floor is not None or draft.ceiling is not None:
            draft.note(WaterfallStep.LIMIT, net, net, _limit_rule(draft))
        billed = f"billed {draft.charge.cadence}" if draft.recurs else "billed once"
        draft.note(WaterfallStep.NET, net, net, billed)
        if draft.ceiling is not None and draft.net > draft.ceiling:
            yield Problem(
                field=f"{_place(draft.line)}.unit_price",
                reason=f"{draft.reference} comes to {draft.text(draft.net)}, more than its ceiling "
                f"of {draft.text(draft.ceiling)}",
                remedy="lower the price",
            )


def _limit_rule(draft: Draft) -> str:
    floor, ceiling = draft.floor, draft.ceiling
    if floor is not None and draft.net < floor:
        return f"below the floor of {draft.text(floor)}: needs approval"
    low = f"not below the floor of {draft.text(floor)}" if floor is not None else ""
    high = f"not above the ceiling of {draft.text(ceiling)}" if ceiling is not None else ""
    return ", ".join(part for part in (low, high) if part)
