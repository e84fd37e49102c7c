"""The rules of the house that a machine can check."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("models", "activities", "workflows", "workers", "starter")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAY_ROUND = ROOT / "models" / "money.py"
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler"}
MOST_FUNCTION_LINES = 50
MOST_MODULE_LINES = 600

# One import that must not exist, for every contract and every direction it forbids.
PLANTED = (
    ("rooms", "models/money.py", "import workers.settings"),
    ("rooms", "activities/planted.py", "import workflows"),
    ("rooms", "workflows/planted.py", "import workers.settings"),
    ("rooms", "workers/planted.py", "import starter"),
    ("models-pure", "models/money.py", "import temporalio"),
    ("models-pure", "models/money.py", "import sqlmodel"),
    ("tables-hidden", "models/money.py", "import models.tables"),
    ("tables-hidden", "workflows/planted.py", "import models.tables"),
    ("adapters-hidden", "activities/planted.py", "import activities.adapters.books"),
    ("adapters-hidden", "workflows/planted.py", "import activities.adapters.books"),
    ("workflows-pure", "workflows/planted.py", "import httpx"),
    ("workflows-pure", "workflows/planted.py", "import random"),
)


def _modules(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def _names(*rooms: str) -> dict[str, Path]:
    return {str(path.relative_to(ROOT)): path for path in _modules(*rooms)}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _called(tree: ast.Module) -> Iterator[ast.expr]:
    return (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))


def every_module(*rooms: str) -> pytest.MarkDecorator:
    """Run the test once for each module of these rooms, under the module's name."""
    found = _names(*rooms)
    return pytest.mark.parametrize("path", found.values(), ids=found.keys())


# Import directions


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the rooms to plant violations in."""
    place = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(
            ROOT / room, place / room, ignore=shutil.ignore_patterns("__pycache__", "*.ttf")
        )
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def _lint(place: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [word for each in contracts for word in ("--contract", each)]
    program = str(Path(sys.executable).parent / "lint-imports")
    return subprocess.run(
        [program, "--no-cache", "--config", "pyproject.toml", *chosen],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_goes_the_right_way(copy: Path) -> None:
    """What is true knows nothing of how it is stored, ordered, wired or shown."""
    done = _lint(copy)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(("contract", "where", "line"), PLANTED)
def test_every_contract_notices_a_violation(
    copy: Path, contract: str, where: str, line: str
) -> None:
    """A contract that cannot fail protects nothing."""
    file = copy / where
    before = file.read_text() if file.exists() else None
    file.write_text(f"{before or ''}\n{line}\n")

    done = _lint(copy, contract)

    if before is None:
        file.unlink()
    else:
        file.write_text(before)
    importer = where.removesuffix(".py").replace("/", ".")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{importer} -> {line.removeprefix('import ')}" in done.stdout


def test_no_contract_goes_unproved() -> None:
    """Whoever adds a contract plants a violation of it."""
    contracts = {each["id"] for each in PROJECT["tool"]["importlinter"]["contracts"]}

    assert contracts == {contract for contract, _, _ in PLANTED}


# Rules of money and time


def _rounding(tree: ast.Module) -> set[str]:
    """Return the ways to round that a module calls or imports."""
    called = {getattr(func, "attr", getattr(func, "id", "")) for func in _called(tree)}
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "decimal"
        for alias in node.names
        if alias.name.startswith("ROUND_")
    }
    return called & {"round", "quantize", "to_integral_value"} | imported


@every_module(*ROOMS)
def test_only_money_rounds(path: Path) -> None:
    """One rounding rule in one place; elsewhere shares are allotted to the last cent."""
    assert path == MAY_ROUND or not _rounding(_tree(path))


@pytest.mark.parametrize(
    "code",
    ["round(x, 2)", "x.quantize(y)", "x.to_integral_value()", "from decimal import ROUND_UP"],
)
def test_rounding_is_noticed(code: str) -> None:
    """The rule above must be able to fail."""
    assert _rounding(ast.parse(code))


CLOCKS = re.compile(
    r"(datetime\.)?(datetime\.(now|utcnow|today)|date\.today|time\.\w+|random\.\w+|secrets\.\w+|"
    r"uuid\.uuid[14]|uuid[14]|os\.urandom)"
)


def _clocks(tree: ast.Module) -> list[str]:
    """Return the calls by which a module would ask the clock or throw dice."""
    calls = (ast.unparse(func) for func in _called(tree))
    return [call for call in calls if CLOCKS.fullmatch(call)]


@every_module("models")
def test_models_ask_no_clock_and_throw_no_dice(path: Path) -> None:
    """The same arguments give the same answer in a replay ten years later."""
    assert _clocks(_tree(path)) == []


@pytest.mark.parametrize(
    "code",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "datetime.date.today()",
        "time.time()",
        "random.choice(x)",
        "uuid4()",
        "uuid.uuid4()",
        "secrets.token_hex()",
    ],
)
def test_a_clock_is_noticed(code: str) -> None:
    """The rule above must be able to fail."""
    assert _clocks(ast.parse(code))


# Rules of size and names


def _long_functions(tree: ast.Module) -> list[str]:
    """Return the functions whose body, docstring included, is too long; parameters do not count."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, functions)
        and (node.end_lineno or 0) - node.body[0].lineno + 1 > MOST_FUNCTION_LINES
    ]


