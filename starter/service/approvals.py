"""Approval paths as they stand: the frozen path with every counted decision applied in order."""

from datetime import date, datetime

from sqlmodel import Session, col, select

from activities import approval_paths
from activities.register import delegations
from models import approval
from models.approval import ApprovalPath, ApprovalStep
from models.deal import local_date
from models.tables import ApprovalPathRow, DealRow


def path_of(session: Session, deal: str, version: int) -> ApprovalPath | None:
    """Return the approval path of a quote version after all that was decided, or None."""
    row = session.exec(
        select(ApprovalPathRow).where(
            ApprovalPathRow.deal == deal, ApprovalPathRow.quote_version == version
        )
    ).first()
    return approval_paths.current_path(session, deal, version) if row else None


def paths_of(session: Session, deal: str) -> tuple[ApprovalPath, ...]:
    """Return the approval paths of all quote versions of a deal, the newest first."""
    versions = session.exec(
        select(ApprovalPathRow.quote_version)
        .where(ApprovalPathRow.deal == deal)
        .order_by(col(ApprovalPathRow.quote_version).desc())
    ).all()
    return tuple(approval_paths.current_path(session, deal, version) for version in versions)


def business_day(deal: DealRow, now: datetime) -> date:
    """Return the deal's calendar day: that of its test clock, else of `now` where it is sold."""
    moment = deal.business_time if deal.test_clock and deal.business_time else now
    return local_date(moment, deal.time_zone)


def waiting_for(
    session: Session, path: ApprovalPath, person: str, on: date
) -> tuple[ApprovalStep, ...]:
    """Return the steps of a path that a person can decide now, also for whom they represent."""
    return approval.waiting_for(path, person, delegations(session), on)


def is_approved(path: ApprovalPath | None) -> bool:
    """Whether no yes is missing."""
    return path is None or approval.is_approved(path)
