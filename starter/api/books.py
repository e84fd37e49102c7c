"""The books: journal, trial balance, receivables. For finance and operators."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from starter.api.access import After, Limit, ReaderOfBooks, TheHouse
from starter.api.problems import responses
from starter.service import reports_books as reports

router = APIRouter(tags=["Books"])

_RESPONSES = responses(401, 403, 422)

From = Annotated[date | None, Query(alias="from", description="First day.")]
Until = Annotated[date | None, Query(description="The day after the last.")]
OnlyTests = Annotated[
    bool | None, Query(description="Only deals on a test clock, or only the others.")
]


@router.get("/books/journal", summary="The journal", responses=_RESPONSES)
def journal(  # noqa: PLR0913 - each is a query parameter
    house: TheHouse,
    _: ReaderOfBooks,
    deal: str | None = None,
    entity: str | None = None,
    since: From = None,
    until: Until = None,
    limit: Limit = 100,
    after: After = "",
) -> reports.Journal:
    """Return the postings in order of day and entry, page by page."""
    wanted = reports.JournalFilter(deal=deal, entity=entity, since=since, until=until)
    return house.books.read(lambda session: reports.journal(session, wanted, limit, after))


@router.get("/books/trial-balance", summary="The trial balance", responses=_RESPONSES)
def trial_balance(
    house: TheHouse,
    _: ReaderOfBooks,
    currency: str | None = None,
    entity: str | None = None,
    test_clock: OnlyTests = None,
) -> reports.TrialBalance:
    """Return the balance of every account, and whether debits and credits are equal."""
    wanted = reports.BalanceFilter(currency=currency, entity=entity, test_clock=test_clock)
    return house.books.read(lambda session: reports.trial_balance(session, wanted))


@router.get("/books/receivables", summary="What customers owe", responses=_RESPONSES)
def receivables(
    house: TheHouse,
    _: ReaderOfBooks,
    as_of: Annotated[date | None, Query(description="Absent: today.")] = None,
    customer: str | None = None,
    test_clock: OnlyTests = None,
) -> reports.Receivables:
    """Return the invoices open at the end of a day, and their aging by currency."""
    day = as_of or house.clock().date()
    wanted = reports.ReceivableFilter(customer=customer, test_clock=test_clock)
    return house.books.read(lambda session: reports.receivables(session, day, wanted))
