"""Idempotency keys of the API: one mechanism for every change that is not a message to a deal."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlmodel import Session, select

from models.approval_cases import OpenCase
from models.approval_facts import Subject
from models.credit_steps import Corrected, StatementSent
from models.steps import ChangeRecorded, PaymentRecorded, ToppedUp, UsageTaken
from models.tables import DealRow, RequestRow, TokenRow
from starter.api.once import REPLAYED, OnceRoute
from starter.service.errors import RunFailedError
from starter.service.repeats import Asked, Kept, claim, keep, let_go, request_hash
from starter.service.vocabulary import KINDS
from tests.starter.conftest import CUSTOMER, DEAL, ENTITY, NOW
from tests.starter.test_cases import INVOICE, furnish, handed_in

PAYMENT = {"customer": "C-100", "amount": "1250.00", "currency": "USD", "reference": "BANK-1"}
KEY = {"Idempotency-Key": "k-1"}
USED = "The Idempotency-Key k-1 was used for another request; use a new one."
PERSON = {"id": "nina", "name": "Nina", "email": "nina@example.com", "roles": ["sales"]}
STOCK = {"entity": "US01", "sku": "SCANNER", "quantity": "5", "reference": "DN-1"}
REFUND = {"payment": "PAY-1", "amount": "1.00", "reason": "Paid twice"}
WAITING = "write_off-other.1"
USAGE: dict[str, Any] = {
    "events": [{"id": "e-1", "deal": "1001", "meter": "calls", "at": "2026-02-03T10:15:00Z"}]
}
CREDIT = {"amount": "50.00", "reference": "PO-1"}
ASKED = Asked("fiona", "POST /v1/payments", "k-1", "hash-1")

CHANGES: list[tuple[str, str, Any, Any]] = [
    ("/v1/payments", "fiona", PAYMENT, {**PAYMENT, "reference": "BANK-2"}),
    ("/v1/customers", "sam", {**CUSTOMER, "number": "C-7"}, {**CUSTOMER, "number": "C-8"}),
    ("/v1/entities", "olga", {**ENTITY, "number": "US07"}, {**ENTITY, "number": "US08"}),
    ("/v1/register/person", "olga", PERSON, {**PERSON, "id": "nora"}),
    ("/v1/stock", "olga", STOCK, {**STOCK, "reference": "DN-2"}),
    ("/v1/deals", "sam", DEAL, {**DEAL, "number": "1002"}),
    (f"/v1/invoices/{INVOICE}/write-off", "fiona", {"reason": "Insolvent"}, {"reason": "Gone"}),
    ("/v1/refunds", "fiona", REFUND, {**REFUND, "amount": "2.00"}),
    *(
        (f"/v1/approvals/{WAITING}/{kind}", person, {"reason": "Yes"}, {"reason": "No"})
        for kind, person in (("approve", "dan"), ("reject", "dan"), ("withdraw", "fiona"))
    ),
    ("/v1/usage", "olga", USAGE, {"events": [{**USAGE["events"][0], "id": "e-2"}]}),
    ("/v1/deals/1001/credit", "sam", CREDIT, {**CREDIT, "reference": "PO-2"}),
    ("/v1/tokens/revoke", "olga", {"person": "fiona"}, {"person": "sam"}),
    (f"/v1/invoices/{INVOICE}/credit", "fiona", {"reason": "x"}, {"reason": "y"}),
    (f"/v1/invoices/{INVOICE}/void", "fiona", {"reason": "x"}, {"reason": "y"}),
    (f"/v1/invoices/{INVOICE}/rebill", "fiona", {"reason": "x"}, {"reason": "y"}),
    *(
        (f"/v1/drafts/1001.ab12cd34/{word}", "fiona", {"reason": "x"}, {"reason": "y"})
        for word in ("hold", "release", "annotate")
    ),
    ("/v1/customers/C-100/statement?currency=USD&entity=US01", "fiona", {}, {"x": 1}),
]
"""A change of every route, and another one."""

READS = frozenset(
    {
        "/v1/deals/{number}/amendments/preview",
        "/v1/deals/check",
        "/v1/requests-for-quote",
        "/v1/deals/{number}/purchase-order/compare",
        "/v1/invoices/check",
        "/v1/invoices/{number}/credit/preview",
    }
)
"""POSTs that change nothing."""


ELSEWHERE = frozenset({"/v1/customers/{number}/vat-checks"})
"""Changes that are repeated in a test of their own, because they need facts or an address."""


class Engine(dict[str, Any]):
    """Results of every workflow that is asked for."""

    def get(self, workflow_id: str, default: Any = None) -> Any:
        """Return a result of the kind the workflow gives."""
        known = super().get(workflow_id, default)
        if known is not None:
            return known
        kinds: dict[str, Any] = {
            "payment": PaymentRecorded(payment="PAY-1", applied_minor=1250_00),
            "correction": Corrected(invoice=INVOICE, deal="1000"),
            "statement": StatementSent(number="ST-1"),
            "usage": UsageTaken(events=1, added=1, deals=1),
            "credit": ToppedUp(pool="top-up-1"),
        }
        return kinds.get(workflow_id.partition("-")[0], ChangeRecorded(revision=1))


def answering(world: Any) -> None:
    """Let every workflow end well, and every deal go on record in stage approve."""
    world.gateway.results = Engine()

    def started(start: Any) -> None:
        if start.workflow == "ApprovalWorkflow":
            handed_in(world, start.payload)
        if start.workflow == "DealWorkflow":
            world.deal(number=start.payload.number, stage="approve")

    world.gateway.on_start = started


def effects(world: Any) -> int:
    """Return how many changes were made."""
    revoked = select(TokenRow).where(TokenRow.revoked_at != None)  # noqa: E711 - SQL
    tokens = world.house.books.read(lambda session: list(session.exec(revoked)))
    said = [update for update in world.gateway.updates if update.name != "settled"]
    return len(world.gateway.started) + len(said) + len(tokens)


@pytest.mark.parametrize(("path", "person", "body", "other"), CHANGES)
def test_a_change_under_a_key_is_made_and_answered_once(
    world: Any, path: str, person: str, body: Any, other: Any
) -> None:
    """Status, body and address are those of the first answer; another body is refused."""
    answering(world)
    if path != "/v1/deals":
        furnish(world)
        waiting = OpenCase(subject=Subject.WRITE_OFF, key="other.1", content="{}", actor="fiona")
        handed_in(world, waiting)

    first = world.post(path, body, person, **KEY)
    again = world.post(path, body, person, **KEY)
    changed = world.post(path, other, person, **KEY)

    assert first.status_code in (200, 201, 202), first.text
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers.get("Location") == first.headers.get("Location")
    assert again.headers[REPLAYED] == "true"
    assert REPLAYED not in first.headers
    assert (changed.status_code, changed.json()["detail"]) == (409, USED)
    assert changed.json()["code"] == "conflict"
    assert effects(world) == 1


def test_every_change_honors_its_key(world: Any) -> None:
    """A route added without it would be the hole: messages have their own keys, reads need none."""
    messages = {f"/v1/deals/{{number}}/messages/{name}" for name in KINDS}
    posts = {
        route.path: route
        for route in world.client.app.routes
        if isinstance(route, APIRoute) and "POST" in (route.methods or ())
    }
    without = {path for path, route in posts.items() if not isinstance(route, OnceRoute)}
    described = world.client.get("/v1/openapi.json").json()["paths"]
    names = {
        path: [each["name"] for each in described[path]["post"].get("parameters", ())]
        for path in posts
    }

    assert without - messages - READS == set()
    assert {path for path in set(posts) - READS if "Idempotency-Key" not in names[path]} == set()
    assert {path.partition("?")[0] for path, _, _, _ in CHANGES} | {"/v1/tokens"} >= {
        _filled(path) for path in set(posts) - messages - READS - ELSEWHERE
    }


def _filled(path: str) -> str:
    number = "C-100" if path.startswith("/v1/customers") else INVOICE
    filled = path.replace("{kind}", "person").replace("{number}", number)
    filled = filled.replace("{draft}", "1001.ab12cd34").replace("{word}", "hold")
    return filled.replace("{case}", WAITING).replace("{deal}", "1001")


def test_a_key_belongs_to_its_caller_and_route(world: Any) -> None:
    """Two people, or two routes, may use the same text as a key."""
    answering(world)
    customer = {**CUSTOMER, "number": "C-7"}

    by_sam = world.post("/v1/customers", customer, "sam", **KEY)
    by_fiona = world.post("/v1/customers", {**customer, "number": "C-8"}, "fiona", **KEY)
    elsewhere = world.post("/v1/deals", DEAL, "sam", **KEY)

    assert [by_sam.status_code, by_fiona.status_code, elsewhere.status_code] == [201, 201, 201]


def test_the_order_of_fields_makes_no_other_request(world: Any) -> None:
    """A client may write its fields in any order."""
    answering(world)

    world.post("/v1/payments", PAYMENT, "fiona", **KEY)
    turned = world.post("/v1/payments", dict(reversed(PAYMENT.items())), "fiona", **KEY)

    assert (turned.status_code, turned.headers[REPLAYED]) == (201, "true")


def test_a_refused_request_frees_its_key(world: Any) -> None:
    """Nothing happened, so the corrected request may use it; so may the same one, later."""
    answering(world)
    wrong = world.post("/v1/payments", {**PAYMENT, "amount": "-1"}, "fiona", **KEY)
    workflow = "payment-bank-BANK-1"
    world.gateway.results[workflow] = RunFailedError("Invoice INV-9 is unknown.", "refused")
    refused = world.post("/v1/payments", PAYMENT, "fiona", **KEY)
    del world.gateway.results[workflow]
    world.gateway.runs.clear()

    right = world.post("/v1/payments", PAYMENT, "fiona", **KEY)

    assert [wrong.status_code, refused.status_code, right.status_code] == [422, 422, 201]


def test_a_request_without_an_answer_keeps_its_key(world: Any) -> None:
    """It may still happen: only the same request may come again, and gets the first answer then."""
    late = world.post("/v1/payments", PAYMENT, "fiona", **KEY)
    other = world.post("/v1/payments", {**PAYMENT, "reference": "BANK-2"}, "fiona", **KEY)
    answering(world)
    same = world.post("/v1/payments", PAYMENT, "fiona", **KEY)
    again = world.post("/v1/payments", PAYMENT, "fiona", **KEY)

    assert [late.status_code, other.status_code] == [504, 409]
    assert (same.status_code, same.json()["payment"]) == (200, "PAY-1")
    assert (again.status_code, again.json()) == (same.status_code, same.json())
    assert len(world.gateway.started) == 1


def test_a_death_between_effect_and_answer_repeats_harmlessly(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim is on record without an answer; the change's own key finds what was done."""
    answering(world)

    def die(*_: object) -> None:
        raise SystemError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("starter.api.once.keep", die)
        died = world.post("/v1/customers", {**CUSTOMER, "number": "C-7"}, "sam", **KEY)
    again = world.post("/v1/customers", {**CUSTOMER, "number": "C-7"}, "sam", **KEY)

    assert died.status_code == 500
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    assert len(world.gateway.started) == 1


