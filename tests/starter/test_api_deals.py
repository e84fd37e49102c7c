"""Deals through the API: checked, started once, and shown from the books alone."""

from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import pytest

from models.agenda import AgendaItem, AgendaKind
from models.catalog import parse_catalog
from models.deal import DealState, Hold
from models.deal_file import DealFile
from models.errors import Problem
from models.steps import RegisterKind
from models.tables import AuditRow, DealRow, PlannedChargeRow
from starter.service.ports import Run, RunState, Start
from starter.service.template import DEAL_TEMPLATE
from tests.starter.conftest import CATALOG, DEAL

FILE = {
    "number": "1001",
    "entity": "US01",
    "customer": "C-100",
    "currency": "USD",
    "starts_on": "2026-02-01",
    "lines": [{"product": "CRM", "quantity": "25", "discount": {"percent": "20"}}],
}


def priced(world: Any) -> None:
    """Have a started deal be priced at once, as a worker would."""

    def on_start(start: Start) -> None:
        file = world.deal(number=start.workflow_id.removeprefix("deal-"), stage="configure")
        world.quote(file)

    world.gateway.on_start = on_start


def test_a_deal_is_started_once_as_its_callers(world: Any) -> None:
    """The seller is who asks, named or not; the workflow id comes from the number."""
    priced(world)

    response = world.post("/v1/deals", {**FILE, "seller": "sam"})

    assert response.status_code == 201
    assert response.headers["Location"] == "/v1/deals/1001"
    assert response.json() == {
        "number": "1001",
        "workflow_id": "deal-1001",
        "web_ui": "http://127.0.0.1:8233/namespaces/q2c/workflows/deal-1001",
        "stage": "quote",
        "is_new": True,
    }
    (start,) = world.gateway.started
    assert (start.workflow, start.workflow_id) == ("DealWorkflow", "deal-1001")
    assert (start.payload.seller, start.payload.actor) == ("sam", "sam")


@pytest.mark.parametrize("path", ["/v1/deals", "/v1/deals/check"])
@pytest.mark.parametrize("seller", ["mia", 7, ["sam"]])
def test_a_deal_in_somebody_elses_name_is_refused(world: Any, path: str, seller: Any) -> None:
    """Replacing the name in silence would give the deal to another than its file says."""
    response = world.post(path, {**FILE, "seller": seller, "valid_days": 0})

    assert response.status_code == 422
    problems = {each["field"]: each for each in response.json()["problems"]}
    assert set(problems) == {"seller", "valid_days"}
    assert problems["seller"]["reason"] == f"is {seller}, but sam asks"
    assert problems["seller"]["remedy"] == "leave it out: the seller is who asks"
    assert world.gateway.started == []


def test_the_same_start_again_is_already_there(world: Any) -> None:
    """Law 2: same key and body, same answer."""
    world.post("/v1/deals", FILE)

    again = world.post("/v1/deals", FILE)

    assert again.status_code == 200
    assert again.json()["is_new"] is False
    assert len(world.gateway.started) == 1


def test_another_deal_under_the_same_number_is_a_conflict(world: Any) -> None:
    """A number names one deal."""
    world.post("/v1/deals", FILE)

    other = world.post("/v1/deals", {**FILE, "term_months": 24})

    assert other.status_code == 409
    assert other.json()["code"] == "conflict"


def test_a_deal_on_record_is_recognized_after_its_workflow_is_gone(world: Any) -> None:
    """Histories vanish after retention; the books alone must know."""
    world.deal()
    world.quote(world.deal(number="1002"))
    same = {**FILE, "term_months": 12}

    assert world.post("/v1/deals", same).status_code == 200
    assert world.post("/v1/deals", {**same, "note": "changed"}).status_code == 409
    assert world.gateway.started == []


def test_a_deal_without_a_number_gets_the_next_free_one(world: Any) -> None:
    """A number somebody chose by hand is passed over."""
    world.deal(number="D-000001")
    unnumbered = {name: value for name, value in FILE.items() if name != "number"}

    first = world.post("/v1/deals", unnumbered)
    second = world.post("/v1/deals", unnumbered)

    assert first.json()["number"] == "D-000002"
    assert second.json()["number"] == "D-000003"


def test_a_numberless_start_repeated_under_its_key_is_one_deal(world: Any) -> None:
    """Otherwise a broken connection would make two deals of one."""
    unnumbered = {name: value for name, value in FILE.items() if name != "number"}

    first = world.post("/v1/deals", unnumbered, **{"Idempotency-Key": "k-1"})
    again = world.post("/v1/deals", unnumbered, **{"Idempotency-Key": "k-1"})

    assert first.json()["number"] == again.json()["number"] == "D-000001"
    assert (first.status_code, again.status_code) == (201, 200)
    assert len(world.gateway.started) == 1


