"""Starting a deal: all problems of its file are told at once, and a repetition is no new deal."""

import asyncio
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlmodel import Session, col, select

from activities.pricing import Draft, draft_quote, price_list_now
from activities.total_discount import reached
from models.beside import beside, changed_files, parse_whole_file
from models.catalog import Catalog
from models.configuration import Configuration, configure, context_for
from models.deal import DealInput, Stage
from models.deal_file import MOST_INLINE, DealFile, line_count
from models.errors import ConflictError, InvalidInputError, Problem
from models.hints import price_hints
from models.money import Money
from models.negotiation import limit_problems
from models.parties import Entity, Role
from models.preview import Preview
from models.pricing import price
from models.reading import text_at
from models.steps import DealStep, RegisterKind
from models.tables import DealFileRow, DealRow, QuoteRow
from models.value import Value
from starter.service import numbers
from starter.service.partners import as_offered
from starter.service.people import Caller, require
from starter.service.ports import House, Run, RunState, Start
from starter.service.previewing import previewed, request_for
from starter.service.register import catalog_on, customer_of, find, fingerprint
from workers.records import running_stack
from workers.settings import Settings
from workflows.ids import deal_workflow_id

STARTERS = (Role.SALES, Role.PARTNER)

_UNNUMBERED = "D-000000"
_MOST_BYTES_INLINE = 48_000


class StartedDeal(Value):
    """A deal that was started now (`is_new`) or was there already with the same content.

    `stage` is empty while its first checks take longer than a caller wants to wait.
    """

    number: str
    workflow_id: str
    web_ui: str
    stage: str = ""
    is_new: bool = True


class CheckedAlternative(Value):
    """What an alternative of a deal file comes to, beside the preview of the file itself."""

    label: str
    total: Money


class CheckedDeal(Value):
    """A deal file that could be started, as it was understood.

    `warnings` never block: recommendations, what else the catalogue points out, and what the seller
    should know about the prices.
    `preview` is what it comes to: lines, plan, tax and figures; `alternatives` what is offered
    beside it.
    """

    file: DealFile
    warnings: tuple[Problem, ...] = ()
    preview: Preview | None = None
    alternatives: tuple[CheckedAlternative, ...] = ()


async def check(house: House, caller: Caller, data: object) -> CheckedDeal:
    """Return the deal file as understood, or raise `InvalidInputError` with all its problems."""
    require(caller, STARTERS, "check a deal file")
    file, _ = await _read_file(house, caller, data)
    today = house.clock().date()
    warnings = await house.read(lambda session: _warnings(session, file, today))
    priced_on = file.test_clock.date() if file.test_clock else today
    preview = await previewed(house, file, priced_on)
    beside_it = await house.read(lambda session: _alternatives(session, file, priced_on))
    return CheckedDeal(
        file=file, warnings=warnings, preview=preview, alternatives=beside_it.checked
    )


async def start(house: House, caller: Caller, data: object, key: str) -> StartedDeal:
    """Start a deal under its number, or under the next free one.

    Raises `InvalidInputError` with all problems, also those found by the deal's own first steps
    within a few seconds, and `ConflictError` if the number has another content.
    """
    require(caller, STARTERS, "start a deal")
    file, is_numbered = await _read_file(house, caller, data)
    if not is_numbered:
        today, once = house.clock().date(), f"{caller.id}:{key or uuid.uuid4().hex}"
        number = await asyncio.to_thread(
            house.books.write, lambda session: numbers.allot(session, once, today)
        )
        file = file.model_copy(update={"number": number})
    is_new = await _start_once(house, caller, file)
    stage = await _first_result(house, file.number)
    workflow_id = deal_workflow_id(file.number)
    return StartedDeal(
        number=file.number,
        workflow_id=workflow_id,
        web_ui=web_ui(house.settings, workflow_id),
        stage=stage,
        is_new=is_new,
    )


def web_ui(settings: Settings, workflow_id: str) -> str:
    """Return the address of a workflow in the Temporal web UI; empty if we do not run it."""
    running = running_stack(settings)
    base = running.ui_url if running else f"http://127.0.0.1:{settings.temporal_ui_port}"
    return f"{base}/namespaces/{settings.namespace}/workflows/{workflow_id}" if base else ""


