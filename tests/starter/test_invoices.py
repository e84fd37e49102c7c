"""Invoices at the doors: listed, shown, credited, voided, billed again, and statements."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from models.credit_notes import CreditNote
from models.credit_steps import Corrected, Correction, StatementSent
from models.credits import CreditPart, credit
from models.errors import Problem
from models.money import Money
from models.register import TaxRules
from models.steps import RegisterKind
from models.tables import (
    ContractRow,
    CreditApplicationRow,
    CreditNoteRow,
    InvoiceRow,
    InvoiceVoidRow,
    PaymentRow,
    PlannedChargeRow,
)
from models.tax import parse_tax_rules
from starter.service.errors import RunFailedError
from tests.models.test_credits import SEATS, SETUP, asked
from tests.models.test_credits import invoice as invoice_of
from tests.starter.conftest import NOW

NUMBER = "INV-1"
BODY = {"reason": "An outage", "lines": [{"line": 1, "quantity": "2"}]}
TAKEN = credit(asked(CreditPart(line=0, quantity=Decimal(2)))).model_copy(update={"number": "CN-1"})


class Engine(dict[str, Any]):
    """Answers every correction and statement."""

    def get(self, workflow_id: str, default: Any = None) -> Any:
        """Return what the workflow gives."""
        known = super().get(workflow_id, default)
        if known is not None:
            return known
        if workflow_id.startswith("statement-"):
            return StatementSent(number="ST-1", sha256="0" * 64)
        return Corrected(invoice=NUMBER, deal="1001", credit_note="CN-1")


def invoice_row(number: str = NUMBER, **changes: Any) -> InvoiceRow:
    content = invoice_of(SEATS, SETUP).model_copy(update={"number": number})
    fields = {
        "number": number,
        "key": number,
        "entity": "US01",
        "series": "INV-2026",
        "sequence": int(number.rpartition("-")[2]),
        "deal": "1001",
        "term": 1,
        "customer": "C-100",
        "currency": "EUR",
        "issued_on": date(2026, 1, 1),
        "due_on": date(2026, 1, 31),
        "net_minor": 150_00,
        "tax_minor": 28_50,
        "gross_minor": 178_50,
        "content": content.model_dump_json(),
    }
    return InvoiceRow.model_validate({**fields, **changes})


def credited(world: Any) -> None:
    """Put a credit note over two seats on record: 23.80 with tax."""
    fields = {
        "number": "CN-1",
        "key": "k",
        "request_hash": "h",
        "invoice": NUMBER,
        "entity": "US01",
        "series": "CN-2026",
        "sequence": 1,
        "deal": "1001",
        "term": 1,
        "customer": "C-100",
        "currency": "EUR",
        "issued_on": date(2026, 1, 10),
        "effect": "concession",
        "net_minor": 20_00,
        "tax_minor": 3_80,
        "gross_minor": 23_80,
        "actor": "fiona",
        "content": TAKEN.model_dump_json(),
    }
    applied = CreditApplicationRow(
        credit_note="CN-1",
        invoice=NUMBER,
        deal="1001",
        amount_minor=23_80,
        currency="EUR",
        applied_on=date(2026, 1, 10),
    )
    world.add(CreditNoteRow.model_validate(fields), applied)


@pytest.fixture
def billed(world: Any) -> Any:
    """Deal 1001 with one invoice over 178.50 EUR."""
    world.deal(business_time=NOW)
    world.add(invoice_row())
    world.gateway.results = Engine()
    return world


def test_invoices_are_listed_with_what_is_open(billed: Any) -> None:
    """After credits; a void one claims nothing, and only open ones are shown if asked for."""
    credited(billed)
    billed.add(
        invoice_row("INV-2"),
        InvoiceVoidRow(
            invoice="INV-2",
            key="v",
            request_hash="h",
            deal="1001",
            voided_on=date(2026, 1, 2),
            reason="wrong",
            actor="fiona",
        ),
    )

    all_ = billed.get("/v1/invoices", deal="1001")["items"]
    open_ = billed.get("/v1/invoices", customer="C-100", open=True)["items"]

    shown = [(one["number"], one["credited_minor"], one["open_minor"]) for one in all_]
    assert shown == [(NUMBER, 23_80, 154_70), ("INV-2", 0, 0)]
    assert [one["is_void"] for one in all_] == [False, True]
    assert [one["number"] for one in open_] == [NUMBER]


def test_a_listing_is_read_page_by_page(billed: Any) -> None:
    """`next` of one page is `after` of the following; closed ones fill no page."""
    billed.add(invoice_row("INV-2"), invoice_row("INV-3"))

    first = billed.get("/v1/invoices", limit=2)
    second = billed.get("/v1/invoices", limit=2, after=first["next"])

    assert [one["number"] for one in first["items"]] == [NUMBER, "INV-2"]
    assert [one["number"] for one in second["items"]] == ["INV-3"]
    assert second["next"] is None


def test_an_invoice_is_shown_with_its_credit_notes(billed: Any) -> None:
    """The whole document, and each credit note of it."""
    credited(billed)

    found = billed.get(f"/v1/invoices/{NUMBER}")
    note = billed.get("/v1/credit-notes/CN-1")

    assert found["content"]["gross"] == {"minor": 178_50, "currency": "EUR"}
    assert [one["number"] for one in found["credit_notes"]] == ["CN-1"]
    assert CreditNote.model_validate(note) == TAKEN


def test_receivables_and_the_deal_count_credits(billed: Any) -> None:
    """Every report takes off what was credited, from its day on."""
    credited(billed)

    before = billed.get("/v1/books/receivables", "fiona", as_of="2026-01-09")
    after = billed.get("/v1/books/receivables", "fiona", as_of="2026-01-10")
    deal = billed.get("/v1/deals/1001")

    assert before["items"][0]["open_minor"] == 178_50
    assert after["items"][0]["open_minor"] == 154_70
    assert deal["invoices"][0]["balance_minor"] == 154_70
    assert (deal["figures"]["credited_minor"], deal["figures"]["paid_minor"]) == (20_00, 0)


def test_a_credit_is_previewed_by_the_function_that_issues_it(billed: Any) -> None:
    """Nothing is written and nothing started."""
    found = billed.post(f"/v1/invoices/{NUMBER}/credit/preview", BODY, "fiona").json()

    assert CreditNote.model_validate(found) == TAKEN.model_copy(
        update={
            "number": "",
            "reason": "An outage",
            "issued_on": date(2026, 1, 15),
            "customer": TAKEN.customer,
        }
    )
    assert billed.gateway.started == []


def test_a_credit_is_a_workflow_of_its_own(billed: Any) -> None:
    """The request is what was asked, at the deal's day; the answer says what it came to."""
    credited(billed)

    response = billed.post(f"/v1/invoices/{NUMBER}/credit", BODY, "fiona")

    (start,) = billed.gateway.started
    order = start.payload
    assert response.status_code == 201
    assert (response.json()["credit_note"], response.json()["gross_minor"]) == ("CN-1", 23_80)
    assert (start.workflow, start.workflow_id) == ("CorrectionWorkflow", f"correction-{order.key}")
    assert (order.kind, order.invoice, order.actor) == (Correction.CREDIT, NUMBER, "fiona")
    assert order.parts == (CreditPart.model_validate({"line": 0, "quantity": "2"}),)
    assert order.on == date(2026, 1, 15)


