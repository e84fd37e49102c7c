"""Procurement through the doors: a buyer's CSV in, a deal file or a list of differences out."""

from pathlib import Path
from typing import Any

import yaml

REQUEST = {
    "entity": "US01",
    "customer": "C-100",
    "currency": "USD",
    "csv": "Item,Qty\nCRM,25\nScanner,2\nHat rack,1\n",
}


def test_a_request_for_quotation_becomes_a_deal_file(world: Any) -> None:
    """What is recognized can be started as it is; what is not is listed."""
    answer = world.post("/v1/requests-for-quote", REQUEST)

    assert answer.status_code == 200
    told = answer.json()
    assert told["file"]["lines"] == [
        {"product": "CRM", "quantity": "25"},
        {"product": "SCANNER", "quantity": "2"},
    ]
    assert [(row["row"], row["name"]) for row in told["unmatched"]] == [(4, "Hat rack")]
    assert told["problems"] == []
    assert world.post("/v1/deals/check", told["file"]).status_code == 200
    assert world.gateway.started == []


def test_what_keeps_a_request_from_being_quoted_is_told_with_it(world: Any) -> None:
    """The seller sees at once that the price book lacks the currency."""
    told = world.post("/v1/requests-for-quote", {**REQUEST, "currency": "EUR"}).json()

    assert [problem["field"] for problem in told["problems"]] == ["price_book"]


def test_a_request_that_names_none_of_our_products_is_refused(world: Any) -> None:
    """There would be nothing to quote."""
    answer = world.post("/v1/requests-for-quote", {**REQUEST, "csv": "Item,Qty\nHat,1\n"})

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["reason"] == "Hat is no product of the catalogue"


def test_only_sellers_prepare_quotes(world: Any) -> None:
    """Finance has no business with it."""
    assert world.post("/v1/requests-for-quote", REQUEST, "fiona").status_code == 403


def test_an_order_is_compared_with_the_newest_quote(world: Any) -> None:
    """The newest version is what the buyer was offered last."""
    file = world.deal()
    world.quote(file)
    world.quote(file, version=2)

    told = world.post(
        "/v1/deals/1001/purchase-order/compare", {"csv": "Item,Qty,Price\nCRM,25,30\n"}
    ).json()

    assert (told["quote"], told["version"], told["agrees"]) == ("Q-1001-2", 2, False)
    assert told["differences"][0]["reason"] == "750.00 USD ordered for CRM, 800.00 USD quoted"


def test_an_order_for_a_quote_that_is_not_there_is_refused(world: Any) -> None:
    """Neither an unknown deal nor an unknown version has anything to compare with."""
    world.quote(world.deal())
    order = {"csv": "Item,Qty\nCRM,25\n"}

    unknown = world.post("/v1/deals/7/purchase-order/compare", order)
    version = world.post("/v1/deals/1001/purchase-order/compare", {**order, "version": 9})

    assert (unknown.status_code, version.status_code) == (404, 404)
    assert version.json()["detail"] == "Deal 1001 does not have version 9 of the quote."


def test_the_command_line_writes_the_deal_file(by: Any, tmp_path: Path) -> None:
    """A seller in a hurry goes from the buyer's mail to a deal file in one line."""
    source, out = tmp_path / "rfq.csv", tmp_path / "deal.yaml"
    source.write_text(REQUEST["csv"])
    options = ["--customer", "C-100", "--entity", "US01", "--currency", "USD", "--out", str(out)]

    done = by("sam", "rfq", str(source), *options)
    again = by("sam", "rfq", str(source), *options)

    assert done.exit_code == 0, done.output
    assert "Not matched and left out: 1" in done.stdout
    assert yaml.safe_load(out.read_text())["lines"][0]["product"] == "CRM"
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_the_command_line_tells_whether_an_order_agrees(
    world: Any, by: Any, tmp_path: Path
) -> None:
    """The exit code tells a script, the table tells a person."""
    world.quote(world.deal())
    same, other = tmp_path / "same.csv", tmp_path / "other.csv"
    same.write_text("Item,Qty,Price\nCRM,25,32\n")
    other.write_text("Item,Qty,Price\nCRM,20,32\n")

    agrees = by("sam", "order", "compare", "1001", str(same))
    differs = by("sam", "order", "compare", "1001", str(other))

    assert agrees.exit_code == 0, agrees.output
    assert "agrees with quote Q-1001-1" in agrees.stdout
    assert differs.exit_code == 1
    assert "20 of CRM ordered, 25 quoted" in differs.stdout
