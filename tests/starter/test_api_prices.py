"""Prices through the API: the preview of a deal file, its explanation and chart, and guidance."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from activities.promotions import note_lines
from models.parties import parse_customer
from models.register import PARSERS
from models.steps import ChangeRecorded, RegisterKind
from models.tables import ContractRow
from starter.service.ports import Start
from tests.starter.conftest import CUSTOMER, DEAL, NOW

FILE = {name: value for name, value in DEAL.items() if name != "number"}
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
SPRING = {
    "code": "SPRING",
    "valid_from": "2026-01-01",
    "percent": "50",
    "duration": "periods",
    "periods": 2,
    "cap": 1,
}


def publish(world: Any, kind: RegisterKind, content: Any, key: str = "house") -> None:
    world.register(kind, key, PARSERS[kind](content).model_dump_json())


def check(world: Any, **changes: Any) -> Any:
    response = world.post("/v1/deals/check", {**FILE, **changes})
    assert response.status_code == 200, response.text
    return response.json()


def usd(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "USD"}


def test_a_check_shows_lines_plan_and_tax(world: Any) -> None:
    """25 seats at 40 less 20 % are 800 a month: 9,600 a year, 696 tax at 7.25 %."""
    publish(world, RegisterKind.TAX_RULES, TAX)

    preview = check(world)["preview"]

    (line,) = preview["quote"]["lines"]
    assert (line["list_amount"], line["net"]) == (usd(1_000_00), usd(800_00))
    assert [step["step"] for step in line["waterfall"]] == [
        "list",
        "agreed",
        "quantity",
        "line_discount",
        "round",
        "header_discount",
        "net",
    ]
    assert len(preview["quote"]["plan"]) == 12
    (tax,) = preview["tax"]["taxes"]
    assert (tax["base"], tax["tax"], tax["rate_percent"]) == (usd(9_600_00), usd(696_00), "7.25")
    assert preview["tax"]["gross"] == usd(10_296_00)
    assert preview["tax"]["first_invoice_gross"] == usd(858_00)
    assert preview["tax"]["invoices"] == 12


def test_without_a_tax_rule_the_question_is_told(world: Any) -> None:
    """The quote can be made all the same; the invoice would wait."""
    preview = check(world)["preview"]

    assert preview["tax"]["question"].startswith("No tax rule covers")
    assert preview["tax"]["taxes"] == []


def test_a_check_shows_margin_leakage_and_floor(world: Any) -> None:
    """Seats cost 10 of 32: 68.75 % are left; 2,400 lie between list and net."""
    figures = check(world)["preview"]["figures"]

    assert figures["margin_percent"] == "68.75"
    assert figures["margin_by_kind"] == {"subscription": "68.75"}
    assert figures["leakage"] == usd(2_400_00)
    assert figures["leakage_by_cause"] == {"line_discount": usd(2_400_00)}
    assert figures["below_floor"] == []


def test_a_promotion_shows_in_the_plan_of_a_check(world: Any) -> None:
    """Half for two months."""
    publish(world, RegisterKind.PROMOTION, SPRING, "SPRING")

    plan = check(world, promotions=["SPRING"])["preview"]["quote"]["plan"]

    assert [charge["amount"]["minor"] for charge in plan[:3]] == [400_00, 400_00, 800_00]


def test_prices_that_cannot_be_are_refused_with_all_reasons(world: Any) -> None:
    """Codes, partner, group and target at once."""
    response = world.post(
        "/v1/deals/check",
        {
            **FILE,
            "groups": [{"name": "HQ", "discount": {"percent": "5", "stacking": "best_of"}}],
            "header_discount": {"percent": "5", "stacking": "exclusive"},
            "target_total": "1.234",
            "price_currency": "Eur",
        },
    )

    assert response.status_code == 422
    assert [problem["field"] for problem in response.json()["problems"]] == [
        "groups[0].discount.stacking",
        "groups[0].name",
        "header_discount.stacking",
        "target_total",
        "price_currency",
    ]

    response = world.post("/v1/deals/check", {**FILE, "promotions": ["X"], "partner": "P-1"})

    assert [problem["field"] for problem in response.json()["problems"]] == [
        "partner",
        "promotions[0]",
    ]


def test_a_target_price_is_met_by_the_check(world: Any) -> None:
    """9,000.01 of 9,600."""
    preview = check(world, target_total="9000.01")["preview"]

    assert preview["quote"]["total"] == usd(9_000_01)


def test_a_quote_is_explained_line_by_line(world: Any) -> None:
    """Steps as they are on record, bars over the term."""
    world.quote(world.deal())

    found = world.get("/v1/deals/1001/waterfall")

    assert (found["quote"], found["version"]) == ("Q-1001-1", 1)
    (line,) = found["lines"]
    assert line["steps"][3] == {
        "step": "line_discount",
        "input": "1000.00",
        "output": "800.00",
        "rule": "20 % off",
    }
    assert [bar["name"] for bar in found["bars"]] == ["list", "line_discount", "net"]
    assert found["bars"][-1]["after"] == usd(9_600_00)
    assert found["figures"]["max_line_discount_percent"] == "20.00"


def test_one_line_is_explained_alone_and_unknown_ones_are_named(world: Any) -> None:
    """By number or reference."""
    world.quote(world.deal())

    assert len(world.get("/v1/deals/1001/waterfall", line="1")["lines"]) == 1
    missing = world.client.get(
        "/v1/deals/1001/waterfall", params={"line": "7/x"}, headers=world.by("sam")
    )
    assert missing.status_code == 404
    assert "Q-1001-1 has no line 7/x; it has 1/seat." in missing.text


@pytest.mark.parametrize("path", ["/v1/deals/9/waterfall", "/v1/deals/1001/waterfall?version=4"])
def test_what_is_not_there_is_not_explained(world: Any, path: str) -> None:
    """Neither a deal nor a version of its quote."""
    world.quote(world.deal())

    assert world.client.get(path, headers=world.by("sam")).status_code == 404


@pytest.mark.parametrize(
    ("form", "kind", "start"),
    [
        ("svg", "image/svg+xml", b"<?xml"),
        ("pdf", "application/pdf", b"%PDF-"),
        ("png", "image/png", b"\x89PNG"),
    ],
)
def test_the_chart_is_drawn_the_same_every_time(
    world: Any, form: str, kind: str, start: bytes
) -> None:
    """Equal bars give equal bytes."""
    world.quote(world.deal())

    first, again = (
        world.client.get(f"/v1/deals/1001/waterfall.{form}", headers=world.by("sam"))
        for _ in range(2)
    )

    assert (first.status_code, first.headers["content-type"]) == (200, kind)
    assert first.content.startswith(start)
    assert first.content == again.content


def test_a_chart_in_another_form_is_refused(world: Any) -> None:
    """Only what can be drawn."""
    response = world.client.get("/v1/deals/1001/waterfall.gif", headers=world.by("sam"))

    assert response.status_code == 422


def past(world: Any, number: str, percent: str, *, won: bool | None) -> None:
    """Put a deal on record whose offer of 25 seats was won, lost or is open."""
    ended = {"stage": "lost", "closed_at": NOW} if won is False else {}
    file = world.deal(number, **ended)
    line = file.lines[0].model_copy(
        update={"discount": file.lines[0].discount.model_copy(update={"percent": Decimal(percent)})}
    )
    quote = world.quote(file.model_copy(update={"lines": (line,)}))

    def note(session: Session) -> None:
        note_lines(session, quote, "education")

    world.house.books.write(note)
    if won:
        world.add(
            ContractRow(
                number=f"C-{number}",
                deal=number,
                term=1,
                quote=quote.number,
                content_hash=quote.content_hash,
                entity="US01",
                customer="C-100",
                currency="USD",
                total_minor=quote.total.minor,
                signed_at=NOW,
                starts_on=date(2026, 2, 1),
                ends_on=date(2027, 2, 1),
                payment_terms_days=30,
                purchase_order="",
                renewal="{}",
            )
        )


def test_guidance_counts_what_was_won_and_lost(world: Any) -> None:
    """Won at 5, 10 and 15 %, lost at 20 and 30 %: 60 %, median 15 %."""
    for number, percent, won in (
        ("1", "5", True),
        ("2", "10", True),
        ("3", "15", True),
        ("4", "20", False),
        ("5", "30", False),
        ("6", "90", None),
    ):
        past(world, number, percent, won=won)

    found = world.get("/v1/guidance/CRM", quantity="30")

    assert (found["support"], found["won"], found["open_offers"]) == (5, 3, 1)
    assert found["win_rate_percent"] == "60.0"
    assert found["discounts"]["median"] == "15.00"
    assert world.get("/v1/guidance/CRM", quantity="30", segment="health")["support"] == 0


def test_guidance_says_when_there_is_not_enough(world: Any) -> None:
    """With how many there are; also in a check, for the customer's own segment."""
    past(world, "1", "5", won=True)
    school = parse_customer({**CUSTOMER, "segment": "education"}).model_dump_json()
    world.register(RegisterKind.CUSTOMER, "C-100", school, revision=2)

    (found,) = check(world)["preview"]["guidance"]

    assert found["reason"] == "not enough: 1 similar offers were decided, 5 needed"
    assert (found["segment"], found["win_rate_percent"]) == ("education", None)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/guidance/CRN?quantity=3", 404), ("/v1/guidance/CRM?quantity=0", 422)],
)
def test_guidance_for_what_is_not_sold_is_refused(world: Any, path: str, status: int) -> None:
    """The product is named most like it."""
    response = world.client.get(path, headers=world.by("sam"))

    assert response.status_code == status
    assert "CRM" in response.text or "quantity" in response.text