def test_days_and_amounts_are_read_exactly(billed: Any) -> None:
    """Positions count from 1, amounts are in major units, days are half-open."""
    lines = [
        {"line": 1, "starts_on": "2026-01-10", "ends_on": "2026-01-12"},
        {"line": 2, "amount": "12.50"},
    ]
    billed.post(f"/v1/invoices/{NUMBER}/credit", {"reason": "x", "lines": lines}, "fiona")

    days, amount = billed.gateway.started[0].payload.parts
    assert days.days is not None
    assert days.days.days == 2
    assert amount.amount == Money(minor=12_50, currency="EUR")


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("void", {"reason": "wrong"}, Correction.VOID),
        ("rebill", {"reason": "no order", "purchase_order": "PO-78"}, Correction.REBILL),
    ],
)
def test_voids_and_rebills_are_asked_for_the_same_way(
    billed: Any, path: str, body: Any, kind: Correction
) -> None:
    """Each goes through the same workflow."""
    assert billed.post(f"/v1/invoices/{NUMBER}/{path}", body, "fiona").status_code == 201

    order = billed.gateway.started[0].payload
    assert (order.kind, order.reason) == (kind, body["reason"])
    assert order.purchase_order == body.get("purchase_order", "")


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"reason": ""}, "reason", "is empty"),
        ({"reason": "x", "amount": "-1"}, "amount", "-1 is no amount above 0"),
        ({"reason": "x", "amount": "1.005"}, "amount", "is finer than the smallest unit"),
        ({"reason": "x", "amount": "1", "currency": "USD"}, "currency", "is USD, but invoice"),
        (
            {"reason": "x", "lines": [{"line": 1, "starts_on": "2026-01-01"}]},
            "lines[0].ends_on",
            "is missing",
        ),
        ({"reason": "x", "line": 1}, "line", "is not a known field"),
    ],
)
def test_what_cannot_be_read_is_refused(billed: Any, body: Any, field: str, reason: str) -> None:
    """Before any workflow starts, with field, reason and remedy."""
    response = billed.post(f"/v1/invoices/{NUMBER}/credit", body, "fiona")

    (problem,) = response.json()["problems"]
    assert response.status_code == 422
    assert problem["field"] == field
    assert reason in problem["reason"]
    assert problem["remedy"]
    assert billed.gateway.started == []


