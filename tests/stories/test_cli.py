"""One deal on the command line alone, every command a process of its own, with its exit code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stories import world
from tests.stories.evidence import assert_conserved
from tests.stories.houses import House, office, wait_until
from tests.stories.people import mail_to, text_of, token_in
from tests.stories.world import BUYER, CUSTOMER_SIGNER, deal_file

DONE, FAILED, BAD_INPUT, UNREACHABLE, NOT_ALLOWED = range(5)


class Shell:
    """A person at a terminal in a folder of files."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house, self.folder = house, folder

    def write(self, name: str, content: Any) -> str:
        """Put a YAML file in the folder."""
        (self.folder / name).write_text(yaml.safe_dump(content, sort_keys=False))
        return name

    def run(self, *arguments: str, code: int = DONE, **environment: str) -> str:
        """Run `q2c` with these arguments, require its exit code, and return what it printed."""
        done = self.house.call(*arguments, cwd=self.folder, **environment)
        said = done.stdout + done.stderr
        assert done.returncode == code, f"q2c {' '.join(arguments)} -> {done.returncode}\n{said}"
        assert "Traceback" not in said
        return said

    def json(self, *arguments: str) -> Any:
        """Run a command with --json and return what it printed, read."""
        return json.loads(self.run(*arguments, "--json"))

    def stage(self, number: str, stage: str) -> None:
        """Wait until a deal shows a stage."""
        wait_until(
            lambda: self.json("deal", "show", number, "--as", "sam")["stage"] == stage,
            f"stage {stage} of deal {number}",
        )

    def billed(self, number: str, invoices: int) -> dict[str, Any]:
        """Wait until a deal shows so many invoices, and return it."""

        def shown() -> dict[str, Any] | None:
            found: dict[str, Any] = self.json("deal", "show", number, "--as", "sam")
            return found if len(found["invoices"]) == invoices else None

        deal: dict[str, Any] = wait_until(shown, f"{invoices} invoices of deal {number}")
        return deal


