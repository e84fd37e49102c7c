"""Negotiation: what a buyer may change alone, what they may only ask for, and how it is said.

Within the limits that the seller wrote on a line, the buyer changes the offer by themselves. For
everything else there is the counter-offer: the same delta, which the seller accepts or rejects.
"""

import hashlib
from collections.abc import Iterator
from decimal import Decimal

from models.catalog import Catalog
from models.deal_file import BuyerLimits, DealFile, Discount, LineRequest
from models.errors import Problem
from models.revision import LineChange, OptionChange, QuoteDelta
from models.value import Value
from models.words import PageWords, words_for
from models.written import nearest

_ASKED = frozenset({"lines", "header_discount", "term_months"})
_ASKED_OF_LINES = frozenset({"line", "quantity", "unit_price", "discount", "options"})
_ASKED_OF_OPTIONS = frozenset({"product", "quantity", "remove", "unit_price", "discount"})
_CHANGED = frozenset({"lines"})
_CHANGED_OF_LINES = frozenset({"line", "quantity", "options"})
_CHANGED_OF_OPTIONS = frozenset({"product", "quantity", "remove"})
_NOT_THEIRS = "the buyer cannot change this"


def buyer_change_problems(file: DealFile, delta: QuoteDelta) -> Iterator[Problem]:
    """Yield everything in a buyer's own change that its lines do not allow.

    Lines that are not in the file are left to `models.revision.delta_problems`.
    """
    yield from _beside("delta", delta, _CHANGED, _NOT_THEIRS)
    for index, change in enumerate(delta.lines):
        if 1 <= change.line <= len(file.lines):
            limits = file.lines[change.line - 1].buyer_may or BuyerLimits()
            yield from _line_problems(f"delta.lines[{index}]", change, limits)


def counter_offer_problems(delta: QuoteDelta) -> Iterator[Problem]:
    """Yield everything in a counter-offer that is not for a buyer to propose.

    They may propose quantities, options, prices and discounts of lines, a discount off the whole,
    and the term.
    """
    reason = "a counter-offer cannot ask for this"
    yield from _beside("delta", delta, _ASKED, reason)
    for index, change in enumerate(delta.lines):
        place = f"delta.lines[{index}]"
        yield from _beside(place, change, _ASKED_OF_LINES, reason)
        for position, option in enumerate(change.options):
            yield from _beside(f"{place}.options[{position}]", option, _ASKED_OF_OPTIONS, reason)
    if delta.is_empty:
        remedy = "name a price, a discount, a quantity or a term"
        yield Problem(field="delta", reason="proposes nothing", remedy=remedy)


def limit_problems(catalog: Catalog, file: DealFile) -> Iterator[Problem]:
    """Yield every option a line lets the buyer choose that its product does not have."""
    for index, line in enumerate(file.lines):
        product = catalog.product(line.product)
        if line.buyer_may is None or product is None:
            continue
        known = [component.sku for component in product.components]
        for position, sku in enumerate(line.buyer_may.options):
            if sku not in known:
                yield Problem(
                    field=f"lines[{index}].buyer_may.options[{position}]",
                    reason=f"{sku} is not a component of {line.product}",
                    remedy=nearest(sku, known) if known else "leave it out",
                )


def said_hash(text: str) -> str:
    """Return the SHA-256 (hex) of a comment: the proof of one is worth nothing for others."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def described(file: DealFile, delta: QuoteDelta, words: PageWords | None = None) -> tuple[str, ...]:
    """Return what a change asks for, a sentence for each thing, in a reader's words."""
    words = words or words_for("en").page
    said = [text for change in delta.lines for text in _line_said(file, change, words)]
    if delta.header_discount is not None:
        off = _off(delta.header_discount, file.currency, words)
        said.append(words.wish_of_whole.format(off=off))
    if delta.total_discount is not None:
        said.append(words.wish_altogether.format(percent=_plain(delta.total_discount)))
    if delta.term_months is not None:
        said.append(words.wish_term.format(months=delta.term_months, before=file.term_months))
    return tuple(said)


