"""The commands of approval: what is sent, what is shown, how it ends."""

from pathlib import Path
from typing import Any

import pytest

from tests.starter.test_cli_commands import Api, refusing, run

_DONE = {"accepted": True, "text": "Done.", "reference": ""}


@pytest.mark.parametrize(
    ("arguments", "name", "body"),
    [
        (
            ["counter", "1001", "--discount", "12", "--reason", "fine at 12 %"],
            "counter",
            {"counter": {"discount_percent": "12"}, "reason": "fine at 12 %"},
        ),
        (
            ["counter", "1001", "--line", "2=5", "--line", "3=7.5", "--payment-terms", "30"],
            "counter",
            {
                "counter": {
                    "lines": [
                        {"line": 2, "discount_percent": "5"},
                        {"line": 3, "discount_percent": "7.5"},
                    ],
                    "payment_terms_days": 30,
                }
            },
        ),
        (
            ["reject", "1001", "--reason", "No", "--reason-code", "price"],
            "reject",
            {"reason": "No", "reason_code": "price"},
        ),
        (
            ["decline", "1001", "--reason-code", "budget"],
            "decline_quote",
            {"reason_code": "budget"},
        ),
        (["counter", "1001", "--step", "sales-1"], "counter", {"counter": {}, "step": "sales-1"}),
        (["recall", "1001"], "recall", {}),
        (["resubmit", "1001", "--reason", "they insist"], "resubmit", {"reason": "they insist"}),
        (["override", "1001", "--reason", "today"], "override", {"reason": "today"}),
        (["review", "1001", "--reason", "fine"], "review", {"reason": "fine"}),
    ],
)
def test_a_command_sends_its_message(arguments: list[str], name: str, body: dict[str, Any]) -> None:
    """Only what was written is sent; the API fills in who and what is meant."""
    api = Api({f"POST /v1/deals/1001/messages/{name}": _DONE})

    result = run(api, *arguments)

    assert (result.exit_code, api.body) == (0, body)
    assert "Done." in result.stdout


@pytest.mark.parametrize("line", ["2", "two=5", "=5"])
def test_a_line_that_cannot_be_read_is_refused_before_anything_is_sent(line: str) -> None:
    """With how it is written."""
    api = Api()

    result = run(api, "counter", "1001", "--line", line)

    assert result.exit_code == 2
    assert "is not LINE=PERCENT" in result.stderr
    assert api.asked == []


@pytest.mark.parametrize("command", ["override", "review"])
def test_an_emergency_and_its_review_need_a_reason(command: str) -> None:
    """It is asked for by the command already."""
    assert run(Api(), command, "1001").exit_code == 2


def test_a_delegation_is_written_with_its_days() -> None:
    """The person is the caller's own unless an operator says who."""
    api = Api({"POST /v1/delegations": {"key": "mia-dan-2026-07-01", "revision": 1}})
    days = ("--from", "2026-07-01", "--until", "2026-07-14")

    own = run(api, "delegate", "to", "dan", *days, "--reason", "Vacation")
    sent = api.body
    run(api, "delegate", "to", "dan", *days, "--for", "mia")

    written = {"delegate": "dan", "starts_on": "2026-07-01", "last_on": "2026-07-14"}
    assert sent == {**written, "reason": "Vacation"}
    assert api.body == {**written, "person": "mia"}
    assert "Delegation mia-dan-2026-07-01 is on record." in own.stdout


def test_delegations_are_listed_and_revoked() -> None:
    """By the name the list shows."""
    row = {
        "id": "mia-dan-2026-07-01",
        "person": "mia",
        "delegate": "dan",
        "starts_on": "2026-07-01",
        "last_on": "2026-07-14",
    }
    api = Api(
        {
            "GET /v1/delegations": {"items": [row]},
            "POST /v1/delegations/revoke": {"revision": 2},
        }
    )

    listed = run(api, "delegate", "list")
    revoked = run(api, "delegate", "revoke", "mia-dan-2026-07-01")

    assert "mia-dan-2026-07-01" in listed.stdout
    assert "2026-07-14" in listed.stdout
    assert api.body == {"id": "mia-dan-2026-07-01"}
    assert revoked.stdout == "Delegation mia-dan-2026-07-01 is revoked.\n"


