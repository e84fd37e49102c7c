"""Every call in the workflows that issues a command, read from the source, by workflow class."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ROOT / "workflows"
BASELINE = Path(__file__).with_name("fingerprints.json")

Fingerprints = dict[str, dict[str, list[str]]]

COMMANDS = {
    "execute_activity": 1,
    "execute_local_activity": 1,
    "start_activity": 1,
    "start_local_activity": 1,
    "execute_child_workflow": 1,
    "start_child_workflow": 1,
    "attempt": 1,
    "do": 1,
    "signal": 1,
    "patched": 1,
    "deprecate_patch": 1,
    "wait_condition": 0,
    "sleep": 0,
    "upsert_search_attributes": 0,
    "upsert_memo": 0,
    "continue_as_new": 0,
}
"""Calls that put something into the history, and how many of their arguments say what."""


def fingerprints() -> Fingerprints:
    """Return for every workflow class the calls of each function it may reach, in source order."""
    found: Fingerprints = {}
    for path in sorted(ROOMS.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and _is_workflow(node):
                found[node.name] = _calls_from(path)
    return found


def _is_workflow(node: ast.ClassDef) -> bool:
    return any("workflow.defn" in ast.unparse(one) for one in node.decorator_list)


def _calls_from(start: Path) -> dict[str, list[str]]:
    """Return the calls of a module and of every module of the workflows it imports."""
    calls: dict[str, list[str]] = {}
    seen: set[Path] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        tree = ast.parse(path.read_text())
        calls |= _calls_in(path, tree)
        waiting += _imports(tree)
    return dict(sorted(calls.items()))


def _imports(tree: ast.Module) -> Iterator[Path]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("workflows"):
            continue
        package = ROOT / Path(*(node.module or "").split("."))
        candidates = [package, *(package / name.name for name in node.names)]
        yield from (one.with_suffix(".py") for one in candidates if one.with_suffix(".py").exists())


def _calls_in(path: Path, tree: ast.Module) -> dict[str, list[str]]:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    found: dict[str, list[str]] = {}
    for name, function in _functions(tree):
        calls = [_shown(call) for call in _ordered_calls(function)]
        if calls:
            found[f"{module}:{name}"] = calls
    return found


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield f"{node.name}.{inner.name}", inner


def _ordered_calls(function: ast.AST) -> list[ast.Call]:
    body = getattr(function, "body", [])
    calls = [
        node
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in COMMANDS
    ]
    return sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def _shown(call: ast.Call) -> str:
    """Say what a call does: its name, what it is about, and whether it may end by a timer."""
    name = ast.unparse(call.func)
    about = [ast.unparse(one) for one in call.args[: COMMANDS[name.rpartition(".")[2]]]]
    timed = [one.arg for one in call.keywords if one.arg == "timeout"]
    return f"{name}({', '.join(about + [f'{arg}=...' for arg in timed if arg])})"
