"""A deal from outside our code: the README's lines, with nothing but the `temporal` command."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.tables import DealRow, DecisionRow
from tests.stories.houses import ROOT, House, office, wait_until
from workers.server import temporal_binary

LINES = Path(__file__).with_name("temporal_only.md")
SAMPLES = (
    ("entity", "import", "entities.yaml"),
    ("customer", "import", "customers.yaml"),
    ("catalog", "publish", "catalog.yaml"),
    ("policy", "publish", "approval", "approval_policy.yaml"),
    ("policy", "publish", "dunning", "dunning_policy.yaml"),
    ("policy", "publish", "tax", "tax_rules.yaml"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the lines are typed."""
    return tmp_path_factory.mktemp("outside")


@pytest.fixture(scope="module")
def house(server: str, folder: Path) -> Iterator[House]:
    """A house in `.q2c` of the folder, in the namespace `q2c`, with the sample register."""
    with office(folder / ".q2c", server, "q2c") as opened:
        for sample in SAMPLES:
            done = opened.call(*sample, "--as", "olga", cwd=ROOT / "starter" / "samples")
            assert done.returncode == 0, done.stderr
        yield opened


class Terminal:
    """A shell without anything of ours: its path leads to Temporal's command, and nowhere else."""

    def __init__(self, house: House, folder: Path) -> None:
        tools = folder / "tools"
        tools.mkdir(exist_ok=True)
        if not (tools / "temporal").exists():
            (tools / "temporal").symlink_to(temporal_binary())
        self.folder = folder
        self.environment = {
            "PATH": f"{tools}:/usr/bin:/bin",
            "HOME": str(folder),
            "TEMPORAL_ADDRESS": house.server,
        }

    def run(self, script: str) -> str:
        """Run a block of lines and return what it printed."""
        done = subprocess.run(
            ["sh", "-e", "-c", script],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def blocks(document: Path) -> list[str]:
    """Return the shell blocks of a document."""
    return re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)


def rests(house: House, number: str, stage: str) -> bool:
    """Whether a deal is on record in a stage."""
    return any(row.stage == stage for row in house.rows(DealRow, number=number))


def asked(house: House, number: str) -> Path:
    """Wait for the mail that asks for the approval of a deal."""
    found: list[Path] = wait_until(
        lambda: list(house.mails.glob(f"{number}_approval*")), f"the mail\n{house.logged()}"
    )
    return found[0]


def test_the_readme_gives_these_lines() -> None:
    """What is tested here is what a newcomer reads there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert len(blocks(LINES)) == 4
    assert [lines for lines in blocks(LINES) if lines not in readme] == []


def test_a_deal_is_started_approved_and_queried_without_our_code(
    house: House, folder: Path
) -> None:
    """Full lines given in the README work as they stand."""
    start, waiting, approve, query = blocks(LINES)
    terminal = Terminal(house, folder)

    terminal.run(start)
    wait_until(lambda: "deal-5001" in terminal.run(waiting), "deal-5001 among those that wait")
    asked(house, "5001")
    terminal.run(approve)
    wait_until(lambda: rests(house, "5001", "accept"), "the stage `accept`")
    answer = terminal.run(query)

    assert '"number":"5001"' in answer.replace(" ", "")
    assert '"stage":"accept"' in answer.replace(" ", "")
    [decision] = house.rows(DecisionRow, deal="5001")
    assert (decision.person, decision.accepted) == ("mia", True)
    assert (decision.channel, decision.assurance) == ("temporal", "verified")


def test_a_line_from_the_mail_counts_once_and_a_forged_one_never(
    house: House, folder: Path
) -> None:
    """Whoever reaches the port can signal, so the token decides (architecture, Who is asking?)."""
    start, *_ = blocks(LINES)
    terminal = Terminal(house, folder)
    terminal.run(start.replace("5001", "5002"))
    text = asked(house, "5002").read_text(encoding="utf-8")
    [line] = re.findall(r"^ +(temporal .* --name approve .*)$", text, re.MULTILINE)
    token = re.search(r'"token": "([^"]+)"', line)
    assert token is not None

    terminal.run(line.replace(token[1], "x" * 32).replace("approve-", "forged-"))
    wait_until(lambda: house.rows(DecisionRow, deal="5002"), "the refusal")
    terminal.run(f"{line}\n{line}")
    wait_until(lambda: rests(house, "5002", "accept"), "the stage `accept`")

    refused, accepted = house.rows(DecisionRow, deal="5002")
    assert (refused.accepted, accepted.accepted) == (False, True)
    assert refused.refused_because.startswith("The token does not fit")
