"""`q2c quote`: versions, comparison, revision, clone and templates, against the real API."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import CliRunner, Result

from models.deal_file import DealFile, parse_deal_file
from models.deal_template import parse_deal_template
from models.steps import RegisterKind
from models.tables import DealFileRow, RevisionRow
from starter.cli.app import app
from starter.cli.session import Session
from starter.service.approvals import path_of
from starter.service.register import canonical
from tests.starter.test_api_register import recording
from tests.starter.test_cli_against_api import through

Ask = Callable[..., Result]


@pytest.fixture
def ask(world: Any, tmp_path: Path) -> Ask:
    """Run the command line as a person against the world's API."""
    transport = httpx.MockTransport(through(world.client.app))

    def run(person: str, *arguments: str) -> Result:
        environment: dict[str, str | None] = {
            "COLUMNS": "200",
            "Q2C_HOME": str(tmp_path),
            "Q2C_API_URL": "http://testserver",
            "Q2C_TOKEN": world.tokens[person],
            "Q2C_AS": None,
        }
        session = Session(transport=transport, pause_seconds=0)
        return CliRunner().invoke(app, list(arguments), obj=session, env=environment)

    return run


@pytest.fixture
def revised(world: Any) -> DealFile:
    """Deal 1001: 25 seats, then 30."""
    file: DealFile = world.deal()
    world.quote(file)
    more = file.lines[0].model_copy(update={"quantity": Decimal(30)})
    after = file.model_copy(update={"lines": (more,)})
    world.add(
        DealFileRow(
            deal="1001", term=1, revision=2, content=after.model_dump_json(), content_hash="two"
        )
    )
    world.quote(after, version=2, file_revision=2)
    world.add(
        RevisionRow(
            deal="1001",
            term=1,
            base_version=1,
            quote_version=2,
            origin="seller",
            person="",
            actor="sam",
            channel="cli",
            reason="five more",
            delta='{"lines":[{"line":1,"quantity":"30"}]}',
            command_id="r-1",
            revised_at=datetime(2026, 1, 16, 10, tzinfo=UTC),
        )
    )
    return after


def test_the_versions_are_listed_with_who_changed_them(ask: Ask, revised: DealFile) -> None:
    """The newest is on offer, the one before outdated."""
    del revised
    shown = ask("sam", "quote", "list", "1001")
    rows = json.loads(ask("sam", "quote", "list", "1001", "--json").stdout)["items"]

    assert shown.exit_code == 0, shown.output
    assert "five more" in shown.stdout
    assert [(row["number"], row["status"], row["by"]) for row in rows] == [
        ("Q-1001-1", "outdated", ""),
        ("Q-1001-2", "offered", "sam"),
    ]


def test_a_version_is_shown_with_lines_totals_and_plan(ask: Ask, revised: DealFile) -> None:
    """By its number, or the newest by the deal's."""
    del revised
    newest = json.loads(ask("sam", "quote", "show", "1001", "--json").stdout)
    shown = ask("sam", "quote", "show", "Q-1001-1", "--plan").stdout

    assert newest["quote"]["number"] == "Q-1001-2"
    assert newest["file"]["lines"][0]["quantity"] == "30"
    assert "Q-1001-1 (outdated)" in shown
    assert "Billing plan" in shown
    assert "2026-02-01" in shown


def test_two_versions_are_compared_as_a_table_and_as_json(ask: Ask, revised: DealFile) -> None:
    """Five seats more at 10.00 less 20 %, for twelve months."""
    del revised
    shown = ask("sam", "quote", "diff", "Q-1001-1", "Q-1001-2")
    found = json.loads(ask("sam", "quote", "diff", "Q-1001-1", "Q-1001-2", "--json").stdout)

    assert shown.exit_code == 0, shown.output
    assert "quantity 25 -> 30" in shown.stdout
    assert [line["sku"] for line in found["changed"]] == ["CRM"]
    total = next(one for one in found["totals"] if one["field"] == "total")
    assert total["difference"]["minor"] == total["after"]["minor"] - total["before"]["minor"]
    assert total["difference"]["minor"] * 5 == total["before"]["minor"]


