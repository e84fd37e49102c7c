"""A counter that was taken: who said what they would say yes to has said yes to exactly that."""

import hashlib
import json
from collections.abc import Iterator

from sqlmodel import Session, col, select

from activities.approval_paths import current_path
from models.approval import (
    ApprovalPath,
    Ruling,
    RulingKind,
    approve_as_countered,
    is_countered,
)
from models.approval_counter import ApproverCounter, is_as_countered
from models.decisions import Channel, DecisionKind
from models.quoting import Quote
from models.steps import ReviseQuote
from models.tables import DecisionRow


def open_counter(session: Session, deal: str, version: int) -> DecisionRow | None:
    """Return the counter that stopped a version's path, or None if none did."""
    statement = (
        select(DecisionRow)
        .where(DecisionRow.deal == deal, DecisionRow.quote_version == version)
        .where(DecisionRow.kind == DecisionKind.COUNTER.value, col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id).desc())
    )
    row = session.exec(statement).first()
    stopped = row is not None and is_countered(current_path(session, deal, version))
    return row if stopped else None


def approve_what_was_countered(session: Session, step: ReviseQuote, quote: Quote) -> None:
    """Record a counter on the version before as its approver's yes to this one, if this is it.

    Whoever is barred from the new version (they made it, say) is asked as anybody else. One yes for
    each step they are asked in, under the version and the step, so that it counts once.
    """
    row = open_counter(session, step.deal, step.quote_version)
    if row is None or not is_as_countered(
        ApproverCounter.model_validate_json(row.counter), step.delta
    ):
        return
    path = current_path(session, quote.deal, quote.version)
    for ruling in _rulings(path, row):
        outcome = approve_as_countered(path, ruling)
        if outcome.refused_because is None:
            session.add(_decision(step, quote, row, (path, ruling)))
            path = outcome.path
    session.flush()


def _rulings(path: ApprovalPath, row: DecisionRow) -> Iterator[Ruling]:
    seat = row.on_behalf_of or row.person
    said = f"as countered on version {row.quote_version}: {row.reason}".rstrip(": ")
    for one in path.steps:
        if seat in one.people:
            yield Ruling(
                kind=RulingKind.AS_COUNTERED.value,
                step=one.key,
                person=row.person,
                content_hash=path.content_hash,
                reason=said,
                on_behalf_of=row.on_behalf_of,
            )


def _decision(
    step: ReviseQuote, quote: Quote, row: DecisionRow, given: tuple[ApprovalPath, Ruling]
) -> DecisionRow:
    path, ruling = given
    key = f"as-countered:{quote.deal}:{quote.version}:{ruling.step}:{row.person}"
    return DecisionRow(
        deal=quote.deal,
        quote_version=quote.version,
        kind=DecisionKind.APPROVE.value,
        step=ruling.step,
        person=row.person,
        actor=step.actor,
        on_behalf_of=row.on_behalf_of,
        content_hash=quote.content_hash,
        accepted=True,
        refused_because="",
        reason=ruling.reason,
        purchase_order="",
        policy_version=path.policy_version,
        facts=json.dumps({name: f"{value:f}" for name, value in sorted(path.facts.items())}),
        counter=row.counter,
        channel=Channel.AS_COUNTERED.value,
        assurance=row.assurance,
        command_id=key[:80],
        used=hashlib.sha256(key.encode()).hexdigest(),
        decided_at=step.at,
    )
