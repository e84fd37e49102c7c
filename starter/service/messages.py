"""Telling a deal something: checked, proven, sent once, and answered the same when repeated."""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from models.deal import DealState
from models.errors import (
    InvalidInputError,
    NotFoundError,
    Problem,
    RefusedError,
)
from models.messages import Answer, Command, Message
from models.tables import CommandRow, DealRow
from models.value import Value
from models.written import nearest, read_written
from starter.service.decisions import decider, default_person, proven, questions
from starter.service.errors import DealEndedError, UnansweredError
from starter.service.people import Caller, require
from starter.service.ports import House, RunState, Update
from starter.service.repeats import require_usable, used_for_another
from starter.service.revisions import NEGOTIATED, answers_meant, revisions_meant
from starter.service.vocabulary import KINDS, MessageKind
from workflows.ids import deal_workflow_id


class Told(Value):
    """What became of a message, and the key under which it is on record."""

    accepted: bool
    text: str
    reference: str = ""
    command_id: str
    repeated: bool = False


class _Situation(Value):
    """What the books know when a message comes in: `commands` begins with the one to send."""

    is_known: bool
    ended: str
    commands: tuple[Command, ...]
    request_hash: str | None
    answer: Answer | None


async def tell(
    house: House, caller: Caller, number: str, name: str, asked: tuple[object, str]
) -> Told:
    """Send a message to a deal and return its answer; `asked` is the body and its key.

    Raises `NotPermittedError`, `InvalidInputError`, `NotFoundError`, `RefusedError` with the deal's
    reason, `ConflictError` for a key used for another request, `DealEndedError`, and
    `UnansweredError` if it may still happen.
    """
    kind = KINDS[name]
    require(caller, kind.roles, f"send {name}")
    body, key = asked
    written = _written(kind, body)
    command_id = _checked_key(key)
    secret = await asyncio.to_thread(house.settings.signing_secret)

    def commands(session: Session, deal: DealRow | None) -> Iterator[Command]:
        asked = (number, deal, written, command_id)
        return _commands(session, secret, caller, kind, asked, house.clock())

    return await deliver(house, number, commands, is_keyed=bool(key))


async def deliver(
    house: House,
    number: str,
    commands: Callable[[Session, DealRow | None], Iterable[Command]],
    *,
    is_keyed: bool,
) -> Told:
    """Send the first of `commands` to a deal and return its answer.

    The others are what the same request would have been before; where one of them is on record
    under its key (`is_keyed`), its stored answer is returned. Raises as `tell` does.
    """

    def look(session: Session) -> _Situation:
        deal = session.get(DealRow, number)
        return _situation(session, number, deal, tuple(commands(session, deal)))

    found = await house.read(look)
    command_id = found.commands[0].command_id
    if is_keyed and found.answer is None:
        found = await _with_unwritten(house, number, found)
    if found.answer is not None:
        return _repeated(found, command_id)
    if found.ended:
        raise DealEndedError(_ended_text(number, found.ended))
    answer = await _send(house, number, found)
    return Told(**_shown(answer), command_id=command_id)


def _written(kind: MessageKind, body: object) -> Mapping[str, Any]:
    """Return the fields a caller wrote; raises `InvalidInputError` with every problem."""
    if body is None:
        return {}
    if not isinstance(body, Mapping):
        problem = Problem(field="body", reason="is not a group of fields", remedy="write fields")
        raise InvalidInputError([problem])
    written = {str(field): value for field, value in body.items() if value is not None}
    problems = [
        Problem(field=field, reason="is not a known field", remedy=nearest(field, kind.fields))
        for field in written
        if field not in kind.fields
    ]
    read = kind.model.model_validate({k: v for k, v in written.items() if k in kind.fields})
    problems += read.problems or _misread_parts(kind, written)
    if problems:
        raise InvalidInputError(problems)
    return written


