"""The seller's side of a negotiation: links to the buyer page, comments and counter-offers."""

from fastapi import APIRouter

from starter.api.access import TheCaller, TheHouse
from starter.api.problems import responses
from starter.service import negotiation as service
from starter.service import offers
from starter.service.partners import is_partner, without_reasons

router = APIRouter(tags=["Negotiation"])


@router.get(
    "/deals/{number}/link",
    summary="The link to the buyer page",
    responses=responses(401, 403, 404, 422),
)
async def link(
    house: TheHouse, caller: TheCaller, number: str, contact: str = ""
) -> offers.NewLink:
    """Return the address that opens the offer for a contact, until its validity ends.

    It is the same one until the offer's validity changes or the contact's links are revoked.
    """
    return await offers.make_link(house, caller, number, contact)


@router.get(
    "/deals/{number}/counter-offer",
    summary="The counter-offer that waits for an answer",
    responses=responses(401, 404),
)
async def counter_offer(
    house: TheHouse, caller: TheCaller, number: str
) -> service.CounterOfferEntry:
    """Return what the buyer would take, what it comes to, and who would have to approve it."""
    now = house.clock()
    found = await house.read(lambda session: service.counter_offer(session, number, now))
    if is_partner(caller.person):
        return found.model_copy(update={"approvals": without_reasons(found.approvals)})
    return found


@router.get("/deals/{number}/comments", summary="What was written", responses=responses(401, 404))
async def comments(house: TheHouse, _: TheCaller, number: str) -> service.Comments:
    """Return the comments of both sides, oldest first."""
    return await house.read(lambda session: service.comments(session, number))
