"""The seller's side of a negotiation: what the buyer would take, what it comes to, and the answer.

What a counter-offer comes to is computed when it is asked for, by the same steps as the revision
that accepting it would make; nothing is put on record.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session, col, select

from activities.approval_paths import needed_path
from activities.negotiation import (
    moment_of,
    newest_counter_offer,
    priced_as_offered,
    revised_draft,
)
from activities.pricing import file_of_version, handed_in, quote_version
from models.approval import ApprovalStep, StepStatus
from models.deal import Stage, local_date
from models.errors import InvalidInputError, NotFoundError, ParkedError
from models.money import Money
from models.negotiation import described
from models.parties import Person
from models.revision import QuoteDelta
from models.steps import DealStep
from models.tables import CommentRow, CounterOfferRow, DealRow
from models.value import Value
from starter.service.reports import deal_row
from starter.service.versions import offer_of


class CounterOfferEntry(Value):
    """A counter-offer that waits for an answer, with what it would come to.

    `total` and `approvals` are those of the version that accepting it would make; `approvals` are
    the steps somebody would have to approve anew. `problems` say why it cannot be made any more.
    """

    deal: str
    number: int
    quote: str
    person: str
    wishes: tuple[str, ...]
    reason: str
    offered_at: datetime
    total_now: Money
    total: Money | None = None
    approvals: tuple[ApprovalStep, ...] = ()
    problems: str = ""


class CommentEntry(Value):
    """A comment on record; `origin` says which side wrote it."""

    number: int
    quote_version: int
    origin: str
    person: str
    text: str
    written_at: datetime


class Comments(Value):
    """All comments on a deal, oldest first."""

    items: tuple[CommentEntry, ...]


def counter_offer(session: Session, number: str, now: datetime) -> CounterOfferEntry:
    """Return the counter-offer of a deal that waits for an answer; raises `NotFoundError`."""
    deal = deal_row(session, number)
    row = waiting_counter_offer(session, deal)
    if row is None:
        raise NotFoundError(f"No counter-offer to deal {number} waits for an answer.")
    return _entry(session, deal, row, now)


def counter_offers_for(
    session: Session, person: Person, now: datetime
) -> Iterator[tuple[DealRow, CounterOfferEntry]]:
    """Yield the counter-offers that wait for a seller, by deal."""
    statement = select(DealRow).where(
        DealRow.seller == person.id, DealRow.stage == Stage.ACCEPT.value, DealRow.outcome == ""
    )
    for deal in session.exec(statement.order_by(col(DealRow.number))).all():
        row = waiting_counter_offer(session, deal)
        if row is not None:
            yield deal, _entry(session, deal, row, now)


def waiting_counter_offer(session: Session, deal: DealRow) -> CounterOfferRow | None:
    """Return the counter-offer to the version in force that nobody has answered, or None."""
    version = offer_of(session, deal.number, deal.term).in_force
    return newest_counter_offer(session, deal.number, version) if version else None


def comments(session: Session, number: str) -> Comments:
    """Return what was written on a deal; raises `NotFoundError`."""
    deal_row(session, number)
    rows = session.exec(
        select(CommentRow).where(CommentRow.deal == number).order_by(col(CommentRow.number))
    ).all()
    return Comments(items=tuple(CommentEntry.model_validate(row.model_dump()) for row in rows))


def _entry(
    session: Session, deal: DealRow, row: CounterOfferRow, now: datetime
) -> CounterOfferEntry:
    base = quote_version(session, deal.number, row.base_version)
    delta = QuoteDelta.model_validate_json(row.delta)
    file, _ = file_of_version(session, deal.number, row.base_version)
    entry = CounterOfferEntry(
        deal=deal.number,
        number=row.number,
        quote=base.number,
        person=row.person,
        wishes=described(file, delta),
        reason=row.reason,
        offered_at=row.offered_at,
        total_now=base.total,
    )
    at = moment_of(session, deal.number, now)
    on = local_date(at, deal.time_zone)
    step = DealStep(deal=deal.number, term=deal.term, at=at, on=on)
    try:
        quote = priced_as_offered(session, step, base, delta)
        draft = revised_draft(session, step, base, delta)
        handed, catalog = handed_in(step, draft), draft.price_list.catalog
        path = needed_path(session, quote, catalog, handed, draft.previous)
    except (InvalidInputError, ParkedError) as error:
        return entry.model_copy(update={"problems": str(error)})
    asked = tuple(one for one in path.steps if one.status is not StepStatus.APPROVED)
    return entry.model_copy(update={"total": quote.total, "approvals": asked})


def summary_of(entry: CounterOfferEntry) -> str:
    """Return a counter-offer in one sentence, for the inbox."""
    said = f"{entry.person} asks for {'; '.join(entry.wishes)}"
    if entry.total is None:
        return f"{said}; it cannot be made: {entry.problems}"
    names = ", ".join(dict.fromkeys(step.approver for step in entry.approvals))
    needs = f"needs the approval of {names}" if names else "needs no further approval"
    return f"{said}; {entry.total} instead of {entry.total_now}; {needs}"
