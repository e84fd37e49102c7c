"""An activity that fails parks its item; the rest of the deal lives, and `retry` brings it back."""

import json
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest

from activities import signatures
from activities.signatures import Signature
from models.deal import Stage
from tests.workflows import records
from tests.workflows.conftest import OpenHouse
from tests.workflows.driver import Deal, audited, begin, live
from tests.workflows.faults import for_good
from tests.workflows.house import House
from tests.workflows.register_data import BUYER
from tests.workflows.stories import whole_life
from workflows import policies

ELSEWHERE = {"record_change", "receive_stock", "record_payment", "publish_receipt"}
"""What other workflows do; nothing waits beside them, so they keep trying instead of parking."""

STEPS = sorted(
    one.name
    for one in vars(signatures).values()
    if isinstance(one, Signature) and one.name not in ELSEWHERE
)
BOOKKEEPING = ("audit", "command")
"""Tables that tell what happened on the way; a deal that was mended has more to tell."""




class Trouble:
    """Fails each use of one activity for good: first before its effect, then after it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.used: dict[str, int] = defaultdict(int)
        self.struck = 0

    def before(self, name: str, payload: str) -> Exception | None:
        """Fail the first call of a use, with nothing done."""
        if name != self.name:
            return None
        use = _use(payload)
        self.used[use] += 1
        return self._strike() if self.used[use] == 1 else None

    def after(self, name: str, payload: str) -> Exception | None:
        """Fail the second call of a use, when everything is done and only the answer is lost."""
        return self._strike() if name == self.name and self.used[_use(payload)] == 2 else None

    def _strike(self) -> Exception:
        self.struck += 1
        return for_good(f"{self.name} is broken")


def _use(payload: str) -> str:
    """Return what a use is about; the time of day at which it is tried again is no part of it."""
    asked = {key: value for key, value in json.loads(payload).items() if key != "at"}
    return json.dumps(asked, sort_keys=True)


_UNDISTURBED: dict[str, dict[str, records.Rows]] = {}


async def _undisturbed(open_house: OpenHouse) -> dict[str, records.Rows]:
    """Return the books of the story as it goes when nothing breaks; told once for all tests."""
    if "books" not in _UNDISTURBED:
        async with open_house() as house:
            deal = await whole_life(house)
            await deal.ended()
            _UNDISTURBED["books"] = _truth(house.settings.home)
    return _UNDISTURBED["books"]


def _truth(home: Path) -> dict[str, records.Rows]:
    return records.dump(home, without=BOOKKEEPING, moments=False)


@pytest.mark.parametrize("name", STEPS)
async def test_a_deal_survives_every_use_of_a_step_failing_for_good_and_ends_with_the_same_books(
    open_house: OpenHouse, name: str
) -> None:
    """Parking: nothing but completion ends a deal; repeating any step changes nothing more."""
    expected = await _undisturbed(open_house)
    trouble = Trouble(name)

    async with open_house() as house:
        house.faults.before, house.faults.after = trouble.before, trouble.after
        deal = await whole_life(house)
        if name == "record_progress":
            await house.sleep(timedelta(minutes=5))
        state = await deal.ended()

    assert trouble.struck >= 2
    assert (state.outcome, state.term) == ("completed", 2)
    assert _truth(house.settings.home) == expected
    records.assert_sound(house.settings.home)
