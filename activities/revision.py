"""Revise: turn a change of the quote on offer into the next immutable version, or say why not."""

from collections.abc import Iterator

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.accounts import deal_row
from activities.approval_paths import current_path
from activities.configuration import file_content, file_hash
from activities.ports import Office
from activities.pricing import (
    Draft,
    PriceList,
    file_of_version,
    make_version,
    or_problems,
    price_list_now,
    price_list_of,
    priced,
    quote_version,
)
from activities.register import customer_of
from activities.signatures import REVISE_QUOTE
from models.deal_file import DealFile
from models.decisions import token_matches
from models.errors import InvalidInputError, Problem
from models.quoting import Quote
from models.revision import Origin, apply_delta
from models.steps import QuotePriced, ReviseQuote
from models.tables import DealFileRow, RevisionRow

PURPOSE = "revise"
"""What the token is for that lets a buyer change a quote."""


class RevisionActivities:
    """Makes quote versions out of earlier ones."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=REVISE_QUOTE.name)
    def revise_quote(self, step: ReviseQuote) -> QuotePriced:
        """Make the next version of a quote, or list everything that keeps it from being made.

        A refused revision writes nothing, so the version before stays in force. Safe to retry: a
        revision is on record once per command, and its version is returned.
        """
        return or_problems(
            lambda: self._office.books.write(lambda session: self._revise(session, step))
        )

    def _revise(self, session: Session, step: ReviseQuote) -> QuotePriced:
        known = session.exec(
            select(RevisionRow).where(
                RevisionRow.deal == step.deal, RevisionRow.command_id == step.command_id
            )
        ).first()
        if known is not None:
            return priced(
                session,
                quote_version(session, step.deal, known.quote_version),
                self._office.holidays,
            )
        base = quote_version(session, step.deal, step.quote_version)
        self._require_right(session, step, base)
        quote = make_version(session, step, _draft(session, step, base))
        session.add(_row(step, quote))
        if step.alternative and step.term == 1:
            deal_row(session, step.deal).total_minor = base.total.minor
        session.flush()
        return priced(session, quote, self._office.holidays)

    def _require_right(self, session: Session, step: ReviseQuote, base: Quote) -> None:
        """Refuse a change of something outdated, and a buyer who does not prove to be one."""
        if step.base_hash not in ("", base.content_hash):
            reason = f"this changes an outdated version; in force is {base.number}"
            remedy = f"look at it and name its content {base.content_hash[:12]}"
            raise InvalidInputError([Problem(field="base_hash", reason=reason, remedy=remedy)])
        if step.origin is Origin.BUYER:
            problems = tuple(self._buyer_problems(session, step, base))
            if problems:
                raise InvalidInputError(problems)

    def _buyer_problems(
        self, session: Session, step: ReviseQuote, base: Quote
    ) -> Iterator[Problem]:
        contacts = [contact.email for contact in customer_of(session, base.customer).contacts]
        if step.person not in contacts:
            reason = f"{step.person or 'nobody'} is no contact of customer {base.customer}"
            yield Problem(field="person", reason=reason, remedy=f"these are: {', '.join(contacts)}")
        rules, content = self._office.rules, base.content_hash
        if not step.token and rules.allow_unverified_decisions:
            return
        if not token_matches(step.token, rules.secret, step.deal, PURPOSE, step.person, content):
            reason = "does not prove who asks for this content"
            yield Problem(field="token", reason=reason, remedy="use the one from the mail")


def _draft(session: Session, step: ReviseQuote, base: Quote) -> Draft:
    """Return the file after the change, put on record as the next revision."""
    file, _ = file_of_version(session, step.deal, base.version)
    changed = apply_delta(file, step.delta)
    if changed == file and not step.delta.reprice and step.delta.valid_days is None:
        reason = "changes nothing"
        remedy = "name what changes; `valid_days` offers it anew, `reprice` at today's prices"
        raise InvalidInputError([Problem(field="delta", reason=reason, remedy=remedy)])
    return Draft(
        file=changed,
        file_revision=_append_file(session, step, changed),
        price_list=_price_list(session, step, base),
        previous=current_path(session, step.deal, base.version),
        creator=step.actor if step.origin is not Origin.BUYER else "",
    )


def _price_list(session: Session, step: ReviseQuote, base: Quote) -> PriceList:
    if step.delta.reprice:
        return price_list_now(session, step.on)
    return price_list_of(session, step.deal, base.version)


def _append_file(session: Session, step: ReviseQuote, file: DealFile) -> int:
    newest = select(func.max(col(DealFileRow.revision))).where(
        DealFileRow.deal == step.deal, DealFileRow.term == step.term
    )
    revision = (session.exec(newest).one() or 0) + 1
    session.add(
        DealFileRow(
            deal=step.deal,
            term=step.term,
            revision=revision,
            content=file_content(file),
            content_hash=file_hash(file),
        )
    )
    return revision


def _row(step: ReviseQuote, quote: Quote) -> RevisionRow:
    return RevisionRow(
        deal=step.deal,
        term=step.term,
        base_version=step.quote_version,
        quote_version=quote.version,
        origin=step.origin.value,
        person=step.person,
        actor=step.actor or step.person,
        channel=step.channel.value,
        reason=step.reason,
        delta=step.delta.model_dump_json(exclude_defaults=True),
        command_id=step.command_id,
        alternative=step.alternative,
        revised_at=step.at,
    )
