"""What stories share: one Temporal server for the whole run."""

from collections.abc import Iterator

import pytest

from tests.stories.houses import temporal


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Temporal server; every house on it has its own namespace."""
    with temporal(tmp_path_factory.mktemp("temporal")) as address:
        yield address
