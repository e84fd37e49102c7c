"""Delegations: somebody is away and names who decides for them, on record like every change."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import Field
from sqlmodel import Session

from activities.register import delegations
from models.delegation import Delegation
from models.errors import InvalidInputError, NotFoundError, Problem
from models.parties import Role
from models.steps import RegisterKind
from models.value import Value
from starter.service import changes
from starter.service.errors import NotPermittedError
from starter.service.people import Caller, require
from starter.service.ports import House

DELEGATORS = (Role.APPROVER, Role.OPERATOR)


class Delegations(Value):
    """The delegations somebody may see, by person and first day."""

    items: tuple[Delegation, ...]
    next: str | None = None


class DelegationFile(Value):
    """Who decides for whom and when; without `person` it is the caller, without `id` a new one."""

    delegate: str = Field(examples=["dan"], description="Who decides meanwhile.")
    starts_on: date = Field(examples=["2026-07-01"], description="The first day.")
    last_on: date = Field(examples=["2026-07-14"], description="The last day.")
    person: str = Field(default="", examples=["mia"], description="Who is away.")
    id: str = Field(default="", description="Names it; made of person, delegate and first day.")
    reason: str = Field(default="", examples=["Vacation"], description="Why.")


class DelegationOf(Value):
    """Which delegation is meant, by the name the list shows."""

    id: str = Field(examples=["mia-dan-2026-07-01"])


def listing(session: Session, caller: Caller, now: datetime) -> Delegations:
    """Return the delegations in force or to come: the caller's own, and for an operator all."""
    sees_all = Role.OPERATOR in caller.person.roles
    found = [
        one
        for one in delegations(session)
        if not one.revoked
        and one.last_on >= now.date()
        and (sees_all or caller.id in (one.person, one.delegate))
    ]
    return Delegations(items=tuple(sorted(found, key=lambda one: (one.person, one.starts_on))))


async def delegate(house: House, caller: Caller, data: object) -> changes.Recorded:
    """Put a delegation on record; an operator may do it for somebody else.

    Raises `NotPermittedError` and `InvalidInputError` with every problem.
    """
    require(caller, DELEGATORS, "delegate decisions")
    if not isinstance(data, Mapping):
        problem = Problem(field="input", reason="is not a group of fields", remedy="write fields")
        raise InvalidInputError([problem])
    written: dict[str, Any] = {str(key): value for key, value in data.items()}
    written["person"] = written.get("person") or caller.id
    _require_own(caller, str(written["person"]))
    if not written.get("id"):
        parts = (written.get(field) for field in ("person", "delegate", "starts_on"))
        written["id"] = "-".join(str(part) for part in parts)
    return await changes.record(house, caller, RegisterKind.DELEGATION, (written, ""))


async def revoke(house: House, caller: Caller, delegation_id: str) -> changes.Recorded:
    """End a delegation now, as a further revision; what was decided under it stays.

    Raises `NotFoundError` and `NotPermittedError`.
    """
    require(caller, DELEGATORS, "revoke a delegation")
    on_record = await house.read(delegations)
    found = next((one for one in on_record if one.id == delegation_id), None)
    if found is None:
        raise NotFoundError(f"There is no delegation {delegation_id}; see `q2c delegate list`.")
    _require_own(caller, found.person)
    revoked = found.model_copy(update={"revoked": True}).model_dump(mode="json")
    return await changes.record(house, caller, RegisterKind.DELEGATION, (revoked, ""))


def _require_own(caller: Caller, person: str) -> None:
    if person != caller.id and Role.OPERATOR not in caller.person.roles:
        raise NotPermittedError(f"Only {person} or an operator can delegate for {person}.")
