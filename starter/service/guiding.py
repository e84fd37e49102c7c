"""Guidance from the books: what similar lines were offered at, and which of them were won."""

from decimal import Decimal

from sqlmodel import Session, col, func, select

from models.errors import InvalidInputError, NotFoundError
from models.guidance import Guidance, PastOffer, guidance
from models.quoting import Quote
from models.tables import ContractRow, DealRow, DecisionRow, PricedLineRow
from models.written import nearest, number_problem
from starter.service.register import newest_catalog


def guide(session: Session, sku: str, quantity: Decimal, segment: str = "") -> Guidance:
    """Return what the past says about offering that much of a product.

    Raises `NotFoundError` for an unknown product and `InvalidInputError` for an odd quantity.
    """
    problems = number_problem("quantity", quantity, positive=True)
    if problems:
        raise InvalidInputError(problems)
    catalog = newest_catalog(session)
    known = [product.sku for product in catalog.products] if catalog else []
    if sku not in known:
        raise NotFoundError(f"There is no product {sku}; {nearest(sku, known)}")
    return guidance(sku, quantity, _offers(session, sku, segment), segment)


def guidance_for_quote(session: Session, quote: Quote, segment: str) -> tuple[Guidance, ...]:
    """Return guidance for each product of a quote, by its first line, as its customer's segment."""
    first: dict[str, Decimal] = {}
    for line in quote.lines:
        first.setdefault(line.sku, line.quantity)
    return tuple(
        guidance(sku, quantity, _offers(session, sku, segment), segment)
        for sku, quantity in first.items()
    )


def _offers(session: Session, sku: str, segment: str) -> list[PastOffer]:
    """Return the last offer of each deal in its first term; only of a segment, if one is named.

    Won is what has a contract, lost what ended without one. Deals on a test clock are no past.
    """
    newest = (
        select(PricedLineRow.deal, func.max(PricedLineRow.quote_version).label("version"))
        .where(PricedLineRow.term == 1)
        .group_by(PricedLineRow.deal)
        .subquery()
    )
    statement = (
        select(PricedLineRow, DealRow)
        .join(DealRow, col(DealRow.number) == col(PricedLineRow.deal))
        .join(
            newest,
            (newest.c.deal == col(PricedLineRow.deal))
            & (newest.c.version == col(PricedLineRow.quote_version)),
        )
        .where(PricedLineRow.sku == sku, PricedLineRow.term == 1)
        .where(col(DealRow.test_clock).is_(False))
    )
    if segment:
        statement = statement.where(PricedLineRow.segment == segment)
    signed = set(session.exec(select(ContractRow.deal).where(ContractRow.term == 1)))
    codes = _loss_codes(session)
    return [
        PastOffer(
            quantity=line.quantity,
            discount_percent=line.discount_percent,
            won=_won(deal, is_signed=deal.number in signed),
            loss_reason=codes.get(deal.number, ""),
        )
        for line, deal in session.exec(statement)
    ]


def _loss_codes(session: Session) -> dict[str, str]:
    """Return under which code each deal was lost, the last word of it."""
    statement = (
        select(DecisionRow.deal, DecisionRow.reason_code)
        .where(DecisionRow.reason_code != "", col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id))
    )
    return dict(session.exec(statement).all())


def _won(deal: DealRow, *, is_signed: bool) -> bool | None:
    if is_signed:
        return True
    return False if deal.closed_at else None
