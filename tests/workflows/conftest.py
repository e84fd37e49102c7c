"""The servers and the books the workflow tests run on."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.workflows.house import (
    House,
    make_books,
    real_house,
    running_server,
    skipping_house,
)

OpenHouse = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """The data folder of a house that can sell; each test works on a copy."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        make_books(home)
        yield home


@pytest_asyncio.fixture
async def house(template: Path, tmp_path: Path) -> AsyncIterator[House]:
    """A house on a time-skipping server of its own."""
    async with skipping_house(template, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def open_house(template: Path, tmp_path: Path) -> OpenHouse:
    """Opens houses with other settings, each on a time-skipping server of its own."""
    numbers = count(1)

    def opened(**settings: Any) -> AbstractAsyncContextManager[House]:
        return skipping_house(template, tmp_path / f"home-{next(numbers)}", **settings)

    return opened


@pytest.fixture(scope="session")
def real_server() -> Iterator[str]:
    """The address of the real server, with the namespace and its search attributes."""
    with running_server() as address:
        yield address


@pytest.fixture
def open_real_house(template: Path, tmp_path: Path, real_server: str) -> OpenHouse:
    """Opens houses on the real server."""
    numbers = count(1)

    def opened(**settings: Any) -> AbstractAsyncContextManager[House]:
        home = tmp_path / f"real-{next(numbers)}"
        return real_house(template, home, real_server, **settings)

    return opened


@pytest_asyncio.fixture
async def real(open_real_house: OpenHouse) -> AsyncIterator[House]:
    """A house on the real server."""
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(partial(open_real_house)())
