"""Counters: what an approver would say yes to, as the change of the quote that offers it."""

from typing import Any

from sqlmodel import Session, col, select

from models.approval import is_countered
from models.approval_counter import ApproverCounter, revision_of
from models.decisions import DecisionKind
from models.errors import NotFoundError
from models.tables import DecisionRow
from models.value import Value
from starter.service.approvals import path_of


class Revision(Value):
    """The body of a message that revises a quote as an approver countered.

    `delta` is the change, `base_hash` the content it was proposed for and `reason` who proposed it
    with which words.
    """

    delta: dict[str, Any]
    base_hash: str
    reason: str


def revision_for_counter(session: Session, deal: str) -> Revision:
    """Return the body of the message that revises a quote as its newest counter proposes.

    Raises `NotFoundError` if no counter is open: none was made, the quote was
    handed in again, or its approvers decided otherwise.
    """
    statement = (
        select(DecisionRow)
        .where(DecisionRow.deal == deal, DecisionRow.kind == DecisionKind.COUNTER.value)
        .where(col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id).desc())
    )
    row = session.exec(statement).first()
    path = path_of(session, deal, row.quote_version) if row else None
    if row is None or path is None or not is_countered(path):
        raise NotFoundError(f"No counter is open on deal {deal}.")
    said = f": {row.reason}" if row.reason else ""
    reason = f"{row.person} would approve it{said}"
    counter = ApproverCounter.model_validate_json(row.counter)
    delta = revision_of(counter, reason)
    return Revision(delta=delta, base_hash=row.content_hash, reason=reason)
