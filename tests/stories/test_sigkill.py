"""Workers die by SIGKILL in the middle of a deal, and the books come out the same."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stories.deals import Deal
from tests.stories.evidence import assert_conserved, differences, evidence
from tests.stories.houses import connected, opened
from tests.stories.plot import NUMBER, play
from tests.stories.world import furnish


async def test_calm(server: str, tmp_path: Path) -> None:
    """."""
    found = []
    for name in ("a", "b"):
        async with opened(tmp_path / name, server, f"calm-{name}", furnish) as house:
            house.run_worker()
            deal = Deal(house, await connected(house), NUMBER)
            await play(deal)
            assert_conserved(house)
            found.append(evidence(house))
    print(*[f"{k}: {len(v)}" for k, v in found[0].items()], sep="\n")
    print(*found[0]["audit"], sep="\n")
    assert differences(found[0], found[1]) == []
