"""Partners quote in their own name within their price book, and see nothing else of the house."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from models.approval import parse_policy
from models.catalog import parse_catalog
from models.deal_file import parse_deal_file
from models.errors import InvalidInputError
from models.parties import Person, Role, parse_partner, parse_person
from models.steps import RegisterKind
from models.tables import DocumentRow
from starter.service.tokens import make_token
from tests.starter.conftest import CATALOG, DEAL, POLICY

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
PARTNER: dict[str, Any] = {
    "number": "P-1",
    "legal_name": "Reseller Ltd.",
    "address": {"line1": "9 Dock", "city": "Boston", "region": "MA", "country": "US"},
    "tax_id": "98-7654321",
    "email": "sales@reseller.example",
    "price_book": "partners",
    "commission_percent": "12.5",
}
PAT = {
    "id": "pat",
    "name": "Pat Partner",
    "email": "pat@reseller.example",
    "roles": ["partner"],
    "partner": "P-1",
    "manager": "mia",
}
SHARED_BOOKS = {
    **CATALOG,
    "price_books": [
        *CATALOG["price_books"],
        {
            "name": "partners",
            "currency": "USD",
            "valid_from": "2025-01-01",
            "entries": [{"sku": "CRM", "charge": "seat", "unit": "30.00", "cost": "10.00"}],
        },
    ],
}
FILE = {key: value for key, value in DEAL.items() if key != "number"}


@pytest.fixture
def partnered(world: Any) -> Any:
    """A house with a partner, who has Pat; and a price book for partners beside the standard."""
    world.register(RegisterKind.PARTNER, "P-1", parse_partner(PARTNER).model_dump_json())
    world.register(RegisterKind.PERSON, "pat", parse_person(PAT).model_dump_json())
    catalog = parse_catalog(SHARED_BOOKS).model_dump_json()
    world.register(RegisterKind.CATALOG, "house", catalog, revision=2)
    world.register(RegisterKind.APPROVAL_POLICY, "house", parse_policy(POLICY).model_dump_json())
    made = world.house.books.write(lambda session: make_token(session, "pat", "q2c_pat", NOW))
    world.tokens["pat"] = made.token
    return world


def test_a_partner_offers_in_its_own_name_from_its_own_price_book(partnered: Any) -> None:
    """Neither is asked for: both follow from who asks."""
    response = partnered.post("/v1/deals", FILE, "pat")

    assert response.status_code == 201, response.text
    [start] = partnered.gateway.started
    sent = start.payload
    assert (sent.seller, sent.partner, sent.price_book) == ("pat", "P-1", "partners")


def test_another_price_book_or_name_is_refused_with_both_reasons(partnered: Any) -> None:
    """All at once, and nothing starts."""
    asked = {**FILE, "price_book": "standard", "partner": "P-2", "number": "1002"}

    for path in ("/v1/deals", "/v1/deals/check"):
        response = partnered.post(path, asked, "pat")
        assert response.status_code == 422
        found = {one["field"]: one["reason"] for one in response.json()["problems"]}
        assert found["price_book"] == "P-1 sells from its own price book only, not from standard"
        assert found["partner"] == "you offer for P-1 only"
    assert partnered.gateway.started == []


def test_our_seller_may_offer_through_a_partner_from_its_book_only(partnered: Any) -> None:
    """The price book follows from the partner, whoever writes the file."""
    through = partnered.post("/v1/deals/check", {**FILE, "partner": "P-1"}, "sam")
    other = partnered.post(
        "/v1/deals/check", {**FILE, "partner": "P-1", "price_book": "standard"}, "sam"
    )
    nobody = partnered.post("/v1/deals/check", {**FILE, "partner": "P-9"}, "sam")

    assert through.json()["file"]["price_book"] == "partners"
    assert [one["field"] for one in other.json()["problems"]] == ["price_book"]
    assert [one["field"] for one in nobody.json()["problems"]][:1] == ["partner"]


def own_deal(world: Any) -> Any:
    """Put a deal of Pat's and one of Sam's on record, both with a quote."""
    world.quote(world.deal("1002"))
    return world.quote(world.deal(seller="pat", partner="P-1"))


def test_a_partner_sees_its_own_deals_without_cost_or_approval(partnered: Any) -> None:
    """40.00 x 25 less 20 % for a year are 9,600.00; 12.5 % of that are 1,200.00 commission."""
    own_deal(partnered)

    listed = partnered.get("/v1/deals", "pat")["items"]
    shown = partnered.get("/v1/deals/1001", "pat")

    assert [one["number"] for one in listed] == ["1001"]
    assert shown["quote"]["total"] == {"minor": 960000, "currency": "USD"}
    assert shown["commission"] == {"minor": 120000, "currency": "USD"}
    whole = partnered.client.get("/v1/deals/1001", headers=partnered.by("pat")).text
    for secret in (
        '"cost"',
        '"ssp"',
        "waterfall",
        "margin",
        "approvals",
        "figures",
        "discount above",
    ):
        assert secret not in whole


def test_what_is_not_theirs_does_not_exist_for_a_partner(partnered: Any) -> None:
    """The same answer for another's deal and for none."""
    own_deal(partnered)

    for path in ("/v1/deals/1002", "/v1/deals/1002/comments", "/v1/deals/1002/link"):
        response = partnered.client.get(path, headers=partnered.by("pat"))
        assert response.status_code == 404
        none = partnered.client.get(path.replace("1002", "1009"), headers=partnered.by("pat"))
        assert none.text == response.text.replace("1002", "1009")
    told = partnered.post("/v1/deals/1002/messages/revise_quote", {"delta": {"note": "x"}}, "pat")
    assert told.status_code == 404
    assert partnered.gateway.updates == []


