"""Negotiate: put what buyer and seller say about an offer on record, or say why it does not count.

A counter-offer changes nothing by itself. It is priced when it comes in, so that what cannot be
sold is refused while the buyer still looks at it, and again when the seller says yes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.accounts import deal_row
from activities.approval_paths import current_path
from activities.ports import HouseRules, Office
from activities.pricing import (
    Draft,
    PriceList,
    draft_quote,
    file_of_version,
    price_list_now,
    price_list_of,
    quote_version,
)
from activities.register import customer_of
from activities.signatures import RECORD_NEGOTIATION
from activities.total_discount import reached
from models.beside import primary_of
from models.deal import start_of_day_after
from models.decisions import token_matches
from models.errors import InvalidInputError, Problem
from models.links import Link, LinkPurpose
from models.negotiation import counter_offer_problems, said_hash
from models.quoting import Quote
from models.revision import Origin, QuoteDelta, apply_delta
from models.steps import DealStep, Negotiate, Negotiated, NegotiationKind
from models.tables import (
    CommentRow,
    CounterAnswerRow,
    CounterOfferRow,
    LinkRevocationRow,
)

COMMENT, COUNTER = "comment", "counter"
"""What the tokens are for that let a buyer write a comment, and make a counter-offer."""

MOST_WORDS = 200
"""How many comments, and how many counter-offers, a deal takes from its buyer."""

Recorded = TypeVar("Recorded", CommentRow, CounterOfferRow, CounterAnswerRow, LinkRevocationRow)


@dataclass(frozen=True)
class Proof:
    """Who a buyer says they are, and the token that proves it for one purpose and content."""

    purpose: str
    person: str
    token: str
    content_hash: str


class NegotiationActivities:
    """Keeps comments, counter-offers, their answers and ended links."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=RECORD_NEGOTIATION.name, no_thread_cancel_exception=True)
    def record_negotiation(self, step: Negotiate) -> Negotiated:
        """Put a word of either side on record, or list everything that is wrong with it.

        Safe to retry: each kind is on record once per command, and its number is returned.
        """
        try:
            return self._office.books.write(lambda session: self._record(session, step))
        except InvalidInputError as error:
            return Negotiated(problems=error.problems)

    def _record(self, session: Session, step: Negotiate) -> Negotiated:
        match step.kind:
            case NegotiationKind.COMMENT:
                return self._comment(session, step)
            case NegotiationKind.COUNTER_OFFER:
                return self._counter_offer(session, step)
            case NegotiationKind.REJECTION:
                return _reject(session, step)
            case NegotiationKind.REVOCATION:
                return _revoke(session, step)

    def _comment(self, session: Session, step: Negotiate) -> Negotiated:
        known = _known(session, CommentRow, step)
        if known is not None:
            return Negotiated(number=known.number)
        _refuse(self._comment_problems(session, step))
        number = _count(session, CommentRow, step.deal) + 1
        session.add(
            CommentRow(
                deal=step.deal,
                number=number,
                quote_version=step.quote_version,
                origin=step.origin.value,
                person=step.person or step.actor,
                actor=step.actor or step.person,
                channel=step.channel.value,
                text=step.text,
                command_id=step.command_id,
                written_at=step.at,
            )
        )
        return Negotiated(number=number)

    def _comment_problems(self, session: Session, step: Negotiate) -> Iterator[Problem]:
        if not step.text.strip():
            yield Problem(field="text", reason="is empty", remedy="write something")
        if step.origin is not Origin.BUYER:
            return
        quote = quote_version(session, step.deal, step.quote_version)
        yield from _too_many(session, CommentRow, step.deal)
        proof = Proof(COMMENT, step.person, step.token, said_hash(step.text))
        yield from proof_problems(session, self._office.rules, quote, proof)

    def _counter_offer(self, session: Session, step: Negotiate) -> Negotiated:
        known = _known(session, CounterOfferRow, step)
        if known is not None:
            return Negotiated(number=known.number)
        base = quote_version(session, step.deal, step.quote_version)
        require_in_force(step.base_hash, base)
        proof = Proof(COUNTER, step.person, step.token, base.content_hash)
        _refuse(proof_problems(session, self._office.rules, base, proof))
        _refuse(_too_many(session, CounterOfferRow, step.deal))
        priced_as_offered(session, step, base, step.delta)
        number = _count(session, CounterOfferRow, step.deal) + 1
        session.add(
            CounterOfferRow(
                deal=step.deal,
                number=number,
                base_version=base.version,
                person=step.person,
                actor=step.actor or step.person,
                channel=step.channel.value,
                reason=step.text,
                delta=step.delta.model_dump_json(exclude_defaults=True),
                command_id=step.command_id,
                offered_at=step.at,
            )
        )
        return Negotiated(number=number)


