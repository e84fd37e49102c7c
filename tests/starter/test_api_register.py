"""Parties, catalogue, policies and stock through the API: checked, recorded once, shown."""

import json
from typing import Any

import pytest

from models.errors import Problem
from models.parties import parse_customer
from models.register import PARSERS
from models.steps import ChangeRecorded, RegisterKind
from starter.service.errors import RunFailedError
from starter.service.ports import Start
from tests.starter.conftest import CATALOG, CUSTOMER, ENTITY, POLICY

TAX = [
    {
        "name": "Sales tax",
        "rate_percent": "7.25",
        "seller_country": "US",
        "place_country": "US",
        "category": "standard",
        "code": "S",
        "valid_from": "2025-01-01",
    }
]
LADDER = {
    "version": "l1",
    "steps": [{"level": 1, "days_past_due": 3, "name": "friendly reminder"}],
}
PERSON = {"id": "zoe", "name": "Zoe", "email": "zoe@example.com", "roles": ["sales"]}


def recording(world: Any, revision: int = 1) -> None:
    """Have every change succeed."""

    def on_start(start: Start) -> None:
        world.gateway.results[start.workflow_id] = ChangeRecorded(revision=revision)

    world.gateway.on_start = on_start


def test_a_new_customer_is_recorded_by_a_workflow(world: Any) -> None:
    """Its id is made of number and content."""
    recording(world)

    response = world.post("/v1/customers", {**CUSTOMER, "number": "C-200"})

    assert response.status_code == 201
    assert response.json() == {
        "kind": "customer",
        "key": "C-200",
        "revision": 1,
        "repeated": False,
    }
    (start,) = world.gateway.started
    assert start.workflow == "RegisterWorkflow"
    assert start.workflow_id.startswith("customer-C-200-")
    assert (start.payload.key, start.payload.actor) == ("C-200", "sam")


def test_what_is_in_force_already_starts_nothing(world: Any) -> None:
    """Repeating an import changes nothing."""
    response = world.post("/v1/customers", CUSTOMER)

    assert (response.status_code, response.json()["repeated"]) == (200, True)
    assert world.gateway.started == []


def test_an_earlier_content_may_come_into_force_again(world: Any) -> None:
    """A, then B, then A: the third change is another one than the first."""
    recording(world)
    world.post("/v1/customers", {**CUSTOMER, "legal_name": "B Inc."})
    changed = parse_customer({**CUSTOMER, "legal_name": "B Inc."}).model_dump_json()
    world.register(RegisterKind.CUSTOMER, "C-100", changed, revision=2)
    world.post("/v1/customers", CUSTOMER)
    back = parse_customer(CUSTOMER).model_dump_json()
    world.register(RegisterKind.CUSTOMER, "C-100", back, revision=3)

    world.post("/v1/customers", {**CUSTOMER, "legal_name": "B Inc."})

    assert len({start.workflow_id for start in world.gateway.started}) == 3


def test_every_problem_of_a_party_is_told_at_once(world: Any) -> None:
    """Nothing is started for it."""
    wrong = {**ENTITY, "currency": "usd", "email": "nobody", "colour": "red"}

    response = world.post("/v1/entities", wrong, "olga")

    fields = {problem["field"] for problem in response.json()["problems"]}
    assert (response.status_code, fields) == (422, {"currency", "email", "colour"})
    assert world.gateway.started == []


def test_problems_found_while_recording_are_told(world: Any) -> None:
    """The workflow has the last word."""
    problem = Problem(field="parent", reason="there is no customer C-1")

    def on_start(start: Start) -> None:
        world.gateway.results[start.workflow_id] = RunFailedError(
            str(problem), "invalid_input", [problem]
        )

    world.gateway.on_start = on_start

    response = world.post("/v1/customers", {**CUSTOMER, "number": "C-2", "parent": "C-1"})

    assert response.status_code == 422
    assert response.json()["problems"][0]["field"] == "parent"


@pytest.mark.parametrize(
    ("kind", "body", "key"),
    [
        ("catalog", {**CATALOG, "version": "2"}, "house"),
        ("approval_policy", POLICY, "house"),
        ("dunning_policy", LADDER, "house"),
        ("tax_rules", TAX, "house"),
        ("person", PERSON, "zoe"),
    ],
)
def test_what_is_sent_to_be_recorded_reads_as_what_was_written(
    world: Any, kind: str, body: Any, key: str
) -> None:
    """The content travels as JSON and is checked again where it is recorded."""
    recording(world)

    response = world.post(f"/v1/register/{kind}", body, "olga")

    assert response.status_code == 201, response.text
    change = world.gateway.started[0].payload
    parse = PARSERS[RegisterKind(kind)]
    assert change.key == key
    assert parse(json.loads(change.content)) == parse(body)


@pytest.mark.parametrize("kind", ["catalog", "approval_policy", "tax_rules", "person"])
def test_only_operators_change_the_register(world: Any, kind: str) -> None:
    """403 for everybody else, before anything is read."""
    assert world.post(f"/v1/register/{kind}", {}, "fiona").status_code == 403


def test_parties_have_addresses_of_their_own(world: Any) -> None:
    """The register's address does not take them, nor names nobody knows."""
    assert world.client.get("/v1/register/customer", headers=world.by("sam")).status_code == 422
    assert world.client.get("/v1/customers/C-9", headers=world.by("sam")).status_code == 404


def test_listings_show_the_revision_in_force_page_by_page(world: Any) -> None:
    """By key; an older revision is not shown."""
    second = parse_customer({**CUSTOMER, "legal_name": "Acme Ltd."}).model_dump_json()
    world.register(RegisterKind.CUSTOMER, "C-100", second, revision=2)
    other = parse_customer({**CUSTOMER, "number": "C-200"}).model_dump_json()
    world.register(RegisterKind.CUSTOMER, "C-200", other)

    first = world.get("/v1/customers", limit=1)
    rest = world.get("/v1/customers", limit=1, after=first["next"])

    assert [(row["key"], row["revision"]) for row in first["items"]] == [("C-100", 2)]
    assert first["items"][0]["content"]["legal_name"] == "Acme Ltd."
    assert [row["key"] for row in rest["items"]] == ["C-200"]
    assert rest["next"] is None


def test_catalogue_and_people_are_shown_by_their_key(world: Any) -> None:
    """There is one catalogue, under the key of the house."""
    assert world.get("/v1/register/catalog/house")["content"]["version"] == "2026-1"
    assert world.get("/v1/register/person/mia")["content"]["manager"] == "vera"
    assert len(world.get("/v1/register/person")["items"]) == 7


def test_stock_is_received_once_by_its_delivery_note(world: Any) -> None:
    """The same note again is the same goods; with another quantity it is a conflict."""

    def on_start(start: Start) -> None:
        world.gateway.results[start.workflow_id] = ChangeRecorded(deals=("1001",))

    world.gateway.on_start = on_start
    body = {"entity": "US01", "sku": "SCANNER", "quantity": 50, "reference": "DN-1"}

    first = world.post("/v1/stock", body, "olga")
    again = world.post("/v1/stock", body, "olga")
    other = world.post("/v1/stock", {**body, "quantity": 51}, "olga")

    assert (first.status_code, first.json()) == (201, {"repeated": False, "deals": ["1001"]})
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    assert other.status_code == 409
    assert world.gateway.started[0].workflow_id == "stock-US01-SCANNER-DN-1"
    assert world.post("/v1/stock", {}, "olga").status_code == 422
    assert world.post("/v1/stock", body, "sam").status_code == 403
