"""From the deal file to the signed contract, and every way not to get there."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from models.deal import Stage
from tests.workflows import records
from tests.workflows.driver import Deal, audited, begin, live
from tests.workflows.house import House
from tests.workflows.register_data import BUYER, DIRECTOR, FINANCE, MANAGER, SELLER

NEEDS_MANAGER: dict[str, Any] = {
    "lines": [{"product": "SEAT", "quantity": 10, "discount": {"percent": 15}}]
}
NEEDS_THREE: dict[str, Any] = {
    "lines": [{"product": "SEAT", "quantity": 10, "discount": {"percent": 25}}]
}


async def test_a_deal_within_policy_goes_straight_from_its_file_to_the_live_term(
    house: House,
) -> None:
    """One deal is one straight line until the signature; each stage is on record in order."""
    deal = await live(house)

    state = await deal.settle()

    stages = [detail for what, detail in audited(state) if what == "stage"]
    assert stages == ["price", "quote", "approve", "accept", "contract", "fulfill", "live"]
    assert state.contract_signed
    home = house.settings.home
    assert records.value(home, "select total_minor from contract") == 60000
    kinds = records.rows(home, "select distinct kind from document order by kind")
    assert kinds == [
        ("invoice",),
        ("order_confirmation",),
        ("order_form",),
        ("quote",),
        ("work_order",),
    ]


async def test_a_deal_is_lost_by_each_no_and_the_books_say_which(house: House) -> None:
    """Outcome and end are in the books, to be counted with no worker running."""
    rejected, declined, unapproved, withdrawn, expired, unsigned = await asyncio.gather(
        begin(house, "rejected", **NEEDS_MANAGER),
        begin(house, "declined"),
        begin(house, "unapproved", **NEEDS_MANAGER),
        begin(house, "withdrawn"),
        begin(house, "expired", valid_days=5),
        begin(house, "unsigned", signature_days=5),
    )
    await rejected.stage(Stage.APPROVE)
    await withdrawn.stage(Stage.ACCEPT)

    await rejected.approve(MANAGER, "reject", reason="below cost")
    await declined.accept("decline_quote", reason="too dear")
    await withdrawn.does("cancel", reason="a mistake")
    await unsigned.accept()
    await unsigned.until(lambda state: bool(state.signers), "an order form")
    for deal in (expired, unsigned):
        await deal.advance("2026-01-07T12:00:00Z")
    await unapproved.stage(Stage.APPROVE)
    await unapproved.advance("2026-02-02T12:00:00Z")
    for deal in (rejected, declined, unapproved, withdrawn, expired, unsigned):
        await deal.ended()

    ended = records.rows(
        house.settings.home,
        "select number, outcome, stage, closed_at is not null from deal order by number",
    )
    assert ended == [
        ("declined", "declined", "lost", 1),
        ("expired", "expired", "lost", 1),
        ("rejected", "rejected", "lost", 1),
        ("unapproved", "expired", "lost", 1),
        ("unsigned", "not signed", "lost", 1),
        ("withdrawn", "withdrawn", "lost", 1),
    ]


async def test_a_quote_expires_by_a_durable_timer_on_the_wall_clock(house: House) -> None:
    """Nobody has to look: the timer fires after the last day of validity, not before."""
    deal = await begin(house, starts_on=None, test_clock=None, valid_days=10)
    await deal.stage(Stage.ACCEPT)

    await house.sleep(timedelta(days=9))
    waiting = await deal.state()
    await house.sleep(timedelta(days=3))

    assert waiting.stage is Stage.ACCEPT
    assert (await deal.ended()).outcome == "expired"


async def test_an_undecided_approval_is_reminded_then_escalated_by_timers(house: House) -> None:
    """Reminder after 24 hours, escalation to the approver's manager after 48."""
    deal = await begin(house, starts_on=None, test_clock=None, **NEEDS_MANAGER)
    state = await deal.stage(Stage.APPROVE)
    assert [step.approver for step in state.approval.steps] == [MANAGER]

    await house.sleep(timedelta(hours=25))
    reminded = await deal.until(
        lambda one: not any(item.kind == "approval_reminder" for item in one.agenda), "a reminder"
    )
    await house.sleep(timedelta(hours=24))
    escalated = await deal.until(
        lambda one: one.approval.steps[0].approver == DIRECTOR, "an escalation"
    )

    assert reminded.approval.steps[0].approver == MANAGER
    assert escalated.approval.steps[0].escalated_from == MANAGER
    sent = [payload for name, payload in house.faults.calls if name == "notify"]
    assert sum('"approval_request"' in one for one in sent) == 2
    assert sum('"approval_reminder"' in one for one in sent) == 1
    await deal.approve(DIRECTOR)
    await deal.stage(Stage.ACCEPT)