def test_every_problem_of_a_file_is_told_at_once(world: Any) -> None:
    """Whoever corrects a file wants to do it once: shape, parties and prices together."""
    wrong = {
        **FILE,
        "entity": "US99",
        "customer": "C-999",
        "valid_days": 0,
        "colour": "red",
        "lines": [{"product": "CRM", "quantity": "-1"}],
    }

    response = world.post("/v1/deals", wrong)

    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    content = response.json()
    assert content["type"] == "urn:q2c:problem:invalid_input"
    fields = {problem["field"] for problem in content["problems"]}
    assert fields == {"entity", "customer", "valid_days", "colour", "lines[0].quantity"}
    assert world.gateway.started == []


def test_products_and_prices_are_checked_before_a_deal_starts(world: Any) -> None:
    """A start that must fail never gets a workflow."""
    unknown = {**FILE, "lines": [{"product": "CRN"}]}
    unpriced = {**FILE, "currency": "EUR"}

    for body in (unknown, unpriced):
        assert world.post("/v1/deals/check", body).status_code == 422
        assert world.post("/v1/deals", body).status_code == 422
    assert world.gateway.started == []


def test_a_check_warns_where_more_would_cost_less(world: Any) -> None:
    """The price falls at the eleventh: ten cost 100.00, eleven 88.00. It is no reason to refuse."""
    cliff: dict[str, Any] = deepcopy(CATALOG)
    cliff["products"][0]["charges"][0]["model"] = "volume"
    tiers = [{"up_to": "10", "unit": "10"}, {"unit": "8"}]
    cliff["price_books"][0]["entries"][0] = {"sku": "CRM", "charge": "seat", "tiers": tiers}
    world.register(RegisterKind.CATALOG, "house", parse_catalog(cliff).model_dump_json(), 2)

    for quantity, warnings in (
        ("10", ["lines[0].quantity: 11 of CRM cost 12.00 USD less than 10 (offer 11)"]),
        ("11", []),
    ):
        body = {**FILE, "lines": [{"product": "CRM", "quantity": quantity}]}
        response = world.post("/v1/deals/check", body)
        assert response.status_code == 200
        found = [Problem.model_validate(each) for each in response.json()["warnings"]]
        assert [str(each) for each in found] == warnings


def test_a_check_shows_what_each_alternative_comes_to(world: Any) -> None:
    """Beside the primary's preview; one at half of list altogether is worked out as well."""
    primary = [{"product": "CRM", "quantity": "10"}]
    body: dict[str, Any] = {**FILE, "lines": primary}
    alone = [
        world.post("/v1/deals/check", {**body, "lines": [{"product": "CRM", "quantity": number}]})
        for number in ("20", "5")
    ]
    totals = [one.json()["preview"]["quote"]["total"] for one in alone]
    body["alternatives"] = [
        {"label": "big", "change": {"lines": [{"line": 1, "quantity": 20}]}},
        {"label": "half", "change": {"total_discount": 50}},
    ]

    response = world.post("/v1/deals/check", body)

    assert response.status_code == 200
    assert response.json()["alternatives"] == [
        {"label": "big", "total": totals[0]},
        {"label": "half", "total": totals[1]},
    ]


@pytest.mark.parametrize("path", ["/v1/deals", "/v1/deals/check"])
def test_an_alternative_that_cannot_be_sold_is_refused_with_the_rest(world: Any, path: str) -> None:
    """All at once, each in its place, before there is a deal."""
    change = {"add": [{"product": "NOTHING"}]}
    body = {**FILE, "customer": "C-999", "alternatives": [{"label": "a", "change": change}]}

    response = world.post(path, body)

    assert response.status_code == 422
    fields = [each["field"] for each in response.json()["problems"]]
    assert fields == ["customer", "alternatives[0].lines[1].product"]
    assert world.gateway.started == []


def test_a_test_clock_is_refused_where_it_is_not_allowed(world: Any) -> None:
    """Business time of real deals is the wall clock's."""
    body = {**FILE, "test_clock": "2026-01-15T09:00:00Z"}
    assert world.post("/v1/deals/check", body).status_code == 200

    object.__setattr__(world.house.settings, "allow_test_clock", False)
    response = world.post("/v1/deals/check", body)

    assert [problem["field"] for problem in response.json()["problems"]] == ["test_clock"]