CLOSED = (
    "/v1/books/journal",
    "/v1/books/trial-balance",
    "/v1/customers",
    "/v1/customers/C-100",
    "/v1/deals/1001/agenda",
    "/v1/deals/1001/holds",
    "/v1/deals/1001/timeline",
    "/v1/documents",
    "/v1/entities",
    "/v1/register/approval_policy",
    "/v1/register/catalog",
    "/v1/register/catalog/house",
    "/v1/register/partner",
    "/v1/register/person",
    "/v1/tasks",
)


@pytest.mark.parametrize("path", CLOSED)
def test_every_other_door_is_closed_to_a_partner(partnered: Any, path: str) -> None:
    """Costs, other deals, our people: a door is closed unless it was opened on purpose."""
    own_deal(partnered)

    response = partnered.client.get(path, headers=partnered.by("pat"))

    assert response.status_code == 403
    assert response.json()["code"] == "not_permitted"


def test_no_route_is_open_to_a_partner_by_accident(partnered: Any) -> None:
    """The list of what is open, written out; whoever adds a door decides about it here."""
    own_deal(partnered)
    parts = {"number": "1001", "kind": "catalog", "key": "house", "person": "sam"}
    opened = set()
    for path, methods in partnered.client.app.openapi()["paths"].items():
        for method in methods:
            asked = re.sub(r"{(\w+)}", lambda found: parts.get(found[1], "x"), path)
            headers = partnered.by("pat")
            response = partnered.client.request(method.upper(), asked, headers=headers)
            if response.status_code not in (403, 404, 405):
                opened.add(f"{method.upper()} {path}")

    assert opened == {
        "GET /v1/health",
        "GET /v1/me",
        "GET /v1/schema/deal",
        "GET /v1/template/deal",
        "GET /v1/inbox",
        "GET /v1/deals",
        "POST /v1/deals",
        "POST /v1/deals/check",
        "GET /v1/deals/{number}",
        "GET /v1/deals/{number}/link",
        "GET /v1/deals/{number}/comments",
        "POST /v1/deals/{number}/messages/revise_quote",
        "POST /v1/deals/{number}/messages/comment",
        "POST /v1/deals/{number}/messages/answer_counter_offer",
        "POST /v1/deals/{number}/messages/revoke_link",
    }


