"""What waits for people: decisions for one person, work for a department."""

from fastapi import APIRouter

from starter.api.access import TheCaller, TheHouse
from starter.api.problems import responses
from starter.service import inbox as service
from starter.service import reports

router = APIRouter(tags=["Inbox"])


@router.get("/inbox", summary="What waits for me", responses=responses(401))
def inbox(house: TheHouse, caller: TheCaller) -> service.Inbox:
    """Return every decision the house waits for from the caller, with the command that gives it."""
    now = house.clock()
    return house.books.read(lambda session: service.inbox(session, caller.person, now))


@router.get("/tasks", summary="Open work orders", responses=responses(401))
def tasks(house: TheHouse, _: TheCaller, department: str | None = None) -> reports.Tasks:
    """Return the open work orders, oldest first, with the lines that are not done."""
    return house.books.read(lambda session: reports.tasks(session, department))
