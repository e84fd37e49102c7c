"""What a person decides on: the content in force, the step it is for, and the token that proves it.

The door makes the token after it has authenticated the caller; whoever decides through a mail
brings the token from there.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from activities.approval import open_override
from models.approval import StepStatus
from models.decisions import DecisionKind, decision_token
from models.parties import Customer
from models.tables import DealRow, QuoteRow
from models.value import Value
from starter.service.approvals import business_day, paths_of, waiting_for
from starter.service.errors import NotPermittedError
from starter.service.people import Caller
from starter.service.register import customer_of
from starter.service.versions import offer_of
from starter.service.vocabulary import MessageKind

_BUYER = "buyer"
_BY_APPROVERS = (DecisionKind.APPROVE, DecisionKind.REJECT, DecisionKind.COUNTER)
_ON_PATHS = (DecisionKind.RECALL, DecisionKind.RESUBMIT, DecisionKind.OVERRIDE)
_IN_PERSON = (*_BY_APPROVERS, *_ON_PATHS, DecisionKind.REVIEW)
_ON_RENEWALS = ("renew", "decline_renewal")


class Question(Value):
    """Something a decision can be about; `step` is an approval step or empty."""

    content_hash: str
    step: str = ""


def questions(
    session: Session, deal: DealRow | None, kind: MessageKind, person: str, now: datetime
) -> tuple[Question, ...]:
    """Return what the deal ever asked with regard to a decision; the one in force comes first.

    The later ones serve to recognize a message that is sent again after the deal has moved on.
    """
    if deal is None:
        return (Question(content_hash=""),)
    quotes = session.exec(
        select(QuoteRow).where(QuoteRow.deal == deal.number).order_by(col(QuoteRow.version).desc())
    ).all()
    if kind.decision in _BY_APPROVERS:
        found = [*_of_approvals(session, deal, person, now), *_of_quotes(quotes)]
    elif kind.decision in _ON_PATHS:
        found = _of_quotes(quotes)
    elif kind.decision is DecisionKind.REVIEW:
        override = open_override(session, deal.number)
        asked = [Question(content_hash=override.content_hash)] if override else []
        found = [*asked, *_of_quotes(quotes)]
    else:
        term = deal.term + 1 if kind.name in _ON_RENEWALS else deal.term
        in_force = offer_of(session, deal.number, term).in_force
        found = [
            *_of_quotes(quote for quote in quotes if quote.version == in_force),
            *_of_quotes(quote for quote in quotes if quote.term == term),
            *_of_quotes(quote for quote in quotes if quote.term != term),
        ]
    return (*dict.fromkeys(found), Question(content_hash=""))


def _of_quotes(quotes: Iterable[QuoteRow]) -> list[Question]:
    return [Question(content_hash=quote.content_hash) for quote in quotes]


def _of_approvals(session: Session, deal: DealRow, person: str, now: datetime) -> list[Question]:
    """Return the steps that wait for the person first, then the other steps of theirs, then all."""
    asked = [
        version
        for term in (deal.term, deal.term + 1)
        for version in offer_of(session, deal.number, term).versions
    ]
    # What counts now comes first, in the order in which it is asked; the rest is outdated.
    paths = sorted(
        paths_of(session, deal.number),
        key=lambda path: (
            asked.index(path.quote_version) if path.quote_version in asked else len(asked)
        ),
    )
    ranked: dict[Question, int] = {}
    for path in paths:
        on = business_day(deal, now)
        waiting = {step.key for step in waiting_for(session, path, person, on)}
        for step in path.steps:
            question = Question(content_hash=path.content_hash, step=step.key)
            heard = {voice.person for voice in step.voices}
            theirs = person in {*step.people, *heard, step.decided_by}
            is_open = step.status in (StepStatus.ACTIVE, StepStatus.WAITING)
            rank = 0 if step.key in waiting else 1 if theirs and is_open else 2 if theirs else 3
            ranked.setdefault(question, rank)
    return sorted(ranked, key=lambda question: ranked[question])


def default_person(session: Session, deal: DealRow | None) -> str:
    """Return the mail address of the customer's first buyer, else of its first contact."""
    customer = customer_of(session, deal.customer) if deal else None
    return first_buyer(customer) if customer else ""


def first_buyer(customer: Customer) -> str:
    """Return the mail address of the first buyer, else of the first contact, else nothing."""
    buyers = [contact.email for contact in customer.contacts if contact.role == _BUYER]
    everybody = [contact.email for contact in customer.contacts]
    return next(iter([*buyers, *everybody]), "")


def decider(
    caller: Caller, kind: MessageKind, written: Mapping[str, Any], customer_contact: str
) -> str:
    """Return the person whose decision this is.

    An approver decides in person. A signature is the caller's own unless the signer's token from
    the mail comes with it. What the customer decides is recorded by the caller.
    Raises `NotPermittedError`.
    """
    named = str(written.get("person") or "")
    is_own = named in ("", caller.id)
    if kind.decision in _IN_PERSON:
        if not is_own:
            raise NotPermittedError(f"{named} has to {kind.name} in person, with their own token.")
        return caller.id
    if kind.decision is DecisionKind.SIGN:
        if not is_own and not written.get("token"):
            raise NotPermittedError(
                f"Add the token from the mail to {named}: only with it you can sign for them."
            )
        return named or caller.id
    return named or customer_contact


def proven(
    secret: bytes,
    deal: str,
    kind: MessageKind,
    written: Mapping[str, Any],
    person: str,
    question: Question,
) -> dict[str, Any]:
    """Return a decision's fields with person, step, content and token filled in.

    What the caller wrote stays as it is; the token is for what is then asked.
    """
    step = str(written.get("step") or question.step)
    content = str(written.get("content_hash") or question.content_hash)
    purpose = step if kind.decision in _BY_APPROVERS else str(kind.decision)
    made = decision_token(secret, deal, purpose, person, content)
    token = str(written.get("token") or made)
    filled = {"person": person, "content_hash": content, "token": token}
    return {**written, **filled, **({"step": step} if step else {})}
