"""The catalogue through the API and the command line: checked, compared, previewed, published."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import CliRunner, Result

from activities.ports import HouseRules, Office
from activities.register import RegisterActivities
from models.register import HOUSE
from models.steps import RegisterChange, RegisterKind
from models.tables import ContractRow
from starter.cli.app import app
from starter.cli.session import Session
from starter.service.errors import RunFailedError
from starter.service.ports import Start
from tests.starter.conftest import CATALOG, NOW


def priced(version: str, crm: str, **changes: Any) -> dict[str, Any]:
    """Return the catalogue of the house as another version, with another price of CRM."""
    book = CATALOG["price_books"][0]
    entries = [{**book["entries"][0], "unit": crm}, *book["entries"][1:]]  # type: ignore[index]
    books = [{**book, "entries": entries}]  # type: ignore[dict-item]
    return {**CATALOG, "version": version, "price_books": books, **changes}


@pytest.fixture
def shop(world: Any) -> Any:
    """A world whose engine records what it is asked to, as the worker would."""
    rules = HouseRules(
        secret=b"s",
        allow_test_clock=False,
        allow_unverified_decisions=False,
        continue_as_new_every=12,
    )
    office = Office(books=world.house.books, rules=rules, wall_clock=lambda: NOW)

    def on_start(start: Start) -> None:
        assert isinstance(start.payload, RegisterChange)
        recorded = RegisterActivities(office).record_change(start.payload)
        world.gateway.results[start.workflow_id] = (
            RunFailedError("refused", "invalid_input", recorded.problems)
            if recorded.problems
            else recorded
        )

    world.gateway.on_start = on_start
    return world


@pytest.fixture
def ask(shop: Any) -> Any:
    """Run the command line as a person against that world."""

    def handle(request: httpx.Request) -> httpx.Response:
        told = shop.client.request(
            request.method,
            str(request.url.raw_path, "ascii"),
            content=request.read(),
            headers=dict(request.headers),
        )
        return httpx.Response(told.status_code, headers=told.headers, content=told.content)

    def run(person: str, *arguments: str, typed: str | None = None) -> Result:
        session = Session(transport=httpx.MockTransport(handle), pause_seconds=0)
        environment: dict[str, str | None] = {
            "COLUMNS": "250",
            "Q2C_API_URL": "http://q2c",
            "Q2C_TOKEN": shop.tokens[person],
            "Q2C_AS": None,
        }
        return CliRunner().invoke(app, [*arguments], obj=session, env=environment, input=typed)

    return run


def written(folder: Path, document: object, name: str = "catalog.yaml") -> str:
    file = folder / name
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return str(file)


def revisions(shop: Any) -> int:
    return len(shop.get("/v1/catalog/versions")["items"])


def test_a_sound_catalogue_is_told_in_figures(ask: Any, tmp_path: Path) -> None:
    """Exit code 0, and nothing is recorded."""
    result = ask("sam", "catalog", "validate", written(tmp_path, CATALOG))

    assert result.exit_code == 0, result.output
    assert "Version 2026-1 is in order: 2 products, 2 prices, 0 rules." in result.stdout


def test_every_problem_of_a_catalogue_is_told_at_once(ask: Any, tmp_path: Path) -> None:
    """A circle, a contradiction and a slip, with exit code 2."""
    broken = {
        **CATALOG,
        "products": [
            {**CATALOG["products"][0], "excludes": ["SCANNER"], "requires": ["SCANNER"]},  # type: ignore[dict-item]
            {**CATALOG["products"][1], "components": [{"sku": "SCANNER"}]},  # type: ignore[dict-item]
        ],
        "rules": [{"key": "r", "kind": "requires", "when": {"skus": ["CMR"]}}],
    }

    result = ask("sam", "catalog", "validate", written(tmp_path, broken))

    assert result.exit_code == 2
    for said in (
        "CRM both requires and excludes SCANNER",
        "contain the product itself: SCANNER > SCANNER",
        "CMR is no product",
        "did you mean CRM?",
        "selects every product",
    ):
        assert said in result.stderr


def test_what_differs_is_shown_with_both_values(ask: Any, shop: Any, tmp_path: Path) -> None:
    """A file against what is in force, and two versions against each other."""
    file = written(tmp_path, priced("2026-2", "44.00"))

    to_force = ask("sam", "catalog", "diff", file)
    shop.post("/v1/catalog/publish?effective_from=2026-07-01", priced("2026-2", "44.00"), "olga")
    versions = ask("sam", "catalog", "diff", "2026-1", "2026-2", "--json")

    assert to_force.exit_code == 0, to_force.output
    row = next(line for line in to_force.stdout.splitlines() if "unit" in line)
    assert " ".join(row.split()) == "changed price CRM/seat in standard USD unit 40 44"
    found = json.loads(versions.stdout)
    assert [(one["field"], one["before"], one["after"]) for one in found["changes"]] == [
        ("unit", "40", "44")
    ]
    assert ask("sam", "catalog", "diff", "2026-1", "2026-9").exit_code == 1


def test_a_version_that_touches_nothing_is_published_without_asking(
    ask: Any, shop: Any, tmp_path: Path
) -> None:
    """It is in force from its day on; the versions are listed."""
    file = written(tmp_path, priced("2026-2", "44.00"))

    result = ask("olga", "catalog", "publish", file, "--effective", "2026-07-01")
    again = ask("olga", "catalog", "publish", file, "--effective", "2026-07-01")
    listed = json.loads(ask("sam", "catalog", "versions", "--json").stdout)

    assert result.exit_code == 0, result.output
    assert "is on record as revision 2" in result.stdout
    assert "was on record already as revision 2" in again.stdout
    assert [(one["version"], one["effective_from"], one["in_force"]) for one in listed] == [
        ("2026-2", "2026-07-01", False),
        ("2026-1", None, True),
    ]
    assert shop.get("/v1/catalog", on="2026-07-01")["version"] == "2026-2"
    assert shop.get("/v1/catalog")["version"] == "2026-1"
    assert shop.get("/v1/catalog/versions/2026-2")["effective_from"] == "2026-07-01"
    shown = ask("sam", "catalog", "show", "--version", "2026-2").stdout
    assert "44.00 USD" in shown


def test_publishing_shows_first_which_open_quotes_it_touches(
    ask: Any, shop: Any, tmp_path: Path
) -> None:
    """25 seats at 40.00 less 20 % are 800.00, at 44.00 they are 880.00; the quote stays."""
    quote = shop.quote(shop.deal())
    file = written(tmp_path, priced("2026-2", "44.00"))

    shown = ask("olga", "catalog", "publish", file, "--dry-run")
    declined = ask("olga", "catalog", "publish", file, typed="n\n")
    unattended = ask("olga", "catalog", "publish", file)
    before = revisions(shop)
    agreed = ask("olga", "catalog", "publish", file, "--yes")

    for each in (shown, declined, unattended, agreed):
        line = next(text for text in each.stderr.splitlines() if "Q-1001-1" in text)
        assert " ".join(line.split()) == (
            "quote 1001 Q-1001-1 1 CRM price 800.00 USD (25 at 40) 880.00 USD (25 at 44)"
        )
    codes = [each.exit_code for each in (shown, declined, unattended, agreed)]
    assert codes == [0, 1, 1, 0]
    assert (before, revisions(shop)) == (1, 2)
    kept = shop.get("/v1/deals/1001")["quote"]
    assert (kept["catalog_version"], kept["content_hash"]) == ("2026-1", quote.content_hash)


def test_a_live_deal_is_touched_in_its_next_term(shop: Any) -> None:
    """A product that is gone cannot be renewed, which is told before it is too late."""
    quote = shop.quote(shop.deal(stage="live"))
    shop.add(
        ContractRow(
            number="C-1001-1",
            deal="1001",
            term=1,
            quote=quote.number,
            content_hash=quote.content_hash,
            entity="US01",
            customer="C-100",
            currency="USD",
            total_minor=quote.total.minor,
            signed_at=NOW,
            starts_on=quote.starts_on,
            ends_on=quote.ends_on,
            payment_terms_days=30,
            purchase_order="",
            renewal="{}",
        )
    )
    only = {**CATALOG, "version": "2026-2", "products": [CATALOG["products"][1]]}
    book = CATALOG["price_books"][0]
    only["price_books"] = [{**book, "entries": [book["entries"][1]]}]  # type: ignore[dict-item, index]

    found = shop.post("/v1/catalog/preview", only, "olga").json()

    assert [
        (one["kind"], one["deal"], one["line"], one["product"], one["effect"])
        for one in found["touched"]
    ] == [("deal", "1001", "1", "CRM", "gone")]
    too_late = shop.post("/v1/catalog/preview?effective_from=2027-06-01", only, "olga").json()
    assert [one["effect"] for one in too_late["touched"]] == ["gone"]


def test_a_quote_that_expires_before_the_version_is_not_touched(shop: Any) -> None:
    """It can be accepted until 14 February, at the price it has."""
    shop.quote(shop.deal())

    later = shop.post(
        "/v1/catalog/preview?effective_from=2026-02-15", priced("2026-2", "44.00"), "olga"
    ).json()

    assert later["touched"] == []


def test_consent_is_to_exactly_what_was_shown(shop: Any) -> None:
    """Without it, with that of another preview, or after something changed, it is refused."""
    shop.quote(shop.deal())
    dearer, dearest = priced("2026-2", "44.00"), priced("2026-2", "99.00")
    consent = shop.post("/v1/catalog/preview", dearer, "olga").json()["consent"]

    none = shop.post("/v1/catalog/publish", dearer, "olga")
    other = shop.post(f"/v1/catalog/publish?consent={consent}", dearest, "olga")
    shop.quote(shop.deal("1002"))
    stale = shop.post(f"/v1/catalog/publish?consent={consent}", dearer, "olga")
    fresh = shop.post("/v1/catalog/preview", dearer, "olga").json()["consent"]
    done = shop.post(f"/v1/catalog/publish?consent={fresh}", dearer, "olga")

    assert [each.status_code for each in (none, other, stale, done)] == [409, 409, 409, 201]
    assert "needs the consent of a preview" in none.json()["detail"]
    assert "touches 2 open quote(s) and 0 live deal(s)" in stale.json()["detail"]
    assert revisions(shop) == 2


def test_a_name_or_a_day_that_is_taken_is_refused_in_the_preview(shop: Any) -> None:
    """Before anybody is asked to consent."""
    shop.post("/v1/catalog/publish?effective_from=2026-07-01", priced("2026-2", "44.00"), "olga")

    name = shop.post("/v1/catalog/preview", priced("2026-1", "41.00"), "olga")
    day = shop.post(
        "/v1/catalog/preview?effective_from=2026-07-01", priced("2026-3", "45.00"), "olga"
    )

    assert (name.status_code, name.json()["problems"][0]["field"]) == (422, "version")
    assert (day.status_code, day.json()["problems"][0]["field"]) == (422, "effective_from")


def test_only_operators_preview_and_publish(shop: Any) -> None:
    """Reading is for everybody of ours, changing is not."""
    for path in ("/v1/catalog/preview", "/v1/catalog/publish"):
        assert shop.post(path, CATALOG, "sam").status_code == 403
    assert shop.post("/v1/catalog/diff", {}, "sam").status_code == 422


GUIDE = {
    "questions": [
        {"key": "users", "name": "How many people sell?", "type": "integer", "minimum": 1},
        {"key": "warehouse", "name": "Is there a warehouse?", "type": "boolean"},
    ],
    "suggestions": [
        {"product": "CRM", "quantity_of": "users", "reason": "a seat for everybody"},
        {
            "product": "SCANNER",
            "when": [{"question": "warehouse", "values": ["true"]}],
            "quantity_of": "users",
            "per": 5,
            "reason": "five share one",
        },
    ],
}


def test_answers_become_a_deal_file_that_can_be_started(
    ask: Any, shop: Any, tmp_path: Path
) -> None:
    """What is open is asked; what fits is written with its quantities and checked as any file."""
    shop.post("/v1/catalog/publish", {**CATALOG, "version": "2", "guide": GUIDE}, "olga")
    out = tmp_path / "deal.yaml"
    header = ("--entity", "US01", "--customer", "C-100", "--currency", "USD")

    asked = ask("sam", "guide", "users=12")
    made = ask("sam", "guide", "users=12", "warehouse=yes", "--out", str(out), *header)
    checked = ask("sam", "deal", "check", str(out))

    assert "Is there a warehouse?" in asked.stdout
    assert made.exit_code == 0, made.output
    assert "five share one" in made.stdout
    lines = yaml.safe_load(out.read_text())["lines"]
    assert lines == [
        {"product": "CRM", "quantity": "12"},
        {"product": "SCANNER", "quantity": "3"},
    ]
    assert checked.exit_code == 0, checked.output
    again = ask("sam", "guide", "users=12", "--out", str(out))
    assert (again.exit_code, "exists" in again.stderr) == (1, True)


def test_answers_that_cannot_be_used_are_told_at_once(ask: Any, shop: Any) -> None:
    """Unknown questions and values of the wrong type, and words that are no answer at all."""
    shop.post("/v1/catalog/publish", {**CATALOG, "version": "2", "guide": GUIDE}, "olga")

    wrong = ask("sam", "guide", "users=few", "color=red")
    unread = ask("sam", "guide", "users")

    assert (wrong.exit_code, unread.exit_code) == (2, 2)
    assert "answers.users" in wrong.stderr
    assert "answers.color" in wrong.stderr
    assert "write ANSWER=VALUE" in unread.stderr
    assert shop.post("/v1/catalog/guide", {"answers": []}).status_code == 422


def test_a_recommendation_is_shown_and_blocks_nothing(ask: Any, shop: Any, tmp_path: Path) -> None:
    """The seller reads it when checking the file."""
    rule = {
        "key": "r",
        "kind": "recommends",
        "when": {"skus": ["CRM"]},
        "then": {"skus": ["SCANNER"]},
        "reason": "cards are read in",
    }
    shop.post("/v1/catalog/publish", {**CATALOG, "version": "2", "rules": [rule]}, "olga")
    deal = {
        "number": "",
        "entity": "US01",
        "customer": "C-100",
        "currency": "USD",
        "lines": [{"product": "CRM"}],
    }

    result = ask("sam", "deal", "check", written(tmp_path, deal, "deal.yaml"))

    assert result.exit_code == 0, result.output
    assert "CRM recommends SCANNER: cards are read in" in result.stdout


def test_without_a_catalogue_nothing_is_in_force(shop: Any) -> None:
    """A day before the first version has none."""
    shop.register(
        RegisterKind.CATALOG,
        HOUSE,
        json.dumps({**CATALOG, "version": "x", "effective_from": "2026-01-10"}),
        revision=2,
    )

    assert shop.get("/v1/catalog", on=date(2026, 1, 9).isoformat())["version"] == "2026-1"
    missing = shop.client.get("/v1/catalog/versions/y", headers=shop.by("sam"))
    assert missing.status_code == 404


def test_a_ramp_is_checked_at_the_door(ask: Any, tmp_path: Path) -> None:
    """What leaves a gap is refused with its place; what covers the term is in order."""
    deal = {
        "entity": "US01",
        "customer": "C-100",
        "currency": "USD",
        "starts_on": "2026-02-01",
        "term_months": 12,
    }
    gap = [{"quantity": 5, "until_month": 3}, {"from_month": 4, "quantity": 9}]
    whole = [{"quantity": 5}, {"from_month": 4, "quantity": 9}]

    refused, accepted = (
        ask(
            "sam",
            "deal",
            "check",
            written(tmp_path, {**deal, "lines": [{"product": "CRM", "ramp": ramp}]}, "deal.yaml"),
        )
        for ramp in (gap, whole)
    )

    assert (refused.exit_code, accepted.exit_code) == (2, 0), accepted.output
    assert "1 x CRM in 2 segments" in accepted.stdout
    assert "lines[0].ramp[1]" in refused.output
    assert "leaves a gap of 31 days before it" in refused.output
