"""Changes of parties, catalogue, policies and stock: each a short workflow of its own."""

import hashlib
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field
from sqlmodel import Session

from activities.adapters.vat_numbers import vat_number_problem
from models.approval import ApprovalPolicy
from models.catalog import Catalog
from models.errors import ConflictError, InvalidInputError, Problem
from models.parties import Customer, Entity, Role
from models.reading import FieldRule, is_filled, read
from models.register import MODELS, TaxRules, key_of, parse
from models.steps import ChangeRecorded, RegisterChange, RegisterKind, StockReceipt
from models.value import Value
from starter.service.errors import RunFailedError
from starter.service.logos import require_logo
from starter.service.people import Caller, require
from starter.service.ports import House, Start
from starter.service.register import (
    canonical,
    fingerprint,
    latest,
)
from starter.service.tax import check_recorded
from workflows.ids import register_workflow_id, stock_workflow_id

RECORDERS: Mapping[RegisterKind, Sequence[Role]] = {
    RegisterKind.ENTITY: (Role.OPERATOR, Role.FINANCE),
    RegisterKind.CUSTOMER: (Role.SALES, Role.FINANCE, Role.OPERATOR),
    RegisterKind.PERSON: (Role.OPERATOR,),
    RegisterKind.CATALOG: (Role.OPERATOR,),
    RegisterKind.APPROVAL_POLICY: (Role.OPERATOR,),
    RegisterKind.DUNNING_POLICY: (Role.OPERATOR,),
    RegisterKind.TAX_RULES: (Role.OPERATOR,),
    RegisterKind.PROMOTION: (Role.OPERATOR,),
    RegisterKind.CUSTOMER_PRICES: (Role.OPERATOR,),
    RegisterKind.EXCHANGE_RATES: (Role.OPERATOR, Role.FINANCE),
    RegisterKind.DEAL_TEMPLATE: (Role.SALES, Role.OPERATOR),
    RegisterKind.DELEGATION: (Role.APPROVER, Role.OPERATOR),
    RegisterKind.PARTNER: (Role.OPERATOR,),
}
"""Who may record what."""

STOCK_KEEPERS = (Role.OPERATOR,)


class Recorded(Value):
    """A revision that is on record now; `repeated` if it was already in force."""

    kind: RegisterKind
    key: str
    revision: int
    repeated: bool = False


class StockRecorded(Value):
    """Goods on record, and the deals that waited for them."""

    repeated: bool = False
    deals: tuple[str, ...] = ()


class StockFile(Value):
    """Goods that arrived; `reference`, a delivery note, makes them count once."""

    entity: str = Field(examples=["US01"], description="Selling entity.")
    sku: str = Field(examples=["SCANNER"], description="Product.")
    quantity: str = Field(examples=["50"], description="Units, as text.")
    reference: str = Field(examples=["DN-4711"], description="Delivery note.")


_STOCK_RULES = tuple(
    FieldRule(path, is_filled, "is empty", "fill it in")
    for path in ("entity", "sku", "quantity", "reference")
)


async def record(
    house: House, caller: Caller, kind: RegisterKind, asked: tuple[object, str]
) -> Recorded:
    """Put a party, catalogue or policy on record as its newest revision.

    `asked` is its content and the idempotency key, or "". Raises `NotPermittedError` and
    `InvalidInputError` with every problem.
    """
    data, once = asked
    require(caller, RECORDERS[kind], f"record a {kind.replace('_', ' ')}")
    content = parse(kind, data, vat_number_problem)
    if isinstance(content, Entity):
        await require_logo(house, content)
    key = key_of(content)
    in_force = await house.read(lambda session: _in_force(session, kind, key))
    if in_force and in_force[1] == fingerprint(content):
        return Recorded(kind=kind, key=key, revision=in_force[0], repeated=True)
    base = in_force[0] if in_force else 0
    # An earlier content may come into force again, so the id also holds which request this is:
    # its key, which a repetition brings again, or else the revision that it replaces.
    which = f"{caller.id}:{once}" if once else str(base)
    digest = hashlib.sha256(f"{fingerprint(content)}@{which}".encode()).hexdigest()
    change = RegisterChange(kind=kind, key=key, content=_sent(content), actor=caller.id)
    done = await _run(
        house,
        Start(
            workflow="RegisterWorkflow",
            workflow_id=register_workflow_id(kind, key, digest),
            payload=change,
            summary=f"{kind.replace('_', ' ')} {key} by {caller.id}",
            fingerprint=digest,
        ),
    )
    if isinstance(content, Customer):
        await check_recorded(house, content, caller.id)
    return Recorded(kind=kind, key=key, revision=done.revision, repeated=done.repeated)


def _sent(content: BaseModel) -> str:
    """Return the content as it is checked again where it is recorded; tax rules are a list.

    A catalogue is sent without what is preset, because it is the largest of all payloads.
    """
    if isinstance(content, TaxRules):
        return f"[{','.join(canonical(rule) for rule in content.rules)}]"
    if isinstance(content, Catalog | ApprovalPolicy):
        return content.model_dump_json(exclude_defaults=True)
    return canonical(content)


def _in_force(session: Session, kind: RegisterKind, key: str) -> tuple[int, str] | None:
    """Return the revision in force and the fingerprint of its content, or None."""
    row = latest(session, kind, key)
    return (
        (row.revision, fingerprint(MODELS[kind].model_validate_json(row.content))) if row else None
    )


async def receive_stock(house: House, caller: Caller, data: object) -> StockRecorded:
    """Put goods that arrived on record; the deals that wait for them go on.

    Raises `NotPermittedError`, `InvalidInputError` with every problem, and `ConflictError` if the
    reference is on record with another quantity.
    """
    require(caller, STOCK_KEEPERS, "receive stock")
    file = read(StockFile, _quantity_as_text(data), _STOCK_RULES)
    done = await _run(
        house,
        Start(
            workflow="StockWorkflow",
            workflow_id=stock_workflow_id(file.entity, file.sku, file.reference),
            payload=StockReceipt(**file.model_dump(), actor=caller.id),
            summary=f"{file.quantity} x {file.sku}, {file.reference}",
            fingerprint=fingerprint(file),
        ),
    )
    return StockRecorded(repeated=done.repeated, deals=done.deals)


def _quantity_as_text(data: object) -> object:
    if not isinstance(data, Mapping):
        return data
    return {name: str(value) if name == "quantity" else value for name, value in data.items()}


async def _run(house: House, start: Start) -> ChangeRecorded:
    """Run a change to its end; the same change again returns what the first one did."""
    started = await house.gateway.start(start)
    if not started:
        known = await house.gateway.look(start.workflow_id)
        if known.fingerprint != start.fingerprint:
            raise ConflictError(f"{start.workflow_id} is on record with other content.")
    try:
        done = await house.gateway.result(start.workflow_id, ChangeRecorded, house.patience.answer)
    except RunFailedError as error:
        listed = error.problems or (
            Problem(field="content", reason=str(error), remedy="correct it and send it again"),
        )
        raise InvalidInputError(listed) from error
    return done if started else done.model_copy(update={"repeated": True})
