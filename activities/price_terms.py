"""Price terms: everything the engine needs to know of a deal, read from the books in one place.

Preview, quote, revision and renewal ask here, so that all of them price alike.
"""

from datetime import date
from typing import TypeVar

from pydantic import BaseModel
from sqlmodel import Session, col, func, select

from activities.register import latest
from models.deal_file import DealFile
from models.errors import InvalidInputError
from models.parties import Customer, Entity, PriceRounding
from models.price_request import PricingRequest
from models.price_terms import CustomerPrices, ExchangeRates, PartnerTerms
from models.promotions import Asker, Promotion, Uses, refusals
from models.register import HOUSE
from models.steps import DealStep, RegisterKind
from models.tables import DealRow, PromotionUseRow, RegisterRow

Content = TypeVar("Content", bound=BaseModel)

RESERVED, REDEEMED, RELEASED = "reserved", "redeemed", "released"
"""The events in the use of a promotion. A reservation counts until it is released."""


def pricing_request(file: DealFile, step: DealStep) -> PricingRequest:
    """Return what the pricing engine needs to know of a deal file alone, at the day of a step."""
    return request_of(file, step.on)


def request_of(file: DealFile, on: date) -> PricingRequest:
    """Return what the pricing engine needs to know of a deal file alone, on a day."""
    return PricingRequest(
        currency=file.currency,
        price_book=file.price_book,
        priced_on=on,
        term_months=file.term_months,
        header_discount=file.header_discount,
        starts_on=file.starts_on or on,
        anchor_on=file.anchor_on,
        price_currency=file.price_currency,
        partner_name=file.partner,
        groups=file.groups,
        target_total=file.target_total,
        billing=file.billing,
    )


def with_terms(
    session: Session, request: PricingRequest, file: DealFile, deal: str
) -> PricingRequest:
    """Return the request with what the books know: own prices, partner, promotions and rates.

    Raises `InvalidInputError` with every promotion that cannot be redeemed; what the deal itself
    has reserved is never refused.
    """
    customer = _found(session, RegisterKind.CUSTOMER, file.customer, Customer)
    terms = _found(session, RegisterKind.CUSTOMER_PRICES, file.customer, CustomerPrices)
    entity = _found(session, RegisterKind.ENTITY, file.entity, Entity)
    rates = _found(session, RegisterKind.EXCHANGE_RATES, HOUSE, ExchangeRates)
    partner = partner_terms(session, file.partner) if file.partner else None
    promotions = {
        code: found
        for code in file.promotions
        if (found := _found(session, RegisterKind.PROMOTION, code, Promotion))
    }
    segment = customer.segment if customer else ""
    asker = Asker(
        customer=file.customer,
        segment=segment,
        currency=file.currency,
        on=request.priced_on,
        redeemed=frozenset(held_codes(session, deal)),
    )
    uses = {code: uses_of(session, code, file.customer, deal) for code in promotions}
    offered = offered_codes(session) if len(promotions) < len(file.promotions) else ()
    problems = refusals(file.promotions, promotions, uses, asker, offered)
    if problems:
        raise InvalidInputError(problems)
    changes = {
        "segment": segment,
        "terms": terms,
        "rates": rates.rates if rates else (),
        "partner": partner,
        "promotions": tuple(promotions.values()),
        "rounding": entity.price_rounding if entity else PriceRounding.LINE,
    }
    return request.model_copy(update=changes)


def asked_prices(session: Session, file: DealFile, step: DealStep) -> PricingRequest:
    """Return everything the engine needs to price a deal at a step. Raises as `with_terms`."""
    return with_terms(session, pricing_request(file, step), file, step.deal)


def _found(session: Session, kind: RegisterKind, key: str, model: type[Content]) -> Content | None:
    row = latest(session, kind, key)
    return model.model_validate_json(row.content) if row else None


def partner_terms(session: Session, number: str) -> PartnerTerms | None:
    """Return what a partner gets off the prices, or None where nothing is agreed."""
    terms = _found(session, RegisterKind.CUSTOMER_PRICES, number, CustomerPrices)
    return terms.partner if terms else None


def offered_codes(session: Session) -> tuple[str, ...]:
    """Return the codes of all promotions on record."""
    statement = select(RegisterRow.key).where(RegisterRow.kind == RegisterKind.PROMOTION.value)
    return tuple(sorted(set(session.exec(statement))))


def uses_of(session: Session, code: str, customer: str, deal: str) -> Uses:
    """Return how often other deals hold a promotion, released reservations not counted.

    Deals on a test clock have uses of their own: trying something out uses nothing up.
    """
    own = session.get(DealRow, deal)
    statement = (
        select(PromotionUseRow.deal, PromotionUseRow.customer, PromotionUseRow.event)
        .where(PromotionUseRow.code == code, PromotionUseRow.deal != deal)
        .where(col(PromotionUseRow.test_clock).is_(bool(own and own.test_clock)))
        .where(col(PromotionUseRow.event).in_((RESERVED, RELEASED)))
    )
    held: dict[tuple[str, str], int] = {}
    for other, theirs, event in session.exec(statement):
        held[other, theirs] = held.get((other, theirs), 0) + (1 if event == RESERVED else -1)
    holders = [theirs for (_, theirs), count in held.items() if count > 0]
    return Uses(total=len(holders), by_customer=holders.count(customer))


def held_codes(session: Session, deal: str) -> tuple[str, ...]:
    """Return the promotions a deal holds: reserved, and not released since."""
    statement = (
        select(PromotionUseRow.code, PromotionUseRow.event, func.count())
        .where(PromotionUseRow.deal == deal)
        .group_by(PromotionUseRow.code, PromotionUseRow.event)
    )
    counts: dict[str, int] = {}
    for code, event, count in session.exec(statement):
        sign = {RESERVED: 1, RELEASED: -1}.get(event, 0)
        counts[code] = counts.get(code, 0) + sign * count
    return tuple(sorted(code for code, count in counts.items() if count > 0))
