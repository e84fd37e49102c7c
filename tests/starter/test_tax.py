"""Tax at the doors: rules in force, how a supply is taxed, VAT numbers, previews of deals."""

from dataclasses import replace
from typing import Any

import pytest

from models.catalog import parse_catalog
from models.parties import parse_customer
from models.register import PARSERS
from models.steps import RegisterKind, VatIdChecked
from models.tables import VatCheckRow
from starter.api.app import create_app
from starter.service.errors import RunFailedError
from tests.loopback import Answer, service
from tests.starter.conftest import CATALOG, CUSTOMER, DEAL, NOW, Client
from tests.starter.test_api_register import recording

DUTCH: dict[str, Any] = {
    **CUSTOMER,
    "number": "C-300",
    "bill_to": {"line1": "Zeestraat 1", "city": "Den Haag", "country": "NL"},
    "vat_id": "NL861347205B89",
}
LEVIES = [{"name": "State", "rate_percent": "6"}, {"name": "County", "rate_percent": "1.25"}]


def rule(rate: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Sales tax",
        "rate_percent": rate,
        "seller_country": "US",
        "place_country": "US",
        "place_region": "CA",
        "category": "standard",
        "valid_from": "2025-01-01",
        **changes,
    }


def publish(world: Any, *rules: dict[str, Any], revision: int = 1) -> None:
    """Put tax rules on record."""
    content = PARSERS[RegisterKind.TAX_RULES](list(rules)).model_dump_json()
    world.register(RegisterKind.TAX_RULES, "house", content, revision)


def with_settings(world: Any, **changes: Any) -> Any:
    """Return the same world under other settings."""
    settings = world.house.settings.model_copy(update=changes)
    house = replace(world.house, settings=settings)
    return replace(world, house=house, client=Client(create_app(settings, house)))


def test_the_rules_in_force_on_a_day_are_listed(world: Any) -> None:
    """A rate that has ended, one of another seller, and one to come are not among them."""
    publish(
        world,
        rule("7.25", valid_until="2026-01-01"),
        rule("7.5", valid_from="2026-01-01"),
        rule("19", seller_country="DE", place_country="DE", place_region=""),
    )

    ours = world.get("/v1/tax/rules", seller="US")
    before = world.get("/v1/tax/rules", on="2025-12-31", seller="US")
    everybody = world.get("/v1/tax/rules")

    assert [one["rate_percent"] for one in ours["rules"]] == ["7.5"]
    assert [one["rate_percent"] for one in before["rules"]] == ["7.25"]
    assert len(everybody["rules"]) == 2
    assert ours["on"] == "2026-01-15"


def test_a_supply_is_taxed_as_its_invoice_would_be(world: Any) -> None:
    """100.00 at 7.25 %, each jurisdiction by itself; 107.25 with tax in it is the same."""
    publish(world, rule("7.25", levies=LEVIES))
    asked = {"entity": "US01", "customer": "C-100"}

    net = world.get("/v1/tax/check", **asked)
    gross = world.get("/v1/tax/check", amount="107.25", is_gross=True, **asked)

    assert (net["net"]["minor"], net["gross"]["minor"]) == (100_00, 107_25)
    assert [(one["name"], one["tax"]["minor"]) for one in net["taxed"]["levies"]] == [
        ("State", 6_00),
        ("County", 1_25),
    ]
    assert (gross["net"]["minor"], gross["gross"]["minor"]) == (100_00, 107_25)


@pytest.mark.parametrize("is_gross", ["false", "true"])
def test_a_supply_without_a_rule_is_answered_by_the_question(world: Any, is_gross: str) -> None:
    """Never by 0 %."""
    found = world.get("/v1/tax/check", entity="US01", customer="C-100", is_gross=is_gross)

    assert found["taxed"] is None
    assert "No tax rule covers a supply of category 'standard'" in found["question"]


@pytest.mark.parametrize(
    "asked", [{"entity": "XX", "customer": "C-100"}, {"entity": "US01", "customer": "XX"}]
)
def test_a_supply_of_nobody_is_not_found(world: Any, asked: dict[str, str]) -> None:
    """Both parties must be on record."""
    response = world.client.get("/v1/tax/check", headers=world.by("sam"), params=asked)

    assert response.status_code == 404


