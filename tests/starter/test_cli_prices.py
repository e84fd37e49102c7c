"""Prices on the command line: the explanation, its chart, guidance, and what a check shows."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import CliRunner, Result

from models.register import PARSERS
from models.steps import RegisterKind
from starter.cli.app import app
from starter.cli.prices import guidance_text
from starter.cli.session import Session
from tests.starter.conftest import DEAL


@pytest.fixture
def ask(world: Any) -> Any:
    """Run the command line as Sam against the API of a house."""

    def handle(request: httpx.Request) -> httpx.Response:
        answer = world.client.request(
            request.method, str(request.url), content=request.read(), headers=request.headers
        )
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def run(*arguments: str) -> Result:
        session = Session(transport=httpx.MockTransport(handle), pause_seconds=0)
        environment: dict[str, str | None] = {
            "COLUMNS": "200",
            "Q2C_API_URL": "http://testserver",
            "Q2C_TOKEN": world.tokens["sam"],
            "Q2C_AS": None,
        }
        return CliRunner().invoke(app, list(arguments), obj=session, env=environment)

    return run


def test_a_quote_is_explained_as_table_and_chart(world: Any, ask: Any) -> None:
    """Every step with its rule, then the bars from list to net."""
    world.quote(world.deal())

    shown = ask("quote", "explain", "1001").output

    rows = [" ".join(row.split()) for row in shown.splitlines()]
    assert "line discount 1000.00 800.00 20 % off" in rows
    assert "list ████████████████████████████████████████ 12,000.00 USD" in rows
    assert "line discount ████████ -2,400.00 USD" in rows
    assert "net ████████████████████████████████ 9,600.00 USD" in rows
    assert "Off list 20.00 %" in rows


def test_the_chart_is_saved_to_a_file(world: Any, ask: Any, tmp_path: Path) -> None:
    """Of one line, as the name of the file says."""
    world.quote(world.deal())
    file = tmp_path / "chart.svg"

    result = ask("quote", "explain", "1001", "--line", "1/seat", "--chart", str(file))

    assert result.exit_code == 0, result.output
    assert file.read_bytes().startswith(b"<?xml")


def test_a_chart_file_of_another_kind_is_wrong_usage(world: Any, ask: Any, tmp_path: Path) -> None:
    """Nothing is written."""
    world.quote(world.deal())

    result = ask("quote", "explain", "1001", "--chart", str(tmp_path / "chart.gif"))

    assert result.exit_code == 2
    assert list(tmp_path.glob("*.gif")) == []


def test_a_deal_without_a_quote_has_nothing_to_explain(world: Any, ask: Any) -> None:
    """It says so."""
    world.deal()

    result = ask("quote", "explain", "1001")

    assert result.exit_code == 1
    assert "Deal 1001 has no quote yet." in result.output


def test_a_check_shows_what_the_deal_comes_to(world: Any, ask: Any, tmp_path: Path) -> None:
    """Lines, plan, tax, totals, figures and guidance."""
    rule = {
        "name": "Sales tax",
        "rate_percent": "7.25",
        "seller_country": "US",
        "place_country": "US",
        "category": "standard",
        "valid_from": "2025-01-01",
    }
    content = PARSERS[RegisterKind.TAX_RULES]([rule]).model_dump_json()
    world.register(RegisterKind.TAX_RULES, "house", content)
    file = tmp_path / "deal.yaml"
    file.write_text(yaml.safe_dump(DEAL))

    result = ask("deal", "check", str(file))

    assert result.exit_code == 0, result.output
    rows = [" ".join(row.split()) for row in result.output.splitlines()]
    assert "1/seat CRM seat 25 1,000.00 USD 800.00 USD monthly" in rows
    assert "2026-02-01 CRM seat 800.00 USD" in rows
    assert "Sales tax 7.25 % 9,600.00 USD 696.00 USD" in rows
    assert "Gross 10,296.00 USD" in rows
    assert "CRM, 10 to 50 units: not enough: 0 similar offers were decided, 5 needed" in rows


def test_guidance_is_told_with_its_support() -> None:
    """A figure without it would be a rumor."""
    found = {
        "sku": "CRM",
        "band_from": "10",
        "band_until": "50",
        "support": 8,
        "won": 6,
        "win_rate_percent": "75.0",
        "discounts": {"median": "12.50"},
    }

    assert guidance_text(found) == (
        "CRM, 10 to 50 units: 6 of 8 won (75.0 %), median discount 12.50 %"
    )


def test_a_product_nobody_sells_has_no_guidance(ask: Any) -> None:
    """The nearest is named."""
    result = ask("quote", "guidance", "CRN", "--quantity", "5")

    assert result.exit_code == 1
    assert "did you mean CRM?" in result.output
