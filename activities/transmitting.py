"""Transmit: send issued documents over a network, and put on record what became of them."""

from collections.abc import Iterable, Iterator

from sqlmodel import Session, col, select
from temporalio import activity

from activities.einvoices import EInvoiceWriter, Issued, issued
from activities.network import Network, NetworkRefusedError, OutgoingEInvoice
from activities.ports import Office, Store
from activities.signatures import FOLLOW_EINVOICE, SEND_EINVOICE
from models.einvoice_rules import einvoice_problems
from models.einvoice_settings import EInvoiceFormat
from models.errors import NotFoundError, Problem
from models.tables import TransmissionRow
from models.transmission import (
    UNDELIVERED,
    FollowEInvoice,
    SendEInvoice,
    TransmissionEvent,
    TransmissionStatus,
    Transmitted,
    latest,
    news,
    next_attempt,
)


def transmission(session: Session, number: str) -> tuple[TransmissionEvent, ...]:
    """Return every fact of a document's way over the network, the oldest first."""
    rows = session.exec(
        select(TransmissionRow)
        .where(TransmissionRow.document == number)
        .order_by(col(TransmissionRow.id))
    )
    return tuple(
        TransmissionEvent.model_validate(row.model_dump(exclude={"id", "deal", "document"}))
        for row in rows
    )


def undelivered(session: Session, deal: str) -> tuple[tuple[str, str], ...]:
    """Return a deal's documents whose last attempt was rejected or failed, each with its reason."""
    rows = session.exec(
        select(TransmissionRow)
        .where(TransmissionRow.deal == deal)
        .order_by(col(TransmissionRow.id))
    )
    last = {row.document: row for row in rows}
    return tuple(
        (number, f"{row.status}: {row.reason}"[:300])
        for number, row in last.items()
        if TransmissionStatus(row.status) in UNDELIVERED
    )


def chosen_format(found: Issued, asked: EInvoiceFormat | None) -> EInvoiceFormat:
    """Return the format to send in: the one asked for, else the buyer's, else UBL."""
    return asked or found.wanted or EInvoiceFormat.UBL


def sending_problems(
    found: Issued, form: EInvoiceFormat, *, is_local: bool = True
) -> Iterator[Problem]:
    """Yield everything that keeps a document from being sent in a format, with remedies."""
    problems = einvoice_problems(found.einvoice, form)
    yield from problems
    said = {problem.field for problem in problems}
    for name, party in (("entity", found.einvoice.seller), ("customer", found.einvoice.buyer)):
        field = f"{name}.electronic_address"
        if party.endpoint is None and field not in said:
            remedy = "write scheme and id"
            yield Problem(field=field, reason="is missing; a network needs it", remedy=remedy)
    if found.is_test and not is_local:
        reason = "is of a deal on a test clock, and never leaves the house"
        yield Problem(field="number", reason=reason)