def test_a_customer_with_a_wrong_vat_number_is_refused_at_the_door(world: Any) -> None:
    """At once and with everything else that is wrong; no workflow is started."""
    wrong = {**DUTCH, "vat_id": "NL861347205B88", "payment_terms_days": 999}

    response = world.post("/v1/customers", wrong)

    problems = {one["field"]: one for one in response.json()["problems"]}
    assert response.status_code == 422
    assert set(problems) == {"vat_id", "payment_terms_days"}
    assert "wrong check digits" in problems["vat_id"]["reason"]
    assert "compare it with the customer's letter" in problems["vat_id"]["remedy"]
    assert world.gateway.started == []


def test_a_new_customer_is_checked_by_vies_only_where_that_is_switched_on(world: Any) -> None:
    """Off by default; on, a check of its own is started and nobody waits for it."""
    recording(world)
    world.post("/v1/customers", {**DUTCH, "number": "C-301"})
    off = [start.workflow for start in world.gateway.started]
    on = with_settings(world, vies_url="http://127.0.0.1:9")

    response = on.post("/v1/customers", {**DUTCH, "number": "C-302"})

    assert off == ["RegisterWorkflow"]
    assert response.status_code == 201
    check = world.gateway.started[-1]
    assert (check.workflow, check.workflow_id) == (
        "VatCheckWorkflow",
        "vat-check-C-302-NL861347205B89-1",
    )
    assert check.payload.actor == "sam"


def dutch(world: Any) -> None:
    """Put a Dutch customer on record."""
    world.register(RegisterKind.CUSTOMER, "C-300", parse_customer(DUTCH).model_dump_json())


def verdict(number: int, *, valid: bool) -> VatCheckRow:
    return VatCheckRow(
        customer="C-300",
        vat_id="NL861347205B89",
        number=number,
        valid=valid,
        reference=f"REF-{number}",
        name="",
        asked_at="",
        actor="sam",
        checked_at=NOW,
    )


def test_a_verdict_is_asked_for_and_told(world: Any) -> None:
    """The next check has the next number; its verdict is the answer if it comes at once."""
    dutch(world)
    world.add(verdict(1, valid=False))
    on = with_settings(world, vies_url="http://127.0.0.1:9")
    second = "vat-check-C-300-NL861347205B89-2"
    world.gateway.results[second] = VatIdChecked(valid=True, reference="REF-2", number=2)

    asked = on.post("/v1/customers/C-300/vat-checks", {"entity": ""})
    listed = world.get("/v1/customers/C-300/vat-checks")

    assert asked.status_code == 202
    assert asked.json()["workflow_id"] == second
    assert asked.json()["verdict"]["reference"] == "REF-2"
    assert listed["refused_because"].startswith("VIES did not confirm NL861347205B89 on 2026-01-15")
    assert [one["reference"] for one in listed["checks"]] == ["REF-1"]


def test_a_check_under_a_key_is_asked_for_once(world: Any) -> None:
    """The second request gets the first answer; another body under the key is refused."""
    dutch(world)
    on = with_settings(world, vies_url="http://127.0.0.1:9")
    key = {"Idempotency-Key": "k-1"}

    first = on.post("/v1/customers/C-300/vat-checks", {"entity": ""}, **key)
    world.add(verdict(1, valid=True))
    again = on.post("/v1/customers/C-300/vat-checks", {"entity": ""}, **key)
    other = on.post("/v1/customers/C-300/vat-checks", {"entity": "US01"}, **key)

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert other.status_code == 409
    assert len(world.gateway.started) == 1


def test_a_state_that_does_not_answer_leaves_the_verdict_open(world: Any) -> None:
    """It is asked until it does; the caller is told so and does not wait."""
    dutch(world)
    on = with_settings(world, vies_url="http://127.0.0.1:9")

    assert on.post("/v1/customers/C-300/vat-checks", {}).json()["verdict"] is None


