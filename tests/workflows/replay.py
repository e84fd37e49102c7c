"""Replay recorded histories: `python -m tests.workflows.replay file.json ...`."""

import asyncio
import json
import os
import sys
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from workers.interceptors import HouseInterceptor
from workers.roles import WORKFLOWS
from workers.runner import sandbox


async def replay(paths: list[Path]) -> dict[str, str]:
    """Return why a history cannot be replayed by the code at hand, for each that cannot."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=sandbox(),
        interceptors=[HouseInterceptor()],
    )
    failures: dict[str, str] = {}
    for path in paths:
        recorded = json.loads(path.read_text())
        history = WorkflowHistory.from_json(recorded["workflow_id"], recorded["history"])
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        if result.replay_failure is not None:
            failures[path.name] = str(result.replay_failure)
    return failures


def main() -> None:
    """Replay the files named on the command line and say as JSON which ones failed."""
    failures = asyncio.run(replay([Path(name) for name in sys.argv[1:]]))
    sys.stdout.write("\n" + json.dumps(failures) + "\n")
    sys.stdout.flush()
    # The engine's threads may crash an interpreter that ends in the ordinary way.
    os._exit(0)


if __name__ == "__main__":
    main()