async def _read_file(house: House, caller: Caller, data: object) -> tuple[DealFile, bool]:
    """Return the file with its seller filled in, and whether it names its number."""
    if not isinstance(data, Mapping):
        problem = Problem(field="input", reason="is not a group of fields", remedy="write fields")
        raise InvalidInputError([problem])
    is_numbered = bool(data.get("number"))
    number = data["number"] if is_numbered else _UNNUMBERED
    offered = await house.read(lambda session: as_offered(session, caller, data))
    written = {**data, "seller": caller.id, "number": number, **offered.fields}
    today, strange = house.clock().date(), _seller_problems(caller, data.get("seller"))
    try:
        file = parse_whole_file(written)
    except InvalidInputError as error:
        entity, customer = text_at(written, "entity"), text_at(written, "customer")
        parties = await house.read(lambda session: _party_problems(session, entity, customer))
        found = (*offered.problems, *error.problems, *strange, *parties)
        raise InvalidInputError(_each_field_once(found)) from error
    problems = [
        *offered.problems,
        *await house.read(lambda session: _problems(session, house.settings, file, today)),
        *strange,
    ]
    if problems:
        raise InvalidInputError(problems)
    return file, is_numbered


def _seller_problems(caller: Caller, written: object) -> list[Problem]:
    """Refuse another seller than who asks: a deal is never brought in somebody else's name."""
    if written in (None, "", caller.id):
        return []
    reason = f"is {str(written)[:60]}, but {caller.id} asks"
    remedy = "leave it out: the seller is who asks"
    return [Problem(field="seller", reason=reason, remedy=remedy)]


def _each_field_once(problems: Iterable[Problem]) -> list[Problem]:
    first: dict[str, Problem] = {}
    for problem in problems:
        first.setdefault(problem.field, problem)
    return list(first.values())


def _problems(session: Session, settings: Settings, file: DealFile, today: date) -> list[Problem]:
    """Return what the deal's first steps would refuse, before there is a deal."""
    problems = _party_problems(session, file.entity, file.customer)
    if file.test_clock is not None and not settings.allow_test_clock:
        problems.append(
            Problem(
                field="test_clock",
                reason="test clocks are not allowed here",
                remedy="leave it out, or set Q2C_ALLOW_TEST_CLOCK",
            )
        )
    priced_on = file.test_clock.date() if file.test_clock else today
    own = _price_problems(session, file, priced_on)
    for index, made in changed_files(file):
        problems += beside(index, _price_problems(session, made, priced_on), own)
    if not problems and not own:
        problems += _alternatives(session, file, priced_on).problems
    return [*problems, *own]


def _party_problems(session: Session, entity: str, customer: str) -> list[Problem]:
    problems = []
    if entity and find(session, RegisterKind.ENTITY, entity, Entity) is None:
        reason = f"there is no entity {entity} on record"
        remedy = "add it with `q2c entity add`"
        problems.append(Problem(field="entity", reason=reason, remedy=remedy))
    if customer and customer_of(session, customer) is None:
        reason = f"there is no customer {customer} on record"
        remedy = "add it with `q2c customer add`"
        problems.append(Problem(field="customer", reason=reason, remedy=remedy))
    return problems


def _price_problems(session: Session, file: DealFile, priced_on: date) -> tuple[Problem, ...]:
    catalog = catalog_on(session, priced_on)
    if catalog is None:
        remedy = "publish one with `q2c catalog publish`"
        return (Problem(field="lines", reason="there is no catalogue on record", remedy=remedy),)
    configured = _configured(session, catalog, file, priced_on)
    found = (*configured.problems, *limit_problems(catalog, file))
    if found:
        return found
    try:
        price(catalog, configured.lines, request_for(session, file, priced_on))
    except InvalidInputError as error:
        return error.problems
    return ()


def _configured(session: Session, catalog: Catalog, file: DealFile, on: date) -> Configuration:
    return configure(catalog, file, context_for(customer_of(session, file.customer), file, on))


def _warnings(session: Session, file: DealFile, today: date) -> tuple[Problem, ...]:
    """Return what a seller should know about a deal file that is in order."""
    priced_on = file.test_clock.date() if file.test_clock else today
    catalog = catalog_on(session, priced_on)
    if catalog is None:
        return ()
    configured = _configured(session, catalog, file, priced_on)
    hints = price_hints(catalog, configured.lines, request_for(session, file, priced_on))
    return (*configured.warnings, *hints)


