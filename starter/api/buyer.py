"""The buyer page: an offer behind a signed link, for somebody without an account.

The link is the proof; there is no other way in. Answers are pages, also when something is wrong.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from models.errors import InvalidInputError, Problem, Q2CError
from models.negotiation import described
from models.parties import language_between
from models.words import words_for
from starter.api.access import TheHouse
from starter.api.problems import status_of
from starter.service import offer_replies as replies
from starter.service.errors import BadLinkError, EndedLinkError, OutdatedError
from starter.service.offer_forms import Form
from starter.service.offers import Offer, Visit, document_of, enter
from starter.service.ports import House
from starter.web.frame import HEADERS, notice_page, style
from starter.web.quote_forms import ACCEPT, CHANGE, COMMENT, COUNTER, DECLINE, Draft
from starter.web.quote_page import quote_page
from starter.web.reader import Reader, reader_for

router = APIRouter(include_in_schema=False)

_LARGEST_FORM = 64 * 1024
_SENDERS: dict[str, Callable[[House, Visit, Form], Awaitable[None]]] = {
    CHANGE: replies.send_change,
    COUNTER: replies.send_counter_offer,
    COMMENT: replies.send_comment,
    ACCEPT: replies.send_acceptance,
    DECLINE: replies.send_decline,
}
_LINK = re.compile(r"/q/[^/?\s]+\.[^/?\s]+|(?<=[?&]sign=)[^&\s]+")
_PREVIEWED = (CHANGE, COUNTER)


def _unsaid(link: re.Match[str]) -> str:
    return "/q/..." if link[0].startswith("/") else "..."


class LinksUnsaid(logging.Filter):
    """Keeps links out of the access log: who reads the log must not get in."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Name the page and not the link in every line."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                _LINK.sub(_unsaid, each) if isinstance(each, str) else each for each in record.args
            )
        return True


async def form_of(request: Request) -> Form:
    """Return the boxes of a form that were filled in; raises `InvalidInputError` for no form."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > _LARGEST_FORM:
            raise InvalidInputError([Problem(field="form", reason="is too large")])
    try:
        return dict(parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=2000))
    except ValueError as error:
        raise InvalidInputError([Problem(field="form", reason="cannot be read")]) from error


TheForm = Annotated[Form, Depends(form_of)]


@router.get("/q/style.css")
def style_sheet() -> Response:
    """Return the style of all pages; its address changes with its content."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(style(), media_type="text/css", headers={**HEADERS, **headers})


@router.get("/q/{token}")
async def show(house: TheHouse, token: str, done: str = "") -> Response:
    """Show the offer, or say why the link does not open it."""
    try:
        visit = await enter(house, token)
        offer = await replies.look(house, visit)
    except Q2CError as error:
        return _trouble(error)
    reader = reader_for(language_between(offer.customer, offer.entity))
    known = done if done in _SENDERS else ""
    said = getattr(reader.words, f"done_{known}") if known else ""
    return _page(visit, offer, reader, Draft(done=said, key=replies.new_key()))


@router.get("/q/{token}/quote.pdf")
async def pdf(house: TheHouse, token: str) -> Response:
    """Return the PDF of the version that is shown."""
    try:
        visit = await enter(house, token)
        offer = await replies.look(house, visit)
    except Q2CError as error:
        return _trouble(error)
    number = offer.quote.number if offer.quote else ""
    row = await house.read(lambda session: document_of(session, number))
    if row is None:
        return _trouble(OutdatedError("There is no document yet."))
    name = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in row.filename)
    headers = {**HEADERS, "Content-Disposition": f'inline; filename="{name}"'}
    return Response(house.documents.get(row.sha256), media_type="application/pdf", headers=headers)


@router.post("/q/{token}/{action}")
async def act(house: TheHouse, token: str, action: str, form: TheForm) -> Response:
    """Do what a form asks for, or show it again with what is wrong beside its boxes."""
    if action not in _SENDERS:
        return _trouble(BadLinkError("There is no such page."))
    try:
        visit = await enter(house, token)
        offer = await replies.look(house, visit)
    except Q2CError as error:
        return _trouble(error)
    reader = reader_for(language_between(offer.customer, offer.entity))
    if action in _PREVIEWED and form.get("do") != "send":
        return await _previewed(house, visit, reader, action, form)
    try:
        await _SENDERS[action](house, visit, form)
    except Q2CError as error:
        return await _again(house, visit, reader, Draft(action=action, form=form), error)
    return RedirectResponse(f"/q/{token}?done={action}", status_code=303, headers=dict(HEADERS))


async def _previewed(
    house: House, visit: Visit, reader: Reader, action: str, form: Form
) -> Response:
    """Show what a change or a counter-offer would come to; nothing is sent."""
    draft = Draft(action=action, form=form, key=replies.new_key())
    try:
        asked, quote = await replies.preview(house, visit, form, is_counter=action == COUNTER)
        offer = await replies.look(house, visit)
    except Q2CError as error:
        return await _again(house, visit, reader, draft, error)
    wishes = described(offer.file, asked, reader.words) if offer.file else ()
    shown = replace(draft, preview=quote, wishes=wishes)
    return _page(visit, offer, reader, shown)


async def _again(
    house: House, visit: Visit, reader: Reader, draft: Draft, error: Q2CError
) -> Response:
    """Show the page as it stands with what went wrong; boxes keep what was written."""
    offer = await replies.look(house, visit)
    problems = error.problems if isinstance(error, InvalidInputError) else ()
    shown = Draft(
        action=draft.action,
        form=draft.form if problems else {},
        problems=problems,
        headline="" if problems else str(error),
        key=replies.new_key(),
    )
    return _page(visit, offer, reader, shown, status_of(error))


def _page(
    visit: Visit, offer: Offer, reader: Reader, draft: Draft, status: int = 200
) -> HTMLResponse:
    content = quote_page(visit, offer, reader, draft)
    return HTMLResponse(content, status_code=status, headers=dict(HEADERS))


def _trouble(error: Q2CError) -> HTMLResponse:
    """Say that a link does not open; of what it names nothing is told."""
    words = words_for("en").page
    title = words.later
    if isinstance(error, BadLinkError):
        title = words.bad_link
    elif isinstance(error, EndedLinkError):
        title = words.ended_link
    page = notice_page(title, str(error))
    return HTMLResponse(page, status_code=status_of(error), headers=dict(HEADERS))
