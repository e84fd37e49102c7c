"""Approval paths: steps in chains, what was decided on them, and how they stand.

A path is resolved to people once, when a subject is handed in, and frozen. Every function returns a
new path; none lets anybody decide who has a part in the subject.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from models.approval_facts import LineFacts, Subject
from models.approval_people import Barred, managers_of
from models.delegation import Delegation, delegates_of, represented_by
from models.parties import Person
from models.value import Value

ESCALATE = "escalate"
"""The kind of a ruling that hands a step up."""


class StepStatus(StrEnum):
    """Where one approval step stands."""

    WAITING = "waiting"
    ACTIVE = "active"
    APPROVED = "approved"
    REJECTED = "rejected"
    COUNTERED = "countered"


class Voice(Value):
    """A counted yes or no in a step: whose, and for whom if not for themselves."""

    person: str
    on_behalf_of: str = ""


class ApprovalStep(Value):
    """One required yes, or `needed` of several. `key` is unique within the path.

    `approver` is who is asked; where it is a group, `approvers` are all of them and `approver` the
    first. `fingerprint` stands for what the step was asked about; `decided_by` is who gave the last
    yes or the no, and `decision_reason` what they wrote; `overridden` if it was an emergency.
    """

    key: str
    chain: str
    order: int
    title: str
    approver: str
    approvers: tuple[str, ...] = ()
    needed: int = 1
    voices: tuple[Voice, ...] = ()
    escalated_from: str | None = None
    reasons: tuple[str, ...] = ()
    fingerprint: str = ""
    status: StepStatus = StepStatus.WAITING
    decided_by: str | None = None
    on_behalf_of: str = ""
    decision_reason: str = ""
    overridden: bool = False

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who is asked, those included who have decided."""
        return self.approvers or (self.approver,)

    @property
    def undecided(self) -> tuple[str, ...]:
        """Who is asked and has not decided, in person or through somebody."""
        heard = {voice.on_behalf_of or voice.person for voice in self.voices}
        return tuple(person for person in self.people if person not in heard)


class ApprovalPath(Value):
    """All steps a subject needs, resolved to people and frozen when it was handed in.

    `seller` is who handed it in; `barred` are the others who may not decide on it, with the reason.
    """

    policy_version: str
    quote_version: int
    content_hash: str
    subject: Subject = Subject.QUOTE
    seller: str = ""
    barred: tuple[Barred, ...] = ()
    facts: Mapping[str, Decimal] = {}
    steps: tuple[ApprovalStep, ...] = ()
    recalled: bool = False


