"""A negotiation on the command line: revised, compared, offered with an alternative, and sold."""

from collections.abc import Iterator

import pytest
import yaml

from tests.stories import world
from tests.stories.houses import office
from tests.stories.test_cli import FAILED, Shell
from tests.stories.world import BUYER, deal_file


@pytest.fixture(scope="module")
def shell(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with office(tmp_path_factory.mktemp("quotes"), server, "quotes") as house:
        opened = Shell(house, tmp_path_factory.mktemp("files"))
        for name, content in (
            ("entity", world.ENTITY),
            ("customer", world.CUSTOMER),
            ("catalog", world.CATALOG),
            ("approval", world.APPROVAL_POLICY),
        ):
            opened.write(f"{name}.yaml", content)
        opened.run("entity", "add", "entity.yaml", "--as", "olga")
        opened.run("customer", "add", "customer.yaml", "--as", "olga")
        opened.run("catalog", "publish", "catalog.yaml", "--as", "olga")
        opened.run("policy", "publish", "approval", "approval.yaml", "--as", "olga")
        yield opened


def test_an_offer_is_negotiated_and_its_alternative_sold(shell: Shell) -> None:
    """Every command of the group, in the order of a sale; what is outdated is refused."""
    number = "N-1"
    line = {"product": "SEAT", "quantity": "4"}
    shell.write("deal.yaml", deal_file(number, lines=[line]))
    shell.run("deal", "start", "deal.yaml", "--as", "sam")
    shell.stage(number, "accept")
    old = shell.json("quote", "show", number, "--as", "sam")["quote"]

    shell.run("quote", "revise", number, "--quantity", "1=6", "--as", "sam")
    shell.stage(number, "accept")
    stale = shell.run(
        *("quote", "revise", number, "--quantity", "1=9", "--base", old["content_hash"]),
        *("--as", "sam"),
        code=FAILED,
    )
    shell.run("quote", "revise", number, "--quantity", "1=8", "--alternative", "big", "--as", "sam")
    shell.stage(number, "accept")
    beside = shell.json("quote", "alternatives", number, "--as", "sam")["items"]
    diff = shell.json("quote", "diff", f"Q-{number}-1", f"Q-{number}-2", "--as", "sam")
    shell.run("accept", number, "--alternative", "big", "--person", BUYER, "--as", "sam")
    shell.run("accept", number, "--person", BUYER, "--as", "sam", code=FAILED)
    listed = shell.json("quote", "list", number, "--as", "sam")["items"]
    copied = yaml.safe_load(shell.run("quote", "clone", f"Q-{number}-3", "--as", "sam"))

    assert "outdated version" in stale
    assert [change["field"] for change in diff["changed"][0]["changes"]][:1] == ["quantity"]
    assert [(one["label"], one["primary"]) for one in beside] == [("", True), ("big", False)]
    # Six or eight seats at 20.00 for twelve months, and 300.00 to set up.
    assert [one["total"]["minor"] for one in beside] == [174000, 222000]
    assert [one["status"] for one in listed] == ["outdated", "outdated", "accepted"]
    assert copied["lines"][0]["quantity"] == "8"
