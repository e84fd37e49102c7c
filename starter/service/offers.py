"""The offer as a buyer may see it: behind a link that was made for them, and nothing else."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum

from pydantic import Field
from sqlmodel import Session, col, select

from activities.negotiation import moment_of, quote_link, revocations
from activities.pricing import file_of_version, price_list_of
from models.deal import Stage
from models.deal_file import DealFile
from models.decisions import DecisionKind
from models.documents import DocumentKind
from models.errors import InvalidInputError, NotFoundError, Problem
from models.links import Link, LinkPurpose, is_expired, link_token, read_link
from models.negotiation import described
from models.parties import Contact, Customer, Entity, Partner, Role, language_between
from models.quoting import Quote
from models.revision import Origin, QuoteDelta
from models.steps import RegisterKind
from models.tables import (
    CommentRow,
    CounterAnswerRow,
    CounterOfferRow,
    DealRow,
    DecisionRow,
    DocumentRow,
    MailRow,
    QuoteRow,
)
from models.value import Value
from models.words import words_for
from starter.service import versions
from starter.service.decisions import first_buyer
from starter.service.errors import BadLinkError, EndedLinkError
from starter.service.people import Caller, require
from starter.service.ports import House
from starter.service.register import customer_of, find, person_of
from starter.service.reports import deal_row

LINKERS = (Role.SALES, Role.OPERATOR, Role.PARTNER)

_BUYER = Origin.BUYER.value
_NOT_VALID = "Please use the link from your mail as it is, or ask your contact for a new one."
_ENDED = "It no longer opens. Please ask your contact for a new one."


class Standing(StrEnum):
    """What can be done with an offer: only an open one can be changed, accepted or declined."""

    OPEN = "open"
    PREPARING = "preparing"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CLOSED = "closed"


class Visit(Value):
    """Somebody who came through a link: which deal it opens, and for which contact."""

    token: str
    deal: str
    contact: Contact


class Version(Value):
    """One version that was offered."""

    number: str
    version: int
    total_minor: int
    currency: str
    quoted_on: date


class Word(Value):
    """Something that was said about the offer, by whom: a comment, a counter-offer, its answer."""

    at: datetime
    kind: str
    by: str
    is_ours: bool
    text: str
    wishes: tuple[str, ...] = ()


class Offer(Value):
    """Everything the page of an offer shows. Without `quote` nothing was offered yet.

    `names` are those of the products the buyer may choose, by SKU.
    """

    standing: Standing
    entity: Entity
    customer: Customer
    seller_name: str
    seller_email: str
    partner: Partner | None = None
    quote: Quote | None = None
    file: DealFile | None = None
    has_document: bool = False
    decided_by: str = ""
    purchase_order: str = ""
    versions: tuple[Version, ...] = ()
    words: tuple[Word, ...] = ()
    names: Mapping[str, str] = Field(default_factory=dict)
    test_clock: bool = False


class NewLink(Value):
    """An address that opens a deal's offer for one contact until a moment."""

    url: str
    person: str
    expires_at: datetime


async def make_link(house: House, caller: Caller, number: str, person: str) -> NewLink:
    """Return the address of the buyer page for a contact, the first buyer if none is named.

    Raises `NotPermittedError`, `NotFoundError`, and `InvalidInputError` for a stranger.
    """
    require(caller, LINKERS, "make a link to the buyer page")
    secret = await asyncio.to_thread(house.settings.signing_secret)

    def make(session: Session) -> NewLink:
        deal = deal_row(session, number)
        link = quote_link(session, _newest(session, deal), _contact(session, deal, person))
        url = f"{house.settings.public_url}/q/{link_token(secret, link)}"
        return NewLink(url=url, person=link.person, expires_at=link.expires_at)

    return await house.read(make)


def _newest(session: Session, deal: DealRow) -> Quote:
    rows = _versions(session, deal)
    if not rows:
        raise NotFoundError(f"Deal {deal.number} has no quote yet.")
    return Quote.model_validate_json(rows[0].content)