def test_an_unknown_quote_is_told(ask: Ask, revised: DealFile) -> None:
    """Exit code 1, with the number."""
    del revised
    for arguments in (["show", "Q-9"], ["diff", "Q-1001-1", "Q-9"], ["clone", "Q-9"]):
        result = ask("sam", "quote", *arguments)
        assert result.exit_code == 1
        assert "Q-9" in result.stderr


def test_a_quote_is_revised_by_options_or_by_a_file(
    ask: Ask, world: Any, revised: DealFile, tmp_path: Path
) -> None:
    """Both become the same message, and the options add to the file."""
    del revised
    file = tmp_path / "change.yaml"
    file.write_text("note: as agreed\nadd:\n  - product: CRM\n    quantity: 2\n")

    result = ask(
        *("sam", "quote", "revise", "1001", str(file), "--quantity", "1=40"),
        *("--discount", "1=12", "--header-discount", "3", "--reason", "round two"),
    )

    assert result.exit_code == 0, result.output
    message = world.gateway.updates[-1].message
    (line,) = message.delta.lines
    assert (str(line.quantity), str(line.discount.percent)) == ("40", "12")
    assert message.delta.note == "as agreed"
    assert [str(one.quantity) for one in message.delta.add] == ["2"]
    assert str(message.delta.header_discount.percent) == "3"
    assert message.reason == "round two"


def test_a_slip_in_a_revision_ends_as_wrong_input(ask: Ask, revised: DealFile) -> None:
    """Exit code 2, and nothing is sent."""
    del revised
    assert ask("sam", "quote", "revise", "1001", "--quantity", "1").exit_code == 2
    assert ask("sam", "quote", "revise", "1001", "--quantity", "x=1").exit_code == 2


def test_a_quote_is_cloned_into_a_deal_file_that_can_be_started(
    ask: Ask, revised: DealFile, tmp_path: Path
) -> None:
    """The revised lines, without what belongs to deal 1001; a file that is there is kept."""
    out = tmp_path / "next.yaml"

    result = ask("sam", "quote", "clone", "1001", "--out", str(out))
    again = ask("sam", "quote", "clone", "1001", "--out", str(out))
    stranger = ask("sam", "quote", "clone", "1001", "--customer", "C-9")

    assert result.exit_code == 0, result.output
    written = yaml.safe_load(out.read_text())
    assert "number" not in written
    assert parse_deal_file({**written, "number": "2", "seller": "sam"}).lines == revised.lines
    assert ask("sam", "deal", "check", str(out)).exit_code == 0
    assert again.exit_code == 2
    assert "no customer C-9" in stranger.stderr


def test_a_template_is_saved_from_a_quote_and_used(
    ask: Ask, world: Any, revised: DealFile, tmp_path: Path
) -> None:
    """Saved through the register's workflow; filled in, it can be started."""
    del revised
    recording(world)
    saved = ask(
        *("sam", "quote", "template", "save", "team", "Q-1001-2"),
        *("--blank", "seats=lines[0].quantity", "--about", "a team"),
    )
    start = world.gateway.started[-1]
    template = parse_deal_template(json.loads(start.payload.content))
    world.register(RegisterKind.DEAL_TEMPLATE, "team", canonical(template))
    listed = ask("sam", "quote", "template", "list")
    out = tmp_path / "team.yaml"
    used = ask("sam", "quote", "template", "use", "team", "--set", "seats=7", "--out", str(out))

    assert saved.exit_code == 0, saved.output
    assert (start.payload.kind, start.payload.key) == (RegisterKind.DEAL_TEMPLATE, "team")
    assert "seats=30" in listed.stdout
    assert used.exit_code == 0, used.output
    assert yaml.safe_load(out.read_text())["lines"][0]["quantity"] == "7"
    assert ask("sam", "deal", "check", str(out)).exit_code == 0


