"""The letters of cases: to whoever is asked for a yes, and to whoever handed the case in."""

import json
import shlex
from collections.abc import Iterator

from sqlmodel import Session

from activities.approval_cases import current_case_path
from activities.mail import OutgoingMail
from activities.register import entities, people
from models.approval import ApprovalStep, reasons_asked
from models.approval_cases import CaseNotice, NotifyCase
from models.decisions import decision_token
from models.parties import Entity, Person
from models.tables import ApprovalCaseRow, CaseOutcomeRow
from models.words import MailWords, spoken, words_for


def case_mails(session: Session, notice: NotifyCase, secret: bytes) -> list[OutgoingMail]:
    """Return the mails of a notice; none where nobody's address is known or nobody is asked."""
    case = session.get_one(ApprovalCaseRow, notice.case)
    known = entities(session)
    entity = next((one for one in known if one.number == case.entity), None) or next(
        iter(known), None
    )
    if entity is None:
        return []
    found = {person.id: person for person in people(session)}
    letters = (
        _closing(session, case, found, entity)
        if notice.notice is CaseNotice.CLOSED
        else _asking(session, case, notice, (found, entity, secret))
    )
    return [
        OutgoingMail(
            key=f"{case.number}:{notice.notice}:{notice.step}:{person.id}",
            sender=entity.email,
            recipient=person.email,
            subject=subject,
            text=text,
            sent_at=notice.at,
        )
        for person, subject, text in letters
    ]


def _asking(
    session: Session,
    case: ApprovalCaseRow,
    notice: NotifyCase,
    house: tuple[dict[str, Person], Entity, bytes],
) -> Iterator[tuple[Person, str, str]]:
    found, entity, secret = house
    words = words_for(spoken(entity.language)).mails
    path = current_case_path(session, case)
    step = next((one for one in path.steps if one.key == notice.step), None)
    if step is None or step.decided_by is not None:
        return
    is_reminder = notice.notice is CaseNotice.REMINDER
    opening = words.approval_reminder if is_reminder else words.approval_opening
    if not is_reminder and step.escalated_from:
        opening = words.approval_escalated.format(person=step.escalated_from)
    who = found.get(case.requester)
    for person in (found[one] for one in step.undecided if one in found):
        token = decision_token(secret, case.number, step.key, person.id, case.content_hash)
        text = (
            words.case_text.format(person=who.name if who else case.requester, title=case.title),
            *([case.reason] if case.reason else []),
            "",
            words.approval_reasons,
            *(f"  - {reason}" for reason in reasons_asked(path, step)),
            "",
            *_how(case, words, step, (person.id, token)),
        )
        yield person, f"{opening}: {case.title}", "\n".join(text) + "\n"


def _how(
    case: ApprovalCaseRow, words: MailWords, step: ApprovalStep, proof: tuple[str, str]
) -> Iterator[str]:
    person, token = proof
    said = {"person": person, "step": step.key, "token": token, "content_hash": case.content_hash}
    command = ["temporal", "workflow", "signal", "--namespace", "q2c"]
    command += ["--workflow-id", f"approval-{case.number}", "--name", "approve"]
    yield words.case_ask
    yield ""
    yield f"  q2c approval approve {case.number} --step {step.key}"
    yield ""
    yield words.how_temporal
    yield ""
    yield f"  {shlex.join([*command, '--input', json.dumps(said)])}"
    yield ""
    yield words.how_key.format(token=token)
    yield ""
    yield words.case_refuse


def _closing(
    session: Session, case: ApprovalCaseRow, found: dict[str, Person], entity: Entity
) -> Iterator[tuple[Person, str, str]]:
    outcome, person = session.get(CaseOutcomeRow, case.number), found.get(case.requester)
    if outcome is None or person is None:
        return
    words = words_for(spoken(entity.language)).mails
    status = words.case_status[outcome.status]
    subject = words.case_closed_subject.format(title=case.title, status=status)
    text = words.case_closed_text.format(title=case.title, status=status)
    yield person, subject, f"{text}\n{outcome.text}\n" if outcome.text else f"{text}\n"
