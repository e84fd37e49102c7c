"""Revise: turn a change of the quote on offer into the next immutable version, or say why not."""

from dataclasses import replace

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.accounts import deal_row
from activities.configuration import file_content, file_hash
from activities.countered import approve_what_was_countered
from activities.negotiation import (
    Proof,
    open_counter_offer,
    proof_problems,
    require_in_force,
    revised_draft,
)
from activities.ports import Office
from activities.pricing import (
    file_of_version,
    make_version,
    or_problems,
    priced,
    quote_version,
)
from activities.signatures import REVISE_QUOTE
from models.deal_file import DealFile
from models.errors import InvalidInputError
from models.negotiation import buyer_change_problems
from models.quoting import Quote
from models.revision import Origin, QuoteDelta
from models.steps import DealStep, QuotePriced, ReviseQuote
from models.tables import CounterAnswerRow, CounterOfferRow, DealFileRow, RevisionRow

PURPOSE = "revise"
"""What the token is for that lets a buyer change a quote."""


class RevisionActivities:
    """Makes quote versions out of earlier ones."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=REVISE_QUOTE.name, no_thread_cancel_exception=True)
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
        counter = open_counter_offer(session, step.deal, base.version, step.counter)
        if counter is None:
            self._require_right(session, step, base)
        else:
            step = _as_offered(step, counter)
        creator = "" if step.origin is Origin.BUYER else step.actor
        draft = revised_draft(session, step, base, step.delta, creator)
        on_record = replace(draft, file_revision=append_file(session, step, draft.file))
        quote = make_version(session, step, on_record)
        session.add(_row(step, quote))
        approve_what_was_countered(session, step, quote)
        if step.alternative and step.term == 1:
            deal_row(session, step.deal).total_minor = base.total.minor
        if counter is not None:
            session.add(_yes(step, counter, quote))
        session.flush()
        return priced(session, quote, self._office.holidays)

    def _require_right(self, session: Session, step: ReviseQuote, base: Quote) -> None:
        """Refuse a change of something outdated, and a buyer who may not make it."""
        require_in_force(step.base_hash, base)
        if step.origin is Origin.BUYER:
            proof = Proof(PURPOSE, step.person, step.token, base.content_hash)
            file, _ = file_of_version(session, step.deal, base.version)
            problems = (
                *proof_problems(session, self._office.rules, base, proof),
                *buyer_change_problems(file, step.delta),
            )
            if problems:
                raise InvalidInputError(problems)


def _as_offered(step: ReviseQuote, counter: CounterOfferRow) -> ReviseQuote:
    """Return the revision that a counter-offer asks for, as the buyer's wish."""
    wish = {
        "delta": QuoteDelta.model_validate_json(counter.delta),
        "origin": Origin.BUYER,
        "person": counter.person,
        "reason": counter.reason or step.reason,
    }
    return step.model_copy(update=wish)


def _yes(step: ReviseQuote, counter: CounterOfferRow, quote: Quote) -> CounterAnswerRow:
    return CounterAnswerRow(
        deal=step.deal,
        counter=counter.number,
        accepted=True,
        reason=step.reason,
        quote_version=quote.version,
        actor=step.actor,
        channel=step.channel.value,
        command_id=step.command_id,
        answered_at=step.at,
    )


def append_file(session: Session, step: DealStep, file: DealFile) -> int:
    """Put the next revision of a term's deal file on record and return its number."""
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
