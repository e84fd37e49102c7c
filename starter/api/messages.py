"""Messages to a deal: one route for each, so that each has its own description."""

from typing import Any

from fastapi import APIRouter

from starter.api.access import Body, IdempotencyKey, TheCaller, TheHouse, written_as
from starter.api.problems import responses
from starter.service import messages
from starter.service.messages import Told
from starter.service.vocabulary import KINDS, MessageKind

router = APIRouter(tags=["Messages"])


def body_schema(kind: MessageKind) -> dict[str, Any]:
    """Return the JSON schema of what a caller writes in a message."""
    whole = kind.model.model_json_schema()
    fields = {name: part for name, part in whole["properties"].items() if name in kind.fields}
    return {"type": "object", "properties": fields, "additionalProperties": False}


def _add(kind: MessageKind) -> None:
    async def send(
        house: TheHouse, caller: TheCaller, number: str, body: Body, key: IdempotencyKey = ""
    ) -> Told:
        return await messages.tell(house, caller, number, kind.name, (body, key))

    roles = " or ".join(kind.roles)
    router.add_api_route(
        f"/deals/{{number}}/messages/{kind.name}",
        send,
        methods=["POST"],
        name=kind.name,
        summary=kind.summary,
        description=f"{kind.model.__doc__}\n\nNeeds the role {roles}. The same `Idempotency-Key` "
        "with the same body gets the same answer, also after the deal has ended.",
        responses=responses(401, 403, 404, 409, 422, 503, 504),
        openapi_extra=written_as(body_schema(kind), dict(kind.example)),
    )


for _kind in KINDS.values():
    _add(_kind)
