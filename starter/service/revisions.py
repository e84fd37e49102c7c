"""Who may revise a quote, in which role, and which content a change is for."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Session, col, select

from models.deal import Stage
from models.parties import Role
from models.revision import Origin
from models.tables import CounterOfferRow, DealRow, QuoteRow
from starter.service.errors import NotPermittedError
from starter.service.negotiation import waiting_counter_offer
from starter.service.people import Caller
from starter.service.versions import offer_of


def origin_of(caller: Caller, deal: DealRow | None) -> Origin:
    """Return in which role the caller revises a deal's quote.

    Raises `NotPermittedError` for somebody who neither sells the deal nor approves.
    """
    if deal is None or deal.seller == caller.id:
        return Origin.SELLER
    if Role.APPROVER in caller.person.roles:
        return Origin.APPROVER
    raise NotPermittedError(
        f"Deal {deal.number} is sold by {deal.seller}; its seller or an approver revises its quote."
    )


NEGOTIATED = ("comment", "answer_counter_offer")
"""What only the seller of a deal says to its buyer."""


def answers_meant(
    session: Session, caller: Caller, deal: DealRow | None, written: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the comment or answer meant, then those the same request would have been before.

    An answer that names no counter-offer is to the one that waits; the earlier ones serve to
    recognize a message that is sent again. Raises `NotPermittedError` for somebody who does not
    sell the deal.
    """
    if deal is not None and deal.seller != caller.id:
        raise NotPermittedError(f"Deal {deal.number} is sold by {deal.seller}, who answers.")
    if "answer" not in written or written.get("counter") or deal is None:
        yield dict(written)
        return
    waiting = waiting_counter_offer(session, deal)
    numbers = session.exec(
        select(CounterOfferRow.number)
        .where(CounterOfferRow.deal == deal.number)
        .order_by(col(CounterOfferRow.number).desc())
    ).all()
    first = [waiting.number] if waiting else [0]
    for number in dict.fromkeys([*first, *numbers, 0]):
        yield {**written, "counter": number}


def revisions_meant(
    session: Session, caller: Caller, deal: DealRow | None, written: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the revision meant, then those the same request would have been before.

    Without a `base_hash` the version in force is meant; the older ones serve to recognize
    a message that is sent again after the deal has moved on.
    """
    origin = origin_of(caller, deal).value
    for base in _bases(session, deal) if not written.get("base_hash") else ("",):
        yield {"base_hash": base, **written, "origin": origin}


def _bases(session: Session, deal: DealRow | None) -> tuple[str, ...]:
    if deal is None or deal.stage in (Stage.CONFIGURE.value, Stage.PRICE.value):
        return ("",)
    statement = select(QuoteRow).where(QuoteRow.deal == deal.number, QuoteRow.term == deal.term)
    found = session.exec(statement.order_by(col(QuoteRow.version).desc())).all()
    in_force = offer_of(session, deal.number, deal.term).in_force
    first = sorted(found, key=lambda quote: quote.version != in_force)
    return (*dict.fromkeys(quote.content_hash for quote in first), "")
