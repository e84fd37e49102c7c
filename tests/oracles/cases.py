"""The schema `q2c-oracle/1`: a file of published cases, read and checked."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from models.value import Value


class Case(Value):
    """One published case: what is calculated, from what, and what comes out."""

    id: str
    kind: str
    inputs: dict[str, Any]
    expected: dict[str, Any]


class CaseFile(Value):
    """A file of cases; the other keys of the schema say where the figures are from."""

    version: Literal["q2c-oracle/1"] = Field(alias="schema")
    cases: tuple[Case, ...]


class UnreadableFileError(Exception):
    """A file that is missing, is no JSON, or is not of the schema; the message is one line."""


def read_cases(path: Path) -> tuple[Case, ...]:
    """Return the file's cases, with decimals kept exact.

    Raises `UnreadableFileError` with the fact and the place in the file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        return CaseFile.model_validate(content).cases
    except OSError as error:
        raise UnreadableFileError(f"cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise UnreadableFileError(f"is not q2c-oracle/1: {place}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(f"is no JSON: {error}") from error
