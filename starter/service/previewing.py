"""Previewing a deal file: priced by the engine of the quote, taxed by that of the invoices."""

import asyncio
from datetime import date, timedelta

from sqlmodel import Session

from activities.price_terms import request_of, with_terms
from activities.register import tax_rules
from activities.tax import refused_vat_id
from activities.tax_desk import AnswersNeededError, TaxDesk
from models.catalog import Catalog
from models.configuration import configure, context_for
from models.deal_file import DealFile
from models.parties import Entity
from models.preview import Preview, figures_of, tax_preview
from models.price_request import PricingRequest
from models.pricing import choose_price_book, price
from models.quoting import QuoteRequest, make_quote
from models.steps import RegisterKind
from starter.service.guiding import guidance_for_quote
from starter.service.ports import House
from starter.service.register import catalog_on, customer_of, find
from workers.tax_engine import tax_engine_of


def request_for(session: Session, file: DealFile, priced_on: date) -> PricingRequest:
    """Return what the engine needs to price a deal file on a day.

    Raises `InvalidInputError` with promotions that cannot be redeemed and an unknown partner.
    """
    return with_terms(session, request_of(file, priced_on), file, file.number)


async def previewed(house: House, file: DealFile, priced_on: date) -> Preview | None:
    """Return what a deal file that is in order comes to; None while there is no catalogue.

    Tax is worked out by the engine that will tax its invoices. Raises `InvalidInputError` with
    everything that keeps it from being quoted.
    """
    desk = TaxDesk(tax_engine_of(house.settings))
    while True:
        try:
            return await house.read(lambda session: preview(session, file, priced_on, desk))
        except AnswersNeededError:
            await asyncio.to_thread(desk.ask)


def preview(session: Session, file: DealFile, priced_on: date, desk: TaxDesk) -> Preview | None:
    """Return what a deal file that is in order comes to; None while there is no catalogue.

    Raises `InvalidInputError` with everything that keeps it from being quoted, and
    `AnswersNeededError` while the tax engine was not asked.
    """
    catalog = catalog_on(session, priced_on)
    customer = customer_of(session, file.customer)
    entity = find(session, RegisterKind.ENTITY, file.entity, Entity)
    if catalog is None or customer is None or entity is None:
        return None
    request = request_for(session, file, priced_on)
    terms = file.payment_terms_days
    days = customer.payment_terms_days if terms is None else terms
    configured = configure(catalog, file, context_for(customer, file, priced_on))
    lines = price(catalog, configured.lines, request)
    quote = make_quote(_quote_request(catalog, file, request, days), lines)
    tax = tax_preview(
        quote,
        entity,
        customer,
        tax_rules(session),
        refused_vat_id=refused_vat_id(session, customer),
        taxed=desk.taxed,
    )
    desk.require_answers()
    return Preview(
        quote=quote,
        tax=tax,
        figures=figures_of(quote),
        guidance=guidance_for_quote(session, quote, customer.segment),
    )


def _quote_request(
    catalog: Catalog, file: DealFile, request: PricingRequest, days: int
) -> QuoteRequest:
    book = choose_price_book(catalog, request)
    return QuoteRequest(
        deal=file.number,
        number=f"Q-{file.number}-1",
        entity=file.entity,
        customer=file.customer,
        seller=file.seller,
        catalog_version=catalog.version,
        price_book=book.name,
        prices_include_tax=book.prices_include_tax,
        quoted_on=request.priced_on,
        valid_until=request.priced_on + timedelta(days=file.valid_days),
        starts_on=file.starts_on or request.priced_on,
        term_months=file.term_months,
        payment_terms_days=days,
        purchase_order=file.purchase_order,
        note=file.note,
        anchor_on=file.anchor_on,
        billing=file.agreed_billing,
    )
