"""The embedded server for real: its ports, its file, and what is created on it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from models.attributes import ATTRIBUTES, AttributeType
from models.errors import ConflictError
from workers.attributes import ensure_namespace, retention
from workers.connection import UnreachableError, connect
from workers.polling import polled
from workers.server import (
    StackError,
    is_listening,
    require_server_ports,
    server_command,
    server_environment,
    temporal_server,
)
from workers.settings import Settings, free_port


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's settings are no part of a test."""
    for name in list(os.environ):
        if name.startswith(("Q2C_", "TEMPORAL_")):
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder with a space in its name, on free ports."""
    return Settings(
        home=tmp_path / "data folder",
        temporal_port=free_port(),
        temporal_ui_port=free_port(),
        api_port=free_port(),
    )


@pytest_asyncio.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    """A client of a fresh server of this test's own."""
    async with temporal_server(settings):
        yield await connect(settings)


async def test_namespace_and_attributes_are_made_once_and_usable_at_once(
    client: Client, settings: Settings
) -> None:
    """Flags do nothing on an old file, so the API does it at every start."""
    await ensure_namespace(client, settings)
    await ensure_namespace(f"127.0.0.1:{settings.temporal_port}", settings)

    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace="q2c")
    )
    assert dict(listed.custom_attributes).keys() == {a.name for a in ATTRIBUTES}
    assert await retention(client) == timedelta(days=3650)
    await client.start_workflow("anything", id="deal-1", task_queue="q", search_attributes=_all())
    assert await _counts(client, "Q2cOnHold = true AND Q2cStage = 'quoting'", 1)


async def _counts(client: Client, query: str, wanted: int) -> bool:
    """Visibility follows a moment behind, so ask until it has caught up or the test's time ends."""
    while (await client.count_workflows(query)).count != wanted:
        await asyncio.sleep(0.05)
    return True


def _all() -> TypedSearchAttributes:
    """One value for every attribute, each written with its own type."""
    samples: dict[AttributeType, tuple[Callable[[str], Any], Any]] = {
        AttributeType.KEYWORD: (SearchAttributeKey.for_keyword, "quoting"),
        AttributeType.INT: (SearchAttributeKey.for_int, 100_00),
        AttributeType.BOOL: (SearchAttributeKey.for_bool, True),
        AttributeType.DATETIME: (
            SearchAttributeKey.for_datetime,
            datetime(2026, 1, 31, tzinfo=UTC),
        ),
    }
    return TypedSearchAttributes(
        [SearchAttributePair(samples[a.type][0](a.name), samples[a.type][1]) for a in ATTRIBUTES]
    )


async def test_a_short_retention_is_raised_and_a_long_one_kept(
    client: Client, settings: Settings
) -> None:
    """The server's own default would forget a deal's earlier runs after a day."""
    await ensure_namespace(client, settings.model_copy(update={"retention_days": 2}))
    assert await retention(client) == timedelta(days=2)

    await ensure_namespace(client, settings)
    assert await retention(client) == timedelta(days=3650)

    await ensure_namespace(client, settings.model_copy(update={"retention_days": 2}))
    assert await retention(client) == timedelta(days=3650)


async def test_an_attribute_of_another_type_is_named(client: Client, settings: Settings) -> None:
    """Every upsert of it would fail a deal's task forever; better to refuse at the start."""
    await ensure_namespace(client, settings.model_copy(update={"namespace": "q2c"}))
    other = settings.model_copy(update={"namespace": "other"})
    await _register_with_wrong_stage(client, other)
    stranger = await connect(other)

    with pytest.raises(ConflictError, match="Q2cStage"):
        await ensure_namespace(stranger, other)


async def _register_with_wrong_stage(client: Client, other: Settings) -> None:
    day = Duration(seconds=86400)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=other.namespace, workflow_execution_retention_period=day)
    )
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=other.namespace,
            search_attributes={"Q2cStage": IndexedValueType.INDEXED_VALUE_TYPE_INT},
        )
    )


async def test_nobody_polls_a_fresh_queue(client: Client, settings: Settings) -> None:
    """A queue without a worker is what the doctor and the start look for."""
    await ensure_namespace(client, settings)

    assert await polled(client, ("q2c-core", "q2c-books")) == set()


async def test_stops_and_frees_its_ports(settings: Settings) -> None:
    """An orderly end leaves nothing behind but the file."""
    async with temporal_server(settings) as server:
        assert is_listening(settings.temporal_port)
        assert server.record is not None

    assert not is_listening(settings.temporal_port)
    assert settings.temporal_file.exists()


async def test_restarts_after_its_death(settings: Settings) -> None:
    """The deals are in the file; a dead server is simply started again."""
    said: list[str] = []
    async with temporal_server(settings, said.append) as server:
        assert server.record is not None
        first = server.record.pid
        os.kill(first, 9)
        async with asyncio.timeout(20):
            while server.record.pid == first or not is_listening(settings.temporal_port):
                await asyncio.sleep(0.05)

    assert len(said) == 1
    assert said[0].startswith("temporal ended with code -9; starting it again in 0.5 s")


def test_a_taken_port_is_one_line_with_the_remedy(settings: Settings) -> None:
    """The raw server says `address already in use` after a page of log."""
    with (
        socket.create_server(("127.0.0.1", settings.temporal_ui_port)),
        pytest.raises(StackError) as raised,
    ):
        require_server_ports(settings)

    assert str(raised.value) == (
        f"Port {settings.temporal_ui_port} for the Temporal web UI is in use. "
        "Stop what listens there, or choose another port with Q2C_TEMPORAL_UI_PORT."
    )


async def test_no_server_is_one_line_with_the_remedy(settings: Settings) -> None:
    """A refused connection is the most common first experience."""
    with pytest.raises(UnreachableError, match=r"No Temporal server answers .* `make up`"):
        await connect(settings)


def test_the_file_is_in_write_ahead_mode_and_bound_to_this_machine(settings: Settings) -> None:
    """Measured: four times the activities a second; and nobody else may signal deals."""
    arguments = server_command(settings).arguments

    assert arguments[arguments.index("--sqlite-pragma") + 1] == "journal_mode=wal"
    assert arguments[arguments.index("--ip") + 1] == "127.0.0.1"


def test_the_server_ignores_its_owners_client_settings() -> None:
    """The program reads TEMPORAL_ADDRESS and the like as flags."""
    given = {"TEMPORAL_ADDRESS": "elsewhere:7233", "HOME": "/somewhere"}

    assert server_environment(given) == {"HOME": "/somewhere"}