@pytest.fixture(scope="module")
def shell(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with office(tmp_path_factory.mktemp("cli"), server, "cli") as house:
        folder = tmp_path_factory.mktemp("files")
        opened = Shell(house, folder)
        for name, content in (
            ("entity", world.ENTITY),
            ("customer", world.CUSTOMER),
            ("catalog", world.CATALOG),
            ("approval", world.APPROVAL_POLICY),
            ("tax", world.TAX_RULES),
        ):
            opened.write(f"{name}.yaml", content)
        yield opened


def test_the_register_is_filled_from_files(shell: Shell) -> None:
    """Parties, catalogue, policies and stock come before the first deal."""
    shell.run("entity", "add", "entity.yaml", "--as", "olga")
    shell.run("customer", "add", "customer.yaml", "--as", "olga")
    shell.run("catalog", "publish", "catalog.yaml", "--as", "olga")
    shell.run("policy", "publish", "approval", "approval.yaml", "--as", "olga")
    shell.run("policy", "publish", "tax", "tax.yaml", "--as", "olga")
    shell.run("stock", "add", "US1", "BOX", "5", "--reference", "DN-1", "--as", "olga")

    assert "Tallship Software, Inc." in shell.run("entity", "show", "US1", "--as", "sam")
    assert "BOX" in shell.run("catalog", "show", "--as", "sam")


def test_many_files_are_checked_and_started_and_a_bad_one_stops_no_other(shell: Shell) -> None:
    """Every problem of every file is told, and the good ones start (docs/cli.md, Sell)."""
    good = shell.write("good.yaml", deal_file("L-1"))
    other = shell.write("other.yaml", deal_file("L-2"))
    bad = shell.write("bad.yaml", deal_file("L-3", lines=[{"product": "SEAT", "quantity": "-1"}]))
    template = shell.run("deal", "template")

    checked = shell.run("deal", "check", good, other, bad, "--as", "sam", code=FAILED)
    started = shell.run("deal", "start", good, other, bad, "--as", "sam", code=FAILED)
    again = shell.run("deal", "start", good, "--as", "sam")

    assert set(yaml.safe_load(template)) >= {"number", "entity", "customer", "lines"}
    assert "2 of 3 deals are fine, 1 failed." in checked
    assert "lines[0].quantity" in checked
    assert "L-1: started." in started
    assert "L-2: started." in started
    assert "L-3 (bad.yaml): failed." in started
    assert "L-1: was started before." in again
    assert "L-3" not in shell.run("deal", "list", "--as", "sam")


def test_a_deal_goes_from_offer_to_first_cash_on_the_command_line(shell: Shell) -> None:
    """Each command is the one that the inbox or the mail before it named."""
    shell.stage("L-1", "approve")
    asked = shell.json("inbox", "--as", "mia")
    assert [(one["deal"], one["kind"]) for one in asked] == [("L-1", "approve"), ("L-2", "approve")]
    told = asked[0]["command"].split()
    assert told[0] == "q2c"
    assert "approved by you" in shell.run(*told[1:], "--as", "mia")
    shell.stage("L-1", "accept")
    shell.run("accept", "L-1", "--person", BUYER, "--po", "PO-77", "--as", "sam")
    shell.stage("L-1", "contract")
    signer_mail = mail_to(shell.house, CUSTOMER_SIGNER, "OF-L-1-1")
    [line] = re.findall(r"^ +q2c (sign .+)$", text_of(signer_mail), re.MULTILINE)
    assert token_in(signer_mail) in line
    shell.run("--as", "sam", *line.split())
    shell.run("sign", "L-1", "--as", "dan")
    shell.stage("L-1", "live")
    tasks = shell.json("tasks", "--as", "olga")
    assert [(task["deal"], task["department"]) for task in tasks] == [("L-1", "warehouse")]
    shell.run("deliver", "L-1", "--event", "deliver", "--as", "olga")
    assert shell.json("tasks", "--as", "olga") == []

    shown = shell.billed("L-1", 2)
    numbers = sorted(each["number"] for each in shown["invoices"])
    named = [part for number in numbers for part in ("--invoice", number)]
    payment = ("pay", "C1", "745.14", "USD", "--reference", "CASH-1", "--on", "2026-01-20", *named)
    paid = shell.run(*payment, "--as", "fiona")

    assert "is recorded." in paid
    assert "745.14" in paid
    assert "is recorded. It was on record already." in shell.run(*payment, "--as", "fiona")
    assert shell.json("books", "receivables", "--test-clock", "--as", "fiona")["items"] == []
    assert_conserved(shell.house)


def test_a_test_clock_is_moved_by_hand(shell: Shell) -> None:
    """All that falls due on the way happens: February is billed."""
    shell.run("deal", "clock", "L-1", "--until", "2026-02-10", "--as", "olga")

    shown = shell.billed("L-1", 3)
    assert shown["invoices"][-1]["gross_minor"] == 170_00
    owed = shell.run("books", "receivables", "--as-of", "2026-04-30", "--as", "fiona")
    assert shown["invoices"][-1]["number"] in owed
    assert "170.00 USD" in owed
    posted = shell.run("books", "journal", "--deal", "L-1", "--as", "fiona")
    assert "2500 Contract liability" in posted


def test_everything_about_a_deal_can_be_looked_up(shell: Shell) -> None:
    """Timeline, agenda, holds, books and documents, each as text and as JSON."""
    timeline = shell.json("deal", "timeline", "L-1", "--as", "sam")
    agenda = shell.json("deal", "agenda", "L-1", "--as", "sam")

    assert timeline[0]["what"] == "deal started"
    assert "term_end" in {item["kind"] for item in agenda["items"]}
    assert "Nothing is on hold." in shell.run("deal", "hold", "L-1", "--as", "sam")
    assert "live" in shell.run("deal", "show", "L-1", "--as", "sam")
    journal = shell.json("books", "journal", "--deal", "L-1", "--as", "fiona")
    debits = sum(entry["debit_minor"] or 0 for entry in journal)
    assert debits == sum(entry["credit_minor"] or 0 for entry in journal) > 0
    balance = shell.json("books", "trial-balance", "--test-clock", "--as", "fiona")
    assert balance["balanced"] is True
    listed = shell.json("document", "list", "--deal", "L-1", "--kind", "invoice", "--as", "sam")
    number = listed[0]["number"]
    shell.run("document", "open", "invoice", number, "--out", "copy.pdf", "--as", "sam")
    assert (shell.folder / "copy.pdf").read_bytes().startswith(b"%PDF")
    refused = shell.run(
        "document", "open", "invoice", number, "--out", "copy.pdf", "--as", "sam", code=BAD_INPUT
    )
    assert "--force" in refused


def test_exit_codes_tell_refused_from_wrong_from_not_allowed(shell: Shell) -> None:
    """Scripts rely on the codes (docs/cli.md, Exit codes)."""
    shell.run("approve", "L-1", "--as", "mia", code=FAILED)
    shell.run("deal", "show", "L-99", "--as", "sam", code=FAILED)
    shell.run("sign", "L-1", "--as", "dan", code=FAILED)
    shell.run("pay", "C1", "10.00", "XXQ", "-r", "X", "--as", "fiona", code=BAD_INPUT)
    shell.run("pay", "C1", "10.00", "EUR", "-r", "X", "--invoice", "I-0", "--as", "fiona", code=2)
    shell.run("deal", "list", "--stage", "nowhere", "--as", "sam", code=BAD_INPUT)
    shell.run("books", "trial-balance", "--as", "sam", code=NOT_ALLOWED)
    shell.run("deal", "list", code=NOT_ALLOWED)
    shell.run("deal", "list", "--token", "nobody's", code=NOT_ALLOWED)
    nowhere = shell.run("deal", "list", "--api", "http://127.0.0.1:9", "--as", "sam", code=3)

    assert "q2c up" in nowhere


def test_a_rejected_deal_is_lost(shell: Shell) -> None:
    """The other answer: its reason is kept, and the deal takes no more messages."""
    shell.run("reject", "L-2", "--as", "mia", code=BAD_INPUT)
    shell.run("reject", "L-2", "--reason", "Too cheap", "--as", "mia")
    shell.stage("L-2", "lost")

    assert "rejected" in shell.run("deal", "show", "L-2", "--as", "sam")
    assert "ended" in shell.run("accept", "L-2", "--as", "sam", code=FAILED)
