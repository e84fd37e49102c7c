"""Payments through the API: exact amounts, one recording for each reference."""

from typing import Any

import pytest

from models.errors import Problem
from models.steps import PaymentRecorded
from models.tables import PaymentApplicationRow, PaymentRow
from starter.service.errors import RunFailedError
from tests.starter.conftest import NOW

BODY = {"customer": "C-100", "amount": "1250.00", "currency": "USD", "reference": "BANK-1"}
WORKFLOW = "payment-bank-BANK-1"


def on_record(world: Any, **changes: Any) -> None:
    """Put the payment on record."""
    fields = {
        "number": "PAY-1",
        "provider": "bank",
        "reference": "BANK-1",
        "request_hash": "h",
        "entity": "US01",
        "customer": "C-100",
        "currency": "USD",
        "amount_minor": 1250_00,
        "received_on": NOW.date(),
        "rule": "unapplied",
        "actor": "fiona",
    }
    world.add(PaymentRow.model_validate({**fields, **changes}))


def test_a_payment_is_recorded_to_the_cent(world: Any) -> None:
    """The decimal text becomes whole minor units without any rounding."""
    world.gateway.results[WORKFLOW] = PaymentRecorded(payment="PAY-1", applied_minor=1250_00)

    response = world.post("/v1/payments", BODY, "fiona")

    assert response.status_code == 201
    assert response.json()["payment"] == "PAY-1"
    (start,) = world.gateway.started
    assert (start.workflow, start.workflow_id) == ("PaymentWorkflow", WORKFLOW)
    assert start.payload.amount_minor == 1250_00
    assert start.payload.received_on.isoformat() == "2026-01-15"
    assert start.payload.actor == "fiona"


def test_only_finance_records_payments(world: Any) -> None:
    """403 for everybody else."""
    assert world.post("/v1/payments", BODY, "sam").status_code == 403


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("5000", "JPY", 5000), ("1.234", "KWD", 1234), (19.99, "USD", 1999), ("7.50", "EUR", 750)],
)
def test_every_currency_has_its_own_minor_unit(
    world: Any, amount: Any, currency: str, minor: int
) -> None:
    """ISO 4217: none for JPY, three decimals for KWD; a JSON number is as exact as text."""
    world.gateway.results[WORKFLOW] = PaymentRecorded(payment="PAY-1")

    world.post("/v1/payments", {**BODY, "amount": amount, "currency": currency}, "fiona")

    assert world.gateway.started[0].payload.amount_minor == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("1.001", "USD"), ("0.5", "JPY"), ("0", "USD"), ("-3", "USD"), ("NaN", "USD"), ("x", "USD")],
)
def test_an_amount_that_is_none_is_a_problem(world: Any, amount: str, currency: str) -> None:
    """More decimals than the currency has are never rounded away."""
    body = {**BODY, "amount": amount, "currency": currency}

    response = world.post("/v1/payments", body, "fiona")

    assert response.status_code == 422
    assert [problem["field"] for problem in response.json()["problems"]] == ["amount"]
    assert world.gateway.started == []


def test_every_problem_of_a_payment_is_told_at_once(world: Any) -> None:
    """Shape, currency, amount and unknown fields together."""
    body = {"customer": "", "amount": "-1", "currency": "usd", "reference": "r", "colour": "red"}

    response = world.post("/v1/payments", body, "fiona")

    fields = {problem["field"] for problem in response.json()["problems"]}
    assert fields == {"customer", "amount", "currency", "colour"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("customer", "C-999"), ("deal", "9"), ("received_on", "2027-01-01"), ("reference", " ")],
)
def test_what_the_books_do_not_know_is_a_problem(world: Any, field: str, value: str) -> None:
    """Nothing is started for an unknown customer or deal, or a day that has not come."""
    response = world.post("/v1/payments", {**BODY, field: value}, "fiona")

    assert response.status_code == 422
    assert [problem["field"] for problem in response.json()["problems"]] == [field]
    assert world.gateway.started == []


