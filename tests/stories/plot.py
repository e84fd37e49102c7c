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


def _at(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 20, tzinfo=UTC)


def _advance(name: str, moment: datetime) -> Scene:
    return Scene(name, lambda deal: deal.send_clock(moment), lambda deal: deal.clock(moment))


def _decision(name: str, command: str, kind: str, person: str, stage: str) -> Scene:
    async def begin(deal: Deal) -> None:
        await deal.send(command, **deal.proof(kind, person))

    return Scene(name, begin, lambda deal: deal.stage(stage))


async def _start(deal: Deal) -> None:
    await deal.start(deal_file(NUMBER))


async def _approve(deal: Deal) -> None:
    await deal.send_approval(APPROVER)


async def _approve_renewal(deal: Deal) -> None:
    await deal.send_approval(APPROVER, term=2)


async def _approval_taken(deal: Deal) -> None:
    await deal.accepted("approve-7")


async def _half_signed(deal: Deal) -> None:
    await deal.accepted("contract_signed-3")


async def _deliver(deal: Deal) -> None:
    await deal.send("delivery_confirmed", actor="olga")


async def _delivered(deal: Deal) -> None:
    await deal.accepted("delivery_confirmed-5")


async def _pay_everything(deal: Deal) -> None:
    await deal.send_payment("B-1", sum(deal.open_invoices().values()), date(2026, 3, 10))


async def _paid(deal: Deal) -> None:
    await deal.paid("B-1")


PLOT = (
    Scene("offer", _start, lambda deal: deal.stage("approve")),
    Scene("approval", _approve, lambda deal: deal.stage("accept")),
    _decision("acceptance", "accept_quote", "accept", BUYER, "contract"),
    Scene(
        "first signature",
        _decision("", "contract_signed", "sign", CUSTOMER_SIGNER, "contract").begin,
        _half_signed,
    ),
    _decision("contract", "contract_signed", "sign", OUR_SIGNER, "live"),
    Scene("delivery", _deliver, _delivered),
    # Nobody pays in January and February, so the customer is reminded.
    _advance("billing", _at(3, 10)),
    Scene("payment", _pay_everything, _paid),
    _advance("autumn", _at(10, 20)),
    Scene("renewal approval", _approve_renewal, _approval_taken),
    _advance("renewal", _at(2, 15, 2027)),
)


async def play(deal: Deal, disturb: Callable[[str], Awaitable[None]] | None = None) -> None:
    """Play the story; `disturb` is called between the beginning and the end of each scene."""
    for scene in PLOT:
        await scene.begin(deal)
        if disturb is not None:
            await disturb(scene.name)
        await scene.end(deal)
