"""Everything the system waits for from one person, each with the command that settles it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field
from sqlmodel import Session, col, func, select

from activities.approval import open_override
from activities.register import delegations
from models.approval import (
    ApprovalPath,
    ApprovalStep,
    is_countered,
    is_rejected,
    reasons_asked,
)
from models.approval_counter import ApproverCounter
from models.contract import customer_signer, our_signer
from models.deal import Stage
from models.decisions import DecisionKind
from models.delegation import represented_by
from models.parties import Person, Role
from models.steps import RegisterKind
from models.tables import AuditRow, DealRow, DecisionRow, QuoteRow
from models.value import Value
from starter.service.approvals import business_day, is_approved, path_of, waiting_for
from starter.service.cases import waiting_cases
from starter.service.decisions import default_person
from starter.service.negotiation import counter_offers_for, summary_of
from starter.service.register import all_latest, customer_of
from starter.service.versions import offer_of
from starter.service.waiting import HoldEntry, holds_in

_ON_RENEWAL = (DecisionKind.RENEW.value, DecisionKind.DECLINE.value)


class Asked(Value):
    """One decision that is waited for: `command` gives it, and so does a POST to `path`."""

    deal: str
    kind: str
    step: str = ""
    customer: str
    total_minor: int
    currency: str
    reason: str
    since: datetime | None = None
    command: str
    path: str
    body: Mapping[str, Any] = Field(default_factory=dict)


class Inbox(Value):
    """Everything that waits for the caller, by deal."""

    items: tuple[Asked, ...]
    next: str | None = None


def inbox(session: Session, person: Person, now: datetime) -> Inbox:
    """Return what waits for a person, also for whom they represent at that moment.

    `now` is also when a counter-offer would be accepted.
    """
    if Role.PARTNER in person.roles:
        return Inbox(items=tuple(_counter_offers(session, person, now)))
    found = [
        *_approvals(session, person, now),
        *_cases(session, person, now),
        *_stopped(session, person),
        *_reviews(session, person),
        *_acceptances(session, person),
        *_counter_offers(session, person, now),
        *_signatures(session, person),
        *_renewals(session, person),
        *_holds(session, person),
    ]
    return Inbox(items=tuple(sorted(found, key=lambda asked: (asked.deal, asked.kind))))


def _open_deals(session: Session, *stages: Stage) -> list[DealRow]:
    statement = (
        select(DealRow)
        .where(col(DealRow.closed_at).is_(None), DealRow.outcome == "")
        .where(col(DealRow.stage).in_([stage.value for stage in stages]))
    )
    return list(session.exec(statement.order_by(col(DealRow.number))).all())


def _quote(session: Session, deal: DealRow, term: int) -> QuoteRow | None:
    """Return the quote version of a term that is in force, or None."""
    return _version(session, deal, offer_of(session, deal.number, term).in_force)


def _version(session: Session, deal: DealRow, version: int) -> QuoteRow | None:
    statement = select(QuoteRow).where(QuoteRow.deal == deal.number, QuoteRow.version == version)
    return session.exec(statement).first()


def _asked_now(session: Session, deal: DealRow, term: int) -> QuoteRow | None:
    """Return the version whose approvals are asked for: the first that is not approved."""
    for version in offer_of(session, deal.number, term).versions:
        path = path_of(session, deal.number, version)
        if path is not None and not is_approved(path) and not is_rejected(path):
            return _version(session, deal, version)
    return None


def _approvals(session: Session, person: Person, now: datetime) -> Iterator[Asked]:
    if Role.APPROVER not in person.roles:
        return
    for deal in _open_deals(session, Stage.APPROVE, Stage.LIVE):
        quote, path = _on_approval(session, deal)
        if quote is None or path is None:
            continue
        on = business_day(deal, now)
        absent = represented_by(person.id, delegations(session), on)
        for step in waiting_for(session, path, person.id, on):
            whole = step.model_copy(update={"reasons": reasons_asked(path, step)})
            yield _step(session, deal, quote, whole, (person.id, absent))


def _cases(session: Session, person: Person, now: datetime) -> Iterator[Asked]:
    """Yield what waits for a person beside quotes: write-offs, refunds and the like."""
    for case, step in waiting_cases(session, person, now):
        yield Asked(
            deal=case.deal,
            kind=case.subject,
            step=step.key,
            customer=case.customer,
            total_minor=case.amount_minor,
            currency=case.currency,
            reason=f"{case.title}: {'; '.join(step.reasons)}",
            since=case.asked_at,
            command=f"q2c approval approve {case.number} --step {step.key}",
            path=f"/v1/approvals/{case.number}/approve",
            body={"step": step.key},
        )


def _on_approval(session: Session, deal: DealRow) -> tuple[QuoteRow | None, ApprovalPath | None]:
    """Return the quote of a deal that may wait for approvals, with its path as it stands."""
    term = deal.term if deal.stage == Stage.APPROVE.value else deal.term + 1
    quote = _asked_now(session, deal, term) or _quote(session, deal, term)
    return quote, path_of(session, deal.number, quote.version) if quote else None


def _step(
    session: Session,
    deal: DealRow,
    quote: QuoteRow,
    step: ApprovalStep,
    asked: tuple[str, Sequence[str]],
) -> Asked:
    person, represented = asked
    absent = [one for one in step.undecided if one in represented]
    instead = f" (for {', '.join(absent)})" if person not in step.undecided else ""
    return Asked(
        deal=deal.number,
        kind="approve",
        step=step.key,
        customer=deal.customer,
        total_minor=quote.total_minor,
        currency=quote.currency,
        reason="; ".join(step.reasons) + instead,
        since=_since(session, deal),
        command=f"q2c approve {deal.number} --step {step.key}",
        path=f"/v1/deals/{deal.number}/messages/approve",
        body={"step": step.key},
    )


def _stopped(session: Session, person: Person) -> Iterator[Asked]:
    """Yield the quotes of a seller that were recalled, or answered by a counter."""
    if Role.SALES not in person.roles:
        return
    for deal in _open_deals(session, Stage.APPROVE, Stage.LIVE):
        quote, path = _on_approval(session, deal) if deal.seller == person.id else (None, None)
        if quote is None or path is None:
            continue
        if path.recalled or is_countered(path):
            yield _asked(
                session,
                deal,
                quote,
                kind="resubmit",
                reason="you recalled it" if path.recalled else _countered(session, quote),
                command=(
                    f"q2c resubmit {deal.number}"
                    if path.recalled
                    else f"q2c quote revise {deal.number} --as-countered"
                ),
            )


def _countered(session: Session, quote: QuoteRow) -> str:
    """Return what an approver would say yes to instead."""
    statement = (
        select(DecisionRow)
        .where(DecisionRow.deal == quote.deal, DecisionRow.quote_version == quote.version)
        .where(DecisionRow.kind == DecisionKind.COUNTER.value, col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id).desc())
    )
    row = session.exec(statement).first()
    said = ApproverCounter.model_validate_json(row.counter) if row else ApproverCounter()
    return f"{row.person} would approve {said}" if row else ""


def _reviews(session: Session, person: Person) -> Iterator[Asked]:
    """Yield the overrides that passed an approver over and nobody has reviewed."""
    if Role.APPROVER not in person.roles:
        return
    overridden = select(DecisionRow.deal).where(
        DecisionRow.kind == DecisionKind.OVERRIDE.value, col(DecisionRow.accepted).is_(True)
    )
    for number in sorted(set(session.exec(overridden))):
        deal, found = session.get_one(DealRow, number), open_override(session, number)
        path = path_of(session, number, found.quote_version) if found else None
        if found is None or path is None or deal.closed_at is not None:
            continue
        passed_over = {one for step in path.steps if step.overridden for one in step.people}
        if person.id in passed_over - {found.person}:
            yield _review(session, deal, found)


def _review(session: Session, deal: DealRow, found: DecisionRow) -> Asked:
    statement = select(QuoteRow).where(
        QuoteRow.deal == deal.number, QuoteRow.version == found.quote_version
    )
    return _asked(
        session,
        deal,
        session.exec(statement).one(),
        kind="review",
        reason=f"{found.person} approved for you in an emergency: {found.reason}",
        command=f"q2c review {deal.number} --reason FINDING",
        body={"reason": "FINDING"},
    )


def _acceptances(session: Session, person: Person) -> Iterator[Asked]:
    for deal in _of_seller(session, person, Stage.ACCEPT):
        quote = _quote(session, deal, deal.term)
        if quote is None:
            continue
        contact = default_person(session, deal)
        yield _asked(
            session,
            deal,
            quote,
            kind="accept_quote",
            reason=f"quote {quote.number} can be accepted until {quote.valid_until}",
            command=f"q2c accept {deal.number}" + (f" --person {contact}" if contact else ""),
            body={"person": contact} if contact else {},
        )


def _counter_offers(session: Session, person: Person, now: datetime) -> Iterator[Asked]:
    for deal, entry in counter_offers_for(session, person, now):
        yield Asked(
            deal=deal.number,
            kind="answer_counter_offer",
            step=str(entry.number),
            customer=deal.customer,
            total_minor=(entry.total or entry.total_now).minor,
            currency=deal.currency,
            reason=summary_of(entry),
            since=entry.offered_at,
            command=f"q2c counter-offer accept {deal.number}",
            path=f"/v1/deals/{deal.number}/messages/answer_counter_offer",
            body={"answer": "accept", "counter": entry.number},
        )


def _of_seller(session: Session, person: Person, stage: Stage) -> list[DealRow]:
    if Role.SALES not in person.roles:
        return []
    return [deal for deal in _open_deals(session, stage) if deal.seller == person.id]


def _signatures(session: Session, person: Person) -> Iterator[Asked]:
    """Yield the contracts our signer has not signed; to the seller those the customer has not."""
    for deal in _open_deals(session, Stage.CONTRACT):
        quote = _quote(session, deal, deal.term)
        if quote is None:
            continue
        signed = _signed_by(session, quote)
        if _our_signer(session, deal) == person.id and person.id not in signed:
            yield _asked(
                session,
                deal,
                quote,
                kind="contract_signed",
                reason="your signature is missing",
                command=f"q2c sign {deal.number}",
            )
        signer = _customer_signer(session, deal)
        if deal.seller == person.id and signer and signer not in signed:
            yield _asked(
                session,
                deal,
                quote,
                kind="contract_signed",
                reason=f"the signature of {signer} is missing; it needs the token from their mail",
                command=f"q2c sign {deal.number} --person {signer} --token TOKEN",
                body={"person": signer, "token": "TOKEN"},
            )


def _our_signer(session: Session, deal: DealRow) -> str:
    rows = all_latest(session, RegisterKind.PERSON)
    people = [Person.model_validate_json(row.content) for row in rows]
    return our_signer(people, deal.seller)


def _customer_signer(session: Session, deal: DealRow) -> str:
    customer = customer_of(session, deal.customer)
    return customer_signer(customer.contacts if customer else ())


def _signed_by(session: Session, quote: QuoteRow) -> set[str]:
    statement = select(DecisionRow.person).where(
        DecisionRow.deal == quote.deal,
        DecisionRow.quote_version == quote.version,
        DecisionRow.kind == DecisionKind.SIGN.value,
        col(DecisionRow.accepted).is_(True),
    )
    return set(session.exec(statement).all())


def _renewals(session: Session, person: Person) -> Iterator[Asked]:
    for deal in _of_seller(session, person, Stage.LIVE):
        quote = _quote(session, deal, deal.term + 1)
        if quote is None or _is_decided(session, quote):
            continue
        if not is_approved(path_of(session, deal.number, quote.version)):
            continue
        yield _asked(
            session,
            deal,
            quote,
            kind="renew",
            reason=f"renewal quote {quote.number} for term {quote.term} is undecided",
            command=f"q2c renew {deal.number}",
        )


def _is_decided(session: Session, quote: QuoteRow) -> bool:
    statement = select(DecisionRow.id).where(
        DecisionRow.deal == quote.deal,
        DecisionRow.quote_version == quote.version,
        col(DecisionRow.kind).in_(_ON_RENEWAL),
        col(DecisionRow.accepted).is_(True),
    )
    return session.exec(statement).first() is not None


def _holds(session: Session, person: Person) -> Iterator[Asked]:
    """Yield what is parked: questions for finance and operators, failures for operators."""
    roles = set(person.roles)
    if not roles & {Role.FINANCE, Role.OPERATOR}:
        return
    statement = select(DealRow).where(col(DealRow.on_hold) != "", col(DealRow.closed_at).is_(None))
    for deal in session.exec(statement.order_by(col(DealRow.number))).all():
        for hold in holds_in(deal.on_hold):
            if hold.answers or Role.OPERATOR in roles:
                yield _parked(session, deal, hold)


def _parked(session: Session, deal: DealRow, hold: HoldEntry) -> Asked:
    name = "resolve" if hold.answers else "retry"
    answer = f" --answer '{'|'.join(hold.answers)}'" if hold.answers else ""
    return Asked(
        deal=deal.number,
        kind=name,
        step=hold.key,
        customer=deal.customer,
        total_minor=deal.total_minor,
        currency=deal.currency,
        reason=hold.reason,
        since=_since(session, deal),
        command=f"q2c deal {name} {deal.number} --item {hold.key}{answer}",
        path=f"/v1/deals/{deal.number}/messages/{name}",
        body={"item": hold.key, **({"answer": hold.answers[0]} if hold.answers else {})},
    )


def _asked(  # noqa: PLR0913 - one entry has these facts
    session: Session,
    deal: DealRow,
    quote: QuoteRow,
    *,
    kind: str,
    reason: str,
    command: str,
    body: dict[str, Any] | None = None,
) -> Asked:
    return Asked(
        deal=deal.number,
        kind=kind,
        customer=deal.customer,
        total_minor=quote.total_minor,
        currency=quote.currency,
        reason=reason,
        since=_since(session, deal),
        command=command,
        path=f"/v1/deals/{deal.number}/messages/{kind}",
        body=body or {},
    )


def _since(session: Session, deal: DealRow) -> datetime | None:
    """Return when the deal last entered a stage or was parked: since then it waits."""
    statement = select(func.max(AuditRow.at)).where(
        AuditRow.deal == deal.number, col(AuditRow.what).in_(("stage", "parked"))
    )
    moment: datetime | None = session.exec(statement).one()
    return moment