def test_a_partner_revises_its_own_quote(partnered: Any) -> None:
    """As its seller; accepting in the customer's name is not for them."""
    quote = own_deal(partnered)

    told = partnered.post("/v1/deals/1001/messages/revise_quote", {"delta": {"note": "x"}}, "pat")
    accepted = partnered.post("/v1/deals/1001/messages/accept_quote", {}, "pat")

    assert told.status_code == 200
    assert partnered.gateway.updates[-1].message.base_hash == quote.content_hash
    assert accepted.status_code == 403


def test_a_partner_reads_the_pdf_of_its_own_quotes_only(partnered: Any) -> None:
    """Not an invoice of the same deal, not the quote of another one."""
    own_deal(partnered)
    partnered.documents.contents["a"] = b"%PDF"
    for deal, kind, number in (
        ("1001", "quote", "Q-1001-1"),
        ("1001", "invoice", "INV-1"),
        ("1002", "quote", "Q-1002-1"),
    ):
        row = DocumentRow(
            deal=deal,
            kind=kind,
            number=number,
            sha256="a",
            filename="x.pdf",
            size=4,
            dated_on=NOW.date(),
        )
        partnered.add(row)

    def read(path: str) -> int:
        headers = partnered.by("pat")
        status: int = partnered.client.get(f"/v1/documents/{path}.pdf", headers=headers).status_code
        return status

    assert read("quote/Q-1001-1") == 200
    assert [read("invoice/INV-1"), read("quote/Q-1002-1"), read("quote/Q-9")] == [404, 404, 404]


def test_the_command_line_refuses_a_partner_the_same(
    partnered: Any, by: Any, tmp_path: Any
) -> None:
    """It is the same door; what is theirs it shows."""
    own_deal(partnered)
    file = tmp_path / "deal.yaml"
    file.write_text(
        "entity: US01\ncustomer: C-100\ncurrency: USD\nprice_book: standard\n"
        "lines: [{product: CRM, quantity: 5}]\n"
    )

    assert by("pat", "deal", "show", "1001").exit_code == 0
    assert by("pat", "deal", "list").exit_code == 0
    assert "no deal 1002 of yours" in by("pat", "deal", "show", "1002").output
    assert by("pat", "catalog", "show").exit_code == 4
    assert by("pat", "accept", "1001").exit_code == 4
    refused = by("pat", "deal", "start", str(file))
    assert refused.exit_code == 2
    assert "own price book only" in refused.output


def test_only_the_operator_records_partners(partnered: Any, by: Any, tmp_path: Any) -> None:
    """Who may offer in our name is no seller's decision."""
    file = tmp_path / "partner.yaml"
    file.write_text("number: P-2\n")

    assert partnered.post("/v1/register/partner", PARTNER, "sam").status_code == 403
    bad = by("olga", "partner", "add", str(file))
    assert bad.exit_code == 2
    assert "price_book" in bad.output
    assert "Reseller Ltd." in by("olga", "partner", "list").output


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"roles": ["partner", "sales"]}, "roles"),
        ({"partner": None}, "partner"),
        ({"manager": None}, "manager"),
        ({"titles": ["sales_manager"]}, "manager"),
        ({"roles": ["sales"]}, "partner"),
    ],
    ids=["two hats", "no partner", "nobody of ours", "a title", "partner without the role"],
)
def test_a_person_is_either_ours_or_a_partners(changes: dict[str, Any], field: str) -> None:
    """Mixed, they would see costs by the other role or approve their own deals."""
    with pytest.raises(InvalidInputError) as raised:
        parse_person({**PAT, **changes})

    assert field in {problem.field for problem in raised.value.problems}


def test_a_partner_needs_what_a_quote_must_say_about_it() -> None:
    """All problems at once; a commission is a percentage."""
    with pytest.raises(InvalidInputError) as raised:
        parse_partner({"number": "", "legal_name": " ", "commission_percent": "120"})

    fields = {problem.field for problem in raised.value.problems}
    assert {"number", "legal_name", "price_book", "commission_percent", "email"} <= fields
    assert parse_partner(PARTNER).price_book == "partners"
    assert Person.model_validate(PAT).roles == (Role.PARTNER,)
    assert parse_deal_file({**DEAL, "seller": "pat", "partner": "P-1"}).partner == "P-1"
