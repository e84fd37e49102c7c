"""Puts every case of a file to the adapter of its kind and reports what came out."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.oracles.adapters import ADAPTERS, NOT_OFFERED
from tests.oracles.adapters.contract import Answer, NotOfferedError
from tests.oracles.cases import Case, UnreadableFileError, read_cases
from tests.oracles.comparison import agrees

PASSED, FAILED, UNUSABLE = 0, 1, 2


class Outcome(NamedTuple):
    """What came of one file: how many cases agree, and a line for each that does not."""

    total: int
    failures: tuple[str, ...]
    skips: tuple[str, ...]
    skipped: int

    @property
    def passed(self) -> int:
        """How many cases were answered as published."""
        return self.total - len(self.failures) - self.skipped


def main(paths: Sequence[str]) -> int:
    """Run the files and print the report.

    Returns 0 if every case that was answered agrees, 1 if one does not, 2 if a file cannot be used
    (the others are run all the same).
    """
    if not paths:
        sys.stderr.write("usage: python -m tests.oracles FILE...\n")
        return UNUSABLE
    return max(_report(path) for path in paths)


def run(cases: Sequence[Case]) -> Outcome:
    """Answer the cases one by one; the adapter sees nothing of a case but its inputs."""
    failures: list[str] = []
    skipped_cases: list[str] = []
    skipped_kinds: Counter[str] = Counter()
    for case in cases:
        if case.kind not in ADAPTERS:
            skipped_kinds[case.kind] += 1
            continue
        try:
            answer = ADAPTERS[case.kind](case.inputs)
        except NotOfferedError as reason:
            skipped_cases.append(f"  skipped {case.id}: {reason}")
        except Exception as error:  # noqa: BLE001 - a case that breaks a rule of ours has failed
            failures.append(_failure(case, f"{type(error).__name__}: {error}"))
        else:
            if not agrees(case.expected, answer):
                failures.append(_failure(case, _shown(_published_part(case, answer))))
    kinds = [_skipped_kind(kind, count) for kind, count in skipped_kinds.items()]
    skipped = skipped_kinds.total() + len(skipped_cases)
    return Outcome(len(cases), tuple(failures), (*kinds, *skipped_cases), skipped)


def _report(path: str) -> int:
    try:
        outcome = run(read_cases(Path(path)))
    except UnreadableFileError as reason:
        sys.stderr.write(f"{path} {reason}\n")
        return UNUSABLE
    sys.stdout.writelines(f"{line}\n" for line in _lines(path, outcome))
    return FAILED if outcome.failures else PASSED


def _lines(path: str, outcome: Outcome) -> Iterator[str]:
    yield f"{path}: {outcome.passed}/{outcome.total} (skipped {outcome.skipped})"
    yield from outcome.failures
    yield from outcome.skips


def _skipped_kind(kind: str, count: int) -> str:
    reason = NOT_OFFERED.get(kind, f"not built yet: {kind}")
    return f"  skipped kind {kind} ({count}): {reason}"


def _failure(case: Case, got: str) -> str:
    return f"  failed {case.id} ({case.kind}): expected {_shown(case.expected)}, got {got}"


def _published_part(case: Case, answer: Answer) -> dict[str, object]:
    return {key: answer[key] for key in case.expected if key in answer}


def _shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