async def test_chains_run_side_by_side_and_the_steps_of_one_chain_in_order(house: House) -> None:
    """The director is asked after the manager; finance is asked at once."""
    deal = await begin(house, **NEEDS_THREE)
    state = await deal.stage(Stage.APPROVE)

    def active(one: object) -> list[str]:
        return sorted(step.approver for step in one.approval.steps if step.status == "active")  # type: ignore[attr-defined]

    assert active(state) == [FINANCE, MANAGER]
    early = next(step.key for step in state.approval.steps if step.approver == DIRECTOR)
    assert state.quote is not None
    token = deal.token(early, DIRECTOR, state.quote.content_hash)
    await deal.refuses("approve", person=DIRECTOR, step=early, token=token)
    await deal.approve(MANAGER)
    assert active(await deal.state()) == [DIRECTOR, FINANCE]
    await deal.approve(FINANCE)
    answer = await deal.approve(DIRECTOR)
    assert "nothing is missing" in answer.text
    await deal.stage(Stage.ACCEPT)


async def test_the_seller_cannot_approve_their_own_deal_not_even_in_anothers_name(
    house: House,
) -> None:
    """Four eyes: neither as the person nor as the actor behind it."""
    deal = await begin(house, **NEEDS_MANAGER)
    state = await deal.stage(Stage.APPROVE)
    assert state.quote is not None
    step, content = state.approval.steps[0].key, state.quote.content_hash

    own = await deal.refuses(
        "approve", person=SELLER, step=step, token=deal.token(step, SELLER, content)
    )
    behind = await deal.refuses(
        "approve", person=MANAGER, actor=SELLER, step=step, token=deal.token(step, MANAGER, content)
    )

    assert SELLER in own or "seller" in own
    assert behind == "The seller cannot decide on their own deal."
    assert (await deal.state()).stage is Stage.APPROVE


WRONG = {
    "no token": {},
    "another person's token": {"token_of": "carl@acme.example"},
    "another step's token": {"token_step": "sign"},
    "outdated content": {"content_hash": "0" * 64},
    "a stranger": {"person": "eve@evil.example", "token_of": "eve@evil.example"},
    "nobody": {"person": ""},
}


@pytest.mark.parametrize("by", ["signal", "update"])
async def test_a_decision_that_is_not_proven_is_refused_and_on_record(
    house: House, by: str
) -> None:
    """Whoever reaches the port can write; only the asked person's token for this content counts."""
    deal = await begin(house)
    state = await deal.until(lambda one: one.quote_sent, "a quote")
    assert state.quote is not None

    for number, fields in enumerate(WRONG.values()):
        message = {
            "command_id": f"wrong-{number}",
            **_wrong(deal, state.quote.content_hash, fields),
        }
        if by == "update":
            await deal.refuses("accept_quote", **message)
        else:
            await deal.handle.signal("accept_quote", message)
    state = await deal.until(lambda one: one.answer_to("wrong-5") is not None, "an answer")

    assert state.stage is Stage.ACCEPT
    refused = [detail for what, detail in audited(state) if what == "accept_quote refused"]
    assert len(refused) == len(WRONG)
    home = house.settings.home
    assert records.value(home, "select count(*) from decision where accepted = 0") == len(WRONG)
    assert records.value(home, "select count(*) from decision where accepted = 1") == 0


def _wrong(deal: Deal, content: str, fields: dict[str, str]) -> dict[str, str]:
    person = fields.get("person", BUYER)
    message = {"person": person, "content_hash": fields.get("content_hash", content)}
    if "token_of" in fields or "token_step" in fields or "content_hash" in fields:
        step, owner = fields.get("token_step", "accept"), fields.get("token_of", person)
        message["token"] = deal.token(step, owner, content)
    return message


async def test_a_token_works_once(house: House) -> None:
    """Single use: the second decision with the same token is another message, and refused."""
    deal = await begin(house)
    await deal.accept()
    state = await deal.until(lambda one: bool(one.signers), "an order form")
    assert state.quote is not None
    token = deal.token("sign", BUYER, state.quote.content_hash)

    await deal.does("contract_signed", person=BUYER, actor="sam", token=token)
    text = await deal.refuses("contract_signed", person=BUYER, actor="sam", token=token)

    assert text == f"{BUYER} has already signed."
    trail = audited(await deal.state())
    (signed_by,) = [detail for what, detail in trail if what == "contract_signed accepted"]
    assert signed_by.startswith(f"by {BUYER}, recorded by sam: Signed")
    signed = "select count(*) from decision where kind = 'sign' and accepted = 1"
    assert records.value(house.settings.home, signed) == 1