@every_module(*ROOMS)
def test_functions_and_modules_stay_short(path: Path) -> None:
    """Fifty lines and six hundred lines are where reading ends and searching begins."""
    if path.parent.name == "versions":
        return  # a migration is a list of what changed, in one function by Alembic's rules
    assert len(path.read_text().splitlines()) <= MOST_MODULE_LINES
    assert _long_functions(_tree(path)) == []


def test_a_long_function_is_noticed() -> None:
    """The rule above must be able to fail."""
    body = "\n".join(["    x = 1"] * (MOST_FUNCTION_LINES + 1))

    assert _long_functions(ast.parse(f"def long():\n{body}\n")) == ["long"]


@every_module(*ROOMS)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """A room without a sign on its door is entered by everybody with everything."""
    docstring = ast.get_docstring(_tree(path))

    assert docstring
    assert docstring.splitlines()[0].endswith((".", ":"))


@every_module(*ROOMS, "tests")
def test_no_module_is_named_after_nothing(path: Path) -> None:
    """`utils` is where code goes whose concept nobody named."""
    words = {path.stem, *path.parent.relative_to(ROOT).parts}

    assert not words & BANNED_NAMES


def test_every_folder_of_code_is_a_package_with_a_sign() -> None:
    """A folder without `__init__.py` is found by some tools and missed by others."""
    folders = {path.parent for path in _modules(*ROOMS)}

    assert [
        str(f.relative_to(ROOT)) for f in sorted(folders) if not (f / "__init__.py").exists()
    ] == []


# Rules of Temporal

NAMED = {
    "workflow.defn",
    "activity.defn",
    "workflow.signal",
    "workflow.update",
    "workflow.query",
}


def _unnamed(tree: ast.Module) -> list[str]:
    """Return what Temporal would know by its Python name only."""
    found = []
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", []):
            call = decorator if isinstance(decorator, ast.Call) else None
            if ast.unparse(call.func if call else decorator) not in NAMED:
                continue
            keywords = {keyword.arg for keyword in call.keywords} if call else set()
            if not keywords & {"name", "dynamic"}:
                found.append(getattr(node, "name", "?"))
    return found


@every_module("activities", "workflows")
def test_everything_in_a_history_has_a_name_of_its_own(path: Path) -> None:
    """A renamed method must not orphan the deals that wait for it."""
    assert _unnamed(_tree(path)) == []


def test_a_missing_name_is_noticed() -> None:
    """The rule above must be able to fail."""
    code = """
@workflow.defn
class A:
    @workflow.signal()
    def b(self): ...
    @workflow.query(name="c")
    def c(self): ...
    @workflow.signal(dynamic=True)
    def d(self): ...
@activity.defn(no_thread_cancel_exception=True)
def e(): ...
"""

    assert sorted(_unnamed(ast.parse(code))) == ["A", "b", "e"]


