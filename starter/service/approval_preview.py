"""The path a deal file would take: who would be asked for what, before anything is handed in."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from activities.adapters.holiday_calendar import public_holidays
from activities.approval_paths import Handed, request_for
from activities.pricing import Draft, draft_quote, price_list_now
from activities.register import approval_policy, people
from models.approval import ApprovalPath, ApprovalPolicy, ApprovalStep, build_path
from models.deal_file import DealFile
from models.errors import InvalidInputError, ParkedError, Problem
from models.parties import Person
from models.steps import PriceQuote
from models.value import Value
from models.working_hours import due_after
from starter.service import starting
from starter.service.people import Caller
from starter.service.ports import House


class PreviewStep(Value):
    """One step that would be asked: when, of whom, why, and when it would be handed up."""

    key: str
    title: str
    people: tuple[str, ...]
    names: tuple[str, ...]
    needed: int
    is_first: bool
    reasons: tuple[str, ...]
    escalates_at: datetime | None = None


class PathPreview(Value):
    """The approvals a deal file would need today; without any step nobody is asked."""

    policy_version: str
    steps: tuple[PreviewStep, ...]
    facts: Mapping[str, Decimal]
    barred: Mapping[str, str]


async def preview(house: House, caller: Caller, data: object) -> PathPreview:
    """Return the path of a deal file as it would be frozen now; nothing is put on record.

    Raises `InvalidInputError` with all problems of the file, or with those that keep its path from
    finding its people.
    """
    checked = await starting.check(house, caller, data)
    now = checked.file.test_clock or house.clock()
    try:
        return await house.read(lambda session: _preview(session, checked.file, now))
    except ParkedError as error:
        remedy = "publish who approves"
        problem = Problem(field="approval", reason=str(error), remedy=remedy)
        raise InvalidInputError([problem]) from error


def _preview(session: Session, file: DealFile, now: datetime) -> PathPreview:
    on = now.date()
    step = PriceQuote(deal=file.number, at=now, on=on)
    price_list = price_list_now(session, on)
    drafted = Draft(file=file, file_revision=0, price_list=price_list)
    quote, _ = draft_quote(session, step, drafted)
    catalog = price_list.catalog
    handed = Handed(on=on, header_discount=file.header_discount)
    everybody, policy = people(session), approval_policy(session)
    path = build_path(policy, request_for(session, quote, catalog, handed), everybody)
    return PathPreview(
        policy_version=path.policy_version,
        steps=tuple(_shown(path, one, policy, everybody, now) for one in path.steps),
        facts=path.facts,
        barred={one.person: one.reason for one in path.barred},
    )


def _shown(
    path: ApprovalPath,
    step: ApprovalStep,
    policy: ApprovalPolicy,
    everybody: Sequence[Person],
    now: datetime,
) -> PreviewStep:
    names = {person.id: person.name for person in everybody}
    is_first = step in [one for one in path.steps if one.order == 1]
    return PreviewStep(
        key=step.key,
        title=step.title,
        people=step.people,
        names=tuple(names.get(one, one) for one in step.people),
        needed=step.needed,
        is_first=is_first,
        reasons=step.reasons,
        escalates_at=_escalates_at(policy, now) if is_first else None,
    )


def _escalates_at(policy: ApprovalPolicy, now: datetime) -> datetime:
    calendar, on = policy.calendar, now.date()
    if calendar is not None and calendar.country:
        dates: Sequence[date] = public_holidays(
            calendar.country, calendar.region, (on.year, on.year + 1)
        )
        calendar = calendar.with_holidays(tuple(dates))
    return due_after(now, policy.escalate_after_hours, calendar)
