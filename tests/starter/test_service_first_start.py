"""The first start: people who can act, and tokens nobody else can read."""

import json
import stat

from sqlmodel import Session, select

from activities.adapters.books import Books
from models.parties import Role
from models.tables import RegisterRow, TokenRow
from starter.first_start import prepare, sample_people
from starter.service.people import hash_of
from workers.settings import Settings


def test_everybody_gets_a_token_that_only_the_owner_of_the_folder_can_read(
    settings: Settings,
) -> None:
    """The books hold hashes, the file holds the tokens with mode 0600."""
    first = prepare(settings)

    tokens = json.loads(first.tokens_file.read_text())
    assert first.is_first
    assert set(tokens) == {"sam", "mia", "vera", "dan", "fiona", "leo", "olga"}
    assert stat.S_IMODE(first.tokens_file.stat().st_mode) == 0o600
    assert _hashes(settings) == {hash_of(token) for token in tokens.values()}


def test_a_second_start_changes_nothing(settings: Settings) -> None:
    """A token once handed out stays."""
    before = prepare(settings).tokens_file.read_text()

    second = prepare(settings)

    assert not second.is_first
    assert second.tokens_file.read_text() == before
    assert len(_hashes(settings)) == 7


def test_a_start_cut_between_file_and_books_goes_on_with_the_same_tokens(
    settings: Settings,
) -> None:
    """Otherwise a token somebody has read would never work."""
    (settings.home / "tokens.json").write_text(json.dumps({"sam": "kept"}))

    first = prepare(settings)

    assert first.is_first
    assert json.loads(first.tokens_file.read_text())["sam"] == "kept"
    assert hash_of("kept") in _hashes(settings)


def test_a_register_that_knows_somebody_is_left_alone(settings: Settings) -> None:
    """Sample people with tokens have no place in a house with people of its own."""
    prepare(settings)
    (settings.home / "tokens.json").unlink()

    again = prepare(settings)

    assert not again.is_first
    assert not again.tokens_file.exists()


def test_the_sample_people_can_take_every_decision() -> None:
    """Titles of the policy and every role of ours have a holder; managers exist.

    Nobody can override an approval until somebody is given that role.
    """
    people = sample_people()

    titles = {title for person in people for title in person.titles}
    managers = {"sales_manager", "regional_manager", "sales_director"}
    assert titles == managers | {"finance", "legal", "signatory"}
    ours = set(Role) - {Role.PARTNER, Role.OVERRIDE}
    assert {role for person in people for role in person.roles} == ours
    assert {person.manager for person in people} - {None} <= {person.id for person in people}


def _hashes(settings: Settings) -> set[str]:
    books = Books(settings.books_url)

    def read(session: Session) -> set[str]:
        assert session.exec(select(RegisterRow)).first() is not None
        return set(session.exec(select(TokenRow.token_hash)).all())

    found = books.read(read)
    books.close()
    return found