def _interruptible(tree: ast.AST) -> Iterator[str]:
    """Yield activities into whose thread a cancellation would be thrown, at any line of theirs."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        for call in node.decorator_list:
            declared = isinstance(call, ast.Call) and ast.unparse(call.func) == "activity.defn"
            named = {one.arg for one in call.keywords} if isinstance(call, ast.Call) else set()
            if declared and "no_thread_cancel_exception" not in named:
                yield node.name


def test_no_activity_is_interrupted_between_two_lines() -> None:
    """A worker that stops lets the transaction in hand end, so nothing is half done or unclear."""
    sources = [*(ROOT / "activities").glob("*.py")]
    found = {path.name: list(_interruptible(ast.parse(path.read_text()))) for path in sources}

    assert {name: each for name, each in found.items() if each} == {}
    assert list(_interruptible(ast.parse("@activity.defn(name='a')\ndef a(): ..."))) == ["a"]


# Rules of the distribution


def _tracked() -> list[Path]:
    """Return every file that is or would be committed."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return [p for p in ROOT.rglob("*") if p.is_file() and ".venv" not in p.parts]
    names = sorted(set(done.stdout.split("\0")) - {""})
    return [ROOT / name for name in names if (ROOT / name).is_file()]


# Written in pieces, or this file would break its own rule.
PRIVATE = re.compile(
    "|".join(
        (
            r"(?<![\w.$}])/" + r"(root|Users)/\w",
            r"(?<![\w.$}])/" + r"work/(main|shared)",
            r"/opt/" + r"pypi",
            r"py" + r"pi\.org",
            r"python" + r"hosted",
            r"(extra-)?index-" + r"url\s*[=:]",
        )
    )
)


def test_no_file_names_a_machine_or_a_registry() -> None:
    """Somebody's path or mirror works for one person only."""
    offenders = {}
    for path in _tracked():
        text = path.read_bytes()
        if b"\0" in text:
            continue
        found = PRIVATE.search(text.decode(errors="replace"))
        if found:
            offenders[str(path.relative_to(ROOT))] = found.group()

    assert offenders == {}


@pytest.mark.parametrize("text", ["see /" + "root/x", "cd /" + "work/main", "py" + "pi.org/simple"])
def test_a_private_path_is_noticed(text: str) -> None:
    """The rule above must be able to fail."""
    assert PRIVATE.search(text)


def test_no_environment_or_data_folder_is_tracked() -> None:
    """What can be made again, and what belongs to one person, stays out."""
    parts = {part for path in _tracked() for part in path.relative_to(ROOT).parts}

    assert not parts & {".venv", ".q2c", "__pycache__", ".env", ".mypy_cache", ".ruff_cache"}


def _imported(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {*ROOMS, "tests"}


def _plain(requirement: str) -> str:
    return re.split(r"[\s\[<>=;~!]", requirement)[0].lower().replace("_", "-")


def _undeclared(names: set[str], declared: list[str]) -> list[str]:
    known = {_plain(each) for each in declared}
    distributions = importlib.metadata.packages_distributions()
    return sorted(
        name
        for name in names
        if not {_plain(each) for each in distributions.get(name, [name])} & known
    )


def test_every_library_we_import_is_declared() -> None:
    """What comes along with something else today may be gone tomorrow."""
    declared = PROJECT["project"]["dependencies"]
    for_tests = PROJECT["project"]["optional-dependencies"]["dev"]
    rooms = set().union(*(_imported(_tree(path)) for path in _modules(*ROOMS)))
    tests = set().union(*(_imported(_tree(path)) for path in _modules("tests")))
    own = {path.stem for path in _modules("tests")} | {p.name for p in (ROOT / "tests").iterdir()}

    assert _undeclared(rooms, declared) == []
    assert _undeclared(tests - own, declared + for_tests) == []


def test_every_declared_library_is_locked() -> None:
    """A forgotten `make lock` would show only on a fresh machine."""
    project = PROJECT["project"]
    declared = project["dependencies"] + project["optional-dependencies"]["dev"]
    lock = (ROOT / "requirements.lock").read_text()
    locked = {_plain(line) for line in re.findall(r"^\w\S*", lock, re.MULTILINE)}

    assert {_plain(each) for each in declared} - locked == set()


def test_the_scripts_can_be_run() -> None:
    """A lost executable bit stops continuous integration before it starts."""
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_folder_with_tests_is_run() -> None:
    """They are listed in an order, so a new one must be listed too."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = settings["tool"]["pytest"]["ini_options"]["testpaths"]
    found = {f"tests/{path.parent.name}" for path in (ROOT / "tests").glob("*/test_*.py")}

    assert found == set(listed)
