"""The books: journal, trial balance, receivables. For finance and operators."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from starter.api.access import Page, ReaderOfBooks, TheHouse
from starter.api.problems import responses
from starter.service import reports_books as reports

router = APIRouter(tags=["Books"])

_RESPONSES = responses(401, 403, 422)

OnlyTests = Annotated[
    bool | None, Query(description="Only deals on a test clock, or only the others.")
]


@dataclass(frozen=True)
class Wanted:
    """Which entries of the journal are shown."""

    deal: Annotated[str | None, Query(description="Only of this deal.")] = None
    entity: Annotated[str | None, Query(description="Only of this company of ours.")] = None
    since: Annotated[date | None, Query(alias="from", description="First day.")] = None
    until: Annotated[date | None, Query(description="The day after the last.")] = None


@router.get("/books/journal", summary="The journal", responses=_RESPONSES)
def journal(
    house: TheHouse, _: ReaderOfBooks, wanted: Annotated[Wanted, Depends()], page: Page
) -> reports.Journal:
    """Return the postings in order of day and entry, page by page."""
    chosen = reports.JournalFilter(
        deal=wanted.deal, entity=wanted.entity, since=wanted.since, until=wanted.until
    )
    return house.books.read(
        lambda session: reports.journal(session, chosen, page.limit, page.after)
    )


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