def test_the_same_payment_again_gets_the_stored_answer(world: Any) -> None:
    """From the books, so also when its workflow is long gone; it counts once."""
    world.quote(world.deal())
    on_record(world)

    again = world.post("/v1/payments", BODY, "fiona")

    assert again.status_code == 200
    assert again.json() == {
        "payment": "PAY-1",
        "refused_because": "",
        "problems": [],
        "repeated": True,
        "deals": [],
        "applied_minor": 0,
        "unapplied_minor": 1250_00,
    }
    assert world.gateway.started == []


@pytest.mark.parametrize(
    "changes", [{"amount": "1250.01"}, {"currency": "EUR"}, {"received_on": "2026-01-14"}]
)
def test_a_reference_names_one_payment(world: Any, changes: dict[str, str]) -> None:
    """Other content under the same reference is a conflict."""
    on_record(world)

    assert world.post("/v1/payments", {**BODY, **changes}, "fiona").status_code == 409


def test_a_payment_that_is_being_recorded_is_not_recorded_twice(world: Any) -> None:
    """Before the books know it, the engine does."""
    world.post("/v1/payments", BODY, "fiona")
    world.gateway.results[WORKFLOW] = PaymentRecorded(payment="PAY-1")

    same = world.post("/v1/payments", BODY, "fiona")
    other = world.post("/v1/payments", {**BODY, "amount": "1"}, "fiona")

    assert (same.status_code, same.json()["repeated"]) == (200, True)
    assert other.status_code == 409
    assert len(world.gateway.started) == 1


def test_a_refused_payment_is_told_with_its_reason(world: Any) -> None:
    """422: nothing was recorded."""
    reason = "Invoice INV-9 is not this customer's."
    world.gateway.results[WORKFLOW] = RunFailedError(reason, "refused")

    response = world.post("/v1/payments", BODY, "fiona")

    assert response.status_code == 422
    assert response.json()["problems"][0]["reason"] == reason


def test_the_problems_of_a_refused_payment_arrive_as_they_were_found(world: Any) -> None:
    """Field, reason and remedy, not one text of all three."""
    problem = Problem(
        field="currency", reason="is EUR, but invoice INV-9 is in USD", remedy="pay in USD"
    )
    world.gateway.results[WORKFLOW] = RunFailedError(str(problem), "refused", [problem])

    response = world.post("/v1/payments", {**BODY, "currency": "EUR"}, "fiona")

    assert response.status_code == 422
    assert response.json()["problems"] == [problem.model_dump()]


def test_a_late_recording_says_to_send_it_again(world: Any) -> None:
    """It counts once, so repeating it is the remedy."""
    response = world.post("/v1/payments", BODY, "fiona")

    assert response.status_code == 504
    assert "counts once" in response.json()["detail"]


def test_money_on_record_is_answered_although_its_receipt_is_late(world: Any) -> None:
    """The workflow waits for the receipt; the caller need not."""
    world.gateway.on_start = lambda _: on_record(world)

    response = world.post("/v1/payments", BODY, "fiona")

    assert (response.status_code, response.json()["payment"]) == (201, "PAY-1")


def test_a_payment_for_a_deal_on_a_test_clock_is_received_at_its_time(world: Any) -> None:
    """Business time of such a deal is its own."""
    world.deal(test_clock=True, business_time=NOW.replace(year=2028))
    world.gateway.results[WORKFLOW] = PaymentRecorded(payment="PAY-1")

    world.post("/v1/payments", {**BODY, "deal": "1001"}, "fiona")

    request = world.gateway.started[0].payload
    assert request.received_on.isoformat() == "2028-01-15"
    assert request.test_clock


def test_the_stored_answer_names_what_was_settled(world: Any) -> None:
    """Applied and unapplied sum to the payment."""
    from tests.starter.test_service_reports import invoice  # noqa: PLC0415

    world.deal()
    on_record(world)
    world.add(
        invoice("INV-1", 1000_00),
        PaymentApplicationRow(
            payment="PAY-1",
            invoice="INV-1",
            deal="1001",
            amount_minor=1000_00,
            currency="USD",
            applied_on=NOW.date(),
        ),
    )

    again = world.post("/v1/payments", BODY, "fiona").json()

    assert (again["applied_minor"], again["unapplied_minor"]) == (1000_00, 250_00)
    assert again["deals"] == ["1001"]