TERMS: dict[str, Any] = {
    "number": "C-100",
    "prices": [{"sku": "CRM", "percent": "5", "valid_from": "2026-01-01"}],
}
RATES: dict[str, Any] = {
    "rates": [
        {"from_currency": "USD", "to_currency": "EUR", "rate": "0.9", "valid_from": "2026-01-01"}
    ]
}


@pytest.mark.parametrize(
    ("kind", "key", "content"),
    [
        ("promotion", "SPRING", SPRING),
        ("customer_prices", "C-100", TERMS),
        ("exchange_rates", "house", RATES),
    ],
)
def test_price_terms_are_recorded_by_operators(
    world: Any, kind: str, key: str, content: dict[str, Any]
) -> None:
    """Whoever sells does not set what it may be sold for."""

    def on_start(start: Start) -> None:
        world.gateway.results[start.workflow_id] = ChangeRecorded(revision=1)

    world.gateway.on_start = on_start

    recorded = world.post(f"/v1/register/{kind}", content, "olga")
    forbidden = world.post(f"/v1/register/{kind}", content, "sam")
    broken = world.post(f"/v1/register/{kind}", {**content, "surprise": 1}, "olga")

    assert (recorded.status_code, recorded.json()["key"]) == (201, key)
    assert forbidden.status_code == 403
    assert broken.status_code == 422