def test_a_template_is_refused_with_every_slip(ask: Ask, world: Any, revised: DealFile) -> None:
    """An unknown path, an unknown name, a blank without value; and nobody else may save one."""
    del revised
    bad = ask("sam", "quote", "template", "save", "t", "Q-1001-2", "--blank", "x=lines[7].quantity")
    unknown = ask("sam", "quote", "template", "use", "nothing")
    stranger = ask("fiona", "quote", "template", "save", "t", "Q-1001-2")

    assert bad.exit_code == 2
    assert "no single value at lines[7].quantity" in bad.stderr
    assert unknown.exit_code == 1
    assert stranger.exit_code == 4
    assert world.gateway.started == []


# Alternatives


@pytest.fixture
def beside(world: Any, revised: DealFile) -> str:
    """Deal 1001 with 30 seats in force and 50 seats beside them, as version 3."""
    more = revised.lines[0].model_copy(update={"quantity": Decimal(50)})
    file = revised.model_copy(update={"lines": (more,)})
    world.add(
        DealFileRow(
            deal="1001", term=1, revision=3, content=file.model_dump_json(), content_hash="three"
        )
    )
    quote = world.quote(file, version=3, file_revision=3)
    world.decision(quote, "approve", "mia", step=quote_step(world, 3), quote_version=3)
    world.add(
        RevisionRow(
            deal="1001",
            term=1,
            base_version=2,
            quote_version=3,
            origin="seller",
            person="",
            actor="sam",
            channel="cli",
            reason="",
            delta='{"lines":[{"line":1,"quantity":"50"}]}',
            command_id="r-2",
            alternative="big",
            revised_at=datetime(2026, 1, 16, 11, tzinfo=UTC),
        )
    )
    return str(quote.content_hash)


def quote_step(world: Any, version: int) -> str:
    """Return the first step of a version's approval path."""
    path = world.house.books.read(lambda session: path_of(session, "1001", version))
    return str(path.steps[0].key)


def test_primary_and_alternatives_are_shown_side_by_side(ask: Ask, beside: str) -> None:
    """With their totals; the deal's number still means the version in force."""
    del beside
    shown = ask("sam", "quote", "alternatives", "1001")
    items = json.loads(ask("sam", "quote", "alternatives", "1001", "--json").stdout)["items"]
    newest = json.loads(ask("sam", "quote", "show", "1001", "--json").stdout)

    assert shown.exit_code == 0, shown.output
    assert [(one["version"]["number"], one["label"], one["primary"]) for one in items] == [
        ("Q-1001-2", "", True),
        ("Q-1001-3", "big", False),
    ]
    assert items[1]["total"]["minor"] * 3 == items[0]["total"]["minor"] * 5
    assert newest["quote"]["number"] == "Q-1001-2"


def test_the_customer_takes_an_alternative_by_its_label(ask: Ask, world: Any, beside: str) -> None:
    """Its content is what is accepted; without a label it is that of the version in force."""
    ask("sam", "accept", "1001", "--alternative", "big")
    chosen = world.gateway.updates[-1].message
    ask("sam", "accept", "1001")
    usual = world.gateway.updates[-1].message
    unknown = ask("sam", "accept", "1001", "--alternative", "small")

    assert chosen.content_hash == beside
    assert chosen.token == world.token("accept", chosen.person, beside)
    assert usual.content_hash != beside
    assert unknown.exit_code == 2
    assert "no alternative small" in unknown.stderr


def test_an_alternative_is_made_by_a_revision_with_its_label(
    ask: Ask, world: Any, beside: str
) -> None:
    """It is a change of the version in force, not of another alternative."""
    ask("sam", "quote", "revise", "1001", "--quantity", "1=70", "--alternative", "huge")

    message = world.gateway.updates[-1].message
    assert message.alternative == "huge"
    assert message.base_hash != beside