def _contact(session: Session, deal: DealRow, person: str) -> str:
    customer = customer_of(session, deal.customer)
    known = [contact.email for contact in customer.contacts] if customer else []
    wanted = person or (first_buyer(customer) if customer else "")
    if wanted not in known:
        reason = f"{wanted or 'nobody'} is no contact of customer {deal.customer}"
        remedy = f"these are: {', '.join(known)}" if known else "add one to the customer"
        raise InvalidInputError([Problem(field="contact", reason=reason, remedy=remedy)])
    return wanted


async def enter(house: House, token: str) -> Visit:
    """Return who comes through a link.

    Raises `BadLinkError` for a link that is not ours or leads nowhere, `EndedLinkError` for one
    whose time is over or that was revoked.
    """
    secret = await asyncio.to_thread(house.settings.signing_secret)
    link = read_link(secret, token)
    if link is None or link.purpose is not LinkPurpose.QUOTE:
        raise BadLinkError(_NOT_VALID)
    now = house.clock()
    return await house.read(lambda session: _enter(session, link, token, now))


def _enter(session: Session, link: Link, token: str, now: datetime) -> Visit:
    deal = session.get(DealRow, link.deal)
    customer = customer_of(session, deal.customer) if deal else None
    contacts = customer.contacts if customer else ()
    contact = next((one for one in contacts if one.email == link.person), None)
    if contact is None:
        raise BadLinkError(_NOT_VALID)
    ended = link.generation < revocations(session, link.deal, link.person)
    if ended or is_expired(link, moment_of(session, link.deal, now)):
        raise EndedLinkError(_ENDED)
    return Visit(token=token, deal=link.deal, contact=contact)


def offer(session: Session, visit: Visit) -> Offer:
    """Return the newest version that was offered, with everything said about the offer."""
    deal = deal_row(session, visit.deal)
    entity = find(session, RegisterKind.ENTITY, deal.entity, Entity)
    customer = customer_of(session, deal.customer)
    seller = person_of(session, deal.seller)
    if entity is None or customer is None:
        raise BadLinkError(_NOT_VALID)
    rows = _versions(session, deal)
    shown = [row for row in rows if row.version in _mailed(session, rows)]
    found = Offer(
        standing=_standing(deal, rows, shown, _decision(session, deal)),
        entity=entity,
        customer=customer,
        seller_name=seller.name if seller else deal.seller,
        seller_email=seller.email if seller else entity.email,
        partner=find(session, RegisterKind.PARTNER, deal.partner, Partner),
        test_clock=deal.test_clock,
    )
    return _with_quote(session, deal, found, shown) if shown else found


def _with_quote(session: Session, deal: DealRow, found: Offer, shown: Sequence[QuoteRow]) -> Offer:
    decision = _decision(session, deal)
    accepted = decision.quote_version if decision else shown[0].version
    row = next((one for one in shown if one.version == accepted), shown[0])
    file, _ = file_of_version(session, deal.number, row.version)
    return found.model_copy(
        update={
            "quote": Quote.model_validate_json(row.content),
            "file": file,
            "has_document": document_of(session, row.number) is not None,
            "decided_by": _name(found, decision.person) if decision else "",
            "purchase_order": decision.purchase_order if decision else "",
            "versions": tuple(map(_version, shown)),
            "words": _words(session, deal, found),
            "names": _names(session, deal, row.version, file),
        }
    )


def _names(session: Session, deal: DealRow, version: int, file: DealFile) -> dict[str, str]:
    chosen = {sku for line in file.lines if line.buyer_may for sku in line.buyer_may.options}
    if not chosen:
        return {}
    catalog = price_list_of(session, deal.number, version).catalog
    return {product.sku: product.name for product in catalog.products if product.sku in chosen}


def document_of(session: Session, number: str) -> DocumentRow | None:
    """Return the stored PDF of a quote version, if there is one."""
    statement = select(DocumentRow).where(
        DocumentRow.kind == DocumentKind.QUOTE.value, DocumentRow.number == number
    )
    return session.exec(statement).first()


