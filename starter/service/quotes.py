"""Quotes as the doors read them: versions and what led to them, one whole, two compared, a copy."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from models.approval import is_rejected
from models.deal import Stage
from models.deal_file import DealFile
from models.deal_template import cloned
from models.decisions import DecisionKind
from models.errors import InvalidInputError, NotFoundError, Problem
from models.money import Money
from models.quote_diff import QuoteDiff, diff_quotes
from models.quoting import Quote
from models.tables import DealFileRow, DealRow, DecisionRow, QuoteRow, RevisionRow
from models.value import Value
from starter.service.approvals import is_approved, path_of
from starter.service.register import customer_of
from starter.service.reports import deal_row
from starter.service.versions import Offer, offer_of, version_of

_YES = (DecisionKind.ACCEPT.value, DecisionKind.RENEW.value)


class VersionStatus(StrEnum):
    """Where a quote version stands."""

    IN_APPROVAL = "in approval"
    OFFERED = "offered"
    ALTERNATIVE = "alternative"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    OUTDATED = "outdated"
    ENDED = "ended"


class QuoteVersion(Value):
    """One version of a deal's quote, and the change that made it out of the one before."""

    number: str
    version: int
    term: int
    status: VersionStatus
    currency: str
    total_minor: int
    quoted_on: date
    valid_until: date
    content_hash: str
    alternative: str = ""
    base_version: int | None = None
    origin: str = ""
    by: str = ""
    reason: str = ""
    revised_at: datetime | None = None


class QuoteVersions(Value):
    """All versions of a deal's quotes, the oldest first."""

    deal: str
    items: tuple[QuoteVersion, ...]


class OfferedQuote(Value):
    """One of the versions a customer may choose from; `label` is empty for the primary."""

    label: str
    primary: bool
    version: QuoteVersion
    list_total: Money
    total: Money
    one_time: Money
    arr: Money
    lines: int


class SideBySide(Value):
    """The primary and its alternatives with their totals."""

    deal: str
    items: tuple[OfferedQuote, ...]


class QuoteDetail(Value):
    """One version whole, and the deal file it was made from."""

    version: QuoteVersion
    quote: Quote
    file: DealFile


class Copy(Value):
    """A deal file to begin another deal with, as it would be written."""

    file: Mapping[str, Any]


def versions(session: Session, deal: str) -> QuoteVersions:
    """Return every version of a deal's quotes; raises `NotFoundError`."""
    row = deal_row(session, deal)
    quotes = session.exec(
        select(QuoteRow).where(QuoteRow.deal == deal).order_by(col(QuoteRow.version))
    ).all()
    offers = {quote.term: offer_of(session, deal, quote.term) for quote in quotes}
    accepted = _accepted(session, deal)
    changes = {
        one.quote_version: one
        for one in session.exec(select(RevisionRow).where(RevisionRow.deal == deal))
    }
    found = []
    for quote in quotes:
        status = _status(session, row, quote, offers, accepted)
        found.append(_version(quote, status, changes.get(quote.version)))
    return QuoteVersions(deal=deal, items=tuple(found))


def _accepted(session: Session, deal: str) -> frozenset[int]:
    statement = select(DecisionRow.quote_version).where(
        DecisionRow.deal == deal,
        col(DecisionRow.accepted).is_(True),
        col(DecisionRow.kind).in_(_YES),
    )
    return frozenset(session.exec(statement).all())


def _status(
    session: Session,
    deal: DealRow,
    quote: QuoteRow,
    offers: Mapping[int, Offer],
    accepted: frozenset[int],
) -> VersionStatus:
    if quote.version in accepted:
        return VersionStatus.ACCEPTED
    if quote.version not in offers[quote.term].versions:
        return VersionStatus.OUTDATED
    if deal.outcome or deal.closed_at is not None:
        return VersionStatus.ENDED
    if quote.version != offers[quote.term].in_force:
        path = path_of(session, quote.deal, quote.version)
        if path is not None and is_rejected(path):
            return VersionStatus.REJECTED
        return VersionStatus.ALTERNATIVE if is_approved(path) else VersionStatus.IN_APPROVAL
    asking = (Stage.PRICE.value, Stage.QUOTE.value, Stage.APPROVE.value)
    return VersionStatus.IN_APPROVAL if deal.stage in asking else VersionStatus.OFFERED


def _version(quote: QuoteRow, status: VersionStatus, change: RevisionRow | None) -> QuoteVersion:
    made = (
        {
            "base_version": change.base_version,
            "alternative": change.alternative,
            "origin": change.origin,
            "by": change.person or change.actor,
            "reason": change.reason,
            "revised_at": change.revised_at,
        }
        if change
        else {}
    )
    kept = quote.model_dump(include=set(QuoteVersion.model_fields))
    return QuoteVersion.model_validate({**kept, "status": status, **made})


def detail(session: Session, reference: str) -> QuoteDetail:
    """Return a version by its number, or that in force of a deal; raises `NotFoundError`."""
    row = _row(session, reference)
    (version,) = [one for one in versions(session, row.deal).items if one.version == row.version]
    return QuoteDetail(
        version=version, quote=Quote.model_validate_json(row.content), file=_file(session, row)
    )


def side_by_side(session: Session, deal: str) -> SideBySide:
    """Return what the customer may choose from; raises `NotFoundError`."""
    row = deal_row(session, deal)
    listed = {one.version: one for one in versions(session, deal).items}
    found: list[OfferedQuote] = []
    for version in offer_of(session, deal, row.term).versions:
        known = listed[version]
        quote = Quote.model_validate_json(_row(session, known.number).content)
        found.append(
            OfferedQuote(
                label=known.alternative,
                primary=not found,
                version=known,
                lines=len(quote.firm),
                **quote.model_dump(include={"list_total", "total", "one_time", "arr"}),
            )
        )
    return SideBySide(deal=deal, items=tuple(found))


def diff(session: Session, before: str, after: str) -> QuoteDiff:
    """Return what differs between two versions, of one deal or of two; raises `NotFoundError`."""
    one, other = _row(session, before), _row(session, after)
    return diff_quotes(
        Quote.model_validate_json(one.content), Quote.model_validate_json(other.content)
    )


def copy(session: Session, reference: str, customer: str) -> Copy:
    """Return the deal file of a version for another deal, and maybe another customer.

    Raises `NotFoundError` for the version, `InvalidInputError` for the customer.
    """
    row = _row(session, reference)
    if customer and customer_of(session, customer) is None:
        reason, remedy = f"there is no customer {customer} on record", "see `q2c customer list`"
        raise InvalidInputError([Problem(field="customer", reason=reason, remedy=remedy)])
    return Copy(file=cloned(_file(session, row), customer))


def file_of(session: Session, reference: str) -> DealFile:
    """Return the deal file a version was made from; raises `NotFoundError`."""
    return _file(session, _row(session, reference))


def _row(session: Session, reference: str) -> QuoteRow:
    row = session.get(QuoteRow, reference)
    if row is None:
        row = version_of(session, reference)
    if row is None:
        raise NotFoundError(f"There is no quote {reference}, and no deal {reference} with one.")
    return row


def _file(session: Session, row: QuoteRow) -> DealFile:
    statement = select(DealFileRow).where(
        DealFileRow.deal == row.deal,
        DealFileRow.term == row.term,
        DealFileRow.revision == row.file_revision,
    )
    return DealFile.model_validate_json(session.exec(statement).one().content)
