"""Amendments through the doors: what one would do, what was done, and who may ask."""

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from models.deal import local_date
from models.steps import RegisterKind
from models.tables import CreditNoteRow, InvoiceRow
from tests.activities.house import (
    BOOKS_TAX_RULE,
    CATALOG,
    CUSTOMER,
    ENTITY,
    POLICY,
    TAX_RULE,
    House,
    deal_file,
    line,
)
from tests.starter.conftest import NOW, World

TODAY = local_date(NOW, "Europe/Berlin")
FIRST = TODAY.replace(day=1)
DELTA: dict[str, Any] = {"lines": [{"line": 1, "add": "2"}], "effective_on": f"{FIRST}"}
SAID: dict[str, Any] = {"delta": DELTA, "accepted_by": "Ben", "reason": "More people"}


@pytest.fixture
def sold(world: World) -> House:
    """Three seats for 50.00 each and month, from the first of this month, billed."""
    house = House(world.house.books)
    house.register(RegisterKind.ENTITY, "DE01", {**ENTITY, "number_prefix": "DE"})
    house.register(RegisterKind.CUSTOMER, "C-100", CUSTOMER)
    published = house.publish(RegisterKind.CATALOG, CATALOG)
    assert published.problems == ()
    house.publish(RegisterKind.APPROVAL_POLICY, POLICY)
    house.publish(RegisterKind.TAX_RULES, [TAX_RULE, BOOKS_TAX_RULE])
    house.sell(deal_file("1001", line("CRM", "3"), starts_on=FIRST), FIRST)
    house.converge("1001", FIRST)
    return house


def test_a_preview_is_what_happens_and_leaves_nothing_behind(world: World, sold: House) -> None:
    """The same numbers, amounts and plan; the books are as they were."""
    before = sold.everything()

    response = world.post("/v1/deals/1001/amendments/preview", SAID)
    shown = response.json()

    assert response.status_code == 200, response.text
    assert sold.everything() == before
    assert sold.amend("1001", TODAY, DELTA, reason="More people").booked
    sold.converge("1001", TODAY)
    notes = [(row.number, row.net_minor) for row in sold.rows(CreditNoteRow)]
    invoices = [(row.number, row.gross_minor) for row in sold.rows(InvoiceRow)][1:]
    assert [(one["number"], one["net"]["minor"]) for one in shown["credit_notes"]] == notes
    assert [(one["number"], one["gross"]["minor"]) for one in shown["invoices"]] == invoices
    entry = world.get("/v1/deals/1001/amendments")["items"][0]
    assert entry["price_after_minor"] == shown["effect"]["price_after"]["minor"]
    assert (entry["status"], entry["reason_code"], entry["signed_on"]) == (
        "booked",
        "expansion",
        f"{TODAY}",
    )
    assert entry["mrr_after_minor"] - entry["mrr_before_minor"] == 100_00


@pytest.mark.usefixtures("sold")
def test_a_preview_says_who_would_have_to_approve(world: World) -> None:
    """15 % off is for a sales manager to allow."""
    off = {"percent": "15", "reason": "loyal"}
    delta = {"lines": [{"line": 1, "discount": off}], "when": "now"}

    shown = world.post("/v1/deals/1001/amendments/preview", {"delta": delta}).json()

    assert [step["title"] for step in shown["approvals"]] == ["sales_manager"]
    assert shown["effect"]["version"] == 2


@pytest.mark.usefixtures("sold")
def test_what_does_not_fit_is_told_with_its_field(world: World) -> None:
    """All at once, as everywhere."""
    delta = {"lines": [{"line": 4, "add": "1"}, {"line": 1, "add": "-9"}]}

    response = world.post("/v1/deals/1001/amendments/preview", {"delta": delta})

    assert response.status_code == 422
    assert [one["field"] for one in response.json()["problems"]] == [
        "delta.lines[0].line",
        "delta.lines[1].add",
    ]


@pytest.mark.usefixtures("sold")
def test_who_does_not_sell_previews_nothing(world: World) -> None:
    """And a deal without a contract has nothing to amend."""
    assert world.post("/v1/deals/1001/amendments/preview", SAID, "fiona").status_code == 403
    world.deal("1002")
    assert world.post("/v1/deals/1002/amendments/preview", SAID).status_code == 409
    assert world.post("/v1/deals/9999/amendments/preview", SAID).status_code == 404


@pytest.mark.usefixtures("sold")
def test_the_command_line_shows_a_preview_and_sends_an_amendment(
    world: World, by: Callable[..., Result]
) -> None:
    """Options are the same delta as a file."""
    options = ("amend", "1001", "--add", "1=2", "--from", f"{FIRST}", "--accepted-by", "Ben")

    shown = by("sam", *options, "--preview")
    sent = by("sam", *options)
    wrong = by("sam", "amend", "1001", "--add", "two")

    assert shown.exit_code == 0, shown.output
    assert "Version 2 of the contract; nothing is changed yet." in shown.output
    assert sent.exit_code == 0, sent.output
    update = world.gateway.updates[-1]
    assert update.name == "amend"
    assert update.message.model_dump()["delta"]["lines"][0]["add"] == 2
    assert (wrong.exit_code, "two names no line" in wrong.output) == (2, True)


def test_the_page_of_a_deal_lists_its_amendments(sold: House, by: Callable[..., Result]) -> None:
    """With their days and what the contract comes to."""
    sold.amend("1001", TODAY, DELTA)

    page, listed = by("sam", "deal", "show", "1001"), by("sam", "deal", "amendments", "1001")

    assert "Amendments" in page.output
    assert "expansion" in listed.output
    assert "Version" in listed.output
