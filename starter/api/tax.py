"""Tax: the rules in force, how a supply is taxed, and what VIES says about VAT numbers."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from starter.api.access import Body, TheCaller, TheHouse, written_as
from starter.api.once import OnceRoute
from starter.api.problems import responses
from starter.service import tax

router = APIRouter(tags=["Tax"], route_class=OnceRoute)

OnDay = Annotated[date | None, Query(description="The day of supply; today without one.")]


@router.get("/tax/rules", summary="Tax rules in force", responses=responses(401, 422))
def rules(
    house: TheHouse,
    _: TheCaller,
    on: OnDay = None,
    seller: Annotated[str, Query(description="Only of this seller's country.")] = "",
) -> tax.RulesInForce:
    """Return the tax rules in force on a day."""
    day = on or house.clock().date()
    return house.books.read(lambda session: tax.rules_in_force(session, day, seller))


@router.get("/tax/check", summary="How a supply is taxed", responses=responses(401, 404, 422))
async def check(
    house: TheHouse, _: TheCaller, asked: Annotated[tax.TaxQuestion, Query()]
) -> tax.TaxFound:
    """Return rate, tax and text by the engine that would tax the invoice, or its question."""
    return await tax.ask(house, asked)


@router.get(
    "/customers/{number}/vat-checks",
    summary="Verdicts on a customer's VAT number",
    responses=responses(401, 404),
)
def vat_checks(house: TheHouse, _: TheCaller, number: str) -> tax.VatChecks:
    """Return what VIES said, the newest first, and whether the number counts."""
    return house.books.read(lambda session: tax.checks_of(session, number))


@router.post(
    "/customers/{number}/vat-checks",
    summary="Have a VAT number checked",
    status_code=202,
    responses=responses(401, 403, 404, 409, 422, 503, 504),
    openapi_extra=written_as(
        {"type": "object", "properties": {"entity": {"type": "string"}}}, {"entity": "DE01"}
    ),
)
async def verify(house: TheHouse, caller: TheCaller, number: str, body: Body) -> tax.VatCheckAsked:
    """Ask VIES about the number on record, in the name of an entity; the verdict is kept."""
    return await tax.verify(house, caller, number, body)
