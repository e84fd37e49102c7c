"""The application: every router under /v1, one error form, and the house behind them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from activities.adapters.books import Books
from activities.adapters.document_store import DocumentStore
from starter.api import (
    amendments,
    books,
    buyer,
    cases,
    catalog,
    deals,
    decide,
    delegations,
    documents,
    einvoices,
    health,
    inbox,
    invoices,
    logos,
    messages,
    negotiation,
    parties,
    payments,
    prices,
    problems,
    procurement,
    quotes,
    register,
    tax,
    tokens,
    usage,
)
from starter.service.ports import House
from starter.service.temporal import TemporalGateway
from workers.connection import connect
from workers.settings import Role, Settings

_ABOUT = """\
Quote to cash: every step of a deal from the quote to the last renewal.

Every request but `/v1/health` needs `Authorization: Bearer <token>`. Listings are pages: hand the
`next` of a page in as `after`. Amounts ending in `_minor` are whole minor units of the `currency`
beside them. A message repeated under its `Idempotency-Key` gets the same answer. Whatever goes
wrong is told as a problem document (RFC 9457) with all problems at once.
"""

_ROUTERS = (
    health.router,
    deals.router,
    procurement.router,
    messages.router,
    amendments.router,
    quotes.router,
    negotiation.router,
    inbox.router,
    decide.router,
    delegations.router,
    cases.router,
    payments.router,
    invoices.router,
    invoices.changes,
    parties.router,
    tax.router,
    register.router,
    catalog.router,
    tokens.router,
    logos.router,
    books.router,
    documents.router,
    einvoices.router,
    einvoices.changes,
    prices.router,
    usage.router,
)


def open_house(settings: Settings) -> House:
    """Open the books and the document store; Temporal is connected to when first needed."""
    return House(
        settings=settings,
        books=Books(settings.books_url),
        gateway=TemporalGateway(partial(connect, settings), settings.queue_of(Role.CORE)),
        documents=DocumentStore(settings.documents_url),
        clock=partial(datetime.now, UTC),
    )


def create_app(settings: Settings, house: House | None = None) -> FastAPI:
    """Return the API of a house; without `house` it opens the one the settings name."""
    served = house or open_house(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        """Close the books at the end."""
        yield
        await asyncio.to_thread(served.books.close)

    # The page at /docs comes with its scripts from here: it works without the internet, and tells
    # nobody outside that it is looked at.
    app = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None},
        title="Q2C",
        version="1",
        description=_ABOUT,
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.house = served
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router, prefix="/v1")
    app.include_router(buyer.router)
    logging.getLogger("uvicorn.access").addFilter(buyer.LinksUnsaid())
    return app
