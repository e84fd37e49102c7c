"""The plot of the SIGKILL story: one whole deal, from the offer into its second term, in scenes.

Each scene sends the message that starts it and then waits until the deal rests again. In between
anything may happen to the processes that do the work.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import NamedTuple

from tests.stories.deals import Deal
from tests.stories.world import (
    APPROVER,
    BUYER,
    CUSTOMER_SIGNER,
    OUR_SIGNER,
    deal_file,
)

NUMBER = "1001"

Act = Callable[[Deal], Awaitable[None]]


class Scene(NamedTuple):
    """One step of the story: what people do, and when the deal has dealt with it."""

    name: str
    begin: Act
    end: Act


def _at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 20, tzinfo=UTC)


def _clock(name: str, moment: datetime) -> Scene:
    return Scene(name, lambda deal: deal.send_clock(moment), lambda deal: deal.clock(moment))


def _decision(name: str, command: str, person: str, stage: str) -> Scene:
    kind = {"accept_quote": "accept", "contract_signed": "sign"}[command]

    async def begin(deal: Deal) -> None:
        await deal.send(command, **deal.proof(kind, person))

    async def end(deal: Deal) -> None:
        await deal.accepted(deal.last)
        await deal.stage(stage)

    return Scene(name, begin, end)


def _approval(name: str, term: int, stage: str) -> Scene:
    async def begin(deal: Deal) -> None:
        await deal.send_approval(APPROVER, term)

    async def end(deal: Deal) -> None:
        await deal.accepted(deal.last)
        await deal.stage(stage)

    return Scene(name, begin, end)


def _payment(reference: str, day: date) -> Scene:
    async def begin(deal: Deal) -> None:
        await deal.send_payment(reference, sum(deal.open_invoices().values()), day)

    return Scene(reference, begin, lambda deal: deal.paid(reference))


async def _start(deal: Deal) -> None:
    await deal.start(deal_file(NUMBER, term_months=6))


async def _deliver(deal: Deal) -> None:
    await deal.send("delivery_confirmed", actor="olga")


async def _delivered(deal: Deal) -> None:
    await deal.accepted(deal.last)


PLOT = (
    Scene("offer", _start, lambda deal: deal.stage("approve")),
    _approval("approval", 1, "accept"),
    _decision("acceptance", "accept_quote", BUYER, "contract"),
    _decision("first signature", "contract_signed", CUSTOMER_SIGNER, "contract"),
    _decision("contract", "contract_signed", OUR_SIGNER, "live"),
    Scene("delivery", _deliver, _delivered),
    # January is not paid in time, so the customer is reminded twice.
    _clock("billing", _at(2, 5)),
    _payment("B-1", date(2026, 2, 5)),
    # On 2 April the next term is priced; its discount has to be approved again.
    _clock("spring", _at(4, 2)),
    _payment("B-2", date(2026, 4, 2)),
    _approval("renewal approval", 2, "live"),
    _clock("summer", _at(6, 2)),
    _payment("B-3", date(2026, 6, 2)),
    _clock("renewal", _at(8, 5)),
)


async def play(deal: Deal, disturb: Callable[[str], Awaitable[None]] | None = None) -> None:
    """Play the story; `disturb` is called between the beginning and the end of each scene."""
    for scene in PLOT:
        await scene.begin(deal)
        if disturb is not None:
            await disturb(scene.name)
        await scene.end(deal)