def _known(session: Session, table: type[Recorded], step: Negotiate) -> Recorded | None:
    """Return what the same command put on record before, or None."""
    same = (table.deal == step.deal, table.command_id == step.command_id)
    return session.exec(select(table).where(*same)).first()


def _reject(session: Session, step: Negotiate) -> Negotiated:
    known = _known(session, CounterAnswerRow, step)
    if known is not None:
        return Negotiated(number=known.counter)
    if not step.text.strip():
        remedy = "tell the buyer why"
        raise InvalidInputError([Problem(field="reason", reason="is empty", remedy=remedy)])
    counter = open_counter_offer(session, step.deal, step.quote_version, step.counter)
    number = counter.number if counter else 0
    session.add(
        CounterAnswerRow(
            deal=step.deal,
            counter=number,
            accepted=False,
            reason=step.text,
            quote_version=step.quote_version,
            actor=step.actor,
            channel=step.channel.value,
            command_id=step.command_id,
            answered_at=step.at,
        )
    )
    return Negotiated(number=number)


def _revoke(session: Session, step: Negotiate) -> Negotiated:
    known = _known(session, LinkRevocationRow, step)
    if known is None:
        contacts = contacts_of(session, deal_row(session, step.deal).customer)
        if step.person not in contacts:
            raise InvalidInputError([_stranger(step.person, contacts)])
        session.add(
            LinkRevocationRow(
                deal=step.deal,
                person=step.person,
                reason=step.text,
                actor=step.actor,
                channel=step.channel.value,
                command_id=step.command_id,
                revoked_at=step.at,
            )
        )
        session.flush()
    return Negotiated(number=revocations(session, step.deal, step.person))


def proof_problems(
    session: Session, rules: HouseRules, quote: Quote, proof: Proof
) -> Iterator[Problem]:
    """Yield what keeps a message from counting as one of the customer's contact it names."""
    contacts = contacts_of(session, quote.customer)
    if proof.person not in contacts:
        yield _stranger(proof.person, contacts)
    if not proof.token and rules.allow_unverified_decisions:
        return
    made_for = (quote.deal, proof.purpose, proof.person, proof.content_hash)
    if not token_matches(proof.token, rules.secret, *made_for):
        reason = "does not prove who asks for this content"
        yield Problem(field="token", reason=reason, remedy="use the one from the mail")


def contacts_of(session: Session, customer: str) -> list[str]:
    """Return the mail addresses of a customer's contacts; raises `NotFoundError`."""
    return [contact.email for contact in customer_of(session, customer).contacts]


def require_in_force(base_hash: str, base: Quote) -> None:
    """Raise `InvalidInputError` for something that was written for an outdated version."""
    if base_hash not in ("", base.content_hash):
        reason = f"this changes an outdated version; in force is {base.number}"
        remedy = f"look at it and name its content {base.content_hash[:12]}"
        raise InvalidInputError([Problem(field="base_hash", reason=reason, remedy=remedy)])


def newest_counter_offer(session: Session, deal: str, version: int) -> CounterOfferRow | None:
    """Return the counter-offer to a version that waits for an answer, or None.

    A later one takes the place of an earlier one, whether that was answered or not.
    """
    statement = (
        select(CounterOfferRow)
        .where(CounterOfferRow.deal == deal, CounterOfferRow.base_version == version)
        .order_by(col(CounterOfferRow.number).desc())
    )
    newest = session.exec(statement).first()
    if newest is None:
        return None
    answered = session.exec(
        select(CounterAnswerRow).where(
            CounterAnswerRow.deal == deal, CounterAnswerRow.counter == newest.number
        )
    ).first()
    return None if answered else newest


