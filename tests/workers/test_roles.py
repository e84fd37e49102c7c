"""Roles: every activity is registered on exactly one queue, under the name workflows call it by."""

from collections import Counter
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from temporalio import activity, workflow

from activities import signatures
from activities.signatures import Queue, Signature
from workers.roles import WORKFLOWS, activities_of
from workers.runner import open_office, queues_of
from workers.settings import Role, Settings

SIGNATURES: list[Signature[Any, Any]] = [
    one for one in vars(signatures).values() if isinstance(one, Signature)
]


@pytest.fixture
def registered(tmp_path: Path) -> dict[Queue, list[Any]]:
    """What each queue serves."""
    office = open_office(Settings(home=tmp_path))
    return {queue: activities_of(queue, office) for queue in Queue}


def _name(function: Any) -> str:
    definition = activity._Definition.must_from_callable(function)
    return str(definition.name)


def test_each_activity_is_on_the_queue_its_signature_names_and_on_no_other(
    registered: dict[Queue, list[Any]],
) -> None:
    """A workflow that asks on another queue would wait for ever."""
    served = [(queue, _name(function)) for queue, all_ in registered.items() for function in all_]

    assert Counter(served) == Counter((one.queue, one.name) for one in SIGNATURES)


def test_each_activity_takes_and_gives_what_its_signature_says(
    registered: dict[Queue, list[Any]],
) -> None:
    """Workflows know only the signatures; a difference would show in production first."""
    by_name = {_name(function): function for all_ in registered.values() for function in all_}

    for signature in SIGNATURES:
        hints = get_type_hints(by_name[signature.name].__func__)
        given, (taken,) = hints.pop("return"), tuple(hints.values())
        assert (taken, given) == (signature.takes, signature.gives), signature.name


def test_every_activity_is_a_plain_function(tmp_path: Path) -> None:
    """Blocking work belongs on the thread pool, never on the loop that serves the workflows."""
    office = open_office(Settings(home=tmp_path))

    for queue in Queue:
        for function in activities_of(queue, office):
            assert not activity._Definition.must_from_callable(function).is_async


def test_the_workflows_are_registered_under_the_names_people_start_them_by() -> None:
    """Renaming a class must not rename what runs."""
    names = [workflow._Definition.must_from_class(one).name for one in WORKFLOWS]

    assert names == [
        "DealWorkflow",
        "PaymentWorkflow",
        "CorrectionWorkflow",
        "StatementWorkflow",
        "RegisterWorkflow",
        "StockWorkflow",
        "VatCheckWorkflow",
        "ApprovalWorkflow",
        "UsageWorkflow",
        "CreditWorkflow",
        "TransmissionWorkflow",
    ]


def test_a_role_polls_its_own_queue_and_all_polls_every_queue() -> None:
    """Small installations run one process, large ones one for each kind of work."""
    assert queues_of(Role.BOOKS) == (Queue.BOOKS,)
    assert set(queues_of(Role.ALL)) == set(Queue)
