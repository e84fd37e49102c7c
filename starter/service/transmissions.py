"""Sending invoices over a network: started as a workflow, read from the books."""

import asyncio

from sqlmodel import Session

from activities.einvoices import Issued, issued
from activities.transmitting import chosen_format, sending_problems, transmission
from models.einvoice_settings import EInvoiceFormat
from models.errors import ConflictError, InvalidInputError, Problem
from models.parties import Role
from models.reading import read
from models.transmission import (
    SendEInvoice,
    TransmissionEvent,
    TransmissionStatus,
    latest,
    next_attempt,
)
from models.value import Value
from starter.service.errors import UnansweredError
from starter.service.people import Caller, require
from starter.service.ports import House, RunState, Start
from starter.service.reports import deal_row
from workflows.ids import transmission_workflow_id

SENDERS = (Role.FINANCE, Role.OPERATOR)


class SendFile(Value):
    """How an invoice is sent; without a format in the one its buyer asked for, else in UBL."""

    format: EInvoiceFormat | None = None


class Transmission(Value):
    """Where a document stands on its way to its buyer, and every step of it, the oldest first.

    Without a status it was never sent.
    """

    number: str
    deal: str
    status: TransmissionStatus | None = None
    attempt: int = 0
    reason: str = ""
    events: tuple[TransmissionEvent, ...] = ()


def followed(session: Session, number: str) -> Transmission:
    """Return a document's way over the network; raises `NotFoundError`."""
    found = issued(session, number)
    return _shown(found, transmission(session, number))


def _shown(found: Issued, events: tuple[TransmissionEvent, ...]) -> Transmission:
    last = latest(events)
    stands = {"status": last.status, "attempt": last.attempt, "reason": last.reason} if last else {}
    return Transmission.model_validate(
        {"number": found.einvoice.number, "deal": found.deal, "events": events, **stands}
    )


async def send(house: House, caller: Caller, number: str, body: object) -> Transmission:
    """Send an invoice or credit note, again if it came back, and return where it stands.

    Raises `NotPermittedError`, `NotFoundError`, `InvalidInputError` with everything that is missing
    for it, `ConflictError` while it is under way or after it was accepted, and `UnansweredError`
    if it may still be sent.
    """
    require(caller, SENDERS, "send an invoice")
    file = read(SendFile, body if body is not None else {})
    asked = await house.read(lambda session: _order(session, house, number, file))
    asked = asked.model_copy(update={"actor": caller.id})
    workflow_id = transmission_workflow_id(number, asked.attempt)
    await house.gateway.start(
        Start(
            workflow="TransmissionWorkflow",
            workflow_id=workflow_id,
            payload=asked,
            summary=f"send {number} by {caller.id}",
            fingerprint=f"{number}:{asked.attempt}",
        )
    )
    return await _handed_over(house, asked, workflow_id)


def _order(session: Session, house: House, number: str, file: SendFile) -> SendEInvoice:
    found = issued(session, number)
    events = transmission(session, number)
    attempt, last = next_attempt(events), latest(events)
    if attempt is None and last is not None:
        raise ConflictError(
            f"{number} is {last.status} as attempt {last.attempt}; it is sent again only after it "
            "was rejected or failed."
        )
    form = chosen_format(found, file.format)
    if problems := [*sending_problems(found, form)]:
        raise InvalidInputError(problems)
    deal = deal_row(session, found.deal)
    now = (deal.business_time or deal.started_at) if deal.test_clock else house.clock()
    return SendEInvoice(number=number, attempt=attempt or 1, format=form, at=now)


async def _handed_over(house: House, asked: SendEInvoice, workflow_id: str) -> Transmission:
    """Wait until the network took the document, or said that it will not."""
    number, left = asked.number, house.patience.answer
    while True:
        stands = await house.read(lambda session: followed(session, number))
        prepared = stands.status is TransmissionStatus.PREPARED
        if stands.attempt == asked.attempt and not prepared:
            return stands
        run = await house.gateway.look(workflow_id)
        if run.state is RunState.FAILED:
            listed = run.problems or (Problem(field="number", reason=run.text),)
            raise InvalidInputError(listed)
        if left <= 0:
            raise UnansweredError(
                f"{number} was not handed over yet; `q2c invoice status {number}` tells when it is."
            )
        left -= house.patience.pause
        await asyncio.sleep(house.patience.pause)