class TransmissionActivities:
    """Sends documents and hears what became of them."""

    def __init__(
        self, office: Office, store: Store, write: EInvoiceWriter, network: Network
    ) -> None:
        self._books, self._store = office.books, store
        self._write, self._network = write, network

    @activity.defn(name=SEND_EINVOICE.name, no_thread_cancel_exception=True)
    def send_einvoice(self, asked: SendEInvoice) -> Transmitted:
        """Hand a document to the network.

        Safe to retry: each status of an attempt is on record once, and the network knows it by the
        attempt's key. What was only prepared is handed over again under that key.
        """
        try:
            found = self._books.read(lambda session: issued(session, asked.number))
        except NotFoundError as error:
            return Transmitted(problems=(Problem(field="number", reason=str(error)),))
        # Asked before the events are read, so that whoever comes second finds what the first did.
        early = tuple(self._early(asked))
        events = self._events(asked.number, asked.attempt)
        last = latest(events)
        if last is not None and last.status is not TransmissionStatus.PREPARED:
            return _stands(found, last)
        form = chosen_format(found, asked.format)
        problems = (
            *early,
            *sending_problems(found, form, is_local=self._network.is_local),
        )
        if problems:
            return Transmitted(number=asked.number, deal=found.deal, problems=problems)
        return self._hand_over(found, asked, form, last)

    @activity.defn(name=FOLLOW_EINVOICE.name, no_thread_cancel_exception=True)
    def follow_einvoice(self, asked: FollowEInvoice) -> Transmitted:
        """Ask the network what became of an attempt and record what is new.

        Safe to retry: each status of an attempt is on record once.
        """
        found = self._books.read(lambda session: issued(session, asked.number))
        last = latest(self._events(asked.number, asked.attempt))
        if last is None:
            reason = f"was never sent as attempt {asked.attempt}"
            return Transmitted(problems=(Problem(field="number", reason=reason),))
        for answer in news(last.status, self._network.answers(last.reference)):
            step = last.model_copy(
                update={"status": answer.status, "reason": answer.reason, "at": asked.at}
            )
            last = self._record(found, step, "network")
        return _stands(found, last)

    def _early(self, asked: SendEInvoice) -> Iterator[Problem]:
        """Refuse an attempt while an earlier one is under way or was accepted."""
        events = self._books.read(lambda session: transmission(session, asked.number))
        wanted = next_attempt(events)
        if wanted != asked.attempt:
            last = latest(events)
            state = f"is {last.status} as attempt {last.attempt}" if last else "was never sent"
            remedy = f"send it as attempt {wanted}" if wanted else "wait for the answer"
            yield Problem(field="attempt", reason=state, remedy=remedy)

    def _hand_over(
        self,
        found: Issued,
        asked: SendEInvoice,
        form: EInvoiceFormat,
        prepared: TransmissionEvent | None,
    ) -> Transmitted:
        if prepared is None:
            content = self._write(found.einvoice, form)
            first = TransmissionEvent(
                attempt=asked.attempt,
                status=TransmissionStatus.PREPARED,
                format=form,
                sha256=self._store.put(content, "xml"),
                at=asked.at,
            )
            prepared = self._record(found, first, asked.actor)
        sent = self._sent(found, prepared)
        step = sent.model_copy(update={"at": asked.at})
        return _stands(found, self._record(found, step, asked.actor))

    def _sent(self, found: Issued, prepared: TransmissionEvent) -> TransmissionEvent:
        seller, buyer = found.einvoice.seller.endpoint, found.einvoice.buyer.endpoint
        if seller is None or buyer is None:
            return _as(prepared, TransmissionStatus.FAILED, reason="an address is missing")
        document = OutgoingEInvoice(
            key=f"{found.einvoice.number}:{prepared.attempt}",
            format=prepared.format,
            sender=seller,
            recipient=buyer,
            content=self._store.get(prepared.sha256, "xml"),
        )
        try:
            reference = self._network.send(document)
        except NetworkRefusedError as error:
            return _as(prepared, TransmissionStatus.FAILED, reason=str(error))
        return _as(prepared, TransmissionStatus.SENT, reference=reference)

    def _events(self, number: str, attempt: int) -> tuple[TransmissionEvent, ...]:
        events = self._books.read(lambda session: transmission(session, number))
        return tuple(event for event in events if event.attempt == attempt)

    def _record(self, found: Issued, step: TransmissionEvent, actor: str) -> TransmissionEvent:
        """Put a fact on record unless it is; return what is on record."""
        number = found.einvoice.number
        row = TransmissionRow(
            deal=found.deal,
            document=number,
            actor=actor,
            **step.model_dump(exclude={"status", "format"}),
            status=step.status.value,
            format=step.format.value,
        )

        def write(session: Session) -> TransmissionEvent:
            known = _of(transmission(session, number), step)
            if known is not None:
                return known
            session.add(row)
            return step

        return self._books.write(write)


def _of(events: Iterable[TransmissionEvent], step: TransmissionEvent) -> TransmissionEvent | None:
    same = (each for each in events if each.attempt == step.attempt)
    return next((each for each in same if each.status is step.status), None)


def _as(event: TransmissionEvent, status: TransmissionStatus, **changes: str) -> TransmissionEvent:
    return event.model_copy(update={"status": status, **changes})


def _stands(found: Issued, event: TransmissionEvent) -> Transmitted:
    return Transmitted(
        number=found.einvoice.number,
        deal=found.deal,
        attempt=event.attempt,
        status=event.status,
        reason=event.reason,
    )