def open_counter_offer(
    session: Session, deal: str, version: int, number: int
) -> CounterOfferRow | None:
    """Return the counter-offer of that number, None for number 0.

    Raises `InvalidInputError` if it does not wait for an answer to the version in force.
    """
    if not number:
        return None
    waiting = newest_counter_offer(session, deal, version)
    if waiting is None or waiting.number != number:
        reason = f"counter-offer {number} does not wait for an answer"
        remedy = f"open is number {waiting.number}" if waiting else "there is none"
        raise InvalidInputError([Problem(field="counter", reason=reason, remedy=remedy)])
    return waiting


def revised_draft(
    session: Session, step: DealStep, base: Quote, delta: QuoteDelta, creator: str = ""
) -> Draft:
    """Return what a change of a version would be priced from; nothing is put on record.

    Raises `InvalidInputError` with everything that does not fit, or if nothing would change.
    """
    file, _ = file_of_version(session, step.deal, base.version)
    file = primary_of(file)
    changed = apply_delta(file, delta)
    if changed == file and not delta.reprice and delta.valid_days is None:
        reason = "changes nothing"
        remedy = "name what changes; `valid_days` offers it anew, `reprice` at today's prices"
        raise InvalidInputError([Problem(field="delta", reason=reason, remedy=remedy)])
    draft = Draft(
        file=changed,
        file_revision=0,
        price_list=_price_list(session, step, base, delta),
        previous=current_path(session, step.deal, base.version),
        creator=creator,
    )
    if delta.total_discount is None:
        return draft
    return replace(draft, file=reached(session, step, draft, delta.total_discount))


def priced_as_offered(session: Session, step: DealStep, base: Quote, delta: QuoteDelta) -> Quote:
    """Return the quote a counter-offer would lead to; nothing is put on record.

    Raises `InvalidInputError` with everything that is not for a buyer to ask, or cannot be sold.
    """
    _refuse(counter_offer_problems(delta))
    quote, _ = draft_quote(session, step, revised_draft(session, step, base, delta))
    return quote


def _price_list(session: Session, step: DealStep, base: Quote, delta: QuoteDelta) -> PriceList:
    if delta.reprice:
        return price_list_now(session, step.on)
    return price_list_of(session, step.deal, base.version)


def revocations(session: Session, deal: str, person: str) -> int:
    """Return how often somebody's links to a deal were ended."""
    statement = select(func.count(col(LinkRevocationRow.id))).where(
        LinkRevocationRow.deal == deal, LinkRevocationRow.person == person
    )
    return session.exec(statement).one()


def quote_link(session: Session, quote: Quote, person: str) -> Link:
    """Return the link by which a contact reaches the page of an offer, while it stands."""
    zone = deal_row(session, quote.deal).time_zone
    return Link(
        deal=quote.deal,
        person=person,
        purpose=LinkPurpose.QUOTE,
        expires_at=start_of_day_after(quote.valid_until, zone),
        generation=revocations(session, quote.deal, person),
    )


def moment_of(session: Session, deal: str, now: datetime) -> datetime:
    """Return the moment it is for a deal: its test clock's where it has one, else `now`."""
    row = deal_row(session, deal)
    return row.business_time if row.test_clock and row.business_time else now


def _refuse(problems: Iterator[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise InvalidInputError(found)


def _stranger(person: str, contacts: list[str]) -> Problem:
    reason = f"{person or 'nobody'} is no contact of the customer"
    return Problem(field="person", reason=reason, remedy=f"these are: {', '.join(contacts)}")


def _count(session: Session, table: type[CommentRow | CounterOfferRow], deal: str) -> int:
    return session.exec(select(func.max(table.number)).where(table.deal == deal)).one() or 0


def _too_many(
    session: Session, table: type[CommentRow | CounterOfferRow], deal: str
) -> Iterator[Problem]:
    if _count(session, table, deal) >= MOST_WORDS:
        reason = f"there are {MOST_WORDS} already"
        yield Problem(field="text", reason=reason, remedy="call or write to the seller")
