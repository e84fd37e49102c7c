"""The catalogue: checked, compared, previewed and published; its versions; guided selling."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from models.catalog import Catalog
from models.errors import InvalidInputError, Problem
from starter.api.access import Body, TheCaller, TheHouse, written_as
from starter.api.problems import responses
from starter.service import catalog

router = APIRouter(tags=["Catalogue"])

_CATALOG = {"type": "object", "description": "A whole version of the catalogue."}
_EXAMPLE = {"version": "2027.1", "effective_from": "2027-01-01", "products": [], "price_books": []}
_WRITTEN = written_as(_CATALOG, _EXAMPLE)

Effective = Annotated[
    date | None, Query(description="First day of the version, instead of the one it names.")
]


@router.post(
    "/catalog/validate",
    summary="Check a catalogue",
    responses=responses(401, 422),
    openapi_extra=_WRITTEN,
)
def validate_catalog(_: TheCaller, body: Body) -> catalog.CheckedCatalog:
    """Check a whole version of the catalogue, or list everything wrong with it."""
    return catalog.validate(body)


@router.post(
    "/catalog/preview",
    summary="What publishing would touch",
    responses=responses(401, 403, 422),
    openapi_extra=_WRITTEN,
)
async def preview_catalog(
    house: TheHouse, caller: TheCaller, body: Body, effective_from: Effective = None
) -> catalog.Preview:
    """Tell what a version changes, and which open quotes and live deals that would touch."""
    return await catalog.preview(house, caller, body, effective_from)


@router.post(
    "/catalog/publish",
    summary="Publish a catalogue",
    status_code=201,
    responses=responses(401, 403, 409, 422, 503, 504),
    openapi_extra=_WRITTEN,
)
async def publish_catalog(
    house: TheHouse,
    caller: TheCaller,
    response: Response,
    body: Body,
    effective_from: Effective = None,
    consent: Annotated[
        str, Query(description="The `consent` of a preview, where anything is touched.")
    ] = "",
) -> catalog.Published:
    """Put a version on record; 200 if it is there already. Needs the role operator.

    202 if the approval policy asks somebody first: it is then handed in, and put on record by the
    last yes.
    """
    recorded = await catalog.publish(house, caller, body, effective_from, consent)
    response.status_code = 200 if recorded.repeated else 202 if recorded.waits_for else 201
    return recorded


@router.get("/catalog/versions", summary="Versions on record", responses=responses(401))
def catalog_versions(house: TheHouse, _: TheCaller) -> catalog.Versions:
    """Return every version with its effective day, the newest publication first."""
    today = house.clock().date()
    return house.books.read(lambda session: catalog.versions(session, today))


@router.get(
    "/catalog/versions/{version}", summary="One version, whole", responses=responses(401, 404)
)
def one_catalog(house: TheHouse, _: TheCaller, version: str) -> Catalog:
    """Return a version as it was published; quotes priced with it keep it."""
    today = house.clock().date()
    return house.books.read(lambda session: catalog.named(session, version, today))


@router.get("/catalog", summary="The version in force", responses=responses(401, 404))
def catalog_in_force(
    house: TheHouse,
    _: TheCaller,
    on: Annotated[date | None, Query(description="On that day instead of today.")] = None,
) -> Catalog:
    """Return the version of the catalogue in force on a day."""
    day = on or house.clock().date()
    return house.books.read(lambda session: catalog.named(session, "", day))


@router.post(
    "/catalog/diff",
    summary="What differs between two versions",
    responses=responses(401, 404, 422),
    openapi_extra=written_as(
        {
            "type": "object",
            "description": "`before` and `after` are each a version's name or a whole catalogue; "
            "without `before` it is the one in force.",
        },
        {"before": "2026.1", "after": "2027.1"},
    ),
)
def diff_catalogs(house: TheHouse, _: TheCaller, body: Body) -> catalog.Difference:
    """Tell which products, charges, prices and rules were added, removed or changed."""
    today = house.clock().date()
    return house.books.read(lambda session: catalog.difference(session, body, today))


@router.post(
    "/catalog/guide",
    summary="Products that fit a need",
    responses=responses(401, 404, 422),
    openapi_extra=written_as(
        {"type": "object", "description": "Answers by the key of their question."},
        {"answers": {"users": "40"}},
    ),
)
def guide_selling(house: TheHouse, _: TheCaller, body: Body) -> catalog.Suggested:
    """Tell which products fit the answers, why, how many, and which questions are open."""
    answers = body.get("answers", {}) if isinstance(body, Mapping) else None
    if not isinstance(answers, Mapping):
        problem = Problem(field="answers", reason="is not a group of fields")
        raise InvalidInputError([problem])
    today = house.clock().date()
    given = {str(key): _as_text(value) for key, value in answers.items()}
    return house.books.read(lambda session: catalog.suggest(session, given, today))


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