def test_a_deal_that_fails_at_its_start_answers_with_its_problems(world: Any) -> None:
    """The seller sees what the deal's own first steps found, and may correct and send again."""
    problem = Problem(field="approval", reason="nobody holds the title legal", remedy="publish")
    world.gateway.fails_with = Run(state=RunState.FAILED, problems=(problem,))

    response = world.post("/v1/deals", FILE)

    assert response.status_code == 422
    assert response.json()["problems"] == [problem.model_dump()]
    shown = world.get("/v1/deals/1001")
    assert (shown["stage"], shown["problems"]) == ("failed", [problem.model_dump()])
    world.gateway.fails_with = None
    assert world.post("/v1/deals", FILE).status_code == 201


def test_a_slow_start_is_answered_without_its_stage(world: Any) -> None:
    """Nobody waits longer than a few seconds for the first checks."""
    response = world.post("/v1/deals", FILE)

    assert response.status_code == 201
    assert response.json()["stage"] == ""
    assert world.get("/v1/deals/1001")["stage"] == "starting"


def test_without_temporal_nothing_starts_and_nothing_is_lost(world: Any) -> None:
    """503 means: not done, come again."""
    world.gateway.is_up = False

    response = world.post("/v1/deals", FILE)

    assert response.status_code == 503
    assert response.json()["code"] == "unavailable"


@pytest.mark.parametrize("body", [b"[1]", b"{", b'{"term_months": NaN}', b""])
def test_a_body_that_is_no_deal_file_is_a_problem(world: Any, body: bytes) -> None:
    """Never a crash."""
    response = world.client.post("/v1/deals", content=body, headers=world.by("sam"))

    assert response.status_code == 422


def test_schema_and_template_agree_with_what_is_accepted(world: Any) -> None:
    """The template is a deal file that only needs the house's own parties and products."""
    schema = world.get("/v1/schema/deal")
    text = world.client.get("/v1/template/deal", headers=world.by("sam")).text

    assert schema["title"] == "Q2C deal file"
    assert text == DEAL_TEMPLATE
    assert "lines:" in text


def test_deals_are_listed_by_number_page_by_page(world: Any) -> None:
    """Every deal is on exactly one page."""
    for number in ("1001", "1002", "1003"):
        world.deal(number=number)

    first = world.get("/v1/deals", limit=2)
    second = world.get("/v1/deals", limit=2, after=first["next"])

    assert [deal["number"] for deal in first["items"]] == ["1001", "1002"]
    assert [deal["number"] for deal in second["items"]] == ["1003"]
    assert second["next"] is None


def test_deals_are_found_by_stage_customer_seller_and_hold(world: Any) -> None:
    """Each filter narrows the list."""
    world.deal(number="1001", stage="live", on_hold="dunning: hand over?")
    world.deal(number="1002", stage="accept", customer="C-200", seller="mia")

    def found(**wanted: Any) -> list[str]:
        return [deal["number"] for deal in world.get("/v1/deals", **wanted)["items"]]

    assert found(stage="live") == ["1001"]
    assert found(customer="C-200") == ["1002"]
    assert found(seller="sam") == ["1001"]
    assert found(on_hold=True) == ["1001"]
    assert found(on_hold=False) == ["1002"]


def test_a_deal_is_shown_from_the_books_with_temporal_down(world: Any) -> None:
    """Law 4: reading a deal works with no worker running."""
    quote = world.quote(world.deal())
    world.gateway.is_up = False

    shown = world.get("/v1/deals/1001")

    assert (shown["number"], shown["stage"], shown["seller"]) == ("1001", "accept", "sam")
    # 25 seats at 40.00 less 20 percent, twelve months.
    assert quote.total.minor == 9600_00
    assert shown["quote"]["total"] == {"minor": 9600_00, "currency": "USD"}
    assert len(shown["quote"]["plan"]) == 12
    assert [step["approver"] for step in shown["approvals"][0]["steps"]] == ["mia", "dan"]


def test_an_unknown_deal_is_not_found(world: Any) -> None:
    """404, also when Temporal cannot be asked whether it is just starting."""
    for path in ("/v1/deals/9", "/v1/deals/9/timeline", "/v1/deals/9/agenda", "/v1/deals/9/holds"):
        assert world.client.get(path, headers=world.by("sam")).status_code == 404
    world.gateway.is_up = False

    assert world.client.get("/v1/deals/9", headers=world.by("sam")).status_code == 404