def test_a_change_repeated_after_a_death_does_not_undo_a_later_one(world: Any) -> None:
    """The key is part of the workflow's id: the old change is found, not made once more."""
    answering(world)
    body = {**CUSTOMER, "number": "C-7"}
    world.post("/v1/customers", body, "sam", **KEY)

    def forget(session: Session) -> None:
        row = session.exec(select(RequestRow)).one()
        row.status, row.answer = 0, ""
        session.add(row)

    world.house.books.write(forget)
    later = {**body, "legal_name": "Acme Renamed Inc."}
    world.post("/v1/customers", later, "sam", **{"Idempotency-Key": "k-2"})

    again = world.post("/v1/customers", body, "sam", **KEY)

    assert again.json()["repeated"] is True
    assert len(world.gateway.started) == 2


def test_a_deal_that_still_starts_is_not_answered_from_memory(world: Any) -> None:
    """It may yet fail at its start; started again it runs, under the number it had."""
    unnumbered = {name: value for name, value in DEAL.items() if name != "number"}
    first = world.post("/v1/deals", unnumbered, **KEY)
    other = world.post("/v1/deals", {**unnumbered, "term_months": 24}, **KEY)
    world.gateway.runs.clear()

    again = world.post("/v1/deals", unnumbered, **KEY)

    assert (first.json()["stage"], again.status_code) == ("", 201)
    assert first.json()["number"] == again.json()["number"]
    assert (other.status_code, other.json()["detail"]) == (409, USED)