def _line_said(file: DealFile, change: LineChange, words: PageWords) -> Iterator[str]:
    if not 1 <= change.line <= len(file.lines):
        return
    line: LineRequest = file.lines[change.line - 1]
    wishes = _wishes(file, line, change, words)
    for wish in wishes:
        yield words.wish_line.format(line=change.line, product=line.product, wish=wish)


def _wishes(
    file: DealFile, line: LineRequest, change: LineChange, words: PageWords
) -> Iterator[str]:
    if change.quantity is not None:
        asked, before = _plain(change.quantity), _plain(line.quantity)
        yield words.wish_quantity.format(quantity=asked, before=before)
    if change.unit_price is not None:
        price = _plain(change.unit_price)
        yield words.wish_price.format(price=price, currency=file.currency)
    if change.discount is not None:
        yield words.wish_of_line.format(off=_off(change.discount, file.currency, words))
    for option in change.options:
        yield _option_said(option, file.currency, words)


def _option_said(option: OptionChange, currency: str, words: PageWords) -> str:
    said, product = [], option.product
    if option.remove or option.quantity == 0:
        said.append(words.wish_without.format(product=product))
    elif option.quantity is not None:
        said.append(words.wish_with.format(quantity=_plain(option.quantity), product=product))
    if option.unit_price is not None:
        price = _plain(option.unit_price)
        said.append(words.wish_option_price.format(product=product, price=price, currency=currency))
    if option.discount is not None:
        off = _off(option.discount, currency, words)
        said.append(words.wish_option_off.format(off=off, product=product))
    return ", ".join(said)


def _off(discount: Discount, currency: str, words: PageWords) -> str:
    if discount.percent is not None:
        return words.wish_percent.format(percent=_plain(discount.percent))
    amount = _plain(discount.amount or Decimal(0))
    return words.wish_amount.format(amount=amount, currency=currency)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _beside(path: str, value: Value, allowed: frozenset[str], reason: str) -> Iterator[Problem]:
    """Yield a problem for everything that is said beside what is allowed."""
    for field in value.model_dump(exclude_defaults=True):
        if field not in allowed:
            remedy = "write a comment to the seller"
            yield Problem(field=f"{path}.{field}", reason=reason, remedy=remedy)


def _line_problems(path: str, change: LineChange, limits: BuyerLimits) -> Iterator[Problem]:
    yield from _beside(path, change, _CHANGED_OF_LINES, _NOT_THEIRS)
    if change.quantity is not None:
        yield from _quantity_problems(f"{path}.quantity", change.quantity, limits)
    for position, option in enumerate(change.options):
        yield from _option_problems(f"{path}.options[{position}]", option, limits)


def _quantity_problems(field: str, asked: Decimal, limits: BuyerLimits) -> Iterator[Problem]:
    least, most = limits.minimum, limits.maximum
    if not limits.allows_quantity:
        remedy = "make a counter-offer"
        yield Problem(field=field, reason="this quantity is fixed", remedy=remedy)
    elif least is not None and asked < least:
        reason = f"{_plain(asked)} is less than {_plain(least)}"
        yield Problem(field=field, reason=reason, remedy=f"take at least {_plain(least)}")
    elif most is not None and asked > most:
        reason = f"{_plain(asked)} is more than {_plain(most)}"
        remedy = f"take at most {_plain(most)}, or make a counter-offer"
        yield Problem(field=field, reason=reason, remedy=remedy)


def _option_problems(path: str, option: OptionChange, limits: BuyerLimits) -> Iterator[Problem]:
    if option.product not in limits.options:
        free = ", ".join(limits.options)
        reason = f"{option.product or 'an option without a name'} is not for the buyer to choose"
        remedy = f"choose of {free}" if free else "make a counter-offer"
        yield Problem(field=f"{path}.product", reason=reason, remedy=remedy)
    yield from _beside(path, option, _CHANGED_OF_OPTIONS, _NOT_THEIRS)
