"""The runner: what the sandbox shares, and the office the settings describe."""

from pathlib import Path

import pytest

from activities.adapters.books import migrate
from activities.register import RegisterActivities
from models.steps import RegisterChange, RegisterKind
from workers.runner import PASSED_THROUGH, open_office, sandbox, wall_clock
from workers.settings import Settings


def test_the_sandbox_shares_our_modules_instead_of_importing_them_for_each_deal() -> None:
    """Importing the models anew costs megabytes and tens of milliseconds for every deal."""
    shared = sandbox().restrictions.passthrough_modules

    assert {"models", "activities", "pydantic", "sqlmodel"} <= set(shared)
    assert set(PASSED_THROUGH) <= set(shared)


def test_the_sandbox_still_keeps_workflows_from_the_clock_and_from_chance() -> None:
    """Only modules that hold no state and ask nobody are shared."""
    assert not {"random", "time", "socket", "subprocess", "workers"} & set(PASSED_THROUGH)
    assert "datetime" in sandbox().restrictions.invalid_module_members.children


@pytest.mark.parametrize("allowed", [True, False])
def test_the_office_goes_by_the_settings(tmp_path: Path, *, allowed: bool) -> None:
    """Secret, permissions and limits reach the activities as rules, not as globals."""
    settings = Settings(
        home=tmp_path,
        allow_test_clock=allowed,
        allow_unverified_decisions=allowed,
        continue_as_new_every=3,
    )

    rules = open_office(settings).office.rules

    assert (rules.allow_test_clock, rules.allow_unverified_decisions) == (allowed, allowed)
    assert rules.continue_as_new_every == 3
    assert rules.secret == settings.signing_secret()


def test_the_office_writes_the_books_the_settings_name(tmp_path: Path) -> None:
    """The default is a file in the data folder."""
    settings = Settings(home=tmp_path)
    migrate(settings.books_url)
    office = open_office(settings).office
    content = '{"id": "mia", "name": "Mia", "email": "mia@q2c.example", "roles": ["approver"]}'

    change = RegisterChange(kind=RegisterKind.PERSON, key="mia", content=content)
    recorded = RegisterActivities(office).record_change(change)
    office.books.close()

    assert recorded.revision == 1
    assert (tmp_path / "books.sqlite").exists()


def test_the_wall_clock_knows_its_zone() -> None:
    """A moment without a zone would mean another one on every machine."""
    assert wall_clock().utcoffset() is not None
