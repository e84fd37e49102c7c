"""Parties: our own companies and our customers."""

from fastapi import APIRouter, Response

from models.parties import Customer, Entity
from models.steps import RegisterKind
from starter.api.access import Body, IdempotencyKey, Page, TheCaller, TheHouse, written_as
from starter.api.once import OnceRoute
from starter.api.problems import responses
from starter.service import changes, register

router = APIRouter(tags=["Parties"], route_class=OnceRoute)

_ADDRESS = {"line1": "1 Main Street", "city": "Springfield", "region": "CA", "country": "US"}
_CUSTOMER = {
    "number": "C-100",
    "legal_name": "Acme Inc.",
    "bill_to": {**_ADDRESS, "postal_code": "90210"},
    "contacts": [{"name": "Bea Buyer", "email": "bea@acme.example"}],
}
_ENTITY = {
    "number": "US01",
    "legal_name": "Example Software Inc.",
    "address": {**_ADDRESS, "postal_code": "90210"},
    "tax_id": "12-3456789",
    "email": "billing@example.com",
    "bank": {"holder": "Example Software Inc.", "bank": "First Bank", "account": "000123456789"},
    "currency": "USD",
    "time_zone": "America/Los_Angeles",
}


@router.get("/entities", summary="Our companies", responses=responses(401))
def entities(house: TheHouse, _: TheCaller, page: Page) -> register.Entries:
    """Return our companies by number, page by page."""
    return house.books.read(
        lambda session: register.listing(session, RegisterKind.ENTITY, page.limit, page.after)
    )


@router.get("/entities/{number}", summary="One of our companies", responses=responses(401, 404))
def entity(house: TheHouse, _: TheCaller, number: str) -> register.Entry:
    """Return the revision in force."""
    return house.books.read(lambda session: register.show(session, RegisterKind.ENTITY, number))


@router.post(
    "/entities",
    summary="Record one of our companies",
    status_code=201,
    responses=responses(401, 403, 409, 422, 503, 504),
    openapi_extra=written_as(Entity.model_json_schema(), _ENTITY),
)
async def add_entity(
    house: TheHouse,
    caller: TheCaller,
    response: Response,
    body: Body,
    key: IdempotencyKey = "",
) -> changes.Recorded:
    """Record a company or a change of it as its newest revision; 200 if it is in force already."""
    recorded = await changes.record(house, caller, RegisterKind.ENTITY, (body, key))
    response.status_code = 200 if recorded.repeated else 201
    return recorded


@router.get("/customers", summary="Our customers", responses=responses(401))
def customers(house: TheHouse, _: TheCaller, page: Page) -> register.Entries:
    """Return our customers by number, page by page."""
    return house.books.read(
        lambda session: register.listing(session, RegisterKind.CUSTOMER, page.limit, page.after)
    )


@router.get("/customers/{number}", summary="One customer", responses=responses(401, 404))
def customer(house: TheHouse, _: TheCaller, number: str) -> register.Entry:
    """Return the revision in force."""
    return house.books.read(lambda session: register.show(session, RegisterKind.CUSTOMER, number))


@router.post(
    "/customers",
    summary="Record a customer",
    status_code=201,
    responses=responses(401, 403, 409, 422, 503, 504),
    openapi_extra=written_as(Customer.model_json_schema(), _CUSTOMER),
)
async def add_customer(
    house: TheHouse,
    caller: TheCaller,
    response: Response,
    body: Body,
    key: IdempotencyKey = "",
) -> changes.Recorded:
    """Record a customer or a change of it as its newest revision; 200 if it is in force already."""
    recorded = await changes.record(house, caller, RegisterKind.CUSTOMER, (body, key))
    response.status_code = 200 if recorded.repeated else 201
    return recorded
