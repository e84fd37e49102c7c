"""`q2c usage`: what a deal uses and what its next bill comes to, as a person reads it."""

from typing import Any

from tests.starter.test_cli_commands import Api, run

ITEM = {
    "reference": "1/calls",
    "name": "Calls",
    "unit": "call",
    "ends_on": "2026-02-01",
    "quantity": "800",
    "amount_minor": 80_00,
    "projected_minor": 130_00,
    "prepaid_minor": 10_00,
    "true_up_minor": 0,
}
POOL = {"name": "Credit", "credit_minor": 50_00, "left_minor": 40_00, "ends_on": "2026-03-01"}
SHOWN: dict[str, Any] = {"currency": "EUR", "items": [ITEM], "pools": [POOL]}
BILL: dict[str, Any] = {
    "currency": "EUR",
    "bill_on": "2026-02-01",
    "lines": [
        {"name": "Fee", "amount_minor": 30_00, "is_usage": False},
        {"name": "Calls", "amount_minor": 120_00, "is_usage": True},
    ],
    "total_minor": 150_00,
}


def test_usage_is_shown_with_what_is_expected_and_what_is_prepaid() -> None:
    """Used so far, in money, and the credit left."""
    result = run(Api({"GET /v1/deals/1001/usage": SHOWN}), "usage", "show", "1001")

    assert result.exit_code == 0, result.output
    for told in ("800 call", "80.00 EUR", "130.00 EUR", "10.00 EUR", "40.00 EUR"):
        assert told in result.output


def test_a_bill_to_come_says_what_is_agreed_and_what_is_expected() -> None:
    """Nobody takes a projection for an invoice."""
    answers = {"GET /v1/deals/1001/usage/projection": BILL}

    result = run(Api(answers), "usage", "projection", "1001")

    assert result.exit_code == 0, result.output
    assert "agreed" in result.output
    assert "expected" in result.output
    assert "Billed on 2026-02-01: about 150.00 EUR before tax." in result.output
