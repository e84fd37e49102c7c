"""Catalogue, policies, tax rules and people, and the goods in the warehouse."""

from enum import StrEnum

from fastapi import APIRouter, Response

from models.steps import RegisterKind
from starter.api.access import Body, IdempotencyKey, Page, TheCaller, TheHouse, written_as
from starter.api.once import OnceRoute
from starter.api.problems import responses
from starter.service import changes, register

router = APIRouter(tags=["Register"], route_class=OnceRoute)


class Kind(StrEnum):
    """What is recorded here; parties have addresses of their own."""

    CATALOG = "catalog"
    APPROVAL_POLICY = "approval_policy"
    DUNNING_POLICY = "dunning_policy"
    TAX_RULES = "tax_rules"
    PROMOTION = "promotion"
    CUSTOMER_PRICES = "customer_prices"
    EXCHANGE_RATES = "exchange_rates"
    PERSON = "person"
    PARTNER = "partner"


_BODY = written_as(
    {
        "description": "The whole catalogue, policy, list of tax rules, or person.",
        "oneOf": [{"type": "object"}, {"type": "array"}],
    },
    {
        "id": "sam",
        "name": "Sam Seller",
        "email": "sam@example.com",
        "roles": ["sales"],
        "manager": "mia",
    },
)


@router.get("/register/{kind}", summary="What is in force", responses=responses(401, 404))
def in_force(house: TheHouse, _: TheCaller, kind: Kind, page: Page) -> register.Entries:
    """Return everything of a kind in force, page by page; catalogue and policies are one entry."""
    wanted = RegisterKind(kind.value)
    return house.books.read(
        lambda session: register.listing(session, wanted, page.limit, page.after)
    )


@router.get("/register/{kind}/{key}", summary="One entry in force", responses=responses(401, 404))
def entry(house: TheHouse, _: TheCaller, kind: Kind, key: str) -> register.Entry:
    """Return the revision in force; the key of catalogue, policies and tax rules is `house`."""
    wanted = RegisterKind(kind.value)
    return house.books.read(lambda session: register.show(session, wanted, key))


@router.post(
    "/register/{kind}",
    summary="Put a revision in force",
    status_code=201,
    responses=responses(401, 403, 409, 422, 503, 504),
    openapi_extra=_BODY,
)
async def record_entry(
    house: TheHouse,
    caller: TheCaller,
    response: Response,
    kind: Kind,
    body: Body,
    key: IdempotencyKey = "",
) -> changes.Recorded:
    """Record the newest revision; needs the role operator. 200 if it is in force already."""
    recorded = await changes.record(house, caller, RegisterKind(kind.value), (body, key))
    response.status_code = 200 if recorded.repeated else 201
    return recorded


@router.post(
    "/stock",
    summary="Receive goods",
    status_code=201,
    responses=responses(401, 403, 409, 422, 503, 504),
    openapi_extra=written_as(
        changes.StockFile.model_json_schema(),
        {"entity": "US01", "sku": "SCANNER", "quantity": "50", "reference": "DN-4711"},
    ),
)
async def receive_stock(
    house: TheHouse, caller: TheCaller, response: Response, body: Body
) -> changes.StockRecorded:
    """Record goods that arrived, once by their delivery note; deals that wait for them go on."""
    recorded = await changes.receive_stock(house, caller, body)
    response.status_code = 200 if recorded.repeated else 201
    return recorded
