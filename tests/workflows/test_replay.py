"""What older releases left running must go on under this one: histories, states, commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.deal import SCHEMA_VERSION, DealInput, DealState, upcast
from tests.workflows.fingerprints import BASELINE, ROOT, fingerprints
from tests.workflows.record import HISTORIES, STATES, release

ALL = sorted(HISTORIES.glob("*/*.json"))

LESSON = """
The commands of {names} changed: {changes}
Deals that are running now replay their history with this code; where it issues other commands, or
in another order, they stop with a nondeterminism error until the change is undone.
1. Guard the change, so that old runs keep the old path:
       if workflow.patched("what-changed"):
           ...the new commands...
       else:
           ...the old ones...
2. Keep `tests/histories/<release>/` of every release that is out; `make test` replays them.
3. When the replays pass, write down the new commands: python -m tests.workflows.record
(Moving a call between functions changes only this list, not the history: then step 3 is enough.)
"""


def _replay(paths: list[Path], seed: str) -> dict[str, str]:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.workflows.replay", *map(str, paths)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    failures: dict[str, str] = json.loads(ran.stdout.splitlines()[-1])
    return failures


def test_every_recorded_history_replays_under_another_hash_seed() -> None:
    """Set order and string hashes differ between processes, so they must decide nothing."""
    assert {path.parent.name for path in ALL} >= {release()}

    assert _replay(ALL, seed="4711") == {}


def test_a_history_with_another_command_does_not_replay(tmp_path: Path) -> None:
    """The check has teeth: one activity under another name is noticed."""
    changed = tmp_path / "changed.json"
    first = next(path for path in ALL if path.name.startswith("deal-sold"))
    changed.write_text(first.read_text().replace("draw_up_contract", "draw_up_something"))

    assert "changed.json" in _replay([changed], seed="1")


def _lost(older: object, newer: object, place: str = "") -> list[str]:
    """Return where a newer state says something else; fields added since may be there besides."""
    if isinstance(older, dict) and isinstance(newer, dict):
        return [
            lost
            for key, value in older.items()
            for lost in _lost(value, newer.get(key), f"{place}.{key}")
        ]
    if isinstance(older, list) and isinstance(newer, list) and len(older) == len(newer):
        pairs = enumerate(zip(older, newer, strict=True))
        return [lost for at, (old, new) in pairs for lost in _lost(old, new, f"{place}[{at}]")]
    return [] if older == newer else [place]


@pytest.mark.parametrize("path", sorted(STATES.glob("*.json")), ids=lambda path: path.stem)
def test_states_of_every_release_are_read_and_brought_up_to_date(path: Path) -> None:
    """A state carried by an older release starts a run of this one, with nothing lost."""
    for workflow_id, carried in json.loads(path.read_text()).items():
        newer = {**carried, "a_field_of_the_future": 1}
        start = DealInput.model_validate({"number": carried["number"], "carried": newer})

        assert start.problems == ()
        assert start.carried is not None
        state = upcast(start.carried)
        assert state.schema_version == SCHEMA_VERSION
        assert f"deal-{state.number}" == workflow_id
        kept = json.loads(state.model_dump_json())
        carried.pop("schema_version")
        assert _lost(carried, kept) == []


def test_an_empty_state_is_the_first_release_before_anything_happened() -> None:
    """Every field has a default, so that the oldest state can be read for ever."""
    assert DealState.model_validate({}).number == ""


def test_no_workflow_issues_other_commands_than_were_written_down() -> None:
    """Replays prove only what was recorded; this notices every change, and says what to do."""
    known, now = json.loads(BASELINE.read_text()), fingerprints()

    changed = {
        f"{workflow} {function}"
        for workflow in {*known, *now}
        for function in {*known.get(workflow, {}), *now.get(workflow, {})}
        if known.get(workflow, {}).get(function) != now.get(workflow, {}).get(function)
    }
    names = sorted({name.split()[0] for name in changed})
    assert not changed, LESSON.format(names=", ".join(names), changes="; ".join(sorted(changed)))


def test_the_commands_of_the_longest_workflow_are_seen() -> None:
    """The reader of the source finds the calls of stages, desk and showcase alike."""
    deal = fingerprints()["DealWorkflow"]

    assert deal["workflows.stages.pricing:price"] == ["desk.do(PRICE_QUOTE)"]
    assert "workflow.upsert_search_attributes()" in deal["workflows.visibility:Showcase.show"]
    assert any("continue_as_new" in call for call in deal["workflows.desk:Desk._continue_as_new"])
    assert any("timeout" in call for call in deal["workflows.desk:Desk._rest"])
