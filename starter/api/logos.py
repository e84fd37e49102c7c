"""Logos of our companies."""

from fastapi import APIRouter

from starter.api.access import Body, TheCaller, TheHouse, written_as
from starter.api.problems import responses
from starter.service import logos

router = APIRouter(tags=["Parties"])

_PICTURE = "iVBORw0KGgo="


@router.post(
    "/logos",
    summary="Store a logo",
    status_code=201,
    responses=responses(401, 403, 422),
    openapi_extra=written_as(logos.LogoFile.model_json_schema(), {"content": _PICTURE}),
)
async def keep_logo(house: TheHouse, caller: TheCaller, body: Body) -> logos.LogoKept:
    """Store a PNG or JPEG picture under its SHA-256, which an entity names as `brand.logo`."""
    return await logos.keep(house, caller, body)
