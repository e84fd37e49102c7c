"""Prepare a Temporal server for deals: the namespace and its search attributes.

Everything here may run at every start and on every machine at once. It goes through the API because
the flags of `temporal server start-dev` do nothing on an existing file and keep closed workflows
for one day only.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from models.attributes import ATTRIBUTES, Attribute, AttributeType
from models.errors import ConflictError
from workers.settings import Settings

_WAIT_SECONDS = 60.0
_PAUSE_SECONDS = 0.2

INDEXED_TYPES = {
    AttributeType.KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    AttributeType.INT: IndexedValueType.INDEXED_VALUE_TYPE_INT,
    AttributeType.BOOL: IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
    AttributeType.DATETIME: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}

_PROBES = {
    AttributeType.KEYWORD: "'probe'",
    AttributeType.INT: "1",
    AttributeType.BOOL: "true",
    AttributeType.DATETIME: "'2000-01-01T00:00:00Z'",
}


async def ensure_namespace(client_or_address: Client | str, settings: Settings) -> None:
    """Create the namespace and its search attributes and return once both can be used.

    Running it again changes nothing. A shorter retention is raised to the setting, because the
    histories of a living deal's earlier runs count from their own end; a longer one is kept. A
    server that does not let us manage namespaces keeps its own retention, and `q2c doctor` says so.

    Raises:
        ConflictError: an attribute exists with another type.
    """
    client = await _client(client_or_address, settings)
    await _ensure_registered(client, settings)
    await ensure_attributes(client)


async def _client(client_or_address: Client | str, settings: Settings) -> Client:
    if isinstance(client_or_address, Client):
        return client_or_address
    return await Client.connect(
        client_or_address,
        namespace=settings.namespace,
        data_converter=pydantic_data_converter,
    )


async def retention(client: Client) -> timedelta | None:
    """Return how long the namespace keeps closed workflows, or None where it does not exist."""
    try:
        answer = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace)
        )
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return answer.config.workflow_execution_retention_ttl.ToTimedelta()


async def _ensure_registered(client: Client, settings: Settings) -> None:
    wanted = timedelta(days=settings.retention_days)
    current = await retention(client)
    if current is None:
        await _register(client, wanted)
        await _until(lambda: _exists(client), f"namespace {client.namespace}")
    elif current < wanted:
        await _raise_retention(client, wanted)


async def _exists(client: Client) -> bool:
    return await retention(client) is not None


async def _register(client: Client, wanted: timedelta) -> None:
    try:
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(
                namespace=client.namespace,
                description="Quote to cash: one workflow per deal.",
                workflow_execution_retention_period=_duration(wanted),
            )
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


async def _raise_retention(client: Client, wanted: timedelta) -> None:
    refused = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)
    try:
        await client.workflow_service.update_namespace(
            UpdateNamespaceRequest(
                namespace=client.namespace,
                config=NamespaceConfig(workflow_execution_retention_ttl=_duration(wanted)),
            )
        )
    except RPCError as error:
        if error.status not in refused:
            raise


def _duration(value: timedelta) -> Duration:
    duration = Duration()
    duration.FromTimedelta(value)
    return duration


async def ensure_attributes(client: Client) -> None:
    """Create the search attributes that are missing and wait until queries accept all of them."""
    await _until(lambda: _lists_attributes(client), f"namespace {client.namespace}")
    current = await _current_types(client)
    wrong = [a for a in ATTRIBUTES if current.get(a.name, _wanted(a)) != _wanted(a)]
    if wrong:
        names = ", ".join(attribute.name for attribute in wrong)
        raise ConflictError(
            f"Search attributes with another type exist in namespace {client.namespace}: {names}. "
            "Remove them with `temporal operator search-attribute remove` or use another namespace."
        )
    missing = [a for a in ATTRIBUTES if a.name not in current]
    if missing:
        await _add(client, missing)
    for attribute in ATTRIBUTES:
        await _until(_usable_probe(client, attribute), f"search attribute {attribute.name}")


def _wanted(attribute: Attribute) -> int:
    return INDEXED_TYPES[attribute.type]


async def _lists_attributes(client: Client) -> bool:
    """A new namespace takes a moment to reach every service of a cluster."""
    try:
        await _current_types(client)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def _current_types(client: Client) -> dict[str, int]:
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return dict(answer.custom_attributes)


async def _add(client: Client, missing: list[Attribute]) -> None:
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace,
                search_attributes={a.name: INDEXED_TYPES[a.type] for a in missing},
            )
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


def _usable_probe(client: Client, attribute: Attribute) -> Callable[[], Awaitable[bool]]:
    async def usable() -> bool:
        return await is_usable(client, attribute)

    return usable


async def is_usable(client: Client, attribute: Attribute) -> bool:
    """Tell whether the server already answers a query over this attribute with this type."""
    try:
        await client.count_workflows(f"{attribute.name} = {_PROBES[attribute.type]}")
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            return False
        raise
    return True


async def _until(done: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not await done():
        if time.monotonic() > deadline:
            raise ConflictError(f"The server does not accept the {what} after {_WAIT_SECONDS:g} s.")
        await asyncio.sleep(_PAUSE_SECONDS)
