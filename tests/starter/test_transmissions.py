"""Sending invoices through the doors: who may, what is missing, and where they stand."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import Result

from models.errors import Problem
from models.tables import TransmissionRow
from models.transmission import SendEInvoice
from starter.service.ports import Run, RunState, Start
from tests.starter.test_einvoices import NUMBER, billed, on_peppol

__all__ = ["billed"]

AT = datetime(2026, 2, 3, 12, tzinfo=UTC)
WAY = f"/v1/invoices/{NUMBER}/transmission"
SEND = f"/v1/invoices/{NUMBER}/send"


def step(attempt: int, status: str, reason: str = "") -> TransmissionRow:
    return TransmissionRow(
        deal="1001",
        document=NUMBER,
        attempt=attempt,
        status=status,
        format="ubl",
        reference="ref" if status != "prepared" else "",
        reason=reason,
        at=AT,
    )


def sending(world: Any) -> None:
    """Have the engine send whatever is asked for."""

    def start(begun: Start) -> None:
        asked = begun.payload
        assert isinstance(asked, SendEInvoice)
        world.add(step(asked.attempt, "prepared"), step(asked.attempt, "sent"))

    world.gateway.on_start = start


def test_an_invoice_is_sent_and_followed(billed: Any) -> None:
    """The answer says where it stands; the same is read later, by anybody of ours."""
    on_peppol(billed)
    sending(billed)

    never = billed.get(WAY)
    sent = billed.post(SEND, {}, "fiona")
    found = billed.get(WAY)

    assert (never["status"], never["events"]) == (None, [])
    assert sent.status_code == 201
    assert (sent.json()["status"], sent.json()["attempt"]) == ("sent", 1)
    assert [each["status"] for each in found["events"]] == ["prepared", "sent"]
    (start,) = billed.gateway.started
    assert (start.workflow, start.workflow_id) == ("TransmissionWorkflow", f"e-invoice-{NUMBER}-1")
    assert (start.payload.format, start.payload.actor) == ("ubl", "fiona")


def test_what_came_back_is_sent_as_the_next_attempt(billed: Any) -> None:
    """And its reason is shown until then."""
    on_peppol(billed)
    sending(billed)
    billed.add(step(1, "prepared"), step(1, "sent"), step(1, "rejected", "No such order"))

    before = billed.get(WAY)
    sent = billed.post(SEND, {"format": "cii"}, "fiona")

    assert (before["status"], before["reason"]) == ("rejected", "No such order")
    assert sent.json()["attempt"] == 2
    assert billed.gateway.started[0].payload.format == "cii"


def test_an_invoice_under_way_is_not_sent_again(billed: Any) -> None:
    """Nor one that was accepted: the buyer would book it twice."""
    on_peppol(billed)
    billed.add(step(1, "prepared"), step(1, "sent"))

    refused = billed.post(SEND, {}, "fiona")

    assert refused.status_code == 409
    assert "is sent as attempt 1" in refused.json()["detail"]
    assert billed.gateway.started == []


def test_what_is_missing_is_refused_with_remedies(billed: Any) -> None:
    """Before anything is started."""
    refused = billed.post(SEND, {}, "fiona")

    assert refused.status_code == 422
    assert {each["field"] for each in refused.json()["problems"]} == {
        "entity.electronic_address",
        "customer.electronic_address",
    }
    assert billed.gateway.started == []


@pytest.mark.parametrize(
    ("person", "path", "body", "status"),
    [
        ("sam", SEND, {}, 403),
        ("fiona", "/v1/invoices/INV-0/send", {}, 404),
        ("fiona", SEND, {"format": "edifact"}, 422),
        ("fiona", SEND, {"fromat": "ubl"}, 422),
    ],
)
def test_who_may_not_or_asks_for_what_is_not_is_refused(
    billed: Any,
    person: str,
    path: str,
    body: dict[str, str],
    status: int,
) -> None:
    """Sellers do not send invoices; unknown numbers, formats and fields are named."""
    on_peppol(billed)

    assert billed.post(path, body, person).status_code == status
    assert billed.gateway.started == []


def test_what_the_workflow_refuses_is_told(billed: Any) -> None:
    """Such as an invoice of a test clock to a network of others."""
    on_peppol(billed)
    problem = Problem(field="number", reason="is of a deal on a test clock")
    billed.gateway.fails_with = Run(state=RunState.FAILED, problems=(problem,))

    refused = billed.post(SEND, {}, "fiona")

    assert refused.status_code == 422
    assert refused.json()["problems"][0]["reason"] == "is of a deal on a test clock"


def test_who_gets_no_answer_is_told_where_to_look(billed: Any) -> None:
    """No worker may be there; the request is not lost."""
    on_peppol(billed)

    late = billed.post(SEND, {}, "fiona")

    assert late.status_code == 504
    assert f"q2c invoice status {NUMBER}" in late.json()["detail"]


def test_the_command_line_sends_and_tells(billed: Any, by: Callable[..., Result]) -> None:
    """`q2c invoice send` and `q2c invoice status`."""
    on_peppol(billed)
    sending(billed)

    never = by("sam", "invoice", "status", NUMBER)
    sent = by("fiona", "invoice", "send", NUMBER)
    again = by("fiona", "invoice", "send", NUMBER)
    billed.add(step(1, "rejected", "No such order"))
    told = by("sam", "invoice", "status", NUMBER)
    listed = by("sam", "invoice", "status", NUMBER, "--json")

    assert "was never sent" in never.stdout
    assert sent.exit_code == 0, sent.stderr
    assert f"{NUMBER} is sent (attempt 1)." in sent.stdout
    assert again.exit_code == 1
    assert f"{NUMBER} is rejected: No such order (attempt 1)." in told.stdout
    assert '"rejected"' in listed.stdout