def test_nobody_deciding_for_anybody_is_said() -> None:
    """An empty table would leave it open whether it worked."""
    result = run(Api({"GET /v1/delegations": {"items": []}}), "delegate", "list")

    assert "Nobody decides for anybody else." in result.stdout


def test_a_refused_delegation_lists_every_problem() -> None:
    """Exit code 2, like every wrong input."""
    problem = {"field": "delegate", "reason": "closes a circle: mia -> dan -> mia"}
    api = Api({"POST /v1/delegations": refusing(422, title="No.", problems=[problem])})

    result = run(api, "delegate", "to", "dan", "--from", "2026-07-01", "--until", "2026-07-02")

    assert result.exit_code == 2
    assert "closes a circle" in result.stderr


PREVIEW: dict[str, Any] = {
    "policy_version": "2026.1",
    "steps": [
        {
            "key": "sales-1",
            "title": "sales_manager",
            "people": ["mia"],
            "names": ["Mia Manager"],
            "needed": 1,
            "reasons": ["The discount is above 10 %"],
            "escalates_at": "2026-01-15T17:00:00Z",
        },
        {
            "key": "finance-1",
            "title": "2 of finance",
            "people": ["ann", "bob", "cat"],
            "names": ["Ann", "Bob", "Cat"],
            "needed": 2,
            "reasons": ["The margin is below 20 %"],
            "escalates_at": None,
        },
    ],
    "facts": {},
    "barred": {"olga": "set its prices (catalogue 2026-1)"},
}


def test_the_path_of_a_file_is_shown_with_reasons_and_people(tmp_path: Path) -> None:
    """Before anybody is asked, and without starting anything."""
    file = tmp_path / "deal.yaml"
    file.write_text("number: 1001\ncustomer: C-100\n")
    api = Api({"POST /v1/deals/path": PREVIEW})

    result = run(api, "deal", "path", str(file))

    assert result.exit_code == 0
    assert "1001: 2 approval step(s), by policy 2026.1." in result.stdout
    assert "Mia Manager" in result.stdout
    assert "2 of Ann, Bob, Cat" in result.stdout
    assert "The discount is above 10 %" in result.stdout
    assert "2026-01-15 17:00" in result.stdout
    assert "Not olga" in result.stdout


def test_a_harmless_file_needs_nobody(tmp_path: Path) -> None:
    """Said in words."""
    file = tmp_path / "deal.yaml"
    file.write_text("number: 1001\n")
    api = Api({"POST /v1/deals/path": {**PREVIEW, "steps": [], "barred": {}}})

    result = run(api, "deal", "path", str(file))

    assert result.stdout == "1001: nobody has to approve, by policy 2026.1.\n"


def test_a_deal_page_says_who_decided_for_whom_and_that_it_was_recalled() -> None:
    """A group shows how many must agree; a delegate is named with whom they stood in for."""
    steps = [
        {
            "key": "sales-1",
            "title": "sales_manager",
            "approver": "mia",
            "status": "approved",
            "decided_by": "leo",
            "on_behalf_of": "mia",
        },
        {
            "key": "finance-1",
            "title": "all of finance",
            "approver": "ann",
            "approvers": ["ann", "bob"],
            "needed": 2,
            "status": "active",
        },
    ]
    deal = {"number": "1001", "stage": "approve", "currency": "USD"}
    shown = {**deal, "approvals": [{"recalled": True, "steps": steps}]}

    result = run(Api({"GET /v1/deals/1001": shown}), "deal", "show", "1001")

    assert "Approval, recalled by the seller" in result.stdout
    assert "leo for mia" in result.stdout
    assert "2 of ann, bob" in result.stdout
