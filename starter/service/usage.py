"""Usage that comes in: a batch of events, taken whole under its hash."""

import asyncio

from models.errors import InvalidInputError, Problem
from models.parties import Role
from models.steps import UsageBatch, UsageTaken
from starter.service.errors import RunFailedError
from starter.service.people import Caller, require
from starter.service.ports import House, Start
from workflows.ids import usage_workflow_id

SENDERS = (Role.OPERATOR, Role.FINANCE)

LARGEST_BATCH = 256 * 1024 * 1024
"""How many bytes one batch may have."""


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
