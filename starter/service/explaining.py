"""Explaining a quote: the whole waterfall of every line, and of the quote, from the books."""

from decimal import Decimal

from sqlmodel import Session

from models.errors import NotFoundError
from models.leakage import Bar, discount_of, line_margin, waterfall_of
from models.money import Money
from models.preview import Figures, figures_of
from models.quoting import Quote
from models.value import Value
from models.waterfall import Introductory, Step
from starter.service.reports import deal_row
from starter.service.versions import version_of


class ExplainedLine(Value):
    """One priced line with every step of its waterfall, and its bars over the term."""

    reference: str
    name: str
    quantity: Decimal
    unit: str
    list_amount: Money
    net: Money
    discount_percent: Decimal
    margin_percent: Decimal | None = None
    floor: Money | None = None
    once_discount: Money
    introductory: tuple[Introductory, ...] = ()
    steps: tuple[Step, ...]
    bars: tuple[Bar, ...]


class Explanation(Value):
    """How a quote version came to its total; `bars` lead from list to total over the term."""

    deal: str
    quote: str
    version: int
    currency: str
    price_book: str
    list_total: Money
    total: Money
    lines: tuple[ExplainedLine, ...]
    bars: tuple[Bar, ...]
    figures: Figures


def explain(session: Session, deal: str, version: int | None, line: str = "") -> Explanation:
    """Return the explanation of a quote version, of that in force without one.

    With `line`, a line's reference or number, only of these lines, bars and all. Raises
    `NotFoundError`.
    """
    quote = quote_of(session, deal, version)
    lines = [each for each in quote.lines if line in {"", each.reference, each.number}]
    if not lines:
        known = ", ".join(each.reference for each in quote.lines[:10])
        raise NotFoundError(f"{quote.number} has no line {line}; it has {known}.")
    explained = tuple(_line(quote, each.reference) for each in lines)
    whole = waterfall_of(quote) if len(lines) != 1 else explained[0].bars
    return Explanation(
        deal=quote.deal,
        quote=quote.number,
        version=quote.version,
        currency=quote.currency,
        price_book=quote.price_book,
        list_total=quote.list_total,
        total=quote.total,
        lines=explained,
        bars=whole,
        figures=figures_of(quote),
    )


def quote_of(session: Session, deal: str, version: int | None) -> Quote:
    """Return a version of a deal's quote, that in force without one; raises `NotFoundError`."""
    deal_row(session, deal)
    row = version_of(session, deal, version or 0)
    if row is None:
        named = f"no version {version} of its quote" if version else "no quote yet"
        raise NotFoundError(f"Deal {deal} has {named}.")
    return Quote.model_validate_json(row.content)


def _line(quote: Quote, reference: str) -> ExplainedLine:
    line = next(each for each in quote.lines if each.reference == reference)
    return ExplainedLine(
        reference=line.reference,
        name=line.name,
        quantity=line.quantity,
        unit=line.unit,
        list_amount=line.list_amount,
        net=line.net,
        discount_percent=discount_of(line),
        margin_percent=line_margin(quote, line),
        floor=line.floor,
        once_discount=line.once_discount,
        introductory=line.introductory,
        steps=line.waterfall,
        bars=waterfall_of(quote, reference),
    )
