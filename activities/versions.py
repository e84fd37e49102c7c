"""Which quote versions of a deal count now: the one in force, and the alternatives beside it."""

from collections.abc import Mapping

from pydantic import Field
from sqlmodel import Session, col, select

from models.decisions import DecisionKind
from models.tables import DecisionRow, QuoteRow, RevisionRow
from models.value import Value


class Offer(Value):
    """The version in force (0: none yet) and the newest alternative of each label."""

    in_force: int = 0
    alternatives: Mapping[str, int] = Field(default_factory=dict)

    @property
    def versions(self) -> tuple[int, ...]:
        """The version in force, then the alternatives in the order in which they were made."""
        return (self.in_force, *sorted(self.alternatives.values())) if self.in_force else ()


def offer_of(session: Session, deal: str, term: int) -> Offer:
    """Return what is offered for a term, from the books alone.

    The newest version that is no alternative is in force, unless an alternative was accepted; a
    change of the version in force outdates the alternatives to the one before.
    """
    quotes = select(QuoteRow.version).where(QuoteRow.deal == deal, QuoteRow.term == term)
    versions = session.exec(quotes.order_by(col(QuoteRow.version))).all()
    beside = {
        row.quote_version: row
        for row in session.exec(
            select(RevisionRow).where(RevisionRow.deal == deal, RevisionRow.alternative != "")
        )
    }
    accepted = set(versions) & set(beside) & _accepted(session, deal)
    if accepted:
        return Offer(in_force=max(accepted))
    in_force = max((one for one in versions if one not in beside), default=0)
    return Offer(
        in_force=in_force,
        alternatives={
            beside[one].alternative: one
            for one in versions
            if one in beside and beside[one].base_version == in_force
        },
    )


def version_of(session: Session, deal: str, version: int = 0) -> QuoteRow | None:
    """Return a version of a deal's quotes, without one that in force in the newest term."""
    statement = select(QuoteRow).where(QuoteRow.deal == deal)
    if not version:
        newest = session.exec(statement.order_by(col(QuoteRow.version).desc())).first()
        version = offer_of(session, deal, newest.term).in_force if newest else 0
    return session.exec(statement.where(QuoteRow.version == version)).first()


def _accepted(session: Session, deal: str) -> set[int]:
    statement = select(DecisionRow.quote_version).where(
        DecisionRow.deal == deal,
        DecisionRow.kind == DecisionKind.ACCEPT.value,
        col(DecisionRow.accepted).is_(True),
    )
    return set(session.exec(statement).all())
