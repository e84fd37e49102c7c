"""Who gets in: nothing is read or written without a token; errors are problem documents."""

from typing import Any

import pytest
from sqlmodel import Session, select

from models.tables import TokenRow
from tests.starter.conftest import NOW


def routes(world: Any) -> list[tuple[str, str]]:
    """Return every method and path of the API with its parameters filled in."""
    paths = world.client.get("/v1/openapi.json").json()["paths"]
    return [
        (
            method.upper(),
            path.replace("{kind}", "catalog").replace("{number}", "1").replace("{key}", "house"),
        )
        for path, methods in paths.items()
        for method in methods
    ]


def test_without_a_token_nothing_is_read_or_written(world: Any) -> None:
    """Every route but health and the pages of links answers 401 and says how to authenticate."""
    known = routes(world)
    pages = [route for route in known if route[1].startswith("/v1/decide/")]
    closed = [route for route in known if route[1] != "/v1/health" and route not in pages]

    for method, path in closed:
        response = world.client.request(method, path, json={})

        assert response.status_code == 401, (method, path)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.headers["Content-Type"] == "application/problem+json"
    assert len(closed) >= 40
    assert [world.client.request(*page).status_code for page in pages] == [403, 403]
    assert (world.gateway.started, world.gateway.updates) == ([], [])


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic c2FtOnNhbQ==", "Bearer", "x"])
def test_an_unknown_token_is_nobody(world: Any, header: str) -> None:
    """Also another scheme, and a header that is none."""
    response = world.client.get("/v1/me", headers={"Authorization": header})

    assert response.status_code == 401


def test_a_revoked_token_is_nobody(world: Any) -> None:
    """Revoking takes effect with the next request."""

    def revoke(session: Session) -> None:
        row = session.exec(select(TokenRow).where(TokenRow.person == "sam")).one()
        row.revoked_at = NOW
        session.add(row)

    world.house.books.write(revoke)

    assert world.client.get("/v1/me", headers=world.by("sam")).status_code == 401
    assert world.client.get("/v1/me", headers=world.by("mia")).status_code == 200


def test_me_is_the_person_in_force(world: Any) -> None:
    """Roles and titles come from the newest revision in the register."""
    me = world.get("/v1/me", "mia")

    assert (me["id"], me["roles"], me["titles"]) == (
        "mia",
        ["sales", "approver"],
        ["sales_manager"],
    )


def test_health_needs_no_token_and_says_what_is_missing(world: Any) -> None:
    """503 when Temporal is down, with the books still fine."""
    assert world.client.get("/v1/health").json()["ok"] is True
    world.gateway.is_up = False

    response = world.client.get("/v1/health")

    assert response.status_code == 503
    assert response.json() == {"ok": False, "books": True, "temporal": False, "namespace": "q2c"}


@pytest.mark.parametrize("path", ["journal", "trial-balance", "receivables"])
def test_the_books_are_for_finance_and_operators(world: Any, path: str) -> None:
    """403 names the roles."""
    refused = world.client.get(f"/v1/books/{path}", headers=world.by("sam"))

    assert refused.status_code == 403
    assert "finance or operator" in refused.json()["detail"]
    assert world.get(f"/v1/books/{path}", "fiona")["items"] == []


def test_wrong_parameters_are_a_problem_document(world: Any) -> None:
    """Not the framework's own form."""
    response = world.client.get("/v1/deals?stage=nowhere&limit=0", headers=world.by("sam"))

    assert response.status_code == 422
    fields = [problem["field"] for problem in response.json()["problems"]]
    assert sorted(fields) == ["limit", "stage"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/nothing", 404), ("PUT", "/v1/deals", 405)]
)
def test_an_address_that_is_none_is_a_problem_document(
    world: Any, method: str, path: str, status: int
) -> None:
    """Whatever goes wrong has one form."""
    response = world.client.request(method, path, headers=world.by("sam"))

    assert response.status_code == status
    assert set(response.json()) == {"type", "title", "status", "detail", "code", "problems"}


def test_an_unforeseen_error_tells_nothing_about_the_inside(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log says more, the caller does not need to know."""

    def break_down(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("starter.service.reports.deals", break_down)

    response = world.client.get("/v1/deals", headers=world.by("sam"))

    assert response.status_code == 500
    assert response.json()["code"] == "internal_error"
    assert "secret" not in response.text


ONLY_IN_THE_ADDRESS = {"/v1/customers/{number}/statement"}
"""Changes that say all they have to say by path and query."""


def test_every_route_is_described_with_summary_and_example(world: Any) -> None:
    """The OpenAPI document is what others build on."""
    paths = world.client.get("/v1/openapi.json").json()["paths"]

    for path, methods in paths.items():
        for method, route in methods.items():
            assert route["summary"], path
            assert route["description"], path
            if method == "post" and "requestBody" in route:
                for content in route["requestBody"]["content"].values():
                    assert "example" in content, path
            elif method == "post":
                assert path in ONLY_IN_THE_ADDRESS


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("GET", "/v1/deals?limit=0", None, "limit: must not be less than 1 (use 1 or more)"),
        (
            "GET",
            "/v1/documents?after=x",
            None,
            "after: is not a whole number (write digits, such as 12)",
        ),
        ("POST", "/v1/tokens", {}, "person: is missing (add it)"),
        ("POST", "/v1/tokens", [], "body: is not a group of fields (write its fields one by one)"),
    ],
)
def test_what_the_framework_refuses_is_said_in_our_words(
    world: Any, method: str, path: str, body: Any, told: str
) -> None:
    """Every problem has its remedy, whoever found it."""
    response = world.client.request(method, path, json=body, headers=world.by("olga"))

    assert (response.status_code, response.json()["detail"]) == (422, told)