def test_more_than_is_left_is_refused_in_the_preview(billed: Any) -> None:
    """With what is left."""
    body = {"reason": "x", "amount": "150.01"}

    response = billed.post(f"/v1/invoices/{NUMBER}/credit/preview", body, "fiona")

    assert response.json()["problems"][0]["remedy"] == "use at most 150.00 EUR"


def test_a_refused_correction_tells_its_problems(billed: Any) -> None:
    """Those of the workflow that failed."""
    problem = Problem(field="invoice", reason="INV-1 has reached its customer", remedy="credit it")
    failed = RunFailedError("no", "refused", (problem,))
    billed.gateway.results = Engine()
    billed.gateway.on_start = lambda start: billed.gateway.results.update(
        {start.workflow_id: failed}
    )

    response = billed.post(f"/v1/invoices/{NUMBER}/void", {"reason": "x"}, "fiona")

    assert (response.status_code, response.json()["problems"][0]["remedy"]) == (422, "credit it")


@pytest.mark.parametrize("path", ["credit", "credit/preview", "void", "rebill"])
def test_strangers_and_sellers_correct_nothing(billed: Any, path: str) -> None:
    """Only finance; and only an invoice that is there."""
    address = f"/v1/invoices/{NUMBER}/{path}"

    assert billed.client.post(address, json=BODY).status_code == 401
    assert billed.post(address, BODY, "sam").status_code == 403
    body = {"reason": "x"}
    assert billed.post(f"/v1/invoices/INV-9/{path}", body, "fiona").status_code == 404
    assert billed.gateway.started == []


def test_a_statement_is_shown_and_sent(billed: Any) -> None:
    """The year to today unless days are named; entity and currency follow from the deals."""
    credited(billed)
    billed.add(
        PaymentRow(
            number="PAY-1",
            provider="bank",
            reference="R-1",
            request_hash="h",
            entity="US01",
            customer="C-100",
            currency="EUR",
            amount_minor=100_00,
            received_on=date(2026, 1, 12),
            rule="x",
            actor="fiona",
        )
    )

    found = billed.get("/v1/customers/C-100/statement", "fiona", currency="EUR")
    sent = billed.post("/v1/customers/C-100/statement?currency=EUR&from=2026-01-05", None, "fiona")

    assert (found["since"], found["until"], found["entity"]) == ("2026-01-01", "2026-01-15", "US01")
    assert [one["balance"]["minor"] for one in found["entries"]] == [178_50, 154_70, 54_70]
    assert sent.json()["number"] == "ST-1"
    request = billed.gateway.started[0].payload
    assert (request.since, request.currency) == (date(2026, 1, 5), "EUR")


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("from=2026-02-01&until=2026-01-01", 422, "2026-01-01 is before 2026-02-01"),
        ("deal=9999", 404, "has no deal 9999"),
        ("entity=US99", 422, "is not known"),
    ],
)
def test_a_statement_of_no_account_is_refused(
    billed: Any, query: str, status: int, said: str
) -> None:
    """With the reason."""
    headers = billed.by("fiona")
    response = billed.client.get(f"/v1/customers/C-100/statement?{query}", headers=headers)

    assert response.status_code == status
    assert said in response.text


def test_statements_are_for_finance(billed: Any) -> None:
    """Like the books; an unknown customer is not found."""
    headers = billed.by("sam")
    assert billed.client.get("/v1/customers/C-100/statement", headers=headers).status_code == 403
    headers = billed.by("fiona")
    assert billed.client.get("/v1/customers/C-9/statement", headers=headers).status_code == 404