def test_a_question_vies_refuses_is_told_with_its_remedy(world: Any) -> None:
    """As any other input that cannot be used."""
    dutch(world)
    on = with_settings(world, vies_url="http://127.0.0.1:9")
    world.gateway.results["vat-check-C-300-NL861347205B89-1"] = RunFailedError("it is wrong")

    response = on.post("/v1/customers/C-300/vat-checks", {})

    assert response.status_code == 422
    assert response.json()["problems"][0]["reason"] == "it is wrong"


def test_a_check_that_cannot_be_made_is_refused_with_every_reason(world: Any) -> None:
    """VIES is off, and the customer has no number it knows; nothing is started."""
    response = world.post("/v1/customers/C-100/vat-checks", {})

    assert response.status_code == 422
    assert [one["field"] for one in response.json()["problems"]] == ["vies", "vat_id"]
    assert "Q2C_VIES_URL" in response.json()["problems"][0]["remedy"]
    assert world.gateway.started == []
    assert world.post("/v1/customers/C-999/vat-checks", {}).status_code == 404
    assert world.post("/v1/customers/C-100/vat-checks", {}, "leo").status_code == 403


def half(inquiry: Any) -> Answer:
    """Tax every line at 50 %."""
    lines = [
        {
            "code": "S",
            "rate_percent": "50",
            "tax": {**supply["net"], "minor": supply["net"]["minor"] // 2},
        }
        for supply in inquiry["supplies"]
    ]
    return 200, {"lines": lines}


def test_a_deal_is_previewed_by_the_engine_that_will_tax_its_invoices(world: Any) -> None:
    """Twelve invoices of 800.00 and 400.00 each; a question where the engine is silent."""
    with service(half) as engine:
        on = with_settings(world, tax_engine_url=engine.url)
        tax = on.post("/v1/deals/check", DEAL).json()["preview"]["tax"]
        checked = on.get("/v1/tax/check", entity="US01", customer="C-100")
    silent = on.post("/v1/deals/check", DEAL).json()["preview"]["tax"]

    assert (tax["invoices"], tax["tax"]["minor"]) == (12, 12 * 400_00)
    assert tax["first_invoice_gross"]["minor"] == 1200_00
    assert len(engine.asked) == 13
    assert (checked["engine"], checked["gross"]["minor"]) == ("127.0.0.1", 150_00)
    assert "gave no answer" in silent["question"]
    assert silent["tax"]["minor"] == 0


def selling_gross(world: Any) -> None:
    """Publish the catalogue at prices with tax in them."""
    catalog: Any = CATALOG
    books = [{**catalog["price_books"][0], "prices_include_tax": True}]
    gross = parse_catalog({**catalog, "version": "2026-2", "price_books": books})
    world.register(RegisterKind.CATALOG, "house", gross.model_dump_json(), 2)


def test_a_deal_at_prices_with_tax_in_them_is_previewed_net_and_gross(world: Any) -> None:
    """800.00 a month, tax included, at 7.25 %: 745.92 net; 15 % of that are withheld."""
    publish(world, rule("7.25"))
    selling_gross(world)
    keeping = [{"name": "WHT", "rate_percent": "15", "valid_from": "2026-01-01"}]
    customer = parse_customer({**CUSTOMER, "withholding": keeping}).model_dump_json()
    world.register(RegisterKind.CUSTOMER, "C-100", customer, 2)

    preview = world.post("/v1/deals/check", DEAL).json()["preview"]

    tax = preview["tax"]
    assert preview["quote"]["prices_include_tax"] is True
    assert (preview["quote"]["total"]["minor"], tax["gross"]["minor"]) == (9600_00, 9600_00)
    assert (tax["net"]["minor"], tax["tax"]["minor"]) == (12 * 745_92, 12 * 54_08)
    assert tax["withheld"]["minor"] == 12 * 111_89


def test_a_gross_price_without_a_rule_is_previewed_as_a_question(world: Any) -> None:
    """Its net amount is nobody's guess."""
    selling_gross(world)

    tax = world.post("/v1/deals/check", DEAL).json()["preview"]["tax"]

    assert "No tax rule covers" in tax["question"]
    assert tax["net"] is None
