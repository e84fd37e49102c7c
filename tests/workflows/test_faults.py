"""An activity that fails parks its item; the rest of the deal lives, and `retry` brings it back."""

import json
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activities import signatures
from activities.signatures import Signature
from models.deal import Stage
from tests.workflows import records
from tests.workflows.conftest import OpenHouse
from tests.workflows.driver import audited, begin, live
from tests.workflows.faults import for_good, no_fault
from tests.workflows.house import House
from tests.workflows.stories import whole_life
from workflows import policies

ELSEWHERE = {
    "revise_quote",
    "amend_deal",
    "book_amendment",
    "record_change",
    "receive_stock",
    "check_vat_id",
    "top_up",
    "record_payment",
    "publish_receipt",
    "correct_invoice",
    "send_statement",
    "take_usage",
    "open_case",
    "decide_case",
    "escalate_case",
    "notify_case",
    "close_case",
    "send_einvoice",
    "follow_einvoice",
}
"""What other workflows do; nothing waits beside them, so they keep trying instead of parking.

Revisions and amendments are tried in stories of their own."""

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


async def test_what_failed_for_good_is_on_hold_for_all_to_see_while_the_rest_goes_on(
    house: House,
) -> None:
    """A document nobody can print does not keep invoices, reminders or other documents waiting."""
    deal = await live(house)
    await deal.settle()

    def broken(name: str, payload: str) -> Exception | None:
        wanted = name == "publish_document" and "00002" in payload and "invoice" in payload
        return for_good("no ink") if wanted else None

    house.faults.before = broken
    state = await deal.advance("2026-03-02T12:00:00Z")

    assert [hold.reason for hold in state.holds] == ["test: no ink"]
    home = house.settings.home
    assert records.value(home, "select count(*) from invoice") == 3
    assert records.value(home, "select count(*) from document where kind = 'invoice'") == 2
    assert "no ink" in records.value(home, "select on_hold from deal")
    details = await deal.handle.query("details")
    assert "**On hold**" in details
    house.faults.before = no_fault
    await deal.mend()
    assert records.value(home, "select count(*) from document where kind = 'invoice'") == 3
    assert records.value(home, "select on_hold from deal") == ""


async def test_a_step_that_keeps_failing_backs_off_and_the_others_are_served_first(
    house: House,
) -> None:
    """No failing item starves the others: it waits on the agenda, longer each time."""
    deal = await live(house, starts_on=None, test_clock=None)
    await deal.until(lambda one: one.open_invoices == 1, "the first invoice")
    house.faults.before = lambda name, _: ConnectionError("down") if name == "converge" else None
    file: dict[str, Any] = {"lines": [{"product": "BOX", "quantity": 1}], "term_months": 0}
    deal = await begin(house, "2002", starts_on=None, test_clock=None, **file)
    await deal.accept()
    await deal.sign()

    await house.sleep(policies.SCHEDULE_TO_CLOSE)
    state = await deal.until(
        lambda one: any(item.attempts for item in one.agenda), "a failed attempt"
    )
    failed = next(item for item in state.agenda if item.attempts)
    await deal.does("delivery_confirmed")

    assert failed.key == "converge"
    assert failed.retry_at is not None
    home = house.settings.home
    printed = "select count(*) from document where deal = '2002' and kind = 'order_confirmation'"
    assert records.value(home, printed) == 1
    assert ("failed, will be tried again", "converge: ConnectionError: down") in audited(state)
    house.faults.before = no_fault
    await house.sleep(policies.BACK_OFF_LONGEST)
    assert (await deal.until(lambda one: one.open_invoices == 1, "its invoice")).holds == ()


async def test_only_the_item_that_was_served_leaves_the_agenda(house: House) -> None:
    """Keys may begin alike: a note numbered 1 must not take the one numbered 10 with it."""
    deal = await live(house)
    await deal.settle()
    house.faults.before = lambda name, _: for_good() if name == "cancel_line" else None
    await deal.does("cancel_line", line="1", command_id="note-1")
    await deal.does("cancel_line", line="1", command_id="note-10")

    house.faults.before = no_fault
    await deal.does("retry")
    state = await deal.until(
        lambda one: not any("on hold" in kept.answer.text for kept in one.answers),
        "an answer to each message",
    )

    assert {"note-1", "note-10"} <= {kept.command_id for kept in state.answers}
    assert state.deferred == ()


async def test_an_offer_withdrawn_while_a_step_is_parked_ends_at_once(house: House) -> None:
    """Nobody should have to mend a deal nobody wants."""
    house.faults.before = lambda name, _: for_good() if name == "draw_up_contract" else None
    deal = await begin(house)
    await deal.accept()
    await deal.until(lambda one: bool(one.holds), "a hold")

    await deal.does("cancel", reason="no longer needed")

    assert (await deal.ended()).outcome == "withdrawn"


async def test_an_answer_whose_step_fails_is_asked_for_again_and_not_lost(house: House) -> None:
    """`resolve` takes effect after the retry; until then the question stays open."""
    file: dict[str, Any] = {
        "lines": [{"product": "SEAT", "quantity": 10}],
        "renewal": {"auto_renew": True, "notice_days": 10, "term_months": 1},
    }
    house.faults.before = lambda name, payload: (
        for_good() if name == "notify" and "renewal_reminder" in payload else None
    )
    deal = await live(house, **file)
    state = await deal.advance("2026-04-01T12:00:00Z")
    assert {hold.key for hold in state.holds} >= {"renewal", "renewal:reminder"}
    house.faults.before = lambda name, _: for_good() if name == "renew_term" else None
    await deal.does("resolve", item="renewal", answer="renew", command_id="yes")
    house.faults.before = no_fault

    await deal.mend()
    state = await deal.until(lambda one: not one.deferred, "an answer")

    assert state.term == 2
    assert "renewal" not in [hold.key for hold in state.holds]


async def test_a_request_to_cancel_the_workflow_does_not_end_the_deal(house: House) -> None:
    """A deal ends by its own message; Temporal's button leaves a note and nothing else."""
    deal = await live(house)
    await deal.settle()

    await deal.handle.cancel()
    state = await deal.until(
        lambda one: any(entry.what == "cancellation refused" for entry in one.audit), "a note"
    )
    state = await deal.advance("2026-02-02T12:00:00Z")

    assert state.stage is Stage.LIVE
    assert state.open_invoices == 2


async def test_a_document_on_hold_keeps_a_paid_deal_from_completing(house: House) -> None:
    """Completed means that nothing is left to do, not even to print."""
    house.faults.before = lambda name, payload: (
        for_good() if name == "publish_document" and '"invoice"' in payload else None
    )
    deal = await live(house, term_months=0, lines=[{"product": "BOX", "quantity": 1}])
    await deal.settle()
    await deal.does("delivery_confirmed")
    state = await deal.settle()
    await deal.pay(state.balance_minor, "2026-01-02", "all")

    waiting = await deal.settle()
    house.faults.before = no_fault
    await deal.does("retry")

    assert waiting.stage is Stage.CLOSING
    assert (await deal.ended()).outcome == "completed"
