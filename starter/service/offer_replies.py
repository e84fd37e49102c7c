"""What a buyer does on the page of an offer: each a message to the deal, proven by their link.

The link proves who they are, so the house makes the token that the deal asks for. Everything is for
one content: whoever looks at a page that is out of date is told so, and nothing is sent.
"""

import asyncio
import re
import time
import uuid
from collections.abc import Callable

from sqlmodel import Session, col, select

from activities.negotiation import COMMENT, COUNTER, moment_of, priced_as_offered, revised_draft
from activities.pricing import draft_quote, quote_version
from activities.revision import PURPOSE as REVISE
from models.deal import local_date
from models.deal_file import DealFile
from models.decisions import Channel, decision_token
from models.errors import InvalidInputError, Problem
from models.messages import Command as Sent
from models.messages import Comment, CounterOffer, Decision, Message, Revision
from models.negotiation import buyer_change_problems, said_hash
from models.quoting import Quote
from models.revision import Origin, QuoteDelta
from models.steps import DealStep
from models.tables import CounterOfferRow, DecisionRow, RevisionRow
from starter.service.errors import OutdatedError
from starter.service.messages import deliver
from starter.service.offer_forms import (
    Form,
    beside_boxes,
    change_asked,
    counter_offer_asked,
    text_in,
)
from starter.service.offers import Offer, Standing, Visit, offer
from starter.service.ports import House
from starter.service.reports import deal_row

_KEY = re.compile(r"[0-9a-f]{32}")
_OUTDATED = (
    "This page is no longer up to date: the offer has changed or was decided in the meantime. "
    "Nothing was sent. Please look at it again."
)
_NOTHING = Problem(
    field="change", reason="changes nothing", remedy="fill in what you would like to be different"
)
_UNPROVEN = Problem(field="agreed", reason="tick the box to accept")


def new_key() -> str:
    """Return the identity of a form, so that sending it twice counts once."""
    return uuid.uuid4().hex


async def look(house: House, visit: Visit) -> Offer:
    """Return what a visitor may see."""
    return await house.read(lambda session: offer(session, visit))


def require_open(shown: Offer, form: Form) -> Offer:
    """Return the offer if it is open and the form was filled in for it as it stands.

    Raises `OutdatedError`.
    """
    quote = shown.quote
    if quote is None or shown.standing is not Standing.OPEN:
        raise OutdatedError(_OUTDATED)
    if form.get("base", "") != quote.content_hash:
        raise OutdatedError(_OUTDATED)
    return shown


def _required(shown: Offer) -> DealFile:
    if shown.file is None:
        raise OutdatedError(_OUTDATED)
    return shown.file


async def preview(
    house: House, visit: Visit, form: Form, *, is_counter: bool
) -> tuple[QuoteDelta, Quote]:
    """Return what a form asks for, and the quote that it would lead to; nothing is sent.

    Raises `OutdatedError`, and `InvalidInputError` with every problem, under the names of the
    boxes: those that cannot be read, those beyond the limits, and those that cannot be sold.
    """
    shown = require_open(await look(house, visit), form)
    file = _required(shown)
    asked = counter_offer_asked(file, form) if is_counter else change_asked(file, form)
    problems = list(asked.problems)
    if not is_counter:
        problems += beside_boxes(asked.delta, buyer_change_problems(file, asked.delta))
    if asked.delta.is_empty and not problems:
        problems.append(_NOTHING)
    quote = None
    if not asked.delta.is_empty:
        try:
            quote = await _priced(house, visit, asked.delta, is_counter=is_counter)
        except InvalidInputError as error:
            problems += beside_boxes(asked.delta, error.problems)
    if problems or quote is None:
        raise InvalidInputError(list({one.field: one for one in reversed(problems)}.values()))
    return asked.delta, quote


async def _priced(house: House, visit: Visit, delta: QuoteDelta, *, is_counter: bool) -> Quote:
    now = house.clock()

    def make(session: Session) -> Quote:
        deal = deal_row(session, visit.deal)
        shown = offer(session, visit)
        if shown.quote is None:
            raise OutdatedError(_OUTDATED)
        at = moment_of(session, visit.deal, now)
        on = local_date(at, deal.time_zone)
        step = DealStep(deal=visit.deal, term=deal.term, at=at, on=on)
        base = quote_version(session, visit.deal, shown.quote.version)
        if is_counter:
            return priced_as_offered(session, step, base, delta)
        quote, _ = draft_quote(session, step, revised_draft(session, step, base, delta))
        return quote

    return await house.read(make)


async def send_change(house: House, visit: Visit, form: Form) -> None:
    """Change the offer within its limits: the deal makes its next version.

    Raises `OutdatedError`, `InvalidInputError` with every problem, and whatever `deliver` raises.
    """
    if await _was_sent(house, visit, form):
        return
    delta, _ = await preview(house, visit, form, is_counter=False)
    secret, base = await _secret(house), form.get("base", "")
    message = Revision(
        **_signed(visit, form),
        delta=delta,
        base_hash=base,
        reason="changed on the buyer page",
        origin=Origin.BUYER,
        person=visit.contact.email,
        token=decision_token(secret, visit.deal, REVISE, visit.contact.email, base),
    )
    await _send(house, visit, "revise_quote", {"revision": message})
    await _settled(house, visit, lambda now: now.standing is not Standing.PREPARING)


