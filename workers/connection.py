"""How every process reaches Temporal.

The standard variables decide when they are set: `TEMPORAL_ADDRESS` for any server,
`TEMPORAL_PROFILE` or `TEMPORAL_CONFIG_FILE` for a profile of Temporal's own configuration file, and
the keys and certificates that go with them. Otherwise the stack that runs on the data folder is
meant. A configuration file nobody asked for is not read: it would send a demo's deals to whatever
server its owner used last.
"""

import asyncio
import os
from collections.abc import Mapping

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import RPCError

from models.errors import Q2CError
from workers.records import running_stack
from workers.settings import Settings

_CONNECT_SECONDS = 15.0


class UnreachableError(Q2CError):
    """Nothing answers at Temporal's address; the message says which one and what to do."""

    code = "temporal_unreachable"


def is_external(environment: Mapping[str, str]) -> bool:
    """Tell whether the environment names a Temporal server, so that none is embedded."""
    names = ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
    return any(environment.get(name) for name in names)


def connect_config(settings: Settings, environment: Mapping[str, str]) -> ClientConnectConfig:
    """Return address, namespace, keys and certificates to connect with."""
    asked_for_file = environment.get("TEMPORAL_PROFILE") or environment.get("TEMPORAL_CONFIG_FILE")
    config = ClientConfig.load_client_connect_config(
        disable_file=not asked_for_file,
        override_env_vars=dict(environment),
    )
    config.setdefault("target_host", _local_address(settings))
    config.setdefault("namespace", settings.namespace)
    return config


def _local_address(settings: Settings) -> str:
    running = running_stack(settings)
    port = running.temporal_port if running is not None else settings.temporal_port
    return f"127.0.0.1:{port}"


async def connect(settings: Settings) -> Client:
    """Connect to Temporal with the house's data converter.

    Raises:
        UnreachableError: nothing answers within fifteen seconds.
    """
    config = connect_config(settings, os.environ)
    address = config["target_host"]
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await Client.connect(**config, data_converter=pydantic_data_converter)
    except (RuntimeError, RPCError, TimeoutError) as error:
        raise UnreachableError(unreachable(address, external=is_external(os.environ))) from error


def unreachable(address: str, *, external: bool) -> str:
    """Say in one line that nothing answers, and what to do about it."""
    remedy = (
        "Check TEMPORAL_ADDRESS, the network and the certificates."
        if external
        else "Start the stack with `make up`, or set TEMPORAL_ADDRESS to a server of your own."
    )
    return f"No Temporal server answers at {address}. {remedy}"