def test_the_timeline_is_the_audit_trail_in_order(world: Any) -> None:
    """Oldest first, page by page."""
    world.deal()
    moment = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
    for sequence in (2, 1, 3):
        world.add(
            AuditRow(
                deal="1001", sequence=sequence, at=moment, actor="sam", what="stage", detail=""
            )
        )

    first = world.get("/v1/deals/1001/timeline", limit=2)
    second = world.get("/v1/deals/1001/timeline", limit=2, after=first["next"])

    assert [entry["sequence"] for entry in (*first["items"], *second["items"])] == [1, 2, 3]


def test_the_agenda_is_asked_of_the_deal(world: Any) -> None:
    """Only the deal knows every item; the books know the next one."""
    due = datetime(2026, 2, 1, 8, 0, tzinfo=UTC)
    world.deal(stage="live", next_action="converge", next_action_at=due)
    item = AgendaItem(key="converge", kind=AgendaKind.CONVERGE, due_at=due)
    world.gateway.queries["agenda"] = (item,)

    world.add(
        *(
            PlannedChargeRow(
                deal="1001",
                term=1,
                reference=f"{line}/seat",
                description="CRM seat",
                starts_on=date(2026, month, 1),
                ends_on=date(2026, month + 1, 1),
                bill_on=date(2026, month, 1),
                amount_minor=10_00,
                discount_minor=0,
                currency="USD",
            )
            for line in (1, 2)
            for month in (2, 3)
        )
    )

    found = world.get("/v1/deals/1001/agenda")
    assert [(one["key"], one["what"], one["due_at"]) for one in found["items"]] == [
        ("converge", "bill and recognize what is due", "2026-02-01T00:00:00-08:00")
    ]
    assert [(one["bill_on"], one["amount_minor"]) for one in found["invoices"]] == [
        ("2026-02-01", 20_00),
        ("2026-03-01", 20_00),
    ]
    assert found["time_zone"] == "America/Los_Angeles"

    world.gateway.queries.clear()
    silent = world.client.get("/v1/deals/1001/agenda", headers=world.by("sam"))
    assert silent.status_code == 503
    assert "does next: converge at 2026-02-01 08:00 UTC" in silent.json()["detail"]


def test_holds_come_from_the_deal_and_else_from_the_books(world: Any) -> None:
    """The books keep all holds in one text; a reason may hold its separator."""
    text = "step:price_quote: no rate; ask legal; dunning: hand over, or wait?"
    world.deal(stage="live", on_hold=text)

    books = world.get("/v1/deals/1001/holds")

    assert books["source"] == "books"
    assert [(hold["key"], hold["reason"], hold["answers"]) for hold in books["items"]] == [
        ("step:price_quote", "no rate; ask legal", []),
        ("dunning", "hand over, or wait?", ["hand over", "wait"]),
    ]
    hold = Hold(key="billing", reason="which rate?", since=datetime(2026, 2, 1, tzinfo=UTC))
    world.gateway.queries["state"] = DealState(holds=(hold,))
    asked = world.get("/v1/deals/1001/holds")
    assert (asked["source"], asked["items"][0]["key"]) == ("deal", "billing")


def test_figures_of_a_deal_without_contract_are_zero(world: Any) -> None:
    """Nothing is billed, earned or owed before the signature."""
    world.deal()

    figures = world.get("/v1/deals/1001")["figures"]

    assert {name: value for name, value in figures.items() if value} == {"currency": "USD"}


def test_dates_in_a_listing_are_those_on_record(world: Any) -> None:
    """Moments keep their zone on the way through SQLite."""
    world.add(
        DealRow(
            number="77",
            entity="US01",
            customer="C-100",
            seller="sam",
            currency="USD",
            time_zone="UTC",
            stage="live",
            started_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        )
    )

    started = world.get("/v1/deals")["items"][0]["started_at"]

    assert started == "2026-01-02T03:04:00Z"
    assert date.fromisoformat(started[:10]) == date(2026, 1, 2)


def test_a_big_deal_file_lies_in_the_document_store_and_its_hash_travels(world: Any) -> None:
    """A message stays under 64 KB, whatever the number of lines; a small file travels as it is."""
    line = {"product": "CRM", "quantity": "1"}

    big = world.post("/v1/deals", {**DEAL, "number": "B-1", "lines": [line] * 300})
    small = world.post("/v1/deals", {**DEAL, "number": "S-1", "lines": [line]})

    assert (big.status_code, small.status_code) == (201, 201), big.text
    first, second = (start.payload for start in world.gateway.started)
    stored = DealFile.model_validate_json(world.documents.get(first.file_hash))
    assert (first.lines, len(stored.lines), stored.number) == ((), 300, "B-1")
    assert len(first.model_dump_json()) < 2_000
    assert (second.file_hash, len(second.lines)) == ("", 1)
