"""What stories share: one Temporal server, and one deal that nothing disturbed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.stories.deals import Deal
from tests.stories.evidence import evidence
from tests.stories.houses import House, connected, opened, temporal
from tests.stories.plot import NUMBER, play
from tests.stories.world import PUBLIC, furnish


class Calm(NamedTuple):
    """An undisturbed run of the plot: its house, whose processes have ended, and its evidence."""

    house: House
    evidence: dict[str, Any]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Temporal server; every house on it has its own namespace."""
    with temporal(tmp_path_factory.mktemp("temporal")) as address:
        yield address


@pytest.fixture(scope="session")
def calm(server: str, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    """The plot as it goes when nothing happens to anybody."""
    return asyncio.run(_undisturbed(server, tmp_path_factory.mktemp("calm")))


async def _undisturbed(server: str, home: Path) -> Calm:
    async with opened(home, server, "calm", furnish, public_url=PUBLIC) as house:
        house.run_worker()
        await play(Deal(house, await connected(house), NUMBER))
        return Calm(house, evidence(house))
