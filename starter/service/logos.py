"""Logos: pictures in the document store, named by their hash in an entity's brand."""

import asyncio
import base64
import binascii
from collections.abc import Sequence

from pydantic import Field

from models.errors import InvalidInputError, NotFoundError, Problem
from models.parties import Entity, Role
from models.reading import FieldRule, is_filled, read
from models.value import Value
from starter.service.people import Caller, require
from starter.service.ports import House

KEEPERS = (Role.OPERATOR, Role.FINANCE)
"""Who may store a logo: whoever may record an entity."""


class LogoFile(Value):
    """A picture on its way into the store."""

    content: str = Field(description="The PNG or JPEG file, in base64.")


class LogoKept(Value):
    """A picture in the store; an entity names it as `brand.logo`."""

    sha256: str


async def keep(house: House, caller: Caller, data: object) -> LogoKept:
    """Store a picture that may be a logo; the same picture again changes nothing.

    Raises `NotPermittedError` and `InvalidInputError`.
    """
    require(caller, KEEPERS, "store a logo")
    rule = FieldRule("content", is_filled, "is empty", "send the file in base64")
    content = _decoded(read(LogoFile, data, [rule]))
    problems = await asyncio.to_thread(_problems, content)
    if problems:
        raise InvalidInputError(problems)
    return LogoKept(sha256=await asyncio.to_thread(house.documents.put, content))


async def require_logo(house: House, entity: Entity) -> None:
    """Raise `InvalidInputError` if an entity names a logo that no document could show."""
    if not entity.brand.logo:
        return
    try:
        content = await asyncio.to_thread(house.documents.get, entity.brand.logo)
    except NotFoundError as error:
        reason = "names a picture that is not in the document store"
        remedy = "import the entity with the picture's file name: `q2c entity import`"
        problem = Problem(field="brand.logo", reason=reason, remedy=remedy)
        raise InvalidInputError([problem]) from error
    problems = await asyncio.to_thread(_problems, content)
    if problems:
        raise InvalidInputError(problems)


def _decoded(file: LogoFile) -> bytes:
    try:
        return base64.b64decode(file.content, validate=True)
    except (binascii.Error, ValueError) as error:
        problem = Problem(field="content", reason=f"is not base64 ({error})", remedy="encode it")
        raise InvalidInputError([problem]) from error


def _problems(content: bytes) -> Sequence[Problem]:
    from activities.adapters.pdf.logo import logo_problems  # noqa: PLC0415 - loads the PDF library

    return logo_problems(content)
