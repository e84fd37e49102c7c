"""What people write in files: YAML or JSON documents, and tables in CSV.

Dates and decimal numbers stay text, exactly as written, because the API reads both from text and a
binary fraction would change a price. Only `true` and `false` are truth values: `NO` is Norway.
"""

import csv
import io
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from models.errors import InvalidInputError, Problem

_MOST_BYTES = 20_000_000
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_TRUTH = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_NOTHING = re.compile(r"(?:~|null|Null|NULL|)\Z")
_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")


class _Core(yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    """Reads plain values by the core schema of YAML 1.2, numbers with a point as text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,
    ) -> dict[Hashable, Any]:
        """Refuse a key that is written twice, of which only the last would count."""
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else id(key_node)
            if key in seen:
                place = key_node.start_mark
                raise yaml.constructor.ConstructorError(None, None, f"{key} is there twice", place)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_Core.add_implicit_resolver("tag:yaml.org,2002:bool", _TRUTH, list("tTfF"))
_Core.add_implicit_resolver("tag:yaml.org,2002:int", _WHOLE, list("-+0123456789"))
_Core.add_implicit_resolver("tag:yaml.org,2002:null", _NOTHING, ["~", "n", "N", ""])
_Core.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), ["<"])


class _Exact(_Core, yaml.SafeLoader):
    """Tells exactly where a text goes wrong."""


class _Fast(_Core, yaml.CSafeLoader):
    """Is six times as fast, but vague about what is wrong."""


def _parsed(text: str) -> list[Any]:
    try:
        return list(yaml.load_all(text, Loader=_Fast))
    except yaml.YAMLError:
        return list(yaml.load_all(text, Loader=_Exact))


def read_documents(file: Path) -> list[Any]:
    """Return every document of a YAML or JSON file; a list at the top counts as its entries.

    Raises `InvalidInputError` for a file that is absent, empty, too large or not readable.
    """
    text = text_of(file)
    try:
        documents = [each for each in _parsed(text) if each is not None]
    except yaml.YAMLError as error:
        raise InvalidInputError([_syntax(file, error)]) from error
    except (RecursionError, ValueError) as error:
        raise InvalidInputError([_problem(file, f"cannot be read ({error})")]) from error
    entries = [
        entry
        for document in documents
        for entry in (document if isinstance(document, list) else [document])
    ]
    if not entries:
        raise InvalidInputError([_problem(file, "is empty", "write at least one document")])
    return entries


def read_document(file: Path) -> Any:
    """Return the only document of a file; raises `InvalidInputError` if there are several."""
    entries = read_documents(file)
    if len(entries) > 1:
        raise InvalidInputError(
            [_problem(file, f"holds {len(entries)} entries", "write one to a file")]
        )
    return entries[0]


def read_rows(file: Path, whole: frozenset[str] = frozenset()) -> list[tuple[str, Any]]:
    """Return the entries of a YAML list or CSV table, each with its place: `row 3`, `entry 2`.

    The heading of a CSV column is the path of a field: `bill_to.city`, `contacts[0].email`. A cell
    left empty counts as not written, one in a `whole` column as a whole number where it is one.
    Rows are numbered as a spreadsheet does, the heading first.
    """
    if file.suffix.lower() != ".csv":
        documents = read_documents(file)
        return [(f"entry {index}", each) for index, each in enumerate(documents, start=1)]
    rows = list(_table(file, whole))
    if not rows:
        raise InvalidInputError([_problem(file, "has no rows", "write a heading and a row")])
    return rows


def _table(file: Path, whole: frozenset[str]) -> Iterator[tuple[str, Any]]:
    text = text_of(file)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        heading = [name.strip() for name in next(reader, [])]
        _require_heading(file, heading)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                entry = _entry(file, heading, cells, reader.line_num)
                yield f"row {reader.line_num}", _counted(entry, whole)
    except csv.Error as error:
        raise InvalidInputError([_problem(file, f"row {reader.line_num}: {error}")]) from error


def _counted(entry: dict[str, Any], whole: frozenset[str]) -> dict[str, Any]:
    return {
        name: int(value) if name in whole and _WHOLE.match(str(value)) else value
        for name, value in entry.items()
    }


def _require_heading(file: Path, heading: Sequence[str]) -> None:
    twice = sorted({name for name in heading if heading.count(name) > 1})
    wrong = [
        name
        for name in heading
        if "".join(m[0] for m in _STEP.finditer(name)) not in (name, name.replace(".", ""))
    ]
    problems = [_problem(file, f"has the column {name or '(unnamed)'} twice") for name in twice]
    problems += [_problem(file, f"has a column that is no field: {name}") for name in wrong]
    if problems:
        raise InvalidInputError(problems)


def _entry(file: Path, heading: Sequence[str], cells: Sequence[str], row: int) -> dict[str, Any]:
    if len(cells) > len(heading):
        reason = f"row {row} has {len(cells)} cells under {len(heading)} headings"
        remedy = "put text that holds the separator in quotes"
        raise InvalidInputError([_problem(file, reason, remedy)])
    entry: dict[str, Any] = {}
    for name, cell in zip(heading, cells, strict=False):
        if cell.strip():
            _put(entry, _steps(name), cell.strip())
    dense: dict[str, Any] = _dense(entry)
    return dense


def _steps(name: str) -> list[str | int]:
    return [int(match[2]) if match[2] else match[1] for match in _STEP.finditer(name)]


def _put(entry: dict[Any, Any], steps: Sequence[str | int], value: str) -> None:
    """Write a value at its path; places in a list are kept as numbers until all are there."""
    for step in steps[:-1]:
        inner = entry.setdefault(step, {})
        entry = inner if isinstance(inner, dict) else entry
    entry[steps[-1]] = value


def _dense(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [_dense(value[key]) for key in sorted(value)]
    return {str(key): _dense(each) for key, each in value.items()}


def text_of(file: Path) -> str:
    """Return what a file says; raises `InvalidInputError` if it is absent, too large or no text."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise InvalidInputError([_problem(file, "is larger than 20 MB", "split it")])
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        problem = _problem(file, "is not UTF-8 text", "save it as UTF-8")
        raise InvalidInputError([problem]) from error
    except OSError as error:
        reason = f"cannot be read ({error.strerror or error})"
        raise InvalidInputError([_problem(file, reason, "check the path")]) from error


def _syntax(file: Path, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return _problem(file, f"{where}{what}", "correct the YAML or JSON there")


def _problem(file: Path, reason: str, remedy: str = "") -> Problem:
    return Problem(field=str(file), reason=reason, remedy=remedy)


def as_yaml(document: Mapping[str, Any]) -> str:
    """Write a document as YAML in the order given; numbers that are text stay in quotes."""
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=100)
