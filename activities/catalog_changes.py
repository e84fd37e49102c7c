"""A new version of the catalogue as a case: what it changes, and its publication."""

import json
from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from activities.catalog_stakes import touched_by_version
from activities.register import approval_policy, catalogs
from models.approval_cases import CarriedOut, Examined, OpenCase
from models.approval_facts import Subject
from models.catalog import Catalog, parse_catalog
from models.catalog_impact import facts_of_change, in_words
from models.catalog_versions import in_force_on, is_on_record, publication_problems
from models.errors import InvalidInputError, Problem
from models.register import HOUSE
from models.steps import ChangeRecorded, RegisterChange, RegisterKind
from models.tables import ApprovalCaseRow

Append = Callable[[Session, RegisterChange], ChangeRecorded]
"""Puts a revision of the register on record, in the transaction of its caller."""


def needs_a_case(session: Session) -> bool:
    """Whether a new version of the catalogue has to be handed in.

    That is once there is a catalogue, if the approval policy has a rule about changing it.
    """
    rules = approval_policy(session).rules
    is_ruled = any(rule.subject is Subject.CATALOG_CHANGE for rule in rules)
    return is_ruled and next(iter(catalogs(session)), None) is not None


def examine(session: Session, asked: OpenCase, at: datetime) -> Examined:
    """Say what publishing a version means: how far prices move, and what it touches."""
    try:
        catalog = parse_catalog(json.loads(asked.content))
    except InvalidInputError as error:
        return Examined(problems=error.problems)
    except ValueError as error:
        problem = Problem(field="content", reason=str(error), remedy="send valid JSON")
        return Examined(problems=(problem,))
    known, today = [*catalogs(session)], at.date()
    problems = _problems(known, catalog)
    if problems:
        return Examined(problems=problems)
    before = in_force_on(known, catalog.effective_from or today) or Catalog(version="")
    touched = tuple(touched_by_version(session, known, catalog, today))
    begins = f" from {catalog.effective_from}" if catalog.effective_from else ""
    return Examined(
        title=f"Publish catalogue {catalog.version}{begins}, which touches {in_words(touched)}",
        facts=facts_of_change(before, catalog, touched),
        on=today,
    )


def _problems(known: list[Catalog], catalog: Catalog) -> tuple[Problem, ...]:
    if is_on_record(known, catalog):
        reason = f"{catalog.version} is on record already"
        return (Problem(field="version", reason=reason, remedy="nothing is left to do"),)
    return tuple(publication_problems(known, catalog))


def publisher(append: Append) -> Callable[[Session, ApprovalCaseRow, datetime], CarriedOut]:
    """Return what carries an approved version out: it goes on record as whoever handed it in."""

    def carry_out(session: Session, case: ApprovalCaseRow, at: datetime) -> CarriedOut:  # noqa: ARG001
        content = parse_catalog(json.loads(case.content)).model_dump_json()
        done = append(
            session,
            RegisterChange(
                kind=RegisterKind.CATALOG, key=HOUSE, content=content, actor=case.requester
            ),
        )
        return CarriedOut(problems=done.problems, reference=f"revision {done.revision}")

    return carry_out
