"""Approval paths on record: frozen when a version is handed in, and as they stand after decisions.

Whoever made a quote, set its prices, or decides for its seller is found here, in the books, and
handed to the rules, which bar them.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date

from sqlmodel import Session, col, select

from activities.register import (
    approval_policy,
    customer_of,
    delegations,
    latest,
    people,
)
from models.approval import (
    ApprovalPath,
    ApprovalRequest,
    Barred,
    Ruling,
    RulingKind,
    build_path,
    replay,
)
from models.approval_quote import Asked, quote_facts, quote_lines
from models.catalog import Catalog
from models.deal_file import Discount
from models.decisions import Channel
from models.quoting import Quote
from models.register import HOUSE
from models.steps import RegisterKind
from models.tables import ApprovalPathRow, DecisionRow, QuoteRow, RegisterRow
from models.value import Value
from models.waterfall import WaterfallStep


class Handed(Value):
    """What is known of a quote version besides itself when it is handed in for approval.

    `creator` is who asked for this version, if that was not its seller.
    """

    on: date
    creator: str = ""
    header_discount: Discount | None = None


def submit(
    session: Session,
    quote: Quote,
    catalog: Catalog,
    handed: Handed,
    previous: ApprovalPath | None = None,
) -> ApprovalPath:
    """Freeze the approval path of a quote version; what still holds of `previous` is kept.

    Without `previous` that is the path, as it stands, of the version before in the same term.
    Raises `ParkedError` if for some step there is nobody who may decide.
    """
    path = needed_path(session, quote, catalog, handed, previous)
    session.add(
        ApprovalPathRow(
            deal=quote.deal,
            quote_version=quote.version,
            policy_version=path.policy_version,
            content=path.model_dump_json(),
        )
    )
    session.flush()
    return path


def needed_path(
    session: Session,
    quote: Quote,
    catalog: Catalog,
    handed: Handed,
    previous: ApprovalPath | None = None,
) -> ApprovalPath:
    """Return the approvals `submit` would freeze for a quote version; nothing is put on record."""
    request = request_for(session, quote, catalog, handed)
    before = previous or _path_before(session, quote)
    return build_path(approval_policy(session), request, people(session), before)


def request_for(
    session: Session, quote: Quote, catalog: Catalog, handed: Handed
) -> ApprovalRequest:
    """Return what is handed in for a quote: its facts, and everybody who may not decide on it."""
    customer = customer_of(session, quote.customer)
    asked = Asked(handed.header_discount, customer.payment_terms_days)
    return ApprovalRequest(
        seller=quote.seller,
        currency=quote.currency,
        quote_version=quote.version,
        content_hash=quote.content_hash,
        facts=quote_facts(quote, asked),
        lines=quote_lines(quote, catalog),
        barred=tuple(_barred(session, quote, handed.creator)),
        delegations=delegations(session),
        on=handed.on,
    )


def path_of(session: Session, deal: str, version: int) -> ApprovalPath:
    """Return the approval path of a quote version as it was frozen when it was handed in."""
    statement = select(ApprovalPathRow).where(
        ApprovalPathRow.deal == deal, ApprovalPathRow.quote_version == version
    )
    return ApprovalPath.model_validate_json(session.exec(statement).one().content)


def current_path(session: Session, deal: str, version: int) -> ApprovalPath:
    """Return the approval path of a quote version after everything decided on it so far."""
    statement = (
        select(DecisionRow)
        .where(DecisionRow.deal == deal, DecisionRow.quote_version == version)
        .where(col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id))
    )
    rulings = (ruling_of(row) for row in session.exec(statement))
    return replay(path_of(session, deal, version), rulings)


def ruling_of(row: DecisionRow) -> Ruling:
    """Return what a decision on record does to its path; a counter's yes needs no turn."""
    ruling = Ruling(**row.model_dump(include=set(Ruling.model_fields)))
    if row.channel == Channel.AS_COUNTERED.value:
        return ruling.model_copy(update={"kind": RulingKind.AS_COUNTERED.value})
    return ruling


def _path_before(session: Session, quote: Quote) -> ApprovalPath | None:
    """Return the path of the version before, as it stands, if it was of the same term."""
    statement = (
        select(QuoteRow.version)
        .where(QuoteRow.deal == quote.deal, QuoteRow.term == quote.term)
        .where(QuoteRow.version < quote.version)
        .order_by(col(QuoteRow.version).desc())
    )
    version = session.exec(statement).first()
    return None if version is None else current_path(session, quote.deal, version)


def _barred(session: Session, quote: Quote, creator: str) -> Iterator[Barred]:
    if creator and creator != quote.seller:
        yield Barred(person=creator, reason="made this version of the quote")
    for editor in _editors(session, quote.catalog_version):
        reason = f"set its prices (catalogue {quote.catalog_version})"
        yield Barred(person=editor, reason=reason)
    if any(True for line in quote.lines for _ in line.steps_of(WaterfallStep.CONTRACTED)):
        own = latest(session, RegisterKind.CUSTOMER_PRICES, quote.customer)
        if own is not None and own.actor:
            yield Barred(person=own.actor, reason=f"set the own prices of {quote.customer}")


def _editors(session: Session, catalog_version: str) -> Sequence[str]:
    """Return who recorded a version of the catalogue; it may have been corrected by several."""
    begins = f'{{"version":{json.dumps(catalog_version, ensure_ascii=False)}'
    statement = (
        select(RegisterRow.actor)
        .where(RegisterRow.kind == RegisterKind.CATALOG.value, RegisterRow.key == HOUSE)
        .where(col(RegisterRow.content).startswith(begins, autoescape=True))
        .order_by(col(RegisterRow.revision))
    )
    return [actor for actor in dict.fromkeys(session.exec(statement)) if actor]