def test_the_command_line_shows_and_corrects(billed: Any, by: Any) -> None:
    """Each command says what happened."""
    credited(billed)

    def run(*arguments: str) -> str:
        result = by("fiona", *arguments)
        assert result.exit_code == 0, result.output
        return str(result.output)

    assert "154.70 EUR" in run("invoice", "list", "--deal", "1001")
    shown = run("invoice", "show", NUMBER)
    assert "CN-1" in shown
    assert "Setup" in shown
    reason = ("--reason", "An outage")
    preview = run("invoice", "credit", NUMBER, *reason, "--line", "1:quantity=2", "--preview")
    assert "(preview)" in preview
    assert billed.gateway.started == []
    done = run("invoice", "credit", NUMBER, *reason, "--line", "1:days=2026-01-10..2026-01-12")
    assert "Credit note CN-1 over 23.80 EUR is issued." in done
    assert "CN-1" in run("invoice", "rebill", NUMBER, *reason, "--po", "PO-78")
    assert "CN-1" in run("invoice", "void", NUMBER, *reason)
    assert "Closing balance" in run("statement", "C-100", "--currency", "EUR")
    assert "ST-1" in run("statement", "C-100", "--currency", "EUR", "--send")
    assert json.loads(run("invoice", "show", NUMBER, "--json"))["number"] == NUMBER


@pytest.mark.parametrize("line", ["x", "1:weight=2", "1:days=2026-01-10", "1:days=a..b"])
def test_a_line_that_cannot_be_read_is_bad_input(billed: Any, by: Any, line: str) -> None:
    """Exit code 2, and what to write."""
    result = by("fiona", "invoice", "credit", NUMBER, "--reason", "x", "--line", line)

    assert result.exit_code == 2
    assert billed.gateway.started == []


@pytest.fixture
def contracted(world: Any) -> Any:
    """Deal 1001 with a contract from 1 February and its first charge, nothing billed."""
    file = world.deal(business_time=NOW, stage="live")
    quote = world.quote(file)
    plan = quote.plan[0]
    world.add(
        ContractRow(
            number="C-1001-1",
            deal="1001",
            term=1,
            quote=quote.number,
            content_hash="h",
            entity="US01",
            customer="C-100",
            currency="USD",
            total_minor=0,
            signed_at=NOW,
            starts_on=date(2026, 2, 1),
            ends_on=date(2027, 2, 1),
            payment_terms_days=30,
            purchase_order="PO-1",
            renewal="{}",
        ),
        PlannedChargeRow(
            deal="1001",
            term=1,
            reference=plan.reference,
            description=plan.description,
            starts_on=plan.period.start,
            ends_on=plan.period.end,
            bill_on=plan.bill_on,
            amount_minor=plan.amount.minor,
            discount_minor=plan.discount.minor,
            currency="USD",
        ),
    )
    world.gateway.results = Engine()
    return world


def test_the_next_invoices_are_previewed(contracted: Any, by: Any) -> None:
    """Without a tax rule with the question that will park them."""
    empty = contracted.get("/v1/drafts", deal="1001")["items"]
    (found,) = contracted.get("/v1/deals/1001/invoices/preview")["items"]
    shown = by("sam", "invoice", "preview", "1001")

    assert empty == []
    assert (found["issue_on"], found["invoice"]) == ("2026-02-01", None)
    assert "Which rate applies?" in found["question"]
    assert "to be issued 2026-02-01" in shown.output
    missing = contracted.client.get("/v1/drafts?deal=9", headers=contracted.by("sam"))
    assert missing.status_code == 404


def test_drafts_are_listed_held_released_and_annotated(contracted: Any, by: Any) -> None:
    """After the billing day of the deal's own clock; each word is a workflow of its own."""
    contracted.register(
        RegisterKind.TAX_RULES,
        "house",
        TaxRules(
            rules=parse_tax_rules(
                [
                    {
                        "seller_country": "US",
                        "place_country": "US",
                        "category": "standard",
                        "valid_from": "2020-01-01",
                        "rate_percent": "0",
                        "code": "Z",
                    }
                ]
            )
        ).model_dump_json(),
    )
    (draft,) = contracted.get("/v1/deals/1001/invoices/preview")["items"]
    number = draft["number"]

    for word in ("hold", "release"):
        result = by("fiona", "invoice", word, number, "--reason", "PO to come")
        assert result.exit_code == 0, result.output
    assert by("fiona", "invoice", "annotate", number, "Cost center 1").exit_code == 0

    orders = [start.payload for start in contracted.gateway.started]
    assert [(one.kind.value, one.invoice, one.reason) for one in orders] == [
        ("hold", number, "PO to come"),
        ("release", number, "PO to come"),
        ("annotate", number, "Cost center 1"),
    ]
    assert draft["invoice"]["purchase_order"] == "PO-1"
    assert "No draft waits." in by("fiona", "invoice", "drafts").output
    refused = contracted.post(f"/v1/drafts/{number}/hold", {"reason": "x"}, "sam")
    unknown = contracted.post("/v1/drafts/9.ab/hold", {"reason": "x"}, "fiona")
    assert (refused.status_code, unknown.status_code) == (403, 404)
