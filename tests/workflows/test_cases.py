"""Cases: the side workflow of write-offs and refunds, from handing in to the deal that hears."""

import asyncio
import json
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError

from models.approval_cases import hash_of
from models.decisions import decision_token
from models.messages import Answer
from models.steps import RegisterChange, RegisterKind
from tests.workflows import records
from tests.workflows.driver import Deal, live
from tests.workflows.house import House
from tests.workflows.test_correction import CREDIT

Handle = WorkflowHandle[Any, Any]


async def _late_invoice(house: House) -> tuple[Deal, str]:
    """Bring a deal to life whose first invoice is long past due; the policy asks a director."""
    rule = {
        "id": "write-off",
        "subject": "write_off",
        "fact": "amount",
        "comparison": "above",
        "threshold": "0",
        "titles": ["sales_manager"],
        "chain": "finance",
        "reason": "gives money up",
    }
    credit = {**rule, "id": "credit", "subject": "credit_note", "reason": "credits something"}
    content = json.dumps({"version": "p2", "rules": [rule, credit]})
    change = RegisterChange(kind=RegisterKind.APPROVAL_POLICY, key="house", content=content)
    await house.result(
        await house.start("RegisterWorkflow", "approval_policy-house-2", change.model_dump())
    )
    deal = await live(house)
    await deal.settle()
    await deal.advance("2026-02-20T00:00:00Z")
    number = records.value(house.settings.home, "select min(number) from invoice")
    return deal, str(number)


async def _hand_in(house: House, invoice: str) -> Handle:
    rows = records.rows(house.settings.home, "select number, gross_minor from invoice")
    (rest,) = (minor for number, minor in rows if number == invoice)
    content = json.dumps({"invoice": invoice, "currency": "USD", "amount_minor": rest})
    asked = {"subject": "write_off", "key": f"{invoice}.1", "content": content, "actor": "fay"}
    return await house.start("ApprovalWorkflow", f"approval-write_off-{invoice}.1", asked)


async def _say(house: House, handle: Handle, name: str, person: str, **more: Any) -> Answer:
    case = handle.id.removeprefix("approval-")
    content = records.value(house.settings.home, "select content from approval_case")
    token = decision_token(
        house.settings.signing_secret(), case, "finance-1", person, hash_of(str(content))
    )
    said = {"person": person, "token": token, "command_id": f"{name}-{person}", **more}
    found: Answer = await handle.execute_update(name, said, result_type=Answer)
    return found


async def test_an_approved_write_off_reaches_the_deal(house: House) -> None:
    """Handed in, approved by the one who is asked, booked, and the deal owes nothing any more."""
    deal, invoice = await _late_invoice(house)
    before = (await deal.state()).balance_minor
    handle = await _hand_in(house, invoice)

    waiting = await handle.execute_update("settled", {}, result_type=Answer)
    approved = await _say(house, handle, "approve", "mia")
    closed = await house.result(handle)
    state = await deal.until(lambda one: one.balance_minor < before, "a smaller balance")

    assert waiting.text == f"write_off-{invoice}.1 waits for mia."
    assert approved.text == f"write_off-{invoice}.1 is approved by you."
    assert (closed["status"], closed["reference"]) == ("done", invoice)
    given_up = records.value(house.settings.home, "select sum(amount_minor) from write_off")
    assert state.balance_minor == before - given_up


async def test_an_approved_credit_is_issued_mailed_and_told_to_its_deal(house: House) -> None:
    """The way around it is refused; with the yes its document is out and the deal owes less."""
    deal, invoice = await _late_invoice(house)
    before = (await deal.state()).balance_minor
    order = {**CREDIT, "invoice": invoice, "actor": "fay"}
    around = await house.start("CorrectionWorkflow", "correction-k1", order)
    refused = await house.failure(around)
    asked = {
        "subject": "credit_note",
        "key": f"{invoice}.1",
        "content": json.dumps({"invoice": invoice, "reason": "An outage"}),
        "actor": "fay",
    }
    handle = await house.start("ApprovalWorkflow", f"approval-credit_note-{invoice}.1", asked)

    waiting = await handle.execute_update("settled", {}, result_type=Answer)
    await _say(house, handle, "approve", "mia")
    closed = await house.result(handle)
    state = await deal.until(lambda one: one.balance_minor < before, "a smaller balance")

    home = house.settings.home
    assert (refused.type, refused.details[0]["field"]) == ("refused", "approval")
    assert waiting.text == f"credit_note-{invoice}.1 waits for mia."
    number, gross = records.rows(home, "select number, gross_minor from credit_note")[0]
    assert (closed["status"], closed["reference"]) == ("done", number)
    assert state.balance_minor == before - gross
    assert records.value(home, "select count(*) from document where kind = 'credit_note'") == 1
    assert records.value(home, "select count(*) from mail where key like '%credit-note:%'") == 1


async def test_an_approver_is_reminded_and_a_manager_asked(house: House) -> None:
    """A case waits by itself: a day later a reminder, two days later whoever is above."""
    _, invoice = await _late_invoice(house)
    handle = await _hand_in(house, invoice)
    await handle.execute_update("settled", {}, result_type=Answer)

    await house.sleep(timedelta(days=4))

    steps = await handle.query("steps")
    subjects = records.value(
        house.settings.home, "select count(*) from mail where key like 'write_off%'"
    )
    assert steps == ["finance-1: dan active"]
    assert subjects == 4


async def test_what_says_nothing_or_too_late_is_answered(house: House) -> None:
    """A stranger, a broken message and a word after the end each get their reason."""
    _, invoice = await _late_invoice(house)
    handle = await _hand_in(house, invoice)
    await handle.execute_update("settled", {}, result_type=Answer)

    reasons = []
    for name, said in (
        ("approve", {"person": "sam", "token": "forged"}),
        ("approve", {"person": [1]}),
        ("reject", "text"),
    ):
        try:
            await handle.execute_update(name, said, result_type=Answer)
        except WorkflowUpdateFailedError as error:
            reasons.append(str(error.cause))
    await handle.signal("approve")
    await handle.signal("reject", args=[{}, {}])
    await _say(house, handle, "reject", "mia", reason="No")
    closed = await house.result(handle)

    assert (closed["status"], closed["text"]) == ("rejected", "No")
    assert "seller" in reasons[0] or "token does not fit" in reasons[0]
    assert all("cannot be read" in reason for reason in reasons[1:])


async def test_a_malformed_case_ends_as_failed(house: House) -> None:
    """Input that cannot be decoded is retried for ever, unless it is read without raising."""
    wrong: list[tuple[Any, ...]] = [
        (),
        ("text",),
        (None,),
        ({},),
        ({"subject": "quote", "key": "1"},),
    ]
    starts = [
        await house.start("ApprovalWorkflow", f"approval-x-{n}", *one)
        for n, one in enumerate(wrong)
    ]

    errors = await asyncio.gather(*(house.failure(handle) for handle in starts))

    assert [error.type for error in errors] == ["invalid_input"] * len(wrong)
    assert records.value(house.settings.home, "select count(*) from approval_case") == 0
