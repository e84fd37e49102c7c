"""Every activity runs on both databases, in a house that sells something."""

from collections.abc import Iterator

import pytest

from activities.adapters.books import Books
from tests.activities.databases import DIALECTS, database
from tests.activities.house import House, furnish


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """The kind of database the test runs on."""
    return str(request.param)


@pytest.fixture
def empty_house(dialect: str) -> Iterator[House]:
    """A house with empty books: no parties, no catalogue, no tax rules."""
    with database(dialect) as url:
        books = Books(url)
        yield House(books)
        books.close()


@pytest.fixture
def house(dialect: str) -> Iterator[House]:
    """A house with its entity, people, customers, catalogue, policies and tax rules."""
    with database(dialect, furnish) as url:
        books = Books(url)
        yield House(books)
        books.close()
