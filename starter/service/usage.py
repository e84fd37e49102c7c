"""Usage that comes in, taken whole under its hash, and credit that is bought before it is used."""

import asyncio
from datetime import date

from pydantic import Field

from models.deal import local_date
from models.errors import ConflictError, InvalidInputError, Problem
from models.parties import Role
from models.reading import FieldRule, is_filled, read
from models.steps import ToppedUp, TopUpCredit, UsageBatch, UsageTaken
from models.value import Value
from starter.service.errors import RunFailedError
from starter.service.people import Caller, require
from starter.service.ports import House, Start
from starter.service.register import fingerprint
from starter.service.reports import deal_row
from workflows.ids import credit_workflow_id, usage_workflow_id

SELLERS = (Role.SALES, Role.FINANCE)
SENDERS = (Role.OPERATOR, Role.FINANCE)

LARGEST_BATCH = 256 * 1024 * 1024
"""How many bytes one batch may have."""


class CreditFile(Value):
    """Credit that a customer buys before it is used; amounts are in major units, as text."""

    amount: str = Field(examples=["500.00"], description="What is paid, before tax.")
    reference: str = Field(examples=["PO-77"], description="It counts once.")
    credit: str = Field(default="", description="What it is good for; absent: what is paid.")
    priority: int = Field(default=0, description="Of several the lowest is drawn first.")
    expires_on: date | None = Field(default=None, description="Absent: when the term ends.")


_CREDIT_RULES = tuple(
    FieldRule(path, is_filled, "is empty", "fill it in") for path in ("amount", "reference")
)


async def top_up(house: House, caller: Caller, number: str, data: object) -> ToppedUp:
    """Sell prepaid credit to a deal, which bills it at once; a repetition returns the same.

    Raises `NotPermittedError`, `NotFoundError`, `InvalidInputError` with every problem, and
    `ConflictError` if the reference is on record with other content.
    """
    require(caller, SELLERS, "top up a deal")
    file = read(CreditFile, data, _CREDIT_RULES)
    deal = await house.read(lambda session: deal_row(session, number))
    now = (deal.business_time or deal.started_at) if deal.test_clock else house.clock()
    asked = TopUpCredit(
        **file.model_dump(),
        deal=number,
        on=local_date(now, deal.time_zone),
        actor=caller.id,
    )
    workflow_id = credit_workflow_id(number, file.reference)
    started = await house.gateway.start(
        Start(
            workflow="CreditWorkflow",
            workflow_id=workflow_id,
            payload=asked,
            summary=f"{file.amount} {deal.currency} for deal {number}",
            fingerprint=fingerprint(file),
        )
    )
    if not started and (await house.gateway.look(workflow_id)).fingerprint != fingerprint(file):
        raise ConflictError(f"{file.reference} is on record with other content; use a new one.")
    try:
        return await house.gateway.result(workflow_id, ToppedUp, house.patience.answer)
    except RunFailedError as error:
        listed = error.problems or (
            Problem(field="credit", reason=str(error), remedy="correct it and send it again"),
        )
        raise InvalidInputError(listed) from error


async def take(house: House, caller: Caller, content: bytes, suffix: str) -> UsageTaken:
    """Take a batch of events, `csv` or `json`, and return how many were new.

    The same batch again changes nothing and gets the same answer. Raises `NotPermittedError`, and
    `InvalidInputError` with every line for which the whole batch is refused.
    """
    require(caller, SENDERS, "send usage")
    if len(content) > LARGEST_BATCH:
        reason = f"is larger than {LARGEST_BATCH // 1024**2} MB"
        raise InvalidInputError([Problem(field="body", reason=reason, remedy="send it in parts")])
    file_hash = await asyncio.to_thread(house.documents.put, content, suffix)
    batch = UsageBatch(file_hash=file_hash, suffix=suffix, at=house.clock(), actor=caller.id)
    workflow_id = usage_workflow_id(file_hash)
    started = await house.gateway.start(
        Start(
            workflow="UsageWorkflow",
            workflow_id=workflow_id,
            payload=batch,
            summary=f"usage by {caller.id}",
            fingerprint=file_hash,
        )
    )
    try:
        taken = await house.gateway.result(workflow_id, UsageTaken, house.patience.answer)
    except RunFailedError as error:
        listed = error.problems or (
            Problem(field="body", reason=str(error), remedy="correct it and send it again"),
        )
        raise InvalidInputError(listed) from error
    return taken if started else taken.model_copy(update={"repeated": True})
