"""Approval paths as they stand: the frozen path with every counted decision applied in order."""

from sqlmodel import Session, col, select

from models.approval import ApprovalPath, ApprovalStep, Ruling, StepStatus, replay
from models.tables import ApprovalPathRow, DecisionRow


def path_of(session: Session, deal: str, version: int) -> ApprovalPath | None:
    """Return the approval path of a quote version after all that was decided, or None."""
    row = session.exec(
        select(ApprovalPathRow).where(
            ApprovalPathRow.deal == deal, ApprovalPathRow.quote_version == version
        )
    ).first()
    return current_path(session, row) if row else None


def paths_of(session: Session, deal: str) -> tuple[ApprovalPath, ...]:
    """Return the approval paths of all quote versions of a deal, the newest first."""
    rows = session.exec(
        select(ApprovalPathRow)
        .where(ApprovalPathRow.deal == deal)
        .order_by(col(ApprovalPathRow.quote_version).desc())
    ).all()
    return tuple(current_path(session, row) for row in rows)


def current_path(session: Session, row: ApprovalPathRow) -> ApprovalPath:
    """Apply the decisions and escalations on record to a path as it was frozen."""
    statement = (
        select(DecisionRow)
        .where(DecisionRow.deal == row.deal, DecisionRow.quote_version == row.quote_version)
        .where(col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id))
    )
    fields = set(Ruling.model_fields)
    rulings = (Ruling(**entry.model_dump(include=fields)) for entry in session.exec(statement))
    return replay(ApprovalPath.model_validate_json(row.content), rulings)


def waiting_for(path: ApprovalPath, person: str) -> tuple[ApprovalStep, ...]:
    """Return the steps of a path that wait for a person now; a rejected path waits for nobody."""
    if any(step.status is StepStatus.REJECTED for step in path.steps):
        return ()
    return tuple(
        step for step in path.steps if step.status is StepStatus.ACTIVE and step.approver == person
    )


def is_approved(path: ApprovalPath | None) -> bool:
    """Whether no yes is missing."""
    return path is None or all(step.status is StepStatus.APPROVED for step in path.steps)
