"""Credits at the doors that wait for the yes of whoever the approval policy names."""

from decimal import Decimal
from typing import Any

import pytest

from models.approval import parse_policy
from models.steps import RegisterKind
from models.tables import CaseOutcomeRow
from tests.starter.conftest import NOW
from tests.starter.test_cases import handed_in
from tests.starter.test_cli_commands import Api, run
from tests.starter.test_invoices import NUMBER, Engine, credited, invoice_row

CASE = f"credit_note-{NUMBER}.1"
ALL = {"reason": "Never delivered"}
RULE: dict[str, Any] = {
    "id": "credit-100",
    "subject": "credit_note",
    "fact": "amount",
    "comparison": "above",
    "threshold": "100",
    "titles": ["sales_director"],
    "chain": "finance",
    "reason": "credits more than 100",
}


@pytest.fixture
def ruled(world: Any) -> Any:
    """An invoice over 150.00 EUR before tax, and a policy that asks above 100.00."""
    world.deal(business_time=NOW)
    world.add(invoice_row())
    world.gateway.results = Engine()
    policy = parse_policy({"version": "p2", "rules": [RULE]})
    world.register(RegisterKind.APPROVAL_POLICY, "house", policy.model_dump_json(), 2)

    def started(start: Any) -> None:
        if start.workflow == "ApprovalWorkflow":
            handed_in(world, start.payload, {"amount": Decimal(150)}, currency="EUR")

    world.gateway.on_start = started
    return world


def credit(world: Any, body: Any, person: str = "fiona") -> Any:
    return world.post(f"/v1/invoices/{NUMBER}/credit", body, person)


def test_a_credit_above_the_threshold_waits_and_then_is_done(ruled: Any) -> None:
    """202 with the case and who is waited for; sent again it is the same; then it has a number."""
    first, again = credit(ruled, ALL), credit(ruled, ALL)
    (asked,) = ruled.get("/v1/inbox", "dan")["items"]
    credited(ruled)
    ruled.add(
        CaseOutcomeRow(
            case_number=CASE,
            status="done",
            text="",
            reference="CN-1",
            deals='["1001"]',
            ended_at=NOW,
        )
    )
    found = ruled.get(f"/v1/approvals/{CASE}", "fiona")

    (start,) = ruled.gateway.started
    assert (first.status_code, again.status_code) == (202, 200)
    assert (first.json()["case"], first.json()["waits_for"]) == (CASE, ["dan"])
    assert (first.json()["credit_note"], first.json()["deal"]) == ("", "1001")
    assert again.json() == {**first.json(), "repeated": True}
    assert (start.workflow, start.workflow_id) == ("ApprovalWorkflow", f"approval-{CASE}")
    assert start.payload.content == (
        f'{{"invoice":"{NUMBER}","reason":"Never delivered","currency":"EUR"}}'
    )
    assert asked["command"] == f"q2c approval approve {CASE} --step finance-1"
    assert (found["status"], found["reference"]) == ("done", "CN-1")


def test_a_credit_below_the_threshold_is_a_correction_as_ever(ruled: Any) -> None:
    """The policy names nobody for it, so nobody is waited for."""
    answer = credit(ruled, {"reason": "An outage", "amount": "100.00"})

    assert (answer.status_code, answer.json()["case"]) == (201, "")
    assert [start.workflow for start in ruled.gateway.started] == ["CorrectionWorkflow"]


def test_what_cannot_be_credited_is_refused_before_anybody_is_asked(ruled: Any) -> None:
    """More than the invoice, or by somebody who is not of finance."""
    too_much, stranger = credit(ruled, {**ALL, "amount": "150.01"}), credit(ruled, ALL, "sam")

    assert (too_much.status_code, stranger.status_code) == (422, 403)
    assert too_much.json()["problems"][0]["remedy"] == "use at most 150.00 EUR"
    assert ruled.gateway.started == []


def test_the_command_tells_who_is_waited_for() -> None:
    """With the case to look at; sent again it says so."""
    waiting = {"invoice": NUMBER, "case": CASE, "waits_for": ["dan"], "credit_note": ""}
    path = f"POST /v1/invoices/{NUMBER}/credit"

    told, again = (
        run(Api({path: {**waiting, **more}}), "invoice", "credit", NUMBER, "--reason", "x")
        for more in ({}, {"repeated": True})
    )

    assert f"The credit of {NUMBER} is handed in as {CASE}; it waits for dan." in told.output
    assert f"q2c approval show {CASE}" in told.output
    assert "is handed in already as" in again.output