async def send_counter_offer(house: House, visit: Visit, form: Form) -> None:
    """Make a counter-offer; raises as `send_change` does."""
    if await _was_sent(house, visit, form):
        return
    delta, _ = await preview(house, visit, form, is_counter=True)
    secret, base = await _secret(house), form.get("base", "")
    message = CounterOffer(
        **_signed(visit, form),
        delta=delta,
        base_hash=base,
        reason=text_in(form, "reason")[:1000],
        person=visit.contact.email,
        token=decision_token(secret, visit.deal, COUNTER, visit.contact.email, base),
    )
    await _send(house, visit, "counter_offer", {"counter_offer": message})


async def send_comment(house: House, visit: Visit, form: Form) -> None:
    """Put a comment on record; raises `InvalidInputError` for an empty one."""
    text = text_in(form, "text")
    if not text:
        raise InvalidInputError([Problem(field="text", reason="write something first")])
    said = said_hash(text)
    token = decision_token(await _secret(house), visit.deal, COMMENT, visit.contact.email, said)
    message = Comment(
        **_signed(visit, form),
        text=text,
        origin=Origin.BUYER,
        person=visit.contact.email,
        token=token,
    )
    await _send(house, visit, "comment", {"comment": message})


async def send_acceptance(house: House, visit: Visit, form: Form) -> None:
    """Accept the offer, with the customer's order number; raises as `send_change` does."""
    if await _was_sent(house, visit, form):
        return
    require_open(await look(house, visit), form)
    order = text_in(form, "purchase_order")
    problems = [] if form.get("agreed") else [_UNPROVEN]
    if len(order) > 80:
        problems.append(Problem(field="purchase_order", reason="is longer than 80 characters"))
    if problems:
        raise InvalidInputError(problems)
    await _decide(house, visit, form, "accept", purchase_order=order)


async def send_decline(house: House, visit: Visit, form: Form) -> None:
    """Decline the offer, with a reason; raises as `send_change` does."""
    if await _was_sent(house, visit, form):
        return
    require_open(await look(house, visit), form)
    reason = text_in(form, "reason")
    if not reason:
        raise InvalidInputError([Problem(field="reason", reason="tell us why in a few words")])
    await _decide(house, visit, form, "decline", reason=reason)


async def _decide(house: House, visit: Visit, form: Form, kind: str, **said: str) -> None:
    secret, base = await _secret(house), form.get("base", "")
    message = Decision(
        **_signed(visit, form),
        person=visit.contact.email,
        content_hash=base,
        token=decision_token(secret, visit.deal, kind, visit.contact.email, base),
        **said,
    )
    await _send(house, visit, f"{kind}_quote", {"decision": message})


async def _was_sent(house: House, visit: Visit, form: Form) -> bool:
    """Whether this very form has been sent and counted: the second click of a double one."""
    sent = _signed(visit, form)["command_id"]

    def look_up(session: Session) -> bool:
        counted = [
            select(DecisionRow.id).where(
                DecisionRow.deal == visit.deal,
                DecisionRow.command_id == sent,
                col(DecisionRow.accepted).is_(True),
            ),
            select(RevisionRow.id).where(
                RevisionRow.deal == visit.deal, RevisionRow.command_id == sent
            ),
            select(CounterOfferRow.id).where(
                CounterOfferRow.deal == visit.deal, CounterOfferRow.command_id == sent
            ),
        ]
        return any(session.exec(statement).first() is not None for statement in counted)

    return await house.read(look_up)


def _signed(visit: Visit, form: Form) -> dict[str, str]:
    """Return the fields of every message: who writes, through which door, under which identity."""
    key = form.get("key", "")
    known = key if _KEY.fullmatch(key) else new_key()
    return {"command_id": f"web-{known}", "actor": visit.contact.email, "channel": Channel.WEB}


async def _secret(house: House) -> bytes:
    return await asyncio.to_thread(house.settings.signing_secret)


async def _send(house: House, visit: Visit, name: str, message: dict[str, Message]) -> None:
    command_id = next(iter(message.values())).command_id
    command = Sent.model_validate({"name": name, "command_id": command_id, **message})
    await deliver(house, visit.deal, lambda _session, _deal: [command], is_keyed=True)


async def _settled(house: House, visit: Visit, done: Callable[[Offer], bool]) -> None:
    """Wait until what was sent shows, but not for long: the page tells the rest."""
    deadline = time.monotonic() + house.patience.start
    while True:
        if done(await look(house, visit)) or time.monotonic() >= deadline:
            return
        await asyncio.sleep(house.patience.pause)
