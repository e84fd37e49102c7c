"""Workers die by SIGKILL in the middle of a deal, and the books come out the same."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from temporalio.api.enums.v1 import EventType

from models.tables import ContractRow, InvoiceRow
from tests.stories.conftest import Calm
from tests.stories.deals import Deal
from tests.stories.evidence import assert_conserved, differences, evidence
from tests.stories.houses import House, connected, opened, until
from tests.stories.plot import NUMBER, play
from tests.stories.world import PUBLIC, furnish


class Strike(NamedTuple):
    """In which scene a worker is killed, as soon as `when` is true of the house."""

    scene: str
    when: Callable[[House], bool]
    role: str = "all"


def _at_once(_: House) -> bool:
    return True


def _is_concluded(house: House) -> bool:
    return bool(house.rows(ContractRow, term=1))


def _is_billed_in_february(house: House) -> bool:
    return any(row.issued_on >= date(2026, 2, 1) for row in house.rows(InvoiceRow))


def _is_march_mailed(house: House) -> bool:
    return any(house.mails.glob("*invoice_INV-TEST-1001-00004*"))


def _is_renewed(house: House) -> bool:
    return bool(house.rows(ContractRow, term=2))


# Each of the later ones strikes after an effect is in the world and before Temporal knows.
STRIKES = {
    "approval": Strike("approval", _at_once),
    "contract": Strike("contract", _is_concluded),
    "billing": Strike("billing", _is_billed_in_february),
    "mail": Strike("spring", _is_march_mailed),
    "renewal": Strike("renewal", _is_renewed),
}
SPLIT = (
    Strike("billing", _is_billed_in_february, "books"),
    Strike("spring", _is_march_mailed, "documents"),
)
ROLES = ("core", "books", "documents", "payments")


def striking(house: House, *strikes: Strike) -> Callable[[str], Awaitable[None]]:
    """Return what disturbs the plot: a worker dies and another one takes its place."""

    async def disturb(scene: str) -> None:
        for strike in strikes:
            if strike.scene == scene:
                await until(
                    lambda strike=strike: strike.when(house),  # type: ignore[misc]
                    lambda: f"the moment to strike in {scene}\n{house.logged()}",
                    pause=0.001,
                )
                house.kill(strike.role)

    return disturb


async def struck(
    server: str, home: Path, roles: tuple[str, ...], *strikes: Strike, **changed: Any
) -> House:
    """Play the whole plot with the strikes; return the closed house."""
    async with opened(
        home / "home", server, home.name, furnish, public_url=PUBLIC, **changed
    ) as house:
        for role in roles:
            house.run_worker(role)
        deal = Deal(house, await connected(house), NUMBER)
        await play(deal, striking(house, *strikes))
        assert await interruptions(deal) > 0, f"{home.name}: nobody was in the middle of anything"
        return house


async def interruptions(deal: Deal) -> int:
    """Count the traces of dead workers: tasks that timed out, activities begun again."""
    count = 0
    run = (await deal.handle.describe()).run_id
    while run:
        handle = deal.client.get_workflow_handle(deal.handle.id, run_id=run)
        run = ""
        async for event in handle.fetch_history_events():
            started = event.workflow_execution_started_event_attributes
            run = run or started.continued_execution_run_id
            lost = event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT
            again = event.activity_task_started_event_attributes.attempt > 1
            count += lost or again
    return count


@pytest.mark.timeout(240)
async def test_the_books_are_the_same_wherever_a_worker_was_killed(
    server: str, calm: Calm, tmp_path: Path
) -> None:
    """Killed at five different stages, once with split roles, once with a new run every cycle."""
    plays = {
        name: struck(server, tmp_path / name, ("all",), strike) for name, strike in STRIKES.items()
    }
    plays["split"] = struck(server, tmp_path / "split", ROLES, *SPLIT)
    plays["runs"] = struck(
        server, tmp_path / "runs", ("all",), STRIKES["billing"], continue_as_new_every=1
    )

    outcomes = await asyncio.gather(*plays.values(), return_exceptions=True)

    for name, outcome in zip(plays, outcomes, strict=True):
        assert isinstance(outcome, House), f"the story `{name}` broke off: {outcome!r}"
        assert differences(calm.evidence, evidence(outcome)) == [], name
        assert_conserved(outcome)


def test_the_undisturbed_story_conserves_every_amount(calm: Calm) -> None:
    """The measure all other runs are compared with must itself be right (semantics 20)."""
    assert_conserved(calm.house)


def test_the_undisturbed_story_is_worth_comparing(calm: Calm) -> None:
    """Equal books prove little if little is in them."""
    counted = {name: len(rows) for name, rows in calm.evidence.items()}

    assert counted["contract"] == 2
    assert counted["invoice"] == 9
    assert counted["payment"] == 3
    assert counted["reminder"] == 6
    assert counted["documents"] == counted["document"]
    assert counted["mails"] == counted["mail"]
