"""The record of a running stack: one file in the data folder that says who runs and where.

Everybody may read it; only the supervisor that holds the lock beside it writes it. A record whose
supervisor is gone is stale: it is no stack any more, only a list of what may have been left behind.
"""

import os
from pathlib import Path

from pydantic import ValidationError

from models.value import Value
from workers.processes import ProcessRecord, is_alive
from workers.settings import Settings

RECORD_NAME = "stack.json"
LOCK_NAME = "stack.lock"


class StackInfo(Value):
    """A stack: its supervisor, its processes and the addresses they answer at.

    `temporal_port` is None when the deals live on a server of the owner's own.
    """

    supervisor: ProcessRecord
    temporal_address: str
    temporal_port: int | None = None
    ui_url: str | None = None
    api_url: str
    namespace: str
    processes: tuple[ProcessRecord, ...] = ()
    is_ready: bool = False


def record_file(settings: Settings) -> Path:
    """Return where the record of this data folder is kept."""
    return settings.home / RECORD_NAME


def read_record(settings: Settings) -> StackInfo | None:
    """Return what was written last, be it stale or not; None when nothing readable is there."""
    try:
        return StackInfo.model_validate_json(record_file(settings).read_bytes())
    except (OSError, ValidationError):
        return None


def write_record(settings: Settings, info: StackInfo) -> None:
    """Replace the record in one step, so that no reader ever sees half of it."""
    draft = record_file(settings).with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(info.model_dump_json(indent=2) + "\n")
    draft.replace(record_file(settings))


def running_stack(settings: Settings) -> StackInfo | None:
    """Return the stack that runs on this data folder, or None."""
    info = read_record(settings)
    return info if info is not None and is_alive(info.supervisor) else None


def api_address(settings: Settings) -> str:
    """Return where the API of this data folder answers, or would answer once started."""
    running = running_stack(settings)
    if running is not None:
        return running.api_url
    return configured_api_address(settings)


def configured_api_address(settings: Settings) -> str:
    """Return the API's address by the settings, with a host a browser can open."""
    everywhere = settings.api_host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
    host = "127.0.0.1" if everywhere else settings.api_host
    return f"http://{host}:{settings.api_port}"