def _misread_parts(kind: MessageKind, written: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what of a nested part would be ignored or misread, such as a misspelled field."""
    for part, model in kind.parts.items():
        try:
            read_written(model, written.get(part, {}), lambda _: ())
        except InvalidInputError as error:
            for problem in error.problems:
                yield problem.model_copy(update={"field": f"{part}.{problem.field}"})


def _checked_key(key: str) -> str:
    require_usable(key)
    return key or uuid.uuid4().hex


def _commands(
    session: Session,
    secret: bytes,
    caller: Caller,
    kind: MessageKind,
    asked: tuple[str, DealRow | None, Mapping[str, Any], str],
    now: datetime,
) -> Iterator[Command]:
    """Yield the command to send, then those the same request would have been before."""
    number, deal, written, command_id = asked
    fixed = {"command_id": command_id, "actor": caller.id, "channel": caller.channel}
    if kind.name == "revise_quote":
        for meant in revisions_meant(session, caller, deal, written):
            yield _command(kind, {**meant, **fixed})
        return
    if kind.name in NEGOTIATED:
        for meant in answers_meant(session, caller, deal, written):
            yield _command(kind, {**meant, **fixed})
        return
    if kind.decision is None:
        yield _command(kind, {**written, **fixed})
        return
    person = decider(caller, kind, written, default_person(session, deal))
    for question in questions(session, deal, kind, caller.id, now):
        fields = proven(secret, number, kind, written, person, question)
        yield _command(kind, {**fields, **fixed})


def _command(kind: MessageKind, fields: Mapping[str, Any]) -> Command:
    message: Message = kind.model.model_validate(fields)
    return Command.model_validate(
        {"name": kind.name, "command_id": message.command_id, kind.field: message}
    )


def _situation(
    session: Session, number: str, deal: DealRow | None, commands: Sequence[Command]
) -> _Situation:
    row = session.exec(
        select(CommandRow).where(
            CommandRow.deal == number, CommandRow.command_id == commands[0].command_id
        )
    ).first()
    return _Situation(
        is_known=deal is not None,
        ended=deal.outcome or deal.stage if deal and deal.closed_at else "",
        commands=tuple(commands),
        request_hash=row.request_hash if row else None,
        answer=stored_answer(row) if row else None,
    )


def stored_answer(row: CommandRow) -> Answer:
    """Return the answer a deal once gave; a plain text is read as one too."""
    try:
        return Answer.model_validate_json(row.answer)
    except ValueError:
        return Answer(accepted=row.accepted, text=row.answer)


def _repeated(found: _Situation, command_id: str) -> Told:
    """Return the stored answer to the same request, as it was given the first time."""
    _require_same_request(found, found.request_hash, command_id)
    answer = found.answer
    if answer is None or not answer.accepted:
        raise RefusedError(answer.text if answer else "The deal refused it.")
    return Told(**_shown(answer), command_id=command_id, repeated=True)


def _require_same_request(found: _Situation, known: str | None, command_id: str) -> None:
    if known not in {command.request_hash for command in found.commands}:
        raise used_for_another(command_id)


def _shown(answer: Answer) -> dict[str, Any]:
    return answer.model_dump(exclude={"request_hash"})


def _ended_text(number: str, outcome: str) -> str:
    return (
        f"Deal {number} has ended ({outcome}), so it takes no more messages. "
        "To go on with the customer, make a new deal of one of its quotes: "
        f"`q2c quote list {number}`, then `q2c quote clone QUOTE`."
    )


async def _with_unwritten(house: House, number: str, found: _Situation) -> _Situation:
    """Add the answer the deal has given but not yet written to the books, if it has.

    Until the deal rests only the deal itself knows it. Where it does not answer, the message is
    sent, and the deal recognizes it by its id.
    """
    try:
        state = await house.gateway.query(
            deal_workflow_id(number), "state", DealState, house.patience.query
        )
    except (NotFoundError, UnansweredError):
        return found
    command_id = found.commands[0].command_id
    for answered in reversed(state.unwritten_answers):
        if answered.command_id == command_id:
            update = {"request_hash": answered.request_hash, "answer": answered.answer}
            return found.model_copy(update=update)
    return found


async def _send(house: House, number: str, found: _Situation) -> Answer:
    command = found.commands[0]
    update = Update(
        workflow_id=deal_workflow_id(number),
        name=command.name,
        update_id=f"{command.command_id}-{command.request_hash[:16]}",
        message=command.message,
    )
    try:
        answer = await house.gateway.update(update, house.patience.answer)
    except NotFoundError as error:
        raise await _not_running(house, number, is_known=found.is_known) from error
    except UnansweredError as error:
        raise UnansweredError(
            f"{error} The message may still be carried out. "
            f"Repeat it with the Idempotency-Key {command.command_id} to learn its answer."
        ) from error
    # Until the deal rests, the books do not know the key; the deal itself tells what it answers.
    _require_same_request(found, answer.request_hash or command.request_hash, command.command_id)
    if not answer.accepted:
        raise RefusedError(answer.text)
    return answer


async def _not_running(
    house: House, number: str, *, is_known: bool
) -> DealEndedError | NotFoundError:
    """Return why nothing runs under a deal's number: it never did, or no longer does."""
    run = await house.gateway.look(deal_workflow_id(number))
    if is_known:
        row = await house.read(lambda session: session.get(DealRow, number))
        return DealEndedError(_ended_text(number, row.outcome or run.state if row else run.state))
    if run.state is RunState.FAILED:
        reasons = "; ".join(str(problem) for problem in run.problems) or run.text
        text = f"Deal {number} could not start: {reasons} Correct its file and start it again."
        return DealEndedError(text)
    if run.state is RunState.COMPLETED:
        return DealEndedError(_ended_text(number, run.state))
    return NotFoundError(f"There is no deal {number}.")
