"""Progress: the deal's row, audit trail and answered commands, kept up to date by the deal."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import sqlite
from sqlmodel import Session, SQLModel, select
from temporalio import activity

from activities.accounts import account_of
from activities.ports import Office
from activities.promotions import PromotionUses
from activities.signatures import CLOSE_DEAL, RECORD_PROGRESS
from models.steps import Account, CloseDeal, Progress, Recorded
from models.tables import AuditRow, CommandRow, ContractRow, DealRow


class ProgressActivities:
    """Lets the books tell where every deal is, with no worker running."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=RECORD_PROGRESS.name, no_thread_cancel_exception=True)
    def record_progress(self, progress: Progress) -> Recorded:
        """Write where a deal is, with the audit entries and answers not written yet.

        Safe to retry: entries are numbered and answers keyed; what is on record is left alone.
        """

        def record(session: Session) -> Recorded:
            row = session.get(DealRow, progress.deal)
            if row is not None:
                _update(row, progress)
                _append_audit(session, progress)
                self._append_answers(session, progress)
            return Recorded()

        return self._office.books.write(record)

    def _append_answers(self, session: Session, progress: Progress) -> None:
        rows = [
            {
                "deal": progress.deal,
                "command_id": answered.command_id,
                "name": answered.name,
                "request_hash": answered.request_hash,
                "accepted": answered.answer.accepted,
                "answer": answered.answer.model_dump_json(),
                "answered_at": self._office.wall_clock(),
            }
            for answered in progress.answers
        ]
        _append(session, CommandRow, rows, renewed=("accepted", "answer"))

    @activity.defn(name=CLOSE_DEAL.name, no_thread_cancel_exception=True)
    def close_deal(self, step: CloseDeal) -> Account:
        """Mark a deal as ended and return what is left open on it.

        A deal that never came to a contract gives back the promotions its quote had reserved.

        Safe to retry: it sets the same outcome again.
        """

        def close(session: Session) -> Account:
            row = session.get_one(DealRow, step.deal)
            row.outcome = step.outcome
            row.closed_at = row.closed_at or step.at
            if not _has_contract(session, step.deal):
                PromotionUses(session, step.deal, step.on, step.at).restore()
            return account_of(session, step.deal, step.on)

        return self._office.books.write(close)


def _has_contract(session: Session, deal: str) -> bool:
    return session.exec(select(ContractRow.id).where(ContractRow.deal == deal)).first() is not None


def _update(row: DealRow, progress: Progress) -> None:
    row.stage = progress.stage.value
    row.outcome = progress.outcome
    row.term = progress.term
    row.on_hold = progress.on_hold
    row.next_action = progress.next_action
    row.next_action_at = progress.next_action_at
    row.business_time = progress.business_time
    row.balance_minor = progress.balance_minor


def _append_audit(session: Session, progress: Progress) -> None:
    rows = [{"deal": progress.deal, **entry.model_dump()} for entry in progress.audit]
    _append(session, AuditRow, rows)


def _append(
    session: Session,
    table: type[SQLModel],
    rows: Sequence[Mapping[str, Any]],
    renewed: Sequence[str] = (),
) -> None:
    """Add rows in one statement; of one that is there already only the `renewed` columns change."""
    if not rows:
        return
    statement = _insert(session)(table)
    if renewed:
        new = {name: statement.excluded[name] for name in renewed}
        statement = statement.on_conflict_do_update(index_elements=["deal", "command_id"], set_=new)
    else:
        statement = statement.on_conflict_do_nothing()
    session.connection().execute(statement, [dict(row) for row in rows])


def _insert(session: Session) -> Any:
    """Return the INSERT of the session's database that knows what to do about a known row."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - slow, and SQLite needs none

        return postgresql.insert
    return sqlite.insert
