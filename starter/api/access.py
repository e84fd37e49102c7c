"""What the routes share: the house behind them, who is asking, what they wrote, which page."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Session

from models.decisions import Channel
from models.errors import InvalidInputError, Problem
from models.parties import Person, Role
from starter.service.partners import require_open
from starter.service.people import Caller, authenticate, require
from starter.service.ports import House

_bearer = HTTPBearer(
    auto_error=False, description="The token of a person; only its hash is stored."
)


def house_of(request: Request) -> House:
    """Return the house this application serves."""
    house: House = request.app.state.house
    return house


TheHouse = Annotated[House, Depends(house_of)]


async def credentials_of(request: Request) -> HTTPAuthorizationCredentials | None:
    """Return the bearer token a request brings, unchecked."""
    return await _bearer(request)


def caller_of(
    request: Request,
    house: TheHouse,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    x_q2c_channel: Annotated[
        str | None, Header(description="`cli` if the command line asks.", examples=["cli"])
    ] = None,
) -> Caller:
    """Return who is asking.

    Raises `UnauthenticatedError`; to somebody of a partner most doors are closed.
    """
    token = credentials.credentials if credentials else ""
    # Depending on its release the framework names the route with or without its router's prefix.
    path = getattr(request.scope.get("route"), "path", "").removeprefix("/v1")

    def look(session: Session) -> Person:
        person = authenticate(session, token)
        require_open(session, person, request.method, path, request.path_params)
        return person

    person = house.books.read(look)
    channel = Channel.CLI if x_q2c_channel == Channel.CLI.value else Channel.API
    return Caller(person=person, channel=channel)


TheCaller = Annotated[Caller, Depends(caller_of)]


class Needs:
    """The dependency that lets only people of certain roles pass."""

    def __init__(self, action: str, *roles: Role) -> None:
        self._action = action
        self._roles = roles

    def __call__(self, caller: TheCaller) -> Caller:
        """Return the caller; raises `NotPermittedError`."""
        require(caller, self._roles, self._action)
        return caller


ReaderOfBooks = Annotated[Caller, Depends(Needs("read the books", Role.FINANCE, Role.OPERATOR))]


async def json_body(request: Request) -> Any:
    """Return the body as JSON; decimal numbers stay exact. No body is None."""
    raw = await request.body()
    if not raw.strip():
        return None
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        problem = Problem(field="body", reason=f"is no JSON: {error}", remedy="send a JSON object")
        raise InvalidInputError([problem]) from error


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


Body = Annotated[Any, Depends(json_body)]

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="Makes a repetition harmless: same key and body, same answer.",
        examples=["6b0f7c0e5f1b4c0f9a52d0c2b3f7a001"],
    ),
]


@dataclass(frozen=True)
class TextPage:
    """A page of a listing that is in order of a text."""

    limit: Annotated[int, Query(ge=1, le=500, description="Entries on a page.")] = 100
    after: Annotated[str, Query(description="The `next` of the page before.")] = ""


@dataclass(frozen=True)
class CountedPage:
    """A page of a listing that is in order of a count."""

    limit: Annotated[int, Query(ge=1, le=500, description="Entries on a page.")] = 100
    after: Annotated[int, Query(ge=0, description="The `next` of the page before.")] = 0


Page = Annotated[TextPage, Depends()]
Counted = Annotated[CountedPage, Depends()]


def written_as(schema: dict[str, Any], example: object) -> dict[str, Any]:
    """Return the OpenAPI description of a body that the route reads by itself."""
    content = {"schema": schema, "example": example}
    return {"requestBody": {"content": {"application/json": content}}}
