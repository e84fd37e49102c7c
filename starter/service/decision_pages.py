"""The page behind a link in a mail: what is asked, and the decision of whoever got the mail.

Opening a link decides nothing, because programs open links too. Only a sent form decides, and it
goes the way every other decision goes: as a message to the deal, with a token, on record.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, func, select

from activities.pricing import quote_version
from models.approval import ApprovalPath, ApprovalStep, reasons_asked
from models.decision_link import DecisionLink, link_matches
from models.decisions import Channel
from models.errors import InvalidInputError, Q2CError
from models.money import Money, round_half_up
from models.parties import Person
from models.quoting import Quote, discount_percent
from models.tables import DealRow, DecisionRow, QuoteRow
from models.value import Value
from starter.service.approvals import business_day, path_of, waiting_for
from starter.service.messages import tell
from starter.service.people import Caller
from starter.service.ports import House
from starter.service.register import customer_of, person_of
from starter.service.versions import offer_of

MOST_LINES = 40
"""A page on a phone shows no more lines than this; the quote attached to the mail has them all."""

CHOICES = ("approve", "reject", "counter")


class LinkState(StrEnum):
    """What a link is worth: only an open one asks for a decision."""

    OPEN = "open"
    USED = "used"
    STALE = "stale"
    EXPIRED = "expired"
    CLOSED = "closed"
    INVALID = "invalid"


class PageLine(Value):
    """One line of the quote as the page shows it."""

    name: str
    quantity: Decimal
    list_amount: Money
    discount_percent: Decimal
    net: Money
    steps: tuple[str, ...] = ()


class DecisionPage(Value):
    """Everything the page shows; for a link that does not work only `state` and `text`."""

    state: LinkState
    text: str
    deal: str = ""
    number: str = ""
    customer: str = ""
    seller: str = ""
    person: str = ""
    reasons: tuple[str, ...] = ()
    facts: Mapping[str, Decimal] = {}
    valid_until: date | None = None
    list_total: Money | None = None
    total: Money | None = None
    discount_percent: Decimal = Decimal(0)
    lines: tuple[PageLine, ...] = ()
    more_lines: int = 0


async def show(house: House, link: DecisionLink, sign: str) -> DecisionPage:
    """Return the page of a link. It decides nothing and writes nothing, however often it is asked.

    A link that was changed, has expired, is for an older version or is used gives a page that says
    so; one that was changed tells nothing about the deal.
    """
    secret = await asyncio.to_thread(house.settings.signing_secret)
    now = house.clock()
    return await house.read(lambda session: _page(session, secret, link, sign, now))


async def decide(
    house: House, link: DecisionLink, sign: str, form: Mapping[str, str]
) -> DecisionPage:
    """Carry out what the form of an open link says, and return the page with what became of it.

    The same form sent twice decides once.
    """
    page = await show(house, link, sign)
    choice = form.get("choice", "")
    if page.state is not LinkState.OPEN:
        return page
    if choice not in CHOICES:
        return page.model_copy(update={"text": "Choose one of the buttons."})
    person = await house.read(lambda session: person_of(session, link.person))
    if person is None:
        return broken()
    try:
        told = await _deliver(house, person, link, choice, form)
    except InvalidInputError as error:
        return page.model_copy(update={"text": "; ".join(str(one) for one in error.problems)})
    except Q2CError as error:
        return page.model_copy(update={"text": str(error)})
    return page.model_copy(update={"state": LinkState.USED, "text": told})


async def _deliver(
    house: House, person: Person, link: DecisionLink, choice: str, form: Mapping[str, str]
) -> str:
    body: dict[str, Any] = {"step": link.step, "reason": form.get("reason", "").strip()}
    if choice == "counter":
        body["counter"] = {"discount_percent": form.get("percent", "").strip().replace(",", ".")}
    asked = await house.read(lambda session: _asked(session, link, choice, body))
    caller = Caller(person=person, channel=Channel.MAIL)
    told = await tell(house, caller, link.deal, choice, asked)
    return told.text


def _asked(
    session: Session, link: DecisionLink, choice: str, body: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """Return the message for the content of the link, and the key that makes it one decision.

    A form sent twice says the same after the same decisions, so it has the same key.
    """
    row = _quote_row(session, link)
    counted = session.exec(
        select(func.count(col(DecisionRow.id))).where(
            DecisionRow.deal == link.deal, DecisionRow.quote_version == link.version
        )
    ).one()
    said = json.dumps([link.model_dump(mode="json"), choice, body, counted], sort_keys=True)
    content = row.content_hash if row else ""
    key = f"page-{hashlib.sha256(said.encode()).hexdigest()[:32]}"
    return {**body, "content_hash": content}, key


_TEXTS = {
    LinkState.INVALID: "This link is not valid. Open it from the mail as it came, in one piece.",
    LinkState.EXPIRED: "This link has expired, because the quote is no longer valid.",
    LinkState.STALE: "This link is for an older version of the quote; a newer one is in force.",
    LinkState.CLOSED: "Nothing is asked of you here any more.",
}


def broken(state: LinkState = LinkState.INVALID) -> DecisionPage:
    """Return the page of a link that does not work; it tells nothing about any deal."""
    return DecisionPage(state=state, text=_TEXTS[state])


def _page(
    session: Session, secret: bytes, link: DecisionLink, sign: str, now: datetime
) -> DecisionPage:
    deal, row = session.get(DealRow, link.deal), _quote_row(session, link)
    if deal is None or row is None or not link_matches(sign, secret, link, row.content_hash):
        return broken()
    on = business_day(deal, now)
    if on > link.until:
        return broken(LinkState.EXPIRED)
    if row.version not in offer_of(session, deal.number, row.term).versions:
        return broken(LinkState.STALE)
    path = path_of(session, deal.number, row.version)
    step = next((one for one in path.steps if one.key == link.step), None) if path else None
    if path is None or step is None:
        return broken()
    shown = _shown(session, quote_version(session, deal.number, row.version), path, step)
    shown = shown.model_copy(update={"person": link.person})
    waiting = waiting_for(session, path, link.person, on)
    if deal.closed_at is None and any(one.key == step.key for one in waiting):
        return shown
    return shown.model_copy(update=_settled(session, deal, link, step))


def _quote_row(session: Session, link: DecisionLink) -> QuoteRow | None:
    statement = select(QuoteRow).where(QuoteRow.deal == link.deal, QuoteRow.version == link.version)
    return session.exec(statement).first()


def _settled(
    session: Session, deal: DealRow, link: DecisionLink, step: ApprovalStep
) -> dict[str, object]:
    """Return why an honest link asks for nothing now: the step is decided, or nobody is asked."""
    statement = (
        select(DecisionRow)
        .where(DecisionRow.deal == deal.number, DecisionRow.quote_version == link.version)
        .where(DecisionRow.step == step.key, col(DecisionRow.accepted).is_(True))
        .where(col(DecisionRow.kind).in_(CHOICES))
        .order_by(col(DecisionRow.id).desc())
    )
    row = session.exec(statement).first()
    if row is None:
        return {"state": LinkState.CLOSED, "text": _TEXTS[LinkState.CLOSED]}
    behalf = f" on behalf of {row.on_behalf_of}" if row.on_behalf_of else ""
    said = {"approve": "approved", "reject": "rejected", "counter": "countered"}[row.kind]
    text = f"{row.person} has {said} this{behalf} on {row.decided_at:%Y-%m-%d %H:%M} UTC."
    return {"state": LinkState.USED, "text": text}


def _shown(session: Session, quote: Quote, path: ApprovalPath, step: ApprovalStep) -> DecisionPage:
    customer, seller = customer_of(session, quote.customer), person_of(session, quote.seller)
    return DecisionPage(
        state=LinkState.OPEN,
        text="",
        deal=quote.deal,
        number=quote.number,
        customer=customer.legal_name if customer else quote.customer,
        seller=seller.name if seller else quote.seller,
        reasons=reasons_asked(path, step),
        facts=path.facts,
        valid_until=quote.valid_until,
        list_total=quote.list_total,
        total=quote.total,
        discount_percent=discount_percent(quote),
        lines=tuple(_line(quote, index) for index in range(min(MOST_LINES, len(quote.lines)))),
        more_lines=max(0, len(quote.lines) - MOST_LINES),
    )


def _line(quote: Quote, index: int) -> PageLine:
    line = quote.lines[index]
    off = line.list_amount - line.net
    whole = line.list_amount.minor
    percent = round_half_up(Decimal(off.minor * 100) / whole, 2) if whole else Decimal(0)
    changed = (step for step in line.waterfall if step.input != step.output)
    return PageLine(
        name=line.name,
        quantity=line.quantity,
        list_amount=line.list_amount,
        discount_percent=percent,
        net=line.net,
        steps=tuple(f"{step.step.replace('_', ' ')}: {step.rule}" for step in changed),
    )
