"""The published cases are met, and the runner tells the truth about them."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests import shared_data
from tests.oracles.cases import read_cases
from tests.oracles.comparison import OpenEnded, agrees
from tests.oracles.runner import main, run
from tests.shared_data import shared

RIGHT: dict[str, Any] = {
    "id": "right",
    "kind": "allocate",
    "inputs": {"total_minor": 5, "weights": ["3", "7"], "strategy": "largest_remainder"},
    "expected": {"shares_minor": [2, 3]},
}
WRONG = {**RIGHT, "id": "wrong", "expected": {"shares_minor": [3, 2]}}
UNKNOWN = {"id": "moon", "kind": "lunar_phase", "inputs": {}, "expected": {"phase": "full"}}
HABIT = {"id": "blocks", "kind": "block_tiers", "inputs": {}, "expected": {"amount": "1"}}
FOREIGN = {**RIGHT, "id": "lottery", "inputs": {**RIGHT["inputs"], "strategy": "lottery"}}
BROKEN = {**RIGHT, "id": "broken", "inputs": {}}

WriteCases = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> WriteCases:
    """A way to write a file of cases and get its path."""

    def write_cases(*cases: dict[str, Any], schema: str = "q2c-oracle/1") -> str:
        path = tmp_path / "cases.json"
        path.write_text(json.dumps({"schema": schema, "topic": "t", "cases": cases}))
        return str(path)

    return write_cases


@pytest.mark.parametrize(
    "name", ["invoicing", "money", "payment_terms", "proration", "tax", "tiers"]
)
def test_every_case_we_answer_is_answered_as_published(name: str) -> None:
    """Nobody here chose these figures."""
    outcome = run(read_cases(shared(f"oracles/{name}.json")))

    assert outcome.failures == ()
    assert outcome.passed > 0


@pytest.mark.parametrize("name", ["invoicing", "money", "tax"])
def test_no_case_is_skipped(name: str) -> None:
    """Shares, rounding, taxes and whole invoices are ours in every published form."""
    outcome = run(read_cases(shared(f"oracles/{name}.json")))

    assert (outcome.passed, outcome.skipped) == (outcome.total, 0)


def test_a_right_case_is_counted(write: WriteCases, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says it all."""
    path = write(RIGHT)

    assert main([path]) == 0
    assert capsys.readouterr().out == f"{path}: 1/1 (skipped 0)\n"


