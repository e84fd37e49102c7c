"""Where the published cases and reference data lie: in `shared`, a sibling of the repository."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(path: str) -> Path:
    """Return a file or folder under `shared`, for example `shared("oracles/money.json")`.

    Skips the test where it is absent, as in a plain clone. Fails it where the variable `CI` is set:
    there the data must be present, and a skipped check would look like a passed one.
    """
    found = SHARED / path
    if found.exists():
        return found
    reason = f"shared/{path} is absent: put the folder `shared` beside the repository"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
