"""Milestones: events of a contract; once confirmed, parts of its schedules are billed."""

from collections.abc import Sequence

from sqlmodel import Session, col, select
from temporalio import activity

from activities.numbering import lock
from activities.ports import Office
from activities.signatures import CONFIRM_MILESTONE
from models.errors import RefusedError
from models.steps import ConfirmMilestone, MilestoneConfirmed
from models.tables import MilestoneRow, PlannedChargeRow
from models.written import nearest


class MilestoneActivities:
    """Records that milestones were reached."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=CONFIRM_MILESTONE.name, no_thread_cancel_exception=True)
    def confirm_milestone(self, step: ConfirmMilestone) -> MilestoneConfirmed:
        """Record the day a milestone was reached, so that its parts of the price are billed.

        Safe to retry: a milestone of a term is on record once, and the same command gets the same
        answer.
        """
        try:
            return self._office.books.write(lambda session: _confirm(session, step))
        except RefusedError as refused:
            return MilestoneConfirmed(refused_because=str(refused))


def _confirm(session: Session, step: ConfirmMilestone) -> MilestoneConfirmed:
    lock(session, f"deal:{step.deal}")
    known = _recorded(session, step.deal)
    for row in known:
        if row.command_id == step.command_id and step.command_id:
            return MilestoneConfirmed(milestone=row.name)
    reached_on = step.reached_on or step.on
    if reached_on > step.on:
        raise RefusedError(f"delivered_on: {reached_on} has not come yet")
    row = MilestoneRow(
        deal=step.deal,
        term=0,
        name=step.milestone,
        reached_on=reached_on,
        confirmed_at=step.at,
        actor=step.actor or "q2c",
        command_id=step.command_id,
    )
    row.term, row.name = _open_milestone(session, step, known)
    session.add(row)
    session.flush()
    return MilestoneConfirmed(milestone=row.name)


def _open_milestone(
    session: Session, step: ConfirmMilestone, known: Sequence[MilestoneRow]
) -> tuple[int, str]:
    """Return the earliest term in which a milestone of that name is still to be reached."""
    rows = session.exec(
        select(PlannedChargeRow)
        .where(PlannedChargeRow.deal == step.deal, PlannedChargeRow.milestone != "")
        .where(col(PlannedChargeRow.canceled_on).is_(None))
        .order_by(col(PlannedChargeRow.term), col(PlannedChargeRow.id))
    ).all()
    planned = dict.fromkeys((row.term, row.milestone) for row in rows)
    wanted = step.milestone.strip().casefold()
    named = [place for place in planned if place[1].casefold() == wanted]
    if not named:
        names = [name for _, name in planned]
        remedy = nearest(step.milestone, names) if names else "its contract has none"
        raise RefusedError(f"There is no milestone {step.milestone!r}: {remedy}")
    reached = {(row.term, row.name): row for row in known}
    for place in named:
        if place not in reached:
            return place
    on = reached[named[-1]].reached_on
    raise RefusedError(f"Milestone {named[-1][1]} was reached on {on} already")


def _recorded(session: Session, deal: str) -> Sequence[MilestoneRow]:
    return session.exec(select(MilestoneRow).where(MilestoneRow.deal == deal)).all()