def test_a_wrong_expectation_is_reported(
    write: WriteCases, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its id, what was published and what we answered; the exit code says it too."""
    path = write(WRONG, RIGHT)

    assert main([path]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: 1/2 (skipped 0)",
        (
            '  failed wrong (allocate): expected {"shares_minor": [3, 2]}, '
            'got {"shares_minor": [2, 3]}'
        ),
    ]


def test_unknown_kinds_and_foreign_policies_are_skipped_with_their_reason(
    write: WriteCases, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not answered is neither passed nor failed."""
    path = write(UNKNOWN, HABIT, FOREIGN, UNKNOWN, RIGHT)

    assert main([path]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: 1/5 (skipped 4)",
        "  skipped kind lunar_phase (2): not built yet: lunar_phase",
        "  skipped kind block_tiers (1): a habit of Kill Bill: usage is priced in blocks",
        "  skipped lottery: strategy not offered: lottery",
    ]


def test_a_case_that_breaks_an_adapter_has_failed(
    write: WriteCases, capsys: pytest.CaptureFixture[str]
) -> None:
    """It does not stop the others, and it is not skipped."""
    path = write(BROKEN, RIGHT)

    assert main([path]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: 1/2 (skipped 0)",
        "  failed broken (allocate): expected {\"shares_minor\": [2, 3]}, got KeyError: 'strategy'",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "is no JSON: Expecting property name"),
        (b"\xff", "is no JSON: 'utf-8' codec can't decode"),
        (b"[]", "is not q2c-oracle/1: the file: "),
        (b'{"schema": "other/2", "cases": []}', "is not q2c-oracle/1: schema: "),
        (b'{"schema": "q2c-oracle/1"}', "is not q2c-oracle/1: cases: "),
        (
            b'{"schema": "q2c-oracle/1", "cases": [{"id": "a"}]}',
            "is not q2c-oracle/1: cases.0.kind: ",
        ),
    ],
)
def test_a_malformed_file_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, reason: str
) -> None:
    """A file that is not of the schema says nothing about our rules."""
    path = tmp_path / "cases.json"
    path.write_bytes(content)

    assert main([str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"{path} {reason}")
    assert printed.err.count("\n") == 1


def test_a_missing_file_does_not_hide_the_others(
    write: WriteCases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are run, and the exit code is that of the worst."""
    missing, path = str(tmp_path / "missing.json"), write(WRONG)

    assert main([missing, path]) == 2
    printed = capsys.readouterr()
    assert printed.err == f"{missing} cannot be read: No such file or directory\n"
    assert printed.out.startswith(f"{path}: 0/1 (skipped 0)\n")


def test_no_file_is_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty list of files must not look like success."""
    assert main([]) == 2
    assert capsys.readouterr().err == "usage: python -m tests.oracles FILE...\n"


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("7.690", Decimal("7.69")),
        (5, Decimal("5.00")),
        ("1/2", Fraction(1, 2)),
        ("0.733333333", Fraction(11, 15)),
        ("45.16129032258064", Fraction(1400, 31)),
        ("2026-02-28", date(2026, 2, 28)),
        ({"tax": "1.0"}, {"tax": Decimal(1), "extra": 1}),
        (["1", "2"], (Decimal(1), Decimal(2))),
        (["1", None], [Decimal(1), Decimal(5)]),
        (["1"], OpenEnded([Decimal(1), Decimal(2)])),
        ("31.2244", Fraction(6460 * 2000, 413779)),
        ({"error": "invalid_date_sequence"}, {"error": True}),
        ({"rate": None, "tax_total": "0.00"}, {"rate": Decimal(0), "tax_total": None}),
        (
            {"vat_breakdown": [{"rate": "7"}, {"rate": None}]},
            {"vat_breakdown": [{"rate": None}, {"rate": Decimal(7)}]},
        ),
        (None, None),
        (True, True),
    ],
)
def test_numbers_agree_as_numbers_and_only_published_keys_count(
    expected: object, got: object
) -> None:
    """However they are written; a long fraction may have been cut by its source."""
    assert agrees(expected, got)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("7.69", Decimal("7.70")),
        ("0.733333333", Decimal("0.733333334")),
        ("0.73", Fraction(11, 15)),
        ("2026-02-28", date(2026, 2, 27)),
        ({"tax": "1"}, {"base": Decimal(1)}),
        ({"rate": None}, {"rate": Decimal(7)}),
        ({"vat_breakdown": [{"rate": "7"}, {"rate": "7"}]}, {"vat_breakdown": [{"rate": "7"}]}),
        ({"vat_breakdown": [{"rate": "7"}]}, {"vat_breakdown": [{"rate": "8"}]}),
        ({"tax": "1"}, None),
        (["1", "2"], [Decimal(1)]),
        (["1"], Decimal(1)),
        (["1"], [Decimal(1), Decimal(2)]),
        (["2"], OpenEnded([Decimal(1), Decimal(2)])),
        (["1", "2", "3"], OpenEnded([Decimal(1), Decimal(2)])),
        ([], OpenEnded([Decimal(1)])),
        ({"error": True}, {"error": False}),
        (None, Decimal(0)),
        (1, True),
        (False, Decimal(0)),
        ("prospective", "separate_contract"),
    ],
)
def test_another_value_or_a_missing_one_does_not_agree(expected: object, got: object) -> None:
    """A runner that forgives is worth nothing."""
    assert not agrees(expected, got)


def test_absent_data_skips_here_and_fails_in_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plain clone has no published cases; where they must be, their absence is an error."""
    monkeypatch.setattr(shared_data, "SHARED", tmp_path)

    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"shared/oracles/money\.json is absent"):
        shared("oracles/money.json")

    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"shared/oracles/money\.json is absent"):
        shared("oracles/money.json")
