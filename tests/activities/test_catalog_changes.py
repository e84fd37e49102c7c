"""Catalogue changes as cases: far-reaching versions need a yes, and not that of their editor."""

import json
from decimal import Decimal
from typing import Any

import pytest

from activities.register import catalogs
from models.approval_cases import CaseOpened, CaseStatus
from models.approval_facts import Subject
from models.catalog import parse_catalog
from models.catalog_impact import largest_price_change
from models.decisions import DecisionKind
from models.steps import RegisterKind
from models.tables import RegisterRow
from tests.activities.house import CATALOG, POLICY, START, House, deal_file, line, noon
from tests.activities.test_cases import Desk

RULE = {
    "subject": "catalog_change",
    "comparison": "above",
    "titles": ["director"],
    "chain": "prices",
}
RULES: list[dict[str, Any]] = [
    {**RULE, "id": "far", "fact": "price_change_percent", "threshold": "10", "reason": "far"},
    {**RULE, "id": "quotes", "fact": "open_quotes", "threshold": "0", "reason": "touches quotes"},
]


def dearer(unit: str, version: str = "2027") -> dict[str, Any]:
    """Return a catalogue in which a seat costs something else than 50."""
    book = CATALOG["price_books"][0]
    entries = [{**one, "unit": unit} if one["sku"] == "CRM" else one for one in book["entries"]]
    return {**CATALOG, "version": version, "price_books": [{**book, "entries": entries}]}


@pytest.fixture
def desk(house: House) -> Desk:
    """A house whose policy has a word about catalogue changes."""
    house.publish(RegisterKind.APPROVAL_POLICY, {**POLICY, "rules": [*POLICY["rules"], *RULES]})
    return Desk(house, noon(START))


def hand_in(desk: Desk, content: dict[str, Any], actor: str = "rita") -> CaseOpened:
    key = f"{content['version']}.1"
    return desk.open(Subject.CATALOG_CHANGE, key, json.dumps(content), actor)


def versions(desk: Desk) -> list[str]:
    return desk.house.books.read(lambda session: [one.version for one in catalogs(session)])


CASE = "catalog_change-2027.1"


def test_a_small_change_is_published_at_once(desk: Desk) -> None:
    """54 instead of 50 is 8 %, and no quote is open: nobody is asked."""
    opened = hand_in(desk, dearer("54"))

    assert (opened.problems, opened.steps) == ((), ())
    assert desk.close(CASE).status is CaseStatus.DONE
    assert versions(desk) == ["2027", "2026"]


def test_a_far_change_waits_for_its_yes_and_is_then_in_force(desk: Desk) -> None:
    """60 instead of 50 is 20 %; the version goes on record as whoever handed it in."""
    opened = hand_in(desk, dearer("60"))
    assert [(one.approver, one.reasons) for one in opened.steps] == [("vera", ("far",))]
    assert versions(desk) == ["2026"]

    desk.say(CASE, DecisionKind.APPROVE, "vera", "prices-1")
    closed = [desk.close(CASE) for _ in range(2)]

    assert [one.reference for one in closed] == ["revision 2", "revision 2"]
    assert versions(desk) == ["2027", "2026"]
    row = desk.house.rows(RegisterRow, kind="catalog", revision=2)[0]
    assert row.actor == "rita"


def test_touching_an_open_quote_needs_a_yes_however_little(desk: Desk) -> None:
    """One cent more on a quote that is out."""
    desk.house.quote(deal_file("1001", line("CRM", "3")))

    opened = hand_in(desk, dearer("50.01"))

    assert [one.reasons for one in opened.steps] == [("touches quotes",)]


def test_the_editor_does_not_approve_their_prices(desk: Desk) -> None:
    """Vera handed it in; with nobody above her there is nobody who may decide."""
    refused = hand_in(desk, dearer("60"), "vera")

    assert [one.field for one in refused.problems] == ["approval"]
    assert versions(desk) == ["2026"]


def test_there_is_no_way_around_the_approval(desk: Desk) -> None:
    """A revision sent straight to the register is refused; what is on record already is not new."""
    around = desk.house.publish(RegisterKind.CATALOG, dearer("50.01"))
    same = desk.house.publish(RegisterKind.CATALOG, CATALOG)

    assert [one.field for one in around.problems] == ["catalog"]
    assert (same.problems, same.repeated) == ((), True)


@pytest.mark.parametrize(
    "content", [CATALOG, {"version": "x", "products": 5}, dearer("60", "2026")]
)
def test_what_cannot_be_published_is_not_handed_in(desk: Desk, content: dict[str, Any]) -> None:
    """On record already, unreadable, or a taken name."""
    assert hand_in(desk, content).problems


def test_a_rejected_version_is_not_published(desk: Desk) -> None:
    """The first no ends it."""
    hand_in(desk, dearer("60"))

    desk.say(CASE, DecisionKind.REJECT, "vera", "prices-1", reason="Not before summer")

    assert desk.close(CASE).status is CaseStatus.REJECTED
    assert versions(desk) == ["2026"]


def test_the_largest_move_of_any_price_counts() -> None:
    """50 to 60 is 20 %; a price that is new or gone is no change of one."""
    before, after = parse_catalog(CATALOG), parse_catalog(dearer("60"))
    bare = after.model_copy(update={"price_books": ()})

    assert largest_price_change(before, after) == Decimal("20.00")
    assert largest_price_change(after, before) == Decimal("16.67")
    assert largest_price_change(before, bare) == 0
    assert largest_price_change(before, before) == 0