def test_a_token_made_again_is_the_same_and_stays_a_secret(world: Any) -> None:
    """Repeating the request must not leave a second token; the books never hold one in plain."""
    first = world.post("/v1/tokens", {"person": "sam"}, "olga", **KEY)
    again = world.post("/v1/tokens", {"person": "sam"}, "olga", **KEY)
    other = world.post("/v1/tokens", {"person": "mia"}, "olga", **KEY)
    new = world.post("/v1/tokens", {"person": "sam"}, "olga", **{"Idempotency-Key": "k-2"})
    rows = world.house.books.read(lambda session: session.exec(select(RequestRow)).all())

    assert again.json() == first.json()
    assert new.json()["token"] != first.json()["token"]
    assert (other.status_code, other.json()["detail"]) == (409, USED)
    assert [row.answer for row in rows] == ["", ""]
    bearer = {"Authorization": f"Bearer {first.json()['token']}"}
    assert world.client.get("/v1/me", headers=bearer).json()["id"] == "sam"


def test_a_stranger_leaves_no_trace(world: Any) -> None:
    """Without a token nothing is written, a key included."""
    response = world.client.post("/v1/payments", json=PAYMENT, headers=KEY)
    rows = world.house.books.read(lambda session: session.exec(select(RequestRow)).all())

    assert (response.status_code, list(rows)) == (401, [])


