"""Bearer tokens of our people."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from models.parties import Role
from starter.api.access import IdempotencyKey, Needs, TheHouse, written_as
from starter.api.once import OnceRoute, answer_is_open
from starter.api.problems import responses
from starter.service import tokens
from starter.service.people import Caller

router = APIRouter(tags=["Register"], route_class=OnceRoute)

Keeper = Annotated[Caller, Depends(Needs("make and revoke tokens", Role.OPERATOR))]


@router.post(
    "/tokens",
    summary="Make a token",
    status_code=201,
    responses=responses(401, 403, 404, 409, 422),
    openapi_extra=written_as(tokens.TokenOf.model_json_schema(), {"person": "nina"}),
)
def make_token(
    house: TheHouse,
    caller: Keeper,
    who: tokens.TokenOf,
    request: Request,
    key: IdempotencyKey = "",
) -> tokens.NewToken:
    """Make another bearer token for a person; it is shown this once. Needs the role operator.

    Only its hash is kept. The same `Idempotency-Key` makes the same token again.
    """
    answer_is_open(request)
    secret = house.settings.signing_secret() if key else b""
    plain = tokens.token_for(secret, caller.id, key, who.person)
    return house.books.write(
        lambda session: tokens.make_token(session, who.person, plain, house.clock())
    )


@router.post(
    "/tokens/revoke",
    summary="Revoke all tokens",
    responses=responses(401, 403, 404, 409, 422),
    openapi_extra=written_as(tokens.TokenOf.model_json_schema(), {"person": "nina"}),
)
def revoke_tokens(house: TheHouse, _: Keeper, who: tokens.TokenOf) -> tokens.Revoked:
    """Revoke every token of a person, at once. Needs the role operator."""
    return house.books.write(
        lambda session: tokens.revoke_tokens(session, who.person, house.clock())
    )