class _Alternatives(Value):
    """What the alternatives of a file come to, and what keeps some from being priced."""

    checked: tuple[CheckedAlternative, ...]
    problems: tuple[Problem, ...]


def _alternatives(session: Session, file: DealFile, on: date) -> _Alternatives:
    """Price every alternative as its version will be, a discount altogether worked out as well."""
    step = DealStep(deal=file.number, at=datetime(on.year, on.month, on.day, tzinfo=UTC), on=on)
    checked: list[CheckedAlternative] = []
    problems: list[Problem] = []
    for index, made in changed_files(file):
        asked = file.alternatives[index]
        try:
            total = _total_of(session, step, made, asked.change.total_discount)
        except InvalidInputError as error:
            problems += beside(index, error.problems)
        else:
            checked.append(CheckedAlternative(label=asked.label, total=total))
    return _Alternatives(checked=tuple(checked), problems=tuple(problems))


def _total_of(session: Session, step: DealStep, file: DealFile, percent: Decimal | None) -> Money:
    draft = Draft(file=file, file_revision=0, price_list=price_list_now(session, step.on))
    if percent is not None:
        draft = replace(draft, file=reached(session, step, draft, percent))
    return draft_quote(session, step, draft)[0].total


async def _start_once(house: House, caller: Caller, file: DealFile) -> bool:
    """Start the workflow; False if it is there with the same content."""
    asked = fingerprint(file)
    known = await house.read(lambda session: _known_fingerprint(session, file.number))
    if known is None:
        started = await house.gateway.start(
            Start(
                workflow="DealWorkflow",
                workflow_id=deal_workflow_id(file.number),
                payload=await _payload(house, caller, file),
                summary=f"{file.customer}: {len(file.lines)} lines in {file.currency}",
                fingerprint=asked,
            )
        )
        if started:
            return True
        known = (await house.gateway.look(deal_workflow_id(file.number))).fingerprint
    if known != asked:
        text = f"Deal {file.number} exists with another content; use another number."
        raise ConflictError(text)
    return False


async def _payload(house: House, caller: Caller, file: DealFile) -> DealInput:
    """Return what starts a deal: its file, or, for a big one, the hash under which it is stored."""
    by = {"actor": caller.id, "channel": caller.channel}
    content = file.model_dump_json().encode()
    if line_count(file) <= MOST_INLINE and len(content) <= _MOST_BYTES_INLINE:
        return DealInput(**file.model_dump(), **by)
    sha256 = await asyncio.to_thread(house.documents.put, content, "json")
    bare = file.model_dump(exclude={"lines", "note", "header_discount"})
    return DealInput(**bare, **by, file_hash=sha256)


def _known_fingerprint(session: Session, number: str) -> str | None:
    """Return what stands for the content of a deal on record, or None if there is none."""
    if session.get(DealRow, number) is None:
        return None
    row = session.exec(
        select(DealFileRow).where(DealFileRow.deal == number).order_by(col(DealFileRow.id))
    ).first()
    return fingerprint(DealFile.model_validate_json(row.content)) if row else ""


async def _first_result(house: House, number: str) -> str:
    """Wait until the deal is priced or has failed, but not for long; return its stage.

    A priced deal may take a moment more to reach whoever it waits for, so that a decision sent
    right after the start finds it waiting.
    """
    begun = time.monotonic()
    deadline = begun + house.patience.start
    while True:
        stage = await house.read(lambda session: _stage_when_priced(session, number))
        settled = time.monotonic() >= begun + house.patience.settle
        if stage and (settled or stage != Stage.QUOTE.value):
            return stage
        run = await house.gateway.look(deal_workflow_id(number))
        if run.state is RunState.FAILED:
            raise InvalidInputError(start_problems(run))
        if time.monotonic() >= deadline:
            return ""
        await asyncio.sleep(house.patience.pause)


def start_problems(run: Run) -> tuple[Problem, ...]:
    """Return why a deal failed at its start; always at least one problem."""
    return run.problems or (
        Problem(field="deal", reason=run.text, remedy="`q2c doctor` says more"),
    )


def _stage_when_priced(session: Session, number: str) -> str:
    deal = session.get(DealRow, number)
    if deal is None:
        return ""
    early = (Stage.CONFIGURE.value, Stage.PRICE.value)
    if deal.stage not in early:
        return deal.stage
    priced = session.exec(select(QuoteRow.number).where(QuoteRow.deal == number)).first()
    return Stage.QUOTE.value if priced else ""
