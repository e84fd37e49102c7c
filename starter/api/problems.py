"""Errors as problem documents (RFC 9457): one table from the house's errors to HTTP statuses.

`detail` says what happened and what to do about it, `problems` lists everything wrong with an
input, `code` is stable and the same on every way into the house.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field

from models.errors import (
    ConflictError,
    CurrencyMismatchError,
    InvalidInputError,
    NotFoundError,
    ParkedError,
    Problem,
    Q2CError,
    RefusedError,
)
from models.faults import problem_of
from models.value import Value
from starter.service.errors import (
    BadLinkError,
    DealEndedError,
    EndedLinkError,
    NotPermittedError,
    OutdatedError,
    RunFailedError,
    UnansweredError,
    UnauthenticatedError,
    UnavailableError,
)
from workers.connection import UnreachableError

MEDIA_TYPE = "application/problem+json"

STATUSES: Mapping[type[Q2CError], tuple[HTTPStatus, str]] = {
    UnauthenticatedError: (HTTPStatus.UNAUTHORIZED, "Say who you are"),
    NotPermittedError: (HTTPStatus.FORBIDDEN, "You may not do this"),
    BadLinkError: (HTTPStatus.FORBIDDEN, "This link is not valid"),
    EndedLinkError: (HTTPStatus.GONE, "This link has ended"),
    OutdatedError: (HTTPStatus.CONFLICT, "There is a newer version"),
    NotFoundError: (HTTPStatus.NOT_FOUND, "Nothing on record"),
    ConflictError: (HTTPStatus.CONFLICT, "It exists with other content"),
    RefusedError: (HTTPStatus.CONFLICT, "Refused"),
    DealEndedError: (HTTPStatus.CONFLICT, "The deal has ended"),
    CurrencyMismatchError: (HTTPStatus.CONFLICT, "Two currencies met"),
    ParkedError: (HTTPStatus.CONFLICT, "A question has to be answered first"),
    InvalidInputError: (HTTPStatus.UNPROCESSABLE_ENTITY, "The input cannot be used"),
    RunFailedError: (HTTPStatus.CONFLICT, "It failed"),
    UnansweredError: (HTTPStatus.GATEWAY_TIMEOUT, "No answer in time"),
    UnavailableError: (HTTPStatus.SERVICE_UNAVAILABLE, "Nobody is there to answer"),
    UnreachableError: (HTTPStatus.SERVICE_UNAVAILABLE, "Temporal is not reachable"),
}
"""The HTTP status and title of every error."""

# What the framework answers by itself, before any route of ours is reached.
_OF_THE_FRAMEWORK = (400, 404, 405, 413, 415)

_log = logging.getLogger("q2c.api")


class ProblemDocument(Value):
    """What a failed request answers (RFC 9457)."""

    type: str = Field(examples=["urn:q2c:problem:refused"])
    title: str = Field(examples=["Refused"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["No quote waits for acceptance (live)."])
    code: str = Field(examples=["refused"])
    problems: tuple[Problem, ...] = ()


def problem_response(
    status: int,
    title: str,
    detail: str,
    code: str,
    problems: Sequence[Problem] = (),
) -> JSONResponse:
    """Return a problem document; 401 names the way to authenticate (RFC 9110 section 11.6.1)."""
    document = ProblemDocument(
        type=f"urn:q2c:problem:{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        problems=tuple(problems),
    )
    headers = {"WWW-Authenticate": 'Bearer realm="q2c"'} if status == 401 else {}
    return JSONResponse(
        jsonable_encoder(document), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


def install(app: FastAPI) -> None:
    """Have every error of an application answered as a problem document."""
    app.add_exception_handler(Q2CError, _told)
    app.add_exception_handler(RequestValidationError, _misread)
    for status in _OF_THE_FRAMEWORK:
        app.add_exception_handler(status, _plain)
    app.add_exception_handler(Exception, _unforeseen)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of the problem documents a route may answer."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status in statuses
    }


def status_of(error: Exception) -> HTTPStatus:
    """Return the HTTP status an error is answered with."""
    kind = InvalidInputError if isinstance(error, RequestValidationError) else type(error)
    return _status_and_title(kind)[0]


def _status_and_title(kind: type[Exception]) -> tuple[HTTPStatus, str]:
    known = (STATUSES[base] for base in kind.__mro__ if base in STATUSES)
    return next(known, (HTTPStatus.INTERNAL_SERVER_ERROR, "It failed"))


async def _told(_: Request, error: Exception) -> JSONResponse:
    status, title = _status_and_title(type(error))
    problems = getattr(error, "problems", ())
    code = getattr(error, "code", Q2CError.code)
    return problem_response(status, title, str(error), code, problems)


async def _misread(_: Request, error: Exception) -> JSONResponse:
    """Say what is wrong with a path, query or header."""
    faults = error.errors() if isinstance(error, RequestValidationError) else ()
    problems = [
        problem_of({**fault, "loc": fault["loc"][1:]}, str(fault["loc"][0])) for fault in faults
    ]
    text = "; ".join(str(problem) for problem in problems)
    status, title = STATUSES[InvalidInputError]
    return problem_response(status, title, text, InvalidInputError.code, problems)


async def _plain(_: Request, error: Exception) -> JSONResponse:
    status: int = getattr(error, "status_code", 500)
    phrase = HTTPStatus(status).phrase
    code = phrase.lower().replace(" ", "_")
    detail = "There is no such address; /docs lists them all." if status == 404 else phrase
    return problem_response(status, phrase, detail, code)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    """Log what nobody foresaw, and tell the caller no more than that."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = "An error nobody foresaw; the log of the API says more."
    return problem_response(500, "Internal error", detail, "internal_error")