def _versions(session: Session, deal: DealRow) -> Sequence[QuoteRow]:
    """Return the versions of the current term's quote: the one in force first, then the newest."""
    statement = select(QuoteRow).where(QuoteRow.deal == deal.number, QuoteRow.term == deal.term)
    rows = session.exec(statement.order_by(col(QuoteRow.version).desc())).all()
    in_force = versions.offer_of(session, deal.number, deal.term).in_force
    return sorted(rows, key=lambda row: row.version != in_force)


def _mailed(session: Session, rows: Sequence[QuoteRow]) -> frozenset[int]:
    """Return the versions the customer was sent: no other was approved for their eyes."""
    if not rows:
        return frozenset()
    keys = session.exec(select(MailRow.key).where(MailRow.deal == rows[0].deal)).all()
    return frozenset(
        row.version
        for row in rows
        if any(key.startswith(f"{row.deal}:quote:{row.number}:") for key in keys)
    )


def _decision(session: Session, deal: DealRow) -> DecisionRow | None:
    """Return the customer's counted yes or no to the current term's quote, if there is one."""
    kinds = (DecisionKind.ACCEPT.value, DecisionKind.DECLINE.value)
    statement = (
        select(DecisionRow)
        .where(DecisionRow.deal == deal.number, col(DecisionRow.kind).in_(kinds))
        .where(col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id).desc())
    )
    return session.exec(statement).first()


def _standing(
    deal: DealRow,
    rows: Sequence[QuoteRow],
    shown: Sequence[QuoteRow],
    decision: DecisionRow | None,
) -> Standing:
    if decision is not None:
        accepted = decision.kind == DecisionKind.ACCEPT.value
        return Standing.ACCEPTED if accepted else Standing.DECLINED
    if deal.outcome or deal.closed_at is not None:
        return Standing.CLOSED
    if not shown or shown[0].version != rows[0].version or deal.stage != Stage.ACCEPT.value:
        return Standing.PREPARING
    return Standing.OPEN


def _version(row: QuoteRow) -> Version:
    return Version(
        number=row.number,
        version=row.version,
        total_minor=row.total_minor,
        currency=row.currency,
        quoted_on=row.quoted_on,
    )


def _name(found: Offer, person: str) -> str:
    """Return the name of a contact; somebody who is none any more goes by their address."""
    contacts = (one.name for one in found.customer.contacts if one.email == person)
    return next(contacts, person)


def _words(session: Session, deal: DealRow, found: Offer) -> tuple[Word, ...]:
    words = [*_comments(session, deal, found), *_counter_offers(session, deal, found)]
    return tuple(sorted(words, key=lambda word: word.at))


def _comments(session: Session, deal: DealRow, found: Offer) -> list[Word]:
    rows = session.exec(select(CommentRow).where(CommentRow.deal == deal.number)).all()
    return [
        Word(
            at=row.written_at,
            kind="comment",
            by=_name(found, row.person) if row.origin == _BUYER else found.seller_name,
            is_ours=row.origin != _BUYER,
            text=row.text,
        )
        for row in rows
    ]


def _counter_offers(session: Session, deal: DealRow, found: Offer) -> list[Word]:
    rows = session.exec(select(CounterOfferRow).where(CounterOfferRow.deal == deal.number)).all()
    answers = session.exec(
        select(CounterAnswerRow).where(CounterAnswerRow.deal == deal.number)
    ).all()
    said = [
        Word(
            at=row.offered_at,
            kind="counter_offer",
            by=_name(found, row.person),
            is_ours=False,
            text=row.reason,
            wishes=_wishes(session, row, found),
        )
        for row in rows
    ]
    return said + [
        Word(
            at=row.answered_at,
            kind="accepted" if row.accepted else "rejected",
            by=found.seller_name,
            is_ours=True,
            text=row.reason,
        )
        for row in answers
    ]


def _wishes(session: Session, row: CounterOfferRow, found: Offer) -> tuple[str, ...]:
    file, _ = file_of_version(session, row.deal, row.base_version)
    words = words_for(language_between(found.customer, found.entity)).page
    return described(file, QuoteDelta.model_validate_json(row.delta), words)
