"""The routes of changes: what is sent again under its `Idempotency-Key` is answered, not repeated.

Messages to a deal keep their keys in the deal itself and need none of this.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlmodel import Session

from models.errors import Q2CError
from starter.api.access import caller_of, credentials_of, house_of
from starter.api.problems import status_of
from starter.service.errors import UnauthenticatedError
from starter.service.ports import House
from starter.service.repeats import Asked, Kept, claim, keep, let_go, request_hash, require_usable

KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
"""The response header of a stored answer."""

_JSON = "application/json"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def described(
    _: Annotated[
        str,
        Header(
            alias=KEY,
            description="Makes a repetition harmless: same key and body, same answer; another "
            "body is 409.",
            examples=["6b0f7c0e5f1b4c0f9a52d0c2b3f7a001"],
        ),
    ] = "",
) -> None:
    """Have the key described in the API's own description."""


_DESCRIBED = Depends(described)


def answer_is_open(request: Request) -> None:
    """Say that the answer must not be kept: a repetition is carried out again.

    For answers that hold a secret, and for those that are not final. The key stays bound to its
    request all the same.
    """
    request.state.answer_is_open = True


class _Sent(NamedTuple):
    """A request under a key, and the house it was sent to."""

    house: House
    asked: Asked

    async def write(self, work: Callable[[Session], Any]) -> Any:
        """Write to the books without keeping other requests waiting."""
        return await asyncio.to_thread(self.house.books.write, work)


class OnceRoute(APIRoute):
    """A route whose POST is carried out once for each caller and key, and answered each time."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        dependencies = list(options.get("dependencies") or ())
        if "POST" in (options.get("methods") or ()) and _DESCRIBED not in dependencies:
            options["dependencies"] = [*dependencies, _DESCRIBED]
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Handler:
        """Return the route's handler, asked once for each key."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            sent = await _sent(request, f"{request.method} {self.path_format}")
            if sent is None:
                return await handle(request)
            now = sent.house.clock()
            kept = await sent.write(lambda session: claim(session, sent.asked, now))
            return _shown(kept) if kept else await _carried_out(request, sent, handle)

        return once


async def _sent(request: Request, route: str) -> _Sent | None:
    """Return a change under a key; None for anything that is nobody's or has no key."""
    key = request.headers.get(KEY, "")
    if request.method != "POST" or not key:
        return None
    require_usable(key)
    house, credentials = house_of(request), await credentials_of(request)
    try:
        caller = await asyncio.to_thread(caller_of, request, house, credentials)
    except UnauthenticatedError:
        return None
    address = f"{request.url.path}?{request.url.query}"
    content = request_hash(address, await request.body())
    return _Sent(house, Asked(caller.id, route, key, content))


async def _carried_out(request: Request, sent: _Sent, handle: Handler) -> Response:
    """Carry a request out and keep its answer; a refusal frees the key, silence does not."""
    try:
        response = await handle(request)
    except (Q2CError, RequestValidationError) as error:
        if status_of(error) < 500:
            await sent.write(lambda session: let_go(session, sent.asked))
        raise
    if getattr(request.state, "answer_is_open", False):
        return response
    answer = Kept(
        status=response.status_code,
        answer=bytes(response.body).decode(),
        location=response.headers.get("Location", ""),
    )
    first = await sent.write(lambda session: keep(session, sent.asked, answer))
    return response if first == answer else _shown(first)


def _shown(kept: Kept) -> Response:
    headers = {REPLAYED: "true", **({"Location": kept.location} if kept.location else {})}
    return Response(kept.answer, kept.status, headers=headers, media_type=_JSON)