class ApprovalRequest(Value):
    """A version of a subject handed in for approval: whose it is, what it says, what is asked.

    `delegations` are those on record and `on` is the day, so that who decides for the submitter is
    barred as well.
    """

    seller: str
    currency: str
    quote_version: int
    content_hash: str
    facts: Mapping[str, Decimal]
    lines: tuple[LineFacts, ...] = ()
    subject: Subject = Subject.QUOTE
    barred: tuple[Barred, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    on: date | None = None


class DecisionRequest(Value):
    """One person's yes or no to the content with this hash; `counter` is a no with a proposal.

    `step` names the step; if it is empty, it is the first step that waits for the person. With the
    delegations on record and the day, a person also decides for whom they represent. A decision
    that is on record says itself for whom it was.
    """

    person: str
    approve: bool
    content_hash: str
    reason: str = ""
    step: str = ""
    counter: bool = False
    on_behalf_of: str = ""
    delegations: tuple[Delegation, ...] = ()
    on: date | None = None


class Ruling(Value):
    """One entry on record about a path, in the words of `RulingKind`.

    An escalated step goes to `person`, in place of `on_behalf_of` where that is filled.
    """

    kind: str
    step: str
    person: str
    content_hash: str = ""
    reason: str = ""
    on_behalf_of: str = ""


class RulingKind(StrEnum):
    """What changes a path; any other kind of ruling is about something else."""

    APPROVE = "approve"
    REJECT = "reject"
    COUNTER = "counter"
    ESCALATE = "escalate"
    RECALL = "recall"
    RESUBMIT = "resubmit"
    OVERRIDE = "override"
    AS_COUNTERED = "as_countered"


_DECIDING = frozenset({RulingKind.APPROVE, RulingKind.REJECT, RulingKind.COUNTER})
_UNDECIDED = frozenset({StepStatus.WAITING, StepStatus.ACTIVE})


class DecisionOutcome(Value):
    """The path after a decision; if it was refused, the unchanged path and the reason."""

    path: ApprovalPath
    refused_because: str | None = None
    on_behalf_of: str = ""


def decide(
    path: ApprovalPath, request: DecisionRequest, apart: Collection[str] = ()
) -> DecisionOutcome:
    """Return the path after a person's yes or no, or the reason why it does not count.

    Refused are the submitter and everybody else who is barred, strangers, decisions on other
    content, steps already decided or not yet reached, and a no without a reason. The yes that
    completes a step activates the chain's next one, and gives those that are `answered_with` it but
    for the ones named in `apart`; a no or a counter stops the whole path at once.
    """
    step = _addressed_step(path, request)
    if step is None:
        return DecisionOutcome(path=path, refused_because=_stranger(path, request))
    refused = _refusal(path, step, request)
    if refused is not None:
        return DecisionOutcome(path=path, refused_because=refused)
    seat = _seat(step, request)
    behalf = "" if seat == request.person else seat
    voices = (*step.voices, Voice(person=request.person, on_behalf_of=behalf))
    changes: dict[str, object] = {"voices": voices}
    status = _status_after(step, request, len(voices))
    if status is not StepStatus.ACTIVE:
        changes |= {
            "status": status,
            "decided_by": request.person,
            "on_behalf_of": behalf,
            "decision_reason": request.reason.strip(),
        }
    steps = _replaced(path.steps, step.model_copy(update=changes))
    if request.approve:
        along = answered_with(path, step) if status is StepStatus.APPROVED else ()
        given = [each.model_copy(update=changes) for each in along if each.key not in apart]
        for each in given:
            steps = _replaced(steps, each)
        steps = activated(steps)
    changed = path.model_copy(update={"steps": steps})
    return DecisionOutcome(path=changed, on_behalf_of=behalf)


def escalate(path: ApprovalPath, step_key: str, people: Sequence[Person]) -> ApprovalPath:
    """Return the path with a step handed up: every undecided approver's nearest manager is asked.

    Whoever may not decide is passed over, and so is whoever is asked in the step already. An
    approver with nobody above stays, and so does a step that is not active or not there.
    """
    step = next((step for step in pending(path) if step.key == step_key), None)
    if step is None:
        return path
    for former in step.undecided:
        step = _handed_up(path, step, former, people)
    return path.model_copy(update={"steps": _replaced(path.steps, step)})


def handed_up(before: ApprovalStep, after: ApprovalStep) -> tuple[tuple[str, str], ...]:
    """Return who took whose place between two states of a step: (former, new), in order."""
    pairs = zip(before.people, after.people, strict=True)
    return tuple((former, new) for former, new in pairs if former != new)


def recall(path: ApprovalPath, person: str) -> DecisionOutcome:
    """Return the path taken back by its submitter: nobody decides until it is handed in again.

    Refused to everybody else, and once every yes is there or somebody said no.
    """
    checks = (
        (person != path.seller, f"Only {path.seller} can recall it"),
        (path.recalled, "It is recalled already"),
        (is_rejected(path), f"Version {path.quote_version} is already rejected"),
        (is_approved(path), f"Version {path.quote_version} is already approved"),
    )
    refused = next((reason for applies, reason in checks if applies), None)
    if refused is not None:
        return DecisionOutcome(path=path, refused_because=refused)
    return DecisionOutcome(path=path.model_copy(update={"recalled": True}))


def resubmit(path: ApprovalPath, person: str) -> DecisionOutcome:
    """Return the unchanged version handed in again after a recall or a counter.

    What was approved stays approved, because the content is the same; a countered step is asked
    again. Refused to everybody but the submitter, and where nothing was taken back or countered.
    """
    if person != path.seller:
        return DecisionOutcome(path=path, refused_because=f"Only {path.seller} can hand it in")
    if not path.recalled and not is_countered(path):
        reason = f"Version {path.quote_version} was neither recalled nor countered"
        return DecisionOutcome(path=path, refused_because=reason)
    open_again = {
        "status": StepStatus.WAITING,
        "decided_by": None,
        "on_behalf_of": "",
        "decision_reason": "",
        "voices": (),
    }
    steps = [
        step.model_copy(update=open_again) if step.status is StepStatus.COUNTERED else step
        for step in path.steps
    ]
    changed = {"recalled": False, "steps": activated(steps)}
    return DecisionOutcome(path=path.model_copy(update=changed))


def override(
    path: ApprovalPath, person: str, reason: str, deciding_for_submitter: Iterable[str] = ()
) -> DecisionOutcome:
    """Return the path with every missing yes given by one person, in an emergency.

    It needs a reason and is reviewed afterwards. Refused to everybody who is barred or decides for
    the submitter now, and for a path that is not waiting.
    """
    is_delegate = person in deciding_for_submitter
    checks = (
        *_barred_checks(path, person),
        (is_delegate, f"{person} decides for {path.seller}, whose deal it is"),
        (not reason.strip(), "An override needs a reason"),
        (not pending(path), f"Version {path.quote_version} waits for nobody"),
    )
    refused = next((why for applies, why in checks if applies), None)
    if refused is not None:
        return DecisionOutcome(path=path, refused_because=refused)
    given = {
        "status": StepStatus.APPROVED,
        "decided_by": person,
        "decision_reason": reason.strip(),
        "overridden": True,
    }
    steps = (
        step if step.status is StepStatus.APPROVED else step.model_copy(update=given)
        for step in path.steps
    )
    return DecisionOutcome(path=path.model_copy(update={"steps": tuple(steps)}))


def approve_as_countered(path: ApprovalPath, ruling: Ruling) -> DecisionOutcome:
    """Return the path with the yes an approver gave by countering with exactly this content.

    It counts for the named step whoever's turn it is there, since nobody has to be asked again.
    Refused to the submitter and whoever is barred, and where they are not asked or were heard.
    """
    step = next((one for one in path.steps if one.key == ruling.step), None)
    seat = ruling.on_behalf_of or ruling.person
    is_asked = step is not None and step.status in _UNDECIDED and seat in step.undecided
    checks = (
        *_barred_checks(path, ruling.person),
        (not is_asked, f"{seat} is not asked in step {ruling.step}"),
    )
    refused = next((why for applies, why in checks if applies), None)
    if step is None or refused is not None:
        return DecisionOutcome(path=path, refused_because=refused)
    voices = (
        *step.voices,
        Voice(person=ruling.person, on_behalf_of=ruling.on_behalf_of),
    )
    changes: dict[str, object] = {"voices": voices}
    if len(voices) >= step.needed:
        changes |= {
            "status": StepStatus.APPROVED,
            "decided_by": ruling.person,
            "on_behalf_of": ruling.on_behalf_of,
            "decision_reason": ruling.reason,
        }
    steps = activated(_replaced(path.steps, step.model_copy(update=changes)))
    return DecisionOutcome(
        path=path.model_copy(update={"steps": steps}), on_behalf_of=ruling.on_behalf_of
    )


def replay(path: ApprovalPath, rulings: Iterable[Ruling]) -> ApprovalPath:
    """Return a frozen path after everything that was decided and handed up, in its order."""
    taken = [ruling for ruling in rulings if ruling.kind in set(RulingKind)]
    for place, ruling in enumerate(taken, start=1):
        # Steps that were decided by themselves later on were not answered together.
        apart = frozenset(later.step for later in taken[place:] if later.kind in _DECIDING)
        path = _after(path, ruling, apart)
    return path


def answered_with(path: ApprovalPath, step: ApprovalStep) -> tuple[ApprovalStep, ...]:
    """Return the other steps that a yes to an escalated step gives as well.

    These are the undecided ones for which the person it was handed to was asked alone from the
    beginning: whoever is asked twice is asked once, for the reasons of all of them.
    """
    if step.escalated_from is None or step.approvers:
        return ()
    return tuple(
        other
        for other in path.steps
        if other.key != step.key
        and other.people == (step.approver,)
        and other.escalated_from is None
        and other.status in _UNDECIDED
    )


def reasons_asked(path: ApprovalPath, step: ApprovalStep) -> tuple[str, ...]:
    """Return every reason a step is asked for, those of the steps answered with it included."""
    steps = (step, *answered_with(path, step))
    return tuple(dict.fromkeys(reason for one in steps for reason in one.reasons))


def pending(path: ApprovalPath) -> tuple[ApprovalStep, ...]:
    """Return the steps that wait for somebody now; a path that was stopped waits for nobody."""
    if path.recalled or is_rejected(path) or is_countered(path):
        return ()
    return tuple(step for step in path.steps if step.status is StepStatus.ACTIVE)


def waiting_for(
    path: ApprovalPath, person: str, delegations: Iterable[Delegation] = (), on: date | None = None
) -> tuple[ApprovalStep, ...]:
    """Return the steps that a person can decide now, in person or for whom they represent."""
    asked = DecisionRequest(
        person=person,
        approve=True,
        content_hash=path.content_hash,
        delegations=tuple(delegations),
        on=on,
    )
    return tuple(step for step in pending(path) if _refusal(path, step, asked) is None)


def is_approved(path: ApprovalPath) -> bool:
    """Whether every required yes is there; without any step nobody had to be asked."""
    return all(step.status is StepStatus.APPROVED for step in path.steps)


def is_rejected(path: ApprovalPath) -> bool:
    """Whether anybody said no."""
    return any(step.status is StepStatus.REJECTED for step in path.steps)


def is_countered(path: ApprovalPath) -> bool:
    """Whether anybody said what they would say yes to instead."""
    return any(step.status is StepStatus.COUNTERED for step in path.steps)


def activated(steps: Sequence[ApprovalStep]) -> tuple[ApprovalStep, ...]:
    """Return the steps with the first undecided one of each chain active and the others waiting."""
    first: dict[str, str] = {}
    for step in sorted(steps, key=lambda step: step.order):
        if step.status in _UNDECIDED:
            first.setdefault(step.chain, step.key)
    return tuple(
        _with_turn(step, first[step.chain]) if step.status in _UNDECIDED else step for step in steps
    )


def _with_turn(step: ApprovalStep, first: str) -> ApprovalStep:
    status = StepStatus.ACTIVE if step.key == first else StepStatus.WAITING
    return step.model_copy(update={"status": status})


def _after(path: ApprovalPath, ruling: Ruling, apart: Collection[str]) -> ApprovalPath:
    kind = RulingKind(ruling.kind)
    match kind:
        case RulingKind.ESCALATE:
            steps = tuple(
                _moved(step, ruling.on_behalf_of or step.approver, ruling.person)
                if step.key == ruling.step
                else step
                for step in path.steps
            )
            return path.model_copy(update={"steps": steps})
        case RulingKind.RECALL:
            return recall(path, ruling.person).path
        case RulingKind.RESUBMIT:
            return resubmit(path, ruling.person).path
        case RulingKind.OVERRIDE:
            return override(path, ruling.person, ruling.reason).path
        case RulingKind.AS_COUNTERED:
            return approve_as_countered(path, ruling).path
        case RulingKind.APPROVE | RulingKind.REJECT | RulingKind.COUNTER:
            said = {
                "approve": kind is RulingKind.APPROVE,
                "counter": kind is RulingKind.COUNTER,
            }
            asked = DecisionRequest(**said, **ruling.model_dump(exclude={"kind"}))
            return decide(path, asked, apart).path
    assert_never(kind)


def _handed_up(
    path: ApprovalPath, step: ApprovalStep, former: str, people: Sequence[Person]
) -> ApprovalStep:
    excluded = {path.seller, step.escalated_from, *step.people}
    excluded |= {one.person for one in path.barred}
    above = (person.id for person in managers_of(former, people))
    manager = next((person for person in above if person not in excluded), None)
    return step if manager is None else _moved(step, former, manager)


def _moved(step: ApprovalStep, former: str, new: str) -> ApprovalStep:
    people = tuple(new if person == former else person for person in step.people)
    changes = {
        "approver": people[0],
        "approvers": people if step.approvers else (),
        "escalated_from": step.escalated_from or former,
    }
    if not step.approvers:
        changes["escalated_from"] = former
    return step.model_copy(update=changes)


def _status_after(step: ApprovalStep, request: DecisionRequest, heard: int) -> StepStatus:
    if request.counter:
        return StepStatus.COUNTERED
    if not request.approve:
        return StepStatus.REJECTED
    return StepStatus.APPROVED if heard >= step.needed else StepStatus.ACTIVE


def _replaced(steps: Sequence[ApprovalStep], changed: ApprovalStep) -> tuple[ApprovalStep, ...]:
    return tuple(changed if step.key == changed.key else step for step in steps)


def _seats(step: ApprovalStep, request: DecisionRequest) -> tuple[str, ...]:
    """Return for whom a person can speak in a step: themselves first, then those they represent."""
    if request.on_behalf_of:
        return (request.on_behalf_of,) if request.on_behalf_of in step.people else ()
    represented = (
        represented_by(request.person, request.delegations, request.on) if request.on else ()
    )
    return tuple(one for one in (request.person, *represented) if one in step.people)


def _seat(step: ApprovalStep, request: DecisionRequest) -> str:
    """Return for whom a person speaks now: the first who has not been heard."""
    seats = _seats(step, request)
    return next((one for one in seats if one in step.undecided), seats[0])


def _addressed_step(path: ApprovalPath, request: DecisionRequest) -> ApprovalStep | None:
    """Return the step a person decides on: the one named, else their first active, else any."""
    own = [step for step in path.steps if _seats(step, request)]
    if request.step:
        return next((step for step in own if step.key == request.step), None)
    active = [step for step in own if step.status is StepStatus.ACTIVE]
    unheard = [step for step in active if request.person not in _heard(step)]
    return next(iter([*unheard, *active, *own]), None)


def _heard(step: ApprovalStep) -> set[str]:
    return {voice.person for voice in step.voices}


def _stranger(path: ApprovalPath, request: DecisionRequest) -> str:
    barred = (reason for applies, reason in _barred_checks(path, request.person) if applies)
    wanted = f"step {request.step}" if request.step else "any step"
    asked = f"{request.person} is not asked to decide on {wanted} of version {path.quote_version}"
    return next(barred, asked)


def _barred_checks(path: ApprovalPath, person: str) -> tuple[tuple[bool, str], ...]:
    why = {one.person: one.reason for one in path.barred}
    return (
        (person == path.seller, "The seller cannot decide on their own deal"),
        (person in why, f"{person} cannot decide on it: {why.get(person, '')}"),
    )


def _refusal(path: ApprovalPath, step: ApprovalStep, request: DecisionRequest) -> str | None:
    """Return why a decision of somebody who is asked does not count, or None if it does."""
    version, person = path.quote_version, request.person
    said = f"Step {step.key} is already {step.status} by {step.decided_by}"
    deciding_for = request.on and delegates_of(path.seller, request.delegations, request.on)
    turn = f"It is not your turn: step {step.key} is waiting"
    checks = (
        *_barred_checks(path, person),
        (person in (deciding_for or ()), f"{person} decides for {path.seller}, whose deal it is"),
        (
            request.content_hash != path.content_hash,
            f"This decision is for an outdated version: look at version {version}",
        ),
        (step.decided_by is not None, said),
        (is_rejected(path), f"Version {version} is already rejected"),
        (is_countered(path), f"Version {version} has been answered by a counter"),
        (path.recalled, f"Version {version} was recalled by {path.seller}"),
        (step.status is StepStatus.WAITING, turn),
        (person in _heard(step), f"{person} has already decided on step {step.key}"),
        (not _speaks(step, request), f"Whom {person} decides for has already decided"),
        (not request.approve and not request.reason.strip(), _needs_reason(request)),
    )
    return next((reason for applies, reason in checks if applies), None)


def _speaks(step: ApprovalStep, request: DecisionRequest) -> bool:
    """Whether a person speaks for somebody who has not been heard in the step."""
    return any(seat in step.undecided for seat in _seats(step, request))


def _needs_reason(request: DecisionRequest) -> str:
    return "A counter needs a reason" if request.counter else "A rejection needs a reason"
