"""Cases at the doors: handing in, the inbox, deciding, and the commands that do it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from activities.approval_cases import case_path
from models.approval import parse_policy
from models.approval_cases import Examined, OpenCase, hash_of
from models.decisions import decision_token
from models.errors import Problem, RefusedError
from models.messages import Decision
from models.steps import RegisterKind
from models.tables import ApprovalCaseRow, CaseOutcomeRow, PaymentRow
from starter.service.errors import UnansweredError
from starter.service.ports import Run, RunState
from tests.starter.conftest import CATALOG, NOW
from tests.starter.test_cli_commands import Api, run
from tests.starter.test_service_reports import invoice

INVOICE = "INV-2026-1"
CASE = f"write_off-{INVOICE}.1"
RULE: dict[str, Any] = {
    "id": "write-off",
    "subject": "write_off",
    "fact": "amount",
    "comparison": "above",
    "threshold": "0",
    "titles": ["sales_director"],
    "chain": "finance",
    "reason": "gives money up",
}
POLICY = {"version": "p2", "rules": [RULE]}


def furnish(world: Any) -> None:
    """Put an invoice, a payment that settles nothing, and a policy for write-offs on record."""
    world.deal(stage="live")
    world.add(
        invoice(INVOICE, 500_00),
        PaymentRow(
            number="PAY-1",
            provider="bank",
            reference="R-1",
            request_hash="h",
            entity="US01",
            customer="C-100",
            currency="USD",
            amount_minor=30_00,
            received_on=date(2026, 1, 10),
            rule="unapplied",
            actor="fiona",
        ),
    )
    policy = parse_policy(POLICY)
    world.register(RegisterKind.APPROVAL_POLICY, "house", policy.model_dump_json(), 2)


def handed_in(
    world: Any, asked: OpenCase, facts: dict[str, Decimal] | None = None, **changes: Any
) -> None:
    """Put a case on record as the workflow does."""
    found = Examined(
        title=f"Write off {asked.key}",
        currency="USD",
        facts=facts or {"amount": Decimal(500)},
        on=NOW.date(),
    )
    path = world.house.books.read(lambda session: case_path(session, asked, found))
    world.add(
        ApprovalCaseRow(
            number=asked.number,
            subject=asked.subject.value,
            key=asked.key,
            content=asked.content,
            content_hash=hash_of(asked.content),
            title=found.title,
            reason=asked.reason,
            currency=str(changes.get("currency", "USD")),
            amount_minor=int(changes.get("amount", 500_00)),
            entity="US01",
            deal=str(changes.get("deal", "1001")),
            customer="C-100",
            requester=asked.actor,
            channel=asked.channel.value,
            policy_version=path.policy_version,
            path=path.model_dump_json(),
            asked_on=NOW.date(),
            asked_at=NOW,
        )
    )


def answering(world: Any) -> None:
    """Let what is handed in go on record."""
    world.gateway.on_start = lambda start: handed_in(world, start.payload)


def ask(world: Any, person: str = "fiona", reason: str = "Insolvent") -> Any:
    """Hand the write-off in."""
    return world.post(f"/v1/invoices/{INVOICE}/write-off", {"reason": reason}, person)


def test_a_write_off_is_handed_in_and_waits(world: Any) -> None:
    """202 while it waits; handed in again it is the same case; the approver finds it."""
    furnish(world)
    answering(world)

    first, again = ask(world), ask(world)
    (asked,) = world.get("/v1/inbox", "dan")["items"]

    assert (first.status_code, again.status_code) == (202, 200)
    assert (first.json()["number"], first.json()["waits_for"]) == (CASE, ["dan"])
    assert again.json() == {**first.json(), "repeated": True}
    (started,) = world.gateway.started
    assert (started.workflow, started.workflow_id) == ("ApprovalWorkflow", f"approval-{CASE}")
    assert started.payload.content == (
        '{"invoice":"INV-2026-1","currency":"USD","amount_minor":50000}'
    )
    assert (asked["kind"], asked["total_minor"]) == ("write_off", 500_00)
    assert asked["command"] == f"q2c approval approve {CASE} --step finance-1"
    assert world.get("/v1/inbox", "fiona")["items"] == []


def test_a_decision_is_sent_with_the_callers_own_token(world: Any) -> None:
    """The door proves who decides; the step that waits is filled in."""
    furnish(world)
    answering(world)
    ask(world)

    said = world.post(f"/v1/approvals/{CASE}/approve", {}, "dan")

    update = world.gateway.updates[-1]
    message = update.message
    content = '{"invoice":"INV-2026-1","currency":"USD","amount_minor":50000}'
    secret = world.house.settings.signing_secret()
    assert said.status_code == 200
    assert (update.workflow_id, update.name) == (f"approval-{CASE}", "approve")
    assert isinstance(message, Decision)
    assert (message.person, message.step) == ("dan", "finance-1")
    assert message.token == decision_token(secret, CASE, "finance-1", "dan", hash_of(content))


def test_a_refusal_is_told_with_its_reason(world: Any) -> None:
    """What the case refuses is 409, a stranger 403, an unknown case 404, a decided one 409."""
    furnish(world)
    answering(world)
    ask(world)
    world.gateway.answer = RefusedError("It is not your turn")

    refused = world.post(f"/v1/approvals/{CASE}/approve", {}, "mia")
    seller = world.post(f"/v1/approvals/{CASE}/approve", {}, "sam")
    unknown = world.post("/v1/approvals/none/approve", {}, "mia")
    hidden = world.client.get(f"/v1/approvals/{CASE}", headers=world.by("sam"))

    assert (refused.status_code, refused.json()["detail"]) == (409, "It is not your turn")
    assert [seller.status_code, unknown.status_code, hidden.status_code] == [403, 404, 403]


def test_only_finance_hands_in_and_says_why(world: Any) -> None:
    """Others are refused; so are an unknown invoice and no reason."""
    furnish(world)

    by_sales = ask(world, "sam")
    silent = ask(world, reason=" ")
    unknown = world.post("/v1/invoices/NO-1/write-off", {"reason": "x"}, "fiona")
    too_fine = world.post(
        "/v1/refunds", {"payment": "PAY-1", "amount": "1.005", "reason": "x"}, "fiona"
    )

    assert [by_sales.status_code, silent.status_code, unknown.status_code] == [403, 422, 404]
    assert too_fine.json()["problems"][0]["field"] == "amount"
    assert world.gateway.started == []


def test_what_the_workflow_refuses_is_told_with_every_problem(world: Any) -> None:
    """It ended as failed, so nothing is on record."""
    furnish(world)
    problem = Problem(field="invoice", reason="is not due yet", remedy="wait")
    world.gateway.fails_with = Run(state=RunState.FAILED, problems=(problem,))
    world.gateway.answer = UnansweredError("It ended.")

    refused = ask(world)

    assert refused.status_code == 422
    assert refused.json()["problems"] == [problem.model_dump()]


def test_another_content_under_a_waiting_case_is_a_conflict(world: Any) -> None:
    """The first has to be decided or withdrawn."""
    furnish(world)
    answering(world)
    body = {"payment": "PAY-1", "amount": "10.00", "reason": "Paid twice"}
    first = world.post("/v1/refunds", body, "fiona")

    other = world.post("/v1/refunds", {**body, "amount": "11.00"}, "fiona")

    assert (first.status_code, other.status_code) == (202, 409)
    assert "Withdraw it first" in other.json()["detail"]


def test_a_decided_case_makes_room_for_another(world: Any) -> None:
    """What was rejected may be handed in again, under the next number."""
    furnish(world)
    answering(world)
    ask(world)
    world.add(
        CaseOutcomeRow(
            case_number=CASE, status="rejected", text="No", reference="", deals="[]", ended_at=NOW
        )
    )

    second = ask(world)

    assert second.json()["number"] == f"write_off-{INVOICE}.2"
    assert [one["status"] for one in world.get("/v1/approvals", "fiona")["items"]] == [
        "open",
        "rejected",
    ]
    assert len(world.get("/v1/approvals", "fiona", open=True)["items"]) == 1


def test_cash_that_settles_nothing_is_listed(world: Any) -> None:
    """Finance sees what could go back."""
    furnish(world)

    (row,) = world.get("/v1/books/refundable", "fiona")["items"]

    assert (row["payment"], row["left_minor"]) == ("PAY-1", 30_00)


def test_a_version_of_the_catalogue_is_handed_in_where_the_policy_says_so(world: Any) -> None:
    """202 while it waits; its approver finds it in the inbox, without an amount."""
    rule = {**RULE, "subject": "catalog_change", "fact": "price_change_percent"}
    policy = parse_policy({**POLICY, "rules": [rule]})
    world.register(RegisterKind.APPROVAL_POLICY, "house", policy.model_dump_json(), 2)

    def started(start: Any) -> None:
        facts = {"price_change_percent": Decimal(20)}
        handed_in(world, start.payload, facts=facts, amount=0, currency="", deal="")

    world.gateway.on_start = started
    answer = world.post("/v1/catalog/publish", {**CATALOG, "version": "2026-2"}, "olga")
    (asked,) = world.get("/v1/inbox", "dan")["items"]

    assert (answer.status_code, answer.json()["waits_for"]) == (202, ["dan"])
    assert world.gateway.started[0].workflow_id == "approval-catalog_change-2026-2.1"
    assert (asked["kind"], asked["deal"], asked["total_minor"]) == ("catalog_change", "", 0)


CASE_SHOWN = {
    "number": CASE,
    "title": "Write off 500.00 USD of invoice INV-2026-1",
    "status": "open",
    "requester": "fiona",
    "currency": "USD",
    "amount_minor": 500_00,
    "waits_for": ["dan"],
    "steps": [{"key": "finance-1", "people": ["dan"], "reasons": ["gives money up"]}],
}


@pytest.mark.parametrize(
    ("arguments", "request_line", "body", "answer", "shown"),
    [
        (
            ["invoice", "write-off", INVOICE, "--reason", "Insolvent"],
            f"POST /v1/invoices/{INVOICE}/write-off",
            {"reason": "Insolvent"},
            CASE_SHOWN,
            "It waits for dan.",
        ),
        (
            ["refund", "pay", "PAY-1", "--amount", "12.50", "--reason", "Twice"],
            "POST /v1/refunds",
            {"payment": "PAY-1", "amount": "12.50", "reason": "Twice"},
            {**CASE_SHOWN, "waits_for": []},
            "It is carried out.",
        ),
        (
            ["approval", "approve", CASE, "--step", "finance-1"],
            f"POST /v1/approvals/{CASE}/approve",
            {"step": "finance-1"},
            {"accepted": True, "text": "Approved."},
            "Approved.",
        ),
        (
            ["approval", "reject", CASE, "--reason", "No"],
            f"POST /v1/approvals/{CASE}/reject",
            {"reason": "No"},
            {"accepted": True, "text": "Rejected."},
            "Rejected.",
        ),
        (
            ["approval", "withdraw", CASE],
            f"POST /v1/approvals/{CASE}/withdraw",
            {},
            {"accepted": True, "text": "Withdrawn."},
            "Withdrawn.",
        ),
    ],
)
def test_a_command_sends_what_was_written(
    arguments: list[str], request_line: str, body: Any, answer: Any, shown: str
) -> None:
    """Each command is one request."""
    api = Api({request_line: answer})

    result = run(api, *arguments)

    assert (result.exit_code, api.body) == (0, body)
    assert shown in result.stdout


def test_cases_are_listed_and_shown() -> None:
    """What a yes does, who is asked and why."""
    api = Api({"GET /v1/approvals": {"items": [CASE_SHOWN]}})
    listed = run(api, "approval", "list")
    shown = run(Api({f"GET /v1/approvals/{CASE}": CASE_SHOWN}), "approval", "show", CASE)
    cash = {
        "items": [{"payment": "PAY-1", "customer": "C-100", "left_minor": 3000, "currency": "USD"}]
    }
    refundable = run(Api({"GET /v1/books/refundable": cash}), "refund", "list")

    assert api.parameters == {"open": "true"}
    assert CASE in listed.stdout
    assert "gives money up" in shown.stdout
    assert "500.00 USD" in shown.stdout
    assert "PAY-1" in refundable.stdout