def test_a_key_too_long_is_a_problem(world: Any) -> None:
    """Eighty characters hold any UUID."""
    response = world.post("/v1/payments", PAYMENT, "fiona", **{"Idempotency-Key": "k" * 81})

    assert response.status_code == 422
    assert response.json()["problems"][0]["field"] == "Idempotency-Key"


def test_a_claim_at_the_same_time_is_one_row_and_the_first_answer_counts(world: Any) -> None:
    """Whoever comes second joins; whoever answers second gives the first one's answer."""
    books = world.house.books
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda _: books.write(lambda session: claim(session, ASKED, NOW)), range(8))
        )
    first = Kept(status=201, answer='{"payment":"PAY-1"}')
    second = Kept(status=200, answer='{"payment":"PAY-1","repeated":true}')

    assert found == [None] * 8
    assert books.write(lambda session: keep(session, ASKED, first)) == first
    assert books.write(lambda session: keep(session, ASKED, second)) == first
    assert books.read(lambda session: session.exec(select(RequestRow)).one().under_way) == 8


def test_a_refusal_does_not_free_a_key_another_is_still_using(world: Any) -> None:
    """Else a third, different request could come between and both would count."""
    books = world.house.books
    books.write(lambda session: claim(session, ASKED, NOW))
    books.write(lambda session: claim(session, ASKED, NOW))

    books.write(lambda session: let_go(session, ASKED))
    left = books.read(lambda session: len(session.exec(select(RequestRow)).all()))
    books.write(lambda session: let_go(session, ASKED))
    freed = books.read(lambda session: len(session.exec(select(RequestRow)).all()))

    assert (left, freed) == (1, 0)


def test_what_is_no_json_still_has_a_hash() -> None:
    """The route refuses it, and a repetition of it is the same request."""
    assert request_hash("/v1/x", b"{not") == request_hash("/v1/x", b"{not")
    assert request_hash("/v1/x", b"{not") != request_hash("/v1/y", b"{not")


def test_a_deal_on_record_is_found_without_its_key(world: Any) -> None:
    """The number itself makes a repetition harmless, with any key or none."""
    answering(world)
    world.post("/v1/deals", DEAL, **KEY)

    again = world.post("/v1/deals", DEAL, **{"Idempotency-Key": "k-2"})

    assert (again.status_code, again.json()["is_new"]) == (200, False)
    deals = world.house.books.read(lambda session: session.exec(select(DealRow)).all())
    assert [deal.number for deal in deals] == ["1001"]
