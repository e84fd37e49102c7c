"""The documents say what is there: every path, command, setting and link in them exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from starter.cli.app import app
from workers.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
GUIDES = ("README.md", "CONTRIBUTING.md", "docs/tour.md", "docs/operations.md", "docs/metrics.md")
DOCUMENTS = sorted(
    path for folder in (ROOT, ROOT / "docs", ROOT / "docs" / "adr") for path in folder.glob("*.md")
)
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
TEMPORAL_STORY = ROOT / "tests" / "stories" / "temporal_only.md"
FOLDERS = ("models", "activities", "workflows", "workers", "starter", "tests", "docs", ".ci")
PARTS = ("Context", "Decision", "Consequences", "Alternatives")

_BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_PATH = re.compile(rf"(?:{'|'.join(map(re.escape, FOLDERS))})(?:/[\w.*-]+)+/?")


def _read(name: str) -> str:
    return (ROOT / name).read_text()


def _prose(text: str) -> str:
    return _BLOCK.sub("", text)


def _console(text: str) -> Iterator[str]:
    """Yield the command lines of a document's console blocks, continued lines joined."""
    for block in _BLOCK.finditer(text):
        if block["kind"] == "console":
            joined = re.sub(r"\\\n\s*", "", block["text"])
            yield from (line[2:] for line in joined.splitlines() if line.startswith("$ "))


def _shell(text: str) -> list[str]:
    """Return the shell blocks of a document."""
    return [block["text"] for block in _BLOCK.finditer(text) if block["kind"] == "sh"]


def _commands(text: str, program: str) -> list[list[str]]:
    """Return the words after a program's name, in blocks and in spans of code."""
    lines = [*_console(text), *_SPAN.findall(_prose(text))]
    found = []
    for line in lines:
        words = shlex.split(line, comments=True, posix=True) if program in line else []
        while words and "=" in words[0]:
            words = words[1:]
        if words[:1] == [program]:
            found.append(words[1:])
    return found


def _named_paths(text: str) -> list[str]:
    return [span for span in _SPAN.findall(text) if _PATH.fullmatch(span)]


def _missing(command: Any, words: list[str]) -> str:
    """Return the first word a command does not know, or an empty text."""
    place, rest = command, list(words)
    while rest:
        word = rest.pop(0)
        options = {name: each for each in place.params for name in each.opts}
        if word.startswith("--"):
            option = options.get(word.partition("=")[0])
            if option is None and word not in ("--help", "--as", "--key", "--token"):
                return word
            takes_value = option is None or not getattr(option, "is_flag", False)
            rest = rest[1:] if takes_value and rest and word != "--help" else rest
        elif hasattr(place, "commands"):
            if word not in place.commands:
                return word
            place = place.commands[word]
    return ""


@pytest.mark.parametrize("name", GUIDES)
def test_every_path_exists(name: str) -> None:
    """A reader who is sent to a file that was moved stops reading."""
    named = _named_paths(_read(name))

    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


def test_a_missing_path_is_noticed() -> None:
    """The rule above must be able to fail."""
    assert _named_paths("see `models/money.py` and `models/nowhere.py`, not `a/b`") == [
        "models/money.py",
        "models/nowhere.py",
    ]


@pytest.mark.parametrize("name", [*GUIDES, "CHANGELOG.md", "docs/cli.md", "docs/simulate.md"])
def test_every_q2c_command_exists(name: str) -> None:
    """A command that is not there, typed at three in the morning, costs trust."""
    tree = typer.main.get_command(app)
    wrong = {
        " ".join(words): word
        for words in _commands(_read(name), "q2c")
        if (word := _missing(tree, words))
    }

    assert wrong == {}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("q2c deal show 1001", ""),
        ("q2c --as sam deal list --on-hold", ""),
        ("Q2C_HOME=/x q2c up", ""),
        ("q2c deal vanish 1001", "vanish"),
        ("q2c deal retry 1001 --gently", "--gently"),
    ],
)
def test_a_wrong_command_is_noticed(line: str, word: str) -> None:
    """The rule above must be able to fail."""
    (words,) = _commands(f"`{line}`", "q2c")

    assert _missing(typer.main.get_command(app), words) == word


@pytest.mark.parametrize("name", GUIDES)
def test_every_make_target_exists(name: str) -> None:
    """The two commands of the README are the first thing anybody types."""
    targets = set(re.findall(r"^([a-z]+):", _read("Makefile"), re.MULTILINE))
    asked = {words[0] for words in _commands(_read(name), "make") if words}

    assert asked <= targets


def test_the_readme_names_every_make_target_it_promises() -> None:
    """The two commands that do all set-up stand where a newcomer looks first."""
    first = [words[0] for words in _commands(_read("README.md"), "make") if words]

    assert first[:2] == ["demo", "test"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    """Links between documents survive a move only if somebody looks."""
    targets = [link["target"] for link in _LINK.finditer(_prose(document.read_text()))]
    inside = [target.partition("#")[0] for target in targets if "://" not in target]

    assert [target for target in inside if not (document.parent / target).exists()] == []


def test_the_readme_lists_exactly_the_settings() -> None:
    """A setting nobody can find does not exist; one that is gone misleads."""
    listed = re.findall(rf"^\| `({PREFIX}\w+)` \|", _read("README.md"), re.MULTILINE)

    assert sorted(listed) == sorted(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)


@pytest.mark.parametrize(
    "name", ["api_host", "api_port", "temporal_port", "temporal_ui_port", "retention_days"]
)
def test_the_readme_gives_the_defaults(name: str) -> None:
    """Addresses in examples are only right with the defaults of the table."""
    row = f"| `{PREFIX}{name.upper()}` | `{Settings.model_fields[name].default}` |"

    assert row in _read("README.md")


def test_the_temporal_lines_are_those_that_are_run() -> None:
    """What needs no code of ours is shown exactly as the story runs it."""
    shown, run = _shell(_read("README.md")), _shell(TEMPORAL_STORY.read_text())

    assert len(run) >= 3
    assert shown == run


def test_the_tour_visits_every_stage() -> None:
    """The same stage words stand in every folder; the tour shows where."""
    tour = _read("docs/tour.md")
    stages = sorted(
        path.name
        for path in (ROOT / "workflows" / "stages").glob("*.py")
        if path.stem not in ("__init__", "operation", "closing", "recognition")
    )

    assert [stage for stage in stages if f"`workflows/stages/{stage}`" not in tour] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_has_its_four_parts(page: Path) -> None:
    """A decision without its alternatives is an order."""
    text = page.read_text()

    assert re.match(rf"# {int(page.name[:4])}\. \S", text)
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == PARTS


def test_decisions_are_numbered_without_gap() -> None:
    """A missing number is a decision somebody took back in silence."""
    numbers = [int(page.name[:4]) for page in DECISIONS]

    assert numbers == list(range(1, len(numbers) + 1))
